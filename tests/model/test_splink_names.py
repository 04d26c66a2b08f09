"""Every row of the table Splink | here in configs/README.md: it takes no code, and planted values meet its levels."""

from __future__ import annotations

from pathlib import Path

import pytest
import splink.comparison_level_library as cll
import splink.comparison_library as cl
from ruamel.yaml import YAML

from linkage.config import ComparisonSpec
from linkage.config.splink_names import SPLINK_NAMES, SplinkName
from linkage.model.comparisons import build_comparison
from linkage.model.settings import model_of
from tests.model.planted_pairs import PLANTED, joined

SAME, ELSE = "same", "different"
TWO = [("Anna", "ANNA", SAME), ("Anna", "Anne", "edits ≤ 1"), ("Anna", "Annett", ELSE)]
DATES = [("05/08/1985", "05/08/1985", SAME), ("05/08/1985", "14/08/1985", "days apart ≤ 10"), ("05/08/1985", "27/09/1985", "months apart ≤ 2"),
         ("05/08/1985", "27/03/1986", "years apart ≤ 1"), ("05/08/1985", "27/03/1999", ELSE)]  # fmt: skip
LIST = "items in common ≥ {}"
MET = {
    "ExactMatch": [("A", "a", SAME), ("A", "B", ELSE), (None, "B", "missing")],
    "ExactMatch (term frequencies)": [("Anna", "ANNA", SAME), ("Anna", "Anne", ELSE)],
    "LevenshteinAtThresholds": [*TWO[:2], ("Anna", "Annet", "edits ≤ 2"), ("Anna", "Joseph", ELSE)],
    "LevenshteinAtThresholds (years)": [("1957", "1957", SAME), ("1957", "1987", "edits ≤ 1"), ("1957", "1999", ELSE)],
    "LevenshteinAtThresholds (numbers)": [("10", "10.0", SAME), ("10", "12", "edits ≤ 1"), ("10", "3456", ELSE)],
    "DamerauLevenshteinAtThresholds": [
        ("1234", "1234", SAME), ("1234", "1243", "edits and exchanges ≤ 1"), ("1234", "9239", "edits and exchanges ≤ 2"), ("1", "987", ELSE),
    ],
    "JaccardAtThresholds": [("anna", "Anna", SAME), ("anna", "annan", "Jaccard ≥ 0.9"), ("abcd", "abcde", "Jaccard ≥ 0.7"), ("ab", "xy", ELSE)],
    "JaroAtThresholds": [("anna", "Anna", SAME), ("marthas", "marhtas", "Jaro ≥ 0.9"), ("dixon", "dicksonx", "Jaro ≥ 0.7"), ("ab", "xy", ELSE)],
    "JaroWinklerAtThresholds": [
        ("anna", "Anna", SAME), ("martha", "marhta", "Jaro-Winkler ≥ 0.9"), ("dixon", "dicksonx", "Jaro-Winkler ≥ 0.7"), ("ab", "xy", ELSE),
    ],
    "DistanceFunctionAtThresholds": [("1234", "1234", SAME), ("1234", "1239", "hamming(f_l, f_r) <= 1"), ("1234", "9876", ELSE)],
    "PairwiseStringDistanceFunctionAtThresholds": [
        ("anna; bob", "bob; carl", LIST.format(1)), ("martha; bob", "carl; marhta", "Jaro-Winkler ≥ 0.9"), ("bobo", "baby", "edits ≤ 3"),
        ("anna", "christopher", ELSE),
    ],
    "AbsoluteTimeDifferenceAtThresholds": DATES,
    "AbsoluteDateDifferenceAtThresholds": DATES,
    "ArrayIntersectAtSizes": [("a; b; c", "b; c", LIST.format(2)), ("a; b", "b; c", LIST.format(1)), ("a", "b", ELSE), (None, "a", "missing")],
    "ArrayIntersectAtSizes (made)": PLANTED["array", "list"],
    "DistanceInKMAtThresholds": PLANTED["distance_km", "number"],
    "CustomComparison": [("Anna", "anna", SAME), ("Smith", "Smyth", "sounds"), ("Smith", "Jones", ELSE)],
    "DateOfBirthComparison": [
        ("05/08/1985", "05/08/1985", SAME), ("05/08/1985", "05/08/1983", "edits ≤ 1"), ("05/08/1985", "27/08/1985", "months apart ≤ 1"),
        ("05/08/1985", "27/03/1986", "years apart ≤ 1"), ("05/08/1985", "27/03/1991", "years apart ≤ 10"), ("05/08/1985", "27/03/2011", ELSE),
    ],
    "DateOfBirthComparison (of registers)": PLANTED["partial_date", "date"],
    "PostcodeComparison": PLANTED["postcode", "postcode"],
    "EmailComparison": PLANTED["email", "email"],
    "NameComparison": PLANTED["text", "text"],
    "ForenameSurnameComparison": PLANTED["forename_surname", "text"],
    "CosineSimilarityAtThresholds": [
        ("[1, 0]", "[2, 0.1]", "cosine similarity ≥ 0.9"), ("[1, 0]", "[1, 0.8]", "cosine similarity ≥ 0.7"), ("[1, 0]", "[0, 1]", ELSE),
        ("[1, 0]", "a", "missing"),
    ],
    "NullLevel": [("-", "A", "missing")],
    "ElseLevel": [("A", "B", ELSE)],
    "CustomLevel": [("Anna", "Anton", "left(f_fold_l, 2) = left(f_fold_r, 2)"), ("Anna", "Bob", ELSE)],
    "ExactMatchLevel": [("A1", "a 1", SAME), ("A1", "A2", ELSE)],
    "LiteralMatchLevel": [("A", "a", "f_l = 'A' AND f_r = 'A'"), ("B", "B", SAME), ("A", "B", ELSE)],
    "ColumnsReversedLevel": [("Anna ~ Smith", "Smith ~ Anna", "fields exchanged"), ("Anna ~ Smith", "Bob ~ Smith", ELSE)],
    "LevenshteinLevel": TWO[1:],
    "DamerauLevenshteinLevel": [("Anna", "Anan", "edits and exchanges ≤ 1"), ("Anna", "Bob", ELSE)],
    "JaroWinklerLevel": [("martha", "marhta", "Jaro-Winkler ≥ 0.9"), ("ab", "xy", ELSE)],
    "JaroLevel": [("marthas", "marhtas", "Jaro ≥ 0.9"), ("ab", "xy", ELSE)],
    "JaccardLevel": [("anna", "annan", "Jaccard ≥ 0.9"), ("ab", "xy", ELSE)],
    "DistanceFunctionLevel": [("1234", "1239", "hamming(f_l, f_r) <= 1"), ("1234", "9876", ELSE)],
    "PairwiseStringDistanceFunctionLevel": [("martha; bob", "carl; marhta", "Jaro-Winkler ≥ 0.9"), ("ab", "xy", ELSE)],
    "AbsoluteTimeDifferenceLevel": DATES[1:2],
    "AbsoluteDateDifferenceLevel": [DATES[1], DATES[-1]],
    "DistanceInKMLevel": [("21.0285 ~ 105.8542", "21.03 ~ 105.8551", "km apart ≤ 5.0"), ("21 ~ 105", "10 ~ 105", ELSE)],
    "CosineSimilarityLevel": [("[1, 0]", "[2, 0.1]", "cosine similarity ≥ 0.9"), ("[1, 0]", "[0, 1]", ELSE)],
    "ArrayIntersectLevel": [("a; b", "b; c", LIST.format(1)), ("a", "b", ELSE)],
    "ArraySubsetLevel": [("a; b; c", "b; c", "one list within the other"), ("a; b", "b; c", ELSE)],
    "PercentageDifferenceLevel": [("100", "109", "relative difference ≤ 0.1"), ("10", "20", ELSE)],
    "AbsoluteDifferenceLevel": [("100", "105", "difference ≤ 5.0"), ("10", "20", ELSE)],
}  # fmt: skip


@pytest.mark.parametrize("row", SPLINK_NAMES, ids=lambda row: row.splink)
def test_a_row_meets_its_levels(connection, tmp_path: Path, row: SplinkName) -> None:
    said = YAML(typ="safe", pure=True).load(row.here)
    comparison = build_comparison(ComparisonSpec.model_validate(said), row.kind)
    [field] = model_of({"link_type": "link_only", "comparisons": [comparison], "unique_id_column_name": "id"}).fields
    pairs = MET[row.splink]
    sides = [one for one, *_ in pairs], [other for _, other, _ in pairs]
    both = joined(connection, tmp_path, row.kind, sides)
    found = connection.execute(f"SELECT {field.expression} FROM {both} WHERE id_l = id_r ORDER BY id_l").fetchall()
    labels = {-1: "missing"} | {level.value: level.label for level in field.levels}
    assert [labels[level] for (level,) in found] == [level for *_, level in pairs]


def test_all_of_splinks_comparisons_and_levels_are_there() -> None:
    ours = {row.splink.partition(" ")[0] for row in SPLINK_NAMES}
    theirs = {name for module in (cl, cll) for name in vars(module) if name[0].isupper()}
    assert theirs - ours == {"And", "Not", "Or"}, "which SQL says: `sql`"
    assert ours <= theirs

"""Splink's comparison library by its own names → what a project file says instead; the table of configs/README.md.

A test builds every row and meets its levels with planted values (tests/model/test_splink_names.py).
"""

from __future__ import annotations

from dataclasses import dataclass

from linkage.config.sources import FieldKind


@dataclass(frozen=True)
class SplinkName:
    """One class of Splink's `comparison_library` or `comparison_level_library` and its like here."""

    splink: str
    """The class's name; with what sets it apart behind it where there are several rows of one."""
    here: str
    """A comparison of fields `f` and `g`, as YAML."""
    kind: FieldKind
    """The kind that the fields are declared with."""
    remark: str = ""


K = FieldKind
SPLINK_NAMES = (
    SplinkName("ExactMatch", "{field: f, use: category}", K.category),
    SplinkName("ExactMatch (term frequencies)", "{field: f, levels: [exact], term_frequency: true}", K.text),
    SplinkName("LevenshteinAtThresholds", "{field: f, levels: [exact, {levenshtein: 1}, {levenshtein: 2}]}", K.text),
    SplinkName("LevenshteinAtThresholds (years)", "{field: f, levels: [exact, {levenshtein: 1}]}", K.year),
    SplinkName("LevenshteinAtThresholds (numbers)", "{field: f, levels: [exact, {levenshtein: 1}]}", K.number),
    SplinkName(
        "DamerauLevenshteinAtThresholds",
        "{field: f, levels: [exact, {damerau_levenshtein: 1}, {damerau_levenshtein: 2}]}",
        K.identifier,
    ),
    SplinkName("JaccardAtThresholds", "{field: f, levels: [exact, {jaccard: 0.9}, {jaccard: 0.7}]}", K.text),
    SplinkName("JaroAtThresholds", "{field: f, levels: [exact, {jaro: 0.9}, {jaro: 0.7}]}", K.text),
    SplinkName("JaroWinklerAtThresholds", "{field: f, levels: [exact, {jaro_winkler: 0.9}, {jaro_winkler: 0.7}]}", K.text),
    SplinkName(
        "DistanceFunctionAtThresholds",
        '{field: f, levels: [exact, {sql: "hamming(f_l, f_r) <= 1"}]}',
        K.identifier,
        "any function of DuckDB, in `sql`",
    ),
    SplinkName(
        "PairwiseStringDistanceFunctionAtThresholds",
        "{field: f, levels: [{array_intersect: 1}, {jaro_winkler: 0.9}, {levenshtein: 3}]}",
        K.list,
        "of two lists the likest items are compared",
    ),
    SplinkName(
        "AbsoluteTimeDifferenceAtThresholds",
        "{field: f, levels: [exact, {days: 10}, {months: 2}, {years: 1}]}",
        K.date,
        "by the day: what is shorter is not kept",
    ),
    SplinkName("AbsoluteDateDifferenceAtThresholds", "{field: f, levels: [exact, {days: 10}, {months: 2}, {years: 1}]}", K.date),
    SplinkName("ArrayIntersectAtSizes", "{field: f, levels: [{array_intersect: 2}, {array_intersect: 1}]}", K.list),
    SplinkName("ArrayIntersectAtSizes (made)", "{field: f, use: array}", K.list),
    SplinkName("DistanceInKMAtThresholds", "{field: f, with: g, use: distance_km}", K.number, "latitude, with longitude"),
    SplinkName("CustomComparison", '{field: f, levels: [exact, {sql: "f_sound_l = f_sound_r", label: sounds}]}', K.text),
    SplinkName(
        "DateOfBirthComparison", "{field: f, levels: [exact, {levenshtein: 1}, {months: 1}, {years: 1}, {years: 10}]}", K.date
    ),
    SplinkName("DateOfBirthComparison (of registers)", "{field: f, use: partial_date}", K.date, "with partial and lunar dates"),
    SplinkName("PostcodeComparison", "{field: f, use: postcode}", K.postcode, "and of digits alone"),
    SplinkName("EmailComparison", "{field: f, use: email}", K.email),
    SplinkName(
        "NameComparison",
        "{field: f, use: text, term_frequency: true}",
        K.text,
        "Soundex of each word for double metaphone",
    ),
    SplinkName("ForenameSurnameComparison", "{field: f, with: g, use: forename_surname, term_frequency: true}", K.text),
    SplinkName(
        "CosineSimilarityAtThresholds", "{field: f, levels: [{cosine_similarity: 0.9}, {cosine_similarity: 0.7}]}", K.vector
    ),
    SplinkName("NullLevel", "{field: f, use: category}", K.category, "added to every comparison"),
    SplinkName("ElseLevel", "{field: f, use: category}", K.category, "added to every comparison"),
    SplinkName("CustomLevel", '{field: f, levels: [{sql: "left(f_fold_l, 2) = left(f_fold_r, 2)"}]}', K.text),
    SplinkName("ExactMatchLevel", "{field: f, levels: [exact]}", K.identifier),
    SplinkName("LiteralMatchLevel", """{field: f, levels: [{sql: "f_l = 'A' AND f_r = 'A'"}, exact]}""", K.identifier),
    SplinkName("ColumnsReversedLevel", "{field: f, with: g, levels: [exact, columns_reversed]}", K.text),
    SplinkName("LevenshteinLevel", "{field: f, levels: [{levenshtein: 1}]}", K.text),
    SplinkName("DamerauLevenshteinLevel", "{field: f, levels: [{damerau_levenshtein: 1}]}", K.text),
    SplinkName("JaroWinklerLevel", "{field: f, levels: [{jaro_winkler: 0.9}]}", K.text),
    SplinkName("JaroLevel", "{field: f, levels: [{jaro: 0.9}]}", K.text),
    SplinkName("JaccardLevel", "{field: f, levels: [{jaccard: 0.9}]}", K.text),
    SplinkName("DistanceFunctionLevel", '{field: f, levels: [{sql: "hamming(f_l, f_r) <= 1"}]}', K.identifier),
    SplinkName("PairwiseStringDistanceFunctionLevel", "{field: f, levels: [{jaro_winkler: 0.9}]}", K.list),
    SplinkName("AbsoluteTimeDifferenceLevel", "{field: f, levels: [{days: 10}]}", K.date, "by the day"),
    SplinkName("AbsoluteDateDifferenceLevel", "{field: f, levels: [{days: 10}]}", K.date),
    SplinkName("DistanceInKMLevel", "{field: f, with: g, levels: [{distance_km: 5}]}", K.number, "latitude, with longitude"),
    SplinkName("CosineSimilarityLevel", "{field: f, levels: [{cosine_similarity: 0.9}]}", K.vector),
    SplinkName("ArrayIntersectLevel", "{field: f, levels: [{array_intersect: 1}]}", K.list),
    SplinkName("ArraySubsetLevel", "{field: f, levels: [array_subset]}", K.list),
    SplinkName("PercentageDifferenceLevel", "{field: f, levels: [{percentage_difference: 0.1}]}", K.number),
    SplinkName("AbsoluteDifferenceLevel", "{field: f, levels: [{difference: 5}]}", K.number),
)
"""In the order of Splink's two files."""

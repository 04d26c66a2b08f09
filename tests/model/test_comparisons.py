"""Each builder's levels on planted pairs: the raw value of both sides, and the level it must get."""

from __future__ import annotations

from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from linkage.config import ComparisonSpec, FieldKind, LevelSpec
from linkage.model.comparisons import build_comparison
from linkage.model.settings import model_of
from linkage.standardise import standardise_table

PLANTED = {
    ("vietnamese_name", FieldKind.person_name): [
        ("Nguyễn Thị Hoà", "NGUYỄN THỊ HÒA", "same letters and tones"),
        ("Lê Văn Nghĩa", "Lê Văn Nghỉa", "same but hỏi/ngã"),
        ("Đặng Văn Đức", "Dang Van Duc", "same without diacritics"),
        ("Trần Văn Sáng", "Trần Văn Xáng", "sounds the same or legal variant"),
        ("Trần Quý", "Trần Quí", "sounds the same or legal variant"),
        ("Nguyễn Thị Lan", "Nguyễn Lan", "middle name dropped or added"),
        ("Phạm Văn Ngọc", "Ngọc Phạm Văn", "same words in another order"),
        ("Bùi Văn Qu", "Bùi Văn Quang", "given name or surname abbreviated"),
        ("Nguyễn Thị Hằng", "Nguyễn Thị Hằqg", "one or two letters off (Jaro-Winkler ≥ 0.92)"),
        ("Trần Minh Tuấn", "Lê Quốc Tuấn", "same given name"),
        ("Trần Minh Tuấn", "Lê Thị Hoa", "different"),
        ("Trần Minh Tuấn", None, "missing"),
    ],
    ("partial_date", FieldKind.date): [
        ("05/08/1985", "5-8-1985", "same date"),
        ("31/04/1957", "01/05/1957", "impossible date, repaired as the rule says"),
        ("1957", "12/03/1957", "same year, no month on one side"),
        ("08/1962", "15/08/1962", "same month, no day on one side"),
        ("01/01/1957", "12/03/1957", "same year, 01/01 on one side"),
        ("03/12/1984", "12/03/1984", "day and month swapped"),
        ("05/08/1985", "05/08/1983", "one digit differs"),
        ("01/01/1985", "21/01/1985", "same year, 01/01 on one side"),
        ("02/03/1968", "30/03/1968", "one side is the lunar date"),
        ("05/08/1985", "27/08/1985", "same month and year"),
        ("05/08/1985", "27/03/1986", "within a year"),
        ("05/08/1985", "27/03/1999", "different"),
        (None, "27/03/1999", "missing"),
    ],
    ("birth_year", FieldKind.year): [
        ("1957", "1957", "same year"), ("1957", "1958", "one year off"), ("1957", "1954", "two or three years off"),
        ("1957", "1987", "one digit differs"), ("1957", "1981", "different"), ("", "1981", "missing"),
    ],
    ("identifier", FieldKind.identifier): [
        ("123456789", "123456789", "same"), ("123456789", "123456798", "one character off"), ("123456789", "987654321", "different"),
        (None, "1", "missing"),
    ],
    ("sex", FieldKind.sex): [("Nam", "nam", "same"), ("Nam", "Nữ", "different"), ("x", "Nữ", "missing")],
    ("number", FieldKind.number): [
        ("10", "10.0", "same"), ("10", "11", "within one"), ("100", "109", "within ten per cent"), ("10", "20", "different"),
    ],
}  # fmt: skip


@pytest.mark.parametrize("case", PLANTED, ids=lambda case: case[0])
def test_planted_pairs_get_their_level(connection, tmp_path: Path, case) -> None:
    use, kind = case
    pairs = PLANTED[case]
    for number, side in enumerate("lr"):
        raw = {
            "id": list(range(1, len(pairs) + 1)),
            "record_id": [f"{side}{n}" for n in range(len(pairs))],
            "f": [pair[number] for pair in pairs],
        }
        pq.write_table(
            pa.table(raw, schema=pa.schema([("id", pa.int32()), ("record_id", pa.string()), ("f", pa.string())])),
            tmp_path / f"{side}.raw",
        )
        standardise_table(connection, tmp_path / f"{side}.raw", tmp_path / f"{side}.parquet", {"f": kind})
    comparison = build_comparison(ComparisonSpec(field="f", use=use, term_frequency=True), kind)
    [field] = model_of({"link_type": "link_only", "comparisons": [comparison], "unique_id_column_name": "id"}).fields
    both = ", ".join(f'{side}."{column}" AS "{column}_{side}"' for column in field.columns for side in "lr")
    rows = connection.execute(
        f"SELECT {field.expression} FROM (SELECT l.id, {both} FROM read_parquet('{tmp_path / 'l.parquet'}') l"
        f" JOIN read_parquet('{tmp_path / 'r.parquet'}') r USING (id)) ORDER BY id"
    ).fetchall()
    labels = {-1: "missing"} | {level.value: level.label for level in field.levels}
    assert [labels[row[0]] for row in rows] == [pair[2] for pair in pairs]


def test_term_frequency_is_never_on_the_surname() -> None:
    built = build_comparison(ComparisonSpec(field="full_name", use="vietnamese_name", term_frequency=True), FieldKind.person_name)
    adjusted = {level["tf_adjustment_column"] for level in built["comparison_levels"] if "tf_adjustment_column" in level}
    assert adjusted == {"full_name_tone"}


@pytest.mark.parametrize("case", [case for case in PLANTED if case[0] != "sex"])
def test_missing_on_the_right_side_alone_can_be_a_level(case) -> None:
    """The others stay as they are, in their order."""
    use, kind = case
    plain, with_level = (
        build_comparison(ComparisonSpec(field="f", use=use, missing_right=asked), kind)["comparison_levels"]
        for asked in (False, True)
    )
    assert with_level[0]["is_null_level"] and "_r" not in with_level[0]["sql_condition"]
    assert with_level[-2]["label_for_charts"] == "not recorded on the right side" and "_l" not in with_level[-2]["sql_condition"]
    assert [*with_level[1:-2], with_level[-1]] == plain[1:]


def test_own_levels_and_fixed_probabilities() -> None:
    spec = ComparisonSpec(
        field="job", levels=(LevelSpec(exact=True), LevelSpec(jaro_winkler=0.9), LevelSpec(sql="true", label="any")),
        m_probabilities=(0.7, 0.2, 0.05, 0.05), u_probabilities=(0.1, 0.1, 0.2, 0.6),
    )  # fmt: skip
    levels = build_comparison(spec, FieldKind.category)["comparison_levels"]
    assert [level["label_for_charts"] for level in levels] == ["missing", "same", "Jaro-Winkler ≥ 0.9", "any", "different"]
    assert [level.get("m_probability") for level in levels] == [None, 0.7, 0.2, 0.05, 0.05]
    assert all(level["fix_u_probability"] for level in levels[1:])

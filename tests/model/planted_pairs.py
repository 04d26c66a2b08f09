"""Planted pairs of every comparison of the library: the raw value of both sides and the level they must get, as a run gets it."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import duckdb
import pyarrow as pa
import pyarrow.parquet as pq

from linkage.config import ComparisonSpec, FieldKind
from linkage.config.matching import ComparisonUse
from linkage.likeness.library import TWO_FIELDS
from linkage.model.comparisons import build_comparison
from linkage.model.match_model import ComparedField
from linkage.model.settings import model_of
from linkage.standardise import standardise_table

PLANTED: dict[tuple[ComparisonUse, FieldKind], list[tuple[str | None, str | None, str]]] = {
    ("vietnamese_name", FieldKind.person_name): [
        ("Nguyễn Thị Hoà", "NGUYỄN THỊ HÒA", "same letters and tones"),
        ("Lê Văn Nghĩa", "Lê Văn Nghỉa", "same but hỏi/ngã"),
        ("Đặng Văn Đức", "Dang Van Duc", "same without diacritics"),
        ("Nguyễn Thị Thu Hà", "Nguyễn Thị Thu Hạ", "same without diacritics"),
        ("Nguyễn Thị Thu Hà", "Nguyen Thi Thu Ha", "same without diacritics"),
        ("Trần Văn Sáng", "Trần Văn Xáng", "sounds the same or legal variant"),
        ("Xa Văn Sáng", "Sa Văn Xáng", "sounds the same or legal variant"),
        ("Trần Quý", "Trần Quí", "sounds the same or legal variant"),
        ("Võ Quí", "Vũ Quý", "sounds the same or legal variant"),
        ("Nguyễn Thị Lan", "Nguyễn Lan", "middle name dropped or added"),
        ("Nguyễn Thị Thu Hà", "Nguyễn Thị Hà", "middle name dropped or added"),
        ("Nguyễn Thị Thu Hà", "Nguyễn Thu Hà", "middle name dropped or added"),
        ("Nguyễn Thị Ngọc Thu Hà", "Nguyễn Ngọc Thu Hà", "middle name dropped or added"),
        ("Nguyễn Thị Lan", "Nguyễn Thịnh Lan", "one or two letters off (Jaro-Winkler ≥ 0.92)"),
        ("Trần A Hùng", "Trần Tham Hùng", "same given name"),
        ("Trần Thị Hà Anh", "Trần Thị Hải Anh", "one or two letters off (Jaro-Winkler ≥ 0.92)"),
        ("Nguyễn Thị Thu Hà", "Huỳnh Thị Thu Hà", "same given name"),
        ("Phạm Văn Ngọc", "Ngọc Phạm Văn", "same words in another order"),
        ("Nguyễn Thị Thu Hà", "Hà Nguyễn Thị Thu", "same words in another order"),
        ("Bùi Văn Qu", "Bùi Văn Quang", "given name or surname abbreviated"),
        ("Nguyễn Thị Hằng", "Nguyễn Thị Hằqg", "one or two letters off (Jaro-Winkler ≥ 0.92)"),
        ("Trần Minh Tuấn", "Lê Quốc Tuấn", "same given name"),
        ("Trần Minh Tuấn", "Lê Thị Hoa", "different"),
        ("Trần Minh Tuấn", None, "missing"),
    ],
    ("given_name", FieldKind.person_name): [
        ("Lê Văn Nghĩa", "Trần Nghĩa", "same letters and tones"), ("Lê Văn Nghĩa", "Lê Văn Nghỉa", "same without diacritics"),
        ("Trần Văn Sáng", "Lê Xáng", "sounds the same"), ("Lê Văn Nghĩa", "Lê Văn An", "different"), ("Lê Văn Nghĩa", None, "missing"),
    ],
    ("partial_date", FieldKind.date): [
        ("05/08/1985", "5-8-1985", "same date"),
        ("31/04/1957", "01/05/1957", "impossible date, repaired as the rule says"),
        ("1957", "12/03/1957", "same year, no month on one side"),
        ("08/1962", "15/08/1962", "same month, no day on one side"),
        ("01/01/1957", "12/03/1957", "same year, 01/01 on one side"),
        ("03/12/1984", "12/03/1984", "day and month swapped"),
        ("05/05/1985 âm lịch", "05/05/1985", "same month and year"),
        ("05/08/1985", "05/08/1983", "one digit differs"),
        ("01/01/1985", "21/01/1985", "same year, 01/01 on one side"),
        ("02/03/1968", "30/03/1968", "one side is the lunar date"),
        ("05/08/1985", "27/08/1985", "same month and year"),
        ("29/07/1991", "29/07/2003", "same day and month, another year"),
        ("29/07/1999", "29/07/2000", "same day and month, another year"),
        ("01/01/1991", "01/01/2003", "different"),
        ("05/08/1985", "27/03/1986", "within a year"),
        ("05/08/1985", "27/03/1999", "different"),
        (None, "27/03/1999", "missing"),
    ],
    ("birth_year", FieldKind.year): [
        ("1957", "1957", "same year"), ("1957", "1958", "one year off"), ("1957", "1954", "two or three years off"),
        ("1957", "1987", "one digit differs"), ("1957", "1981", "different"), ("", "1981", "missing"),
    ],
    ("unit_through_time", FieldKind.place): [
        ("Phường Bến Nghé, Quận 1, TP.HCM", "P. Bến Nghé, Q.1, Hồ Chí Minh", "same commune"),
        ("Phường Bến Nghé, Quận 1, TP.HCM", "Phường Sài Gòn, TP.HCM", "successors overlap"),
        ("Phường Bến Nghé, Quận 1, TP.HCM", "Phường Cô Giang, Quận 1, TP.HCM", "same former district"),
        ("Quận 1, TP.HCM", "Quận 3, TP.HCM", "same former province"),
        ("Hà Nam Ninh", "Nam Định", "same former province"),
        ("Thủ Dầu Một, Bình Dương", "Quận 3, TP.HCM", "same present province"),
        ("Hà Nội", "Thanh Hóa", "different"),
        ("Hà Nội", "Hoa Kỳ", "missing"),
        ("Hà Nội", "không rõ", "missing"),
    ],
    ("identifier", FieldKind.identifier): [
        ("123456789", "123456789", "same"), ("123456789", "123456798", "one character off"), ("123456789", "987654321", "different"),
        (None, "1", "missing"),
    ],
    ("category", FieldKind.category): [
        ("Nông dân", "NÔNG DÂN", "same"), ("Nông dân", "nong dan", "same"), ("Nông dân", "Công nhân", "different"),
        ("-", "Nông dân", "missing"),
    ],
    ("sex", FieldKind.sex): [("Nam", "nam", "same"), ("Nam", "Nữ", "different"), ("x", "Nữ", "missing")],
    ("text", FieldKind.text): [
        ("Margaret", "MARGARET", "same"), ("Margaret", "Margarett", "close (Jaro-Winkler ≥ 0.92)"),
        ("Elizabeth", "Elisabet", "close (Jaro-Winkler ≥ 0.88)"), ("Catherine", "Kathryn", "close (Jaro-Winkler ≥ 0.7)"),
        ("Cook", "Cauche", "sounds the same in English"), ("Smith", "Jones", "different"), ("-", "Jones", "missing"),
    ],
    ("forename_surname", FieldKind.text): [
        ("Anna ~ Smith", "ANNA ~ Smith", "both fields the same"), ("Anna ~ Smith", "Smith ~ Anna", "fields exchanged"),
        ("Anna ~ Smithson", "Annas ~ Smithsen", "both fields close (Jaro-Winkler ≥ 0.92)"),
        ("Catrin ~ Smithson", "Cathryn ~ Smithsen", "both fields close (Jaro-Winkler ≥ 0.88)"),
        ("Anna ~ Smith", "Mary ~ Smith", "second field the same"), ("Anna ~ Smith", "Anna ~ Jones", "first field the same"),
        ("Anna ~ Smith", "- ~ Smith", "second field the same"), ("Anna ~ Smith", "Mary ~ Jones", "different"),
        ("Anna ~ -", "- ~ Smith", "missing"),
    ],
    ("email", FieldKind.email): [
        ("john@smith.com", "John@Smith.com", "same"), ("john@smith.com", "john@other.org", "same before the @"),
        ("john.smith@company.com", "john.smyth@company.com", "close (Jaro-Winkler ≥ 0.88)"),
        ("johnathan@aa.com", "johnatan@zzzzz.vn.org", "close before the @ (Jaro-Winkler ≥ 0.88)"),
        ("john@other.com", "rebecca@mail.vn", "different"), ("john", "john@smith.com", "missing"),
    ],
    ("phone", FieldKind.phone): [
        ("0912 345 678", "+84 912345678", "same"), ("01635550123", "0335550123", "same"),
        ("0912345678", "0912345687", "one digit differs"), ("0912345678", "0934345678", "same last six digits"),
        ("0912345678", "0388111222", "different"), ("12", "0912345678", "missing"),
    ],
    ("postcode", FieldKind.postcode): [
        ("SW1A 1AA", "sw1a1aa", "same"), ("SW1A 1AA", "SW1A 1AB", "same sector"), ("SW1A 1AA", "SW1A 2AA", "same district"),
        ("SW1A 1AA", "SW2 1AA", "same area"), ("70000", "70009", "same sector"), ("70000", "81000", "different"), (None, "70000", "missing"),
    ],
    ("distance_km", FieldKind.number): [
        ("21.0285 ~ 105.8542", "21.03 ~ 105.8551", "km apart ≤ 1"), ("21.0285 ~ 105.8542", "21.05 ~ 105.9", "km apart ≤ 10"),
        ("21.0285 ~ 105.8542", "20.86 ~ 106.68", "km apart ≤ 100"), ("21.0285 ~ 105.8542", "10.78 ~ 106.70", "different"),
        ("21.0285 ~ -", "21.03 ~ 105.8551", "missing"),
    ],
    ("array", FieldKind.list): [
        ("a; b", '["B", "A"]', "same"), ("a; b; c", "[a, b]", "one list within the other"), ("a|b|c", "b|c|d", "items in common ≥ 2"),
        ("a; b", "b; c", "items in common ≥ 1"), ("a", "b", "different"), (None, "b", "missing"),
    ],
    ("number", FieldKind.number): [
        ("10", "10.0", "same"), ("10", "11", "within one"), ("100", "109", "within ten per cent"), ("10", "20", "different"),
        ("nặng", "20", "missing"),
    ],
}  # fmt: skip
"""A new comparison is entered here with the kind of field it is for; every level of it must be met."""


def spec_of(use: ComparisonUse) -> ComparisonSpec:
    """The comparison of a field `f`, and `g` where it is of two."""
    both = {"with": "g"} if use in TWO_FIELDS else {}
    return ComparisonSpec(field="f", use=use, term_frequency=True, **both)


def compared(use: ComparisonUse, kind: FieldKind) -> ComparedField:
    """The comparison of a field `f`, as a run builds it."""
    comparison = build_comparison(spec_of(use), kind)
    [field] = model_of({"link_type": "link_only", "comparisons": [comparison], "unique_id_column_name": "id"}).fields
    return field


def joined(
    connection: duckdb.DuckDBPyConnection,
    folder: Path,
    kind: FieldKind,
    sides: Sequence[Sequence[str | None]],
    said: Sequence[str | None] = (None, None),
) -> str:
    """SQL of the two sides' values, standardised, each with each: `id_l`, `id_r` from 1, and the keys as a comparison reads them.

    What stands behind ` ~ ` in a value is that of a second field, `g`.

    `said` is the date at which each side says it.
    """
    shown = []
    for side, values, when in zip("lr", sides, said, strict=True):
        size = len(values)
        raw = {
            "id": pa.array(range(1, size + 1), pa.int32()),
            "record_id": pa.array([f"{side}{n}" for n in range(size)]),
            "f": pa.array([value and value.partition(" ~ ")[0] for value in values], pa.string()),
            "g": pa.array([value and (value.partition(" ~ ")[2] or None) for value in values], pa.string()),
            "said": pa.array([when] * size, pa.string()),
        }
        pq.write_table(pa.table(raw), folder / f"{side}.raw")
        target = folder / f"{side}.parquet"
        fields = {"f": kind, "g": kind, "said": FieldKind.date}
        standardise_table(connection, folder / f"{side}.raw", target, fields, dated_by={"f": "said"} if when else {})
        shown.append(f"(SELECT COLUMNS('.*') AS '\\0_{side}' FROM read_parquet('{target}'))")
    return f"{shown[0]} CROSS JOIN {shown[1]}"


def levels_of(
    connection: duckdb.DuckDBPyConnection,
    folder: Path,
    use: ComparisonUse,
    kind: FieldKind,
    pairs: Sequence[tuple[str | None, str | None]],
    said: Sequence[str | None] = (None, None),
) -> list[str]:
    """The label of each pair's level."""
    field = compared(use, kind)
    both = joined(connection, folder, kind, list(zip(*pairs, strict=True)), said)
    query = f"SELECT {field.expression} FROM {both} WHERE id_l = id_r ORDER BY id_l"
    labels = {-1: "missing"} | {level.value: level.label for level in field.levels}
    return [labels[level] for (level,) in connection.execute(query).fetchall()]

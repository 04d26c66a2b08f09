"""Books typed in TCVN3 inside a Unicode register are decoded as wholes; others are left alone."""

from __future__ import annotations

from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq

from linkage.config import FieldKind
from linkage.registers.legacy_books import decode_legacy_books
from linkage.runs.sql import connect

KINDS = {
    "registering_office": FieldKind.place, "book_number": FieldKind.identifier, "registration_date": FieldKind.date,
    "full_name": FieldKind.person_name, "mother_name": FieldKind.person_name, "birth_place": FieldKind.place,
}  # fmt: skip
GIVEN = ("Hòa", "Đức", "Thắm", "Lễ", "Sử", "Vượng", "Hằng", "Mỹ", "Diệu", "Quỳnh", "Tuấn", "Hiền", "Bình", "Sơn", "Dũng")
TCVN3 = dict(zip("àảãáạăằẳẵắặâầẩẫấậđèẻẽéẹêềểễếệìỉĩíịòỏõóọôồổỗốộơờởỡớợùủũúụưừửữứựỳỷỹýỵ",
                 "µ¶·¸¹¨»¼½¾Æ©ÇÈÉÊË®ÌÎÏÐÑªÒÓÔÕÖ×ØÜÝÞßáâãä«åæçèé¬êëìíîïñòóô\u00adõö÷øùúûüýþ", strict=True))  # fmt: skip


def rows(book: str, year: str, legacy: bool, start: int) -> list[dict[str, object]]:
    made = []
    for number in range(30):
        entry = {
            "full_name": f"Nguyễn thị {GIVEN[number % 15].lower()}",
            "mother_name": f"Trần thị {GIVEN[(number * 7 + 3) % 15].lower()} {number}",
        }
        entry["birth_place"] = "xã hòa bình, huyện đông sơn"
        if legacy:
            entry = {name: "".join(TCVN3.get(letter, letter) for letter in text) for name, text in entry.items()}
        made.append({"id": start + number, "record_id": f"{book}-{number}", "registering_office": "ubnd 1", "book_number": book,
                     "registration_date": f"01/02/{year}", **entry})  # fmt: skip
    return made


def test_a_legacy_book_becomes_what_was_typed_and_others_stay(tmp_path: Path) -> None:
    mixed = rows("01", "2006", False, 1) + rows("01", "2007", True, 31)
    plain = rows("01", "2006", False, 1) + rows("01", "2007", False, 31)
    path = tmp_path / "raw.parquet"
    pq.write_table(pa.Table.from_pylist(mixed), path)
    with connect() as connection:
        assert decode_legacy_books(connection, path, KINDS) == (1, 30)
    assert pq.read_table(path).to_pylist() == plain
    with connect() as connection:
        assert decode_legacy_books(connection, path, KINDS) == (0, 0)


def test_a_table_that_does_not_name_its_books_is_left_alone(tmp_path: Path) -> None:
    path = tmp_path / "raw.parquet"
    pq.write_table(pa.Table.from_pylist(rows("01", "2007", True, 1)), path)
    before = path.read_bytes()
    with connect() as connection:
        assert decode_legacy_books(connection, path, {"full_name": FieldKind.person_name}) == (0, 0)
    assert path.read_bytes() == before

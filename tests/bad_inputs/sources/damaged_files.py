"""Damaged sources, made on the spot: each writes into a folder and says how reading it has to end.

`ends` is ("error", words of the message) or ("quarantine", {reason: rows}); the undamaged rows around have to be used.
"""

from __future__ import annotations

import datetime
import gzip
import io
import json
import sqlite3
import struct
import zipfile
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pyarrow as pa
from openpyxl import Workbook
from pyarrow import parquet

HEADERS = ("Mã hồ sơ", "Họ và tên", "Ngày sinh", "Giới tính")
ROWS = [(f"KS-{number}", f"Nguyễn Thị Số {number}", f"{number:02d}/03/1990", "Nữ") for number in range(1, 6)]


@dataclass(frozen=True)
class Damaged:
    name: str
    write: Callable[[Path], None]
    source: dict[str, Any]
    ends: tuple[str, Any]
    used: int = 0
    """Rows used, where the rest is quarantined."""
    more: dict[str, Any] = field(default_factory=dict)


CASES: list[Damaged] = []


def case(name: str, source: dict[str, Any] | str, ends: tuple[str, Any], used: int = 0, **more: Any):
    def add(write: Callable[[Path], None]) -> Callable[[Path], None]:
        given = {"path": source} if isinstance(source, str) else source
        CASES.append(Damaged(name, write, given, ends, used, more))
        return write

    return add


def csv_text(rows: list[tuple[str, ...]] = ROWS, headers: tuple[str, ...] = HEADERS, delimiter: str = ",") -> str:
    return "".join(delimiter.join(row) + "\n" for row in [headers, *rows])


def text_case(name: str, text: str | bytes, ends: tuple[str, Any], used: int = 0, file: str = "r.csv", **source: Any) -> None:
    data = text.encode() if isinstance(text, str) else text
    case(name, {"path": file, **source}, ends, used)(lambda folder: (folder / file).write_bytes(data) and None)


# --- CSV -------------------------------------------------------------------------------------------------------------
text_case("empty", "", ("error", "empty"))
text_case("only a byte-order mark", b"\xef\xbb\xbf", ("error", "empty"))
text_case("only blank lines", "\n\n\n", ("error", "empty"))
text_case("header only", csv_text([]), ("error", "nothing under it"))
text_case("header and blank rows", csv_text([("", "", "", "")] * 3), ("error", "nothing under it"))
text_case("cut in a row", csv_text()[:-12], ("quarantine", {"ragged_row": 1}), 4)
text_case("cut in a quoted value", csv_text(ROWS[:4]) + 'KS-5,"Nguyễn Th', ("quarantine", {"unclosed_quote": 1}), 4)
text_case("declared delimiter is wrong", csv_text(), ("error", "no column is recognised"), delimiter=";")
text_case("shifted columns", csv_text([*ROWS[:2], ("", *ROWS[2]), *ROWS[3:]]), ("quarantine", {"ragged_row": 1}), 4)
text_case("a row too short", csv_text([*ROWS[:4], ROWS[4][:2]]), ("quarantine", {"ragged_row": 1}), 4)
text_case("NUL in a value", csv_text().replace("Số 2", "Số\0 2"), ("quarantine", {"unreadable_text": 1}), 4)
text_case("UTF-16 cut in a letter", csv_text().encode("utf-16")[:-1], ("quarantine", {"unreadable_text": 1}), 4)
text_case("UTF-16 declared UTF-8", csv_text().encode("utf-16"), ("error", "no column"), encoding="utf-8")
text_case(
    "one row in Latin-1",
    csv_text().encode() + "KS-6,Nguyên,1990,Nam\n".encode("latin-1"),
    ("quarantine", {"unreadable_text": 1}),
    5,
)
text_case("CP1258 undeclared", "Ma,Ho\n1,Nguyê\n".encode("cp1258") * 50, ("error", "not UTF-8"))
text_case(
    "TCVN3 undeclared",
    (csv_text().split("\n")[0] + "\nNguy\xd4n V\xa8n\n" * 60).encode("latin-1", "replace"),
    ("error", "not UTF-8"),
)
text_case("letters lost before", csv_text().replace("Thị Số 3", "Th\ufffd Số 3"), ("quarantine", {"unreadable_text": 1}), 4)
text_case("random bytes", bytes(range(256)) * 64, ("error", "not a text file|not UTF-8"))
text_case("a picture called .csv", b"\x89PNG\r\n\x1a\n" + bytes(2000), ("error", "not a text file"))
text_case(
    "a gzip called .csv", gzip.compress(csv_text().encode() * 50, mtime=0), ("error", "not a text file|not UTF-8|no column")
)
text_case("a web page called .csv", "<!DOCTYPE html><html><table><tr><td>1</td></tr></table></html>", ("error", "web page"))
text_case("JSON called .csv", '{"a": 1}\n{"a": 2}\n', ("error", "no column"))
text_case(
    "a stray quotation mark",
    csv_text(ROWS[:2]) + 'KS-3,"Nguyễn,1990,Nữ\n' + csv_text(ROWS[3:])[len(csv_text([])) :],
    ("quarantine", {"unclosed_quote": 1}),
    4,
)
text_case(
    "a quotation mark that swallows rows",
    csv_text(ROWS[:1]) + 'KS-2,"Nguyễn,1990,Nữ\nKS-3,A,1990,Nữ\nKS-4,B",1990,Nữ\n' + "KS-5,C,1990,Nam\n",
    ("quarantine", {"unclosed_quote": 1}),
    2,
)
text_case("no header row", csv_text()[len(csv_text([])) :], ("error", "no column is recognised"))
text_case("headers in another language", csv_text(headers=("id", "name", "born", "gender")), ("error", "full_name"))
text_case("one header twice", csv_text(headers=("Mã hồ sơ", "Họ và tên", "Họ và tên", "Ngày sinh")), ("error", "two columns"))
text_case("identical rows", csv_text([*ROWS, ROWS[0]]), ("quarantine", {"duplicate_record_id": 1}), 5)
text_case(  # DuckDB's hash of these two names is the same
    "one identifier, two contents",
    csv_text([*ROWS[1:], ("KS-1", "nguyen cong hanh", "1980", "Nam"), ("KS-1", "nguyen hong hang", "1980", "Nam")]),
    ("quarantine", {"duplicate_record_id": 2}),
    4,
)
text_case(
    "rows without identifier", csv_text([*ROWS, ("", "Lê Văn A", "1980", "Nam")]), ("quarantine", {"missing_record_id": 1}), 5
)
text_case("nobody in the entry", csv_text([*ROWS, ("KS-6", "", "", "Nam")]), ("quarantine", {"role_absent": 1}), 5)


@case("no such file", "none.csv", ("error", "no such file"))
def _(folder: Path) -> None:
    pass


@case("an empty folder", "books", ("error", "no file of a format"))
def _(folder: Path) -> None:
    (folder / "books").mkdir()


@case("a folder of other things", "books", ("error", "no file of a format"))
def _(folder: Path) -> None:
    (folder / "books").mkdir()
    (folder / "books" / "scan.pdf").write_bytes(b"%PDF-1.7")
    (folder / "books" / "~$book.xlsx").write_bytes(b"lock")


@case("one bad file in a folder", "books", ("error", "two.csv"))
def _(folder: Path) -> None:
    (folder / "books").mkdir()
    (folder / "books" / "one.csv").write_text(csv_text(), encoding="utf-8")
    (folder / "books" / "two.csv").write_bytes(b"")


@case("one identifier in two books", "books", ("quarantine", {"duplicate_record_id": 2}), 8)
def _(folder: Path) -> None:
    (folder / "books").mkdir()
    other = [("KS-1", "Lê Văn A", "1/1/1980", "Nam"), *((f"K{row[0]}", *row[1:]) for row in ROWS[1:])]
    (folder / "books" / "one.csv").write_text(csv_text(), encoding="utf-8")
    (folder / "books" / "two.csv").write_text(csv_text(other), encoding="utf-8")


text_case("a name without a format", csv_text(), ("error", "format cannot be told"), file="register.dat")


# --- Excel -----------------------------------------------------------------------------------------------------------
def workbook(change: Callable[[Workbook], None] | None = None, rows: list[tuple[Any, ...]] = ROWS) -> bytes:
    book = Workbook()
    sheet = book.active
    for row in [HEADERS, *rows]:
        sheet.append(row)
    if change:
        change(book)
    out = io.BytesIO()
    book.save(out)
    return out.getvalue()


def raw_workbook(sheet: bytes) -> bytes:
    """An .xlsx around a sheet's XML written by hand."""
    schemas = "http://schemas.openxmlformats.org"
    package, main = f"{schemas}/package/2006", f"{schemas}/spreadsheetml/2006/main"
    office = f"{schemas}/officeDocument/2006/relationships"

    def relation(kind: str, target: str) -> bytes:
        one = f'<Relationship Id="rId1" Type="{office}/{kind}" Target="{target}"/>'
        return f'<Relationships xmlns="{package}/relationships">{one}</Relationships>'.encode()

    types = f'<Types xmlns="{package}/content-types"><Default Extension="xml" ContentType="application/xml"/></Types>'
    sheets = '<sheets><sheet name="A" sheetId="1" r:id="rId1"/></sheets>'
    files = {
        "[Content_Types].xml": types.encode(),
        "_rels/.rels": relation("officeDocument", "xl/workbook.xml"),
        "xl/workbook.xml": f'<workbook xmlns="{main}" xmlns:r="{office}">{sheets}</workbook>'.encode(),
        "xl/_rels/workbook.xml.rels": relation("worksheet", "worksheets/sheet1.xml"),
        "xl/worksheets/sheet1.xml": f'<worksheet xmlns="{main}">'.encode() + sheet + b"</worksheet>",
    }
    return _zip(files, zipfile.ZIP_DEFLATED)


def text_cells(number: int, texts: tuple[str, ...]) -> str:
    cells = "".join(f'<c r="{chr(65 + at)}{number}" t="inlineStr"><is><t>{text}</t></is></c>' for at, text in enumerate(texts))
    return f'<row r="{number}">{cells}</row>'


def excel_case(
    name: str, data: bytes | Callable[[], bytes], ends: tuple[str, Any], used: int = 0, file: str = "r.xlsx", **source: Any
) -> None:
    def write(folder: Path) -> None:
        (folder / file).write_bytes(data() if callable(data) else data)

    case(name, {"path": file, **source}, ends, used)(write)


def changed(**cells: Any) -> Callable[[], bytes]:
    def change(book: Workbook) -> None:
        for place, value in cells.items():
            book.active[place] = value

    return lambda: workbook(change)


def book_with(change: Callable[[Workbook], None]) -> Callable[[], bytes]:
    return lambda: workbook(change)


def _hide(book: Workbook) -> None:
    book.create_sheet("Trống")
    book.worksheets[0].sheet_state = "hidden"


def _second_sheet(book: Workbook) -> None:
    book.create_sheet("Số liệu").append(["tổng", 5])


excel_case("workbook cut short", lambda: workbook()[:-700], ("error", "cut short|damaged"))
excel_case("workbook cut at its start", lambda: workbook()[2000:], ("error", "not an Excel workbook"))
excel_case("CSV called .xlsx", csv_text().encode(), ("error", "not an Excel workbook"))
excel_case("a web page called .xls", b"<html><body><table></table></body></html>", ("error", "web page"), file="r.xls")
excel_case("XML called .xls", b'<?xml version="1.0"?><Workbook/>', ("error", "web page"), file="r.xls")
excel_case(
    "protected by a password",
    b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + bytes(1000) + "EncryptedPackage".encode("utf-16-le") + bytes(4000),
    ("error", "password"),
)
excel_case("a zip without a workbook", lambda: _zip({"a.txt": b"x"}), ("error", "damaged|zip archive"))
excel_case("a zip bomb", lambda: raw_workbook(b" " * (160 << 20)), ("error", "unpacks to"))
excel_case(
    "sheet XML broken", lambda: raw_workbook(b"<sheetData><row><c></sheetData>"), ("error", "damaged|no visible sheet|header")
)
excel_case("filled to the last row", lambda: raw_workbook(_full_sheet()), ("error", "filled to its last row"))
excel_case("a cell far from the table", changed(XFA1000000="x"), ("error", "more than can be held"))
excel_case("a formula never calculated", changed(B3="=B4&C4"), ("quarantine", {"formula_without_value": 1}), 4)
excel_case(
    "an error value",
    lambda: raw_workbook(
        (
            "<sheetData>"
            + text_cells(1, HEADERS)
            + text_cells(2, ROWS[0])
            + text_cells(3, ROWS[1]).replace(
                '<c r="B3" t="inlineStr"><is><t>Nguyễn Thị Số 2</t></is></c>', '<c r="B3" t="e"><v>#N/A</v></c>'
            )
            + "</sheetData>"
        ).encode()
    ),
    ("quarantine", {"error_cell": 1}),
    1,
)
excel_case(
    "cells merged across columns",
    book_with(lambda book: book.active.merge_cells("B3:C3")),
    ("quarantine", {"merged_cells": 1}),
    4,
)
excel_case(
    "identifiers merged down rows",
    book_with(lambda book: book.active.merge_cells("A3:A4")),
    ("quarantine", {"duplicate_record_id": 2}),
    3,
)
excel_case("every sheet hidden but an empty one", book_with(_hide), ("error", "no visible sheet"))
excel_case("a second sheet of other things", book_with(_second_sheet), ("error", "Số liệu"))
excel_case("declared sheet not there", lambda: workbook(), ("error", "no sheet “Sheet2”"), sheets=["Sheet2"])
excel_case("declared header row beyond the sheet", lambda: workbook(), ("error", "cannot hold the headers"), header_row=40)
excel_case("an empty workbook", lambda: workbook(lambda book: book.active.delete_rows(1, 20)), ("error", "no visible sheet"))
excel_case(
    "only a title",
    lambda: workbook(lambda book: book.active.delete_rows(1, 20) or book.active.append(["SỔ"])),
    ("error", "header"),
)
excel_case("header only", lambda: workbook(rows=[]), ("error", "nothing under it"))
excel_case(
    "a total under the table",
    lambda: workbook(rows=[*ROWS, (None, "Tổng cộng: 5", None, None)]),
    ("quarantine", {"total_row": 1}),
    5,
)
excel_case(
    "mixed types in the identifier",
    lambda: workbook(rows=[*ROWS, (7, "Lê A", datetime.date(1990, 1, 2), "Nam"), ("7", "Lê B", "1990", "Nam")]),
    ("quarantine", {"duplicate_record_id": 2}),
    5,
)
excel_case(".xls cut short", lambda: xls_workbook([HEADERS, *ROWS])[:1500], ("error", "damaged"), file="r.xls")
excel_case(
    ".xls with a broken directory", lambda: _break(xls_workbook([HEADERS, *ROWS]), 1024, 600), ("error", "damaged"), file="r.xls"
)


def _zip(files: dict[str, bytes], how: int = zipfile.ZIP_STORED) -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", how) as archive:
        for name, data in files.items():
            archive.writestr(name, data)
    return out.getvalue()


def _break(data: bytes, at: int, length: int) -> bytes:
    return data[:at] + b"\xff" * length + data[at + length :]


def _full_sheet() -> bytes:
    rows = "".join(f'<row r="{at}"><c r="A{at}"><v>{at}</v></c></row>' for at in range(2, 1_048_577))
    return f"<sheetData>{text_cells(1, HEADERS)}{rows}</sheetData>".encode()


def xls_workbook(rows: list[tuple[Any, ...]]) -> bytes:
    """A minimal BIFF8 workbook in a compound file: one sheet of texts and numbers."""

    def record(code: int, data: bytes) -> bytes:
        return struct.pack("<HH", code, len(data)) + data

    def bof(kind: int) -> bytes:
        return record(0x0809, struct.pack("<HHHHII", 0x0600, kind, 0x0DBB, 1996, 0, 6))

    cells = b""
    for row, values in enumerate(rows):
        for column, value in enumerate(values):
            place = struct.pack("<HHH", row, column, 0)
            if isinstance(value, str):
                cells += record(0x0204, place + struct.pack("<HB", len(value), 1) + value.encode("utf-16-le"))
            elif value is not None:
                cells += record(0x0203, place + struct.pack("<d", value))
    dimensions = record(0x0200, struct.pack("<IIHHH", 0, len(rows), 0, max(map(len, rows)), 0))
    sheet = bof(0x0010) + dimensions + cells + record(0x000A, b"")
    name = "Sổ".encode("utf-16-le")
    top = bof(0x0005) + record(0x0042, struct.pack("<H", 1200))
    length = len(top) + 4 + 8 + len(name) + 4
    top += record(0x0085, struct.pack("<IBBBB", length, 0, 0, len(name) // 2, 1) + name) + record(0x000A, b"")
    stream = (top + sheet).ljust(4096, b"\0")
    sectors = -(-len(stream) // 512)
    chain = [0xFFFFFFFD, 0xFFFFFFFE, *range(3, 2 + sectors), 0xFFFFFFFE]
    table = struct.pack(f"<{len(chain)}I", *chain).ljust(512, b"\xff")

    def entry(title: str, kind: int, child: int, start: int, size: int) -> bytes:
        coded = title.encode("utf-16-le")
        used = len(coded) + 2 if title else 0
        return (
            coded.ljust(64, b"\0")
            + struct.pack("<HBBIII", used, kind, 1, 0xFFFFFFFF, 0xFFFFFFFF, child)
            + bytes(36)
            + struct.pack("<IQ", start, size)
        )

    directory = entry("Root Entry", 5, 1, 0xFFFFFFFE, 0) + entry("Workbook", 2, 0xFFFFFFFF, 2, len(stream))
    directory += entry("", 0, 0xFFFFFFFF, 0, 0) * 2
    header = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + bytes(16) + struct.pack("<HHHHH", 0x3E, 3, 0xFFFE, 9, 6) + bytes(6)
    header += struct.pack("<IIIIIIIII", 0, 1, 1, 0, 4096, 0xFFFFFFFE, 0, 0xFFFFFFFE, 0)
    header += struct.pack("<I", 0) + b"\xff" * (512 - len(header) - 4)
    return header + table + directory + stream.ljust(sectors * 512, b"\0")


# --- Parquet, JSON lines, SQLite ----------------------------------------------------------------------------------------
def parquet_bytes(rows: list[tuple[Any, ...]] = ROWS) -> bytes:
    out = io.BytesIO()
    columns = list(zip(*rows, strict=True)) if rows else [[] for _ in HEADERS]
    parquet.write_table(pa.table({name: pa.array(list(column)) for name, column in zip(HEADERS, columns, strict=True)}), out)
    return out.getvalue()


def json_lines(rows: list[tuple[str, ...]] = ROWS) -> str:
    return "".join(json.dumps(dict(zip(HEADERS, row, strict=True)), ensure_ascii=False) + "\n" for row in rows)


def sqlite_file(path: Path, tables: tuple[str, ...] = ("births",), rows: list[tuple[Any, ...]] = ROWS) -> None:
    connection = sqlite3.connect(path)
    for table in tables:
        columns = ", ".join(f'"{header}"' for header in HEADERS)
        connection.execute(f'CREATE TABLE "{table}" ({columns})')
        connection.executemany(f'INSERT INTO "{table}" VALUES (?, ?, ?, ?)', rows)
    connection.commit()
    connection.close()


excel_case("Parquet cut short", lambda: parquet_bytes()[:-40], ("error", "damaged or cut short"), file="r.parquet")
excel_case("Parquet with broken pages", lambda: _break(parquet_bytes(), 6, 300), ("error", "damaged"), file="r.parquet")
excel_case("Parquet without rows", lambda: parquet_bytes([]), ("error", "nothing under it"), file="r.parquet")
excel_case("Parquet called .csv", parquet_bytes, ("error", "a Parquet file"), file="r.csv")
excel_case("Excel called .csv", lambda: workbook(), ("error", "an Excel workbook"), file="r.csv")
excel_case("CSV called .parquet", csv_text().encode(), ("error", "not a Parquet file"), file="r.parquet")
excel_case(
    "Parquet with bytes that are no text",
    lambda: parquet_bytes(
        [(r[0].encode(), b"\xff\xfe" if at == 2 else r[1].encode(), r[2].encode(), r[3].encode()) for at, r in enumerate(ROWS)]
    ),
    ("quarantine", {"unreadable_text": 1}),
    4,
    file="r.parquet",
)
text_case("JSON lines cut short", json_lines()[:-20], ("quarantine", {"not_json": 1}), 4, file="r.jsonl")
text_case("lines that are no objects", json_lines() + '[1, 2]\n"x"\n', ("quarantine", {"not_json": 2}), 5, file="r.jsonl")
text_case("one JSON array", json.dumps([{"a": 1}], indent=1), ("error", "no line holds"), file="r.jsonl")
text_case("NUL in JSON lines", json_lines().replace("Số 2", "Số\0 2"), ("quarantine", {"unreadable_text": 1}), 4, file="r.jsonl")


@case("SQLite cut short", "r.db", ("error", "damaged"))
def _(folder: Path) -> None:
    sqlite_file(folder / "r.db", rows=ROWS * 200)
    data = (folder / "r.db").read_bytes()
    (folder / "r.db").write_bytes(data[: len(data) // 2])


@case("SQLite with a broken page", "r.db", ("error", "damaged"))
def _(folder: Path) -> None:
    sqlite_file(folder / "r.db", rows=ROWS * 200)
    (folder / "r.db").write_bytes(_break((folder / "r.db").read_bytes(), 4096, 4096))


@case("SQLite without tables", "r.db", ("error", "0 tables|not a SQLite"))
def _(folder: Path) -> None:
    connection = sqlite3.connect(folder / "r.db")
    connection.execute("CREATE TABLE t (a)")
    connection.execute("DROP TABLE t")
    connection.close()


@case("SQLite with two tables", "r.db", ("error", "2 tables"))
def _(folder: Path) -> None:
    sqlite_file(folder / "r.db", ("births", "deaths"))


@case("SQLite table misspelled", {"path": "r.db", "table": "birth"}, ("error", "did you mean `births`"))
def _(folder: Path) -> None:
    sqlite_file(folder / "r.db")


@case("SQLite query that writes", {"path": "r.db", "query": "DELETE FROM births"}, ("error", "query cannot be run"))
def _(folder: Path) -> None:
    sqlite_file(folder / "r.db")


@case("SQLite text that is no UTF-8", "r.db", ("quarantine", {"unreadable_text": 1}), 4)
def _(folder: Path) -> None:
    sqlite_file(folder / "r.db")
    connection = sqlite3.connect(folder / "r.db")
    connection.execute("""UPDATE births SET "Họ và tên" = CAST(x'4e67fffe' AS TEXT) WHERE "Mã hồ sơ" = 'KS-3'""")
    connection.commit()
    connection.close()

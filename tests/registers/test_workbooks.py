"""What the round trips do not show of Excel: types of cells, merged cells, sheets, .xls."""

from __future__ import annotations

import datetime
import importlib.util
import sys
from pathlib import Path

from openpyxl import Workbook

PLACE = Path(__file__).parents[1] / "bad_inputs" / "sources" / "damaged_files.py"
described = importlib.util.spec_from_file_location("damaged_files", PLACE)
damaged_files = importlib.util.module_from_spec(described)
sys.modules["damaged_files"] = damaged_files
described.loader.exec_module(damaged_files)

HEADERS = ["Mã hồ sơ", "Họ và tên", "Ngày sinh", "Số định danh cá nhân", "Năm sinh mẹ", "Nơi đăng ký", "Số"]


def save(path: Path, rows: list[list[object]], change=None) -> None:
    book = Workbook()
    for row in [HEADERS, *rows]:
        book.active.append(row)
    if change:
        change(book)
    book.save(path)


def test_codes_keep_zeros_and_dates_are_read_however_they_stand(tmp_path: Path, read) -> None:
    rows = [
        ["001", "Lê A", datetime.date(1990, 2, 1), "036090000001", 1960, "X", 12],
        ["002", "Lê B", "01/02/1990", "036090000002", "1960", "X", 12.5],
        ["003", "Lê C", 32905, "036090000003", 1960.0, "X", True],
        ["004", "Lê D", datetime.datetime(1990, 2, 1), "036090000004", None, "X", "012"],
        ["005", "Lê E", 1990, "036090000005", " ", "X", ""],
    ]
    save(tmp_path / "r.xlsx", rows)
    found = read({"path": "r.xlsx"}).mentions
    assert [row["record_id"] for row in found] == ["001", "002", "003", "004", "005"]
    assert [row["birth_date"] for row in found] == ["01/02/1990"] * 4 + ["1990"]
    assert [row["personal_number"] for row in found] == [f"03609000000{at}" for at in range(1, 6)]
    assert [row["mother_birth_year"] for row in found] == ["1960", "1960", "1960", None, None]
    assert [row["entry_number"] for row in found] == ["12", "12.5", "TRUE", "012", None]


def test_a_value_merged_down_rows_is_given_to_each(tmp_path: Path, read) -> None:
    rows = [[f"00{at}", f"Lê {at}", "1990", None, None, "Xã Mỹ Thắng" if at == 1 else None, at] for at in range(1, 5)]
    save(tmp_path / "r.xlsx", rows, lambda book: book.active.merge_cells("F2:F4"))
    result = read({"path": "r.xlsx"})
    assert [row["registering_office"] for row in result.mentions] == ["Xã Mỹ Thắng"] * 3 + [None]
    assert "merged cells" in " ".join(result.report.mapping.parts[0].notes)


def test_a_calculated_formula_is_its_value(tmp_path: Path, read) -> None:
    cells = damaged_files.text_cells(2, ("K1", "Lê A", "1990")).replace(
        '<c r="B2" t="inlineStr"><is><t>Lê A</t></is></c>', '<c r="B2" t="str"><f>A1&amp;"x"</f><v>Lê B</v></c>'
    )
    sheet = f"<sheetData>{damaged_files.text_cells(1, ('record_id', 'full_name', 'birth_date'))}{cells}</sheetData>"
    (tmp_path / "r.xlsx").write_bytes(damaged_files.raw_workbook(sheet.encode()))
    assert [row["full_name"] for row in read({"path": "r.xlsx"}).mentions] == ["Lê B"]


def test_a_table_that_does_not_start_at_the_corner(tmp_path: Path, read) -> None:
    book = Workbook()
    for at, row in enumerate([["record_id", "full_name", "birth_date"], ["1", "Lê A", "1990"], [None] * 3, ["2", "Lê B", None]]):
        for column, value in enumerate(row):
            book.active.cell(7 + at, 4 + column, value)
    book.save(tmp_path / "r.xlsx")
    result = read({"path": "r.xlsx"})
    assert [(row["row_number"], row["full_name"]) for row in result.mentions] == [(8, "Lê A"), (10, "Lê B")]
    assert result.report.rows_blank == 1


def test_declared_sheets_are_read_even_when_hidden(tmp_path: Path, read) -> None:
    def change(book: Workbook) -> None:
        for name in ("Quyển 1", "Quyển 2"):
            sheet = book.create_sheet(name)
            sheet.append(HEADERS)
            sheet.append([name, "Lê", "1990"])
        book["Quyển 2"].sheet_state = "hidden"

    save(tmp_path / "r.xlsx", [["1", "Lê", "1990"]], change)
    assert {row["record_id"] for row in read({"path": "r.xlsx"}).mentions} == {"1", "Quyển 1"}
    declared = read({"path": "r.xlsx", "sheets": ["Quyển 2"]})
    assert [row["record_id"] for row in declared.mentions] == ["Quyển 2"]


def test_xls(tmp_path: Path, read) -> None:
    rows = [(f"{at:03d}", f"Đặng Thị Ưỡng {at}", "01/02/1990", 36000.0 + at) for at in range(1, 40)]
    (tmp_path / "r.xls").write_bytes(damaged_files.xls_workbook([("Mã hồ sơ", "Họ và tên", "Ngày sinh", "Số"), *rows]))
    found = read({"path": "r.xls"}).mentions
    assert [row["full_name"] for row in found] == [row[1] for row in rows]
    assert [row["entry_number"] for row in found] == [str(int(row[3])) for row in rows]

from __future__ import annotations

import stat
from pathlib import Path

import pytest
from openpyxl import load_workbook

from linkage.errors import ProjectFileError
from linkage.registers import check_side, register_kind, register_kinds
from linkage.registers.templates import list_fields, list_kinds, list_roles, write_quarantine_workbook, write_template
from linkage.runs.sql import connect


@pytest.mark.parametrize("kind", register_kinds(), ids=lambda kind: kind.name)
def test_a_filled_template_is_read_without_a_word(kind, tmp_path: Path, spec, read) -> None:
    path = tmp_path / "template.xlsx"
    write_template(kind, path)
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    book = load_workbook(path)
    assert len(book.worksheets) == 2
    assert [cell.value for cell in book.worksheets[0][1]] == [field.header for field in kind.fields]
    explained = [[cell.value for cell in row] for row in book.worksheets[1].iter_rows(min_row=2)]
    assert [row[1] for row in explained] == [field.name for field in kind.fields]
    assert [bool(row[4]) for row in explained] == [field.required for field in kind.fields]
    book.worksheets[0].append([f"0{at}" for at in range(len(kind.fields))])
    book.save(path)
    role = kind.roles[0].name
    assert not check_side(spec({"path": "template.xlsx"}, register=kind.name, role=role), tmp_path, None).findings
    result = read({"path": "template.xlsx"}, register=kind.name, role=role)
    assert result.report.rows_used == 1
    assert result.mentions[0]["record_id"] == "00"
    with pytest.raises(ProjectFileError, match="exists already"):
        write_template(kind, path)


def test_listings() -> None:
    assert [row[0] for row in list_kinds()] == [kind.name for kind in register_kinds()]
    birth = register_kind("birth")
    assert ("full_name", "Họ và tên", "nksHoTen", "person_name", "required") in list_fields(birth)
    assert ("entry_number", "Số", "so", "identifier", "key") in list_fields(birth)
    mother = next(row for row in list_roles(birth) if row[0] == "mother")
    assert "full_name ← mother_name" in mother[2]
    assert "sex = Nữ" in mother[2]


def test_the_quarantine_is_written_back_as_a_sheet_to_correct(tmp_path: Path, read) -> None:
    formula = "=cmd|' /C calc'!A0"
    rows = f"Mã hồ sơ,Họ và tên,Ngày sinh\n1,Lê A,1990\n{formula},Lê B,1990\n{formula},Lê C,1991\n3,short\n,@SUM(A1),1990\n"
    (tmp_path / "r.csv").write_text(rows, encoding="utf-8")
    result = read({"path": "r.csv"})
    path = tmp_path / "fix.xlsx"
    with connect() as connection:
        written = write_quarantine_workbook(connection, [tmp_path / "out" / "quarantine.parquet"], path)
    assert written == result.report.rows_quarantined == 4
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    sheet = load_workbook(path)["Cần sửa"]
    cells = [[cell.value for cell in row] for row in sheet.iter_rows()]
    assert cells[0] == ["Bên", "Nguồn", "Dòng", "Mã hồ sơ", "Trường", "Giá trị", "Lý do"]
    assert [row[2] for row in cells[1:]] == [3, 4, 5, 6]
    assert cells[1][3].startswith("'=cmd")
    assert cells[1][6] == "Trùng mã hồ sơ"
    assert cells[3][5:] == ["3,short", "Số cột của dòng khác với dòng tiêu đề"]
    assert all(cell.data_type != "f" for row in sheet.iter_rows() for cell in row)


def test_every_reason_has_words() -> None:
    from linkage.registers.checks import RULES
    from linkage.registers.texts import REASONS
    from linkage.registers.workbook_xml import CellMark

    structural = {
        "unreadable_text",
        "unclosed_quote",
        "ragged_row",
        "not_json",
        "missing_record_id",
        "duplicate_record_id",
        "role_absent",
    }
    assert set(REASONS) == set(RULES) | structural | {mark.value[1:] for mark in CellMark}

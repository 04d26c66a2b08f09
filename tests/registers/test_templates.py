from __future__ import annotations

import stat
from pathlib import Path

import pytest
from openpyxl import load_workbook

from linkage.errors import ProjectFileError
from linkage.registers import check_side, register_kind, register_kinds
from linkage.registers.templates import list_fields, list_kinds, list_roles, write_template


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


def test_every_reason_has_words() -> None:
    from linkage.registers.checks import RULES
    from linkage.registers.workbook_xml import CellMark
    from linkage.words.set_aside import SET_ASIDE

    structural = {
        "unreadable_text",
        "unclosed_quote",
        "ragged_row",
        "not_json",
        "missing_record_id",
        "duplicate_record_id",
        "role_absent",
        "total_row",
        "signature_row",
    }
    assert set(SET_ASIDE) == set(RULES) | structural | {mark.value[1:] for mark in CellMark}

"""Pre-filled entries: what is filled, from where, and what is left alone."""

from __future__ import annotations

from pathlib import Path

import openpyxl
import pytest
from reconcilekit import ENTRY, KINDS, make_run, reconcile
from test_outcomes import someone

from linkage.reconcile import workbook_words as texts
from linkage.reconcile.prefill import RoleRun, prefill_entries

TEMPLATE = {
    "record_id": "Mã hồ sơ",
    "registration_date": "Ngày đăng ký",
    "ward_name": "Họ tên người được giám hộ",
    "ward_birth_date": "Ngày sinh",
    "ward_ethnicity": "Dân tộc",
    "ward_personal_number": "Số định danh cá nhân",
    "ward_mother_name": "Họ tên mẹ",
}
FIELDS = {
    "registration_date": "registration_date",
    "full_name": "ward_name",
    "birth_date": "ward_birth_date",
    "ethnicity": "ward_ethnicity",
    "personal_number": "ward_personal_number",
    "mother_name": "ward_mother_name",
}


@pytest.fixture
def workbook(tmp_path: Path) -> Path:
    blank = dict.fromkeys(("birth_date", "ethnicity", "mother_name", "father_name", "personal_number"))
    wards = [
        {**ENTRY, **someone(1), **blank, "record_id": "g1"},  # everything but the name to be filled
        {**ENTRY, **someone(2), **blank, "ethnicity": "Tày", "record_id": "g2"},  # what the entry says stays
        {**ENTRY, **someone(3), **blank, "record_id": "g3"},  # not linked
        {**ENTRY, **someone(4), **blank, "record_id": "g4"},  # the person has no number
    ]
    people = [
        {**someone(n), "mother_name": None, "personal_number": None if n == 4 else f"0360500{n:05d}", "record_id": f"p{n}"}
        for n in (1, 2, 3, 4)
    ]
    links = [(f"g{n}", f"p{n}", 20.0, "above_upper", None) for n in (1, 2, 4)]
    guardianship = make_run(tmp_path / "guardianship", wards, people, links, role="ward")
    births = [{**ENTRY, **someone(n), "ethnicity": "Hoa" if n == 1 else "Kinh", "record_id": f"b{n}"} for n in (1, 2, 3)]
    birth = make_run(tmp_path / "birth", births, people, [(f"b{n}", f"p{n}", 20.0, "above_upper", None) for n in (1, 2, 3)])
    for run in (guardianship, birth):
        reconcile(run, KINDS)
    self = tmp_path / "prefilled.xlsx"
    done = prefill_entries([RoleRun(guardianship, FIELDS)], TEMPLATE, self, basic={"Sổ khai sinh": birth})
    # names (4) and one ethnicity are known; g1 and g2 get birth date, number and mother, g1 its ethnicity as well
    assert (done.entries, done.cells, done.known, done.filled) == (4, 20, 5, 7)
    assert done.by_source == {"CSDLQGVDC": 5, "Sổ khai sinh": 2} and done.saved == pytest.approx(7 / 15)
    return self


def test_cells_and_sources(workbook: Path) -> None:
    filled, sources = openpyxl.load_workbook(workbook).worksheets
    assert (filled.title, sources.title) == (texts.PREFILL_SHEET, texts.SOURCES_SHEET)
    values, named = ([[cell.value for cell in row] for row in sheet.iter_rows()] for sheet in (filled, sources))
    assert values[0] == list(TEMPLATE.values())
    one, two = someone(1), someone(2)
    assert values[1] == [
        "g1",
        ENTRY["registration_date"],
        one["full_name"],
        one["birth_date"],
        "Kinh",
        "036050000001",
        one["mother_name"],
    ]
    assert values[2] == [
        "g2",
        ENTRY["registration_date"],
        two["full_name"],
        two["birth_date"],
        "Tày",
        "036050000002",
        two["mother_name"],
    ]
    assert values[3][3:] == [None] * 4 and values[4][3:] == [None] * 4
    assert named[1] == ["g1", None, None, "CSDLQGVDC", "CSDLQGVDC" + texts.PREFILL_DISAGREE, "CSDLQGVDC", "Sổ khai sinh"]
    assert named[2][4] is None and named[2][6] == "Sổ khai sinh"

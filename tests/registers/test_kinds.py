from __future__ import annotations

import pytest

from linkage.config.columns import column_of
from linkage.config.sources import FieldKind
from linkage.errors import ProjectFileError
from linkage.registers import register_kind, register_kinds
from linkage.registers.mapping import fold_header

TITLES = {
    "birth": "khai sinh",
    "marriage": "kết hôn",
    "death": "khai tử",
    "adoption": "nuôi con nuôi",
    "parent_recognition": "nhận cha, mẹ, con",
    "guardianship": "giám hộ",
    "guardianship_termination": "chấm dứt giám hộ",
    "civil_status_change": "thay đổi, cải chính, bổ sung hộ tịch, xác định lại dân tộc",
    "marital_status": "xác nhận tình trạng hôn nhân",
    "divorce_note": "ghi chú ly hôn",
    "population": "dân cư",
}


def test_there_is_a_kind_for_every_register_of_the_plan() -> None:
    assert set(TITLES) <= {kind.name for kind in register_kinds()}
    for name, words in TITLES.items():
        assert words in register_kind(name).title


@pytest.mark.parametrize("kind", register_kinds(), ids=lambda kind: kind.name)
def test_a_kind_is_consistent(kind) -> None:
    names = [field.name for field in kind.fields]
    assert names[0] == "record_id"
    assert len(set(names)) == len(names)
    headers = [fold_header(field.header) for field in kind.fields]
    assert len(set(headers)) == len(headers), "two headers would be taken for the same"
    shorts = [field.short for field in kind.fields]
    assert len(set(shorts)) == len(shorts)
    assert set(kind.key) <= set(names)
    assert kind.event_date is None or kind.event_date in names
    for role in kind.roles:
        assert set(role.fields.values()) <= set(names)
        assert set(role.kinds) == set(role.fields) | set(role.constants)
        assert set(role.present) <= set(role.fields)
        assert role.present[0] == "full_name"
        for place, date in role.dated_by.items():
            assert role.kinds[place] is FieldKind.place
            assert role.kinds[date] is FieldKind.date


def test_contract_headers_and_template_names() -> None:
    birth = register_kind("birth")
    assert birth.header("record_id") == "Mã hồ sơ"
    assert birth.header("full_name") == "Họ và tên"
    assert birth.header("father_name") == "Họ tên cha"
    assert birth.field("full_name").short == "nksHoTen"
    assert birth.field("mother_birth_year").short == "meNgaySinh"
    assert register_kind("death").field("death_cause").short == "nktNguyenNhanChet"
    assert register_kind("marriage").field("wife_residence").short == "voNoiCuTru"
    assert register_kind("population").header("record_id") == "Mã công dân"


def test_a_role_sees_the_entry_from_its_person() -> None:
    mother = register_kind("birth").role("mother")
    assert mother.fields["full_name"] == "mother_name"
    assert mother.fields["birth_year"] == "mother_birth_year"
    assert mother.fields["personal_number"] == "mother_personal_number"
    assert mother.fields["spouse_name"] == "father_name"
    assert mother.fields["child_name"] == "full_name"
    assert mother.constants == {"sex": "Nữ"}
    child = register_kind("birth").role("child")
    assert all(mention == column_of(entry) for mention, entry in child.fields.items())
    adoptee = register_kind("adoption").role("adoptee")
    assert adoptee.fields["mother_name"] == "adoptive_mother_name"
    person = register_kind("population").role(None)
    assert person.fields["residence"] == "permanent_residence"
    assert person.kinds["birth_year"] is FieldKind.year


def test_unknown_names_are_answered_with_the_nearest() -> None:
    with pytest.raises(ProjectFileError, match="did you mean `marriage`"):
        register_kind("mariage")
    with pytest.raises(ProjectFileError, match="did you mean `mother`"):
        register_kind("birth").role("moter")
    with pytest.raises(ProjectFileError, match="no role"):
        register_kind("birth").role(None)
    with pytest.raises(ProjectFileError, match="did you mean `full_name`"):
        register_kind("birth").field("fullname")

from __future__ import annotations

from pathlib import Path

import pytest

from linkage.registers import check_side, register_kind, register_kinds
from linkage.registers.mapping import fold_header, map_headers, missing_fields

BIRTH = register_kind("birth").fields


def taken(headers, declared=None):
    mapping = map_headers(BIRTH, headers, declared or {})
    return {match.field: (match.header, match.how) for match in mapping.matches}, mapping


@pytest.mark.parametrize("kind", register_kinds(), ids=lambda kind: kind.name)
@pytest.mark.parametrize("form", ["name", "header", "short"])
def test_every_field_is_recognised_by_each_of_its_names(kind, form) -> None:
    headers = [getattr(field, form) for field in kind.fields]
    mapping = map_headers(kind.fields, headers, {})
    assert {match.field: match.header for match in mapping.matches} == {f.name: getattr(f, form) for f in kind.fields}
    assert not mapping.findings
    assert not mapping.unmapped


def test_accents_case_spaces_and_punctuation_do_not_matter() -> None:
    found, _ = taken(["HO VA TEN", " ngày  sinh : ", "Giới_tính", "Họ tên mẹ", "ma ho so"])
    assert set(found) == {"full_name", "birth_date", "sex", "mother_name", "record_id"}
    assert {how for _, how in found.values()} == {"Vietnamese header"}


def test_declared_columns_win() -> None:
    found, mapping = taken(["Mã", "Họ và tên", "Tên thường gọi"], {"record_id": "Mã", "full_name": "Tên thường gọi"})
    assert found["full_name"] == ("Tên thường gọi", "declared")
    assert mapping.unmapped == ("Họ và tên",)


def test_canonical_name_is_taken_before_a_vietnamese_header() -> None:
    found, mapping = taken(["Họ và tên", "full_name"])
    assert found["full_name"] == ("full_name", "canonical name")
    assert mapping.unmapped == ("Họ và tên",)


def test_faults_are_all_found_with_the_nearest_header() -> None:
    declared = {"record_id": "Ma so", "full_name": "Họ tên", "fathername": "Họ tên cha"}
    _, mapping = taken(["Mã số", "Họ và tên trẻ", "Họ tên cha"], declared)
    whats = {finding.key: finding.what for finding in mapping.findings}
    assert "no column “Họ tên”" in whats["columns", "full_name"]
    assert "“Họ và tên trẻ”" in whats["columns", "full_name"] or "“Họ tên cha”" in whats["columns", "full_name"]
    assert "did you mean `father_name`" in whats["columns", "fathername"]
    assert ("columns", "record_id") not in whats, "folded headers agree"


def test_two_columns_of_one_name_are_a_fault() -> None:
    _, mapping = taken(["Mã hồ sơ", "Họ và tên", "HỌ VÀ TÊN"])
    assert [finding.key for finding in mapping.findings] == [("columns",)]
    _, mapping = taken(["Mã hồ sơ", "Tên", "Tên"], {"full_name": "Tên"})
    assert "2 columns" in mapping.findings[0].what


def test_required_fields_and_near_misses() -> None:
    _, mapping = taken(["Mã hồ sơ", "Họ và tên trẻ em", "Ngày sinh"])
    assert ("Họ và tên trẻ em", "full_name") in mapping.near_misses
    missing = missing_fields(BIRTH, mapping, {})
    assert [finding.key for finding in missing] == [("columns", "full_name")]
    assert "“Họ và tên trẻ em” resembles it" in missing[0].what


def test_check_side_returns_every_finding_and_raises_nothing(tmp_path: Path, spec) -> None:
    (tmp_path / "b.csv").write_text("Ho ten,Ngày sin\nA,2000\n", encoding="utf-8")
    report = check_side(spec({"path": "b.csv"}, columns={"sex": "Phái"}), tmp_path, None)
    assert {finding.key for finding in report.errors} == {
        ("columns", "sex"),
        ("columns", "full_name"),
        ("columns", "birth_date"),
        ("columns", "record_id"),
    }
    assert check_side(spec({"path": "none.csv"}), tmp_path, None).errors[0].key == ("source",)
    assert check_side(spec({"path": "{data}/b.csv"}), tmp_path, None).errors[0].key == ("source",)
    assert check_side(spec({"path": "b.csv"}, register="birh"), tmp_path, None).errors[0].key == ("register",)
    assert check_side(spec({"path": "b.csv"}, role="moter"), tmp_path, None).errors[0].key == ("role",)


def test_check_side_reports_the_mapping(tmp_path: Path, spec) -> None:
    (tmp_path / "b.csv").write_text("Mã hồ sơ;Họ và tên;Ngày sinh;Nơi đăng ký;Thừa\n1;A;2000;X;\n", encoding="utf-8")
    report = check_side(spec({"path": "{data}/b.csv"}), Path("elsewhere"), tmp_path)
    assert not report.errors
    assert report.parts[0].detected["delimiter"].startswith(";")
    assert report.parts[0].mapping.unmapped == ("Thừa",)
    assert set(report.mention_fields) == {"full_name", "birth_date", "registering_office"}
    assert report.dated_by == {}, "the date the place was written at is not there"


def test_headers_without_latin_letters_are_kept_apart():
    assert fold_header("姓名") == "姓名" != fold_header("生日")
    assert fold_header("Ðơn\u00a0vị") == fold_header("ĐƠN VỊ") == "donvi"

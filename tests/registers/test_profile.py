from __future__ import annotations

import stat
from pathlib import Path

from linkage.registers.profile import draw_profile, profile_rows, profile_side
from linkage.runs.sql import connect


def register(path: Path) -> None:
    lines = ["Mã hồ sơ,Họ và tên,Ngày sinh,Nơi đăng ký,Ngày đăng ký,Số định danh cá nhân,Dân tộc"]
    for at in range(100):
        born = ["01/02/1990", "1990", "02/1990", "sổ rách"][min(at // 25, 3)]
        office = "Xã A" if at < 60 else "Xã B" if at < 95 else "Xã C"
        number = "036090000001" if at < 50 else ""
        lines.append(f"{at:03d},{'Lê A' if at < 12 else f'Lê {at}'},{born},{office},01/01/{2000 + at // 50},{number},Kinh")
    path.write_text("\n".join(lines), encoding="utf-8")


def profile(tmp_path: Path, spec, **how):
    register(tmp_path / "r.csv")
    told = []
    with connect() as connection:
        found = profile_side(
            connection,
            spec({"path": "r.csv"}),
            base=tmp_path,
            data=None,
            folder=tmp_path,
            progress=lambda done, of: told.append((done, of)),
            **how,
        )
    assert told == [(at, 7) for at in range(1, 8)]
    assert not list(tmp_path.glob(".staged*"))
    return found


def test_counts(tmp_path: Path, spec) -> None:
    found = profile(tmp_path, spec)
    fields = {field.name: field for field in found.fields}
    assert found.rows == 100
    assert (fields["personal_number"].filled, fields["personal_number"].distinct) == (50, 1)
    assert fields["birth_date"].precisions == {"day": 25, "month": 25, "other": 25, "year": 25}
    assert fields["ethnicity"].frequent == (("Kinh", 100),)
    assert found.by_year == ((2000, 50), (2001, 50))


def test_the_floor_hides_rare_values_and_numbers_are_never_shown(tmp_path: Path, spec) -> None:
    found = profile(tmp_path, spec)
    fields = {field.name: field for field in found.fields}
    assert fields["full_name"].frequent == (("Lê A", 12),)
    assert fields["personal_number"].frequent == (), "frequent, but a personal number"
    assert found.by_unit == (("Xã A", 60), ("Xã B", 35)), "Xã C has five rows"
    strict = profile(tmp_path, spec, floor=20)
    assert {field.name: field for field in strict.fields}["full_name"].frequent == ()
    rows = profile_rows(found)
    assert "036090000001" not in str(rows)
    assert {row[0]: row[2:5] for row in rows}["personal_number"] == ("50", "50,0%", "< 10")


def test_the_page_is_drawn(tmp_path: Path, spec) -> None:
    page = tmp_path / "profile.png"
    draw_profile(profile(tmp_path, spec), page)
    assert page.read_bytes().startswith(b"\x89PNG")
    assert stat.S_IMODE(page.stat().st_mode) == 0o600

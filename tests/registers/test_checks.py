"""Every rule of the contract check: a planted case is found, a clean register is not flagged."""

from __future__ import annotations

import csv
import itertools
from pathlib import Path

import pyarrow as pa
import pytest

from linkage.config.sources import ChecksSpec
from linkage.errors import ContractError
from linkage.registers.checks import RULES

BIRTH = {
    "record_id": "Mã hồ sơ",
    "registering_office": "Nơi đăng ký",
    "book_number": "Quyển số",
    "entry_number": "Số",
    "registration_date": "Ngày đăng ký",
    "full_name": "Họ và tên",
    "sex": "Giới tính",
    "birth_date": "Ngày sinh",
    "personal_number": "Số định danh cá nhân",
    "mother_name": "Họ tên mẹ",
    "mother_birth_year": "Năm sinh mẹ",
    "mother_personal_number": "Số định danh cá nhân mẹ",
}


def births() -> list[dict[str, str]]:
    """Two years of two books each, numbered as the rules say."""
    rows = []
    for year in (2016, 2017):
        for number in range(1, 9):
            at = len(rows)
            rows.append(
                {
                    "record_id": f"R{at:02d}",
                    "registering_office": "xã Mỹ Thắng",
                    "book_number": f"0{1 + number // 5}/{year}",
                    "entry_number": f"{number:02d}/{year}",
                    "registration_date": f"{10 + number}.03.{year}",
                    "full_name": f"Trẻ {at}",
                    "sex": "Nữ" if number % 2 else "Nam",
                    "birth_date": f"01/03/{year}",
                    "personal_number": f"036{3 if number % 2 else 2}{year % 100}{at:06d}",
                    "mother_name": f"Mẹ {number}",
                    "mother_birth_year": "1990",
                    "mother_personal_number": f"036190{number:06d}",
                }
            )
    return rows


@pytest.fixture
def check(tmp_path: Path, read):
    def run(rows, headers=BIRTH, checks=None, **more):
        with (tmp_path / "r.csv").open("w", encoding="utf-8", newline="") as file:
            writer = csv.DictWriter(file, list(headers))
            writer.writerow(headers)
            writer.writerows(rows)
        return read({"path": "r.csv"}, checks=checks or {}, **more)

    return run


def found(result) -> dict[str, int]:
    return {check.rule: check.rows for check in result.report.checks if check.rows}


def test_a_clean_register_is_not_flagged_by_any_rule(check) -> None:
    result = check(births())
    assert found(result) == {}
    assert {check.rule for check in result.report.checks} == set(RULES) - {"death_before_birth"}
    assert result.report.rows_quarantined == 0


PLANTED = {
    "required_missing": ({3: {"full_name": ""}}, {3}),
    "duplicate_key": ({3: {"entry_number": "03/2016", "book_number": "01/2016"}}, {2, 3}),
    "number_restart": ({0: {"entry_number": "2/2016"}, 1: {"entry_number": "3/2016"}, 2: {"entry_number": "3/2016"}}, {0}),
    "number_gap": ({15: {"entry_number": "12/2017"}}, {15}),
    "number_year": ({5: {"entry_number": "06/2015"}}, {5}),
    "registered_before_event": ({5: {"birth_date": "17/03/2016"}, 6: {"birth_date": "2017"}}, {5, 6}),
    "parent_age": ({1: {"mother_birth_year": "2010"}, 2: {"mother_birth_year": "1930"}}, {1, 2}),
    "same_number": ({9: {"personal_number": "036316000000"}}, {0, 9}),
    "sex_digit": ({4: {"sex": "Nam"}, 6: {"mother_personal_number": "036090000007"}}, {4, 6}),
}


@pytest.mark.parametrize("rule", PLANTED)
def test_a_planted_fault_is_found_and_nothing_else(check, rule: str) -> None:
    changes, rows = PLANTED[rule]
    register = [{**row, **changes.get(at, {})} for at, row in enumerate(births())]
    everything_else_off = {name: "off" for name in RULES if name != rule}
    result = check(register, checks=everything_else_off)
    assert found(result) == {rule: len(rows)}
    assert {number - 2 for _, number in result.report.checks[0].sample} == rows
    assert result.report.rows_quarantined == 0, "a warning sets nothing aside"
    quarantined = check(register, checks={**everything_else_off, rule: "quarantine"})
    assert quarantined.report.reasons == {rule: len(rows)}
    assert {row["row_number"] - 2 for row in quarantined.quarantine} == rows
    assert {row["reason"] for row in quarantined.quarantine} == {rule}
    with pytest.raises(ContractError, match=rule) as raised:
        check(register, checks={**everything_else_off, rule: "stop"})
    assert "Trẻ" not in str(raised.value)
    assert all(str(at + 2) in str(raised.value) for at in rows)


def test_numbers_used_again_in_a_later_book(check) -> None:
    rows = births()
    rows[6] = {**rows[6], "entry_number": "01/2016"}
    assert found(check(rows))["number_restart"] == 2


def test_death_before_birth(check) -> None:
    headers = {"record_id": "Mã hồ sơ", "full_name": "Họ và tên", "birth_date": "Ngày sinh", "death_date": "Ngày chết"}
    dates = [("1930", "01/02/2000"), ("1930", "1929"), ("02/02/2000", "01/02/2000"), ("", "1999"), ("1999", "01/01/1999")]
    rows = [
        {"record_id": str(at), "full_name": f"Người {at}", "birth_date": born, "death_date": died}
        for at, (born, died) in enumerate(dates)
    ]
    result = check(rows, headers, register="death", role="deceased")
    assert found(result) == {"death_before_birth": 2}
    assert [number for _, number in result.report.checks[-1].sample] == [3, 4]


def test_a_number_stands_once_in_the_population_database(check) -> None:
    headers = {"record_id": "Mã công dân", "full_name": "Họ và tên", "birth_date": "Ngày sinh", "personal_number": "soDDCN"}
    rows = [
        {"record_id": str(at), "full_name": "Lê A", "birth_date": "1990", "personal_number": f"0360900000{at % 3:02d}"}
        for at in range(4)
    ]
    assert found(check(rows, headers, register="population", role="person")) == {"same_number": 2}


def test_mothers_of_several_children_and_spellings_of_one_name_are_no_fault(check) -> None:
    rows = births()
    assert rows[0]["mother_personal_number"] == rows[8]["mother_personal_number"]
    rows[8]["mother_name"] = "ME 1"
    assert found(check(rows)) == {}


def test_bounds_and_severities_come_from_the_project_file(check) -> None:
    assert found(check(births(), checks={"parent_age_from": 27})) == {"parent_age": 8}
    assert set(RULES) == {name for name in ChecksSpec.model_fields if not name.startswith("parent_age_")}
    assert not check(births(), checks=dict.fromkeys(RULES, "off")).report.checks


def test_several_reasons_make_one_row_of_the_quarantine(check) -> None:
    rows = births()
    rows[3] |= {"full_name": "", "mother_birth_year": "2015"}
    result = check(rows, checks={"required_missing": "quarantine", "parent_age": "quarantine"})
    (row,) = result.quarantine
    assert row["reason"] == "parent_age, required_missing"
    assert row["field"] == "mother_birth_year, full_name"
    assert row["value"] == "2015"


def test_whole_dates_are_seen_in_sql_as_the_reader_of_dates_sees_them() -> None:
    from linkage.registers.seen_values import SeenValues
    from linkage.runs.sql import connect
    from linkage.vietnamese import parse_date

    days, months = ({str(n).zfill(width) for n in range(most) for width in (1, 2)} for most in (33, 14))
    years, marks = ("1899", "1900", "1958", "2000", "2024"), "/.-"
    written = [mark.join(parts) for mark in marks for parts in itertools.product(days, months, years)]
    with connect() as connection:
        connection.register("entries", pa.table({"born": written}))
        SeenValues(connection, "entries", {}).read("date", "born")
        seen = connection.execute("SELECT raw, day, year, precision FROM register_seen_date").fetchall()
    assert len(seen) == len(written)
    for raw, day, year, precision in seen:
        said = parse_date(raw)
        assert (day, year) == (said.date, said.year), raw
        assert (precision == "day") == (said.date is not None), raw

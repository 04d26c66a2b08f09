"""Columns read as wholes: every case under `cases/` comes out as its expected.csv says, and `check` says how it is read.

A case is a project and its source as data; expected.csv has the values and flags right for it (`*`: any flag), known from how
the source was made.
"""

from __future__ import annotations

import csv
from pathlib import Path

import duckdb
import pytest

from linkage.project import open_project
from linkage.runs.tables import MENTIONS
from linkage.words.fields import as_written

CASES = Path(__file__).with_name("cases")
READ = sorted(path.parent.name for path in CASES.glob("*/expected.csv"))
SAID = {
    "month-first-column": ["left:born month first (73 only month first, 42 either way)"],
    "month-first-linked": ["left:born month first (157 only month first", "right:born day first (236 only day first"],
    "us-excel-am-pm-linked": ["left:born month first (157 only month first"],
    "parquet-local-midnight": ["left:born moments, dated in Asia/Ho_Chi_Minh"],
    "parquet-zones": ["left:tokyo moments, dated in Asia/Tokyo", "left:_offset moments, dated in +08:00", "left:born moments, dated in Asia/Ho_Chi_Minh"],
    "json-instants": ["left:born moments, dated in Asia/Ho_Chi_Minh"],
    "declared-zone": ["left:born day first", "moments, dated in Asia/Tokyo"],
    "two-digit-years-of-deaths": ["left:birth_date day first", "40 two-digit years, "],
    "contradictory-column": ["left:born day first or month first, undecided ("],
    "undecidable-column": ["left:born day first or month first, undecided ("],
    "declared-order": ["left:born month first (", ", declared)"],
    "order-shown-by-the-registration": ["left:death_date month first ("],
    "order-settled-in-its-entry": ["left:death_date day first or month first, undecided ("],
    "two-offices-two-orders": ["left:born day first or month first ("],
    "thousands-and-decimals": ["left:vn decimal comma (", "left:us decimal point (", "left:open decimal point or decimal comma, undecided ("],
}  # fmt: skip
WARNED = {
    "month-first-column": "p.yaml:3:1 a.csv: column “ngay_sinh” is read month first (73 only month first, 42 either way)",
    "month-first-linked": "p.yaml:3:1 l.csv: column “born” is read month first (157 only month first, 87 either way)",
    "year-first-of-two-digits": "a.csv: column “born” is read year first (",
    "us-excel-am-pm-linked": "p.yaml:3:1 l.csv: column “born” is read month first (157 only month first, 87 either way)",
    "contradictory-column": "is not read to the day in ",
    "undecidable-column": "rows, which are compared by year: day first or month first, undecided (",
    "two-digit-years-of-deaths": "two-digit years of unknown century, which are taken for missing",
    "thousands-and-decimals": "a.csv: column “open” has 3 numbers as 1.234, with or without decimals",
    "order-shown-by-the-registration": "a.csv: column “Ngày chết” is read month first (",
    "order-settled-in-its-entry": "a.csv: column “Ngày chết” is not read to the day in ",
    "two-offices-two-orders": "2 sources: column “born” is read day first or month first (",
}
REMEDIES = ("date_order: {", "two_digit_years_from: {", "decimal: {")


@pytest.mark.parametrize("name", READ)
def test_every_value_is_right_or_flagged(name: str, tmp_path: Path) -> None:
    run = open_project(CASES / name / "p.yaml").run(until="standardise", out=tmp_path / "run")
    with (CASES / name / "expected.csv").open(encoding="utf-8", newline="") as file:
        wanted = list(csv.DictReader(file))
    read = duckdb.sql(f"SELECT * FROM '{MENTIONS.path(run.path)}'").to_arrow_table().to_pylist()
    rows = {row["record_id"]: row for row in read}
    assert len(wanted) >= 3
    for want in wanted:
        row = {as_written(column): value for column, value in rows[want["record_id"]].items()}
        value, flags = row[want["field"]], row[f"{want['field']}_flags"] or ""
        assert ("" if value is None else str(value), flags if want["flags"] != "*" else "*") == (want["value"], want["flags"]), (
            want
        )
    open_rows = [want for want in wanted if "unsure" in want["flags"]]
    counted = sum(count for key, count in run.summary["stages"]["standardise"]["counts"].items() if key.endswith("_unsure"))
    assert counted == len(open_rows), "the run says how many values stay open"


@pytest.mark.parametrize("name", READ)
def test_check_says_how_columns_are_read(name: str) -> None:
    plan = open_project(CASES / name / "p.yaml").check()
    said = "\n".join(f"{side}:{field} {how}" for side, report in plan.sides.items() for field, how in report.read_as.items())
    for words in SAID.get(name, ()):
        assert words in said, said
    if name in WARNED:
        assert any(WARNED[name] in warning and any(remedy in warning for remedy in REMEDIES) for warning in plan.warnings), (
            plan.warnings
        )
    else:
        assert not plan.warnings

"""Dates of 1900 to 2026 in every written form, as whole columns, clean and with noise: none comes out wrong without a flag."""

from __future__ import annotations

import random
from datetime import UTC, date, datetime, timedelta, timezone
from pathlib import Path

import duckdb
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from linkage.config import FieldKind
from linkage.config.sources import SideSpec
from linkage.registers.column_forms import column_forms
from linkage.runs.sql import connect
from linkage.standardise import standardise_table

HCM = timezone(timedelta(hours=7))
MONTHS = ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"]
WORDS = ["giêng", "hai", "ba", "tư", "năm", "sáu", "bảy", "tám", "chín", "mười", "mười|một", "chạp"]
FORMS = {
    "dd/mm/yyyy": lambda d: f"{d:%d/%m/%Y}",
    "d/m/yyyy": lambda d: f"{d.day}/{d.month}/{d.year}",
    "dd-mm-yyyy": lambda d: f"{d:%d-%m-%Y}",
    "dd.mm.yyyy": lambda d: f"{d:%d.%m.%Y}",
    "dd/mm/yy": lambda d: f"{d:%d/%m/%y}",
    "ddmmyyyy": lambda d: f"{d:%d%m%Y}",
    "yyyy-mm-dd": lambda d: d.isoformat(),
    "yyyymmdd": lambda d: f"{d:%Y%m%d}",
    "yy-mm-dd": lambda d: f"{d:%y-%m-%d}",
    "mm/dd/yyyy": lambda d: f"{d:%m/%d/%Y}",
    "m/d/yyyy 12:00:00 AM": lambda d: f"{d.month}/{d.day}/{d.year} 12:00:00 AM",
    "m/d/yy": lambda d: f"{d.month}/{d.day}/{d:%y}",
    "mmddyyyy": lambda d: f"{d:%m%d%Y}",
    "dd/mm/yyyy SA": lambda d: f"{d:%d/%m/%Y} 12:00:00 SA",
    "d-Mon-yyyy": lambda d: f"{d.day}-{MONTHS[d.month - 1]}-{d.year}",
    "dd-MON-yy": lambda d: f"{d:%d}-{MONTHS[d.month - 1].upper()}-{d:%y}",
    "Mon d, yyyy": lambda d: f"{MONTHS[d.month - 1]} {d.day}, {d.year}",
    "d thg m, yyyy": lambda d: f"{d.day} thg {d.month}, {d.year}",
    "ngày tháng năm": lambda d: f"ngày {d.day} tháng {d.month} năm {d.year}",
    "words": lambda d: f"ngày {d.day} tháng {WORDS[d.month - 1].replace('|', ' ')} năm {d.year}",
    "serial": lambda d: str((d - date(1899, 12, 30)).days - (d < date(1900, 3, 1))),
    "instant": lambda d: f"{datetime(d.year, d.month, d.day, tzinfo=HCM).astimezone(UTC):%Y-%m-%dT%H:%M:%SZ}",
    "offset": lambda d: f"{d.isoformat()}T00:00:00+07:00",
}  # fmt: skip
OPEN = {"order_unsure", "century_unsure", "serial_or_year"}
READABLE = dict.fromkeys(FORMS, 1.0) | {"dd/mm/yy": 0.54, "m/d/yy": 0.54, "dd-MON-yy": 0.54, "yy-mm-dd": 0.3}
"""At least this share of a clean column is read to the day; the century of two digits below 30 is not known."""
ROWS = 1_500


def read(tmp_path: Path, texts: list[str]) -> list[tuple[date | None, set[str]]]:
    raw, target = tmp_path / "raw.parquet", tmp_path / "read.parquet"
    ids = pa.array(range(1, len(texts) + 1), pa.int32())
    table = {"id": ids, "record_id": [str(at) for at in range(len(texts))], "source": ["a.csv"] * len(texts), "born": texts}
    pq.write_table(pa.table(table), raw)
    fields = {"born": FieldKind.date}
    side = SideSpec.model_validate({"register": "table", "source": {"path": "a.csv"}, "fields": fields})
    with connect() as connection:
        forms = column_forms(connection, f"read_parquet('{raw}')", fields, side, {})
        marked = {name: form.marked for name, form in forms.items() if form.marked}
        standardise_table(connection, raw, target, fields, marked=marked)
    rows = duckdb.sql(f"SELECT born, born_flags FROM '{target}' ORDER BY id").fetchall()
    return [(born, set((flags or "").split())) for born, flags in rows]


def days(seed: str) -> list[date]:
    rng = random.Random(seed)
    return [date(1900, 1, 1) + timedelta(days=rng.randrange((date(2026, 12, 31) - date(1900, 1, 1)).days)) for _ in range(ROWS)]


def wrong(days: list[date], found: list[tuple[date | None, set[str]]]) -> list[tuple[date, date | None, set[str]]]:
    """Values that are another date, or none, without a flag that says so."""
    return [
        (day, read, flags)
        for day, (read, flags) in zip(days, found, strict=True)
        if (read is not None and read != day) or (read is None and not flags & {*OPEN, "unreadable"})
    ]


@pytest.mark.parametrize("form", FORMS)
def test_a_clean_column(form: str, tmp_path: Path) -> None:
    said = days(form)
    found = read(tmp_path, [FORMS[form](day) for day in said])
    assert not wrong(said, found)
    assert not [flags for _, flags in found if "unreadable" in flags]
    assert sum(born is not None for born, _ in found) >= READABLE[form] * ROWS * 0.98


@pytest.mark.parametrize("form", FORMS)
def test_a_column_with_two_values_in_a_hundred_in_other_forms(form: str, tmp_path: Path) -> None:
    said, rng = days(f"noise {form}"), random.Random(form)
    for other in ("mm/dd/yyyy", "dd/mm/yyyy", None):
        noisy = set(rng.sample(range(ROWS), ROWS // 50))
        forms = [other or rng.choice(list(FORMS)) if at in noisy else form for at in range(ROWS)]
        found = read(tmp_path, [FORMS[one](day) for one, day in zip(forms, said, strict=True)])
        missed = wrong(said, found)
        assert not missed, (other, len(missed), missed[:5], [forms[said.index(day)] for day, _, _ in missed])

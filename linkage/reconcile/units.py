"""Where and when a record belongs: present-day commune and province, the unit as the book names it, and the period."""

from __future__ import annotations

from collections.abc import Mapping
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING

import pyarrow as pa

from linkage import vietnamese
from linkage.reconcile.side_tables import SideTables
from linkage.runs.sql import described_columns, literal
from linkage.words.documents import UNKNOWN
from linkage.words.periods import LAST_YEARS, period_case, period_word

if TYPE_CHECKING:
    import duckdb

PLACE_OF_PERSON = "birth_registration_place"
"""A person without an entry belongs to the commune where the birth is said to be registered."""


def _rows(name: str) -> list[list[str]]:
    lines = (Path(vietnamese.__file__).parent / "data" / name).read_text(encoding="utf-8").splitlines()
    return [line.split("\t") for line in lines if line and not line.startswith("#")]


@lru_cache(maxsize=1)
def unit_names() -> tuple[Mapping[int, str], Mapping[int, str]]:
    """Code → name of the present provinces and of the present communes, from the gazetteer's data files."""
    provinces = {int(code): name for code, name in _rows("new_provinces.tsv")}
    return provinces, {int(code): name for code, _, name in _rows("new_communes.tsv")}


@lru_cache(maxsize=1)
def _provinces_of_communes() -> pa.Table:
    rows = _rows("new_communes.tsv")
    return pa.table({"commune": [int(row[0]) for row in rows], "province_of_commune": [int(row[1]) for row in rows]})


def period_sql(year: str) -> str:
    """SQL for the name of the period of books a year falls in."""
    names = ", ".join(literal(period_word(place, "vi")) for place in range(len(LAST_YEARS)))
    return f"coalesce([{names}][{period_case(year)} + 1], {literal(UNKNOWN.vi)})"


def locate_records(connection: duckdb.DuckDBPyConnection, run: Path, table: str = "rc_units") -> None:
    """Make the temporary table: side, id, record_id, role, commune, province, old_unit, period; a row a mention and a person.

    Books of a commune that was divided go to the successor of the lowest code: the place alone does not tell which one
    keeps them. Records whose place is not known have NULL commune, and NULL province if that is unknown too.
    """
    sides = SideTables.of(run)
    parts = []
    for side, clean, raw, place, dated in (
        ("mention", sides.mentions, sides.raw_mentions, "registering_office", "registration_date"),
        ("person", sides.persons, sides.raw_persons, PLACE_OF_PERSON, "birth_date"),
    ):
        if side == "person" and sides.within:
            continue
        known, verbatim = described_columns(connection, clean), described_columns(connection, raw)
        commune = f"{place}_communes[1]" if f"{place}_communes" in known else "NULL"
        province = f"coalesce({place}_province, {place}_provinces[1])" if f"{place}_province" in known else "NULL"
        year = f"{dated}_year" if side == "mention" and f"{dated}_year" in known else "NULL"
        parts.append(
            f"""SELECT '{side}' AS side, s.id, s.record_id, raw.role,
                ({commune})::INTEGER AS commune, ({province})::SMALLINT AS province,
                {f"raw.{place}" if place in verbatim else "NULL"} AS old_unit, {period_sql(year)} AS period
            FROM {clean} s JOIN {raw} raw ON raw.id = s.id"""
        )
    connection.register("rc_provinces", _provinces_of_communes())
    connection.execute(
        f"""CREATE OR REPLACE TEMP TABLE {table} AS
        SELECT side, id, record_id, role, commune, coalesce(province_of_commune, province)::SMALLINT AS province, old_unit, period
        FROM ({" UNION ALL ".join(parts)}) LEFT JOIN rc_provinces USING (commune)"""
    )
    connection.unregister("rc_provinces")

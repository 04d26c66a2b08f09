"""Entries of the other books filled in beforehand, from links to persons who have a number and from the basic registers.

Guardianship, parent recognition, marital status, divorce notes and changes are not keyed on the police platform: what is
known of their people is put into the register's own template, each cell with its source, the unknown left empty.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from linkage.errors import LinkageError
from linkage.reconcile import workbook_words as texts
from linkage.reconcile.codes import LINKED
from linkage.reconcile.side_tables import SideTables, texts_sql, tidy_sql
from linkage.reconcile.spreadsheets import (
    ENTRY,
    FILLED,
    TEXT,
    Column,
    WorkbookSheet,
    lines_sql,
    sheets_of,
    text_sql,
    write_workbook,
)
from linkage.runs.sql import connect, described_columns, literal, quote
from linkage.runs.tables import OUTCOMES, RAW_MENTIONS

if TYPE_CHECKING:
    import duckdb

HEADER_FIELDS = (
    "record_id", "registering_office", "registering_office_code", "book_number", "entry_number", "page_number",
    "registration_date", "registration_type", "note",
)  # fmt: skip
"""Fields of the entry, not of a person in it: never taken from elsewhere."""


@dataclass(frozen=True)
class RoleRun:
    """The linkage of one role of the register (the ward, say) to the population."""

    run: Path
    fields: Mapping[str, str]
    """Mention field → entry field, as the register kind declares it for the role."""


@dataclass(frozen=True)
class Prefilled:
    """What was filled. Cells are those of the template's person fields, entry by entry."""

    entries: int
    cells: int
    known: int
    """Cells the entries had already."""
    filled: int
    """Cells filled from elsewhere."""
    by_source: Mapping[str, int]

    @property
    def saved(self) -> float:
        """Filled cells / cells that were empty: the share of keying saved."""
        empty = self.cells - self.known
        return self.filled / empty if empty else 0.0


def prefill_entries(
    roles: Sequence[RoleRun],
    template: Mapping[str, str],
    target: Path,
    *,
    basic: Mapping[str, Path] | None = None,
    population: str = texts.POPULATION_NAME,
) -> Prefilled:
    """Write a workbook in the register's template: `template` is entry field → header, in the register's order.

    `roles` are reconciled runs of this register's roles against the population; only their accepted links to persons with a
    number are used. `basic` names (in Vietnamese) reconciled runs of the basic registers against the same population, whose
    entries of the same persons fill what the population does not say. A value the entry has is never replaced; a filled cell
    whose sources disagree says so in the sheet of sources.

    Raises:
        LinkageError: no role is given, or a run is not reconciled.
    """
    if not roles:
        raise LinkageError("no role is given to fill entries from", "Give at least one run of a role of this register.")
    for run in (*(role.run for role in roles), *(basic or {}).values()):
        OUTCOMES.scan(run)
    with connect() as connection:
        connection.execute(
            "CREATE OR REPLACE TEMP TABLE pf_cells"
            " (record_id VARCHAR, field VARCHAR, value VARCHAR, source VARCHAR, rank INTEGER)"
        )
        for role in roles:
            _gather(connection, role, basic or {}, population)
        connection.execute(
            f"""CREATE OR REPLACE TEMP TABLE pf_chosen AS
            SELECT record_id, field, arg_min(value, rank) AS value, arg_min(source, rank) AS source, min(rank) AS rank,
                count(DISTINCT {tidy_sql("value")}) FILTER (rank > 0) > 1 AS disagree
            FROM pf_cells WHERE value IS NOT NULL GROUP BY record_id, field"""
        )
        fields = [field for field in template if field != "record_id"]
        person = [field for field in fields if field not in HEADER_FIELDS]
        entries = connection.execute("SELECT count(DISTINCT record_id) FROM pf_cells").fetchall()[0][0]
        rows = connection.execute(
            f"SELECT source, rank = 0, count(*) FROM pf_chosen WHERE field IN {texts_sql(person)} GROUP BY ALL ORDER BY ALL"
        ).fetchall()
        _write(connection, template, target)
    known = sum(n for _, own, n in rows if own)
    by_source = {source: int(n) for source, own, n in rows if not own}
    return Prefilled(int(entries), int(entries) * len(person), int(known), sum(by_source.values()), by_source)


def _gather(connection: duckdb.DuckDBPyConnection, role: RoleRun, basic: Mapping[str, Path], population: str) -> None:
    """What the entry, the population and the basic registers say of the persons of one role."""
    sides = SideTables.of(role.run)
    own, persons = set(described_columns(connection, sides.raw_mentions)), set(described_columns(connection, sides.raw_persons))
    linked = (
        f"(SELECT o.record_id, o.counterpart FROM {OUTCOMES.scan(role.run)} o"
        f" JOIN {sides.raw_persons} p ON p.record_id = o.counterpart"
        f" WHERE o.side = 'mention' AND o.finding IN {texts_sql(LINKED)} AND p.personal_number IS NOT NULL)"
    )
    mentions, right = sides.raw_mentions, sides.raw_persons
    parts = []
    for mention_field, field in role.fields.items():
        name, said = quote(mention_field), literal(field)
        if mention_field in own:
            parts.append(f"SELECT record_id, {said}, {name}, NULL, 0 FROM {mentions}")
        else:
            parts.append(f"SELECT record_id, {said}, NULL, NULL, 0 FROM {mentions}")
        if field in HEADER_FIELDS:
            continue
        if mention_field in persons:
            parts.append(
                f"SELECT k.record_id, {said}, p.{name}, {literal(population)}, 1"
                f" FROM {linked} k JOIN {right} p ON p.record_id = k.counterpart"
            )
        for rank, (title, run) in enumerate(basic.items(), 2):
            other = RAW_MENTIONS.scan(run)
            if mention_field in described_columns(connection, other) and mention_field not in HEADER_FIELDS:
                parts.append(
                    f"SELECT k.record_id, {said}, m.{name}, {literal(title)}, {rank} FROM {linked} k"
                    f" JOIN {OUTCOMES.scan(run)} b ON b.side = 'mention' AND b.counterpart = k.counterpart"
                    f" AND b.finding IN {texts_sql(LINKED)}"
                    f" JOIN {other} m ON m.record_id = b.record_id"
                )
    connection.execute(f"INSERT INTO pf_cells {' UNION ALL '.join(parts)}")


def _write(connection: duckdb.DuckDBPyConnection, template: Mapping[str, str], target: Path) -> None:
    """The template's sheet, and a sheet of the same shape that names the source of each cell."""
    picked = []
    for place, field in enumerate(template):
        value = "record_id" if field == "record_id" else f"max(value) FILTER (field = {literal(field)})"
        rank = f"min(rank) FILTER (field = {literal(field)})"
        named = f"source || CASE WHEN disagree THEN {literal(texts.PREFILL_DISAGREE)} ELSE '' END"
        source = f"max({named}) FILTER (field = {literal(field)} AND rank > 0)"
        picked.append(
            f"{text_sql(value)} AS v{place}, {rank} AS r{place}, {source if field != 'record_id' else 'record_id'} AS s{place}"
        )
    connection.execute(
        "CREATE OR REPLACE TEMP TABLE pf_rows AS SELECT *, row_number() OVER (ORDER BY record_id) AS place FROM ("
        f"SELECT record_id, {', '.join(picked)} FROM (SELECT DISTINCT record_id FROM pf_cells)"
        " LEFT JOIN pf_chosen USING (record_id) GROUP BY record_id)"
    )
    widths = [22.0 if field.endswith(("_name", "record_id", "_office")) else 15.0 for field in template]
    columns = tuple(Column(header, width) for header, width in zip(template.values(), widths, strict=True))
    sheets: list[WorkbookSheet] = []
    for title, letter in ((texts.PREFILL_SHEET, "v"), (texts.SOURCES_SHEET, "s")):
        cells = []
        for place, field in enumerate(template):
            own = f"CASE WHEN r{place} IS NULL THEN {ENTRY} WHEN r{place} > 0 THEN {FILLED} ELSE {TEXT} END"
            cells.append((f"{letter}{place}", own if letter == "v" and field != "record_id" else str(TEXT)))
        lines = lines_sql([(f"{letter}{place}", width) for place, width in enumerate(widths)])
        protected = letter == "s"
        sheets += sheets_of(connection, "FROM pf_rows", title, columns, cells, lines, protected=protected)
    write_workbook(target, sheets)

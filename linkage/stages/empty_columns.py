"""What is empty in all rows though it is declared, blocked on or compared: said before anything is trained on it."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

from linkage.config import FieldKind, LoadedProject, SideSpec
from linkage.config.field_keys import keys_of
from linkage.runs.exchange import scan_file
from linkage.runs.sql import connect, described_columns, fetch_row, quote
from linkage.runs.tables import MENTIONS, PERSONS, RAW_MENTIONS, RAW_PERSONS

if TYPE_CHECKING:
    import duckdb

    from linkage.stages.plan import Plan

_UNDERSTOOD = {
    FieldKind.person_name: "as a name",
    FieldKind.date: "as a date",
    FieldKind.year: "as a year",
    FieldKind.place: "as a place in Viet Nam",
    FieldKind.sex: "as a sex",
    FieldKind.personal_number: "as a personal number of 12 digits",
    FieldKind.number: "as a number",
}
_MAY_BE_EMPTY = ("_flags", "_repaired", "_lunar_as_solar")
"""Keys that only odd values have: sound data leave them empty."""
_WHOLE_DATES = ("", "digits", "day")
"""Keys of a date that only a whole date has."""


def empty_columns(project: LoadedProject, plan: Plan, run: Path) -> Iterator[str]:
    """A sentence for each declared field, and each key of a rule or comparison, that is empty in all rows of its side."""
    from linkage.model.settings import build_model, columns_needed

    used = columns_needed(project.spec, build_model(project.spec, plan.shared))
    sides: list[tuple[str, SideSpec | None, Path, Path]] = [
        ("left", project.spec.left, RAW_MENTIONS.path(run), MENTIONS.path(run)),
        ("right", project.spec.right, RAW_PERSONS.path(run), PERSONS.path(run)),
    ]
    with connect() as connection:
        for name, side, raw, standardised in sides:
            if side is not None and (rows := fetch_row(connection, f"SELECT count(*) FROM {scan_file(raw)}")[0]):
                declared = {*side.columns, *(side.fields or ())}
                for field, kind in plan.sides[name].mention_fields.items():
                    keys = [key for key in keys_of(field, kind) if key in used]
                    for column, why in _empty_of(connection, raw, standardised, field, kind, keys, field in declared):
                        yield f"{name}: {column} {'are' if ', ' in column else 'is'} empty in all {rows:,} rows: {why}"


def _empty_of(
    connection: duckdb.DuckDBPyConnection, raw: Path, standardised: Path, field: str, kind: FieldKind, keys: list[str], told: bool
) -> Iterator[tuple[str, str]]:
    """The columns of one field that hold nothing, with the reason: the field alone where all of it is empty."""
    if not (keys or told):
        return
    if not _has_values(connection, raw, field):
        yield field, "its column holds no value. Name another under `columns`, or leave the field out."
        return
    there = described_columns(connection, scan_file(standardised))
    reasons: dict[str, list[str]] = {}
    for key in keys:
        if key in there and not key.endswith(_MAY_BE_EMPTY) and not _has_values(connection, standardised, key):
            whole = kind is FieldKind.date and key.removeprefix(field).removeprefix("_") in _WHOLE_DATES
            understood = "as a whole date" if whole else _UNDERSTOOD.get(kind)
            why = f"no value was understood {understood}" if understood else "every value stands for “not known”"
            reasons.setdefault(why, []).append(key)
    for why, empty in reasons.items():
        yield ", ".join(empty), f"{why}. See the values with `linkage profile`; a rule or comparison on it finds nothing."


def _has_values(connection: duckdb.DuckDBPyConnection, table: Path, column: str) -> bool:
    query = f"SELECT 1 FROM {scan_file(table)} WHERE {quote(column)} IS NOT NULL LIMIT 1"
    return bool(connection.execute(query).fetchall())

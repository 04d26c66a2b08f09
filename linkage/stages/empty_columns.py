"""What is empty in all rows though it is declared, blocked on or compared: said before anything is trained on it."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

from pyarrow.parquet import read_metadata

from linkage.config import FieldKind, LoadedProject
from linkage.config.field_keys import keys_of
from linkage.runs.tables import MENTIONS, PERSONS, RAW_MENTIONS, RAW_PERSONS

if TYPE_CHECKING:
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
_WHOLE_DATES = ("", "digits", "day", "day_month")
"""Keys of a date that only a whole date has."""


def empty_columns(project: LoadedProject, plan: Plan, run: Path) -> Iterator[str]:
    """A sentence for each declared field, and each key of a rule or comparison, that is empty in all rows of its side."""
    places = {"right": (RAW_PERSONS.path(run), PERSONS.path(run))}
    for name, side in project.spec.sides.items():
        raw, standardised = places.get(name, (RAW_MENTIONS.path(run), MENTIONS.path(run)))
        if not (rows := read_metadata(raw).num_rows):
            continue
        written, understood = _columns_without_values(raw), _columns_without_values(standardised)
        declared = {*side.columns, *(side.fields or ())}
        for field, kind in plan.sides[name].mention_fields.items():
            keys = [key for key in keys_of(field, kind) if key in understood and not key.endswith(_MAY_BE_EMPTY)]
            if field in written:
                if field in declared or _used(project, plan).intersection(keys_of(field, kind)):
                    why = "its column holds no value. Name another under `columns`, or leave the field out."
                    yield f"{name}: {field} is empty in all {rows:,} rows: {why}"
            elif keys and (used := [key for key in keys if key in _used(project, plan)]):
                for column, why in _not_understood(field, kind, used):
                    yield f"{name}: {column} {'are' if ', ' in column else 'is'} empty in all {rows:,} rows: {why}"


def _used(project: LoadedProject, plan: Plan) -> set[str]:
    """The columns that rules and comparisons read; asked for where something is empty, since it takes Splink to know."""
    from linkage.model.settings import build_model, columns_needed

    return set(columns_needed(project.spec, build_model(project.spec, plan.shared)))


def _columns_without_values(table: Path) -> set[str]:
    """The columns of a Parquet file that are empty in all rows, by what it says of its row groups."""
    said = read_metadata(table)
    filled = set()
    for group in map(said.row_group, range(said.num_row_groups)):
        for column in map(group.column, range(group.num_columns)):
            if not (column.is_stats_set and column.statistics.null_count == group.num_rows):
                filled.add(column.path_in_schema.split(".")[0])
    return {*said.schema.to_arrow_schema().names} - filled


def _not_understood(field: str, kind: FieldKind, keys: list[str]) -> Iterator[tuple[str, str]]:
    """The keys of one field that hold nothing though its column does, with the reason."""
    reasons: dict[str, list[str]] = {}
    for key in keys:
        whole = kind is FieldKind.date and key.removeprefix(field).removeprefix("_") in _WHOLE_DATES
        understood = "as a whole date" if whole else _UNDERSTOOD.get(kind)
        why = f"no value was understood {understood}" if understood else "every value stands for “not known”"
        reasons.setdefault(why, []).append(key)
    for why, empty in reasons.items():
        yield ", ".join(empty), f"{why}. See the values with `linkage profile`; a rule or comparison on it finds nothing."

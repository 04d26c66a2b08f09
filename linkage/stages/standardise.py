"""standardise: raw columns become clean values and the keys that are blocked on and compared."""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial
from typing import TYPE_CHECKING

from linkage.config import LoadedProject
from linkage.config.columns import declared_fields, hidden_keys
from linkage.errors import LinkageError
from linkage.runs.directory import Counts
from linkage.runs.sql import at_once
from linkage.runs.tables import MENTIONS, PERSONS, RAW_MENTIONS, RAW_PERSONS
from linkage.stages.plan import Plan
from linkage.stages.stage import Stage, Work

if TYPE_CHECKING:
    import duckdb


def standardise(work: Work) -> Counts:
    """Standardise each side's fields; as many rows come out as were used."""
    with work.connect() as connection:
        found = at_once(connection, [partial(_standardise_side, work, side) for side in work.plan.sides])
    return {name: count for counts in found for name, count in counts.items()}


def _standardise_side(work: Work, side: str, connection: duckdb.DuckDBPyConnection) -> Counts:
    from linkage.registers.column_forms import marked_values
    from linkage.registers.side_reading import forms_of_mentions
    from linkage.standardise.table import add_keys, standardise_table

    report, fields = work.plan.sides[side], work.plan.fields[side]
    raw, table, declared = {
        "left": (RAW_MENTIONS, MENTIONS, work.spec.left),
        "right": (RAW_PERSONS, PERSONS, work.spec.right),
    }[side]
    assert declared is not None
    forms = forms_of_mentions(connection, raw.scan(work.inputs), declared, report)
    rows = standardise_table(
        connection,
        raw.path(work.inputs),
        table.path(work.folder),
        fields,
        dated_by={field: date for field, date in report.dated_by.items() if field in fields and date in fields},
        registered_at=report.number_registered_at,
        marked=marked_values(forms),
        sound_merges=work.spec.standardise.sound_merges,
        progress=work.progress,
    )
    add_keys(connection, table.path(work.folder), work.spec.standardise.keys)
    read_before = work.run.record("read")
    rows_in = read_before.counts[f"{side}_rows_used"] if read_before else None
    if rows_in != rows:
        raise LinkageError(
            f"{table.name}: {rows_in} rows in, {rows} out", "Rows were lost or doubled: please report this fault of linkage."
        )
    unsure = {f"{side}_{field}_{flag}": rows for field, form in forms.items() for flag, rows in form.unsure.items()}
    return {**unsure, table.name: rows}


def _hidden(project: LoadedProject, plan: Plan) -> Iterator[str]:
    """Keys that no rule can name, for a field is called as they are."""
    for field, key in hidden_keys(declared_fields(project.given)):
        place = project.place(("left", "fields", key))
        yield f"{place} `{key}` is the field of that name; the key of `{field}` that would be called so cannot be used in rules"


STAGE = Stage(
    standardise,
    writes=(MENTIONS, PERSONS),
    reads=(RAW_MENTIONS, RAW_PERSONS),
    config=lambda spec: [spec.left, spec.right, spec.standardise],
    warn=_hidden,
)

"""standardise: raw columns become clean values and the keys that are blocked on and compared."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from linkage.config import LoadedProject, ProjectSpec
from linkage.config.columns import declared_fields, hidden_keys
from linkage.errors import LinkageError
from linkage.runs.directory import Counts
from linkage.runs.exchange import scan_file
from linkage.runs.sql import at_once, literal, write_parquet
from linkage.runs.tables import MENTIONS, PERSONS, RAW_MENTIONS, RAW_PERSONS
from linkage.stages.plan import Plan
from linkage.stages.stage import Stage, Work

if TYPE_CHECKING:
    import duckdb


def standardise(work: Work) -> Counts:
    """Standardise each side's fields; as many rows come out as were used."""
    places = {
        "left": (RAW_MENTIONS.path(work.inputs), MENTIONS.path(work.folder)),
        "right": (RAW_PERSONS.path(work.inputs), PERSONS.path(work.folder)),
    }
    tables = {name: (work.folder / f".raw_{name}", work.folder / f".{name}") for name in work.spec.tables or ()}
    with work.connect() as connection:
        for name, (raw, _) in tables.items():
            of_table = f"SELECT * FROM {RAW_MENTIONS.scan(work.inputs)} WHERE table_name = {literal(name)} ORDER BY id"
            write_parquet(connection, of_table, raw)
        sides = [partial(_standardise_side, work, side, *(tables.get(side) or places[side])) for side in work.plan.sides]
        found = at_once(connection, sides)
        if tables:
            MENTIONS.write(connection, _one_table(work.spec, {name: done for name, (_, done) in tables.items()}), work.folder)
    for path in (path for both in tables.values() for path in both):
        path.unlink()
    return {name: count for counts in found for name, count in counts.items()}


def _standardise_side(work: Work, side: str, raw: Path, target: Path, connection: duckdb.DuckDBPyConnection) -> Counts:
    from linkage.registers.column_forms import marked_values
    from linkage.registers.side_reading import forms_of_mentions
    from linkage.standardise.table import add_keys, standardise_table

    report, fields = work.plan.sides[side], work.plan.fields[side]
    forms = forms_of_mentions(connection, scan_file(raw), work.spec.sides[side], report)
    rows = standardise_table(
        connection,
        raw,
        target,
        fields,
        dated_by={field: date for field, date in report.dated_by.items() if field in fields and date in fields},
        registered_at=report.number_registered_at,
        marked=marked_values(forms),
        sound_merges=work.spec.standardise.sound_merges,
        progress=work.progress,
    )
    add_keys(connection, target, work.spec.standardise.keys)
    read_before = work.run.record("read")
    rows_in = read_before.counts[f"{side}_rows_used"] if read_before else None
    if rows_in != rows:
        raise LinkageError(
            f"{side}: {rows_in} rows in, {rows} out", "Rows were lost or doubled: please report this fault of linkage."
        )
    unsure = {f"{side}_{field}_{flag}": rows for field, form in forms.items() for flag, rows in form.unsure.items()}
    return {**unsure, target.stem.removeprefix("."): rows}


def _one_table(spec: ProjectSpec, tables: Mapping[str, Path]) -> str:
    """SQL of the standardised tables as one; `apart` numbers those of which two records are never one entity."""
    return (
        " UNION ALL BY NAME ".join(
            f"SELECT *, {literal(name)} AS table_name, {number if name in spec.at_most_one_per else 'NULL'}::INTEGER AS apart"
            f" FROM {scan_file(path)}"
            for number, (name, path) in enumerate(sorted(tables.items()), 1)
        )
        + " ORDER BY id"
    )


def _hidden(project: LoadedProject, plan: Plan) -> Iterator[str]:
    """Keys that no rule can name, for a field is called as they are."""
    for field, key in hidden_keys(declared_fields(project.given)):
        place = project.place((*project.spec.keys_of_side(next(iter(plan.sides))), "fields", key))
        yield f"{place} `{key}` is the field of that name; the key of `{field}` that would be called so cannot be used in rules"


STAGE = Stage(
    standardise,
    writes=(MENTIONS, PERSONS),
    reads=(RAW_MENTIONS, RAW_PERSONS),
    config=lambda spec: [spec.sides, spec.standardise, spec.at_most_one_per],
    warn=_hidden,
)

"""standardise: raw columns become clean values and the keys that are blocked on and compared."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path

from linkage.config import LoadedProject, ProjectSpec
from linkage.config.columns import declared_fields, hidden_keys
from linkage.errors import LinkageError
from linkage.runs.directory import Counts
from linkage.runs.exchange import scan_file
from linkage.runs.sql import literal, write_parquet
from linkage.runs.tables import MENTIONS, PERSONS, RAW_MENTIONS, RAW_PERSONS
from linkage.stages.plan import Plan
from linkage.stages.stage import Stage, Work


def standardise(work: Work) -> Counts:
    """Standardise each side's fields; as many rows come out as were used."""
    from linkage.registers.column_forms import marked_values
    from linkage.registers.side_reading import forms_of_mentions
    from linkage.standardise.table import standardise_table

    counts: dict[str, int] = {}
    read_before = work.run.record("read")
    places = {
        "left": (RAW_MENTIONS.path(work.inputs), MENTIONS.path(work.folder)),
        "right": (RAW_PERSONS.path(work.inputs), PERSONS.path(work.folder)),
    }
    tables = {name: (work.folder / f".raw_{name}", work.folder / f".{name}") for name in work.spec.tables or ()}
    with work.connect() as connection:
        for side, report in work.plan.sides.items():
            if side in tables:
                raw, target = tables[side]
                of_table = f"SELECT * FROM {RAW_MENTIONS.scan(work.inputs)} WHERE table_name = {literal(side)} ORDER BY id"
                write_parquet(connection, of_table, raw)
            else:
                raw, target = places[side]
            fields = work.plan.fields[side]
            dated_by = {field: date for field, date in report.dated_by.items() if field in fields and date in fields}
            forms = forms_of_mentions(connection, scan_file(raw), work.spec.sides[side], report)
            for field, form in forms.items():
                counts |= {f"{side}_{field}_{flag}": rows for flag, rows in form.unsure.items()}
            rows = standardise_table(
                connection,
                raw,
                target,
                fields,
                dated_by=dated_by,
                registered_at=report.number_registered_at,
                marked=marked_values(forms),
                sound_merges=work.spec.standardise.sound_merges,
                progress=work.progress,
            )
            rows_in = read_before.counts[f"{side}_rows_used"] if read_before else None
            counts[target.stem.removeprefix(".")] = rows
            if rows_in != rows:
                raise LinkageError(
                    f"{side}: {rows_in} rows in, {rows} out", "Rows were lost or doubled: please report this fault of linkage."
                )
        if tables:
            MENTIONS.write(connection, _one_table(work.spec, {name: done for name, (_, done) in tables.items()}), work.folder)
    for path in (path for both in tables.values() for path in both):
        path.unlink()
    return counts


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

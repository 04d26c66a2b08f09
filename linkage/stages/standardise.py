"""standardise: raw columns become clean values and the keys that are blocked on and compared."""

from __future__ import annotations

from collections.abc import Iterator

from linkage.config import LoadedProject
from linkage.config.columns import declared_fields, hidden_keys
from linkage.errors import LinkageError
from linkage.runs.directory import Counts
from linkage.runs.tables import MENTIONS, PERSONS, RAW_MENTIONS, RAW_PERSONS
from linkage.stages.plan import Plan
from linkage.stages.stage import Stage, Work


def standardise(work: Work) -> Counts:
    """Standardise each side's fields; as many rows come out as were used."""
    from linkage.registers.column_forms import marked_values
    from linkage.registers.side_reading import forms_of_mentions
    from linkage.standardise.table import add_keys, standardise_table

    counts: dict[str, int] = {}
    sides = {"left": work.spec.left, "right": work.spec.right}
    read_before = work.run.record("read")
    tables = {"left": (RAW_MENTIONS, MENTIONS), "right": (RAW_PERSONS, PERSONS)}
    with work.connect() as connection:
        for side, report in work.plan.sides.items():
            raw, table = tables[side]
            fields = work.plan.fields[side]
            dated_by = {field: date for field, date in report.dated_by.items() if field in fields and date in fields}
            declared = sides[side]
            assert declared is not None
            forms = forms_of_mentions(connection, raw.scan(work.inputs), declared, report)
            for field, form in forms.items():
                counts |= {f"{side}_{field}_{flag}": rows for flag, rows in form.unsure.items()}
            counts[table.name] = standardise_table(
                connection,
                raw.path(work.inputs),
                table.path(work.folder),
                fields,
                dated_by=dated_by,
                registered_at=report.number_registered_at,
                marked=marked_values(forms),
                sound_merges=work.spec.standardise.sound_merges,
                progress=work.progress,
            )
            add_keys(connection, table.path(work.folder), work.spec.standardise.keys)
            rows_in = read_before.counts[f"{side}_rows_used"] if read_before else None
            if rows_in != counts[table.name]:
                raise LinkageError(
                    f"{table.name}: {rows_in} rows in, {counts[table.name]} out",
                    "Rows were lost or doubled: please report this fault of linkage.",
                )
    return counts


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

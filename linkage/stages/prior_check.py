"""A prior that cannot be, told by `linkage check` from the first rows of the sources: where they are all rows, exactly."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

from linkage.config import LoadedProject
from linkage.errors import LinkageError, ProjectFileError
from linkage.pairs.sides import Sides, open_tables
from linkage.runs.exchange import scan_file
from linkage.runs.sql import connect, write_parquet
from linkage.stages.pairs_check import prior_above_one
from linkage.stages.plan import Plan

if TYPE_CHECKING:
    import duckdb

FIRST_ROWS = 5_000
"""Of each file; a share of pairs that agree is known from so many well enough to tell a prior above 1."""


def foresee_prior(project: LoadedProject, plan: Plan, data: Path | None) -> Iterator[ProjectFileError]:
    """The fault of a prior above 1, as far as the first rows show it; none where they cannot be read, which a run tells."""
    prior = project.spec.training.prior
    if prior is None:
        return
    keys = sorted({key for rule in prior.deterministic_rules for key in rule.on})
    with tempfile.TemporaryDirectory(prefix="linkage-check-") as folder, connect() as connection:
        try:
            sides = _first_rows(project, plan, data, keys, Path(folder), connection)
        except LinkageError:
            return
        for keys_of_fault, what, remedy in prior_above_one(connection, sides, project):
            yield project.fault(keys_of_fault, what, remedy=remedy)


def _first_rows(
    project: LoadedProject, plan: Plan, data: Path | None, keys: list[str], folder: Path, connection: duckdb.DuckDBPyConnection
) -> Sides:
    """The first rows of both sides, standardised as far as the keys ask for it."""
    from linkage.registers.side_reading import read_side
    from linkage.standardise.table import add_keys, standardise_table

    fields = {field: plan.shared[field] for field in {plan.field_of[key] for key in keys}}
    tables = []
    for name, side in project.spec.sides.items():
        raw, table = folder / f"raw_{name}", folder / name
        aside = folder / f"aside_{name}"
        read_side(connection, side, base=project.folder, data=data, target=raw, quarantine=aside, name=name, most=FIRST_ROWS)
        standardise_table(connection, raw, table, fields)
        add_keys(connection, table, {key: sql for key, sql in project.spec.standardise.keys.items() if key in keys})
        tables.append(table)
    if project.spec.tables:
        together = folder / "together.parquet"
        # ids anew: each table's begin at 1
        every = " UNION ALL BY NAME ".join(f"SELECT * EXCLUDE id FROM {scan_file(path)}" for path in tables)
        write_parquet(connection, f"SELECT row_number() OVER ()::INTEGER AS id, * FROM ({every})", together)
        tables = [together]
    return open_tables(connection, tables[0], tables[1] if tables[1:] else None, keys)

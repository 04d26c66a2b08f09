"""differ: which fields differ on each assigned pair. No threshold changes that, so that moving one does not wait for it."""

from __future__ import annotations

from linkage.runs.directory import Counts
from linkage.runs.tables import ASSIGNED, FIELD_DIFFERENCES, MENTIONS, PERSONS, RAW_MENTIONS, RAW_PERSONS
from linkage.stages.stage import Stage, Work


def differ(work: Work) -> Counts:
    """One row a differing field of an assigned pair, with its class."""
    from linkage.reconcile.differences import write_field_differences

    with work.connect() as connection:
        rows = write_field_differences(connection, work.inputs, work.plan.shared, work.folder)
    return {"differing_fields": rows}


STAGE = Stage(
    differ,
    writes=(FIELD_DIFFERENCES,),
    reads=(RAW_MENTIONS, RAW_PERSONS, MENTIONS, PERSONS, ASSIGNED),
    config=lambda spec: spec.sides,
)

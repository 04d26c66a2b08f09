"""assign: at most one person a mention, and its runner-up."""

from __future__ import annotations

from dataclasses import asdict

from linkage.runs.directory import Counts
from linkage.runs.tables import ASSIGNED, CANDIDATES, MENTIONS, PERSONS, REGISTERED_TWICE, SCORED_PAIRS
from linkage.stages.stage import Stage, Work


def assign(work: Work) -> Counts:
    """Choose among scored pairs under the project's assignment."""
    from linkage.assigning.assignment import assign_pairs

    records = (work.mentions, work.persons or work.mentions)
    with work.connect() as connection:
        work.progress("assigning", 0, 1)
        assigned = assign_pairs(connection, work.persons is None, work.spec.assignment, work.inputs, records, work.folder)
        work.progress("assigning", 1, 1)
    return asdict(assigned)


STAGE = Stage(
    assign,
    writes=(ASSIGNED, CANDIDATES),
    reads=(MENTIONS, PERSONS, SCORED_PAIRS, REGISTERED_TWICE),
    config=lambda spec: spec.assignment,
)

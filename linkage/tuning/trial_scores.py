"""How good a trial is: recall at the declared false-link rate, and the clerical load that its targets cost.

Everything reads one table of cases, mentions whose answer is known, the same for all trials of a search. A trial gives each
case the link weight of its best pair and whether that pair is right. Thresholds are link weights in bits.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from linkage.statistics import Interval, wilson

if TYPE_CHECKING:
    from numpy.typing import NDArray

FOLDS = 5


@dataclass(frozen=True)
class Cases:
    """Known answers seen by one trial; arrays (n,), in the same order for every trial.

    `weight` of the mention's best pair, NaN without one; `right` that pair is the known person; `wrong` it is known to be
    another (neither: the trial paired the mention with someone nobody was asked about); `has_person` the case counts for
    recall; `stands_for` mentions that it stands for (1, or the inverse of its inclusion probability); `fold` 0 … FOLDS−1.
    """

    weight: NDArray[np.float64]
    right: NDArray[np.bool_]
    wrong: NDArray[np.bool_]
    has_person: NDArray[np.bool_]
    stands_for: NDArray[np.float64]
    fold: NDArray[np.int_]


@dataclass(frozen=True)
class Score:
    """A trial on held-out folds. `recall` right links / cases with a person (blocking loss included); `false_link_rate` wrong
    links / links with a known answer; `upper` and `lower` the thresholds that keep both targets on all cases; `reached`
    whether any threshold keeps the false-link rate; `after_review` recall once the pairs between them are reviewed.
    """

    recall: Interval
    false_link_rate: float
    upper: float
    lower: float
    reached: bool
    after_review: float
    n: int


@dataclass(frozen=True)
class Chosen:
    """What choosing the best of these trials gives on cases that took no part in choosing (nested folds)."""

    recall: Interval
    false_link_rate: float
    trials: tuple[int, ...]
    """The trial chosen in each outer fold."""


def score_cases(cases: Cases, false_link_rate: float, missed_link_rate: float) -> Score:
    """Recall and false-link rate by cross-validation over the folds, thresholds of all cases."""
    every = np.ones(cases.fold.size, dtype=bool)
    right, wrong, matches = _tested(cases, every, false_link_rate)
    upper = threshold_for(cases, every, false_link_rate)
    lower = _lower(cases, upper, missed_link_rate)
    whole = float((cases.stands_for * cases.has_person).sum())
    found = float(
        (cases.stands_for * (cases.right & cases.has_person & (np.nan_to_num(cases.weight, nan=-np.inf) >= lower))).sum()
    )
    n = int(cases.has_person.sum())
    return Score(
        recall=_share(right, matches, n),
        false_link_rate=wrong / (right + wrong) if right + wrong else 0.0,
        upper=upper,
        lower=lower,
        reached=np.isfinite(upper),
        after_review=found / whole if whole else 0.0,
        n=n,
    )


def choose_best(all_cases: Sequence[Cases], false_link_rate: float) -> tuple[int, Chosen]:
    """The trial with the highest cross-validated recall (the first of equals), and what such a choice gives.

    Nested folds (Varma and Simon 2006): for each outer fold the trial is chosen by cross-validation over the other folds, its
    threshold learned on all of these, and both are tried on the outer fold.
    """
    best = _best(all_cases, np.ones(all_cases[0].fold.size, dtype=bool), false_link_rate)
    chosen, right, wrong, matches, n = [], 0.0, 0.0, 0.0, 0
    for fold in range(FOLDS):
        outer = all_cases[0].fold == fold
        if not outer.any():
            continue
        trial = _best(all_cases, ~outer, false_link_rate)
        cases = all_cases[trial]
        linked = outer & (np.nan_to_num(cases.weight, nan=-np.inf) >= threshold_for(cases, ~outer, false_link_rate))
        right += float((cases.stands_for * (linked & cases.right & cases.has_person)).sum())
        wrong += float((cases.stands_for * (linked & cases.wrong)).sum())
        matches += float((cases.stands_for * (outer & cases.has_person)).sum())
        n += int((outer & cases.has_person).sum())
        chosen.append(trial)
    return best, Chosen(_share(right, matches, n), wrong / (right + wrong) if right + wrong else 0.0, tuple(chosen))


def threshold_for(cases: Cases, of: NDArray[np.bool_], false_link_rate: float) -> float:
    """The lowest weight at which wrong / known links of the cases marked in `of` keep the rate; infinite when none does."""
    known = of & (cases.right | cases.wrong) & ~np.isnan(cases.weight)
    order = np.argsort(-cases.weight[known], kind="stable")
    weight, counted = cases.weight[known][order], cases.stands_for[known][order]
    if not weight.size:
        return float("inf")
    rate = np.cumsum(counted * cases.wrong[known][order]) / np.cumsum(counted)
    # a threshold takes every pair of its weight: only the last of equal weights is a place to cut
    last = np.append(weight[1:] != weight[:-1], True)
    kept = np.flatnonzero(last & (rate <= false_link_rate))
    return float(weight[kept[-1]]) if kept.size else float("inf")


def front(load: Sequence[float], recall: Sequence[float]) -> list[int]:
    """Places of the points that no other beats in both: less clerical load and more recall; by load.

    >>> front([10, 0, 5, 20], [0.9, 0.8, 0.7, 0.9])
    [1, 0]
    """
    best, found = -1.0, []
    for place in sorted(range(len(load)), key=lambda one: (load[one], -recall[one], one)):
        if recall[place] > best:
            best = recall[place]
            found.append(place)
    return found


def _best(all_cases: Sequence[Cases], of: NDArray[np.bool_], false_link_rate: float) -> int:
    recalls = []
    for cases in all_cases:
        right, _, matches = _tested(cases, of, false_link_rate)
        recalls.append(right / matches if matches else 0.0)
    return int(np.argmax(recalls))


def _tested(cases: Cases, of: NDArray[np.bool_], false_link_rate: float) -> tuple[float, float, float]:
    """Right links, wrong links and matches over the folds of `of`, each with the threshold of the others."""
    right = wrong = 0.0
    for fold in range(FOLDS):
        tested = of & (cases.fold == fold)
        linked = tested & (np.nan_to_num(cases.weight, nan=-np.inf) >= threshold_for(cases, of & ~tested, false_link_rate))
        right += float((cases.stands_for * (linked & cases.right & cases.has_person)).sum())
        wrong += float((cases.stands_for * (linked & cases.wrong)).sum())
    return right, wrong, float((cases.stands_for * (of & cases.has_person)).sum())


def _lower(cases: Cases, upper: float, missed_link_rate: float) -> float:
    """The highest weight, at most `upper`, below which the share of the paired matches is within the rate."""
    counted = cases.right & cases.has_person & ~np.isnan(cases.weight)
    order = np.argsort(cases.weight[counted], kind="stable")
    weight, stands_for = cases.weight[counted][order], cases.stands_for[counted][order]
    if not weight.size:
        return upper
    lost = np.concatenate([[0.0], np.cumsum(stands_for)[:-1]])
    kept = np.flatnonzero(lost <= missed_link_rate * stands_for.sum())
    return min(float(weight[kept[-1]]), upper)


def _share(hits: float, whole: float, n: int) -> Interval:
    """A weighted share with the score interval of `n` cases."""
    share = min(hits / whole, 1.0) if whole else 0.0
    one = wilson(share * n, n) if n else Interval(0.0, 0.0, 1.0)
    return Interval(share, min(one.low, share), max(one.high, share), one.level)

"""How good a trial is: right links found at the declared false-link rate, and the clerical load that its targets cost.

Everything reads a table of cases, what is known of mentions and their links; all trials are scored by the same labels or numbers.
A trial gives each case the link weight of its best pair and whether that pair is right, wrong or unknown: a pair that the trial
brings and no label knows counts as wrong where a threshold is learned or a trial chosen, and as either in the bounds of a rate.
Thresholds are link weights in bits.
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
    """What is known, as one trial sees it; arrays (n,).

    `weight` of the mention's best pair, NaN without one; `right` that pair is known to be the mention's person, `wrong` known not
    to be, `unknown` neither: no label knows it. `of_links`: the case stands for links (else for a person to be found only);
    `has_person`: it stands for a person that is known; `stands_for` so many mentions (1, or the inverse of its inclusion
    probability); `fold` 0 … FOLDS-1.
    """

    weight: NDArray[np.float64]
    right: NDArray[np.bool_]
    wrong: NDArray[np.bool_]
    unknown: NDArray[np.bool_]
    of_links: NDArray[np.bool_]
    has_person: NDArray[np.bool_]
    stands_for: NDArray[np.float64]
    fold: NDArray[np.int_]


@dataclass(frozen=True)
class Score:
    """A trial on held-out folds. `found` right links / cases with a person (blocking loss included); `false_link_rate` of the
    links with a known answer, its ends with the unknown ones counted as right and as wrong; `unknown` share of the links; `upper`
    and `lower` the thresholds that keep both targets on all cases; `reached` whether any threshold keeps the false-link rate;
    `after_review` what is found once the pairs between them are reviewed; `n` cases with a person.
    """

    found: Interval
    false_link_rate: Interval
    unknown: float
    upper: float
    lower: float
    reached: bool
    after_review: float
    n: int


@dataclass(frozen=True)
class Chosen:
    """What choosing the best of these trials gives on cases that took no part in choosing (nested folds); as in `Score`."""

    found: Interval
    false_link_rate: Interval
    unknown: float
    trials: tuple[int, ...]
    """The trial chosen in each outer fold."""


@dataclass(frozen=True)
class _Tally:
    """Weighted sums over tested cases; `squares` those of the weights, for the size of a simple sample that knows as much."""

    right: float = 0.0
    wrong: float = 0.0
    unknown: float = 0.0
    link_squares: float = 0.0
    found: float = 0.0
    matches: float = 0.0
    match_squares: float = 0.0

    def __add__(self, other: _Tally) -> _Tally:
        return _Tally(*(mine + theirs for mine, theirs in zip(vars(self).values(), vars(other).values(), strict=True)))

    @property
    def share_found(self) -> float:
        return self.found / self.matches if self.matches else 0.0

    @property
    def share_unknown(self) -> float:
        links = self.right + self.wrong + self.unknown
        return self.unknown / links if links else 0.0

    @property
    def share_false(self) -> float:
        """Unknown links counted as wrong."""
        links = self.right + self.wrong + self.unknown
        return (self.wrong + self.unknown) / links if links else 0.0

    def found_interval(self, spread: float = 0.0) -> Interval:
        """`spread`: half the range of the shares that other choices, by other folds, would give."""
        return _interval(self.share_found, self.share_found, self.share_found, self.matches, self.match_squares, spread)

    def false_links(self, spread: float = 0.0) -> Interval:
        links, known = self.right + self.wrong + self.unknown, self.right + self.wrong
        if not links:
            return Interval(0.0, 0.0, 1.0)
        worst = self.share_false
        value = self.wrong / known if known else worst
        return _interval(value, self.wrong / links, worst, links, self.link_squares, spread)


def score_cases(cases: Cases, false_link_rate: float, missed_link_rate: float) -> Score:
    """What is found and the false-link rate by cross-validation over the folds, thresholds of all cases."""
    every = frozenset(range(FOLDS))
    tested = _tested(cases, every, false_link_rate)
    upper = threshold_for(cases, every, false_link_rate)
    lower = _lower(cases, upper, missed_link_rate)
    return Score(
        found=tested.found_interval(),
        false_link_rate=tested.false_links(),
        unknown=tested.share_unknown,
        upper=upper,
        lower=lower,
        reached=bool(np.isfinite(upper)),
        after_review=_tally(cases, every, lower).share_found,
        n=int(cases.has_person.sum()),
    )


def choose_best(all_cases: Sequence[Cases], false_link_rate: float, *, hopeful: bool = False) -> tuple[int, Chosen]:
    """The trial that finds most by cross-validation (of equals that with fewest unknown links), and what the choice gives.

    Nested folds (Varma and Simon 2006): for each outer fold the trial is chosen by cross-validation over the other folds, its
    threshold learned on all of these, and both are tried on the outer fold. The intervals also hold how far such choices differ
    from each other, since the final one is one of them. Unknown links count as wrong, `hopeful`: as right.
    """
    every = frozenset(range(FOLDS))
    chosen, tally, choices = [], _Tally(), []
    for fold in sorted({int(one) for cases in all_cases for one in np.unique(cases.fold)}):
        others = every - {fold}
        trial = _best(all_cases, others, false_link_rate, hopeful)
        threshold = threshold_for(all_cases[trial], others, false_link_rate, hopeful=hopeful)
        tally += _tally(all_cases[trial], frozenset({fold}), threshold)
        choices.append(_tally(all_cases[trial], every, threshold))
        chosen.append(trial)
    best = _best(all_cases, every, false_link_rate, hopeful)
    found, false = (_spread([one.share_found for one in choices]), _spread([one.share_false for one in choices]))
    return best, Chosen(tally.found_interval(found), tally.false_links(false), tally.share_unknown, tuple(chosen))


def threshold_for(cases: Cases, folds: frozenset[int], false_link_rate: float, *, hopeful: bool = False) -> float:
    """The lowest weight at which wrong links / links of the folds keep the rate; infinite when none does.

    Unknown links count as wrong, `hopeful`: as right.
    """
    counting = _in(cases, folds) & cases.of_links & (cases.right | cases.wrong | cases.unknown) & ~np.isnan(cases.weight)
    order = np.argsort(-cases.weight[counting], kind="stable")
    weight, counted = cases.weight[counting][order], cases.stands_for[counting][order]
    if not weight.size:
        return float("inf")
    bad = cases.wrong if hopeful else cases.wrong | cases.unknown
    rate = np.cumsum(counted * bad[counting][order]) / np.cumsum(counted)
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


def _best(all_cases: Sequence[Cases], folds: frozenset[int], false_link_rate: float, hopeful: bool) -> int:
    tallies = [_tested(cases, folds, false_link_rate, hopeful) for cases in all_cases]
    return max(range(len(tallies)), key=lambda one: (tallies[one].share_found, -tallies[one].share_unknown, -one))


def _tested(cases: Cases, folds: frozenset[int], false_link_rate: float, hopeful: bool = False) -> _Tally:
    """The sums over the folds, each with the threshold of the others."""
    tally = _Tally()
    for fold in sorted(folds):
        tally += _tally(cases, frozenset({fold}), threshold_for(cases, folds - {fold}, false_link_rate, hopeful=hopeful))
    return tally


def _tally(cases: Cases, folds: frozenset[int], threshold: float) -> _Tally:
    tested = _in(cases, folds)
    linked = tested & (np.nan_to_num(cases.weight, nan=-np.inf) >= threshold)
    counted = linked & cases.of_links & (cases.right | cases.wrong | cases.unknown)
    w = cases.stands_for
    return _Tally(
        right=float(w[counted & cases.right].sum()),
        wrong=float(w[counted & cases.wrong].sum()),
        unknown=float(w[counted & cases.unknown].sum()),
        link_squares=float((w[counted] ** 2).sum()),
        found=float(w[linked & cases.right & cases.has_person].sum()),
        matches=float(w[tested & cases.has_person].sum()),
        match_squares=float((w[tested & cases.has_person] ** 2).sum()),
    )


def _in(cases: Cases, folds: frozenset[int]) -> NDArray[np.bool_]:
    inside = np.zeros(FOLDS, dtype=bool)
    inside[list(folds)] = True
    return inside[cases.fold]


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


def _spread(shares: Sequence[float]) -> float:
    return (max(shares) - min(shares)) / 2


def _interval(value: float, best: float, worst: float, whole: float, squares: float, spread: float = 0.0) -> Interval:
    """A weighted share between two readings, each with the score interval of the simple sample that knows as much (Kish 1965).

    `spread` is added in quadrature, as an error of its own.
    """
    n = whole**2 / squares if squares else 0.0
    if not n:
        return Interval(value, 0.0, 1.0)
    low, high = wilson(min(best, 1.0) * n, n), wilson(min(worst, 1.0) * n, n)
    below, above = (float(np.hypot(half, spread)) for half in (min(best, 1.0) - low.low, high.high - min(worst, 1.0)))
    ends = max(min(best, 1.0) - below, 0.0), min(min(worst, 1.0) + above, 1.0)
    return Interval(value, min(ends[0], value), max(ends[1], value), low.level)

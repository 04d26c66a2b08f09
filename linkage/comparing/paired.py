"""Precision and recall of two runs on the same mentions, and intervals of their differences.

Every pair is in one of four categories: linked by both runs, by A only, by B only, by neither. With T_c the true matches of
a category and L_A, L_B the links of the runs,

    precision_A = (T_both + T_a) / L_A        recall within reach_A = (T_both + T_a) / (T_both + T_a + T_b + T_neither)

and the differences B − A follow. T_c are independent (each category is sampled by itself), so an interval of any linear
function of them comes from their own limits by variance recovery (Zou, Huang and Zhang 2009, MOVER), which keeps their
asymmetry; an interval of a ratio is the set of values that such a linear function cannot tell from zero (Fieller 1940).
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Literal

import numpy as np

from linkage.statistics import Interval, total_of_hits, wilson

Category = Literal["both", "only_a", "only_b", "neither"]
CATEGORIES: tuple[Category, ...] = ("both", "only_a", "only_b", "neither")
Measure = Literal["precision", "recall_within_reach", "recall_of_numbered"]
Basis = Literal["sample", "numbers"]

Matches = Mapping[Category, Interval]
"""True matches of each category, with limits."""


@dataclass(frozen=True)
class PairedEstimate:
    """One measure of both runs, 0–1, and their difference B − A with its paired interval.

    `basis`: the fair `sample` (population: all mentions) or the personal `numbers` (population: mentions whose number some
    person carries). `links_a`, `links_b` are the denominators of precision, `matches` that of recall (estimated, except by
    numbers); `n` verdicts or numbered mentions used. By the sample recall is that of the matches either run could reach; by
    numbers it is that of all persons of those mentions.
    """

    measure: Measure
    basis: Basis
    a: Interval
    b: Interval
    difference: Interval
    links_a: int
    links_b: int
    matches: float
    n: int


def matches_of_category(hits: list[int], labelled: list[int], sizes: list[int], level: float = 0.95) -> Interval:
    """True matches of one category from its strata (H,): matches found, pairs labelled, pairs in all.

    Counted from the rarer answer, for which `total_of_hits` is made.
    """
    if not sum(sizes):
        return Interval(0.0, 0.0, 0.0, level)
    found = total_of_hits(hits, labelled, sizes, level)
    if found.value <= sum(sizes) / 2:
        return found
    return total_of_hits(np.subtract(labelled, hits), labelled, sizes, level).complement(float(sum(sizes)))


def by_sample(matches: Matches, links_a: int, links_b: int, n: int) -> list[PairedEstimate]:
    """Both measures from the estimated matches of the four categories; `links_*` are known counts."""
    every = sum(matches[category].value for category in CATEGORIES)
    found = [] if not every else [_recall(matches, every, links_a, links_b, n)]
    if links_a and links_b:
        a, b = 1 / links_a, 1 / links_b
        values = (
            _within(combine(matches, {"both": a, "only_a": a}), 0.0),
            _within(combine(matches, {"both": b, "only_b": b}), 0.0),
            _within(combine(matches, {"both": b - a, "only_a": -a, "only_b": b}), -1.0),
        )
        found.insert(0, PairedEstimate("precision", "sample", *values, links_a, links_b, every, n))
    return found


def by_numbers(
    matches: Mapping[Category, int], links: Mapping[Category, int], mentions: int, level: float = 0.95
) -> list[PairedEstimate]:
    """Both measures over `mentions` with a known person: `matches` and `links` counted by category.

    Mentions are taken for a sample of such mentions (score intervals, Wilson 1927), not for a finite population.
    """
    ours: tuple[Category, Category, Category] = ("both", "only_a", "only_b")
    links_a, links_b = links["both"] + links["only_a"], links["both"] + links["only_b"]
    right_a, right_b = matches["both"] + matches["only_a"], matches["both"] + matches["only_b"]
    found = []
    if links_a and links_b:
        held = {category: _scaled(wilson(matches[category], links[category], level), links[category]) for category in ours}
        difference = combine(held, {"both": 1 / links_b - 1 / links_a, "only_a": -1 / links_a, "only_b": 1 / links_b})
        a, b = wilson(right_a, links_a, level), wilson(right_b, links_b, level)
        found.append(
            PairedEstimate("precision", "numbers", a, b, _within(difference, -1.0), links_a, links_b, mentions, mentions)
        )
    if mentions:
        held = {category: wilson(matches[category], mentions, level) for category in ours}
        a, b = wilson(right_a, mentions, level), wilson(right_b, mentions, level)
        difference = combine(held, {"only_a": -1.0, "only_b": 1.0})
        found.append(PairedEstimate("recall_of_numbered", "numbers", a, b, difference, links_a, links_b, mentions, mentions))
    return found


def combine(matches: Matches, factors: Mapping[Category, float]) -> Interval:
    """Σ factor · matches over the categories named, its limits by MOVER.

    >>> matches = {"only_a": Interval(10, 7, 14), "only_b": Interval(4, 1, 8)}
    >>> one = combine(matches, {"only_a": 1.0, "only_b": -1.0})
    >>> one.value, one.low, one.high
    (6.0, 1.0, 11.0)
    """
    value, below, above, level = 0.0, 0.0, 0.0, 0.95
    for category, factor in factors.items():
        one = matches[category]
        down, up = factor * (one.value - one.low), factor * (one.high - one.value)
        value += factor * one.value
        below += (down if factor > 0 else up) ** 2
        above += (up if factor > 0 else down) ** 2
        level = one.level
    return Interval(float(value), float(value - np.sqrt(below)), float(value + np.sqrt(above)), level)


def _recall(matches: Matches, every: float, links_a: int, links_b: int, n: int) -> PairedEstimate:
    right_a = matches["both"].value + matches["only_a"].value
    right_b = matches["both"].value + matches["only_b"].value
    level = matches["both"].level

    def inverted(value: float, own: Mapping[Category, float], least: float) -> Interval:
        low, high = _invert(
            lambda at: combine(matches, {category: own.get(category, 0.0) - at for category in CATEGORIES}), least
        )
        return Interval(value, min(low, value), max(high, value), level)

    a = inverted(right_a / every, {"both": 1.0, "only_a": 1.0}, 0.0)
    b = inverted(right_b / every, {"both": 1.0, "only_b": 1.0}, 0.0)
    difference = inverted((right_b - right_a) / every, {"only_a": -1.0, "only_b": 1.0}, -1.0)
    return PairedEstimate("recall_within_reach", "sample", a, b, difference, links_a, links_b, every, n)


def _invert(linear: Callable[[float], Interval], least: float) -> tuple[float, float]:
    """The smallest and largest value between `least` and 1 at which the falling function's interval holds zero."""
    from scipy.optimize import brentq

    ends = []
    for limit in ("low", "high"):
        first, last = getattr(linear(least), limit), getattr(linear(1.0), limit)
        if first <= 0:
            ends.append(least)
        elif last >= 0:
            ends.append(1.0)
        else:
            ends.append(float(brentq(lambda at, limit=limit: getattr(linear(at), limit), least, 1.0, xtol=1e-12)))
    return ends[0], ends[1]


def _scaled(share: Interval, whole: int) -> Interval:
    if not whole:
        return Interval(0.0, 0.0, 0.0, share.level)
    return share.times(whole)


def _within(one: Interval, least: float) -> Interval:
    return Interval(one.value, max(one.low, least), min(one.high, 1.0), one.level)

"""How far reviewers agree beyond chance: Cohen's and Fleiss' kappa, Krippendorff's alpha, with intervals.

Population of every figure: the pairs given, each counted once, without design weights; it says how consistent the
reviewers are on these pairs, not how often they are right. Intervals are percentile bootstrap intervals over pairs
(Efron & Tibshirani 1993, ch. 13) with a fixed seed: pairs, not answers, are the independent units. A measure is None
where it is not defined: no pair with two answers, or every answer in one category.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from linkage.statistics.intervals import wilson

Counts = NDArray[np.float64]

LEVEL = 0.95
_RESAMPLES = 1000


@dataclass(frozen=True, slots=True)
class Measure:
    """An agreement coefficient (at most 1; 0 is chance) or a share, its interval at `LEVEL`, and the pairs it rests on."""

    value: float | None
    low: float | None
    high: float | None
    pairs: int


def cohens_kappa(table: Sequence[Sequence[int]]) -> Measure:
    """Cohen's kappa of two reviewers: (p_o − p_e) / (1 − p_e), p_e from each one's own margins.

    `table[i][j]` counts the pairs that the first put in category i and the second in j. Source: J. Cohen, Educational and
    Psychological Measurement 20 (1960) 37–46.
    """
    cells = np.asarray(table, dtype=np.float64)
    units = np.repeat(np.eye(cells.size), cells.ravel().astype(int), axis=0)
    size = cells.shape[0]

    def kappa(totals: Counts) -> Counts:
        tables = totals.reshape(-1, size, size)
        pairs = tables.sum(axis=(1, 2))
        observed = np.trace(tables, axis1=1, axis2=2) / pairs
        expected = (tables.sum(axis=1) * tables.sum(axis=2)).sum(axis=1) / pairs**2
        return _beyond_chance(observed, expected)

    return _with_interval(units, kappa)


def fleiss_kappa(answers: Sequence[Sequence[int]]) -> Measure:
    """Fleiss' kappa: the mean share of agreeing reviewer pairs against that expected from the categories' overall shares.

    `answers[i][c]` counts the reviewers who put pair i in category c; every row has the same sum, at least 2. Source: J. L.
    Fleiss, Psychological Bulletin 76 (1971) 378–382.

    Raises:
        ValueError: when rows have different sums.
    """
    counts = _matrix(answers)
    reviewers = counts.sum(axis=1)
    if counts.size and (reviewers.min() != reviewers.max() or reviewers.min() < 2):
        raise ValueError("Fleiss' kappa needs the same number of reviewers, at least two, for every pair")
    agreeing = (counts * (counts - 1)).sum(axis=1) / np.maximum(reviewers * (reviewers - 1), 1)
    units = np.column_stack([agreeing, counts])

    def kappa(totals: Counts) -> Counts:
        given = totals[:, 1:].sum(axis=1)
        pairs = given / reviewers[0]
        expected = ((totals[:, 1:] / given[:, None]) ** 2).sum(axis=1)
        return _beyond_chance(totals[:, 0] / pairs, expected)

    return _with_interval(units, kappa)


def krippendorffs_alpha(answers: Sequence[Sequence[int]]) -> Measure:
    """Krippendorff's alpha for nominal categories: 1 − observed / expected disagreement; any number of reviewers a pair.

    `answers[i][c]` counts the reviewers who put pair i in category c; pairs with fewer than two answers are left out.
    Source: K. Krippendorff, Content Analysis (2nd ed. 2004), ch. 11: coincidences o_ck = Σ_u n_uc (n_uk − [c = k]) / (m_u − 1).
    """
    counts = _matrix(answers)
    counts = counts[counts.sum(axis=1) >= 2]
    pairable = counts.sum(axis=1)
    agreeing = (counts * (counts - 1)).sum(axis=1) / np.maximum(pairable - 1, 1)
    units = np.column_stack([agreeing, counts])

    def alpha(totals: Counts) -> Counts:
        given = totals[:, 1:].sum(axis=1)
        expected = (totals[:, 1:] * (totals[:, 1:] - 1)).sum(axis=1) / (given * (given - 1))
        return _beyond_chance(totals[:, 0] / given, expected)

    return _with_interval(units, alpha)


def share(part: int, whole: int) -> Measure:
    """Part / whole with its score interval (`wilson`); population: the pairs counted in `whole`. None of 0."""
    if whole == 0:
        return Measure(None, None, None, 0)
    found = wilson(part, whole, LEVEL)
    return Measure(found.value, found.low, found.high, whole)


def _matrix(answers: Sequence[Sequence[int]]) -> Counts:
    return np.asarray(answers, dtype=np.float64) if answers else np.zeros((0, 1))


def _beyond_chance(observed: Counts, expected: Counts) -> Counts:
    """(observed − expected) / (1 − expected), NaN where chance alone gives full agreement."""
    room = 1 - expected
    defined = room > 1e-12
    return np.where(defined, (observed - expected) / np.where(defined, room, 1.0), np.nan)


def _with_interval(units: Counts, measure: Callable[[Counts], Counts]) -> Measure:
    """The measure of the units' summed rows, and its percentile interval over resampled units (undefined ones left out)."""
    pairs = len(units)
    if pairs == 0:
        return Measure(None, None, None, 0)
    value = float(measure(units.sum(axis=0, keepdims=True))[0])
    if np.isnan(value):
        return Measure(None, None, None, pairs)
    kinds, times = np.unique(units, axis=0, return_counts=True)
    resampled = np.random.default_rng(20261123).multinomial(pairs, times / pairs, size=_RESAMPLES)
    low, high = np.nanpercentile(measure(resampled @ kinds), [100 * (1 - LEVEL) / 2, 100 * (1 + LEVEL) / 2])
    return Measure(value, float(low), float(high), pairs)

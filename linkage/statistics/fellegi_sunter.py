"""Fellegi-Sunter by expectation-maximisation on counted agreement patterns, in numpy.

Used to look for the best starting point from several starts (its log likelihood compares them) and to find the prior
of a set of pairs under a given model; the parameters a model keeps are then trained by Splink from that start.
Population: the pairs whose patterns are counted. Formulas: Fellegi and Sunter 1969; Winkler 1988.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]
DIGITS = 12
"""Decimals of parameters that are kept: what differs beyond comes from the order in which threads add."""
TINY = 1e-12


@dataclass(frozen=True)
class Patterns:
    """Combinations of levels and how often each occurs."""

    levels: NDArray[np.int8]
    """Patterns × comparisons; -1 where a value is missing."""
    counts: Floats

    @property
    def pairs(self) -> float:
        """How many pairs there are."""
        return float(self.counts.sum())


def as_patterns(rows: Sequence[Sequence[int]]) -> Patterns:
    """Counted patterns as arrays; a row is a combination of levels and, last, how often it occurs."""
    table = np.array(rows, dtype=np.int64)
    return Patterns(table[:, :-1].astype(np.int8), table[:, -1].astype(float))


@dataclass(frozen=True)
class Fit:
    """Where expectation-maximisation ended."""

    prior: float
    """Share of matches among these pairs."""
    m: tuple[Floats, ...]
    """One array a comparison, indexed by level."""
    u: tuple[Floats, ...]
    """As m; where it was free, of the pairs that do not match among these."""
    log_likelihood: float
    iterations: int
    converged: bool


def fit_m(
    patterns: Patterns,
    u: Sequence[Floats],
    start: tuple[float, Sequence[Floats]],
    most_iterations: int,
    tolerance: float,
    fixed: frozenset[int] = frozenset(),
    free_u: frozenset[int] = frozenset(),
) -> Fit:
    """Estimate the prior and m from a `start` of both; m of the comparisons in `fixed` is held, as is u outside `free_u`.

    Converged when no parameter moves more than `tolerance` in an iteration.
    """
    start_prior, start_m = start
    m = [np.asarray(one, dtype=float) for one in start_m]
    u = [np.asarray(one, dtype=float) for one in u]
    prior, moved, iteration = start_prior, np.inf, 0
    log_u = _log_probability(patterns, u)
    while moved > tolerance and iteration < most_iterations:
        iteration += 1
        matched = _posterior(prior, _log_probability(patterns, m), log_u) * patterns.counts
        new_prior = float(matched.sum() / patterns.pairs)
        new_m = [
            one if position in fixed else _shares(patterns.levels[:, position], matched, len(one))
            for position, one in enumerate(m)
        ]
        new_u = [
            _shares(patterns.levels[:, position], patterns.counts - matched, len(one)) if position in free_u else one
            for position, one in enumerate(u)
        ]
        moved = max(
            abs(new_prior - prior), *(float(np.abs(a - b).max()) for a, b in zip([*new_m, *new_u], [*m, *u], strict=True))
        )
        prior, m, u = new_prior, new_m, new_u
        log_u = _log_probability(patterns, u) if free_u else log_u
    mixture = np.logaddexp(np.log(max(prior, TINY)) + _log_probability(patterns, m), np.log1p(-min(prior, 1 - TINY)) + log_u)
    return Fit(prior, tuple(m), tuple(u), float(mixture @ patterns.counts), iteration, moved <= tolerance)


def without_relatives(
    patterns: Patterns, fit: Fit, told_apart: frozenset[int], among_relatives: Floats, iterations: int
) -> Patterns:
    """The patterns less the pairs of relatives expected among them, who would else be learned as matches (twins on a date).

    A mixture of three classes: relatives have the comparisons `told_apart` (by place) as often as `among_relatives` says of
    each pattern, the others as matches do; shares and m are estimated from `fit` on, the share among relatives and u are held.
    """
    m, matched_share, relative_share = list(fit.m), fit.prior * 0.98, fit.prior * 0.02
    log_u = _log_probability(patterns, fit.u)
    alike = [place for place in range(len(m)) if place not in told_apart]
    others = Patterns(patterns.levels[:, alike], patterns.counts)
    log_told_apart = np.log(np.maximum(among_relatives, TINY))
    relatives = np.zeros(len(patterns.counts))
    for _ in range(iterations):
        log_classes = np.vstack(
            [
                np.log(max(matched_share, TINY)) + _log_probability(patterns, m),
                np.log(max(relative_share, TINY)) + log_told_apart + _log_probability(others, [m[place] for place in alike]),
                np.log(max(1 - matched_share - relative_share, TINY)) + log_u,
            ]
        )
        classes = np.exp(log_classes - np.logaddexp.reduce(log_classes, axis=0)) * patterns.counts
        before, relatives = relatives, classes[1]
        matched_share, relative_share = (float(one.sum() / patterns.pairs) for one in classes[:2])
        m = [
            _shares(patterns.levels[:, place], classes[0] if place in told_apart else classes[0] + classes[1], len(one))
            for place, one in enumerate(m)
        ]
        if np.abs(relatives - before).max() < 1e-3:
            break
    return Patterns(patterns.levels, patterns.counts - relatives)


def fit_prior(patterns: Patterns, m: Sequence[Floats], u: Sequence[Floats], start: float = 0.01) -> float:
    """The share of matches among the pairs that agrees with its own posterior probabilities."""
    ratio = _log_probability(patterns, m) - _log_probability(patterns, u)
    prior = start
    for _ in range(500):
        new = float((_posterior(prior, ratio, 0.0) * patterns.counts).sum() / patterns.pairs)
        if abs(new - prior) <= 1e-12:
            break
        prior = new
    return prior


def log2_ratio(patterns: Patterns, m: Sequence[Floats], u: Sequence[Floats]) -> Floats:
    """log2 of P(pattern | match) / P(pattern | no match), one a pattern."""
    return np.asarray((_log_probability(patterns, m) - _log_probability(patterns, u)) / np.log(2))


def shares_of_levels(patterns: Patterns, levels: Sequence[int]) -> list[Floats]:
    """Per comparison, the share of each level among the pairs where the comparison is not missing."""
    return [_shares(patterns.levels[:, position], patterns.counts, size) for position, size in enumerate(levels)]


def _shares(levels: NDArray[np.int8], counts: Floats, size: int) -> Floats:
    present = levels >= 0
    totals = np.bincount(levels[present], weights=counts[present], minlength=size)
    return totals / max(float(totals.sum()), TINY)


def _log_probability(patterns: Patterns, probabilities: Sequence[Floats]) -> Floats:
    total = np.zeros(len(patterns.counts))
    for position, one in enumerate(probabilities):
        levels = patterns.levels[:, position]
        total += np.where(levels >= 0, np.log(np.maximum(one, TINY))[levels], 0.0)
    return total


def _posterior(prior: float, log_m: Floats, log_u: Floats | float) -> Floats:
    odds = np.log(max(prior, TINY)) - np.log1p(-min(prior, 1 - TINY)) + log_m - log_u
    return np.asarray(1.0 / (1.0 + np.exp(-np.clip(odds, -700, 700))))

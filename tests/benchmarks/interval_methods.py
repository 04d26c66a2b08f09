"""The interval methods that `bench_decision.py` compares: x hits among n sampled of `size` pairs, arrays over strata."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from linkage.statistics import Interval, total_of_hits, wilson
from linkage.statistics.intervals import _mid_p_gamma


def fay_feuer(x: Any, n: Any, size: Any) -> Interval:
    """The gamma interval with Poisson variance and the largest weight, no mid-P, no correction (Fay and Feuer 1997)."""
    from scipy.stats import gamma

    weight = size / n
    value, variance, top = float((weight * x).sum()), float((weight**2 * x).sum()), float(weight.max())
    low = gamma(value**2 / variance, scale=variance / value).ppf(0.025) if value else 0.0
    spread = variance + top**2
    return Interval(value, float(low), float(gamma((value + top) ** 2 / spread, scale=spread / (value + top)).ppf(0.975)))


def gamma_with(choose: Callable[[Any, Any], float]) -> Callable[[Any, Any, Any], Interval]:
    """The mid-P gamma interval with another weight for the unseen hit."""

    def interval(x: Any, n: Any, size: Any) -> Interval:
        part = np.maximum(n, 1) < size
        certain, x, n, size = float(x[~part].sum()), x[part], n[part], size[part]
        unseen = 1 - n / size
        variance = float((size**2 * unseen * x / n * (1 - x / n) / np.maximum(n - 1, 1)).sum())
        value = float((size * x / n).sum())
        low, high = _mid_p_gamma(value, variance, choose(size / n * np.sqrt(unseen), size), 0.95)
        return Interval(certain + value, certain + low, certain + high)

    return interval


def jeffreys(x: Any, n: Any, size: Any) -> Interval:
    """Stratified Bayes with Beta(½, ½) in each stratum, predictive for the unseen pairs, 1,000 draws."""
    rng = np.random.default_rng(0)
    share = rng.beta(x + 0.5, n - x + 0.5, (1000, x.size))
    total = x.sum() + rng.binomial((size - n).astype(int), share).sum(axis=1)
    return Interval(float((size * x / n).sum()), *(float(one) for one in np.quantile(total, [0.025, 0.975])))


def wilson_mover(x: Any, n: Any, size: Any) -> Interval:
    """Wilson limits of each stratum, put together by variance recovery."""
    value = size * x / n
    limits = [wilson(a, b) for a, b in zip(x, n, strict=True)]
    low, high = (np.array([getattr(one, side) for one in limits]) * size for side in ("low", "high"))
    total = float(value.sum())
    return Interval(
        total, total - float(np.sqrt(((value - low) ** 2).sum())), total + float(np.sqrt(((high - value) ** 2).sum()))
    )


def normal(x: Any, n: Any, size: Any) -> Interval:
    """The textbook stratified interval ± 1.96 standard errors (Cochran 1977, section 5.5)."""
    value = float((size * x / n).sum())
    error = np.sqrt((size**2 * (1 - n / size) * x / n * (1 - x / n) / np.maximum(n - 1, 1)).sum())
    return Interval(value, value - 1.96 * float(error), value + 1.96 * float(error))


METHODS: dict[str, Callable[[Any, Any, Any], Interval]] = {
    "mid-P gamma, weight of a sampled unit (chosen)": total_of_hits,
    "mid-P gamma, weight of a random unit": gamma_with(lambda weight, size: float(np.average(weight, weights=size))),
    "mid-P gamma, largest weight (Fay and Kim)": gamma_with(lambda weight, _: float(weight.max())),
    "mid-P gamma, mean over strata (after Tiwari)": gamma_with(lambda weight, _: float(weight.mean())),
    "gamma (Fay and Feuer)": fay_feuer,
    "stratified Jeffreys": jeffreys,
    "Wilson by stratum, MOVER": wilson_mover,
    "normal": normal,
}

"""Intervals: of a count of rare events in a stratified sample, and of a share.

`reports/benchmarks/decision.md` says why that of the count was chosen among six and in which corners it fails.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from linkage.errors import LinkageError

if TYPE_CHECKING:
    from numpy.typing import ArrayLike


POOLED_PAIR = 0.25
"""Units added to a stratum's share of hits to tell its variance: this project's judgement, `reports/benchmarks/decision.md`."""


@dataclass(frozen=True)
class Interval:
    """A value and its confidence limits at `level` (two-sided), low ≤ value ≤ high."""

    value: float
    low: float
    high: float
    level: float = 0.95

    def complement(self, whole: float) -> Interval:
        """The same for `whole` − value."""
        return Interval(whole - self.value, whole - self.high, whole - self.low, self.level)

    def times(self, factor: float) -> Interval:
        """The same for `factor` (≥ 0) times the quantity."""
        return Interval(self.value * factor, self.low * factor, self.high * factor, self.level)

    def over(self, denominator: float) -> Interval:
        """The same divided by a known positive number."""
        return Interval(self.value / denominator, self.low / denominator, self.high / denominator, self.level)


def total_of_hits(hits: ArrayLike, sampled: ArrayLike, sizes: ArrayLike, level: float = 0.95, *, finite: bool = True) -> Interval:
    """How many units of a finite population are hits, from a stratified simple random sample.

    Arrays (H,) over strata: `hits` found (may be fractional where a verdict is a probability), units `sampled`, `sizes`
    N_h. Value: the stratified expansion ΣN_h x_h / n_h (Cochran 1977, section 5.3). Limits: the mid-P gamma interval for
    weighted sums of counts (Fay and Feuer 1997; Fay and Kim 2017), here with the binomial variance and finite-population
    correction N_h²(1 − n_h/N_h) p(1−p)/(n_h − 1) in place of the Poisson one, and one unseen hit at the mean expansion
    weight of the sampled units, ΣN_h / Σn_h: what the next hit would stand for if it were any of them (between Fay's
    largest and Tiwari, Clegg and Zou's 2006 mean over strata). For the variance alone each stratum's share has `POOLED_PAIR` of a
    unit added at the share of all units sampled: a stratum of hits alone, or of none, is not one without variance.
    Failing corners: most where fewer than about two hits are expected in the sample (a 95 % interval covers more there): a count
    that is nearly always 0 has few coverages to choose from (`reports/benchmarks/decision.md` lists every corner).
    Certainty strata (n_h = N_h) add no width. Limits never leave what the sample already decided: hits seen, and hits
    seen plus units unseen. With `finite=False` the sampled units are not part of the population but stand for it (anchors):
    the correction becomes 1 + n_h/N_h, the variance of predicting N_h further units.

    Raises:
        LinkageError: a non-empty stratum without a sampled unit.
    """
    x, n, size = (np.asarray(values, dtype=float) for values in (hits, sampled, sizes))
    used = size > 0
    x, n, size = x[used], n[used], size[used]
    if (n <= 0).any():
        raise LinkageError(
            f"{int((n <= 0).sum())} strata have no labelled pair.", "Label at least one pair in each stratum, or merge strata."
        )
    whole = (n >= size) & finite
    certain = float(x[whole].sum())
    x, n, size = x[~whole], n[~whole], size[~whole]
    value = float((size * x / n).sum())
    if not x.size:
        return Interval(certain, certain, certain, level)
    unseen = 1 - n / size if finite else 1 + n / size
    # five sampled, five hits: the stratum may hold others all the same
    hidden = (x + POOLED_PAIR * x.sum() / n.sum()) / (n + POOLED_PAIR)
    variance = float((size**2 * unseen * hidden * (1 - hidden) / np.maximum(n - 1, 1)).sum())
    low, high = _mid_p_gamma(value, variance, float((size * np.sqrt(unseen)).sum() / n.sum()), level)
    least, most = (float(x.sum()), float((x + size - n).sum())) if finite else (0.0, float(size.sum()))
    return Interval(
        certain + value, float(certain + max(min(low, value), least)), float(certain + min(max(high, value), most)), level
    )


def wilson(hits: float, trials: float, level: float = 0.95) -> Interval:
    """Score interval of one binomial share p = hits / trials; population: independent trials.

    (p + z²/2n ± z √(p(1 − p)/n + z²/4n²)) / (1 + z²/n) with n trials and z the normal quantile of `level` (E. B. Wilson,
    JASA 22 (1927) 209–212). NaN between 0 and 1 without a trial.

    >>> one = wilson(8, 10)
    >>> round(one.low, 3), round(one.high, 3)
    (0.49, 0.943)
    """
    from scipy.special import ndtri

    if trials <= 0:
        return Interval(float("nan"), 0.0, 1.0, level)
    z2 = float(ndtri(0.5 + level / 2)) ** 2
    share = hits / trials
    centre = (share + z2 / (2 * trials)) / (1 + z2 / trials)
    half = np.sqrt(z2 * (share * (1 - share) / trials + z2 / (4 * trials**2))) / (1 + z2 / trials)
    return Interval(share, float(max(0.0, centre - half)), float(min(1.0, centre + half)), level)


def _mid_p_gamma(value: float, variance: float, weight: float, level: float) -> tuple[float, float]:
    """Quantiles of the even mixture of the gamma with the sample's moments and the one with a further hit added."""
    from scipy.special import gammainc, gammaincinv

    mean, spread = value + weight, variance + weight**2
    tails = ((1 - level) / 2, (1 + level) / 2)

    def above(tail: float) -> float:
        return float(gammaincinv(mean**2 / spread, tail) * spread / mean)

    if variance <= 0:
        # without variance (nothing seen, or everything) half of the mass stands at the value
        return min(value, above(2 * tails[0])), max(value, above(2 * tails[1] - 1))

    def excess(t: float, tail: float) -> float:
        below = gammainc(value**2 / variance, t * value / variance)
        return float(below + gammainc(mean**2 / spread, t * mean / spread)) / 2 - tail

    found = []
    for tail in tails:
        # the mixture's quantile lies between those of its parts
        low, high = sorted((float(gammaincinv(value**2 / variance, tail) * variance / value), above(tail)))
        # halved until 1e-10 of that is left, rounded outward; scipy.optimize would take 0.2 s to import
        for _ in range(34):
            middle = (low + high) / 2
            low, high = (low, middle) if excess(middle, tail) > 0 else (middle, high)
        found.append(high if tail > 0.5 else low)
    return found[0], found[1]

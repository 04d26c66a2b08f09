"""How often labels are wrong, by kind of pair, and what that does to a count that labels say.

An answer's error is seen on planted pairs, whose answer is known, and where two reviewers of one pair say opposite things: one of
them is wrong. Reviewers who err independently then give the error of the final verdict. What planted pairs show beyond that is
shared; where they do, their own final verdicts are believed instead. What no planted pair shows is left to `SHARED`.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Literal

import numpy as np

from linkage.decision.ratios import ratio, total
from linkage.pairs.look_alikes import KINDS, PairKind
from linkage.statistics import Interval

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import ArrayLike, NDArray

    from linkage.decision.samples import LabelledSample

Truth = Literal["match", "non_match"]
TRUTHS: tuple[Truth, ...] = ("match", "non_match")
FEWEST_ANSWERS = 10
"""A kind with fewer answers takes the rate of all kinds."""
SHARED = 0.05
"""Share of pairs that all reviewers alike are taken to get wrong, for the bound that is stated with an estimate."""
_BY_CHANCE = 0.05
_LEAST_KEPT = 0.05
"""Labels that tell less than this share apart tell nothing; the limits stay finite."""


@dataclass(frozen=True)
class AnswerTally:
    """What is seen of reviewers on pairs of one kind and truth.

    `wrong` of `decided` single answers, `unsure` more; of `planted` finished known pairs `planted_wrong` final verdicts.
    """

    kind: PairKind
    truth: Truth
    wrong: int
    decided: int
    unsure: int
    planted: int = 0
    planted_wrong: int = 0


@dataclass(frozen=True)
class LabelErrorRate:
    """Share of final verdicts that are wrong, of pairs of one kind that truly are `truth`.

    `independent` is what follows from single answers if reviewers err independently, `rate` what is believed: the same, unless
    planted pairs refute it (`shared`). From so many single `answers` and `planted` pairs.
    """

    kind: PairKind
    truth: Truth
    rate: Interval
    independent: Interval
    answers: int
    planted: int
    shared: bool


@dataclass(frozen=True)
class Fallible:
    """What is believed of a sample's labels: `kind` (n,) of each pair as an index into `KINDS`, `errors` that were learnt; with a
    `share` above 0 also that all reviewers alike may get up to that share of pairs wrong.
    """

    kind: NDArray[np.int_]
    errors: LabelErrors | None = None
    share: float = 0.0

    def hits(
        self,
        sample: LabelledSample,
        seen: Interval,
        hit: NDArray[np.float64],
        at_risk: NDArray[np.bool_],
        settled: NDArray[np.bool_],
        truth: Truth,
    ) -> Interval:
        """Frame pairs that truly are hits: `seen` by the labels, `hit` (n,) before any verdict counts, of pairs `at_risk` (n,).

        Hits truly are `truth`. Pairs `settled` (n,) by their own verdict stand for themselves: they are no hits by
        their verdict, and some are all the same (`left_by_verdicts`).
        """
        weight = sample.design_weight - settled
        found, whole = self._kinds(weight * hit * sample.labelled), self._kinds(weight * (at_risk & sample.labelled))
        verdict = sample.match > 0.5 if truth == "match" else sample.match < 0.5
        judged = self._kinds((settled & verdict).astype(float))
        other: Truth = "non_match" if truth == "match" else "match"
        if self.share:
            added = weighted(self.errors.if_independent(other), whole).high if self.errors else 0.0
            return within_shared(seen, self.share * float(whole.sum()) + added, float(judged.sum()), self.share)
        if self.errors is None:
            return seen
        overlooked, mistaken = self.errors.of(truth), self.errors.of(other)
        return _not_negative(total(corrected(seen, found, whole, mistaken, overlooked), left_by_verdicts(judged, overlooked)))

    def _kinds(self, weights: NDArray[np.float64]) -> NDArray[np.float64]:
        return np.bincount(self.kind, weights=weights, minlength=len(KINDS)).astype(float)


@dataclass(frozen=True)
class LabelErrors:
    """The rates, each kind's for matches and for non-matches; `pairs` and `planted` are what they were learnt from."""

    rates: tuple[LabelErrorRate, ...]
    pairs: int
    planted: int

    def of(self, truth: Truth) -> list[Interval]:
        """The rates of pairs that truly are so, in the order of `KINDS`."""
        return [one.rate for kind in KINDS for one in self.rates if (one.kind, one.truth) == (kind, truth)]

    def if_independent(self, truth: Truth) -> list[Interval]:
        """The same, whatever planted pairs say."""
        return [one.independent for kind in KINDS for one in self.rates if (one.kind, one.truth) == (kind, truth)]


def learn_label_errors(tallies: Sequence[AnswerTally], reviewers: int, level: float = 0.95) -> LabelErrors | None:
    """Rates of wrong final verdicts with `reviewers` answers a pair and an adjudicator where they differ; None without answers.

    An answer's rate is x / n with the Jeffreys interval Beta(x + ½, n − x + ½) (Brown, Cai and DasGupta 2001); kinds with few
    answers take all kinds'. The final verdict's follows from it (`final_error`, monotone), unless so many final verdicts on
    planted pairs are wrong, of this kind or of all, as independent errors give in under 5 % of reviews: then these are the rate,
    Jeffreys again.
    """
    if not sum(one.decided for one in tallies):
        return None
    unsure = sum(one.unsure for one in tallies) / sum(one.unsure + one.decided for one in tallies)
    found = []
    for truth in TRUTHS:
        for kind in KINDS:
            own = _added([one for one in tallies if (one.kind, one.truth) == (kind, truth)])
            if own[1] < FEWEST_ANSWERS:
                own = _added([one for one in tallies if one.truth == truth])
            if own[1] < FEWEST_ANSWERS:
                own = _added(tallies)
            answer = jeffreys(own[0], own[1], level)
            value, low, high = (final_error(one, unsure, reviewers) for one in (answer.value, answer.low, answer.high))
            independent = Interval(value, low, high, level)
            every = _added([one for one in tallies if one.truth == truth])
            shared = any(_refuted(planted, wrong, value) for _, _, planted, wrong in (own, every))
            of_planted = own if own[2] >= FEWEST_ANSWERS else every
            rate = jeffreys(of_planted[3], of_planted[2], level) if shared else independent
            found.append(LabelErrorRate(kind, truth, rate, independent, own[1], own[2], shared))
    return LabelErrors(tuple(found), sum(one.decided for one in tallies), sum(one.planted for one in tallies))


def _added(tallies: Sequence[AnswerTally]) -> tuple[int, int, int, int]:
    return (
        sum(one.wrong for one in tallies),
        sum(one.decided for one in tallies),
        sum(one.planted for one in tallies),
        sum(one.planted_wrong for one in tallies),
    )


def _refuted(planted: int, wrong: int, rate: float) -> bool:
    """Whether so many wrong of the planted pairs are too many for this rate."""
    from scipy.stats import binom

    return bool(wrong and binom.sf(wrong - 1, planted, rate) < _BY_CHANCE)


def jeffreys(hits: float, trials: float, level: float = 0.95) -> Interval:
    """Share of hits with the Jeffreys interval; its low end is 0 without a hit, its high end 1 where all are.

    >>> one = jeffreys(0, 50)
    >>> one.low, round(one.high, 3)
    (0.0, 0.049)
    """
    from scipy.special import betaincinv

    tail = (1 - level) / 2
    low = float(betaincinv(hits + 0.5, trials - hits + 0.5, tail)) if hits else 0.0
    high = float(betaincinv(hits + 0.5, trials - hits + 0.5, 1 - tail)) if hits < trials else 1.0
    return Interval(hits / trials, low, high, level)


def final_error(wrong: float, unsure: float, reviewers: int = 2) -> float:
    """Share of decided final verdicts that are wrong, where single decided answers are `wrong` and of all answers `unsure`.

    Two answers that agree stand; others go to an adjudicator who errs alike. More than two reviewers err less: counted as two.

    >>> round(final_error(0.05, 0.0), 4), final_error(0.05, 0.1, reviewers=1)
    (0.0073, 0.05)
    """
    if reviewers < 2:
        return wrong
    right, false = (1 - unsure) * (1 - wrong), (1 - unsure) * wrong
    differ = 1 - right**2 - false**2 - unsure**2
    undecided = unsure**2 + differ * unsure
    return (false**2 + differ * false) / (1 - undecided)


def corrected(
    seen: Interval,
    by_kind: ArrayLike,
    whole: ArrayLike,
    mistaken: Sequence[Interval],
    overlooked: Sequence[Interval],
) -> Interval:
    """Units that truly are hits, from what labels say: (seen − Σ mistaken × whole) / (1 − mistaken − overlooked), kind by kind.

    `seen` hits by the labels, `by_kind` (K,) the same kind by kind, `whole` (K,) units looked at; a unit that is none is
    `mistaken` for a hit, a hit is `overlooked`. Rogan and Gladen 1978; limits by variance recovery (Donner and Zou 2012): low
    where most are mistaken, high where most are overlooked.
    """
    hits, units = np.asarray(by_kind, dtype=float), np.asarray(whole, dtype=float)
    added = weighted(mistaken, units)
    top = Interval(
        max(seen.value - added.value, 0.0),
        max(seen.value - added.value - float(np.hypot(seen.value - seen.low, added.high - added.value)), 0.0),
        max(seen.value - added.value + float(np.hypot(seen.high - seen.value, added.value - added.low)), 0.0),
        seen.level,
    )
    share = hits / hits.sum() if hits.sum() > 0 else units / max(units.sum(), 1e-12)
    lost = weighted([*mistaken, *overlooked], np.concatenate([share, share]))
    value, low, high = (max(1 - one, _LEAST_KEPT) for one in (lost.value, lost.high, lost.low))
    return ratio(top, Interval(value, low, high, seen.level))


def weighted(rates: Sequence[Interval], units: NDArray[np.float64]) -> Interval:
    """Σ rate × units of independent rates; limits by variance recovery (Donner and Zou 2012)."""
    return _not_negative(total(*(one.times(float(n)) for one, n in zip(rates, units, strict=True))))


def _not_negative(count: Interval) -> Interval:
    """A count whose lower limit, by variance recovery, may have come below 0."""
    return replace(count, low=max(count.low, 0.0))


def left_by_verdicts(judged: ArrayLike, rates: Sequence[Interval]) -> Interval:
    """Wrong decisions among reviewed pairs that stand as their verdict says; `judged` (K,) how many were decided the other way.

    Expected: rate × judged; limits by variance recovery, with the Poisson variance of the count itself.
    """
    from scipy.special import ndtri

    found = weighted(rates, np.asarray(judged, dtype=float))
    z2 = float(ndtri(0.5 + found.level / 2)) ** 2
    low = found.value - np.sqrt((found.value - found.low) ** 2 + z2 * found.value)
    high = found.value + np.sqrt((found.high - found.value) ** 2 + z2 * found.value)
    return Interval(found.value, float(max(low, 0.0)), float(high), found.level)


def within_shared(seen: Interval, mistaken: float, judged: float, share: float) -> Interval:
    """Units that are hits if reviewers, all alike, get up to `share` of each sort wrong: `seen` with limits moved apart.

    Low as if so many were `mistaken` for hits; high as if that share of the hits was overlooked, among `judged` reviewed ones
    too. An error in common is no chance that evens out: limits are moved by the whole of it, not by variance recovery.
    """
    left = left_by_verdicts([judged], [Interval(share, share, share, seen.level)])
    return Interval(seen.value, max(seen.low - mistaken, 0.0), seen.high / (1 - share) + left.high, seen.level)

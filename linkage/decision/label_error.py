"""How often labels are wrong, by kind of pair, and what that does to a count that labels say.

An answer's error is seen on planted pairs, whose answer is known, and where two reviewers of one pair say opposite things: one of
them is wrong. Reviewers who err independently then give the error of the final verdict. What planted pairs show beyond that is
shared; where they do, their own final verdicts are believed instead. What no planted pair shows is left to `SHARED`.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

import numpy as np

from linkage.decision.ratios import ratio
from linkage.pairs.kinds import KINDS
from linkage.statistics import Interval

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import ArrayLike, NDArray

    from linkage.pairs.kinds import PairKind

Truth = Literal["match", "non_match"]
TRUTHS: tuple[Truth, ...] = ("match", "non_match")
FEWEST_ANSWERS = 10
"""A kind with fewer answers takes the rate of all kinds."""
SHARED = 0.05
"""Share of pairs that all reviewers alike are taken to get wrong, for the bound that is stated with an estimate."""
_BY_CHANCE = 0.05


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
    """Share of final verdicts that are wrong, of pairs of one kind that truly are `truth`; `shared` when planted pairs refute
    independent errors.
    """

    kind: PairKind
    truth: Truth
    rate: Interval
    answers: int
    planted: int
    shared: bool


@dataclass(frozen=True)
class LabelErrors:
    """The rates, each kind's for matches and for non-matches; `pairs` and `planted` are what they were learnt from."""

    rates: tuple[LabelErrorRate, ...]
    pairs: int
    planted: int

    def of(self, truth: Truth) -> list[Interval]:
        """The rates of pairs that truly are so, in the order of `KINDS`."""
        return [one.rate for kind in KINDS for one in self.rates if (one.kind, one.truth) == (kind, truth)]


def learn_label_errors(tallies: Sequence[AnswerTally], reviewers: int, level: float = 0.95) -> LabelErrors | None:
    """Rates of wrong final verdicts with `reviewers` answers a pair and an adjudicator where they differ; None without answers.

    An answer's rate is x / n with the Jeffreys interval Beta(x + ½, n − x + ½) (Brown, Cai and DasGupta 2001); kinds with few
    answers take all kinds'. The final verdict's follows from it (`final_error`, monotone), unless so many final verdicts on
    planted pairs are wrong as independent errors give in under 5 % of reviews: then these are the rate, Jeffreys again.
    """
    from scipy.stats import binom

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
            wrong, decided, planted, planted_wrong = own
            answer = jeffreys(wrong, decided, level)
            rate = Interval(*(final_error(one, unsure, reviewers) for one in (answer.value, answer.low, answer.high)), level)
            shared = bool(planted_wrong and binom.sf(planted_wrong - 1, planted, rate.high) < _BY_CHANCE)
            if shared:
                rate = jeffreys(planted_wrong, planted, level)
            found.append(LabelErrorRate(kind, truth, rate, decided, planted, shared))
    return LabelErrors(tuple(found), sum(one.decided for one in tallies), sum(one.planted for one in tallies))


def _added(tallies: Sequence[AnswerTally]) -> tuple[int, int, int, int]:
    return (
        sum(one.wrong for one in tallies),
        sum(one.decided for one in tallies),
        sum(one.planted for one in tallies),
        sum(one.planted_wrong for one in tallies),
    )


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
    kept = Interval(*(max(1 - one, 0.05) for one in (lost.value, lost.high, lost.low)), seen.level)
    return ratio(top, kept)


def weighted(rates: Sequence[Interval], units: NDArray[np.float64]) -> Interval:
    """Σ rate × units of independent rates; limits by variance recovery (Donner and Zou 2012)."""
    value = sum(one.value * n for one, n in zip(rates, units, strict=True))
    down = np.sqrt(sum(((one.value - one.low) * n) ** 2 for one, n in zip(rates, units, strict=True)))
    up = np.sqrt(sum(((one.high - one.value) * n) ** 2 for one, n in zip(rates, units, strict=True)))
    return Interval(float(value), float(max(value - down, 0.0)), float(value + up), rates[0].level)


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


def shared_errors(share: float, level: float = 0.95) -> LabelErrors:
    """As if between none and `share` of all pairs were got wrong by all reviewers alike: for the bound stated beside an estimate."""
    span = Interval(0.0, 0.0, share, level)
    return LabelErrors(tuple(LabelErrorRate(kind, truth, span, 0, 0, True) for truth in TRUTHS for kind in KINDS), 0, 0)


def plus(one: Interval, other: Interval) -> Interval:
    """Sum of two independent quantities (Donner and Zou 2012)."""
    value = one.value + other.value
    low = value - float(np.hypot(one.value - one.low, other.value - other.low))
    return Interval(value, max(low, 0.0), value + float(np.hypot(one.high - one.value, other.high - other.value)), one.level)

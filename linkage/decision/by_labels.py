"""What labels do to the thresholds, once a person agrees: tighten what they contradict, loosen what they show, else keep.

A correct review takes no true link away: where labels do not contradict a target nothing but the reviewed pairs' own verdicts
changes, and what a tightened threshold lets go is handed to reviewers, not discarded.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from itertools import pairwise
from typing import TYPE_CHECKING, Literal

import numpy as np

from linkage.decision.calibration import fit_curve
from linkage.decision.captions import text
from linkage.decision.estimators import Estimate, estimate_by_design, estimate_missed_below
from linkage.decision.judging import verdict_of
from linkage.decision.thresholds import Choice, Thresholds, expected_thresholds, trade_off
from linkage.statistics import Interval, log2_odds
from linkage.words.decisions import CHOICES, THRESHOLDS
from linkage.words.formats import percent_significant, significant
from linkage.words.language import Language

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from numpy.typing import NDArray

    from linkage.config.project_spec import TargetsSpec
    from linkage.decision.judging import Verdict
    from linkage.decision.label_error import Fallible
    from linkage.decision.samples import LabelledSample

Move = Literal["tightened", "loosened", "kept"]


@dataclass(frozen=True)
class DecidedPairs:
    """All assigned pairs under the thresholds the labels are held against; arrays (N,).

    `weight` link weight; `linked` a link before any verdict; `delivered` a link with the verdicts; `reviewed` a verdict decided
    it; `settled` no runner-up is too close, so that thresholds alone decide.
    """

    weight: NDArray[np.float64]
    linked: NDArray[np.bool_]
    delivered: NDArray[np.bool_]
    reviewed: NDArray[np.bool_]
    settled: NDArray[np.bool_]

    def links_at(self, upper: float, base: float) -> NDArray[np.bool_]:
        """Which pairs are links before any verdict with another upper threshold than the `base` they were decided by."""
        if upper >= base:
            return self.linked & (self.weight >= upper)
        return self.linked | ((self.weight >= upper) & (self.weight < base) & self.settled)


@dataclass(frozen=True)
class ByLabels:
    """The thresholds the labels ask for and what each target made of its own."""

    thresholds: Thresholds
    upper_move: Move
    lower_move: Move
    false_links: Verdict
    missed_below: Verdict


def thresholds_by_labels(
    sample: LabelledSample,
    pairs: DecidedPairs,
    base: Thresholds,
    targets: TargetsSpec,
    reviewers_per_pair: int = 2,
    fallible: Fallible | None = None,
) -> ByLabels:
    """Move the `base` thresholds as far as the labels ask for, and no further.

    Judged are the links with the reviewers' verdicts in them: false links / links, and matches left below the lower threshold /
    matches among the assigned pairs, each by its 95 % interval. Contradicted: to the lowest upper weight (the highest lower one)
    at which it is not. Shown: the upper threshold goes down for as long as the target stays shown, not below the weight of
    `targets.least_probability`; the lower one up, only where
    more pairs wait than reviewers can label, and no further than that takes. Neither shown nor contradicted: kept.
    Weights tried are fixed before labels are looked at (stratum bounds and quarters between) and tried in order to the
    first that fails (Maurer, Hothorn and Lehmacher 1995). Population: all assigned pairs; `sample` was loaded from links
    decided by `base` with the verdicts applied; labels known to be `fallible` judge with that error in their intervals.
    """
    tried = _candidates(sample, pairs.weight)

    def links_at(upper: float) -> Verdict:
        return verdict_of(_share(_false(sample, pairs, upper, base.upper, fallible)), targets.false_link_rate)

    def left_below(lower: float) -> Verdict:
        return verdict_of(_share(_missed(sample, pairs, lower, fallible)), targets.missed_link_rate)

    upper, false_links = base.upper, links_at(base.upper)
    if false_links == "contradicted":
        upper = _first_not_contradicted([*tried[tried > upper], _above(pairs.weight)], links_at)
    elif false_links == "shown":
        floor = max(base.lower, log2_odds(targets.least_probability))
        for one in tried[(tried < upper) & (tried >= floor)][::-1]:
            if links_at(float(one)) != "shown":
                break
            upper = float(one)

    lower, missed_below = min(base.lower, upper), left_below(base.lower)
    if missed_below == "contradicted":
        lowest = float(np.floor(pairs.weight.min() * 1000) / 1000)
        lower = _first_not_contradicted([*tried[tried < lower][::-1], lowest], left_below)
    elif missed_below == "shown":
        for one in tried[(tried > lower) & (tried <= upper)]:
            if _waiting(pairs, upper, lower) <= targets.review_capacity or left_below(float(one)) != "shown":
                break
            lower = float(one)
    thresholds = _told(sample, pairs, base, upper, lower, targets, reviewers_per_pair, fallible)
    return ByLabels(thresholds, _move(upper - base.upper), _move(base.lower - lower), false_links, missed_below)


def _first_not_contradicted(weights: Sequence[float], judged: Callable[[float], Verdict]) -> float:
    """The first of the weights at which the target is not contradicted; the last where it is at all of them."""
    return next((float(one) for one in weights if judged(float(one)) != "contradicted"), float(weights[-1]))


def _move(stricter: float) -> Move:
    """What moving a threshold by so many bits to the strict side is called."""
    return "tightened" if stricter > 0 else "loosened" if stricter < 0 else "kept"


def _told(
    sample: LabelledSample,
    pairs: DecidedPairs,
    base: Thresholds,
    upper: float,
    lower: float,
    targets: TargetsSpec,
    reviewers_per_pair: int,
    fallible: Fallible | None,
) -> Thresholds:
    """The thresholds with what labels say of them; where too many pairs wait, the trade by calibrated probabilities."""
    waiting = _waiting(pairs, upper, lower)
    exceeds = waiting > targets.review_capacity
    choices: tuple[Choice, ...] = ()
    if exceeds:
        order = np.argsort(pairs.weight, kind="stable")
        flat, settled = pairs.weight[order], pairs.settled[order]
        used = sample.labelled & ~np.isnan(sample.weight)
        curve = fit_curve(sample.weight[used], sample.match[used], sample.design_weight[used], "platt")
        matched = curve.predict(flat)
        relaxed = expected_thresholds(flat, matched, targets, settled)
        choices = trade_off(flat, matched, (upper, lower), relaxed, targets.review_capacity, reviewers_per_pair, settled)
    false, missed = _false(sample, pairs, upper, base.upper, fallible), _missed(sample, pairs, lower, fallible)
    return Thresholds(
        upper=upper,
        lower=lower,
        expected_false_link_rate=false.high if false.denominator else 0.0,
        expected_missed_link_rate=missed.high,
        clerical_pairs=waiting,
        exceeds_capacity=exceeds,
        how="labels",
        choices=choices,
    )


def _false(sample: LabelledSample, pairs: DecidedPairs, upper: float, base: float, fallible: Fallible | None = None) -> Estimate:
    """False links / links with the verdicts in them, at an upper threshold."""
    before = pairs.links_at(upper, base)
    weight = np.nan_to_num(sample.weight, nan=-np.inf)
    if upper >= base:
        decided = sample.decided_link & (weight >= upper)
    else:
        decided = sample.decided_link | ((weight >= upper) & (weight < base) & sample.settled)
    now = np.where(sample.labelled, np.nan_to_num(sample.match) > 0.5, decided) & ~np.isnan(sample.weight)
    delivered = np.where(pairs.reviewed, pairs.delivered, before)
    moved = replace(sample, decided_link=decided, delivered=now)
    found = estimate_by_design(moved, pairs.weight, None, decided=delivered, before=before, fallible=fallible)
    return next(one for one in found if one.measure == "false_link_rate")


def _missed(sample: LabelledSample, pairs: DecidedPairs, lower: float, fallible: Fallible | None = None) -> Estimate:
    """Matches left below a lower threshold / matches among the assigned pairs."""
    return estimate_missed_below(sample, pairs.weight, lower, pairs.delivered, fallible=fallible)


def _share(one: Estimate) -> Interval:
    return Interval(one.value, one.low, one.high, one.level)


def _waiting(pairs: DecidedPairs, upper: float, lower: float) -> int:
    """Pairs without a verdict that would wait between the thresholds."""
    return int(((pairs.weight >= lower) & (pairs.weight < upper) & ~pairs.reviewed).sum())


def _above(weights: NDArray[np.float64]) -> float:
    """A weight that no pair reaches."""
    return float(np.ceil(weights.max() * 1000) / 1000) + 0.001


def _candidates(sample: LabelledSample, weights: NDArray[np.float64]) -> NDArray[np.float64]:
    """Weights to try, ascending: what the frame and the design say, never the labels."""
    flat = np.sort(weights)
    bounds = np.unique(np.concatenate([sample.low[sample.assigned], sample.high[sample.assigned]]))
    inner = []
    for low, high in pairwise(bounds):
        inside = flat[(flat >= low) & (flat < high)]
        if inside.size:
            # rounded down: above the highest weight nothing is linked, and of nothing everything can be shown
            inner += [low, *np.floor(1000 * np.quantile(inside, [0.25, 0.5, 0.75])) / 1000]
    return np.unique([one for one in inner if np.isfinite(one)])


def describe_choices(choices: Sequence[Choice], language: Language) -> list[list[str]]:
    """The trade as rows for a reader, the first the header: thresholds, expected error rates, pairs to review, hours."""
    rest = (text(name, language) for name in ("false_link_rate", "missed_expected", "clerical", "hours"))
    return [[text("choice", language), THRESHOLDS["upper"](language), THRESHOLDS["lower"](language), *rest]] + [
        [
            CHOICES[one.name](language),
            significant(one.upper, language),
            significant(one.lower, language),
            percent_significant(one.false_link_rate, language),
            percent_significant(one.missed_link_rate, language),
            str(one.clerical_pairs),
            significant(one.hours, language),
        ]
        for one in choices
    ]

"""Thresholds that labels can answer for: error targets met at a stated confidence, not by expectation."""

from __future__ import annotations

from itertools import pairwise
from typing import TYPE_CHECKING

import numpy as np

from linkage.decision.calibration import fit_curve
from linkage.decision.captions import text
from linkage.decision.ratios import ratio
from linkage.decision.thresholds import Choice, Thresholds, expected_thresholds, trade_off
from linkage.statistics import Interval
from linkage.words.decisions import CHOICES, THRESHOLDS
from linkage.words.formats import percent_significant, significant
from linkage.words.language import Language

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import ArrayLike, NDArray

    from linkage.config.project_spec import TargetsSpec
    from linkage.decision.samples import LabelledSample

ALPHA = 0.05
"""Chance, at most, that a promised target is not kept; each target has its own."""
UPWARD_SHARE = 0.2
"""Part of it kept back for walking up when the first weight tried fails."""


def thresholds_from_labels(
    sample: LabelledSample, weights: ArrayLike, targets: TargetsSpec, reviewers_per_pair: int = 2
) -> Thresholds:
    """Place both thresholds so that one-sided upper bounds of both error rates meet the targets.

    Population: the frame of the sample; `weights` (N,) are those of all its assigned pairs. Upper: false links / pairs at
    or above it. Lower: matches below it / matches among the assigned pairs (what blocking lost is not a threshold's doing).
    Candidate weights are fixed before labels are looked at (stratum bounds and quarters between) and tried in a fixed order,
    stopping at the first failure, so trying many costs no confidence (fixed-sequence testing: Maurer, Hothorn and Lehmacher
    1995), given error rates that do not rise with the weight. The order starts at the highest weight whose bound could
    meet the target with no false link seen and goes down; where that one fails, higher ones are tried at a Bonferroni
    share of `ALPHA`.

    Where nothing can be promised, the threshold concerned is set so that no pair is decided without review, `promised` is
    False and `unmet` names the target (`describe_promise` puts it in words). Where that leaves more to review than the
    capacity, `choices` hold the trade, their errors expected from the probabilities calibrated on these labels; those that
    give way on a target that cannot be promised start where these probabilities expect it to hold.
    """
    flat = np.sort(np.asarray(weights, dtype=float))
    candidates = _candidates(sample, flat)
    upper, false_rate, smallest = _upper(sample, flat, candidates, targets.false_link_rate)
    lower, missed_rate, can_lose = _lower(sample, flat, candidates, targets.missed_link_rate)
    lower = min(lower, upper)
    used = sample.labelled & ~np.isnan(sample.weight)
    curve = fit_curve(sample.weight[used], sample.match[used], sample.design_weight[used], "platt")
    matched = curve.predict(flat)
    # what cannot be promised is traded from where the calibrated probabilities expect it to hold, not from no decision at all
    settled = np.ones(flat.size, dtype=bool)
    by_expectation = expected_thresholds(flat, matched, targets, settled)
    relaxed = (upper if smallest is None else by_expectation[0], lower if can_lose else by_expectation[1])
    choices = trade_off(flat, matched, (upper, lower), relaxed, targets.review_capacity, reviewers_per_pair, settled)
    exceeds = choices[0].clerical_pairs > targets.review_capacity
    return Thresholds(
        upper=upper,
        lower=lower,
        expected_false_link_rate=false_rate,
        expected_missed_link_rate=missed_rate,
        clerical_pairs=choices[0].clerical_pairs,
        exceeds_capacity=exceeds,
        how="labels",
        choices=choices if exceeds else (),
        promised=smallest is None and can_lose,
        unmet=("false_link_rate",) * (smallest is not None) + ("missed_link_rate",) * (not can_lose),
        smallest_false_link_bound=smallest,
    )


def false_link_bound(
    sample: LabelledSample, flat: NDArray[np.float64], threshold: float, alpha: float, *, none_seen: bool = False
) -> float:
    """One-sided upper bound (confidence 1 − alpha) of false links / assigned pairs at or above the threshold.

    The upper limit of `intervals.total_of_hits` at level 1 − 2 alpha (its sources); `none_seen` asks for the bound if no false
    link had been found. Population: the assigned pairs at or above the threshold, `flat` (N,) being all weights, ascending.
    """
    links = int((flat >= threshold).sum())
    if not links:
        return 0.0
    return min(1.0, _false(sample, flat, threshold, alpha, none_seen=none_seen).high / links)


def missed_below_bound(sample: LabelledSample, flat: NDArray[np.float64], threshold: float, alpha: float) -> float:
    """One-sided upper bound of matches below the threshold / matches among the assigned pairs, confidence about 1 − alpha.

    By `intervals.total_of_hits` and MOVER (Donner and Zou 2012). Population: all assigned pairs, `flat` (N,), ascending.
    """
    below, links = flat[flat < threshold], int((flat >= threshold).sum())
    if not below.size:
        return 0.0
    matched = np.nan_to_num(sample.match) * (np.nan_to_num(sample.weight, nan=np.inf) < threshold)
    missed = sample.hits(matched, sample.holds(below), 1 - 2 * alpha)
    odds = ratio(missed, _false(sample, flat, threshold, alpha).complement(links))
    return float(odds.high / (1 + odds.high)) if np.isfinite(odds.high) else 1.0


def _false(
    sample: LabelledSample, flat: NDArray[np.float64], threshold: float, alpha: float, *, none_seen: bool = False
) -> Interval:
    accepted = np.nan_to_num(sample.weight, nan=-np.inf) >= threshold
    wrong = (1 - np.nan_to_num(sample.match)) * (accepted & (not none_seen))
    found = sample.hits(wrong, sample.holds(flat[flat >= threshold]), 1 - 2 * alpha)
    links = float((flat >= threshold).sum())
    return Interval(min(found.value, links), min(found.low, links), min(found.high, links), found.level)


def _candidates(sample: LabelledSample, flat: NDArray[np.float64]) -> NDArray[np.float64]:
    """Weights to try, ascending: what the frame and the design say, never the labels."""
    bounds = np.unique(np.concatenate([sample.low[sample.assigned], sample.high[sample.assigned]]))
    inner = []
    for low, high in pairwise(bounds):
        inside = flat[(flat >= low) & (flat < high)]
        if inside.size:
            # rounded down: above the highest weight nothing is linked, and of nothing everything can be promised
            inner += [low, *np.floor(1000 * np.quantile(inside, [0.25, 0.5, 0.75])) / 1000]
    return np.unique([one for one in inner if np.isfinite(one)])


def _upper(
    sample: LabelledSample, flat: NDArray[np.float64], candidates: NDArray[np.float64], target: float
) -> tuple[float, float, float | None]:
    """Upper threshold, its bound, and where nothing can be promised the smallest bound there is."""
    main, spare = ALPHA * (1 - UPWARD_SHARE), ALPHA * UPWARD_SHARE
    possible = [false_link_bound(sample, flat, one, main, none_seen=True) for one in candidates]
    able = [i for i, bound in enumerate(possible) if bound <= 0.6 * target]
    start = able[-1] if able else int(np.argmin(possible))
    best, bound = None, 0.0
    for i in range(start, -1, -1):
        tried = false_link_bound(sample, flat, candidates[i], main)
        if tried > target:
            break
        best, bound = i, tried
    if best is None:
        higher = range(start + 1, len(candidates))
        for i in higher:
            tried = false_link_bound(sample, flat, candidates[i], spare / len(higher))
            if tried <= target:
                best, bound = i, tried
                break
    if best is not None:
        return float(candidates[best]), bound, None
    smallest = min(false_link_bound(sample, flat, one, main) for one in candidates)
    return float(np.ceil(flat[-1] * 1000) / 1000) + 0.001, 0.0, smallest


def _lower(
    sample: LabelledSample, flat: NDArray[np.float64], candidates: NDArray[np.float64], target: float
) -> tuple[float, float, bool]:
    """Lower threshold, its bound, and whether any weight above the lowest can be promised."""
    best, bound = None, 0.0
    for one in candidates[candidates > flat[0]]:
        tried = missed_below_bound(sample, flat, float(one), ALPHA)
        if tried > target:
            break
        best, bound = float(one), tried
    if best is not None:
        return best, bound, True
    return float(np.floor(flat[0] * 1000) / 1000), 0.0, False


def describe_promise(thresholds: Thresholds, targets: TargetsSpec, language: Language) -> str:
    """What the labels can promise, in one or two sentences for a reader."""
    if thresholds.promised:
        shown = {
            "false": percent_significant(targets.false_link_rate, language),
            "missed": percent_significant(targets.missed_link_rate, language),
            "upper": significant(thresholds.upper, language),
            "lower": significant(thresholds.lower, language),
        }
        return text("promise_kept", language, **shown)
    sentences = []
    if thresholds.smallest_false_link_bound is not None:
        bound = percent_significant(thresholds.smallest_false_link_bound, language)
        sentences.append(
            text("promise_false", language, target=percent_significant(targets.false_link_rate, language), bound=bound)
        )
    if "missed_link_rate" in thresholds.unmet:
        sentences.append(text("promise_missed", language, target=percent_significant(targets.missed_link_rate, language)))
    return " ".join([*sentences, text("promise_given_up", language)] if sentences else [text("promise_none", language)])


def describe_choices(choices: Sequence[Choice], language: Language) -> list[list[str]]:
    """The trade as rows for a reader, the first the header: thresholds, expected error rates, pairs to review, hours."""
    rest = (text(name, language) for name in ("false_link_rate", "missed_link_rate", "clerical", "hours"))
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

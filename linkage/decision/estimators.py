"""Three estimators of precision and recall (and their complements) of the links at or above a link weight.

One definition each, used everywhere: precision = true links / links; false-link rate = 1 − precision; recall of all = true
links / mentions that truly have a person in the other register; recall within reach = the same over the matches that the frame
holds, those lost by blocking or assignment included as far as the wider net reaches them; each "missed" = 1 − that recall.
Everything is computed from F, the false links, and M, the missed matches.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

import numpy as np

from linkage.decision.ratios import ratio
from linkage.decision.samples import Reading
from linkage.statistics import Interval, probability

if TYPE_CHECKING:
    from numpy.typing import ArrayLike, NDArray

    from linkage.decision.label_error import Fallible
    from linkage.decision.samples import LabelledSample

Measure = Literal[
    "precision", "false_link_rate", "recall_of_all", "missed_of_all", "recall_within_reach", "missed_within_reach",
    "blocking_recall", "scoring_recall", "missed_below", "pairwise_precision", "pairwise_recall", "b_cubed_precision",
    "b_cubed_recall",
]  # fmt: skip
Estimator = Literal["model", "anchors", "design"]
Denominator = Literal["links", "matches", "persons", "records"]
Reach = Literal["of_all", "within_reach"]
REACH: dict[Estimator, Reach] = {"model": "within_reach", "anchors": "of_all", "design": "within_reach"}
"""Which matches an estimator's frame holds: those of the frame, or whoever's person exists."""
_RECALL: dict[Reach, tuple[tuple[Measure, Measure], Denominator]] = {
    "of_all": (("recall_of_all", "missed_of_all"), "persons"),
    "within_reach": (("recall_within_reach", "missed_within_reach"), "matches"),
}


@dataclass(frozen=True)
class Estimate:
    """One rate, 0–1, with everything needed to read it.

    `denominator` counts `denominator_is` (links; matches of the frame; mentions whose person exists: the latter two are
    themselves estimated); `n` is the number of answers used (labelled pairs, searches, anchors, or model probabilities).
    `threshold` None means the links as they are delivered, runner-ups and verdicts included; a threshold means the rule alone,
    before any verdict.
    """

    measure: Measure
    estimator: Estimator
    threshold: float | None
    value: float
    low: float
    high: float
    level: float
    denominator: float
    denominator_is: Denominator
    n: int
    reading: Reading = "middle"


def rates(
    false: Interval,
    missed: Interval,
    links: int,
    estimator: Estimator,
    threshold: float | None,
    n: int,
    reading: Reading = "middle",
) -> list[Estimate]:
    """The four rates from false links F among `links` and missed matches M; F and M independent.

    Precision and recall as in van Rijsbergen 1979, chapter 7; population: the links counted, and the matches of the frame F
    and M were estimated on, of which recall has its name (`REACH`). recall = A / (A + M) with A = links − F: the interval of
    M / A (MOVER, Donner and Zou 2012) is carried through that monotone function.
    """
    precision = false.complement(links).over(links) if links else Interval(float("nan"), 0.0, 1.0, false.level)
    odds = ratio(missed, false.complement(links)) if links else Interval(float("inf"), 0.0, float("inf"), false.level)
    recall = Interval(_share(odds.value), _share(odds.high), _share(odds.low), false.level)
    names, whom = _RECALL[REACH[estimator]]
    rest = estimator, threshold, n, reading
    return [
        *_both(("precision", "false_link_rate"), precision, float(links), "links", *rest),
        *_both(names, recall, links - false.value + missed.value, whom, *rest),
    ]


def rates_of_all(
    false: Interval, missed: tuple[Interval, Interval, Interval], links: int, n: int, reading: Reading = "middle"
) -> list[Estimate]:
    """Recall of all and what is missed of all by design, of the delivered links.

    Population: the mentions whose person exists. `missed` matches at least, in the middle and at most, where nothing says which:
    the upper limit of recall is the first one's, the lower limit the last one's; otherwise as `rates`.
    """
    kept = false.complement(links)
    odds = [ratio(one, kept) if links else Interval(float("inf"), 0.0, float("inf"), false.level) for one in missed]
    recall = Interval(_share(odds[1].value), _share(odds[2].high), _share(odds[0].low), false.level)
    names, whom = _RECALL["of_all"]
    return _both(names, recall, kept.value + missed[1].value, whom, "design", None, n, reading)


def _both(
    measures: tuple[Measure, Measure],
    one: Interval,
    whole: float,
    of: Denominator,
    estimator: Estimator,
    threshold: float | None,
    n: int,
    reading: Reading,
) -> list[Estimate]:
    """A rate and its complement."""
    return [
        Estimate(name, estimator, threshold, at.value, max(at.low, 0.0), min(at.high, 1.0), at.level, whole, of, n, reading)
        for name, at in zip(measures, (one, one.complement(1.0)), strict=True)
    ]


def estimate_by_model(
    weights: ArrayLike, threshold: float, apart: ArrayLike = (), level: float = 0.95, estimator: Estimator = "model"
) -> list[Estimate]:
    """(a) Rates as the match probabilities themselves imply them.

    Population: `weights` (N,) of all assigned pairs, and of the pairs `apart`, not assigned, given their rivals. F = Σ(1 − p)
    over the links, M = Σp over the rest (Belin and Rubin 1995 estimate rates so); the interval is that of the Poisson-binomial
    count with those probabilities (gamma with its moments). It holds only if the probabilities do, and Fellegi-Sunter's
    usually do not: never shown alone.
    """
    flat, beyond = np.asarray(weights, dtype=float), np.asarray(apart, dtype=float)
    linked = flat >= threshold
    wrong, right = 1 - probability(flat[linked]), np.concatenate([probability(flat[~linked]), probability(beyond)])
    return rates(
        _poisson_binomial(wrong, level), _poisson_binomial(right, level), int(linked.sum()), estimator, threshold, flat.size
    )


def estimate_delivered_by_model(
    matched: ArrayLike, delivered: ArrayLike, apart: ArrayLike = (), level: float = 0.95
) -> list[Estimate]:
    """(a) for the delivered links: `matched` (N,) probabilities of all assigned pairs, 0 or 1 where a verdict is known.

    Population: the assigned pairs, `delivered` (N,) of them being links, and pairs `apart` with their probabilities. Source and
    warning as for `estimate_by_model`.
    """
    p, linked, beyond = np.asarray(matched, dtype=float), np.asarray(delivered, dtype=bool), np.asarray(apart, dtype=float)
    false = _poisson_binomial(1 - p[linked], level)
    missed = _poisson_binomial(np.concatenate([p[~linked], beyond]), level)
    return rates(at_most(false, int(linked.sum())), missed, int(linked.sum()), "model", None, p.size)


def estimate_by_design(
    sample: LabelledSample,
    weights: ArrayLike,
    threshold: float | None,
    reading: Reading = "middle",
    level: float = 0.95,
    *,
    inside: NDArray[np.bool_] | None = None,
    reach: NDArray[np.bool_] | None = None,
    decided: NDArray[np.bool_] | None = None,
    before: NDArray[np.bool_] | None = None,
    fallible: Fallible | None = None,
) -> list[Estimate]:
    """(c) Rates from a stratified random sample of pairs with known inclusion probabilities.

    Population: the frame the sample was drawn from, `weights` (N,) being those of all its assigned pairs; links are those at
    or above `threshold`, or with None those delivered, marked in `decided` (N,): reviewed pairs are then counted one by one
    and the others told from decisions `before` verdicts (N,; `decided` when absent; `LabelledSample.hits_after_review`). For
    one group, give its weights and mark the sampled pairs of the group in `inside` (n,) and the strata that may hold its pairs
    in `reach` (H,; all when absent): domain estimation (Cochran 1977, section 5A.14) with the group's links known. F and M are
    stratified expansions (`intervals.total_of_hits`); with `fallible` labels, corrected for how often these are wrong
    (`label_error.Fallible`).
    """
    flat = np.asarray(weights, dtype=float)
    if threshold is None:
        accepted, linked = sample.decided_link, np.zeros(flat.size, bool) if decided is None else np.asarray(decided, dtype=bool)
        now, rule = sample.delivered, linked if before is None else before
    else:
        accepted, linked = np.nan_to_num(sample.weight, nan=-np.inf) >= threshold, flat >= threshold
        now, rule = accepted, linked
    member = np.ones(sample.stratum.size, dtype=bool) if inside is None else inside
    read = sample.read(reading, accepted)
    match, final = np.nan_to_num(read.match), np.nan_to_num(sample.read(reading, now).match)
    links = int(linked.sum())
    within = np.ones(sample.size.size, dtype=bool) if reach is None else reach
    false = read.hits_after_review(
        (1 - match) * (accepted & member), (1 - final) * (now & member), within & sample.holds(flat[rule]), level
    )
    missed = read.hits_after_review(
        match * (~accepted & member), final * (~now & member), within & (~sample.assigned | sample.holds(flat[~rule])), level
    )
    if fallible is not None:
        settled = read.settled_by_verdict & (threshold is None)
        false = fallible.hits(read, false, (1 - match) * accepted, accepted, settled, "non_match")
        missed = fallible.hits(read, missed, match * ~accepted, ~accepted, settled, "match")
    n = int((read.labelled & member).sum())
    return rates(at_most(false, links), missed, links, "design", threshold, n, reading)


def estimate_recall_factors(
    sample: LabelledSample, weights: ArrayLike, threshold: float, reading: Reading = "middle", level: float = 0.95
) -> list[Estimate]:
    """The two factors of design-based recall within reach: what the blocking rules proposed, and what of that became a link.

    Population as for `estimate_by_design`. blocking_recall = matches that a rule proposed, assigned or not / all matches of the
    frame; scoring_recall = matches at or above the threshold / matches that a rule proposed. Their product is recall
    within reach. Blocking recall is the pairs completeness of Christen 2012, section 7.2; limits by MOVER as in `rates`.
    """
    flat = np.asarray(weights, dtype=float)
    accepted = np.nan_to_num(sample.weight, nan=-np.inf) >= threshold
    read = sample.read(reading, accepted)
    match = np.nan_to_num(read.match)
    lost = sample.kind == "lost"
    proposed = sample.assigned | lost
    linked = flat >= threshold
    links = int(linked.sum())
    every = read.hits((1 - match) * proposed[sample.stratum], lost | sample.holds(flat), level)
    false = at_most(read.hits((1 - match) * accepted, sample.holds(flat[linked]), level), links)
    below = read.hits(match * (proposed[sample.stratum] & ~accepted), lost | sample.holds(flat[~linked]), level)
    beyond = read.hits(match * ~proposed[sample.stratum], ~proposed, level)
    n = int(read.labelled.sum())
    found = []
    factors: tuple[tuple[Measure, Interval, Interval], ...] = (
        ("blocking_recall", beyond, every.complement(float(sample.size[lost].sum()) + flat.size)),
        ("scoring_recall", below, false.complement(links)),
    )
    for measure, lost, kept in factors:
        odds = ratio(lost, kept)
        whole = kept.value + lost.value
        found.append(
            Estimate(
                measure,
                "design",
                threshold,
                _share(odds.value),
                _share(odds.high),
                _share(odds.low),
                level,
                whole,
                "matches",
                n,
                reading,
            )
        )
    return found


def estimate_missed_below(
    sample: LabelledSample,
    weights: ArrayLike,
    lower: float,
    delivered: ArrayLike,
    level: float = 0.95,
    fallible: Fallible | None = None,
) -> Estimate:
    """Matches under the lower threshold that are no links / matches among the assigned pairs, from the labelled sample.

    Population: all assigned pairs, `weights` (N,) and whether they are `delivered` as links (N,); matches that a reviewer found
    below the threshold are links and count as kept. Limits by MOVER as in `rates`; labels `fallible` as in `estimate_by_design`.
    """
    flat, linked = np.asarray(weights, dtype=float), np.asarray(delivered, dtype=bool)
    weight, match = np.nan_to_num(sample.weight, nan=np.inf), np.nan_to_num(sample.match)
    below = flat < lower
    missed = sample.hits_after_review(
        match * (weight < lower), match * ((weight < lower) & ~sample.delivered), sample.holds(flat[below]), level
    )
    if fallible is not None:
        missed = fallible.hits(sample, missed, match * (weight < lower), weight < lower, sample.settled_by_verdict, "match")
    wrong = (1 - match) * (~np.isnan(sample.weight) & (weight >= lower))
    above = at_most(sample.hits(wrong, sample.holds(flat[~below]), level), int((~below).sum()))
    kept = above.complement(float((~below).sum()) + float((below & linked).sum()))
    odds = ratio(missed, kept)
    value, low, high = (1 - _share(one) for one in (odds.value, odds.low, odds.high))
    matches, n = kept.value + missed.value, int((sample.labelled & ~np.isnan(sample.weight)).sum())
    return Estimate("missed_below", "design", lower, value, low, high, level, matches, "matches", n)


def missed_below_by_model(
    matched: ArrayLike, weights: ArrayLike, lower: float, delivered: ArrayLike, level: float = 0.95
) -> Estimate:
    """The same as the probabilities imply it (Belin and Rubin 1995): `matched` (N,), 0 or 1 where a verdict is known.

    Population: all assigned pairs. No interval is given: the limits are the value.
    """
    p, flat, linked = np.asarray(matched, dtype=float), np.asarray(weights, dtype=float), np.asarray(delivered, dtype=bool)
    whole = float(p.sum())
    value = float(p[(flat < lower) & ~linked].sum() / whole) if whole else 0.0
    return Estimate("missed_below", "model", lower, value, value, value, level, whole, "matches", p.size)


def at_most(count: Interval, whole: int) -> Interval:
    """A count that cannot exceed the links it is part of."""
    return Interval(min(count.value, whole), min(count.low, whole), min(count.high, whole), count.level)


def _poisson_binomial(shares: NDArray[np.float64], level: float) -> Interval:
    """Count of successes of independent trials with these probabilities: the gamma with its mean Σp and variance Σp(1 − p)."""
    from scipy.stats import gamma

    mean, variance = float(shares.sum()), float((shares * (1 - shares)).sum())
    if variance <= 0:
        return Interval(mean, mean, mean, level)
    low, high = gamma(mean**2 / variance, scale=variance / mean).ppf([(1 - level) / 2, (1 + level) / 2])
    return Interval(mean, min(float(low), mean), min(max(float(high), mean), float(shares.size)), level)


def _share(odds: float) -> float:
    """A / (A + M) from M / A."""
    return 1 / (1 + odds)

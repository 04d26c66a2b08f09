"""Targets held against what labels say of the delivered links: shown, not contradicted, contradicted.

A target is shown where the whole 95 % interval keeps it, contradicted where the whole interval breaks it: the words never say
more than the interval that is printed beside them.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

import numpy as np

from linkage.decision.feasible import labels_needed_at_random
from linkage.statistics import Interval
from linkage.words.formats import interval_word, percent_significant
from linkage.words.judgements import JUDGED, JUDGEMENTS, JUDGING, needed_word

if TYPE_CHECKING:
    from collections.abc import Sequence

    from linkage.config.project_spec import TargetsSpec
    from linkage.decision.estimators import Estimate
    from linkage.words.language import Language

Judged = Literal["false_link_rate", "missed_of_all", "missed_within_reach", "missed_below"]
Verdict = Literal["shown", "not_contradicted", "contradicted", "untested"]


@dataclass(frozen=True)
class JudgedTarget:
    """One rate held against its target; rates 0–1, None where nothing says it.

    `n` labelled pairs and searches; `needed` how many labels without an error, drawn at random, would show the target, of the
    missed of all: searches that find nobody (None: no number of them can).
    """

    measure: Judged
    target: float
    by_model: float | None
    by_labels: Interval | None
    n: int
    verdict: Verdict
    needed: int | None


def verdict_of(found: Interval | None, target: float, *, can_show: bool = True) -> Verdict:
    """What an interval says of a target that is an upper limit; `can_show` False where the rate is known to be a lower reading.

    >>> verdict_of(Interval(0.0004, 0.0001, 0.0009), 0.001), verdict_of(Interval(0.004, 0.002, 0.006), 0.001)
    ('shown', 'contradicted')
    """
    if found is None or not np.isfinite(found.value):
        return "untested"
    if found.low > target:
        return "contradicted"
    return "shown" if can_show and found.high <= target else "not_contradicted"


def judge(
    estimates: Sequence[Estimate], targets: TargetsSpec, lower: float, below: int, unlinked: int
) -> tuple[JudgedTarget, ...]:
    """The targets, each held against the estimates of the delivered links (`below` pairs under the `lower` threshold are none).

    The target for missed links speaks of all: the search sample, drawn from the `unlinked` mentions, may show it. Missed within
    reach is a lower reading of that, so it contradicts the target or does not.
    """
    rows: tuple[tuple[Judged, float | None, float], ...] = (
        ("false_link_rate", None, targets.false_link_rate),
        ("missed_of_all", None, targets.missed_link_rate),
        ("missed_within_reach", None, targets.missed_link_rate),
        ("missed_below", lower, targets.missed_link_rate),
    )
    told = {
        (one.measure, one.threshold, one.estimator): one
        for one in estimates
        if one.reading == "middle" and np.isfinite(one.value) and one.estimator in ("model", "design")
    }
    found = []
    for measure, threshold, target in rows:
        model, labels = (told.get((measure, threshold, estimator)) for estimator in ("model", "design"))
        # without a search the row stays, untested: its target speaks of all, and matches are those within reach
        sized = labels or model or (told.get(("missed_within_reach", None, "model")) if measure == "missed_of_all" else None)
        if sized is None:
            continue
        said = Interval(labels.value, labels.low, labels.high, labels.level) if labels else None
        whole = round(sized.denominator)
        needed = {
            "false_link_rate": labels_needed_at_random(target, whole, whole),
            "missed_of_all": labels_needed_at_random(target, unlinked, whole),
            "missed_within_reach": None,
            "missed_below": labels_needed_at_random(target, below, whole),
        }[measure]
        verdict = verdict_of(said, target, can_show=measure != "missed_within_reach")
        found.append(
            JudgedTarget(measure, target, model.value if model else None, said, labels.n if labels else 0, verdict, needed)
        )
    return tuple(found)


def judgement_rows(judgements: Sequence[JudgedTarget], language: Language) -> list[list[str]]:
    """The one table of targets as rows for a reader, the first the header."""
    return [[word(language) for word in JUDGING.values()]] + [
        [
            JUDGED[one.measure](language),
            "–" if one.by_model is None else percent_significant(one.by_model, language),
            "–" if one.by_labels is None else interval_word(one.by_labels.value, one.by_labels.low, one.by_labels.high, language),
            percent_significant(one.target, language),
            JUDGEMENTS[one.verdict](language),
            needed_word(one.measure, one.verdict, one.needed, language),
        ]
        for one in judgements
    ]

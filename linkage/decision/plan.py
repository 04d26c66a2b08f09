"""What a sample of a given size would tell, before anyone labels a pair."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from linkage.decision.captions import text
from linkage.decision.ratios import ratio
from linkage.decision.strata import allocate
from linkage.statistics import total_of_hits
from linkage.words.formats import significant
from linkage.words.language import Language

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from linkage.decision.strata import Stratum


@dataclass(frozen=True)
class PlannedWidth:
    """`pairs` labels are expected to give precision and recall ± these half-widths (0–1) at the threshold."""

    pairs: int
    precision_half_width: float
    recall_half_width: float
    strata: tuple[Stratum, ...]


def plan_sample(
    strata: Sequence[Stratum],
    threshold: float,
    budgets: Iterable[int] = (200, 600, 1200, 2000),
    level: float = 0.95,
    minimum: int = 5,
) -> list[PlannedWidth]:
    """Expected half-widths of design-based precision and recall at `threshold` for each budget of at least a pair a stratum.

    Population: the frame the strata divide (`threshold` must be one of their bounds). The expected hits n_h × rate, n_h by
    Neyman's allocation (Cochran 1977, section 5.5), are put through the interval that will be used after labelling
    (`intervals.total_of_hits`, and `intervals.ratio` for recall: Fay and Feuer 1997; Donner and Zou 2012); rates are the
    model's, distrusted (`strata.planning_rate`), or a pilot's. An expectation, not a promise: the labels decide.
    """
    planned = []
    for budget in budgets:
        if budget < len(strata):
            continue
        least = min(minimum, budget // len(strata))
        sampled = allocate([one.size for one in strata], [one.deviation for one in strata], budget, least)
        drawn = tuple(replace(one, sampled=n) for one, n in zip(strata, sampled, strict=True))
        accepted = [one for one in drawn if one.kind == "assigned" and one.low >= threshold and one.sampled]
        rest = [one for one in drawn if one not in accepted and one.sampled]
        links = sum(one.size for one in accepted)
        false = total_of_hits(
            [one.sampled * (1 - one.rate) for one in accepted],
            [one.sampled for one in accepted],
            [one.size for one in accepted],
            level,
        )
        missed = total_of_hits(
            [one.sampled * one.rate for one in rest], [one.sampled for one in rest], [one.size for one in rest], level
        )
        odds = ratio(missed, false.complement(links))
        width = odds.high / (1 + odds.high) - odds.low / (1 + odds.low)
        planned.append(
            PlannedWidth(budget, (false.high - false.low) / links / 2 if links else 0.5, width / 2 if links else 0.5, drawn)
        )
    return planned


def describe_plan(planned: Sequence[PlannedWidth], language: Language) -> str:
    """The plan in one sentence: "600 pairs give precision ± 0.15 and recall ± 0.9 percentage points; 1200 pairs …"."""
    parts = [
        text(
            "plan",
            language,
            pairs=significant(one.pairs, language),
            precision=significant(_points(one.precision_half_width), language),
            recall=significant(_points(one.recall_half_width), language),
        )
        for one in planned
    ]
    return "; ".join(parts) + "."


def _points(share: float) -> float:
    """Percentage points to two digits, never told finer than a hundredth."""
    return float(f"{max(100 * share, 0.01):.2g}")

"""The same rates group by group, and how linked mentions differ from unlinked ones."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from linkage.decision.anchors import standardised_difference
from linkage.decision.estimators import Estimate, estimate_by_design
from linkage.runs.sql import quote
from linkage.statistics import Interval, wilson

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable

    from numpy.typing import ArrayLike, NDArray

    from linkage.decision.samples import LabelledSample

ERROR_CLASSES = ("none_seen", "empty_field", "incomplete_date", "doubtful_value", "several")
"""What is visibly wrong with a mention's compared fields: nothing, one of three, or more than one of them."""
FEWEST_MENTIONS = 50
"""Groups with fewer mentions get no link rate."""
FEWEST_LABELS = 30
"""Groups with fewer labelled pairs get no precision or recall within reach."""


@dataclass(frozen=True)
class GroupRates:
    """Rates of one group; None means too few to say.

    `link_rate` links / `mentions`, its interval reading the mentions as a sample of the mentions such a register yields
    (Wilson); precision and recall within reach design-based, from `labels` labelled pairs; `standardised_difference` of the
    group's share among linked minus among unlinked mentions, in pooled standard deviations.
    """

    column: str
    group: str
    mentions: int
    links: int
    labels: int
    link_rate: Interval | None
    precision: Estimate | None
    recall_within_reach: Estimate | None
    standardised_difference: float


def break_down(
    column: str,
    mention: ArrayLike,
    group: ArrayLike,
    weight: ArrayLike,
    linked: ArrayLike,
    sample: LabelledSample | None = None,
    level: float = 0.95,
) -> list[GroupRates]:
    """Rates of the decided links for each value of a column of the mentions.

    Population: all mentions, arrays (N,): record id, group, link weight of the assigned pair (NaN without one), whether the
    decided link stands. Link rates with Wilson's (1927) interval, standardised differences as in Austin 2009; with a labelled
    sample precision and recall within reach are added (domain estimation: Cochran 1977, section 5A.14, see `estimate_by_design`).
    """
    ids, groups = np.asarray(mention).astype(str), np.asarray(group).astype(str)
    weights, accepted = np.asarray(weight, dtype=float), np.asarray(linked, dtype=bool)
    group_of = dict(zip(ids.tolist(), groups.tolist(), strict=True))
    sampled = np.array([group_of.get(one, "") for one in sample.record]) if sample is not None else np.array([], dtype=str)
    own = np.array([], dtype=bool)
    if sample is not None:
        # strata of one group each can be told from the labels: every pair of theirs is of that group
        divided = sample.group[sample.stratum] != ""
        by_this = bool(divided.any() and (sampled == sample.group[sample.stratum])[divided].all())
        own = (sample.group != "") & by_this
    found = []
    for name in np.unique(groups):
        member = groups == name
        count, links = int(member.sum()), int((member & accepted).sum())
        precision = recall = None
        labels = 0
        if sample is not None:
            inside = sampled == name
            labels = int((inside & sample.labelled).sum())
            if labels >= FEWEST_LABELS and links:
                kept = member & ~np.isnan(weights)
                reach = ~own | (sample.group == name)
                rates = estimate_by_design(
                    sample, weights[kept], None, level=level, inside=inside, reach=reach, decided=accepted[kept]
                )
                by_measure = {one.measure: one for one in rates}
                precision, recall = by_measure["precision"], by_measure["recall_within_reach"]
        found.append(
            GroupRates(
                column=column,
                group=str(name),
                mentions=count,
                links=links,
                labels=labels,
                link_rate=wilson(links, count, level) if count >= FEWEST_MENTIONS else None,
                precision=precision,
                recall_within_reach=recall,
                standardised_difference=_difference(member, accepted),
            )
        )
    return found


def error_class(columns: Collection[str], fields: Iterable[str]) -> str:
    """SQL text of the error class (`ERROR_CLASSES`) of a row of the mentions, whose `columns` are given.

    Of the compared `fields`: one is empty, a date has no day, or standardising marked a value as doubtful (an abbreviation, an
    alias, an impossible date, a place read in part …). What cannot be seen in the entry itself is not in it.
    """
    empty, incomplete, doubtful = [], [], []
    for field in fields:
        filled = next((name for name in (f"{field}_precision", f"{field}_text", field, f"{field}_year") if name in columns), None)
        empty += [f"{quote(filled)} IS NULL"] if filled else []
        incomplete += [f"{quote(f'{field}_precision')} IN ('month', 'year')"] if f"{field}_precision" in columns else []
        doubtful += [f"{quote(f'{field}_flags')} IS NOT NULL"] if f"{field}_flags" in columns else []
    found = [f"coalesce({' OR '.join(tests) or 'false'}, false)::INTEGER" for tests in (empty, incomplete, doubtful)]
    one = " ".join(f"WHEN {found[place]} = 1 THEN '{ERROR_CLASSES[place + 1]}'" for place in range(3))
    return f"CASE WHEN {' + '.join(found)} > 1 THEN '{ERROR_CLASSES[4]}' {one} ELSE '{ERROR_CLASSES[0]}' END"


def _difference(member: NDArray[np.bool_], linked: NDArray[np.bool_]) -> float:
    if linked.all() or not linked.any():
        return 0.0
    return standardised_difference(float(member[linked].mean()), float(member[~linked].mean()))

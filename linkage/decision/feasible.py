"""What labels can show of a target at best, and how many it needs, before anyone labels a pair.

Rule of three: n labels without one error bound the rate at about 3/n. No design without an assumption beats it; `certainty`
labels where the model expects error, `calibrated` leans on errors falling with the weight. Source: Hanley and
Lippman-Hand 1983; the bound is that of `intervals.total_of_hits` with no hit seen.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

import numpy as np

from linkage.decision.strata import DISTRUST
from linkage.statistics import probability, total_of_hits
from linkage.words.formats import grouped, percent_significant
from linkage.words.judgements import FEASIBLE, JUDGED, NOT_YET, ROUTES, ROUTES_SAID, UNREACHABLE, UNREACHABLE_BY_SEARCH

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from numpy.typing import ArrayLike, NDArray

    from linkage.config.project_spec import TargetsSpec
    from linkage.decision.strata import Stratum
    from linkage.decision.thresholds import Thresholds
    from linkage.words.language import Language

Route = Literal["certainty", "random", "calibrated", "drawn", "search"]
Showable = Literal["false_link_rate", "missed_below", "missed_of_all"]
MOST_LABELS = 1_000_000
"""Labels beyond which a number is not looked for; also the population where it is not known yet."""
UNSEEN = float(-np.log(0.05))
"""Errors that may be there, at 95 %, where none was seen: 3.0."""


@dataclass(frozen=True)
class Feasible:
    """One target by one route: the least upper bound (0–1) that `labels` labels give, and the labels the target needs.

    None where it is not known before there are links, or where no number of labels of the frame is enough.
    """

    measure: Showable
    target: float
    route: Route
    labels: int
    at_best: float | None
    needed: int | None


def bound_at_random(labels: int, pool: int, whole: int) -> float:
    """Upper bound (0–1) of errors among `pool` pairs / `whole`, when `labels` of them, drawn at random, show none.

    >>> round(bound_at_random(600, 20_000, 20_000), 4)
    0.0049
    """
    if not pool or not whole:
        return 0.0
    return min(1.0, total_of_hits([0], [max(min(labels, pool), 1)], [pool]).high / whole)


def labels_needed_at_random(target: float, pool: int, whole: int) -> int:
    """The fewest labels of `pool` pairs, drawn at random and without an error, that show at most `target` errors / `whole`.

    >>> labels_needed_at_random(0.001, 1_000_000, 1_000_000)
    2992
    """
    if not pool:
        return 0
    low, high = 0, pool
    while high - low > 1:
        middle = (low + high) // 2
        low, high = (low, middle) if bound_at_random(middle, pool, whole) <= target else (middle, high)
    return high


def foresee(targets: TargetsSpec, labels: int, searches: int = 0) -> list[Feasible]:
    """Before there are links: what `labels` labels show by the rule of three, whatever the registers.

    Population: as many links, and as many pairs under the lower threshold, as are never labelled out. What `searches` show
    hangs on how many mentions are left without a link, so that nobody knows it yet.
    """
    known: dict[Route, bool] = {"certainty": False, "random": True, "calibrated": False}
    found = []
    for measure, target in _targets(targets):
        at_best = bound_at_random(labels, MOST_LABELS, MOST_LABELS)
        needed = labels_needed_at_random(target, MOST_LABELS, MOST_LABELS)
        found += [
            Feasible(measure, target, route, labels, at_best if told else None, needed if told else None)
            for route, told in known.items()
        ]
    return [*found, Feasible("missed_of_all", targets.missed_link_rate, "search", searches, None, None)]


def _targets(targets: TargetsSpec) -> tuple[tuple[Showable, float], tuple[Showable, float]]:
    return ("false_link_rate", targets.false_link_rate), ("missed_below", targets.missed_link_rate)


def plan_searches(target: float, drawn: Sequence[tuple[int, int]], searches: int, unlinked: int, matches: float) -> Feasible:
    """What `searches` searches that find nobody show at best of the `target` for what is missed of all, and how many it needs.

    `drawn` (mentions, searches) of each stratum; without any, searches at random. Population: the `unlinked` mentions, which
    the search sample is drawn from; the rate is over `matches`, mentions whose person exists. Nothing else is taken to be missed.
    """
    whole = max(round(matches), 1)
    if drawn:
        sizes, sampled = zip(*drawn, strict=True)
        at_best = min(1.0, total_of_hits([0] * len(drawn), sampled, sizes).high / whole)
    else:
        at_best = bound_at_random(searches, unlinked, whole) if searches else 1.0
    return Feasible("missed_of_all", target, "search", searches, at_best, labels_needed_at_random(target, unlinked, whole))


def plan_targets(
    linked: ArrayLike,
    below: ArrayLike,
    targets: TargetsSpec,
    labels: int,
    drawn: Sequence[Stratum] = (),
    thresholds: Thresholds | None = None,
) -> list[Feasible]:
    """What `labels` labels show at best of each target by each route, every label spent on that target.

    `linked` (L,) and `below` (B,) are the link weights of the links and of the pairs under the lower threshold; `drawn` the
    strata of the review set, at whose bounds both `thresholds` are. Population: the assigned pairs. Matches are those the model
    expects. Routes: see the module; the calibrated one takes the log-odds of error to fall with the weight at `DISTRUST` times
    the model's slope or faster, so that a labelled pair speaks for the surer ones by the ratio of their odds.
    """
    accepted, rest = np.asarray(linked, dtype=float), np.asarray(below, dtype=float)
    matches = max(float(probability(np.concatenate([accepted, rest])).sum()), 1.0)
    pools = (
        (1 - probability(accepted), DISTRUST * accepted, float(accepted.size)),
        (probability(rest), -DISTRUST * rest, matches),
    )
    found = []
    for (measure, target), (expected, surety, whole) in zip(_targets(targets), pools, strict=True):
        pool = int(expected.size)
        left = np.concatenate([np.cumsum(np.sort(expected)), [0.0]])
        risk = np.sort(1 - probability(surety))[::-1]
        leaning = _calibrated(risk, whole)
        routes: dict[Route, tuple[float, int | None]] = {
            "certainty": (float(left[pool - 1 - labels] / whole) if labels < pool else 0.0, pool),
            "random": (bound_at_random(labels, pool, round(whole)), labels_needed_at_random(target, pool, round(whole))),
            "calibrated": (leaning(min(labels, pool)), _first(leaning, target, pool)),
        }
        if thresholds is not None:
            of_false, lower, upper = measure == "false_link_rate", thresholds.lower, thresholds.upper
            own = [one for one in drawn if one.kind == "assigned" and (one.low >= upper if of_false else one.high <= lower)]
            bound = total_of_hits([0] * len(own), [one.sampled for one in own], [one.size for one in own]).high if own else 0.0
            routes["drawn"] = (min(1.0, bound / whole) if whole else 0.0, None)
        for route, (at_best, needed) in routes.items():
            found.append(Feasible(measure, target, route, labels, at_best, needed))
    return found


def _calibrated(risk: NDArray[np.float64], whole: float) -> Callable[[int], float]:
    """Bound by labels: with none of the riskiest n in error, the scale of all risks is under UNSEEN / (sum of theirs)."""
    above = np.concatenate([[0.0], np.cumsum(risk)])

    def bound(labels: int) -> float:
        return min(1.0, UNSEEN * float(above[-1] - above[labels]) / (max(float(above[labels]), 1e-300) * max(whole, 1.0)))

    return bound


def _first(bound: Callable[[int], float], target: float, pool: int) -> int:
    """The fewest labels whose bound keeps the target."""
    low, high = 0, pool
    while high - low > 1:
        middle = (low + high) // 2
        low, high = (low, middle) if bound(middle) <= target else (middle, high)
    return high


def feasible_rows(planned: Sequence[Feasible], language: Language) -> list[list[str]]:
    """The table that is shown before anyone labels, the first row its header."""
    labels = grouped(planned[0].labels, language) if planned else "0"
    header = [word(language).format(labels) for word in FEASIBLE.values()]
    return [header] + [
        [
            f"{JUDGED[one.measure](language)} ≤ {percent_significant(one.target, language)}",
            ROUTES[one.route](language) + (f" ({grouped(one.labels, language)})" if one.route == "search" else ""),
            NOT_YET(language) if one.at_best is None else percent_significant(one.at_best, language),
            "–" if one.needed is None else grouped(one.needed, language),
            ROUTES_SAID[one.route](language),
        ]
        for one in planned
    ]


def unreachable(planned: Sequence[Feasible], language: Language) -> list[str]:
    """A plain sentence for each target that so many labels at random, or searches, cannot show even if they find no error."""
    says = {"random": UNREACHABLE, "search": UNREACHABLE_BY_SEARCH}
    return [
        says[one.route](language).format(
            JUDGED[one.measure](language),
            percent_significant(one.target, language),
            grouped(one.labels, language),
            percent_significant(one.at_best, language),
            grouped(one.needed, language),
        )
        for one in planned
        if one.route in says and one.at_best is not None and one.needed is not None and one.needed > one.labels
    ]

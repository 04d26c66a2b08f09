"""Strata by link weight and the allocation of a budget of pairs to them."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise
from typing import TYPE_CHECKING, Literal

import numpy as np

from linkage.errors import LinkageError
from linkage.statistics import probability

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from numpy.typing import ArrayLike, NDArray

DISTRUST = 0.5
"""The model's log-odds are multiplied by this to plan with: Fellegi-Sunter probabilities are too sure, and a design that
believes them leaves the strata where surprises hide unsampled."""
RATE_FLOOR = 0.02
"""No stratum is planned as purer than this: a large stratum without a hit sets the width by its expansion weight alone."""
LOST_RATE = 0.25
"""No stratum of lost pairs is planned with a smaller share of matches: the model's weight says little of a person whom the
rules propose for a mention without a link (in the study 64 % of them are right where the model, distrusted, expects 5 %)."""
Kind = Literal["assigned", "lost", "outside"]
"""Assigned pairs; and, of mentions that were not linked, pairs that are not assigned: `lost` where a blocking rule proposed
them (beaten by another pair, or below the assignment's floor), `outside` where only looser keys do."""


@dataclass(frozen=True)
class Stratum:
    """Pairs of one kind with low ≤ weight < high (and one group, where a breakdown was asked; "" holds the small groups).

    The weight is the link weight of assigned pairs, and the weight given the rival of the others (`assigning.wider_net`).

    `size` pairs in the frame, `sampled` of them to label, `rate` the expected share of matches, 0–1.
    """

    kind: Kind
    low: float
    high: float
    size: int
    sampled: int
    rate: float
    group: str = ""

    @property
    def name(self) -> str:
        """The value of `stratum` in `review_set.parquet`; starts with the kind."""
        span = stratum_name(self.kind, self.low, self.high)
        return f"{span} {self.group}" if self.group else span

    @property
    def inclusion_probability(self) -> float:
        """Sampled / size; 1 in a certainty stratum."""
        return self.sampled / self.size if self.size else 0.0

    @property
    def deviation(self) -> float:
        """Planning standard deviation of the match indicator of one pair (see `RATE_FLOOR`)."""
        return float(planning_deviation(self.rate))


def strata_of_kind(pairs: int, assigned: int | None = None) -> dict[Kind, int]:
    """About how many strata each kind of pair is cut into: of `assigned` pairs one for 30 `pairs` to label, 4 to 8.

    Lost pairs and pairs outside blocking get half as many each. This project's judgement: the simulation study
    (`reports/benchmarks/decision.md`) gains from six strata instead of four at 200 pairs, and nothing beyond eight.
    """
    assigned = assigned or max(4, min(8, pairs // 30))
    return {"assigned": assigned, "lost": max(1, assigned // 2), "outside": max(1, assigned // 2)}


def stratum_bounds(weights: ArrayLike, strata: int, include: Iterable[float] = (), bins: int = 200) -> list[float]:
    """Bounds of about `strata` strata by the cumulative √f rule, with every weight of `include` among them.

    Source: Dalenius and Hodges 1959 (Cochran 1977, section 5A.7), on a histogram of the link weights (n,) in `bins`
    bins where each bin's √f is multiplied by the planning deviation of its pairs, so that bounds gather where answers
    vary and not where weights do. Population: the frame to be sampled. Starts with -inf and ends with +inf; fewer
    strata where weights are few.
    """
    flat = np.asarray(weights, dtype=float)
    inner = {float(bound) for bound in include if np.isfinite(bound)}
    if flat.size and strata > 1 and flat.min() < flat.max():
        counts, edges = np.histogram(flat, bins=bins)
        matched = probability(DISTRUST * (edges[:-1] + edges[1:]) / 2)
        cumulative = np.cumsum(np.sqrt(counts * matched * (1 - matched)))
        wanted = cumulative[-1] * np.arange(1, strata) / strata
        # a rule's bound that falls within half a stratum of a given one is left out: slivers waste labels
        given = np.interp(sorted(inner), edges[1:], cumulative)
        apart = [aim for aim in wanted if not given.size or np.abs(given - aim).min() > wanted[0] / 2]
        inner |= {round(float(edges[1:][i]), 2) for i in np.searchsorted(cumulative, apart) if i < bins - 1}
    return [-np.inf, *sorted(inner), np.inf]


def planning_rate(weights: ArrayLike, kind: Kind) -> float:
    """Expected share of matches among pairs of a kind with these weights (n,), 0–1, to plan with before any label.

    Mean of the posterior probabilities 1 / (1 + 2^-w) (Fellegi and Sunter 1969, section 2.5), their log-odds multiplied by
    `DISTRUST`, which is this project's judgement, as is `LOST_RATE`. Population: the pairs given, one stratum of the frame.
    0 without pairs.
    """
    flat = np.asarray(weights, dtype=float)
    expected = float(probability(DISTRUST * flat).mean()) if flat.size else 0.0
    return max(expected, LOST_RATE) if kind == "lost" and flat.size else expected


def allocate(sizes: Sequence[int], deviations: Sequence[float], budget: int, minimum: int = 10) -> list[int]:
    """Share `budget` pairs among strata: Neyman's n_h ∝ N_h S_h, at least `minimum` and at most N_h each.

    Source: Neyman 1934 (Cochran 1977, section 5.5). Population: the frame, N_h pairs in stratum h. A stratum whose share
    reaches its size is taken whole (a certainty stratum) and its surplus shared again. Where the minima alone exceed the budget
    they shrink evenly. The result sums to min(budget, ΣN_h).

    >>> allocate([1000, 100, 20], [0.1, 0.5, 0.5], 100)
    [60, 30, 10]

    Raises:
        LinkageError: a budget under one pair.
    """
    if budget < 1:
        raise LinkageError(f"A sample of {budget} pairs cannot be drawn.", "Give `review.pairs` or `review_capacity` at least 1.")
    capped = np.asarray(sizes, dtype=int)
    floor = np.minimum(minimum, capped)
    if floor.sum() > budget:
        floor = _whole(floor * budget / floor.sum(), budget, floor)
    share = floor.astype(float)
    pull = capped * np.maximum(np.asarray(deviations, dtype=float), 1e-6)
    fixed = np.zeros(len(capped), dtype=bool)
    while True:
        free = ~fixed & (capped > 0)
        left = min(budget, int(capped.sum())) - share[fixed].sum()
        if not free.any() or left <= 0:
            # the minima took it all: what is not fixed yet has its own minimum and no more
            share[free] = floor[free]
            break
        share[free] = left * pull[free] / pull[free].sum()
        low, high = free & (share < floor), free & (share > capped)
        # strata beyond a limit are fixed on the side that is off by more, then the rest is shared again
        beyond = low if (floor - share)[low].sum() >= (share - capped)[high].sum() else high
        if not beyond.any():
            break
        share[beyond] = np.where(low, floor, capped)[beyond]
        fixed |= beyond
    return [int(n) for n in _whole(np.clip(share, floor, capped), min(budget, int(capped.sum())), capped)]


def allocate_with_links(
    sizes: Sequence[int], deviations: Sequence[float], of_links: Sequence[bool], budget: int, minimum: int, least: int
) -> list[int]:
    """`allocate`, with at least `least` pairs for the strata `of_links`, if they hold so many and the others keep their minima.

    Neyman's allocation serves precision and recall together and can leave too few links for precision: with `least` the number a
    simple random sample of candidate pairs would hold, precision is told at least as well as by that (Cochran 1977, section 5.6:
    within the links the strata can only help). Population and sum as for `allocate`.

    >>> allocate_with_links([1000, 100], [0.02, 0.5], [True, False], 60, 5, 0)
    [17, 43]
    >>> allocate_with_links([1000, 100], [0.02, 0.5], [True, False], 60, 5, 40)
    [40, 20]
    """
    drawn = allocate(sizes, deviations, budget, minimum)
    groups = [[i for i, one in enumerate(of_links) if one is is_link] for is_link in (True, False)]
    kept = sum(min(minimum, sizes[i]) for i in groups[1])
    least = min(least, sum(sizes[i] for i in groups[0]), min(budget, sum(sizes)) - kept)
    if sum(drawn[i] for i in groups[0]) >= least:
        return drawn
    for group, share in zip(groups, (least, budget - least), strict=True):
        given = allocate([sizes[i] for i in group], [deviations[i] for i in group], share, minimum) if group and share else []
        for i, n in zip(group, given, strict=False):
            drawn[i] = n
    return drawn


def allocate_top_up(
    sizes: Sequence[int],
    sampled: Sequence[int],
    labelled: Sequence[int],
    matches: Sequence[int],
    planned: Sequence[float],
    extra: int,
    of_links: Sequence[bool] | None = None,
    least: int = 0,
) -> list[int]:
    """Share `extra` further pairs among strata: half by Neyman with the pilot's variances, half by the first plan.

    Arrays over strata; `planned` their expected shares of matches before labelling, 0–1; `least` pairs altogether for the strata
    `of_links` (`allocate_with_links`); returns the additions. Aims are the mean of two single samples of the whole size, by the
    rates seen and by the planned ones (Neyman 1934; Cochran 1977, section 5.5; population: the frame); where the pilot
    already exceeds its aim nothing is added. The rates seen are (matches + 1 + 2 planned) / (labelled + 4): four pairs added
    (Agresti and Coull 1998), two at ½ and two at the planned rate. A stratum whose pilot showed no variety must not be starved,
    or what it hides is never seen and the interval is too narrow: hence the plan's half and the four pairs
    (`reports/benchmarks/decision.md` has what was tried without).
    """
    hoped = np.asarray(planned, dtype=float)
    seen = (np.asarray(matches, dtype=float) + 1 + 2 * hoped) / (np.asarray(labelled, dtype=float) + 4)
    which = [False] * len(sizes) if of_links is None else of_links
    total = int(sum(sampled)) + extra
    spreads = [planning_deviation(rates).tolist() for rates in (seen, hoped)]
    aims = np.mean([allocate_with_links(sizes, spread, which, total, 1, least) for spread in spreads], axis=0)
    room = np.asarray(sizes) - np.asarray(sampled)
    pull = np.maximum(aims - np.asarray(sampled), 0) / np.maximum(room, 1)
    return allocate(room.tolist(), pull.tolist(), extra, 0)


def planning_deviation(rates: ArrayLike) -> NDArray[np.float64]:
    """Standard deviation of the match indicator of one pair at expected shares of matches, 0–1, to plan with (`RATE_FLOOR`)."""
    held: NDArray[np.float64] = np.clip(np.asarray(rates, dtype=float), RATE_FLOOR, 1 - RATE_FLOOR)
    return np.sqrt(held * (1 - held))


def _whole(share: NDArray[np.float64], total: int, caps: NDArray[np.int_]) -> NDArray[np.int_]:
    """Whole numbers that sum to `total` by largest remainders, none above its cap."""
    whole: NDArray[np.int_] = np.minimum(np.floor(share + 1e-9).astype(int), caps)
    for index in np.argsort(-(share - whole), kind="stable"):
        if whole.sum() >= total:
            break
        whole[index] += whole[index] < caps[index]
    return whole


def stratum_name(kind: str, low: float, high: float) -> str:
    """What a stratum is called in a table: the kind and the half-open range of weights.

    >>> stratum_name("lost", float("-inf"), -2.5)
    'lost [-inf, -2.5)'
    """
    return f"{kind} [{_bound(low)}, {_bound(high)})"


def _bound(value: float) -> str:
    return f"{value:.2f}".rstrip("0").rstrip(".") if np.isfinite(value) else ("-inf" if value < 0 else "inf")


def tally(kind: Kind, weights: NDArray[np.float64], bounds: Sequence[float], group: str = "") -> list[Stratum]:
    """Non-empty strata of one kind (and group) between the bounds, with sizes and planning rates, nothing sampled yet."""
    found = []
    for low, high in pairwise(bounds):
        inside = weights[(weights >= low) & (weights < high)]
        if inside.size:
            found.append(Stratum(kind, low, high, int(inside.size), 0, planning_rate(inside, kind), group))
    return found

"""Correlation clustering of one doubtful component: groups that its pairs speak for, taken together.

Groups are merged as long as the summed log odds of all pairs between them are above zero, at each step the two with most bits
a pair; some pair between them must be strong enough to link by itself. Two groups of several records, of which a false merge
makes many false pairs, must also reach the cut in the mean of their pairs, as a single pair must: copies of a record ask one
question several times, and do not add up. Ties go to the lowest records, so that the result is the same on every machine.
"""

from __future__ import annotations

import heapq
from collections.abc import Sequence
from dataclasses import dataclass


@dataclass
class _Between:
    """All pairs between two groups."""

    bits: float = 0.0
    pairs: int = 0
    strong: bool = False
    barred: bool = False
    """No two of them are ever one entity."""

    def add(self, other: _Between) -> None:
        self.bits += other.bits
        self.pairs += other.pairs
        self.strong |= other.strong
        self.barred |= other.barred


@dataclass(frozen=True)
class Edge:
    """A pair of records, by their places."""

    one: int
    other: int
    bits: float
    strong: bool
    forced: bool = False
    """They are one entity, whatever else is said."""
    barred: bool = False


def agglomerate(records: int, edges: Sequence[Edge], apart: Sequence[int | None], cut: float) -> list[int]:
    """The group of each of `records`, called by its first record; of records with the same `apart` no group has two.

    >>> agglomerate(3, [Edge(0, 1, 9.0, True), Edge(1, 2, 8.0, True), Edge(0, 2, -20.0, False)], [None] * 3, 1.0)
    [0, 0, 2]
    >>> agglomerate(3, [Edge(0, 1, 9.0, True), Edge(1, 2, 8.0, True), Edge(0, 2, -5.0, False)], [None] * 3, 1.0)
    [0, 0, 0]
    """
    group = list(range(records))
    members = [[place] for place in range(records)]
    held = [{one} - {None} for one in apart]
    beside: list[dict[int, _Between]] = [{} for _ in range(records)]
    waiting: list[tuple[float, int, int]] = []

    def offer(one: int, other: int) -> None:
        between = beside[one][other]
        both_several = len(members[one]) > 1 and len(members[other]) > 1
        believed = between.bits > 0 and (not both_several or between.bits >= cut * between.pairs)
        if between.strong and not between.barred and believed and held[one].isdisjoint(held[other]):
            heapq.heappush(waiting, (-between.bits / between.pairs, min(one, other), max(one, other)))

    def merge(one: int, other: int) -> None:
        for place in members[other]:
            group[place] = one
        members[one] += members[other]
        held[one] |= held[other]
        members[other] = []
        beside[one].pop(other, None)
        for third, between in beside[other].items():
            if third == one:
                continue
            del beside[third][other]
            if third in beside[one]:
                beside[one][third].add(between)
            else:
                beside[one][third] = beside[third][one] = between
        beside[other] = {}

    for edge in edges:
        own = _Between(edge.bits, 1, edge.strong, edge.barred)
        beside[edge.one][edge.other] = beside[edge.other][edge.one] = own
    for edge in edges:
        one, other = sorted((group[edge.one], group[edge.other]))
        if edge.forced and one != other:
            merge(one, other)
    for one, others in enumerate(beside):
        for other in others:
            if one < other:
                offer(one, other)
    while waiting:
        rank, one, other = heapq.heappop(waiting)
        between = beside[one].get(other) if members[one] and members[other] else None
        # an offer that was made before one of the two grew is no longer theirs
        if between is None or -between.bits / between.pairs != rank or not held[one].isdisjoint(held[other]):
            continue
        merge(one, other)
        for third in beside[one]:
            offer(one, third)
    return group

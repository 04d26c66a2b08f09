"""u of levels that need too many pairs to be counted: pairs of values drawn by the records behind them.

Pairs are drawn among those that agree on a level's keys, so that a rare level is as easy to see as a common one; where a
level has no key, among all. More are drawn until enough of the level are seen or the project file's `max_pairs` are drawn.
The draws come from the seed, the level and the values, which stand in an order of their own: neither the order of the rows
nor the number of threads changes them.
Population: all possible pairs in which the comparison is not missing.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass

import duckdb
import numpy as np
from numpy.typing import NDArray

from linkage.runs.sql import quote_list
from linkage.training.counted_levels import Way
from linkage.training.distinct_values import DistinctValues

SEEN_ENOUGH = 3_000
"""Pairs of a level that are seen before no more are drawn: its u is then known to about .026 bit."""
FIRST_DRAWS = 50_000
MOST_DRAWS_AT_ONCE = 1_000_000
GROWTH = 8
"""So many times the draws so far are added at most."""


@dataclass(frozen=True)
class Drawn:
    """What draws say of some levels."""

    draws: int
    shares: Mapping[int, float]
    """Level → its share of all possible pairs."""
    variance: float
    """Of the sum of the shares."""


@dataclass(frozen=True)
class _Side:
    """One side's values that can be drawn, those that agree on the keys beside each other."""

    places: NDArray[np.int32]
    starts: NDArray[np.int64]
    """Of each value, the records before it."""
    of_record: NDArray[np.int32]
    """Record → the value it has."""
    group_starts: NDArray[np.int64]
    group_sizes: NDArray[np.int64]

    def draw(self, groups: NDArray[np.int64], chance: NDArray[np.float64]) -> tuple[NDArray[np.int32], NDArray[np.int64]]:
        """A record of each of these groups, as the place of its value and which of the records with that value it is."""
        record = self.group_starts[groups] + (chance * self.group_sizes[groups]).astype(np.int64)
        value = self.of_record[record]
        return self.places[value], record - self.starts[value]


class _Urn:
    """The pairs of records that agree on the keys of one way, or all."""

    def __init__(self, connection: duckdb.DuckDBPyConnection, values: DistinctValues, way: Way | None, seed: list[int]) -> None:
        self._connection, self._values = connection, values
        self._chance = np.random.default_rng(seed)
        sides, agreeing = [], []
        for side in "lr":
            named, taking_part = way.of_side(side) if way else ("", "true")
            sides.append(
                f"(SELECT place_{side} AS place, records_{side} AS records{named} FROM values_{side} WHERE {taking_part})"
            )
        keys = [f"key_{number}" for number in range(len(way.keys))] if way else []
        if keys:
            connection.execute(
                "CREATE OR REPLACE TEMP TABLE agreeing AS"
                f" SELECT l.*, row_number() OVER (ORDER BY {quote_list(keys)}) - 1 AS in_group"
                f" FROM (SELECT DISTINCT {quote_list(keys)} FROM {sides[0]}) l"
                f" SEMI JOIN {sides[1]} r ON {' AND '.join(f'l.{key} = r.{key}' for key in keys)}"
            )
        for query in sides:
            joined = f"{query} v JOIN agreeing a ON {' AND '.join(f'v.{key} = a.{key}' for key in keys)}" if keys else query
            rows = connection.execute(
                f"SELECT place, records, {'in_group' if keys else '0 AS in_group'} FROM {joined} ORDER BY in_group, place"
            ).fetchnumpy()
            agreeing.append(_side(rows))
        self._left, self._right = agreeing
        self._up_to = np.cumsum(self._left.group_sizes.astype(float) * self._right.group_sizes)
        self.pairs = float(self._up_to[-1]) if len(self._up_to) else 0.0

    def see(self, draws: int, condition: str) -> dict[int, int]:
        """Level → how many of so many pairs have it, among those that the condition holds for."""
        seen: dict[int, int] = {}
        for done in range(0, draws, MOST_DRAWS_AT_ONCE):
            chance = self._chance.random((3, min(MOST_DRAWS_AT_ONCE, draws - done)))
            groups = np.searchsorted(self._up_to, chance[0] * self.pairs, side="right").clip(max=len(self._up_to) - 1)
            left, of_left = self._left.draw(groups, chance[1])
            right, of_right = self._right.draw(groups, chance[2])
            if self._values.of_one_table:
                others = (left != right) | (of_left != of_right)
                left, right = left[others], right[others]
            self._connection.register("drawn", {"place_l": left, "place_r": right})
            # The condition alone first: it reads few of the columns, and few pairs pass it. A CASE, lest DuckDB joins the values
            # by what the condition asks of them.
            self._connection.execute(
                "CREATE OR REPLACE TEMP TABLE passing AS SELECT place_l, place_r FROM drawn JOIN values_l USING (place_l)"
                f" JOIN values_r USING (place_r) WHERE CASE WHEN {condition} THEN true ELSE false END"
            )
            self._connection.unregister("drawn")
            rows = self._connection.execute(
                f"SELECT ({self._values.field.expression}) AS level, count(*) FROM passing"
                " JOIN values_l USING (place_l) JOIN values_r USING (place_r) GROUP BY ALL"
            ).fetchall()
            for level, count in rows:
                seen[level] = seen.get(level, 0) + count
        return seen


def _side(rows: Mapping[str, NDArray[np.int64]]) -> _Side:
    records = np.asarray(rows["records"], dtype=np.int64)
    sizes = np.bincount(rows["in_group"], weights=records).astype(np.int64)
    return _Side(
        np.asarray(rows["place"], dtype=np.int32),
        np.cumsum(records) - records,
        np.repeat(np.arange(len(records), dtype=np.int32), records),
        np.cumsum(sizes) - sizes,
        sizes,
    )


class _Draws:
    """The draws of one way: those that came to its level."""

    def __init__(self, urn: _Urn, way: Way, possible_pairs: float) -> None:
        self._urn, self._way = urn, way
        self._weight = urn.pairs / possible_pairs
        self.drawn, self._seen = 0, 0
        self.go_on(FIRST_DRAWS)

    def go_on(self, draws: int) -> None:
        self._seen += self._urn.see(draws, self._way.condition).get(self._way.level, 0)
        self.drawn += draws

    @property
    def share(self) -> float:
        """Of all possible pairs, those of the level by this way."""
        return self._weight * self._seen / self.drawn

    @property
    def variance(self) -> float:
        share = (self._seen + 0.5) / (self.drawn + 1)
        return self._weight**2 * share * (1 - share) / self.drawn


def draw_by_keys(
    connection: duckdb.DuckDBPyConnection, values: DistinctValues, ways: Sequence[Way], most: int, seed: int
) -> Drawn:
    """The levels of these ways, each from the pairs that agree on its keys; of a level at most `most` draws are made.

    The way that is known least, among those of a level, is drawn from next.
    """
    shares, drawn, variance = {}, 0, 0.0
    for level in sorted({way.level for way in ways}):
        own = []
        for number, way in enumerate(one for one in ways if one.level == level):
            urn = _Urn(connection, values, way, [seed, level, number])
            if urn.pairs:
                own.append(_Draws(urn, way, values.possible_pairs))
        made, share, unsure = _sums(own)
        while own and made < most and unsure * SEEN_ENOUGH > share**2:
            worst = max(own, key=lambda one: one.variance)
            worst.go_on(min(worst.drawn * (GROWTH if share == 0 else 1), most - made))
            made, share, unsure = _sums(own)
        shares[level] = share
        drawn, variance = drawn + made, variance + unsure
    return Drawn(drawn, shares, variance)


def _sums(draws: Sequence[_Draws]) -> tuple[int, float, float]:
    return sum(one.drawn for one in draws), sum(one.share for one in draws), sum(one.variance for one in draws)


def draw_from_all(
    connection: duckdb.DuckDBPyConnection, values: DistinctValues, levels: Collection[int], condition: str, most: int, seed: int
) -> Drawn:
    """Levels without a key, from pairs drawn among all; `condition` holds wherever one of them does."""
    urn = _Urn(connection, values, None, [seed])
    draws, seen = _until_seen(urn, condition, levels, most)
    # Where a level tells that a value is missing, and where a record meets itself, the pair is none of those possible.
    possible = urn.pairs / values.possible_pairs if values.apart else draws / max(draws - seen.get(-1, 0), 1)
    # Half a pair beside those seen: no level is impossible.
    shares = {level: (seen.get(level, 0) + 0.5) / draws * possible for level in levels}
    return Drawn(draws, shares, sum(share * (1 - share) for share in shares.values()) / draws)


def _until_seen(urn: _Urn, condition: str, levels: Collection[int], most: int) -> tuple[int, dict[int, int]]:
    """Draw until each level is seen often enough, or `most` times."""
    draws, seen = 0, dict.fromkeys(levels, 0)
    while draws < most and min(seen[level] for level in levels) < SEEN_ENOUGH:
        rarest = min(seen[level] for level in levels)
        wanted = draws * SEEN_ENOUGH / rarest * 1.1 - draws if rarest else GROWTH * draws
        added = int(min(max(wanted, FIRST_DRAWS / 2) if draws else FIRST_DRAWS, GROWTH * draws or most, most - draws))
        for level, count in urn.see(added, condition).items():
            seen[level] = seen.get(level, 0) + count
        draws += added
    return draws, seen

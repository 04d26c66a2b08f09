"""u of levels, exact: every pair of values that can have the level is counted.

Where both sides have few values, all pairs of them are compared. Else a level that holds only where a key of one side equals
a key of the other (the same fold key; the same year with day and month exchanged) is found by joining the values of the two
sides on that key, however rare it is. Conditions are read with sqlglot; the alternatives of an OR are joined each by its own
key and no pair is counted twice.
Population: all possible pairs in which the comparison is not missing.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import duckdb

from linkage.model.match_model import ComparedField
from linkage.pairs.conditions import Alternative, keys_of, read_alternatives, sides_of
from linkage.training.distinct_values import DistinctValues

MOST_PAIRS, MOST_PAIRS_A_VALUE = 500_000, 4
"""Pairs of values that are compared for one level, or so many for each value there is, which an equality level needs however
many records there are. Of a level that needs more, the pairs that agree on its keys are drawn."""


@dataclass(frozen=True)
class Way:
    """One way for a level to hold: pairs of values that agree on its keys, each side as the way asks of it."""

    level: int
    keys: tuple[tuple[str, str], ...]
    """SQL of what must be equal, of the left value and of the right one; none where any two values can have the level."""
    own: tuple[tuple[str, ...], tuple[str, ...]]
    """SQL conditions of the left value alone, and of the right one."""
    condition: str
    """SQL of what it asks beside its keys, and that no earlier way of its level holds."""

    @property
    def same_keys(self) -> str:
        """SQL of the join of two sides, `l` and `r`, that name their keys as `of_side` does."""
        return " AND ".join(f"l.key_{number} = r.key_{number}" for number in range(len(self.keys))) or "true"

    def of_side(self, side: str) -> tuple[str, str]:
        """SQL of the keys as `key_0`, `key_1` … of one side's values, and of which values can take part."""
        place = "lr".index(side)
        keys = [pair[place] for pair in self.keys]
        named = "".join(f", {key} AS key_{number}" for number, key in enumerate(keys))
        asked = [*(f"({one})" for one in self.own[place]), *(f"({key}) IS NOT NULL" for key in keys)]
        return named, " AND ".join(asked) or "true"


def ways_of(field: ComparedField, types: Mapping[str, str]) -> list[Way]:
    """The ways of every level but the last, the closest level first; `types` are DuckDB's of the columns."""
    found = []
    for level in reversed(field.levels):
        if not level.condition:
            continue
        alternatives = read_alternatives(level.condition, types)
        if not alternatives:
            found.append(Way(level.value, (), ((), ()), f"({level.condition})"))
        for place, way in enumerate(alternatives):
            earlier = "".join(f" AND ({_sql(before)}) IS NOT TRUE" for before in alternatives[:place])
            keys = tuple((one.sql("duckdb"), other.sql("duckdb")) for one, other in keys_of(way))
            left, right = (tuple(one.sql("duckdb") for one in way if sides_of(one) == side) for side in "lr")
            beside = tuple(one for one in way if not keys_of((one,)) and sides_of(one) not in ("l", "r"))
            found.append(Way(level.value, keys, (left, right), f"{_sql(beside) or 'true'}{earlier}"))
    return found


def forecast_ways(connection: duckdb.DuckDBPyConnection, ways: Sequence[Way]) -> list[float]:
    """Pairs of values that agree on the keys of each way."""
    asked = [f"SELECT {place} AS way, coalesce(sum(l.n * r.n), 0) FROM {_joined(way)}" for place, way in enumerate(ways)]
    rows = connection.execute(" UNION ALL ".join(asked)).fetchall() if asked else []
    return [float(pairs) for _, pairs in sorted(rows)]


def _joined(way: Way) -> str:
    sized = []
    for side in "lr":
        named, taking_part = way.of_side(side)
        sized.append(f"(SELECT count(*)::DOUBLE AS n{named} FROM values_{side} WHERE {taking_part} GROUP BY ALL) {side}")
    return f"{sized[0]} JOIN {sized[1]} ON {way.same_keys}"


def count_levels(connection: duckdb.DuckDBPyConnection, values: DistinctValues, ways: Sequence[Way]) -> dict[int, float]:
    """Level → pairs of records that have it, exact for the levels of which all ways are given.

    Pairs of values are gathered first, each once however many ways lead to it, and their levels told in one go: DuckDB takes
    longer to plan a query of the levels for each way than to compare the pairs.
    """
    if not ways:
        return {}
    gathered = []
    for way in ways:
        sides = []
        for side in "lr":
            named, taking_part = way.of_side(side)
            sides.append(f"(SELECT place_{side}{named} FROM values_{side} WHERE {taking_part}) {side}")
        gathered.append(f"SELECT place_l, place_r FROM {sides[0]} JOIN {sides[1]} ON {way.same_keys}")
    return _by_level(
        connection, values, f"({' UNION '.join(gathered)}) JOIN values_l USING (place_l) JOIN values_r USING (place_r)"
    )


def count_every_pair(connection: duckdb.DuckDBPyConnection, values: DistinctValues) -> dict[int, float]:
    """Level → pairs of records that have it, by comparing every value with every other."""
    return _by_level(connection, values, "values_l, values_r")


def _by_level(connection: duckdb.DuckDBPyConnection, values: DistinctValues, pairs: str) -> dict[int, float]:
    rows = connection.execute(
        f"SELECT ({values.field.expression}) AS level, sum(records_l::DOUBLE * {values.others}) FROM {pairs} GROUP BY ALL"
    ).fetchall()
    found = {int(level): float(pairs) for level, pairs in rows}
    return {level.value: found.get(level.value, 0.0) for level in values.field.levels}


def _sql(way: Alternative) -> str:
    return " AND ".join(f"({one.sql('duckdb')})" for one in way)

"""u of rare levels, exact: every pair that can have the level is counted.

A level that holds only where a key of one side equals a key of the other (the same fold key; the same year with day and
month exchanged) is found by joining the distinct values of the two sides on that key, however rare it is. Conditions are
read with sqlglot; the alternatives of an OR are joined each by its own key and no pair is counted twice. Some conditions
imply a key: texts that differ in one place have one half in common, and of dates at most a day apart one is the other, the
day before it or the day after.
Population: all possible pairs in which the comparison is not missing.
"""

from __future__ import annotations

from collections.abc import Sequence

import duckdb
from sqlglot import exp

from linkage.model.match_model import ComparedField
from linkage.pairs.conditions import Alternative, disjuncts, keys_of, read_alternatives, sides_of
from linkage.pairs.sides import Sides
from linkage.runs.sql import fetch_row, quote, quote_list

WHOLE = ("DATE", "TINYINT", "SMALLINT", "INTEGER", "BIGINT")
"""Types whose values, when at most one apart, differ by -1, 0 or 1."""
MOST_PAIRS = 20_000_000
"""Pairs of distinct values that are joined for a level; one that needs more is common enough to be sampled."""


def count_levels(connection: duckdb.DuckDBPyConnection, sides: Sides, field: ComparedField) -> dict[int, float]:
    """Level → its exact u, for the levels that can be counted."""
    columns = field.columns
    for side, table in (("l", sides.left), ("r", sides.right)):
        named = ", ".join(f"{quote(column)} AS {quote(f'{column}_{side}')}" for column in columns)
        connection.execute(
            f"CREATE OR REPLACE TEMP TABLE values_{side} AS SELECT {named}, count(*)::DOUBLE AS records_{side}"
            f" FROM {quote(table)} GROUP BY {quote_list(columns)}"
        )
    possible = _possible_pairs(connection, sides, field)
    whole = {column for column in columns if sides.types.get(column, "").upper() in WHOLE}
    counted: dict[int, float] = {}
    for level in reversed(field.levels):
        ways = read_alternatives(level.condition, whole) if level.condition else []
        if not ways or not all(map(keys_of, ways)) or possible == 0:
            continue
        if sum(_forecast(connection, way) for way in ways) > MOST_PAIRS:
            continue
        # A record is not paired with itself when duplicates are sought within one table.
        itself = " AND ".join(f"{quote(f'{column}_l')} IS NOT DISTINCT FROM {quote(f'{column}_r')}" for column in columns)
        others = f"records_r - CASE WHEN {itself} THEN 1 ELSE 0 END" if sides.is_dedupe else "records_r"
        pairs = 0.0
        for place, way in enumerate(ways):
            earlier = "".join(f" AND ({_sql(before)}) IS NOT TRUE" for before in ways[:place])
            pairs += fetch_row(
                connection,
                f"SELECT coalesce(sum(records_l * ({others})), 0) FROM values_l JOIN values_r ON {_sql(way)}"
                f" WHERE ({field.expression}) = {level.value}{earlier}",
            )[0]
        counted[level.value] = pairs / possible
    return counted


def _sql(way: Alternative) -> str:
    return " AND ".join(f"({one.sql('duckdb')})" for one in way)


def _forecast(connection: duckdb.DuckDBPyConnection, way: Alternative) -> float:
    """Pairs of distinct values that the join on the keys gives."""
    sized = []
    for place, side in enumerate("lr"):
        keys = [pair[place].sql("duckdb") for pair in keys_of(way)]
        own = "".join(f" AND ({one.sql('duckdb')})" for one in way if sides_of(one) == side)
        named = ", ".join(f"{key} AS key_{number}" for number, key in enumerate(keys))
        present = " AND ".join(f"{key} IS NOT NULL" for key in keys)
        sized.append(f"(SELECT {named}, count(*)::DOUBLE AS n FROM values_{side} WHERE {present}{own} GROUP BY ALL)")
    same = " AND ".join(f"l.key_{number} = r.key_{number}" for number in range(len(keys_of(way))))
    return float(fetch_row(connection, f"SELECT coalesce(sum(l.n * r.n), 0) FROM {sized[0]} l JOIN {sized[1]} r ON {same}")[0])


def _possible_pairs(connection: duckdb.DuckDBPyConnection, sides: Sides, field: ComparedField) -> float:
    """Pairs in which the comparison is not missing; 0 where that is not a matter of each side by itself."""
    conditions = disjuncts(field.missing)
    if any(sides_of(one) == "lr" for one in conditions):
        return 0.0
    left, right = (_present(connection, side, [one for one in conditions if sides_of(one) == side]) for side in "lr")
    return left * (right - 1 if sides.is_dedupe else right)


def _present(connection: duckdb.DuckDBPyConnection, side: str, missing: Sequence[exp.Expr]) -> float:
    present = "".join(f" AND ({one.sql('duckdb')}) IS NOT TRUE" for one in missing)
    return float(fetch_row(connection, f"SELECT coalesce(sum(records_{side}), 0) FROM values_{side} WHERE true{present}")[0])

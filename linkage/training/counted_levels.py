"""u of rare levels, exact: every pair that can have the level is counted.

A level that holds only where a key of one side equals a key of the other (the same fold key; the same year with day and
month exchanged) is found by joining the distinct values of the two sides on that key, however rare it is. Conditions are
read with sqlglot; the alternatives of an OR are joined each by its own key and no pair is counted twice. Some conditions
imply a key: texts that differ in one place have one half in common, and of dates at most a day apart one is the other, the
day before it or the day after.
Population: all possible pairs in which the comparison is not missing.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence

import duckdb
import sqlglot
from sqlglot import exp

from linkage.model.match_model import ComparedField
from linkage.pairs.sides import Sides
from linkage.runs.sql import fetch_row, quote, quote_list

HALF = 4
"""Characters of the first half of a text: the year of a date's digits."""
WHOLE = ("DATE", "TINYINT", "SMALLINT", "INTEGER", "BIGINT")
"""Types whose values, when at most one apart, differ by -1, 0 or 1."""
MOST_PAIRS = 20_000_000
"""Pairs of distinct values that are joined for a level; one that needs more is common enough to be sampled."""

Alternative = tuple[exp.Expr, ...]
"""Conditions that together are one way for a level to hold."""


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
        if not ways or not all(map(_keys, ways)) or possible == 0:
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


def read_alternatives(condition: str, whole: Collection[str] = ()) -> list[Alternative]:
    """The ways in which a condition can hold: OR is taken apart where each of its sides has a key to join on.

    `whole` names the columns of whole numbers or dates. None where sqlglot cannot read it, which is then no matter of
    counting.
    """
    try:
        return _alternatives(sqlglot.parse_one(condition, read="duckdb"), whole)
    except sqlglot.errors.ParseError:
        return []


def _alternatives(node: exp.Expr, whole: Collection[str]) -> list[Alternative]:
    if isinstance(node, exp.Paren):
        return _alternatives(node.this, whole)
    if isinstance(node, exp.And):
        return [(*one, *other) for one in _alternatives(node.left, whole) for other in _alternatives(node.right, whole)]
    if isinstance(node, exp.Or):
        apart = [*_alternatives(node.left, whole), *_alternatives(node.right, whole)]
        return apart if all(map(_keys, apart)) else [(node,)]
    return [(key, node) for key in _implied_keys(node, whole)] or [(node,)]


def _implied_keys(node: exp.Expr, whole: Collection[str]) -> list[exp.Expr]:
    """Equalities of which one holds wherever the condition does; none where no such are known."""
    if isinstance(node, exp.EQ) and isinstance(node.left, exp.Anonymous) and node.left.name.lower() == "hamming":
        left, right = (one.sql("duckdb") for one in node.left.expressions)
        halves = (f"left({{0}}, {HALF})", f"substr({{0}}, {HALF + 1})") if node.right == exp.Literal.number(1) else ()
        return [sqlglot.parse_one(f"{half.format(left)} = {half.format(right)}", read="duckdb") for half in halves]
    if isinstance(node, exp.LTE) and isinstance(node.left, exp.Abs) and isinstance(node.left.this, exp.Sub):
        apart = node.left.this
        known = all(column.name[:-2] in whole for column in apart.find_all(exp.Column))
        steps = (" - 1", "", " + 1") if known and node.right == exp.Literal.number(1) else ()
        left, right = apart.left.sql("duckdb"), apart.right.sql("duckdb")
        return [sqlglot.parse_one(f"{left} = {right}{step}", read="duckdb") for step in steps]
    return []


def _keys(way: Alternative) -> list[tuple[exp.Expr, exp.Expr]]:
    """What must be equal: (expression of the left record, expression of the right record)."""
    found = []
    for one in way:
        if isinstance(one, exp.EQ):
            by_side = {_sides(one.left): one.left, _sides(one.right): one.right}
            if set(by_side) == {"l", "r"}:
                found.append((by_side["l"], by_side["r"]))
    return found


def _sides(node: exp.Expr) -> str:
    """The sides whose columns an expression reads: `l`, `r`, `lr` or none."""
    return "".join(sorted({column.name[-1] for column in node.find_all(exp.Column)}))


def _sql(way: Alternative) -> str:
    return " AND ".join(f"({one.sql('duckdb')})" for one in way)


def _forecast(connection: duckdb.DuckDBPyConnection, way: Alternative) -> float:
    """Pairs of distinct values that the join on the keys gives."""
    sized = []
    for place, side in enumerate("lr"):
        keys = [pair[place].sql("duckdb") for pair in _keys(way)]
        own = "".join(f" AND ({one.sql('duckdb')})" for one in way if _sides(one) == side)
        named = ", ".join(f"{key} AS key_{number}" for number, key in enumerate(keys))
        present = " AND ".join(f"{key} IS NOT NULL" for key in keys)
        sized.append(f"(SELECT {named}, count(*)::DOUBLE AS n FROM values_{side} WHERE {present}{own} GROUP BY ALL)")
    same = " AND ".join(f"l.key_{number} = r.key_{number}" for number in range(len(_keys(way))))
    return float(fetch_row(connection, f"SELECT coalesce(sum(l.n * r.n), 0) FROM {sized[0]} l JOIN {sized[1]} r ON {same}")[0])


def _possible_pairs(connection: duckdb.DuckDBPyConnection, sides: Sides, field: ComparedField) -> float:
    """Pairs in which the comparison is not missing; 0 where that is not a matter of each side by itself."""
    conditions = _disjuncts(sqlglot.parse_one(field.missing, read="duckdb"))
    if any(_sides(one) == "lr" for one in conditions):
        return 0.0
    left, right = (_present(connection, side, [one for one in conditions if _sides(one) == side]) for side in "lr")
    return left * (right - 1 if sides.is_dedupe else right)


def _disjuncts(node: exp.Expr) -> list[exp.Expr]:
    if isinstance(node, exp.Paren):
        return _disjuncts(node.this)
    return [*_disjuncts(node.left), *_disjuncts(node.right)] if isinstance(node, exp.Or) else [node]


def _present(connection: duckdb.DuckDBPyConnection, side: str, missing: Sequence[exp.Expr]) -> float:
    present = "".join(f" AND ({one.sql('duckdb')}) IS NOT TRUE" for one in missing)
    return float(fetch_row(connection, f"SELECT coalesce(sum(records_{side}), 0) FROM values_{side} WHERE true{present}")[0])

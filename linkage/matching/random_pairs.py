"""u probabilities: how often each level occurs among two random records, one of each side.

Population: all possible pairs. Levels that are equalities of one column are exact, from value frequencies; the others
come from a seeded sample of random pairs, fitted to the exact levels around them. The sample is drawn by hashing
(seed, draw number), never stopped early, and does not depend on row order or threads.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

import duckdb
import numpy as np
from splink.internals.comparison import Comparison
from splink.internals.settings import Settings

from linkage.matching.fellegi_sunter import Floats, Patterns
from linkage.matching.levels import count_patterns, levels_of_pairs
from linkage.matching.tables import Sides
from linkage.runs.sql import fetch_row, quote

EQUALITY = re.compile(r'^"?(?P<column>\w+)_l"? = "?(?P=column)_r"?$')


@dataclass(frozen=True)
class RandomPairs:
    """u of every comparison and where each comes from."""

    u: tuple[Floats, ...]
    """One array a comparison, indexed by level."""
    exact: tuple[tuple[bool, ...], ...]
    """Whether a level's u is exact."""
    sampled_pairs: int


def estimate_u(connection: duckdb.DuckDBPyConnection, sides: Sides, settings: Settings, sample: int, seed: int) -> RandomPairs:
    """Estimate u for every comparison from `sample` random pairs and exact frequencies."""
    patterns = sample_patterns(connection, sides, settings, sample, seed)
    u, exact = [], []
    for position, comparison in enumerate(settings.comparisons):
        levels = patterns.levels[:, position]
        present = levels >= 0
        size = len(comparison._comparison_levels_excluding_null)
        seen = np.bincount(levels[present], weights=patterns.counts[present], minlength=size).astype(float)
        cumulative = _exact_cumulative(connection, sides, comparison)
        u.append(_fit_to_exact(seen, cumulative))
        exact.append(
            tuple(size - 1 - level in cumulative and _stands_alone(size - 1 - level, cumulative) for level in range(size))
        )
    return RandomPairs(tuple(u), tuple(exact), int(patterns.pairs))


def sample_patterns(connection: duckdb.DuckDBPyConnection, sides: Sides, settings: Settings, sample: int, seed: int) -> Patterns:
    """The agreement patterns of `sample` random pairs (fewer in duplicates search, where a record is not paired with itself)."""
    draws = (
        f"SELECT (1 + hash(draw, {seed}, 1) % {sides.left_rows})::INTEGER AS id_l,"
        f" (1 + hash(draw, {seed}, 2) % {sides.right_rows})::INTEGER AS id_r, 0::UINTEGER AS blocking_rules"
        f" FROM range({sample}) draws(draw)"
    )
    pairs = f"SELECT * FROM ({draws}) WHERE id_l <> id_r" if sides.is_dedupe else draws
    return to_patterns(count_patterns(connection, settings, levels_of_pairs(settings, sides, pairs)))


def to_patterns(rows: list[tuple[int, ...]]) -> Patterns:
    """Counted patterns as arrays."""
    table = np.array(rows, dtype=np.int64)
    return Patterns(table[:, :-1].astype(np.int8), table[:, -1].astype(float))


def _exact_cumulative(connection: duckdb.DuckDBPyConnection, sides: Sides, comparison: Comparison) -> dict[int, float]:
    """Position of a level (0 the closest) → exact probability that this or a closer level holds.

    Known where the level is an equality of one column and every closer level implies that equality; closer levels imply
    it when they are equalities of a column whose values each go with one value of this one, or name it themselves.
    """
    null = next((level for level in comparison.comparison_levels if level.is_null_level), None)
    not_missing = re.match(r'^"?(\w+)_l"? IS NULL', null.sql_condition) if null else None
    if null is None or not_missing is None:
        return {}
    base = not_missing.group(1)
    known: dict[int, float] = {}
    columns: list[str] = []
    for position, level in enumerate(comparison._comparison_levels_excluding_null):
        equality = EQUALITY.match(level.sql_condition)
        if equality:
            column = equality.group("column")
            if not all(_implies(connection, sides, closer, column) for closer in columns):
                break
            known[position] = _agreement(connection, sides, column, base)
            columns.append(column)
        elif not any(
            f"{column}_l = {column}_r AND " in level.sql_condition for column in _later_equalities(comparison, position)
        ):
            break
    return known


def _later_equalities(comparison: Comparison, position: int) -> list[str]:
    matches = (EQUALITY.match(level.sql_condition) for level in comparison._comparison_levels_excluding_null[position + 1 :])
    return [match.group("column") for match in matches if match]


def _agreement(connection: duckdb.DuckDBPyConnection, sides: Sides, column: str, base: str) -> float:
    """P(column equal | base present on both sides), exact."""
    value, present = quote(column), quote(base)
    count = (
        f"SELECT {value} AS value, count(*)::DOUBLE AS n FROM {{table}}"
        f" WHERE {value} IS NOT NULL AND {present} IS NOT NULL GROUP BY value"
    )
    left, right = (f"({count.format(table=quote(table))})" for table in (sides.left, sides.right))
    pairs = "sum(l.n * (r.n - 1))" if sides.is_dedupe else "sum(l.n * r.n)"
    agreeing = fetch_row(connection, f"SELECT coalesce({pairs}, 0) FROM {left} l JOIN {right} r USING (value)")[0]
    totals = [
        row[0]
        for table in (sides.left, sides.right)
        for row in connection.execute(f"SELECT count({present})::DOUBLE FROM {quote(table)}").fetchall()
    ]
    possible = totals[0] * (totals[1] - 1 if sides.is_dedupe else totals[1])
    return float(agreeing) / possible if possible > 0 else 0.0


def _implies(connection: duckdb.DuckDBPyConnection, sides: Sides, closer: str, column: str) -> bool:
    """Whether records equal in `closer` are equal in `column`, on the data at hand."""
    tables = dict.fromkeys((sides.left, sides.right))
    union = " UNION ALL ".join(f"SELECT {quote(closer)} AS a, {quote(column)} AS b FROM {quote(table)}" for table in tables)
    row = fetch_row(
        connection,
        f"SELECT coalesce(bool_and(one), true) FROM (SELECT min(b) = max(b) AND count(b) = count(*) AS one FROM ({union})"
        " WHERE a IS NOT NULL GROUP BY a)",
    )
    return bool(row[0])


def _fit_to_exact(seen: Floats, cumulative: dict[int, float]) -> Floats:
    """Sampled counts by level (index = level value), scaled between the exact cumulative probabilities."""
    by_closeness = seen[::-1]
    result = np.zeros(len(seen))
    last, reached = 0, 0.0
    for position in [*sorted(cumulative), len(seen) - 1]:
        end = cumulative.get(position, 1.0)
        span = slice(last, position + 1)
        weights = by_closeness[span] + 0.5
        result[span] = weights / weights.sum() * max(end - reached, 0.0)
        last, reached = position + 1, end
        if position == len(seen) - 1:
            break
    floor = 0.5 / max(float(seen.sum()), 1.0)
    result = np.maximum(result, floor * 1e-3)
    return np.asarray((result / result.sum())[::-1])


def _stands_alone(position: int, cumulative: dict[int, float]) -> bool:
    """Whether the level directly before is exact too, so that this one's own share is."""
    return position == 0 or position - 1 in cumulative

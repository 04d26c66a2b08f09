"""Agreement that comes together by chance: a child bears its father's surname, and a name tells the sex.

Weights add up as if unrelated people agreed on each field by itself. Two namesakes agree on their sex nearly always and on
their fathers' surname, so a namesake would count for more than it is. For the pairs of fields that the project names, the
weight against an unrelated person is less by

    log2(share of the two levels among unrelated people / product of the shares of each)

learned without labels from pairs of distinct persons of one side that have a key of one of the two fields in common,
relatives left out. It is log2 of (n + 1) / (e + 1) for n pairs found where e are expected, so that levels never seen
together say nothing (Gamma-Poisson shrinkage, DuMouchel 1999; population: pairs of unrelated persons of that side).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace

import duckdb
import numpy as np
from splink.internals.comparison import Comparison
from splink.internals.settings import Settings

from linkage.config import RelativesSpec
from linkage.pairs.level_store import levels_of_pairs
from linkage.pairs.sides import Sides
from linkage.runs.sql import fetch_row, quote
from linkage.statistics.fellegi_sunter import DIGITS, Floats

MOST_PAIRS = 400_000


@dataclass(frozen=True)
class Together:
    """How much oftener unrelated people have levels of two comparisons together than each by itself."""

    gammas: tuple[str, str]
    bits: list[list[float]]
    """log2 of the ratio, by the level of the first comparison and that of the second; a missing level has none."""


def learn_together(
    connection: duckdb.DuckDBPyConnection,
    sides: Sides,
    settings: Settings,
    spec: RelativesSpec,
    field_of: Mapping[str, str],
    seed: int,
) -> list[Together]:
    """Learn each of `spec.together_by_chance` from unrelated persons, u as it is in the model."""
    table, rows = (sides.right, sides.right_rows) if spec.learn_from == "right" else (sides.left, sides.left_rows)
    persons = replace(sides, left=table, right=table, left_rows=rows, right_rows=rows)
    comparisons = {one.output_column_name: one for one in settings.comparisons}
    found = []
    for couple in spec.together_by_chance:
        first, second = (comparisons[field] for field in couple)
        seen = np.zeros((2, first._num_levels, second._num_levels))
        expected = np.zeros_like(seen)
        for number, (given, other) in enumerate(((first, second), (second, first))):
            field = given.output_column_name
            key = f"{field}_fold" if f"{field}_fold" in field_of else field
            pairs = _unrelated_pairs(connection, table, key, spec, seed)
            counted = _count_together(connection, settings, persons, pairs, given, other)
            by_chance = counted.sum(axis=1, keepdims=True) * _u(other)
            seen[number], expected[number] = (one if number == 0 else one.T for one in (counted, by_chance))
        # Of the two samples the one that has more to say of these levels.
        better = (expected[1] > expected[0]).astype(int)[None]
        n, e = (np.take_along_axis(one, better, axis=0)[0] for one in (seen, expected))
        bits = np.log2((n + 1) / (e + 1)).round(DIGITS)
        found.append(Together((first._gamma_column_name, second._gamma_column_name), bits.tolist()))
    return found


def _unrelated_pairs(connection: duckdb.DuckDBPyConnection, table: str, key: str, spec: RelativesSpec, seed: int) -> str:
    """SQL of pairs of persons with the key in common, relatives left out; of some of the persons where there are many."""
    sizes = f"SELECT count(*) AS n FROM {quote(table)} WHERE {quote(key)} IS NOT NULL GROUP BY {quote(key)}"
    pairs = int(fetch_row(connection, f"SELECT coalesce(sum(n * (n - 1)), 0) FROM ({sizes})")[0])
    some = f" WHERE hash(id, {seed}) < {int(MOST_PAIRS / pairs * 2**64)}::UBIGINT" if pairs > MOST_PAIRS else ""
    related = " AND ".join(f"l.{quote(shared)} = r.{quote(shared)}" for shared in spec.share)
    return (
        f"SELECT l.id AS id_l, r.id AS id_r, 0::UINTEGER AS blocking_rules FROM (SELECT * FROM {quote(table)}{some}) l"
        f" JOIN {quote(table)} r ON l.{quote(key)} = r.{quote(key)} AND l.id <> r.id AND NOT coalesce({related}, false)"
    )


def _count_together(
    connection: duckdb.DuckDBPyConnection, settings: Settings, persons: Sides, pairs: str, given: Comparison, other: Comparison
) -> Floats:
    """How often each level of `given` occurs with each of `other`."""
    gammas = [quote(one._gamma_column_name) for one in (given, other)]
    levels = levels_of_pairs(settings, persons, pairs)
    known = " AND ".join(f"{gamma} >= 0" for gamma in gammas)
    rows = connection.execute(f"SELECT {', '.join(gammas)}, count(*) FROM ({levels}) WHERE {known} GROUP BY ALL").fetchall()
    counted = np.zeros((given._num_levels, other._num_levels))
    for a, b, count in rows:
        counted[a, b] = count
    return counted


def _u(comparison: Comparison) -> Floats:
    return np.array([level.u_probability for level in reversed(comparison._comparison_levels_excluding_null)], dtype=float)


def together_sql(couples: list[Together]) -> str:
    """The bits of a pair as SQL over the gamma columns."""
    parts = []
    for one in couples:
        (first, second), width = (quote(gamma) for gamma in one.gammas), len(one.bits[0])
        listed = ", ".join(f"{bits!r}::DOUBLE" for row in one.bits for bits in row)
        place = f"{first} * {width} + {second} + 1"
        parts.append(f"(CASE WHEN {first} >= 0 AND {second} >= 0 THEN list_extract([{listed}], {place}) ELSE 0.0::DOUBLE END)")
    return " + ".join(parts) or "0.0::DOUBLE"


def together_bits(couples: list[Together], levels: Mapping[str, np.ndarray]) -> Floats:
    """The bits of patterns, as `together_sql` gives them for pairs."""
    bits = np.zeros(len(next(iter(levels.values()))))
    for one in couples:
        first, second = (levels[gamma].astype(int) for gamma in one.gammas)
        bits += np.where((first >= 0) & (second >= 0), np.array(one.bits)[first, second], 0.0)
    return bits

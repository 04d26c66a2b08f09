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

from linkage.config import RelativesSpec
from linkage.model.match_model import ComparedField, MatchModel
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
    model: MatchModel,
    spec: RelativesSpec,
    field_of: Mapping[str, str],
    seed: int,
) -> list[Together]:
    """Learn each of `spec.together_by_chance` from unrelated persons, u as it is in the model."""
    table, rows = (sides.right, sides.right_rows) if spec.learn_from == "right" else (sides.left, sides.left_rows)
    persons = replace(sides, left=table, right=table, left_rows=rows, right_rows=rows)
    compared = {one.name: one for one in model.fields}
    found = []
    for couple in spec.together_by_chance:
        first, second = (compared[field] for field in couple)
        seen = np.zeros((2, len(first.levels), len(second.levels)))
        expected = np.zeros_like(seen)
        for number, (given, other) in enumerate(((first, second), (second, first))):
            key = f"{given.name}_fold" if f"{given.name}_fold" in field_of else given.name
            pairs = _unrelated_pairs(connection, table, key, spec, seed)
            counted = _count_together(connection, model, persons, pairs, given, other)
            by_chance = counted.sum(axis=1, keepdims=True) * other.probabilities("u")
            seen[number], expected[number] = (one if number == 0 else one.T for one in (counted, by_chance))
        # Of the two samples the one that has more to say of these levels.
        better = (expected[1] > expected[0]).astype(int)[None]
        n, e = (np.take_along_axis(one, better, axis=0)[0] for one in (seen, expected))
        bits = np.log2((n + 1) / (e + 1)).round(DIGITS)
        found.append(Together((first.gamma, second.gamma), bits.tolist()))
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
    connection: duckdb.DuckDBPyConnection,
    model: MatchModel,
    persons: Sides,
    pairs: str,
    given: ComparedField,
    other: ComparedField,
) -> Floats:
    """How often each level of `given` occurs with each of `other`."""
    gammas = [quote(one.gamma) for one in (given, other)]
    levels = levels_of_pairs(model.of_fields((given, other)), persons, pairs)
    known = " AND ".join(f"{gamma} >= 0" for gamma in gammas)
    rows = connection.execute(f"SELECT {', '.join(gammas)}, count(*) FROM ({levels}) WHERE {known} GROUP BY ALL").fetchall()
    counted = np.zeros((len(given.levels), len(other.levels)))
    for a, b, count in rows:
        counted[a, b] = count
    return counted


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

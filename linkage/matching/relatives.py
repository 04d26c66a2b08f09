"""The third class: close relatives. A pair is a match, a close relative (another child of the same parents) or unrelated.

The link weight is the posterior odds of a match against both others:

    w_R = log2(prior_M / prior_R) + sum over the fields that tell relatives apart of log2(m_level / r_level)
    link weight = -log2(2^-w + 2^-w_R)

The fields that relatives share have the same distribution in both classes and cancel. r is learned without labels, from
pairs of a record with those on the other side who share these fields, its own person left out: the closest of them, and
only records count whose closest agrees on everything but the field learned, so that it is their own. Pairs across the
two sides have what each side does to a field, half a date or a sound heard wrong, in them; pairs within the population
would call “only the year” a sign of a match. Where a pair has none of the shared fields the class adds nothing.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import duckdb
import numpy as np
from numpy.typing import NDArray
from splink.internals.comparison import Comparison
from splink.internals.settings import Settings

from linkage.config import RelativesSpec
from linkage.errors import TrainingError
from linkage.matching.fellegi_sunter import Floats
from linkage.matching.levels import levels_of_pairs
from linkage.matching.model import gamma_expressions, level_weight_sql
from linkage.matching.tables import Sides
from linkage.runs.sql import fetch_row, quote

FEWEST_PAIRS = 200
MOST_PAIRS = 2_000_000


@dataclass(frozen=True)
class RelativesModel:
    """What the link weight needs beyond the match weight."""

    pairs: int
    """Pairs of relatives among the distinct persons of one side."""
    relatives_per_person: float
    prior: float
    """Share of relatives among all possible pairs."""
    prior_weight: float
    """log2(prior of a match / prior of a relative)."""
    shared_gammas: tuple[str, ...]
    """The comparisons of shared fields: all missing means that the class adds nothing."""
    weights: dict[str, dict[int, float]]
    """Gamma column → level → log2(m / r)."""
    r: dict[str, list[float]]
    """Gamma column → share of each level among relatives, indexed by level."""

    def weighed(self, settings: Settings) -> RelativesModel:
        """The same relatives beside the m and the prior that the model has now."""
        prior = settings._probability_two_random_records_match
        return replace(
            self,
            prior_weight=math.log2(prior / self.prior),
            weights={
                comparison._gamma_column_name: {
                    level.comparison_vector_value: math.log2(
                        level.m_probability / self.r[comparison._gamma_column_name][level.comparison_vector_value]
                    )
                    for level in comparison._comparison_levels_excluding_null
                }
                for comparison in settings.comparisons
                if comparison._gamma_column_name in self.r
            },
        )

    @staticmethod
    def from_dict(held: dict[str, Any]) -> RelativesModel:
        """Read back from JSON, whose keys are text."""
        weights = {gamma: {int(level): weight for level, weight in levels.items()} for gamma, levels in held["weights"].items()}
        return RelativesModel(**{**held, "weights": weights, "shared_gammas": tuple(held["shared_gammas"])})


def learn_relatives(
    connection: duckdb.DuckDBPyConnection,
    sides: Sides,
    settings: Settings,
    spec: RelativesSpec,
    field_of: Mapping[str, str],
    seed: int,
) -> RelativesModel:
    """Learn r from pairs that share all of `spec.share`, the own person of each record left out.

    Raises:
        TrainingError: when there are fewer than 200 such pairs, on the side of distinct persons or across the sides.
    """
    right = spec.learn_from == "right"
    table, rows = (sides.right, sides.right_rows) if right else (sides.left, sides.left_rows)
    within = f"SELECT 1 FROM {quote(table)} l JOIN {quote(table)} r ON {_same(spec.share)} AND l.id < r.id"
    pairs = int(fetch_row(connection, f"SELECT count(*) FROM ({within})")[0])
    told_apart = [one for one in settings.comparisons if one.output_column_name in spec.told_apart_by]
    counted = _count_relatives(connection, sides, settings, spec, told_apart, seed) if pairs >= FEWEST_PAIRS else []
    fewest = min([pairs, *(int(one.sum()) for one in counted)])
    if fewest < FEWEST_PAIRS:
        raise TrainingError(
            f"only {fewest} pairs share {', '.join(spec.share)}, too few to learn the relatives class from",
            "Name other keys under relatives.share, learn from the other side, or leave `relatives` out.",
        )
    # No level is impossible: half a pair is added to each.
    r = {
        comparison._gamma_column_name: ((levels + 0.5) / (levels + 0.5).sum()).tolist()
        for comparison, levels in zip(told_apart, counted, strict=True)
    }
    gammas = list(gamma_expressions(settings))
    shared_fields = {field_of[key] for key in spec.share}
    shared = tuple(
        gamma
        for comparison, gamma in zip(settings.comparisons, gammas, strict=True)
        if comparison.output_column_name in shared_fields
    )
    relatives_per_person = 2 * pairs / rows
    prior = relatives_per_person / rows
    return RelativesModel(pairs, relatives_per_person, prior, 0.0, shared, {}, r).weighed(settings)


def _count_relatives(
    connection: duckdb.DuckDBPyConnection,
    sides: Sides,
    settings: Settings,
    spec: RelativesSpec,
    told_apart: Sequence[Comparison],
    seed: int,
) -> list[Floats]:
    """How often each level of each of these comparisons occurs between a record and the relatives of its own person."""
    record, person = ("id_l", "id_r") if spec.learn_from == "right" else ("id_r", "id_l")
    other = " AND l.id <> r.id" if sides.is_dedupe else ""
    across = (
        f"SELECT l.id AS id_l, r.id AS id_r, 0::UINTEGER AS blocking_rules FROM {quote(sides.left)} l"
        f" JOIN {quote(sides.right)} r ON {_same(spec.share)}{other}"
    )
    pairs = int(fetch_row(connection, f"SELECT count(*) FROM ({across})")[0])
    if pairs > MOST_PAIRS:
        across = f"SELECT * FROM ({across}) WHERE hash({record}, {seed}) < {int(MOST_PAIRS / pairs * 2**64)}::UBIGINT"
    closeness = " + ".join(level_weight_sql(comparison) for comparison in told_apart)
    connection.execute(
        "CREATE OR REPLACE TEMP TABLE sharing_pairs AS SELECT *,"
        f" row_number() OVER (PARTITION BY {record} ORDER BY {closeness} DESC, {person}) AS place"
        f" FROM ({levels_of_pairs(settings, sides, across)})"
    )
    counted = []
    for comparison in told_apart:
        gamma = quote(comparison._gamma_column_name)
        agrees = "".join(
            f" AND own.{quote(one._gamma_column_name)} = {one._num_levels - 1}" for one in told_apart if one is not comparison
        )
        found = connection.execute(
            f"SELECT relative.{gamma}, count(*) FROM sharing_pairs own JOIN sharing_pairs relative USING ({record})"
            f" WHERE own.place = 1 AND relative.place > 1 AND relative.{gamma} >= 0{agrees} GROUP BY ALL"
        ).fetchall()
        levels = np.zeros(comparison._num_levels)
        for level, count in found:
            levels[level] = count
        counted.append(levels)
    return counted


def _same(keys: Sequence[str]) -> str:
    return " AND ".join(f"l.{quote(key)} = r.{quote(key)}" for key in keys)


def relatives_weight_sql(model: RelativesModel) -> str:
    """The link weight as SQL over match_weight and the gamma columns."""
    cases = {
        gamma: " ".join(f"WHEN {level} THEN {weight!r}::DOUBLE" for level, weight in levels.items())
        for gamma, levels in model.weights.items()
    }
    parts = "".join(f" + (CASE {quote(gamma)} {case} ELSE 0.0::DOUBLE END)" for gamma, case in cases.items())
    against = f"({model.prior_weight!r}::DOUBLE{parts})"
    # Written with the smaller of the two weights taken out, so that powers of two never overflow.
    both = f"(least(match_weight, {against}) - log2(1 + pow(2::DOUBLE, -abs(match_weight - {against}))))"
    if not model.shared_gammas:
        return both
    absent = " AND ".join(f"{quote(gamma)} = -1" for gamma in model.shared_gammas)
    return f"(CASE WHEN {absent} THEN match_weight ELSE {both} END)"


def relatives_weight(model: RelativesModel, match_weight: Floats, levels: Mapping[str, NDArray[np.int8]]) -> Floats:
    """The link weight of patterns, as `relatives_weight_sql` gives it for pairs."""
    against = np.full(len(match_weight), model.prior_weight)
    for gamma, weights in model.weights.items():
        table = np.array([weights[level] for level in sorted(weights)])
        against += np.where(levels[gamma] >= 0, table[levels[gamma]], 0.0)
    both = np.minimum(match_weight, against) - np.log2(1 + np.exp2(-np.abs(match_weight - against)))
    if not model.shared_gammas:
        return np.asarray(both)
    absent = np.all([levels[gamma] == -1 for gamma in model.shared_gammas], axis=0)
    return np.where(absent, match_weight, both)

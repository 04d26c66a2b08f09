"""The third class: close relatives. A pair is a match, a close relative (another child of the same parents) or unrelated.

The link weight is the posterior odds of a match against both others:

    w_R = log2(prior_M / prior_R) + sum over the fields that tell relatives apart of log2(m_level / r_level)
    link weight = -log2(2^-w + 2^-w_R)

The fields that relatives share have the same distribution in both classes and cancel. r is learned without labels, from
distinct persons of one side who share those fields. Where a pair has none of the shared fields the class adds nothing.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import duckdb
import numpy as np
from numpy.typing import NDArray
from splink.internals.settings import Settings

from linkage.config import RelativesSpec
from linkage.errors import TrainingError
from linkage.matching.fellegi_sunter import Floats, shares_of_levels
from linkage.matching.levels import count_patterns, levels_of_pairs
from linkage.matching.model import gamma_expressions
from linkage.matching.random_pairs import to_patterns
from linkage.matching.tables import Sides
from linkage.runs.sql import fetch_row, quote

FEWEST_PAIRS = 200
MOST_PAIRS = 2_000_000


@dataclass(frozen=True)
class RelativesModel:
    """What the link weight needs beyond the match weight."""

    pairs: int
    """Pairs of relatives it was learned from."""
    relatives_per_person: float
    prior_weight: float
    """log2(prior of a match / prior of a relative)."""
    shared_gammas: tuple[str, ...]
    """The comparisons of shared fields: all missing means that the class adds nothing."""
    weights: dict[str, dict[int, float]]
    """Gamma column → level → log2(m / r)."""
    r: dict[str, list[float]]
    """Gamma column → share of each level among relatives, indexed by level."""

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
    """Learn r from pairs of distinct records, on one side, that share all of `spec.share`.

    Raises:
        TrainingError: when there are fewer than 200 such pairs.
    """
    table = sides.right if spec.learn_from == "right" else sides.left
    rows = sides.right_rows if spec.learn_from == "right" else sides.left_rows
    same = " AND ".join(f"a.{quote(key)} = b.{quote(key)}" for key in spec.share)
    relatives = (
        f"SELECT a.id AS id_l, b.id AS id_r, 0::UINTEGER AS blocking_rules FROM {quote(table)} a JOIN {quote(table)} b"
        f" ON {same} AND a.id < b.id"
    )
    pairs = int(fetch_row(connection, f"SELECT count(*) FROM ({relatives})")[0])
    if pairs < FEWEST_PAIRS:
        raise TrainingError(
            f"only {pairs} pairs share {', '.join(spec.share)}, too few to learn the relatives class from",
            "Name other keys under relatives.share, learn from the other side, or leave `relatives` out.",
        )
    if pairs > MOST_PAIRS:
        relatives = f"SELECT * FROM ({relatives}) WHERE hash(id_l, id_r, {seed}) < {int(MOST_PAIRS / pairs * 2**64)}::UBIGINT"
    own = Sides(table, table, rows, rows)
    patterns = to_patterns(count_patterns(connection, settings, levels_of_pairs(settings, own, relatives)))
    gammas = list(gamma_expressions(settings))
    sizes = [len(comparison._comparison_levels_excluding_null) for comparison in settings.comparisons]
    shares = shares_of_levels(patterns, sizes)
    weights, r = {}, {}
    for comparison, gamma, share in zip(settings.comparisons, gammas, shares, strict=True):
        if comparison.output_column_name not in spec.told_apart_by:
            continue
        smoothed = _smoothed(share, patterns.pairs)
        r[gamma] = smoothed.tolist()
        weights[gamma] = {
            level.comparison_vector_value: math.log2(level.m_probability / smoothed[level.comparison_vector_value])
            for level in comparison._comparison_levels_excluding_null
        }
    shared_fields = {field_of[key] for key in spec.share}
    shared = tuple(
        gamma
        for comparison, gamma in zip(settings.comparisons, gammas, strict=True)
        if comparison.output_column_name in shared_fields
    )
    relatives_per_person = 2 * pairs / rows
    prior = settings._probability_two_random_records_match
    return RelativesModel(
        pairs=pairs,
        relatives_per_person=relatives_per_person,
        prior_weight=math.log2(prior / (relatives_per_person / rows)),
        shared_gammas=shared,
        weights=weights,
        r=r,
    )


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


def _smoothed(share: Floats, pairs: float) -> Floats:
    """No level is impossible: half a pair is added to each."""
    counted = share * pairs + 0.5
    return np.asarray(counted / counted.sum())

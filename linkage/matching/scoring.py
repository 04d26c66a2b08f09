"""Weights from levels: Splink's match weight for every stored pair, and the link weight beside it, in one query.

The match weight is Splink's: log2 of the prior odds, plus log2(m/u) of each level, plus the term-frequency adjustment.
A test holds it against Splink's own `predict` to 1e-9 on every shipped config.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import product
from pathlib import Path

import duckdb
from splink.internals.comparison import Comparison
from splink.internals.misc import prob_to_match_weight

from linkage.matching.dependence import log_linear_sql
from linkage.matching.frequencies import adjusted_levels, pair_column
from linkage.matching.model import level_weight_sql
from linkage.matching.relatives import relatives_weight_sql
from linkage.matching.trained import TrainedModel
from linkage.runs.sql import fetch_row, literal, quote, write_parquet

FLOOR = -10.0
"""Pairs whose match weight is lower are counted but not written."""
LEAST_FREQUENCY = 1e-10
"""No value is rarer: a share of records, of which there are fewer than ten thousand million."""
LONGEST_LIST = 2000
"""Elements of a list of constants: longer ones take longer to read than the look-ups they save."""


@dataclass(frozen=True)
class Scored:
    """How many pairs were scored and written."""

    pairs: int
    written: int


def score_pairs(connection: duckdb.DuckDBPyConnection, model: TrainedModel, pairs: Path, target: Path) -> Scored:
    """Write scored_pairs.parquet (id_l, id_r, blocking_rules, match_weight, link_weight), ordered by (id_l, id_r)."""
    query = weights_query(model, f"read_parquet({literal(str(pairs))})", FLOOR)
    total = int(fetch_row(connection, "SELECT count(*) FROM read_parquet(?)", [str(pairs)])[0])
    kept = f"SELECT id_l, id_r, blocking_rules, match_weight, link_weight FROM ({query}) ORDER BY id_l, id_r"
    return Scored(total, write_parquet(connection, kept, target))


def weights_query(model: TrainedModel, source: str, floor: float | None = None) -> str:
    """SQL that adds match_weight and link_weight to a source of pairs with levels and frequencies (`levels_of_pairs`)."""
    settings = model.settings
    prior = prob_to_match_weight(settings._probability_two_random_records_match)
    parts = " + ".join(level_weight_sql(comparison) for comparison in settings.comparisons)
    adjustments = "".join(
        f" + {frequency_adjustment(comparison)}" for comparison in settings.comparisons if adjusted_levels(comparison)
    )
    if floor is not None:
        source = f"(SELECT * FROM {source} WHERE {_may_reach(settings.comparisons, floor - prior)})"
    weighed = f"SELECT *, {prior!r}::DOUBLE + {parts}{adjustments} AS match_weight FROM {source}"
    shift = log_linear_sql(model.log_linear) if model.log_linear else "0.0::DOUBLE"
    link = relatives_weight_sql(model.relatives) if model.relatives else "match_weight"
    cut = f" WHERE match_weight >= {floor!r}" if floor is not None else ""
    return f"SELECT *, {link} + {shift} AS link_weight FROM ({weighed}){cut}"


def _may_reach(comparisons: Sequence[Comparison], bits: float) -> str:
    """SQL that leaves out early the many pairs that no rarity of their values can raise to so many bits.

    What each combination of the levels of some comparisons can add at most is one element of a list: one look-up for all.
    """
    groups: list[list[Comparison]] = [[]]
    for comparison in comparisons:
        if math.prod(len(_most_bits(one)) for one in [*groups[-1], comparison]) > LONGEST_LIST and groups[-1]:
            groups.append([])
        groups[-1].append(comparison)
    looked_up = []
    for group in groups:
        place = "0"
        for comparison in group:
            place = f"({place} * {len(_most_bits(comparison))} + {quote(comparison._gamma_column_name)} + 1)"
        sums = ", ".join(repr(sum(added)) for added in product(*map(_most_bits, group)))
        looked_up.append(f"list_extract([{sums}]::DOUBLE[], {place} + 1)")
    # A millionth of a bit for rounding: the sum that decides is taken in another order.
    return f"{' + '.join(looked_up)} >= {bits - 1e-6!r}::DOUBLE"


def _most_bits(comparison: Comparison) -> list[float]:
    """The most that each level can add, a missing value first."""
    most = {-1: 0.0}
    for level in comparison._comparison_levels_excluding_null:
        most[level.comparison_vector_value] = level._match_weight
        if level.comparison_vector_value in adjusted_levels(comparison):
            base = math.log2(level._u_probability_corresponding_to_exact_match(comparison.comparison_levels))
            least = max(float(level._tf_minimum_u_value), LEAST_FREQUENCY)
            most[level.comparison_vector_value] += max(0.0, float(level._tf_adjustment_weight) * (base - math.log2(least)))
    return [float(most[level]) for level in sorted(most)]


def frequency_adjustment(comparison: Comparison) -> str:
    """SQL of the bits that term frequencies add to one comparison of a pair."""
    frequency, adjusted = quote(pair_column(comparison)), adjusted_levels(comparison)
    cases = []
    for level in comparison._comparison_levels_excluding_null:
        if level.comparison_vector_value not in adjusted:
            continue
        base = math.log2(level._u_probability_corresponding_to_exact_match(comparison.comparison_levels))
        commoner = f"greatest({frequency}, {float(level._tf_minimum_u_value)!r}::DOUBLE)"
        bits = f"{float(level._tf_adjustment_weight)!r}::DOUBLE * ({base!r}::DOUBLE - log2({commoner}))"
        cases.append(f"WHEN {level.comparison_vector_value} THEN {bits}")
    known = f"CASE {quote(comparison._gamma_column_name)} {' '.join(cases)} ELSE 0.0::DOUBLE END"
    return f"(CASE WHEN {frequency} IS NULL THEN 0.0::DOUBLE ELSE {known} END)"

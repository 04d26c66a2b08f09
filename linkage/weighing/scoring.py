"""Weights from levels: Splink's match weight for every stored pair, and the pair weight beside it, in one query.

The match weight is Splink's: log2 of the prior odds, plus log2(m/u) of each level, plus the term-frequency adjustment.
A test holds it against Splink's own `predict` to 1e-9 on every shipped config.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from itertools import product
from pathlib import Path

import duckdb

from linkage.model.match_model import ComparedField
from linkage.pairs.frequencies import pair_column, with_frequencies
from linkage.runs.sql import QUICK, fetch_row, quote
from linkage.runs.tables import PAIRS, SCORED_PAIRS
from linkage.statistics import probability_sql
from linkage.weighing.dependence import log_linear_sql
from linkage.weighing.relatives import relatives_weight_sql
from linkage.weighing.trained_model import TrainedModel

FLOOR = -10.0
"""Pairs whose match weight is lower are counted but not written."""
LEAST_FREQUENCY = 1e-10
"""No value is rarer: a share of records, of which there are fewer than ten thousand million."""
LONGEST_LIST = 400
"""Elements of a list of constants: longer ones cost more than the look-ups they save."""


@dataclass(frozen=True)
class Scored:
    """How many pairs were scored and written."""

    pairs: int
    written: int


def score_pairs(connection: duckdb.DuckDBPyConnection, model: TrainedModel, run: Path, folder: Path) -> Scored:
    """Write `scored_pairs`, ordered by (id_l, id_r), into `folder`: each pair's weights by itself, which are believed as such.

    What other entries and other persons say of a pair comes after (`claims`, `belief`). The level store and its frequencies
    are those of `run`.
    """
    stored = PAIRS.scan(run)
    connection.execute(f"CREATE OR REPLACE TEMP TABLE reaching AS SELECT * FROM {stored} WHERE {may_reach(model, FLOOR)}")
    query = weights_query(model, "FROM reaching", run)
    total = int(fetch_row(connection, f"SELECT count(*) FROM {stored}")[0])
    kept = (
        "SELECT id_l, id_r, blocking_rules, match_weight, pair_weight, pair_weight AS link_weight,"
        f" {probability_sql('pair_weight')} AS match_probability FROM ({query}) WHERE match_weight >= {FLOOR!r}"
    )
    return Scored(total, SCORED_PAIRS.write(connection, f"{kept} ORDER BY id_l, id_r", folder, QUICK))


def weights_query(model: TrainedModel, pairs: str, run: Path, both_right: bool = False) -> str:
    """SQL that adds match_weight and pair_weight, each pair by itself, to a query of pairs with levels (`levels_of_pairs`).

    `both_right` says that both records of a pair are of the right side.
    """
    fields = model.match.fields
    parts = " + ".join(field.weight_sql for field in fields)
    adjustments = "".join(f" + {frequency_adjustment(field)}" for field in fields if field.adjusted_levels)
    known = with_frequencies(model.match, pairs, run, both_right)
    weighed = f"SELECT *, {model.match.prior_weight!r}::DOUBLE + {parts}{adjustments} AS match_weight FROM ({known})"
    shift = log_linear_sql(model.log_linear) if model.log_linear else "0.0::DOUBLE"
    link = relatives_weight_sql(model.relatives) if model.relatives else "match_weight"
    return f"SELECT *, {link} + {shift} AS pair_weight FROM ({weighed})"


def may_reach(model: TrainedModel, floor: float) -> str:
    """SQL, over levels alone, that is true of pairs whose match weight some rarity of their values could raise to `floor`.

    One pair in twenty: to weigh these alone, from a table of their own, takes half as long as to weigh all. What each
    combination of the levels of some comparisons can add at most is one element of a list: one look-up for all.
    """
    most_bits = {one.gamma: _most_bits(one) for one in model.match.fields}
    groups: list[list[str]] = [[]]
    for gamma, bits in most_bits.items():
        if groups[-1] and math.prod(len(most_bits[one]) for one in groups[-1]) * len(bits) > LONGEST_LIST:
            groups.append([])
        groups[-1].append(gamma)
    looked_up = []
    for group in groups:
        place = "0"
        for gamma in group:
            place = f"({place} * {len(most_bits[gamma])} + {quote(gamma)} + 1)"
        sums = ", ".join(repr(sum(added)) for added in product(*(most_bits[gamma] for gamma in group)))
        looked_up.append(f"list_extract([{sums}]::DOUBLE[], {place} + 1)")
    least = floor - model.match.prior_weight
    # A millionth of a bit for rounding: the sum that decides is taken in another order.
    return f"{' + '.join(looked_up)} >= {least - 1e-6!r}::DOUBLE"


def _most_bits(field: ComparedField) -> list[float]:
    """The most that each level can add, a missing value first."""
    most = [0.0, *(level.weight for level in field.levels)]
    for level, one in field.adjusted_levels.items():
        base = math.log2(field.levels[one.base_level].u)
        most[level + 1] += max(0.0, one.weight * (base - math.log2(max(one.least, LEAST_FREQUENCY))))
    return most


def frequency_adjustment(field: ComparedField) -> str:
    """SQL of the bits that term frequencies add to one comparison of a pair."""
    frequency = quote(pair_column(field))
    cases = []
    for level, one in field.adjusted_levels.items():
        base, commoner = math.log2(field.levels[one.base_level].u), f"greatest({frequency}, {one.least!r}::DOUBLE)"
        cases.append(f"WHEN {level} THEN {one.weight!r}::DOUBLE * ({base!r}::DOUBLE - log2({commoner}))")
    known = f"CASE {quote(field.gamma)} {' '.join(cases)} ELSE 0.0::DOUBLE END"
    return f"(CASE WHEN {frequency} IS NULL THEN 0.0::DOUBLE ELSE {known} END)"

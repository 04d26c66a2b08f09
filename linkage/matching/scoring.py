"""Weights from levels: Splink's match weight for every stored pair, and the link weight beside it, in one query.

The match weight is Splink's: log2 of the prior odds, plus log2(m/u) of each level, plus the term-frequency adjustment.
A test holds it against Splink's own `predict` to 1e-9 on every shipped config.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from pathlib import Path

import duckdb
from splink.internals.comparison import Comparison
from splink.internals.misc import prob_to_match_weight

from linkage.matching.dependence import log_linear_sql
from linkage.matching.model import level_weight_sql, term_frequency_columns
from linkage.matching.relatives import relatives_weight_sql
from linkage.matching.tables import Sides
from linkage.matching.trained import TrainedModel
from linkage.runs.sql import fetch_row, literal, quote, write_parquet

FLOOR = -10.0
"""Pairs whose match weight is lower are counted but not written."""
LEAST_FREQUENCY = 1e-10
"""No value is rarer: a share of records, of which there are fewer than ten thousand million."""
FREQUENCIES_OF_PAIR = " LEFT JOIN frequencies_left AS tl ON tl.id = p.id_l LEFT JOIN frequencies_right AS tr ON tr.id = p.id_r"
"""Joins to a table of pairs `p`, for `frequency_adjustment`."""


@dataclass(frozen=True)
class Scored:
    """How many pairs were scored and written."""

    pairs: int
    written: int


def score_pairs(
    connection: duckdb.DuckDBPyConnection,
    sides: Sides,
    model: TrainedModel,
    pairs: Path,
    target: Path,
) -> Scored:
    """Write scored_pairs.parquet (id_l, id_r, blocking_rules, match_weight, link_weight), ordered by (id_l, id_r)."""
    query = weights_query(connection, sides, model, f"read_parquet({literal(str(pairs))})", FLOOR)
    total = int(fetch_row(connection, "SELECT count(*) FROM read_parquet(?)", [str(pairs)])[0])
    kept = f"SELECT id_l, id_r, blocking_rules, match_weight, link_weight FROM ({query}) ORDER BY id_l, id_r"
    return Scored(total, write_parquet(connection, kept, target))


def weights_query(
    connection: duckdb.DuckDBPyConnection,
    sides: Sides,
    model: TrainedModel,
    source: str,
    floor: float | None = None,
) -> str:
    """SQL that adds match_weight and link_weight to a source of (id_l, id_r, gamma_*); makes the frequency tables it reads."""
    settings = model.settings
    columns = term_frequency_columns(settings)
    write_term_frequencies(connection, sides, columns)
    prior = prob_to_match_weight(settings._probability_two_random_records_match)
    parts = " + ".join(level_weight_sql(comparison) for comparison in settings.comparisons)
    base = f"{prior!r}::DOUBLE + {parts}"
    if floor is not None:
        largest = " + ".join(level_weight_sql(one, _largest_adjustments(one)) for one in settings.comparisons)
        # Materialised, or DuckDB takes the pairs for many and builds its joins on them.
        enough = f"{prior!r}::DOUBLE + {largest} >= {floor!r}"
        source = f"(WITH kept AS MATERIALIZED (SELECT * FROM {source} WHERE {enough}) SELECT * FROM kept)"
    adjustments = "".join(
        f" + {frequency_adjustment(comparison)}" for comparison in settings.comparisons if comparison._has_tf_adjustments
    )
    joins = FREQUENCIES_OF_PAIR if columns else ""
    based = f"SELECT *, {base} AS base_weight FROM {source}"
    weighed = f"SELECT p.*, base_weight{adjustments} AS match_weight FROM ({based}) p{joins}"
    shift = log_linear_sql(model.log_linear) if model.log_linear else "0.0::DOUBLE"
    link = relatives_weight_sql(model.relatives) if model.relatives else "match_weight"
    cut = f" WHERE match_weight >= {floor!r}" if floor is not None else ""
    return f"SELECT * EXCLUDE (base_weight), {link} + {shift} AS link_weight FROM ({weighed}){cut}"


def write_term_frequencies(connection: duckdb.DuckDBPyConnection, sides: Sides, columns: list[str]) -> None:
    """Make `frequencies_left` and `frequencies_right`: id and, a column, the share of records of both sides with its value."""
    if not columns:
        return
    tables = list(dict.fromkeys((sides.left, sides.right)))
    for column in columns:
        union = " UNION ALL ".join(f"SELECT {_value(column)} AS value FROM {quote(table)}" for table in tables)
        connection.execute(
            f"CREATE OR REPLACE TEMP TABLE {quote(f'frequency_{column}')} AS"
            f" SELECT value, count(*)::DOUBLE / (SELECT count(value) FROM ({union})) AS frequency FROM ({union})"
            " WHERE value IS NOT NULL GROUP BY value"
        )
    for side, table in (("left", sides.left), ("right", sides.right)):
        shown = ", ".join(f"f{number}.frequency AS {quote(f'tf_{column}')}" for number, column in enumerate(columns))
        joins = " ".join(
            f"LEFT JOIN {quote(f'frequency_{column}')} f{number} ON f{number}.value = {_value(column)}"
            for number, column in enumerate(columns)
        )
        connection.execute(
            f"CREATE OR REPLACE TEMP TABLE frequencies_{side} AS SELECT t.id, {shown} FROM {quote(table)} t {joins}"
        )


def _value(column: str) -> str:
    """A value by its 64-bit hash: numbers are counted and joined faster than texts."""
    return f"CASE WHEN {quote(column)} IS NOT NULL THEN hash({quote(column)}) END"


def frequency_adjustment(comparison: Comparison) -> str:
    """SQL of the bits that term frequencies add to one comparison of a pair `p` joined with its frequencies."""
    cases = []
    for level in comparison._comparison_levels_excluding_null:
        if not level._has_tf_adjustments or level._is_else_level or level._tf_adjustment_weight == 0:
            continue
        column = quote(f"tf_{level._tf_adjustment_input_column.unquote().name}")
        base = math.log2(level._u_probability_corresponding_to_exact_match(comparison.comparison_levels))
        commoner = f"greatest(tl.{column}, tr.{column}, {float(level._tf_minimum_u_value)!r}::DOUBLE)"
        adjusted = f"{float(level._tf_adjustment_weight)!r}::DOUBLE * ({base!r}::DOUBLE - log2({commoner}))"
        unknown = f"coalesce(tl.{column}, tr.{column}) IS NULL"
        cases.append(f"WHEN {level.comparison_vector_value} THEN CASE WHEN {unknown} THEN 0.0::DOUBLE ELSE {adjusted} END")
    return f"(CASE p.{quote(comparison._gamma_column_name)} {' '.join(cases)} ELSE 0.0::DOUBLE END)"


def _largest_adjustments(comparison: Comparison) -> dict[int, float]:
    """Level → the most bits that term frequencies can add to it, for pairs that cannot reach the floor to be left out early."""
    most = {}
    for level in comparison._comparison_levels_excluding_null:
        if level._has_tf_adjustments and not level._is_else_level:
            base = math.log2(level._u_probability_corresponding_to_exact_match(comparison.comparison_levels))
            least = max(float(level._tf_minimum_u_value), LEAST_FREQUENCY)
            most[level.comparison_vector_value] = max(0.0, float(level._tf_adjustment_weight) * (base - math.log2(least)))
    return most

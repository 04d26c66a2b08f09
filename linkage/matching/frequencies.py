"""Term frequencies: the share of records of both sides that have a value, kept with each pair whose level is adjusted by it.

They depend on the records alone and not on the model: a pair's frequency stands in the level store, and weighing a pair
reads no other table.
"""

from __future__ import annotations

import duckdb
from splink.internals.comparison import Comparison
from splink.internals.settings import Settings

from linkage.matching.model import term_frequency_columns
from linkage.matching.tables import Sides
from linkage.runs.sql import quote


def write_frequencies(connection: duckdb.DuckDBPyConnection, sides: Sides, settings: Settings) -> None:
    """Make `frequencies_left` and `frequencies_right`: id and, for each column that adjusts weights, its value's frequency."""
    columns = term_frequency_columns(settings)
    tables = list(dict.fromkeys((sides.left, sides.right)))
    for column in columns:
        union = " UNION ALL ".join(f"SELECT {_value(column)} AS value FROM {quote(table)}" for table in tables)
        connection.execute(
            f"CREATE OR REPLACE TEMP TABLE {quote(f'frequency_{column}')} AS"
            f" SELECT value, count(*)::DOUBLE / (SELECT count(value) FROM ({union})) AS frequency FROM ({union})"
            " WHERE value IS NOT NULL GROUP BY value"
        )
    for side, table in (("left", sides.left), ("right", sides.right)) if columns else ():
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


def adjusted_levels(comparison: Comparison) -> dict[int, str]:
    """The levels that term frequencies adjust, and the column of each."""
    return {
        level.comparison_vector_value: level._tf_adjustment_input_column.unquote().name
        for level in comparison._comparison_levels_excluding_null
        if level._has_tf_adjustments and not level._is_else_level and level._tf_adjustment_weight != 0
    }


def pair_column(comparison: Comparison) -> str:
    """The column of a pair's frequency in one comparison: of the commoner of its two values, NULL at the other levels."""
    return f"tf_{comparison.output_column_name}"


def pair_frequencies(settings: Settings) -> str:
    """SQL of these columns (each with a comma before it), over the levels and `tf_<column>_l`, `tf_<column>_r`."""
    return "".join(
        f", CASE {quote(comparison._gamma_column_name)} "
        + " ".join(
            f"WHEN {level} THEN greatest({quote(f'tf_{column}_l')}, {quote(f'tf_{column}_r')})"
            for level, column in adjusted_levels(comparison).items()
        )
        + f" END AS {quote(pair_column(comparison))}"
        for comparison in settings.comparisons
        if adjusted_levels(comparison)
    )

"""Term frequencies: the share of records of both sides that have a value, kept a record beside the level store.

They depend on the records alone and not on the model. Pairs that may reach the floor of scoring look theirs up: one in
twenty, where to carry them with every pair would cost a tenth of comparing it.
"""

from __future__ import annotations

from functools import lru_cache
from pathlib import Path

import duckdb
from splink.internals.comparison import Comparison
from splink.internals.settings import Settings

from linkage.errors import LinkageError
from linkage.model.settings import term_frequency_columns
from linkage.pairs.sides import Sides, value_hash
from linkage.runs.sql import literal, quote, quote_list, write_parquet


def write_frequencies(connection: duckdb.DuckDBPyConnection, sides: Sides, settings: Settings, target: Path) -> None:
    """Write frequencies.parquet (is_right, id, tf_*): how frequent a record's value is in each column that adjusts weights.

    Nothing is written where no column does.
    """
    columns = term_frequency_columns(settings)
    if not columns:
        return
    tables = list(dict.fromkeys((sides.left, sides.right)))
    for column in columns:
        union = " UNION ALL ".join(f"SELECT {value_hash(column, sides.types)} AS value FROM {quote(table)}" for table in tables)
        counted = f"SELECT value, count(*) AS records FROM ({union}) WHERE value IS NOT NULL GROUP BY value"
        connection.execute(
            f"CREATE OR REPLACE TEMP TABLE {quote(f'frequency_{column}')} AS WITH counted AS ({counted})"
            " SELECT value, records / (SELECT sum(records) FROM counted) AS frequency FROM counted"
        )
    shown = ", ".join(f"f{number}.frequency AS {quote(f'tf_{column}')}" for number, column in enumerate(columns))
    joins = " ".join(
        f"LEFT JOIN {quote(f'frequency_{column}')} f{number} ON f{number}.value = {value_hash(column, sides.types)}"
        for number, column in enumerate(columns)
    )
    both = " UNION ALL ".join(
        f"SELECT {is_right} AS is_right, t.id, {shown} FROM {quote(table)} t {joins}"
        for is_right, table in (("false", sides.left), ("true", sides.right))
    )
    write_parquet(connection, f"SELECT * FROM ({both}) ORDER BY is_right, id", target)


def with_frequencies(settings: Settings, pairs: str, frequencies: Path) -> str:
    """SQL that adds to a query of pairs with levels their frequencies (`pair_column`), from the file of `write_frequencies`.

    Raises:
        LinkageError: when the file is needed and not there.
    """
    adjusted = [comparison for comparison in settings.comparisons if adjusted_levels(comparison)]
    if not adjusted:
        return pairs
    if not frequencies.is_file():
        raise LinkageError(
            "this run has no frequencies.parquet", "An older version made it: run the project again, from the stage `block` on."
        )
    shown = quote_list(f"tf_{column}" for column in term_frequency_columns(settings))
    held = f"SELECT id, {shown} FROM read_parquet({literal(str(frequencies))})"
    of_pair = ", ".join(
        f"CASE {quote(comparison._gamma_column_name)} "
        + " ".join(
            f"WHEN {level} THEN greatest(l.{quote(f'tf_{column}')}, r.{quote(f'tf_{column}')})"
            for level, column in adjusted_levels(comparison).items()
        )
        + f" END AS {quote(pair_column(comparison))}"
        for comparison in adjusted
    )
    return (
        f"SELECT pairs.*, {of_pair} FROM ({pairs}) pairs JOIN ({held} WHERE NOT is_right) l ON l.id = pairs.id_l"
        f" JOIN ({held} WHERE is_right) r ON r.id = pairs.id_r"
    )


@lru_cache(maxsize=64)  # Splink parses a column's name each time
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

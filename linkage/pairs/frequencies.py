"""Term frequencies: the share of records of both sides that have a value, kept a record beside the level store.

They depend on the records alone and not on the model. Pairs that may reach the floor of scoring look theirs up: one in
twenty, where to carry them with every pair would cost a tenth of comparing it.
"""

from __future__ import annotations

from pathlib import Path

import duckdb

from linkage.model.match_model import ComparedField, MatchModel
from linkage.pairs.sides import Sides, value_hash
from linkage.runs.sql import quote, quote_list
from linkage.runs.tables import FREQUENCIES


def write_frequencies(connection: duckdb.DuckDBPyConnection, sides: Sides, model: MatchModel, folder: Path) -> None:
    """Write `frequencies` (is_right, id, tf_*): how frequent a record's value is in each column that adjusts weights.

    Nothing is written where no column does.
    """
    columns = model.frequency_columns
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
    FREQUENCIES.write(connection, f"SELECT * FROM ({both}) ORDER BY is_right, id", folder)


def with_frequencies(model: MatchModel, pairs: str, run: Path, both_right: bool = False) -> str:
    """SQL that adds to a query of pairs with levels their frequencies (`pair_column`), from the run's table of them.

    `both_right` says that both records of a pair are of the right side.

    Raises:
        RunDirectoryError: the table is needed and not there.
    """
    adjusted = [field for field in model.fields if field.adjusted_levels]
    if not adjusted:
        return pairs
    shown = quote_list(f"tf_{column}" for column in model.frequency_columns)
    held = f"SELECT id, {shown} FROM {FREQUENCIES.scan(run)}"
    of_pair = ", ".join(
        f"CASE {quote(field.gamma)} "
        + " ".join(
            f"WHEN {level} THEN greatest(l.{quote(f'tf_{one.column}')}, r.{quote(f'tf_{one.column}')})"
            for level, one in field.adjusted_levels.items()
        )
        + f" END AS {quote(pair_column(field))}"
        for field in adjusted
    )
    return (
        f"SELECT pairs.*, {of_pair} FROM ({pairs}) pairs JOIN ({held} WHERE is_right = {both_right}) l ON l.id = pairs.id_l"
        f" JOIN ({held} WHERE is_right) r ON r.id = pairs.id_r"
    )


def pair_column(field: ComparedField) -> str:
    """The column of a pair's frequency in one comparison: of the commoner of its two values, NULL at the other levels."""
    return f"tf_{field.name}"

"""The two sides as DuckDB tables, with only the columns that blocking and comparisons read."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from pathlib import Path

import duckdb

from linkage.errors import LinkageError
from linkage.runs.sql import fetch_row, parquet_columns, quote, quote_list

SAME_NUMBER = "SELECT l.id AS id_l, r.id AS id_r FROM mentions l JOIN persons r ON l.personal_number = r.personal_number"
"""Anchor pairs: both sides carry the same personal number."""


@dataclass(frozen=True)
class Sides:
    """The tables `mentions` and `persons` in DuckDB; the same table twice when duplicates are sought within one."""

    left: str
    right: str
    left_rows: int
    right_rows: int

    @property
    def is_dedupe(self) -> bool:
        """Whether duplicates are sought within one table."""
        return self.left == self.right

    @property
    def possible_pairs(self) -> int:
        """All pairs there are, candidate or not."""
        return self.left_rows * (self.left_rows - 1) // 2 if self.is_dedupe else self.left_rows * self.right_rows


def open_tables(connection: duckdb.DuckDBPyConnection, mentions: Path, persons: Path | None, columns: Collection[str]) -> Sides:
    """Load the named columns of both sides.

    Raises:
        LinkageError: when a side lacks one of the columns, holds no rows, or has an id twice.
    """
    left_rows = _load(connection, "mentions", mentions, columns)
    if persons is None:
        return Sides("mentions", "mentions", left_rows, left_rows)
    return Sides("mentions", "persons", left_rows, _load(connection, "persons", persons, columns))


def _load(connection: duckdb.DuckDBPyConnection, name: str, path: Path, columns: Collection[str]) -> int:
    missing = sorted(set(columns) - set(parquet_columns(connection, path)))
    if missing:
        raise LinkageError(
            f"{path.name} has no column {', '.join(missing)}", "Block and compare only on fields that both sides have."
        )
    wanted = quote_list(["id", *sorted(set(columns) - {"id"})])
    connection.execute(f"CREATE OR REPLACE TABLE {quote(name)} AS SELECT {wanted} FROM read_parquet(?) ORDER BY id", [str(path)])
    rows, distinct, first, last = fetch_row(
        connection, f"SELECT count(*), count(DISTINCT id), min(id), max(id) FROM {quote(name)}"
    )
    if rows == 0:
        raise LinkageError(f"{path.name} holds no usable rows", "quarantine.parquet says why each row was set aside.")
    if (distinct, first, last) != (rows, 1, rows):
        # Splink does not look: with an id twice, every pair of it would be counted twice and more.
        raise LinkageError(f"{path.name} has ids that are not 1 to {rows}, each once", "Run the stage `read` again.")
    return int(rows)

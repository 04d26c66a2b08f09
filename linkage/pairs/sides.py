"""The two sides as DuckDB views of their files, with only the columns that blocking and comparisons read.

Views, not copies: a copy of a million records takes longer to make than its columns take to read a few times, and some
two gigabytes.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import duckdb

from linkage.errors import LinkageError
from linkage.runs.exchange import scan_file
from linkage.runs.sql import described_columns, fetch_row, from_two_starts, quote, quote_list
from linkage.runs.tables import QUARANTINE

SAME_NUMBER = "SELECT l.id AS id_l, r.id AS id_r FROM mentions l JOIN persons r ON l.personal_number = r.personal_number"
"""Anchor pairs: both sides carry the same personal number."""


@dataclass(frozen=True)
class Sides:
    """The views `mentions` and `persons` in DuckDB; the same one twice when duplicates are sought within one."""

    left: str
    right: str
    left_rows: int
    right_rows: int
    types: Mapping[str, str] = field(default_factory=dict)
    """DuckDB's type of the columns that have the same on both sides, as far as known."""
    apart: Sequence[tuple[int, int]] = ()
    """First and last id of each group of records of which no two are one entity: no such pair is proposed."""

    @property
    def is_dedupe(self) -> bool:
        """Whether duplicates are sought within one table."""
        return self.left == self.right

    def types_of(self, columns: Collection[str]) -> list[str | None]:
        """Their types, as plain values: what is kept of these columns stands under nothing that others say."""
        return [self.types.get(column) for column in columns]

    @property
    def possible_pairs(self) -> int:
        """All pairs there are, candidate or not."""
        if not self.is_dedupe:
            return self.left_rows * self.right_rows
        within = sum((last - first + 1) * (last - first) // 2 for first, last in self.apart)
        return self.left_rows * (self.left_rows - 1) // 2 - within

    @property
    def once(self) -> str:
        """SQL that goes on with AND: within one table each pair of records `l`, `r` once, and none of records kept apart."""
        if not self.is_dedupe:
            return ""
        return " AND l.id < r.id" + "".join(f" AND NOT (l.id >= {first} AND r.id <= {last})" for first, last in self.apart)


def record_hash(columns: Sequence[str], types: Mapping[str, str]) -> str:
    """SQL of one 64-bit number for all that a record has in these columns, of DuckDB's types (text where not known)."""
    parts = []
    for column in columns:
        kind = types.get(column, "VARCHAR")
        if kind.endswith("[]"):  # as text, for DuckDB's hash of [] is that of NULL
            parts.append(from_two_starts(f"{quote(column)}::VARCHAR"))
        else:
            parts.append(from_two_starts(quote(column)) if kind == "VARCHAR" else quote(column))
    return f"hash({', '.join(parts)})"


def value_hash(column: str, types: Mapping[str, str]) -> str:
    """SQL of a value by its 64-bit hash, which is counted, compared and joined faster than a text; NULL where it is missing."""
    return f"CASE WHEN {quote(column)} IS NOT NULL THEN {record_hash([column], types)} END"


def share_of_hashes(share: float) -> str:
    """SQL of the 64-bit number below which this share of all hashes is (1 and more: all but one)."""
    return f"{min(int(share * 2**64), 2**64 - 1)}::UBIGINT"


def open_tables(connection: duckdb.DuckDBPyConnection, mentions: Path, persons: Path | None, columns: Collection[str]) -> Sides:
    """Open the named columns of both sides; their files are ordered by id.

    Raises:
        LinkageError: when a side lacks one of the columns, holds no rows, or has an id twice.
    """
    left_rows, types = _open(connection, "mentions", mentions, columns)
    if persons is None:
        return Sides("mentions", "mentions", left_rows, left_rows, types, _kept_apart(connection, mentions))
    right_rows, right_types = _open(connection, "persons", persons, columns)
    return Sides("mentions", "persons", left_rows, right_rows, dict(types.items() & right_types.items()))


def _kept_apart(connection: duckdb.DuckDBPyConnection, mentions: Path) -> tuple[tuple[int, int], ...]:
    """The ids of each group of records kept apart, which follow on one another."""
    file = scan_file(mentions)
    if "apart" not in described_columns(connection, file):
        return ()
    grouped = f"SELECT min(id), max(id) FROM {file} WHERE apart IS NOT NULL GROUP BY apart ORDER BY ALL"
    return tuple(connection.execute(grouped).fetchall())


def _open(connection: duckdb.DuckDBPyConnection, name: str, path: Path, columns: Collection[str]) -> tuple[int, dict[str, str]]:
    file = scan_file(path)
    types = described_columns(connection, file)
    missing = sorted(set(columns) - set(types))
    if missing:
        raise LinkageError(
            f"{path.name} has no column {', '.join(missing)}", "Block and compare only on fields that both sides have."
        )
    wanted = ["id", *sorted(set(columns) - {"id"})]
    connection.execute(f"CREATE OR REPLACE VIEW {quote(name)} AS SELECT {quote_list(wanted)} FROM {file}")
    rows, distinct, first, last = fetch_row(
        connection, f"SELECT count(*), count(DISTINCT id), min(id), max(id) FROM {quote(name)}"
    )
    if rows == 0:
        raise LinkageError(f"{path.name} holds no usable rows", f"{QUARANTINE.file} says why each row was set aside.")
    if (distinct, first, last) != (rows, 1, rows):
        # Splink does not look: with an id twice, every pair of it would be counted twice and more.
        raise LinkageError(f"{path.name} has ids that are not 1 to {rows}, each once", "Run the stage `read` again.")
    return int(rows), {column: types[column] for column in wanted}

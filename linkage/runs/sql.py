"""DuckDB as every room uses it: one way to open a connection, quote an identifier, hash a text, write a Parquet file."""

from __future__ import annotations

import re
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

import duckdb
import numpy as np

from linkage.interrupts import interruptible

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Sequence

    from numpy.typing import NDArray

Done = TypeVar("Done")
SMALL = "COMPRESSION zstd"
QUICK = "COMPRESSION snappy, PARQUET_VERSION v2"
"""A fifth larger, written with two thirds of the work and read with three quarters."""
_GLOB_SIGNS = re.compile(r"([*?\[])")


def connect(memory_limit: str = "4GB", threads: int = 2, spill_to: Path | None = None) -> duckdb.DuckDBPyConnection:
    """An in-memory DuckDB that never reaches for the network and spills to `spill_to` when memory runs out."""
    connection = duckdb.connect(
        config={
            "memory_limit": memory_limit,
            "threads": threads,
            "autoinstall_known_extensions": False,
            "autoload_known_extensions": False,
            "allow_community_extensions": False,
            "allow_unsigned_extensions": False,
            "temp_directory": str(spill_to) if spill_to else "",
        }
    )
    return _settled(connection)


def _settled(connection: duckdb.DuckDBPyConnection) -> duckdb.DuckDBPyConnection:
    interruptible(connection)
    # In a notebook kernel DuckDB refuses even to be told "false" where ipywidgets is not installed; it is false there already.
    if fetch_row(connection, "SELECT current_setting('enable_progress_bar')")[0]:
        connection.execute("SET enable_progress_bar = false")
    connection.execute("SET TimeZone = 'UTC'")
    return connection


def at_once(connection: duckdb.DuckDBPyConnection, works: Sequence[Callable[[duckdb.DuckDBPyConnection], Done]]) -> list[Done]:
    """Do pieces of work that need nothing of each other beside each other, as many at a time as DuckDB has threads.

    DuckDB itself parts no work of fewer than 122,880 rows. Each piece is given a connection of its own to the same database: it
    sees tables and views, but for temporary ones, which are its own. The first that fails, in their order, is raised.
    """
    (threads,) = fetch_row(connection, "SELECT current_setting('threads')")

    def alone(work: Callable[[duckdb.DuckDBPyConnection], Done]) -> Done:
        with _settled(connection.cursor()) as own:
            return work(own)

    with ThreadPoolExecutor(int(threads)) as pool:
        return list(pool.map(alone, works))


def quote(identifier: str) -> str:
    """A quoted SQL identifier.

    >>> quote("birth_date")
    '"birth_date"'
    """
    return '"' + identifier.replace('"', '""') + '"'


def quote_list(identifiers: Iterable[str]) -> str:
    """Quoted identifiers with commas between."""
    return ", ".join(quote(identifier) for identifier in identifiers)


def literal(text: str) -> str:
    """A quoted SQL string, for the few places (COPY targets, file names) that take no bound parameter."""
    return "'" + text.replace("'", "''") + "'"


def file_literal(path: Path) -> str:
    """A quoted SQL string of one file to read: signs that DuckDB takes for a pattern stand for themselves.

    >>> file_literal(Path("m[1]/links.parquet"))
    "'m[[]1]/links.parquet'"
    """
    return literal(_GLOB_SIGNS.sub(r"[\1]", str(path)))


def from_two_starts(text: str) -> str:
    """SQL of what DuckDB's `hash` is to be given for a text: it twice, once a letter later.

    `hash` takes words of eight bytes, and differences in the last letters of two words may cancel out: of texts that differ
    only in their eighth and sixteenth letters one pair in some 256 has the same, `nguyen cong hanh` and `nguyen hong hang`.
    """
    return f"{text}, '.' || {text}"


def fetch_row(connection: duckdb.DuckDBPyConnection, query: str, parameters: object = None) -> tuple[Any, ...]:
    """The one row of a query, fully fetched: a half-read result would block the connection for whoever uses it next."""
    rows = connection.execute(query, parameters).fetchall()
    return tuple(rows[0])


def fetch_chunks(
    connection: duckdb.DuckDBPyConnection, query: str, rows: int, whole: str = ""
) -> Iterator[dict[str, NDArray[Any]]]:
    """The columns of a query as NumPy has them, in its order, about so many rows at a time: what it needs does not grow with it.

    Rows with the same value of the column `whole`, which the query is ordered by, stay together.
    """
    held: dict[str, NDArray[Any]] = {}
    for batch in connection.sql(query).to_arrow_reader(rows):
        if not batch.num_rows:
            continue
        columns = {name: column.to_numpy(zero_copy_only=False) for name, column in zip(batch.schema.names, batch, strict=True)}
        if held:
            columns = {name: np.concatenate([held[name], column]) for name, column in columns.items()}
        if whole:
            last = int(np.searchsorted(columns[whole], columns[whole][-1]))
            held = {name: column[last:] for name, column in columns.items()}
            columns = {name: column[:last] for name, column in columns.items()}
        if len(next(iter(columns.values()))):
            yield columns
    if held:
        yield held


def id_ranges(connection: duckdb.DuckDBPyConnection, relation: str, column: str, rows: int) -> list[tuple[int, int]]:
    """Ranges of a whole-number column (first, last), each of about so many rows of anything that can stand in a FROM clause."""
    counted = f"SELECT {quote(column)} AS id, count(*) AS rows FROM {relation} GROUP BY id"
    parted = f"SELECT id, (sum(rows) OVER (ORDER BY id) // {rows})::BIGINT AS part FROM ({counted})"
    return connection.execute(f"SELECT min(id), max(id) FROM ({parted}) GROUP BY part ORDER BY part").fetchall()


def described_columns(connection: duckdb.DuckDBPyConnection, relation: str) -> dict[str, str]:
    """Column → DuckDB's type of anything that can stand in a FROM clause, in its order."""
    rows = connection.execute(f"DESCRIBE SELECT * FROM {relation}").fetchall()
    return {str(row[0]): str(row[1]) for row in rows}


def write_parquet(connection: duckdb.DuckDBPyConnection, query: str, path: Path, packing: str = SMALL) -> int:
    """Write a query's rows to a Parquet file readable by its owner only; returns the rows.

    For the same file at every run the query must ORDER BY a unique key.
    """
    path.touch(mode=0o600)
    row = connection.execute(f"COPY ({query}) TO {literal(str(path))} (FORMAT parquet, {packing})").fetchone()
    path.chmod(0o600)
    return int(row[0]) if row else 0

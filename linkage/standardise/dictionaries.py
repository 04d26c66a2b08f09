"""Dictionaries in DuckDB from raw values to their keys: `std_known_<kind>`, filled as new values are met."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import TYPE_CHECKING, TypeVar

import duckdb
import pyarrow as pa

from linkage.config import FieldKind
from linkage.runs.sql import fetch_row, quote
from linkage.standardise.keys import suffixes_of
from linkage.standardise.names import AS_WRITTEN, NAME_COLUMNS, TIDIED, WORD_COLUMNS, join_words, name_row, word_row
from linkage.standardise.numbers import READ_WHOLE_NUMBERS
from linkage.standardise.values import ROWS, Row, place_rows
from linkage.vietnamese.numbers import COUNTRY_PREFIXES, PROVINCE_PREFIXES

_BESIDE_KEYS: dict[FieldKind, dict[str, str]] = {
    FieldKind.date: {"age": "SMALLINT", "period": "SMALLINT"},
    FieldKind.year: {"age": "SMALLINT", "period": "SMALLINT"},
}


if TYPE_CHECKING:
    from joblib import Parallel

Value = TypeVar("Value")
MANY_VALUES = 20_000
"""From so many new values on it pays to start as many reading processes as DuckDB has threads."""
FEW_VALUES = 500
"""So few are read at once here, also when such processes stand ready."""
BATCHES_A_WORKER = 4


class Dictionaries:
    """The dictionaries of one table. Those of names and numbers (nearly all distinct) hold one chunk, others all chunks."""

    def __init__(self, connection: duckdb.DuckDBPyConnection, sound_merges: frozenset[str]) -> None:
        self._connection = connection
        self._sound_merges = sound_merges
        self._workers: Parallel | None = None
        self._columns = {
            kind: {suffix or "value": sql_type for suffix, sql_type in suffixes_of(kind).items()} | _BESIDE_KEYS.get(kind, {})
            for kind in FieldKind
        }
        self._columns[FieldKind.place] = {"first_period": "SMALLINT", "last_period": "SMALLINT"} | self._columns[FieldKind.place]
        for kind, columns in self._columns.items():
            self._create(f"std_known_{kind.value}", columns)
        self._create("std_words", WORD_COLUMNS)
        self._create("std_odd_names", NAME_COLUMNS)
        prefixes = sorted([*PROVINCE_PREFIXES, *COUNTRY_PREFIXES])
        connection.execute("CREATE OR REPLACE TEMP TABLE std_prefixes AS SELECT unnest($p)::SMALLINT AS prefix", {"p": prefixes})

    def drop(self) -> None:
        """Remove every dictionary from the connection."""
        for table in (
            *(f"std_known_{kind.value}" for kind in FieldKind),
            "std_words",
            "std_odd_names",
            "std_prefixes",
            "std_values",
            "std_rest",
        ):
            self._connection.execute(f"DROP TABLE IF EXISTS {table}")

    def learn(self, kind: FieldKind, values: str) -> None:
        """Make `std_known_<kind>` hold the keys of every value of the query `values` (`raw`, and for places `period`)."""
        self._connection.execute(f"CREATE OR REPLACE TEMP TABLE std_values AS {values}")
        if kind is FieldKind.person_name:
            self._learn_names()
            return
        known = f"std_known_{kind.value}"
        if kind is FieldKind.place:
            self._learn_places()
            return
        if kind is FieldKind.personal_number:
            self._create(known, self._columns[kind])
            self._connection.execute(f"INSERT INTO {known} {READ_WHOLE_NUMBERS.format(values='std_values')}")
        new = self._fetch(f"SELECT raw FROM std_values ANTI JOIN {known} USING (raw)")
        self._learn_rows(known, self._columns[kind], partial(_read_value, kind), new)

    def _learn_places(self) -> None:
        """A place is read once for each run of periods in which its words mean the same."""
        new = self._connection.execute(
            "SELECT raw, list_sort(list(v.period)) FROM std_values AS v "
            "ANTI JOIN std_known_place AS k ON k.raw = v.raw AND v.period BETWEEN k.first_period AND k.last_period GROUP BY raw"
        ).fetchall()
        self._learn_rows("std_known_place", self._columns[FieldKind.place], _read_place, new)

    def _learn_names(self) -> None:
        """Names of plain words are put together in SQL, as they stand or tidied; only the others are read one by one."""
        known = "std_known_person_name"
        self._create(known, NAME_COLUMNS)
        self._put_words_together(known, "std_values", AS_WRITTEN)
        self._connection.execute(
            f"CREATE OR REPLACE TEMP TABLE std_rest AS SELECT raw FROM std_values ANTI JOIN {known} USING (raw)"
        )
        self._put_words_together(known, "std_rest", TIDIED)
        new = self._fetch(f"SELECT raw FROM std_rest ANTI JOIN {known} USING (raw) ANTI JOIN std_odd_names USING (raw)")
        self._learn_rows("std_odd_names", NAME_COLUMNS, partial(_read_name, self._sound_merges), new)
        self._connection.execute(f"INSERT INTO {known} SELECT o.* FROM std_odd_names AS o SEMI JOIN std_rest USING (raw)")

    def _put_words_together(self, known: str, values: str, words: str) -> None:
        """Learn the words of names, then the names that are plain words throughout."""
        new = self._fetch(
            f"SELECT word FROM (SELECT DISTINCT unnest({words}) AS word FROM {values}) AS v "
            "ANTI JOIN std_words AS w ON w.raw = v.word"
        )
        self._learn_rows("std_words", WORD_COLUMNS, partial(_read_word, self._sound_merges), new)
        self._connection.execute(f"INSERT INTO {known} {join_words(values, words)}")

    def _create(self, table: str, columns: dict[str, str]) -> None:
        described = "".join(f", {quote(name)} {sql_type}" for name, sql_type in columns.items())
        self._connection.execute(f"CREATE OR REPLACE TEMP TABLE {table} (raw VARCHAR{described})")

    def _fetch(self, query: str) -> list[str]:
        return [row[0] for row in self._connection.execute(query).fetchall()]

    def _learn_rows(self, table: str, columns: dict[str, str], read: Callable[[Value], list[Row]], values: list[Value]) -> None:
        """Insert what `read` makes of the new values, read by several processes once they are many."""
        described = {"raw": "VARCHAR"} | columns
        if len(values) < (MANY_VALUES if self._workers is None else FEW_VALUES):
            batches = [_read_batch(described, read, values)]
        else:
            from joblib import Parallel, delayed  # late: small tables never need it

            if self._workers is None:
                (threads,) = fetch_row(self._connection, "SELECT current_setting('threads')")
                self._workers = Parallel(n_jobs=threads, max_nbytes=None)
            size = -(-len(values) // (BATCHES_A_WORKER * self._workers.n_jobs))
            parts = (values[start : start + size] for start in range(0, len(values), size))
            batches = self._workers(delayed(_read_batch)(described, read, part) for part in parts)
        self._connection.register("std_new", pa.concat_tables(batches))
        self._connection.execute(f"INSERT INTO {table} SELECT * FROM std_new")
        self._connection.unregister("std_new")


def _read_value(kind: FieldKind, raw: str) -> list[Row]:
    return [(raw, *ROWS[kind](raw))]


def _read_place(value: tuple[str, list[int]]) -> list[Row]:
    raw, periods = value
    return [(raw, *row) for row in place_rows(raw, periods)]


def _read_name(merges: frozenset[str], raw: str) -> list[Row]:
    return [(raw, *name_row(raw, merges))]


def _read_word(merges: frozenset[str], word: str) -> list[Row]:
    return [(word, *word_row(word, merges))]


def _read_batch(columns: dict[str, str], read: Callable[[Value], list[Row]], values: list[Value]) -> pa.Table:
    rows = [row for value in values for row in read(value)]
    by_column = zip(*rows, strict=True) if rows else [()] * len(columns)
    return pa.table(
        {
            name: pa.array(list(column), type=_arrow_type(sql_type))
            for (name, sql_type), column in zip(columns.items(), by_column, strict=True)
        }
    )


def _arrow_type(sql_type: str) -> pa.DataType:
    if sql_type.endswith("[]"):
        return pa.list_(_arrow_type(sql_type[:-2]))
    return {
        "VARCHAR": pa.string(), "DATE": pa.date32(), "SMALLINT": pa.int16(), "TINYINT": pa.int8(), "INTEGER": pa.int32(),
        "DOUBLE": pa.float64(), "BOOLEAN": pa.bool_(),
    }[sql_type]  # fmt: skip

"""Dictionaries in DuckDB from raw values to their keys: `std_known_<kind>`, filled as new values are met."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial

import duckdb
import pyarrow as pa

from linkage.config import FieldKind
from linkage.config.field_keys import suffixes_of
from linkage.runs.sql import quote
from linkage.standardise.personal_number_sql import READ_WHOLE_NUMBERS
from linkage.standardise.readers import Readers, Value
from linkage.standardise.values import ROWS, Row, place_rows
from linkage.vietnamese.personal_numbers import COUNTRY_PREFIXES, PROVINCE_PREFIXES

_BESIDE_KEYS: dict[FieldKind, dict[str, str]] = {
    FieldKind.date: {"age": "SMALLINT", "period": "SMALLINT"},
    FieldKind.year: {"age": "SMALLINT", "period": "SMALLINT"},
}


class Dictionaries:
    """The dictionaries of one table. That of numbers (nearly all distinct) holds one chunk, others all chunks."""

    def __init__(self, connection: duckdb.DuckDBPyConnection, readers: Readers) -> None:
        self._connection = connection
        self._readers = readers
        self._columns: dict[FieldKind, dict[str, str]] = {
            kind: {suffix or "value": sql_type for suffix, sql_type in suffixes_of(kind).items()} | _BESIDE_KEYS.get(kind, {})
            for kind in FieldKind
            if kind is not FieldKind.person_name
        }
        self._columns[FieldKind.place] = {"first_period": "SMALLINT", "last_period": "SMALLINT"} | self._columns[FieldKind.place]
        for kind in self._columns:
            self._create(kind)
        prefixes = sorted([*PROVINCE_PREFIXES, *COUNTRY_PREFIXES])
        connection.execute("CREATE OR REPLACE TEMP TABLE std_prefixes AS SELECT unnest($p)::SMALLINT AS prefix", {"p": prefixes})

    def drop(self) -> None:
        """Remove every dictionary from the connection."""
        for table in (*(f"std_known_{kind.value}" for kind in self._columns), "std_prefixes", "std_values"):
            self._connection.execute(f"DROP TABLE IF EXISTS {table}")

    def ask(self, kind: FieldKind, values: str) -> Callable[[], None]:
        """Have read the values of the query `values` (`raw`, and for places `period`) that are new.

        Calling the result waits for them and makes `std_known_<kind>` hold the keys of every one of the values.
        """
        self._connection.execute(f"CREATE OR REPLACE TEMP TABLE std_values AS {values}")
        known = f"std_known_{kind.value}"
        if kind is FieldKind.place:
            # A place is read once for each run of periods in which its words mean the same.
            new = self._connection.execute(
                "SELECT raw, list_sort(list(v.period)) FROM std_values AS v ANTI JOIN std_known_place AS k "
                "ON k.raw = v.raw AND v.period BETWEEN k.first_period AND k.last_period GROUP BY raw"
            ).fetchall()
            return self._insert(kind, _read_place, new)
        if kind is FieldKind.personal_number:
            self._create(kind)
            self._connection.execute(f"INSERT INTO {known} {READ_WHOLE_NUMBERS.format(values='std_values')}")
        rows = self._connection.execute(f"SELECT raw FROM std_values ANTI JOIN {known} USING (raw)").fetchall()
        return self._insert(kind, partial(_read_value, kind), [raw for (raw,) in rows])

    def _create(self, kind: FieldKind) -> None:
        described = "".join(f", {quote(name)} {sql_type}" for name, sql_type in self._columns[kind].items())
        self._connection.execute(f"CREATE OR REPLACE TEMP TABLE std_known_{kind.value} (raw VARCHAR{described})")

    def _insert(self, kind: FieldKind, read: Callable[[Value], list[Row]], values: list[Value]) -> Callable[[], None]:
        reading = self._readers.read({"raw": "VARCHAR"} | self._columns[kind], read, values)

        def insert() -> None:
            self._connection.register("std_new", pa.Table.from_batches([reading()]))
            self._connection.execute(f"INSERT INTO std_known_{kind.value} SELECT * FROM std_new")
            self._connection.unregister("std_new")

        return insert


def _read_value(kind: FieldKind, raw: str) -> list[Row]:
    return [(raw, *ROWS[kind](raw))]


def _read_place(value: tuple[str, list[int]]) -> list[Row]:
    raw, periods = value
    return [(raw, *row) for row in place_rows(raw, periods)]

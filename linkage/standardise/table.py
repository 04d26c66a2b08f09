"""A raw table → the standardised table, chunk by chunk, each distinct value or word once through Python."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator, Mapping
from concurrent.futures import Future, ThreadPoolExecutor
from pathlib import Path

import duckdb
import pyarrow as pa
import pyarrow.parquet as pq

from linkage.config import FieldKind
from linkage.config.field_keys import keys_of, suffixes_of
from linkage.runs.exchange import scan_file
from linkage.runs.sql import fetch_row, quote, write_parquet
from linkage.standardise.dictionaries import Dictionaries
from linkage.standardise.name_words import Names
from linkage.standardise.personal_number_sql import flag_contradictions
from linkage.standardise.readers import Readers
from linkage.standardise.values import UNDATED
from linkage.vietnamese import SOUND_MERGES

ROWS_PER_CHUNK = 122_880
"""Rows standardised at a time, and rows of a row group of the result."""
MANY_ROWS = 50_000
"""From so many rows on it pays to start processes that read values."""

_WITH_AGE = (FieldKind.date, FieldKind.year)


def standardise_table(
    connection: duckdb.DuckDBPyConnection,
    source: Path,
    target: Path,
    fields: Mapping[str, FieldKind],
    *,
    dated_by: Mapping[str, str] | None = None,
    registered_at: Mapping[str, str] | None = None,
    marked: Mapping[str, str] | None = None,
    sound_merges: Collection[str] = SOUND_MERGES,
    progress: Callable[[str, int, int], None] | None = None,
    rows_per_chunk: int = ROWS_PER_CHUNK,
) -> int:
    """Standardise a raw Parquet table and return its number of rows.

    `source` has `id` (1..n, unique), `record_id` and one VARCHAR column per field (other columns are left out).
    `target` gets `id`, `record_id` and `keys_of` each field, in order of `id`: the same bytes whatever the order of the
    source's rows, the chunks' learning order or the number of threads. `dated_by` names the date field at which a place
    is resolved, or from which an age is counted back; `registered_at` names the place field where the birth behind a
    personal number was registered. `marked` gives SQL of a date's or number's value with its column's reading behind it.
    Numbers are held against `sex` and `birth_date` or `birth_year` of the same person
    (the same prefix). `progress(step, done, total)` is told of rows. Raises ValueError for a sound merge that does not
    exist or a field named in `dated_by` that is not declared.
    """
    plan = _Plan(fields, dated_by or {}, registered_at or {}, marked or {})
    scan = scan_file(source)
    low, high, total = connection.execute(f"SELECT min(id), max(id), count(*) FROM {scan}").fetchone() or (None, None, 0)
    starts = range(low, high + 1, rows_per_chunk) if total else range(1)
    (threads,) = fetch_row(connection, "SELECT current_setting('threads')")
    readers = Readers(threads if total >= MANY_ROWS else 0)
    target.touch(mode=0o600)
    writer: pq.ParquetWriter | None = None
    done = 0
    try:
        with ThreadPoolExecutor(1) as pool:  # the previous chunk is written while the next is standardised
            writing: Future[None] | None = None
            for chunk in _standardise_chunks(connection, scan, plan, starts, readers, frozenset(sound_merges)):
                if writing is not None:
                    writing.result()
                if writer is None:
                    writer = pq.ParquetWriter(target, chunk.schema, compression="zstd")
                writing = pool.submit(_write, writer, chunk, rows_per_chunk)
                done += chunk.num_rows
                if progress is not None:
                    progress("standardise", done, total)
            if writing is not None:
                writing.result()
    finally:
        if writer is not None:
            writer.close()
    target.chmod(0o600)
    return done


def add_keys(connection: duckdb.DuckDBPyConnection, table: Path, keys: Mapping[str, str]) -> None:
    """Put columns of a project's own, name → SQL of the others, behind those of a standardised table."""
    if not keys:
        return
    added = ", ".join(f"({sql}\n) AS {quote(name)}" for name, sql in keys.items())
    whole = table.with_name(f".{table.name}")
    write_parquet(connection, f"SELECT *, {added} FROM {scan_file(table)} ORDER BY id", whole)
    whole.replace(table)


def _write(writer: pq.ParquetWriter, chunk: pa.Table, rows: int) -> None:
    writer.write_table(chunk, row_group_size=rows)


def _standardise_chunks(
    connection: duckdb.DuckDBPyConnection, scan: str, plan: _Plan, starts: range, readers: Readers, sound_merges: frozenset[str]
) -> Iterator[pa.Table]:
    """The keys of each chunk of ids; while those of one are joined, the next one's values are read by other processes."""
    dictionaries = Dictionaries(connection, readers)
    names = Names(readers, sound_merges)
    waiting: _Chunk | None = None
    try:
        for start in (*starts, None):
            chunk = None if start is None else _Chunk(connection, plan, _take_rows(connection, scan, plan, start, starts.step))
            if waiting is not None:
                waiting.hear()
            if chunk is not None:
                chunk.ask(dictionaries, names)
            if waiting is not None:
                yield waiting.join_keys(dictionaries)
            waiting = chunk
    finally:
        dictionaries.drop()
        connection.unregister("std_chunk")


def _take_rows(connection: duckdb.DuckDBPyConnection, scan: str, plan: _Plan, start: int, rows: int) -> pa.Table:
    held = ", ".join(f"{plan.marked[field]} AS {quote(field)}" if field in plan.marked else quote(field) for field in plan.fields)
    query = f"SELECT id, record_id, {held} FROM {scan} WHERE id >= $start AND id < $stop ORDER BY id"
    return connection.sql(query, params={"start": start, "stop": start + rows}).to_arrow_table()


class _Chunk:
    """Raw rows in order of `id` on their way to their keys: `ask`, `hear`, `join_keys`."""

    def __init__(self, connection: duckdb.DuckDBPyConnection, plan: _Plan, rows: pa.Table) -> None:
        self._connection = connection
        self._plan = plan
        names = plan.fields_of(FieldKind.person_name)
        self._names = {field: rows[field].combine_chunks() for field in names}
        self._rows = rows.drop_columns(names)
        self._answers: list[Callable[[], None]] = []
        self._columns: dict[str, pa.Array] = {}

    def ask(self, dictionaries: Dictionaries, names: Names) -> None:
        """Have the values read that are new."""
        self._connection.register("std_chunk", self._rows)
        if self._names:
            hear_names = names.ask(self._names)
            self._answers.append(lambda: self._columns.update(hear_names()))
        for kind in self._plan.kinds:
            if kind in _WITH_AGE:  # at once: the places below are resolved at them
                dictionaries.ask(kind, self._plan.values_of(kind))()
            elif kind not in (FieldKind.person_name, FieldKind.personal_number):
                self._answers.append(dictionaries.ask(kind, self._plan.values_of(kind)))

    def hear(self) -> None:
        """Wait for what was asked; the next chunk's values can be held against it then."""
        while self._answers:
            self._answers.pop(0)()  # let go at once: what it holds would wait for the garbage collector otherwise

    def join_keys(self, dictionaries: Dictionaries) -> pa.Table:
        """The rows' keys."""
        self._connection.register("std_chunk", self._rows)
        if self._plan.fields_of(FieldKind.personal_number):
            dictionaries.ask(FieldKind.personal_number, self._plan.values_of(FieldKind.personal_number))()
        joined = self._connection.sql(self._plan.join_keys()).to_arrow_table()
        columns = dict(zip(joined.column_names, joined.columns, strict=True)) | self._columns
        return pa.table({column: columns[column] for column in self._plan.columns})


class _Plan:
    """Which fields have which kind and what they are read with; gives the SQL of a chunk."""

    def __init__(
        self,
        fields: Mapping[str, FieldKind],
        dated_by: Mapping[str, str],
        registered_at: Mapping[str, str],
        marked: Mapping[str, str],
    ) -> None:
        for field, by in (*dated_by.items(), *registered_at.items()):
            if field not in fields or by not in fields:
                raise ValueError(f"`{field}` is to be read with `{by}`, but both must be declared fields")
        for field, by in dated_by.items():
            if fields[by] not in _WITH_AGE:
                raise ValueError(f"`{field}` is to be dated by `{by}`, which is no date or year")
        self.fields = dict(fields)
        self.dated_by = dict(dated_by)
        self.registered_at = dict(registered_at)
        self.marked = dict(marked)

    @property
    def kinds(self) -> list[FieldKind]:
        """The kinds that occur, dates before the places that are resolved at them."""
        present = set(self.fields.values())
        return sorted(present, key=lambda kind: (kind not in _WITH_AGE, kind.value))

    @property
    def columns(self) -> list[str]:
        """The columns of the result, in order."""
        return ["id", "record_id", *(column for field, kind in self.fields.items() for column in keys_of(field, kind))]

    def fields_of(self, kind: FieldKind) -> list[str]:
        return [field for field, its_kind in self.fields.items() if its_kind is kind]

    def values_of(self, kind: FieldKind) -> str:
        """A query of the chunk's distinct values of a kind: `raw`, and `period` for places."""
        columns = "raw"
        if kind is FieldKind.place:
            every = [
                f"SELECT c.{quote(field)} AS raw, {self._period(field, 'd')} AS period "
                f"FROM std_chunk AS c {self._dates(field, 'd')}"
                for field in self.fields_of(kind)
            ]
            columns = "raw, period"
        else:
            every = [f"SELECT {quote(field)} AS raw FROM std_chunk" for field in self.fields_of(kind)]
        return f"SELECT DISTINCT {columns} FROM ({' UNION ALL '.join(every)}) WHERE raw IS NOT NULL"

    def _dates(self, field: str, alias: str) -> str:
        by = self.dated_by.get(field)
        return f"LEFT JOIN std_known_{self.fields[by].value} AS {alias} ON {alias}.raw = c.{quote(by)}" if by else ""

    def _period(self, field: str, alias: str) -> str:
        return f"coalesce({alias}.period, {UNDATED})" if field in self.dated_by else str(UNDATED)

    def join_keys(self) -> str:
        """The query that puts the keys of every field but the names beside the chunk's rows."""
        selected = ["c.id", "c.record_id"]
        joins = []
        for i, (field, kind) in enumerate(self.fields.items()):
            if kind is FieldKind.person_name:
                continue
            met = f"d{i}.raw = c.{quote(field)}"
            if kind is FieldKind.place:
                joins.append(self._dates(field, f"p{i}"))
                met += f" AND {self._period(field, f'p{i}')} BETWEEN d{i}.first_period AND d{i}.last_period"
            joins.append(f"LEFT JOIN std_known_{kind.value} AS d{i} ON {met}")
            for suffix, sql_type in suffixes_of(kind).items():
                expression = f"d{i}.{quote(suffix or 'value')}"
                if kind in _WITH_AGE and suffix in ("", "year") and (kind is FieldKind.year or suffix == "year"):
                    expression = self._with_age(field, i, expression)
                if kind is FieldKind.personal_number and suffix == "flags":
                    expression = flag_contradictions(f"d{i}", expression, self._person_of(field))
                column = f"{field}_{suffix}" if suffix else field
                selected.append(f"CAST({expression} AS {sql_type}) AS {quote(column)}")
        return f"SELECT {', '.join(selected)} FROM std_chunk AS c {' '.join(joins)} ORDER BY c.id"

    def _alias(self, field: str) -> str:
        return f"d{list(self.fields).index(field)}"

    def _with_age(self, field: str, i: int, expression: str) -> str:
        by = self.dated_by.get(field)
        return f'coalesce({expression}, {self._alias(by)}."year" - d{i}.age)' if by else expression

    def _person_of(self, field: str) -> dict[str, str]:
        """SQL of what else is said of the person whose number `field` is: sex, birth_year, provinces."""
        prefix = field.removesuffix("personal_number")
        said = {}
        if self.fields.get(f"{prefix}sex") is FieldKind.sex:
            said["sex"] = f'{self._alias(f"{prefix}sex")}."value"'
        for name, column in (("birth_year", "value"), ("birth_date", "year")):
            if self.fields.get(prefix + name) in _WITH_AGE:
                said["birth_year"] = f'{self._alias(prefix + name)}."{column}"'
        if place := self.registered_at.get(field):
            said["provinces"] = f'{self._alias(place)}."provinces_old"'
        return said

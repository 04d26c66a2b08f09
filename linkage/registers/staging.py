"""Parts -> staged entries (Parquet) -> faults -> mentions of one role and quarantine. Set-based, in named steps."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import chain
from typing import TYPE_CHECKING

from linkage.errors import SourceError
from linkage.runs.sql import from_two_starts, literal, quote, scan_parquet, write_parquet
from linkage.words.fields import as_written

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence
    from pathlib import Path

    import duckdb
    import pyarrow as pa

    from linkage.registers.kinds import RegisterField, Role
    from linkage.registers.mapping import HeaderMapping
    from linkage.registers.parts import SourcePart

ENTRIES = "register_entries"
FAULTS = "register_faults"
BROKEN = "register_broken"
SOUND = "register_sound"


@dataclass(frozen=True)
class Counts:
    """Rows of a side."""

    rows_in: int
    used: int
    quarantined: int
    reasons: Mapping[str, int]


def stage(
    connection: duckdb.DuckDBPyConnection,
    folder: Path,
    fields: Sequence[RegisterField],
    parts: Sequence[SourcePart],
    mappings: Sequence[HeaderMapping],
    progress: Callable[[int], None] | None = None,
) -> tuple[tuple[str, ...], int]:
    """Write each part's rows to the folder and show them as the view `register_entries`.

    Columns: entry BIGINT (unique), source, row_number, problem, raw, then one VARCHAR a field that any part has.
    Returns those fields and the number of blank rows left out.
    """
    mapped = [field for field in fields if any(field.name in mapping.columns for mapping in mappings)]
    import duckdb
    import pyarrow as pa

    blank = done = 0
    for number, (part, mapping) in enumerate(zip(parts, mappings, strict=True)):
        query = _staging_query(part, mapping, mapped, number)
        batches = part.batches()
        try:
            first = next(batches, None)
            if first is None:
                continue
            seen = _Counted(first, batches, done, progress)
            connection.register("register_batches", pa.RecordBatchReader.from_batches(first.schema, seen))
            try:
                kept = _write_staged(connection, query, folder / f"{number:05d}.parquet")
            except duckdb.Error as error:
                raise (seen.error or error) from error
            finally:
                connection.unregister("register_batches")
        finally:
            batches.close()  # a server's cursor must not outlive the reading
        blank += seen.rows - kept
        done += seen.rows
    if done == blank:
        raise SourceError(f"{parts[0].source}: there is a header row and nothing under it.", "Export the register again.")
    files = sorted(folder.glob("*.parquet"))
    connection.execute(f"CREATE OR REPLACE TEMP VIEW {ENTRIES} AS SELECT * FROM {scan_parquet(*files)}")
    return tuple(field.name for field in mapped), blank


class _Counted:
    """Batches that are counted on their way, and whose error is kept: DuckDB wraps it in one of its own."""

    def __init__(
        self, first: pa.RecordBatch, rest: Iterator[pa.RecordBatch], before: int, progress: Callable[[int], None] | None
    ) -> None:
        self.first, self.rest = first, rest
        self.before, self.progress = before, progress
        self.rows = 0
        self.error: Exception | None = None

    def __iter__(self) -> Iterator[pa.RecordBatch]:
        try:
            for batch in chain([self.first], self.rest):
                self.rows += batch.num_rows
                yield batch
                if self.progress:
                    self.progress(self.before + self.rows)
        except Exception as error:
            self.error = error
            raise


def _write_staged(connection: duckdb.DuckDBPyConnection, query: str, path: Path) -> int:
    """As `write_parquet`, with a lighter compression: the file lives for seconds, in a folder of its owner's."""
    row = connection.execute(f"COPY ({query}) TO {literal(str(path))} (FORMAT parquet, COMPRESSION snappy)").fetchone()
    return int(row[0]) if row else 0


def _staging_query(part: SourcePart, mapping: HeaderMapping, fields: Sequence[RegisterField], number: int) -> str:
    columns = mapping.columns
    values = {
        field.name: _value(part, columns[field.name], field) if field.name in columns else "CAST(NULL AS VARCHAR)"
        for field in fields
    }
    # a text that starts with a visible sign is filled; only the others are worth the slow trim
    filled = [
        f"CASE WHEN {name} >= '!' AND NOT starts_with({name}, chr(160)) THEN {name} "
        f"WHEN trim({name}, ' \t\r\n' || chr(160)) <> '' THEN {name} END AS {name}"
        for name in map(quote, values)
    ]
    names = ", ".join(map(quote, values))
    lost = " OR ".join(f"contains({name}, chr(65533))" for name in map(quote, values))
    return f"""
        WITH valued AS (
            SELECT row_number, {part.problem} AS problem, raw,
                   {", ".join(f"{value} AS {quote(name)}" for name, value in values.items())}
            FROM register_batches
        ),
        filled AS (SELECT row_number, problem, raw, {", ".join(filled)} FROM valued)
        SELECT ({number}::BIGINT << 40) + row_number AS entry, {literal(part.source)} AS source, row_number,
               CASE WHEN problem IS NOT NULL THEN problem
                    WHEN {lost} THEN coalesce(nullif(regexp_extract(concat_ws(' ', {names}), '\ufffd([a-z]+(_[a-z]+)+)', 1), ''),
                                              'unreadable_text') END AS problem,
               raw, {names}
        FROM filled
        WHERE problem IS NOT NULL OR coalesce({names}) IS NOT NULL
    """


def _value(part: SourcePart, column: int, field: RegisterField) -> str:
    text = part.expression(column)
    if part.serial_dates and field.kind == "date":
        # 10000 to 59999 days: 1927 to 2064
        serial = f"regexp_full_match({text}, '[1-5][0-9]{{4}}')"
        return f"CASE WHEN {serial} THEN strftime(DATE '1899-12-30' + CAST({text} AS INTEGER), '%d/%m/%Y') ELSE {text} END"
    return f"CAST({text} AS VARCHAR)"


def find_structural_faults(
    connection: duckdb.DuckDBPyConnection, role: Role, kinds: Mapping[str, object], key: Sequence[str], mapped: Sequence[str]
) -> None:
    """Fill the table `register_faults` (entry, field, value, reason) with what makes an entry unusable, whatever the rules.

    The view `register_sound` then shows the entries that are whole and have an identifier of their own.
    """
    query = _structural_faults(role, kinds, _record_id(key), mapped)
    connection.execute(f"CREATE OR REPLACE TEMP TABLE {FAULTS} AS {query}")
    # a table of its own: the rules add to the faults while they read the sound entries
    connection.execute(f"CREATE OR REPLACE TEMP TABLE {BROKEN} AS SELECT entry FROM {FAULTS} WHERE reason <> 'role_absent'")
    connection.execute(f"CREATE OR REPLACE TEMP VIEW {SOUND} AS SELECT * FROM {ENTRIES} ANTI JOIN {BROKEN} USING (entry)")


def write_used_and_quarantined(
    connection: duckdb.DuckDBPyConnection,
    role: Role,
    kinds: Mapping[str, object],
    key: Sequence[str],
    target: Path,
    quarantine: Path,
    side: str,
) -> Counts:
    """Write the mentions of the role from the entries without a fault, and the others as quarantine."""
    record_id = _record_id(key)
    used = write_parquet(connection, _mentions(role, kinds, record_id), target)
    quarantined = write_parquet(connection, _quarantine(record_id, side), quarantine)
    rows_in = connection.execute(f"SELECT count(*) FROM {ENTRIES}").fetchone()
    reasons = connection.execute(f"SELECT reason, count(DISTINCT entry) FROM {FAULTS} GROUP BY reason ORDER BY reason").fetchall()
    assert rows_in is not None
    return Counts(int(rows_in[0]), used, quarantined, dict(reasons))


def forget(connection: duckdb.DuckDBPyConnection) -> None:
    """Drop what reading a side left in the connection."""
    connection.execute(f"DROP VIEW IF EXISTS {SOUND}")
    connection.execute(f"DROP VIEW IF EXISTS {ENTRIES}")
    connection.execute(f"DROP TABLE IF EXISTS {FAULTS}")
    connection.execute(f"DROP TABLE IF EXISTS {BROKEN}")


def _record_id(key: Sequence[str]) -> str:
    """The entry's identifier: its own column, or the register's key joined where it has none."""
    if not key:
        return "record_id"
    parts = " || ' | ' || ".join(f"trim({quote(name)})" for name in key)
    return f"({parts})"


def _present(role: Role, kinds: Mapping[str, object]) -> str:
    names = [role.fields[mention] for mention in role.present if mention in kinds]
    return f"coalesce({', '.join(map(quote, names))}) IS NOT NULL" if names else "true"


def _structural_faults(role: Role, kinds: Mapping[str, object], record_id: str, mapped: Sequence[str]) -> str:
    """Entries that are no usable record at all: one row a fault."""
    named = literal(as_written(role.fields.get(role.present[0], "")) if role.present else "")
    lost = {name: f"CASE WHEN contains({quote(name)}, chr(65533))" for name in mapped}
    lost_fields = ", ".join(f"{when} THEN {literal(as_written(name))} END" for name, when in lost.items())
    lost_values = ", ".join(f"{when} THEN {quote(name)} END" for name, when in lost.items())
    return f"""
        WITH sound AS (
            SELECT entry, {record_id} AS identifier, {_present(role, kinds)} AS present,
                   hash({", ".join(from_two_starts(quote(name)) for name in mapped)}) AS content
            FROM {ENTRIES} WHERE problem IS NULL
        ),
        repeated AS (
            SELECT identifier, count(DISTINCT content) AS contents, min(entry) AS first
            FROM sound WHERE identifier IS NOT NULL GROUP BY identifier HAVING count(*) > 1
        )
        SELECT entry, nullif(concat_ws(', ', {lost_fields}), '') AS field,
               CASE WHEN raw IS NOT NULL THEN raw[:2000] ELSE nullif(concat_ws(' | ', {lost_values}), '') END AS value,
               problem AS reason
        FROM {ENTRIES} WHERE problem IS NOT NULL
        UNION ALL
        SELECT entry, 'record_id', NULL, 'missing_record_id' FROM sound WHERE identifier IS NULL
        UNION ALL
        -- of identical copies one is kept; of rows that differ none can be told to be the right one
        SELECT entry, 'record_id', identifier, 'duplicate_record_id' FROM sound JOIN repeated USING (identifier)
        WHERE contents > 1 OR entry > first
        UNION ALL
        SELECT entry, {named}, NULL, 'role_absent'
        FROM sound WHERE NOT present
    """


def _mentions(role: Role, kinds: Mapping[str, object], record_id: str) -> str:
    columns = [
        f"{literal(role.constants[mention])} AS {quote(mention)}"
        if mention in role.constants
        else f"{quote(role.fields[mention])} AS {quote(mention)}"
        for mention in kinds
    ]
    return f"""
        -- sorted once: the numbering runs over the sorted rows as they come
        SELECT CAST(row_number() OVER () AS INTEGER) AS id, "#record_id" AS record_id,
               {literal(role.name)} AS role, source, row_number, {", ".join(map(quote, kinds))}
        FROM (
            SELECT {record_id} AS "#record_id", source, row_number, {", ".join(columns)}
            FROM {ENTRIES} ANTI JOIN {FAULTS} USING (entry)
            ORDER BY "#record_id"
        )
    """


def _quarantine(record_id: str, side: str) -> str:
    return f"""
        SELECT {literal(side)} AS side, e.source, e.row_number, any_value({record_id}) AS record_id,
               string_agg(f.field, ', ' ORDER BY f.reason, f.field) AS field,
               string_agg(f.value, ' | ' ORDER BY f.reason, f.field) AS value,
               string_agg(f.reason, ', ' ORDER BY f.reason, f.field) AS reason
        FROM {FAULTS} AS f JOIN {ENTRIES} AS e USING (entry)
        GROUP BY e.entry, e.source, e.row_number
        ORDER BY e.entry
    """

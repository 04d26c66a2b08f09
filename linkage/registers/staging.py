"""Parts -> staged entries (Parquet) -> faults -> mentions of one role and quarantine. Set-based, in named steps."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import chain
from typing import TYPE_CHECKING

from linkage.config.sources import FieldKind
from linkage.errors import SourceError
from linkage.registers.null_words import ANY_NULL_WORD, NULL_FIELDS, fields_with_null_words, is_null_word_sql, without_null_na
from linkage.registers.page_rows import REPEATED_HEADER, SIGNATURE_ROW, TOTAL_ROW, TOTALS_START, UNDER_SIGNATURES, page_row_sql
from linkage.registers.parts import Tally, unwrapped_sql
from linkage.runs.exchange import scan_files
from linkage.runs.sql import from_two_starts, literal, quote, write_parquet
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
INVISIBLE = r"[\p{Cf}\p{Co}\x01-\x08\x0e-\x1b\x7f-\x84\x86-\x9f]"
"""Characters of no width and control characters, but white space."""
ROW, ODD = '"whole row"', '"odd row"'
"""Columns on the way to the staged ones; no field can have such a name."""
_ODD_ROW = f'\\x1f(?:[\\x00- \\x{{A0}}]|="|{TOTALS_START}|(?:{ANY_NULL_WORD})\\x1f)'
"""Of a row's cells, chr(31) around each: one that may be blank, is wrapped as `="…"`, may sum others or is a null word."""


@dataclass(frozen=True)
class Staged:
    """What was staged. Rows of the source = title rows + header rows + blank rows + rows of the view `register_entries`."""

    fields: tuple[str, ...]
    """The fields that any part has."""
    rows: int
    """All rows of the source, counted where they begin."""
    titles: int
    headers: tuple[tuple[str, int], ...]
    """(source, row) of every header, repeated ones and rows that number the columns too."""
    blank: int


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
    key: Sequence[str] = (),
    progress: Callable[[int], None] | None = None,
) -> Staged:
    """Write each part's rows to the folder and show them as the view `register_entries`.

    Columns: entry BIGINT (unique), source, row_number, problem, raw, `null_words.NULL_FIELDS`, record_id, then one VARCHAR a
    field that any part has, in which null words are NULL. A part without identifiers gets the fields of the `key` joined.
    """
    mapped = [field for field in fields if any(field.name in mapping.columns for mapping in mappings)]
    import duckdb
    import pyarrow as pa

    rows = given = staged = 0
    headers: list[tuple[str, int]] = []
    for number, (part, mapping) in enumerate(zip(parts, mappings, strict=True)):
        query = _staging_query(part, mapping, mapped, key, number)
        tally = Tally()
        batches = part.batches(tally)
        try:
            first = next(batches, None)
            if first is not None:
                seen = _Counted(first, batches, given, progress)
                connection.register("register_batches", pa.RecordBatchReader.from_batches(first.schema, seen))
                try:
                    staged += _write_staged(connection, query, folder / f"{number:05d}.parquet")
                except duckdb.Error as error:
                    raise (seen.error or error) from error
                finally:
                    connection.unregister("register_batches")
                given += seen.rows
        finally:
            batches.close()  # a server's cursor must not outlive the reading
        rows += tally.rows
        headers += [(part.source, row) for row in part.heading.header_rows]
    if not staged:
        raise SourceError(f"{parts[0].source}: there is a header row and nothing under it.", "Export the register again.")
    found = scan_files(sorted(folder.glob("*.parquet")))
    repeated = f"problem = '{REPEATED_HEADER}'"
    headers += connection.execute(f"SELECT source, row_number FROM {found} WHERE {repeated} ORDER BY entry").fetchall()
    entries = without_null_na(connection, f"(SELECT * FROM {found} WHERE ({repeated}) IS NOT TRUE)", mapped)
    connection.execute(f"CREATE OR REPLACE TEMP VIEW {ENTRIES} AS {entries}")
    titles = sum(part.heading.titles for part in parts)
    return Staged(tuple(field.name for field in mapped), rows, titles, tuple(headers), given - staged)


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


def _staging_query(
    part: SourcePart, mapping: HeaderMapping, fields: Sequence[RegisterField], key: Sequence[str], number: int
) -> str:
    columns = mapping.columns
    values = {
        field.name: _value(part, columns[field.name], field) if field.name in columns else "CAST(NULL AS VARCHAR)"
        for field in fields
    }
    names = ", ".join(map(quote, values))
    # inside a CASE on the whole row, cells are looked at in the few rows that may need it
    filled = [
        _identifier(name) if name == "record_id" else f"CASE WHEN NOT {ODD} THEN {quote(name)} ELSE {_filled(quote(name))} END"
        for name in values
    ]
    nulls = {field.name: is_null_word_sql(quote(field.name), field.kind) for field in fields}
    known = [
        f"CASE WHEN NOT {ODD} THEN {name} WHEN NOT coalesce({test}, false) THEN {name} END AS {name}"
        for name, test in ((quote(name), test) for name, test in nulls.items())
    ]
    mark = f"regexp_extract({ROW}, '\ufffd([a-z]+(_[a-z]+)+)', 1)"
    identifier = "record_id" if "record_id" in columns else key[-1] if key else next(iter(columns))
    record_id = quote("record_id") if "record_id" in columns else " || ' | ' || ".join(f"trim({quote(name)})" for name in key)
    places = {match.field: (match.column, match.header) for match in mapping.matches}
    people = [field.name for field in fields if field.kind == FieldKind.person_name and field.name in columns]
    others = [quote(name) for name in values if name != "record_id"]
    return f"""
        WITH valued AS (
            SELECT row_number, {part.problem} AS problem, raw,
                   {", ".join(f"{value} AS {quote(name)}" for name, value in values.items())}
            FROM register_batches
        ),
        joined AS (SELECT *, chr(31) || concat_ws(chr(31), {names}) || chr(31) AS {ROW} FROM valued),
        told AS (SELECT *, regexp_matches({ROW}, {literal(_ODD_ROW)}) AS {ODD} FROM joined),
        filled AS (
            SELECT row_number, problem, raw, {ROW}, {ODD},
                   {", ".join(f"{value} AS {quote(name)}" for name, value in zip(values, filled, strict=True))}
            FROM told
        ),
        known AS (
            SELECT row_number, problem, raw, {ROW}, {ODD}, CASE WHEN {ODD} THEN {fields_with_null_words(nulls)} END AS nulls,
                   {", ".join(known)}
            FROM filled
        ),
        judged AS (
            SELECT *, CASE WHEN problem IS NOT NULL THEN problem
                           WHEN contains({ROW}, chr(65533)) THEN coalesce(nullif({mark}, ''), 'unreadable_text')
                           ELSE {page_row_sql(places, identifier, people, ODD)} END AS judged
            FROM known
            WHERE problem IS NOT NULL OR nulls IS NOT NULL OR coalesce({names}) IS NOT NULL
        )
        SELECT ({number}::BIGINT << 40) + row_number AS entry, {literal(part.source)} AS source, row_number, judged AS problem,
               CASE WHEN judged IN ('{TOTAL_ROW}', '{SIGNATURE_ROW}') THEN concat_ws(' | ', {names}) ELSE raw END AS raw,
               nulls AS {quote(NULL_FIELDS)}, {", ".join([f"{record_id} AS record_id", *others])}
        FROM judged
    """


def _filled(name: str) -> str:
    # a text that starts with a visible sign is filled; only the others are worth the slow trim
    return (
        f"CASE WHEN starts_with({name}, '=\"') THEN {unwrapped_sql(name)} "
        f"WHEN {name} >= '!' AND NOT starts_with({name}, chr(160)) THEN {name} "
        f"WHEN trim({name}, ' \t\r\n' || chr(160)) <> '' THEN {name} END"
    )


def _identifier(name: str) -> str:
    """An identifier as it was meant: without what is not seen, nor spaces around it."""
    seen = f"regexp_replace({unwrapped_sql(quote(name))}, '{INVISIBLE}', '', 'g')"
    return (
        f"CASE WHEN regexp_full_match({quote(name)}, '[0-9A-Za-z][!-~]*') THEN {quote(name)} "
        f"ELSE nullif(trim(regexp_replace({seen}, '[\\s\\x0b\\x1c-\\x1f\\x85\\p{{Z}}]+', ' ', 'g')), '') END"
    )


def _value(part: SourcePart, column: int, field: RegisterField) -> str:
    text = part.expression(column)
    if part.serial_dates and field.kind == "date":
        # 10000 to 59999 days: 1927 to 2064
        serial = f"regexp_full_match({text}, '[1-5][0-9]{{4}}')"
        return f"CASE WHEN {serial} THEN strftime(DATE '1899-12-30' + CAST({text} AS INTEGER), '%d/%m/%Y') ELSE {text} END"
    return f"CAST({text} AS VARCHAR)"


def find_structural_faults(
    connection: duckdb.DuckDBPyConnection, role: Role, kinds: Mapping[str, object], mapped: Sequence[str]
) -> None:
    """Fill the table `register_faults` (entry, field, value, reason) with what makes an entry unusable, whatever the rules.

    The view `register_sound` then shows the entries that are whole and have an identifier of their own.
    """
    query = _structural_faults(role, kinds, mapped)
    signed = f"SELECT 1 FROM {ENTRIES} WHERE problem = '{SIGNATURE_ROW}' LIMIT 1"
    if connection.execute(signed).fetchall():
        query += f" UNION ALL {_names_of_those_who_signed(mapped)}"
    connection.execute(f"CREATE OR REPLACE TEMP TABLE {FAULTS} AS {query}")
    # a table of its own: the rules add to the faults while they read the sound entries
    connection.execute(f"CREATE OR REPLACE TEMP TABLE {BROKEN} AS SELECT entry FROM {FAULTS} WHERE reason <> 'role_absent'")
    connection.execute(f"CREATE OR REPLACE TEMP VIEW {SOUND} AS SELECT * FROM {ENTRIES} ANTI JOIN {BROKEN} USING (entry)")


def write_used_and_quarantined(
    connection: duckdb.DuckDBPyConnection,
    role: Role,
    kinds: Mapping[str, object],
    target: Path,
    quarantine: Path,
    side: str,
) -> Counts:
    """Write the mentions of the role from the entries without a fault, and the others as quarantine."""
    used = write_parquet(connection, _mentions(role, kinds), target)
    quarantined = write_parquet(connection, _quarantine(side), quarantine)
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


def _present(role: Role, kinds: Mapping[str, object]) -> str:
    names = [role.fields[mention] for mention in role.present if mention in kinds]
    return f"coalesce({', '.join(map(quote, names))}) IS NOT NULL" if names else "true"


def _structural_faults(role: Role, kinds: Mapping[str, object], mapped: Sequence[str]) -> str:
    """Entries that are no usable record at all: one row a fault."""
    named = literal(as_written(role.fields.get(role.present[0], "")) if role.present else "")
    lost = {name: f"CASE WHEN contains({quote(name)}, chr(65533))" for name in mapped}
    lost_fields = ", ".join(f"{when} THEN {literal(as_written(name))} END" for name, when in lost.items())
    lost_values = ", ".join(f"{when} THEN {quote(name)} END" for name, when in lost.items())
    return f"""
        WITH sound AS (
            SELECT entry, record_id AS identifier, {_present(role, kinds)} AS present,
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


def _names_of_those_who_signed(mapped: Sequence[str]) -> str:
    filled = " + ".join(f"(e.{quote(name)} IS NOT NULL)::INTEGER" for name in mapped)
    return f"""
        SELECT DISTINCT e.entry, NULL, NULL, '{SIGNATURE_ROW}'
        FROM {ENTRIES} AS e JOIN {ENTRIES} AS s ON s.problem = '{SIGNATURE_ROW}' AND e.source = s.source
             AND e.row_number BETWEEN s.row_number + 1 AND s.row_number + {UNDER_SIGNATURES}
        WHERE e.problem IS NULL AND NOT regexp_matches(coalesce(e.record_id, ''), '[0-9]')
              AND {filled} <= {(len(mapped) + 1) // 2}
    """


def _mentions(role: Role, kinds: Mapping[str, object]) -> str:
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
            SELECT record_id AS "#record_id", source, row_number, {", ".join(columns)}
            FROM {ENTRIES} ANTI JOIN {FAULTS} USING (entry)
            ORDER BY "#record_id"
        )
    """


def _quarantine(side: str) -> str:
    return f"""
        SELECT {literal(side)} AS side, e.source, e.row_number, any_value(record_id) AS record_id,
               string_agg(f.field, ', ' ORDER BY f.reason, f.field) AS field,
               string_agg(f.value, ' | ' ORDER BY f.reason, f.field) AS value,
               string_agg(f.reason, ', ' ORDER BY f.reason, f.field) AS reason
        FROM {FAULTS} AS f JOIN {ENTRIES} AS e USING (entry)
        GROUP BY e.entry, e.source, e.row_number
        ORDER BY e.entry
    """

"""Parquet and JSON lines."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from linkage.errors import SourceError
from linkage.registers.decoding import decode_batch, detect_encoding, text_pieces
from linkage.registers.parts import PROBLEM, RAW, ROW_NUMBER, SourcePart, Tally
from linkage.registers.row_ends import whole_rows
from linkage.vietnamese.column_readings import HOME_ZONE

if TYPE_CHECKING:
    from collections.abc import Generator
    from pathlib import Path

    import pyarrow as pa

    from linkage.config.sources import SourceSpec

BATCH = 50_000
THREE_DECIMALS = "-?[1-9][0-9]{0,2}[.][0-9]{3}"
UTC = ("UTC", "ETC/UTC", "GMT", "Z", "+00:00", "-00:00", "ETC/GMT", "ZULU")
"""What a column of moments says of its zone when it says none."""


def zone_of(kind: pa.DataType, declared: str) -> str | None:
    """The time zone in which a column of moments is dated: its own where it says one, else the source's; None for others."""
    from pyarrow import types

    if not types.is_timestamp(kind) or kind.tz is None:
        return None
    return declared if kind.tz.upper() in UTC or declared != HOME_ZONE else str(kind.tz)


def typed_dates(schema: pa.Schema, declared: str) -> dict[int, str]:
    """The columns of dates and moments → the zone in which the moments are dated, empty for dates."""
    from pyarrow import types

    dated = {at: column.type for at, column in enumerate(schema) if types.is_date(column.type) or types.is_timestamp(column.type)}
    return {at: zone_of(kind, declared) or "" for at, kind in dated.items()}


def text_of(kind: pa.DataType, column: str, zone: str) -> str:
    """SQL for a typed column as text: dates as dd/mm/yyyy, whole numbers without a decimal part, the rest as DuckDB writes it.

    A moment has the date it had in its own zone, or where it counts in UTC, in that of the source.
    """
    from pyarrow import types

    kind = kind.value_type if types.is_dictionary(kind) else kind
    if types.is_date(kind):
        return f"strftime({column}, '%d/%m/%Y')"
    if types.is_timestamp(kind):
        own = zone_of(kind, zone)
        stored = f"CAST({column} AS TIMESTAMP)" if own is None else f"CAST(CAST({column} AS TIMESTAMPTZ) AS TIMESTAMP)"
        time = stored if own is None else _local_time(column, own)
        # midnight as stored, on the same day, is a date that was written as a moment
        dates = f"{time} = date_trunc('day', {time}) OR {stored} = date_trunc('day', {time})"
        clock = f"CASE WHEN {dates} THEN '' ELSE strftime({time}, ' %H:%M:%S') END"
        return f"strftime({time}, '%d/%m/%Y') || {clock}"
    if types.is_floating(kind) or types.is_decimal(kind):
        text = f"CAST({column} AS VARCHAR)"
        whole = f"abs({column}) < 1e15 AND {column} = trunc({column})"
        return f"CASE WHEN {whole} THEN CAST(CAST({column} AS BIGINT) AS VARCHAR) ELSE {plain_fraction(text)} END"
    if types.is_binary(kind) or types.is_large_binary(kind):
        return f"coalesce(TRY(decode({column})), CASE WHEN {column} IS NOT NULL THEN chr(65533) END)"
    return f"CAST({column} AS VARCHAR)"


def _local_time(column: str, zone: str) -> str:
    """SQL of a moment's time in a zone, or at a fixed offset (`+07:00`)."""
    from linkage.runs.sql import literal

    if offset := re.fullmatch(r"([-+])(\d{2}):?(\d{2})", zone):
        minutes = int(f"{offset[1]}{int(offset[2]) * 60 + int(offset[3])}")
        return f"(timezone('UTC', CAST({column} AS TIMESTAMPTZ)) + to_minutes({minutes}))"
    return f"timezone({literal(zone)}, CAST({column} AS TIMESTAMPTZ))"


def plain_fraction(text: str) -> str:
    """SQL of a number's text that cannot be taken for one with thousands parted: 1.234 gets a fourth decimal."""
    return f"CASE WHEN regexp_full_match({text}, '{THREE_DECIMALS}') THEN {text} || '0' ELSE {text} END"


def open_parquet(path: Path, label: str, spec: SourceSpec) -> SourcePart:
    """A Parquet file as a part; `SourceError` when it is truncated or damaged."""
    import pyarrow as pa
    from pyarrow import parquet

    try:
        with parquet.ParquetFile(path) as file:
            schema = file.schema_arrow
    except (pa.ArrowException, OSError) as error:
        raise SourceError(f"{label}: the Parquet file is damaged or cut short.", "Export it again.") from error

    def batches(tally: Tally) -> Generator[pa.RecordBatch]:
        try:
            with parquet.ParquetFile(path) as file:
                for batch in file.iter_batches(BATCH):
                    yield decode_batch(numbered(batch, tally), spec.encoding)
        except (pa.ArrowException, OSError) as error:
            raise SourceError(f"{label}: the Parquet file is damaged after row {tally.rows}.", "Export it again.") from error

    expressions = tuple(text_of(column.type, f"c{at}", spec.timezone) for at, column in enumerate(schema))
    return SourcePart(
        label, tuple(schema.names), batches, expressions=expressions, typed_dates=typed_dates(schema, spec.timezone)
    )


def numbered(batch: pa.RecordBatch, tally: Tally) -> pa.RecordBatch:
    """The batch with its columns called `c0`, `c1` … and the row numbers that follow those of the tally."""
    import numpy as np
    import pyarrow as pa

    empty = pa.nulls(batch.num_rows, pa.string())
    numbers = pa.array(np.arange(tally.rows + 1, tally.rows + 1 + batch.num_rows, dtype=np.int64))
    tally.rows += batch.num_rows
    names = [ROW_NUMBER, PROBLEM, RAW, *(f"c{at}" for at in range(batch.num_columns))]
    return pa.RecordBatch.from_arrays([numbers, empty, empty, *batch.columns], names=names)


def open_json_lines(path: Path, label: str, spec: SourceSpec) -> SourcePart:
    """A file of one JSON object a line as a part; its headers are the keys of all objects, in order of first appearance."""
    from linkage.runs.sql import connect, literal

    encoding, _ = detect_encoding(path, spec.encoding)
    connection = connect(memory_limit="1GB")
    keys: dict[str, None] = {}
    for batch in _lines(path, encoding, Tally()):
        connection.register("lines", batch)
        found = connection.execute(
            """
            SELECT key, min(ROW_NUMBER) FROM (
                SELECT unnest(json_keys(raw)) AS key, row_number * 1000 + generate_subscripts(json_keys(raw), 1) AS ROW_NUMBER
                FROM lines WHERE json_valid(raw) AND json_type(raw) = 'OBJECT'
            ) GROUP BY key ORDER BY 2, 1
            """
        ).fetchall()
        keys.update(dict.fromkeys(key for key, _ in found))
    connection.close()
    if not keys:
        raise SourceError(f"{label}: no line holds a JSON object.", 'Write one object a line: {"record_id": "…", …}.')
    # a JSON pointer, whose two special signs are written ~0 and ~1
    pointers = [literal("/" + key.replace("~", "~0").replace("/", "~1")) for key in keys]
    return SourcePart(
        label,
        tuple(keys),
        lambda tally: _lines(path, encoding, tally),
        expressions=tuple(_json_text(pointer) for pointer in pointers),
        problem="CASE WHEN NOT json_valid(raw) OR json_type(raw) <> 'OBJECT' THEN 'not_json' END",
        detected={"encoding": encoding},
    )


def _json_text(pointer: str) -> str:
    """SQL of a value of the line's object as text."""
    line = "CASE WHEN json_valid(raw) THEN raw END"
    text = f"json_extract_string({line}, {pointer})"
    return (
        f"CASE WHEN regexp_full_match({text}, '{THREE_DECIMALS}') AND json_type({line}, {pointer}) = 'DOUBLE' "
        f"THEN {text} || '0' ELSE {text} END"
    )


def _lines(path: Path, encoding: str, tally: Tally) -> Generator[pa.RecordBatch]:
    """The lines of a file under `raw`, NULL for blank ones; no object of one line holds a line end."""
    # a quotation mark that no text has: every line end is a row's
    for rows in whole_rows(text_pieces(path, encoding), "\0", "\0"):
        lines = rows.text.decode("utf-8", "replace").replace("\r\n", "\n").replace("\r", "\n").removesuffix("\n").split("\n")
        yield _line_batch(lines, tally)


def _line_batch(lines: list[str], tally: Tally) -> pa.RecordBatch:
    import numpy as np
    import pyarrow as pa
    from pyarrow import compute

    texts = pa.array(lines, pa.string())
    texts = compute.if_else(compute.equal(compute.utf8_trim_whitespace(texts), ""), pa.scalar(None, pa.string()), texts)
    numbers = pa.array(np.arange(tally.rows + 1, tally.rows + 1 + len(lines), dtype=np.int64))
    tally.rows += len(lines)
    return pa.record_batch({ROW_NUMBER: numbers, PROBLEM: pa.nulls(len(lines), pa.string()), RAW: texts})

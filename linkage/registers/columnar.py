"""Parquet and JSON lines."""

from __future__ import annotations

from typing import TYPE_CHECKING

from linkage.errors import SourceError
from linkage.registers.decoding import decode_batch, detect_encoding, text_pieces
from linkage.registers.parts import PROBLEM, RAW, ROW_NUMBER, SourcePart, Tally
from linkage.registers.row_ends import whole_rows

if TYPE_CHECKING:
    from collections.abc import Generator
    from pathlib import Path

    import pyarrow as pa

    from linkage.config.sources import SourceSpec

BATCH = 50_000


def text_of(kind: pa.DataType, column: str) -> str:
    """SQL for a typed column as text: dates as dd/mm/yyyy, whole numbers without a decimal part, the rest as DuckDB writes it."""
    from pyarrow import types

    kind = kind.value_type if types.is_dictionary(kind) else kind
    if types.is_date(kind):
        return f"strftime({column}, '%d/%m/%Y')"
    if types.is_timestamp(kind):
        time = f"CAST({column} AS TIMESTAMP)"
        clock = f"CASE WHEN {time} = date_trunc('day', {time}) THEN '' ELSE strftime({time}, ' %H:%M:%S') END"
        return f"strftime({time}, '%d/%m/%Y') || {clock}"
    if types.is_floating(kind) or types.is_decimal(kind):
        whole = f"abs({column}) < 1e15 AND {column} = trunc({column})"
        return f"CASE WHEN {whole} THEN CAST(CAST({column} AS BIGINT) AS VARCHAR) ELSE CAST({column} AS VARCHAR) END"
    if types.is_binary(kind) or types.is_large_binary(kind):
        return f"coalesce(TRY(decode({column})), CASE WHEN {column} IS NOT NULL THEN chr(65533) END)"
    return f"CAST({column} AS VARCHAR)"


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

    expressions = tuple(text_of(column.type, f"c{at}") for at, column in enumerate(schema))
    return SourcePart(label, tuple(schema.names), batches, expressions=expressions)


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
        expressions=tuple(f"json_extract_string(CASE WHEN json_valid(raw) THEN raw END, {pointer})" for pointer in pointers),
        problem="CASE WHEN NOT json_valid(raw) OR json_type(raw) <> 'OBJECT' THEN 'not_json' END",
        detected={"encoding": encoding},
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

"""CSV: encoding, delimiter and header row found or declared; rows in bounded memory, none dropped.

DuckDB's and Arrow's streaming readers lose the number of a rejected row, and DuckDB's loses a last row whose quotation
mark is never closed; so the file is cut into whole rows (`row_ends`), and each piece is split by Arrow, which has to find
as many rows in it.
"""

from __future__ import annotations

import codecs
import csv
import io
from collections import Counter
from typing import TYPE_CHECKING

from linkage.errors import LinkageError, SourceError
from linkage.registers.decoding import REPLACEMENT, decode_batch, decode_text, detect_encoding, text_pieces
from linkage.registers.parts import PROBLEM, RAW, ROW_NUMBER, Recogniser, SourcePart, Tally, find_heading
from linkage.registers.row_ends import first_rows, whole_rows

if TYPE_CHECKING:
    from collections.abc import Callable, Generator, Iterator
    from pathlib import Path

    import pyarrow as pa

    from linkage.config.sources import SourceSpec

DELIMITERS = ",;\t|"
SAMPLE = 1 << 16
"""Bytes read at first to look for the headers."""
SEARCHED = 30
"""Rows among which the header is looked for."""


def open_delimited(path: Path, label: str, spec: SourceSpec, recognise: Recogniser) -> SourcePart:
    """A CSV file as a part.

    Raises `SourceError` when it is empty, binary or has no header row, or a declared sign is not one of ASCII.
    """
    for key, sign in (("delimiter", spec.delimiter), ("quote", spec.quote)):
        if sign and not sign.isascii():
            raise SourceError(
                f"{label}: `{key}: {sign}` cannot part fields.", "Declare a sign of ASCII: a comma, `;`, `|`, a tab …"
            )
    encoding, found = detect_encoding(path, spec.encoding)
    if not any(piece.replace(codecs.BOM_UTF8, b"").strip() for piece in text_pieces(path, encoding, SAMPLE)):
        raise SourceError(f"{label}: the file is empty.", "Export the register again, with its header row.")
    quote = spec.quote or '"'
    most = max(SEARCHED, (spec.header_row or 0) + 1)

    def head(delimiter: str) -> list[list[str]]:
        rows = first_rows(text_pieces(path, encoding, SAMPLE), delimiter, quote, most)
        return [[decode_text(cell, spec.encoding) for cell in split_row(row, delimiter, quote)] for row in rows]

    delimiter = spec.delimiter or _detect_delimiter(head, recognise)
    rows = head(delimiter)
    heading = find_heading(rows, label, spec.header_row, recognise)
    headers = heading.names(rows)
    detected = {"encoding": encoding + ("" if spec.encoding else f" ({found})"), "header row": str(heading.header)}
    detected["delimiter"] = {"\t": "tab"}.get(delimiter, delimiter) + ("" if spec.delimiter else " (detected)")

    def batches(tally: Tally) -> Generator[pa.RecordBatch]:
        text = text_pieces(path, encoding)
        for batch in _batches(text, label, delimiter, quote, len(headers), heading.rows, tally):
            yield decode_batch(batch, spec.encoding)

    return SourcePart(
        label,
        headers,
        batches,
        detected=detected,
        notes=heading.notes,
        heading=heading,
        split=lambda row: split_row(row, delimiter, quote),
    )


def split_row(row: str, delimiter: str, quote: str) -> list[str]:
    """The cells of one row's text."""
    try:
        return next(csv.reader([row], delimiter=delimiter, quotechar=quote), [])
    except csv.Error:  # a field longer than csv allows
        return [row]


def _detect_delimiter(head: Callable[[str], list[list[str]]], recognise: Recogniser) -> str:
    def score(delimiter: str) -> tuple[int, int, int]:
        rows = head(delimiter)
        widths = Counter(len(row) for row in rows)
        width, how_often = max(widths.items(), key=lambda pair: (pair[1] * (pair[0] > 1), pair[0]))
        return max(map(recognise, rows)), how_often if width > 1 else 0, width

    return max(DELIMITERS, key=score)


def _batches(
    text: Iterator[bytes], label: str, delimiter: str, quote: str, width: int, heading: int, tally: Tally
) -> Generator[pa.RecordBatch]:
    """The rows under the first `heading` ones; every row of the file is told to the tally."""
    row = 1
    for rows in whole_rows(text, delimiter, quote):
        count = len(rows.ends)
        tally.rows += count
        skipped = min(max(heading + 1 - row, 0), count)
        piece = rows.after(skipped)
        row, count = row + skipped, count - skipped
        if rows.stray and count:
            yield _rejected([(row, "unclosed_quote", piece.decode("utf-8", "replace"))], width, delimiter)
        elif count:
            batches, split = _split(_mended(piece), delimiter, quote, width, row)
            if split != count:
                raise LinkageError(
                    f"{label}: {count} rows from row {row} on were split into {split}.",
                    "Rows would be lost: this is a fault of linkage, please report it.",
                )
            yield from batches
        row += count


def _split(piece: bytes, delimiter: str, quote: str, width: int, row: int) -> tuple[list[pa.RecordBatch], int]:
    """Arrow batches of a piece that starts at row number `row`, and how many rows it holds."""
    import numpy as np
    import pyarrow as pa
    from pyarrow import csv as arrow_csv

    rejected: list[tuple[int, str, str]] = []

    def keep(invalid: arrow_csv.InvalidRow) -> str:
        rejected.append((row + invalid.number - 1, "ragged_row", invalid.text))
        return "skip"

    names = [f"c{at}" for at in range(width)]
    options = {
        "read_options": arrow_csv.ReadOptions(column_names=names, use_threads=False, block_size=len(piece) + 1),
        "parse_options": arrow_csv.ParseOptions(
            delimiter=delimiter,
            quote_char=quote,
            newlines_in_values=True,
            ignore_empty_lines=False,
            invalid_row_handler=keep,
        ),
        "convert_options": arrow_csv.ConvertOptions(
            column_types=dict.fromkeys(names, pa.string()),
            null_values=[""],
            strings_can_be_null=True,
            quoted_strings_can_be_null=True,
        ),
    }
    table = arrow_csv.read_csv(io.BytesIO(piece), **options)
    rows = table.num_rows + len(rejected)
    numbers = np.arange(row, row + rows, dtype=np.int64)
    if rejected:
        numbers = np.setdiff1d(numbers, np.array([at for at, _, _ in rejected], dtype=np.int64), assume_unique=True)
    spans = quote.encode() in piece and _count_line_ends(piece) > rows
    problem = _swallowed(table, delimiter, width) if spans else pa.nulls(table.num_rows, pa.string())
    columns = {ROW_NUMBER: pa.array(numbers), PROBLEM: problem, RAW: pa.nulls(table.num_rows, pa.string())}
    sound = pa.table({**columns, **dict(zip(names, table.columns, strict=True))})
    batches = sound.combine_chunks().to_batches()
    return [*batches, *([_rejected(rejected, width, delimiter)] if rejected else [])], rows


def _count_line_ends(piece: bytes) -> int:
    """Line ends of a piece, in quotation marks or not; its own end is one."""
    own = not piece.endswith((b"\n", b"\r"))
    return own + piece.count(b"\n") + piece.count(b"\r") - piece.count(b"\r\n")


def _swallowed(table: pa.Table, delimiter: str, width: int) -> pa.Array:
    """`unclosed_quote` for rows one value of which holds a line end and the delimiters of a whole other row."""
    import pyarrow as pa
    from pyarrow import compute

    found = pa.array([False] * table.num_rows) if table.num_rows else pa.array([], pa.bool_())
    for column in table.columns:
        several = compute.match_substring_regex(column, "[\r\n]")
        if width > 1 and compute.any(several).as_py():
            whole = compute.greater_equal(compute.count_substring(column, delimiter), width - 1)
            found = compute.or_(found, compute.fill_null(compute.and_(several, whole), False))
    return compute.if_else(found, pa.scalar("unclosed_quote"), pa.scalar(None, pa.string()))


def _mended(piece: bytes) -> bytes:
    """The piece with what is not UTF-8 replaced; Arrow checks fastest, and cannot report a ragged row that is not UTF-8."""
    import pyarrow as pa

    offsets = pa.array([0, len(piece)], pa.int64()).buffers()[1]
    text = pa.Array.from_buffers(pa.large_string(), 1, [None, offsets, pa.py_buffer(piece)])
    try:
        text.validate(full=True)
    except pa.ArrowInvalid:
        return piece.decode("utf-8", "replace").encode()
    return piece


def _rejected(rows: list[tuple[int, str, str]], width: int, delimiter: str) -> pa.RecordBatch:
    """Rows that could not be split, with their text (NUL and unreadable bytes already replaced)."""
    import pyarrow as pa

    numbers, problems, texts = zip(*rows, strict=True)
    # delimiters alone hold no value: a blank row, whatever their number
    problems = tuple(
        "unreadable_text" if REPLACEMENT in text else problem if text.strip(delimiter + " \t\r\n\u00a0") else None
        for problem, text in zip(problems, texts, strict=True)
    )
    empty = pa.nulls(len(rows), pa.string())
    return pa.record_batch(
        {
            ROW_NUMBER: pa.array(numbers, pa.int64()),
            PROBLEM: pa.array(problems, pa.string()),
            RAW: pa.array([text.rstrip("\r\n") for text in texts], pa.string()),
            **{f"c{at}": empty for at in range(width)},
        }
    )

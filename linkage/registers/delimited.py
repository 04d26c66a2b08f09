"""CSV: encoding, delimiter and header row found or declared; rows in bounded memory, none dropped.

DuckDB's and Arrow's streaming readers lose the number of a rejected row, and DuckDB's loses a last row whose quotation
mark is never closed; so the file is cut here, at line ends outside quotation marks, and each piece is split by Arrow.
"""

from __future__ import annotations

import csv
import io
from collections import Counter
from typing import TYPE_CHECKING

from linkage.errors import SourceError
from linkage.registers.decoding import REPLACEMENT, decode_batch, decode_text, detect_encoding, text_pieces
from linkage.registers.parts import PROBLEM, RAW, ROW_NUMBER, Recogniser, SourcePart, header_at

if TYPE_CHECKING:
    from collections.abc import Generator, Iterator
    from pathlib import Path

    import pyarrow as pa

    from linkage.config.sources import SourceSpec

DELIMITERS = ",;\t|"
SAMPLE = 1 << 16
LONGEST_ROW = 1 << 26
"""Bytes after which an open quotation mark is taken for a stray one."""


def open_delimited(path: Path, label: str, spec: SourceSpec, recognise: Recogniser) -> SourcePart:
    """A CSV file as a part. Raises `SourceError` when it is empty, binary or has no header row."""
    encoding, found = detect_encoding(path, spec.encoding)
    sample = _sample(path, encoding)
    if not sample.strip():
        raise SourceError(f"{label}: the file is empty.", "Export the register again, with its header row.")
    quote = spec.quote or '"'
    delimiter = spec.delimiter or _detect_delimiter(sample, quote, recognise)
    rows, ends = _first_rows(sample, delimiter, quote)
    rows = [[decode_text(cell, spec.encoding) for cell in row] for row in rows]
    at = min(spec.header_row - 1, len(rows) - 1) if spec.header_row else header_at(rows, recognise)
    headers = tuple(cell.strip() for cell in rows[at])
    detected = {"encoding": encoding + ("" if spec.encoding else f" ({found})"), "header row": str(at + 1)}
    detected["delimiter"] = {"\t": "tab"}.get(delimiter, delimiter) + ("" if spec.delimiter else " (detected)")

    def batches() -> Generator[pa.RecordBatch]:
        for batch in _batches(path, encoding, delimiter, quote, len(headers), skip_lines=ends[at], first_row=at + 2):
            yield decode_batch(batch, spec.encoding)

    return SourcePart(label, headers, batches, detected=detected)


def _sample(path: Path, encoding: str) -> str:
    text = b""
    for piece in text_pieces(path, encoding, SAMPLE):
        text += piece
        if len(text) >= SAMPLE:
            break
    return text[: SAMPLE * 2].decode("utf-8", "replace")


def _detect_delimiter(sample: str, quote: str, recognise: Recogniser) -> str:
    def score(delimiter: str) -> tuple[int, int, int]:
        rows, _ = _first_rows(sample, delimiter, quote)
        widths = Counter(len(row) for row in rows)
        width, how_often = max(widths.items(), key=lambda pair: (pair[1] * (pair[0] > 1), pair[0]))
        return max(map(recognise, rows)), how_often if width > 1 else 0, width

    return max(DELIMITERS, key=score)


def _first_rows(sample: str, delimiter: str, quote: str, most: int = 30) -> tuple[list[list[str]], list[int]]:
    """The first rows of the sample and, for each, the number of lines up to its end."""
    reader = csv.reader(io.StringIO(sample, newline=""), delimiter=delimiter, quotechar=quote)
    rows, ends = [], []
    try:
        for row in reader:
            rows.append(row)
            ends.append(reader.line_num)
            if len(rows) == most:
                break
    except csv.Error:  # a field longer than csv allows: what was read so far has to do
        pass
    return rows or [[]], ends or [0]


def _batches(
    path: Path, encoding: str, delimiter: str, quote: str, width: int, *, skip_lines: int, first_row: int
) -> Generator[pa.RecordBatch]:
    row = first_row
    left_to_skip = skip_lines
    for piece, stray in _whole_rows(text_pieces(path, encoding), quote.encode()):
        while left_to_skip and piece:
            _, _, piece = piece.partition(b"\n")
            left_to_skip -= 1
        if not piece:
            continue
        if stray:
            yield _rejected([(row, "unclosed_quote", piece.decode("utf-8", "replace"))], width)
            row += 1
            continue
        batch, rows = _split(_mended(piece), delimiter, quote, width, row)
        row += rows
        yield from batch


def _whole_rows(pieces: Iterator[bytes], quote: bytes) -> Iterator[tuple[bytes, bool]]:
    """Pieces that end at a line end outside quotation marks; True marks a single line whose quotation mark is stray."""
    carry = b""
    for piece in pieces:
        text = carry + piece
        cut = text.rfind(b"\n") + 1
        if text.count(quote, 0, cut) % 2:
            cut = text.rfind(b"\n", 0, text.rfind(quote, 0, cut)) + 1
        carry = text[cut:]
        if cut:
            yield text[:cut], False
        if len(carry) > LONGEST_ROW:
            line, carry = _first_line(carry)
            yield line, line.count(quote) % 2 == 1
    while carry:
        if carry.count(quote) % 2 == 0:
            yield carry, False
            return
        # from the first line with an odd quotation mark on, lines stand for themselves again
        before, line, carry = _around_stray_line(carry, quote)
        if before:
            yield before, False
        yield line, True


def _first_line(text: bytes) -> tuple[bytes, bytes]:
    end = text.find(b"\n") + 1 or len(text)
    return text[:end], text[end:]


def _around_stray_line(text: bytes, quote: bytes) -> tuple[bytes, bytes, bytes]:
    start = 0
    while True:
        end = text.find(b"\n", start) + 1 or len(text)
        if text.count(quote, start, end) % 2:
            return text[:start], text[start:end], text[end:]
        start = end


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
    problem = _swallowed(table, delimiter, width) if quote.encode() in piece else pa.nulls(table.num_rows, pa.string())
    columns = {ROW_NUMBER: pa.array(numbers), PROBLEM: problem, RAW: pa.nulls(table.num_rows, pa.string())}
    sound = pa.table({**columns, **dict(zip(names, table.columns, strict=True))})
    batches = sound.combine_chunks().to_batches()
    return [*batches, *([_rejected(rejected, width)] if rejected else [])], rows


def _swallowed(table: pa.Table, delimiter: str, width: int) -> pa.Array:
    """`unclosed_quote` for rows one value of which holds a line end and the delimiters of a whole other row."""
    import pyarrow as pa
    from pyarrow import compute

    found = pa.array([False] * table.num_rows) if table.num_rows else pa.array([], pa.bool_())
    for column in table.columns:
        several = compute.greater(compute.count_substring(column, "\n"), 0)
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


def _rejected(rows: list[tuple[int, str, str]], width: int) -> pa.RecordBatch:
    """Rows that could not be split, with their text (NUL and unreadable bytes already replaced)."""
    import pyarrow as pa

    numbers, problems, texts = zip(*rows, strict=True)
    problems = tuple("unreadable_text" if REPLACEMENT in text else problem for problem, text in zip(problems, texts, strict=True))
    empty = pa.nulls(len(rows), pa.string())
    return pa.record_batch(
        {
            ROW_NUMBER: pa.array(numbers, pa.int64()),
            PROBLEM: pa.array(problems, pa.string()),
            RAW: pa.array([text.rstrip("\r\n") for text in texts], pa.string()),
            **{f"c{at}": empty for at in range(width)},
        }
    )

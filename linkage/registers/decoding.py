"""Bytes to UTF-8 text: the encoding found or declared, legacy Vietnamese encodings through `linkage.vietnamese`."""

from __future__ import annotations

import codecs
import re
from typing import TYPE_CHECKING

from linkage.errors import SourceError
from linkage.registers.parts import PROBLEM
from linkage.vietnamese import decode_legacy, propose_encoding

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    import pyarrow as pa

REPLACEMENT = "\ufffd"
"""Stands for bytes that are no text in the file's encoding, and for NUL; rows that hold it are quarantined."""
PIECE = 1 << 24
AS_WESTERN = ("tcvn3", "vni", "cp1258")
"""Legacy encodings of bytes: read as CP1252 first, then turned into Unicode value by value by `linkage.vietnamese`."""
AS_TEXT = ("viqr", "utf-8-as-cp1252")
"""Legacy encodings of text: the file itself is UTF-8."""


def detect_encoding(path: Path, declared: str | None) -> tuple[str, str]:
    """The file's encoding and how it is known. Raises `SourceError` when it is not Unicode text and none is declared."""
    with path.open("rb") as file:
        start = file.read(1 << 20)
    if declared:
        return declared, "declared"
    for mark, name in ((codecs.BOM_UTF8, "utf-8-sig"), (codecs.BOM_UTF16_LE, "utf-16"), (codecs.BOM_UTF16_BE, "utf-16")):
        if start.startswith(mark):
            return name, "byte-order mark"
    zeros_even, zeros_odd = start[0::2].count(0), start[1::2].count(0)
    half = max(len(start) // 2, 1)
    if zeros_odd > half * 0.4 and zeros_even < half * 0.05:
        return "utf-16-le", "detected"
    if zeros_even > half * 0.4 and zeros_odd < half * 0.05:
        return "utf-16-be", "detected"
    if start.count(0) > len(start) * 0.02:
        raise SourceError(f"{path.name}: this is not a text file.", "Name its `format`, or export the register as CSV or Excel.")
    text = start.decode("utf-8", "replace")
    lines = text.splitlines() or [""]
    damaged = sum(1 for line in lines if REPLACEMENT in line)
    # one damaged row among many is a damaged row; a share of them is another encoding
    if damaged > max(2, len(lines) * 0.02):
        first = next(number for number, line in enumerate(lines, 1) if REPLACEMENT in line)
        proposal = propose(start)
        hint = f"It looks like {proposal}: declare" if proposal else "Declare"
        raise SourceError(
            f"{path.name}, line {first}: the text is not UTF-8 ({damaged} of the first {len(lines)} lines are not).",
            f"{hint} it in the project file under `source`, for example `encoding: {proposal or 'tcvn3'}` "
            "(tcvn3, vni, viqr, cp1258, cp1252, utf-16).",
        )
    return "utf-8", "detected"


def propose(start: bytes) -> str | None:
    """The legacy encoding the file's first bytes look like, or None."""
    text = start.decode("cp1252", "cp1252_or_latin1")
    found = propose_encoding(dict.fromkeys(word.strip() for word in re.split(r"[,;\t|\"\r\n]+", text)))
    return found.encoding if found else None


def text_pieces(path: Path, encoding: str, size: int = PIECE) -> Iterator[bytes]:
    """The file as pieces of UTF-8, NUL replaced; one piece in memory at a time, `size` bytes at first and then more.

    Text in a legacy encoding comes as it is read (`decode_text` makes Unicode of a value); line ends come as they are.
    """
    codec = "cp1252" if encoding in (*AS_WESTERN, "cp1252") else encoding
    if encoding in ("utf-8", "utf-8-sig", *AS_TEXT):
        decoder = None
    else:
        decoder = codecs.getincrementaldecoder(codec)("cp1252_or_latin1" if codec == "cp1252" else "replace")
    with path.open("rb") as file:
        while True:
            block = file.read(size)
            last = not block
            if decoder:
                block = decoder.decode(block, last).encode("utf-8", "replace")
            if b"\0" in block:
                block = block.replace(b"\0", REPLACEMENT.encode())
            if block:
                yield block
            if last:
                return
            size = min(size * 2, PIECE)


def decode_text(text: str, encoding: str | None) -> str:
    """Unicode of one text of a source in a declared legacy encoding; any other text as it is."""
    return decode_legacy(text, encoding) if encoding in (*AS_WESTERN, *AS_TEXT) else text  # type: ignore[arg-type]


def decode_batch(batch: pa.RecordBatch, encoding: str | None) -> pa.RecordBatch:
    """Text columns of a batch decoded from a legacy encoding, each distinct text once; anything else is left as it is."""
    if encoding not in (*AS_WESTERN, *AS_TEXT):
        return batch
    import pyarrow as pa

    columns = []
    for name, column in zip(batch.schema.names, batch.columns, strict=True):
        if name != PROBLEM and (pa.types.is_string(column.type) or pa.types.is_large_string(column.type)):
            distinct = column.dictionary_encode()
            texts = [None if text is None else decode_text(text, encoding) for text in distinct.dictionary.to_pylist()]
            column = pa.DictionaryArray.from_arrays(distinct.indices, pa.array(texts, pa.string())).cast(pa.string())
        columns.append(column)
    return pa.RecordBatch.from_arrays(columns, names=batch.schema.names)


def _undefined_byte(error: UnicodeError) -> tuple[str, int]:
    """CP1252 leaves five bytes undefined that TCVN3 and VNI use: take them as Latin-1 does."""
    if not isinstance(error, UnicodeDecodeError):
        raise error
    return error.object[error.start : error.end].decode("latin-1"), error.end


codecs.register_error("cp1252_or_latin1", _undefined_byte)

"""Where the rows of delimited text begin: the one place that says so, for finding headers, skipping, counting and reading.

A row ends at LF, CRLF or a lone CR outside quotation marks; a field is quoted when a quotation mark is its first character,
and a doubled mark within is one mark. Python's csv and Arrow's reader split such a row into the same fields.
"""

from __future__ import annotations

import codecs
import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from numpy.typing import NDArray

LONGEST_ROW = 1 << 26
"""Bytes after which an open quotation mark is taken for a stray one."""

_MARK_AT_ROW = re.compile(rb"(^|[\r\n])(?:" + codecs.BOM_UTF8 + rb")+")
_LINE = re.compile(rb"[^\r\n]*(?:\r\n|\r|\n|\Z)")


@dataclass(frozen=True)
class Rows:
    """Whole rows as they stand in the file, byte-order marks at their beginnings taken off."""

    text: bytes
    ends: NDArray[np.int64]
    """Offset behind each row's line end; as many as there are rows."""
    stray: bool = False
    """One line whose quotation mark is never closed."""

    def after(self, rows: int) -> bytes:
        """The text without its first rows (0 to all of them)."""
        return self.text[self.ends[rows - 1] :] if rows else self.text


def whole_rows(pieces: Iterable[bytes], delimiter: str, quote: str) -> Iterator[Rows]:
    """The rows of a text given in pieces of any size, cut the same however the pieces fall."""
    carry = b""
    source = iter(pieces)
    last = False
    while not last:
        piece = next(source, None)
        last = piece is None
        carry += piece or b""
        # its first byte alone is looked for first: it is rare, and found ten times as fast
        if codecs.BOM_UTF8[:1] in carry:
            carry = _MARK_AT_ROW.sub(rb"\1", carry)
        while carry:
            ends = _row_ends(carry, delimiter.encode(), quote.encode(), last)
            if ends.size:
                yield Rows(carry[: ends[-1]], ends)
                carry = carry[ends[-1] :]
            if not carry or not (last or len(carry) > LONGEST_ROW):
                break
            # the row's quotation mark is never closed: its first line stands for itself, and the next begins a row
            line = _LINE.match(carry)[0]  # type: ignore[index]
            yield Rows(line, np.array([len(line)]), stray=line.count(quote.encode()) > 0)
            carry = carry[len(line) :]


def first_rows(pieces: Iterable[bytes], delimiter: str, quote: str, most: int) -> list[str]:
    """The text of the first rows, line ends taken off."""
    found: list[bytes] = []
    for rows in whole_rows(pieces, delimiter, quote):
        starts = [0, *rows.ends[:-1]]
        found += [rows.text[start:end] for start, end in zip(starts, rows.ends, strict=True)][: most - len(found)]
        if len(found) == most:
            break
    return [re.sub(r"(\r\n|\r|\n)\Z", "", row.decode("utf-8", "replace")) for row in found]


def _row_ends(text: bytes, delimiter: bytes, quote: bytes, last: bool) -> NDArray[np.int64]:
    """Offsets behind the rows that are whole; `last` says that nothing follows the text."""
    data = np.frombuffer(text, np.uint8)
    ends: NDArray[np.int64] = np.flatnonzero(data == ord("\n")) + 1
    if b"\r" in text:
        returns = np.flatnonzero(data == ord("\r")) + 1
        ends = np.union1d(ends, returns[(returns == len(text)) | (data[returns % len(text)] != ord("\n"))])
    closed = True
    if quote in text:
        quotes = np.flatnonzero(data == ord(quote))
        # every other mark opens a field, if it stands where a field begins or doubles the mark before it
        openings = quotes[::2]
        may_open = np.isin(np.arange(256), list(delimiter + quote + b"\r\n"))
        if not may_open[data[openings[openings > 0] - 1]].all():
            return _ends_one_by_one(text, delimiter, quote, last)
        closed = quotes.size % 2 == 0
        ends = ends[np.searchsorted(quotes, ends) % 2 == 0]
    if last and closed and (not ends.size or ends[-1] < len(text)):
        return np.append(ends, len(text))
    if not last and ends.size and ends[-1] == len(text) and text.endswith(b"\r"):
        return ends[:-1]  # a line feed may follow
    return ends


def _ends_one_by_one(text: bytes, delimiter: bytes, quote: bytes, last: bool) -> NDArray[np.int64]:
    """As `_row_ends`, for text with quotation marks inside fields that are not quoted."""
    mark, between = re.escape(quote), re.escape(delimiter)
    field = rb"(?:%b(?:[^%b]++|%b%b)*+%b[^%b\r\n]*+|(?!%b)[^%b\r\n]*+)" % (mark, mark, mark, mark, mark, between, mark, between)
    row = re.compile(rb"%b(?:%b%b)*+(?:\r\n|\r|\n%b)" % (field, between, field, rb"|\Z" if last else b""))
    ends = []
    at = 0
    while at < len(text) and (found := row.match(text, at)):
        at = found.end()
        if at == len(text) and not last and text.endswith(b"\r"):
            break
        ends.append(at)
    return np.array(ends, np.int64)

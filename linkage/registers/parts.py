"""A part: one file, sheet or database table, as batches of rows with their numbers, ready to be staged."""

from __future__ import annotations

import re
from collections.abc import Callable, Generator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from linkage.errors import SourceError
from linkage.runs.sql import quote

if TYPE_CHECKING:
    import pyarrow as pa

ROW_NUMBER = "row_number"
"""As a spreadsheet would number the row: header and title rows counted, from 1. Ordinal of the result for databases."""
PROBLEM = "problem"
"""Why the row cannot be split into its columns; NULL for a sound row."""
RAW = "raw"
"""The text of a row that has a problem."""


@dataclass
class Tally:
    """Rows of a part as they are met: title, header and blank rows too, before anything is skipped."""

    rows: int = 0


@dataclass(frozen=True)
class Heading:
    """The rows of a part above its entries: title rows, the header, and a row that only numbers the columns."""

    header: int = 0
    """The header's row, from 1; 0 where the source has none among its rows (a database)."""
    numbered: bool = False
    """Whether the row under the header only numbers the columns, as printed forms do."""

    @property
    def rows(self) -> int:
        """All of them."""
        return self.header + self.numbered

    @property
    def titles(self) -> int:
        """Rows above the header."""
        return max(self.header - 1, 0)

    @property
    def header_rows(self) -> tuple[int, ...]:
        """The header's row, and that of the columns' numbers."""
        return tuple(range(self.header, self.rows + 1)) if self.header else ()

    @property
    def notes(self) -> tuple[str, ...]:
        """What the reader of the report should know."""
        return (f"row {self.rows} numbers the columns: not read",) if self.numbered else ()

    def names(self, rows: Sequence[Sequence[str]]) -> tuple[str, ...]:
        """The headers, as the rows from the part's first on hold them."""
        return tuple(" ".join(unwrapped(cell).split()) for cell in rows[self.header - 1])


@dataclass(frozen=True)
class SourcePart:
    """One table of rows of a source."""

    source: str
    """File name (relative to the folder, when a folder is read), with the sheet's name for a workbook."""
    headers: tuple[str, ...]
    batches: Callable[[Tally], Generator[pa.RecordBatch]]
    """Record batches with `row_number`, `problem`, `raw` and the columns; bounded memory. The tally is told every row met."""
    expressions: tuple[str, ...] = ()
    """SQL for each header's value; columns `c0`, `c1` … when empty."""
    problem: str = PROBLEM
    """SQL for the row's problem."""
    detected: dict[str, str] = field(default_factory=dict)
    """What was found out rather than declared: encoding, delimiter, header row."""
    notes: tuple[str, ...] = ()
    """What the reader of the report should know: a hidden sheet left out, merged cells filled."""
    heading: Heading = Heading()
    """The rows above the entries."""
    split: Callable[[str], list[str]] | None = None
    """The cells of a row that has a problem, from its text; None where rows cannot be ragged."""

    typed_dates: Mapping[int, str] = field(default_factory=dict)
    """Columns (from 0) whose dates were dates and no text, so that nothing is open about them → the zone in which they are
    dated, empty where they say no moment."""
    serial_dates: bool = False
    """Whether a bare number of five digits in a date field is Excel's count of days."""

    def expression(self, column: int) -> str:
        """SQL for the value of a column."""
        return self.expressions[column] if self.expressions else quote(f"c{column}")


Recogniser = Callable[[list[str]], int]
"""How many headers of a row are fields of the register."""


def find_heading(rows: Sequence[Sequence[str]], label: str, declared: int | None, recognise: Recogniser) -> Heading:
    """Which of the first rows is the header: the one declared, the one with most recognised, or the first of the widest.

    Raises `SourceError` when a declared row is not there or holds nothing.
    """
    scores = [recognise([unwrapped(cell) for cell in row]) for row in rows]
    filled = [sum(1 for cell in row if cell.strip()) for row in rows]
    best = scores if max(scores, default=0) else filled
    at = declared - 1 if declared else best.index(max(best)) if best else 0
    if at >= len(rows) or not filled[at]:
        raise SourceError(f"{label}: row {at + 1} cannot hold the headers.", "Correct `header_row` under `source`.")
    return Heading(at + 1, at + 1 < len(rows) and _numbers_columns(rows[at + 1]))


def unwrapped(cell: str) -> str:
    """The text of a cell that was written as a formula so that Excel keeps its zeros.

    >>> unwrapped('="0791"'), unwrapped("0791")
    ('0791', '0791')
    """
    found = re.fullmatch(r'\s*="(.*)"\s*', cell, re.DOTALL)
    return found[1].replace('""', '"') if found else cell


def unwrapped_sql(value: str) -> str:
    """SQL of `unwrapped`."""
    wrapped = f"starts_with({value}, '=\"') AND ends_with({value}, '\"')"
    return f"CASE WHEN {wrapped} THEN replace({value}[3:-2], '\"\"', '\"') ELSE {value} END"


def _numbers_columns(cells: Sequence[str]) -> bool:
    """Whether a row only counts the columns: (1) (2) (3) …"""
    numbers = [cell.strip("()[] ") for cell in cells if cell.strip()]
    return len(numbers) > 2 and numbers == [str(number) for number in range(1, len(numbers) + 1)]

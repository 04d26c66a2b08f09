"""A part: one file, sheet or database table, as batches of rows with their numbers, ready to be staged."""

from __future__ import annotations

from collections.abc import Callable, Generator, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from linkage.runs.sql import quote

if TYPE_CHECKING:
    import pyarrow as pa

ROW_NUMBER = "row_number"
"""As a spreadsheet would number the row: header and title rows counted, from 1. Ordinal of the result for databases."""
PROBLEM = "problem"
"""Why the row cannot be split into its columns; NULL for a sound row."""
RAW = "raw"
"""The text of a row that has a problem."""


@dataclass(frozen=True)
class SourcePart:
    """One table of rows of a source."""

    source: str
    """File name (relative to the folder, when a folder is read), with the sheet's name for a workbook."""
    headers: tuple[str, ...]
    batches: Callable[[], Generator[pa.RecordBatch]]
    """Record batches with `row_number`, `problem`, `raw` and the columns; bounded memory."""
    expressions: tuple[str, ...] = ()
    """SQL for each header's value; columns `c0`, `c1` … when empty."""
    problem: str = PROBLEM
    """SQL for the row's problem."""
    detected: dict[str, str] = field(default_factory=dict)
    """What was found out rather than declared: encoding, delimiter, header row."""
    notes: tuple[str, ...] = ()
    """What the reader of the report should know: a hidden sheet left out, merged cells filled."""

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


def header_at(rows: list[list[str]], recognise: Recogniser) -> int:
    """Which of the first rows holds the headers: the one with most recognised, or else the first of the widest."""
    scores = [recognise(row) for row in rows]
    if max(scores, default=0) > 0:
        return scores.index(max(scores))
    filled = [sum(1 for cell in row if cell.strip()) for row in rows]
    return filled.index(max(filled)) if filled else 0

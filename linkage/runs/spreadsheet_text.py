"""Text that a spreadsheet opens as what it is: CSV and cells in which nothing becomes a formula."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable

_FORMULA_STARTS = ("=", "+", "-", "@", "\t", "\r")


def csv_text(head: Iterable[object], rows: Iterable[Iterable[object]]) -> str:
    """Header and rows as CSV, with the mark by which Excel knows UTF-8; no cell is a formula."""
    text = io.StringIO()
    writer = csv.writer(text)
    writer.writerows([neutralised(cell) for cell in row] for row in (head, *rows))
    return "\ufeff" + text.getvalue()


def neutralised(cell: object) -> object:
    """A cell that no spreadsheet takes for a formula.

    >>> neutralised("=1+1"), neutralised(-0.5)
    ("'=1+1", -0.5)
    """
    return f"'{cell}" if isinstance(cell, str) and cell.startswith(_FORMULA_STARTS) else cell

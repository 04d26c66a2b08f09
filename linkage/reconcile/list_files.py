"""Small tables people keep beside the registers (book lists, keyed batches): CSV or Excel rows with their headers."""

from __future__ import annotations

import csv
from collections.abc import Sequence
from pathlib import Path

from linkage.errors import SourceError, nearest
from linkage.vietnamese import clean_text, fold


def read_table(path: Path, wanted: Sequence[str] = ()) -> list[dict[str, str]]:
    """The rows of a .csv (UTF-8) or .xlsx (first sheet), each header → text; headers of `wanted` are found without accents.

    Raises:
        SourceError: the file cannot be read, or a wanted header is missing; names it and the nearest one there is.
    """
    try:
        lines = _xlsx(path) if path.suffix.lower() in (".xlsx", ".xls") else _csv(path)
    except (OSError, UnicodeDecodeError, csv.Error) as error:
        raise SourceError(
            f"{path} cannot be read ({type(error).__name__})", "Give a CSV file in UTF-8 or an .xlsx workbook."
        ) from None
    if not lines:
        raise SourceError(f"{path} is empty", "Its first row must hold the headers.")
    headers = [clean_text(header) for header in lines[0]]
    by_fold = {fold(header): header for header in wanted}
    headers = [by_fold.get(fold(header), header) for header in headers]
    for header in wanted:
        if header not in headers:
            near = nearest(header, headers)
            guess = f"; is it {near!r}?" if near else ""
            raise SourceError(f"{path}: there is no column {header!r}{guess}", f"Columns wanted: {', '.join(wanted)}.")
    rows = []
    for at, line in enumerate(lines[1:], 2):
        if len(line) > len(headers) and any(cell.strip() for cell in line[len(headers) :]):
            raise SourceError(
                f"{path} row {at} has {len(line)} cells, the header {len(headers)}", "Check the row's quotation marks."
            )
        if any(cell.strip() for cell in line):
            rows.append({header: line[i].strip() if i < len(line) else "" for i, header in enumerate(headers)})
    return rows


def _csv(path: Path) -> list[list[str]]:
    text = path.read_text(encoding="utf-8-sig")
    first = text.split("\n", 1)[0]
    delimiter = max(",;\t", key=first.count)
    return list(csv.reader(text.splitlines(keepends=True), delimiter=delimiter))


def _xlsx(path: Path) -> list[list[str]]:
    from python_calamine import CalamineError, CalamineWorkbook

    try:
        cells = CalamineWorkbook.from_path(str(path)).get_sheet_by_index(0).to_python()
    except CalamineError:
        raise SourceError(f"{path} is not a workbook", "Give a CSV file in UTF-8 or an .xlsx workbook.") from None
    return [[str(int(cell)) if isinstance(cell, float) and cell.is_integer() else str(cell) for cell in line] for line in cells]

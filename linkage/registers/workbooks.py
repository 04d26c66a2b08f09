"""Excel workbooks (.xlsx, .xls) through calamine: visible sheets, header row found, text kept as text."""

from __future__ import annotations

import datetime
import re
from collections.abc import Callable, Generator, Sequence
from dataclasses import dataclass, replace
from itertools import islice
from typing import TYPE_CHECKING, Any

from linkage.errors import SourceError, nearest
from linkage.registers.decoding import decode_batch
from linkage.registers.parts import PROBLEM, RAW, ROW_NUMBER, Recogniser, SourcePart, Tally, find_heading
from linkage.registers.sheet_words import EXPLANATION_SHEET
from linkage.registers.workbook_xml import CellMark, marked_cells, refuse_bomb

if TYPE_CHECKING:
    from pathlib import Path

    import pyarrow as pa

    from linkage.config.sources import SourceSpec

LAST_ROW = 1_048_576
"""Rows of an .xlsx sheet."""
BATCH = 10_000
THREE_DECIMALS = re.compile(r"-?[1-9]\d{0,2}\.\d{3}")
SEARCHED = 40
"""Rows from the sheet's top among which the header is looked for."""


@dataclass(frozen=True)
class _Sheet:
    """A sheet with its header found; rows and columns counted from 0."""

    rows: Any
    """calamine's sheet; its rows start at row 0, its columns at `left`."""
    left: int
    width: int
    first: int
    """The first row of data."""
    marks: dict[tuple[int, int], str]
    """(row, column) → text that stands for a cell: the value of a merged cell, or a `CellMark`."""


def open_workbook(
    path: Path, label: str, spec: SourceSpec, recognise: Recogniser, *, every_sheet: bool = True
) -> list[SourcePart]:
    """Every declared, or else every visible, sheet as a part; without `every_sheet` those alone that have a header.

    Raises:
        SourceError: damaged, protected by a password, unpacking to too much, a declared sheet that is not there, a
            visible sheet without a header, or a sheet that is full (what did not fit was lost when it was written).
    """
    import python_calamine

    refuse_bomb(path, label)
    workbook = _guarded(label, lambda: python_calamine.load_workbook(path))
    metadata = [sheet for sheet in workbook.sheets_metadata if sheet.typ == python_calamine.SheetTypeEnum.WorkSheet]
    names = [sheet.name for sheet in metadata]
    hidden = [sheet.name for sheet in metadata if sheet.visible != python_calamine.SheetVisibleEnum.Visible]
    for name in spec.sheets or ():
        if name not in names:
            near = nearest(name, names)
            hint = f"; did you mean “{near}”?" if near else ""
            raise SourceError(f"{label}: there is no sheet “{name}”{hint}", f"Sheets: {', '.join(names)}.")
    wanted = spec.sheets or tuple(name for name in names if name not in hidden and name != EXPLANATION_SHEET)
    notes = [f"hidden sheet not read: {name}" for name in hidden if name not in wanted]
    parts: list[SourcePart] = []
    for name in wanted:
        title = f"{label} [{name}]" if len(wanted) > 1 else label
        marks = marked_cells(path, title, workbook.sheet_names.index(name))
        rows = _guarded(title, lambda name=name: workbook.get_sheet_by_name(name))  # type: ignore[misc]
        if rows.start is None:
            notes.append(f"empty sheet not read: {name}")
        elif not every_sheet and not max(map(recognise, _top(rows, spec))):
            notes.append(f"sheet without headers not read: {name}")
        else:
            parts.append(_open_sheet(rows, title, name, marks, spec, recognise))
    if not parts and not every_sheet:
        raise SourceError(f"{label}: no visible sheet has the headers of this table.", "Give its headers in one row.")
    if not parts:
        raise SourceError(f"{label}: no visible sheet holds anything.", "Name hidden sheets under `source`: `sheets: [...]`.")
    parts[0] = replace(parts[0], notes=(*parts[0].notes, *notes))
    return parts


def sheet_values(path: Path, label: str) -> list[tuple[str, list[list[Any]]]]:
    """(name, values row by row, typed as the workbook has them) of every sheet; `SourceError` as `open_workbook`."""
    import python_calamine

    refuse_bomb(path, label)
    workbook = _guarded(label, lambda: python_calamine.load_workbook(path))
    return [
        (name, _guarded(label, lambda name=name: workbook.get_sheet_by_name(name).to_python(skip_empty_area=False)))  # type: ignore[misc]
        for name in workbook.sheet_names
    ]


def _guarded(label: str, read: Callable[[], Any]) -> Any:
    """What calamine returns, or the `SourceError` for what it raises; a damaged file can even make it panic."""
    import python_calamine

    try:
        return read()
    except python_calamine.PasswordError as error:
        raise SourceError(f"{label}: the workbook is protected by a password.", "Save it without a password.") from error
    except Exception as error:
        raise SourceError(
            f"{label}: the workbook is damaged or not one of Excel's.", "Open and save it again in Excel."
        ) from error
    except BaseException as error:
        if type(error).__name__ != "PanicException":
            raise
        raise SourceError(f"{label}: the workbook is damaged.", "Open and save it again in Excel.") from None


def _open_sheet(
    rows: Any, title: str, name: str, marks: dict[tuple[int, int], str], spec: SourceSpec, recognise: Recogniser
) -> SourcePart:
    left, bottom = rows.start[1], rows.end[0]
    if bottom + 1 >= LAST_ROW:
        raise SourceError(
            f"{title}: the sheet is filled to its last row ({LAST_ROW}); what did not fit was lost when it was written.",
            "Export the register again as CSV or in several files, or delete what stands in the last row.",
        )
    top = _top(rows, spec)
    heading = find_heading(top, title, spec.header_row, recognise)
    headers = heading.names(top)
    if not spec.header_row and recognise(list(headers)) == 0:
        raise SourceError(
            f"{title}: none of the first {len(top)} rows holds a header of this register.",
            "Name the sheets to read under `source` (`sheets: [...]`), the `header_row`, or headers under `columns`.",
        )
    notes = [*heading.notes]
    merged = _merged_cells(rows, heading.rows)
    if merged:
        notes.append("merged cells: a value that spans rows was given to each; one that spans columns is quarantined")
    sheet = _Sheet(rows, left, len(headers), heading.rows, marks | merged)

    def batches(tally: Tally) -> Generator[pa.RecordBatch]:
        return (decode_batch(batch, spec.encoding) for batch in _batches(sheet, tally))

    return SourcePart(
        title,
        headers,
        batches,
        detected={"sheet": name, "header row": str(heading.header)},
        notes=tuple(notes),
        heading=heading,
        serial_dates=True,
    )


def _top(rows: Any, spec: SourceSpec) -> list[list[str]]:
    most = max(SEARCHED, (spec.header_row or 0) + 1)
    return [[_text(cell) or "" for cell in row] for row in islice(rows.iter_rows(), most)]


def _merged_cells(rows: Any, first: int) -> dict[tuple[int, int], str]:
    """What stands in each cell of the merged ranges among the data (from row `first` on)."""
    ranges = [(start, end) for start, end in rows.merged_cell_ranges or [] if end[0] >= first]
    if not ranges:
        return {}
    starts = {start[0] for start, _ in ranges}
    values = {number: row for number, row in enumerate(rows.iter_rows()) if number in starts}
    left = rows.start[1]
    marks: dict[tuple[int, int], str] = {}
    for (top, start), (bottom, end) in ranges:
        value = _text(values[top][start - left]) if top in values and 0 <= start - left < len(values[top]) else None
        for row in range(max(top, first), min(bottom, rows.end[0]) + 1):
            for column in range(start, end + 1):
                across = f"{CellMark.merged} {value or ''}" if column == start else CellMark.merged
                marks[row, column] = (value or "") if start == end else across
    return marks


def _batches(sheet: _Sheet, tally: Tally) -> Generator[pa.RecordBatch]:
    import numpy as np
    import pyarrow as pa

    rows = sheet.rows.iter_rows()
    number = tally.rows = sum(1 for _ in islice(rows, sheet.first))
    marked: dict[int, list[tuple[int, str]]] = {}
    for (row, column), text in sheet.marks.items():
        marked.setdefault(row, []).append((column - sheet.left, text))
    while taken := list(islice(rows, BATCH)):
        tally.rows += len(taken)
        for row in marked.keys() & range(number, number + len(taken)):
            for column, text in marked[row]:
                if 0 <= column < sheet.width:
                    taken[row - number][column] = text
        columns = [pa.array(_texts(column), pa.string()) for column in zip(*taken, strict=True)]
        numbers = pa.array(np.arange(number + 1, number + 1 + len(taken), dtype=np.int64))
        empty = pa.nulls(len(taken), pa.string())
        names = [ROW_NUMBER, PROBLEM, RAW, *(f"c{at}" for at in range(len(columns)))]
        yield pa.RecordBatch.from_arrays([numbers, empty, empty, *columns], names=names)
        number += len(taken)


def _texts(cells: Sequence[Any]) -> Sequence[str | None]:
    return cells if set(map(type, cells)) == {str} else [_text(cell) for cell in cells]


def _text(cell: Any) -> str | None:
    """A cell as text: dates as dd/mm/yyyy, whole numbers without a decimal part, others never with three decimals alone."""
    if isinstance(cell, str):
        return cell
    if isinstance(cell, bool):
        return "TRUE" if cell else "FALSE"
    if isinstance(cell, float) and cell.is_integer():
        return str(int(cell))
    if isinstance(cell, float):
        # three decimals alone would read as thousands
        return f"{cell}0" if THREE_DECIMALS.fullmatch(f"{cell}") else f"{cell}"
    if isinstance(cell, datetime.datetime) and (cell.hour or cell.minute or cell.second):
        return f"{cell:%d/%m/}{cell.year:04d}{cell: %H:%M:%S}"
    if isinstance(cell, datetime.date):
        return f"{cell:%d/%m/}{cell.year:04d}"
    return None if cell is None else str(cell)

"""Tables people keep beside the registers (book lists, keyed batches), read as the registers are: one reader for all."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from linkage.config.sources import SourceSpec
from linkage.errors import SourceError, nearest
from linkage.registers.decoding import REPLACEMENT
from linkage.registers.mapping import fold_header, recognised
from linkage.registers.page_rows import UNDER_SIGNATURES, is_signature, is_total, repeats_header
from linkage.registers.parts import PROBLEM, RAW, ROW_NUMBER, Tally, unwrapped
from linkage.registers.source_parts import open_parts
from linkage.registers.workbook_xml import CellMark
from linkage.vietnamese import clean_text

if TYPE_CHECKING:
    from linkage.registers.parts import SourcePart

REMEDY = "Give an .xlsx workbook, or a CSV file in UTF-8, with the headers in one row."


@dataclass(frozen=True)
class ListRow:
    """A row of such a table."""

    row: int
    """As a spreadsheet numbers it, from 1."""
    cells: dict[str, str]
    """Header → text, without what is not seen; empty where the cell is."""

    @property
    def sums(self) -> bool:
        """Whether it is the total of other rows: its first filled cell says so."""
        return is_total(next(filter(None, self.cells.values()), ""))


def read_list(path: Path, wanted: Sequence[str], others: Sequence[str] = ()) -> list[ListRow]:
    """The entries of a table: no title, repeated header, blank or signature row among them; totals are (`ListRow.sums`).

    Headers of `wanted` and `others` are found without accents and given as they are there; every sheet that has one is read.

    Raises:
        SourceError: the file cannot be read, a wanted header is missing (the nearest one there is is named), or a row has
            more cells than the header or one that holds no value of its own; names the row.
    """
    known = {fold_header(header) for header in (*wanted, *others)}
    try:
        parts = open_parts(SourceSpec(path=path.name), path.parent.resolve(), None, partial(recognised, known), every_sheet=False)
    except SourceError as error:
        raise SourceError(error.what, REMEDY) from error
    return [row for part in parts for row in _entries(part, _headers(part, wanted, others))]


def _headers(part: SourcePart, wanted: Sequence[str], others: Sequence[str]) -> list[str]:
    by_fold = {fold_header(header): header for header in (*wanted, *others)}
    headers = [by_fold.get(fold_header(header), header) for header in part.headers]
    for header in wanted:
        if headers.count(header) > 1:
            raise SourceError(f"{part.source}: {headers.count(header)} columns are called {header!r}", "Rename all but one.")
        if header not in headers:
            near = nearest(header, headers)
            guess = f"; is it {near!r}?" if near else ""
            raise SourceError(f"{part.source}: there is no column {header!r}{guess}", f"Columns wanted: {', '.join(wanted)}.")
    return [f"{header} ({at})" if header in headers[:at] else header for at, header in enumerate(headers)]


def _entries(part: SourcePart, headers: list[str]) -> Iterator[ListRow]:
    signed = -UNDER_SIGNATURES
    for number, given in _rows(part):
        cells = [clean_text(unwrapped(cell)) for cell in given]
        merged = [clean_text(cell.removeprefix(CellMark.merged)) for cell in cells]
        filled = [cell for cell in merged if cell]
        sparse = len(filled) <= (len(headers) + 1) // 2
        if sparse and any(map(is_signature, filled)):
            signed = number
            continue
        under = number <= signed + UNDER_SIGNATURES and sparse and not any(cell[-1].isdigit() for cell in filled)
        if not filled or under or repeats_header(merged, part.headers):
            continue
        row = ListRow(number, dict(zip(headers, merged, strict=True)))
        # a total's word may span columns; nothing else may
        unread = merged if row.sums else cells
        marked = next((at for at, cell in enumerate(unread) if REPLACEMENT in cell), None)
        if marked is not None:
            raise SourceError(
                f"{part.source} row {number}, column {headers[marked]!r} cannot be read "
                f"({unread[marked].strip(REPLACEMENT).split(' ')[0].replace('_', ' ')})",
                "Write the value itself into the cell.",
            )
        yield row


def _rows(part: SourcePart) -> Iterator[tuple[int, list[str]]]:
    """Row number and cells, as many as headers."""
    from linkage.runs.sql import connect

    width = len(part.headers)
    values = ", ".join(f"CAST({part.expression(at)} AS VARCHAR)" for at in range(width))
    with connect(threads=1) as connection:
        for batch in part.batches(Tally()):
            connection.register("list_rows", batch)
            query = f"SELECT {ROW_NUMBER}, {PROBLEM}, {RAW}, {values} FROM list_rows ORDER BY {ROW_NUMBER}"
            rows = connection.execute(query).fetchall()
            connection.unregister("list_rows")
            for number, problem, raw, *cells in rows:
                if problem is None:
                    yield number, [cell or "" for cell in cells]
                    continue
                given = part.split(raw) if part.split else []
                if problem != "ragged_row" or any(cell.strip() for cell in given[width:]):
                    what = f"has {len(given)} cells, the header {width}" if problem == "ragged_row" else problem.replace("_", " ")
                    raise SourceError(f"{part.source} row {number}: {what}", "Check the row's quotation marks.")
                yield number, (given + [""] * width)[:width]

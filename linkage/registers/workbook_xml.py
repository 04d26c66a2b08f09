"""What calamine does not say of an .xlsx file: how much it unpacks to, and which cells hold no value of their own.

A formula that was never calculated and an error value (#N/A) both come out of calamine as an empty cell: taken as such,
a value would be lost in silence.
"""

from __future__ import annotations

import re
import zipfile
from enum import StrEnum
from typing import TYPE_CHECKING

from linkage.errors import SourceError
from linkage.registers.decoding import REPLACEMENT

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

MOST_UNPACKED = 4 << 30
"""Bytes a workbook may unpack to."""
MOST_RATIO = 400
"""Times its size a workbook of over 64 MiB unpacked may unpack to; real registers reach about 20."""
MOST_CELLS = 60_000_000
"""Cells from the sheet's first to its last row and column; calamine holds them all in memory."""
PIECE = 1 << 22
LONGEST_CELL = 1 << 16


class CellMark(StrEnum):
    """Text that stands for a cell without a value of its own; rows that hold one are quarantined."""

    formula = REPLACEMENT + "formula_without_value"
    error = REPLACEMENT + "error_cell"
    merged = REPLACEMENT + "merged_cells"


def refuse_bomb(path: Path, label: str) -> None:
    """`SourceError` when an .xlsx file is no sound archive or unpacks to more than a register can be."""
    if not zipfile.is_zipfile(path):
        with path.open("rb") as file:
            start = file.read(1 << 20)
        if "EncryptedPackage".encode("utf-16-le") in start:
            raise SourceError(f"{label}: the workbook is protected by a password.", "Save it without a password.")
        if start.startswith(b"PK"):
            raise SourceError(f"{label}: the workbook is cut short.", "Copy or export it again.")
        return
    try:
        with zipfile.ZipFile(path) as archive:
            unpacked = sum(info.file_size for info in archive.infolist())
    except (zipfile.BadZipFile, OSError, ValueError) as error:
        raise SourceError(f"{label}: the workbook is damaged.", "Copy or export it again.") from error
    if unpacked > MOST_UNPACKED or (unpacked > 64 << 20 and unpacked > MOST_RATIO * path.stat().st_size):
        raise SourceError(
            f"{label}: the workbook unpacks to {unpacked >> 20} MiB from {path.stat().st_size >> 10} KiB: it is no register.",
            "Export the register again, or as CSV.",
        )


def marked_cells(path: Path, label: str, position: int) -> dict[tuple[int, int], str]:
    """(row, column), from 0, → mark, for the cells without a value in the sheet at that position of the workbook."""
    if not zipfile.is_zipfile(path):
        return {}
    marks: dict[tuple[int, int], str] = {}
    widest = b"A"
    last_row = 1
    try:
        with zipfile.ZipFile(path) as archive:
            for piece in _pieces(archive, _sheet_file(archive, position)):
                wide = set(re.findall(rb' r="([A-Z]{2,3})[0-9]', piece))
                widest = max([widest, *wide], key=lambda letters: (len(letters), letters))
                rows = re.findall(rb'<row[^>]*?\br="(\d+)"', piece[-LONGEST_CELL:])
                last_row = int(rows[-1]) if rows else last_row
                if b"<f" in piece or b't="e"' in piece:
                    marks.update(_marks(piece, label))
    except (zipfile.BadZipFile, OSError, KeyError, EOFError, ValueError) as error:
        raise SourceError(f"{label}: the workbook is damaged.", "Copy or export it again.") from error
    if (_column(widest) + 1) * last_row > MOST_CELLS:
        raise SourceError(
            f"{label}: cells are filled as far as column {widest.decode()}, row {last_row}: more than can be held in memory.",
            "Delete what stands far from the table, or export the register as CSV.",
        )
    return marks


def _sheet_file(archive: zipfile.ZipFile, position: int) -> str:
    book = archive.read("xl/workbook.xml")
    relations = archive.read("xl/_rels/workbook.xml.rels")
    targets = {}
    for relation in re.findall(rb"<(?:\w+:)?Relationship\b[^>]*>", relations):
        found = dict(re.findall(rb'\b(Id|Target)="([^"]*)"', relation))
        targets[found.get(b"Id")] = found.get(b"Target", b"").decode()
    sheets = re.findall(rb"<(?:\w+:)?sheet\b[^>]*>", book)
    identifier = re.search(rb'\b\w+:id="([^"]*)"', sheets[position]) if position < len(sheets) else None
    target = targets[identifier[1]] if identifier else ""
    return target.lstrip("/") if target.startswith("/") else f"xl/{target}"


def _pieces(archive: zipfile.ZipFile, name: str) -> Iterator[bytes]:
    """The sheet's XML in pieces that end where a cell ends; one in memory at a time."""
    carry = b""
    with archive.open(name) as file:
        while block := file.read(PIECE):
            text = carry + block
            cut = max(text.rfind(b"</c>") + 4, text.rfind(b"<row"), 0)
            carry = text[cut:]
            if cut:
                yield text[:cut]
    if carry:
        yield carry


def _marks(piece: bytes, label: str) -> Iterator[tuple[tuple[int, int], str]]:
    for cell in re.finditer(rb"<c\b([^>]*[^/>])?>(.*?)</c>", piece, re.DOTALL):
        attributes, inside = cell[1] or b"", cell[2]
        wrong = b't="e"' in attributes
        uncalculated = b"<f" in inside and not re.search(rb"<v>[^<]|<v [^>]*>[^<]|<is>", inside)
        if uncalculated and b't="str"' in attributes and b"<v>" in inside:
            uncalculated = False  # a formula whose value is an empty text
        if wrong or uncalculated:
            reference = re.search(rb'\br="([A-Z]+)(\d+)"', attributes)
            if reference is None:
                raise SourceError(f"{label}: formulas without values in cells without a position.", "Save it again in Excel.")
            place = (int(reference[2]) - 1, _column(reference[1]))
            yield place, CellMark.error if wrong else CellMark.formula


def _column(letters: bytes) -> int:
    number = 0
    for letter in letters:
        number = number * 26 + letter - ord("A") + 1
    return number - 1

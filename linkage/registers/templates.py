"""What a person sees of the register kinds: listings, an empty sheet to fill in, and the quarantine as a sheet to correct."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from linkage.errors import ProjectFileError
from linkage.registers import texts
from linkage.registers.catalogue import register_kinds
from linkage.registers.kinds import RegisterKind
from linkage.runs.sql import literal

if TYPE_CHECKING:
    import duckdb

SHEET_ROWS = 1_048_576
TITLE_LENGTH = 31
FORMULA_SIGNS = ("=", "+", "-", "@", "\t", "\r")


def list_kinds() -> list[tuple[str, str, str, str]]:
    """One row a register kind: name, Vietnamese name, roles, number of fields."""
    return [
        (kind.name, kind.title, ", ".join(role.name for role in kind.roles), str(len(kind.fields))) for kind in register_kinds()
    ]


def list_fields(kind: RegisterKind) -> list[tuple[str, str, str, str, str]]:
    """One row a field: canonical name, Vietnamese header, template name, kind, `required` or `key` or nothing."""

    def mark(name: str, required: bool) -> str:
        return ", ".join(["required"] * required + ["key"] * (name in kind.key))

    return [(field.name, field.header, field.short, field.kind.value, mark(field.name, field.required)) for field in kind.fields]


def list_roles(kind: RegisterKind) -> list[tuple[str, str, str]]:
    """One row a role: name, Vietnamese name, the mention fields that come from elsewhere than a field of the same name."""

    def differing(fields: Iterable[tuple[str, str]], constants: Iterable[tuple[str, str]]) -> str:
        told = [f"{mention} ← {entry}" for mention, entry in fields if mention != entry]
        return ", ".join([*told, *(f"{mention} = {value}" for mention, value in constants)])

    return [(role.name, role.title, differing(role.fields.items(), role.constants.items())) for role in kind.roles]


def write_template(kind: RegisterKind, path: Path) -> None:
    """An empty .xlsx sheet with the register's headers, and a second one that explains them.

    Raises:
        ProjectFileError: the file exists already.
    """
    from openpyxl import Workbook
    from openpyxl.styles import Alignment, Font
    from openpyxl.utils import get_column_letter

    if path.exists():
        raise ProjectFileError(f"{path.name} exists already.", "Give another name: a filled-in sheet is never written over.")
    book = Workbook()
    sheet = book.active
    sheet.title = re.sub(r"[\[\]:*?/\\]", " ", kind.title)[:TITLE_LENGTH].strip()
    sheet.append([field.header for field in kind.fields])
    explanation = book.create_sheet(texts.EXPLANATION_SHEET)
    explanation.append(texts.EXPLANATION_HEADERS)
    for field in kind.fields:
        needed = texts.YES if field.required else ""
        row = (field.header, field.name, field.short, texts.KINDS[field.kind], needed, texts.HOW_TO_WRITE[field.kind])
        explanation.append(row)
    for each in (sheet, explanation):
        each.freeze_panes = "A2"
        for cell in each[1]:
            cell.font = Font(bold=True)
            cell.alignment = Alignment(wrap_text=True, vertical="top")
    for at, field in enumerate(kind.fields, 1):
        column = sheet.column_dimensions[get_column_letter(at)]
        column.width = max(12, min(30, len(field.header) + 2))
        column.number_format = "@"  # text: Excel would take a number's leading zeros away
    for letter, width in zip("ABCDEF", (34, 30, 28, 22, 10, 80), strict=True):
        explanation.column_dimensions[letter].width = width
    _save(book, path)


def write_quarantine_workbook(connection: duckdb.DuckDBPyConnection, quarantine: Sequence[Path], path: Path) -> int:
    """Quarantine tables as one .xlsx to correct: source, row, identifier, field, value and the reasons in Vietnamese.

    Returns the rows written; a sheet that is full goes on in the next. Replaces an older workbook of that name.
    """
    from openpyxl import Workbook

    files = ", ".join(literal(str(file)) for file in quarantine)
    rows = connection.execute(
        f"SELECT side, source, row_number, record_id, field, value, reason FROM read_parquet([{files}]) "
        "ORDER BY side, source, row_number"
    )
    book = Workbook(write_only=True)
    written = 0
    sheet = None
    while batch := rows.fetchmany(10_000):
        for side, source, number, record_id, field, value, reason in batch:
            if written % (SHEET_ROWS - 1) == 0:
                title = texts.QUARANTINE_SHEET + (f" {written // (SHEET_ROWS - 1) + 1}" if written else "")
                sheet = book.create_sheet(title)
                sheet.append(texts.QUARANTINE_HEADERS)
            assert sheet is not None
            reasons = "; ".join(dict.fromkeys(texts.REASONS.get(code, code) for code in reason.split(", ")))
            shown = [_cell(text) for text in (record_id, field, value, reasons)]
            sheet.append([texts.SIDES.get(side, side), _cell(source), number, *shown])
            written += 1
    if sheet is None:
        book.create_sheet(texts.QUARANTINE_SHEET).append(texts.QUARANTINE_HEADERS)
    _save(book, path)
    return written


def _cell(text: str | None) -> str | None:
    """Text that a spreadsheet takes for text: no formula, no control characters, no longer than a cell may be."""
    if text is None:
        return None
    shown = re.sub(r"[\x00-\x08\x0b\x0c\x0e-\x1f]", "\ufffd", text)[:32_000]
    return f"'{shown}" if shown.startswith(FORMULA_SIGNS) else shown


def _save(book: Any, path: Path) -> None:
    path.touch(mode=0o600)
    path.chmod(0o600)
    book.save(path)

"""What a person sees of the register kinds: listings, and an empty sheet to fill in."""

from __future__ import annotations

import re
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from linkage.errors import ProjectFileError
from linkage.registers import texts
from linkage.registers.catalogue import register_kinds
from linkage.registers.kinds import RegisterKind

TITLE_LENGTH = 31


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


def _save(book: Any, path: Path) -> None:
    path.touch(mode=0o600)
    path.chmod(0o600)
    book.save(path)

"""The sheets of a review workbook: pairs and searches as blocks of rows, what an officer may fill in, how it looks.

A pair or search is a block of rows, one a record, so that the eye compares down a column.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

from linkage.review.answers import REASONS, VERDICTS
from linkage.review.comparison import ShownPair
from linkage.review.interface import Interface, group_of, in_page_order
from linkage.review.marks import Marked
from linkage.review.review_set import RUNNER_UPS_SHOWN
from linkage.runs.spreadsheet_text import neutralised

if TYPE_CHECKING:
    from openpyxl.worksheet.worksheet import Worksheet

KEY, NUMBER, VERDICT, REASON, COMMENT, FOUND = range(6)
"""The columns before the record's; a sheet of pairs has no FOUND."""
HEAD_ROWS = 2
OTHER = "other"
"""The choice of a person who was not offered: the officer writes who it is."""
_FONT = "Calibri"
_ILLEGAL = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f]")


@dataclass(frozen=True, slots=True)
class Block:
    """A pair or search as rows of cells: label, then one text a field; `kinds` says how each field's cell differs, row by row."""

    number: int
    rows: list[list[str]]
    kinds: list[list[str]]


@dataclass(frozen=True, slots=True)
class SheetKind:
    """Sheets of pairs or of searches: the words of their title and guide, and how many columns a row has before its record."""

    title: str
    guide: str
    record: int

    def choices(self, t: Interface) -> dict[str, str]:
        """What may be chosen as the verdict, and what is meant: a verdict, `OTHER`, or the number of an offered person."""
        if self is PAIRS:
            return {t(f"verdict_{verdict}"): verdict for verdict in VERDICTS}
        offered = {t("search_start_number", number=number): str(number) for number in range(1, RUNNER_UPS_SHOWN + 2)}
        answers = {t(f"search_verdict_{verdict}"): verdict for verdict in VERDICTS if verdict != "match"}
        return {**offered, t("sheet_other_person"): OTHER, **answers}


PAIRS = SheetKind("sheet_title", "sheet_guide", FOUND)
SEARCHES = SheetKind("sheet_searches", "sheet_searches_guide", FOUND + 1)


def pair_blocks(shown: list[ShownPair], t: Interface) -> tuple[list[str], list[Block]]:
    """The names of the fields that the pairs fill, and a block a pair: the two records, then other persons."""
    fields = _used(shown, t)
    return fields, [_pair_block(pair, fields, t) for pair in shown]


def _pair_block(pair: ShownPair, fields: list[str], t: Interface) -> Block:
    rows = {row.name: row for group in pair.groups.values() for row in group}
    left = [t("left_record"), *(_text(rows[name].left if name in rows else None) for name in fields)]
    right = [t("right_record"), *(_text(rows[name].right if name in rows else None) for name in fields)]
    others = [
        [t("sheet_other", number=number), *(_text(shown.get(name)) for name in fields)]
        for number, other in enumerate(pair.runner_ups, 1)
        if (shown := {name: segments for name, segments, _ in other.rows})
    ]
    kinds: list[str] = [rows[name].state if name in rows else "same" for name in fields]
    return Block(pair.number, [left, right, *others], [kinds, kinds, *([] for _ in others)])


def search_blocks(shown: list[ShownPair], t: Interface) -> tuple[list[str], list[Block]]:
    """The same for searches: the mention, then the persons offered, each with its record id before its fields."""
    fields = _used(shown, t)
    return fields, [_search_block(search, fields, t) for search in shown]


def _search_block(search: ShownPair, fields: list[str], t: Interface) -> Block:
    mention = {row.name: row.left for group in search.groups.values() for row in group}
    rows, kinds = [[t("left_record"), "", *(_text(mention.get(name)) for name in fields)]], [[""] * (len(fields) + 1)]
    for number, person in enumerate(search.runner_ups, 1):
        shown = {name: (segments, state) for name, segments, state in person.rows}
        texts = (_text(shown[name][0] if name in shown else None) for name in fields)
        rows.append([t("search_start_number", number=number), str(neutralised(person.record_id)), *texts])
        kinds.append(["", *(shown[name][1] if name in shown else "" for name in fields)])
    return Block(search.number, rows, kinds)


def _used(shown: list[ShownPair], t: Interface) -> list[str]:
    used = [row.name for pair in shown for rows in pair.groups.values() for row in rows]
    used += [name for pair in shown if pair.is_search for person in pair.runner_ups for name, _, _ in person.rows]
    groups = [name for name, _ in t.groups()]
    return sorted(in_page_order(used), key=lambda name: groups.index(group_of(name)))


def _text(segments: Marked | None) -> str:
    text = "".join(segment.text for segment in segments or ())
    return str(neutralised(_ILLEGAL.sub("\ufffd", text)))


def write_sheet(sheet: Worksheet, kind: SheetKind, fields: list[str], blocks: list[tuple[str, Block]], t: Interface) -> None:
    """Fill a sheet with blocks and their keys."""
    sheet.title = t(kind.title)
    labels = [t.field(field) for field in fields]
    if kind is SEARCHES:
        labels.insert(0, t.field("record_id"))
    _write_head(sheet, kind, labels, t)
    line = HEAD_ROWS + 1
    for key, block in blocks:
        _write_block(sheet, kind, line, key, block)
        line += len(block.rows)
    _finish_sheet(sheet, kind, line - 1, t)


def _write_head(sheet: Worksheet, kind: SheetKind, labels: list[str], t: Interface) -> None:
    from openpyxl.styles import Alignment, Font, PatternFill

    sheet.append(["", t(kind.guide)])
    sheet["B1"].font = Font(name=_FONT, bold=True)
    number = t("pair_column" if kind is PAIRS else "search_column")
    found = [t("sheet_found")] if kind is SEARCHES else []
    own = [number, t("verdict_column"), t("sheet_reason"), t("sheet_comment"), *found]
    sheet.append(["", *own, t("sheet_record"), *labels])
    for cell in sheet[HEAD_ROWS]:
        cell.font = Font(name=_FONT, bold=True, color="FFFFFF")
        cell.fill = PatternFill("solid", fgColor="0B5D4E")
        cell.alignment = Alignment(wrap_text=True, vertical="center")


def _write_block(sheet: Worksheet, kind: SheetKind, line: int, key: str, block: Block) -> None:
    from openpyxl.styles import Alignment, Border, Font, PatternFill, Protection, Side

    letter, tone, other = (
        PatternFill("solid", fgColor="FFE08A"),
        PatternFill("solid", fgColor="FFF6DA"),
        PatternFill("solid", fgColor="EEF1F4"),
    )
    edge = Border(top=Side(style="medium", color="6E7781"))
    box = Border(**{side: Side(style="thin", color="0B5D4E") for side in ("left", "right", "top", "bottom")})
    for offset, row in enumerate(block.rows):
        own = [key, block.number] if offset == 0 else []
        values = [*own, *[None] * (kind.record - len(own)), *row]
        for column, value in enumerate(values, 1):
            cell = sheet.cell(line + offset, column, value)
            cell.alignment = Alignment(wrap_text=True, vertical="top")
            if offset == 0:
                cell.border = edge
            if offset > (1 if kind is PAIRS else 0) and column > kind.record:
                cell.fill = other
            differs = block.kinds[offset][column - 2 - kind.record] if column > kind.record + 1 and block.kinds[offset] else ""
            if differs == "letter":
                cell.fill, cell.font = letter, Font(name=_FONT, bold=True)
            elif differs == "tone":
                cell.fill, cell.font = tone, Font(name=_FONT, italic=True, underline="single")
    for column in range(VERDICT, kind.record):
        cell = sheet.cell(line, column + 1)
        cell.protection = Protection(locked=False)
        if column == FOUND:
            cell.number_format = "@"  # a personal number keeps its first nought
        if len(block.rows) > 1:
            sheet.merge_cells(start_row=line, end_row=line + len(block.rows) - 1, start_column=column + 1, end_column=column + 1)
        for offset in range(len(block.rows)):
            sheet.cell(line + offset, column + 1).border = box


def _finish_sheet(sheet: Worksheet, kind: SheetKind, last: int, t: Interface) -> None:
    from openpyxl.utils import get_column_letter
    from openpyxl.worksheet.datavalidation import DataValidation

    for column, words in (
        (VERDICT, list(kind.choices(t))),
        (REASON, [t(f"reason_{name}") for name in REASONS]),
    ):
        letter = get_column_letter(column + 1)
        rule = DataValidation("list", formula1='"' + ",".join(words) + '"', allow_blank=True, showErrorMessage=True)
        rule.add(f"{letter}{HEAD_ROWS + 1}:{letter}{last}")
        sheet.add_data_validation(rule)
    widths = {KEY: 3, NUMBER: 7, VERDICT: 20, REASON: 20, COMMENT: 24, FOUND: 18, kind.record: 18}
    for place in range(sheet.max_column):
        sheet.column_dimensions[get_column_letter(place + 1)].width = widths.get(place, 22)
    sheet.column_dimensions["A"].hidden = True
    sheet.freeze_panes = sheet.cell(HEAD_ROWS + 1, kind.record + 2)
    sheet.protection.sheet = True
    sheet.protection.formatColumns = False
    sheet.protection.formatRows = False
    sheet.page_setup.orientation = "landscape"
    sheet.page_setup.fitToHeight = 0
    sheet.sheet_properties.pageSetUpPr.fitToPage = True

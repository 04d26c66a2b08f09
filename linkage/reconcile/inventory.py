"""The inventory of paper books: summed by unit, register and period, cross-footed, and every contradiction named."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

from linkage.reconcile import workbook_words as texts
from linkage.reconcile.spreadsheets import Column, WorkbookSheet, row_xml, write_workbook
from linkage.registers.list_reading import read_list
from linkage.registers.page_rows import is_total
from linkage.vietnamese import fold, parse_date
from linkage.words.documents import EMPTY, UNKNOWN
from linkage.words.offices import CONTRADICTIONS
from linkage.words.periods import LAST_YEARS, period_at, period_word

_UNIT, _REGISTER, _YEAR, _BOOK = texts.BOOKS_UNIT, texts.BOOKS_REGISTER, texts.BOOKS_YEAR, texts.BOOKS_BOOK
_WHOLE = re.compile(r"-?(\d{1,3}(?:([., ])\d{3})(?:\2\d{3})*|\d+)(?:[.,]0{1,2})?")
"""A whole number, its thousands parted by dots, commas or spaces; 80.5 is none."""
_NUMBERS = (texts.BOOKS_PAGES, texts.BOOKS_ENTRIES, texts.BOOKS_DIGITISED, texts.BOOKS_LOADED)


@dataclass(frozen=True)
class Contradiction:
    """One thing wrong in a row of the book list (rows counted as a spreadsheet does, titles and blank ones too)."""

    row: int
    book: str
    kind: str
    detail: str = ""


@dataclass
class BookCount:
    """Books and entries of one unit, register and period. `remaining` = entries − loaded, never below 0 a book."""

    unit: str
    register: str
    period: str
    books: int = 0
    entries: int = 0
    digitised: int = 0
    loaded: int = 0
    remaining: int = 0
    conditions: Counter[str] = field(default_factory=Counter)


@dataclass(frozen=True)
class Inventory:
    """The counts, in order of unit, register and period, and the contradictions, in order of rows."""

    counts: tuple[BookCount, ...]
    contradictions: tuple[Contradiction, ...]
    books: int
    entries: int
    digitised: int
    loaded: int
    remaining: int


def take_inventory(path: Path) -> Inventory:
    """Read a list of books (CSV or .xlsx, headers as in texts.BOOKS_*) and sum it.

    A row whose unit or book begins with "Cộng" is a subtotal of the rows since the last subtotal, one with "Tổng" the total of
    all rows above: both are checked and not counted. A number that cannot be read counts as 0 and is reported; a book listed
    twice counts once.

    Raises:
        SourceError: the file cannot be read or a column is missing.
    """
    rows = read_list(
        path,
        [_UNIT, _REGISTER, _YEAR, _BOOK, texts.BOOKS_CONDITION, *_NUMBERS],
        [texts.BOOKS_ID, texts.BOOKS_UNIT_CODE, texts.BOOKS_CLOSED],
    )
    wrong: list[Contradiction] = []
    counts: dict[tuple[str, str, str], BookCount] = {}
    seen: set[tuple[str, ...]] = set()
    running = {"cong": [0] * len(_NUMBERS), "tong": [0] * len(_NUMBERS)}
    for at, row in ((one.row, one.cells) for one in rows):
        name = row.get(texts.BOOKS_ID) or row[_BOOK]
        numbers = _numbers(row, at, name, wrong)
        total_of = _total_of(row)
        if total_of is not None:
            _check_total(name, numbers, running[total_of], at, wrong)
            running["cong"] = [0] * len(_NUMBERS)
            continue
        running = {of: [a + b for a, b in zip(sums, numbers, strict=True)] for of, sums in running.items()}
        key = tuple(fold(row.get(part, "")) for part in (texts.BOOKS_UNIT_CODE, _UNIT, _REGISTER, _YEAR, _BOOK))
        if key in seen:
            wrong.append(Contradiction(at, name, "listed_twice"))
            continue
        seen.add(key)
        year = _check_book(row, at, name, numbers, wrong)
        period = period_word(period_at(year), "vi") if year is not None else UNKNOWN.vi
        count = counts.setdefault((row[_UNIT], row[_REGISTER], period), BookCount(row[_UNIT], row[_REGISTER], period))
        _, entries, digitised, loaded = numbers
        count.books += 1
        count.entries += entries
        count.digitised += digitised
        count.loaded += loaded
        count.remaining += max(entries - loaded, 0)
        count.conditions[row[texts.BOOKS_CONDITION]] += 1
    order = [period_word(place, "vi") for place in range(len(LAST_YEARS))]
    ordered = sorted(
        counts.values(), key=lambda one: (one.unit, one.register, order.index(one.period) if one.period in order else 9)
    )
    sums = {name: sum(getattr(one, name) for one in ordered) for name in ("books", "entries", "digitised", "loaded", "remaining")}
    return Inventory(tuple(ordered), tuple(wrong), **sums)


def _numbers(row: dict[str, str], at: int, name: str, wrong: list[Contradiction]) -> list[int]:
    values = []
    for header in _NUMBERS:
        text = row[header]
        if number := _WHOLE.fullmatch(text):
            values.append(int("".join(filter(str.isdigit, number[1]))))
            if text.startswith("-") and values[-1]:
                wrong.append(Contradiction(at, name, "negative", header))
                values[-1] = 0
        else:
            values.append(0)
            if text:
                wrong.append(Contradiction(at, name, "not_a_number", header))
    return values


def _total_of(row: dict[str, str]) -> str | None:
    """`cong` for a subtotal, `tong` for a total of all rows above, None for a book."""
    for cell in (row.get(texts.BOOKS_ID, ""), row[_UNIT], row[_BOOK]):
        # with its accents, or in a text without any: Công Hải is a commune
        word = cell.lower().split(" ")[0].rstrip(":.")
        if word in ("cộng", "tổng") or (cell.isascii() and word in ("cong", "tong")):
            return fold(word)
    return "tong" if is_total(next(filter(None, row.values()), "")) else None


def _check_total(name: str, given: Sequence[int], summed: Sequence[int], at: int, wrong: list[Contradiction]) -> None:
    for header, said, sum_of_rows in zip(_NUMBERS, given, summed, strict=True):
        if said != sum_of_rows:
            wrong.append(Contradiction(at, name, "total_differs", f"{header}: {said} / {sum_of_rows}"))


def _check_book(row: dict[str, str], at: int, name: str, numbers: Sequence[int], wrong: list[Contradiction]) -> int | None:
    """What contradicts itself in one book's row; returns its year."""
    pages, entries, digitised, loaded = numbers
    year = int(row[_YEAR]) if row[_YEAR].isdigit() and 1800 < int(row[_YEAR]) < 2200 else None
    if year is None:
        wrong.append(Contradiction(at, name, "no_year"))
    if entries and not pages:
        wrong.append(Contradiction(at, name, "no_pages"))
    if digitised > entries:
        wrong.append(Contradiction(at, name, "digitised_more_than_counted", f"{digitised} / {entries}"))
    if loaded > digitised:
        wrong.append(Contradiction(at, name, "loaded_more_than_digitised", f"{loaded} / {digitised}"))
    book_year = row[_BOOK].rpartition("/")[2]
    if year is not None and book_year.isdigit() and len(book_year) == 4 and int(book_year) != year:
        wrong.append(Contradiction(at, name, "book_of_another_year", f"{book_year} / {year}"))
    closed = parse_date(row.get(texts.BOOKS_CLOSED, "")).year
    if year is not None and closed is not None and closed < year:
        wrong.append(Contradiction(at, name, "closed_before_its_year", f"{closed} / {year}"))
    return year


def write_inventory(inventory: Inventory, path: Path) -> None:
    """The inventory as a workbook: counts with their total, books by condition, contradictions."""
    conditions = sorted({condition for count in inventory.counts for condition in count.conditions})
    widths = [46.0, 22.0, 12.0, *[11.0] * 5, *[16.0] * len(conditions)]
    headers = [*texts.INVENTORY_COLUMNS, *(condition or EMPTY.vi for condition in conditions)]
    lines: list[list[object]] = [
        [
            one.unit, one.register, one.period, one.books, one.entries, one.digitised, one.loaded, one.remaining,
            *(one.conditions[condition] for condition in conditions),
        ]
        for one in inventory.counts
    ]  # fmt: skip
    total = [sum(int(str(line[place])) for line in lines) for place in range(3, len(headers))]
    lines.append([texts.TOTAL, None, None, *total])
    counted = "".join(row_xml(line, at, widths=widths) for at, line in enumerate(lines, 3))
    columns = tuple(Column(header, width) for header, width in zip(headers, widths, strict=True))
    found = [[one.row, one.book, CONTRADICTIONS[one.kind].vi, one.detail] for one in inventory.contradictions]
    wrong_widths = (8.0, 30.0, 60.0, 40.0)
    wrong = "".join(row_xml(line, at, widths=wrong_widths) for at, line in enumerate(found, 3))
    wrong_columns = tuple(Column(h, w) for h, w in zip(texts.CONTRADICTION_COLUMNS, wrong_widths, strict=True))
    write_workbook(
        path,
        [
            WorkbookSheet(texts.INVENTORY_SHEETS[0], columns, counted, len(lines), (texts.INVENTORY_TITLE,), protected=False),
            WorkbookSheet(
                texts.INVENTORY_SHEETS[1], wrong_columns, wrong, len(found), (texts.INVENTORY_SHEETS[1],), protected=False
            ),
        ],
    )

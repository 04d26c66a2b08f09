"""The inventory of paper books that the entries came from, with a few contradictions planted for the inventory check to find."""

from __future__ import annotations

import numpy as np
import pyarrow as pa

from linkage.synthetic.sheet import ENTRIES_PER_BOOK, Sheet
from linkage.synthetic.text_arrays import all_of, choice_of, texts

TYPES = {
    "birth": "Khai sinh", "death": "Khai tử", "marriage": "Kết hôn", "adoption": "Nuôi con nuôi",
    "parent_recognition": "Nhận cha, mẹ, con",
    "guardianship": "Giám hộ", "civil_status_change": "Thay đổi, cải chính hộ tịch",
}  # fmt: skip
CONDITIONS = ("Tốt", "Ố vàng, mờ chữ", "Rách nát", "Mất trang")
CONTRADICTIONS = (
    "digitised_more_than_counted",
    "loaded_more_than_digitised",
    "listed_twice",
    "no_pages",
    "year_before_book_opened",
)
CONTRADICTORY_SHARE = 0.004
HEADERS = {
    "book_id": "Mã sổ", "unit_code": "Mã đơn vị", "unit": "Đơn vị", "register": "Loại sổ", "year": "Năm",
    "book_number": "Quyển số",
    "condition": "Tình trạng", "pages": "Số trang", "entries": "Số trường hợp khi khóa sổ", "digitised": "Đã số hóa",
    "loaded": "Đã nạp",
    "closed": "Ngày khóa sổ",
}  # fmt: skip


def list_books(sheets: list[Sheet]) -> tuple[pa.Table, pa.Table]:
    """The books of one district (all text, under `HEADERS`) and the contradictions planted (book_id, contradiction)."""
    tables, planted = [], []
    for sheet in sheets:
        if sheet.register in TYPES and sheet.n:
            table, wrong = _of_register(sheet)
            tables.append(table)
            planted.append(wrong)
    return pa.concat_tables(tables), pa.concat_tables(planted)


def _of_register(sheet: Sheet) -> tuple[pa.Table, pa.Table]:
    community = sheet.community
    rng = np.random.default_rng([community.plan.seed, community.plan.index, 40, len(sheet.register)])
    book = (sheet.number - 1) // ENTRIES_PER_BOOK + 1
    key = (sheet.office * 10_000 + sheet.year) * 100 + book
    values, first, rows = np.unique(key, return_index=True, return_counts=True)
    n = len(values)
    year = sheet.year[first]
    # old books hold entries nobody could key; a few are not keyed at all yet
    unread = np.where(year < 1999, rng.binomial(rows, 0.06), rng.binomial(rows, 0.004))
    entries = rows + unread
    digitised = rows.copy()
    loaded = np.where(rng.random(n) < 0.04, rng.binomial(rows, 0.9), rows)
    pages = -(-entries // np.where(year < 1999, 2, 1)) + rng.integers(0, 4, n)
    age = np.clip((2020 - year) / 70, 0, 1)
    condition = np.minimum((rng.random(n) < age * 0.6) * (1 + (rng.random((2, n)) < 0.35).sum(axis=0)), 3)
    wrong = np.where(rng.random(n) < CONTRADICTORY_SHARE, rng.integers(0, len(CONTRADICTIONS), n), -1)
    digitised[wrong == 0] = entries[wrong == 0] + rng.integers(1, 6, (wrong == 0).sum())
    loaded[wrong == 1] = digitised[wrong == 1] + rng.integers(1, 6, (wrong == 1).sum())
    pages[wrong == 3] = 0
    closed = np.where(wrong == 4, year - rng.integers(1, 30, n), year)
    code = "".join(word[0] for word in sheet.register.split("_")).upper() + str(len(sheet.register))
    ids = texts([f"SYN-SO-{community.plan.index:04d}-{code}-{value:08d}" for value in values])
    columns = {
        "book_id": ids,
        "unit_code": sheet.columns["registering_office_code"][first],
        "unit": sheet.columns["registering_office"][first],
        "register": all_of(TYPES[sheet.register], n),
        "year": _text(year),
        "book_number": sheet.columns["book_number"][first],
        "condition": choice_of(CONDITIONS, condition),
        "pages": _text(pages),
        "entries": _text(entries),
        "digitised": _text(digitised),
        "loaded": _text(loaded),
        "closed": texts([f"31/12/{y}" if y < 2026 else None for y in closed]),
    }
    table = pa.table({HEADERS[name]: pa.array(column, pa.string()) for name, column in columns.items()})
    twice = np.flatnonzero(wrong == 2)
    if len(twice):
        table = pa.concat_tables([table, table.take(twice)])
    bad = np.flatnonzero(wrong >= 0)
    kinds = choice_of(CONTRADICTIONS, wrong[bad])
    return table, pa.table({"book_id": pa.array(ids[bad], pa.string()), "contradiction": pa.array(kinds, pa.string())})


def _text(numbers: np.ndarray) -> np.ndarray:
    return texts([str(number) for number in numbers])

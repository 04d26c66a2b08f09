"""A digitisation set: for a sample of birth books, what the paper says, what was keyed, and an independent second keying.

Every keying error is logged. Keyers differ: each has an error rate of their own, and a few are three times worse, so that
acceptance sampling by lot and operator has something to find.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pyarrow as pa

from linkage.synthetic.sheet import ENTRIES_PER_BOOK, Sheet
from linkage.synthetic.spelling import hoi_nga, mark_lost, typing_slip, without_marks

KEYED_FIELDS = (
    "full_name", "sex", "birth_date", "birth_place", "hometown", "ethnicity", "mother_name", "mother_birth_year", "father_name",
    "father_birth_year", "registration_date", "entry_number",
)  # fmt: skip
DISTRICTS, BOOKS_PER_DISTRICT = 8, 6
FIELD_ERROR_RATE = 0.006
"""Mean share of fields an operator keys wrongly (J; published double-entry studies range from 0.1 % to some percent)."""
LOT, OPERATOR, BOOK = "Lô", "Người nhập liệu", "Mã sổ"


def _a_token(text: str, draw: float, spell: Callable[[str], list[str]]) -> str | None:
    tokens = text.split(" ")
    at = int(draw * len(tokens))
    variants = [each for each in spell(tokens[at]) if each and each != tokens[at]]
    if not variants:
        return None
    tokens[at] = variants[int(draw * 7919) % len(variants)]
    return " ".join(tokens)


def _one_digit(text: str, draw: float) -> str | None:
    places = [i for i, c in enumerate(text) if c in "0123456789"]  # an old font leaves ¹ and ² behind
    if not places:
        return None
    at = places[int(draw * len(places))]
    return text[:at] + str((int(text[at]) + 1 + int(draw * 7919) % 9) % 10) + text[at + 1 :]


KEYING_KINDS: dict[str, Callable[[str, float], str | None]] = {
    "slip": lambda text, draw: _a_token(text, draw, typing_slip),
    "mark": lambda text, draw: _a_token(text, draw, lambda token: mark_lost(token) + hoi_nga(token)),
    "no_diacritics": lambda text, draw: without_marks(text) if without_marks(text) != text else None,
    "digit": _one_digit,
    "token_lost": lambda text, draw: " ".join(text.split(" ")[:1] + text.split(" ")[2:]) if text.count(" ") >= 2 else None,
    "left_empty": lambda text, draw: "",
}


def digitise(sheet: Sheet) -> dict[str, pa.Table]:
    """`paper`, `keyed`, `rekeyed` (the register's headers, then lot, operator, book) and `keying_errors` of a district."""
    community = sheet.community
    rng = np.random.default_rng([community.plan.seed, community.plan.index, 50])
    key = (sheet.office * 10_000 + sheet.year) * 100 + (sheet.number - 1) // ENTRIES_PER_BOOK + 1
    values, counts = np.unique(key, return_counts=True)
    chosen = rng.choice(values, min(BOOKS_PER_DISTRICT, len(values)), replace=False, p=counts / counts.sum())
    rows = np.flatnonzero(np.isin(key, chosen))
    lot = np.searchsorted(np.sort(chosen), key[rows])
    paper = sheet.table().take(rows)
    names = {field.name: field.header for field in sheet.kind.fields}
    books = [f"SYN-SO-{community.plan.index:04d}-B5-{value:08d}" for value in key[rows]]
    out = {"paper": paper.append_column(BOOK, pa.array(books))}
    logs = []
    for keying in ("keyed", "rekeyed"):
        care = rng.gamma(4.0, 0.25, len(chosen)) * np.where(rng.random(len(chosen)) < 0.15, 3.0, 1.0)
        operators = rng.integers(1, 30, len(chosen))
        table = paper
        for field in KEYED_FIELDS:
            column = np.array(paper[names[field]].to_pylist(), dtype=object)
            hit = rng.random(len(rows)) < FIELD_ERROR_RATE * care[lot]
            draws, kinds = rng.random(len(rows)), rng.integers(0, len(KEYING_KINDS), len(rows))
            logs.append(_key(column, np.flatnonzero(hit), draws, kinds, sheet.ids[rows], keying, field))
            table = table.set_column(table.column_names.index(names[field]), names[field], pa.array(column, pa.string()))
        table = table.append_column(LOT, pa.array([f"SYN-LO-{community.plan.index:04d}-{number + 1:02d}" for number in lot]))
        table = table.append_column(OPERATOR, pa.array([f"NV{operators[number]:02d}" for number in lot]))
        out[keying] = table.append_column(BOOK, pa.array(books))
    out["keying_errors"] = pa.concat_tables(logs)
    return out


def _key(
    column: np.ndarray, hits: np.ndarray, draws: np.ndarray, kinds: np.ndarray, ids: np.ndarray, keying: str, field: str
) -> pa.Table:
    """Key some cells wrongly, in place; kinds that cannot touch a value give way to the next that can."""
    log: list[tuple[str, str, str, str]] = []
    order = list(KEYING_KINDS)
    for row in hits:
        value = column[row]
        if value is None:
            continue
        for step in range(len(order)):
            kind = order[(kinds[row] + step) % len(order)]
            wrong = KEYING_KINDS[kind](value, draws[row])
            if wrong is not None and wrong != value:
                column[row] = wrong or None
                log.append((keying, ids[row], field, kind))
                break
    names = ("keying", "record_id", "field", "kind")
    return pa.table({name: pa.array([row[i] for row in log], pa.string()) for i, name in enumerate(names)})

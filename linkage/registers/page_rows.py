"""Rows of an office's sheet that are no entries: totals, signatures, and headers repeated on each page.

A row is known by its identifier's cell, or by any cell where it has none; a name alone never makes a total of a row, since
Tống and Công are names, unless it stands there with its own accents (Tổng cộng).
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from linkage.runs.sql import literal, quote
from linkage.vietnamese.letters import compose

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

REPEATED_HEADER = "repeated_header"
TOTAL_ROW = "total_row"
SIGNATURE_ROW = "signature_row"
UNDER_SIGNATURES = 8
"""Rows under a signature row among which the names of those who signed stand."""

_TOTAL = (
    r"(?:tổng cộng|tổng số|cộng (?:trang|sổ|dồn|chung)|lũy kế|luỹ kế|tong cong|tong so|cong trang|grand total|subtotal)"
    r"(?:[^0-9a-zà-ỹ].*)?|(?:tổng|cộng|total)[ :.…–-]*(?:[0-9(].*)?"
)
_SIGNATURE = (
    r"người (?:lập|ký|kiểm tra|nhập liệu|đăng ký|thực hiện|khóa sổ|khoá sổ)(?:[ ,:(].*)?"
    r"|(?:thủ trưởng|phó chủ tịch|chủ tịch)(?: .*)?"
    r"|(?:tm|t/m|kt|tl|tuq)[. ].*|(?:cán bộ|công chức) (?:tư pháp|hộ tịch).*"
    r"|\(?(?:ký tên|ký, |ký và |ký ghi |đã ký).*|.{0,60}ngày [0-9. …]+ ?tháng [0-9. …]+ ?năm [0-9. …]+"
)
_SURELY_TOTAL = r"(?:tổng cộng|tổng số)[ :.…–-]*(?:[0-9(].*)?"
"""What no person is called, whatever the row's identifier."""
TOTALS_START = "Tổng|TỔNG|tổng"
"""How such a cell starts, a regular expression."""


def is_total(cell: str) -> bool:
    """Whether a cell says that its row sums others.

    >>> is_total("Tổng cộng: 42"), is_total("CỘNG"), is_total("Tống Công")
    (True, True, False)
    """
    return re.fullmatch(_TOTAL, _plain(cell), re.DOTALL) is not None


def is_signature(cell: str) -> bool:
    """Whether a cell names who signs, or the place and day of signing.

    >>> is_signature("NGƯỜI LẬP BIỂU"), is_signature("Hà Nội, ngày 5 tháng 1 năm 2020"), is_signature("Chu Tịch")
    (True, True, False)
    """
    return re.fullmatch(_SIGNATURE, _plain(cell), re.DOTALL) is not None


def repeats_header(cells: Sequence[str], headers: Sequence[str]) -> bool:
    """Whether a row's filled cells, two at least, are the headers of their columns again, or three at least their numbers."""
    filled = [(at, _plain(cell)) for at, cell in enumerate(cells[: len(headers)]) if cell.strip()]
    again = len(filled) > 1 and all(cell == _plain(headers[at]) for at, cell in filled)
    return again or (len(filled) > 2 and all(cell.strip("()[]") == str(at + 1) for at, cell in filled))


def _plain(cell: str) -> str:
    return " ".join(compose(cell).lower().split())


def page_row_sql(columns: Mapping[str, tuple[int, str]], identifier: str, names: Sequence[str], odd: str) -> str:
    """SQL for what kind of row it is (repeated header, total, signature), NULL for an entry.

    `columns` are the fields a part has, each with its column (from 0) and header; `identifier` is the one an entry is known by,
    `names` are those of persons' names. Only rows whose identifier is none at first sight are looked at closely, and those
    that are `odd`, SQL that holds at least where a cell starts as `TOTALS_START` says.
    """
    column, header = columns[identifier]
    known = quote(identifier)
    # ends in a digit and holds no space: nearly every entry's, told apart quickly
    usual = f"regexp_full_match({known}, '[!-~]*[0-9]') AND {known} NOT IN ({literal(header)}, {literal(str(column + 1))})"
    plain = {field: _plain_sql(quote(field)) for field in columns}
    filled = " + ".join(f"({quote(field)} IS NOT NULL)::INTEGER" for field in columns)
    again = " AND ".join(f"coalesce({plain[field]} = {literal(_plain(text))}, true)" for field, (_, text) in columns.items())
    numbers = " AND ".join(f"coalesce(trim({quote(field)}, ' ()[]') = '{at + 1}', true)" for field, (at, _) in columns.items())
    total = " OR ".join(_matches(plain[name], _SURELY_TOTAL) for name in names)
    named = f"WHEN {odd} AND ({total}) THEN '{TOTAL_ROW}'" if names else ""
    any_total, any_signature = (
        " OR ".join(_matches(text, pattern) for text in plain.values()) for pattern in (_TOTAL, _SIGNATURE)
    )
    return f"""CASE
        {named}
        WHEN {usual} THEN NULL
        WHEN {filled} > 1 AND {again} OR {filled} > 2 AND {numbers} THEN '{REPEATED_HEADER}'
        WHEN {_matches(plain[identifier], _TOTAL)} OR {known} IS NULL AND ({any_total}) THEN '{TOTAL_ROW}'
        WHEN {_matches(plain[identifier], _SIGNATURE)} OR {known} IS NULL AND ({any_signature}) THEN '{SIGNATURE_ROW}'
    END"""


def _matches(text: str, pattern: str) -> str:
    return f"coalesce(regexp_full_match({text}, {literal(pattern)}, 's'), false)"


def _plain_sql(value: str) -> str:
    return f"trim(regexp_replace(lower(nfc_normalize({value})), '[\\s\\p{{Z}}]+', ' ', 'g'))"

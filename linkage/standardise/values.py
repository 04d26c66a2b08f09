"""One distinct value of a field → its keys, by kind: the rows of the dictionaries that `table` joins back."""

from __future__ import annotations

import math
from collections.abc import Callable

from linkage.config import FieldKind
from linkage.vietnamese import (
    clean_text,
    fold,
    is_placeholder,
    parse_date,
    clean_identifier,
    parse_personal_number,
    parse_sex,
    repair_impossible_date,
    solar_of_lunar,
)

Row = tuple[object, ...]
"""Key values in the order of `suffixes_of(kind)`."""


def flag_text(flags: tuple[str, ...]) -> str | None:
    """Flags as stored: words parted by a space, None when there are none."""
    return " ".join(flags) or None


def _date_row(value: str) -> Row:
    said = parse_date(value)
    year, month, day = said.year, said.month, said.day
    whole = year is not None and month is not None and day is not None
    return (
        said.date, said.text or None, year, month, day, said.precision,
        f"{year:04d}{month:02d}{day:02d}" if whole else None,
        repair_impossible_date(year, month, day) if year and month and day else None,
        solar_of_lunar(year, month, day) if year and month and day else None,
        flag_text(said.flags), said.age,
    )  # fmt: skip


def _year_row(value: str) -> Row:
    said = parse_date(value)
    return (said.year, said.age)


def _text_row(value: str) -> Row:
    return (None, None) if is_placeholder(value) else (clean_text(value), fold(value) or None)


def _number_row(value: str) -> Row:
    """Vietnamese files write 1.234,5 as well as 1234.5: the last separator is the decimal one if both occur."""
    text = clean_text(value).replace(" ", "")
    if "," in text:
        text = text.replace(".", "").replace(",", ".") if text.rfind(",") > text.rfind(".") else text.replace(",", "")
    try:
        number = float(text)
    except ValueError:
        return (None,)
    return (number if math.isfinite(number) else None,)


def _personal_number_row(value: str) -> Row:
    number = parse_personal_number(value)
    return (number.digits, number.year, number.sex, number.prefix, flag_text(number.flags))


ROWS: dict[FieldKind, Callable[[str], Row]] = {
    FieldKind.date: _date_row,
    FieldKind.year: _year_row,
    FieldKind.sex: lambda value: (parse_sex(value),),
    FieldKind.personal_number: _personal_number_row,
    FieldKind.identifier: lambda value: (clean_identifier(value),),
    FieldKind.category: _text_row,
    FieldKind.text: _text_row,
    FieldKind.number: _number_row,
    FieldKind.place: lambda value: (*_text_row(value), *(None,) * 9),
    FieldKind.ethnicity: _text_row,
    FieldKind.nationality: _text_row,
}
"""Kinds whose values are read one by one; a date and a year end with the age said, which is no key of theirs."""

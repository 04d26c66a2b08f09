"""One distinct value of a field → its keys, by kind: the rows of the dictionaries that `table` joins back."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import date
from functools import partial

from linkage.config import FieldKind
from linkage.standardise.plain_values import email_parts, list_items, postcode_parts, sound_of_words, vector
from linkage.vietnamese import (
    RegisterDate,
    clean_identifier,
    clean_text,
    fold,
    is_placeholder,
    parse_date,
    parse_ethnicity,
    parse_nationality,
    parse_number,
    parse_personal_number,
    parse_sex,
    period_of,
    repair_impossible_date,
    resolve_place_in_period,
    same_periods,
    solar_of_lunar,
)
from linkage.vietnamese.phones import clean_phone

UNDATED = -1
"""The period of a place that no date goes with."""
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
        100 * day + month if month and day and (day, month) != (1, 1) else None,
        repair_impossible_date(year, month, day) if year and month and day else None,
        solar_of_lunar(year, month, day) if year and month and day else None,
        flag_text(said.flags), said.age, _period(said),
    )  # fmt: skip


def _year_row(value: str) -> Row:
    said = parse_date(value)
    return (said.year, said.age, _period(said))


def _period(said: RegisterDate) -> int | None:
    """The period of place names a date lies in: its middle where only the year or month is known."""
    if said.year is None:
        return None
    return period_of(said.date or date(said.year, said.month or 7, 1))


def place_rows(value: str, periods: Sequence[int]) -> list[Row]:
    """First period, last period and the keys of a place, for each run of `periods` (sorted) in which it means the same."""
    rows: list[Row] = []
    last: int | None = None
    for period in periods:
        if last is not None and period <= last:
            continue
        first, last = (UNDATED, UNDATED) if period == UNDATED else same_periods(value, period)
        rows.append((first, last, *_place_row(value, None if period == UNDATED else first)))
    return rows


def _place_row(value: str, period: int | None) -> Row:
    place = resolve_place_in_period(value, period)
    return (
        place.text or None, fold(place.text) or None, place.level, place.unit, place.communes or None,
        place.communes[0] if len(place.communes) == 1 else None, place.districts or None, place.provinces_old or None,
        place.provinces or None, place.provinces[0] if len(place.provinces) == 1 else None, flag_text(place.flags),
    )  # fmt: skip


def _named_row(parse: Callable[[str], str | None], value: str) -> Row:
    """The official name, or the clean text of one that is not known."""
    if is_placeholder(value):
        return (None, None)
    name = parse(value) or clean_text(value)
    return (name, fold(name) or None)


def _category_row(value: str) -> Row:
    return (None, None) if is_placeholder(value, may_be_name=False) else (clean_text(value), fold(value) or None)


def _text_row(value: str) -> Row:
    if is_placeholder(value, may_be_name=True):
        return (None, None, None)
    return (clean_text(value), fold(value) or None, sound_of_words(fold(value)))


def _phone_row(value: str) -> Row:
    number = clean_phone(value)
    return (number, number and number[-6:])


def _number_row(value: str) -> Row:
    number = parse_number(value)
    return (number.value, flag_text(number.flags))


def _personal_number_row(value: str) -> Row:
    number = parse_personal_number(value)
    return (number.digits, number.year, number.sex, number.prefix, flag_text(number.flags))


ROWS: dict[FieldKind, Callable[[str], Row]] = {
    FieldKind.date: _date_row,
    FieldKind.year: _year_row,
    FieldKind.sex: lambda value: (parse_sex(value),),
    FieldKind.personal_number: _personal_number_row,
    FieldKind.identifier: lambda value: (clean_identifier(value),),
    FieldKind.category: _category_row,
    FieldKind.text: _text_row,
    FieldKind.email: email_parts,
    FieldKind.phone: _phone_row,
    FieldKind.postcode: postcode_parts,
    FieldKind.list: lambda value: (list_items(value),),
    FieldKind.vector: lambda value: (vector(value),),
    FieldKind.number: _number_row,
    FieldKind.ethnicity: partial(_named_row, parse_ethnicity),
    FieldKind.nationality: partial(_named_row, parse_nationality),
}
"""Kinds whose values are read one by one; a date and a year end with the age said and the period, which are no keys."""

"""Dates of registers: text → year, month, day with how precise it is and what is odd about it.

Nothing is filled in: a missing part stays None, and today's date is never used.
"""

from __future__ import annotations

import calendar
import re
from dataclasses import dataclass
from datetime import date, timedelta
from functools import lru_cache
from typing import Literal

from linkage.vietnamese.clock_times import date_in_zone, part_clock
from linkage.vietnamese.column_readings import DATE_ORDERS, DateOrder, Reading, unmarked
from linkage.vietnamese.letters import clean_text
from linkage.vietnamese.lunar import solar_of_lunar
from linkage.vietnamese.number_words import parse_number_words
from linkage.vietnamese.placeholders import is_placeholder

DatePrecision = Literal["day", "month", "year", "age", "none"]
DATE_FLAGS = (
    "placeholder", "unreadable", "impossible", "first_of_january", "spelled_out", "two_digit_year", "month_first",
    "spreadsheet_number", "lunar_stated", "lunar_possible", "approximate", "order_unsure", "century_unsure", "serial_or_year",
    "from_instant",
)  # fmt: skip
"""What `RegisterDate.flags` may hold, in this order. `lunar_possible`: impossible as a solar date, real as a lunar one.

`order_unsure`, `century_unsure`, `serial_or_year`: the column does not tell what is meant, and only what all ways of reading
share is kept, so that comparisons see a lower precision. `from_instant`: the date of a moment in the source's time zone."""

_FIRST_YEAR, _LAST_YEAR = 1800, 2150
_MIN_TWO_DIGIT_OF_1900 = 30
_UNSURE = frozenset(("order_unsure", "century_unsure", "serial_or_year"))
_SPREADSHEET_EPOCH = date(1899, 12, 30)
_LUNAR_WORDS = re.compile(r"\(?\s*(?:âm lịch|â\.?\s?l\.?|âm)\s*\)?|\b(?:AL|ÂL)\b", re.IGNORECASE)
_SOLAR_WORDS = re.compile(r"\(?\s*(?:dương lịch|d\.?l\.?)\s*\)?$", re.IGNORECASE)
_APPROXIMATE = re.compile(r"\b(?:khoảng|độ|chừng|ước)\b\s*|[?~]", re.IGNORECASE)
_DMY = re.compile(r"(?:ngày\s+)?(\d{1,2})[-/. ,_\\]+(\d{1,2})[-/. ,_\\]+(\d{4}|\d{2})", re.IGNORECASE)
_PLAIN = re.compile(r"(0?[1-9]|[12][0-9]|3[01])/(0?[1-9]|1[0-2])/([0-9]{4})")
_YMD = re.compile(r"(\d{4})\s*[-/.]\s*(\d{1,2})\s*[-/.]\s*(\d{1,2})")
_MY = re.compile(r"(\d{1,2})\s*[-/. ]\s*(\d{4})")
_YM = re.compile(r"(\d{4})\s*[-/.]\s*(\d{1,2})")
_PACKED = re.compile(r"(\d{2})(\d{2})(\d{4})")
_PACKED_YMD = re.compile(r"((?:18|19|20|21)\d{2})(0\d|1[0-2])(\d{2})")
_MONTHS = ("jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec")
_MONTH = (
    r"(?:(?P<name>jan|feb|mar|apr|may|jun|jul|aug|sep|oct|nov|dec)(?:uary|ruary|ch|il|e|y|ust|t|tember|ober|ember)?\.?"
    r"|(?:thg|th|tháng)\.?\s*(?P<number>\d{1,2}))"
)
_NAMED = tuple(
    re.compile(form.replace("MONTH", _MONTH), re.IGNORECASE)
    for form in (
        r"(?:ngày\s+)?(?P<day>\d{1,2})(?:st|nd|rd|th)?[-/. ,]*MONTH[-/. ,]+(?P<year>\d{4}|\d{2})",
        r"MONTH[-/. ]+(?P<day>\d{1,2})(?:st|nd|rd|th)?[-/., ]+(?P<year>\d{4})",
        r"(?P<year>\d{4})[-/. ,]+MONTH[-/. ,]+(?P<day>\d{1,2})",
        r"(?P<day>)MONTH[-/. ,]+(?P<year>\d{4})",
    )
)
_WEEKDAY = re.compile(
    r"^(?:thứ\s+(?:hai|ba|tư|năm|sáu|bảy)|chủ nhật|(?:mon|tue|tues|wed|wednes|thu|thur|thurs|fri|sat|satur|sun)(?:day)?)\.?,?\s+",
    re.IGNORECASE,
)
_AGE = re.compile(r"(\d{1,3})\s*(?:tuổi|tuoi|t)\.?", re.IGNORECASE)
_WORDED = (
    re.compile(r"(?:ngày\s+)?(?P<day>.+?)[,\s]+tháng\s+(?P<month>.+?)[,\s]+năm\s+(?P<year>.+)", re.IGNORECASE),
    re.compile(r"(?:ngày\s+)?(?P<day>\d+)[,\s]+tháng\s+(?P<month>\d+)[,\s]+(?P<year>\d{4})", re.IGNORECASE),
    re.compile(r"(?P<day>)tháng\s+(?P<month>.+?)[,\s]+năm\s+(?P<year>.+)", re.IGNORECASE),
    re.compile(r"(?P<day>)(?P<month>)(?:năm\s+)?(?P<year>.+)", re.IGNORECASE),
)
_UNKNOWN_START = re.compile(r"^[-./_xX?… ]+(?=\d)")
_UNKNOWN_MONTH = re.compile(r"\d{1,2}\s*/\s*[-._xX?…0]+\s*/\s*(?=\d{4}$)")
_MONTH_NAMES = {"giêng": 1, "chạp": 12, "mười hai": 12, "mười một": 11}
_DAY_PREFIX = re.compile(r"^(?:mồng|mùng|mông)\s+", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class RegisterDate:
    """A date as a register gives it. An impossible date keeps its parts; `age` is in years, where only that is said."""

    text: str
    year: int | None = None
    month: int | None = None
    day: int | None = None
    precision: DatePrecision = "none"
    age: int | None = None
    flags: tuple[str, ...] = ()

    @property
    def date(self) -> date | None:
        """The solar date, only when it is complete, possible and not stated to be lunar."""
        if self.precision != "day" or "impossible" in self.flags or "lunar_stated" in self.flags:
            return None
        assert self.year and self.month and self.day
        return date(self.year, self.month, self.day)


def repair_impossible_date(year: int, month: int, day: int) -> date | None:
    """The date written for an impossible one on re-registration; None for a possible date or no date at all.

    29/02 of a common year → 01/3; 30/02 → 01/3 (leap year) or 02/3; 31/4, 31/6, 31/9, 31/11 → the 1st of the next
    month (guidance of Thừa Thiên Huế's Department of Justice of 11 March 2020).

    >>> repair_impossible_date(1957, 2, 30), repair_impossible_date(1960, 4, 31), repair_impossible_date(1960, 4, 30)
    (datetime.date(1957, 3, 2), datetime.date(1960, 5, 1), None)
    """
    if not (1 <= month <= 12 and 1 <= day <= 31 and 1 <= year <= 9999):
        return None
    length = calendar.monthrange(year, month)[1]
    if day <= length or (month == 2 and day > 30):
        return None
    return date(year, month, length) + timedelta(days=day - length)


def _is_possible(year: int, month: int, day: int) -> bool:
    return 1 <= month <= 12 and 1 <= day <= calendar.monthrange(year, month)[1]


Parts = tuple[int | None, int | None, int | None]


def _four_digits(year: str, flags: set[str], reading: Reading) -> int | None:
    """A year as written; None for one of two digits of which the century is not known."""
    if len(year) != 2:
        return int(year)
    flags.add("two_digit_year")
    if reading.century:
        return reading.century + int(year)
    if int(year) >= _MIN_TWO_DIGIT_OF_1900:
        return 1900 + int(year)
    if reading.century_unsure:
        flags.add("century_unsure")
        return None
    return 2000 + int(year)


def _in_order(numbers: tuple[str, str, str], order: DateOrder) -> tuple[str, int, int]:
    """Year, month and day of three numbers."""
    first, second, third = numbers
    if order == "year_first":
        return first, int(second), int(third)
    return (third, int(first), int(second)) if order == "month_first" else (third, int(second), int(first))


def _ordered_parts(numbers: tuple[str, str, str], flags: set[str], reading: Reading) -> Parts:
    """Three numbers in the column's order; in another when only that one gives a month and a day."""
    short = len(numbers[2]) == 2
    if reading.orders == ("day_first",) and 1 <= int(numbers[1]) <= 12 and int(numbers[0]) <= 31:
        return _four_digits(numbers[2], flags, reading), int(numbers[1]), int(numbers[0])

    def ways(orders: tuple[DateOrder, ...]) -> dict[tuple[str, int, int], DateOrder]:
        given = {_in_order(numbers, order): order for order in reversed(orders) if short or order != "year_first"}
        return {
            parts: order
            for parts, order in given.items()
            if len(parts[0].zfill(2)) == (2 if short else 4) and parts[1] <= 12 and parts[2] <= 31 and (parts[1] or not parts[2])
        }

    # a column of 85-08-05 says nothing of 05/08/1985
    found = ways(DATE_ORDERS if "year_first" in reading.orders and not short else reading.orders)
    if not found and "0" not in (numbers[0].strip("0") or "0", numbers[1].strip("0") or "0"):
        found = ways(DATE_ORDERS)
    if len(found) > 1:
        flags.add("order_unsure")
        years = {year for year, _, _ in found}
        year = _four_digits(years.pop().zfill(2), flags, reading) if len(years) == 1 else None
        return year, None, None
    if not found:
        found = {_in_order(numbers, reading.orders[0] if not short else "day_first"): "day_first"}
    (year_said, month, day), order = next(iter(found.items()))
    if order == "month_first" and month != day:
        flags.add("month_first")
    return _four_digits(year_said.zfill(2), flags, reading), month, day


def _from_numbers(text: str, flags: set[str], reading: Reading) -> Parts | None:
    if m := _YMD.fullmatch(text) or _PACKED_YMD.fullmatch(text):
        month, day = int(m[2]), int(m[3])
        if month > 12 >= day:
            month, day = day, month
            flags.add("month_first")
        return int(m[1]), month, day
    if m := _DMY.fullmatch(text) or _PACKED.fullmatch(text):
        return _ordered_parts((m[1], m[2], m[3]), flags, reading)
    if m := _MY.fullmatch(text):
        return int(m[2]), int(m[1]), None
    if m := _YM.fullmatch(text):
        return int(m[1]), int(m[2]), None
    if m := re.fullmatch(r"(\d{1,5})(?:\.0)?", text):
        return _from_whole_number(int(m[1]), flags, reading)
    return None


def _from_whole_number(number: int, flags: set[str], reading: Reading) -> Parts | None:
    """A year, or the days a spreadsheet counts."""
    if reading.serials and _FIRST_YEAR <= number <= _LAST_YEAR:
        flags.add("serial_or_year")
        return None, None, None
    if (5000 if not reading.serials else 1) <= number <= 60_000:
        flags.add("spreadsheet_number")
        day = _SPREADSHEET_EPOCH + timedelta(days=number + (number < 60))  # its 1900 has a 29 February
        return day.year, day.month, day.day
    return (number, None, None) if number >= 1000 else None


def _from_month_names(text: str, flags: set[str], reading: Reading) -> Parts | None:
    m = next((match for pattern in _NAMED if (match := pattern.fullmatch(text))), None)
    if m is None:
        return None
    month = int(m["number"]) if m["number"] else 1 + _MONTHS.index(m["name"].lower())
    return _four_digits(m["year"], flags, reading), month, int(m["day"]) if m["day"] else None


def _spoken_year(text: str, flags: set[str], reading: Reading) -> int | None:
    """The year in words; two digits stand for one where they follow a month."""
    short = re.fullmatch(r"\d{2}", text.strip())
    return _four_digits(short[0], flags, reading) if short else _spoken(text, flags)


def _spoken(text: str, flags: set[str]) -> int | None:
    if not (text := _DAY_PREFIX.sub("", text.strip(" .,"))):
        return None
    if text.isdecimal():
        return int(text)
    number = _MONTH_NAMES.get(text.lower(), parse_number_words(text))
    if number is not None:
        flags.add("spelled_out")
    return number


def _from_words(text: str, flags: set[str], reading: Reading) -> Parts | None:
    text = re.sub(r"\b(?:sinh|vào)\s+", "", text, flags=re.IGNORECASE)
    match = next(match for pattern in _WORDED if (match := pattern.fullmatch(text)))
    parts = {name: _spoken(match[name], flags) for name in ("month", "day")}
    parts["year"] = _spoken_year(match["year"], flags, reading) if match["month"] else _spoken(match["year"], flags)
    if flags & _UNSURE:
        return None, None, None
    if any(parts[name] is None and not is_placeholder(match[name]) for name in parts):
        return None
    return parts["year"], parts["month"], parts["day"]


@lru_cache(maxsize=1 << 16)
def parse_date(text: str) -> RegisterDate:
    """A date in any of the ways registers write it; see `RegisterDate` and `DATE_FLAGS`. Never raises.

    Day first, unless the value is `marked` with what its column says.

    >>> parse_date("05/8/1985").date, parse_date("năm 1950").precision, parse_date("08/1962").month
    (datetime.date(1985, 8, 5), 'year', 8)
    >>> parse_date("30/02/1957").flags
    ('impossible', 'lunar_possible')
    """
    if (plain := _PLAIN.fullmatch(text)) and _FIRST_YEAR <= int(plain[3]) <= _LAST_YEAR:  # most are, and need none of the below
        return _settle(text, int(plain[3]), int(plain[2]), int(plain[1]), set())
    text, reading = unmarked(text)
    clean = clean_text(text)
    if is_placeholder(clean):
        return RegisterDate("", flags=("placeholder",))
    flags: set[str] = set()
    core, clock = part_clock(clean)
    if not core[:1].isdigit():
        core = _WEEKDAY.sub("", core)
    core = _SOLAR_WORDS.sub("", core)
    if (without := _LUNAR_WORDS.sub(" ", core)) != core:
        flags.add("lunar_stated")
        core = without
    if (without := _APPROXIMATE.sub("", core)) != core:
        flags.add("approximate")
        core = without
    core = _UNKNOWN_MONTH.sub("", _UNKNOWN_START.sub("", core)).strip(" .,;()'")
    if age := _AGE.fullmatch(core):
        return RegisterDate(clean, precision="age", age=int(age[1]), flags=_ordered(flags))
    found = _from_numbers(core, flags, reading) or _from_month_names(core, flags, reading)
    found = found or (_from_words(core, flags, reading) if core else None)
    if flags & _UNSURE and found is not None and found[0] is None:
        return RegisterDate(clean, flags=_ordered(flags))
    if found is None or found[0] is None or not (found[0] == 0 or _FIRST_YEAR <= found[0] <= _LAST_YEAR):
        unknown = found is not None and not any(found)
        return RegisterDate(clean, flags=("placeholder",) if unknown else ("unreadable",))
    said = _settle(clean, found[0], found[1] or None, found[2] or None, flags)
    if clock.offset and said.date is not None and (day := date_in_zone(said.date, clock, reading.zone)) != said.date:
        return _settle(clean, day.year, day.month, day.day, {*flags, "from_instant"} - {"first_of_january"})
    return said


def _settle(text: str, year: int, month: int | None, day: int | None, flags: set[str]) -> RegisterDate:
    """Decide the precision of read parts (zeros already None) and flag what is odd."""
    if year == 0:
        return RegisterDate(text, flags=("placeholder",))
    if (month and month > 12) or (day and day > 31) or (day and not month):
        flags.add("impossible")
        return RegisterDate(text, year, None, None, "year", None, _ordered(flags))
    if not month:
        return RegisterDate(text, year, None, None, "year", None, _ordered(flags))
    if not day:
        return RegisterDate(text, year, month, None, "month", None, _ordered(flags))
    if (day, month) == (1, 1):
        flags.add("first_of_january")
    if not _is_possible(year, month, day) and not ("lunar_stated" in flags and day <= 30):
        flags.add("impossible")
        if solar_of_lunar(year, month, day):
            flags.add("lunar_possible")
    return RegisterDate(text, year, month, day, "day", None, _ordered(flags))


def _ordered(flags: set[str]) -> tuple[str, ...]:
    return tuple(flag for flag in DATE_FLAGS if flag in flags)

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

from linkage.vietnamese.letters import clean_text
from linkage.vietnamese.lunar import solar_of_lunar
from linkage.vietnamese.number_words import parse_number_words
from linkage.vietnamese.placeholders import is_placeholder

DatePrecision = Literal["day", "month", "year", "age", "none"]
DATE_FLAGS = (
    "placeholder", "unreadable", "impossible", "first_of_january", "spelled_out", "two_digit_year", "month_first",
    "spreadsheet_number", "lunar_stated", "lunar_possible", "approximate",
)  # fmt: skip
"""What `RegisterDate.flags` may hold, in this order. `lunar_possible`: impossible as a solar date, real as a lunar one."""

_FIRST_YEAR, _LAST_YEAR = 1800, 2150
_MIN_TWO_DIGIT_OF_1900 = 30
_SPREADSHEET_EPOCH = date(1899, 12, 30)
_LUNAR_WORDS = re.compile(r"\(?\s*(?:âm lịch|â\.?\s?l\.?|âm)\s*\)?|\b(?:AL|ÂL)\b", re.IGNORECASE)
_SOLAR_WORDS = re.compile(r"\(?\s*(?:dương lịch|d\.?l\.?)\s*\)?$", re.IGNORECASE)
_TIME = re.compile(r"[T ]+\d{1,2}:\d{2}(?::\d{2})?(?:\.\d+)?Z?$|^\d{1,2}\s*(?:giờ|h)\s*\d{0,2}(?:\s*phút)?,?\s*")
_APPROXIMATE = re.compile(r"\b(?:khoảng|độ|chừng|ước)\b\s*|[?~]", re.IGNORECASE)
_DMY = re.compile(r"(?:ngày\s+)?(\d{1,2})[-/. ,_\\]+(\d{1,2})[-/. ,_\\]+(\d{4}|\d{2})", re.IGNORECASE)
_YMD = re.compile(r"(\d{4})\s*[-/.]\s*(\d{1,2})\s*[-/.]\s*(\d{1,2})")
_MY = re.compile(r"(\d{1,2})\s*[-/. ]\s*(\d{4})")
_YM = re.compile(r"(\d{4})\s*[-/.]\s*(\d{1,2})")
_PACKED = re.compile(r"(\d{2})(\d{2})(\d{4})")
_PACKED_YMD = re.compile(r"((?:19|20)\d{2})(\d{2})(\d{2})")
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


def _four_digits(year: str, flags: set[str]) -> int:
    if len(year) == 2:
        flags.add("two_digit_year")
        return int(year) + (1900 if int(year) >= _MIN_TWO_DIGIT_OF_1900 else 2000)
    return int(year)


def _from_numbers(text: str, flags: set[str]) -> tuple[int | None, int | None, int | None] | None:
    if m := _YMD.fullmatch(text) or _PACKED_YMD.fullmatch(text):
        return int(m[1]), int(m[2]), int(m[3])
    if m := _DMY.fullmatch(text) or _PACKED.fullmatch(text):
        return _four_digits(m[3], flags), int(m[2]), int(m[1])
    if m := _MY.fullmatch(text):
        return int(m[2]), int(m[1]), None
    if m := _YM.fullmatch(text):
        return int(m[1]), int(m[2]), None
    if re.fullmatch(r"\d{4}", text):
        return int(text), None, None
    if re.fullmatch(r"\d{5}(?:\.0)?", text) and 5000 <= (serial := int(text[:5])) <= 60_000:
        flags.add("spreadsheet_number")
        day = _SPREADSHEET_EPOCH + timedelta(days=serial)
        return day.year, day.month, day.day
    return None


def _spoken(text: str, flags: set[str]) -> int | None:
    if not (text := _DAY_PREFIX.sub("", text.strip(" .,"))):
        return None
    if text.isdigit():
        return int(text)
    number = _MONTH_NAMES.get(text.lower(), parse_number_words(text))
    if number is not None:
        flags.add("spelled_out")
    return number


def _from_words(text: str, flags: set[str]) -> tuple[int | None, int | None, int | None] | None:
    text = re.sub(r"\b(?:sinh|vào)\s+", "", text, flags=re.IGNORECASE)
    match = next(match for pattern in _WORDED if (match := pattern.fullmatch(text)))
    parts = {name: _spoken(match[name], flags) for name in ("year", "month", "day")}
    if any(parts[name] is None and not is_placeholder(match[name]) for name in parts):
        return None
    return parts["year"], parts["month"], parts["day"]


@lru_cache(maxsize=1 << 16)
def parse_date(text: str) -> RegisterDate:
    """A date in any of the ways registers write it; see `RegisterDate` and `DATE_FLAGS`. Never raises.

    >>> parse_date("05/8/1985").date, parse_date("năm 1950").precision, parse_date("08/1962").month
    (datetime.date(1985, 8, 5), 'year', 8)
    >>> parse_date("30/02/1957").flags
    ('impossible', 'lunar_possible')
    """
    clean = clean_text(text)
    if is_placeholder(clean):
        return RegisterDate("", flags=("placeholder",))
    flags: set[str] = set()
    core = _SOLAR_WORDS.sub("", _TIME.sub("", clean))
    if (without := _LUNAR_WORDS.sub(" ", core)) != core:
        flags.add("lunar_stated")
        core = without
    if (without := _APPROXIMATE.sub("", core)) != core:
        flags.add("approximate")
        core = without
    core = _UNKNOWN_MONTH.sub("", _UNKNOWN_START.sub("", core)).strip(" .,;()'")
    if age := _AGE.fullmatch(core):
        return RegisterDate(clean, precision="age", age=int(age[1]), flags=_ordered(flags))
    found = _from_numbers(core, flags) or (_from_words(core, flags) if core else None)
    if found is None or found[0] is None or not (found[0] == 0 or _FIRST_YEAR <= found[0] <= _LAST_YEAR):
        unknown = found is not None and not any(found)
        return RegisterDate(clean, flags=("placeholder",) if unknown else ("unreadable",))
    return _settle(clean, found[0], found[1] or None, found[2] or None, flags)


def _settle(text: str, year: int, month: int | None, day: int | None, flags: set[str]) -> RegisterDate:
    """Decide the precision of read parts (zeros already None) and flag what is odd."""
    if year == 0:
        return RegisterDate(text, flags=("placeholder",))
    if day and month and month > 12 >= day:
        month, day = day, month
        flags.add("month_first")
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

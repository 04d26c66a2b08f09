"""Dates as the clerk wrote them: parts (year, month, day; 0 for unknown), errors on the parts, then text."""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache

import numpy as np

from linkage.synthetic.clerks import Clerks
from linkage.synthetic.families import year_of

_TEXT2 = np.array([f"{i:02d}" for i in range(100)], dtype=object)
_TEXT1 = np.array([str(i) for i in range(100)], dtype=object)
_YEARS = np.array([f"{i:04d}" for i in range(2200)], dtype=object)
_CONFUSED = {"1": "74", "3": "8", "5": "6", "0": "69", "4": "9", "2": "7", "7": "12", "8": "3", "6": "05", "9": "4"}
_DIGIT = np.array([[int(_CONFUSED[str(d)][0]), int(_CONFUSED[str(d)][-1])] for d in range(10)])
_YEAR_STEPS = {
    "year_by_one": (-1, 1),
    "year_by_some": (-3, -2, 2, 3, 4, 5),
    "year_by_ten": (-10, 10),
    "year_by_zodiac": (-12, 12),
}
LAST_DAY = np.array([0, 31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31])


@dataclass
class DateParts:
    """A column of dates; month and day are 0 where unknown, year 0 where the whole is missing."""

    year: np.ndarray
    month: np.ndarray
    day: np.ndarray

    @classmethod
    def of_days(cls, days: np.ndarray) -> DateParts:
        """From day numbers."""
        dates = days.astype("datetime64[D]")
        months = dates.astype("datetime64[M]")
        year = year_of(days)
        month = months.astype(np.int64) % 12 + 1
        return cls(year, month, (dates - months.astype("datetime64[D]")).astype(np.int64) + 1)

    def copy(self) -> DateParts:
        """A copy to write errors into."""
        return DateParts(self.year.copy(), self.month.copy(), self.day.copy())

    def take(self, rows: np.ndarray) -> DateParts:
        """Some rows."""
        return DateParts(self.year[rows], self.month[rows], self.day[rows])

    def text(self, style: np.ndarray) -> np.ndarray:
        """Text by style: 0 `05/08/1985`, 1 `05.08.1985`, 2 `5/8/1985`; `08/1985`, `1985` when parts are unknown."""
        mark = np.where(style == 1, ".", "/").astype(object)
        days = np.where(style == 2, _TEXT1[self.day], _TEXT2[self.day])
        months = np.where(style == 2, _TEXT1[self.month], _TEXT2[self.month])
        out = _YEARS[np.clip(self.year, 0, 2199)]
        out = np.where(self.month > 0, months + mark + out, out)
        out = np.where((self.day > 0) & (self.month > 0), days + mark + out, out)
        out[self.year <= 0] = None
        return np.asarray(out)


@lru_cache(maxsize=100_000)
def _lunar(day: int) -> tuple[int, int, int]:
    from lunar_vn import solar_to_lunar

    found = solar_to_lunar(np.datetime64(day, "D").astype(object))
    return found.year, found.month, found.day


def to_lunar(parts: DateParts, days: np.ndarray, rows: np.ndarray) -> None:
    """Write the lunar date of `days` into the parts of `rows`, as if it were solar."""
    found = np.array([_lunar(int(day)) for day in days[rows]], np.int64).reshape(-1, 3)
    parts.year[rows], parts.month[rows], parts.day[rows] = found.T


def repair_impossible(parts: DateParts) -> None:
    """The rule of re-registration for days that do not exist: 30/02 to 01/3 or 02/3, 29/02 to 01/3, 31/x to the next 1st."""
    leap = (parts.year % 4 == 0) & ((parts.year % 100 != 0) | (parts.year % 400 == 0))
    last = LAST_DAY[parts.month] + (leap & (parts.month == 2))
    over = (parts.month > 0) & (parts.day > last)
    february = over & (parts.month == 2)
    parts.day[over] = np.where(february & (parts.day == 30) & ~leap, 2, 1)[over]
    parts.month[over] += 1


def write_dates(clerks: Clerks, field: str, dates: DateParts, registered: DateParts | None = None) -> DateParts:
    """The parts with the clerk's errors."""
    out, rng = dates.copy(), clerks.rng
    full = (out.day > 0) & (out.month > 0) & (out.year > 0)
    rows = clerks.draw("impossible_date", field, full & (out.day >= 27) & np.isin(out.month, [2, 4, 6, 9, 11]))
    out.day[rows] = np.where(out.month[rows] == 2, np.where(rng.random(len(rows)) < 0.7, 30, 29), 31)
    leap = out.month[rows] == 2
    out.day[rows[leap]] = 30
    rows = clerks.draw("day_month_swapped", field, full & (out.day <= 12) & (out.day != out.month))
    out.day[rows], out.month[rows] = out.month[rows], out.day[rows]
    _wrong_digit(clerks, field, out, full)
    rows = clerks.draw(
        "digits_transposed",
        field,
        full & (out.day > 10) & (out.day % 10 < 3) & (out.day % 11 != 0) & (out.day % 10 * 10 + out.day // 10 <= 28),
    )
    out.day[rows] = out.day[rows] % 10 * 10 + out.day[rows] // 10
    known = out.year > 0
    for kind, steps in _YEAR_STEPS.items():
        rows = clerks.draw(kind, field, known)
        out.year[rows] += rng.choice(steps, len(rows))
    if registered is not None:
        differs = full & ((registered.day != out.day) | (registered.month != out.month))
        rows = clerks.draw("registration_date_for_birth", field, differs)
        out.year[rows], out.month[rows], out.day[rows] = registered.year[rows], registered.month[rows], registered.day[rows]
    rows = clerks.draw("month_and_year_only", field, full)
    out.day[rows] = 0
    return out


def _wrong_digit(clerks: Clerks, field: str, out: DateParts, full: np.ndarray) -> None:
    rng = clerks.rng
    rows = clerks.draw("digit_wrong", field, full)
    which = rng.integers(0, 3, len(rows))
    pick = rng.integers(0, 2, len(rows))
    day = out.day[rows]
    units = _DIGIT[day % 10, pick]
    new_day = day // 10 * 10 + units
    new_day = np.where((new_day < 1) | (new_day > 28), (day % 28) + 1, new_day)
    out.day[rows] = np.where(which == 0, new_day, day)
    month = out.month[rows]
    new_month = np.where(month <= 9, _DIGIT[month % 10, pick], month - 1)
    new_month = np.where((new_month < 1) | (new_month > 12), month % 12 + 1, new_month)
    out.month[rows] = np.where(which == 1, new_month, month)
    year = out.year[rows]
    new_year = year // 10 * 10 + _DIGIT[year % 10, pick]
    out.year[rows] = np.where(which == 2, new_year, year)
    early = np.flatnonzero((out.day[rows] > 28) & (out.month[rows] == 2))
    out.day[rows[early]] = 28


def styles(hands: np.random.Generator, source: np.ndarray, sources: int) -> np.ndarray:
    """The date style of each row: one habit a source."""
    return np.asarray(hands.choice([0, 1, 2], sources, p=[0.8, 0.12, 0.08])[source])

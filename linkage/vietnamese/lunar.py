"""The lunisolar calendar, as far as comparing register dates needs it (`lunar-vn`, Viet Nam time, UTC+7).

Before 1968 the official time zone changed several times and in 1968–75 differed between North and South, so a lunar
reading may be off by a day: compare with one day's tolerance.
"""

from __future__ import annotations

from datetime import date, timedelta
from functools import lru_cache

from lunar_vn import LunarDate, lunar_to_solar, solar_to_lunar


def solar_of_lunar(year: int, month: int, day: int, *, leap: bool = False) -> date | None:
    """The solar date of a lunar one, or None when that lunar date does not exist or lies outside the calendar's range.

    >>> solar_of_lunar(1968, 1, 1), solar_of_lunar(1985, 2, 31)
    (datetime.date(1968, 1, 29), None)
    """
    found = _lunar_month(year, month, leap)
    return found[0] + timedelta(days=day - 1) if found and 1 <= day <= found[1] else None


@lru_cache(maxsize=1 << 13)
def _lunar_month(year: int, month: int, leap: bool) -> tuple[date, int] | None:
    """The solar date of a lunar month's first day, and the month's days: far fewer than the dates that are asked for."""

    def solar_of(day: int) -> date | None:
        try:
            lunar = LunarDate(day=day, month=month, year=year, leap=leap)
            solar: date = lunar_to_solar(lunar)
            return solar if solar_to_lunar(solar) == lunar else None  # the 30th of a 29-day month runs over
        except ValueError:
            return None

    first = solar_of(1)
    return (first, next(day for day in range(30, 0, -1) if solar_of(day))) if first else None

"""The lunisolar calendar, as far as comparing register dates needs it (`lunar-vn`, Viet Nam time, UTC+7).

Before 1968 the official time zone changed several times and in 1968–75 differed between North and South, so a lunar
reading may be off by a day: compare with one day's tolerance.
"""

from __future__ import annotations

from datetime import date
from functools import lru_cache

from lunar_vn import LunarDate, lunar_to_solar, solar_to_lunar


@lru_cache(maxsize=1 << 16)
def solar_of_lunar(year: int, month: int, day: int, *, leap: bool = False) -> date | None:
    """The solar date of a lunar one, or None when that lunar date does not exist or lies outside the calendar's range.

    >>> solar_of_lunar(1968, 1, 1), solar_of_lunar(1985, 2, 31)
    (datetime.date(1968, 1, 29), None)
    """
    try:
        lunar = LunarDate(day=day, month=month, year=year, leap=leap)
        solar: date = lunar_to_solar(lunar)
        return solar if solar_to_lunar(solar) == lunar else None  # the 30th of a 29-day month runs over
    except ValueError:
        return None

"""When two different dates may be one: slips and rules known from registers, as symmetric yes/no functions.

The same tests stand as SQL over standardised columns in `linkage.standardise.keys.DATE_LEVELS`.
"""

from __future__ import annotations

from linkage.vietnamese.dates import RegisterDate, repair_impossible_date
from linkage.vietnamese.lunar import solar_of_lunar


def _parts(said: RegisterDate) -> tuple[int, int, int] | None:
    return (said.year, said.month, said.day) if said.year and said.month and said.day else None


def is_day_month_swap(one: RegisterDate, other: RegisterDate) -> bool:
    """The same year, the day of one the month of the other and the reverse; not for equal dates."""
    a, b = _parts(one), _parts(other)
    return a is not None and b is not None and a != b and (a[0], a[2], a[1]) == b


def differs_by_one_digit(one: RegisterDate, other: RegisterDate) -> bool:
    """Exactly one of the eight digits YYYYMMDD differs."""
    a, b = _parts(one), _parts(other)
    if a is None or b is None:
        return False
    pairs = zip("{:04d}{:02d}{:02d}".format(*a), "{:04d}{:02d}{:02d}".format(*b), strict=True)
    return sum(x != y for x, y in pairs) == 1


def is_official_repair(one: RegisterDate, other: RegisterDate) -> bool:
    """One is impossible and the other what it becomes on re-registration (see `repair_impossible_date`)."""
    a, b = _parts(one), _parts(other)
    if a is None or b is None:
        return False
    return (repair_impossible_date(*a) == other.date is not None) or (repair_impossible_date(*b) == one.date is not None)


def is_lunar_reading(one: RegisterDate, other: RegisterDate, tolerance_days: int = 1) -> bool:
    """One, read as a lunar date, is the other within a day (calendars of North and South differed before 1976)."""
    for lunar, solar in ((one, other), (other, one)):
        parts = _parts(lunar)
        read = solar_of_lunar(*parts) if parts else None
        if read and solar.date and abs((read - solar.date).days) <= tolerance_days:
            return True
    return False

"""The time of day behind a date, and what an instant says of the date: `8/5/1985 12:00:00 AM`, `1985-08-04T17:00:00Z`."""

from __future__ import annotations

import re
from datetime import UTC, date, datetime, time, timedelta, timezone, tzinfo
from functools import lru_cache
from typing import NamedTuple
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from linkage.vietnamese.column_readings import HOME_ZONE

_OFFSET = r"(?P<offset>Z|(?:UTC|GMT)?\s*[-+]\d{1,2}(?::?\d{2})?|UTC|GMT|ICT)"
_CLOCK = re.compile(
    r"(?:T|,?\s+(?:lúc\s+)?)(?P<hour>\d{1,2})[:hg](?P<minute>\d{2})(?::(?P<second>\d{2}))?(?:[.,]\d+)?"
    r"(?:\s*(?P<half>AM|PM|a\.m\.|p\.m\.|SA|CH|sáng|chiều|tối))?"
    rf"(?:\s*{_OFFSET})?(?:\s*\[[\w/+-]+\])?(?:\s*\([^()]*\))?$",
    re.IGNORECASE,
)
_BARE_OFFSET = re.compile(r"(?<=^\d{4}-\d{2}-\d{2})(?:Z|[-+]\d{2}:\d{2})$")
_SPOKEN = re.compile(r"^\d{1,2}\s*(?:giờ|h)\s*\d{0,2}(?:\s*phút)?,?\s*", re.IGNORECASE)
_MAY_HAVE_TIME = re.compile("[:hgz]|giờ", re.IGNORECASE)
_AFTERNOON = ("pm", "p.m.", "ch", "chiều", "tối")


class Clock(NamedTuple):
    """What stands behind a date."""

    time: time | None
    offset: str
    """`Z`, `+00:00`, `+07:00`, … as written; empty where none is."""


NO_CLOCK = Clock(None, "")


def part_clock(text: str) -> tuple[str, Clock]:
    """The text without its time of day, and that time.

    >>> part_clock("8/5/1985 12:00:00 AM"), part_clock("1985-08-05T07:30:00+07:00")[1].offset
    (('8/5/1985', Clock(time=datetime.time(0, 0), offset='')), '+07:00')
    """
    if not _MAY_HAVE_TIME.search(text):
        return text, NO_CLOCK
    text = _BARE_OFFSET.sub("", _SPOKEN.sub("", text))
    found = _CLOCK.search(text)
    if found is None:
        return text, NO_CLOCK
    hour, half = int(found["hour"]), (found["half"] or "").lower()
    if half:
        hour = hour % 12 + (12 if half in _AFTERNOON else 0)
    minute, second = int(found["minute"]), min(int(found["second"] or 0), 59)
    if hour > 24 or minute > 59:
        return text, NO_CLOCK
    return text[: found.start()], Clock(time(hour % 24, minute, second), found["offset"] or "")


def date_in_zone(day: date, clock: Clock, zone: str) -> date:
    """The date that the instant is in the zone.

    `Z` says an instant and no place, so the source's zone holds. An offset says a place, whose date is kept; a zero one
    too, unless it is midnight in the zone, which is how a date comes out of a program that counts in UTC.

    >>> [date_in_zone(date(1985, 8, 4), Clock(time(17), offset), HOME_ZONE).day for offset in ("Z", "+00:00", "+07:00")]
    [5, 5, 4]
    """
    if clock.time is None or not clock.offset:
        return day
    instant_only = clock.offset.upper() == "Z"
    zero = re.sub(r"[^1-9]", "", clock.offset) == "" and clock.offset.upper() != "ICT"
    if not zero:
        return day
    try:
        there = datetime.combine(day, clock.time, UTC).astimezone(_zone(zone))
    except OverflowError:
        return day
    return there.date() if instant_only or there.time() == time(0) else day


@lru_cache(maxsize=64)
def _zone(name: str) -> tzinfo:
    try:
        return ZoneInfo(name)
    except ZoneInfoNotFoundError:
        if name != HOME_ZONE:
            raise
        return timezone(timedelta(hours=7))  # a machine without time zones

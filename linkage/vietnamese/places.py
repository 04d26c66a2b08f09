"""Places: free text or a code at a date → the present-day communes it may lie in.

Read from the right: province, then district, then commune; whatever stands before (hamlet, street, hospital) is left
out. A name counts only at the start of a part or after its kind of unit, and only inside the unit read before it, so
"Phú Lộc, Nghĩa Bình" is never Phú Lộc of Huế: what is not found stays at the level that was.
"""

from __future__ import annotations

import re
from bisect import bisect_right
from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import date
from functools import lru_cache
from typing import Literal

from linkage.vietnamese.gazetteer import FORMER, REFORM, Gazetteer, Meaning, Named, gazetteer
from linkage.vietnamese.letters import clean_text
from linkage.vietnamese.nationalities import is_foreign_country
from linkage.vietnamese.place_words import COMMUNE_KINDS, DISTRICT_KINDS, MAX_WORDS, PlaceText, place_text
from linkage.vietnamese.placeholders import is_placeholder

PlaceLevel = Literal["commune", "district", "province", "abroad"]
PLACE_FLAGS = ("placeholder", "unresolved", "part_unread", "ambiguous", "spelling", "former_name", "other_vintage")
"""What `Place.flags` may hold, in this order. `other_vintage`: named as it was not called at the date given."""


@dataclass(frozen=True, slots=True)
class Place:
    """What a text says of where. Tuples hold sorted codes; empty means not known (at that level).

    `unit` is one number for one commune, equal across vintages where the territory is (see `gazetteer`). `communes` and
    `provinces` are codes since 1 July 2025, `districts` and `provinces_old` codes before.
    """

    text: str
    level: PlaceLevel | None = None
    unit: int | None = None
    communes: tuple[int, ...] = ()
    districts: tuple[int, ...] = ()
    provinces_old: tuple[int, ...] = ()
    provinces: tuple[int, ...] = ()
    flags: tuple[str, ...] = ()


_CITY_PROVINCES = frozenset((1, 31, 46, 48, 79, 92))


@dataclass(frozen=True, slots=True)
class _Reading:
    """One way to read a text: old communes or districts, or new communes."""

    level: PlaceLevel
    named: tuple[Named, ...] = ()
    is_new: bool = False
    fit: int = 3
    complete: bool = True
    """Whether nothing is left unread before a district."""
    kind_said: bool = True

    @property
    def is_whole(self) -> bool:
        """Whether a commune was read, or a district with nothing before it."""
        return self.level == "commune" or self.complete


def resolve_place(text: str, at: date | None = None) -> Place:
    """The place a text or code names, as names and codes were used at `at` (any time when None).

    >>> resolve_place("Phường Bến Nghé, Quận 1, TP.HCM").communes
    (26740,)
    >>> resolve_place("Phú Lộc, Nghĩa Bình").level, resolve_place("Hà Nam Ninh").provinces
    ('province', (37,))
    """
    return resolve_place_in_period(text, None if at is None else period_of(at))


def period_of(at: date) -> int:
    """The number of the period (between two changes of some name's meaning) in which a day lies."""
    return bisect_right(gazetteer().periods, at)


def same_periods(text: str, period: int | None) -> tuple[int | None, int | None]:
    """First and last period in which the text means what it means in `period` (None: at no particular time).

    >>> same_periods("Quận 1, TP.HCM", 0) == (0, len(gazetteer().periods) - 1)
    True
    """
    if period is None:
        return None, None
    bounds = _period_bounds(_province_tail(clean_text(text)))
    at = bisect_right(bounds, period)
    return bounds[at - 1] if at else 0, bounds[at] - 1 if at < len(bounds) else len(gazetteer().periods)


def _province_tail(text: str) -> str:
    """The last two parts of a text, which hold the province's name (the last may be the country's)."""
    return ",".join(text.split(",")[-2:])


@lru_cache(maxsize=1 << 14)
def _period_bounds(tail: str) -> tuple[int, ...]:
    """The periods at which the meaning of the province named at the end of a text changes; codes change with the reform."""
    units = gazetteer()
    meanings = [meaning for found, _, _ in _provinces_ending(units, PlaceText(tail)) for meaning in found]
    days = {day for meaning in meanings for day in (meaning.start, meaning.end)} | {REFORM}
    return tuple(i for i, day in enumerate(units.periods, start=1) if day in days)


@lru_cache(maxsize=1 << 14)
def resolve_place_in_period(text: str, period: int | None) -> Place:
    """`resolve_place` with the date given as its period, so that a text need be read once a period."""
    units = gazetteer()
    clean = clean_text(text)
    if is_placeholder(clean):
        return Place("", flags=("placeholder",))
    at = None if period is None else units.periods[period - 1] if period else date(1900, 1, 1)
    if re.fullmatch(r"\d{5}|\d{2,3}", clean):
        return _resolve_code(units, clean, at)
    words = place_text(clean)
    for meanings, _, end in _provinces_ending(units, words):
        ordered = _in_order(meanings, at)
        if end == 0:
            return _of_province(units, clean, ordered, at, ())
        readings: list[tuple[Meaning, _Reading]] = []
        for meaning in ordered:
            reading = _read_within(units, words, end, meaning)
            if reading and not (readings and at is not None and at < REFORM and reading.is_new and not reading.kind_said):
                # before the reform "15 - Gò Vấp" is a ward of the district, not the commune that took the district's name
                readings.append((meaning, reading))
                if at is not None and reading.is_whole:
                    break  # in order of the meanings: the first that leaves nothing unread
        if readings:
            return _settle(units, clean, readings, at)
        return _of_province(units, clean, ordered, at, ("part_unread",))
    if district := _lone_district(units, words):
        return _settle(units, clean, [(Meaning(date.min, REFORM, ()), district)], at)
    if is_foreign_country(re.split(r"[,;(-]", clean)[-1]):
        return Place(clean, "abroad")
    return Place(clean, flags=("unresolved",))


def _provinces_ending(units: Gazetteer, words: PlaceText) -> Iterable[tuple[list[Meaning], str, int]]:
    """The province named at the end: longest name first, unless the kind said makes it a district of the same name."""
    end = len(words.words)
    for size in range(min(MAX_WORDS, end), 0, -1):
        start = end - size
        if not words.may_start[start]:
            continue
        kind, kind_start = words.kinds[start]
        meanings = units.province_names.get("".join([word.squeezed for word in words.words[start:end]]))
        if not meanings:
            continue
        if kind in ("", "tinh") or (kind == "thanh pho" and any(set(m.old) & _CITY_PROVINCES for m in meanings)):
            yield meanings, kind, kind_start
            return


def _in_order(meanings: list[Meaning], at: date | None) -> list[Meaning]:
    """Meanings in force at `at` first, then the others, latest first."""
    latest_first = sorted(meanings, key=lambda meaning: meaning.end, reverse=True)
    if at is None:
        return sorted(latest_first, key=lambda meaning: meaning.new is not None)
    return sorted(latest_first, key=lambda meaning: (not meaning.start <= at < meaning.end, meaning.new is not None))


def _read_within(units: Gazetteer, words: PlaceText, end: int, meaning: Meaning) -> _Reading | None:
    """District and commune, or commune alone, before word `end` in a province as `meaning` has it."""
    if meaning.new is not None:
        for named, kind, _, fit in words.names_ending(end, units.new_communes[meaning.new]):
            if fit == 3 and kind not in DISTRICT_KINDS:
                return _Reading("commune", tuple(named), is_new=True, kind_said=kind != "")
        return None
    by_district: _Reading | None = None
    for province in (*meaning.old, *meaning.also):
        for named, kind, start, fit in words.names_ending(end, units.districts[province]):
            if kind in COMMUNE_KINDS:
                continue
            reading = _read_commune(units, words, start, named, fit)
            if by_district is None or (reading.fit, reading.level == "commune") > (
                by_district.fit,
                by_district.level == "commune",
            ):
                by_district = reading
    if by_district is not None:
        return by_district
    direct: list[Named] = []
    for province in meaning.old:
        for named, kind, _, fit in words.names_ending(end, units.communes_of_province[province]):
            if fit == 3 and kind not in DISTRICT_KINDS:
                direct.extend(named)
                break
    return _Reading("commune", tuple(direct)) if direct else None


def _read_commune(units: Gazetteer, words: PlaceText, end: int, districts: list[Named], fit: int) -> _Reading:
    """The commune before word `end` in one of `districts`; the districts themselves when none is read."""
    for district in districts:
        for named, kind, _, commune_fit in words.names_ending(end, units.communes[district.code]):
            if kind not in DISTRICT_KINDS and commune_fit > 1 - (kind != ""):
                return _Reading("commune", tuple(named), fit=min(fit, commune_fit))
    return _Reading("district", tuple(districts), fit=fit, complete=end == 0)


def _lone_district(units: Gazetteer, words: PlaceText) -> _Reading | None:
    """A district named without its province, when only one in the country has the name and its kind is said."""
    end = len(words.words)
    found: dict[int, tuple[Named, int]] = {}
    for index in units.districts.values():
        for named, kind, start, fit in words.names_ending(end, index):
            if kind in DISTRICT_KINDS and fit == 3:
                found.update({n.code: (n, start) for n in named if n.type in (kind, "")})
    if len(found) != 1:
        return None
    district, start = next(iter(found.values()))
    return _read_commune(units, words, start, [district], 3)


def _settle(units: Gazetteer, text: str, readings: list[tuple[Meaning, _Reading]], at: date | None) -> Place:
    """One place of what was read: the first reading, or with no date all that are equally deep."""
    if at is not None:
        chosen = readings[-1:] if readings[-1][1].is_whole else readings[:1]
    else:
        if any(reading.level == "district" and reading.complete for _, reading in readings):
            # "Yên Thành, Nghệ An" without a kind or a date: the district rather than the commune that inherited its name
            readings = [found for found in readings if found[1].level == "district" or found[1].kind_said]
        chosen = [found for found in readings if found[1].level == "commune"] or readings
    flags: set[str] = set()
    if at is not None and not chosen[0][0].start <= at < chosen[0][0].end:
        flags.add("other_vintage")
    parts = [_of_named(units, text, named, reading) for _, reading in chosen for named in reading.named]
    if any(reading.fit < 3 for _, reading in chosen):
        flags.add("spelling")
    if any(not reading.complete for _, reading in chosen):
        flags.add("part_unread")
    if any(not named.tone and not named.fold.isdigit() for _, reading in chosen for named in reading.named):
        flags.add("former_name")
    return _union(text, parts, flags)


def _of_named(units: Gazetteer, text: str, named: Named, reading: _Reading) -> Place:
    if reading.is_new:
        return _of_new_commune(units, text, named.code)
    if reading.level == "commune":
        return _of_old_commune(units, text, named.code, named.unit)
    island = units.island.get(named.code)
    if island is not None:
        return replace(_of_new_commune(units, text, island), districts=(named.code,))
    province = units.province_of_district[named.code]
    return Place(text, "district", None, (), (named.code,), (province,), units.new_provinces_of_district[named.code])


def _of_old_commune(units: Gazetteer, text: str, code: int, unit: int) -> Place:
    news = units.successors[code]
    district = units.district_of_commune.get(code)
    provinces = tuple(sorted({units.new_province_of[new] for new in news}))
    districts = () if district is None else (district,)
    return Place(text, "commune", unit, news, districts, (units.province_of_commune[code],), provinces)


def _of_new_commune(units: Gazetteer, text: str, code: int) -> Place:
    olds = units.predecessors.get(code, ())
    districts = tuple(sorted({units.district_of_commune[old] for old in olds if old in units.district_of_commune}))
    districts = districts or tuple(district for district, island in units.island.items() if island == code)
    provinces = tuple(
        sorted({units.province_of_commune[old] for old in olds} | {units.province_of_district[d] for d in districts})
    )
    return Place(text, "commune", code, (code,), districts, provinces, (units.new_province_of[code],))


def _of_province(units: Gazetteer, text: str, ordered: list[Meaning], at: date | None, flags: tuple[str, ...]) -> Place:
    chosen = ordered if at is None else ordered[:1]
    old = tuple(sorted({code for meaning in chosen for code in meaning.old}))
    return Place(text, "province", None, (), (), old, tuple(sorted({units.new_of_old_province[code] for code in old})), flags)


def _union(text: str, parts: list[Place], flags: set[str]) -> Place:
    if len(parts) == 1:
        return replace(parts[0], flags=tuple(flag for flag in PLACE_FLAGS if flag in flags)) if flags else parts[0]

    def every(name: str) -> tuple[int, ...]:
        return tuple(sorted({code for part in parts for code in getattr(part, name)}))

    numbers = {part.unit for part in parts}
    if all(number is not None and number > FORMER for number in numbers):
        numbers = {min(number for number in numbers if number)}  # one abolished commune divided among several later ones
    if len(numbers) > 1:
        flags.add("ambiguous")
    return Place(
        text, parts[0].level, numbers.pop() if len(numbers) == 1 else None, every("communes"), every("districts"),
        every("provinces_old"), every("provinces"), tuple(flag for flag in PLACE_FLAGS if flag in flags),
    )  # fmt: skip


def _resolve_code(units: Gazetteer, code: str, at: date | None) -> Place:
    """A code of 5 digits (commune), 3 (district, old only) or 2 (province), in the vintage of `at` or in both."""
    number = int(code)
    parts = []
    if len(code) == 5:
        if (at is None or at < REFORM) and number in units.successors:
            parts.append(_of_old_commune(units, code, number, units.unit_of_old(number)))
        if (at is None or at >= REFORM) and number in units.new_province_of:
            parts.append(_of_new_commune(units, code, number))
    elif len(code) == 3 and number in units.province_of_district:
        parts.append(_of_named(units, code, Named(number, "", "", "", ""), _Reading("district")))
    elif len(code) == 2 and number in units.new_of_old_province:
        if at is None or at < REFORM:
            parts.append(Place(code, "province", None, (), (), (number,), (units.new_of_old_province[number],)))
        olds = tuple(sorted(old for old, new in units.new_of_old_province.items() if new == number))
        if (at is None or at >= REFORM) and olds:
            parts.append(Place(code, "province", None, (), (), olds, (number,)))
    return _union(code, parts, set()) if parts else Place(code, flags=("unresolved",))

"""How often each kind of error is asked for: by the era of the entry, and in the population database.

Rates are shares of the values the kind can touch (a hỏi/ngã error needs a hỏi or a ngã). Source: section 5.1-5.3 of the project's
reference; nearly all are judgements there, since no rates of Vietnamese registers were published; the column for the population
database is a judgement of this module. `SyntheticSpec.errors` scales all of them, `SyntheticSpec.kinds` each of them.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

PAPER, MIDDLE, DIGITAL, POPULATION = range(4)
ERAS = ("paper before 1990", "1990-2015", "2016 and later", "population")


@dataclass(frozen=True)
class ErrorKind:
    """One kind of error."""

    name: str
    level: str
    """`source` (all entries one hand typed of an office and period), `record` or `field`."""
    rates: tuple[float, float, float, float]
    """Shares for entries before 1990, 1990-2015, from 2016 on, and for rows of the population database."""
    family: str = "writing"
    """Kinds of one family share the clerk's carelessness, so they cluster together."""


def _kind(
    name: str, paper: float, middle: float, digital: float, population: float, family: str = "writing", level: str = "field"
) -> ErrorKind:
    return ErrorKind(name, level, (paper / 100, middle / 100, digital / 100, population / 100), family)


NAME_KINDS = (
    _kind("thi_van_dropped", 2.5, 1.2, 0.3, 0.4),
    _kind("thi_van_added", 0.8, 0.4, 0.1, 0.1),
    _kind("middle_changed", 1.5, 0.7, 0.2, 0.3),
    _kind("given_name_other", 1.5, 0.4, 0.1, 0.3),
    _kind("surname_dropped", 0.5, 0.05, 0.0, 0.0),
    _kind("alias_added", 0.4, 0.1, 0.02, 0.02),
    _kind("token_order", 0.1, 0.1, 0.05, 0.05),
    _kind("mark_lost", 2.5, 1.2, 0.4, 0.4, "marks"),
    _kind("hoi_nga", 1.5, 0.8, 0.2, 0.3, "speech"),
    _kind("i_y", 3.0, 2.0, 0.5, 1.0, "speech"),
    _kind("initial_north", 0.6, 0.3, 0.1, 0.1, "speech"),
    _kind("initial_south", 0.2, 0.1, 0.03, 0.03, "speech"),
    _kind("initial_l_n", 0.3, 0.15, 0.05, 0.05, "speech"),
    _kind("southern_final", 0.8, 0.4, 0.1, 0.1, "speech"),
    _kind("regional_variant", 0.5, 0.2, 0.05, 0.1, "speech"),
    _kind("minority_spelling", 20, 15, 8, 8, "marks"),
    _kind("abbreviation", 2.0, 0.5, 0.02, 0.0),
    _kind("keyboard_residue", 0.05, 0.1, 0.1, 0.02, "typing"),
    _kind("typing_slip", 0.5, 0.5, 0.3, 0.15, "typing"),
    _kind("misread", 4.0, 1.0, 0.0, 0.0, "reading"),
    _kind("joined_tokens", 0.2, 0.1, 0.05, 0.04, "typing"),
    _kind("spacing", 0.5, 0.5, 0.3, 0.2, "typing"),
    _kind("name_missing", 1.0, 0.2, 0.0, 0.0),
    _kind("no_diacritics", 1.5, 1.0, 0.1, 0.1, "marks"),
    _kind("capitals", 0.0, 0.5, 0.3, 0.0),
)
PARENT_THI_DROPPED = 2.45
"""In parents' names Thị or Văn is dropped this many times as often as in one's own (6 % against 2.5 %)."""

SOURCE_KINDS = (
    _kind("source_new_tone_style", 30, 10, 3, 0, level="source"),
    _kind("source_no_diacritics", 1.5, 1.0, 0.1, 0, level="source"),
    _kind("source_capitals", 12, 2, 0.3, 0, level="source"),
    _kind("source_tcvn3", 0.8, 0.4, 0, 0, level="source"),
    _kind("source_vni", 0.5, 0.3, 0, 0, level="source"),
    _kind("source_mojibake", 0.3, 0.2, 0, 0, level="source"),
    _kind("source_decomposed", 0.8, 0.8, 0.2, 0, level="source"),
    _kind("source_eth", 0.6, 0.4, 0.1, 0, level="source"),
)
"""Habits and encodings of a whole office and period."""

DATE_KINDS = (
    _kind("month_and_year_only", 5, 1, 0, 0, "dates"),
    _kind("impossible_date", 3.0, 0.6, 0, 0, "dates"),
    _kind("day_month_swapped", 0.3, 0.3, 0.1, 0.1, "dates"),
    _kind("digit_wrong", 1.5, 0.6, 0.15, 0.15, "dates"),
    _kind("digits_transposed", 0.3, 0.3, 0.1, 0.05, "dates"),
    _kind("year_by_one", 3, 1, 0.05, 0.3, "dates"),
    _kind("year_by_some", 2, 0.5, 0.05, 0.2, "dates"),
    _kind("year_by_ten", 0.2, 0.1, 0, 0.02, "dates"),
    _kind("year_by_zodiac", 0.3, 0.1, 0, 0.02, "dates"),
    _kind("registration_date_for_birth", 0.3, 0.1, 0.02, 0, "dates"),
)
"""Impossible dates are asked for among the dates of a day 27 or later in a month that can be overrun (about one in twenty)."""

LUNAR_FOR_SOLAR = {1900: 0.06, 1960: 0.03, 1986: 0.005, 2016: 0.0005}
YEAR_ONLY = {1900: 0.45, 1945: 0.25, 1960: 0.10, 1976: 0.03, 1991: 0.01, 2016: 0.0}
"""By the year of birth: shares of people whose day and month of birth were never written down, or were lunar."""
YEAR_ONLY_AT_DEATH = (0.70, 0.45, 0.20)  # J: the law asks for the year of birth only
FIRST_OF_JANUARY = 0.6
"""Of the people known by their year only, the share the population database gives the 1st of January."""

OTHER_KINDS = (
    _kind("sex_wrong", 0.5, 0.2, 0.05, 0.05),
    _kind("sex_missing", 1.0, 0.2, 0.05, 0.0),
    _kind("number_digit_wrong", 0.5, 0.5, 0.1, 0.02, "numbers"),
    _kind("number_transposed", 0.2, 0.2, 0.05, 0.01, "numbers"),
    _kind("number_leading_zero_lost", 1.0, 1.0, 0.1, 0.0, "numbers"),
    _kind("number_of_relative", 0.5, 0.5, 0.1, 0.01, "numbers"),
    _kind("ethnicity_missing", 4, 1, 0.25, 0.1),
    _kind("ethnicity_changed", 4, 1, 0.25, 0.3),
    _kind("parent_birth_year", 8, 4, 1, 0, "dates"),
    _kind("place_no_commune", 15, 5, 0.5, 3, "places"),
    _kind("place_only_province", 5, 2, 0.5, 1, "places"),
    _kind("place_of_registration", 5, 15, 30, 8, "places"),
    _kind("place_hometown_for_birthplace", 5, 5, 1, 4, "places"),
    _kind("place_abbreviated", 40, 25, 5, 5, "places"),
    _kind("place_spelling", 10, 6, 1, 3, "places"),
    _kind("father_missing", 1.5, 1.0, 0.5, 1.0),
    _kind("entry_illegible", 0.3, 0.05, 0.0, 0.0, "reading", "record"),
)
KINDS: dict[str, ErrorKind] = {kind.name: kind for kind in (*NAME_KINDS, *SOURCE_KINDS, *DATE_KINDS, *OTHER_KINDS)}

PERSON_KINDS = ("lunar_for_solar", "year_only", "first_of_january")
"""Kinds that follow the person, not the entry: by the year of birth, tables below and above."""
ALL_KINDS = (*KINDS, *PERSON_KINDS)

# shares of events that never got an entry, or whose book is lost, by first year (J; doubled in the uplands)
UNREGISTERED_BIRTH = {1900: 0.45, 1945: 0.30, 1960: 0.15, 1976: 0.10, 1990: 0.05, 2006: 0.012}
UNREGISTERED_DEATH = {1900: 0.65, 1945: 0.50, 1976: 0.28, 1990: 0.16, 2000: 0.10, 2010: 0.04, 2016: 0.02}
UNREGISTERED_MARRIAGE = {1900: 0.90, 1960: 0.70, 1987: 0.15, 2000: 0.05, 2010: 0.02}
LATE_BIRTH = {1900: 0.20, 1960: 0.15, 1990: 0.09, 2000: 0.05, 2010: 0.02}
RE_REGISTERED_BY_YEAR = {
    **dict.fromkeys(range(1999, 2006), 350.0), **dict.fromkeys(range(2006, 2016), 550.0),
    **dict.fromkeys(range(2016, 2022), 700.0),
    2022: 890.0, 2023: 536.0, 2024: 435.0, 2025: 400.0, 2026: 190.0,
}  # fmt: skip
"""Thousands of re-registered births a year in the country: Ministry of Justice for 2022-2024, the other years J, so that
about one entry in five of people born before 1995 is a second one (reference: 15-25 %)."""


def by_year(table: dict[int, float], year: np.ndarray) -> np.ndarray:
    """The table's value for each year (its keys are first years)."""
    starts = np.array(sorted(table))
    values = np.array([table[start] for start in starts])
    found: np.ndarray = values[np.clip(np.searchsorted(starts, year, side="right") - 1, 0, None)]
    return found

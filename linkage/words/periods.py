"""The periods registers are counted in: between the reforms of the books, as provincial digitisation plans part them."""

from __future__ import annotations

from linkage.words.language import Language

LAST_YEARS: tuple[int | None, ...] = (1975, 1998, 2005, 2015, None)
"""The last year of each period; the last one is open."""


def period_word(place: int, language: Language) -> str:
    """The period at a place of LAST_YEARS.

    >>> [period_word(place, "vi") for place in (0, 1, 4)]
    ['đến 1975', '1976–1998', 'từ 2016']
    """
    last = LAST_YEARS[place]
    if place == 0:
        return f"{'đến' if language == 'vi' else 'until'} {last}"
    first = (LAST_YEARS[place - 1] or 0) + 1
    return f"{first}–{last}" if last else f"{'từ' if language == 'vi' else 'from'} {first}"


def period_at(year: int) -> int:
    """The place of the period a year falls in."""
    return next(place for place, last in enumerate(LAST_YEARS) if last is None or year <= last)


def period_case(year: str) -> str:
    """SQL for the place of the period; NULL where `year` (SQL) is no number, as it may be in a table."""
    year = f"TRY_CAST({year} AS INTEGER)"
    cases = " ".join(f"WHEN {year} <= {last} THEN {place}" for place, last in enumerate(LAST_YEARS) if last)
    return f"CASE WHEN {year} IS NULL THEN NULL {cases} ELSE {len(LAST_YEARS) - 1} END"

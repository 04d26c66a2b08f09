"""Kinds of pair by what both rows show: who a reviewer could take for the person."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal

if TYPE_CHECKING:
    from collections.abc import Collection

PairKind = Literal["easy", "sibling", "twin", "namesake"]
KINDS: tuple[PairKind, ...] = ("easy", "sibling", "twin", "namesake")
PARENTS = ("mother_name_fold", "father_name_fold")
ALIKE = 0.92
"""Jaro–Winkler similarity from which two parents' names are one name written twice."""


def kind_of_pair_sql(left: Collection[str], right: Collection[str], number_shown: str | None = None) -> str:
    """SQL of a pair's `PairKind`, of rows `l` and `r` of standardised tables that have these columns.

    Twin: parents alike, one birth date, another name. Sibling: parents alike, name or birth date differs. Namesake: one name
    without tones, other parents or another birth date. Easy: any other pair, and any whose two numbers are shown (`number_shown`
    is SQL of whether the left one is).
    """
    both = [name for name in PARENTS if name in left and name in right]
    alike = [f"jaro_winkler_similarity(l.{name}, r.{name}) >= {ALIKE}" for name in both]
    same_parents = f"coalesce({' OR '.join(alike)}, false)" if alike else "false"
    other_parents = f"coalesce({' OR '.join(f'NOT ({one})' for one in alike)}, false)" if alike else "false"
    name = _both("full_name_fold", left, right, "l.{0} = r.{0}")
    date = _both("birth_date", left, right, "l.{0} = r.{0}")
    year = _both("birth_date_year", left, right, "l.{0} <> r.{0}")
    other_date = f"({year} OR {_both('birth_date', left, right, 'l.{0} <> r.{0}')})"
    numbers = "personal_number" in left and "personal_number" in right and number_shown is not None
    shown = f"({number_shown}) AND l.personal_number IS NOT NULL AND r.personal_number IS NOT NULL" if numbers else "false"
    return (
        f"CASE WHEN {shown} THEN 'easy' "
        f"WHEN {same_parents} AND NOT {other_parents} AND {date} AND NOT {name} THEN 'twin' "
        f"WHEN {same_parents} AND NOT {other_parents} AND ({other_date} OR NOT {name}) THEN 'sibling' "
        f"WHEN {name} AND ({other_date} OR {other_parents}) THEN 'namesake' ELSE 'easy' END"
    )


def _both(column: str, left: Collection[str], right: Collection[str], test: str) -> str:
    return f"coalesce({test.format(column)}, false)" if column in left and column in right else "false"

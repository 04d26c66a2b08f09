"""The fold key in DuckDB's SQL, its letters taken from the fold itself: for texts that never come by Python."""

from __future__ import annotations

import unicodedata

from linkage.vietnamese.letters import APOSTROPHES, fold

_LATIN = (*range(0xA1, 0x300), *range(0x1D00, 0x1F00), *range(0x2070, 0x20A0), *range(0xFB00, 0xFB07), *range(0xFF10, 0xFF5B))


def _odd_letters() -> dict[str, str]:
    """Lower-case Latin letters and digits that DuckDB's `strip_accents` leaves as they are, and what the fold makes of them."""
    lower = {chr(code).lower() for code in _LATIN}
    bare = {unicodedata.normalize("NFD", letter)[0] for letter in lower}
    return {letter: folded for letter in sorted(bare) if not letter.isascii() and (folded := fold(letter))}


_ODD = _odd_letters()
_FROM = "".join(letter for letter, folded in _ODD.items() if len(folded) == 1)
_TO = "".join(folded for folded in _ODD.values() if len(folded) == 1)
# Control characters part words where they are white space, as the tab is, and else join them.
_UNSEEN = "['" + APOSTROPHES + r"\p{Cf}\p{Co}\x01-\x08\x0e-\x1b\x7f-\x84\x86-\x9f]"

_PLAIN_SIGNS = "[ -_a-~]"
"""What is typed for dates and addresses: ASCII without control characters and backticks. The classes of all letters below cost
milliseconds each time they are asked, be it of one text or NULL."""


def fold_sql(text: str) -> str:
    """SQL of the fold key of `text`, itself SQL: what `fold` gives, for every Latin letter, mark, sign and space.

    Numbers and letters dressed up otherwise (circled, mathematical) are left out. NULL of NULL.
    """
    quick = f"replace(replace(lower(strip_accents({text})), 'đ', 'd'), '''', '')"
    whole = f"lower(strip_accents(regexp_replace({text}, '{_UNSEEN}', '', 'g')))"
    for letter, folded in _ODD.items():
        if len(folded) > 1:
            whole = f"replace({whole}, '{letter}', '{folded}')"
    parted = rf"regexp_replace(translate({whole}, '{_FROM}', '{_TO}'), '[^\p{{L}}\p{{N}}]+', ' ', 'g')"
    latin = f"trim(regexp_replace(regexp_replace({parted}, '[^a-z0-9 ]', '', 'g'), ' +', ' ', 'g'))"
    signs = f"trim(regexp_replace({quick}, '[^a-z0-9]+', ' ', 'g'))"
    return (
        f"CASE WHEN regexp_full_match({quick}, '[a-z0-9]+( [a-z0-9]+)*') THEN {quick}"
        f" WHEN coalesce(regexp_full_match({quick}, '{_PLAIN_SIGNS}*'), true) THEN {signs} ELSE {latin} END"
    )

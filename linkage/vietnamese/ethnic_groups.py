"""The 54 official ethnic groups and the sub-group and older spellings written in registers.

Source: the official list of ethnic groups (General Statistics Office, Decision 121-TCTK/PPCĐ of 2 March 1979) and the
sub-group names in common use; names as in the census of 1 April 2019.
"""

from __future__ import annotations

from functools import lru_cache
from pathlib import Path

from linkage.vietnamese.letters import clean_text, fold
from linkage.vietnamese.placeholders import is_placeholder

_FILE = Path(__file__).parent / "data" / "ethnic_groups.tsv"
_GROUPS = [line.split("\t") for line in _FILE.read_text(encoding="utf-8").splitlines() if not line.startswith("#")]

ETHNIC_GROUPS: tuple[str, ...] = tuple(name for name, _ in _GROUPS)
"""The 54 official names, largest groups first in the main."""


def _key(text: str) -> str:
    return fold(text).replace(" ", "")


@lru_cache(maxsize=1)
def _by_key() -> tuple[dict[str, str], dict[str, str]]:
    """Spellings with their marks, and without where that names one group only (official names come first)."""
    marked: dict[str, str] = {}
    unmarked: dict[str, str | None] = {}
    for official in (True, False):
        for group, others in _GROUPS:
            for name in (group,) if official else (part.strip() for part in others.split(",")):
                marked.setdefault(clean_text(name).casefold(), group)
                if official or _key(name) not in {_key(g) for g in ETHNIC_GROUPS}:
                    known = unmarked.setdefault(_key(name), group)
                    if known != group and not official:
                        unmarked[_key(name)] = None
    return marked, {key: group for key, group in unmarked.items() if group}


@lru_cache(maxsize=1 << 12)
def parse_ethnicity(text: str) -> str | None:
    """The official name of an ethnic group, from any spelling in use; None when the text names none of the 54.

    >>> parse_ethnicity("Mèo"), parse_ethnicity("H'Mông"), parse_ethnicity("Katu"), parse_ethnicity("kinh")
    ('Mông', 'Mông', 'Cơ Tu', 'Kinh')
    """
    clean = clean_text(text)
    if is_placeholder(clean):
        return None
    clean = clean.removeprefix("Dân tộc ").removeprefix("dân tộc ").removeprefix("Người ").strip(" .")
    marked, unmarked = _by_key()
    for candidate in (clean, clean.split("(")[0].strip(), clean.partition("(")[2].strip(" )")):
        if candidate and (found := marked.get(candidate.casefold()) or unmarked.get(_key(candidate))):
            return found
    return None

"""Sex, as codes and words."""

from __future__ import annotations

from typing import Literal

from linkage.vietnamese.letters import fold

_MALE = frozenset(("nam", "m", "male", "trai", "con trai", "be trai", "1", "01", "1 nam", "nam gioi", "gioi tinh nam", "dan ong"))
_FEMALE = frozenset(
    ("nu", "f", "female", "gai", "con gai", "be gai", "2", "02", "2 nu", "nu gioi", "gioi tinh nu", "dan ba", "phu nu")
)


def parse_sex(text: str) -> Literal["male", "female"] | None:
    """The sex a register writes as a word or code (1 Nam, 2 Nữ, 3 chưa xác định); None when it says neither.

    The code 0 is None: programs that store one bit do not agree on its meaning.

    >>> parse_sex("Nữ"), parse_sex("1"), parse_sex("3")
    ('female', 'male', None)
    """
    folded = fold(text)
    return "male" if folded in _MALE else "female" if folded in _FEMALE else None

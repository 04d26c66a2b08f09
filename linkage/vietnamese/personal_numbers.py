"""Numbers that identify persons: the 12-digit personal number and the older 9-digit identity paper.

Structure PPP S YY NNNNNN (Decree 137/2015 art. 13, Circular 59/2021/TT-BCA art. 4): PPP where the birth was registered
(0 + the code of the 63-province list, or a country code from 101), S century and sex, YY year of birth; no check digit.
Existing numbers kept the meaning of the 63-province list after 1 July 2025. A contradiction is a flag, never a
rejection: a number issued on wrong data stays valid until its holder asks for another.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Collection
from dataclasses import dataclass
from functools import lru_cache
from typing import Literal

from linkage.vietnamese.letters import clean_text
from linkage.vietnamese.placeholders import is_placeholder

_PROVINCE_PREFIXES_TEXT = """
    01 02 04 06 08 10 11 12 14 15 17 19 20 22 24 25 26 27 30 31 33 34 35 36 37 38 40 42 44 45 46 48 49 51 52 54 56 58 60
    62 64 66 67 68 70 72 74 75 77 79 80 82 83 84 86 87 89 91 92 93 94 95 96
"""
PROVINCE_PREFIXES = frozenset(int(code) for code in _PROVINCE_PREFIXES_TEXT.split())
"""The 63 provinces before 1 July 2025, as numbers."""
COUNTRY_PREFIXES = range(101, 296)
"""Countries of birth registration (Circular 07/2016/TT-BCA, annex 2)."""
NUMBER_FLAGS = (
    "placeholder", "malformed", "identity_paper", "lost_zero", "letter_for_digit", "separators", "scientific", "unknown_prefix",
    "sex_differs", "year_differs", "province_differs",
)  # fmt: skip
"""What `PersonalNumber.flags` and the standardised flags may hold, in this order."""

_LOOKALIKES = str.maketrans("OoQDIlíiSBZ", "00001111582")
_SCIENTIFIC = re.compile(r"(\d)(?:[.,](\d+))?[Ee]\+?(\d{1,2})")


@dataclass(frozen=True, slots=True)
class PersonalNumber:
    """A personal number and what its digits say; `digits` is None when the text holds none."""

    digits: str | None
    prefix: int | None = None
    """Province of the 63-province list (1–96) or country (101–295) of birth registration."""
    sex: Literal["male", "female"] | None = None
    year: int | None = None
    flags: tuple[str, ...] = ()


def _read(digits: str) -> tuple[int, Literal["male", "female"], int]:
    sign = int(digits[3])
    return int(digits[:3]), "male" if sign % 2 == 0 else "female", 1900 + 100 * (sign // 2) + int(digits[4:6])


def _digits_of(text: str, flags: set[str]) -> str | None:
    """The digits meant, before lost zeros are restored."""
    text = unicodedata.normalize("NFKC", clean_text(text)).removesuffix(".0").removeprefix("'")
    if match := _SCIENTIFIC.fullmatch(text.replace(" ", "")):
        flags.add("scientific")
        whole, places = match[1] + (match[2] or ""), int(match[3])
        return whole if len(whole) == places + 1 else None  # digits that Excel rounded away are gone
    bare = re.sub(r"[\s.\-_'`,]", "", text)
    if bare != text:
        flags.add("separators")
    if not bare.isdigit() and (mended := bare.translate(_LOOKALIKES)).isdigit() and sum(c.isdigit() for c in bare) >= 8:
        flags.add("letter_for_digit")
        bare = mended
    return bare if bare.isascii() and bare.isdigit() else None


@lru_cache(maxsize=1 << 14)
def parse_personal_number(text: str) -> PersonalNumber:
    """The 12-digit personal number a text holds, damage mended where only one reading is possible.

    >>> parse_personal_number("079185001234")
    PersonalNumber(digits='079185001234', prefix=79, sex='female', year=1985, flags=())
    >>> parse_personal_number("79185OO1234").flags
    ('lost_zero', 'letter_for_digit')
    """
    if is_placeholder(text):
        return PersonalNumber(None, flags=("placeholder",))
    flags: set[str] = set()
    digits = _digits_of(text, flags)
    if digits is not None and len(digits) in (10, 11) and not digits.startswith("0"):
        padded = digits.zfill(12)
        if _read(padded)[0] in PROVINCE_PREFIXES and _read(padded)[2] < 2100:
            digits = padded
            flags.add("lost_zero")
    if digits is None or len(digits) != 12:
        flags.add("identity_paper" if digits is not None and len(digits) == 9 else "malformed")
        return PersonalNumber(None, flags=order_flags(flags))
    prefix, sex, year = _read(digits)
    if prefix not in PROVINCE_PREFIXES and prefix not in COUNTRY_PREFIXES:
        flags.add("unknown_prefix")
    return PersonalNumber(digits, prefix, sex, year, order_flags(flags))


def order_flags(flags: Collection[str]) -> tuple[str, ...]:
    """Flags in the order of `NUMBER_FLAGS`."""
    return tuple(flag for flag in NUMBER_FLAGS if flag in flags)


def contradictions(
    number: PersonalNumber, *, sex: str | None = None, birth_year: int | None = None, provinces: Collection[int] = ()
) -> tuple[str, ...]:
    """What the number's digits contradict; unknown values contradict nothing.

    `provinces`: codes (63-province list) where the birth may have been registered.

    >>> contradictions(parse_personal_number("079185001234"), sex="male", birth_year=1985)
    ('sex_differs',)
    """
    found = []
    if number.sex and sex and number.sex != sex:
        found.append("sex_differs")
    if number.year and birth_year and number.year != birth_year:
        found.append("year_differs")
    if number.prefix and provinces and number.prefix < 101 and number.prefix not in provinces:
        found.append("province_differs")
    return tuple(found)


def clean_identifier(text: str) -> str | None:
    """Any other number, such as the 9-digit identity paper (which has no structure): text in capitals without spaces.

    A number of digits only also loses dots, hyphens and the `.0` of a spreadsheet; leading zeros stay. None for a
    placeholder.

    >>> clean_identifier("012.345 678"), clean_identifier("b 1234567"), clean_identifier("không có")
    ('012345678', 'B1234567', None)
    """
    if is_placeholder(text):
        return None
    bare = re.sub(r"\s", "", unicodedata.normalize("NFKC", clean_text(text))).upper()
    digits = re.sub(r"[.\-']", "", bare.removesuffix(".0"))
    return digits if digits.isascii() and digits.isdigit() else bare or None

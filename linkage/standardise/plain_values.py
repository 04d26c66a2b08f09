"""Values that no register of Viet Nam has but other tables do: addresses of mail and post, lists, vectors, sounds of English."""

from __future__ import annotations

import json
import math
import re
from itertools import groupby

from linkage.vietnamese import clean_text, fold

_UK_POSTCODE = re.compile(r"([A-Z]{1,2})([0-9][A-Z0-9]?)([0-9])([A-Z]{2})")
_SOUNDS = {letter: digit for digit, letters in enumerate(("bfpv", "cgjkqsxz", "dt", "l", "mn", "r"), 1) for letter in letters}


def soundex(word: str) -> str:
    """American Soundex of a word of ASCII letters: its first letter and the first three sounds that follow.

    >>> [soundex(word) for word in ("robert", "rupert", "ashcraft", "tymczak", "pfister", "honeyman")]
    ['r163', 'r163', 'a261', 't522', 'p236', 'h555']
    """
    codes = [(letter, _SOUNDS.get(letter, 0)) for place, letter in enumerate(word) if not place or letter not in "hw"]
    runs = [code for code, _ in groupby(code for _, code in codes)]
    return (word[0] + "".join(str(code) for code in runs[1:] if code) + "000")[:4]


def sound_of_words(folded: str) -> str | None:
    """Soundex of each word of a fold key; None where it has no letters.

    >>> sound_of_words("smyth robert 12"), sound_of_words("12")
    ('s530 r163', None)
    """
    return " ".join(soundex(word) for word in re.findall(r"[a-z]+", folded)) or None


def email_parts(text: str) -> tuple[str | None, str | None, str | None]:
    """The address in lower case without accents, its name and its domain; nothing where it is no address.

    >>> email_parts(" John.Đỗ@Smith.COM "), email_parts("john")
    (('john.do@smith.com', 'john.do', 'smith.com'), (None, None, None))
    """
    address = "".join(sign if sign.isascii() else fold(sign) for sign in clean_text(text).lower())
    name, _, domain = address.partition("@")
    return (address, name, domain) if name and domain and not re.search(r"[\s@]", name + domain) else (None, None, None)


def postcode_parts(text: str) -> tuple[str | None, ...]:
    """The code in capitals, its sector, district and area: of a British code as the Post says, of digits all but the last ones.

    >>> postcode_parts("sw1a1aa"), postcode_parts("70 000")
    (('SW1A 1AA', 'SW1A 1', 'SW1A', 'SW'), ('70000', '7000', '700', '70'))
    """
    code = re.sub(r"[^A-Z0-9]", "", text.upper())
    if found := _UK_POSTCODE.fullmatch(code):
        area, district, sector, unit = found.groups()
        return (f"{area}{district} {sector}{unit}", f"{area}{district} {sector}", area + district, area)
    return (code, code[:4], code[:3], code[:2]) if code.isdigit() and len(code) > 4 else (code or None, None, None, None)


def listed(text: str) -> list[str]:
    """The items of a list as a file writes it: JSON, `[a, b]`, or parted by `;` or `|`.

    >>> listed('["a, b", "c"]'), listed("[a, b]"), listed("a; b|c")
    (['a, b', 'c'], ['a', 'b'], ['a', 'b', 'c'])
    """
    if text.startswith("["):
        try:
            return [str(item) for item in json.loads(text) if item is not None]
        except ValueError:
            return [item.strip(" '\"") for item in text.strip("[]").split(",")]
    return [item.strip() for item in re.split(r"[;|]", text)]


def list_items(text: str) -> list[str] | None:
    """The fold keys of a list's items, each once and sorted; None where there are none."""
    return sorted({key for item in listed(text.strip()) if (key := fold(item))}) or None


def vector(text: str) -> list[float] | None:
    """The numbers of a list; None where an item is none.

    >>> vector("[0.5, 1]"), vector("a;b")
    ([0.5, 1.0], None)
    """
    try:
        numbers = [float(item) for item in listed(text.strip())]
    except ValueError:
        return None
    return numbers if all(map(math.isfinite, numbers)) else None

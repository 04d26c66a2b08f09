"""Numbers spelled out, as registers write dates in words."""

from __future__ import annotations

from linkage.vietnamese.letters import tone_key

_DIGITS = {
    "kho6ng": 0, "mo6t5": 1, "mo6t1": 1, "hai": 2, "ba": 3, "bo6n1": 4, "tu7": 4, "na8m": 5, "la8m": 5, "nha8m": 5,
    "sa1u": 6, "sau1": 6, "bay3": 7, "ba3y": 7, "ta1m": 8, "tam1": 8, "chi1n": 9, "chin1": 9,
}  # fmt: skip
_UNITS = {
    "mu7o7i": 10,
    "mu7o7i2": 10,
    "chu5c": 10,
    "chuc5": 10,
    "tra8m": 100,
    "nghi2n": 1000,
    "nghin2": 1000,
    "nga2n": 1000,
    "ngan2": 1000,
}
_FILLERS = frozenset(("linh", "le3", "va2"))


def parse_number_words(text: str) -> int | None:
    """The number that Vietnamese words spell, up to 9999, or None.

    Both ways of saying a year are read: in full, and digit by digit ("một chín tám lăm").

    >>> parse_number_words("một nghìn chín trăm tám mươi lăm"), parse_number_words("một chín tám lăm")
    (1985, 1985)
    >>> parse_number_words("hai mốt"), parse_number_words("mười lăm"), parse_number_words("hoa")
    (21, 15, None)
    """
    words = [word for word in tone_key(text).split() if word not in _FILLERS]
    if not words or not all(word in _DIGITS or word in _UNITS for word in words):
        return None
    if all(word in _DIGITS for word in words):
        return int("".join(str(_DIGITS[word]) for word in words)) if len(words) in (1, 2, 4) else None
    total, pending, last_unit = 0, None, 10_000
    for word in words:
        if word in _DIGITS:
            pending = _DIGITS[word] if pending is None else pending * 10 + _DIGITS[word]  # digits said one by one
            continue
        unit = _UNITS[word]
        if unit >= last_unit or (pending is None and word != "mu7o7i2"):
            return None
        total += (1 if pending is None else pending) * unit
        pending, last_unit = None, unit
    total += pending or 0
    return total if total <= 9999 else None

"""Telephone numbers: one writing for each, with the mobile prefixes that were changed in 2018 as they are now."""

from __future__ import annotations

import re

NEW_PREFIXES = {
    "0120": "070", "0121": "079", "0122": "077", "0126": "076", "0128": "078", "0123": "083", "0124": "084", "0125": "085",
    "0127": "081", "0129": "082", "0186": "056", "0188": "058", "0199": "059",
    **{f"016{digit}": f"03{digit}" for digit in range(2, 10)},
}  # fmt: skip
"""Mobile prefixes of eleven-digit numbers → those of ten digits that replaced them from 15 September 2018."""
FEWEST_DIGITS = 6


def clean_phone(text: str) -> str | None:
    """The digits, a number of Viet Nam from its 0 on and a foreign one from its country code; None where they are too few.

    >>> clean_phone("+84 (0)163 555 0123"), clean_phone("0333 550 123"), clean_phone("0044 20 7946 0000"), clean_phone("12")
    ('0335550123', '0333550123', '442079460000', None)
    """
    digits = re.sub(r"\D", "", text)
    if text.strip().startswith("00"):
        digits = digits[2:]
    abroad = text.strip().startswith(("+", "00"))
    if digits.startswith("84") and (abroad or len(digits) in (11, 12)):
        digits = "0" + digits[2:].lstrip("0")
    elif not abroad and len(digits) == 9 and digits[0] in "35789":
        digits = "0" + digits
    if len(digits) == 11 and digits[:4] in NEW_PREFIXES:
        digits = NEW_PREFIXES[digits[:4]] + digits[4:]
    return digits if len(digits) >= FEWEST_DIGITS else None

"""Numbers of registers: 1.234,5 as well as 1,234.5; which sign parts the decimals is what the column says."""

from __future__ import annotations

import math
import re
from typing import NamedTuple

from linkage.vietnamese.column_readings import unmarked
from linkage.vietnamese.letters import clean_text
from linkage.vietnamese.placeholders import is_placeholder

NUMBER_FLAGS = ("unreadable", "separator_unsure")
"""What `RegisterNumber.flags` may hold. `separator_unsure`: 1.234 where the column does not tell whether that is 1234."""

_SIGN = {"point": ".", "comma": ","}
_GROUPED = re.compile(r"[-+−]?\d{1,3}(?:(?P<apart>[.,])\d{3})(?:(?P=apart)\d{3})*")
_EITHER_WAY = re.compile(r"[-+−]?[1-9]\d{0,2}[.,]\d{3}")


class RegisterNumber(NamedTuple):
    """A number as a register gives it."""

    value: float | None
    flags: tuple[str, ...] = ()


def parse_number(text: str) -> RegisterNumber:
    """A number, its thousands parted or not. Never raises.

    >>> parse_number("1.234,5").value, parse_number("1.234.567").value, parse_number("3,2").value
    (1234.5, 1234567.0, 3.2)
    >>> parse_number("1.234")
    RegisterNumber(value=None, flags=('separator_unsure',))
    """
    text, reading = unmarked(text)
    if is_placeholder(text):
        return RegisterNumber(None)
    core = re.sub(r"(?<=\d)[\s'](?=\d{3})", "", clean_text(text)).replace(" ", "").replace("−", "-")
    if _EITHER_WAY.fullmatch(core):
        if reading.decimal is None:
            return RegisterNumber(None, ("separator_unsure",))
        decimal = _SIGN[reading.decimal]
    else:
        last = max(core.rfind("."), core.rfind(","))
        decimal = core[last] if last >= 0 and core.count(core[last]) == 1 else ""
    whole, part, fraction = core.rpartition(decimal) if decimal and decimal in core else (core, "", "")
    if "." in whole or "," in whole:
        if not _GROUPED.fullmatch(whole):
            return RegisterNumber(None, ("unreadable",))
        whole = whole.replace(".", "").replace(",", "")
    try:
        value = float(f"{whole}.{fraction}" if part else whole)
    except ValueError:
        return RegisterNumber(None, ("unreadable",))
    return RegisterNumber(value) if math.isfinite(value) else RegisterNumber(None, ("unreadable",))

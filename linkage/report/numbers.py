"""Numbers that know where they come from, and the one filter through which they are printed."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

from linkage.words.formats import decimal, decimals_for, grouped, interval_word, percent

if TYPE_CHECKING:
    from linkage.words.language import Language

from linkage.statistics import Interval

Kind = Literal["count", "share", "rate", "expected", "weight", "probability", "plain"]
_SUPERSCRIPTS = str.maketrans("-0123456789", "⁻⁰¹²³⁴⁵⁶⁷⁸⁹")


class Shown(str):
    """Text that is ready for the document: numbers in it have gone through the filter, marks are escaped."""

    __slots__ = ()


@dataclass(frozen=True)
class Number:
    """A value, how it is to be printed, and the run table it comes from.

    Kinds: `count` whole number; `share` and `rate` 0–1, printed in per cent, a share with the digits that its denominator
    `of` supports, a rate with as many as it was stated with; `expected` a rate that a model gives, two digits; `weight` bits;
    `probability` three significant digits;
    `plain` as it is (a seed, a year). Printing it by any other way than `Ledger.show` is refused.
    """

    value: float | int | None
    kind: Kind
    source: str
    of: float | None = None

    def __str__(self) -> str:
        raise TypeError(f"a number from {self.source} was printed without the filter")


@dataclass(frozen=True)
class NumberWithLimits:
    """A rate 0–1 with its confidence limits; printed with the digits that its width supports."""

    limits: Interval
    source: str

    def __str__(self) -> str:
        raise TypeError(f"an interval from {self.source} was printed without the filter")


@dataclass(frozen=True)
class Printed:
    """A line of the annex of numbers."""

    shown: str
    section: str
    source: str


class Ledger:
    """Prints numbers in one language and remembers each with its section and source."""

    def __init__(self, language: Language) -> None:
        self.language = language
        self.section = ""
        self.printed: dict[Printed, None] = {}

    def show(self, number: Number | NumberWithLimits) -> Shown:
        """The printed form; noted down."""
        shown = self.form(number)
        self.printed[Printed(shown, self.section, number.source)] = None
        return shown

    def form(self, number: Number | NumberWithLimits) -> Shown:
        """The printed form alone, for tables, which the annex lists as a whole.

        >>> ledger = Ledger("vi")
        >>> [ledger.form(one) for one in (Number(1234567, "count", ""), Number(0.98765, "share", "", of=1000))]
        ['1.234.567', '98,8%']
        >>> ledger.form(NumberWithLimits(Interval(0.99812, 0.9955, 0.9993), ""))
        '99,81% (99,55%–99,93%)'
        """
        if isinstance(number, NumberWithLimits):
            limits = number.limits
            return Shown(interval_word(limits.value, limits.low, limits.high, self.language))
        value = number.value
        if value is None or not math.isfinite(value):
            return Shown("–")
        return Shown(self._form(value, number))

    def _form(self, value: float | int, number: Number) -> str:
        match number.kind:
            case "count":
                return grouped(round(value), self.language)
            case "share":
                return percent(value, self.language, min(2, max(0, math.ceil(math.log10(max(number.of or 1, 1))) - 2)))
            case "rate":
                return decimal(f"{value * 100:.4g}%", self.language)
            case "expected":
                return percent(value, self.language, decimals_for(value * 100) if value > 0 else 0)
            case "weight":
                return decimal(f"{value:z.2f}", self.language)
            case "probability":
                return self._probability(value)
            case "plain":
                return decimal(f"{value:.6g}" if isinstance(value, float) else str(value), self.language)

    def _probability(self, value: float) -> str:
        if value == 0 or value >= 0.001:
            return decimal(f"{value:.3g}", self.language)
        mantissa, exponent = f"{value:.2e}".split("e")
        return decimal(mantissa, self.language) + "·10" + str(int(exponent)).translate(_SUPERSCRIPTS)

"""Numbers as each language writes them: 1.234,5 and 98,8% in Vietnamese, 1,234.5 and 98.8% in English."""

from __future__ import annotations

from linkage.words.language import Language

_SWAPPED = str.maketrans(",.", ".,")


def decimal(text: str, language: Language) -> str:
    """A numeral written with a decimal point and a hyphen, in the language's form.

    >>> decimal("-0.45", "vi")
    '−0,45'
    """
    text = text.replace("-", "−")
    return text.replace(".", ",") if language == "vi" else text


def grouped(value: float, language: Language, decimals: int = 0) -> str:
    """A number with its thousands apart.

    >>> grouped(1234567, "vi"), grouped(-1234.5, "en", 1)
    ('1.234.567', '−1,234.5')
    """
    text = f"{value:,.{decimals}f}".replace("-", "−")
    return text.translate(_SWAPPED) if language == "vi" else text


def significant(value: float, language: Language) -> str:
    """A number to four significant digits.

    >>> significant(-0.4531, "vi")
    '−0,4531'
    """
    return decimal(f"{value:.4g}" if abs(value) < 1e4 else f"{value:.0f}", language)


def percent(share: float, language: Language, decimals: int) -> str:
    """A share (0–1) as a percentage.

    >>> percent(0.98765, "vi", 1)
    '98,8%'
    """
    return decimal(f"{share * 100:z.{decimals}f}%", language)


def interval_word(value: float, low: float, high: float, language: Language) -> str:
    """A rate (0–1) with its confidence limits, to the digits that its width supports.

    >>> interval_word(0.99812, 0.9955, 0.9993, "vi")
    '99,81% (99,55%–99,93%)'
    """
    decimals = decimals_for(max(high - low, 1e-6) * 100 / 2)
    middle, low_end, high_end = (percent(part, language, decimals) for part in (value, low, high))
    return f"{middle} ({low_end}–{high_end})"


def decimals_for(half_width: float) -> int:
    """Decimals that show two digits of a value in per cent, at most four."""
    exponent = int(f"{half_width:.17e}".partition("e")[2])
    return min(4, max(0, 1 - exponent))


def percent_significant(share: float, language: Language) -> str:
    """A share (0–1) as a percentage to three significant digits.

    >>> percent_significant(0.0083, "en")
    '0.83%'
    """
    return significant(float(f"{100 * share:.3g}"), language) + "%"

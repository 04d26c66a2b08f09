"""Letters: clean text, the fold key and the marks a Vietnamese letter carries."""

from __future__ import annotations

import re
import unicodedata
from functools import lru_cache

TONE_MARKS = {"\u0301": "1", "\u0300": "2", "\u0309": "3", "\u0303": "4", "\u0323": "5"}
"""Combining mark → tone digit: 1 sắc, 2 huyền, 3 hỏi, 4 ngã, 5 nặng (0 or nothing: ngang)."""
QUALITY_MARKS = {"\u0302": "6", "\u031b": "7", "\u0306": "8"}
"""Combining mark → letter digit: 6 circumflex, 7 horn, 8 breve (the VNI typing digits; 9 is the stroke of đ)."""
VOWELS = frozenset("aeiouy")

_STROKED_D = str.maketrans({"\u00d0": "Đ", "\u0189": "Đ", "\u00f0": "đ", "\u0256": "đ"})
APOSTROPHES = "'’‘ʼ`´′＇ʻ՚\u201b"
"""What is typed for an apostrophe, the plain one first."""
_ONE_APOSTROPHE = str.maketrans(dict.fromkeys(APOSTROPHES, "'"))
_PLAIN_LETTERS = str.maketrans(
    {
        "đ": "d", "ð": "d", "ɖ": "d", "ƀ": "b", "ɓ": "b", "ø": "o", "ł": "l", "ı": "i", "ħ": "h", "ŧ": "t", "ɨ": "i",
        "ʉ": "u", "ɛ": "e", "ɔ": "o", "ŋ": "ng", "æ": "ae", "œ": "oe", "þ": "th", "ß": "ss", "ĸ": "k", "ə": "e",
    }
)  # fmt: skip
_SPACES = re.compile(r"\s+")
_NEEDS_CLEANING = re.compile("  |[\u0300-\u036f\u00d0\u0189\u00f0\u0256’‘ʼ`´′＇ʻ՚\u201b]")
_WORDS = re.compile(r"(?:[^\W_]|['\u0300-\u036f])+")
_MARKS_RUN = re.compile(r"[\u0300-\u036f]{2,}")


def compose(text: str) -> str:
    r"""NFC, also where a tone was typed before the circumflex, breve or horn, which plain NFC cannot repair.

    >>> compose("Nguye\u0303\u0302n") == "Nguyễn"
    True
    """
    if text.isascii():
        return text

    def quality_first(marks: re.Match[str]) -> str:
        return "".join(sorted(marks[0], key=lambda mark: mark not in QUALITY_MARKS))

    return unicodedata.normalize("NFC", _MARKS_RUN.sub(quality_first, unicodedata.normalize("NFD", text)))


def clean_text(text: str) -> str:
    r"""The text as it was meant: composed, Ð and Ɖ as Đ, one apostrophe, one kind of space, nothing invisible.

    Case and everything else stay as they are; the result may be empty.

    >>> clean_text(" Ðặng\u00a0 H\u2019Hen\u200b ")
    "Đặng H'Hen"
    """
    if text.isprintable() and not _NEEDS_CLEANING.search(text) and unicodedata.is_normalized("NFC", text):
        return text.strip()
    text = compose(text).translate(_STROKED_D).translate(_ONE_APOSTROPHE)
    # \t and \n are control characters (Cc) but separate words; zero-width and other controls join them.
    kept = (c if c.isspace() or unicodedata.category(c) not in ("Cf", "Cc", "Co", "Cn") else "" for c in text)
    return _SPACES.sub(" ", "".join(kept)).strip()


@lru_cache(maxsize=1 << 16)
def _fold_word(word: str) -> str:
    spread = unicodedata.normalize("NFKD", unicodedata.normalize("NFKD", word).casefold())
    return "".join(c for c in spread.translate(_PLAIN_LETTERS) if c.isascii() and c.isalnum())


@lru_cache(maxsize=1 << 15)
def fold(text: str) -> str:
    r"""The fold key: lower-case ASCII letters and digits, words parted by one space, no marks, no apostrophes.

    Punctuation other than apostrophes parts words. Letters with no Latin base are left out. Idempotent, and the same
    for NFC and NFD, upper and lower case, old and new tone placement.

    >>> fold("Đặng  H\u2019Hen-Niê")
    'dang hhen nie'
    """
    return " ".join(folded for word in _WORDS.findall(clean_text(text)) if (folded := _fold_word(word)))


@lru_cache(maxsize=1 << 16)
def _tone_word(word: str) -> str:
    letters: list[str] = []
    tones: set[str] = set()
    bare = " "
    for c in unicodedata.normalize("NFKD", unicodedata.normalize("NFKD", word).casefold()):
        if c in TONE_MARKS:
            if bare in VOWELS:  # the tilde of ñ is no tone
                tones.add(TONE_MARKS[c])
        elif c in QUALITY_MARKS:
            if bare in VOWELS:
                letters.append(QUALITY_MARKS[c])
        elif not unicodedata.combining(c):
            plain = c.translate(_PLAIN_LETTERS)
            bare = plain[-1]
            letters.extend(x for x in plain if x.isascii() and x.isalnum())
            if c == "đ":
                letters.append("9")
    return "".join(letters) + "".join(sorted(tones))


def tone_key(text: str) -> str:
    """The tone key: the fold key with a digit after each marked letter and the tone's digit at the word's end.

    One edit a diacritic; the same wherever the tone stands in the syllable. ASCII and idempotent.

    >>> tone_key("Nguyễn Thị Hoà"), tone_key("ĐỨC")
    ('nguye6n4 thi5 hoa2', 'd9u7c1')
    """
    return " ".join(toned for word in _WORDS.findall(clean_text(text)) if (toned := _tone_word(word)))

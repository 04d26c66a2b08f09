"""Legacy Vietnamese text: decoding as declared for a source, and proposing which encoding a whole column is in.

Text comes as it was read: each legacy byte as the character Windows-1252 (or Latin-1) has for it. Nothing is ever
guessed for a single value: a short name is right in several encodings.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Literal, get_args

from linkage.vietnamese.letters import clean_text
from linkage.vietnamese.syllables import parse_syllable

LegacyEncoding = Literal["tcvn3", "vni", "viqr", "cp1258", "utf-8-as-cp1252"]
LEGACY_ENCODINGS: tuple[LegacyEncoding, ...] = get_args(LegacyEncoding)

_TCVN3 = dict(
    zip(
        "µ¶·¸¹¨»¼½¾Æ©ÇÈÉÊË®ÌÎÏÐÑªÒÓÔÕÖ×ØÜÝÞßáâãä«åæçèé¬êëìíîïñòóô\u00adõö÷øùúûüýþ¡¢£¤¥¦§",
        "àảãáạăằẳẵắặâầẩẫấậđèẻẽéẹêềểễếệìỉĩíịòỏõóọôồổỗốộơờởỡớợùủũúụưừửữứựỳỷỹýỵĂÂÊÔƠƯĐ",
        strict=True,
    )
)
_TONES_OF_VNI = {"ù": "\u0301", "ø": "\u0300", "û": "\u0309", "õ": "\u0303", "ï": "\u0323"}
_CIRCUMFLEX_OF_VNI = {"â": "", "á": "\u0301", "à": "\u0300", "å": "\u0309", "ã": "\u0303", "ä": "\u0323"}
_BREVE_OF_VNI = {"ê": "", "é": "\u0301", "è": "\u0300", "ú": "\u0309", "ü": "\u0303", "ë": "\u0323"}
_SINGLE_OF_VNI = {"ñ": "đ", "ô": "ơ", "ö": "ư", "æ": "ỉ", "ó": "ĩ", "ò": "ị", "î": "ỵ", "í": "í", "ì": "ì"}
_VIQR = re.compile(r"(?<!\\)([aeiouy])([\^(+]?)([`'?~.]?)(?!\d)", re.IGNORECASE)
_VIQR_MARKS = {
    "^": "\u0302",
    "(": "\u0306",
    "+": "\u031b",
    "'": "\u0301",
    "`": "\u0300",
    "?": "\u0309",
    "~": "\u0303",
    ".": "\u0323",
}


def _decode_tcvn3(text: str) -> str:
    decoded = "".join(_TCVN3.get(c, c) for c in text)

    def recase(match: re.Match[str]) -> str:
        """TCVN3 has no accented capitals: a word whose plain letters are capitals is all capitals."""
        word = match[0]
        plain = [c for c in word if c.isascii() or c in "ĂÂÊÔƠƯĐ"]
        if len(word) > 1 and plain and all(c.isupper() for c in plain) and (len(plain) > 1 or _near_capitals(decoded, match)):
            return word.upper()
        return word

    return re.sub(r"[^\W\d_]+", recase, decoded)


def _near_capitals(text: str, match: re.Match[str]) -> bool:
    """Whether another word of the text is written in capitals, so that Lª of "Lª V¡N" is LÊ."""
    others = re.findall(r"[^\W\d_]+", text[: match.start()] + " " + text[match.end() :])
    return any(sum(c.isupper() for c in word) > 1 for word in others)


def _decode_vni(text: str) -> str:
    out: list[str] = []
    for c in text:
        low = c.lower()
        base = out[-1] if out else ""
        plain = base.lower()
        if plain in ("a", "e", "o", "u", "y", "ơ", "ư") and low in _TONES_OF_VNI:
            out[-1] = unicodedata.normalize("NFC", base + _TONES_OF_VNI[low])
        elif plain in ("a", "e", "o") and low in _CIRCUMFLEX_OF_VNI:
            out[-1] = unicodedata.normalize("NFC", base + "\u0302" + _CIRCUMFLEX_OF_VNI[low])
        elif plain == "a" and low in _BREVE_OF_VNI:
            out[-1] = unicodedata.normalize("NFC", base + "\u0306" + _BREVE_OF_VNI[low])
        elif low in _SINGLE_OF_VNI:
            out.append(_SINGLE_OF_VNI[low].upper() if c.isupper() else _SINGLE_OF_VNI[low])
        else:
            out.append(c)
    return "".join(out)


def _decode_viqr(text: str) -> str:
    text = re.sub(r"(?<!\\)DD|(?<!\\)Dd", "Đ", text)
    text = re.sub(r"(?<!\\)dd", "đ", text)

    def compose(match: re.Match[str]) -> str:
        marks = _VIQR_MARKS.get(match[2], "") + _VIQR_MARKS.get(match[3], "")
        return unicodedata.normalize("NFC", match[1] + marks)

    return re.sub(r"\\(?=[`'?~.^(+dD])", "", _VIQR.sub(compose, text))


def _bytes_of(text: str) -> bytes | None:
    """The bytes that were read as Windows-1252 (Latin-1 where that has no letter); None if it cannot have been so."""
    try:
        return b"".join(c.encode("latin-1") if "\x80" <= c <= "\x9f" else c.encode("cp1252") for c in text)
    except UnicodeEncodeError:
        return None


def _decode_cp1258(text: str) -> str:
    raw = _bytes_of(text)
    try:
        return text if raw is None else unicodedata.normalize("NFC", raw.decode("cp1258"))
    except UnicodeDecodeError:
        return text


def _decode_utf8(text: str) -> str:
    raw = _bytes_of(text)
    try:
        return text if raw is None else raw.decode("utf-8")
    except UnicodeDecodeError:
        return text


_DECODERS: dict[LegacyEncoding, Callable[[str], str]] = {
    "tcvn3": _decode_tcvn3,
    "vni": _decode_vni,
    "viqr": _decode_viqr,
    "cp1258": _decode_cp1258,
    "utf-8-as-cp1252": _decode_utf8,
}


def decode_legacy(text: str, encoding: LegacyEncoding) -> str:
    """Unicode (NFC) text of a value in a declared legacy encoding. Raises ValueError for an unknown encoding.

    >>> decode_legacy("NguyÔn ThÞ Hoµ", "tcvn3"), decode_legacy("Ñaëng Thò Thaém", "vni")
    ('Nguyễn Thị Hoà', 'Đặng Thị Thắm')
    >>> decode_legacy("Nguye^~n Thi. Hoa`", "viqr"), decode_legacy("Nguyá»…n", "utf-8-as-cp1252")
    ('Nguyễn Thị Hoà', 'Nguyễn')
    """
    if encoding not in _DECODERS:
        raise ValueError(f"unknown encoding: {encoding}; known: {', '.join(LEGACY_ENCODINGS)}")
    return unicodedata.normalize("NFC", _DECODERS[encoding](text))


@dataclass(frozen=True, slots=True)
class EncodingProposal:
    """The legacy encoding a column looks like, and the evidence: shares (0–1) of its values that read as Vietnamese."""

    encoding: LegacyEncoding
    share: float
    """Values whose every word becomes a Vietnamese syllable, of the `values` looked at."""
    share_as_it_is: float
    values: int
    """Distinct values looked at: those that are not plain ASCII letters."""


_LEAST_VALUES = 20
_LEAST_SHARE = 0.8
_MOST_AS_IT_IS = 0.25
_SUSPECT = re.compile(r"[^\x00-\x7f]|[aeiouy][\^(+`'?~.]|dd", re.IGNORECASE)


def _reads_as_vietnamese(text: str) -> bool:
    words = re.findall(r"[^\W\d_]+", clean_text(text))
    # a sign left over from another encoding is no letter of a Vietnamese word
    rest = re.sub(r"[\w\s.,;:/()'\"+&-]", "", clean_text(text))
    return bool(words) and not rest and all(parse_syllable(word) is not None for word in words)


def propose_encoding(values: Iterable[str]) -> EncodingProposal | None:
    """The legacy encoding that a sample of a column's distinct values is in, judged as a whole; None when it reads best
    as it is, or too few values (under 20) or too few of them (under 80 %) say so, or a quarter reads well already: a mixed
    column must be told apart by people.
    """
    seen = [value for value in dict.fromkeys(values) if _SUSPECT.search(value)]
    if len(seen) < _LEAST_VALUES:
        return None

    def share(decode: Callable[[str], str]) -> float:
        return sum(_reads_as_vietnamese(decode(value)) for value in seen) / len(seen)

    as_it_is = share(lambda value: value)
    if as_it_is > _MOST_AS_IT_IS:
        return None
    best, encoding = max(((share(decoder), name) for name, decoder in _DECODERS.items()), key=lambda found: found[0])
    if best < _LEAST_SHARE:
        return None
    return EncodingProposal(encoding, best, as_it_is, len(seen))

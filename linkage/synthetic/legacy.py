"""Vietnamese text as old fonts' bytes look when read as Western text: TCVN3 (ABC), VNI-Windows, and UTF-8 read as cp1252.

The byte tables are those of the fonts (facts; x-unikey's character set list holds the same).
"""

from __future__ import annotations

import unicodedata

_TCVN3 = str.maketrans(
    "àáảãạăằắẳẵặâầấẩẫậđèéẻẽẹêềếểễệìíỉĩịòóỏõọôồốổỗộơờớởỡợùúủũụưừứửữựỳýỷỹỵĂÂÊÔƠƯĐ",
    "µ¸¶·¹¨»¾¼½Æ©ÇÊÈÉË®ÌÐÎÏÑªÒÕÓÔÖ×ÝØÜÞßãáâä«åèæçé¬êíëìîïóñòô\u00adõøö÷ùúýûüþ¡¢£¤¥¦§",
)
_VNI_TONES = dict(zip("\u0300\u0301\u0309\u0303\u0323", "øùûõï", strict=True))
_VNI_CIRCUMFLEX = dict(zip("\u0300\u0301\u0309\u0303\u0323", "àáåãä", strict=True))
_VNI_BREVE = dict(zip("\u0300\u0301\u0309\u0303\u0323", "èéúüë", strict=True))
_VNI_WHOLE = {"ì": "ì", "í": "í", "ỉ": "æ", "ĩ": "ó", "ị": "ò", "ỵ": "î", "đ": "ñ", "Đ": "Ñ"}


def to_tcvn3(text: str) -> str:
    """As a TCVN3 (ABC) font stores it; accented capitals fall to their small letter's byte, as in the fonts."""
    known = "".join(c if c in "ĂÂÊÔƠƯĐ" or c.isascii() else c.lower() for c in text)
    return known.translate(_TCVN3)


def _vni_letter(letter: str) -> str:
    if letter.lower() in _VNI_WHOLE:
        whole = _VNI_WHOLE.get(letter) or _VNI_WHOLE[letter.lower()].upper()
        return whole
    parts = unicodedata.normalize("NFD", letter)
    base, marks = parts[0], parts[1:]
    if not marks:
        return letter
    tone = next((m for m in marks if m in _VNI_TONES), "")
    if "\u0302" in marks:
        out = base + (_VNI_CIRCUMFLEX[tone] if tone else "â")
    elif "\u0306" in marks:
        out = base + (_VNI_BREVE[tone] if tone else "ê")
    elif "\u031b" in marks:
        out = {"o": "ô", "u": "ö"}[base.lower()] + (_VNI_TONES[tone] if tone else "")
    else:
        out = base + (_VNI_TONES[tone] if tone else "")
    return out.upper() if base.isupper() else out


def to_vni(text: str) -> str:
    """As a VNI font stores it."""
    return "".join(_vni_letter(c) if not c.isascii() else c for c in text)


def to_mojibake(text: str) -> str:
    """UTF-8 bytes read as cp1252 (undefined bytes as the control character of that number)."""
    out = []
    for byte in text.encode("utf-8"):
        try:
            out.append(bytes([byte]).decode("cp1252"))
        except UnicodeDecodeError:
            out.append(chr(byte))
    return "".join(out)

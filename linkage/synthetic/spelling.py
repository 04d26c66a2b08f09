"""How a written syllable goes wrong: for each kind of error, the spellings it turns a token into.

Pure functions on one token; `vocabulary.py` tabulates them once for every token the generator knows. The kinds and examples are
those of the reference's section 5.1 and 5.3 (judgements there, cited where a list measured them).
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable

_TONES = "\u0301\u0300\u0309\u0303\u0323"  # sắc huyền hỏi ngã nặng
_MARKS = "\u0302\u031b\u0306"  # circumflex horn breve
_TELEX = dict(zip(_TONES, "sfrxj", strict=True))
_VNI = dict(zip(_TONES + _MARKS, "12345678", strict=True)) | {"\u0302": "6", "\u031b": "7", "\u0306": "8"}


def _nfd(text: str) -> str:
    return unicodedata.normalize("NFD", text)


def _nfc(text: str) -> str:
    return unicodedata.normalize("NFC", text)


def without_marks(token: str) -> str:
    """As typed without marks: case and every other sign are kept, unlike in the fold key."""
    bare = "".join(c for c in _nfd(token) if unicodedata.category(c) != "Mn")
    return bare.translate(str.maketrans("đĐƀɃ", "dDbB"))


def _cased(template: str, text: str) -> str:
    return text[:1].upper() + text[1:] if template[:1].isupper() else text


def _swap_tone(token: str, old: str, new: str) -> str:
    return _nfc(_nfd(token).replace(old, new))


def mark_lost(token: str) -> list[str]:
    """One tone or mark lost, or another tone put in its place."""
    parts = _nfd(token)
    out = [_nfc(parts[:i] + parts[i + 1 :]) for i, c in enumerate(parts) if c in _TONES + _MARKS and parts[i - 1] not in "nN"]
    if sum(c in _TONES for c in parts) == 1 and " " not in token and "ñ" not in token:
        plain = "".join(c for c in parts if c not in _TONES)
        out += [_put_tone(plain, "\u0301")] if "\u0300" in parts or "\u0323" in parts else []
        out += [_put_tone(plain, "\u0323")] if "\u0309" in parts else []
    out += [token.translate(str.maketrans("đĐ", "dD"))] if "đ" in token.lower() else []
    if not any(c in _TONES for c in parts) and re.search(r"[ươ]ng$", token):
        out.append(
            _nfc(
                parts.replace("o\u031bn", "o\u031b\u0323n")
                if "o\u031bn" in parts
                else parts.replace("u\u031bn", "u\u031b\u0300n")
            )
        )
    return out


def hoi_nga(token: str) -> list[str]:
    """Hỏi for ngã and ngã for hỏi."""
    parts = _nfd(token)
    if "ñ" in token.lower():
        return []
    if "\u0309" in parts:
        return [_swap_tone(token, "\u0309", "\u0303")]
    return [_swap_tone(token, "\u0303", "\u0309")] if "\u0303" in parts else []


_NOT_SPELT_WITH_Y = ("Thị",)


def i_or_y(token: str) -> list[str]:
    """Quý/Quí, Mỹ/Mĩ, Vy/Vi, Sỹ/Sĩ, Kỳ/Kì, Ly/Li."""
    if not re.fullmatch(r"(qu|[hklmstv]|th)[iy]", without_marks(token).lower()) or token in _NOT_SPELT_WITH_Y:
        return []
    parts = _nfd(token)
    at = next(i for i in range(len(parts) - 1, -1, -1) if parts[i] in "iy")
    return [_nfc(parts[:at] + ("y" if parts[at] == "i" else "i") + parts[at + 1 :])]


def _initials(*pairs: tuple[str, str]) -> Callable[[str], list[str]]:
    def variants(token: str) -> list[str]:
        low = token.lower()
        out = []
        for old, new in pairs:
            if low.startswith(old) and len(low) > len(old) and without_marks(low[len(old)]) in "aeiouy":
                rest = token[len(old) :]
                if new == "gi" and without_marks(rest[:1]).lower() == "i":
                    continue
                out.append(_cased(token, new + rest))
        return out

    return variants


initial_north = _initials(("s", "x"), ("x", "s"), ("tr", "ch"), ("ch", "tr"), ("d", "gi"), ("d", "r"), ("gi", "d"), ("r", "d"))
initial_south = _initials(("v", "d"), ("d", "v"), ("gi", "d"))
initial_l_n = _initials(("l", "n"), ("n", "l"))


def southern_final(token: str) -> list[str]:
    """Finals that southern speech merges: n/ng, t/c, n/nh, ay/ai, au/ao, im/iêm, iu/iêu, ươu/iêu, ong/ông."""
    parts = _nfd(token)
    out: list[str] = []
    rules = ((r"n$", "ng"), (r"ng$", "n"), (r"t$", "c"), (r"c$", "t"), (r"inh$", "in"), (r"anh$", "an"),
             (r"ay(?=[^a-z]*$)", "ai"), (r"au(?=[^a-z]*$)", "ao"), (r"im$", "iêm"))  # fmt: skip
    plain = "".join(c for c in parts if c not in _TONES)
    tone = "".join(c for c in parts if c in _TONES)
    for pattern, new in rules:
        if re.search(pattern, plain) and not (pattern in ("n$", "t$") and re.search(r"i(n|t)$", plain)):
            out.append(_put_tone(re.sub(pattern, _nfd(new), plain), tone))
    for old, new in (("ie\u0302u", "iu"), ("u\u031bo\u031bu", "ie\u0302u"), ("o\u0302ng", "ong")):
        if plain.lower().endswith(old):
            out.append(_put_tone(plain[: -len(old)] + new, tone))
    return out


def _put_tone(plain: str, tone: str) -> str:
    """A decomposed syllable with its tone put on the marked vowel, else on the vowel before the final."""
    if not tone:
        return _nfc(plain)
    marked = [i for i, c in enumerate(plain) if c in _MARKS]
    vowels = [i for i, c in enumerate(plain) if c.lower() in "aeiouy" and not (i and plain[i - 1].lower() == "q" and c == "u")]
    if not vowels:
        return _nfc(plain)
    closed = plain[-1].lower() not in "aeiouy" and plain[-1] not in _MARKS
    at = marked[-1] if marked else vowels[-1] if closed or len(vowels) == 1 else vowels[-2]
    return _nfc(plain[: at + 1] + tone + plain[at + 1 :])


_REGIONAL = """Vũ Võ|Hoàng Huỳnh|Phúc Phước|Nhật Nhựt|Chính Chánh|Sinh Sanh|Tùng Tòng|Cảnh Kiểng|Bảo Bửu|Tính Tánh|Lĩnh Lãnh
Nghĩa Ngãi|Hồng Hường|Đan Đơn|Quý Quới|Trường Tràng|Chu Châu"""
_REGIONAL_OF: dict[str, list[str]] = {}
for _pair in _REGIONAL.replace("\n", "|").split("|"):
    _one, _other = _pair.split()
    _REGIONAL_OF.setdefault(_one, []).append(_other)
    _REGIONAL_OF.setdefault(_other, []).append(_one)


def regional(token: str) -> list[str]:
    """Regional or taboo variants, often legal: Vũ/Võ, Phúc/Phước."""
    return _REGIONAL_OF.get(token, [])


_ALSO_SHORT = {"Nguyễn": ["Ng~"], "Thị": ["T."]}


def abbreviation(token: str) -> list[str]:
    """Ng. or Ng~ for Nguyễn, V. for Văn, Th. or T. for Thị, Tr. for Trần."""
    onset = re.match(r"^(ngh|ng|nh|th|tr|ph|kh|ch|gi|qu|.)", token.lower())
    if len(token) < 3 or " " in token or onset is None:
        return []
    head = _cased(token, token[: onset.end()])
    return [head + ".", *_ALSO_SHORT.get(token, [])]


def keyboard_residue(token: str) -> list[str]:
    """Telex or VNI keys left in the text, or the last key missed."""
    parts = _nfd(token)
    if parts == token and "đ" not in token.lower():
        return []
    telex, tone = "", ""
    for c in parts:
        if c in _TONES:
            tone = _TELEX[c]
        elif c in _MARKS:
            telex += telex[-1].lower() if c == "\u0302" else "w"
        else:
            telex += {"đ": "dd", "Đ": "DD"}.get(c, c)
    vni = "".join(_VNI.get(c, {"đ": "d9", "Đ": "D9"}.get(c, c)) for c in parts)
    return [telex + tone, vni, *mark_lost(token)[:1]]


_NEIGHBOURS = {
    "a": "s",
    "e": "r",
    "h": "g",
    "n": "m",
    "o": "p",
    "t": "r",
    "u": "y",
    "i": "o",
    "g": "f",
    "c": "v",
    "r": "t",
    "l": "k",
}


def typing_slip(token: str) -> list[str]:
    """Neighbouring letters transposed, a letter doubled or dropped, an adjacent key."""
    out = []
    if len(token) >= 4 and token[1] != token[2]:
        out += [token[0] + token[2] + token[1] + token[3:], token[:-2] + token[-1] + token[-2]]
    if len(token) >= 3:
        out += [token + token[-1], token[:1] + token[2:]]
        if token[-1] in _NEIGHBOURS:
            out.append(token[:-1] + _NEIGHBOURS[token[-1]])
    return [each for each in out if each != token]


_HANDWRITTEN = """Hoan Hoàn Hoàng|Loan Lan|Thu Thư Thủ|Nhung Nhưng|Hường Hương Hưởng|Dung Dũng Dụng|Tuân Tuấn Tuyến|Minh Ninh
Hiền Hiên Hiến|Liên Hiên|Hùng Hưng Hừng|Chinh Chính Trinh"""
_READ_AS: dict[str, list[str]] = {}
for _family in _HANDWRITTEN.replace("\n", "|").split("|"):
    for _word in _family.split():
        _READ_AS.setdefault(_word, []).extend(w for w in _family.split() if w != _word)
_LOOKALIKE = (("ă", "â"), ("â", "ă"), ("ê", "e"), ("ô", "ơ"), ("ơ", "o"), ("ư", "u"), ("đ", "d"), ("Đ", "B"), ("n", "u"),
              ("m", "rn"),
              ("h", "b"), ("c", "e"), ("l", "t"), ("g", "q"), ("S", "L"), ("T", "F"), ("V", "U"), 
              ("ả", "á"), ("ị", "i"), ("Th", "Tb"), ("Ng", "Ny"), ("a", "o"))  # fmt: skip


def misread(token: str) -> list[str]:
    """What a reader of faded handwriting, or OCR, makes of it."""
    return _READ_AS.get(token, []) * 2 + [token.replace(old, new, 1) for old, new in _LOOKALIKE if old in token]


def minority_spelling(token: str) -> list[str]:
    """H’Hen/H'Hen/HHen/H Hen, Rơ Châm/Rchăm, Niê/Nie, Sùng/Xùng, Giàng/Dàng."""
    known = {
        "Rơ Châm": ["Rchăm", "Rơchâm", "R’Châm"], "Rah Lan": ["Rahlan", "Rơ Lan"], "Niê": ["Nie"], "Êban": ["Eban", "Ê Ban"],
        "Sùng": ["Xùng"], "Giàng": ["Dàng", "Zàng"], "Mlô": ["Mlo"], "Kbuôr": ["Kbuor"], "Ksor": ["Kso"], "Ksơr": ["Ksor"],
        "Chamaléa": ["Chamalé", "Chamaleá"], "Xồng": ["Sồng"], "Vừ": ["Vử"], "Ayun": ["A Yun", "Ayŭn"], "Êčăm": ["Êcăm"],
    }  # fmt: skip
    out = list(known.get(token, []))
    if "’" in token:
        out += [token.replace("’", mark) for mark in ("'", "ʼ", "", " ", "’ ")]
    elif re.search("[ĭŏŭčñƀ]|[^ ]ă$", token):
        out.append(without_marks(token))
    return out


TOKEN_KINDS: dict[str, Callable[[str], list[str]]] = {
    "mark_lost": mark_lost,
    "hoi_nga": hoi_nga,
    "i_y": i_or_y,
    "initial_north": initial_north,
    "initial_south": initial_south,
    "initial_l_n": initial_l_n,
    "southern_final": southern_final,
    "regional_variant": regional,
    "abbreviation": abbreviation,
    "keyboard_residue": keyboard_residue,
    "typing_slip": typing_slip,
    "misread": misread,
    "minority_spelling": minority_spelling,
}
"""Kind of error → spellings of one token."""

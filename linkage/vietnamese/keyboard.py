"""Residue of typing: Telex and VNI keystrokes left in a word, and words run together.

A word is decoded only when it spells no Vietnamese syllable as it stands and the result spells one.
"""

from __future__ import annotations

import re
import unicodedata
from functools import lru_cache
from itertools import pairwise

from linkage.vietnamese.letters import TONE_MARKS, fold
from linkage.vietnamese.syllables import parse_syllable, relocate_tone

_TELEX_TONES = {"s": "\u0301", "f": "\u0300", "r": "\u0309", "x": "\u0303", "j": "\u0323"}
_VNI_TONES = {digit: mark for mark, digit in TONE_MARKS.items()}
_CIRCUMFLEX, _HORN, _BREVE = "\u0302", "\u031b", "\u0306"
_TELEX_WORD = re.compile(r"[A-Za-z]{2,12}")
_VNI_WORD = re.compile(r"(?=.*\d)[A-Za-z][A-Za-z1-9]{1,14}")


def _cased_like(source: str, word: str) -> str:
    letters = [c for c in source if c.isalpha()]
    if len(letters) > 1 and all(c.isupper() for c in letters):
        return word.upper()
    return word[:1].upper() + word[1:] if letters and letters[0].isupper() else word


def _finish(bare: str, tone: str, source: str) -> str | None:
    """The syllable `bare` with a tone mark anywhere in it, when it spells one."""
    bare = unicodedata.normalize("NFC", bare)
    vowel = next((i for i, c in enumerate(bare) if unicodedata.normalize("NFD", c)[0] in "aeiouy"), None)
    if vowel is None:
        return None
    # Try each vowel: only the parse matters, the tone sign is relocated afterwards.
    for at in range(vowel, len(bare)):
        if unicodedata.normalize("NFD", bare[at])[0] in "aeiouy":
            word = unicodedata.normalize("NFC", bare[: at + 1] + tone) + bare[at + 1 :]
            if parse_syllable(word) is not None:
                return _cased_like(source, relocate_tone(word))
    return None


def _horn_or_breve(letters: list[str]) -> bool:
    """Apply Telex w (horn on u, o; both of uo; breve on a) to the last vowel that takes it."""
    for i in range(len(letters) - 1, -1, -1):
        if letters[i] in ("a", "o", "u"):
            letters[i] += _BREVE if letters[i] == "a" else _HORN
            if letters[i][0] == "o" and i and letters[i - 1] == "u":
                letters[i - 1] += _HORN
            return True
    return False


@lru_cache(maxsize=1 << 15)
def decode_telex(word: str) -> str | None:
    """The syllable that Telex keystrokes spell, or None when `word` is a syllable already or spells none.

    >>> decode_telex("Nguyeenx"), decode_telex("DDuwcs"), decode_telex("Hoa")
    ('Nguyễn', 'Đức', None)
    """
    if not _TELEX_WORD.fullmatch(word) or parse_syllable(word) is not None:
        return None
    letters: list[str] = []
    tone = ""
    for c in word.lower():
        if c in _TELEX_TONES and letters and any(x[0] in "aeiouy" for x in letters) and not tone:
            tone = _TELEX_TONES[c]
        elif c in "aeo" and c in letters:
            at = max(i for i, x in enumerate(letters) if x == c)
            letters[at] += _CIRCUMFLEX
        elif c == "d" and letters and letters[0] == "d":
            letters[0] = "đ"
        elif c == "w":
            if not _horn_or_breve(letters):
                letters.append("ư")
        else:
            letters.append(c)
    return _finish("".join(letters), tone, word)


@lru_cache(maxsize=1 << 15)
def decode_vni_keys(word: str) -> str | None:
    """The syllable that VNI keystrokes (1–5 tones, 6 circumflex, 7 horn, 8 breve, 9 stroke) spell, or None.

    >>> decode_vni_keys("Nguye6n4"), decode_vni_keys("D9u7c1"), decode_vni_keys("Phuong72")
    ('Nguyễn', 'Đức', 'Phường')
    """
    if not _VNI_WORD.fullmatch(word):
        return None
    letters: list[str] = []
    tone = ""
    for c in word.lower():
        if not c.isdigit():
            letters.append(c)
        elif c in _VNI_TONES:
            if tone:
                return None
            tone = _VNI_TONES[c]
        elif c == "9":
            if not letters or letters[0] != "d":
                return None
            letters[0] = "đ"
        elif c == "7":
            if not _horn_or_breve(letters) or not any(_HORN in x for x in letters):
                return None
        else:
            mark, takes = (_CIRCUMFLEX, "aeo") if c == "6" else (_BREVE, "a")
            at = next((i for i in range(len(letters) - 1, -1, -1) if letters[i] in takes), None)
            if at is None:
                return None
            letters[at] += mark
    return _finish("".join(letters), tone, word)


_HEADS_TEXT = """
    nguyễn trần lê phạm hoàng huỳnh vũ võ phan trương bùi đặng đỗ ngô hồ dương lý trịnh đinh lâm đoàn cao lương mai đào
    lưu thái phùng vương chu tạ tô châu quách nông triệu đàm lại tống kiều hà văn thị
"""
_HEADS = frozenset(_HEADS_TEXT.split())
_SECONDS_TEXT = """
    văn thị hữu đức thế công ngọc minh quang xuân đình thanh hồng kim bá duy quốc trọng
"""
_SECONDS = frozenset(_SECONDS_TEXT.split())


@lru_cache(maxsize=1 << 15)
def split_joined(word: str) -> tuple[str, ...] | None:
    """The syllables of a run-together word, or None.

    Split at an inner capital when each part spells a syllable (NguyễnVăn); otherwise only a known surname before a
    known middle name (Phạmvăn, with an optional third syllable), so that Êban, Cơlâu or Pơloong stay whole.

    >>> split_joined("Phạmvăn"), split_joined("NguyễnThịHoa"), split_joined("Pơloong")
    (('Phạm', 'văn'), ('Nguyễn', 'Thị', 'Hoa'), None)
    """
    if parse_syllable(word) is not None or not word.isalpha():
        return None
    starts = [i for i, c in enumerate(word) if i and c.isupper() and not word[i - 1].isupper()]
    if starts and not word.isupper():
        parts = tuple(word[a:b] for a, b in zip([0, *starts], [*starts, len(word)], strict=True))
        if all(len(part) > 1 and parse_syllable(part) is not None for part in parts):
            return parts
    lower = word.lower()
    for end in range(2, len(word) - 1):
        if relocate_tone(lower[:end]) not in _HEADS:
            continue
        rest = lower[end:]
        for stop in range(2, len(rest) + 1):
            if relocate_tone(rest[:stop]) in _SECONDS and (stop == len(rest) or parse_syllable(rest[stop:]) is not None):
                cuts = [0, end, end + stop, len(word)] if stop < len(rest) else [0, end, len(word)]
                return tuple(word[a:b] for a, b in pairwise(cuts))
    return None


def has_sure_telex(word: str) -> bool:
    """Whether the keystrokes could hardly be anything else: a doubled letter, w, or a final f, j or z.

    >>> has_sure_telex("Nguyeenx"), has_sure_telex("Sor")
    (True, False)
    """
    lower = fold(word)
    return bool(re.search(r"aa|ee|oo|dd|w|[fj]$", lower))

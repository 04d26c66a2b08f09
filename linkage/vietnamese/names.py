"""Names of persons: what was written → clean text, its words, its parts in the right order, and what was repaired."""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import lru_cache

from linkage.vietnamese.keyboard import decode_telex, decode_vni_keys, has_sure_telex, split_joined
from linkage.vietnamese.letters import clean_text, fold, tone_key
from linkage.vietnamese.name_lists import (
    ABBREVIATED_MIDDLE,
    ABBREVIATED_SURNAMES,
    CLANS,
    COMPOUND_SURNAMES,
    LEGAL_VARIANTS,
    MARKERS,
    SURNAMES,
)
from linkage.vietnamese.placeholders import NAME_PLACEHOLDER_FIRST_WORDS, is_name_placeholder
from linkage.vietnamese.sounds import sound_key
from linkage.vietnamese.syllables import ONSETS, parse_syllable, relocate_tone

NAME_FLAGS = ("placeholder", "alias", "title", "abbreviation", "joined", "telex", "vni_keys", "marker")
"""What `PersonName.flags` may hold, in this order."""

_ALIAS = re.compile(
    r"\(.*|\[.*|/.*|;.*|\s(?:tức|bí danh|còn gọi|thường gọi|tên thường gọi|tên gọi khác|alias)\b.*", re.IGNORECASE
)
_TITLE = re.compile(r"^(?:(?:ông|bà|cụ|anh|chị|cháu|họ và tên|họ tên)\s*[:.]|\d+\s*[.)/-])\s*", re.IGNORECASE)
_SPOKEN_TITLES = frozenset(("ong", "ba", "cu"))
_MARKED = re.compile(r"^([HK])'(\w)(.*)$", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class PersonName:
    """A person's name in clean, composed text. `surname` and `middle` may be empty; `words` keep the written order."""

    words: tuple[str, ...]
    surname: str
    middle: str
    given: str
    flags: tuple[str, ...] = ()

    @property
    def text(self) -> str:
        """The clean name in the order it was written."""
        return " ".join(self.words)


@lru_cache(maxsize=1 << 17)
def clean_name_word(word: str) -> str:
    """One word of a name, composed: capitals settled, tone sign relocated (old style) if it is a Vietnamese syllable.

    >>> clean_name_word("HOÀ"), clean_name_word("h'HEN"), clean_name_word("Bh'riu")
    ('Hòa', "H'Hen", "Bh'riu")
    """
    if parse_syllable(word) is not None:
        return relocate_tone(word[:1].upper() + word[1:].lower())
    if word.isupper() or word.islower():
        word = word[:1].upper() + word[1:].lower()
    return _MARKED.sub(lambda m: f"{m[1].upper()}'{m[2].upper()}{m[3].lower() if m[3].isupper() else m[3]}", word)


def _join_markers(words: list[str]) -> list[str]:
    """H' Hen, H Hen and HHen → H'Hen, the same for K'; Ng ọc → Ngọc. A lone Y, A or Ka stays a word of its own."""
    joined: list[str] = []
    for word in words:
        if len(joined) > 1 and joined[-1].lower() in ONSETS and parse_syllable(joined[-1] + word.lower()):
            joined[-1] += word.lower()
        elif joined and joined[-1].strip("'").lower() in ("h", "k") and word[:1].isalpha():
            marker = joined.pop().strip("'").upper()
            joined.append(f"{marker}'{clean_name_word(word)}")
        elif len(word) > 2 and word[:2] in ("HH", "KK") and not word.isupper():
            joined.append(f"{word[0]}'{word[1:]}")
        else:
            joined.append(word)
    return joined


def _expand(word: str, position: int, count: int) -> str | None:
    """What an abbreviated word stands for: Ng., Ng~, Tr., V., Th. Never the last word."""
    bare = word.rstrip(".~")
    shortened = bare != word or (len(bare) > 1 and not any(c in "aeiouy" for c in fold(bare)))
    if not shortened or position == count - 1:
        return None
    return (ABBREVIATED_SURNAMES if position == 0 else ABBREVIATED_MIDDLE).get(fold(bare))


def _decode_keys(words: list[str], flags: set[str]) -> list[str]:
    """Telex and VNI residue; a doubtful Telex word (Sor, Hoas) only beside a sure one."""
    decoded = [decode_telex(word) for word in words]
    sure = any(new and has_sure_telex(word) for word, new in zip(words, decoded, strict=True))
    result = []
    for word, telex in zip(words, decoded, strict=True):
        vni = decode_vni_keys(word)
        if vni:
            flags.add("vni_keys")
        elif telex and sure:
            flags.add("telex")
        result.append(vni or (telex if telex and sure else word))
    return result


def split_name_parts(words: tuple[str, ...]) -> tuple[str, str, str]:
    """Surname, middle and given name of clean words, each in the order of its own people.

    Kinh and most others: surname first, given name last. Y and H' (Ê Đê, Mnông) put the clan last; A, Y (Ba Na, Xơ
    Đăng), K' and Ka (Cơ Ho, Mạ) have none; Gia Rai put it first; markers belong to no part.

    >>> split_name_parts(("Nguyễn", "Thị", "Thu", "Hà"))
    ('Nguyễn', 'Thị Thu', 'Hà')
    >>> split_name_parts(("H'Hen", "Niê")), split_name_parts(("Y", "Bhăm", "Êban")), split_name_parts(("A", "Biu"))
    (('Niê', '', 'Hen'), ('Êban', '', 'Bhăm'), ('', '', 'Biu'))
    """
    folded = tuple(fold(word) for word in words)
    for compound in COMPOUND_SURNAMES:
        size = len(compound)
        if len(words) > size and folded[:size] == compound:
            return " ".join(words[:size]), " ".join(_without_marker(words[size:-1])), _bare_given(words[-1])
    first = words[0]
    prefixed = first[:2] in ("H'", "K'") and len(first) > 2
    if prefixed or (folded[0] in MARKERS and len(words) > 1):
        rest = (_bare_given(first), *words[1:]) if prefixed else words[1:]
        clan_at = len(rest)
        if folded[0] == "y" or first.startswith("H'"):
            clan_at = next((i for i in range(1, len(rest)) if fold(rest[i]) in CLANS), max(1, len(rest) - 1))
        given, clan = rest[:clan_at], rest[clan_at:]
        return " ".join(clan), " ".join(given[:-1]), given[-1]
    if len(words) == 1:
        return "", "", first
    return first, " ".join(_without_marker(words[1:-1])), _bare_given(words[-1])


def _bare_given(word: str) -> str:
    return word[2:] if word[:2] in ("H'", "K'") and len(word) > 2 else word


def _without_marker(words: tuple[str, ...]) -> tuple[str, ...]:
    return words[:-1] if words and fold(words[-1]) in ("y", "h", "k") else words


@lru_cache(maxsize=1 << 12)
def parse_name(text: str) -> PersonName:
    """A name as any register writes it. A placeholder or an empty text gives no words (flag `placeholder`).

    >>> parse_name("NGUYỄN  THỊ HOÀ").text, parse_name("Ng. Văn Đức").text, parse_name("Nguyeenx Thij Hoaf").text
    ('Nguyễn Thị Hòa', 'Nguyễn Văn Đức', 'Nguyễn Thị Hòa')
    >>> parse_name("Chưa đặt tên").flags
    ('placeholder',)
    """
    flags: set[str] = set()
    text = clean_text(text)
    if is_name_placeholder(text):
        return PersonName((), "", "", "", ("placeholder",))
    for pattern, flag in ((_TITLE, "title"), (_ALIAS, "alias")):
        shorter = pattern.sub("", text).strip()
        if shorter != text and any(c.isalpha() for c in shorter):
            flags.add(flag)
            text = shorter
    spaced = re.sub(r"(?<=[.~])(?=\w)", " ", re.sub(r"[-–—_,\"“”*?!:|\\<>]", " ", text))
    words = [word for word in re.sub(r"\s+'|'(?=\s|$)", "' ", spaced).split() if any(c.isalnum() for c in word)]
    if len(words) > 2 and fold(words[0]) in _SPOKEN_TITLES and fold(words[1]) in SURNAMES - {"van"}:
        words = words[1:]
        flags.add("title")
    words = _decode_keys(words, flags)
    split: list[str] = []
    for word in words:
        parts = split_joined(word)
        flags.update({"joined"} if parts else ())
        split.extend(parts or (word,))
    split = _join_markers(split)
    expanded = [_expand(word, i, len(split)) for i, word in enumerate(split)]
    if any(expanded):
        flags.add("abbreviation")
    whole = [full or word.strip(".~'") for full, word in zip(expanded, split, strict=True)]
    words = [clean_name_word(word) for word in whole if fold(word)]
    if not words:
        return PersonName((), "", "", "", ("placeholder",))
    if fold(words[0]) in MARKERS or any(word[:2] in ("H'", "K'") for word in words):
        flags.add("marker")
    surname, middle, given = split_name_parts(tuple(words))
    return PersonName(tuple(words), surname, middle, given, tuple(flag for flag in NAME_FLAGS if flag in flags))


def variant_key(text: str) -> str:
    """The tone key with legal spelling variants merged (Vi/Vy, Quí/Quý, Võ/Vũ, Huỳnh/Hoàng): a level of its own.

    >>> variant_key("Võ Quí"), variant_key("Vũ Quý")
    ('vu4 quy1', 'vu4 quy1')
    """
    return " ".join(_variant_word(word) for word in clean_text(text).split())


@lru_cache(maxsize=1 << 17)
def _variant_word(word: str) -> str:
    syllable = parse_syllable(word)
    key = tone_key(word)
    if syllable and syllable.rhyme == "i" and syllable.onset != "gi":
        key = tone_key(syllable.onset + "y") + syllable.tone
    return LEGAL_VARIANTS.get(key, key)


@dataclass(frozen=True, slots=True)
class NameWord:
    """What a raw word of a name gives wherever it stands in a name of plain words."""

    text: str
    fold: str
    tone: str
    sound: str
    variant: str
    may_lead: bool
    """Whether it is as plain as first word (it starts no compound surname, marker, title or placeholder)."""


_LEADERS = frozenset(compound[0] for compound in COMPOUND_SURNAMES) | MARKERS | _SPOKEN_TITLES | NAME_PLACEHOLDER_FIRST_WORDS
_ALIAS_WORDS = frozenset(("tuc", "bi", "con", "thuong", "ten", "alias"))


def plain_name_word(word: str, merges: frozenset[str]) -> NameWord | None:
    """The word's part in any name of plain words, or None when it may mean something else in context.

    Names whose words are all plain (and whose first may lead) equal `parse_name` of the whole, word by word; that is
    what lets a register be standardised by its distinct words.

    >>> plain_name_word("HOÀ", frozenset()).text, plain_name_word("H'", frozenset()) is None
    ('Hòa', True)
    """
    clean = clean_text(word)
    folded = fold(clean)
    if not folded or not clean.isalpha() or folded in MARKERS - {"a", "ka"} or folded in _ALIAS_WORDS:
        return None
    if parse_syllable(clean) is None and (
        decode_telex(clean) or split_joined(clean) or clean[:2] in ("HH", "KK") or not any(c in "aeiouy" for c in folded)
    ):
        return None
    text = clean_name_word(clean)
    return NameWord(text, folded, tone_key(text), sound_key(text, merges), variant_key(text), folded not in _LEADERS)

"""The words of a place as written: abbreviations spelt out, kinds of units found, names looked up from the right."""

from __future__ import annotations

import re
from functools import lru_cache
from typing import NamedTuple

from linkage.vietnamese.gazetteer import Index, Named
from linkage.vietnamese.letters import fold, tone_key


class PlaceWord(NamedTuple):
    fold: str
    tone: str
    squeezed: str
    starts: bool
    """Whether a separator stands before it."""


_SUBSTITUTIONS = tuple(
    (re.compile(pattern, re.IGNORECASE), by)
    for pattern, by in (
        (r"\(.*?\)|\(.*$", " "),
        (r"\bt\.?\s*p\.?\s*(?:h\.?\s*c\.?\s*m\b\.?)", "thành phố hồ chí minh"),
        (r"\bt\.?p\b\.?", "thành phố "),
        (r"\bt\.?x\b\.?", "thị xã "),
        (r"\bt\.?t\b\.?(?!\s*[-.]?\s*hu[eế])", "thị trấn "),
        (r"\bq(?:\.|(?=\s*\d))\s*", "quận "),
        (r"\b[pf](?:\.|(?=\s*\d))\s*", "phường "),
        (r"\bđ\.?k\.\s*", "đặc khu "),
        (r"\bh\.\s*", "huyện "),
        (r"\bx\.\s*", "xã "),
        (r"\bt\.\s*", "tỉnh "),
        (r"\b(?:ubnd|ủy ban nhân dân|uỷ ban nhân dân)\b", " "),
        (r"[,;/\s]*\b(?:việt nam|viet nam|vn)\b[.\s]*$", " "),
        (r"\bcũ\b", " "),
    )
)
_ABBREVIATED = re.compile(
    r"[(.]|\b(?:[tpqxhf]|t[pxt]|tp\s?hcm|[pqf]\s?\d+|ubnd|nhân dân|việt nam|viet nam|vn|cũ)\b", re.IGNORECASE
)
_TOKENS = re.compile(r"[\w']+|[,;/|–—-]")
_KIND_TONES = {"thi xa": "thi5 xa4", "thanh pho": "thanh2 pho61", "thi tran": "thi5 tra6n1", "dac khu": "d9a8c5 khu",
               "phuong": "phu7o7ng2", "quan": "qua6n5", "huyen": "huye6n5", "xa": "xa4", "tinh": "tinh3"}  # fmt: skip
_LAST_OF_KINDS = frozenset(kind.split()[-1] for kind in _KIND_TONES)
DISTRICT_KINDS = frozenset(("thi xa", "thanh pho", "quan", "huyen"))
COMMUNE_KINDS = frozenset(("xa", "phuong", "thi tran", "dac khu"))
MAX_WORDS = 7


@lru_cache(maxsize=1 << 15)
def _word(token: str, starts: bool) -> PlaceWord:
    folded = fold(token)
    return PlaceWord(folded, tone_key(token), squeeze(folded), starts)


@lru_cache(maxsize=1 << 8)
def place_text(text: str) -> PlaceText:
    """The words of clean text; kept for a while, as a text is read at one date after another."""
    return PlaceText(text)


class PlaceText:
    """The words of a place and where kinds of units stand in them."""

    def __init__(self, text: str) -> None:
        self.unmarked = text.isascii()
        if _ABBREVIATED.search(text):
            for pattern, by in _SUBSTITUTIONS:
                text = pattern.sub(by, text)
        self.words: list[PlaceWord] = []
        separated = True
        for token in _TOKENS.findall(text):
            word = _word(token, separated)
            if word.fold:
                self.words.append(word)
            separated = not word.fold
        self.run_on = not any(word.starts for word in self.words[1:])
        ends = [False, *(word.fold in _LAST_OF_KINDS for word in self.words)]
        self.kinds = [self._kind_before(at) if ends_kind else ("", at) for at, ends_kind in enumerate(ends)]
        """For each word, the kind of unit that ends before it ('' when none does) and where that starts."""
        self.may_start = [self.run_on or word.starts or self.kinds[at][0] != "" for at, word in enumerate(self.words)]
        """For each word, whether a name may start with it."""

    def _kind_before(self, at: int) -> tuple[str, int]:
        last = self.words[at - 1].fold
        for kind in (f"{self.words[at - 2].fold} {last}" if at > 1 else "", last):
            tone = _KIND_TONES.get(kind)
            if tone:
                start = at - 1 - kind.count(" ")
                if self.unmarked or " ".join([word.tone for word in self.words[start:at]]) == tone:
                    return kind, start
        return "", at

    def names_ending(self, end: int, index: Index) -> list[tuple[list[Named], str, int, int]]:
        """Names of `index` that end before word `end`, longest first: best candidates, kind said, start, how well (1–3)."""
        found = []
        squeezed = ""
        for start in range(end - 1, max(end - MAX_WORDS, 0) - 1, -1):
            squeezed = self.words[start].squeezed + squeezed
            if not self.may_start[start]:
                continue
            kind, kind_start = self.kinds[start]
            key = f"{kind}{int(squeezed)}".replace(" ", "") if squeezed.isdecimal() else squeezed
            if candidates := index.get(key):
                words = self.words[start:end]
                folded, tone = "".join([word.fold for word in words]), "".join([word.tone for word in words])
                best, fit = _best(candidates, folded, tone, kind, self.unmarked)
                found.append((best, kind, kind_start, fit))
        return found[::-1]


def squeeze(folded: str) -> str:
    """`place_key` of text that is folded already."""
    return folded.replace("k", "c").replace("y", "i")


def _best(candidates: list[Named], folded: str, tone: str, kind: str, unmarked: bool) -> tuple[list[Named], int]:
    """The candidates that fit the spelling best (3 as written, 2 other marks, 1 k/c or i/y), of the kind said if any is."""

    def fit(named: Named) -> int:
        if not named.tone or folded.isdigit() or unmarked:  # no marks to compare
            return 3 if named.fold == folded or folded.isdigit() else 1
        return 3 if named.tone == tone else 2 if named.fold == folded else 1

    top = max(fit(named) for named in candidates)
    best = [named for named in candidates if fit(named) == top]
    if kind:
        return [named for named in best if named.type == kind] or best, top
    return [named for named in best if named.tone] or best, top

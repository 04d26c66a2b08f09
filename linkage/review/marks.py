"""Which letters of two Vietnamese texts differ, and whether in tone only.

Pure functions. A letter is a base letter with its shape (ă, â, ê, ô, ơ, ư, đ); a tone is one of the five tone marks. Case,
Unicode form, the kind of apostrophe and the place of the tone mark in a syllable (hoà, hòa) make no difference.
"""

from __future__ import annotations

import re
from difflib import SequenceMatcher
from functools import lru_cache
from typing import Literal, NamedTuple

from linkage.vietnamese.letters import APOSTROPHES, clean_text, compose
from linkage.vietnamese.syllables import split_tone

Kind = Literal["same", "tone", "letter"]

_WORDS = re.compile(rf"[\w{APOSTROPHES}\u0300-\u036f]+|\s+|[^\w\s]")


class Segment(NamedTuple):
    """A run of letters of one kind, as the source writes them."""

    text: str
    kind: Kind


Marked = tuple[Segment, ...]


@lru_cache(maxsize=1024)
def mark_differences(left: str, right: str) -> tuple[Marked, Marked]:
    """The two texts cut into runs that are the same, differ in tone, or differ in letters.

    >>> mark_differences("Nguyễn Hoa", "Nguyên Hoa")[0]
    (Segment(text='Nguy', kind='same'), Segment(text='ễ', kind='tone'), Segment(text='n Hoa', kind='same'))
    """
    words_l, words_r = _WORDS.findall(compose(left)), _WORDS.findall(compose(right))
    keys_l, keys_r = [_sameness(word) for word in words_l], [_sameness(word) for word in words_r]
    plain_l, plain_r = [letters for letters, _ in keys_l], [letters for letters, _ in keys_r]
    marked_l: list[Segment] = []
    marked_r: list[Segment] = []
    for tag, l0, l1, r0, r1 in SequenceMatcher(None, plain_l, plain_r, autojunk=False).get_opcodes():
        if tag == "equal" or (tag == "replace" and l1 - l0 == r1 - r0):
            for i, j in zip(range(l0, l1), range(r0, r1), strict=True):
                _mark_word(words_l[i], words_r[j], keys_l[i] == keys_r[j], marked_l, marked_r)
        else:
            marked_l.extend(Segment(word, "letter") for word in words_l[l0:l1])
            marked_r.extend(Segment(word, "letter") for word in words_r[r0:r1])
    return _joined(marked_l), _joined(marked_r)


def difference_kind(left: str, right: str) -> Kind:
    """The gravest difference of two texts.

    >>> difference_kind("Hoà", "HÒA"), difference_kind("Hoa", "Hoà"), difference_kind("Hoa", "Huệ")
    ('same', 'tone', 'letter')
    """
    kinds = {segment.kind for side in mark_differences(left, right) for segment in side}
    return "letter" if "letter" in kinds else "tone" if "tone" in kinds else "same"


def _sameness(word: str) -> tuple[str, str]:
    """The word's letters without tones, and its tones; spaces are all alike."""
    letters, tones = split_tone(clean_text(word).casefold())
    return letters, "".join(sorted(tones))


def _mark_word(left: str, right: str, same: bool, marked_l: list[Segment], marked_r: list[Segment]) -> None:
    if same:
        marked_l.append(Segment(left, "same"))
        marked_r.append(Segment(right, "same"))
        return
    keys_l, keys_r = [_sameness(sign) for sign in left], [_sameness(sign) for sign in right]
    matcher = SequenceMatcher(None, [letter for letter, _ in keys_l], [letter for letter, _ in keys_r], autojunk=False)
    for tag, l0, l1, r0, r1 in matcher.get_opcodes():
        if tag != "equal":
            marked_l.extend(Segment(sign, "letter") for sign in left[l0:l1])
            marked_r.extend(Segment(sign, "letter") for sign in right[r0:r1])
            continue
        for i, j in zip(range(l0, l1), range(r0, r1), strict=True):
            kind: Kind = "same" if keys_l[i] == keys_r[j] else "tone"
            marked_l.append(Segment(left[i], kind))
            marked_r.append(Segment(right[j], kind))


def _joined(segments: list[Segment]) -> Marked:
    """Neighbours of one kind as one segment."""
    joined: list[Segment] = []
    for segment in segments:
        if joined and joined[-1].kind == segment.kind:
            joined[-1] = Segment(joined[-1].text + segment.text, segment.kind)
        else:
            joined.append(segment)
    return tuple(joined)

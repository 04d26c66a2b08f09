"""The sound key: the tone key after merging what regional speech and clerks merge, each merge a named rule."""

from __future__ import annotations

from collections.abc import Collection
from functools import lru_cache

from linkage.vietnamese.letters import clean_text, tone_key
from linkage.vietnamese.syllables import Syllable, parse_syllable

SOUND_MERGES: tuple[str, ...] = ("s_x", "tr_ch", "d_gi_r", "l_n", "i_y", "hoi_nga", "final_n_ng", "final_t_c")
"""s/x, tr/ch, d/gi/r (northern onsets), l/n (Red River delta), i/y (spelling), hỏi/ngã (central and southern tones),
final n/ng and t/c (southern codas)."""

_ONSET_MERGES = {"s_x": {"s": "x"}, "tr_ch": {"tr": "ch"}, "d_gi_r": {"gi": "d", "r": "d"}, "l_n": {"n": "l"}}
_CODA_MERGES = {"final_n_ng": {"ng": "n"}, "final_t_c": {"c": "t"}}


def _merge_sounds(syllable: Syllable, merges: frozenset[str]) -> str:
    onset, nucleus, coda, tone = syllable.onset, syllable.nucleus, syllable.coda, syllable.tone
    for merge in merges:
        onset = _ONSET_MERGES.get(merge, {}).get(onset, onset)
        coda = _CODA_MERGES.get(merge, {}).get(coda, coda)
    if "i_y" in merges:
        # only where the two letters spell one sound: Lý/Lí, Quý/Quí, yên/iên; never Thúy/Thúi or Hay/Hai
        nucleus = {"y": "i", "yê": "iê"}.get(nucleus, nucleus)
    if "hoi_nga" in merges and tone == "4":
        tone = "3"
    return tone_key(onset + nucleus + coda) + tone


@lru_cache(maxsize=1 << 17)
def _sound_word(word: str, merges: frozenset[str]) -> str:
    syllable = parse_syllable(word)
    return _merge_sounds(syllable, merges) if syllable else tone_key(word)


def sound_key(text: str, merges: Collection[str] = SOUND_MERGES) -> str:
    """The sound key of a clean or raw text. A word that spells no Vietnamese syllable keeps its tone key.

    Raises ValueError for a merge that is not in `SOUND_MERGES`.

    >>> sound_key("Sáng") == sound_key("Xáng"), sound_key("Nghĩa") == sound_key("Nghỉa")
    (True, True)
    >>> sound_key("Lan", merges=["s_x"])
    'lan'
    """
    if unknown := set(merges) - set(SOUND_MERGES):
        raise ValueError(f"unknown sound merge: {', '.join(sorted(unknown))}; known: {', '.join(SOUND_MERGES)}")
    chosen = frozenset(merges)
    words = clean_text(text).replace("-", " ").split()
    return " ".join(key for word in words if (key := _sound_word(word, chosen)))

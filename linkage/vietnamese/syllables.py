"""The Vietnamese syllable: onset + rhyme (nucleus + coda) + tone, all from closed lists.

Only a token that parses here is ever rewritten; names of other languages (Chamaléa, H'Ñan, Katơr) do not parse and
stay as they are. Spelling facts: the syllable structure of the national orthography; placement of the tone sign on
oa, oe, uy is written two ways (old: hòa, thủy; new: hoà, thuỷ), both right.
"""

from __future__ import annotations

import unicodedata
from dataclasses import dataclass
from functools import lru_cache
from typing import Literal

from linkage.vietnamese.letters import TONE_MARKS

TonePlacement = Literal["old", "new"]

ONSETS = ("ngh", "ch", "gh", "gi", "kh", "ng", "nh", "ph", "qu", "th", "tr",
          "b", "c", "d", "đ", "g", "h", "k", "l", "m", "n", "p", "r", "s", "t", "v", "x", "")  # fmt: skip
CODAS = ("ch", "ng", "nh", "c", "m", "n", "p", "t", "")
"""Final consonants; the glides i, y, o, u belong to the nucleus here."""

_RHYMES_TEXT = """
    a ac ach ai am an ang anh ao ap at au ay ăc ăm ăn ăng ăp ăt âc âm ân âng âp ât âu ây e ec em en eng eo ep et ê êch êm
    ên êng ênh êp êt êu i ia ich iêc iêm iên iêng iêp iêt iêu im in inh ip it iu o oa oac oach oai oam oan oang oanh oao
    oap oat oay oăc oăm oăn oăng oăp oăt oc oe oem oen oeo oet oi om on ong ooc oong op ot ô ôc ôi ôm ôn ông ôôc ôông ôp
    ôt ơ ơi ơm ơn ơp ơt u ua uân uâng uât uây uc uê uêch uên uênh uêu ui um un ung uôc uôi uôm uôn uông uôt uơ up ut uy
    uya uych uyên uyêt uyn uynh uyp uyt uyu uăn uăng ư ưa ưc ưi ưm ưn ưng ươc ươi ươm ươn ương ươp ươt ươu ưt ưu y yêm yên
    yêng yêt yêu
"""
_RHYMES = frozenset(_RHYMES_TEXT.split())
_AFTER_QU_TEXT = """
    a ac ach ai an ang anh ao ap at au ay ăc ăm ăn ăng ăp ăt âc âm ân âng âp ât âu ây e en eng eo ep et ê êch ên ênh êt êu
    i in inh ich it iu y yên yêt ynh ych yt yp yu yn ôc ô ơ ơi ơn ơt
"""
_AFTER_QU = frozenset(_AFTER_QU_TEXT.split())
_FRONT = frozenset("ieêy")
_BEFORE_FRONT = frozenset(("k", "gh", "ngh"))
_BEFORE_BACK = frozenset(("c", "g", "ng"))
_STOPPED = frozenset(("c", "ch", "p", "t"))


@dataclass(frozen=True, slots=True)
class Syllable:
    """A parsed syllable in lower case; `tone` is "" (ngang) or a digit 1–5."""

    onset: str
    nucleus: str
    coda: str
    tone: str

    @property
    def rhyme(self) -> str:
        """Nucleus and coda as spelled after the onset."""
        return self.nucleus + self.coda


def split_tone(word: str) -> tuple[str, str]:
    """The composed word without tone signs, and the signs' digits in order.

    >>> split_tone("nguyễn")
    ('nguyên', '4')
    """
    bare: list[str] = []
    tones: list[str] = []
    base = ""
    for c in unicodedata.normalize("NFD", word):
        if c in TONE_MARKS and base in "aeiouyAEIOUY":
            tones.append(TONE_MARKS[c])
        else:
            bare.append(c)
            base = c if not unicodedata.combining(c) else base
    return unicodedata.normalize("NFC", "".join(bare)), "".join(tones)


@lru_cache(maxsize=1 << 17)
def parse_syllable(token: str) -> Syllable | None:
    """The syllable a composed token spells, wherever its tone sign stands; None when it spells none.

    A final c, ch, p or t takes only sắc or nặng (or no sign, as in unmarked text); uya (khuya) takes none.

    >>> parse_syllable("Nguyễn")
    Syllable(onset='ng', nucleus='uyê', coda='n', tone='4')
    >>> parse_syllable("Katơr") is None
    True
    """
    bare, tone = split_tone(token.lower())
    if len(tone) > 1 or not bare:
        return None
    for onset in ONSETS:
        if not bare.startswith(onset):
            continue
        rhyme = bare[len(onset) :]
        if onset == "gi":
            if rhyme.startswith("i"):
                continue
            if rhyme[:1] in ("", "ê") or rhyme in ("m", "n", "p", "t", "ch", "nh"):
                rhyme = "i" + rhyme  # gì, gìn, giếng: the i is both of the onset and of the rhyme
        if rhyme not in (_AFTER_QU if onset == "qu" else _RHYMES):
            continue
        if (onset in _BEFORE_FRONT and rhyme[0] not in _FRONT) or (onset in _BEFORE_BACK and rhyme[0] in _FRONT):
            continue
        if rhyme.startswith("yê") and onset not in ("", "qu"):
            continue
        coda = next(c for c in CODAS if rhyme.endswith(c))
        if (coda in _STOPPED and tone in ("2", "3", "4")) or (rhyme == "uya" and tone):
            return None
        return Syllable(onset, rhyme.removesuffix(coda) if coda else rhyme, coda, tone)
    return None


def _tone_position(nucleus: str, coda: str, placement: TonePlacement) -> int:
    """Which vowel of the nucleus carries the tone sign."""
    marked = [i for i, c in enumerate(nucleus) if c in "ăâêôơư"]
    if marked:
        return marked[-1]
    if len(nucleus) == 1:
        return 0
    if coda or len(nucleus) == 3:
        return 1
    if nucleus in ("oa", "oe", "uy"):
        return 0 if placement == "old" else 1
    return 0


_MARK_OF_TONE = {digit: mark for mark, digit in TONE_MARKS.items()}


def place_tone(syllable: Syllable, placement: TonePlacement = "old") -> str:
    """The syllable written in lower case with its tone sign where the orthography puts it.

    >>> place_tone(parse_syllable("hoà")), place_tone(parse_syllable("hòa"), "new"), place_tone(parse_syllable("qúy"))
    ('hòa', 'hoà', 'quý')
    """
    nucleus, onset = syllable.nucleus, syllable.onset
    at = _tone_position(nucleus, syllable.coda, placement)
    if syllable.tone:
        nucleus = unicodedata.normalize("NFC", nucleus[: at + 1] + _MARK_OF_TONE[syllable.tone]) + nucleus[at + 1 :]
    if onset == "gi" and syllable.nucleus.startswith("i"):
        onset = "g"  # the nucleus already spells the i
    return onset + nucleus + syllable.coda


@lru_cache(maxsize=1 << 17)
def relocate_tone(token: str, placement: TonePlacement = "old") -> str:
    """The token with its tone sign relocated if it spells a Vietnamese syllable; otherwise as it was. Case is kept.

    >>> [relocate_tone(t) for t in ("Hoà", "Qúy", "NGUỸÊN", "Chamaléa")]
    ['Hòa', 'Quý', 'NGUYỄN', 'Chamaléa']
    """
    syllable = parse_syllable(token)
    if syllable is None or not syllable.tone:
        return token
    placed = place_tone(syllable, placement)
    if len(placed) != len(token):
        return token
    return "".join(new.upper() if old.isupper() else new for old, new in zip(token, placed, strict=True))

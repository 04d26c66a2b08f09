"""Every token of a name as an integer, with its wrong spellings by kind of error and its looks by habit of the office.

Names are matrices of token codes (one row a name, -1 padding), so errors are integer look-ups and text is made once, at the end.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Callable
from functools import cache, cached_property

import numpy as np

from linkage.synthetic import reference_names as kinh
from linkage.synthetic.legacy import to_mojibake, to_tcvn3, to_vni
from linkage.synthetic.reference_ethnic_names import PATTERNS
from linkage.synthetic.spelling import TOKEN_KINDS, without_marks
from linkage.vietnamese.syllables import relocate_tone

STYLES: dict[str, Callable[[str], str]] = {
    "plain": lambda token: token,
    "no_diacritics": without_marks,
    "capitals": str.upper,
    "capitals_no_diacritics": lambda token: without_marks(token).upper(),
    "new_tone_style": lambda token: relocate_tone(token, "new"),
    "tcvn3": to_tcvn3,
    "vni": to_vni,
    "mojibake": to_mojibake,
    "decomposed": lambda token: unicodedata.normalize("NFD", token),
    "eth": lambda token: token.replace("Đ", "Ð"),
}
"""How a whole name looks by the habit or the encoding of whoever typed it."""

NICKNAMES = (
    "Hai", "Ba", "Tư", "Năm", "Sáu", "Bảy", "Tám", "Chín", "Mười", "Út", "Cu", "Tý", "Tèo", "Gái", "Bé", "Giuse", "Maria", 
    "Phêrô", "Anna", "Cò", "Nhỏ",
)  # fmt: skip


class Vocabulary:
    """Tokens, codes and tables over them."""

    def __init__(self, tokens: list[str]) -> None:
        self.tokens = list(dict.fromkeys(tokens))
        self._code = {token: i for i, token in enumerate(self.tokens)}
        self.clean = len(self.tokens)
        self.variants: dict[str, tuple[np.ndarray, np.ndarray, np.ndarray]] = {}
        for kind, spell in TOKEN_KINDS.items():
            self.variants[kind] = self._tabulate(spell)

    def _tabulate(self, spell: Callable[[str], list[str]]) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        start: list[int] = []
        count: list[int] = []
        codes: list[int] = []
        for token in self.tokens[: self.clean]:
            found = [each for each in dict.fromkeys(spell(token)) if each and each != token]
            start.append(len(codes))
            count.append(len(found))
            codes.extend(self.code(each) for each in found)
        return np.array(start), np.array(count), np.array(codes or [0])

    def code(self, token: str) -> int:
        """The token's code; a new one when it is not known."""
        if token not in self._code:
            self._code[token] = len(self.tokens)
            self.tokens.append(token)
        return self._code[token]

    def codes(self, tokens: list[str] | tuple[str, ...]) -> np.ndarray:
        """Codes of several tokens."""
        return np.array([self.code(token) for token in tokens], np.int32)

    def can(self, kind: str, codes: np.ndarray) -> np.ndarray:
        """Whether the error can touch each token (padding and already wrong spellings cannot)."""
        inside = (codes >= 0) & (codes < self.clean)
        return inside & (self.variants[kind][1][np.where(inside, codes, 0)] > 0)

    def misspell(self, kind: str, codes: np.ndarray, draw: np.ndarray) -> np.ndarray:
        """One of the wrong spellings of each token, chosen by `draw` in [0, 1)."""
        start, count, found = self.variants[kind]
        return np.asarray(found[start[codes] + (draw * count[codes]).astype(np.int64)])

    @cached_property
    def looks(self) -> dict[str, np.ndarray]:
        """Style → text of every token (object arrays; the last element is the empty padding)."""
        return {style: np.array([*map(look, self.tokens), ""], dtype=object) for style, look in STYLES.items()}

    @cached_property
    def folded(self) -> np.ndarray:
        """Code of the folded token among folded tokens: equal numbers, equal spelling without diacritics."""
        return np.unique(np.array([without_marks(token).lower() for token in self.tokens]), return_inverse=True)[1]

    def text(self, names: np.ndarray, style: str = "plain") -> np.ndarray:
        """Names as text, tokens joined by a space (after `H’` and `K’` by nothing)."""
        look = self.looks[style]
        glue = self._glue
        out = look[names[:, 0]]
        for i in range(1, names.shape[1]):
            token = names[:, i]
            some = token >= 0
            if not some.any():
                break
            before = glue[names[:, i - 1]]
            out = np.where(some, out + np.where(before, "", " ").astype(object) + look[token], out)
        return np.asarray(out)

    @cached_property
    def _glue(self) -> np.ndarray:
        return np.array([token.endswith("’") for token in self.tokens] + [False])


def _words(table: str) -> list[str]:
    return table.split()[::2]


@cache
def vocabulary() -> Vocabulary:
    """The one vocabulary: tokens in a fixed order, so codes are the same in every process."""
    tokens = ["Thị", "Văn"]
    for name in sorted(vars(kinh)):
        table = getattr(kinh, name)
        if isinstance(table, str) and name.isupper() and name != "COMPOUNDS":
            tokens += _words(table)
    tokens += kinh.COMPOUNDS.replace("|", " ").split()
    for pattern in PATTERNS.values():
        tokens += [
            *pattern.surnames,
            *pattern.men.split("|"),
            *pattern.women.split("|"),
            *pattern.men_given,
            *pattern.women_given,
        ]
    return Vocabulary([token for token in [*tokens, *NICKNAMES] if token])

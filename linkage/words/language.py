"""A word in the two languages readers choose from."""

from __future__ import annotations

from typing import Literal, NamedTuple

Language = Literal["vi", "en"]
LANGUAGES: tuple[Language, ...] = ("vi", "en")


class Word(NamedTuple):
    """What a reader sees for one key, in the form it has inside a sentence unless its module says otherwise."""

    vi: str
    en: str

    def __call__(self, language: Language) -> str:
        """The word in one language.

        >>> Word("Giới tính", "Sex")("en")
        'Sex'
        """
        return self.vi if language == "vi" else self.en


def begun(text: str) -> str:
    """A word as the beginning of a sentence, a cell or a heading.

    >>> begun("người chết")
    'Người chết'
    """
    return text[:1].upper() + text[1:]

"""Everything reviewers read, from `texts.json`: Vietnamese first, English beside it."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any, Literal

Language = Literal["vi", "en"]
LANGUAGES: tuple[Language, ...] = ("vi", "en")

_TEXTS: dict[str, Any] = json.loads((Path(__file__).parent / "texts.json").read_text(encoding="utf-8"))
_GROUP_OF = {field: group["name"] for group in _TEXTS["groups"] for field in group["fields"]}
_ORDER = {field: place for place, field in enumerate(_GROUP_OF)}
_OWNERS = ("mother_", "father_", "spouse_", "husband_", "wife_", "child_", "adoptive_")
_PLACES = ("_place", "_residence", "_address")


class Texts:
    """The texts in one language."""

    def __init__(self, language: Language) -> None:
        self.language = language
        self._interface, self._fields, self._roles = (
            {name: str(entry[language]) for name, entry in _TEXTS[part].items()} for part in ("interface", "fields", "roles")
        )

    def __call__(self, name: str, **values: object) -> str:
        """A sentence of the interface with its values put in.

        >>> Texts("en")("pair_title", number=7)
        'Pair 7'
        """
        return self._interface[name].format(**values)

    def field(self, name: str) -> str:
        """The label of a field; its canonical name when the list has none."""
        return self._fields.get(name, name)

    def role(self, name: str) -> str:
        """The label of a role; its canonical name when the list has none."""
        return self._roles.get(name, name)

    def groups(self) -> list[tuple[str, str]]:
        """Names and titles of the groups of fields, in the order of the page."""
        return [(group["name"], group[self.language]) for group in _TEXTS["groups"]]


TEXTS: dict[Language, Texts] = {language: Texts(language) for language in LANGUAGES}


def group_of(field: str) -> str:
    """The group a field is shown in; a field that the list lacks goes by the form of its name.

    >>> group_of("birth_place"), group_of("guardian_residence"), group_of("occupation")
    ('places', 'places', 'other')
    """
    if field in _GROUP_OF:
        return str(_GROUP_OF[field])
    if field.endswith(_PLACES):
        return "places"
    return "family" if field.startswith(_OWNERS) else "other"


def in_page_order(fields: list[str]) -> list[str]:
    """Fields as the page lists them: the order of the texts file, then their own."""
    return sorted(dict.fromkeys(fields), key=lambda field: _ORDER.get(field, len(_ORDER)))

"""Everything reviewers read: the vocabulary of the house, and the sentences that only this room prints (`interface.json`)."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from linkage.words.documents import EMPTY, FIELD, MEASURE, REASON, REMARK, STRATUM, VALUE, VERDICT
from linkage.words.estimates import PAIRS, stratum_word
from linkage.words.fields import as_written, field_word
from linkage.words.language import LANGUAGES, Language, Word, begun
from linkage.words.registers import LEFT, RIGHT, role_word
from linkage.words.verdicts import SEARCH_VERDICTS, VERDICT_REASONS, VERDICTS

_OWN: dict[str, Any] = json.loads((Path(__file__).parent / "interface.json").read_text(encoding="utf-8"))
_GROUP_OF = {field: group["name"] for group in _OWN["groups"] for field in group["fields"]}
_ORDER = {field: place for place, field in enumerate(_GROUP_OF)}
_OWNERS = ("mother_", "father_", "spouse_", "husband_", "wife_", "child_", "adoptive_")
_PLACES = ("_place", "_residence", "_address")
_SHARED: dict[str, Word] = {
    "field": FIELD, "left_record": LEFT, "right_record": RIGHT, "empty": EMPTY, "stratum": STRATUM, "pairs": PAIRS,
    "units": PAIRS, "measure": MEASURE, "value": VALUE, "verdict_column": VERDICT, "sheet_reason": REASON,
    "sheet_comment": REMARK,
    **{f"verdict_{name}": Word(*map(begun, word)) for name, word in VERDICTS.items()},
    **{f"search_verdict_{name}": Word(*map(begun, word)) for name, word in SEARCH_VERDICTS.items()},
    **{f"reason_{name}": Word(*map(begun, word)) for name, word in VERDICT_REASONS.items()},
}  # fmt: skip
"""Name under which a page asks for a word of the house."""


class Interface:
    """What pages and workbooks say, in one language."""

    def __init__(self, language: Language) -> None:
        self.language = language
        self._sentences = {name: str(entry[language]) for name, entry in _OWN["interface"].items()}
        self._sentences |= {name: word(language) for name, word in _SHARED.items()}

    def __call__(self, name: str, **values: object) -> str:
        """A sentence of the interface with its values put in.

        >>> Interface("en")("pair_title", number=7)
        'Pair 7'
        """
        return self._sentences[name].format(**values)

    def field(self, name: str) -> str:
        """The heading of a field."""
        return field_word(name, self.language)

    def role(self, name: str) -> str:
        """The name of a role, given as `register role` or `role`; nothing for the population's only one.

        >>> Interface("vi").role("parent_recognition child"), Interface("vi").role("person")
        ('người con', '')
        """
        register, _, role = name.rpartition(" ")
        return "" if role == "person" else role_word(role, self.language, register)

    def stratum(self, name: str) -> str:
        """A stratum of the review sample."""
        return stratum_word(name, self.language)

    def groups(self) -> list[tuple[str, str]]:
        """Names and titles of the groups of fields, in the order of the page."""
        return [(group["name"], group[self.language]) for group in _OWN["groups"]]


INTERFACE: dict[Language, Interface] = {language: Interface(language) for language in LANGUAGES}


def group_of(field: str) -> str:
    """The group a field is shown in; a field that the list lacks goes by the form of its name.

    >>> group_of("birth_place"), group_of("guardian_residence"), group_of("occupation")
    ('places', 'places', 'other')
    """
    field = as_written(field)
    if field in _GROUP_OF:
        return str(_GROUP_OF[field])
    if field.endswith(_PLACES):
        return "places"
    return "family" if field.startswith(_OWNERS) else "other"


def in_page_order(fields: list[str]) -> list[str]:
    """Fields as the page lists them: the order of the file, then their own."""
    return sorted(dict.fromkeys(fields), key=lambda field: _ORDER.get(as_written(field), len(_ORDER)))

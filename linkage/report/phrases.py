"""The report in one language: the vocabulary of the house, and the sentences and captions that only the report prints."""

from __future__ import annotations

import json
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

from linkage.likeness.library import level_word
from linkage.vietnamese.gazetteer import gazetteer
from linkage.words.decisions import CHOICES, DECISION_REASONS, DECISIONS, THRESHOLD_SOURCES, THRESHOLDS
from linkage.words.documents import (
    FIELD,
    LINKS,
    MEASURE,
    OUTCOME,
    REASON,
    SHARE,
    STRATUM,
    SYNTHETIC,
    TOTAL,
    UNKNOWN,
    VALUE,
    VERDICT,
)
from linkage.words.estimates import (
    DENOMINATORS,
    ESTIMATORS,
    LINK_WEIGHT,
    MEASURES,
    PAIRS,
    PAIRS_LOGARITHMIC,
    READINGS,
    SAMPLE_KINDS,
    STANDARDISED_DIFFERENCE,
)
from linkage.words.fields import field_word
from linkage.words.findings import DIFFERENCES, FINDINGS
from linkage.words.formats import decimal
from linkage.words.group_names import BREAKDOWNS, ERROR_CLASSES, OTHER, SEXES, TOO_FEW
from linkage.words.key_names import KEYS, key_word, rule_word
from linkage.words.registers import LEFT, RIGHT
from linkage.words.verdicts import LABEL_SOURCES, VERDICTS

if TYPE_CHECKING:
    from collections.abc import Mapping

    from linkage.words.language import Language, Word

_PLACE = {"vi": 0, "en": 1}
_SHARED: Mapping[str, Mapping[str, Word]] = {
    "keys": KEYS,
    "decisions": DECISIONS,
    "reasons": DECISION_REASONS,
    "verdicts": VERDICTS,
    "how": LABEL_SOURCES,
    "measures": MEASURES,
    "estimators": ESTIMATORS,
    "readings": READINGS,
    "denominators": DENOMINATORS,
    "threshold_how": THRESHOLD_SOURCES,
    "choices": CHOICES,
    "kinds_of_pair": SAMPLE_KINDS,
    "findings": FINDINGS,
    "classes": DIFFERENCES,
    "groups": BREAKDOWNS,
    "sexes": SEXES,
    "error_classes": ERROR_CLASSES,
    "sides": {"mention": LEFT, "person": RIGHT},
    "columns": {
        "left": LEFT, "right": RIGHT, "field": FIELD, "reason": REASON, "measure": MEASURE, "verdict": VERDICT, "value": VALUE,
        "share": SHARE, "outcome": OUTCOME, "pairs": PAIRS, "links": LINKS, "total": TOTAL, "stratum": STRATUM,
        "rate": MEASURES["link_rate"], "difference": STANDARDISED_DIFFERENCE,
    },
    "words": {
        "synthetic": SYNTHETIC, "unknown": UNKNOWN, "other": OTHER, "too_few": TOO_FEW, "link_weight": LINK_WEIGHT,
        "pairs_axis": PAIRS_LOGARITHMIC, "difference_axis": STANDARDISED_DIFFERENCE, **THRESHOLDS,
    },
}  # fmt: skip
"""Group and name under which the report asks for a word of the house."""


@cache
def _own() -> dict[str, Any]:
    held: dict[str, Any] = json.loads((Path(__file__).parent / "phrases.json").read_text(encoding="utf-8"))
    return held


class Phrases:
    """Looks words up by group and name; what is not known is shown as it is, so that a user's own field keeps its name."""

    def __init__(self, language: Language) -> None:
        self.language = language
        self._place = _PLACE[language]

    def __call__(self, group: str, name: str, *values: object) -> str:
        """The text, with `values` in its places {0}, {1} …"""
        if name in _SHARED.get(group, {}):
            return _SHARED[group][name](self.language)
        text: str = _own()[group][name][self._place]
        return text.format(*values) if values else text

    def named(self, group: str, name: str | None) -> str:
        """The text, or the name itself where there is none."""
        if not name:
            return "–"
        return self(group, name) if name in _SHARED.get(group, {}) or name in _own().get(group, {}) else name

    def lines(self, group: str, name: str) -> list[str]:
        """A text of several lines."""
        found: list[str] = _own()[group][name][self._place]
        return found

    def glossary(self) -> list[tuple[str, str]]:
        """Terms with their meanings."""
        return [(term[self._place], meaning[self._place]) for term, meaning in _own()["glossary"]]

    def header(self, *names: str) -> tuple[str, ...]:
        """Column headings."""
        return tuple(self("columns", name) for name in names)

    def field(self, name: str) -> str:
        """A field."""
        return field_word(name, self.language)

    def key(self, column: str) -> str:
        """A standardised column: the field and, in brackets, which key of it."""
        return key_word(column, self.language)

    def rule(self, name: str) -> str:
        """A blocking rule as its keys."""
        return rule_word(name, self.language)

    def level(self, label: str) -> str:
        """A comparison level's label."""
        return level_word(label, self.language)

    def province(self, code: int | None) -> str:
        """The present-day province of a code."""
        return gazetteer().present_provinces.get(code, str(code)) if code is not None else self("words", "unknown")

    def axis(self, value: float) -> str:
        """A number on an axis."""
        text = f"{value:,.10g}"
        return (text.translate(str.maketrans(",.", ".,")) if self.language == "vi" else text).replace("-", "−")

    def decimal(self, text: str) -> str:
        """A decimal numeral that stands inside a name, in the language's form."""
        return decimal(text, self.language)

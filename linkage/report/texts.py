"""Every short text of the report (`texts.json`) in one language, and the names that run tables are given for readers."""

from __future__ import annotations

import json
import re
from functools import cache
from pathlib import Path
from typing import Any

from linkage.report.numbers import Language

_PLACE = {"vi": 0, "en": 1}


@cache
def _held() -> dict[str, Any]:
    held: dict[str, Any] = json.loads((Path(__file__).parent / "texts.json").read_text(encoding="utf-8"))
    return held


class Texts:
    """Looks texts up by group and name; what is not known is shown as it is, so that a user's own field keeps its name."""

    def __init__(self, language: Language) -> None:
        self.language = language
        self._place = _PLACE[language]

    def __call__(self, group: str, name: str, *values: object) -> str:
        """The text, with `values` in its places {0}, {1} …"""
        text: str = _held()[group][name][self._place]
        return text.format(*values) if values else text

    def named(self, group: str, name: str | None) -> str:
        """The text, or the name itself where there is none."""
        found = _held()[group].get(name or "")
        return found[self._place] if found else (name or "–").replace("_", " ")

    def lines(self, group: str, name: str) -> list[str]:
        """A text of several lines."""
        found: list[str] = _held()[group][name][self._place]
        return found

    def glossary(self) -> list[tuple[str, str]]:
        """Terms with their meanings."""
        return [(term[self._place], meaning[self._place]) for term, meaning in _held()["glossary"]]

    def header(self, *names: str) -> tuple[str, ...]:
        """Column headings."""
        return tuple(self("columns", name) for name in names)

    def field(self, name: str) -> str:
        """A canonical field; a field of another person of the entry as `field + person`."""
        fields = _held()["fields"]
        if name in fields:
            return self("fields", name)
        person, _, rest = name.partition("_")
        if person in _held()["persons"] and rest in fields:
            own, whose = self("fields", rest), self("persons", person)
            return f"{own} {whose}" if self.language == "vi" else f"{whose} {own[0].lower()}{own[1:]}".capitalize()
        return name.replace("_", " ")

    def key(self, column: str) -> str:
        """A standardised column: the field and, in brackets, which key of it."""
        for suffix in sorted(_held()["keys"], key=len, reverse=True):
            stem = column.removesuffix(f"_{suffix}")
            if stem != column and (stem in _held()["fields"] or self.field(stem) != stem.replace("_", " ")):
                return f"{self.field(stem)} ({self('keys', suffix)})"
        if column in _held()["fields"] or self.field(column) != column.replace("_", " "):
            return self.field(column)
        stem, _, suffix = column.rpartition("_")
        return f"{stem} ({self('keys', suffix)})" if stem and suffix in _held()["keys"] else column

    def rule(self, name: str) -> str:
        """A blocking rule as its keys."""
        return " + ".join(self.key(key) for key in name.split(" + "))

    def level(self, label: str) -> str:
        """A comparison level's label."""
        if self.language == "en":
            return label
        if found := re.fullmatch(r"(.+?) \((.+ ≥ [\d.]+)\)", label):
            return f"{self.level(found[1])} ({self.decimal(found[2])})"
        if found := re.fullmatch(r"(edits|difference) ≤ ([\d.]+)", label):
            return f"{_held()['levels'][found[1]]} ≤ {self.decimal(found[2])}"
        if label.startswith("Jaro-Winkler ≥ "):
            return self.decimal(label)
        translated: str = _held()["levels"].get(label, label)
        return translated

    def province(self, code: int | None) -> str:
        """The present-day province of a code."""
        names: dict[str, str] = _held()["provinces"]
        return names.get(str(code), str(code)) if code is not None else self("words", "unknown")

    def axis(self, value: float) -> str:
        """A number on an axis."""
        text = f"{value:,.10g}"
        return (text.translate(str.maketrans(",.", ".,")) if self.language == "vi" else text).replace("-", "−")

    def decimal(self, text: str) -> str:
        """A decimal numeral that stands inside a name, in the language's form."""
        return text.replace(".", ",") if self.language == "vi" else text

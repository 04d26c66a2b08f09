"""The annexes: glossary, parameters, versions, cross-walk to GUILD and RECORD, and where each number comes from."""

from __future__ import annotations

import json
from collections.abc import Collection
from pathlib import Path
from typing import TYPE_CHECKING, Any

from linkage.report.content import Cell, Code, Part, Table, part

if TYPE_CHECKING:
    from linkage.config import ProjectSpec
    from linkage.report.numbers import Ledger
    from linkage.report.phrases import Phrases
    from linkage.report.reading import RunTables

NOT_PRINTED = ("left.source", "right.source")
"""Parameters that say where files and databases stand, not how records are linked."""


def describe_annexes(run: RunTables, spec: ProjectSpec, texts: Phrases) -> Part:
    """Glossary, parameters and versions."""
    terms: list[tuple[Cell, ...]] = list(texts.glossary())
    parameters: list[tuple[Cell, ...]] = [
        (Code(name), Code(value))
        for name, value in _flat(run.summary.get("spec") or spec.model_dump(mode="json", by_alias=True))
        if not name.startswith(NOT_PRINTED)
    ]
    held = run.summary
    versions: list[tuple[Cell, ...]] = [(Code(name), Code(value)) for name, value in held.get("versions", {}).items()]
    versions += [(texts.named("columns", side), Code(str(mark)[:16])) for side, mark in held.get("inputs", {}).items()]
    facts: dict[str, object] = {
        "run_id": run.run_id,
        "config_hash": str(held["config_hash"])[:16],
        "project": held["project"],
    }
    tables: dict[str, Table | None] = {
        "glossary": Table(texts("captions", "glossary"), texts.header("term", "meaning"), terms, "–", (2, 5)),
        "parameters": Table(
            texts("captions", "parameters"), texts.header("parameter", "value"), parameters, "run.json: config", (3, 4)
        ),
        "versions": Table(
            texts("captions", "versions"), texts.header("item", "value"), versions, "run.json: versions, inputs", (2, 3)
        ),
    }
    return part(facts, tables)


def crosswalk(texts: Phrases, present: Collection[str]) -> Table:
    """What the four steps of GUILD and the thirteen items of RECORD ask, and the section that answers.

    An item whose table is absent is "not reported".
    """
    items: list[dict[str, Any]] = json.loads((Path(__file__).parent / "crosswalk.json").read_text(encoding="utf-8"))
    place = 0 if texts.language == "vi" else 1
    rows: list[tuple[Cell, ...]] = []
    for item in items:
        need = item["needs"]
        reported = need == "always" or need in present
        status = "not_applicable" if need == "not_applicable" else "reported" if reported else "not_reported"
        rows.append((item["list"], item["item"][place], item["section"], texts("status", status)))
    return Table(texts("captions", "crosswalk"), texts.header("item", "asks", "where", "status"), rows, "–", (2, 6, 1, 2))


def printed_numbers(ledger: Ledger, texts: Phrases) -> Table:
    """Every number of the sentences: as printed, where, and the run table it comes from."""
    rows: list[tuple[Cell, ...]] = [(one.shown, one.section, Code(one.source)) for one in ledger.printed]
    return Table(texts("captions", "numbers"), texts.header("number", "section", "source"), rows, "–", (2, 1, 6))


def _flat(value: Any, name: str = "") -> list[tuple[str, str]]:
    """Nested parameters as dotted names; absent ones and empty lists are left out."""
    if isinstance(value, dict):
        return [line for key, inner in value.items() for line in _flat(inner, f"{name}.{key}" if name else key)]
    if isinstance(value, list) and any(isinstance(one, dict) for one in value):
        return [line for place, one in enumerate(value, 1) for line in _flat(one, f"{name}[{place}]")]
    if value is None or value == []:
        return []
    if isinstance(value, list):
        return [(name, ", ".join(" + ".join(map(str, one)) if isinstance(one, list) else str(one) for one in value))]
    return [(name, json.dumps(value) if isinstance(value, bool) else str(value))]

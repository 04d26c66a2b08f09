"""One run → the report in the formats asked for."""

from __future__ import annotations

import re
from collections.abc import Sequence
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Literal

from linkage.config import LoadedProject, ProjectSpec
from linkage.config.columns import keep_fields_apart
from linkage.errors import ReportError
from linkage.report.annexes import crosswalk, describe_annexes, printed_numbers
from linkage.report.changes import describe_changes
from linkage.report.completeness import describe_flow, describe_sources
from linkage.report.content import Cell, Code, Picture, Table
from linkage.report.entity_sizes import describe_entities
from linkage.report.groups import describe_groups
from linkage.report.html import write_html
from linkage.report.letterhead import letterhead
from linkage.report.model import describe_method
from linkage.report.numbers import Ledger, Number
from linkage.report.pandoc import Node, read_markdown
from linkage.report.phrases import Phrases
from linkage.report.plausibility import describe_plausibility
from linkage.report.quality import describe_quality
from linkage.report.reading import RunTables
from linkage.report.results import describe_results
from linkage.report.writing import fill_template, place_content
from linkage.runs.tables import RUN

if TYPE_CHECKING:
    from collections.abc import Mapping

    from linkage.words.language import Language

Format = Literal["html", "docx", "pdf"]
FORMATS: tuple[Format, ...] = ("html", "docx", "pdf")


def write_report(run: Path, project: LoadedProject, folder: Path) -> dict[str, int]:
    """Write folder/report.html from what the run directory holds; returns the tables and figures in it."""
    return _build(run, project.spec, folder, ("html",), None, project.spec.language)


def build_report(
    run: Path,
    folder: Path | None = None,
    formats: Sequence[str] = FORMATS,
    since: Path | None = None,
    language: Language | None = None,
    spec: ProjectSpec | None = None,
) -> dict[str, Path]:
    """Write report.html, report.docx and report.pdf of a run; returns format → file.

    `folder` is the run's own when absent; `since` an earlier run to hold this one against; `language` and `spec` are
    those of the run's project file when absent.

    Raises:
        RunDirectoryError: no run there.
        ReportError: a format that does not exist.
    """
    unknown = [one for one in formats if one not in FORMATS]
    if unknown or not formats:
        raise ReportError(f"there is no report format {', '.join(unknown) or 'given'}", f"The formats are: {', '.join(FORMATS)}.")
    spec = spec or _spec_of(run)
    target = folder or run
    target.mkdir(parents=True, exist_ok=True)
    _build(run, spec, target, formats, since, language or spec.language)
    return {form: target / f"report.{form}" for form in formats}


def _spec_of(run: Path) -> ProjectSpec:
    return keep_fields_apart(ProjectSpec.model_validate(RUN.read(run)["spec"]))


def _build(
    run: Path, spec: ProjectSpec, folder: Path, formats: Sequence[str], since: Path | None, language: Language
) -> dict[str, int]:
    texts, ledger = Phrases(language), Ledger(language)
    tables, earlier = RunTables(run), RunTables(since) if since else None
    if earlier:
        earlier.label = f"{texts('columns', 'before').lower()}: "
    try:
        document, pictures, counts = _compose(tables, earlier, spec, texts, ledger)
        timestamp = _timestamp(tables)
    finally:
        for one in (tables, earlier):
            if one:
                one.close()
    frame = letterhead(spec, texts)
    for form in formats:
        target = folder / f"report.{form}"
        target.touch(mode=0o600)
        if form == "html":
            write_html(document, pictures, frame, language, texts("words", "contents"), target)
        elif form == "pdf":
            from linkage.report.pdf import write_pdf

            write_pdf(document, pictures, frame, language, timestamp, target)
        else:
            from linkage.report.docx import write_docx

            write_docx(document, pictures, frame, language, target)
    return counts


def _timestamp(tables: RunTables) -> int:
    """When the run ended, in seconds since 1970: the PDF's date must come from the run, not from the clock."""
    finished = tables.summary["finished_at"]
    return int(datetime.fromisoformat(finished).timestamp()) if finished else 0


def _compose(
    run: RunTables, earlier: RunTables | None, spec: ProjectSpec, texts: Phrases, ledger: Ledger
) -> tuple[Node, dict[str, Picture], dict[str, int]]:
    """The numbered document and its figures."""
    parts = {
        "a": describe_annexes(run, spec, texts),
        "b": describe_sources(run, spec, texts),
        "d": describe_method(run, spec, texts),
        "e": describe_flow(run, spec, texts, ledger),
        "n": describe_entities(run, spec, texts),
        "f": describe_results(run, spec, texts),
        "g": describe_quality(run, spec, texts),
        "h": describe_groups(run, spec, texts),
        "i": describe_plausibility(run, spec, texts),
        "j": describe_changes(run, earlier, spec, texts),
    }
    tables = {name: table for one in parts.values() for name, table in one.tables.items()}
    pictures = {name: picture for one in parts.values() for name, picture in one.pictures.items()}
    facts: dict[str, object] = {letter: one.facts for letter, one in parts.items()}
    facts |= {
        "synthetic": spec.report.synthetic,
        "floor": Number(spec.report.small_cell_floor, "count", "run.json: config report.small_cell_floor"),
        "fields": ", ".join(texts.field(one.field) for one in spec.comparisons),
    }
    tables["crosswalk"] = crosswalk(texts, tables)
    # The annexes of numbers list what the first filling printed; they print none themselves.
    tables["numbers"] = tables["number_tables"] = Table("", (), [("",)], "")
    text = fill_template(facts, tables, pictures, texts, ledger)
    tables["numbers"] = printed_numbers(ledger, texts)
    tables["number_tables"] = _sources_of(text, tables, pictures, texts)
    document, shown, numbers = place_content(read_markdown(text), tables, pictures, texts, ledger)
    return document, {name: pictures[name] for name in shown}, {"tables": len(numbers) - len(shown), "figures": len(shown)}


def _sources_of(text: str, tables: Mapping[str, Table], pictures: Mapping[str, Picture], texts: Phrases) -> Table:
    """Source of every table and figure that the text shows."""
    rows: list[tuple[Cell, ...]] = []
    places = {"table": 0, "figure": 0}
    for kind, name in re.findall(r"^%%(table|figure):(\w+)%%$", text, re.MULTILINE):
        places[kind] += 1
        source = tables[name].source if kind == "table" else pictures[name].source
        if source not in ("", "–"):
            rows.append((f"{texts('words', kind)} {places[kind]}", Code(source)))
    return Table(texts("captions", "number_tables"), texts.header("figure_or_table", "source"), rows, "–", (1, 5))

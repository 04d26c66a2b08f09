"""From facts, tables and figures to one pandoc document: the template is filled, placeholders become tables and figures.

The template (Jinja2, pandoc Markdown) holds the sentences and no digit. A value is printed as text (escaped) or, if it is
a number, through the filter `n`; a number printed in any other way stops the build. Tables and figures are numbered here,
once, for all formats.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping, Sequence
from functools import lru_cache
from pathlib import Path
from typing import Any

from jinja2 import Environment, FileSystemLoader, StrictUndefined, Template, pass_context
from jinja2.runtime import Context

from linkage.errors import ReportError
from linkage.report.content import Cell, Code, Picture, Table
from linkage.report.numbers import Ledger, Number, NumberWithLimits, Shown
from linkage.report.pandoc import Node
from linkage.report.phrases import Phrases
from linkage.words.language import Language

TEMPLATES = Path(__file__).parent / "templates"
SIGNATURE = "%%signature:block%%"
"""Where the signature stands: after the text, before the annexes."""
KEPT_TOGETHER = 16
"""Rows of a table that is not divided between pages: a third of a page."""
_PLACEHOLDER = re.compile(r"^%%(table|figure):(\w+)%%$")
_REFERENCE = re.compile(r"%%ref-(table|figure):(\w+)%%")
_MARKS = re.compile(r"([\\`*_{}\[\]()<>#+\-.!|~^$@\"':&=])")


def escape(text: str) -> Shown:
    r"""Text of which pandoc's Markdown reads no mark.

    >>> escape("a*b [c]")
    'a\\*b \\[c\\]'
    """
    return Shown(_MARKS.sub(r"\\\1", text.replace("\n", " ").replace("%%", "% %")))


def fill_template(
    facts: Mapping[str, object], tables: Mapping[str, Table], pictures: Mapping[str, Picture], texts: Phrases, ledger: Ledger
) -> str:
    """The Markdown of the report.

    Raises:
        ReportError: the template names a fact that is not there, or prints a number without the filter.
    """

    def placed(kind: str, name: str, among: Mapping[str, object]) -> Shown:
        return Shown(f"\n\n%%{kind}:{name}%%\n\n") if name in among else Shown("")

    def opened(section: str) -> Shown:
        ledger.section = section
        return Shown("")

    try:
        return compiled_template(texts.language).render(
            **facts,
            ledger=ledger,
            table=lambda name: placed("table", name, tables),
            figure=lambda name: placed("figure", name, pictures),
            has=lambda name: name in tables or name in pictures,
            ref=lambda name, kind="table": Shown(f"%%ref-{kind}:{name}%%"),
            open=opened,
            signature=lambda: Shown(f"\n\n{SIGNATURE}\n\n"),
            cite=lambda name: texts("citations", name),
        )
    except (TypeError, AttributeError) as error:
        raise ReportError(f"the template of the report cannot be filled: {error}", "This is a fault of linkage.") from error


@lru_cache
def compiled_template(language: Language) -> Template:
    """The report's template in a language, with the filter `n`; compiling it takes half a second."""
    environment = Environment(  # noqa: S701 - not HTML: `finalize` escapes every value for Markdown
        loader=FileSystemLoader(TEMPLATES), undefined=StrictUndefined, finalize=_printable
    )
    environment.filters["n"] = _show_number
    return environment.get_template(f"report.{language}.md.j2")


@pass_context
def _show_number(context: Context, number: Number | NumberWithLimits) -> Shown:
    ledger: Ledger = context["ledger"]
    return ledger.show(number)


def _printable(value: object) -> str:
    if isinstance(value, Shown):
        return value
    if isinstance(value, str):
        return escape(value)
    raise TypeError(f"{type(value).__name__} was printed without the filter `n`")


def place_content(
    document: Node, tables: Mapping[str, Table], pictures: Mapping[str, Picture], texts: Phrases, ledger: Ledger
) -> tuple[Node, list[str], dict[str, str]]:
    """Placeholders → numbered tables and figures, references → their numbers.

    Returns the document, the names of the figures in it, and the number ("Bảng 3") of each table and figure by `kind:name`.
    """
    order = [found.groups() for block in document["blocks"] if (found := _placeholder(block))]
    numbers: dict[str, str] = {}
    for kind in ("table", "figure"):
        names = [name for its_kind, name in order if its_kind == kind]
        numbers |= {f"{kind}:{name}": f"{texts('words', kind)} {place}" for place, name in enumerate(names, 1)}

    def content(block: Node) -> Node:
        found = _placeholder(block)
        if found is None:
            return block
        kind, name = found.groups()
        label = numbers[f"{kind}:{name}"]
        if kind == "table":
            return table_node(name, f"{label}. {tables[name].caption}", tables[name], ledger)
        return figure_node(name, f"{label}. {pictures[name].caption}", pictures[name])

    filled = document | {"blocks": [content(block) for block in document["blocks"]]}
    text = json.dumps(filled, ensure_ascii=False)
    text = _REFERENCE.sub(lambda found: numbers.get(f"{found[1]}:{found[2]}", "–").replace(" ", "\u00a0"), text)
    return json.loads(text), [name for kind, name in order if kind == "figure"], numbers


def table_node(name: str, caption: str, table: Table, ledger: Ledger) -> Node:
    """A table as pandoc has it; numbers go through the ledger's form."""
    widths = table.widths or tuple(1 for _ in table.header)
    right = [all(_is_figure(row[at]) for row in table.rows) for at in range(len(table.header))]
    specs = [
        [{"t": "AlignRight" if at_right else "AlignLeft"}, {"t": "ColWidth", "c": round(width / sum(widths), 4)}]
        for at_right, width in zip(right, widths, strict=True)
    ]
    none = ["", [], []]

    def line(cells: Sequence[Cell]) -> list[Any]:
        return [none, [[none, {"t": "AlignDefault"}, 1, 1, [_plain_cell(cell, ledger)]] for cell in cells]]

    body = [[none, 0, [], [line(row) for row in table.rows]]]
    node = {"t": "Table", "c": [none, [None, [_plain(caption)]], specs, [none, [line(table.header)]], body, [none, []]]}
    marks = {"together": len(table.rows) <= KEPT_TOGETHER, "narrow": len(table.header) <= 3}
    return _region(f"table-{name}", caption, [mark for mark, holds in marks.items() if holds], node)


def figure_node(name: str, caption: str, picture: Picture) -> Node:
    """A figure as pandoc has it; the image's address is `figure:name` until a format is chosen."""
    image = {"t": "Image", "c": [["", [], [["width", "100%"]]], inlines(picture.alternative), [f"figure:{name}", ""]]}
    node = {"t": "Figure", "c": [["", [], []], [None, [_plain(caption)]], [{"t": "Plain", "c": [image]}]]}
    return _region(f"figure-{name}", caption, [], node)


def _region(name: str, caption: str, marks: Sequence[str], node: Node) -> Node:
    """What may be wider than a telephone, in a region that can be scrolled by keyboard."""
    scroll = [["tabindex", "0"], ["role", "region"], ["aria-label", caption]]
    return {"t": "Div", "c": [[name, ["wide", *marks], scroll], [node]]}


def inlines(text: str) -> list[Node]:
    """Words and spaces."""
    words = [{"t": "Str", "c": word} for word in text.split(" ")]
    spaced = [one for word in words for one in (word, {"t": "Space"})]
    return spaced[:-1]


def _plain_cell(cell: Cell, ledger: Ledger) -> Node:
    if isinstance(cell, Code):
        return {"t": "Plain", "c": [{"t": "Span", "c": [["", ["code"], []], inlines(cell)]}]}
    return _plain(str(ledger.form(cell)) if isinstance(cell, (Number, NumberWithLimits)) else cell)


def _plain(text: str) -> Node:
    return {"t": "Plain", "c": inlines(text)}


def _shown(cell: Cell, ledger: Ledger) -> str:
    return str(ledger.form(cell)) if isinstance(cell, (Number, NumberWithLimits)) else cell


def _is_figure(cell: Cell) -> bool:
    return isinstance(cell, (Number, NumberWithLimits)) or cell in ("–", "ẩn", "hidden")


def _placeholder(block: Node) -> re.Match[str] | None:
    if block["t"] == "Para" and len(block["c"]) == 1 and block["c"][0]["t"] == "Str":
        return _PLACEHOLDER.match(block["c"][0]["c"])
    return None

"""Tables and figures as plain data, before any document format."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from linkage.report.figures import Drawing
from linkage.report.numbers import Number, NumberWithLimits


class Code(str):
    """A name of the program, of a run's table or of the project file, printed as code: it is not a word of the language."""

    __slots__ = ()


Cell = str | Number | NumberWithLimits


@dataclass(frozen=True)
class Table:
    """A table of the report. `widths` are relative column widths; `source` the run tables its numbers come from."""

    caption: str
    header: tuple[str, ...]
    rows: Sequence[tuple[Cell, ...]]
    source: str
    widths: tuple[int, ...] = ()


@dataclass(frozen=True)
class Picture:
    """A figure of the report: caption (how to read it), alternative text, and the drawing."""

    caption: str
    alternative: str
    drawing: Drawing
    source: str


@dataclass(frozen=True)
class Part:
    """What one section has to say: facts for its sentences, tables and figures by name. What could not be made is absent."""

    facts: dict[str, object]
    tables: dict[str, Table]
    pictures: dict[str, Picture]


def part(facts: dict[str, object], tables: dict[str, Table | None], pictures: dict[str, Picture | None] | None = None) -> Part:
    """A part without the tables and figures that came to nothing."""
    return Part(
        facts,
        {name: table for name, table in tables.items() if table and table.rows},
        {name: picture for name, picture in (pictures or {}).items() if picture},
    )

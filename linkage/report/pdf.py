"""The PDF: pandoc's Typst of the document inside our own page, checked by Typst as PDF/A-2a and PDF/UA-1."""

from __future__ import annotations

import tempfile
from collections.abc import Mapping
from pathlib import Path

from linkage.errors import ReportError
from linkage.report.content import Picture
from linkage.report.letterhead import Letterhead
from linkage.report.pandoc import Node, change_nodes, paragraph, without_regions, write_document
from linkage.report.writing import SIGNATURE

PAGE = Path(__file__).parent / "templates" / "page.typ"
_TOGETHER = "#block(breakable: false, width: 100%)["
FONTS = Path(__file__).parent / "fonts"


def write_pdf(
    document: Node, pictures: Mapping[str, Picture], frame: Letterhead, language: str, timestamp: int, target: Path
) -> None:
    """Write the PDF; the same document and timestamp (seconds since 1970) give the same bytes.

    Raises:
        ReportError: Typst refuses the document.
    """
    import typst

    def drawn(node: Node) -> Node | None:
        if node["t"] != "Image":
            return None
        name = node["c"][2][0].removeprefix("figure:")
        return {
            "t": "RawInline",
            "c": ["typst", f"#image({_text(name + '.svg')}, width: 100%, alt: {_text(pictures[name].alternative)})"],
        }

    whole = without_regions(document, (_raw(_TOGETHER), _raw("]")))
    signed = _with_signature(whole)
    body = write_document(change_nodes(signed, drawn), "typst", ["--wrap=none"]).decode()
    with tempfile.TemporaryDirectory() as folder:
        for name, picture in pictures.items():
            (Path(folder) / f"{name}.svg").write_bytes(picture.drawing.svg)
        values = "\n".join(f"#let {name.replace('_', '-')} = {_value(value)}" for name, value in vars(frame).items())
        source = Path(folder) / "report.typ"
        source.write_text(
            f"#let language = {_text(language)}\n{values}\n" + PAGE.read_text(encoding="utf-8").replace("//BODY", body),
            encoding="utf-8",
        )
        try:
            made = typst.compile(
                str(source),
                root=folder,
                font_paths=[str(FONTS)],
                ignore_system_fonts=True,
                timestamp=timestamp,
                pdf_standards=["a-2a", "ua-1"],
            )
        except typst.TypstError as error:
            raise ReportError(
                f"typst refused the report: {error.message}. {' '.join(error.hints)}", "This is a fault of linkage."
            ) from None
    target.write_bytes(made)


def _with_signature(document: Node) -> Node:
    """The signature with the last two points of the list before it: it may not stand alone on a page."""
    blocks = document["blocks"]
    at = next(place for place, one in enumerate(blocks) if one == paragraph(SIGNATURE))
    points = blocks[at - 1]["c"]
    signed = [
        {"t": "BulletList", "c": points[:-2]}, _raw(_TOGETHER), {"t": "BulletList", "c": points[-2:]},
        _raw("#signature-block ]\n#pagebreak()"),
    ]  # fmt: skip
    return document | {"blocks": [*blocks[: at - 1], *signed, *blocks[at + 1 :]]}


def _raw(typst: str) -> Node:
    return {"t": "RawBlock", "c": ["typst", typst]}


def _value(value: object) -> str:
    return f"({''.join(_text(line) + ', ' for line in value)})" if isinstance(value, tuple) else _text(str(value))


def _text(text: str) -> str:
    return '"' + text.replace("\\", "\\\\").replace('"', '\\"') + '"'

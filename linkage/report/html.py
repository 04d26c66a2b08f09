"""One HTML file: styles and figures inside, nothing fetched."""

from __future__ import annotations

import base64
from collections.abc import Mapping
from html import escape
from pathlib import Path

from linkage.report.content import Picture
from linkage.report.letterhead import Letterhead
from linkage.report.pandoc import Node, write_document
from linkage.report.writing import SIGNATURE

STYLE = Path(__file__).parent / "templates" / "report.css"
_TEMPLATE = Path(__file__).parent / "templates" / "body.html"


def write_html(
    document: Node, pictures: Mapping[str, Picture], frame: Letterhead, language: str, contents: str, target: Path
) -> None:
    """Write the page; `contents` is the heading of the table of contents."""
    page = write_document(
        document, "html5", ["--standalone", "--toc", "--toc-depth=1", f"--template={_TEMPLATE}", "--metadata=title:-"]
    ).decode()
    for name, picture in pictures.items():
        drawn = base64.b64encode(picture.drawing.svg).decode()
        page = page.replace(f'src="figure:{name}"', f'src="data:image/svg+xml;base64,{drawn}"')
    toc, body = page.split("<!--body-->")
    body = body.replace(f"<p>{SIGNATURE}</p>", _signature(frame))
    banner = f'<aside class="banner" aria-label="{escape(frame.banner)}">{escape(frame.banner)}</aside>' if frame.banner else ""
    target.write_text(
        f'<!DOCTYPE html>\n<html lang="{language}">\n<head>\n<meta charset="utf-8">\n'
        '<meta name="viewport" content="width=device-width, initial-scale=1">\n'
        f"<title>{escape(frame.title)}</title>\n<style>\n{STYLE.read_text(encoding='utf-8')}</style>\n</head>\n<body>\n{banner}\n"
        f'<header>{_head(frame)}</header>\n<nav aria-label="{escape(contents)}"><h2>{escape(contents)}</h2>{toc}</nav>\n'
        f"<main>\n{body}\n</main>\n</body>\n</html>\n",
        encoding="utf-8",
    )


def _head(frame: Letterhead) -> str:
    parent = f"<p>{escape(frame.parent_agency)}</p>" if frame.parent_agency else ""
    return (
        f'<div class="heads"><div>{parent}<p class="ruled"><b>{escape(frame.agency)}</b></p>'
        f'<p class="blank">{escape(frame.number)}</p></div>'
        f'<div><p><b>{escape(frame.nation)}</b></p><p class="ruled long"><b>{escape(frame.motto)}</b></p>'
        f'<p class="blank"><i>{escape(frame.dated)}</i></p></div></div>'
        f'<h1 class="title">{escape(frame.kind)}<br>{escape(frame.subject)}<br>{escape(frame.title)}</h1>'
    )


def _signature(frame: Letterhead) -> str:
    lines = "<br>".join(escape(line) for line in frame.recipient_lines)
    return (
        f'<div class="signature"><div class="recipients"><p><b><i>{escape(frame.recipients)}</i></b></p><p>{lines}</p></div>'
        f"<div><p><b>{escape(frame.signer)}</b></p><p><i>{escape(frame.sign)}</i></p>"
        f'<p class="space"><b>{escape(frame.signer_name)}</b></p></div></div>'
    )

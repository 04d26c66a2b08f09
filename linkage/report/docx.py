"""The DOCX: pandoc's, with a reference document made here (page, styles, header) and the administrative frame around it."""

from __future__ import annotations

import io
import re
import tempfile
import zipfile
from collections.abc import Mapping
from functools import cache
from pathlib import Path
from xml.sax.saxutils import escape

from linkage.report.content import Picture
from linkage.report.letterhead import Letterhead
from linkage.report.pandoc import Node, change_nodes, pandoc, replace_block, without_regions, write_document
from linkage.report.writing import KEPT_TOGETHER, SIGNATURE

FONT = "Times New Roman"
_SPACE = 'xmlns:w="http://schemas.openxmlformats.org/wordprocessingml/2006/main"'
_RELATIONS = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"
# A4; margins of Decree 30/2020 in twentieths of a point: top 25 mm, right 20, bottom 20, left 30; first page without number
_SECTION = (
    '<w:sectPr><w:headerReference w:type="default" r:id="rIdHead"/><w:headerReference w:type="first" r:id="rIdFirst"/>'
    '<w:pgSz w:w="11906" w:h="16838"/>'
    '<w:pgMar w:top="1417" w:right="1134" w:bottom="1134" w:left="1701" w:header="567" w:footer="567" w:gutter="0"/>'
    "<w:titlePg/></w:sectPr>"
)
_BORDERS = "".join(
    f'<w:{side} w:val="single" w:sz="4" w:space="0" w:color="595959"/>'
    for side in ("top", "left", "bottom", "right", "insideH", "insideV")
)
_KEEP = "<w:keepNext/>"
_BEFORE_SIGNATURE = f'<w:p><w:pPr>{_KEEP}<w:spacing w:before="240" w:after="0"/></w:pPr></w:p>'
_PAGE_NUMBER = "".join(
    f"<w:r>{mark}</w:r>"
    for mark in ('<w:fldChar w:fldCharType="begin"/>', "<w:instrText>PAGE</w:instrText>", '<w:fldChar w:fldCharType="end"/>')
)


def write_docx(document: Node, pictures: Mapping[str, Picture], frame: Letterhead, language: str, target: Path) -> None:
    """Write the document; the same document gives the same bytes."""
    with tempfile.TemporaryDirectory() as folder:
        for name, picture in pictures.items():
            (Path(folder) / f"{name}.png").write_bytes(picture.drawing.png)

        def drawn(node: Node) -> Node | None:
            if node["t"] == "BulletList":  # paragraphs of the text, not the small ones of table cells
                return node | {"c": change_nodes(node["c"], lambda one: one | {"t": "Para"} if one["t"] == "Plain" else None)}
            if node["t"] != "Image":
                return None
            name = node["c"][2][0].removeprefix("figure:")
            return node | {"c": [*node["c"][:2], [f"{name}.png", ""]]}

        framed = change_nodes(without_regions(document), drawn)
        framed = replace_block(framed, SIGNATURE, _raw(_foot(frame)))
        framed["blocks"].insert(0, _raw(_head(frame)))
        reference = Path(folder) / "reference.docx"
        reference.write_bytes(_reference(frame.banner))
        made = write_document(
            framed, "docx", [f"--reference-doc={reference}", f"--resource-path={folder}", f"--metadata=lang:{language}"]
        )
    target.write_bytes(_finish(made, frame))


def _reference(banner: str) -> bytes:
    """Pandoc's own reference document with our page, styles and headers."""
    parts = _parts(_default_reference())
    parts["word/styles.xml"] = _styles(parts["word/styles.xml"].decode()).encode()
    body = parts["word/document.xml"].decode()
    if "xmlns:r=" not in body:
        body = body.replace("<w:document ", f'<w:document xmlns:r="{_RELATIONS}" ', 1)
    parts["word/document.xml"] = re.sub(r"<w:sectPr.*?</w:sectPr>|<w:sectPr[^>]*/>", _SECTION, body, flags=re.DOTALL).encode()
    said = f'<w:p><w:pPr><w:jc w:val="center"/></w:pPr>{_run(banner, bold=True, size=18)}</w:p>' if banner else ""
    number = f'<w:p><w:pPr><w:jc w:val="center"/></w:pPr>{_PAGE_NUMBER}</w:p>'
    parts["word/header1.xml"] = f'<?xml version="1.0" encoding="UTF-8"?><w:hdr {_SPACE}>{number}{said}</w:hdr>'.encode()
    parts["word/header2.xml"] = f'<?xml version="1.0" encoding="UTF-8"?><w:hdr {_SPACE}>{said or "<w:p/>"}</w:hdr>'.encode()
    links = "".join(
        f'<Relationship Id="{name}" Type="{_RELATIONS}/header" Target="{file}"/>'
        for name, file in (("rIdHead", "header1.xml"), ("rIdFirst", "header2.xml"))
    )
    parts["word/_rels/document.xml.rels"] = parts["word/_rels/document.xml.rels"].replace(
        b"</Relationships>", links.encode() + b"</Relationships>"
    )
    kind = "application/vnd.openxmlformats-officedocument.wordprocessingml.header+xml"
    types = "".join(f'<Override PartName="/word/header{n}.xml" ContentType="{kind}"/>' for n in (1, 2))
    parts["[Content_Types].xml"] = parts["[Content_Types].xml"].replace(b"</Types>", types.encode() + b"</Types>")
    return _packed(parts)


@cache
def _default_reference() -> bytes:
    return pandoc(b"", ["--print-default-data-file", "reference.docx"])


# style id → (size in half-points, bold, italic, paragraph properties)
_PARAGRAPH = '<w:spacing w:before="120" w:after="0" w:line="264" w:lineRule="auto"/>'
_STYLES = {
    "BodyText": (26, False, False, f'{_PARAGRAPH}<w:ind w:firstLine="567"/><w:jc w:val="both"/>'),
    "FirstParagraph": (26, False, False, f'{_PARAGRAPH}<w:ind w:firstLine="567"/><w:jc w:val="both"/>'),
    "Compact": (
        22,
        False,
        False,
        '<w:spacing w:before="20" w:after="20" w:line="240" w:lineRule="auto"/><w:ind w:firstLine="0"/><w:jc w:val="left"/>',
    ),
    "TableCaption": (24, True, False, '<w:keepNext/><w:spacing w:before="200" w:after="80"/>'),
    "ImageCaption": (24, False, True, '<w:spacing w:before="60" w:after="200"/><w:jc w:val="center"/>'),
    "CaptionedFigure": (26, False, False, '<w:keepNext/><w:spacing w:before="160"/><w:jc w:val="center"/>'),
    "Heading1": (26, True, False, '<w:keepNext/><w:spacing w:before="320" w:after="120"/><w:outlineLvl w:val="0"/>'),
    "Heading2": (26, True, False, '<w:keepNext/><w:spacing w:before="220" w:after="80"/><w:outlineLvl w:val="1"/>'),
}


def _styles(styles: str) -> str:
    """Times New Roman 13 throughout, headings in black, ruled tables."""
    fonts = f'<w:rFonts w:ascii="{FONT}" w:hAnsi="{FONT}" w:eastAsia="{FONT}" w:cs="{FONT}"/>'
    styles = re.sub(r"<w:rFonts[^>]*/>", "", styles)
    styles = re.sub(r"<w:color [^>]*/>", "", styles)
    defaults = f'<w:rPrDefault><w:rPr>{fonts}<w:sz w:val="26"/><w:szCs w:val="26"/></w:rPr></w:rPrDefault>'
    styles = re.sub(r"<w:rPrDefault>.*?</w:rPrDefault>", defaults, styles, flags=re.DOTALL)
    gap = '<w:pPrDefault><w:pPr><w:spacing w:after="60"/></w:pPr></w:pPrDefault>'
    styles = re.sub(r"<w:pPrDefault>.*?</w:pPrDefault>", gap, styles, flags=re.DOTALL)
    for name, (size, bold, italic, properties) in _STYLES.items():
        weight = "<w:b/><w:bCs/>" if bold else ""
        slope = "<w:i/><w:iCs/>" if italic else '<w:i w:val="0"/><w:iCs w:val="0"/>'
        run = f'<w:rPr>{fonts}{weight}{slope}<w:sz w:val="{size}"/><w:szCs w:val="{size}"/></w:rPr>'

        def restyled(found: re.Match[str], run: str = run, properties: str = properties) -> str:
            kept = re.sub(r"<w:pPr>.*?</w:pPr>|<w:pPr\s*/>|<w:rPr>.*?</w:rPr>|<w:rPr\s*/>", "", found[0], flags=re.DOTALL)
            return kept.replace("</w:style>", f"<w:pPr>{properties}</w:pPr>{run}</w:style>")

        styles = re.sub(rf'<w:style [^>]*w:styleId="{name}".*?</w:style>', restyled, styles, flags=re.DOTALL)
    table = (
        '<w:style w:type="table" w:default="1" w:styleId="Table"><w:name w:val="Table"/><w:basedOn w:val="TableNormal"/>'
        f"<w:tblPr><w:tblBorders>{_BORDERS}</w:tblBorders>"
        '<w:tblCellMar><w:left w:w="70" w:type="dxa"/><w:right w:w="70" w:type="dxa"/></w:tblCellMar></w:tblPr>'
        '<w:tblStylePr w:type="firstRow"><w:rPr><w:b/></w:rPr>'
        '<w:tcPr><w:shd w:val="clear" w:color="auto" w:fill="EBEBEB"/></w:tcPr></w:tblStylePr></w:style>'
    )
    return re.sub(r'<w:style [^>]*w:styleId="Table".*?</w:style>', lambda _: table, styles, flags=re.DOTALL)


def _finish(made: bytes, frame: Letterhead) -> bytes:
    """Header rows repeat, rows do not break across pages, small tables neither; the signature is not alone on its page."""
    parts = _parts(made)
    body = re.sub(r"<w:tbl>.*?</w:tbl>", _kept_together, parts["word/document.xml"].decode(), flags=re.DOTALL)
    text, signature, rest = body.partition(_BEFORE_SIGNATURE)
    body = f"<w:pPr>{_KEEP}<w:numPr>".join(text.rsplit("<w:pPr><w:numPr>", 2)) + signature + rest
    body = re.sub(r"<w:trPr><w:tblHeader[^>]*/></w:trPr>", "<w:trPr><w:cantSplit/><w:tblHeader/></w:trPr>", body)
    parts["word/document.xml"] = body.replace("<w:tr><w:tc>", "<w:tr><w:trPr><w:cantSplit/></w:trPr><w:tc>").encode()
    core = parts["docProps/core.xml"].decode()
    title = f"<dc:title>{escape(frame.title)}</dc:title>"
    core = (
        re.sub(r"<dc:title>.*?</dc:title>|<dc:title\s*/>", title, core)
        if "<dc:title" in core
        else core.replace("</cp:coreProperties>", f"{title}</cp:coreProperties>")
    )
    parts["docProps/core.xml"] = core.encode()
    return _packed(parts)


def _kept_together(table: re.Match[str]) -> str:
    """A small table's rows all with the next; of a long one the first two with its header."""
    rows = table[0].split("<w:tr>")
    kept = len(rows) - 1 if len(rows) - 2 <= KEPT_TOGETHER else min(4, len(rows) - 1)
    style = '<w:pStyle w:val="Compact" />'
    return "<w:tr>".join([rows[0], *(row.replace(style, style + _KEEP) for row in rows[1:kept]), *rows[kept:]])


def _parts(packed: bytes) -> dict[str, bytes]:
    with zipfile.ZipFile(io.BytesIO(packed)) as archive:
        return {name: archive.read(name) for name in archive.namelist()}


def _packed(parts: Mapping[str, bytes]) -> bytes:
    held = io.BytesIO()
    with zipfile.ZipFile(held, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in parts.items():
            archive.writestr(zipfile.ZipInfo(name, (1980, 1, 1, 0, 0, 0)), content, zipfile.ZIP_DEFLATED)
    return held.getvalue()


def _raw(xml: str) -> Node:
    return {"t": "RawBlock", "c": ["openxml", xml]}


def _run(text: str, *, bold: bool = False, italic: bool = False, size: int = 26, colour: str = "") -> str:
    marks = f"{'<w:b/>' if bold else ''}{'<w:i/>' if italic else ''}" + (f'<w:color w:val="{colour}"/>' if colour else "")
    return f'<w:r><w:rPr>{marks}<w:sz w:val="{size}"/></w:rPr><w:t xml:space="preserve">{escape(text)}</w:t></w:r>'


def _line(runs: str, *, align: str = "center", before: int = 0, ruled: tuple[int, int] | None = None) -> str:
    """A paragraph; `ruled` draws a line under it, indented on both sides."""
    rule = (
        '<w:pBdr><w:bottom w:val="single" w:sz="6" w:space="1" w:color="000000"/></w:pBdr>'
        f'<w:spacing w:before="{before}" w:after="0" w:line="60" w:lineRule="exact"/>'
        f'<w:ind w:left="{ruled[0]}" w:right="{ruled[1]}"/>'
        if ruled
        else f'<w:spacing w:before="{before}" w:after="0"/>'
    )
    return f'<w:p><w:pPr>{rule}<w:jc w:val="{align}"/></w:pPr>{runs}</w:p>'


def _columns(cells: tuple[tuple[int, str], ...]) -> str:
    """Unruled columns of the given widths (twentieths of a point)."""
    none = "".join(f'<w:{side} w:val="nil"/>' for side in ("top", "left", "bottom", "right", "insideH", "insideV"))
    grid = "".join(f'<w:gridCol w:w="{width}"/>' for width, _ in cells)
    made = "".join(f'<w:tc><w:tcPr><w:tcW w:w="{width}" w:type="dxa"/></w:tcPr>{content}</w:tc>' for width, content in cells)
    return (
        f'<w:tbl><w:tblPr><w:tblW w:w="9071" w:type="dxa"/><w:tblBorders>{none}</w:tblBorders>'
        '<w:tblLayout w:type="fixed"/></w:tblPr>'
        f"<w:tblGrid>{grid}</w:tblGrid><w:tr>{made}</w:tr></w:tbl>"
    )


def _head(frame: Letterhead) -> str:
    parent = _line(_run(frame.parent_agency, size=24)) if frame.parent_agency else ""
    left = (
        parent
        + _line(_run(frame.agency, bold=True, size=24))
        + _line("", ruled=(1100, 1100))
        + _line(_run(frame.number), before=160)
    )
    right = (
        _line(_run(frame.nation, bold=True, size=24)) + _line(_run(frame.motto, bold=True)) + _line("", ruled=(1050, 1050))
        + _line(_run(frame.dated, italic=True), before=160)
    )  # fmt: skip
    title = "".join(
        _line(_run(text, bold=True, size=28), before=before)
        for text, before in ((frame.kind, 360), (frame.subject, 0), (frame.title, 0))
    )
    return _columns(((3671, left), (5400, right))) + title + _line("", ruled=(2900, 2900)) + _line("")


def _foot(frame: Letterhead) -> str:
    lines = "".join(_line(_run(line, size=22), align="left") for line in frame.recipient_lines)
    left = _line(_run(frame.recipients, bold=True, italic=True, size=24), align="left") + lines
    right = (
        _line(_run(frame.signer, bold=True))
        + _line(_run(frame.sign, italic=True))
        + _line(_run(frame.signer_name, bold=True, colour="505050"), before=1300)
    )
    new_page = '<w:p><w:r><w:br w:type="page"/></w:r></w:p>'
    return _BEFORE_SIGNATURE + _columns(((4535, left), (4536, right))) + new_page

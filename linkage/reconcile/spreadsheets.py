"""A small writer of .xlsx workbooks whose rows DuckDB makes.

openpyxl's write-only mode writes one cell at a time in Python (measured in reports/benchmarks/reconcile.md); here a query
gives whole rows as SpreadsheetML text, so that Python only puts parts together. Every value is an inline string with the
quote prefix set: text that starts with = + - or @ stays text, in the file and after editing. Bytes depend on the content
only: the archive carries no clock.
"""

from __future__ import annotations

import math
import os
import re
import zipfile
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING
from xml.sax.saxutils import escape

from linkage.runs.sql import literal

if TYPE_CHECKING:
    import duckdb

MOST_ROWS = 100_000
"""Rows of one sheet; more go on to a further sheet."""

LINE = 15
"""Height of a line of text, in points."""
LETTERS_A_WIDTH = 1.05
"""Letters of the body's type that one unit of column width holds, words breaking."""

DEFAULT, TITLE, HEADER, TEXT, DIFFERS, ENTRY, ENTRY_DATE, COUNT, NOTE, FILLED = range(10)
"""Cell styles: see _STYLES. ENTRY and ENTRY_DATE are the cells an officer may fill in."""

_EPOCH = (1980, 1, 1, 0, 0, 0)
_HEAD = '<?xml version="1.0" encoding="UTF-8" standalone="yes"?>\n'
_MAIN = "http://schemas.openxmlformats.org/spreadsheetml/2006/main"
_OFFICE = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"
_PACKAGE = "http://schemas.openxmlformats.org/package/2006"
_ILLEGAL = "[\\x00-\\x08\\x0b\\x0c\\x0e-\\x1f\\x{fffe}\\x{ffff}]"


@dataclass(frozen=True)
class Column:
    """A column of a sheet."""

    header: str
    width: float
    style: int = TEXT
    hidden: bool = False
    choices: str | None = None
    """A range of another sheet that holds the only values allowed."""


@dataclass(frozen=True)
class WorkbookSheet:
    """A sheet: lines above the header, the header, and rows as SpreadsheetML (see `row_sql`)."""

    name: str
    columns: Sequence[Column]
    rows: str
    count: int
    above: Sequence[str] = ()
    protected: bool = True
    hidden: bool = False

    @property
    def header_at(self) -> int:
        """The row number of the header."""
        return len(self.above) + 1


def letter_of(column: int) -> str:
    """The letters of a column counted from 0.

    >>> letter_of(0), letter_of(26)
    ('A', 'AA')
    """
    letters = ""
    column += 1
    while column:
        column, rest = divmod(column - 1, 26)
        letters = chr(65 + rest) + letters
    return letters


def text_sql(value: str) -> str:
    """SQL for a value as a workbook can hold it: no control characters, one kind of line end, at most 32,000 letters."""
    clean = f"replace(replace({value}, chr(13) || chr(10), chr(10)), chr(13), chr(10))"
    return f"left(regexp_replace({clean}, {literal(_ILLEGAL)}, '', 'g'), 32000)"


def lines_sql(texts: Sequence[tuple[str, float]]) -> str:
    """SQL for the lines the fullest cell of a row needs: (SQL of a text, width of its column)."""
    each = (
        f"length({text}) - length(replace({text}, chr(10), '')) + ceil(length({text}) / {width * LETTERS_A_WIDTH})"
        for text, width in texts
    )
    return f"coalesce(greatest(1, {', '.join(each)}), 1)"


def row_sql(cells: Sequence[tuple[str, str]], number: str, lines: str = "1") -> str:
    """SQL for one row: `cells` are (SQL of the value or 'NULL', SQL of the style), `number` the SQL of its row number as text.

    A cell of style COUNT is a number; every other one is text. `lines` is SQL for its height in lines of text.
    """
    parts = [f"'<row r=\"' || {number} || '\" ht=\"' || ({lines} * {LINE})::INTEGER || '\" customHeight=\"1\">'"]
    for place, (value, style) in enumerate(cells):
        start = f"'<c r=\"{letter_of(place)}' || {number} || '\" s=\"' || {style}"
        if value == "NULL":
            parts.append(f"{start} || '\"/>'")
            continue
        if style == str(COUNT):
            parts.append(f"{start} || '\"><v>' || {value} || '</v></c>'")
            continue
        escaped = value
        for char, entity in (("&", "&amp;"), ("<", "&lt;"), (">", "&gt;")):
            escaped = f"replace({escaped}, '{char}', '{entity}')"
        escaped = f"regexp_replace({escaped}, '_(x[0-9A-Fa-f]{{4}}_)', '_x005F_\\1', 'g')"
        full = f'\'" t="inlineStr"><is><t xml:space="preserve">\' || {escaped} || \'</t></is></c>\''
        parts.append(f"{start} || coalesce({full}, '\"/>')")
    return " || ".join([*parts, "'</row>'"])


def row_xml(values: Sequence[object], number: int, style: int = TEXT, widths: Sequence[float] = ()) -> str:
    """One row made in Python, for the few rows that come from no table; `widths` of the columns give it its height."""
    full = zip(values, widths, strict=False)
    lines = max((math.ceil(len(str(value)) / (width * LETTERS_A_WIDTH)) for value, width in full if value is not None), default=1)
    height = f' ht="{max(lines, 1) * LINE}" customHeight="1"' if widths and style != TITLE else ""
    return (
        f'<row r="{number}"{height}>{"".join(_cell(letter_of(i), number, value, style) for i, value in enumerate(values))}</row>'
    )


def _cell(letter: str, number: int, value: object, style: int) -> str:
    if value is None:
        return f'<c r="{letter}{number}" s="{style}"/>'
    if isinstance(value, int | float) and not isinstance(value, bool):
        return f'<c r="{letter}{number}" s="{COUNT}"><v>{value}</v></c>'
    text = re.sub("_(x[0-9A-Fa-f]{4}_)", r"_x005F_\1", escape(re.sub("[\x00-\x08\x0b\x0c\x0e-\x1f]", "", str(value))))
    return f'<c r="{letter}{number}" s="{style}" t="inlineStr"><is><t xml:space="preserve">{text}</t></is></c>'


def sheet_name(text: str, taken: Iterable[str] = ()) -> str:
    """A name a spreadsheet accepts (31 letters, none of the signs it forbids), told apart from those taken."""
    used = {name.casefold() for name in taken}
    base = re.sub(r"[\[\]:*?/\\']", " ", text).strip()[:31].strip() or "Sheet"
    name, number = base, 2
    while name.casefold() in used:
        name, number = f"{base[: 31 - len(f' ({number})')]} ({number})", number + 1
    return name


def sheets_of(
    connection: duckdb.DuckDBPyConnection,
    rows: str,
    title: str,
    columns: Sequence[Column],
    cells: Sequence[tuple[str, str]],
    lines: str,
    *,
    above: Sequence[str] = (),
    protected: bool = True,
) -> list[WorkbookSheet]:
    """The rows of a query as a sheet, or several where they exceed one; the query numbers its rows from 1 in `place`."""
    first = len(above) + 2
    found = connection.execute(
        f"""SELECT (place - 1) // {MOST_ROWS} AS part, string_agg({row_sql(cells, "row_at", lines)}, '' ORDER BY place) AS xml,
            count(*) AS listed
        FROM (SELECT *, ((place - 1) % {MOST_ROWS} + {first})::VARCHAR AS row_at FROM ({rows})) GROUP BY part ORDER BY part"""
    ).fetchall()
    sheets: list[WorkbookSheet] = []
    for _, xml, listed in found or [(0, "", 0)]:
        name = sheet_name(title, [sheet.name for sheet in sheets])
        sheets.append(WorkbookSheet(name, tuple(columns), xml, listed, tuple(above), protected))
    return sheets


def write_workbook(path: Path, sheets: Sequence[WorkbookSheet]) -> None:
    """Write a workbook readable by its owner only; it is there whole or not at all."""
    partial = path.with_name(f".{path.name}.partial")
    descriptor = os.open(partial, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    with os.fdopen(descriptor, "wb") as file, zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED, compresslevel=1) as archive:
        for name, text in _frame(sheets):
            _add(archive, name, text)
        for number, sheet in enumerate(sheets, 1):
            _add(archive, f"xl/worksheets/sheet{number}.xml", _sheet_xml(sheet, first=number == 1))
    partial.replace(path)


def _add(archive: zipfile.ZipFile, name: str, text: str) -> None:
    info = zipfile.ZipInfo(name, _EPOCH)
    info.compress_type = zipfile.ZIP_DEFLATED
    archive.writestr(info, text.encode("utf-8"))


def _frame(sheets: Sequence[WorkbookSheet]) -> Iterable[tuple[str, str]]:
    """The parts every workbook has beside its sheets."""
    numbers = range(1, len(sheets) + 1)
    kind = "application/vnd.openxmlformats-officedocument.spreadsheetml"
    yield (
        "[Content_Types].xml",
        (
            f'{_HEAD}<Types xmlns="{_PACKAGE}/content-types">'
            '<Default Extension="rels" ContentType="application/vnd.openxmlformats-package.relationships+xml"/>'
            '<Default Extension="xml" ContentType="application/xml"/>'
            f'<Override PartName="/xl/workbook.xml" ContentType="{kind}.sheet.main+xml"/>'
            f'<Override PartName="/xl/styles.xml" ContentType="{kind}.styles+xml"/>'
            + "".join(f'<Override PartName="/xl/worksheets/sheet{n}.xml" ContentType="{kind}.worksheet+xml"/>' for n in numbers)
            + "</Types>"
        ),
    )
    yield (
        "_rels/.rels",
        (
            f'{_HEAD}<Relationships xmlns="{_PACKAGE}/relationships">'
            f'<Relationship Id="rId1" Type="{_OFFICE}/officeDocument" Target="xl/workbook.xml"/></Relationships>'
        ),
    )
    listed, titles = [], []
    for number, sheet in zip(numbers, sheets, strict=True):
        name = escape(sheet.name, {'"': "&quot;"})
        state = ' state="hidden"' if sheet.hidden else ""
        listed.append(f'<sheet name="{name}" sheetId="{number}"{state} r:id="rId{number}"/>')
        if not sheet.hidden:
            at = sheet.header_at
            titles.append(
                f'<definedName name="_xlnm.Print_Titles" localSheetId="{number - 1}">'
                f"'{escape(sheet.name)}'!${at}:${at}</definedName>"
            )
    names = f"<definedNames>{''.join(titles)}</definedNames>" if titles else ""
    yield (
        "xl/workbook.xml",
        (f'{_HEAD}<workbook xmlns="{_MAIN}" xmlns:r="{_OFFICE}"><sheets>{"".join(listed)}</sheets>{names}</workbook>'),
    )
    yield (
        "xl/_rels/workbook.xml.rels",
        (
            f'{_HEAD}<Relationships xmlns="{_PACKAGE}/relationships">'
            + "".join(f'<Relationship Id="rId{n}" Type="{_OFFICE}/worksheet" Target="worksheets/sheet{n}.xml"/>' for n in numbers)
            + f'<Relationship Id="rId{len(sheets) + 1}" Type="{_OFFICE}/styles" Target="styles.xml"/></Relationships>'
        ),
    )
    yield "xl/styles.xml", _HEAD + _STYLES


def _sheet_xml(sheet: WorkbookSheet, *, first: bool) -> str:
    last = max(sheet.header_at + sheet.count, sheet.header_at)
    final = letter_of(max(len(sheet.columns) - 1, 0))
    at = sheet.header_at
    parts = [f'{_HEAD}<worksheet xmlns="{_MAIN}"><sheetPr><pageSetUpPr fitToPage="1"/></sheetPr>']
    parts.append(f'<sheetViews><sheetView workbookViewId="0"{" tabSelected=" + chr(34) + "1" + chr(34) if first else ""}>')
    parts.append(f'<pane ySplit="{at}" topLeftCell="A{at + 1}" activePane="bottomLeft" state="frozen"/>')
    parts.append("</sheetView></sheetViews><cols>")
    for number, column in enumerate(sheet.columns, 1):
        hidden = ' hidden="1"' if column.hidden else ""
        parts.append(f'<col min="{number}" max="{number}" width="{column.width}" customWidth="1"{hidden}/>')
    parts.append("</cols><sheetData>")
    for number, line in enumerate(sheet.above, 1):
        parts.append(
            row_xml(
                [line],
                number,
                TITLE if number == 1 else NOTE,
                [sum(column.width for column in sheet.columns if not column.hidden)],
            )
        )
    parts.append(
        row_xml([column.header for column in sheet.columns], at, HEADER, [column.width * 0.75 for column in sheet.columns])
    )
    parts.append(sheet.rows)
    parts.append("</sheetData>")
    if sheet.protected:
        parts.append(
            '<sheetProtection sheet="1" objects="1" scenarios="1" formatColumns="0" formatRows="0" autoFilter="0" sort="0"/>'
        )
    if sheet.count:
        parts.append(f'<autoFilter ref="A{at}:{final}{last}"/>')
    merged = [f'<mergeCell ref="A{n}:{final}{n}"/>' for n in range(1, at)] if len(sheet.columns) > 1 else []
    if merged:
        parts.append(f'<mergeCells count="{len(merged)}">{"".join(merged)}</mergeCells>')
    chosen = [(letter_of(i), column.choices) for i, column in enumerate(sheet.columns) if column.choices and sheet.count]
    if chosen:
        rules = "".join(
            f'<dataValidation type="list" allowBlank="1" showErrorMessage="1" sqref="{letter}{at + 1}:{letter}{last}">'
            f"<formula1>{escape(choices)}</formula1></dataValidation>"
            for letter, choices in chosen
        )
        parts.append(f'<dataValidations count="{len(chosen)}">{rules}</dataValidations>')
    parts.append('<pageMargins left="0.4" right="0.4" top="0.6" bottom="0.6" header="0.3" footer="0.3"/>')
    size = 8 if len(sheet.columns) > 12 else 9  # A3 for wide lists, A4 for the rest
    parts.append(f'<pageSetup paperSize="{size}" orientation="landscape" fitToWidth="1" fitToHeight="0"/>')
    parts.append("<headerFooter><oddFooter>&amp;L&amp;A&amp;R&amp;P / &amp;N</oddFooter></headerFooter></worksheet>")
    return "".join(parts)


_BORDER = '<border><left style="thin"/><right style="thin"/><top style="thin"/><bottom style="thin"/></border>'
_TOP = '<alignment vertical="top" wrapText="1"/>'
_MIDDLE = '<alignment horizontal="center" vertical="center" wrapText="1"/>'
_STYLES = (
    f'<styleSheet xmlns="{_MAIN}"><numFmts count="1"><numFmt numFmtId="164" formatCode="dd/mm/yyyy"/></numFmts>'
    '<fonts count="5"><font><sz val="11"/><name val="Times New Roman"/></font>'
    '<font><b/><sz val="14"/><name val="Times New Roman"/></font>'
    '<font><b/><sz val="11"/><name val="Times New Roman"/></font>'
    '<font><i/><sz val="11"/><name val="Times New Roman"/></font>'
    '<font><b/><u/><sz val="11"/><name val="Times New Roman"/></font></fonts>'
    '<fills count="6"><fill><patternFill patternType="none"/></fill><fill><patternFill patternType="gray125"/></fill>'
    + "".join(
        f'<fill><patternFill patternType="solid"><fgColor rgb="FF{colour}"/></patternFill></fill>'
        for colour in ("D9E1E8", "FCE9B5", "E7F3E4", "EEEEEE")
    )
    + f'</fills><borders count="2"><border/>{_BORDER}</borders>'
    '<cellStyleXfs count="1"><xf numFmtId="0" fontId="0" fillId="0" borderId="0"/></cellStyleXfs><cellXfs count="10">'
    '<xf numFmtId="0" fontId="0" fillId="0" borderId="0" xfId="0"/>'
    '<xf numFmtId="0" fontId="1" fillId="0" borderId="0" xfId="0" quotePrefix="1" applyFont="1"/>'
    f'<xf numFmtId="0" fontId="2" fillId="2" borderId="1" xfId="0" applyFont="1" applyFill="1" applyAlignment="1">{_MIDDLE}</xf>'
    f'<xf numFmtId="49" fontId="0" fillId="0" borderId="1" xfId="0" quotePrefix="1" applyAlignment="1">{_TOP}</xf>'
    f'<xf numFmtId="49" fontId="4" fillId="3" borderId="1" xfId="0" quotePrefix="1" applyFill="1" applyAlignment="1">{_TOP}</xf>'
    f'<xf numFmtId="49" fontId="0" fillId="4" borderId="1" xfId="0" quotePrefix="1" applyFill="1" applyProtection="1"'
    f' applyAlignment="1">{_TOP}<protection locked="0"/></xf>'
    f'<xf numFmtId="164" fontId="0" fillId="4" borderId="1" xfId="0" applyNumberFormat="1" applyFill="1" applyProtection="1"'
    f' applyAlignment="1">{_TOP}<protection locked="0"/></xf>'
    f'<xf numFmtId="3" fontId="0" fillId="0" borderId="1" xfId="0" applyNumberFormat="1" applyAlignment="1">{_TOP}</xf>'
    f'<xf numFmtId="0" fontId="3" fillId="0" borderId="0" xfId="0" quotePrefix="1" applyFont="1" applyAlignment="1">{_TOP}</xf>'
    f'<xf numFmtId="49" fontId="0" fillId="5" borderId="1" xfId="0" quotePrefix="1" applyFill="1" applyProtection="1"'
    f' applyAlignment="1">{_TOP}<protection locked="0"/></xf>'
    '</cellXfs><cellStyles count="1"><cellStyle name="Normal" xfId="0" builtinId="0"/></cellStyles></styleSheet>'
)

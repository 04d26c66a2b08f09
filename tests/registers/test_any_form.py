"""However a table is written, what is read is what was written, and every row of the file is accounted for.

`LINKAGE_EXAMPLES=5000` looks longer than every run of the tests does.
"""

from __future__ import annotations

import csv
import io
import os
import tempfile
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from linkage.config.sources import SideSpec
from linkage.registers import read_side
from linkage.registers.row_ends import whole_rows
from linkage.runs.sql import connect
from linkage.synthetic.legacy import to_tcvn3
from linkage.vietnamese import fold
from linkage.vietnamese.placeholders import NULL_WORD_OR_NAME, NULL_WORDS

EXAMPLES = int(os.environ.get("LINKAGE_EXAMPLES", "60"))
BLANK = " \t\r\n\u00a0"
ENDS = {"lf": ["\n"], "crlf": ["\r\n"], "cr": ["\r"], "mixed": ["\n", "\r\n", "\r"]}
HEADERS = {"name": "Họ và tên", "born": "Ngày sinh", "town": "Nơi ở", "note": "Ghi chú"}
WORDS = ["Nguyễn Văn An", "Đặng Thị Hòa", "05/08/1985", "Xã Tân Lập", "Xã A, Huyện B", "thôn 1\nxã 2", "a\rb", "c\r\nd", ";", "|"]
ODD = ["", " ", '"', '""', 'Le "Ty" Van', 'x"', '"x', "\n", "\r", "079", "'079", "-1", "=1+1", '="079"', "1.234", "\t"]
LETTERS = st.characters(codec="utf-8", exclude_characters="\0\ufffd\ufeff", exclude_categories=("Cs",))
ENCODINGS = ["utf-8", "utf-8-sig", "utf-16", "cp1252", "tcvn3"]


@cache
def one_connection():
    return connect(threads=1)


@dataclass(frozen=True)
class Written:
    data: bytes
    source: dict
    fields: list[str]
    rows: list[list[str]]
    titles: int
    ragged: int


@st.composite
def written(draw) -> Written:
    """A table and a file of it: fields quoted or not, any line ends, titles, marks, blank and ragged rows, any encoding."""
    encoding = draw(st.sampled_from(ENCODINGS))
    free = encoding.startswith("utf")
    words = ["José", "Müller", "thon 1\nxa 2"] if encoding == "cp1252" else WORDS
    heads = {name: fold(header) for name, header in HEADERS.items()} if encoding == "cp1252" else HEADERS
    cell = st.one_of(st.sampled_from(words), st.sampled_from(ODD), *([st.text(LETTERS, max_size=8)] if free else []))
    cell = cell.filter(lambda text: text != NULL_WORD_OR_NAME)  # its column as a whole says what it is
    fields = draw(st.lists(st.sampled_from(list(HEADERS)), min_size=1, max_size=4, unique=True))
    delimiter = draw(st.sampled_from(",;\t|"))
    ends = ENDS[draw(st.sampled_from(list(ENDS)))]

    def line(cells: list[str]) -> str:
        return delimiter.join(
            '"' + text.replace('"', '""') + '"'
            if text.startswith('"') or any(sign in text for sign in (delimiter, "\r", "\n")) or draw(st.booleans())
            else text
            for text in cells
        ) + draw(st.sampled_from(ends))

    text = ""

    def after(text: str, more: str) -> str:
        # a lone CR and a blank row's LF would be one line end
        return text + ("\r" + more[1:] if text.endswith("\r") and more.startswith("\n") else more)

    titles = draw(st.integers(0, 2))
    for _ in range(titles):
        title = draw(st.sampled_from(["SO DANG KY\rKHAI SINH", "SO\nNAM 1985", 'QUYEN "01"', ""]))
        text = after(text, line([title, *[""] * draw(st.sampled_from([0, len(fields)]))]))
    text += line(["Ma", *(heads[field].replace(" ", draw(st.sampled_from([" ", "\r", "\n", " \r\n"]))) for field in fields)])
    rows, ragged = [], 0
    for number in range(draw(st.integers(1, 6))):
        mark = "\ufeff" if free and draw(st.integers(0, 9)) == 0 else ""
        kind = draw(st.sampled_from(["row"] * 8 + ["blank", "ragged"])) if number else "row"
        row = [f"R{number}", *(draw(cell) for _ in fields)]
        if kind == "blank":
            text = after(text, delimiter * draw(st.integers(0, 3)) + draw(st.sampled_from(ends)))
            rows.append([])
        else:
            text += mark + line(row[:-1] if kind == "ragged" else row)
            ragged += kind == "ragged"
            rows.append(row if kind == "row" else [])
    if draw(st.booleans()):
        text = text[:-1] if text.endswith(("\n", "\r")) and rows[-1] else text
    source = {"encoding": encoding} if not free else {}
    source |= {"delimiter": delimiter} if draw(st.booleans()) else {}
    source |= {"header_row": titles + 1} if draw(st.booleans()) else {}
    return Written(_bytes(text, encoding), source, fields, rows, titles, ragged)


def _bytes(text: str, encoding: str) -> bytes:
    return b"".join(map(_western, to_tcvn3(text))) if encoding == "tcvn3" else text.encode(encoding)


def _western(letter: str) -> bytes:
    try:
        return letter.encode("cp1252")
    except UnicodeEncodeError:
        return letter.encode("latin-1")


def _read(value: str) -> str | None:
    if value.startswith('="') and value.endswith('"'):
        value = value[2:-1].replace('""', '"')
    return value if value.strip(BLANK) and value not in NULL_WORDS else None


@settings(max_examples=EXAMPLES, deadline=None, suppress_health_check=list(HealthCheck))
@given(written())
def test_the_values_are_those_written_and_no_row_is_lost(one: Written) -> None:
    with tempfile.TemporaryDirectory() as folder:
        connection = one_connection()
        base = Path(folder)
        (base / "r.csv").write_bytes(one.data)
        side = {
            "register": "table",
            "source": {"path": "r.csv", **one.source},
            "columns": {"record_id": "Mã", **{field: HEADERS[field] for field in one.fields}},
            "fields": dict.fromkeys(one.fields, "text"),
        }
        raw, aside = base / "raw.parquet", base / "aside.parquet"
        spec = SideSpec.model_validate(side)
        report = read_side(connection, spec, base=base, data=None, target=raw, quarantine=aside)
        query = f"SELECT record_id, {', '.join(one.fields)} FROM read_parquet('{raw}') ORDER BY row_number"
        found = [list(row) for row in connection.execute(query).fetchall()]
    delimiter = str(report.mapping.parts[0].detected["delimiter"]).removesuffix(" (detected)").replace("tab", "\t")
    # a value with a line end and the delimiters of a whole row cannot be told from a quotation mark left open
    doubtful = [
        row for row in one.rows
        if any(("\n" in cell or "\r" in cell) and cell.count(delimiter) >= len(one.fields) for cell in row)
    ]  # fmt: skip
    wanted = [[row[0], *map(_read, row[1:])] for row in one.rows if row and row not in doubtful]
    assert found == [row for row in wanted if any(row[1:])], "whoever has no field at all is nobody"
    assert report.title_rows == one.titles
    assert report.header_rows == (("r.csv", one.titles + 1),)
    assert report.rows_in_file == one.titles + 1 + len(one.rows)
    assert report.rows_blank == sum(not row for row in one.rows) - one.ragged
    nobody = sum(not any(row[1:]) for row in wanted)
    expected = {"ragged_row": one.ragged, "unclosed_quote": len(doubtful), "role_absent": nobody}
    assert dict(report.reasons) == {reason: rows for reason, rows in expected.items() if rows}


@settings(max_examples=EXAMPLES, deadline=None)
@given(
    st.lists(st.sampled_from(['"', '""', ",", "\n", "\r", "\r\n", "a", "bc ", ""]), max_size=40).map("".join),
    st.lists(st.integers(1, 5), max_size=30),
)
def test_rows_begin_where_csv_says_however_the_text_is_cut(text: str, lengths: list[int]) -> None:
    pieces, at = [], 0
    for length in lengths:
        pieces.append(text[at : at + length].encode())
        at += length
    pieces.append(text[at:].encode())
    rows = list(whole_rows(iter(pieces), ",", '"'))
    assert b"".join(block.text for block in rows) == text.encode()
    cut = [row for block in rows for row in _rows_of(block)]
    assert cut == [row for block in whole_rows([text.encode()], ",", '"') for row in _rows_of(block)]
    if not any(block.stray for block in rows):
        # one reader over the whole text, its line ends made LF first: csv takes a lone CR for an end of its own
        split = [next(csv.reader([_one_kind(row.decode()).removesuffix("\n")]), []) for row in cut]
        assert split == list(csv.reader(io.StringIO(_one_kind(text))))


def _one_kind(text: str) -> str:
    return text.replace("\r\n", "\n").replace("\r", "\n")


def _rows_of(block):
    return [block.text[start:end] for start, end in zip([0, *block.ends[:-1]], block.ends, strict=True)]

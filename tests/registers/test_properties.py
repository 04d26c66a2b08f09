"""Whatever the columns and the rows: rows in = used + quarantined, and what is used is what was written."""

from __future__ import annotations

import csv
import io
import tempfile
import unicodedata
from collections import Counter
from pathlib import Path

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from linkage.config.columns import column_of
from linkage.config.sources import SideSpec
from linkage.errors import LinkageError
from linkage.registers import read_side, register_kind
from linkage.runs.sql import connect
from linkage.vietnamese.placeholders import NULL_WORD_OR_NAME, NULL_WORDS

FIELDS = [field for field in register_kind("birth").fields if field.name != "record_id"]
TEXT = st.text(st.characters(codec="utf-8", exclude_characters="\0\ufffd", exclude_categories=("Cs",)), max_size=12)
CELL = st.one_of(TEXT, st.sampled_from(["", " ", '"', "a,b", "x\ny", 'say "yes"', "Đặng", "1/1/2000", "=1+1"]))


@st.composite
def registers(draw):
    """Headers in any of their forms and order, rows with any text, some of them ragged."""
    chosen = draw(st.lists(st.sampled_from(FIELDS), min_size=1, max_size=5, unique_by=lambda field: field.name))
    chosen = list(
        {
            field.name: field
            for field in [register_kind("birth").field("full_name"), register_kind("birth").field("birth_date"), *chosen]
        }.values()
    )
    chosen = draw(st.permutations([register_kind("birth").field("record_id"), *chosen]))
    headers = [getattr(field, draw(st.sampled_from(["name", "header", "short"]))) for field in chosen]
    rows = draw(st.lists(st.lists(CELL, min_size=len(chosen), max_size=len(chosen)), min_size=1, max_size=12))
    return [field.name for field in chosen], headers, rows


def read_bytes(data: bytes, source: dict):
    with tempfile.TemporaryDirectory() as folder, connect(threads=1) as connection:
        base = Path(folder)
        (base / "r.csv").write_bytes(data)
        side = SideSpec.model_validate({"register": "birth", "role": "child", "source": {"path": "r.csv", **source}})
        raw, aside = base / "raw.parquet", base / "aside.parquet"
        report = read_side(connection, side, base=base, data=None, target=raw, quarantine=aside)
        found = connection.execute("SELECT * FROM read_parquet($path)", {"path": str(raw)})
        names = [column[0] for column in found.description]
        mentions = [dict(zip(names, row, strict=True)) for row in found.fetchall()]
        quarantined = connection.execute("SELECT count(*) FROM read_parquet($path)", {"path": str(aside)}).fetchone()[0]
        assert report.rows_in == report.rows_used + report.rows_quarantined == len(mentions) + quarantined
        return report, mentions


def meant(identifier: str) -> str:
    """Without what is not seen: an identifier is used as it was meant, everything else verbatim."""
    unseen = ("Cf", "Co", "Cc")
    return " ".join("".join(c for c in identifier if c.isspace() or unicodedata.category(c) not in unseen).split())


def as_read(cell: str) -> set[str]:
    """What a cell may come out as: itself; nothing when blank or a null word; `NA` either way, as its column tells."""
    if not cell.strip(" \t\r\n\u00a0") or cell in NULL_WORDS:
        return {""}
    return {cell, ""} if cell == NULL_WORD_OR_NAME else {cell}


@settings(max_examples=35, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(registers(), st.sampled_from([csv.QUOTE_ALL, csv.QUOTE_MINIMAL]), st.sampled_from(",;\t|"))
def test_rows_in_are_rows_used_and_quarantined(register, quoting, delimiter) -> None:
    names, headers, rows = register
    out = io.StringIO()
    csv.writer(out, quoting=quoting, delimiter=delimiter).writerows([headers, *rows])
    rows = [[meant(cell) if name == "record_id" else cell for name, cell in zip(names, row, strict=True)] for row in rows]
    filled = [row for row in rows if any(cell.strip(" \t\r\n\u00a0") for cell in row)]
    try:
        report, mentions = read_bytes(out.getvalue().encode(), {"delimiter": delimiter, "encoding": "utf-8"})
    except LinkageError:
        assert not filled, "only a register without rows is refused"
        return
    assert report.rows_in + report.rows_blank == len(rows)
    assert report.rows_in == len(filled)
    written = Counter(tuple(row) for row in filled)
    for mention in mentions:
        row = tuple(mention[name if name == "record_id" else column_of(name)] or "" for name in names)
        same = [w for w in written if all(g in as_read(x) for g, x in zip(row, w, strict=True))]
        assert same, "what is used is verbatim"
    assert [mention["id"] for mention in mentions] == list(range(1, len(mentions) + 1))
    assert len({mention["record_id"] for mention in mentions}) == len(mentions)


@settings(max_examples=35, deadline=None)
@given(st.binary(max_size=200), st.sampled_from([b"", b"\n", b"\r\n"]))
def test_any_bytes_after_the_header_are_used_or_quarantined_or_refused(tail: bytes, end: bytes) -> None:
    head = "Mã hồ sơ,Họ và tên,Ngày sinh\nKS-1,Lê A,1990\n".encode()
    try:
        report, mentions = read_bytes(head + tail + end, {"delimiter": ",", "encoding": "utf-8"})
    except LinkageError:
        raise AssertionError("one sound row is there: the rest is quarantined") from None
    assert report.rows_in >= 1
    assert mentions or report.rows_quarantined


@settings(max_examples=25, deadline=None)
@given(st.lists(st.lists(st.sampled_from(["a", "", '"', "b c", "x"]), min_size=1, max_size=5), min_size=1, max_size=10))
def test_ragged_rows_are_never_lost(rows) -> None:
    body = "\n".join(",".join(row) for row in rows)
    report, _ = read_bytes(
        f"record_id,full_name,birth_date\nKS-1,Lê A,1990\n{body}\n".encode(), {"delimiter": ",", "encoding": "utf-8"}
    )
    lines = sum(1 for line in body.split("\n") if line.strip(", "))
    if '"' not in body:
        assert report.rows_in == lines + 1
    assert report.rows_in >= 1

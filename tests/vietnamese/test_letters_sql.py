"""The fold in SQL gives what the fold in Python gives."""

import re
import unicodedata
from pathlib import Path

import duckdb
import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import linkage
from linkage.vietnamese.letters import APOSTROPHES, fold
from linkage.vietnamese.letters_sql import fold_sql

VIETNAMESE = [
    form
    for base in "aăâeêioôơuưydđbcghklmnpqrstvxAĂÂEÊIOÔƠUƯYDĐBCGHKLMNPQRSTVXÐðƉɖƀɃčñĭŏŭ"
    for tone in ("", "\u0301", "\u0300", "\u0309", "\u0303", "\u0323")
    for form in (unicodedata.normalize("NFC", base + tone), unicodedata.normalize("NFD", base + tone))
]
TONE_TYPED_FIRST = [base + tone + mark for base in "aeouAEOU" for tone in "\u0301\u0323" for mark in "\u0302\u0306\u031b"]
OTHERS = [
    chr(code)
    for first, last in (
        *(
            (1, 0x370),
            (0x1D00, 0x1DC0),
            (0x1E00, 0x1F00),
            (0x2070, 0x20A0),
            (0xFF01, 0xFF5F),
        ),  # Latin letters, marks, superscripts, full width
        *((0x2000, 0x2070), (0x20A0, 0x20D0), (0x3000, 0x3020)),  # spaces, signs
        *((0x370, 0x450), (0x4E00, 0x4F00), (0xAC00, 0xAC40)),  # letters of other scripts
    )
    for code in range(first, last)
    if unicodedata.category(chr(code)) != "Cn"
]
LETTERS = sorted({*VIETNAMESE, *TONE_TYPED_FIRST, *OTHERS})
texts = st.text(alphabet=[*{*"".join(VIETNAMESE), *APOSTROPHES}, *" \u00a0\t\u200b\u00ad-.,/_09ß中æ"], max_size=30)


def in_sql(written: list[str | None]) -> list[str | None]:
    table = pa.table({"place": range(len(written)), "written": pa.array(written, pa.string())})
    with duckdb.connect() as connection:
        connection.register("texts", table)
        return [row[0] for row in connection.execute(f"SELECT {fold_sql('written')} FROM texts ORDER BY place").fetchall()]


@pytest.mark.parametrize("around", ["{}", "x{}y", "x {} y", "Đặng{}"])
def test_every_letter_folds_alike(around):
    written = [around.format(letter) for letter in LETTERS]
    odd = [(text, told) for text, told in zip(written, in_sql(written), strict=True) if told != fold(text)]
    assert len(written) > 2_000
    assert not odd


@given(st.lists(texts, min_size=1, max_size=50))
@settings(max_examples=25, deadline=None)
def test_texts_fold_alike(written):
    assert in_sql(written) == [fold(text) for text in written]


def test_nothing_stays_nothing():
    assert in_sql([None, "", "  '’ "]) == [None, "", ""]


def test_no_other_room_folds_by_itself():
    rooms = Path(linkage.__file__).parent
    others = [path for path in rooms.rglob("*.py") if path.relative_to(rooms).parts[0] not in ("vietnamese", "synthetic")]
    assert len(others) > 100
    assert not [
        path.name for path in others if re.search(r"strip_accents|unicodedata|combining\(", path.read_text(encoding="utf-8"))
    ]

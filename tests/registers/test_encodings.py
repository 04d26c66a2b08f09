from __future__ import annotations

import pytest

from linkage.errors import SourceError
from linkage.registers import check_side
from linkage.synthetic.legacy import to_mojibake, to_tcvn3, to_vni

HEADERS = ["Mã hồ sơ", "Họ và tên", "Ngày sinh", "Nơi sinh"]
SURNAMES = ["Nguyễn", "Trần", "Lê", "Phạm", "Hoàng", "Vũ", "Đặng", "Bùi"]
GIVEN = ["Hòa", "Thủy", "Hương", "Dũng", "Hằng", "Tuấn", "Nguyệt", "Ước"]
ROWS = [
    [f"KS-{at:03d}", f"{SURNAMES[at % 8]} Thị {GIVEN[at // 8 % 8]}", "15/08/1990", f"Xã Mỹ Thắng, Huyện Mỹ Lộc {at}"]
    for at in range(64)
]


def table(rows):
    return "".join(",".join(f'"{cell}"' for cell in row) + "\n" for row in rows)


FORMS = {
    "tcvn3": lambda text: to_tcvn3(text).encode("cp1252", "latin1_bytes"),
    "vni": lambda text: to_vni(text).encode("cp1252", "latin1_bytes"),
    "utf-8-as-cp1252": lambda text: to_mojibake(text).encode(),
    "cp1258": lambda text: vietnamese_1258(text),
    "viqr": lambda text: viqr(text).encode("ascii"),
}


def viqr(text: str) -> str:
    """Marks typed after their letters (RFC 1456)."""
    import unicodedata

    marks = {
        "\u0302": "^",
        "\u0306": "(",
        "\u031b": "+",
        "\u0301": "'",
        "\u0300": "`",
        "\u0309": "?",
        "\u0303": "~",
        "\u0323": ".",
    }
    tones = "'`?~."
    out = ""
    for letter in text.replace("đ", "dd").replace("Đ", "DD"):
        base, *rest = unicodedata.normalize("NFD", letter)
        out += base + "".join(sorted((marks.get(mark, mark) for mark in rest), key=lambda mark: mark in tones))
    return out


def vietnamese_1258(text: str) -> bytes:
    """Letters with circumflex, breve and horn stay whole, tones stand after them."""
    import unicodedata

    tones = "\u0300\u0301\u0303\u0309\u0323"
    out = b""
    for letter in text:
        parts = unicodedata.normalize("NFD", letter)
        whole = unicodedata.normalize("NFC", "".join(part for part in parts if part not in tones))
        out += (whole + "".join(part for part in parts if part in tones)).encode("cp1258")
    return out


@pytest.fixture(autouse=True, scope="module")
def latin1_bytes():
    import codecs

    codecs.register_error("latin1_bytes", lambda error: (error.object[error.start : error.end].encode("latin-1"), error.end))


@pytest.mark.parametrize("encoding", FORMS)
@pytest.mark.parametrize("headers", ["same encoding", "canonical names"])
def test_a_declared_legacy_encoding_gives_the_same_mentions(encoding, headers, tmp_path, read) -> None:
    plain = table([HEADERS, *ROWS])
    (tmp_path / "plain.csv").write_text(plain, encoding="utf-8")
    wanted = read({"path": "plain.csv"}).mentions
    first = HEADERS if headers == "same encoding" else ["record_id", "full_name", "birth_date", "birth_place"]
    (tmp_path / "old.csv").write_bytes(FORMS[encoding](table([first, *ROWS])))
    found = read({"path": "old.csv", "encoding": encoding}).mentions
    assert [row["full_name"] for row in found] == [row["full_name"] for row in wanted]
    assert [row["birth_place"] for row in found] == [row["birth_place"] for row in wanted]


@pytest.mark.parametrize("encoding", ["tcvn3", "vni"])
def test_an_undeclared_legacy_encoding_is_refused_with_the_right_proposal(encoding, tmp_path, read) -> None:
    (tmp_path / "old.csv").write_bytes(FORMS[encoding](table([["record_id", "full_name", "birth_date", "birth_place"], *ROWS])))
    with pytest.raises(SourceError, match=f"looks like {encoding}"):
        read({"path": "old.csv"})


@pytest.mark.parametrize(("encoding", "form"), [("tcvn3", to_tcvn3), ("vni", to_vni), ("utf-8-as-cp1252", to_mojibake)])
def test_check_proposes_the_encoding_of_a_column_as_a_whole(encoding, form, tmp_path, spec) -> None:
    old = [[row[0], form(row[1]), *row[2:]] for row in ROWS]
    (tmp_path / "mixed.csv").write_text(table([HEADERS, *old]), encoding="utf-8")
    notes = [
        finding for finding in check_side(spec({"path": "mixed.csv"}), tmp_path, None).findings if finding.severity == "note"
    ]
    assert [finding.key for finding in notes] == [("source", "encoding")]
    assert f"“Họ và tên” looks like {encoding}" in notes[0].what
    assert "Nguy" not in notes[0].what
    (tmp_path / "plain.csv").write_text(table([HEADERS, *ROWS]), encoding="utf-8")
    assert not check_side(spec({"path": "plain.csv"}), tmp_path, None).findings


def test_a_legacy_encoding_inside_a_workbook(tmp_path, read) -> None:
    from openpyxl import Workbook

    book = Workbook()
    book.active.append(["record_id", "full_name", "birth_date", "birth_place"])
    for row in ROWS:
        book.active.append([row[0], to_tcvn3(row[1]), row[2], to_tcvn3(row[3])])
    book.save(tmp_path / "old.xlsx")
    found = read({"path": "old.xlsx", "encoding": "tcvn3"}).mentions
    assert [row["full_name"] for row in found] == [row[1] for row in ROWS]

"""A column as a whole is proposed to be in a legacy encoding, or not."""

from __future__ import annotations

import unicodedata

import pytest

from linkage.vietnamese import decode_legacy, propose_encoding
from linkage.vietnamese import encodings as enc

NAMES = [
    f"{surname} {middle} {given}"
    for surname in ("Nguyễn", "Trần", "Lê", "Phạm", "Đặng", "Vũ", "Bùi")
    for middle in ("Thị", "Văn", "Đức", "Hữu")
    for given in ("Hằng", "Tuấn", "Phượng", "Mỹ", "Quỳnh", "Thủy", "Đạt", "Kiên", "Ứng", "Lộc")
]


def _vni(text):
    marks = {"\u0301": "ù", "\u0300": "ø", "\u0309": "û", "\u0303": "õ", "\u0323": "ï"}
    single = {"đ": "ñ", "ỉ": "æ", "ĩ": "ó", "ị": "ò", "í": "í", "ì": "ì", "ơ": "ô", "ư": "ö", "ỵ": "î"}
    out = []
    for c in text:
        low, spread = c.lower(), unicodedata.normalize("NFD", c.lower())
        if low in single:
            coded = single[low]
        else:
            base, rest = spread[0], spread[1:]
            tone = next((m for m in rest if m in marks), "")
            if "\u0302" in rest:
                coded = base + next(k for k, v in enc._CIRCUMFLEX_OF_VNI.items() if v == tone)
            elif "\u0306" in rest:
                coded = base + next(k for k, v in enc._BREVE_OF_VNI.items() if v == tone)
            elif "\u031b" in rest:
                coded = single[{"o": "ơ", "u": "ư"}[base]] + marks[tone]
            else:
                coded = base + marks.get(tone, "")
        out.append(coded.upper() if c.isupper() else coded)
    return "".join(out)


def _viqr(text):
    signs = {mark: sign for sign, mark in enc._VIQR_MARKS.items()}
    spread = unicodedata.normalize("NFD", text.replace("đ", "dd").replace("Đ", "DD"))
    words = []
    for word in spread.split():
        letters = []
        for c in word:
            letters.append(signs.get(c, c))
        words.append("".join(letters))
    # VIQR writes the letter's sign before the tone's; a dot below decomposes first
    return " ".join(words).replace(".^", "^.").replace(".(", "(.").replace("+.", "+.")


def _cp1258(text):
    out = ""
    for c in unicodedata.normalize("NFC", text):
        spread = unicodedata.normalize("NFD", c)
        tone = next((m for m in spread[1:] if m in "\u0301\u0300\u0309\u0303\u0323"), "")
        out += unicodedata.normalize("NFC", spread.replace(tone, "") if tone else c) + tone
    return out.encode("cp1258").decode("cp1252")


def _utf8(text):
    return "".join(chr(b) if b in (0x81, 0x8D, 0x8F, 0x90, 0x9D) else bytes([b]).decode("cp1252") for b in text.encode())


def _tcvn3(text):
    table = {letter: sign for sign, letter in enc._TCVN3.items()}
    return "".join(table.get(c, table.get(c.lower(), c)) for c in text)


ENCODERS = {"tcvn3": _tcvn3, "vni": _vni, "viqr": _viqr, "cp1258": _cp1258, "utf-8-as-cp1252": _utf8}


@pytest.mark.parametrize("encoding", enc.LEGACY_ENCODINGS)
def test_a_column_in_a_legacy_encoding_is_recognised_and_decoded(encoding):
    column = [ENCODERS[encoding](name) for name in NAMES]
    proposal = propose_encoding(column)
    assert proposal is not None and proposal.encoding == encoding
    assert proposal.share > 0.95 and proposal.share_as_it_is < 0.3
    same = [decode_legacy(value, encoding) == name for value, name in zip(column, NAMES, strict=True)]
    # TCVN3 has no accented capitals: Ứng comes back as ứng
    assert all(same) if encoding != "tcvn3" else sum(same) > 0.85 * len(same)


@pytest.mark.parametrize(
    "column",
    [NAMES, NAMES[:5], [], ["José Müller"] * 50, [f"José Müller {i}" for i in range(50)], ["H’Hen Niê", "Y Ƀham Êban"] * 30,
     [unicodedata.normalize("NFD", name) for name in NAMES], [str(i) for i in range(100)], [_tcvn3(name) for name in NAMES[:10]]],
)  # fmt: skip
def test_other_columns_are_left_alone(column):
    assert propose_encoding(column) is None


def test_a_mixed_column_is_left_to_people():
    half = [_tcvn3(name) if i % 2 else name for i, name in enumerate(NAMES)]
    assert propose_encoding(half) is None


def test_an_unknown_encoding_is_refused():
    with pytest.raises(ValueError, match="unknown encoding"):
        decode_legacy("a", "ebcdic")

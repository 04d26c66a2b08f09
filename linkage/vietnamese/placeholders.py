"""Words written where a value is not known: they become missing, with a flag.

A phrase counts with its own marks, or typed without any; not with other marks: Trọng is no "trống", Khổng no "không". A
word that may be somebody's name (Na, Bé, Trong typed without marks) stands for "not known" only where no name can stand.
"""

from __future__ import annotations

from linkage.vietnamese.letters import clean_text, fold, tone_key

_OF_ANY_FIELD = r"""
    không, không rõ, không biết, không có, không xác định, không xác định được, không có thông tin
    không thông tin, không rõ thông tin, không nhớ, không khai, không ghi, không đọc được, không thể đọc
    không tìm thấy, mờ không đọc được, chưa rõ, chưa biết, chưa có, chưa xác định, chưa cấp, chưa khai
    chưa cập nhật, chưa rõ thông tin, bỏ trống, để trống, trống, thất lạc, như trên, khuyết, k, ko, k rõ, ko rõ
    k có, ko có, kxđ, x, xx, xxx, xxxx, na, n a, null, none, nil, nan, unknown, undefined
"""
_OF_NAMES = """
    chưa đặt tên, chưa có tên, chưa tên, chưa đặt, không tên, không có tên, không rõ tên, không rõ họ tên
    sơ sinh, trẻ sơ sinh, trẻ sơ sinh nam, trẻ sơ sinh nữ, bé sơ sinh, con sơ sinh, bé gái, bé trai, con gái
    con trai, em bé, cháu bé, cháu gái, cháu trai, không rõ cha, không rõ mẹ, không rõ bố, không có cha
    không có mẹ, không cha, không xác định được cha, không xác định được mẹ, con ngoài giá thú, vô thừa nhận
    vô danh, khuyết danh, người vô danh, người lạ, tử thi vô danh, không rõ tung tích, không rõ lai lịch
"""
_NAMES_TOO = "khuyết, na, nil, nan"
"""Of these the words themselves are given names."""
_NAMES_WITHOUT_MARKS = """
    không, trống, không khai, không nhớ, bỏ trống, để trống, cháu bé, cháu gái, cháu trai, vô danh, vô thừa nhận
"""
"""Typed without marks these may be Khổng, Trọng, Khổng Khải, Bố Trọng, Châu Bé, Võ Danh, Võ Thừa Nhân."""

NULL_WORDS = (
    r"\N", "NULL", "Null", "null", "(NULL)", "(Null)", "(null)", "[NULL]", "[null]", "<NULL>", "<Null>", "<null>",
    "NaN", "nan", "-NaN", "-nan", "NaT", "<NA>", "N/A", "n/a", "None", "undefined", "#N/A", "#REF!", "#VALUE!", "#NAME?",
    "#DIV/0!", "#NUM!", "#NULL!", "#SPILL!", "#CALC!", "#ERROR!", "#Error", "#Deleted",
)  # fmt: skip
"""What programs write for a value that is not there (databases, R, pandas, JavaScript, Excel, Access), letter for letter."""
NULL_WORD_OR_NAME = "NA"
"""R writes it for a missing value; in a column of given names in capitals it is the name Na."""


def _phrases(text: str) -> dict[str, tuple[str, ...]]:
    """Fold key of each phrase → the tone keys of its words, hỏi and ngã (often confused) alike."""
    phrases = [phrase.strip() for line in text.strip().splitlines() for phrase in line.split(",")]
    return {fold(phrase): tuple(_tones(phrase)) for phrase in phrases}


def _tones(text: str) -> list[str]:
    return tone_key(text).replace("4", "3").split()


_ANY = _phrases(_OF_ANY_FIELD)
_NAMES = {folded: tones for folded, tones in (_ANY | _phrases(_OF_NAMES)).items() if folded not in _phrases(_NAMES_TOO)}
_AMBIGUOUS = frozenset(_phrases(_NAMES_WITHOUT_MARKS))
_NULLS = frozenset(NULL_WORDS)
_LONGEST = 60  # characters, spaces and decomposed marks included
NAME_PLACEHOLDER_FIRST_WORDS = frozenset(phrase.split()[0] for phrase in (*_NAMES, *filter(None, map(fold, NULL_WORDS))))
"""Folded first words of every placeholder, so that other names need not be looked up."""


def is_null_word(text: str) -> bool:
    r"""Whether a program wrote this for a value that is not there, or joined it of several such.

    >>> is_null_word(r"\N"), is_null_word("#REF!"), is_null_word("undefined undefined"), is_null_word("Na")
    (True, True, True, False)
    """
    return text in _NULLS or (" " in text and all(part.rstrip(",;") in _NULLS for part in text.split()))


def is_placeholder(text: str, *, may_be_name: bool = False) -> bool:
    """Whether a value stands for "not known": "không rõ", "chưa xác định", "x", "…", "-", "?"; `may_be_name`: of free text.

    >>> is_placeholder("Không rõ"), is_placeholder("…"), is_placeholder("Nguyễn Văn Rõ"), is_placeholder("Trọng")
    (True, True, False, False)
    >>> is_placeholder("Na"), is_placeholder("Na", may_be_name=True), is_placeholder("Khong", may_be_name=True)
    (True, False, False)
    """
    if len(text) < _LONGEST and (folded := fold(text)) in _ANY and _is_meant(text, folded, _ANY[folded], may_be_name):
        return not may_be_name or folded in _NAMES
    return is_null_word(clean := clean_text(text)) or not any(c.isalnum() for c in clean)


def is_name_placeholder(text: str) -> bool:
    """Whether a name stands for "not known" or "not yet named": "chưa đặt tên", "bé gái".

    >>> is_name_placeholder("Bé gái"), is_name_placeholder("Bé"), is_name_placeholder("Nguyễn Thị Bé")
    (True, False, False)
    >>> is_name_placeholder("Vô danh"), is_name_placeholder("Võ Danh"), is_name_placeholder("Vo Danh")
    (True, False, False)
    """
    folded = fold(text)
    if folded in _NAMES:
        return _is_meant(text, folded, _NAMES[folded], True)
    return is_placeholder(text, may_be_name=True)


def _is_meant(text: str, folded: str, phrase: tuple[str, ...], may_be_name: bool) -> bool:
    """Whether each word has the phrase's marks or none; none at all where that may be a name is not enough."""
    written, bare = _tones(text), folded.split()
    if len(written) != len(phrase) or any(
        word not in (meant, plain) for word, meant, plain in zip(written, phrase, bare, strict=True)
    ):
        return False
    return not (may_be_name and folded in _AMBIGUOUS and written == bare)

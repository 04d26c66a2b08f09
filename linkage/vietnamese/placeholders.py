"""Words written where a value is not known: they become missing, with a flag."""

from __future__ import annotations

from linkage.vietnamese.letters import clean_text, fold

_OF_ANY_FIELD = """
    khong, khong ro, khong biet, khong co, khong xac dinh, khong xac dinh duoc, khong co thong tin
    khong thong tin, khong ro thong tin, khong nho, khong khai, khong ghi, khong doc duoc, khong the doc
    khong tim thay, mo khong doc duoc, chua ro, chua biet, chua co, chua xac dinh, chua cap, chua khai
    chua cap nhat, chua ro thong tin, bo trong, de trong, trong, that lac, nhu tren, khuyet, k, ko, k ro, ko ro
    k co, ko co, kxd, x, xx, xxx, xxxx, na, n a, null, none, nil, nan, unknown
"""
_OF_NAMES = """
    chua dat ten, chua co ten, chua ten, chua dat, khong ten, khong co ten, khong ro ten, khong ro ho ten
    so sinh, tre so sinh, tre so sinh nam, tre so sinh nu, be so sinh, con so sinh, be, be gai, be trai, con gai
    con trai, em be, chau be, chau gai, chau trai, khong ro cha, khong ro me, khong ro bo, khong co cha
    khong co me, khong cha, khong xac dinh duoc cha, khong xac dinh duoc me, con ngoai gia thu, vo thua nhan
    vo danh, khuyet danh, nguoi vo danh, nguoi la, tu thi vo danh, khong ro tung tich, khong ro lai lich
"""


def _phrases(text: str) -> frozenset[str]:
    return frozenset(phrase.strip() for line in text.strip().splitlines() for phrase in line.split(","))


_ANY = _phrases(_OF_ANY_FIELD)
_NAMES = _phrases(_OF_NAMES)
_LONGEST = 60  # characters, spaces and decomposed marks included
NAME_PLACEHOLDER_FIRST_WORDS = frozenset(phrase.split()[0] for phrase in _ANY | _NAMES)
"""Folded first words of every placeholder, so that other names need not be looked up."""


def is_placeholder(text: str) -> bool:
    """Whether a value of any field stands for "not known": "không rõ", "chưa xác định", "x", "…", "-", "?".

    >>> is_placeholder("Không rõ"), is_placeholder("…"), is_placeholder("Nguyễn Văn Rõ")
    (True, True, False)
    """
    return (len(text) < _LONGEST and fold(text) in _ANY) or not any(c.isalnum() for c in clean_text(text))


def is_name_placeholder(text: str) -> bool:
    """Whether a name stands for "not known" or "not yet named": "chưa đặt tên", "bé gái".

    >>> is_name_placeholder("Bé gái"), is_name_placeholder("Nguyễn Thị Bé")
    (True, False)
    """
    return fold(text) in _NAMES or is_placeholder(text)

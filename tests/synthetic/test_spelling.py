"""Wrong spellings of single tokens, and the tables of them."""

import numpy as np
import pytest

from linkage.synthetic.date_errors import DateParts, repair_impossible
from linkage.synthetic.digitisation import KEYING_KINDS
from linkage.synthetic.legacy import to_mojibake, to_tcvn3, to_vni
from linkage.synthetic.spelling import TOKEN_KINDS
from linkage.synthetic.vocabulary import vocabulary


@pytest.mark.parametrize(
    "kind,token,wrong",
    [
        ("mark_lost", "Phượng", "Phương"),
        ("hoi_nga", "Nguyễn", "Nguyển"),
        ("hoi_nga", "Thủy", "Thũy"),
        ("i_y", "Quý", "Quí"),
        ("i_y", "Vy", "Vi"),
        ("initial_north", "Sáng", "Xáng"),
        ("initial_north", "Trinh", "Chinh"),
        ("initial_south", "Vinh", "Dinh"),
        ("initial_l_n", "Lan", "Nan"),
        ("southern_final", "Tiến", "Tiếng"),
        ("southern_final", "Đạt", "Đạc"),
        ("regional_variant", "Vũ", "Võ"),
        ("abbreviation", "Nguyễn", "Ng."),
        ("keyboard_residue", "Nguyễn", "Nguyeenx"),
        ("keyboard_residue", "Thị", "Thi5"),
        ("misread", "Hường", "Hương"),
        ("minority_spelling", "H’", "H'"),
        ("minority_spelling", "Giàng", "Dàng"),
    ],
)
def test_examples_of_the_reference(kind, token, wrong):
    assert wrong in TOKEN_KINDS[kind](token)


@pytest.mark.parametrize("kind", sorted(TOKEN_KINDS))
def test_every_tabulated_spelling_differs_and_is_reachable(kind):
    words = vocabulary()
    codes = np.arange(words.clean)
    able = codes[words.can(kind, codes)]
    assert len(able) >= 15
    for draw in (0.0, 0.5, 0.999):
        wrong = words.misspell(kind, able, np.full(len(able), draw))
        assert (wrong != able).all()
        assert all(words.tokens[w] in TOKEN_KINDS[kind](words.tokens[a]) for w, a in zip(wrong, able, strict=True))


def test_legacy_encodings_look_as_their_fonts_do():
    assert to_tcvn3("Nguyễn Thị Hoà") == "NguyÔn ThÞ Hoµ"
    assert to_vni("Đặng Thị Thắm") == "Ñaëng Thò Thaém"
    assert to_vni("Trần Văn Đức") == "Traàn Vaên Ñöùc"
    assert to_mojibake("Nguyễn") == "Nguyá»…n"


def test_impossible_dates_are_repaired_by_the_rule_of_re_registration():
    parts = DateParts(np.array([1957, 1956, 1957, 1960, 1961]), np.array([2, 2, 2, 4, 11]), np.array([30, 30, 29, 31, 31]))
    repair_impossible(parts)
    assert list(zip(parts.day, parts.month, strict=True)) == [(2, 3), (1, 3), (1, 3), (1, 5), (1, 12)]


def test_keying_a_digit_leaves_old_fonts_alone():
    assert KEYING_KINDS["digit"]("NguyÔn V¹n", 0.5) is None
    assert KEYING_KINDS["digit"]("P. 1", 0.5) not in (None, "P. 1")

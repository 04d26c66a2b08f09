import pytest

from linkage.review.marks import difference_kind, mark_differences


def shown(left, right):
    """Tone differences in (), letter differences in []."""
    signs = {"same": "{}", "tone": "({})", "letter": "[{}]"}
    return tuple("".join(signs[segment.kind].format(segment.text) for segment in side) for side in mark_differences(left, right))


@pytest.mark.parametrize(
    ("left", "right", "marked"),
    [
        ("Trần Văn Bình", "Trần Văn Bính", ("Trần Văn B(ì)nh", "Trần Văn B(í)nh")),
        ("Nguyễn Thị Hoa", "Nguyên Thi Hoa", ("Nguy(ễ)n Th(ị) Hoa", "Nguy(ê)n Th(i) Hoa")),
        ("Đặng Thu", "Dang Thu", ("[Đặ]ng Thu", "[Da]ng Thu")),
        ("H’Hen Niê", "H'Hen Nie", ("H’Hen Ni[ê]", "H'Hen Ni[e]")),
        ("Nguyễn Lê Vân", "Nguyễn Vân", ("Nguyễn [Lê ]Vân", "Nguyễn Vân")),
        ("12/03/1990", "13/02/1990", ("1[2]/0[3]/1990", "1[3]/0[2]/1990")),
        ("01/02/1957", "1957", ("[01/02/]1957", "1957")),
        ("H’Ñan", "H’Nan", ("H’[Ñ]an", "H’[N]an")),
        ("", "Lan", ("", "[Lan]")),
    ],
)
def test_differences_are_marked_by_letter(left, right, marked):
    assert shown(left, right) == marked


@pytest.mark.parametrize(
    ("left", "right"),
    [
        ("Hoà", "Hòa"),
        ("THUỶ", "Thủy"),
        ("Nguye\u0302\u0303n", "Nguyễn"),
        ("Phu\u0323\u031bng", "Phựng"),
        ("Nguye\u0303\u0302n", "Nguyễn"),
        ("H’Hen", "HʼHen"),
        ("Ðặng", "Đặng"),
        ("Y Bhăm\u00a0Êban", "Y Bhăm Êban"),
    ],
)
def test_ways_of_writing_the_same_are_no_difference(left, right):
    assert difference_kind(left, right) == "same"


def test_the_text_itself_is_never_changed():
    left, right = "<b>Công Tằng Tôn Nữ</b> & con", "Công Tang Ton Nu"
    marked = mark_differences(left, right)
    assert ["".join(segment.text for segment in side) for side in marked] == [left, right]


def test_letters_outweigh_tones():
    assert difference_kind("Bình Hoa", "Bính Huệ") == "letter"

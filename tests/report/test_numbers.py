from __future__ import annotations

import pytest

from linkage.report.numbers import Ledger, Number, NumberWithLimits
from linkage.statistics import Interval


@pytest.mark.parametrize(
    ("value", "kind", "of", "vietnamese", "english"),
    [
        (1234567, "count", None, "1.234.567", "1,234,567"),
        (-12, "count", None, "−12", "−12"),
        (0.5, "share", 40, "50%", "50%"),
        (0.98765, "share", 600, "98,8%", "98.8%"),
        (0.98765, "share", 1_000_000, "98,77%", "98.77%"),
        (0.001, "rate", None, "0,1%", "0.1%"),
        (0.00089854, "expected", None, "0,090%", "0.090%"),
        (-7.126, "weight", None, "−7,13", "−7.13"),
        (-0.001, "weight", None, "0,00", "0.00"),
        (-0.001, "share", 40, "0%", "0%"),
        (0.0345678, "probability", None, "0,0346", "0.0346"),
        (3.877e-5, "probability", None, "3,88·10⁻⁵", "3.88·10⁻⁵"),
        (2026, "plain", None, "2026", "2026"),
        (None, "count", None, "–", "–"),
        (float("nan"), "share", 10, "–", "–"),
    ],
)
def test_numbers_take_the_form_of_the_language(value, kind, of, vietnamese, english):
    number = Number(value, kind, "x", of)
    assert Ledger("vi").form(number) == vietnamese
    assert Ledger("en").form(number) == english


@pytest.mark.parametrize(
    ("interval", "shown"),
    [
        (NumberWithLimits(Interval(0.99812, 0.9955, 0.9993), "x"), "99,81% (99,55%–99,93%)"),
        (NumberWithLimits(Interval(0.5, 0.2, 0.8), "x"), "50% (20%–80%)"),
        (NumberWithLimits(Interval(0.0001, 0.0, 0.0004), "x"), "0,010% (0,000%–0,040%)"),
    ],
)
def test_an_interval_shows_the_digits_its_width_supports(interval, shown):
    assert Ledger("vi").form(interval) == shown


@pytest.mark.parametrize("number", [Number(5, "count", "x"), NumberWithLimits(Interval(0.5, 0.4, 0.6), "x")])
def test_a_number_is_printed_by_the_ledger_only(number):
    with pytest.raises(TypeError):
        str(number)
    with pytest.raises(TypeError):
        f"{number}"


def test_the_ledger_remembers_number_section_and_source():
    ledger = Ledger("vi")
    ledger.section = "G"
    ledger.show(Number(0.25, "share", "links.parquet", 100))
    assert [(one.shown, one.section, one.source) for one in ledger.printed] == [("25%", "G", "links.parquet")]

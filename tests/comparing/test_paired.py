"""Intervals of two runs' measures and of their differences."""

from __future__ import annotations

import numpy as np
import pytest

from linkage.comparing.paired import by_numbers, by_sample, combine, matches_of_category
from linkage.statistics import Interval


def sure(value: float) -> Interval:
    return Interval(value, value, value)


def test_known_counts_give_the_plain_rates() -> None:
    matches = {"both": sure(80), "only_a": sure(5), "only_b": sure(10), "neither": sure(5)}
    precision, recall = by_sample(matches, 90, 100, 42)
    assert precision.a.value == pytest.approx(85 / 90)
    assert precision.b.value == pytest.approx(90 / 100)
    assert precision.difference.value == pytest.approx(90 / 100 - 85 / 90)
    assert recall.a.value == pytest.approx(0.85)
    assert (recall.difference.low, recall.difference.high) == pytest.approx((0.05, 0.05), abs=1e-9)


def test_what_both_link_hardly_widens_the_difference() -> None:
    matches = {"both": Interval(900, 850, 950), "only_a": sure(5), "only_b": sure(10), "neither": sure(20)}
    precision, recall = by_sample(matches, 1_000, 1_000, 9)
    assert precision.a.high - precision.a.low > 0.09
    assert precision.difference.high - precision.difference.low < 1e-9
    assert recall.difference.high - recall.difference.low < 0.001


def test_factors_of_either_sign_take_the_limit_that_hurts() -> None:
    one = combine({"only_a": Interval(10, 8, 15), "only_b": Interval(10, 9, 11)}, {"only_a": -1.0, "only_b": 1.0})
    assert (one.low, one.high) == pytest.approx((-np.sqrt(26), np.sqrt(5)))


def test_a_category_labelled_whole_is_known() -> None:
    one = matches_of_category([7, 3], [10, 5], [10, 5])
    assert (one.value, one.low, one.high) == (10, 10, 10)
    assert matches_of_category([], [], []).value == 0


def test_numbers_count_mentions() -> None:
    links = {"both": 900, "only_a": 20, "only_b": 40, "neither": 0}
    matches = {"both": 895, "only_a": 10, "only_b": 35, "neither": 0}
    precision, recall = by_numbers(matches, links, 1_000)
    assert recall.a.value == pytest.approx(0.905)
    assert recall.difference.value == pytest.approx(0.025)
    assert recall.difference.low < 0.025 < recall.difference.high
    assert precision.b.value == pytest.approx(930 / 940)
    assert precision.difference.value == pytest.approx(930 / 940 - 905 / 920)

import numpy as np
import pytest

from linkage.decision.ratios import ratio
from linkage.statistics import Interval


def test_ratio_by_simulation():
    rng = np.random.default_rng(3)
    top, bottom = Interval(50, 50 - 1.96 * 7, 50 + 1.96 * 7), Interval(900, 900 - 1.96 * 30, 900 + 1.96 * 30)
    low, high = np.quantile(rng.normal(50, 7, 200_000) / rng.normal(900, 30, 200_000), [0.025, 0.975])
    found = ratio(top, bottom)
    assert (found.low, found.high) == pytest.approx((low, high), rel=0.02)


def test_ratio_of_nothing_starts_at_zero():
    found = ratio(Interval(0, 0, 30), Interval(1_000, 990, 1_000))
    assert found.low == 0 and 0.029 < found.high < 0.032

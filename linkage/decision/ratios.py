"""The interval of a ratio.

Every rate of this room is a ratio of counts of two rare events, false links F and missed matches M, to counts that are
known: precision = 1 − F / links, recall = A / (A + M) with A = links − F. So this and `total_of_hits` carry all the intervals.
"""

from __future__ import annotations

import numpy as np

from linkage.statistics import Interval


def total(*parts: Interval) -> Interval:
    """Sum of independent quantities, its limits by variance recovery (MOVER; Zou and Donner 2008); population: theirs.

    >>> total(Interval(10, 7, 14), Interval(4, 0, 7))
    Interval(value=14, low=9.0, high=19.0, level=0.95)
    """
    value = sum(one.value for one in parts)
    below, above = (sum((getattr(one, end) - one.value) ** 2 for one in parts) ** 0.5 for end in ("low", "high"))
    return Interval(value, value - below, value + above, parts[0].level)


def ratio(top: Interval, bottom: Interval) -> Interval:
    """Quotient top / bottom for two independent non-negative quantities, bottom > 0; population: theirs.

    Limits by variance recovery (MOVER; Donner and Zou 2012, equation 9), which need only each quantity's own limits and so
    keep their asymmetry; good at top = 0.
    """
    if bottom.value <= 0:
        return Interval(float("nan"), 0.0, float("inf"), top.level)
    product = top.value * bottom.value
    a_low, a_high = top.low * (2 * top.value - top.low), top.high * (2 * top.value - top.high)
    b_low, b_high = bottom.low * (2 * bottom.value - bottom.low), bottom.high * (2 * bottom.value - bottom.high)
    value = top.value / bottom.value
    low = (product - np.sqrt(max(product**2 - a_low * b_high, 0.0))) / b_high if b_high > 0 else 0.0
    high = (product + np.sqrt(max(product**2 - a_high * b_low, 0.0))) / b_low if b_low > 0 else float("inf")
    return Interval(value, float(min(max(low, 0.0), value)), float(max(high, value)), top.level)

"""An elder child died, the next one bears its name and is there: the elder's entry must not take it for its person."""

from __future__ import annotations

import numpy as np
import pytest

from linkage.weighing.family_namesakes import FamilyNamesakes
from linkage.weighing.relatives import bits_together

R = [np.array([0.96, 0.03, 0.01]), np.array([0.9, 0.05, 0.05]), np.array([0.5, 0.5])]
"""Shares of the levels of name, date and sex among relatives, the closest last."""


def joint(share: float) -> np.ndarray:
    """What `together` makes of r: the share of each combination of levels among relatives."""
    found = np.zeros([3, 3, 2])
    bits = np.reshape(bits_together(found, R, FamilyNamesakes(share, name=0, date=1)), [4, 4, 3])[1:, 1:, 1:]
    return np.exp2(bits) * R[0][:, None, None] * R[1][None, :, None] * R[2][None, None, :]


def test_namesakes_are_a_part_of_the_relatives_and_never_of_one_date() -> None:
    without, with_them = joint(0.0), joint(0.004)
    assert without.sum() == pytest.approx(1) and with_them.sum() == pytest.approx(1)
    assert with_them[2, :2].sum() == pytest.approx(0.996 * without[2, :2].sum() + 0.004)
    assert with_them[2, 2] == pytest.approx(0.996 * without[2, 2])
    # of one sex, as their name is; on different dates as other relatives are
    assert with_them[2, 0, 1] / with_them[2, 0, 0] > 1.5
    more = with_them[2] - 0.996 * without[2]
    assert more[0].sum() / more[1].sum() == pytest.approx(0.9 / 0.05)

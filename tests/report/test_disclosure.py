from __future__ import annotations

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.optimize import linprog

from linkage.report.disclosure import determined_cells, hide_small_cells, hide_small_counts, share_may_be_shown

FLOOR = 10
ROWS = st.lists(st.lists(st.one_of(st.integers(0, 15), st.integers(0, 900)), min_size=2, max_size=3), min_size=2, max_size=7)


def attack(cells: list[list[int]], hidden: list[list[bool]], at: tuple[int, int]) -> tuple[float, float]:
    """The least and the greatest value that a hidden cell can have, for a reader who knows all sums."""
    places = [(i, j) for i, row in enumerate(hidden) for j, hide in enumerate(row) if hide]
    last = len(cells[0]) - 1
    equations, sums = [], []
    for i, row in enumerate(cells):
        own = [(-1.0 if j == last else 1.0) * (k == i) for k, j in places]
        shown = sum(value for value, hide in zip(row[:last], hidden[i][:last], strict=True) if not hide)
        equations.append(own)
        sums.append((0 if hidden[i][last] else row[last]) - shown)
    for j in range(last + 1):
        equations.append([float(k == j) for _, k in places])
        sums.append(sum(row[j] for row, hide in zip(cells, hidden, strict=True) if hide[j]))
    bounds = []
    for sign in (1, -1):
        aim = [sign * float(place == at) for place in places]
        bounds.append(sign * linprog(aim, A_eq=equations, b_eq=sums).fun)
    return bounds[0], bounds[1]


@settings(max_examples=120, deadline=None)
@given(ROWS)
def test_no_small_count_can_be_worked_out(rows):
    width = min(len(row) for row in rows)
    cells = [[*row[:width], sum(row[:width])] for row in rows]
    hidden = hide_small_cells(cells, FLOOR)
    small = [(i, j) for i, row in enumerate(cells) for j, count in enumerate(row) if 0 < count < FLOOR]
    assert all(hidden[i][j] for i, j in small)
    for at in small:
        least, most = attack(cells, hidden, at)
        positive = [cells[i][j] for i, row in enumerate(hidden) for j, hide in enumerate(row) if hide and cells[i][j]]
        # A table in which everything else is empty has nothing to hide the count behind.
        if len(positive) > 4:
            assert most - least > 1e-6


def test_a_hidden_cell_that_bridges_two_cycles_is_not_given_away():
    # Each row and column has two hidden cells or none, yet the middle one follows from the sums.
    cells = [[3, 4, 50, 60, 117], [4, 3, 50, 60, 117], [50, 5, 5, 60, 120], [60, 50, 3, 4, 117], [60, 50, 4, 3, 117]]
    hidden = hide_small_cells(cells, FLOOR)
    least, most = attack(cells, hidden, (2, 1))
    assert most - least > 1e-6


def test_ties_hide_no_more_than_is_needed():
    # Hiding the first 20 was one of several choices that tied; the cells hidden after it made it needless.
    cells = [[20, 20, 40], [20, 3, 23], [5, 0, 5]]
    assert hide_small_cells(cells, FLOOR) == [[False, True, True], [True, True, False], [True, False, True]]


@settings(max_examples=120, deadline=None)
@given(st.lists(st.lists(st.sampled_from([0, 3, 5, 20, 20, 50]), min_size=3, max_size=3), min_size=2, max_size=5))
def test_every_further_hidden_cell_is_needed(rows):
    cells = [[*row, sum(row)] for row in rows]
    hidden = np.array(hide_small_cells(cells, FLOOR))
    for i, j in zip(*np.nonzero(hidden), strict=True):
        if not 0 < cells[i][j] < FLOOR:
            shown = hidden.copy()
            shown[i, j] = False
            assert determined_cells(shown)


def test_a_single_hidden_count_takes_another_with_it():
    assert hide_small_counts([900, 3, 50], FLOOR) == [False, True, True]
    assert hide_small_counts([900, 30, 0], FLOOR) == [False, False, False]
    assert hide_small_counts([3], FLOOR) == [True]


def test_shares_are_shown_where_rounding_covers_the_small_count():
    assert share_may_be_shown(9_995, 10_000, FLOOR)
    assert not share_may_be_shown(195, 200, FLOOR)
    assert not share_may_be_shown(4, 4, FLOOR)
    assert np.all([share_may_be_shown(0, 0, FLOOR), share_may_be_shown(200, 200, FLOOR)])

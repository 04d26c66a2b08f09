import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from linkage.decision.strata import allocate, allocate_top_up, planning_rate, strata_of_kind, stratum_bounds, tally
from linkage.errors import LinkageError


def test_neyman_by_hand():
    # N S = 100, 50 → 2 : 1
    assert allocate([1_000, 100], [0.1, 0.5], 90, minimum=0) == [60, 30]


def test_a_small_uncertain_stratum_is_taken_whole():
    # Neyman alone would give the second stratum 57 pairs of its 20
    assert allocate([500, 20], [0.01, 0.5], 86, minimum=5) == [66, 20]


def test_minima_that_take_the_whole_budget_leave_nothing_for_the_rest():
    # hypothesis found this one: the third stratum was given a pair beyond the budget
    assert allocate([1, 1, 1], [0.0, 0.0, 0.5], 2, minimum=1) == [1, 1, 0]


@settings(max_examples=200, deadline=None)
@given(
    st.lists(st.tuples(st.integers(0, 5_000), st.floats(0, 0.5)), min_size=1, max_size=12),
    st.integers(1, 3_000),
    st.integers(0, 30),
)
def test_allocation_spends_the_budget_within_sizes_and_minima(strata, budget, minimum):
    sizes, deviations = [size for size, _ in strata], [deviation for _, deviation in strata]
    taken = allocate(sizes, deviations, budget, minimum)
    assert sum(taken) == min(budget, sum(sizes))
    assert all(0 <= n <= size for n, size in zip(taken, sizes, strict=True))
    if sum(min(minimum, size) for size in sizes) <= budget:
        assert all(n >= min(minimum, size) for n, size in zip(taken, sizes, strict=True))


def test_no_budget_is_refused():
    with pytest.raises(LinkageError):
        allocate([10], [0.5], 0)


def test_top_up_goes_where_the_pilot_varied():
    # rates (25 + 1 + 1)/54 and (0 + 1 + 1)/54: deviations .5 and .189, so 145 and 55 of 200; by the plan 100 and 100
    assert allocate_top_up([1_000, 1_000], [50, 50], [50, 50], [25, 0], [0.5, 0.5], 100) == [73, 27]


def test_top_up_by_hand():
    # rates (12 + 1 + 1)/24 and (0 + 1 + 0.1)/24: deviations .493 and .209, so 70 and 30 of 100 pairs; by the plan the same
    assert allocate_top_up([1_000, 1_000], [20, 20], [20, 20], [12, 0], [0.5, 0.05], 60) == [50, 10]
    # (5 + 1 + 1)/14 and (0 + 1 + 0)/14: .5 and .2575, so 66 and 34; by the plan .5 and .14 (held at 2 %), so 78 and 22
    assert allocate_top_up([1_000, 1_000], [10, 10], [10, 10], [5, 0], [0.5, 0.0], 80) == [62, 18]


def test_bounds_contain_thresholds_and_gather_where_answers_vary():
    rng = np.random.default_rng(1)
    weights = np.concatenate([rng.normal(25, 5, 9_000), rng.normal(0, 4, 1_000)])
    bounds = stratum_bounds(weights, 8, (3.0, -2.0))
    assert bounds[0] == -np.inf and bounds[-1] == np.inf and {3.0, -2.0} <= set(bounds)
    assert sum(-10 < bound < 15 for bound in bounds) >= 4
    assert bounds == sorted(bounds)
    strata = tally("assigned", weights, bounds)
    assert sum(one.size for one in strata) == weights.size
    assert len({one.name for one in strata}) == len(strata)


def test_two_strata_of_symmetric_weights_meet_where_the_answer_is_most_open():
    # variances of answers and counts are symmetric about weight 0, so is the cumulative √f
    (bound,) = stratum_bounds(np.linspace(-8, 8, 20_001), 2)[1:-1]
    assert abs(bound) <= 16 / 200


def test_planning_rate_by_hand():
    # half of the log-odds: weights ±2 count as ±1 bit, 2/3 and 1/3; weight 4 as two bits, 4/5
    assert planning_rate([2.0, -2.0], "assigned") == pytest.approx(0.5)
    assert planning_rate([4.0], "outside") == planning_rate([4.0], "lost") == pytest.approx(0.8)
    assert planning_rate([-20.0], "outside") < 0.01 and planning_rate([-20.0], "lost") == 0.25
    assert planning_rate([], "lost") == 0.0


def test_a_stratum_for_thirty_pairs_and_fewer_of_what_blocking_left_out():
    assert strata_of_kind(200) == {"assigned": 6, "lost": 3, "outside": 3}
    assert strata_of_kind(100)["assigned"] == 4 and strata_of_kind(600) == strata_of_kind(2_000)
    assert strata_of_kind(600, 2) == {"assigned": 2, "lost": 1, "outside": 1}

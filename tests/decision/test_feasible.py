"""What labels can show at best: the rule of three, its two ways on, and the sentence on a target out of reach."""

from types import SimpleNamespace

import numpy as np
import pytest

from linkage.decision import Stratum, Thresholds, foresee, plan_targets
from linkage.decision.feasible import bound_at_random, feasible_rows, labels_needed_at_random, plan_searches, unreachable
from linkage.statistics import probability

TARGETS = SimpleNamespace(false_link_rate=0.001, missed_link_rate=0.02)


def test_the_rule_of_three():
    assert bound_at_random(600, 1_000_000, 1_000_000) == pytest.approx(3 / 600, rel=0.01)
    assert labels_needed_at_random(0.001, 1_000_000, 1_000_000) == pytest.approx(3_000, rel=0.01)
    # a hundred pairs of a hundred thousand cannot hold more errors than there are pairs
    assert bound_at_random(1, 100, 100_000) <= 0.001 and bound_at_random(100, 100, 100) == 0.0


@pytest.mark.parametrize("pool", [40, 2_000, 21_000])
def test_the_labels_needed_are_the_fewest(pool):
    needed = labels_needed_at_random(0.001, pool, pool)
    assert bound_at_random(needed, pool, pool) <= 0.001 < bound_at_random(needed - 1, pool, pool)


def test_before_there_are_links_the_rule_of_three_speaks():
    planned = foresee(TARGETS, 600)
    assert {one.route for one in planned} == {"certainty", "random", "calibrated", "search"}
    said = {one.measure: one for one in planned if one.route == "random"}
    assert said["false_link_rate"].at_best > 0.001 > said["false_link_rate"].at_best / 6
    for language, words in (("en", "cannot be shown with 600 labels"), ("vi", "không thể được chứng tỏ bằng 600 nhãn")):
        sentence, *more = unreachable(planned, language)
        assert words in sentence and not more
        rows = feasible_rows(planned, language)
        assert len(rows) == 8 and {len(row) for row in rows} == {5}
    assert not unreachable(foresee(TARGETS, 5_000), "en")


def test_every_route_of_a_run():
    rng = np.random.default_rng(3)
    linked, below = rng.normal(18, 5, 9_000), rng.normal(-6, 3, 700)
    at = Thresholds(0.0, 0.0, 0, 0, 0, False, "model")
    drawn = [Stratum("assigned", 0.0, np.inf, 9_000, 300, 0.99), Stratum("assigned", -np.inf, 0.0, 700, 100, 0.01)]
    found = {(one.measure, one.route): one for one in plan_targets(linked, below, TARGETS, 400, drawn, at)}
    false = {route: found["false_link_rate", route] for route in ("certainty", "random", "calibrated", "drawn")}
    assert false["certainty"].needed == 9_000 and false["certainty"].at_best < false["calibrated"].at_best
    assert false["calibrated"].at_best < false["random"].at_best < false["drawn"].at_best
    assert false["calibrated"].needed < false["random"].needed
    # enough labels for every pair leave nothing unknown
    assert all(one.at_best == 0 for one in plan_targets(linked, below, TARGETS, 9_000))


def test_searches_that_find_nobody_bound_what_is_missed_of_all():
    few = plan_searches(0.02, [], 20, 2_000, 10_000)
    assert (few.measure, few.route, few.labels) == ("missed_of_all", "search", 20)
    assert few.at_best == pytest.approx(2_000 * 3 / 20 / 10_000, rel=0.05) and few.at_best > 0.02
    enough = plan_searches(0.02, [], few.needed, 2_000, 10_000)
    assert enough.at_best <= 0.02 < plan_searches(0.02, [], few.needed - 1, 2_000, 10_000).at_best
    # the strata drawn say it too, a little worse where they are not in proportion
    assert plan_searches(0.02, [(1_500, 80), (500, 20)], 100, 2_000, 10_000).at_best == pytest.approx(0.006, rel=0.2)
    # without a search nothing is known; a few mentions without a link cannot hold more than they are
    assert plan_searches(0.02, [], 0, 2_000, 10_000).at_best == 1 and plan_searches(0.02, [], 5, 100, 10_000).at_best <= 0.01
    for language, words in (("en", "cannot be shown with 20 searches"), ("vi", "không thể được chứng tỏ bằng 20 lượt tìm kiếm")):
        (sentence,) = unreachable([few, enough], language)
        assert words in sentence
        assert feasible_rows([few], language)[1][1].endswith("(20)")


@pytest.mark.parametrize("slope", [0.5, 1.0])
def test_the_calibrated_bound_holds_where_errors_fall_with_the_weight(slope):
    """At the error rate that the bound names, labels without an error come at most one time in twenty."""
    rng = np.random.default_rng(8)
    linked = rng.normal(14, 4, 6_000)
    linked = linked[linked > 2]
    bound = next(
        one.at_best
        for one in plan_targets(linked, [], TARGETS, 300)
        if (one.measure, one.route) == ("false_link_rate", "calibrated")
    )
    riskiest = np.argsort(linked)[:300]
    risk = 1 - probability(slope * linked)
    rest = np.ones(linked.size, bool)
    rest[riskiest] = False
    risk *= bound * linked.size / risk[rest].sum()
    none = [not (rng.random(300) < risk[riskiest]).any() for _ in range(2_000)]
    assert np.mean(none) <= 0.065

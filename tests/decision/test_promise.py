from dataclasses import replace
from types import SimpleNamespace

import numpy as np
import pytest

from linkage.decision import describe_choices, describe_promise, propose_thresholds, thresholds_from_labels
from linkage.decision.promise import false_link_bound, missed_below_bound
from linkage.decision.samples import LabelledSample
from linkage.statistics import probability
from tests.decision.planted_population import label_sample, plant_population

NONE_GIVEN = SimpleNamespace(upper=None, lower=None)


def targets(mu, lam, capacity=600):
    return SimpleNamespace(false_link_rate=mu, missed_link_rate=lam, review_capacity=capacity, least_probability=0.0)


def placed(seed, wanted, pairs):
    population = plant_population(seed, 12_000, sureness=(1.0, 1.8)[seed % 2])
    kept = ~np.isnan(population.weight)
    weights, true = population.weight[kept], population.true[kept]
    model = propose_thresholds(weights, wanted, NONE_GIVEN)
    sample = label_sample(population, pairs, model.upper, model.lower, seed + 500)
    return thresholds_from_labels(sample, weights, wanted), weights, true, sample


def test_promises_are_kept():
    wanted = targets(0.02, 0.02)
    kept, lost, promised = [], [], []
    for seed in range(40):
        found, weights, true, _ = placed(seed, wanted, 900)
        linked = weights >= found.upper
        promised.append(found.promised)
        kept.append(not linked.any() or 1 - true[linked].mean() <= 0.02)
        lost.append(true[weights < found.lower].sum() / true.sum() <= 0.02)
        assert found.how == "labels" and found.lower <= found.upper
        if found.promised:
            assert found.expected_false_link_rate <= 0.02 and found.expected_missed_link_rate <= 0.02
    assert np.mean(kept) >= 0.95 and np.mean(lost) >= 0.95
    assert np.mean(promised) >= 0.8


def test_what_cannot_be_promised_is_said_and_nothing_is_linked():
    wanted = targets(0.0001, 0.02)
    found, weights, _, _ = placed(1, wanted, 300)
    assert not found.promised and found.unmet == ("false_link_rate",)
    assert not (weights >= found.upper).any()
    assert found.smallest_false_link_bound > 0.0001
    assert found.exceeds_capacity and len(found.choices) == 3
    for language in ("vi", "en"):
        rows = describe_choices(found.choices, language)
        assert len(rows) == 4 and len({row[0] for row in rows}) == 4 and {len(row) for row in rows} == {7}
        assert all(int(row[5]) <= 600 for row in rows[2:]) and int(rows[1][5]) > 600
    assert "0,01" in describe_promise(found, wanted, "vi") and "cannot promise" in describe_promise(found, wanted, "en")


@pytest.mark.parametrize("language", ["vi", "en"])
def test_a_kept_promise_in_words(language):
    wanted = targets(0.03, 0.03)
    found, _, _, _ = placed(2, wanted, 2_000)
    assert found.promised
    assert "95" in describe_promise(found, wanted, language)
    model = propose_thresholds([1.0, 9.0], wanted, NONE_GIVEN)
    assert describe_promise(model, wanted, language)


def test_bounds_move_with_confidence():
    _, weights, _, sample = placed(3, targets(0.02, 0.02), 600)
    ordered = np.sort(weights)
    assert false_link_bound(sample, ordered, 5.0, 0.01) > false_link_bound(sample, ordered, 5.0, 0.10)
    assert missed_below_bound(sample, ordered, 0.0, 0.01) > missed_below_bound(sample, ordered, 0.0, 0.10)
    assert missed_below_bound(sample, ordered, ordered[0], 0.05) == 0.0
    assert false_link_bound(sample, ordered, ordered[-1] + 1, 0.05) == 0.0


def test_the_trade_expects_the_errors_that_labels_show_not_the_models():
    population = plant_population(3, 12_000, sureness=2.2)
    kept = ~np.isnan(population.weight)
    weights, true = population.weight[kept], population.true[kept]
    wanted = targets(0.0001, 0.02, 100)
    sample = label_sample(population, 1_200, population.threshold_for(0.99), -10.0, 1)
    accept = thresholds_from_labels(sample, weights, wanted).choices[2]
    linked = weights >= accept.upper
    truth, by_model = 1 - true[linked].mean(), 1 - probability(weights[linked]).mean()
    assert accept.clerical_pairs <= 100 and truth > 0.005
    assert abs(accept.false_link_rate - truth) < 0.6 * abs(by_model - truth)


def test_the_trade_starts_where_errors_are_expected_to_be_within_the_targets():
    wanted = targets(0.002, 0.02, 300)
    found, weights, true, _ = placed(1, wanted, 300)
    keep, miss, accept = found.choices
    assert "false_link_rate" in found.unmet and not (weights >= keep.upper).any()
    # nothing is promised, but nobody has to choose between linking nothing and linking all
    assert miss.false_link_rate <= 0.002 and (weights >= miss.upper).mean() > 0.3 and 0 < miss.clerical_pairs <= 300
    assert 0 < accept.clerical_pairs <= 300 and accept.upper < miss.upper
    assert 1 - true[weights >= accept.upper].mean() < 0.05


def test_bounds_by_hand():
    # nothing false among 8 of 80 links, nothing found among 4 of 40 below: half of P(none) = .05, so ln 10 hits may be unseen
    sample = LabelledSample(
        pair=np.arange(12).astype(str), record=np.arange(12).astype(str), stratum=np.repeat([0, 1], [8, 4]),
        weight=np.repeat([5.0, -5.0], [8, 4]), match=np.repeat([1.0, 0.0], [8, 4]), doubtful=np.zeros(12, bool),
        size=np.array([80, 40]), low=np.array([0.0, -np.inf]), high=np.array([np.inf, 0.0]), kind=np.full(2, "assigned"),
        group=np.full(2, ""), decided_link=np.repeat([True, False], [8, 4]),
    )  # fmt: skip
    flat = np.repeat([-5.0, 5.0], [40, 80])
    unseen = np.log(10) * 10 * np.sqrt(0.9)
    assert false_link_bound(sample, flat, 0.0, 0.05) == pytest.approx(unseen / 80)
    # MOVER with nothing seen: odds = U / √(links² − U_F²)
    odds = unseen / np.sqrt(80**2 - unseen**2)
    assert missed_below_bound(sample, flat, 0.0, 0.05) == pytest.approx(odds / (1 + odds))


def test_nothing_is_promised_of_no_links():
    # the highest weight is that of many pairs and lies under its own third decimal: rounded, no pair would reach it
    population = plant_population(3, 8_000)
    population = replace(population, weight=np.minimum(population.weight, 14.93998))
    weights = population.weight[~np.isnan(population.weight)]
    targets = SimpleNamespace(false_link_rate=0.0001, missed_link_rate=0.02, review_capacity=300, least_probability=0.0)
    found = thresholds_from_labels(label_sample(population, 300, 10.0, 0.0, 1), weights, targets)
    assert "false_link_rate" in found.unmet and not found.promised

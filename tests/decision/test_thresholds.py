import json
from types import SimpleNamespace

import numpy as np
import pytest

from linkage.decision import Thresholds, propose_thresholds
from linkage.decision.thresholds import trade_off
from linkage.errors import LinkageError
from linkage.statistics import probability


def targets(mu=0.01, lam=0.02, capacity=600, least=0.0):
    return SimpleNamespace(false_link_rate=mu, missed_link_rate=lam, review_capacity=capacity, least_probability=least)


def given(upper=None, lower=None):
    return SimpleNamespace(upper=upper, lower=lower)


@pytest.fixture
def weights():
    rng = np.random.default_rng(1)
    return np.where(rng.random(5_000) < 0.8, rng.normal(9, 5, 5_000), rng.normal(-4, 4, 5_000))


def test_both_targets_are_met_and_neither_threshold_could_be_nearer(weights):
    found = propose_thresholds(weights, targets(0.001, 0.002), given())
    p = probability(weights)
    assert (1 - p[weights >= found.upper]).mean() <= 0.001
    assert p[weights < found.lower].sum() / p.sum() <= 0.002
    assert (1 - p[weights >= found.upper - 0.05]).mean() > 0.001
    assert p[weights < found.lower + 0.05].sum() / p.sum() > 0.002
    assert found.lower < found.upper and found.how == "model"


def test_by_hand():
    # p = .5, .8, .9412, .9990: the mean of 1 − p over the two best is .0299, over three .0866
    found = propose_thresholds([0.0, 2.0, 4.0, 10.0], targets(0.05, 0.2, 2), given())
    assert found.upper == 4.0
    # .5 / 3.24 = .154 of the matches below weight 2, .40 below weight 4
    assert found.lower == 2.0
    assert found.clerical_pairs == 1


def test_tied_pairs_that_go_to_review_anyway_spoil_no_cut():
    # one mention in a hundred has two persons who are nearly equally likely, at pair weights as high as any
    rng = np.random.default_rng(7)
    weights = np.sort(rng.normal(22, 4, 5_000))
    tied = rng.random(5_000) < 0.01
    weights[tied] = 2.0
    probabilities = probability(weights)
    alone = propose_thresholds(weights[~tied], targets(0.001, 0.002, 0), given())
    found = propose_thresholds(weights, targets(0.001, 0.002, 0), given(), settled=~tied)
    assert found.upper <= alone.upper + 0.01
    assert found.expected_false_link_rate == pytest.approx(alone.expected_false_link_rate) and not found.exceeds_capacity
    linked = ~tied & (weights >= found.upper)
    assert linked.sum() > 4_900 and (1 - probabilities[linked]).mean() <= 0.001
    # a belief that knows the rival has them below the cut: nothing is spoilt where nobody takes them out either
    whole = propose_thresholds(weights, targets(0.001, 0.002, 0), given())
    assert (weights >= whole.upper).sum() >= (~tied).sum()
    # what is above it and goes to review all the same (its person is another's) is no part of the average
    weights[tied] = 40.0
    assert propose_thresholds(weights, targets(0.001, 0.002, 0), given(), settled=~tied).upper >= alone.upper - 0.01


@pytest.mark.parametrize("by_hand", [None, -3.0])
def test_nothing_is_linked_against_the_odds(by_hand):
    """A mean of errors within the target lets single pairs in that are more probably false than true."""
    weights = np.array([*np.full(5_000, 30.0), -2.0, -1.0, 0.5])
    assert propose_thresholds(weights, targets(0.01, capacity=0), given(by_hand)).upper <= -2.0
    held = propose_thresholds(weights, targets(0.01, capacity=0, least=0.5), given(by_hand))
    assert held.upper == 0.0 and (weights >= held.upper).sum() == 5_001
    assert propose_thresholds(weights, targets(0.01, capacity=0, least=0.9), given(by_hand)).upper == pytest.approx(np.log2(9))


def test_no_cut_is_placed_on_pairs_that_are_all_reviewed():
    found = propose_thresholds([1.0, 9.0], targets(), given(), settled=[False, False])
    assert found.upper > 9.0 and found.expected_false_link_rate == 0.0


def test_free_reviewers_see_the_pairs_of_most_expected_error(weights):
    """Ten places: half go to the pairs nearest to even odds, on both sides, whatever the targets would decide unseen."""
    weights = np.array([-9.0, -6.0, -3.0, -0.5, 0.5, 2.5, 5.0, *np.full(100, 30.0)])
    alone = propose_thresholds(weights, targets(0.02, 0.02, 0, 0.5), given())
    assert (alone.upper, alone.lower, alone.clerical_pairs) == (0.0, 0.0, 0)
    found = propose_thresholds(weights, targets(0.02, 0.02, 10, 0.5), given())
    assert weights[found.regions(weights) == "clerical"].tolist() == [-3.0, -0.5, 0.5, 2.5, 5.0]
    assert found.expected_false_link_rate < alone.expected_false_link_rate
    assert found.expected_missed_link_rate < alone.expected_missed_link_rate
    # thresholds given by hand stay; a look that finds one error in a thousand pairs is not asked for
    by_hand = propose_thresholds(weights, targets(0.02, 0.02, 10), given(2.0, -1.0))
    assert (by_hand.upper, by_hand.lower) == (2.0, -1.0)
    every = propose_thresholds(weights, targets(0.02, 0.02, 600, 0.5), given())
    assert weights[every.regions(weights) == "clerical"].tolist() == [-6.0, -3.0, -0.5, 0.5, 2.5, 5.0]
    # pairs of one error go together or not at all
    tied = np.array([*np.full(8, 1.0), *np.full(100, 30.0)])
    assert propose_thresholds(tied, targets(0.2, 0.2, 10), given()).clerical_pairs == 0


def test_one_threshold_where_both_targets_hold(weights):
    found = propose_thresholds(weights, targets(0.2, 0.2, 0), given())
    assert found.lower == found.upper and found.clerical_pairs == 0


def test_given_thresholds_are_taken(weights):
    found = propose_thresholds(weights, targets(), given(7.0, 1.0))
    assert (found.upper, found.lower, found.how) == (7.0, 1.0, "given")
    assert propose_thresholds(weights, targets(), given(upper=7.0)).upper == 7.0


def test_nothing_is_linked_when_every_pair_is_doubtful():
    assert propose_thresholds([-3.0, -2.0], targets(), given()).upper > -2.0


def test_too_large_a_clerical_region_shows_three_choices(weights):
    found = propose_thresholds(weights, targets(0.0005, 0.0005, 100), given())
    assert found.exceeds_capacity
    keep, miss, accept = found.choices
    assert keep.clerical_pairs == found.clerical_pairs > 100
    assert miss.clerical_pairs <= 100 and miss.missed_link_rate > keep.missed_link_rate and miss.upper == keep.upper
    assert accept.clerical_pairs <= 100 and accept.false_link_rate > keep.false_link_rate and accept.lower == keep.lower
    assert keep.hours == pytest.approx(keep.clerical_pairs * 2 * 1.5 / 60, abs=0.06)


@pytest.mark.parametrize(
    ("capacity", "missing", "accepting"), [(0, 0, 0), (20, 50, 50), (60, 50, 50), (110, 100, 100), (999, 150, 150)]
)
def test_pairs_of_one_weight_stay_together_and_a_capacity_is_used(capacity, missing, accepting):
    # between −1 and 8: fifty pairs at each of 0, 3 and 5
    tied = np.repeat([-5.0, 0.0, 3.0, 5.0, 9.0], 50)
    _, miss, accept = trade_off(tied, probability(tied), (8.0, -1.0), (8.0, -1.0), capacity, 2, np.full(tied.size, True))
    assert (miss.clerical_pairs, accept.clerical_pairs) == (missing, accepting)
    assert miss.upper == 8.0 and accept.lower == -1.0
    assert all(-1.0 <= one.lower <= one.upper <= 8.0 for one in (miss, accept))


def test_a_tied_highest_weight_is_reviewed_not_missed():
    # nothing can be linked unseen and 900 pairs tie at the top: reviewing none would miss every match
    weights = np.concatenate([np.linspace(-9, 0, 100), np.full(900, 12.0)])
    _, miss, accept = trade_off(
        weights, probability(weights), (12.001, -9.0), (12.001, -9.0), 600, 2, np.full(weights.size, True)
    )
    assert (miss.clerical_pairs, miss.lower) == (900, 12.0) and miss.missed_link_rate < 0.1
    assert accept.clerical_pairs == 100 and accept.upper == 12.0 and accept.false_link_rate < 0.001


def test_order_of_the_weights_does_not_matter(weights):
    assert propose_thresholds(weights, targets(), given()) == propose_thresholds(weights[::-1].copy(), targets(), given())


@pytest.mark.parametrize("bad", [[], [1.0, np.nan], [np.inf, 2.0]])
def test_bad_weights_are_refused(bad):
    with pytest.raises(LinkageError):
        propose_thresholds(bad, targets(), given())


def test_survives_json(weights):
    found = propose_thresholds(weights, targets(), given())
    assert Thresholds.from_json(json.loads(json.dumps(found.as_json()))) == found
    crowded = propose_thresholds(weights, targets(0.0005, 0.0005, 100), given())
    assert len(crowded.choices) == 3
    assert Thresholds.from_json({**json.loads(json.dumps(crowded.as_json())), "by_model": {}}) == crowded


def test_scikit_learn_accepts_thresholds(weights):
    from sklearn.base import clone, is_classifier
    from sklearn.calibration import CalibrationDisplay
    from sklearn.metrics import PrecisionRecallDisplay, get_scorer

    fixed = propose_thresholds(weights, targets(), given())
    answer = np.random.default_rng(2).random(weights.size) < probability(weights)
    column = weights.reshape(-1, 1)
    assert is_classifier(fixed)
    assert clone(fixed) == fixed
    assert get_scorer("roc_auc")(fixed, column, answer) > 0.9
    assert get_scorer("precision")(fixed, column, answer) == pytest.approx(answer[weights >= fixed.upper].mean())
    assert PrecisionRecallDisplay.from_estimator(fixed, column, answer).average_precision > 0.9
    assert CalibrationDisplay.from_estimator(fixed, column, answer, n_bins=5).prob_true.size == 5
    assert set(fixed.regions(weights)) <= {"link", "clerical", "non_link"}
    with pytest.raises(LinkageError):
        fixed.set_params(upper=99.0)

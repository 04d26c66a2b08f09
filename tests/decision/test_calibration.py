import numpy as np
import pytest

from linkage.decision import calibrate, reliability
from linkage.decision.calibration import fit_curve, score
from linkage.errors import LinkageError
from linkage.statistics import probability, wilson
from tests.decision.planted_population import label_sample, plant_population


def labelled(seed, sureness=1.8, pairs=600):
    population = plant_population(seed, 12_000, sureness=sureness)
    kept = ~np.isnan(population.weight)
    weights = population.weight[kept]
    sample = label_sample(population, pairs, population.threshold_for(0.99), np.quantile(weights, 0.04), seed)
    used = ~np.isnan(sample.weight)
    return (sample.weight[used], sample.match[used], sample.design_weight[used]), weights, population.true[kept].astype(float)


@pytest.mark.parametrize("sureness", [1.4, 2.2])
def test_beats_the_model_on_every_seed(sureness):
    for seed in range(20):
        answers, weights, true = labelled(seed, sureness)
        found = calibrate(*answers, seed=seed)
        every = np.ones(true.size)
        after, raw = score(found.calibrator.predict(weights), true, every), score(probability(weights), true, every)
        assert after.log_loss < raw.log_loss and after.brier < raw.brier


def test_recovers_a_planted_curve():
    rng = np.random.default_rng(1)
    weights = rng.normal(4, 8, 40_000)
    odds = weights * np.log(2)
    planted = 1 / (1 + np.exp(-(0.5 + np.where(odds < 0, 0.8, 0.4) * odds)))
    match = (rng.random(40_000) < planted).astype(float)
    curve = fit_curve(weights, match, np.ones(40_000), "platt")
    assert curve.log_odds == pytest.approx((0.5, 0.8, 0.4), abs=0.05)
    stairs = fit_curve(weights, match, np.ones(40_000), "isotonic")
    assert np.abs(stairs.predict(weights) - planted).mean() < 0.02


def test_design_weights_undo_the_design():
    rng = np.random.default_rng(2)
    weights = rng.normal(2, 6, 60_000)
    match = (rng.random(60_000) < probability(0.5 * weights + np.where(weights > 5, 1.0, 0.0))).astype(float)
    # a sample that over-represents false pairs would be far off without its weights
    chance = np.where(match == 1, 0.02, 0.2)
    taken = rng.random(60_000) < chance
    whole = fit_curve(weights, match, np.ones(60_000), "platt").predict(weights)
    weighted = fit_curve(weights[taken], match[taken], 1 / chance[taken], "platt").predict(weights)
    unweighted = fit_curve(weights[taken], match[taken], np.ones(taken.sum()), "platt").predict(weights)
    assert np.abs(weighted - whole).mean() < 0.02 < np.abs(unweighted - whole).mean()


@pytest.mark.parametrize("method", ["platt", "isotonic"])
def test_curves_rise_and_stay_inside_0_and_1(method):
    answers, _, _ = labelled(3)
    predicted = fit_curve(*answers, method).predict(np.linspace(-80, 80, 500))
    assert (np.diff(predicted) >= 0).all() and predicted[0] >= 0 and predicted[-1] <= 1
    assert np.isfinite(fit_curve(np.array([-5.0, -4, 4, 5]), np.array([0.0, 0, 1, 1]), np.ones(4), "platt").log_odds).all()


def test_reliability_bins_hold_every_pair_and_the_observed_share():
    answers, _, _ = labelled(4)
    bins = reliability(probability(answers[0]), answers[1], answers[2])
    assert all(0 <= one.observed.low <= one.observed.value <= one.observed.high <= 1 for one in bins)
    assert [one.predicted for one in bins] == sorted(one.predicted for one in bins)
    assert sum(one.n for one in bins) >= 0.95 * answers[0].size


@pytest.mark.parametrize("match", [np.ones(50), np.array([0.0, 1.0])])
def test_too_little_is_refused(match):
    with pytest.raises(LinkageError):
        calibrate(np.arange(match.size, dtype=float), match, np.ones(match.size))


def test_scores_agree_with_scikit_learn():
    from sklearn.metrics import brier_score_loss, log_loss

    rng = np.random.default_rng(3)
    predicted, weight = rng.uniform(0.01, 0.99, 300), rng.uniform(0.5, 9, 300)
    match = (rng.random(300) < predicted).astype(float)
    found = score(predicted, match, weight)
    assert found.log_loss == pytest.approx(log_loss(match, predicted, sample_weight=weight))
    assert found.brier == pytest.approx(brier_score_loss(match, predicted, sample_weight=weight))


def test_reliability_by_hand():
    # eight pairs predicted .1 (six standing for 1, two for 3, of these one a match) and eight predicted .9 (one no match)
    predicted = np.repeat([0.1, 0.9], 8)
    match = np.array([0, 0, 0, 0, 0, 0, 0, 1] + [1] * 7 + [0], dtype=float)
    low, high = reliability(predicted, match, np.array([1.0] * 6 + [3.0, 3.0] + [1.0] * 8))
    assert low.observed.value == pytest.approx(3 / 12) and high.observed.value == pytest.approx(7 / 8)
    # Kish's effective size: 12² / (6 + 18) = 6
    assert (low.observed.low, low.observed.high) == pytest.approx((wilson(1.5, 6).low, wilson(1.5, 6).high))
    assert (low.n, high.n) == (8, 8)

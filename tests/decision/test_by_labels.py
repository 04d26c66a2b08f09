"""What labels do to thresholds: tighten what they contradict, loosen what they show, else keep; and what they never do."""

from dataclasses import replace
from types import SimpleNamespace

import numpy as np
import pytest
from scipy.stats import binom

from linkage.decision import DecidedPairs, Thresholds, describe_choices, thresholds_by_labels
from linkage.decision.by_labels import _false, _missed
from linkage.decision.judging import verdict_of
from linkage.decision.samples import LabelledSample
from linkage.statistics import Interval, probability
from tests.decision.planted_population import label_sample, plant_population
from tests.decision.reviewed_population import review_and_decide

DRAWS = 40


def targets(mu, lam=0.02, capacity=600):
    return SimpleNamespace(false_link_rate=mu, missed_link_rate=lam, review_capacity=capacity, least_probability=0.5)


def unreviewed(weights, upper):
    """All assigned pairs decided by an upper threshold, no verdict applied."""
    linked = weights >= upper
    return DecidedPairs(weights, linked, linked, np.zeros(weights.size, bool), np.ones(weights.size, bool))


@pytest.fixture(scope="module")
def reviews():
    """Perfect reviews of planted populations, by the target of false links; the last from a threshold stricter than it need be."""
    kinds = ({}, {"sureness": 1.2}, {"without_person": 0.7}, {"sibling_share": 0.7, "blocking_loss": 0.03})
    found = {}
    for mu, strict in ((0.005, None), (0.02, None), (0.03, 0.999)):
        found[mu] = [
            review_and_decide(plant_population(seed, 4_000, **kinds[seed % 4]), 400, targets(mu), 9_000 + seed, strict)
            for seed in range(DRAWS)
        ]
    return found


def test_verdicts_of_a_correct_review_take_no_true_link_away(reviews):
    for mu in reviews:
        for one in reviews[mu]:
            before, verdicts, _ = one.moments
            assert verdicts.true_links >= before.true_links and before.links - verdicts.links <= one.wrong
            assert verdicts.precision >= before.precision and verdicts.recall_within_reach >= before.recall_within_reach


def test_a_decision_by_a_correct_review_takes_true_links_only_where_labels_contradict_the_target(reviews):
    kept = [one for mu in reviews for one in reviews[mu] if one.found.false_links != "contradicted"]
    assert len(kept) > DRAWS / 2
    for one in kept:
        before, verdicts, after = one.moments
        assert after.true_links >= before.true_links and before.links - after.links <= one.wrong
        assert after.links >= verdicts.links and after.recall_within_reach >= before.recall_within_reach
        if one.found.upper_move == "kept":
            assert after == verdicts and after.precision >= before.precision
            assert one.found.thresholds.upper == one.base.upper


def test_what_is_contradicted_is_tightened_no_further_than_it_takes(reviews):
    tightened = [one for mu in reviews for one in reviews[mu] if one.found.upper_move == "tightened"]
    assert len(tightened) > DRAWS / 4
    for one in tightened:
        _, verdicts, after = one.moments
        assert one.found.thresholds.upper > one.base.upper and after.precision >= verdicts.precision
        assert verdict_of(interval(after.estimates["false_link_rate"]), 0.02) != "contradicted" or after.links == 0
        # what is let go goes to reviewers: nothing that was a link falls below the lower threshold
        assert one.found.thresholds.lower <= one.base.lower or one.found.lower_move == "loosened"


def interval(one):
    return Interval(one.value, one.low, one.high, one.level)


def test_shown_words_are_true(reviews):
    """Targets that labels show are kept by the links, the loosened ones too; those they contradict are broken."""
    for mu in reviews:
        shown = [one for one in reviews[mu] if one.found.false_links == "shown"]
        broken = [one for one in reviews[mu] if one.found.false_links == "contradicted"]
        assert np.mean([1 - one.moments[2].precision <= mu for one in shown] or [1]) >= 0.9
        assert np.mean([1 - one.moments[1].precision > mu for one in broken] or [1]) >= 0.9
    loosened = [one for one in reviews[0.03] if one.found.upper_move == "loosened"]
    assert len(loosened) > DRAWS / 4 and all(one.moments[2].true_links > one.moments[1].true_links for one in loosened)


def test_first_second_and_third_estimate_cover_the_truth(reviews):
    """Fewer would come by chance once in a thousand times, were the coverage 95 %."""
    both = [one for mu in reviews for one in reviews[mu]]
    for moment in range(3):
        for measure in ("precision", "recall_within_reach"):
            held = sum(one.moments[moment].covers(measure) for one in both if one.moments[moment].links)
            assert held >= binom.ppf(0.001, len(both), 0.95), (moment, measure, held)


def test_the_verdict_by_hand():
    assert verdict_of(None, 0.01) == verdict_of(Interval(float("nan"), 0, 1), 0.01) == "untested"
    assert verdict_of(Interval(0.005, 0.001, 0.01), 0.01) == "shown"
    assert verdict_of(Interval(0.005, 0.001, 0.01), 0.01, can_show=False) == "not_contradicted"
    assert verdict_of(Interval(0.02, 0.01, 0.04), 0.01) == "not_contradicted"
    assert verdict_of(Interval(0.02, 0.0101, 0.04), 0.01) == "contradicted"


def test_bounds_by_hand():
    # nothing false among 8 of 80 links, nothing found among 4 of 40 below: half of P(none) = .025, so ln 20 hits may be unseen
    sample = LabelledSample(
        pair=np.arange(12).astype(str), record=np.arange(12).astype(str), stratum=np.repeat([0, 1], [8, 4]),
        weight=np.repeat([5.0, -5.0], [8, 4]), match=np.repeat([1.0, 0.0], [8, 4]), doubtful=np.zeros(12, bool),
        size=np.array([80, 40]), low=np.array([0.0, -np.inf]), high=np.array([np.inf, 0.0]), kind=np.full(2, "assigned"),
        group=np.full(2, ""), decided_link=np.repeat([True, False], [8, 4]), delivered=np.repeat([True, False], [8, 4]),
        settled=np.ones(12, bool),
    )  # fmt: skip
    pairs = unreviewed(np.repeat([-5.0, 5.0], [40, 80]), 0.0)
    unseen = np.log(20) * 10 * np.sqrt(0.9)
    assert _false(sample, pairs, 0.0, 0.0, None).high == pytest.approx(unseen / 80)
    # MOVER with nothing seen: odds = U / √(links² − U_F²)
    odds = unseen / np.sqrt(80**2 - unseen**2)
    assert _missed(sample, pairs, 0.0, None).high == pytest.approx(odds / (1 + odds))
    # four of the forty below are matches that reviewers found: links now, and no longer missed; others like them may be
    found = replace(sample, match=np.where(sample.weight < 0, 1.0, sample.match), delivered=np.ones(12, bool))
    delivered = replace(pairs, delivered=(pairs.weight > 0) | (np.arange(120) < 4), reviewed=np.arange(120) < 4)
    assert _missed(found, delivered, 0.0, None).value == pytest.approx(36 / 120)


def placed(seed, wanted, labels, sureness=1.8):
    population = plant_population(seed, 12_000, sureness=sureness)
    kept = ~np.isnan(population.weight)
    weights, true = population.weight[kept], population.true[kept]
    base = Thresholds(population.threshold_for(0.99), -10.0, 0.01, 0.0, 0, False, "model")
    sample = label_sample(population, labels, base.upper, base.lower, seed)
    return thresholds_by_labels(sample, unreviewed(weights, base.upper), base, wanted).thresholds, weights, true


def test_the_trade_expects_the_errors_that_labels_show_not_the_models():
    found, weights, true = placed(3, targets(0.0001, 0.02, 100), 1_200, 2.2)
    accept = found.choices[2]
    linked = weights >= accept.upper
    truth, by_model = 1 - true[linked].mean(), 1 - probability(weights[linked]).mean()
    assert accept.clerical_pairs <= 100 and truth > 0.005
    assert abs(accept.false_link_rate - truth) < 0.6 * abs(by_model - truth)


def test_too_many_pairs_to_review_come_with_three_ways_out():
    found, _, _ = placed(1, targets(0.0001, 0.02, 300), 300)
    assert found.exceeds_capacity and len(found.choices) == 3 and found.how == "labels"
    for language in ("vi", "en"):
        rows = describe_choices(found.choices, language)
        assert len(rows) == 4 and len({row[0] for row in rows}) == 4 and {len(row) for row in rows} == {7}
        assert all(int(row[5]) <= 300 for row in rows[2:]) and int(rows[1][5]) > 300


def test_the_trade_starts_where_errors_are_expected_to_be_within_the_targets():
    found, weights, true = placed(1, targets(0.002, 0.02, 300), 300)
    _, miss, accept = found.choices
    # nobody has to choose between linking nothing and linking all
    assert miss.false_link_rate <= 0.002 and (weights >= miss.upper).mean() > 0.3 and 0 < miss.clerical_pairs <= 300
    assert 0 < accept.clerical_pairs <= 300 and accept.upper < miss.upper
    assert 1 - true[weights >= accept.upper].mean() < 0.05


def test_a_tie_at_the_highest_weight_is_linked_whole_or_not_at_all():
    # the highest weight is that of many pairs and lies under its own third decimal: rounded, no pair would reach it
    population = plant_population(3, 8_000)
    population = replace(population, weight=np.minimum(population.weight, 14.93998))
    weights = population.weight[~np.isnan(population.weight)]
    base = Thresholds(5.0, 0.0, 0.01, 0.0, 0, False, "model")
    sample = label_sample(population, 300, 5.0, 0.0, 1)
    found = thresholds_by_labels(sample, unreviewed(weights, 5.0), base, targets(0.0001))
    tied = weights >= 14.9
    assert len(set((weights >= found.thresholds.upper)[tied].tolist())) == 1

from dataclasses import replace

import numpy as np
import pytest

from linkage.decision import estimate_by_design, estimate_by_model
from linkage.decision.estimators import estimate_recall_factors
from linkage.decision.samples import LabelledSample, load_sample, merge_unlabelled
from linkage.errors import LinkageError
from tests.decision.planted_population import label_sample, plant_population

# a hand-worked frame: strata [10, ∞) of 80 pairs, [0, 10) of 20, [-∞, 0) of 40, 30 pairs outside blocking, 12 lost ones
WEIGHTS = np.concatenate([np.full(80, 15.0), np.full(20, 5.0), np.full(40, -5.0)])


def by_hand() -> LabelledSample:
    """Labelled 8 of 80 (all right), 5 of 20 (4 right), 4 of 40 (1 right), 3 of 30 (1 right), 2 of 12 (1 right)."""
    counts = (8, 5, 4, 3, 2)
    answers = [1] * 8 + [1, 1, 1, 1, 0] + [1, 0, 0, 0] + [1, 0, 0] + [1, 0]
    stratum = np.repeat(np.arange(5), counts)
    names = np.arange(22).astype(str)
    return LabelledSample(
        pair=names, record=names, stratum=stratum, weight=np.array([15.0, 5.0, -5.0, np.nan, np.nan])[stratum],
        match=np.array(answers, dtype=float), doubtful=np.zeros(22, bool), size=np.array([80, 20, 40, 30, 12]),
        low=np.array([10.0, 0.0, -np.inf, -np.inf, -np.inf]), high=np.array([np.inf, 10.0, 0.0, np.inf, np.inf]),
        kind=np.array(["assigned"] * 3 + ["outside", "lost"]), group=np.full(5, ""), decided_link=stratum < 2,
        delivered=stratum < 2, settled=np.ones(22, bool),
    )  # fmt: skip


def values(estimates):
    return {one.measure: one for one in estimates}


def test_design_by_hand():
    found = values(estimate_by_design(by_hand(), WEIGHTS, 0.0))
    # F = 20/5 = 4 of 100 links; M = 40/4 + 30/3 + 12/2 = 26; A = 96
    assert found["precision"].value == pytest.approx(0.96)
    assert found["false_link_rate"].value == pytest.approx(0.04)
    assert found["recall_within_reach"].value == pytest.approx(96 / 122)
    assert (found["precision"].denominator, found["precision"].denominator_is) == (100, "links")
    assert found["recall_within_reach"].denominator == pytest.approx(122)
    assert found["recall_within_reach"].n == 22
    for one in found.values():
        assert 0 <= one.low <= one.value <= one.high <= 1
    assert found["missed_within_reach"].low == pytest.approx(1 - found["recall_within_reach"].high)


def test_recall_is_the_product_of_its_factors():
    factors = values(estimate_recall_factors(by_hand(), WEIGHTS, 0.0))
    # matches that a rule proposed: 96 + 10 assigned, 6 lost; outside: 10
    assert factors["blocking_recall"].value == pytest.approx(112 / 122)
    assert factors["scoring_recall"].value == pytest.approx(96 / 112)


def test_a_threshold_inside_a_stratum_by_hand():
    weights = np.concatenate([WEIGHTS[:80], np.linspace(0, 9.5, 20), WEIGHTS[100:]])
    sample = by_hand()
    inside = sample.stratum == 1
    cut = replace(sample, weight=np.where(inside, np.array([9.0, 8.0, 2.0, 1.0, 7.0])[np.cumsum(inside) - 1], sample.weight))
    # at 5: the only false pair lies above (F = 4), two true ones below (M gains 2 × 4)
    found = values(estimate_by_design(cut, weights, 5.0))
    links = int((weights >= 5).sum())
    assert found["precision"].value == pytest.approx(1 - 4 / links)
    assert found["recall_within_reach"].denominator == pytest.approx(links - 4 + 10 + 10 + 8 + 6)


def test_doubt_counts_against_and_for_the_linkage():
    sample = by_hand()
    doubtful = np.isin(np.arange(22), [0, 13])
    unsure = replace(sample, match=np.where(doubtful, np.nan, sample.match), doubtful=doubtful)
    middle, worst, best = (values(estimate_by_design(unsure, WEIGHTS, 0.0, reading)) for reading in ("middle", "worst", "best"))
    for measure in ("precision", "recall_within_reach"):
        assert worst[measure].value < middle[measure].value <= best[measure].value
    # pair 0 is a link of stratum 0 (80/8 = 10 pairs each), pair 13 an unlinked one of stratum 2 (10 each)
    assert worst["precision"].value == pytest.approx(1 - (4 + 10) / 100)
    assert worst["recall_within_reach"].value == pytest.approx(86 / (86 + 10 + 10 + 6))
    assert best["recall_within_reach"].value == pytest.approx(96 / (96 + 0 + 10 + 6))
    assert middle["precision"].n == 20 and worst["precision"].n == 22


def test_a_disagreement_that_waits_is_doubt_too():
    sample = by_hand()
    disputed = replace(sample, doubtful=np.arange(22) == 3)
    middle, worst = (values(estimate_by_design(disputed, WEIGHTS, 0.0, reading)) for reading in ("middle", "worst"))
    assert worst["precision"].value == pytest.approx(middle["precision"].value - 0.10)


def test_decided_links_count_reviewed_pairs():
    sample = by_hand()
    decided = WEIGHTS >= 0
    found = values(estimate_by_design(sample, WEIGHTS, None, decided=decided))
    assert found["precision"].value == pytest.approx(0.96) and found["precision"].threshold is None


@pytest.mark.parametrize(
    ("applied", "links", "false", "missed"), [("none", 100, 4, 26), ("some", 99, 3, 26), ("all", 100, 3, 25)]
)
def test_a_reviewed_pair_speaks_for_itself_alone(applied, links, false, missed):
    """Verdicts correct the pairs they are of; the truth they are estimates of, 122 matches, stays the same."""
    sample = by_hand()
    wrong, found = 12, 13  # the false pair of stratum 1, the match of stratum 2: each was decided the other way
    delivered, decided = sample.decided_link.copy(), WEIGHTS >= 0
    if applied != "none":
        delivered[wrong], decided[80] = False, False
    if applied == "all":
        delivered[found], decided[100] = True, True
    told = values(estimate_by_design(replace(sample, delivered=delivered), WEIGHTS, None, decided=decided, before=WEIGHTS >= 0))
    assert told["precision"].denominator == links
    assert told["precision"].value == pytest.approx(1 - false / links)
    assert told["recall_within_reach"].value == pytest.approx((links - false) / (links - false + missed))
    assert told["recall_within_reach"].denominator == pytest.approx(122)
    # what is not known is as much as before: the same interval of false links, moved by what was corrected
    before = values(estimate_by_design(sample, WEIGHTS, None, decided=WEIGHTS >= 0))["false_link_rate"]
    width = (told["false_link_rate"].high - told["false_link_rate"].low) * links
    assert width == pytest.approx((before.high - before.low) * 100)


def test_groups_add_up():
    sample = by_hand()
    group = np.arange(22) % 2 == 0
    halves = [estimate_by_design(sample, WEIGHTS[side::2], 0.0, inside=mask) for side, mask in ((0, group), (1, ~group))]
    false = [values(half)["false_link_rate"] for half in halves]
    assert sum(one.value * one.denominator for one in false) == pytest.approx(4)


def test_a_group_of_its_own_strata_knows_nothing_of_the_others():
    # the 20 pairs of stratum 1 are the group: one of five false, 4 of 20 links, whatever lies elsewhere
    sample = replace(by_hand(), group=np.array(["", "g", "", "", ""]))
    inside, reach = sample.stratum == 1, np.array([False, True, False, False, False])
    own, any_stratum = (
        values(estimate_by_design(sample, WEIGHTS[80:100], 0.0, inside=inside, reach=one))["precision"] for one in (reach, None)
    )
    assert own.value == any_stratum.value == pytest.approx(0.8)
    assert own.high - own.low <= any_stratum.high - any_stratum.low
    assert (
        values(estimate_by_design(sample, WEIGHTS[80:100], 0.0, inside=inside, reach=reach))["recall_within_reach"].denominator
        == 16
    )


def test_model_based_by_hand():
    found = values(estimate_by_model([np.log2(9), np.log2(9), -np.log2(3)], 0.0, apart=[0.0]))
    # p = .9, .9, .25 and .5 outside: F = .2, M = .75
    assert found["precision"].value == pytest.approx(0.9)
    assert found["recall_within_reach"].value == pytest.approx(1.8 / 2.55)


def test_model_based_covers_when_the_model_is_right():
    rng = np.random.default_rng(4)
    weights = np.concatenate([rng.normal(8, 3, 4_000), rng.normal(-5, 3, 1_000)])
    interval = values(estimate_by_model(weights, 3.0))["precision"]
    linked = 1 / (1 + 2 ** -weights[weights >= 3])
    drawn = [(rng.random(linked.size) < linked).mean() for _ in range(1_000)]
    assert 0.93 <= np.mean([interval.low <= one <= interval.high for one in drawn]) <= 0.97


@pytest.mark.parametrize("pilot", [1.0, 0.5])
def test_design_covers_planted_truth(pilot):
    covered = {"precision": [], "recall_within_reach": []}
    for seed in range(150):
        population = plant_population(seed % 15, 8_000)
        weights = population.weight[~np.isnan(population.weight)]
        threshold = population.threshold_for(0.99)
        sample = label_sample(population, 600, threshold, np.quantile(weights, 0.04), 1_000 + seed, pilot)
        found = values(estimate_by_design(sample, weights, threshold))
        linked = population.weight >= threshold
        matches = population.true.sum() + population.outside_true.sum()
        truth = {"precision": population.true[linked].mean(), "recall_within_reach": population.true[linked].sum() / matches}
        for measure, right in truth.items():
            covered[measure].append(found[measure].low <= right <= found[measure].high)
    for outcome in covered.values():
        assert np.mean(outcome) >= 0.90  # 150 populations: two standard errors under 0.93


def test_strata_without_a_verdict_are_merged_and_stay_in_the_frame():
    sample = by_hand()
    merged = merge_unlabelled(replace(sample, match=np.where(sample.stratum == 1, np.nan, sample.match)))
    assert merged.size.sum() == sample.size.sum() and merged.size.size == 4
    # a stratum's own group is preferred to the nearest weights, and two groups together are none
    grouped = replace(sample, group=np.array(["a", "b", "b", "", ""]), match=np.where(sample.stratum == 1, np.nan, sample.match))
    merged = merge_unlabelled(grouped)
    assert merged.size.tolist() == [80, 60, 30, 12] and merged.group.tolist() == ["a", "b", "", ""]
    mixed = replace(grouped, group=np.array(["a", "b", "a", "", ""]))
    assert merge_unlabelled(mixed).group.tolist() in (["", "a", "", ""], ["a", "", "", ""])
    # lost pairs join those outside blocking, never assigned ones
    lost = merge_unlabelled(replace(sample, match=np.where(sample.stratum == 4, np.nan, sample.match)))
    assert lost.size.tolist() == [80, 20, 40, 42] and lost.kind.tolist() == [*["assigned"] * 3, "outside"]
    with pytest.raises(LinkageError, match="not assigned"):
        merge_unlabelled(replace(sample, match=np.where(sample.stratum > 2, np.nan, sample.match)))


def test_sample_is_read_from_tables(run):
    sample = load_sample(run.connection, run.paths["review_set"], run.paths["labels"], run.paths["links"])
    assert sample.pair.size == 600 and sample.size.sum() == sum(one.size for one in run.strata)
    assert 0 < sample.doubtful.sum() < 60
    assert sample.design_weight.sum() == pytest.approx(sample.size.sum())


def test_two_verdicts_on_a_pair_are_refused(run):
    run.connection.execute(
        f"CREATE OR REPLACE TABLE twice AS SELECT * FROM '{run.paths['labels']}' UNION ALL FROM '{run.paths['labels']}'"
    )
    with pytest.raises(LinkageError, match="more than one final verdict"):
        load_sample(run.connection, run.paths["review_set"], "twice", run.paths["links"])


def test_links_that_changed_since_the_draw_are_refused(run):
    run.connection.execute(
        f"CREATE OR REPLACE TABLE changed AS SELECT * REPLACE ('y' || record_id_r AS record_id_r) FROM '{run.paths['links']}'"
    )
    with pytest.raises(LinkageError, match="no longer assigned"):
        load_sample(run.connection, run.paths["review_set"], run.paths["labels"], "changed")

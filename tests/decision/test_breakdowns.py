from dataclasses import replace

import numpy as np
import pytest

from linkage.decision import By, draw_review_sample
from linkage.decision.anchors import standardised_difference
from linkage.decision.breakdowns import break_down
from linkage.decision.samples import load_sample
from tests.decision.planted_population import write_labels


def test_link_rates_and_differences_by_hand():
    group = np.repeat(["a", "b", "c"], [100, 60, 10])
    linked = np.concatenate([np.arange(100) < 90, np.arange(60) < 30, np.ones(10, bool)])
    rows = {row.group: row for row in break_down("sex", np.arange(170), group, np.ones(170), linked)}
    assert rows["a"].link_rate.value == pytest.approx(0.9) and rows["b"].link_rate.value == pytest.approx(0.5)
    assert rows["c"].link_rate is None and rows["a"].precision is None
    assert rows["b"].standardised_difference == pytest.approx(standardised_difference(30 / 130, 30 / 40))


def test_groups_cover_their_truth_and_small_ones_say_too_few(run):
    population = run.population
    sample = load_sample(run.connection, run.paths["review_set"], run.paths["labels"], run.paths["links"])
    linked = np.nan_to_num(population.weight, nan=-np.inf) >= run.thresholds.upper
    names = np.char.add("m", np.arange(population.weight.size).astype(str))
    rows = break_down("group", names, population.group, population.weight, linked, sample)
    assert sum(row.links for row in rows) == linked.sum() and sum(row.mentions for row in rows) == linked.size
    covered = []
    for row in rows:
        if row.precision is None:
            assert row.labels < 30
            continue
        member = linked & (population.group == int(row.group))
        covered.append(row.precision.low <= population.true[member].mean() <= row.precision.high)
    assert len(covered) >= 3 and np.mean(covered) >= 0.6
    assert sum(row.labels for row in rows) == sample.labelled.sum()


def test_a_breakdown_by_the_column_of_the_design_is_narrower(run):
    links, mentions = run.paths["links"], run.paths["mentions"]
    target, labels = run.folder / "by_group.parquet", run.folder / "by_group_labels.parquet"
    draw_review_sample(
        run.connection, links, 600, 5, run.thresholds, target, outside=run.paths["outside"], by=By(mentions, "group")
    )
    write_labels(run.connection, target, run.paths["truth"], labels)
    sample = load_sample(run.connection, target, labels, links)
    population = run.population
    linked = np.nan_to_num(population.weight, nan=-np.inf) >= run.thresholds.upper
    names = np.char.add("m", np.arange(population.weight.size).astype(str))
    by_design = break_down("group", names, population.group, population.weight, linked, sample)
    blind = break_down(
        "group", names, population.group, population.weight, linked, replace(sample, group=np.full(sample.size.size, ""))
    )
    for known, unknown in zip(by_design, blind, strict=True):
        assert known.labels >= 30 and known.precision is not None
        assert known.precision.value == pytest.approx(unknown.precision.value)
    assert by_design[-1].precision.high - by_design[-1].precision.low < blind[-1].precision.high - blind[-1].precision.low

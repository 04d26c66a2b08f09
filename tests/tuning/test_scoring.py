"""Thresholds, recall and choice on cases whose answer is planted."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import duckdb
import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from linkage.tuning.cases import cases_by_labels, cases_by_numbers
from linkage.tuning.trial_scores import FOLDS, Cases, choose_best, score_cases, threshold_for


def plant(n: int, shift: float, seed: int, noise: int = 0) -> Cases:
    """Right pairs weigh about `shift` more than wrong ones; the first tenth of the cases is paired wrongly."""
    rng = np.random.default_rng(seed)
    right = np.arange(n) >= n // 10
    weight = rng.normal(0, 1, n) + shift * right
    weight[:noise] = np.nan
    whole = np.ones(n)
    paired, none = ~np.isnan(weight), np.zeros(n, dtype=bool)
    return Cases(weight, right & paired, ~right & paired, none, ~none, right, whole, np.arange(n) % FOLDS)


def test_the_threshold_is_the_lowest_that_keeps_the_rate() -> None:
    weight = np.array([5.0, 4.0, 4.0, 3.0, 2.0, np.nan])
    wrong = np.array([False, False, True, False, True, False])
    none, every = np.zeros(6, dtype=bool), frozenset(range(FOLDS))
    cases = Cases(weight, ~wrong & ~np.isnan(weight), wrong, none, ~none, ~wrong, np.ones(6), np.arange(6) % FOLDS)
    assert threshold_for(cases, every, 0.25) == 3.0
    assert threshold_for(cases, every, 0.4) == 2.0
    assert threshold_for(cases, every, 0.0) == 5.0
    assert threshold_for(cases, frozenset({2, 4}), 0.1) == np.inf
    unknown = replace(cases, wrong=none, unknown=wrong)
    assert [threshold_for(unknown, every, rate) for rate in (0.25, 0.4, 0.0)] == [3.0, 2.0, 5.0]
    assert threshold_for(unknown, every, 0.0, hopeful=True) == 2.0
    assert threshold_for(replace(cases, of_links=~wrong), every, 0.0) == 3.0


def test_recall_counts_what_no_threshold_can_find() -> None:
    score = score_cases(plant(2_000, 20.0, 1), 0.001, 0.02)
    assert score.found.value == pytest.approx(1.0, abs=0.005)
    assert score.reached
    unpaired = plant(2_000, 20.0, 1)
    unpaired.weight[300:480] = np.nan
    unpaired.right[300:480] = False
    assert score_cases(unpaired, 0.001, 0.02).found.value == pytest.approx(0.9, abs=0.005)
    assert score_cases(unpaired, 0.001, 0.02).after_review <= 0.9


def test_the_better_trial_is_chosen_and_scored_on_other_cases() -> None:
    best, nested = choose_best([plant(3_000, 2.0, 2), plant(3_000, 4.0, 3), plant(3_000, 3.0, 4)], 0.01)
    assert best == 1
    assert set(nested.trials) == {1}
    assert nested.found.low < nested.found.value < nested.found.high
    assert nested.false_link_rate.value < 0.02
    assert nested.unknown == 0


def test_choosing_among_noise_promises_nothing() -> None:
    # forty trials without a difference: the best of them looks better than the choice is worth
    trials = [plant(400, 2.5, seed) for seed in range(40)]
    best, nested = choose_best(trials, 0.05)
    assert nested.found.value < score_cases(trials[best], 0.05, 0.02).found.value


def write(path: Path, **columns: object) -> None:
    pq.write_table(pa.table(columns), path)


def test_numbers_give_each_mention_twice(tmp_path: Path) -> None:
    flags = pa.array([None] * 4, pa.list_(pa.string()))
    numbers = ["1", "2", "3", "9"]
    write(
        tmp_path / "mentions.parquet",
        id=[1, 2, 3, 4],
        record_id=["a", "b", "c", "d"],
        personal_number=numbers,
        personal_number_flags=flags,
    )
    write(
        tmp_path / "persons.parquet",
        id=[1, 2, 3, 4],
        record_id=["p", "q", "r", "s"],
        personal_number=["1", "2", "3", "4"],
        personal_number_flags=flags,
    )
    write(
        tmp_path / "assigned.parquet",
        id_l=[1, 2],
        id_r=[1, 3],
        record_id_l=["a", "b"],
        record_id_r=["p", "r"],
        link_weight=[9.0, 4.0],
    )
    write(tmp_path / "scored_pairs.parquet", id_l=[1, 1, 2], id_r=[1, 2, 3], pair_weight=[9.0, -3.0, 4.0])
    none = pa.table({"person": pa.array([], pa.int32()), "other": pa.array([], pa.int32())})
    pq.write_table(none, tmp_path / "registered_twice.parquet")
    cases = cases_by_numbers(duckdb.connect(), tmp_path, 0, 0.2)
    assert cases.right.tolist() == [True, False, False] + [False] * 3
    assert cases.wrong.tolist() == [False, True, False, True, True, False]
    assert cases.weight[3:5].tolist() == [-3.0, 4.0]
    assert cases.has_person.tolist() == [True] * 3 + [False] * 3
    assert cases.stands_for.tolist() == [1, 1, 1, 0.25, 0.25, 0.25]
    assert cases.of_links.all()
    assert not cases.unknown.any()
    assert (cases.fold[:3] == cases.fold[3:]).all()
    # the person of b's number is registered again under another: who is linked there is right, and no stranger
    write(tmp_path / "registered_twice.parquet", person=[2], other=[3])
    cases = cases_by_numbers(duckdb.connect(), tmp_path, 0, 0.2)
    assert cases.right.tolist() == [True, True, False] + [False] * 3
    assert np.isnan(cases.weight[4]) and cases.weight[3] == -3.0


def test_labels_stand_for_what_they_were_drawn_for(tmp_path: Path) -> None:
    write(
        tmp_path / "review_set.parquet",
        pair_id=["1", "2", "3", "4"],
        record_id_l=["a", "b", "c", "d"],
        record_id_r=["p", "q", "r", "s"],
        stratum=["x", "x", "y", "y"],
        inclusion_probability=[0.1, 0.1, 1.0, 1.0],
    )
    write(tmp_path / "labels.parquet", pair_id=["1", "3", "4"], verdict=["match", "non_match", "match"])
    write(tmp_path / "assigned.parquet", record_id_l=["a", "c", "d"], record_id_r=["p", "r", "z"], link_weight=[9.0, 4.0, 3.0])
    cases = cases_by_labels(duckdb.connect(), tmp_path, tmp_path, 0, tmp_path)
    assert cases.stands_for.tolist() == [20.0, 1.0, 1.0]
    assert cases.right.tolist() == [True, False, False]
    assert cases.wrong.tolist() == [False, True, True]
    assert cases.has_person.tolist() == [True, False, True]


LABELLED = {
    "pair_id": ["1", "2", "3", "4", "5"],
    "record_id_l": ["a", "b", "c", "d", "d"],
    "record_id_r": ["p", "q", "r", "s", "t"],
    "stratum": ["x", "x", "x", "x", "outside"],
    "inclusion_probability": [0.5, 0.5, 0.5, 0.5, 0.1],
}
"""Sampled pairs of a run that had assigned all of them but the last."""


def labelled_run(folder: Path) -> Path:
    run = folder / "labelled"
    run.mkdir()
    write(run / "review_set.parquet", **LABELLED)
    verdicts = ["match", "non_match", "match", "non_match", "match"]
    write(run / "labels.parquet", pair_id=LABELLED["pair_id"], verdict=verdicts)
    assigned = {"record_id_l": ["a", "b", "c", "d", "e"], "record_id_r": ["p", "q", "r", "s", "u"]}
    write(run / "assigned.parquet", **assigned, link_weight=[9.0, 8.0, 7.0, 6.0, 5.0])
    return run


def seen_by(folder: Path, pairs: dict[str, str]) -> tuple[dict[str, Cases], list[str]]:
    """The cases of a trial that gives mentions these persons, and their kinds by mention."""
    run = folder / f"trial-{len(list(folder.iterdir()))}"
    run.mkdir()
    weights = [10.0 - place for place in range(len(pairs))]
    write(run / "assigned.parquet", record_id_l=list(pairs), record_id_r=list(pairs.values()), link_weight=weights)
    labelled = folder / "labelled"
    cases = cases_by_labels(duckdb.connect(), run, labelled, 0, labelled)
    kinds = [
        "right" if r else "wrong" if w else "unknown" if u else ""
        for r, w, u in zip(cases.right, cases.wrong, cases.unknown, strict=True)
    ]
    return cases, kinds


def test_a_pair_that_no_label_knows_is_unknown(tmp_path: Path) -> None:
    labelled_run(tmp_path)
    same, kinds = seen_by(tmp_path, {"a": "p", "b": "q", "c": "r", "d": "s"})
    assert kinds == ["right", "wrong", "right", "wrong", "wrong"]
    assert same.of_links.tolist() == [True] * 4 + [False]
    assert same.has_person.tolist() == [True, False, True, False, True]
    assert same.stands_for.tolist() == [2, 2, 2, 2, 10]
    # b's refused person gives way to one nobody was asked about; c's known person to a wrong one; d's to the one a label knows
    _, kinds = seen_by(tmp_path, {"a": "p", "b": "new", "c": "other", "d": "t"})
    assert kinds == ["right", "unknown", "wrong", "right", "right"]
    # a mention that had nobody is counted by itself, once
    more, kinds = seen_by(tmp_path, {"a": "p", "f": "new"})
    assert kinds == ["right", "", "", "", "", "unknown"]
    assert (more.stands_for[-1], more.of_links[-1], more.has_person[-1]) == (1.0, True, False)


def trap(connection: duckdb.DuckDBPyConnection, folder: Path, seed: int) -> list[Cases]:
    """A labelled run's cases, then those of a setting that replaced each of its false links by another wrong pair at its weight.

    1,500 mentions, 14 % linked falsely; 400 labels, half of them on the lightest quarter.
    """
    rng, mentions = np.random.default_rng(seed), 1_500
    true = rng.random(mentions) < 0.86
    weight = np.where(true, rng.normal(8, 3, mentions), rng.normal(4, 3, mentions))
    light = weight < np.quantile(weight, 0.25)
    drawn = np.concatenate([rng.choice(np.flatnonzero(stratum), 200, replace=False) for stratum in (light, ~light)])
    left = np.array([f"m{one}" for one in range(mentions)])
    runs = {"shipped": np.char.add("p", left), "trapped": np.where(true, np.char.add("p", left), np.char.add("other ", left))}
    for name, persons in runs.items():
        (folder / name).mkdir(exist_ok=True)
        write(folder / name / "assigned.parquet", record_id_l=left, record_id_r=persons, link_weight=weight)
    write(
        folder / "shipped" / "review_set.parquet",
        pair_id=left[drawn],
        record_id_l=left[drawn],
        record_id_r=runs["shipped"][drawn],
        stratum=np.where(light, "light", "heavy")[drawn],
        inclusion_probability=np.where(light, 200 / light.sum(), 200 / (~light).sum())[drawn],
    )
    write(folder / "shipped" / "labels.parquet", pair_id=left[drawn], verdict=np.where(true, "match", "non_match")[drawn])
    labelled = folder / "shipped"
    return [cases_by_labels(connection, folder / name, labelled, seed, labelled) for name in runs]


def test_a_false_link_replaced_by_an_unlabelled_one_buys_nothing(tmp_path: Path) -> None:
    """Sixty draws at a target far below what the links keep: the trap is never chosen, whichever of the two is asked first."""
    connection = duckdb.connect()
    for seed in range(60):
        shipped, trapped = trap(connection, tmp_path, seed)
        best, nested = choose_best([shipped, trapped], 0.05)
        assert best == 0
        assert set(nested.trials) == {0}
        if seed < 10:
            assert choose_best([trapped, shipped], 0.05)[0] == 1
            assert choose_best([shipped, trapped], 0.05, hopeful=True)[0] == 1, "what it would be if unknown were right"
        told, other = score_cases(trapped, 0.05, 0.02), score_cases(shipped, 0.05, 0.02)
        assert (told.found, told.upper) == (other.found, other.upper)
        assert told.unknown > 0 == other.unknown
        assert told.false_link_rate.low == 0 < other.false_link_rate.low
        assert told.false_link_rate.high == other.false_link_rate.high


def test_a_setting_that_truly_finds_more_is_chosen_and_its_trapped_copy_is_not(tmp_path: Path) -> None:
    shipped, trapped = trap(duckdb.connect(), tmp_path, 1)
    better, copied = (replace(one, weight=one.weight + 3 * one.right) for one in (shipped, trapped))
    assert choose_best([shipped, copied, better], 0.05)[0] == 2


def test_design_weights_widen_the_interval() -> None:
    even = plant(1_000, 4.0, 5)
    uneven = replace(even, stands_for=np.where(np.arange(1_000) % 10 == 0, 91.0, 1.0))
    one, other = (score_cases(cases, 0.01, 0.02).found for cases in (even, uneven))
    assert other.high - other.low > 2 * (one.high - one.low)


def test_the_stated_quality_is_that_of_the_winner() -> None:
    """Six settings that differ by noise, two of them with half their false links swapped: what is stated of the choice holds of it."""
    covered = []
    for seed in range(30):
        rng, mentions, labels = np.random.default_rng(seed), 3_000, 600
        true = rng.random(mentions) < 0.86
        plain = np.where(true, rng.normal(8, 3, mentions), rng.normal(3, 3, mentions))
        light = plain < np.quantile(plain, 0.25)
        drawn = np.concatenate([rng.choice(np.flatnonzero(stratum), labels // 2, replace=False) for stratum in (light, ~light)])
        stands_for = np.where(light, light.sum(), (~light).sum())[drawn] / (labels / 2)
        fold, none, weights, settings = rng.integers(0, FOLDS, labels), np.zeros(labels, dtype=bool), [], []
        for one in range(6):
            weights.append(plain + rng.normal(0, 0.8, mentions) * (one > 0))
            swapped = (one % 3 == 2) & ~true[drawn] & (rng.random(labels) < 0.5)
            wrong = ~true[drawn] & ~swapped
            settings.append(Cases(weights[-1][drawn], true[drawn], wrong, swapped, ~none, true[drawn], stands_for, fold))
        best, nested = choose_best(settings, 0.05)
        links = weights[best] >= score_cases(settings[best], 0.05, 0.02).upper
        found, false = (links & true).sum() / true.sum(), (links & ~true).sum() / links.sum()
        stated = nested.found, nested.false_link_rate
        covered.append([one.low <= right <= one.high for one, right in zip(stated, (found, false), strict=True)])
    assert (np.mean(covered, axis=0) >= 0.9).all()

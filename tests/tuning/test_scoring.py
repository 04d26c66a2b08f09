"""Thresholds, recall and choice on cases whose answer is planted."""

from __future__ import annotations

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
    return Cases(weight, right & ~np.isnan(weight), ~right & ~np.isnan(weight), right, whole, np.arange(n) % FOLDS)


def test_the_threshold_is_the_lowest_that_keeps_the_rate() -> None:
    weight = np.array([5.0, 4.0, 4.0, 3.0, 2.0, np.nan])
    wrong = np.array([False, False, True, False, True, False])
    cases = Cases(weight, ~wrong & ~np.isnan(weight), wrong, ~wrong, np.ones(6), np.arange(6) % FOLDS)
    every = np.ones(6, dtype=bool)
    assert threshold_for(cases, every, 0.25) == 3.0
    assert threshold_for(cases, every, 0.4) == 2.0
    assert threshold_for(cases, every, 0.0) == 5.0
    assert threshold_for(cases, np.array([False, False, True, False, True, False]), 0.1) == np.inf


def test_recall_counts_what_no_threshold_can_find() -> None:
    score = score_cases(plant(2_000, 20.0, 1), 0.001, 0.02)
    assert score.recall.value == pytest.approx(1.0, abs=0.005)
    assert score.reached
    unpaired = plant(2_000, 20.0, 1)
    unpaired.weight[300:480] = np.nan
    unpaired.right[300:480] = False
    assert score_cases(unpaired, 0.001, 0.02).recall.value == pytest.approx(0.9, abs=0.005)
    assert score_cases(unpaired, 0.001, 0.02).after_review <= 0.9


def test_the_better_trial_is_chosen_and_scored_on_other_cases() -> None:
    best, nested = choose_best([plant(3_000, 2.0, 2), plant(3_000, 4.0, 3), plant(3_000, 3.0, 4)], 0.01)
    assert best == 1
    assert set(nested.trials) == {1}
    assert nested.recall.low < nested.recall.value < nested.recall.high
    assert nested.false_link_rate < 0.02


def test_choosing_among_noise_promises_nothing() -> None:
    # forty trials without a difference: the best of them looks better than the choice is worth
    trials = [plant(400, 2.5, seed) for seed in range(40)]
    best, nested = choose_best(trials, 0.05)
    assert nested.recall.value < score_cases(trials[best], 0.05, 0.02).recall.value


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
    cases = cases_by_labels(duckdb.connect(), tmp_path, 0, tmp_path)
    assert cases.stands_for.tolist() == [20.0, 1.0, 1.0]
    assert cases.right.tolist() == [True, False, False]
    assert cases.wrong.tolist() == [False, True, True]
    assert cases.has_person.tolist() == [True, False, True]

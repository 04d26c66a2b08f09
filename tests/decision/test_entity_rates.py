"""Pairwise and B-cubed rates of entities: exact from all labels, unbiased from a sample of them."""

from __future__ import annotations

from itertools import combinations
from pathlib import Path

import numpy as np
import pyarrow as pa
import pytest

from linkage.decision.entity_rates import estimate_entities, load_entity_frame
from linkage.decision.samples import load_sample
from linkage.decision.sampling import draw_review_sample
from linkage.decision.thresholds import Thresholds

THRESHOLDS = Thresholds(5.0, 0.0, 0.001, 0.02, 0, False, "given")
MEASURES = ("pairwise_precision", "pairwise_recall", "b_cubed_precision", "b_cubed_recall")


def plant(random: np.random.Generator, persons: int) -> tuple[np.ndarray, np.ndarray]:
    """(truth, found): the person of each record, and the entity it was put in: some split in two, some two in one."""
    truth = np.repeat(np.arange(persons), random.integers(1, 6, persons))
    found = truth * 10
    for person in range(persons):
        own = np.flatnonzero(truth == person)
        if len(own) > 1 and random.random() < 0.10:
            found[own[: len(own) // 2]] += 1
        elif person % 2 and random.random() < 0.06:
            found[own] = (person - 1) * 10
    return truth, found


def rates_of(truth: np.ndarray, found: np.ndarray) -> dict[str, float]:
    same = {"t": truth[:, None] == truth, "f": found[:, None] == found}
    both = (same["t"] & same["f"]).sum(axis=1)
    pairs = (both - 1).sum()
    return {
        "pairwise_precision": pairs / (same["f"].sum() - len(truth)),
        "pairwise_recall": pairs / (same["t"].sum() - len(truth)),
        "b_cubed_precision": float((both / same["f"].sum(axis=1)).mean()),
        "b_cubed_recall": float((both / same["t"].sum(axis=1)).mean()),
    }


def write_frame(connection, truth: np.ndarray, found: np.ndarray, random: np.random.Generator) -> None:
    """The tables `links` (every pair within an entity or of one person, and strangers), `entities`, `records`, `verdicts`."""
    pairs = {(a, b) for of in (truth, found) for one in np.unique(of) for a, b in combinations(np.flatnonzero(of == one), 2)}
    pairs |= {tuple(sorted(random.choice(len(truth), 2, replace=False))) for _ in range(len(truth))}
    left, right = np.array(sorted(pairs)).T
    linked = found[left] == found[right]
    names = np.array([f"r{number:05d}" for number in range(len(truth))])
    decided = np.where(linked, "link", "non_link")
    weight = np.where(linked, random.uniform(5, 15, len(left)), random.uniform(-5, 4, len(left)))
    columns = {
        "record_id_l": names[left], "record_id_r": names[right], "link_weight": weight, "decision": decided,
        "decision_unreviewed": decided, "reason": decided, "runner_up_margin": pa.nulls(len(left), pa.float64()),
    }  # fmt: skip
    verdicts = np.where(truth[left] == truth[right], "match", "non_match")
    records = {"id": np.arange(len(names)), "record_id": names}
    for name, table in (
        ("links", columns),
        ("records", records),
        ("entities", {"id": records["id"], "entity_id": found.astype(str)}),
        ("verdicts", {"record_id_l": names[left], "record_id_r": names[right], "verdict": verdicts}),
    ):
        connection.register("given", pa.table(table))
        connection.execute(f"CREATE OR REPLACE TEMP TABLE {name} AS FROM given")
        connection.unregister("given")


def estimated(connection, folder: Path, pairs: int, seed: int) -> dict[str, tuple[float, float, float]]:
    drawn = folder / "review_set.parquet"
    draw_review_sample(connection, "links", pairs, seed, THRESHOLDS, drawn)
    connection.execute(
        f"CREATE OR REPLACE TEMP TABLE labels AS SELECT pair_id, verdict, 'agreed' AS how FROM read_parquet('{drawn}')"
        " JOIN verdicts USING (record_id_l, record_id_r)"
    )
    sample = load_sample(connection, drawn, "labels", "links")
    frame = load_entity_frame(connection, sample, drawn, ("links",), "entities", "records")
    return {one.measure: (one.value, one.low, one.high) for one in estimate_entities(sample, frame)}


def test_all_labels_give_the_rates_themselves(connection, tmp_path) -> None:
    random = np.random.default_rng(1)
    truth, found = plant(random, 60)
    write_frame(connection, truth, found, random)
    told = estimated(connection, tmp_path, 10**6, 1)
    for measure, value in rates_of(truth, found).items():
        assert told[measure][0] == pytest.approx(value, abs=0.004), measure


def test_a_sample_is_unbiased_and_its_interval_holds_the_truth(connection, tmp_path) -> None:
    random = np.random.default_rng(2)
    truth, found = plant(random, 250)
    write_frame(connection, truth, found, random)
    drawn = [estimated(connection, tmp_path, 300, seed) for seed in range(16)]
    for measure, value in rates_of(truth, found).items():
        values = np.array([one[measure] for one in drawn])
        error = values[:, 0].std() / np.sqrt(len(drawn))
        assert abs(values[:, 0].mean() - value) < 3 * error + 0.002, measure
        assert ((values[:, 1] <= value) & (value <= values[:, 2])).mean() >= 0.9, measure

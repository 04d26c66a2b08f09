"""Two finished runs with planted links, without any matching: the least that `compare_runs` reads.

`plant_runs(folder, seed, ...)` -> the folders of both and the truth of every pair; `label_all` answers a review set by it;
`simulate` draws and scores many fair samples.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from linkage.comparing.fair_sample import LabelledStratum, count_links, draw_fair_sample, make_fair_frame, score_by_labels
from linkage.comparing.links import find_changes
from linkage.runs.sql import connect

SPEC = {
    "project": "planted",
    "seed": 7,
    "blocking": {"predict": [{"on": ["full_name_fold"], "cap": None}]},
    "comparisons": [{"field": "full_name", "term_frequency": False}, {"field": "birth_date", "term_frequency": False}],
    "targets": {"review_capacity": 300},
    "review": {"pairs": None, "reviewers_per_pair": 2, "adjudication": True, "planted_share": 0.0},
    "report": {"small_cell_floor": 10},
    "memory_limit": "1GB",
    "threads": 2,
}


@dataclass(frozen=True)
class Planted:
    """Both runs; `person` the true person of each mention (0 none); `link_a`, `link_b` the person each run links (0 none)."""

    run_a: Path
    run_b: Path
    person: np.ndarray
    link_a: np.ndarray
    link_b: np.ndarray

    def precision(self, link: np.ndarray) -> float:
        return float((link == self.person)[link > 0].mean())

    def recall_within_reach(self, link: np.ndarray) -> float:
        return float(((link == self.person) & (self.person > 0)).sum() / (self.person > 0).sum())


def plant_runs(
    folder: Path,
    seed: int = 1,
    mentions: int = 4_000,
    *,
    lost: float = 0.03,
    gained: float = 0.05,
    moved: float = 0.01,
    false: float = 0.02,
    wrong_gain: float = 0.3,
) -> Planted:
    """Mention i's person is i where it has one (nine in ten). Run A links most; B loses, gains and moves the shares given.

    `false` of the links both keep are wrong, and about `wrong_gain` of those that only one has. Other persons are numbered
    above. Every true pair is a candidate of both runs, so that no match is beyond the frame.
    """
    rng = np.random.default_rng(seed)
    ids = np.arange(1, mentions + 1)
    person = np.where(rng.random(mentions) < 0.9, ids, 0)
    stranger = ids + mentions
    slips = rng.random(mentions) < false
    kept = np.where(slips | (person == 0), stranger, person)
    single = np.where((rng.random(mentions) >= wrong_gain) & (person > 0), person, stranger)
    fate = rng.random(mentions)
    linked = (fate < 0.85) & ((person > 0) | slips)
    edges = np.cumsum([0.85, lost, gained, moved])
    only_a, only_b, shifts = ((fate >= low) & (fate < high) for low, high in pairwise(edges))
    link_a = np.where(linked, kept, np.where(only_a, single, np.where(shifts, stranger, 0)))
    link_b = np.where(linked, kept, np.where(only_b, single, np.where(shifts, ids, 0)))
    weight = np.round(np.where(link_a == person, 12, 6) + rng.normal(0, 3, mentions), 3)
    runs = []
    for name, link in (("a", link_a), ("b", link_b)):
        run = folder / f"run-{name}"
        (run / "stages").mkdir(parents=True)
        # every mention has an assigned pair; those not linked stand below the threshold
        assigned = np.where(link > 0, link, np.where(person > 0, person, stranger))
        _write(
            run / "links.parquet",
            record_id_l=[f"M{i}" for i in ids],
            record_id_r=[f"P{i}" for i in assigned],
            link_weight=weight + (0.5 if name == "b" else 0),
            decision=["link" if one else "non_link" for one in link],
            reason=["above_upper" if one else "below_lower" for one in link],
        )
        sex = ["male" if i % 2 else "female" for i in ids]
        known = ids[person > 0]
        candidates = {"record_id_l": [f"M{i}" for i in known], "record_id_r": [f"P{i}" for i in known]}
        _write(run / "candidates.parquet", **candidates, link_weight=weight[person > 0])
        _write(run / "mentions.parquet", record_id=[f"M{i}" for i in ids], sex=sex, birth_date_year=1980 + ids % 30)
        _write(run / "persons.parquet", record_id=[f"P{i}" for i in range(1, 2 * mentions + 1)])
        _write(
            run / "raw_mentions.parquet",
            record_id=[f"M{i}" for i in ids],
            role=["child"] * mentions,
            full_name=["=Họ"] * mentions,
        )
        _write(
            run / "raw_persons.parquet",
            record_id=[f"P{i}" for i in range(1, 2 * mentions + 1)],
            full_name=["<b>Tên</b>"] * (2 * mentions),
        )
        levels = [
            {"comparison": "full_name", "label": "exact <b>", "m": 0.9, "u": 0.001, "weight": 9.8 + (name == "b") * 2},
            {"comparison": "birth_date", "label": f"only in {name}", "m": 0.8, "u": 0.01, "weight": 6.3},
        ]
        prior = {"probability": 0.001, "expected_matches": 1.0, "how": "given"}
        trained = {"prior": prior, "u": {}, "passes": [], "levels": levels, "dependence": [], "diagnostics": []}
        (run / "training.json").write_text(json.dumps(trained))
        spec = {**SPEC, "seed": 7, "title": f"run {name} <script>"}
        stages = {"decide": {"fingerprint": f"decide-{name}"}}
        summary = {
            "run_id": f"planted-<{name}>", "project": "planted", "title": spec["title"], "synthetic": True, "spec": spec,
            "config_hash": None, "seed": 7, "finished_at": None, "seconds": 0.0, "stages": stages,
        }  # fmt: skip
        (run / "run.json").write_text(json.dumps(summary))
        runs.append(run)
    return Planted(runs[0], runs[1], person, link_a, link_b)


def label_all(folder: Path, planted: Planted) -> None:
    """Answer every pair of the review set by the truth, as labels.parquet."""
    rows = pq.read_table(folder / "review_set.parquet").to_pylist()
    _write(
        folder / "labels.parquet",
        pair_id=[row["pair_id"] for row in rows],
        record_id_l=[row["record_id_l"] for row in rows],
        record_id_r=[row["record_id_r"] for row in rows],
        verdict=[
            "match" if planted.person[int(row["record_id_l"][1:]) - 1] == int(row["record_id_r"][1:]) else "non_match"
            for row in rows
        ],
    )


def simulate(planted: Planted, pairs: int, sets: int, folder: Path, first_seed: int = 0) -> dict[str, np.ndarray]:
    """For each label set and quantity: covered, and the interval's width; keys `measure quantity`."""
    truth = {
        "precision": (planted.precision(planted.link_a), planted.precision(planted.link_b)),
        "recall_within_reach": (planted.recall_within_reach(planted.link_a), planted.recall_within_reach(planted.link_b)),
    }
    found: dict[str, list[tuple[float, float, float]]] = {}
    with connect() as connection:
        find_changes(connection, planted.run_a, planted.run_b)
        make_fair_frame(connection, planted.run_a, planted.run_b)
        links = count_links(connection)
        for seed in range(first_seed, first_seed + sets):
            draw_fair_sample(connection, pairs, seed, folder)
            rows = pq.read_table(folder / "review_set.parquet").to_pylist()
            for one in score_by_labels(_strata(rows, planted), *links):
                a, b = truth[one.measure]
                for name, interval, true in (("A", one.a, a), ("B", one.b, b), ("difference", one.difference, b - a)):
                    covered = interval.low - 1e-12 <= true <= interval.high + 1e-12
                    found.setdefault(f"{one.measure} {name}", []).append(
                        (covered, interval.high - interval.low, interval.value - true)
                    )
    return {name: np.asarray(values, dtype=float) for name, values in found.items()}


def _strata(rows: list[dict[str, object]], planted: Planted) -> list[LabelledStratum]:
    tallies: dict[tuple[str, str, int], list[int]] = {}
    for row in rows:
        right = planted.person[int(str(row["record_id_l"])[1:]) - 1] == int(str(row["record_id_r"])[1:])
        tally = tallies.setdefault((str(row["category"]), str(row["stratum"]), int(str(row["stratum_size"]))), [0, 0])
        tally[0 if right else 1] += 1
    return [
        LabelledStratum(category, stratum, size, sum(tally), tally[0], tally[1], 0)
        for (category, stratum, size), tally in sorted(tallies.items())
    ]


def _write(path: Path, **columns: object) -> None:
    pq.write_table(pa.table(columns), path)

from __future__ import annotations

from itertools import permutations
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from linkage.assigning import one_to_one
from linkage.assigning.assignment import CANDIDATES_KEPT, FLOOR, assign_pairs
from linkage.assigning.one_to_one import benefits, choose_one_to_one
from linkage.runs.tables import REGISTERED_TWICE, SCORED_PAIRS


def write_case(
    folder: Path, pairs: list[tuple[int, int, float]], left: int, right: int, twice: list[tuple[int, int]]
) -> tuple[Path, Path]:
    doubles = {"person": [pair[0] for pair in twice], "other": [pair[1] for pair in twice]}
    pq.write_table(pa.table({name: pa.array(held, pa.int32()) for name, held in doubles.items()}), REGISTERED_TWICE.path(folder))
    pairs = sorted(pairs)
    table = {name: [pair[n] for pair in pairs] for n, name in enumerate(("id_l", "id_r", "link_weight"))}
    pq.write_table(
        pa.table({"id_l": pa.array(table["id_l"], pa.int32()), "id_r": pa.array(table["id_r"], pa.int32()),
                  **dict.fromkeys(("match_weight", "pair_weight", "link_weight", "match_probability"), table["link_weight"])}),
        SCORED_PAIRS.path(folder),
    )  # fmt: skip
    for name, rows in (("l", left), ("r", right)):
        pq.write_table(
            pa.table({"id": list(range(1, rows + 1)), "record_id": [f"{name}{n}" for n in range(1, rows + 1)]}),
            folder / f"{name}.parquet",
        )
    return folder / "l.parquet", folder / "r.parquet"


def run(
    connection,
    folder: Path,
    how: str,
    pairs: list[tuple[int, int, float]],
    left: int = 5,
    right: int = 5,
    twice: tuple[tuple[int, int], ...] = (),
):
    records = write_case(folder, pairs, left, right, list(twice))
    report = assign_pairs(connection, how, folder, records, folder)  # type: ignore[arg-type]
    rows = connection.execute(
        "SELECT record_id_l, record_id_r, link_weight, runner_up_margin FROM read_parquet(?) ORDER BY id_l, id_r",
        [str(folder / "assigned.parquet")],
    ).fetchall()
    return report, rows


def test_one_to_one_is_the_heaviest_of_all_assignments(connection, tmp_path) -> None:
    random = np.random.default_rng(4)
    for case in range(30):
        weights = random.uniform(-8, 12, (4, 4)).round(3)
        pairs = [(a + 1, b + 1, float(weights[a, b])) for a in range(4) for b in range(4)]
        folder = tmp_path / str(case)
        folder.mkdir()
        _, rows = run(connection, folder, "one_to_one", pairs, 4, 4)
        worth = np.where(weights >= FLOOR, benefits(weights), 0.0)
        best = max(sum(worth[a, b] for a, b in enumerate(order)) for order in permutations(range(4)))
        assert sum(float(benefits(np.array(row[2]))) for row in rows) == pytest.approx(best, abs=1e-4)
        assert len({row[0] for row in rows}) == len({row[1] for row in rows}) == len(rows)


def test_ties_go_to_the_lower_ids_and_weak_pairs_are_left(connection, tmp_path) -> None:
    _, rows = run(connection, tmp_path, "one_to_one", [(1, 1, 5.0), (1, 2, 5.0), (2, 1, 5.0), (2, 2, 5.0), (3, 3, FLOOR - 1)])
    assert [(row[0], row[1]) for row in rows] in ([("l1", "r1"), ("l2", "r2")],)


def test_many_to_one_lets_two_mentions_share_a_person(connection, tmp_path) -> None:
    _, rows = run(connection, tmp_path, "many_to_one", [(1, 1, 9.0), (2, 1, 8.0), (2, 2, 3.0)])
    assert [row[:2] for row in rows] == [("l1", "r1"), ("l2", "r1")]
    assert [row[3] for row in rows] == [None, 5.0]


def test_runner_up_competes_for_the_mention_and_for_the_person(connection, tmp_path) -> None:
    _, rows = run(connection, tmp_path, "one_to_one", [(1, 1, 9.0), (1, 2, 1.0), (2, 1, 7.0), (3, 3, 6.0)])
    assert rows[0] == ("l1", "r1", 9.0, 2.0)
    assert rows[-1] == ("l3", "r3", 6.0, None)


def test_the_same_human_registered_twice_is_no_runner_up(connection, tmp_path) -> None:
    pairs = [(1, 1, 9.0), (1, 2, 8.5), (1, 3, 2.0), (2, 4, 7.0), (2, 5, 6.5)]
    _, rows = run(connection, tmp_path, "many_to_one", pairs, twice=((1, 2), (3, 4)))
    assert rows == [("l1", "r1", 9.0, 7.0), ("l2", "r4", 7.0, 0.5)]


def assign_one_to_one(connection, left, right, weights) -> tuple[np.ndarray, tuple[int, int, int]]:
    """Positions of the pairs that are kept, and what is told of the components."""
    connection.register("given", pa.table({"id_l": left, "id_r": right, "pair_weight": weights}))
    (kept_left, kept_right), told = choose_one_to_one(connection, "given")
    connection.unregister("given")
    place = {pair: n for n, pair in enumerate(zip(left.tolist(), right.tolist(), strict=True))}
    return np.sort([place[pair] for pair in zip(kept_left.tolist(), kept_right.tolist(), strict=True)]), told


def test_large_components_are_assigned_greedily_and_told(connection, monkeypatch) -> None:
    monkeypatch.setattr(one_to_one, "LARGEST_EXACT", 3)
    left, right = np.array([0, 0, 1, 5]), np.array([10, 11, 10, 20])
    chosen, (components, greedy, largest) = assign_one_to_one(connection, left, right, np.array([5.0, 4.5, 4.9, 1.0]))
    assert (components, greedy, largest) == (2, 1, 4)
    assert chosen.tolist() == [0, 3]


def thousand_components() -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    random = np.random.default_rng(3)
    left, right = (np.repeat(np.arange(1_000) * 4, 9) + random.integers(0, 4, 9_000) for _ in range(2))
    left, right = np.unique(np.column_stack([left, right]), axis=0).T
    return left, right, random.normal(2, 6, len(left))


def test_batches_of_components_are_as_good_as_all_at_once(connection, monkeypatch) -> None:
    """A thousand small components, in batches of a few: the same total benefit, and every record once."""
    left, right, weights = thousand_components()
    found = []
    for largest in (100_000, 12):
        monkeypatch.setattr(one_to_one, "LARGEST_EXACT", largest)
        chosen, (components, greedy, _) = assign_one_to_one(connection, left, right + 4_000, weights)
        assert components >= 1_000 and greedy == 0
        found.append(chosen)
    everything, batched = found
    assert benefits(weights[batched]).sum() == pytest.approx(benefits(weights[everything]).sum(), abs=1e-6)
    for records in (left[batched], right[batched]):
        assert len(np.unique(records)) == len(records)


@pytest.mark.parametrize("largest", [12, 6])
def test_however_few_pairs_are_held_at_a_time_the_same_are_kept(connection, monkeypatch, largest: int) -> None:
    """Ties among them, in components that are exact, greedy and of one pair."""
    left, right, weights = thousand_components()
    monkeypatch.setattr(one_to_one, "LARGEST_EXACT", largest)
    found = []
    for rows in (1_000_000, 100):
        monkeypatch.setattr(one_to_one, "CHUNK", rows)
        found.append(assign_one_to_one(connection, left, right, weights.round()))
    assert found[0][0].tolist() == found[1][0].tolist() and found[0][1] == found[1][1]
    assert (found[0][1][1] > 0) == (largest == 6)


def test_no_pairs_is_no_links(connection, tmp_path) -> None:
    report, rows = run(connection, tmp_path, "one_to_one", [(1, 1, FLOOR - 2)])
    assert rows == [] and report.assigned == 0


def test_mention_with_many_candidates_keeps_the_best_few(connection, tmp_path) -> None:
    run(connection, tmp_path, "many_to_one", [(1, person, person / 100) for person in range(1, 301)], left=1, right=300)
    rows = connection.execute(
        f"SELECT record_id_r, rank FROM read_parquet('{tmp_path / 'candidates.parquet'}') ORDER BY rank"
    ).fetchall()
    assert rows == [(f"r{300 - place}", place + 1) for place in range(CANDIDATES_KEPT)]

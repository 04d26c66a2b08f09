"""The same registers give the same links and weights, whatever the rows' order, the threads, the memory or a kill."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from linkage import open_project

BENCH_KILL = Path(__file__).parents[1] / "benchmarks" / "bench_kill.py"
SMALLEST_DIFFERENCE = 1e-9


def links(folder: Path, **changed: str) -> dict[tuple[str, str], tuple[str, float, float]]:
    """(record_id_l, record_id_r) → decision, match weight, link weight."""
    more = "".join(f"{key}: {value}\n" for key, value in changed.items())
    path = folder / f"own{len(list(folder.glob('own*')))}.yaml"
    path.write_text(f"extends: sound.yaml\n{more}", encoding="utf-8")
    run = open_project(path).run(until="decide", out=folder / path.stem)
    columns = "record_id_l, record_id_r, decision, match_weight, link_weight"
    return {(l, r): tuple(rest) for l, r, *rest in run.table("links").select(columns).fetchall()}


def assert_same(first: dict, second: dict) -> None:
    assert len(first) > 200
    assert first.keys() == second.keys()
    for pair, (decision, *weights) in first.items():
        assert second[pair][0] == decision
        assert second[pair][1:] == pytest.approx(weights, abs=SMALLEST_DIFFERENCE)


def shuffle(path: Path) -> None:
    header, *rows = path.read_text(encoding="utf-8").splitlines()
    # a fixed shuffle: every seventh row first
    moved = [row for start in range(7) for row in rows[start::7]][::-1]
    assert sorted(moved) == sorted(rows)
    path.write_text("\n".join([header, *moved]) + "\n", encoding="utf-8")


def test_rows_order_threads_and_memory_do_not_matter(sound_project: Path) -> None:
    first = links(sound_project, threads="1")
    assert_same(first, links(sound_project, threads="2"))
    for name in ("left.csv", "right.csv"):
        shuffle(sound_project / name)
    assert_same(first, links(sound_project, threads="2", memory_limit="300MB"))


def test_killed_at_random_moments_the_next_run_gives_the_same_bytes() -> None:
    ended = subprocess.run(
        [sys.executable, BENCH_KILL, "4", "--seed", "3", "--until", "sample", "--no-report"], capture_output=True, text=True
    )
    assert ended.returncode == 0, ended.stdout + ended.stderr
    assert ended.stdout.count("equal=True") == 4


def test_a_changed_comparison_gives_the_bytes_of_a_run_from_nothing(sound_project: Path) -> None:
    path = sound_project / "sound.yaml"
    open_project(path).run(until="train", out=sound_project / "kept")
    said = path.read_text(encoding="utf-8")
    path.write_text(said.replace("use: unit_through_time", "use: category"), encoding="utf-8")
    assert path.read_text(encoding="utf-8") != said
    kept, anew = (open_project(path).run(until="decide", out=sound_project / name).path for name in ("kept", "anew"))
    for name in ("pairs.parquet", "model.json", "scored_pairs.parquet", "links.parquet"):
        assert (kept / name).read_bytes() == (anew / name).read_bytes()

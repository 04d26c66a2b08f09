"""After a review the labels' thresholds decide, whether they keep every target or none; the model's are kept beside them."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import pytest

from linkage import stages
from linkage.config import load_project
from linkage.decision import Thresholds
from linkage.runs import RunDirectory, silent
from linkage.runs.sql import connect, fetch_row

NOTHING_PROMISED = Thresholds(99.0, -99.0, 0.0, 0.0, 3, True, "labels", unmet=("false_link_rate", "missed_link_rate"))


def decide(finished_run: Path, project_file: Path, folder: Path, from_labels: Thresholds | None) -> tuple[dict, dict]:
    """Decide on the finished run's assigned pairs beside estimates of these thresholds; returns counts and thresholds.json."""
    run, out = folder / "run", folder / "out"
    run.mkdir()
    out.mkdir()
    (run / "assigned.parquet").symlink_to(finished_run / "assigned.parquet")
    if from_labels is not None:
        (run / "estimates.json").write_text(json.dumps({"from_labels": from_labels.as_json()}), encoding="utf-8")
    project = load_project(project_file)
    work = stages.Work(project, None, RunDirectory(run), out, None, silent)  # type: ignore[arg-type]
    return stages.decide(work), json.loads((out / "thresholds.json").read_text(encoding="utf-8"))


def test_where_labels_promise_nothing_no_pair_is_decided_unreviewed(finished_run: Path, quick_demo: Path, tmp_path: Path) -> None:
    counts, held = decide(finished_run, quick_demo, tmp_path, NOTHING_PROMISED)
    assert counts["links"] == counts["non_links"] == 0 and counts["clerical"] > 1_000
    assert (held["how"], held["upper"], held["promised"]) == ("labels", 99.0, False)
    assert held["by_model"]["how"] == "model" and held["by_model"]["upper"] < 99.0


def test_a_target_that_labels_promise_is_decided_by_it_alone(finished_run: Path, quick_demo: Path, tmp_path: Path) -> None:
    half = replace(NOTHING_PROMISED, upper=5.0, unmet=("missed_link_rate",))
    counts, held = decide(finished_run, quick_demo, tmp_path, half)
    with connect() as connection:
        above = f"SELECT count(*) FROM read_parquet('{tmp_path / 'out' / 'links.parquet'}') WHERE link_weight >= 5 AND "
        close = fetch_row(connection, f"{above} reason = 'runner_up_close'")[0]
        linked = fetch_row(connection, f"{above} decision = 'link'")[0]
        assert counts["links"] == linked == fetch_row(connection, f"{above} true")[0] - close > 1_000
    assert counts["non_links"] == 0 and held["upper"] == 5.0


@pytest.mark.parametrize("given", [None, NOTHING_PROMISED])
def test_before_labels_the_model_and_always_the_project_file(
    finished_run: Path, quick_demo: Path, tmp_path: Path, given: Thresholds | None
) -> None:
    file = quick_demo
    if given is not None:
        file = quick_demo.with_name("given.yaml")
        file.write_text("extends: quick.yaml\nthresholds: {upper: 7.0, lower: 1.0}\n", encoding="utf-8")
    counts, held = decide(finished_run, file, tmp_path, given)
    assert held["how"] == ("model" if given is None else "given") and counts["links"] > 1_000

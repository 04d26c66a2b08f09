"""After a review the labels' thresholds decide, whether they keep every target or none; the model's are kept beside them."""

from __future__ import annotations

import json
import shutil
from dataclasses import replace
from pathlib import Path

import pytest

from linkage import Run, open_project
from linkage.config import load_project
from linkage.decision import Thresholds
from linkage.review.design import DESIGN
from linkage.runs import RunDirectory, silent
from linkage.runs.sql import connect, fetch_row
from linkage.runs.tables import LABELS, LINKS, REVIEW_SET
from linkage.stages.decide import STAGE
from linkage.stages.stage import Work

NOTHING_PROMISED = Thresholds(99.0, -99.0, 0.0, 0.0, 3, True, "labels", unmet=("false_link_rate", "missed_link_rate"))


def decide(
    finished_run: Path, project_file: Path, folder: Path, from_labels: Thresholds | None, patch: pytest.MonkeyPatch
) -> tuple[dict, dict]:
    """Decide on the finished run's assigned pairs, with labels that answer for these thresholds; counts and thresholds.json."""
    run, out = folder / "run", folder / "out"
    run.mkdir()
    out.mkdir()
    (run / "assigned.parquet").symlink_to(finished_run / "assigned.parquet")
    if from_labels is not None:
        (run / DESIGN).mkdir(parents=True)
        (run / DESIGN / "review_set.parquet").symlink_to(finished_run / "review_set.parquet")
        with connect() as connection:
            unknown = "NULL::VARCHAR AS fingerprint_l, NULL::VARCHAR AS fingerprint_r, NULL::VARCHAR AS judged_fields"
            answered = f"SELECT pair_id, record_id_l, record_id_r, 'unsure' AS verdict, 'agreed' AS how, {unknown}"
            answered += f" FROM {REVIEW_SET.scan(run / DESIGN)}"
            LABELS.write(connection, answered, run)
        patch.setattr("linkage.decision.samples.merge_unlabelled", lambda sample: sample)
        patch.setattr("linkage.decision.promise.thresholds_from_labels", lambda *_: from_labels)
    project = load_project(project_file)
    work = Work(project, None, RunDirectory(run), out, None, silent)  # type: ignore[arg-type]
    return STAGE.work(work), json.loads((out / "thresholds.json").read_text(encoding="utf-8"))


def test_where_labels_promise_nothing_no_pair_is_decided_unreviewed(
    finished_run: Path, quick_demo: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    counts, held = decide(finished_run, quick_demo, tmp_path, NOTHING_PROMISED, monkeypatch)
    assert counts["links"] == counts["non_links"] == 0 and counts["clerical"] > 1_000
    assert (held["how"], held["upper"], held["promised"]) == ("labels", 99.0, False)
    assert held["by_model"]["how"] == "model" and held["by_model"]["upper"] < 99.0


def test_a_target_that_labels_promise_is_decided_by_it_alone(
    finished_run: Path, quick_demo: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    half = replace(NOTHING_PROMISED, upper=5.0, unmet=("missed_link_rate",))
    counts, held = decide(finished_run, quick_demo, tmp_path, half, monkeypatch)
    with connect() as connection:
        above = f"SELECT count(*) FROM read_parquet('{tmp_path / 'out' / 'links.parquet'}') WHERE link_weight >= 5 AND "
        close = fetch_row(connection, f"{above} reason = 'runner_up_close'")[0]
        linked = fetch_row(connection, f"{above} decision = 'link'")[0]
        assert counts["links"] == linked == fetch_row(connection, f"{above} true")[0] - close > 1_000
    assert counts["non_links"] == 0 and held["upper"] == 5.0


@pytest.mark.parametrize("given", [None, NOTHING_PROMISED])
def test_before_labels_the_model_and_always_the_project_file(
    finished_run: Path, quick_demo: Path, tmp_path: Path, given: Thresholds | None, monkeypatch: pytest.MonkeyPatch
) -> None:
    file = quick_demo
    if given is not None:
        file = quick_demo.with_name("given.yaml")
        file.write_text("extends: quick.yaml\nthresholds: {upper: 7.0, lower: 1.0}\n", encoding="utf-8")
    counts, held = decide(finished_run, file, tmp_path, given, monkeypatch)
    assert held["how"] == ("model" if given is None else "given") and counts["links"] > 1_000


@pytest.mark.parametrize("outdated", [0, 12])
def test_a_verdict_changes_the_decision_and_what_was_decided_before_stays_told(
    finished_run: Path, quick_demo: Path, tmp_path: Path, outdated: int
) -> None:
    """Measuring what was just corrected would find every labelled pair right; what was judged of other values decides nothing."""
    folder = tmp_path / "run"
    shutil.copytree(finished_run, folder)
    with connect() as connection:
        wrong = (
            "SELECT 'p' || row_number() OVER (ORDER BY record_id_l) AS pair_id, record_id_l, record_id_r,"
            " 'non_match' AS verdict, 'agreed' AS how,"
            f" CASE WHEN row_number() OVER (ORDER BY record_id_l) <= {outdated} THEN 'full_name birth_date' END AS judged_fields,"
            " CASE WHEN judged_fields IS NOT NULL THEN 'other' END AS fingerprint_l, fingerprint_l AS fingerprint_r"
            f" FROM {LINKS.scan(folder)} WHERE decision = 'link' ORDER BY record_id_l LIMIT 20"
        )
        LABELS.write(connection, wrong, folder)
    run = open_project(quick_demo, data=Run.open(folder).summary["origin"]["data"]).run(until="decide", out=folder)
    reviewed = run.table("links").filter("reason = 'verdict_non_match'")
    assert reviewed.aggregate("count(*), list(DISTINCT decision), list(DISTINCT decision_unreviewed)").fetchall() == [
        (20 - outdated, ["non_link"], ["link"])
    ]
    assert run.summary["stages"]["decide"]["counts"].get("verdicts_outdated", 0) == outdated

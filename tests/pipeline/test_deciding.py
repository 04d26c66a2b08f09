"""Thresholds: the project file's, else those a person agreed to, else the model's; labels alone move none. Verdicts decide pairs."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import pytest

from linkage import Run, open_project
from linkage.config import load_project
from linkage.decision.consent import model_fingerprint
from linkage.runs import RunDirectory, silent
from linkage.runs.sql import connect, fetch_row
from linkage.runs.tables import ASSIGNED, DECISION, LABELS, LINKS, MODEL, REVIEW_SET
from linkage.stages.decide import STAGE
from linkage.stages.stage import Work

AGREED = {
    "by": "labels", "upper": 5.0, "lower": -99.0, "expected_false_link_rate": 0.004, "expected_missed_link_rate": 0.01,
    "clerical_pairs": 3, "exceeds_capacity": False, "choices": [], "moves": {"upper": "tightened", "lower": "kept"},
    "judged": {}, "labels": "", "decided_at": "2026-11-30T12:00:00+00:00", "before": {}, "after": {},
}  # fmt: skip


def decide(finished_run: Path, project_file: Path, folder: Path, agreed: dict | None, labelled: bool) -> tuple[dict, dict]:
    """Decide on the finished run's assigned pairs, with this decision in the run; counts and thresholds.json."""
    run, out = folder / "run", folder / "out"
    run.mkdir()
    out.mkdir()
    for table in (ASSIGNED, MODEL):
        table.path(run).symlink_to(table.path(finished_run))
    if agreed is not None:
        DECISION.write(run, {"model": model_fingerprint(run), **agreed})  # type: ignore[typeddict-item]
    if labelled:
        with connect() as connection:
            unknown = "NULL::VARCHAR AS fingerprint_l, NULL::VARCHAR AS fingerprint_r, NULL::VARCHAR AS judged_fields"
            answered = f"SELECT pair_id, record_id_l, record_id_r, 'unsure' AS verdict, 'agreed' AS how, {unknown}"
            LABELS.write(connection, f"{answered} FROM {REVIEW_SET.scan(finished_run)}", run)
    project = load_project(project_file)
    work = Work(project, None, RunDirectory(run), out, None, silent)  # type: ignore[arg-type]
    return STAGE.work(work), json.loads((out / "thresholds.json").read_text(encoding="utf-8"))


@pytest.mark.parametrize("labelled", [False, True])
def test_labels_alone_move_no_threshold(finished_run: Path, quick_demo: Path, tmp_path: Path, labelled: bool) -> None:
    counts, held = decide(finished_run, quick_demo, tmp_path, None, labelled)
    assert held["how"] == "model" and held["upper"] == held["by_model"]["upper"] and counts["links"] > 1_000


def test_what_a_person_agreed_to_decides(finished_run: Path, quick_demo: Path, tmp_path: Path) -> None:
    counts, held = decide(finished_run, quick_demo, tmp_path, AGREED, True)
    with connect() as connection:
        above = f"SELECT count(*) FROM read_parquet('{tmp_path / 'out' / 'links.parquet'}') WHERE link_weight >= 5 AND "
        close = fetch_row(connection, f"{above} reason = 'runner_up_close'")[0]
        linked = fetch_row(connection, f"{above} decision = 'link'")[0]
        assert counts["links"] == linked == fetch_row(connection, f"{above} true")[0] - close > 1_000
    assert counts["non_links"] == 0 and (held["how"], held["upper"]) == ("labels", 5.0)
    assert held["by_model"]["how"] == "model" and held["by_model"]["upper"] != 5.0


def test_a_decision_lapses_with_its_model(finished_run: Path, quick_demo: Path, tmp_path: Path) -> None:
    counts, held = decide(finished_run, quick_demo, tmp_path, {**AGREED, "model": "another"}, True)
    assert held["how"] == "model" and counts["decision_lapsed"] == 1


def test_the_project_files_thresholds_win(finished_run: Path, quick_demo: Path, tmp_path: Path) -> None:
    file = quick_demo.with_name("given.yaml")
    file.write_text("extends: quick.yaml\nthresholds: {upper: 7.0, lower: 1.0}\n", encoding="utf-8")
    counts, held = decide(finished_run, file, tmp_path, AGREED, True)
    assert (held["how"], held["upper"]) == ("given", 7.0) and counts["links"] > 1_000


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

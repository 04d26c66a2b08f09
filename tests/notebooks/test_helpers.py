"""What linkage.notebook makes up is what was asked, and is refused where a real review would be spoilt."""

from __future__ import annotations

from pathlib import Path

import duckdb
import pytest

from linkage.errors import LinkageError
from linkage.notebook import enable, lab_arguments, open_lab, simulate_review
from linkage.project import Run


@pytest.fixture
def sampled_run(tmp_path: Path) -> Run:
    """A run directory that is nothing but a review set of 4,000 pairs, half of them true."""
    (tmp_path / "run" / "stages").mkdir(parents=True)
    pairs = "SELECT 'x' || i AS pair_id, 'm' || i AS record_id_l, 'p' || i AS record_id_r FROM range(4000) t(i)"
    duckdb.sql(pairs).write_parquet(str(tmp_path / "run" / "review_set.parquet"))
    truth = "SELECT 'birth' AS register, 'child' AS role, 'm' || i AS record_id, 'p' || (i + i % 2) AS person_record_id, i + i % 2 AS person FROM range(4000) t(i)"
    duckdb.sql(truth).write_parquet(str(tmp_path / "truth.parquet"))
    return Run.open(tmp_path / "run")


def test_reviewers_err_as_often_as_asked(sampled_run: Run, tmp_path: Path) -> None:
    simulate_review(sampled_run, tmp_path / "truth.parquet", "birth", "child", error=0.1, unsure=0.05)
    verdicts = sampled_run.table("verdicts").query(
        "verdicts",
        "SELECT reviewer, avg((verdict = if(substr(pair_id, 2)::INT % 2 = 0, 'non_match', 'match'))::INT),"
        " avg((verdict = 'unsure')::INT) FROM verdicts GROUP BY 1 ORDER BY 1",
    )
    for _, wrong, unsure in verdicts.fetchall():
        assert wrong == pytest.approx(0.1, abs=0.02)
        assert unsure == pytest.approx(0.05, abs=0.015)
    labels = sampled_run.table("labels").query(
        "labels",
        "SELECT how, count(*), avg((verdict = if(substr(pair_id, 2)::INT % 2 = 0, 'match', 'non_match'))::INT) FROM labels GROUP BY 1",
    )
    shares = {how: (pairs, right) for how, pairs, right in labels.fetchall()}
    assert sum(pairs for pairs, _ in shares.values()) == 4000
    assert shares["adjudicated"][1] == 1.0
    assert 0.97 < shares["agreement"][1] < 1.0


def test_a_real_review_is_not_overwritten(sampled_run: Run, tmp_path: Path) -> None:
    (sampled_run.path / "review").mkdir()
    (sampled_run.path / "review" / "review.sqlite").touch()
    with pytest.raises(LinkageError, match="a review of its own"):
        simulate_review(sampled_run, tmp_path / "truth.parquet", "birth", "child")
    assert not (sampled_run.path / "labels.parquet").exists()


def test_enable_does_nothing_outside_a_notebook() -> None:
    enable()


def test_lab_needs_a_folder(tmp_path: Path) -> None:
    with pytest.raises(LinkageError, match="is not a folder"):
        open_lab(tmp_path / "absent")


def test_lab_stays_on_this_machine(tmp_path: Path) -> None:
    arguments = lab_arguments(tmp_path, 8899, False)
    assert "--ServerApp.ip=127.0.0.1" in arguments
    assert "--LabApp.extension_manager=readonly" in arguments
    assert "--ServerApp.open_browser=False" in arguments

"""Two runs with planted links: exactly those are found, and the labels of a fair sample score both."""

from __future__ import annotations

import csv
import json
import re
from pathlib import Path

import numpy as np
import pyarrow.parquet as pq
import pytest
from planted_runs import Planted, label_all, plant_runs, simulate

from linkage.comparing import compare_runs
from linkage.errors import RunDirectoryError


@pytest.fixture
def planted(tmp_path: Path) -> Planted:
    return plant_runs(tmp_path, mentions=1_500)


def test_the_planted_changes_are_found(planted: Planted, tmp_path: Path) -> None:
    found = compare_runs(planted.run_a, planted.run_b, tmp_path / "both")
    a, b = planted.link_a, planted.link_b
    expected = {
        "kept": (a > 0) & (a == b),
        "gained": (a == 0) & (b > 0),
        "lost": (a > 0) & (b == 0),
        "moved": (a > 0) & (b > 0) & (a != b),
    }
    rows = pq.read_table(tmp_path / "both" / "changes.parquet").to_pylist()
    for change, marked in expected.items():
        assert {row["record_id_l"] for row in rows if row["change"] == change} == {f"M{i + 1}" for i in np.flatnonzero(marked)}
        assert getattr(found.whole, change) == marked.sum() > 0
    by_sex = [one for one in found.changes if one.by == "sex"]
    assert {one.stratum for one in by_sex} == {"male", "female"}
    assert sum(one.gained for one in by_sex) == found.whole.gained
    with (tmp_path / "both" / "changes.csv").open(encoding="utf-8-sig") as file:
        assert len(list(csv.DictReader(file))) == sum(expected[change].sum() for change in ("gained", "lost", "moved"))


def test_folders_may_be_named_like_patterns(tmp_path: Path) -> None:
    planted = plant_runs(tmp_path / "runs [1]*", mentions=200)
    found = compare_runs(planted.run_a, planted.run_b, tmp_path / "both [a-z]")
    assert found.whole.gained == ((planted.link_a == 0) & (planted.link_b > 0)).sum()


def test_models_and_settings_stand_side_by_side(planted: Planted, tmp_path: Path) -> None:
    found = compare_runs(planted.run_a, planted.run_b, tmp_path / "both")
    assert [one.key for one in found.settings] == ["title"]
    shown = {(one.comparison, one.label): (one.weight_a, one.weight_b) for one in found.levels}
    assert shown["full_name", "exact <b>"] == (9.8, 11.8)
    assert shown["birth_date", "only in a"] == (6.3, None)


def test_labels_once_score_both(planted: Planted, tmp_path: Path) -> None:
    target = tmp_path / "both"
    before = compare_runs(planted.run_a, planted.run_b, target)
    assert before.estimates == []
    assert "not_labelled" in before.notes
    drawn = (target / "review_set.parquet").read_bytes()
    label_all(target, planted)
    after = compare_runs(planted.run_a, planted.run_b, target)
    assert (target / "review_set.parquet").read_bytes() == drawn
    assert {one.measure for one in after.estimates} == {"precision", "recall_within_reach"}
    for one in after.estimates:
        true = getattr(planted, one.measure)(planted.link_b) - getattr(planted, one.measure)(planted.link_a)
        assert abs(one.difference.value - true) < 0.02
        assert one.difference.high - one.difference.low < one.a.high - one.a.low


def test_the_paired_interval_covers_the_truth(tmp_path: Path) -> None:
    planted = plant_runs(tmp_path, 3, 3_000)
    found = simulate(planted, 200, 60, tmp_path)
    for measure in ("precision", "recall_within_reach"):
        assert found[f"{measure} difference"][:, 0].mean() >= 0.88


def test_a_difference_whose_disagreements_are_all_labelled_is_narrow_and_right(tmp_path: Path) -> None:
    planted = plant_runs(tmp_path, 5, lost=0.008, gained=0.02, moved=0.002)
    found = simulate(planted, 400, 60, tmp_path)
    for measure in ("precision", "recall_within_reach"):
        covered, width, _ = found[f"{measure} difference"].T
        assert covered.mean() >= 0.88
        assert width.max() < 0.002 < found[f"{measure} A"][:, 1].min() / 10


def test_the_review_opens_the_folder(planted: Planted, tmp_path: Path) -> None:
    from linkage.project import Run
    from linkage.review.design import begin_review
    from linkage.review.review_set import load_review_set
    from linkage.review.store import create_store

    target = tmp_path / "both"
    compare_runs(planted.run_a, planted.run_b, target, pairs=50)
    run = Run.open(target)
    assert begin_review(run.path) == target
    store = create_store(target)
    try:
        assert load_review_set(store, target) == 50
    finally:
        store.close()


def test_a_changed_run_is_refused_once_the_review_has_begun(planted: Planted, tmp_path: Path) -> None:
    target = tmp_path / "both"
    compare_runs(planted.run_a, planted.run_b, target)
    label_all(target, planted)
    summary = json.loads((planted.run_b / "run.json").read_text())
    summary["stages"]["decide"]["fingerprint"] = "another"
    (planted.run_b / "run.json").write_text(json.dumps(summary))
    with pytest.raises(RunDirectoryError, match="review of other runs"):
        compare_runs(planted.run_a, planted.run_b, target)


def test_runs_that_cannot_be_compared_are_refused(planted: Planted, tmp_path: Path) -> None:
    with pytest.raises(RunDirectoryError, match="not a run directory"):
        compare_runs(tmp_path / "nothing", planted.run_b, tmp_path / "x")
    (planted.run_a / "stages" / "decide.json").write_text("{}")
    with pytest.raises(RunDirectoryError, match="not a comparison"):
        compare_runs(planted.run_a, planted.run_b, planted.run_a)


def test_the_page_is_one_file_and_escaped(planted: Planted, tmp_path: Path) -> None:
    page = compare_runs(planted.run_a, planted.run_b, tmp_path / "both").page.read_text(encoding="utf-8")
    assert "<script" not in page
    assert "planted-&lt;a&gt;" in page
    assert "exact &lt;b&gt;" in page
    assert not re.search(r"(src|href)\s*=|https?:|@import|url\(", page)
    assert (tmp_path / "both" / "compare.html").stat().st_mode & 0o077 == 0


def test_the_same_runs_give_the_same_bytes(planted: Planted, tmp_path: Path) -> None:
    names = ("compare.html", "changes.parquet", "changes.csv", "levels.csv", "review_set.parquet")
    for name in ("one", "two"):
        compare_runs(planted.run_a, planted.run_b, tmp_path / name)
    for name in names:
        assert (tmp_path / "one" / name).read_bytes() == (tmp_path / "two" / name).read_bytes(), name

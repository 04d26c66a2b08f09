"""`linkage review more`: says whether further labels help, and enlarges the set under review without touching what is labelled."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from linkage import Run, open_project
from linkage.decision.batches import ReviewSoFar, TargetSoFar
from linkage.errors import LinkageError
from linkage.notebook import simulate_review
from linkage.review_batches import review_more
from linkage.runs.fingerprints import hash_file
from linkage.runs.tables import LINKS, REVIEW_SET
from tests.conftest import Ended


@pytest.fixture(scope="module")
def reviewed_once(finished_run: Path, province: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = Path(shutil.copytree(finished_run, tmp_path_factory.mktemp("batches") / "run"))
    simulate_review(Run.open(folder), province / "truth.parquet", "birth", "child", error=0.0, unsure=0.0)
    return folder


@pytest.fixture
def reviewed(reviewed_once: Path, tmp_path: Path) -> Path:
    return Path(shutil.copytree(reviewed_once, tmp_path / "run"))


def pairs_of(folder: Path) -> set[str]:
    return {row[0] for row in Run.open(folder).table("review_set").select("pair_id").fetchall()}


def test_more_pairs_keep_those_there_and_nothing_else_changes(
    command_line: Callable[..., Ended], reviewed: Path, quick_demo: Path, province: Path
) -> None:
    before, links = pairs_of(reviewed), hash_file(LINKS.path(reviewed))
    told = command_line("review", "more", str(reviewed), "--pairs", "15")
    assert told.status == 0 and f"holds {len(before) + 15:,} pairs now" in " ".join(told.output.split())
    after = pairs_of(reviewed)
    assert after > before and len(after) == len(before) + 15 and hash_file(LINKS.path(reviewed)) == links
    run = Run.open(reviewed)
    sizes = run.table("review_set").aggregate("stratum, count(*) / any_value(stratum_size), any_value(inclusion_probability)")
    assert all(share == pytest.approx(told) for _, share, told in sizes.fetchall())
    # the enlarged set is the one under review: another run keeps it, and estimates are made with it
    open_project(quick_demo, data=province).run(out=reviewed)
    assert pairs_of(reviewed) == after
    assert run.estimate().select("precision", "design") is not None


def test_nothing_is_drawn_where_labels_settle_nothing_more(command_line: Callable[..., Ended], reviewed: Path) -> None:
    before = pairs_of(reviewed)
    told = command_line("review", "more", str(reviewed))
    assert told.status == 0 and "Nothing was drawn" in told.output and pairs_of(reviewed) == before


def test_open_targets_draw_the_next_batch_once_this_one_is_answered(
    command_line: Callable[..., Ended], reviewed: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    before = pairs_of(reviewed)
    waiting = ReviewSoFar(100, 7, 60, 0.99, (TargetSoFar("false_link_rate", 0.01, None, "open", 0.001),))
    monkeypatch.setattr("linkage.review_batches.review_so_far", lambda _: waiting)
    told = command_line("review", "more", str(reviewed))
    assert told.status == 1 and "7 pairs of this batch have no verdict yet" in told.errors + told.output
    monkeypatch.setattr("linkage.review_batches.review_so_far", lambda _: replace(waiting, unanswered=0))
    told = command_line("review", "more", str(reviewed))
    assert told.status == 0 and len(pairs_of(reviewed)) == len(before) + 60  # a batch, or what is left of the budget


def test_more_needs_labels_first(command_line: Callable[..., Ended], finished_run: Path) -> None:
    told = command_line("review", "more", str(finished_run))
    assert told.status == 1 and "no pair has been labelled yet" in told.errors and "linkage review serve" in told.errors


def test_a_draw_that_fails_leaves_the_set_as_it_was(reviewed: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    held = hash_file(REVIEW_SET.path(reviewed))

    def fail(*_: Any, **__: Any) -> None:
        raise LinkageError("disk full")

    monkeypatch.setattr("linkage.decision.batches.draw_batch", fail)
    with pytest.raises(LinkageError, match="disk full"):
        review_more(Run.open(reviewed), 15)
    assert hash_file(REVIEW_SET.path(reviewed)) == held == hash_file(REVIEW_SET.path(reviewed / "review" / "design"))

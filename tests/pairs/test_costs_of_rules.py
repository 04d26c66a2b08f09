"""`linkage blocking`: a forecast from counts that changes nothing; what a run knows besides; rules that no other contains."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from linkage import Run, open_project
from linkage.pairs.further_keys import fit_keys
from linkage.pairs.sides import open_tables
from linkage.pairs.suggestion import contains, follow_from
from linkage.runs.sql import connect

if TYPE_CHECKING:
    from tests.conftest import Ended


def files_of(folder: Path) -> dict[str, tuple[int, int]]:
    return {
        str(path.relative_to(folder)): (path.stat().st_mtime_ns, path.stat().st_size)
        for path in folder.rglob("*")
        if path.is_file() and path.name not in {".lock", ".code.json"}
    }


def test_a_forecast_reads_and_standardises_and_runs_no_later_stage(
    command_line: Callable[..., Ended], sound_project: Path
) -> None:
    told = command_line("blocking", "sound.yaml", folder=sound_project)
    assert told.status == 0, told.told
    run = sound_project / "runs" / "sound"
    assert {path.stem for path in (run / "stages").iterdir()} == {"read", "standardise"}
    before = files_of(run)
    assert command_line("blocking", "sound.yaml", folder=sound_project).status == 0
    assert files_of(run) == before
    assert "pairs a mention; forecast" in " ".join(told.output.split())
    assert "new" not in told.output.split()


def test_a_finished_run_is_left_as_it_is_whatever_has_changed(
    command_line: Callable[..., Ended], sound_project: Path, tmp_path: Path
) -> None:
    open_project(sound_project / "sound.yaml").run(until="decide", out=tmp_path / "run")
    before = files_of(tmp_path / "run")
    left = sound_project / "left.csv"
    left.write_text(left.read_text(encoding="utf-8") + left.read_text(encoding="utf-8").splitlines()[1] + "9\n", encoding="utf-8")
    for options in ([], ["--on", str(tmp_path / "run")], ["--suggest", "--on", str(tmp_path / "run")]):
        told = command_line("blocking", "sound.yaml", "--out", str(tmp_path / "run"), *options, folder=sound_project)
        assert told.status == 0, told.told
        assert files_of(tmp_path / "run") == before
        assert {path.name for path in tmp_path.iterdir()} == {"run", "sound"}


def test_a_scored_run_adds_what_it_knows(sound_project: Path) -> None:
    project = open_project(sound_project / "sound.yaml")
    run = project.run(until="score", out=sound_project / "out")
    on_run, forecast = project.analyse_blocking(run), project.analyse_blocking(out=sound_project / "out")
    assert [one.counts for one in on_run.rules] == [one.counts for one in forecast.rules]
    assert forecast.likely == 0 < on_run.likely
    assert on_run.pairs_a_record <= forecast.pairs_a_record
    for one, told in zip(on_run.rules, forecast.rules, strict=True):
        assert told.new_pairs is None and told.likely_found is None
        assert one.new_pairs is not None and one.likely_found is not None and one.likely_found_alone is not None
        assert one.likely_found_alone <= one.likely_found <= on_run.likely


def test_a_rule_that_another_contains_is_not_offered(quick_demo: Path, province: Path, finished_run: Path) -> None:
    project = open_project(quick_demo, data=province)
    keys = fit_keys(project.check().shared)
    with connect() as connection:
        tables = (finished_run / "mentions.parquet", finished_run / "persons.parquet")
        follows = follow_from(connection, open_tables(connection, *tables, keys), keys)
    assert {"birth_date_year", "birth_date_month"} <= follows["birth_date"]
    assert "birth_date" not in follows["birth_date_year"]
    assert {"mother_name_sorted", "mother_name_given_fold"} <= follows["mother_name_fold"]
    rules, _ = project.suggest_blocking(Run.open(finished_run), pairs_a_mention=10)
    offered = [one.rule.on for one in rules]
    assert len(offered) > 2
    for one in offered:
        assert not any(contains(other, one, follows) for other in offered if other != one)


@pytest.mark.parametrize("budget", [1.5, None])
def test_what_is_refined_or_left_out_is_told_after_a_run(
    command_line: Callable[..., Ended], sound_project: Path, budget: float | None
) -> None:
    path = sound_project / "sound.yaml"
    text = path.read_text(encoding="utf-8")
    limit = "null" if budget is None else str(budget)
    text = text.replace("  predict:\n", f"  pairs_per_entry: {limit}\n  predict:\n    - {{on: [sex], cap: 50}}\n")
    path.write_text(text, encoding="utf-8")
    told = command_line("run", "sound.yaml", "--until", "block", folder=sound_project)
    assert told.status == 0, told.told
    assert "blocking: sex: crowded blocks refined by" in told.output
    run = Run.open(sound_project / "runs" / "sound")
    held = run.document("blocking")
    above = held["candidate_pairs"] > (budget or 10**9) * held["left_rows"]
    assert ("above pairs_per_entry" in told.output) == above
    assert held["rules"][0]["refined_by"] and (held["crowded_above"] is None) == (budget is None)

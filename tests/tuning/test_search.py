"""A search on the small sound project: shared stages, going on after a kill, every way of scoring."""

from __future__ import annotations

import csv
import json
import os
import shutil
import signal
import subprocess
import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from linkage.errors import LinkageError, ProjectFileError
from linkage.runs import RunDirectory
from linkage.runs.adopting import adopt_stages
from linkage.tuning import TuningResult, tune
from tests.conftest import Ended

SOUND = Path(__file__).parents[1] / "bad_inputs" / "projects"
GRID = {"comparisons.0.term_frequency": [False], "runner_up_margin": [3.0, 1.0]}


@dataclass(frozen=True)
class Searched:
    """A search over GRID that nothing disturbed, and what its progress was told."""

    project: Path
    out: Path
    result: TuningResult
    told: list[tuple[str, int, int]]


@pytest.fixture(scope="module")
def searched(tmp_path_factory: pytest.TempPathFactory) -> Searched:
    folder, told = tmp_path_factory.mktemp("searched"), []
    for name in ("sound.yaml", "left.csv", "right.csv"):
        shutil.copy(SOUND / name, folder / name)
    result = tune(folder / "sound.yaml", GRID, out=folder / "out", progress=lambda *step: told.append(step))
    return Searched(folder / "sound.yaml", folder / "out", result, told)


def finished_at(out: Path, trial: int, stage: str) -> str | None:
    record = RunDirectory(out / "trials" / f"{trial:03d}").record(stage)
    return record.finished_at if record else None


def test_stages_are_shared_and_results_written(searched: Searched) -> None:
    out, result = searched.out, searched.result
    assert len(result.trials) == 3
    assert len({finished_at(out, trial, "standardise") for trial in range(3)}) == 1
    assert len({finished_at(out, trial, "train") for trial in range(3)}) == 2, "term frequency on and off"
    assert {"read", "standardise", "block", "train", "score", "assign"} <= set(result.trials[2].reused)
    assert [step for step in searched.told if step[0] == "trial"] == [("trial", done, 3) for done in range(4)]
    assert (result.scored_by, result.why, result.nested) == ("model", "no_numbers", None)
    assert "xác suất của chính mô hình" in json.loads((out / "tuning.json").read_text())["said"]
    with (out / "results.csv").open(encoding="utf-8-sig") as file:
        rows = list(csv.DictReader(file))
    assert [row["set runner_up_margin"] for row in rows] == ["", "3.0", "1.0"]
    assert pq.read_table(out / "results.parquet").num_rows == 3
    assert (out / "front.png").stat().st_size > 10_000
    assert result.best.project_file.is_file()
    assert any(trial.on_front for trial in result.trials)
    for file in result.files:
        assert file.stat().st_mode & 0o077 == 0


def test_labels_score_trials_alike_and_give_a_nested_estimate(
    searched: Searched, tmp_path: Path, command_line: Callable[..., Ended]
) -> None:
    out = searched.out
    rows = pq.read_table(out / "trials" / "000" / "assigned.parquet").to_pylist()
    given = tmp_path / "labels"
    given.mkdir()
    pairs = {"pair_id": [str(n) for n in range(len(rows))]}
    pairs |= {name: [row[name] for row in rows] for name in ("record_id_l", "record_id_r")}
    drawn = {"stratum": ["all"] * len(rows), "inclusion_probability": [1.0] * len(rows)}
    pq.write_table(pa.table({**pairs, **drawn}), given / "review_set.parquet")
    verdicts = {"verdict": ["match" if row["link_weight"] > 0 else "non_match" for row in rows]}
    pq.write_table(pa.table({**pairs, **verdicts}), given / "labels.parquet")
    result = tune(searched.project, GRID, out=out, labels=given)
    assert result.scored_by == "labels"
    assert result.nested is not None
    assert result.measure == "recall_within_reach"
    assert result.trials[0].score is not None
    assert result.trials[0].score.unknown == 0
    told = json.loads((out / "tuning.json").read_text())
    assert told["measure"] == "recall_within_reach"
    assert told["best_if_unknown_links_are_right"] == result.hopeful.number
    assert {"found", "found_low", "false_link_rate_high", "unknown_links"} <= set(told["trials"][0])
    assert result.trials[0].score is not None
    assert result.trials[0].score.found.value > 0.9
    (tmp_path / "grid.yaml").write_text(json.dumps(GRID), encoding="utf-8")
    ended = command_line("tune", str(searched.project), str(tmp_path / "grid.yaml"), "--out", str(out), "--labels", str(given))
    assert ended.status == 0, ended.told
    assert "recall within reach" in ended.told
    assert "on cases that took no part in it" in ended.told
    with pytest.raises(LinkageError, match=r"no review_set\.parquet"):
        tune(searched.project, GRID, out=out, labels=tmp_path)


def test_a_search_killed_goes_on(searched: Searched, tmp_path: Path) -> None:
    out = tmp_path / "killed"
    script = (
        "import os, signal, sys; from pathlib import Path; from linkage.tuning import TuningResult, tune\n"
        "def progress(what, done, total):\n"
        "    trial = sum(1 for _ in (out / 'trials').glob('*.yaml')) if (out / 'trials').is_dir() else 0\n"
        "    if what == 'train' and trial == 2: os.kill(os.getpid(), signal.SIGKILL)\n"
        f"out = Path({str(out)!r})\n"
        f"tune(Path({str(searched.project)!r}), {GRID!r}, out=out, progress=progress)\n"
    )
    ended = subprocess.run([sys.executable, "-c", script], cwd=Path(__file__).parents[2], env=dict(os.environ), check=False)
    assert ended.returncode == -signal.SIGKILL
    before = finished_at(out, 0, "decide")
    assert before
    assert finished_at(out, 1, "decide") is None
    again = tune(searched.project, GRID, out=out)
    assert finished_at(out, 0, "decide") == before
    assert len({finished_at(out, trial, "standardise") for trial in range(3)}) == 1
    assert [trial.score for trial in again.trials] == [trial.score for trial in searched.result.trials]
    for name in ("links.parquet", "model.json"):
        assert (out / "trials" / "002" / name).read_bytes() == (searched.out / "trials" / "002" / name).read_bytes()


def test_a_wrong_combination_stops_before_anything_starts(sound_project: Path, tmp_path: Path) -> None:
    with pytest.raises(ProjectFileError, match=r"comparisons\.0\.use = \"nothing\""):
        tune(sound_project / "sound.yaml", {"comparisons.0.use": ["vietnamese_name", "nothing"]}, out=tmp_path / "out")
    assert not (tmp_path / "out").exists()


def test_a_trial_that_fails_is_kept_with_its_error(searched: Searched, tmp_path: Path) -> None:
    shutil.copytree(searched.out / "trials" / "000", tmp_path / "out" / "trials" / "000")
    result = tune(searched.project, {"blocking.predict": [[["no_such_key"]]]}, out=tmp_path / "out")
    assert result.trials[1].score is None
    assert "no_such_key" in result.trials[1].error
    assert result.best.number == 0


def test_adopted_files_are_shared_and_not_changed(searched: Searched, tmp_path: Path) -> None:
    source = RunDirectory(searched.out / "trials" / "000")
    target = RunDirectory(tmp_path / "copy")
    assert adopt_stages(source, target, ["standardise", "read", "report"]) == ["read", "standardise"]
    assert adopt_stages(source, target, ["standardise", "read"]) == []
    assert target.file("mentions.parquet").samefile(source.file("mentions.parquet"))
    target.forget("standardise")
    assert source.record("standardise") is not None

"""A search on the small sound project: shared stages, going on after a kill, every way of scoring."""

from __future__ import annotations

import csv
import json
import os
import signal
import subprocess
import sys
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from linkage.errors import LinkageError, ProjectFileError
from linkage.runs import RunDirectory
from linkage.runs.adopting import adopt_stages
from linkage.tuning import tune

GRID = {"comparisons.0.term_frequency": [True, False], "runner_up_margin": [3.0, 1.0], "targets.review_capacity": [40]}


def finished_at(out: Path, trial: int, stage: str) -> str | None:
    record = RunDirectory(out / "trials" / f"{trial:03d}").record(stage)
    return record.finished_at if record else None


def test_stages_are_shared_and_results_written(sound_project: Path, tmp_path: Path) -> None:
    out, told = tmp_path / "out", []
    result = tune(sound_project / "sound.yaml", GRID, out=out, progress=lambda *step: told.append(step))
    assert len(result.trials) == 5
    assert len({finished_at(out, trial, "standardise") for trial in range(5)}) == 1
    assert len({finished_at(out, trial, "train") for trial in range(5)}) == 2, "term frequency on and off"
    assert {"read", "standardise", "block", "train", "score", "assign"} <= set(result.trials[2].reused)
    assert [step for step in told if step[0] == "trial"] == [("trial", done, 5) for done in range(6)]
    assert (result.scored_by, result.why, result.nested) == ("model", "no_numbers", None)
    assert "xác suất của chính mô hình" in json.loads((out / "tuning.json").read_text())["said"]
    with (out / "results.csv").open(encoding="utf-8-sig") as file:
        rows = list(csv.DictReader(file))
    assert [row["set runner_up_margin"] for row in rows] == ["", "3.0", "1.0", "3.0", "1.0"]
    assert pq.read_table(out / "results.parquet").num_rows == 5
    assert (out / "front.png").stat().st_size > 10_000
    assert result.best.project_file.is_file()
    assert any(trial.on_front for trial in result.trials)
    for file in result.files:
        assert file.stat().st_mode & 0o077 == 0


def test_labels_score_trials_alike_and_give_a_nested_estimate(sound_project: Path, tmp_path: Path) -> None:
    out = tmp_path / "out"
    tune(sound_project / "sound.yaml", {"runner_up_margin": [1.0]}, out=out)
    rows = pq.read_table(out / "trials" / "000" / "assigned.parquet").to_pylist()
    given = tmp_path / "labels"
    given.mkdir()
    pairs = {"pair_id": [str(n) for n in range(len(rows))]}
    pairs |= {name: [row[name] for row in rows] for name in ("record_id_l", "record_id_r")}
    drawn = {"stratum": ["all"] * len(rows), "inclusion_probability": [1.0] * len(rows)}
    pq.write_table(pa.table({**pairs, **drawn}), given / "review_set.parquet")
    verdicts = {"verdict": ["match" if row["link_weight"] > 0 else "non_match" for row in rows]}
    pq.write_table(pa.table({**pairs, **verdicts}), given / "labels.parquet")
    result = tune(sound_project / "sound.yaml", {"runner_up_margin": [1.0]}, out=out, labels=given)
    assert result.scored_by == "labels"
    assert result.nested is not None
    assert result.trials[0].score is not None
    assert result.trials[0].score.recall.value > 0.9
    with pytest.raises(LinkageError, match=r"no review_set\.parquet"):
        tune(sound_project / "sound.yaml", {"runner_up_margin": [1.0]}, out=out, labels=tmp_path)


def test_a_search_killed_goes_on(sound_project: Path, tmp_path: Path) -> None:
    out = tmp_path / "killed"
    script = (
        "import os, signal, sys; from pathlib import Path; from linkage.tuning import tune\n"
        "def progress(what, done, total):\n"
        "    trial = sum(1 for _ in (out / 'trials').glob('*.yaml')) if (out / 'trials').is_dir() else 0\n"
        "    if what == 'train' and trial == 4: os.kill(os.getpid(), signal.SIGKILL)\n"
        f"out = Path({str(out)!r})\n"
        f"tune(Path({str(sound_project / 'sound.yaml')!r}), {GRID!r}, out=out, progress=progress)\n"
    )
    ended = subprocess.run([sys.executable, "-c", script], cwd=Path(__file__).parents[2], env=dict(os.environ), check=False)
    assert ended.returncode == -signal.SIGKILL
    before = [finished_at(out, trial, "decide") for trial in range(3)]
    assert all(before)
    again = tune(sound_project / "sound.yaml", GRID, out=out)
    assert [finished_at(out, trial, "decide") for trial in range(3)] == before
    assert len({finished_at(out, trial, "standardise") for trial in range(5)}) == 1
    whole = tune(sound_project / "sound.yaml", GRID, out=tmp_path / "whole")
    assert [trial.score for trial in again.trials] == [trial.score for trial in whole.trials]
    links = [(folder / "trials" / "004" / "links.parquet").read_bytes() for folder in (out, tmp_path / "whole")]
    assert links[0] == links[1]


def test_a_wrong_combination_stops_before_anything_starts(sound_project: Path, tmp_path: Path) -> None:
    with pytest.raises(ProjectFileError, match=r"comparisons\.0\.use = \"nothing\""):
        tune(sound_project / "sound.yaml", {"comparisons.0.use": ["vietnamese_name", "nothing"]}, out=tmp_path / "out")
    assert not (tmp_path / "out").exists()


def test_a_trial_that_fails_is_kept_with_its_error(sound_project: Path, tmp_path: Path) -> None:
    grid = {"blocking.predict": [[["no_such_key"]]]}
    result = tune(sound_project / "sound.yaml", grid, out=tmp_path / "out")
    assert result.trials[1].score is None
    assert "no_such_key" in result.trials[1].error
    assert result.best.number == 0


def test_adopted_files_are_shared_and_not_changed(sound_project: Path, tmp_path: Path) -> None:
    tune(sound_project / "sound.yaml", {"runner_up_margin": [1.0]}, out=tmp_path / "out")
    source = RunDirectory(tmp_path / "out" / "trials" / "000")
    target = RunDirectory(tmp_path / "copy")
    assert adopt_stages(source, target)[:2] == ["read", "standardise"]
    assert adopt_stages(source, target) == []
    assert target.file("mentions.parquet").samefile(source.file("mentions.parquet"))
    target.forget("standardise")
    assert source.record("standardise") is not None

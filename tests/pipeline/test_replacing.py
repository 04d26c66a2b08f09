"""What rests on links, and another project's links, are never lost unasked; the same file run again is not asked about."""

from __future__ import annotations

import json
import shutil
import sqlite3
from collections.abc import Callable
from contextlib import closing
from pathlib import Path
from types import SimpleNamespace

import pytest

from linkage import LinkageError, open_project
from linkage.config import load_project
from linkage.pipeline import STAGE_NAMES
from linkage.replacing import beside, default_folder
from linkage.runs import StageRecord
from linkage.runs.fingerprints import hash_file
from linkage.runs.sql import connect
from linkage.runs.tables import DECISION, LABELS, LINKS
from tests.conftest import SOUND, Ended

FILES = ("sound.yaml", "left.csv", "right.csv")
_VALUE = {"VARCHAR": "range::VARCHAR", "INTEGER": "range"}
LABEL = (
    "SELECT 'p' || record_id_l AS pair_id, record_id_l, record_id_r, 'match' AS verdict, 'agreed' AS how,"
    " NULL::VARCHAR AS fingerprint_l, NULL::VARCHAR AS fingerprint_r, NULL::VARCHAR AS judged_fields"
)


@pytest.fixture(scope="module")
def finished_once(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The small sound project with its run in runs/sound: read in truth, its links planted, as all after `read` looks at neither."""
    sound_project = tmp_path_factory.mktemp("replacing") / "sound"
    shutil.copytree(SOUND, sound_project, ignore=lambda folder, names: {name for name in names if name not in FILES})
    run = sound_project / "runs" / "sound"
    open_project(sound_project / "sound.yaml").run("read", out=run)
    with connect() as connection:
        columns = ", ".join(f"CAST({_VALUE.get(kind, 0)} AS {kind}) AS {name}" for name, kind in LINKS.columns.items())
        LINKS.write(connection, f"SELECT {columns} FROM range(40)", run)
    for stage in STAGE_NAMES[1 : STAGE_NAMES.index("decide") + 1]:
        files = {LINKS.file: LINKS.path(run).stat().st_size} if stage == "decide" else {}
        StageRecord(stage, "f", files, {}, 0.0, 0.0, "2026-11-30T20:10:00.000+00:00").write(run / "stages" / f"{stage}.json")
    return sound_project


@pytest.fixture
def finished(finished_once: Path, tmp_path: Path) -> Path:
    """A copy of it, as if it had been made where it is."""
    folder = Path(shutil.copytree(finished_once, tmp_path / "sound"))
    path = folder / "runs" / "sound" / "run.json"
    path.write_text(path.read_text(encoding="utf-8").replace(str(finished_once), str(folder)), encoding="utf-8")
    return folder


def change_source(folder: Path) -> None:
    """What makes everything out of date, and `read` alone is quickly done."""
    left = folder / "left.csv"
    left.write_text("\n".join(left.read_text(encoding="utf-8").splitlines()[:-1]) + "\n", encoding="utf-8")


def leave(run: Path, what: str) -> None:
    """What people leave in a run."""
    if what == "a decision by labels":
        DECISION.path(run).write_text("{}", encoding="utf-8")
    elif what == "40 labels of reviewers":
        with connect() as connection:
            LABELS.write(connection, f"{LABEL} FROM {LINKS.scan(run)} ORDER BY ALL LIMIT 40", run)
    else:
        (run / "review").mkdir()
        with closing(sqlite3.connect(run / "review" / "review.sqlite")) as store:
            store.executescript(
                "CREATE TABLE event (pair, kind); INSERT INTO event VALUES (1, 'answer'), (1, 'answer'), (2, 'skip')"
            )


def content(run: Path) -> dict[str, str]:
    files = (path for path in run.rglob("*") if path.is_file() and not path.name.startswith("."))
    return {str(path.relative_to(run)): hash_file(path) for path in files}


def test_the_same_file_run_again_is_told_and_not_asked(finished: Path, command_line: Callable[..., Ended]) -> None:
    change_source(finished)
    told = command_line("run", "sound.yaml", "--until", "read", folder=finished)
    assert told.status == 0, told.told
    assert "the links of" in told.output and "replaced (read, standardise, block" in told.output
    assert not LINKS.is_in(finished / "runs" / "sound"), "what does not follow any more is not kept as if it did"


@pytest.mark.parametrize("work", ["40 labels of reviewers", "1 labels of reviewers", "a decision by labels"])
@pytest.mark.parametrize("how", ["without_a_terminal", "declined"])
def test_peoples_work_is_asked_about_and_nothing_changes_without_consent(
    finished: Path, command_line: Callable[..., Ended], monkeypatch: pytest.MonkeyPatch, work: str, how: str
) -> None:
    run = finished / "runs" / "sound"
    leave(run, work)
    change_source(finished)
    if how == "declined":
        monkeypatch.setattr("sys.stdin", SimpleNamespace(isatty=lambda: True))
        monkeypatch.setattr("typer.confirm", lambda question: False)
    before = content(run)
    told = command_line("run", "sound.yaml", "--until", "read", folder=finished)
    assert told.status == 1 and "nothing was changed" in told.errors and work in told.errors
    assert "--yes" in told.errors and "/runs/sound-2 is free)" in told.errors
    assert content(run) == before


@pytest.mark.parametrize("how", ["--yes", "agreed"])
def test_with_consent_the_run_goes_on_and_what_people_left_stays(
    finished: Path, command_line: Callable[..., Ended], monkeypatch: pytest.MonkeyPatch, how: str
) -> None:
    run = finished / "runs" / "sound"
    leave(run, "40 labels of reviewers")
    change_source(finished)
    labels = content(run)[LABELS.file]
    asked: list[str] = []
    if how == "agreed":
        monkeypatch.setattr("sys.stdin", SimpleNamespace(isatty=lambda: True))
        monkeypatch.setattr("typer.confirm", lambda question: asked.append(question) or True)
    told = command_line("run", "sound.yaml", "--until", "read", *(["--yes"] if how == "--yes" else []), folder=finished)
    assert told.status == 0 and "40 labels of reviewers" in told.output
    assert len(asked) == (how == "agreed")
    assert content(run)[LABELS.file] == labels


def test_a_second_project_of_the_same_name_goes_beside(finished: Path, command_line: Callable[..., Ended]) -> None:
    before = content(finished / "runs" / "sound")
    second = finished / "second"
    second.mkdir()
    for name in FILES:
        shutil.copy(finished / name, second / name)
    for _ in range(2):
        told = command_line("run", "second/sound.yaml", "--until", "read", folder=finished)
        assert told.status == 0 and "runs/sound-2" in told.output
    assert content(finished / "runs" / "sound") == before
    assert sorted(path.name for path in (finished / "runs").iterdir()) == ["sound", "sound-2"]

    change_source(second)
    told = command_line("run", "second/sound.yaml", "--out", "runs/sound", "--until", "read", folder=finished)
    assert told.status == 1 and f"made from {finished.resolve() / 'sound.yaml'}" in told.errors
    with pytest.raises(LinkageError, match="nothing was changed"):
        open_project(second / "sound.yaml").run("read", out=finished / "runs" / "sound")
    assert content(finished / "runs" / "sound") == before


def test_which_folder_is_whose(sound_project: Path, tmp_path: Path) -> None:
    project = load_project(sound_project / "sound.yaml")
    runs, data, gone = tmp_path / "runs", tmp_path / "data", tmp_path / "gone"
    data.mkdir()

    def made(name: str, project_file: Path, data: Path | None = None, config_hash: str | None = None) -> Path:
        (runs / name / "stages").mkdir(parents=True)
        held = {
            "run_id": "", "project": "", "title": "", "synthetic": True, "spec": {}, "config_hash": config_hash, "seed": 0,
            "finished_at": None, "seconds": 0.0, "stages": {},
            "origin": {"project_file": str(project_file.resolve()), "data": str(data) if data else None},
        }  # fmt: skip
        (runs / name / "run.json").write_text(json.dumps(held), encoding="utf-8")
        return runs / name

    assert default_folder(project, None, runs) == runs / "sound"
    other = sound_project / "left.csv"
    first = made("sound", other)
    assert default_folder(project, None, runs) == beside(first) == runs / "sound-2"
    made("sound-second", project.path)  # another project's name
    made("sound-2", project.path, data)
    assert default_folder(project, data, runs) == runs / "sound-2", "its own, on that data"
    assert default_folder(project, None, runs) == runs / "sound-3", "the same file on other data is another run"
    made("sound-10", project.path)
    assert default_folder(project, None, runs) == runs / "sound-10"
    shutil.rmtree(runs)
    made("sound", gone, config_hash="another")
    assert default_folder(project, None, runs) == runs / "sound-2", "a file that is gone and said something else"
    made("sound-2", gone, config_hash=project.config_hash)
    assert default_folder(project, None, runs) == runs / "sound-2", "the file was moved"
    made("sound-3", project.path, gone)
    assert default_folder(project, data, runs) == runs / "sound-3", "the data were moved"

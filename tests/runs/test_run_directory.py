"""The run directory: whole outputs or none, stages that stay current, one process at a time."""

from __future__ import annotations

import json
import os
import stat
import subprocess
import sys
from pathlib import Path

import pytest

from linkage.errors import LinkageError, RunDirectoryError
from linkage.runs import RunDirectory, StageRecord, fingerprint, list_runs, source_fingerprint
from linkage.runs.exchange import Exchanged
from linkage.runs.files import write_json, write_text
from linkage.runs.sql import connect, quote, write_parquet

PROMISED = [Exchanged(name, "read") for name in ("read.txt", "block.txt", "score.txt", "a.txt", "b.txt", "below/open.txt")]


@pytest.fixture
def run(tmp_path: Path) -> RunDirectory:
    directory = RunDirectory(tmp_path / "run")
    directory.create()
    return directory


def finish(run: RunDirectory, stage: str, text: str = "x", later: tuple[str, ...] = (), mark: str = "f1") -> StageRecord:
    def work(folder: Path) -> dict[str, int]:
        (folder / f"{stage}.txt").write_text(text, encoding="utf-8")
        return {"rows": 3}

    return run.run_stage(stage, mark, later, work, PROMISED)


def names(run: RunDirectory) -> set[str]:
    return {str(path.relative_to(run.path)) for path in run.path.rglob("*") if path.is_file()}


def test_a_finished_stage_is_recorded_with_its_files(run: RunDirectory) -> None:
    record = finish(run, "read", "four")
    assert run.record("read") == record
    assert (record.files, record.counts, record.fingerprint) == ({"read.txt": 4}, {"rows": 3}, "f1")
    assert record.seconds >= 0
    assert record.peak_memory_mb > 10


def test_a_failed_stage_leaves_nothing(run: RunDirectory) -> None:
    finish(run, "read", "old")

    def fail(folder: Path) -> dict[str, int]:
        (folder / "read.txt").write_text("half", encoding="utf-8")
        raise LinkageError("no")

    before = names(run)
    with pytest.raises(LinkageError):
        run.run_stage("read", "f2", (), fail, PROMISED)
    assert names(run) == before
    assert (run.path / "read.txt").read_text(encoding="utf-8") == "old", "what was finished before is still there"
    assert not list(run.path.glob(".*.partial"))


def test_running_a_stage_again_removes_what_followed_from_it(run: RunDirectory) -> None:
    for stage in ("read", "block", "score"):
        finish(run, stage)
    finish(run, "block", "new", later=("score",), mark="f2")
    assert run.record("read") is not None
    assert run.record("score") is None
    assert names(run) == {"read.txt", "block.txt", "stages/read.json", "stages/block.json"}


def test_files_of_a_rerun_that_are_not_written_again_go(run: RunDirectory) -> None:
    def many(folder: Path) -> dict[str, int]:
        for name in ("a.txt", "b.txt"):
            (folder / name).write_text(name, encoding="utf-8")
        return {}

    run.run_stage("read", "f1", (), many, PROMISED)
    finish(run, "read", mark="f2")
    assert names(run) == {"read.txt", "stages/read.json"}


@pytest.mark.parametrize("damage", ["missing", "shorter", "record cut", "record of another shape"])
def test_a_damaged_stage_is_not_current(run: RunDirectory, damage: str) -> None:
    finish(run, "read", "text")
    record = run.path / "stages" / "read.json"
    if damage == "missing":
        (run.path / "read.txt").unlink()
    elif damage == "shorter":
        (run.path / "read.txt").write_text("t", encoding="utf-8")
    elif damage == "record cut":
        record.write_text(record.read_text(encoding="utf-8")[:40], encoding="utf-8")
    else:
        record.write_text("[1]", encoding="utf-8")
    assert run.record("read") is None
    finish(run, "read", "again", mark="f2")
    assert run.record("read") is not None


def test_everything_written_is_its_owners_alone(run: RunDirectory, tmp_path: Path) -> None:
    def work(folder: Path) -> dict[str, int]:
        (folder / "below").mkdir()
        (folder / "below" / "open.txt").write_text("x", encoding="utf-8")
        (folder / "below" / "open.txt").chmod(0o644)
        return {}

    run.run_stage("read", "f1", (), work, PROMISED)
    write_json(run.file("run.json"), {})
    with connect() as connection:
        write_parquet(connection, "SELECT 1 AS id", tmp_path / "t.parquet")
    with run.locked("test"):
        modes = {path: stat.S_IMODE(path.stat().st_mode) for path in [*run.path.rglob("*"), tmp_path / "t.parquet"]}
    for path, mode in modes.items():
        assert mode & 0o077 == 0, path


def test_a_document_is_replaced_whole(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    write_text(tmp_path / "a.json", "old")

    def no_space(descriptor: int) -> None:
        raise OSError("no space left")

    monkeypatch.setattr(os, "fsync", no_space)
    with pytest.raises(OSError, match="no space"):
        write_text(tmp_path / "a.json", "new, half writ")
    assert (tmp_path / "a.json").read_text(encoding="utf-8") == "old"


@pytest.mark.parametrize("inside", ["thesis.docx", "deep/er/thesis.docx"])
def test_a_folder_of_other_things_is_refused(tmp_path: Path, inside: str) -> None:
    (tmp_path / inside).parent.mkdir(parents=True, exist_ok=True)
    (tmp_path / inside).write_text("x", encoding="utf-8")
    with pytest.raises(RunDirectoryError, match="not a run directory"):
        RunDirectory(tmp_path).create()
    with pytest.raises(RunDirectoryError, match="not a run directory"):
        RunDirectory.open(tmp_path)


def test_an_empty_folder_becomes_a_run_directory(tmp_path: Path) -> None:
    RunDirectory(tmp_path).create()
    RunDirectory(tmp_path).create()
    assert RunDirectory.open(tmp_path).records() == []


HOLD = """
import sys
from pathlib import Path
from linkage.runs import RunDirectory
with RunDirectory(Path(sys.argv[1])).locked("linkage run the-first.yaml"):
    print("held", flush=True)
    sys.stdin.read()
"""


def test_a_second_process_is_told_who_holds_the_directory(run: RunDirectory) -> None:
    with subprocess.Popen(
        [sys.executable, "-c", HOLD, str(run.path)], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as first:
        assert first.stdout is not None
        assert first.stdout.readline() == "held\n"
        with pytest.raises(RunDirectoryError) as raised, run.locked("linkage run the-second.yaml"):
            pytest.fail("two processes in one run directory")
        message = str(raised.value)
        assert f"process {first.pid}" in message
        assert "linkage run the-first.yaml" in message
        assert "Wait for it to end" in message
        first.kill()
    with run.locked("linkage run the-second.yaml"):
        held = json.loads((run.path / ".held-by.json").read_text(encoding="utf-8"))
        assert held["process"] == os.getpid(), "a killed process holds nothing"
    assert not (run.path / ".held-by.json").exists()


def test_a_fingerprint_depends_on_every_part_and_not_on_the_order_of_keys() -> None:
    assert fingerprint("read", {"a": 1, "b": 2}) == fingerprint("read", {"b": 2, "a": 1})
    assert len({fingerprint("read", {"a": 1}), fingerprint("read", {"a": 2}), fingerprint("block", {"a": 1})}) == 3


def test_a_source_is_known_by_its_content(tmp_path: Path) -> None:
    from linkage.config import SourceSpec

    spec = SourceSpec(path="a.csv")
    (tmp_path / "a.csv").write_text("x\n1\n", encoding="utf-8")
    first = source_fingerprint(spec, tmp_path / "a.csv")
    os.utime(tmp_path / "a.csv", (1, 1))
    assert source_fingerprint(spec, tmp_path / "a.csv") == first
    assert source_fingerprint(SourceSpec(path="a.csv", delimiter=";"), tmp_path / "a.csv") != first
    (tmp_path / "a.csv").write_text("x\n2\n", encoding="utf-8")
    assert source_fingerprint(spec, tmp_path / "a.csv") != first


def test_files_of_one_name_in_two_folders_are_two_files(tmp_path: Path) -> None:
    from linkage.config import SourceSpec

    for folder, text in (("a", "1"), ("b", "2")):
        (tmp_path / "s" / folder).mkdir(parents=True)
        (tmp_path / "s" / folder / "births.csv").write_text(text, encoding="utf-8")
    first = source_fingerprint(SourceSpec(path="s"), tmp_path / "s")
    (tmp_path / "s" / "a" / "births.csv").write_text("3", encoding="utf-8")
    assert source_fingerprint(SourceSpec(path="s"), tmp_path / "s") != first


def test_an_identifier_cannot_leave_its_quotes() -> None:
    with connect() as connection:
        name = 'a" FROM x; DROP TABLE y; --'
        connection.execute(f"CREATE TABLE t ({quote(name)} INTEGER)")
        assert connection.sql("SELECT * FROM t").columns == [name]


def test_duckdb_loads_nothing_from_outside() -> None:
    with connect() as connection:
        settings = dict(connection.execute("SELECT name, value FROM duckdb_settings() WHERE name LIKE '%extension%'").fetchall())
        assert settings["autoinstall_known_extensions"] == settings["autoload_known_extensions"] == "false"
        assert settings["allow_community_extensions"] == settings["allow_unsigned_extensions"] == "false"


def test_the_catalogue_lists_the_newest_first_and_the_damaged_last(tmp_path: Path) -> None:
    for name, finished in (("old", "2026-01-01T00:00:00"), ("new", "2026-02-01T00:00:00")):
        (tmp_path / name).mkdir()
        held = {
            "run_id": name, "project": "p", "finished_at": finished, "seconds": 1.5, "config_hash": "c", "seed": 1,
            "stages": {"read": {"counts": {}}, "decide": {"counts": {"links": 7}}},
        }  # fmt: skip
        write_json(tmp_path / name / "run.json", held)
    assert [(row["run_id"], row["links"], row["stages"]) for row in list_runs(tmp_path)] == [
        ("new", "7", ["read", "decide"]),
        ("old", "7", ["read", "decide"]),
    ]
    assert list_runs(tmp_path)[0]["folder"] == str(tmp_path / "new")
    (tmp_path / "damaged").mkdir()
    (tmp_path / "damaged" / "run.json").write_text('{"run_id": "dam', encoding="utf-8")
    (tmp_path / "of-another-tool").mkdir()
    (tmp_path / "of-another-tool" / "run.json").write_text('{"seconds": "long"}', encoding="utf-8")
    assert [row["run_id"] for row in list_runs(tmp_path)] == ["new", "old", *["(run.json cannot be read)"] * 2]
    assert list_runs(tmp_path / "nowhere") == []

"""Tables and documents: held against their promise when written, put in place and read."""

from __future__ import annotations

import json
import shutil
from pathlib import Path
from typing import TypedDict

import pytest

import linkage
from linkage import Run, pipeline
from linkage.config import LoadedProject, load_project
from linkage.errors import RunDirectoryError
from linkage.runs import RunDirectory, silent, tables
from linkage.runs.exchange import BrokenPromiseError, Document, ParquetTable
from linkage.runs.sql import connect
from linkage.stages.stage import Stage, Work

LINKS = ParquetTable("links", "decide", {"record_id": "VARCHAR", "weight": "DOUBLE"}, ("record_id",))


class Held(TypedDict):
    upper: float


THRESHOLDS = Document("thresholds", "decide", Held)


def test_a_table_is_written_whole_and_read_by_its_name(tmp_path: Path) -> None:
    folder = tmp_path / "run[1]*"
    folder.mkdir()
    (tmp_path / "run1x").mkdir()
    with connect() as connection:
        assert LINKS.write(connection, "SELECT 'a' AS record_id, 1.5::DOUBLE AS weight, true AS more", folder) == 1
        LINKS.write(connection, "SELECT 'another run' AS record_id, 2::DOUBLE AS weight", tmp_path / "run1x")
        assert connection.execute(f"SELECT record_id, weight FROM {LINKS.scan(folder)}").fetchall() == [("a", 1.5)]
    assert [path.name for path in folder.iterdir()] == ["links.parquet"]
    assert LINKS.path(folder).stat().st_mode & 0o777 == 0o600


@pytest.mark.parametrize(
    ("query", "told"),
    [
        ("SELECT 'a' AS record_id", "decide wrote no weight, table links promises weight DOUBLE"),
        ("SELECT 'a' AS record_id, 1 AS weight", "decide wrote weight INTEGER, table links promises weight DOUBLE"),
    ],
)
def test_a_broken_promise_is_told_and_the_old_table_stays(tmp_path: Path, query: str, told: str) -> None:
    with connect() as connection:
        LINKS.write(connection, "SELECT 'old' AS record_id, 1.5::DOUBLE AS weight", tmp_path)
        with pytest.raises(BrokenPromiseError, match=told):
            LINKS.write(connection, query, tmp_path)
        assert connection.execute(f"SELECT record_id FROM {LINKS.scan(tmp_path)}").fetchall() == [("old",)]
    assert [path.name for path in tmp_path.iterdir()] == ["links.parquet"]


def test_a_document_is_read_with_the_keys_it_promises(tmp_path: Path) -> None:
    with pytest.raises(RunDirectoryError, match=r"has no thresholds.json yet\nIt is written by `decide`"):
        THRESHOLDS.read(tmp_path)
    THRESHOLDS.write(tmp_path, {"upper": 2.5})
    assert THRESHOLDS.read(tmp_path)["upper"] == 2.5
    THRESHOLDS.path(tmp_path).write_text(json.dumps({"lower": 1}), encoding="utf-8")
    with pytest.raises(BrokenPromiseError, match="decide wrote no upper, document thresholds promises upper"):
        THRESHOLDS.read(tmp_path)
    THRESHOLDS.path(tmp_path).write_text("{", encoding="utf-8")
    with pytest.raises(RunDirectoryError, match="cannot be read"):
        THRESHOLDS.read(tmp_path)


def test_a_stage_leaves_only_what_it_declares(tmp_path: Path) -> None:
    run = RunDirectory(tmp_path / "run")
    run.create()

    def work(folder: Path) -> dict[str, int]:
        with connect() as connection:
            LINKS.write(connection, "SELECT 'a' AS record_id, 1.5::DOUBLE AS weight", folder)
        return {}

    with pytest.raises(BrokenPromiseError, match=r"stage decide wrote links.parquet, which it does not declare"):
        run.run_stage("decide", "f1", (), work, ())
    assert run.record("decide") is None and not LINKS.is_in(run.path)
    run.run_stage("decide", "f1", (), work, (LINKS,))
    assert LINKS.is_in(run.path)


def test_every_table_of_a_finished_run_is_declared_with_a_key_that_is_one(finished_run: Path) -> None:
    files = {
        path.name for path in finished_run.iterdir() if path.suffix in {".parquet", ".json", ".html"} and path.name[0] != "."
    }
    assert files <= set(tables.BY_FILE)
    with connect() as connection:
        for file in sorted(files):
            one = tables.BY_FILE[file]
            one.hold(one.path(finished_run))
            if isinstance(one, ParquetTable):
                key = ", ".join(f'"{column}"' for column in one.key)
                query = f"SELECT count(*) - count(DISTINCT ({key})) FROM {one.scan(finished_run)}"
                assert connection.execute(query).fetchall() == [(0,)], f"{one.name}: {key} is not a key"


@pytest.mark.parametrize("stage", pipeline.STAGES, ids=lambda one: one.name)
def test_a_stage_needs_nothing_but_what_it_declares_to_read(
    stage: Stage, finished_run: Path, quick_demo: Path, province: Path, tmp_path: Path
) -> None:
    """Its own tables alone in a run directory, and the same comes out."""
    project: LoadedProject = load_project(quick_demo)
    run, alone, whole = (tmp_path / name for name in ("run", "alone", "whole"))
    for folder in (run, run / "stages", alone, whole):
        folder.mkdir()
    shutil.copy(finished_run / "run.json", run)
    for one in stage.inputs(project.spec):
        if one.is_in(finished_run):
            one.path(run).symlink_to(one.path(finished_run))
    # the record says how many rows were read, its files are elsewhere
    held = json.loads((finished_run / "stages" / "read.json").read_text(encoding="utf-8"))
    (run / "stages" / "read.json").write_text(json.dumps({**held, "files": {}}), encoding="utf-8")
    plan = pipeline.check_project(project, province)
    stage.work(Work(project, plan, RunDirectory(run), alone, province, silent))
    if stage.name in ("estimate", "report"):  # what a run has of them was not made when all the rest was there
        stage.work(Work(project, plan, RunDirectory(finished_run), whole, province, silent))
        expected = whole
    else:
        expected = finished_run
    with connect() as connection:
        for one in stage.writes:
            assert one.is_in(alone) == one.is_in(expected)
            if isinstance(one, ParquetTable) and one.is_in(alone):
                for a, b in ((alone, expected), (expected, alone)):
                    difference = f"SELECT count(*) FROM (FROM {one.scan(a)} EXCEPT ALL FROM {one.scan(b)})"
                    assert connection.execute(difference).fetchall() == [(0,)]
            elif one.is_in(alone):
                assert one.path(alone).read_bytes() == one.path(expected).read_bytes()


def test_a_run_without_run_json_says_so(tmp_path: Path) -> None:
    (tmp_path / "stages").mkdir()
    with pytest.raises(RunDirectoryError, match=r"has no run.json yet"):
        Run.open(tmp_path).summary  # noqa: B018


def test_a_path_becomes_a_table_in_one_place_only() -> None:
    """A name formatted into `read_parquet` is a pattern to DuckDB: `m[1]` would read another run's people."""
    package = Path(linkage.__file__).parent
    held = {path.relative_to(package).as_posix() for path in package.rglob("*.py") if "read_parquet(" in path.read_text("utf-8")}
    assert held == {"runs/exchange.py"}

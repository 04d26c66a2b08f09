"""Every bad input ends in one screen that says what to do, with the right exit status and nothing half-written."""

from __future__ import annotations

import csv
import json
import math
import os
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from ruamel.yaml import YAML

HERE = Path(__file__).parent
PROJECTS = HERE / "projects"
CASES: dict[str, dict[str, Any]] = YAML(typ="safe").load((HERE / "expectations.yaml").read_text(encoding="utf-8"))
SCREEN = 40
NOBODY = 65534


def test_every_bad_project_file_is_expected_to_do_something() -> None:
    assert {path.stem for path in PROJECTS.glob("*.yaml")} - {"sound"} == {
        name for name, case in CASES.items() if "command" not in case
    }
    assert len(CASES) >= 90


@pytest.fixture
def folder() -> Iterator[Path]:
    """A copy of the projects that any user could reach (pytest's own folders are closed to others)."""
    place = Path(tempfile.mkdtemp(prefix="bad-inputs-"))
    place.chmod(0o777)
    shutil.copytree(PROJECTS, place, dirs_exist_ok=True)
    yield place
    shutil.rmtree(place)


@pytest.mark.parametrize("name", CASES)
def test_bad_input(name: str, folder: Path, command_line) -> None:
    case = CASES[name]
    if "forbid" in case.get("prepare", {}):
        # imports everything while it may still be read: the interpreter itself may stand where nobody else may look
        assert command_line("run", "sound.yaml", "--out", "warm", "--until", "read", folder=folder).status == 0
        shutil.rmtree(folder / "warm")
    prepare(folder, case.get("prepare", {}))
    until = ["--until", case["until"]] if "until" in case else []
    arguments = case["command"].split() if "command" in case else ["run", f"{name}.yaml", "--out", "out", *until]
    before = {path: path.stat().st_size for path in folder.rglob("*")}
    with as_nobody("forbid" in case.get("prepare", {})):
        ended = command_line(*arguments, folder=folder)
    assert ended.status == case["exit"], ended.told
    if case["exit"]:
        hold_message(ended.errors, case)
        assert not list(folder.rglob("*partial*"))
        assert all(path.exists() and path.stat().st_size == size for path, size in before.items())
        if case["exit"] == 2:
            assert {path for path in folder.rglob("*") if "__pycache__" not in path.parts} == set(before), "nothing was started"
    else:
        counts = json.loads((folder / "out" / "run.json").read_text(encoding="utf-8"))["stages"]["read"]["counts"]
        assert counts["left_rows_quarantined"] == case["quarantined"]
        assert counts["left_rows_in"] == counts["left_rows_used"] + counts["left_rows_quarantined"] == 240
    if case["exit"] == 2 and arguments[0] == "run" and "--out" in arguments and "--until" not in arguments:
        config, data = arguments[1], arguments[2:4] if "--data" in arguments else []
        with as_nobody("forbid" in case.get("prepare", {})):
            checked = command_line("check", config, *data, folder=folder)
        assert (checked.status, checked.errors) == (2, ended.errors), "`check` says what `run` says"
    if case.get("check") == "tells":
        checked = command_line("check", arguments[1], folder=folder)
        assert checked.status == 2, checked.told
        hold_message(checked.errors, case)


def test_a_run_that_ends_well_leaves_no_partial_files(folder: Path, command_line) -> None:
    assert command_line("check", "sound.yaml", folder=folder).status == 0
    assert command_line("run", "sound.yaml", "--out", "out", "--until", "block", folder=folder).status == 0
    assert not list(folder.rglob("*partial*"))


def hold_message(message: str, case: dict[str, Any]) -> None:
    for fragment in case["says"]:
        assert fragment in message
    for fragment in ["Traceback", "failed inside", 'File "', *case.get("never", []), *names_in_the_sources()]:
        assert fragment not in message
    assert sum(math.ceil(max(len(line), 1) / 100) for line in message.splitlines()) <= SCREEN


def names_in_the_sources() -> set[str]:
    with (PROJECTS / "left.csv").open(encoding="utf-8") as file:
        return {row["name"] for row in csv.DictReader(file)}


def prepare(folder: Path, wanted: dict[str, Any]) -> None:
    for name in wanted.get("folder", ()):
        (folder / name).mkdir()
    for name, text in wanted.get("write", {}).items():
        (folder / name).write_text(text, encoding="utf-8")
    for name in wanted.get("forbid", ()):
        (folder / name).chmod(0)


@contextmanager
def as_nobody(wanted: bool) -> Iterator[None]:
    """Root may read anything: for the while, the process acts for a user who may not."""
    if not wanted or os.geteuid():
        yield
        return
    os.setresuid(NOBODY, NOBODY, 0)
    try:
        yield
    finally:
        os.setresuid(0, 0, 0)

"""Ctrl-C at any moment ends a command within three seconds, with status 130 and one line of what is kept; nothing is lost."""

from __future__ import annotations

import hashlib
import json
import signal
import subprocess
import sys
import time
from dataclasses import dataclass
from pathlib import Path

import pytest

from linkage import open_project
from linkage.runs.sql import connect

COMMAND = [sys.executable, "-m", "linkage.cli", "run", "sound.yaml", "--until", "train", "--out"]
QUERY = "SELECT count(*) FROM range(100000) a, range(100000000) b WHERE hash(a.range + b.range) % 7 = 1"
SORT = "CREATE TABLE t AS SELECT hash(i) AS h FROM range(60000000) r(i) ORDER BY h"


@dataclass(frozen=True)
class Stopped:
    """How a process that got the signal ended."""

    status: int
    seconds: float
    """From the signal to the end."""
    errors: str


def stop(process: subprocess.Popen[str]) -> Stopped:
    started = time.monotonic()
    process.send_signal(signal.SIGINT)
    try:
        _, errors = process.communicate(timeout=20)
    finally:
        process.kill()
    return Stopped(process.returncode, time.monotonic() - started, errors)


def begin(command: list[str], folder: Path | None = None) -> subprocess.Popen[str]:
    return subprocess.Popen(command, cwd=folder, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)


def stop_at_work(code: str) -> Stopped:
    """What a program does that is stopped just after it said "at work"."""
    process = begin([sys.executable, "-c", code])
    read_until(process, "at work")
    time.sleep(0.3)
    return stop(process)


def read_until(process: subprocess.Popen[str], said: str) -> None:
    assert process.stdout
    assert any(said in line for line in process.stdout), f"{said!r} was not printed"


def tables(run: Path) -> dict[str, str]:
    """Every table's rows, in their order but for the pairs, which have none."""
    found = {}
    for path in sorted(run.glob("*.parquet")):
        order = "ORDER BY id_l, id_r" if path.name == "pairs.parquet" else ""
        with connect() as connection:
            rows = connection.execute(f"FROM read_parquet(?) {order}", [str(path)]).fetchall()
        found[path.name] = hashlib.sha256(repr(rows).encode()).hexdigest()
    return found


def test_a_run_stopped_again_and_again_keeps_its_stages_and_comes_to_the_same_tables(sound_project: Path, tmp_path: Path) -> None:
    run = tmp_path / "stopped"
    kept = 0
    for said in ("] block", "training: pass 1"):
        process = begin([*COMMAND, str(run)], sound_project)
        read_until(process, said)
        ended = stop(process)
        assert ended.status == 130 and ended.seconds < 3, ended
        lines = ended.errors.splitlines()
        assert len(lines) == 1 and lines[0].startswith("Stopped. ") and str(run) in lines[0], ended.errors
        finished = [path.stem for path in (run / "stages").glob("*.json")]
        assert len(finished) >= kept and all(name in lines[0] for name in finished)
        kept = len(finished)
    assert kept == 3
    for folder in (run, tmp_path / "undisturbed"):
        open_project(sound_project / "sound.yaml").run("train", out=folder)
    assert tables(run) == tables(tmp_path / "undisturbed")
    assert not (run / ".spill").exists() and not list(run.glob(".*.partial"))


def test_ctrl_c_while_the_commands_are_imported(sound_project: Path, tmp_path: Path) -> None:
    code = (
        "import sys; sys.argv = ['linkage', 'runs']; from linkage import cli;"
        "cli._dispatch = lambda: (print('importing', flush=True), __import__('time').sleep(20)); cli.main()"
    )
    process = begin([sys.executable, "-c", code])
    read_until(process, "importing")
    ended = stop(process)
    assert (ended.status, ended.errors.count("\n")) == (130, 1) and ended.seconds < 3
    assert ended.errors.startswith("Stopped. ")


WORK = {
    "a query": f"connect().execute({QUERY!r})",
    "a sort, which is one task": f"connect().execute({SORT!r})",
    "a query whose failure is taken for another": f"swallow(lambda: connect().execute({QUERY!r}))",
    "a subprocess": "__import__('subprocess').run(['sleep', '30'])",
    "a library that never looks": "__import__('hashlib').pbkdf2_hmac('sha256', b'a', b'b', 100_000_000)",
}


@pytest.mark.parametrize("work", WORK)
def test_ctrl_c_wherever_the_process_is(work: str) -> None:
    """`work` stands in for a command; whatever it does, the line, the status and the seconds are the same."""
    code = f"""
import sys
from linkage import cli
from linkage.interrupts import keeping
from linkage.runs.sql import connect
def swallow(work):
    try:
        work()
    except BaseException:
        raise ValueError("a register value")
def dispatch():
    with keeping(lambda: "Everything is kept."):
        print("at work", flush=True)
        {WORK[work]}
cli._dispatch = dispatch
sys.argv = ["linkage", "runs"]
cli.main()
"""
    ended = stop_at_work(code)
    assert ended.status == 130 and ended.errors == "Stopped. Everything is kept.\n", ended
    assert ended.seconds < 3


def test_what_an_interrupt_broke_into_is_not_put_in_place(tmp_path: Path) -> None:
    """A stage that took the broken query for an answer and ended as if it were done."""
    code = f"""
import sys, time
from pathlib import Path
from linkage import cli
from linkage.runs import RunDirectory
from linkage.runs.sql import connect
from linkage.runs.tables import CLAIMS
run = RunDirectory(Path({str(tmp_path / "run")!r}))
def work(folder):
    print("at work", flush=True)
    try:
        connect().execute({QUERY!r})
    except BaseException:
        pass
    CLAIMS.write(folder, {{}})
    return {{}}
def dispatch():
    run.create()
    run.run_stage("score", "f", [], work, [CLAIMS])
cli._dispatch = dispatch
sys.argv = ["linkage", "runs"]
cli.main()
"""
    ended = stop_at_work(code)
    assert ended.status == 130 and ended.seconds < 3, ended
    assert [path.name for path in (tmp_path / "run").iterdir()] == ["stages"]
    assert json.dumps([path.name for path in (tmp_path / "run" / "stages").iterdir()]) == "[]"

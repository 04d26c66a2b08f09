"""Kill -9 at random moments: the same command run again must give the bytes of an undisturbed run.

    python tests/benchmarks/bench_kill.py [N] [--seed S] [--until STAGE] [--no-report]

The project is tests/bad_inputs/projects/sound.yaml. Each run is a child forked from this process, which has the
libraries imported already, so that the moments fall into the work and not into imports.
"""

from __future__ import annotations

import argparse
import hashlib
import os
import platform
import random
import signal
import sys
import tempfile
import time
from dataclasses import dataclass
from importlib import import_module
from importlib.metadata import version
from itertools import count
from pathlib import Path

from linkage.runs.sql import connect

ROOT = Path(__file__).parents[2]
PROJECT = ROOT / "tests" / "bad_inputs" / "projects" / "sound.yaml"
REPORT = ROOT / "reports" / "benchmarks" / "kill.md"
ROOMS = ("registers", "pairs", "training", "weighing", "assigning", "decision", "reconcile", "report")
IMPORTS = ("linkage.pipeline", *(f"linkage.{room}" for room in ROOMS))


@dataclass(frozen=True)
class Trial:
    """One killed run and what the run after it came to."""

    moment: float
    """Seconds after the child began."""
    killed_in: str
    """The stage the child was in."""
    finished_stages: int
    equal: bool
    rerun_seconds: float


def begin(folder: Path, until: str | None) -> int:
    """Fork a child that runs the project into `folder`; gives its process id."""
    child = os.fork()
    if child:
        return child
    status = 1
    try:
        from linkage import open_project

        open_project(PROJECT).run(until=until, out=folder, command="bench_kill")
        status = 0
    finally:
        os._exit(status)


def end(child: int) -> int:
    return os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])


def digests(folder: Path) -> dict[str, str]:
    """File → SHA-256 of every table and of the model; other files by name alone (they hold times)."""
    return {path.relative_to(folder).as_posix(): digest(path) for path in sorted(folder.rglob("*")) if path.is_file()}


def digest(path: Path) -> str:
    if path.name == "pairs.parquet":  # the one table in no order: its rows, whatever theirs
        with connect() as connection:
            rows = connection.execute("FROM read_parquet(?) ORDER BY id_l, id_r", [str(path)]).fetchall()
        return hashlib.sha256(repr(rows).encode()).hexdigest()
    return hashlib.sha256(path.read_bytes()).hexdigest() if path.suffix == ".parquet" or path.name == "model.json" else ""


def try_once(folder: Path, until: str | None, moment: float, undisturbed: dict[str, str]) -> Trial | None:
    """One trial; None when the run had ended before the moment."""
    child = begin(folder, until)
    time.sleep(moment)
    os.kill(child, signal.SIGKILL)
    if end(child) != -signal.SIGKILL:
        return None
    finished = len(list((folder / "stages").glob("*.json")))
    partial = next((path.name.strip(".").removesuffix(".partial") for path in folder.glob(".*.partial") if path.is_dir()), "")
    began = time.perf_counter()
    status = end(begin(folder, until))
    return Trial(
        moment, partial or "between stages", finished, status == 0 and digests(folder) == undisturbed, time.perf_counter() - began
    )


def measure(trials: int, seed: int, until: str | None) -> tuple[float, list[Trial]]:
    """Seconds within which moments were drawn (those of an undisturbed run), and the trials."""
    for name in IMPORTS:
        import_module(name)
    moments = random.Random(seed)
    with tempfile.TemporaryDirectory() as folder:
        first = Path(folder) / "undisturbed"
        began = time.perf_counter()
        if end(begin(first, until)) != 0:
            sys.exit("the undisturbed run failed")
        seconds = time.perf_counter() - began
        expected = digests(first)
        done: list[Trial] = []
        for number in count():
            if len(done) == trials:
                break
            moment = moments.uniform(0, seconds)
            trial = try_once(Path(folder) / str(number), until, moment, expected)
            if trial is None:
                # a run may be quicker than the first: too late is no trial
                seconds = moment
            else:
                print(trial, flush=True)
                done.append(trial)
        return seconds, done


def write_report(seconds: float, trials: list[Trial], seed: int) -> None:
    equal = sum(trial.equal for trial in trials)
    lines = [
        "# Kill -9 at random moments",
        "",
        f"Method: `python tests/benchmarks/bench_kill.py {len(trials)} --seed {seed}`. A run of `sound.yaml` (240 × 240 rows,",
        "all stages) is killed with SIGKILL at a uniformly random moment of an undisturbed run's time, then the same run is",
        "started again. Equal: the same files as the undisturbed run, and the same SHA-256 of every `*.parquet` and of",
        "`model.json` (of `pairs.parquet`, the one table in no order: of its rows sorted).",
        f"Python {platform.python_version()}, DuckDB {version('duckdb')}, Splink {version('splink')}; 2 cores, 24 GiB.",
        "",
        f"**{equal} of {len(trials)} re-runs equal to the undisturbed run** (moments within {seconds:.1f} s).",
        "",
        "| killed after, s | in stage | stages finished | re-run, s | equal |",
        "|---:|---|---:|---:|---|",
        *(
            f"| {t.moment:.2f} | {t.killed_in} | {t.finished_stages} | {t.rerun_seconds:.2f} | {'yes' if t.equal else '**NO**'} |"
            for t in sorted(trials, key=lambda trial: trial.moment)
        ),
        "",
    ]
    REPORT.parent.mkdir(parents=True, exist_ok=True)
    REPORT.write_text("\n".join(lines), encoding="utf-8")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("trials", type=int, nargs="?", default=20)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--until", help="last stage; all when absent")
    parser.add_argument("--no-report", action="store_true")
    given = parser.parse_args()
    seconds, trials = measure(given.trials, given.seed, given.until)
    if not given.no_report:
        write_report(seconds, trials, given.seed)
    sys.exit(0 if all(trial.equal for trial in trials) else 1)


if __name__ == "__main__":
    main()

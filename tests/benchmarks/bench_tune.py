"""`linkage tune` on the demo: 24 settings, killed in the middle, gone on, held against an undisturbed search and the truth.

    python tests/benchmarks/bench_tune.py --persons 20000 --work /tmp/tuning --out reports/benchmarks/tune.md

Two searches of the same 24 settings: one is killed with SIGKILL while its twelfth trial trains and is then run again, the
other is left alone. Truth takes no part in the search; it is used afterwards to see whether the choice was right.
"""

from __future__ import annotations

import argparse
import hashlib
import json
import os
import signal
import subprocess
import sys
import time
from importlib.metadata import version
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow.parquet as pq

from linkage.config import load_project
from linkage.runs import RunDirectory
from linkage.runs.sql import connect
from linkage.synthetic import SyntheticSpec, generate

CONFIG = Path(__file__).parents[2] / "configs" / "birth-to-population.yaml"
TRIALS = 24
KILLED_IN = 12
COMPARED = ("setting", "found", "false_link_rate", "found_after_review", "clerical_pairs", "upper", "lower", "candidate_pairs")


def grid() -> dict[str, list[Any]]:
    """Blocking sets, thresholds of the name's last levels, and term frequencies: 36 combinations."""
    rules = [list(rule.on) if rule.cap is None else {"on": list(rule.on), "cap": rule.cap} for rule in _spec().blocking.predict]
    return {
        "blocking.predict": [rules, rules[:15], rules[:12]],
        "comparisons.0.jaro_winkler": [[0.92], [0.95, 0.88], [0.9, 0.8]],
        "comparisons.0.term_frequency": [True, False],
        "comparisons.3.term_frequency": [True, False],
    }


def main() -> None:
    arguments = argparse.ArgumentParser(description=__doc__)
    arguments.add_argument("--persons", type=int, default=20_000)
    arguments.add_argument("--work", type=Path, required=True)
    arguments.add_argument("--out", type=Path, default=Path("reports/benchmarks/tune.md"))
    given = arguments.parse_args()
    registers = given.work / "registers"
    if not (registers / "truth.parquet").is_file():
        generate(SyntheticSpec(persons=given.persons, seed=20261123), registers)
    (given.work / "grid.yaml").write_text(json.dumps(grid()), encoding="utf-8")
    killed, whole = given.work / "killed", given.work / "whole"
    before = kill_in_the_middle(command(given.work, killed), killed)
    seconds = run(command(given.work, killed))
    undisturbed = run(command(given.work, whole))
    given.out.write_text(report(given, killed, whole, before, seconds, undisturbed), encoding="utf-8")


def command(work: Path, out: Path) -> list[str]:
    options = ["--data", str(work / "registers"), "--trials", str(TRIALS), "--out", str(out)]
    return [sys.executable, "-m", "linkage.cli", "tune", str(CONFIG), str(work / "grid.yaml"), *options]


def kill_in_the_middle(search: list[str], out: Path) -> dict[str, str]:
    """SIGKILL while the trial trains; returns what had been finished when, by trial and stage."""
    process = subprocess.Popen(search)
    try:
        while not RunDirectory(out / "trials" / f"{KILLED_IN:03d}").record("block"):
            assert process.poll() is None, "the search ended before it was to be killed"
            time.sleep(0.05)
        time.sleep(0.5)
        assert not RunDirectory(out / "trials" / f"{KILLED_IN:03d}").record("decide")
    finally:
        os.kill(process.pid, signal.SIGKILL)
        assert process.wait() == -signal.SIGKILL
    return finished(out)


def finished(out: Path) -> dict[str, str]:
    """When each stage of each trial ended."""
    folders = sorted(one for one in (out / "trials").iterdir() if one.is_dir())
    return {f"{one.name} {record.stage}": record.finished_at for one in folders for record in RunDirectory(one).records()}


def run(search: list[str]) -> float:
    started = time.monotonic()
    subprocess.run(search, check=True)
    return time.monotonic() - started


def true_recall(trial: Path, registers: Path, precision: float) -> float:
    """Highest recall over all thresholds at which the links' precision by the truth is `precision`."""
    with connect() as connection:
        truth = (
            f"SELECT record_id AS record_id_l, person_record_id FROM '{registers / 'truth.parquet'}'"
            " WHERE register = 'birth' AND role = 'child' AND person_record_id IS NOT NULL"
        )
        pairs = connection.execute(
            f"SELECT link_weight, coalesce(record_id_r = person_record_id, false) AS hit FROM '{trial / 'assigned.parquet'}'"
            f" LEFT JOIN ({truth}) USING (record_id_l)"
        ).fetchnumpy()
        matches = connection.execute(f"SELECT count(*) FROM ({truth})").fetchall()[0][0]
    hits = np.cumsum(pairs["hit"][np.argsort(-pairs["link_weight"], kind="stable")])
    kept = hits / np.arange(1, hits.size + 1) >= precision
    return float(hits[kept].max() / matches) if kept.any() else 0.0


def same_bytes(one: Path, other: Path) -> tuple[int, int]:
    """How many of the trials' links and models are equal byte for byte, and of how many."""
    names = [f"trials/{number:03d}/{name}" for number in range(TRIALS + 1) for name in ("links.parquet", "model.json")]
    digest = lambda path: hashlib.sha256(path.read_bytes()).digest()  # noqa: E731
    return sum(digest(one / name) == digest(other / name) for name in names), len(names)


def _spec() -> Any:
    return load_project(CONFIG).spec


def report(given: Any, killed: Path, whole: Path, before: dict[str, str], resumed: float, undisturbed: float) -> str:
    after = finished(killed)
    rows = pq.read_table(whole / "results.parquet").to_pylist()
    told = json.loads((whole / "tuning.json").read_text(encoding="utf-8"))
    again = pq.read_table(killed / "results.parquet").to_pylist()
    names = [name for name in rows[0] if name.startswith("set ") or name in COMPARED]
    equal, files = same_bytes(killed, whole)
    rules = {json.dumps(value): f"{len(value)} rules" for value in grid()["blocking.predict"]}
    standardised = {when for stage, when in after.items() if stage.endswith(" standardise")}
    precision = 1 - told["false_link_rate"]
    by_truth = [true_recall(whole / "trials" / f"{row['trial']:03d}", given.work / "registers", precision) for row in rows]
    lines = []
    for row, truth in zip(rows, by_truth, strict=True):
        setting = " · ".join(rules.get(row[name], row[name]) for name in names if name.startswith("set ") and row[name])
        lines.append(
            f"| {row['trial']} | {setting or 'as shipped'} | {row['found']:.4f} | {truth:.4f} | {row['clerical_pairs']} |"
            f" {row['candidate_pairs']:,} | {row['seconds']:.1f} | {row['reused'] or '–'} |"
        )
    best = told["best"]
    verdict = "the shipped file is best" if best == 0 else f"trial {best} is chosen"
    return REPORT.format(
        persons=given.persons, trials=TRIALS, killed_in=KILLED_IN, precision=precision, scored_by=told["scored_by"],
        kept=sum(after.get(stage) == when for stage, when in before.items()), before=len(before),
        standardised=len(standardised), resumed=resumed, undisturbed=undisturbed,
        same=[{name: row[name] for name in names} for row in rows] == [{name: row[name] for name in names} for row in again],
        equal=equal, files=files, verdict=verdict, measure=told["measure"], best_recall=rows[best]["found"], shipped_recall=rows[0]["found"],
        best_truth=by_truth[best], shipped_truth=by_truth[0], most_truth=max(by_truth),
        nested=told["nested"]["found"]["value"], low=told["nested"]["found"]["low"], high=told["nested"]["found"]["high"],
        lines="\n".join(lines), versions=", ".join(f"{name} {version(name)}" for name in ("splink", "duckdb", "numpy")),
    )  # fmt: skip


REPORT = """# `linkage tune` on the demo

Made by `tests/benchmarks/bench_tune.py --persons {persons}` on 2 cores, 24 GiB, shared with other work (seconds are upper
bounds); {versions}.

**Method.** `configs/birth-to-population.yaml` on the demo's births and population. {trials} settings drawn at random from 36:
blocking sets (all rules; without the two capped; the first twelve), thresholds of the name's last levels, term frequency of
the child's and of the mother's name; trial 0 is the file as shipped. Scored by {scored_by}, five folds. One search is killed
with SIGKILL while trial {killed_in} trains and run again; another is left alone.

**After the kill.** Of {before} stages that had ended before the kill, {kept} were not run again. Registers were standardised
{standardised} time(s) over both halves. Going on took {resumed:.0f} s, the undisturbed search {undisturbed:.0f} s. Scores, thresholds and counts
of all trials equal to the undisturbed search's: {same}; links.parquet and model.json equal byte for byte: {equal} of {files}.

**The choice.** What is found at precision {precision} ({measure}), by {scored_by} and held-out folds: {verdict}; best {best_recall:.4f}, shipped {shipped_recall:.4f}.
Nested folds, choosing included: {nested:.4f} ({low:.4f} to {high:.4f}). By the truth, which the search does not see: chosen {best_truth:.4f},
shipped {shipped_truth:.4f}, highest of all trials {most_truth:.4f}.

| trial | setting | found, held out | recall at the precision, by truth | to review | candidate pairs | seconds | taken over |
|---|---|---|---|---|---|---|---|
{lines}
"""

if __name__ == "__main__":
    main()

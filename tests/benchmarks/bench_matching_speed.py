"""Blocking, scoring and the whole of matching in processor seconds and memory, beside plain Splink on the same pairs and levels.

    python tests/benchmarks/bench_matching_speed.py --persons 100000 --report reports/benchmarks/matching_speed.md

Births to population with the shipped project file. Registers are generated and standardised first and not timed (`--work`
keeps them). Every job is a process of its own, so that its processor seconds and its peak of memory are its own.
"""

from __future__ import annotations

import argparse
import json
import logging
import os
import platform
import shutil
import subprocess
import sys
import tempfile
import time
from dataclasses import asdict, replace
from importlib.metadata import version
from pathlib import Path
from typing import Any

from linkage import open_project
from linkage.assigning.assignment import assign_pairs
from linkage.config import load_project
from linkage.demo import CONFIGS
from linkage.model.settings import build_model, columns_needed, load_model, splink_settings
from linkage.pairs.blocking import number_blocks, pairs_by_rule
from linkage.pairs.further_keys import budget_of
from linkage.pairs.level_store import write_level_store
from linkage.pairs.sides import open_tables
from linkage.pipeline import check_project
from linkage.runs.sql import connect, fetch_row, literal, quote_list, write_parquet
from linkage.runs.tables import MENTIONS, SCORED_PAIRS
from linkage.synthetic import SyntheticSpec, generate
from linkage.training.fitting import fit_model
from linkage.weighing.claims import weigh_claims
from linkage.weighing.scoring import FLOOR, score_pairs
from linkage.weighing.trained_model import TrainedModel

LINKS_FROM = 0.9
"""Match probability from which plain Splink links."""


def prepare(persons: int, work: Path) -> None:
    """Registers, the project file that reads them, the standardised tables and a quarter of these, where not there yet."""
    text = (CONFIGS / "birth-to-population.yaml").read_text(encoding="utf-8")
    work.mkdir(parents=True, exist_ok=True)
    (work / "births.yaml").write_text(
        text.replace("births.csv", "births.parquet").replace("population.csv", "population.parquet")
    )
    if not (work / "registers").is_dir():
        generate(SyntheticSpec(persons=persons, seed=1, format="parquet", digitisation=False), work / "registers")
    if not (work / "full").is_dir():
        open_project(work / "births.yaml", data=work / "registers").run(until="standardise", out=work / "full")
    if not (work / "quarter").is_dir():
        # Every fourth year of birth: a quarter of the records, and nearly as many pairs a record.
        (work / "quarter").mkdir()
        with connect() as connection:
            for table in ("mentions", "persons"):
                source = literal(str(work / "full" / f"{table}.parquet"))
                kept = f"SELECT * FROM read_parquet({source}) WHERE birth_date_year % 4 = 0"
                numbered = f"SELECT * REPLACE ((row_number() OVER (ORDER BY id))::INTEGER AS id) FROM ({kept}) ORDER BY id"
                write_parquet(connection, numbered, work / "quarter" / f"{table}.parquet")


class Job:
    """One piece of work on the tables of a folder (`full` or `quarter`)."""

    def __init__(self, work: Path, folder: str, memory: str) -> None:
        self.run, self.memory = work / folder, memory
        self.loaded = load_project(work / "births.yaml")
        self.plan = check_project(self.loaded, work / "registers")
        self.spec = self.loaded.spec
        self.model = build_model(self.spec, self.plan.shared)
        self.tables = self.run / "mentions.parquet", self.run / "persons.parquet"
        self.connection = connect(memory, 2, self.run / ".spill")

    def floor(self) -> dict[str, Any]:
        """The bare join: block numbers, and the pairs of the rules counted."""
        sides = open_tables(self.connection, *self.tables, {key for rule in self.spec.blocking.predict for key in rule.on})
        number_blocks(self.connection, sides, self.spec.blocking.predict, "blocks")
        queries = pairs_by_rule(sides, len(self.spec.blocking.predict), "blocks")
        return {"pairs": sum(int(fetch_row(self.connection, f"SELECT count(*) FROM ({query})")[0]) for query in queries)}

    def block(self) -> dict[str, Any]:
        budget = budget_of(self.spec, self.plan.shared)
        sides = open_tables(self.connection, *self.tables, {*columns_needed(self.spec, self.model), *budget.keys})
        report = write_level_store(self.connection, sides, self.model, self.spec.blocking.predict, budget, self.run, _silent)
        return {
            "pairs": report["candidate_pairs"], "left": sides.left_rows, "right": sides.right_rows,
            "capped": sum(rule["capped_pairs"] for rule in report["rules"]),
        }  # fmt: skip

    def train(self) -> dict[str, Any]:
        sides = open_tables(self.connection, *self.tables, columns_needed(self.spec, self.model))
        model, report = fit_model(self.connection, sides, self.spec, self.model, self.plan.field_of, self.run, None, _silent)
        model.save(self.run)
        return {"expected_matches": round(report["prior"]["expected_matches"])}

    def score(self, model: TrainedModel | None = None) -> dict[str, Any]:
        model = model or TrainedModel.load(self.run)
        return asdict(score_pairs(self.connection, model, self.run, self.run))

    def rescore(self) -> dict[str, Any]:
        """Score the stored pairs with a model whose m differs in every level."""
        model = TrainedModel.load(self.run)
        m = [0.9 * field.probabilities("m") + 0.1 / len(field.levels) for field in model.match.fields]
        match = model.match.with_probabilities(m, [field.probabilities("u") for field in model.match.fields])
        return self.score(replace(model, match=match.with_prior(0.8 * match.prior)))

    def assign(self) -> dict[str, Any]:
        """With other entries' claims weighed, as the project's many-to-one asks, and one to one, which is more work."""
        sides = open_tables(self.connection, *self.tables, ())
        claimed = self.run / "claimed"
        claimed.mkdir(exist_ok=True)
        shutil.copy(SCORED_PAIRS.path(self.run), claimed)
        weigh_claims(self.connection, MENTIONS.scan(self.run), claimed)
        return asdict(assign_pairs(self.connection, sides, "one_to_one", claimed, self.tables, self.run))

    def _linker(self, model: dict[str, Any]) -> Any:
        from splink import DuckDBAPI, Linker

        logging.getLogger("splink").setLevel(logging.ERROR)
        columns = quote_list(["id", *columns_needed(self.spec, self.model)])
        for name, path in zip(("mentions", "persons"), self.tables, strict=True):
            self.connection.execute(f"CREATE TABLE {name} AS SELECT {columns} FROM read_parquet({literal(str(path))})")
        api = DuckDBAPI(self.connection)
        narrow = {**model, "retain_matching_columns": False, "retain_intermediate_calculation_columns": False}
        return Linker([api.register("mentions"), api.register("persons")], narrow, log_level=logging.ERROR)

    def splink_predict(self) -> dict[str, Any]:
        """Splink's own blocking and predict with the trained model, nothing kept but weights above the same floor."""
        linker = self._linker(splink_settings(load_model(self.run)).as_dict())
        blocked = linker.inference.compute_blocked_pairs_for_predict()
        found = linker.inference.predict(threshold_match_weight=FLOOR)
        return {name: _count(self.connection, table) for name, table in (("pairs", blocked), ("written", found))}

    def splink_whole(self) -> dict[str, Any]:
        """Splink's usual workflow with its defaults: prior, u, a pass a rule, predict, single best links."""
        linker = self._linker(dict(self.model.settings))
        rules = [" AND ".join(f'l."{key}" = r."{key}"' for key in rule.on) for rule in self.spec.blocking.train]
        linker.training.estimate_probability_two_random_records_match(
            [rules[1] + ' AND l."birth_date" = r."birth_date"'], recall=0.7
        )
        linker.training.estimate_u_using_random_sampling(seed=1)
        for rule in rules:
            linker.training.estimate_parameters_using_expectation_maximisation(rule, estimate_without_term_frequencies=True)
        found = linker.inference.predict(threshold_match_weight=FLOOR)
        linker.clustering.cluster_using_single_best_links(
            found, duplicate_free_datasets=["mentions", "persons"], threshold_match_probability=LINKS_FROM
        )
        return {"written": _count(self.connection, found)}


def _count(connection: Any, frame: Any) -> int:
    return int(fetch_row(connection, f"SELECT count(*) FROM {frame.physical_name}")[0])


def _silent(what: str, done: int, total: int) -> None:
    return


def measure(name: str, work: Path, folder: str, memory: str) -> dict[str, Any]:
    """Run a job as a process of its own; its result with wall, user and system seconds and the peak of resident memory (GB)."""
    command = [sys.executable, __file__, "--job", name, "--work", str(work), "--folder", folder, "--memory", memory]
    with tempfile.TemporaryFile("w+") as told:
        child = subprocess.Popen(command, stdout=told)
        _, status, used = os.wait4(child.pid, 0)
        told.seek(0)
        result = {"cpu": used.ru_utime + used.ru_stime, "peak": used.ru_maxrss * 1024 / 1e9, "load": os.getloadavg()[0]}
        if status:
            return {**result, "failed": os.waitstatus_to_exitcode(status), "wall": float("nan")}
        return result | json.loads(told.read())


OURS, WHOLE = ("block", "score"), ("block", "train", "score", "assign")
JOBS = (
    ("floor", "full", "3GB", "the floor: block numbers, and the bare join counted"),
    ("block", "full", "3GB", "block: pairs and levels, written"),
    ("train", "full", "3GB", "train: u, three passes, relatives, diagnostics"),
    ("score", "full", "3GB", "score: weights of all pairs, written from −10"),
    ("assign", "full", "3GB", "assign: one to one, with runners-up"),
    ("rescore", "full", "3GB", "score the stored pairs with another model"),
    ("splink_predict", "full", "10GB", "Splink: blocking and predict, same model, rules and comparisons"),
    ("block", "quarter", "3GB", "block, a quarter of the records"),
    ("train", "quarter", "3GB", "train, a quarter of the records"),
    ("score", "quarter", "3GB", "score, a quarter of the records"),
    ("splink_whole", "full", "10GB", "Splink: prior, u, three passes, predict, single best links"),
)
TIGHT = tuple((name, "full", "2GB", f"{name}, with `memory_limit: 2GB`") for name in WHOLE)


def page(figures: dict[tuple[str, str, str], dict[str, Any]]) -> str:
    """The report: every job, then the targets with what was reached; `figures` by job, folder and memory limit."""
    found = {f"{name} {folder}": figures[name, folder, memory] for name, folder, memory, _ in JOBS}
    tight = [figures[name, folder, memory] for name, folder, memory, _ in TIGHT]

    def cpu(*keys: str) -> float:
        return float(sum(found[key]["cpu"] for key in keys))

    ours, whole = ([f"{name} full" for name in names] for names in (OURS, WHOLE))
    block, quarter = found["block full"], found["block quarter"]
    a_pair = [
        cpu(*(f"{name} {folder}" for name in OURS)) / found[f"block {folder}"]["pairs"] * 1e6 for folder in ("full", "quarter")
    ]
    peak = max(found[key]["peak"] for key in (*whole, "rescore full"))
    same = block["pairs"] == found["splink_predict full"].get("pairs")
    lines = [
        "# Matching: processor seconds and memory beside plain Splink", "",
        f"Births to population from the generator (seed 1, errors × 1) with the shipped project file (17 blocking rules, 7 comparisons):"
        f" {block['left']:,} entries against {block['right']:,} persons, {block['pairs']:,} candidate pairs"
        f" ({block['pairs'] / block['left']:.1f} an entry). Splink {version('splink')}, DuckDB {version('duckdb')}, Python"
        f" {platform.python_version()}; 2 cores, 24 GiB. Everything starts from standardised tables. Each job is a process of its own;"
        " processor seconds are user and system time of the whole process, start and imports (about 2 s) included; wall seconds"
        " leave start and imports out. Method: `tests/benchmarks/bench_matching_speed.py`.", "",
        "Splink runs on the same columns, comparisons and rules, and is spared what is dearest in its defaults: no column is retained, and"
        " predict keeps weights from −10 only, as ours does (by default it keeps every pair with both sides' columns). Its single"
        f" best links start at a probability of {LINKS_FROM}. Pairs are the same in number: {'yes' if same else 'NO'}.", "",
        "| job | processor s | wall s | peak GB | pairs | load average |", "|---|--:|--:|--:|--:|--:|",
    ]  # fmt: skip
    for name, folder, memory, label in (*JOBS, *TIGHT):
        one = figures[name, folder, memory]
        wall = "failed" if "failed" in one else f"{one['wall']:.1f}"
        pairs = f"{one['pairs']:,}" if "pairs" in one else "–"
        lines.append(f"| {label} | {one['cpu']:.1f} | {wall} | {one['peak']:.2f} | {pairs} | {one['load']:.1f} |")
    rows = (
        ("block + score ≤ 0.6 × Splink's blocking + predict (processor s)", cpu(*ours) / cpu("splink_predict full"), 0.6),
        ("tables to links ≤ 0.5 × Splink's usual workflow (processor s)", cpu(*whole) / cpu("splink_whole full"), 0.5),
        ("another model on the stored pairs ≤ 3 s wall", found["rescore full"]["wall"], 3.0),
        ("peak of resident memory ≤ 4 GB", peak, 4.0),
        ("processor s a pair at four times the size ≤ 1.15 ×", a_pair[0] / a_pair[1], 1.15),
    )
    lines += ["", "| asked | reached | met |", "|---|--:|---|"]
    lines += [f"| {asked} | {reached:.2f} | {'yes' if reached <= most else 'no'} |" for asked, reached, most in rows]
    finished = not any("failed" in one for one in tight)
    lines.append(
        f"| with `memory_limit: 2GB` it still finishes | peak {max(one['peak'] for one in tight):.2f} GB | {'yes' if finished else 'no'} |"
    )
    lines += [
        "",
        f"The floor is {cpu('floor full'):.1f} processor s: block + score is {cpu(*ours) / cpu('floor full'):.1f} times it. The quarter is"
        f" every fourth year of birth: {quarter['left']:,} against {quarter['right']:,} records,"
        f" {quarter['pairs'] / quarter['left']:.1f} pairs an entry; {a_pair[1]:.2f} µs a pair there, {a_pair[0]:.2f} µs in the whole.",
    ]
    return "\n".join(lines) + "\n"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--persons", type=int, default=100_000)
    parser.add_argument("--work", type=Path, help="Keeps the registers and the tables.")
    parser.add_argument("--report", type=Path)
    parser.add_argument("--job", help=argparse.SUPPRESS)
    parser.add_argument("--folder", default="full", help=argparse.SUPPRESS)
    parser.add_argument("--memory", default="3GB", help=argparse.SUPPRESS)
    chosen = parser.parse_args()
    if chosen.job:
        job = Job(chosen.work, chosen.folder, chosen.memory)
        started = time.perf_counter()
        result = getattr(job, chosen.job)()
        sys.stdout.write(json.dumps({**result, "wall": time.perf_counter() - started}))
        return
    with tempfile.TemporaryDirectory() as scratch:
        work = chosen.work or Path(scratch)
        prepare(chosen.persons, work)
        figures = {}
        for name, folder, memory, label in (*JOBS, *TIGHT):
            figures[name, folder, memory] = measure(name, work, folder, memory)
            print(label, figures[name, folder, memory], flush=True)
    text = page(figures)
    print(text)
    if chosen.report:
        chosen.report.write_text(text, encoding="utf-8")


if __name__ == "__main__":
    main()

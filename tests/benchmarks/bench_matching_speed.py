"""Seconds, memory and growth of `linkage run`, beside plain Splink on the same pairs, with its own rules, and as it is usually used.

    python tests/benchmarks/bench_matching_speed.py --work WORK [--persons 25000 100000 400000 1200000] [--report PAGE]

Births to population with the shipped project file, from one generator at every size: nothing is thinned, so pairs an entry grow as
they do. Ours is the product's own command, stage by stage: what `linkage run --until STAGE` takes beyond the same command with
nothing left to do. Every job is a fresh process below a small one, so that its processor seconds and its peak are its own. Figures
are kept in WORK: what was measured there is not measured again.
"""

from __future__ import annotations

import argparse
import json
import math
import platform
import subprocess
import sys
import tempfile
import time
from importlib.metadata import version
from itertools import pairwise
from pathlib import Path
from typing import Any

SIZES = (25_000, 100_000, 400_000, 1_200_000)
MEMORY, SPLINKS_MEMORY = "3GB", "10GB"
"""What each may use; Splink needs more to end."""
LINKS_FROM = 0.9
"""Match probability from which plain Splink links."""
STAGES = ("read", "standardise", "block", "train", "score", "assign", "decide", "report")
"""Where `linkage run` is stopped; `report` stands for itself and all between, `differ` and `widen` among them."""
TO_LINKS = ("block", "train", "score", "assign", "decide")
"""No link waits for how fields differ or for the wider net."""
SPLINK = {
    "splink_rules": "Splink: blocking and predict, our model and comparisons, the project file's rules as they stand",
    "splink_pairs": "Splink: predict on the run's own pairs, which it is given",
    "splink_usual": "Splink as usual: prior, u, three passes, predict, single best links",
}
LAUNCH = """
import os, sys, time
started = time.perf_counter()
_, status, used = os.wait4(os.posix_spawn(sys.argv[1], sys.argv[1:], os.environ), 0)
print(os.waitstatus_to_exitcode(status), used.ru_utime + used.ru_stime, used.ru_maxrss / 1e6, time.perf_counter() - started)
"""
"""A child's peak begins at its parent's, so the parent is one that has imported nothing."""


def measure(*command: str) -> dict[str, Any]:
    """Run a Python process: its processor seconds, wall seconds and peak (GB), and what its last line said where that is JSON."""
    with tempfile.TemporaryFile("w+") as told, tempfile.TemporaryFile("w+") as said:
        launched = [sys.executable, "-I", "-S", "-c", LAUNCH, sys.executable, *command]
        subprocess.run(launched, stdout=told, stderr=said, check=True)
        told.seek(0)
        said.seek(0)
        lines, errors = told.read().splitlines(), said.read()
    status, cpu, peak, wall = map(float, lines[-1].split())
    found = {"cpu": cpu, "peak": peak * 1.024, "wall": wall}
    if status:
        return {**found, "failed": int(status), "said": errors[-2000:]}
    return found | (json.loads(lines[-2]) if len(lines) > 1 and lines[-2].startswith("{") else {})


def prepare(persons: int, work: Path) -> None:
    """Registers of so many persons, and the project file that reads them."""
    from linkage.demo import CONFIGS
    from linkage.synthetic import SyntheticSpec, generate

    work.mkdir(parents=True, exist_ok=True)
    shipped = (CONFIGS / "birth-to-population.yaml").read_text(encoding="utf-8")
    own = shipped.replace("births.csv", "births.parquet").replace("population.csv", "population.parquet")
    (work / "births.yaml").write_text(f"{own}\nmemory_limit: {MEMORY}\n", encoding="utf-8")
    if not (work / "registers" / "truth.parquet").is_file():
        generate(SyntheticSpec(persons=persons, seed=1, format="parquet", digitisation=False), work / "registers")


def measure_size(persons: int, work: Path) -> dict[str, Any]:
    """Every figure of one size, by job; kept in the folder as they come."""
    kept = work / "figures.json"
    figures: dict[str, Any] = json.loads(kept.read_text(encoding="utf-8")) if kept.is_file() else {}
    jobs = [(stage, ("-m", "linkage.cli", *run_command(work, stage))) for stage in STAGES]
    jobs.append(("nothing", jobs[-1][1]))
    jobs += [(name, (__file__, "--job", name, "--work", str(work))) for name in ("links", "rescore", *SPLINK)]
    if all(name in figures for name, _ in jobs):
        return figures
    prepare(persons, work)
    for name, command in jobs:
        if name not in figures:
            figures[name] = measure(*command)
            print(persons, name, figures[name], flush=True)
            kept.write_text(json.dumps(figures, indent=1), encoding="utf-8")
    return figures


def run_command(work: Path, stage: str) -> tuple[str, ...]:
    files = (str(work / "births.yaml"), "--data", str(work / "registers"), "--out", str(work / "run"))
    return ("run", *files, "--until", stage)


class Job:
    """What is measured beside `linkage run`, on its finished run."""

    def __init__(self, work: Path) -> None:
        from linkage import Run

        self.work = work
        self.run = Run.open(work / "run")
        self.started = 0.0

    def links(self) -> dict[str, Any]:
        """How many entries, pairs and links, and what of the truth is among them."""
        from linkage.demo import hold_against_truth

        held = self.run.summary["stages"]
        truth = hold_against_truth(self.run, self.work / "registers" / "truth.parquet", "birth", "child")
        entries, persons = (self.run.table(name).aggregate("count(*)").fetchall()[0][0] for name in ("mentions", "persons"))
        return {
            "entries": entries, "persons": persons, "pairs": held["block"]["counts"]["candidate_pairs"],
            "precision": truth.precision, "recall": truth.recall, "blocking_recall": truth.blocking_recall,
        }  # fmt: skip

    def rescore(self) -> dict[str, Any]:
        """Score the stored pairs with a model whose m differs in every level; wall seconds without start and imports."""
        from dataclasses import replace

        from linkage.runs.sql import connect
        from linkage.weighing.scoring import score_pairs
        from linkage.weighing.trained_model import TrainedModel

        model = TrainedModel.load(self.run.path)
        m = [0.9 * field.probabilities("m") + 0.1 / len(field.levels) for field in model.match.fields]
        match = model.match.with_probabilities(m, [field.probabilities("u") for field in model.match.fields])
        with connect(MEMORY, 2, self.work / ".spill") as connection, tempfile.TemporaryDirectory(dir=self.work) as folder:
            started = time.perf_counter()
            other = replace(model, match=match.with_prior(0.8 * match.prior))
            score_pairs(connection, other, self.run.path, Path(folder))
            return {"work_wall": time.perf_counter() - started}

    def splink_rules(self) -> dict[str, Any]:
        from linkage.model.settings import load_model, splink_settings

        linker, connection = self._linker(splink_settings(load_model(self.run.path)).as_dict())
        blocked = linker.inference.compute_blocked_pairs_for_predict()
        self._predict(linker)
        found = self._used()  # the recall is not Splink's work
        return {**found, **self._of_truth(connection, blocked.physical_name)}

    def splink_pairs(self) -> dict[str, Any]:
        from linkage.model.settings import load_model, splink_settings
        from linkage.runs.tables import PAIRS

        linker, connection = self._linker(splink_settings(load_model(self.run.path)).as_dict())
        left, right = (f"'{name}-__-' || {key}" for name, key in zip(linker._input_tables_dict, ("id_l", "id_r"), strict=True))
        given = f"SELECT '0' AS match_key, {left} AS join_key_l, {right} AS join_key_r FROM {PAIRS.scan(self.run.path)}"
        connection.execute(f"CREATE TABLE given AS {given}")
        linker.table_management.register_blocked_pairs_for_predict(linker._db_api.register("given"))
        return {"written": self._predict(linker), **self._used()}

    def splink_usual(self) -> dict[str, Any]:
        from linkage.model.settings import build_model, rule_condition
        from linkage.pipeline import check_project

        plan = check_project(self.run.project, self.work / "registers")
        linker, _ = self._linker(dict(build_model(self.run.spec, plan.shared).settings))
        rules = [rule_condition(rule) for rule in self.run.spec.blocking.train]
        linker.training.estimate_probability_two_random_records_match(
            [rules[1] + ' AND l."birth_date" = r."birth_date"'], recall=0.7
        )
        linker.training.estimate_u_using_random_sampling(seed=1)
        for rule in rules:
            linker.training.estimate_parameters_using_expectation_maximisation(rule, estimate_without_term_frequencies=True)
        found = self._predicted(linker)
        linker.clustering.cluster_using_single_best_links(
            found, duplicate_free_datasets=list(linker._input_tables_dict), threshold_match_probability=LINKS_FROM
        )
        return self._used()

    def _linker(self, settings: dict[str, Any]) -> Any:
        """Splink on the columns that blocking and comparing read; it is spared its dearest default, to retain them."""
        import logging

        from splink import DuckDBAPI, Linker

        from linkage.model.settings import build_model, columns_needed
        from linkage.pipeline import check_project
        from linkage.runs.sql import connect, quote_list
        from linkage.runs.tables import MENTIONS, PERSONS

        logging.getLogger("splink").setLevel(logging.ERROR)
        model = build_model(self.run.spec, check_project(self.run.project, self.work / "registers").shared)
        columns = quote_list(["id", *columns_needed(self.run.spec, model)])
        self.started = time.process_time()
        connection = connect(SPLINKS_MEMORY, 2, self.work / ".spill")
        for name, table in (("mentions", MENTIONS), ("persons", PERSONS)):
            connection.execute(f"CREATE TABLE {name} AS SELECT {columns} FROM {table.scan(self.run.path)}")
        api = DuckDBAPI(connection)
        narrow = {**settings, "retain_matching_columns": False, "retain_intermediate_calculation_columns": False}
        return Linker([api.register("mentions"), api.register("persons")], narrow, log_level=logging.ERROR), connection

    def _predicted(self, linker: Any) -> Any:
        """What Splink keeps is what ours keeps: weights from the same floor."""
        from linkage.weighing.scoring import FLOOR

        return linker.inference.predict(threshold_match_weight=FLOOR)

    def _predict(self, linker: Any) -> int:
        name = self._predicted(linker).physical_name
        return int(linker._db_api._con.execute(f"SELECT count(*) FROM {name}").fetchall()[0][0])

    def _used(self) -> dict[str, Any]:
        """Processor seconds so far, without start and imports."""
        return {"work_cpu": time.process_time() - self.started}

    def _of_truth(self, connection: Any, blocked: str) -> dict[str, Any]:
        from linkage.demo import TRUE_PAIRS
        from linkage.runs.exchange import scan_file
        from linkage.runs.tables import MENTIONS, PERSONS

        true_pairs = TRUE_PAIRS.format(truth=scan_file(self.work / "registers" / "truth.parquet"))
        ids = ", ".join(f"split_part(join_key_{side}, '-__-', 2)::INTEGER AS id_{side}" for side in "lr")
        met = (
            f"SELECT count(DISTINCT p.id_l) FROM (SELECT {ids} FROM {blocked}) p"
            f" JOIN {MENTIONS.scan(self.run.path)} l ON l.id = p.id_l JOIN {PERSONS.scan(self.run.path)} r ON r.id = p.id_r"
            " JOIN truth ON truth.record_id_l = l.record_id AND truth.record_id_r = r.record_id"
        )
        query = f"WITH truth AS ({true_pairs}) SELECT (SELECT count(*) FROM {blocked}), ({met}), count(DISTINCT record_id_l) FROM truth"
        pairs, found, matches = connection.execute(query, {"register": "birth", "role": "child"}).fetchall()[0]
        return {"pairs": pairs, "blocking_recall": found / matches}


def cpu(figures: dict[str, Any], *names: str) -> float:
    """Processor seconds of jobs: of stages beyond what the command takes with nothing to do, of others up to their last result."""
    idle = figures["nothing"]["cpu"]
    return float(
        sum(one["cpu"] - idle if name in STAGES else one.get("work_cpu", one["cpu"]) for name, one in _of(figures, names))
    )


def _of(figures: dict[str, Any], names: tuple[str, ...]) -> list[tuple[str, dict[str, Any]]]:
    return [(name, figures[name]) for name in names]


def exponent(small: tuple[float, float], large: tuple[float, float]) -> float:
    """How a figure grows with the entries: 1 in proportion, 2 with their square; (entries, figure) of both."""
    return math.log(max(large[1], 1e-9) / max(small[1], 1e-9)) / math.log(large[0] / small[0])


def page(found: dict[int, dict[str, Any]]) -> str:
    """The report, from the figures of every size."""
    sizes = sorted(found)
    entries = {size: found[size]["links"]["entries"] for size in sizes}
    pairs = {size: found[size]["links"]["pairs"] for size in sizes}
    lines = [
        "# Matching: seconds, memory and growth of `linkage run`, beside plain Splink", "",
        "Births to population from one generator (seed 1, errors × 1) at every size, with the shipped project file and"
        f" `memory_limit: {MEMORY}`. Splink {version('splink')} ({SPLINKS_MEMORY}), DuckDB {version('duckdb')}, Python"
        f" {platform.python_version()}; 2 cores, 24 GiB. A stage's processor seconds (user and system) are those of `linkage run --until"
        " STAGE` beyond the same command with nothing to do, which is a row of its own; Splink's leave start and imports out. Every peak is of a fresh process. Method:"
        " `tests/benchmarks/bench_matching_speed.py`.", "",
        "Splink runs on the same standardised columns and comparisons and is spared what is dearest in its defaults: no column is"
        " retained, and predict keeps weights from the floor that ours keeps. Where it is given the run's own pairs, it does not block"
        f" at all. Its single best links start at a probability of {LINKS_FROM}.", "",
        f"| | {' | '.join(f'{entries[size]:,} entries' for size in sizes)} |", f"|---|{'--:|' * len(sizes)}",
    ]  # fmt: skip

    def row(label: str, told: Any) -> None:
        lines.append(f"| {label} | {' | '.join(told(size, found[size]) for size in sizes)} |")

    def seconds(*names: str) -> Any:
        return lambda size, one: "failed" if any("failed" in one[name] for name in names) else f"{cpu(one, *names):.1f}"

    row("persons", lambda size, one: f"{one['links']['persons']:,}")
    row("candidate pairs", lambda size, one: f"{pairs[size]:,}")
    row("pairs an entry", lambda size, one: f"{pairs[size] / entries[size]:.1f}")
    row("blocking recall, by truth", lambda size, one: f"{one['links']['blocking_recall']:.4f}")
    row(
        "precision and recall of links, by truth",
        lambda size, one: f"{one['links']['precision']:.4f}, {one['links']['recall']:.4f}",
    )
    for stage in STAGES:
        row(f"`{stage}`{' and all between' if stage == STAGES[-1] else ''}, processor s", seconds(stage))
    row("the command with nothing to do, processor s", lambda size, one: f"{one['nothing']['cpu']:.1f}")
    row("**whole run, processor s**", seconds(*STAGES))
    row("peak of the whole run, GB (stage)", lambda size, one: "{:.2f} ({})".format(*max((one[s]["peak"], s) for s in STAGES)))
    row("another model on the stored pairs, wall s", lambda size, one: f"{one['rescore']['work_wall']:.1f}")
    for name, label in SPLINK.items():
        row(f"{label}, processor s", seconds(name))
        row("… peak GB", lambda size, one, name=name: f"{one[name]['peak']:.2f}")
    row("Splink's pairs by the rules as they stand", lambda size, one: f"{one['splink_rules'].get('pairs', 0):,}")
    row("… their blocking recall, by truth", lambda size, one: f"{one['splink_rules'].get('blocking_recall', 0):.4f}")

    lines += [
        "",
        "Growth exponents (1: in proportion to the entries):",
        "",
        "| from → to entries | pairs | whole run | tables to links |",
    ]
    lines.append("|---|--:|--:|--:|")
    steps = list(pairwise(sizes))
    if len(sizes) > 2:
        steps.append((100_000 if 100_000 in sizes else sizes[0], sizes[-1]))
    for small, large in steps:
        told = [exponent((entries[small], of[small]), (entries[large], of[large])) for of in (
            pairs, {size: cpu(found[size], *STAGES) for size in sizes}, {size: cpu(found[size], *TO_LINKS) for size in sizes}
        )]  # fmt: skip
        lines.append(f"| {entries[small]:,} → {entries[large]:,} | {' | '.join(f'{one:.2f}' for one in told)} |")

    lines += ["", "| asked | reached | met |", "|---|--:|---|"]
    for asked, reached, least, most in targets(found):
        lines.append(f"| {asked} | {reached:.3g} | {'yes' if least <= reached <= most else 'no'} |")
    return "\n".join(lines) + "\n"


def targets(found: dict[int, dict[str, Any]]) -> list[tuple[str, float, float, float]]:
    """What is asked, what was reached, and the least and most it may be; of the largest size where no other is named."""
    last = found[max(found)]
    an_entry = {size: one["links"]["pairs"] / one["links"]["entries"] for size, one in found.items()}
    rows = [
        ("pairs an entry ≤ 12", an_entry[max(found)], 0, 12),
        ("blocking recall ≥ 0.995", last["links"]["blocking_recall"], 0.995, 1),
        ("block + score ≤ 0.35 × Splink's blocking and predict by the rules as they stand (processor s)",
         cpu(last, "block", "score") / cpu(last, "splink_rules"), 0, 0.35),
        ("block + score ≤ 0.6 × Splink's predict on the same pairs, which it is given (processor s)",
         cpu(last, "block", "score") / cpu(last, "splink_pairs"), 0, 0.6),
        ("another model on the stored pairs ≤ 3 s wall", last["rescore"]["work_wall"], 0, 3),
        ("peak of the whole run ≤ 4 GB", max(last[stage]["peak"] for stage in STAGES), 0, 4),
    ]  # fmt: skip
    for size, one in sorted(found.items()):
        most = 0.3 if size >= SIZES[-1] else 0.5
        ratio = cpu(one, *TO_LINKS) / cpu(one, "splink_usual")
        rows.append(
            (f"{one['links']['entries']:,} entries: tables to links ≤ {most} × Splink as usual (processor s)", ratio, 0, most)
        )
    if SIZES[1] in found and max(found) > SIZES[1]:
        first = found[SIZES[1]]
        ends = [(one["links"]["entries"], cpu(one, *STAGES)) for one in (first, last)]
        rows.append(("growth exponent of the whole run's processor seconds from 100 k ≤ 1.1", exponent(ends[0], ends[1]), 0, 1.1))
        rows.append(("pairs an entry ≤ 1.2 × those at 100 k", an_entry[max(found)] / an_entry[SIZES[1]], 0, 1.2))
    return rows


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--persons", type=int, nargs="+", default=list(SIZES))
    parser.add_argument("--work", type=Path, required=True, help="Keeps registers, runs and figures.")
    parser.add_argument("--report", type=Path)
    parser.add_argument("--job", help=argparse.SUPPRESS)
    chosen = parser.parse_args()
    if chosen.job:
        sys.stdout.write(json.dumps(getattr(Job(chosen.work), chosen.job)()) + "\n")
        return
    text = page({persons: measure_size(persons, (chosen.work / str(persons)).resolve()) for persons in chosen.persons})
    print(text)
    if chosen.report:
        chosen.report.write_text(text, encoding="utf-8")


if __name__ == "__main__":
    main()

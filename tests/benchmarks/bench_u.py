"""u of strangers held against every pair and against random pairs, on four projects: births, deaths, two `table` projects.

    python tests/benchmarks/bench_u.py --sample 100000000 --work FOLDER --report reports/benchmarks/u.md

Counted levels are held against the comparison of every pair of records of small tables; the others against random pairs of
records of the demo's size, drawn by another road than the estimate's: ids by a hash, levels as the level store tells them.
"""

from __future__ import annotations

import argparse
import resource
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import duckdb
import numpy as np

from linkage import open_project
from linkage.config import load_project
from linkage.demo import CONFIGS
from linkage.model.match_model import MatchModel
from linkage.model.settings import build_model
from linkage.pairs.level_store import count_patterns, levels_of_pairs
from linkage.pairs.sides import Sides, open_tables
from linkage.pipeline import check_project
from linkage.runs.sql import connect
from linkage.synthetic import SyntheticSpec, generate
from linkage.training.levels_of_strangers import LevelsOfStrangers, estimate_u

SMALL, LARGE, SEEDS = 2_000, 20_000, 5
SIDE = """
  register: table
  source: {{path: "{{data}}/{side}.csv"}}
  columns: {{record_id: id}}
  fields: {{name: person_name, born: date, town: text, phone: identifier, income: number}}
"""
TABLES = """
project: {name}
title: Two tables
seed: 5
left:{left}{right}
blocking: {{predict: [[name_fold]], train: [[phone], [name_fold]]}}
comparisons:
  - {{field: name, {name_levels}}}
  - {{field: born, use: partial_date}}
  - {{field: town, levels: [exact, {{jaro_winkler: 0.9}}, {{levenshtein: 2}}]}}
  - {{field: phone, {phone_levels}}}
  - {{field: income, use: number}}
"""


@dataclass(frozen=True)
class Estimates:
    """The estimates of u of one project, and the tables they are of."""

    connection: duckdb.DuckDBPyConnection
    sides: Sides
    model: MatchModel
    found: list[list[LevelsOfStrangers]]
    """One a seed, of every comparison."""
    cpu_seconds: float
    """Of one estimate."""

    def error(self, place: int, level: int, share: float) -> float:
        """The largest error over the seeds, in bits."""
        return max(abs(float(np.log2(one[place].u[level] / share))) for one in self.found)


def table_projects(folder: Path, rows: int) -> Iterator[tuple[str, Path, Path]]:
    """(name, project file, data) of a linkage of two made-up tables, and of a search for duplicates within one."""
    folder.mkdir(parents=True, exist_ok=True)
    random = np.random.default_rng(rows)
    words = np.array(
        ["an", "binh", "chau", "dung", "giang", "hanh", "khanh", "lan", "minh", "ngoc", "phuong", "quynh", "thao", "yen"]
    )
    sounds = np.array(
        ["ba", "be", "co", "da", "do", "ga", "ho", "ka", "la", "lo", "ma", "mi", "na", "no", "pa", "ta", "to", "vi"]
    )
    towns = ["".join(random.choice(sounds, 4)) for _ in range(400)]
    for side in ("left", "right"):
        zipf = 1 / np.arange(1, len(words) + 1)
        names = [" ".join(one) for one in random.choice(words, (rows, 3), p=zipf / zipf.sum())]
        days = random.integers(0, 365 * 60, rows)
        born = [str(np.datetime64("1950-01-01") + int(day)) for day in days]
        phones = random.integers(0, 30 * rows, rows) + 900_000_000
        incomes = random.lognormal(9, 1, rows).astype(int)
        lines = [
            f"{side}{row},{names[row]},{born[row]},{towns[int(400 * random.random() ** 3)]},0{phones[row]},{incomes[row]}"
            for row in range(rows)
        ]
        (folder / f"{side}.csv").write_text("\n".join(["id,name,born,town,phone,income", *lines]) + "\n", encoding="utf-8")
    left, right = (SIDE.format(side=side) for side in ("left", "right"))
    for name, given in (
        ("two-tables", {"right": f"right:{right}", "name_levels": "use: vietnamese_name", "phone_levels": "use: identifier"}),
        ("one-table", {"right": "", "name_levels": "levels: [exact, {jaro_winkler: 0.95}, {jaro_winkler: 0.88}]",
                       "phone_levels": "levels: [exact, {levenshtein: 1}, {levenshtein: 2}]"}),
    ):  # fmt: skip
        project = folder / f"{name}.yaml"
        project.write_text(TABLES.format(name=name, left=left, **given), encoding="utf-8")
        yield name, project, folder


def projects(work: Path, size: int) -> Iterator[tuple[str, Path, Path]]:
    """(name, project file, data) of all four."""
    registers = work / f"registers-{size}"
    if not registers.is_dir():
        generate(SyntheticSpec(persons=size, seed=1, digitisation=False), registers)
    for register in ("birth", "death"):
        yield register, CONFIGS / f"{register}-to-population.yaml", registers
    yield from table_projects(work / f"tables-{size}", size)


@contextmanager
def estimated(work: Path, name: str, project_file: Path, data: Path) -> Iterator[Estimates]:
    run = open_project(project_file, data=data).run(until="standardise", out=work / f"{name}-{data.name}").path
    project = load_project(project_file)
    model = build_model(project.spec, check_project(project, data).shared)
    right = run / "persons.parquet" if project.spec.right else None
    with connect(spill_to=work / "spill") as connection:
        sides = open_tables(connection, run / "mentions.parquet", right, model.columns)
        before = cpu_seconds()
        draws = int(project.spec.training.max_pairs)
        found = [estimate_u(connection, sides, model, draws, seed) for seed in range(1, SEEDS + 1)]
        yield Estimates(connection, sides, model, found, (cpu_seconds() - before) / SEEDS)


def cpu_seconds() -> float:
    used = resource.getrusage(resource.RUSAGE_SELF)
    return used.ru_utime + used.ru_stime


def of_every_pair(one: Estimates) -> Iterator[tuple[int, int, bool, float, float]]:
    """(comparison's place, level, counted, its share of all pairs, largest error in bits)."""
    for place, field in enumerate(one.model.fields):
        itself = "l.id <> r.id" if one.sides.is_dedupe else "true"
        both = ", ".join(f'{side}."{column}" AS "{column}_{side}"' for column in field.columns for side in "lr")
        counts = dict(
            one.connection.execute(
                f"SELECT {field.expression} AS level, count(*)::DOUBLE FROM"
                f" (SELECT {both} FROM {one.sides.left} l JOIN {one.sides.right} r ON {itself}) GROUP BY level"
            ).fetchall()
        )
        total = sum(pairs for level, pairs in counts.items() if level >= 0)
        for level in reversed(field.levels):
            share = counts.get(level.value, 0.0) / total
            if share:
                yield place, level.value, one.found[0][place].exact[level.value], share, one.error(place, level.value, share)


def of_random_pairs(one: Estimates, sample: int) -> Iterator[tuple[int, int, float, int, float]]:
    """(comparison's place, level, its share of the sample, pairs that have it, largest error in bits): of what was not counted."""
    ids = ", ".join(
        f"(1 + hash(range, 'beside {side}') % {rows})::INTEGER AS id_{side}"
        for side, rows in (("l", one.sides.left_rows), ("r", one.sides.right_rows))
    )
    pairs = f"SELECT {ids}, 0::UINTEGER AS blocking_rules FROM range({sample})"
    if one.sides.is_dedupe:
        pairs = f"SELECT * FROM ({pairs}) WHERE id_l <> id_r"
    for place, field in enumerate(one.model.fields):
        if all(one.found[0][place].exact):
            continue
        alone = one.model.of_fields([field])
        counts = dict(count_patterns(one.connection, alone, levels_of_pairs(alone, one.sides, pairs)))
        total = sum(count for level, count in counts.items() if level >= 0)
        for level in reversed(field.levels):
            seen = counts.get(level.value, 0)
            if seen and not one.found[0][place].exact[level.value]:
                yield place, level.value, seen / total, seen, one.error(place, level.value, seen / total)


def page(work: Path, sample: int) -> str:
    counted, drawn, seconds = [], [], []
    for name, project, data in projects(work, SMALL):
        with estimated(work, name, project, data) as one:
            rows = list(of_every_pair(one))
        exact, others = ([row for row in rows if row[2] is kind] for kind in (True, False))
        worst = [max((row[4] for row in kind), default=0.0) for kind in (exact, others)]
        counted.append(f"| {name} | {len(exact)} | {worst[0]:.1e} | {len(others)} | {worst[1]:.3f} |")
        print(counted[-1], flush=True)
    for name, project, data in projects(work, LARGE):
        with estimated(work, name, project, data) as one:
            levels = sum(len(field.levels) for field in one.model.fields)
            draws = sum(comparison.drawn for comparison in one.found[0])
            exact = sum(sum(comparison.exact) for comparison in one.found[0])
            seconds.append(
                f"| {name} | {one.sides.left_rows:,} × {one.sides.right_rows:,} | {levels} | {exact} | {draws:,} | {one.cpu_seconds:.1f} |"
            )
            for place, level, share, seen, bits in of_random_pairs(one, sample):
                field = one.model.fields[place]
                drawn.append(
                    (
                        bits,
                        f"| {name} | {field.name} | {field.levels[level].label} | {share:.2e} | {seen:,} | {1.44 / seen**0.5:.3f} | {bits:.3f} |",
                    )
                )
                print(drawn[-1][1], flush=True)
    known = [bits for bits, line in drawn if float(line.split("|")[6]) < 0.05]
    return "\n".join([
        "# u from distinct values: beside every pair, and beside random pairs", "",
        f"{SEEDS} seeds; the largest error over them, in bits. Written by `tests/benchmarks/bench_u.py`. `two-tables` links two made-up"
        " `table` registers, `one-table` looks for duplicates within one.", "",
        f"## Beside every pair ({SMALL:,} people or rows)", "",
        "Asked: counted levels within 1e-9 bit.", "",
        "| project | counted levels | largest error | drawn levels | largest error |", "|---|---|---|---|---|", *counted, "",
        f"## What it costs ({LARGE:,} people or rows)", "",
        "CPU seconds of u of all comparisons, with nothing kept from before.", "",
        "| project | records | levels | counted | pairs drawn | CPU seconds |", "|---|---|---|---|---|---|", *seconds, "",
        f"## Beside {sample:,} random pairs ({LARGE:,} people or rows)", "",
        "Levels that are not counted. Asked: within .1 bit. A level at which n pairs of the sample are is itself known to about 1.44/√n"
        f" bit. Where that is under .05: {len(known)} levels, the largest error {max(known, default=0.0):.3f}.", "",
        "| project | comparison | level | u of the sample | pairs at it | known to | largest error |", "|---|---|---|---|---|---|---|",
        *(line for _, line in drawn), "",
    ])  # fmt: skip


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--sample", type=int, default=100_000_000)
    parser.add_argument("--work", type=Path)
    parser.add_argument("--report", type=Path)
    chosen = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        text = page(chosen.work or Path(folder), chosen.sample)
    print(text)
    if chosen.report:
        chosen.report.write_text(text, encoding="utf-8")


if __name__ == "__main__":
    main()

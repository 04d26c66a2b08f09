"""Matching held against truth, against plain Splink as an expert writes it, and against a supervised ceiling: the whole page.

    python tests/benchmarks/bench_matching.py --persons 100000 --seeds 1 2 3 --work FOLDER --report reports/benchmarks/matching.md

Truth is used only to measure (and to train the ceiling, by five folds over mentions). Recall counts every mention that
truly has a person, so what blocking lost is in it. Runs in FOLDER are taken up again where their code is the same.
"""

from __future__ import annotations

import argparse
import json
import os
import platform
import re
import shutil
import tempfile
from collections import Counter
from collections.abc import Iterator
from importlib.metadata import version
from pathlib import Path

import numpy as np
from matching_rivals import plain_splink, supervised_ceiling
from quality import Quality, measure, missed_by_kind, true_pairs

from linkage import open_project
from linkage.runs.sql import connect
from linkage.synthetic import WORLDS, SyntheticSpec, World, generate

CONFIGS = Path(__file__).parents[2] / "configs"
KINDS = {"birth": ("birth-to-population", "child"), "death": ("death-to-population", "deceased")}
WEIGHTS = (-2, 0, 2, 4, 6, 8, 10)


def registers_of(work: Path, persons: int, seed: int, world: World = WORLDS["usual"]) -> Path:
    folder = work / f"registers-{seed}-{persons}{'' if world.name == 'usual' else f'-{world.name}'}"
    if not folder.is_dir():
        generate(SyntheticSpec(persons=persons, seed=seed, digitisation=False, world=world), folder)
    return folder


def linked(work: Path, registers: Path, register: str, until: str = "decide", dependence: str = "shipped") -> Path:
    """A run of a project as shipped; one that takes dependence otherwise starts from its tables."""
    shipped = CONFIGS / f"{KINDS[register][0]}.yaml"
    run = work / f"{register}-{registers.name}-{dependence}"
    if dependence != "shipped":
        if not run.is_dir():
            shutil.copytree(linked(work, registers, register), run)
        changed = work / f"{register}-{dependence}.yaml"
        text = shipped.read_text(encoding="utf-8")
        if dependence == "none":
            text = re.sub(r"\n  together_by_chance: .*", "", text)
        else:
            text += f"\ntraining: {{dependence: {dependence}}}\n"
        changed.write_text(text, encoding="utf-8")
        shipped = changed
    return open_project(shipped, data=registers).run(until=until, out=run).path


def error_rates(run: Path, registers: Path, register: str) -> Iterator[tuple[int, int, list[float]]]:
    """(weight, assigned pairs above, [false by pair, by mention, true, missed by pair, by mention, true]) at each weight."""
    with connect() as connection:
        found = connection.execute(
            f"""SELECT a.link_weight AS w, a.match_probability AS p, t.record_id_r IS NOT NULL AS yes
            FROM read_parquet('{run / "assigned.parquet"}') a
            LEFT JOIN ({true_pairs(registers, register, KINDS[register][1])}) t USING (record_id_l, record_id_r)"""
        ).fetchnumpy()
    alone, yes = 1 / (1 + np.exp2(-found["w"])), found["yes"].astype(float)
    for weight in WEIGHTS:
        above = found["w"] >= weight
        false = [float((1 - one[above]).sum()) for one in (alone, found["p"], yes)]
        missed = [float(one[~above].sum()) for one in (alone, found["p"], yes)]
        yield weight, int(above.sum()), [*false, *missed]


def main_table(measured: dict[tuple[int, str], Quality], beside: dict[int, tuple[float, ...]]) -> list[str]:
    lines = [
        "| seed | register | pairs a mention | blocking recall | F1 at the model's threshold | best F1 | precision | recall"
        " | recall at precision .999 | by match weight alone | expert | ceiling | ceiling with claims | pairs ≥ .999 that are true |",
        "|---|---|---|---|---|---|---|---|---|---|---|---|---|---|",
    ]
    for (seed, register), q in measured.items():
        rest = [f"{one:.4f}" for one in beside[seed]] if register == "birth" and seed in beside else ["–"] * 4
        lines.append(
            f"| {seed} | {register} | {q.pairs_per_mention:.1f} | {q.blocking_recall:.4f} | {q.f1_at_threshold:.4f} | {q.best_f1:.4f} |"
            f" {q.precision_at_threshold:.4f} | {q.recall_at_threshold:.4f} | {q.recall_at_999:.4f} | {' | '.join(rest)} |"
            f" {q.sure_pairs_true:.5f} of {q.sure_pairs:,} |"
        )
    return lines


def asked_table(measured: dict[tuple[int, str], Quality], beside: dict[int, tuple[float, ...]]) -> list[str]:
    births = [(seed, q) for (seed, register), q in measured.items() if register == "birth"]
    recall = {seed: q.recall_at_999 for seed, q in births}
    rows = [
        ("F1 at the model's threshold ≥ 0.992", min(q.f1_at_threshold for _, q in births), 0.992),
        ("recall at precision .999 ≥ 0.98", min(recall.values()), 0.98),
        ("blocking recall ≥ 0.995 (pairs a mention ≤ 30: see above)", min(q.blocking_recall for _, q in births), 0.995),
        ("pairs given ≥ .999 that are true ≥ 0.998", min(q.sure_pairs_true for _, q in births), 0.998),
        ("points above the expert ≥ 30", min((100 * (recall[s] - b[1]) for s, b in beside.items()), default=np.nan), 30.0),
        ("points above the ceiling ≥ 0", min((100 * (recall[s] - b[2]) for s, b in beside.items()), default=np.nan), 0.0),
        ("the same, the ceiling knowing claims", min((100 * (recall[s] - b[3]) for s, b in beside.items()), default=np.nan), 0.0),
    ]
    return [
        "| asked of births | worst seed | met |",
        "|---|---|---|",
        *(f"| {what} | {worst:.4f} | {'yes' if worst >= least else 'no'} |" for what, worst, least in rows),
    ]


def kinds_table(counted: Counter[tuple[str, str]], lost: Counter[tuple[str, str]]) -> list[str]:
    lines = ["| field | kind | matches that carry it | not linked |", "|---|---|---|---|"]
    return lines + [f"| {field} | {kind} | {counted[field, kind]:,} | {n:,} |" for (field, kind), n in lost.most_common(15)]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--persons", type=int, default=100_000)
    parser.add_argument("--seeds", type=int, nargs="+", default=[1, 2, 3])
    parser.add_argument("--world", choices=WORLDS, default="usual")
    parser.add_argument("--work", type=Path)
    parser.add_argument("--report", type=Path)
    parser.add_argument("--without", nargs="*", default=[], choices=["rivals", "remedy"], help="parts to leave out")
    chosen = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        text = page(chosen.work or Path(folder), chosen.persons, chosen.seeds, set(chosen.without), WORLDS[chosen.world])
    print(text if not chosen.report else f"written: {chosen.report}")
    if chosen.report:
        chosen.report.write_text(text, encoding="utf-8")


def page(work: Path, persons: int, seeds: list[int], without: set[str], world: World) -> str:
    measured: dict[tuple[int, str], Quality] = {}
    beside: dict[int, tuple[float, ...]] = {}
    counted: dict[str, Counter[tuple[str, str]]] = {register: Counter() for register in KINDS}
    lost: dict[str, Counter[tuple[str, str]]] = {register: Counter() for register in KINDS}
    rates = []
    for seed in seeds:
        registers = registers_of(work, persons, seed, world)
        for register, (_, role) in KINDS.items():
            run = linked(work, registers, register)
            measured[seed, register] = measure(run, registers, register, role)
            print(seed, register, json.dumps(measured[seed, register].__dict__), flush=True)
            for field, kind, carry, missed in missed_by_kind(run, registers, register, role):
                counted[register][field, kind] += carry
                lost[register][field, kind] += missed
            runs = {"as shipped": run}
            if "remedy" not in without and register == "birth":
                runs["none"] = linked(work, registers, register, dependence="none")
            if "remedy" not in without and seed == seeds[0]:
                runs["log_linear"] = linked(work, registers, register, dependence="log_linear")
            rates += [
                f"| {seed} | {register} | {dependence} | {weight} | {above:,} | {' | '.join(f'{one:.0f}' for one in figures)} |"
                for dependence, one in runs.items()
                for weight, above, figures in error_rates(one, registers, register)
            ]
        if "rivals" not in without:
            run = linked(work, registers, "birth")
            alone = measure(run, registers, "birth", "child", "match_weight").recall_at_999
            beside[seed] = (alone, plain_splink(run, registers), *supervised_ceiling(run, registers))
    lines = [
        "# Matching: links held against the generator's truth", "",
        f"{persons:,} people (synthetic, {world.name} world, errors × 1), births and deaths to population, seeds {', '.join(map(str, seeds))}. Splink"
        f" {version('splink')}, DuckDB {version('duckdb')}, Python {platform.python_version()}; {os.cpu_count()} cores. Thresholds"
        " come from the model; truth only measures. Recall counts every entry that truly has a person. “Expert” is plain Splink on"
        " the registers' own text, folded, with its own name and date comparisons; “ceiling” is gradient boosting trained on the"
        " truth (five folds over entries) on the same levels and frequencies, pair by pair and, “with claims”, knowing whether another"
        " entry surely is the person's, as our link weight does; both are in `tests/benchmarks/matching_rivals.py`. “–”: not measured. The page is"
        " written by `tests/benchmarks/bench_matching.py`; how near u comes to the truth is on `u.md`.", "",
        *main_table(measured, beside), "",
        *asked_table(measured, beside), "",
        *(line for register in KINDS for line in (
            f"## Which error kinds are missed: {register}", "", "“Not linked” includes pairs sent to clerical review.", "",
            *kinds_table(counted[register], lost[register]), "")),
        "## The model's own error rates beside the truth", "",
        "Assigned pairs (the best person of each entry). False: expected and true wrong pairs at or above the weight; missed: expected"
        " and true matches below it. “By pair” takes each weight for itself, “by entry” lets an entry have at most one person, as the"
        " thresholds do. Births as shipped have `relatives.together_by_chance`, “none” is without it; `log_linear` adds"
        " `training.dependence: log_linear` (first seed).", "",
        "| seed | register | dependence | weight ≥ | pairs | false: by pair | by entry | true | missed: by pair | by entry | true |",
        "|---|---|---|---|---|---|---|---|---|---|---|",
        *rates, "",
    ]  # fmt: skip
    return "\n".join(lines)


if __name__ == "__main__":
    main()

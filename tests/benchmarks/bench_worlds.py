"""What the engine says of its links and what is true, in the usual and in the harder world, without labels: the whole page.

    python tests/benchmarks/bench_worlds.py --persons 8000 --seeds 1 2 3 --work FOLDER --report reports/benchmarks/worlds.md

The hard world is run twice: whole, and without the people who are in the population twice, whose ties send most mentions to review
and so hide what else there is. Runs in FOLDER are taken up again where their code is the same.
"""

from __future__ import annotations

import argparse
import platform
from dataclasses import dataclass, replace
from importlib.metadata import version
from pathlib import Path

from quality import true_pairs

from linkage import open_project
from linkage.demo import CONFIGS, hold_against_truth
from linkage.runs.sql import connect
from linkage.runs.tables import TRUTH
from linkage.synthetic import WORLDS, SyntheticSpec, World, generate

SPOUSE = Path(__file__).with_name("marriage_spouse.yaml")
KINDS = {
    "birth": ("birth", "child", CONFIGS / "birth-to-population.yaml"),
    "death": ("death", "deceased", CONFIGS / "death-to-population.yaml"),
    "wife": ("marriage", "wife", SPOUSE),
    "husband": ("marriage", "husband", SPOUSE),
}
"""What is linked: the register, the role and the project file, which for spouses is this folder's own."""
TRIED: dict[str, World] = {
    "usual": WORLDS["usual"],
    "hard": WORLDS["hard"],
    "hard, nobody twice": replace(WORLDS["hard"], name="hard-nobody-twice", twice_in_population=0.0),
}


@dataclass(frozen=True)
class Row:
    """A run held against its truth; rates are shares of the links."""

    matches: int
    links: int
    recall: float
    said: float
    """Mean of 1 − probability over the links: the false-link rate that the run promises."""
    false: int
    absent: int
    """Of the false links, those of people who are not in the population database."""
    clerical: int
    clerical_true: int
    blocked: float


def link(work: Path, world: World, kind: str, persons: int, seed: int) -> Row:
    """One kind of mention of one world, linked by its project."""
    registers = work / f"registers-{world.name}-{persons}-{seed}"
    if not (registers / "README.txt").exists():
        generate(SyntheticSpec(persons=persons, seed=seed, digitisation=False, world=world), registers)
    register, role, project = KINDS[kind]
    out = work / f"{kind}-{world.name}-{persons}-{seed}"
    own = work / f"{kind}.yaml"
    own.write_text(project.read_text(encoding="utf-8").replace("role: wife", f"role: {role}"), encoding="utf-8")
    run = open_project(own, data=registers).run(until="decide", out=out)
    truth = TRUTH.path(registers)
    held = hold_against_truth(run, truth, register, role)
    with connect() as connection:
        said, absent, clerical, clerical_true = connection.execute(
            f"""WITH answered AS (
                    SELECT links.*, pair.record_id_l IS NOT NULL AS is_true, mention.person_record_id IS NULL AS is_absent
                    FROM read_parquet('{run.path / "links.parquet"}') AS links
                    LEFT JOIN ({true_pairs(registers, register, role)}) AS pair USING (record_id_l, record_id_r)
                    JOIN read_parquet('{truth}') AS mention ON mention.record_id = record_id_l
                     AND mention.register = '{register}' AND mention.role = '{role}')
                SELECT avg(1 - match_probability) FILTER (decision = 'link'),
                       count(*) FILTER (decision = 'link' AND NOT is_true AND is_absent), count(*) FILTER (decision = 'clerical'),
                       count(*) FILTER (decision = 'clerical' AND is_true) FROM answered"""
        ).fetchall()[0]
    false = held.links - held.true_links
    return Row(held.matches, held.links, held.recall, said or 0.0, false, absent, clerical, clerical_true, held.blocking_recall)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--persons", type=int, default=8_000)
    parser.add_argument("--seeds", type=int, nargs="+", default=[1, 2, 3])
    parser.add_argument("--worlds", nargs="+", choices=TRIED, default=list(TRIED))
    parser.add_argument("--kinds", nargs="+", choices=KINDS, default=list(KINDS))
    parser.add_argument("--work", type=Path, required=True)
    parser.add_argument("--report", type=Path)
    chosen = parser.parse_args()
    lines = [
        "| world | register | seed | have a person | blocking recall | links | recall | false links | said | true | of absent people"
        " | to review (true) |",
        "|---|---|---|---|---|---|---|---|---|---|---|---|",
    ]
    for name in chosen.worlds:
        for kind in chosen.kinds:
            for seed in chosen.seeds:
                one = link(chosen.work, TRIED[name], kind, chosen.persons, seed)
                rates = f"{one.said:.5f} | {one.false / max(one.links, 1):.5f} | {one.absent}"
                lines.append(
                    f"| {name} | {kind} | {seed} | {one.matches:,} | {one.blocked:.4f} | {one.links:,} | {one.recall:.4f} |"
                    f" {one.false} | {rates} | {one.clerical:,} ({one.clerical_true:,}) |"
                )
                print(lines[-1], flush=True)
    text = "\n".join(
        [
            "# The worlds: what is said of the links and what is true",
            "",
            f"{chosen.persons:,} people, shipped projects and for spouses `marriage_spouse.yaml` (false-link target 0.1 %), no labels; Splink {version('splink')}, DuckDB"
            f" {version('duckdb')}, Python {platform.python_version()}. Said: the mean of 1 − probability over the links. A person who is"
            " in the population twice is found by either row. Written by `tests/benchmarks/bench_worlds.py`; what makes the hard"
            " world hard stands in `linkage/synthetic/world.py`.",
            "",
            *lines,
            "",
        ]
    )
    if chosen.report:
        chosen.report.write_text(text, encoding="utf-8")


if __name__ == "__main__":
    main()

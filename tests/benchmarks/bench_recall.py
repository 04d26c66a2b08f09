"""Recall of all by a search sample, on the generator's registers: coverage through verdicts and decisions, and what h costs.

    python tests/benchmarks/bench_recall.py --work FOLDER [--draws 500] [--persons 8000] [--report FILE]

Each corner is one run of the product in FOLDER, taken up again where it is there; its mentions are a finite population of which
600 pairs and 200 searches are drawn anew each time and answered by the truth (`tests/decision/reviewed_population.py`). The
measured section of the report is written anew.
"""

from __future__ import annotations

import argparse
import sys
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace

import numpy as np

sys.path.insert(0, str(Path(__file__).parents[2]))
from linkage import open_project
from linkage.demo import CONFIGS, TRUE_PAIRS
from linkage.runs.exchange import scan_file
from linkage.runs.sql import connect
from linkage.runs.tables import LINKS, MENTIONS, TRUTH, WIDER
from linkage.synthetic import WORLDS, SyntheticSpec, generate
from tests.decision.planted_population import Population
from tests.decision.reviewed_population import Reviewed, review_and_decide

LABELS, SEARCHES = 600, 200
BEGIN, END = "<!-- recall of all: measured by bench_recall.py -->", "<!-- recall of all: end -->"
POOR = """
extends: {0}
comparisons:
  - {{field: full_name, use: vietnamese_name, term_frequency: true}}
  - {{field: birth_date, use: partial_date}}
  - {{field: sex, use: sex}}
  - {{field: ethnicity, use: category}}
relatives: null
"""
CORNERS: tuple[tuple[str, str, str, str, dict[str, object]], ...] = (
    ("births", "birth-to-population", "birth", "child", {}),
    ("births, errors × 2", "birth-to-population", "birth", "child", {"errors": 2.0}),
    ("deaths", "death-to-population", "death", "deceased", {}),
    ("deaths, errors × 2", "death-to-population", "death", "deceased", {"errors": 2.0}),
    ("births, poor model", "", "birth", "child", {}),
    ("births, hard world", "birth-to-population", "birth", "child", {"world": WORLDS["hard"]}),
)


def population_of(run: Path, truth: Path, register: str, role: str) -> Population:
    """The mentions of a run with their assigned pair, the persons of the wider net beside, and the truth of both."""
    with connect() as connection:
        query = f"CREATE TEMP TABLE truth AS {TRUE_PAIRS.format(truth=scan_file(truth))}"
        connection.execute(query, {"register": register, "role": role})
        rows = connection.execute(
            f"""SELECT mention.record_id, link_weight, mention.record_id IN (SELECT record_id_l FROM truth) AS has_person,
                       (mention.record_id, record_id_r) IN (FROM truth) IS TRUE AS is_true
                FROM {MENTIONS.scan(run)} AS mention LEFT JOIN {LINKS.scan(run)} AS links ON record_id_l = mention.record_id
                ORDER BY mention.record_id"""
        ).fetchnumpy()
        beyond = connection.execute(
            f"""SELECT record_id_l, weight_given_rival, proposed, (record_id_l, record_id_r) IN (FROM truth) IS TRUE AS is_true
                FROM {WIDER.scan(run)} ORDER BY ALL"""
        ).fetchnumpy()
    place = {name: i for i, name in enumerate(np.asarray(rows["record_id"]).astype(str).tolist())}
    owner = np.array([place[name] for name in np.asarray(beyond["record_id_l"]).astype(str).tolist()], dtype=int)
    none = np.zeros(len(place), int)
    return Population(
        np.ma.filled(np.ma.asarray(rows["link_weight"], dtype=float), np.nan), np.asarray(rows["is_true"], bool),
        np.asarray(rows["has_person"], bool), none, none.astype(bool), owner,
        np.asarray(beyond["weight_given_rival"], float), np.asarray(beyond["is_true"], bool), np.asarray(beyond["proposed"], bool),
    )  # fmt: skip


def corner(work: Path, place: int, persons: int, draws: int) -> list[Reviewed]:
    """The reviews of one corner."""
    name, project, register, role, registers = CORNERS[place]
    folder = work / "".join(one if one.isalnum() else "-" for one in f"{name}-{persons}")
    if not (folder / "registers" / "README.txt").exists():
        generate(SyntheticSpec(persons=persons, seed=31, digitisation=False, **registers), folder / "registers")  # type: ignore[arg-type]
    config = CONFIGS / f"{project}.yaml"
    if not project:
        config = folder / "poor.yaml"
        config.write_text(POOR.format(CONFIGS / "birth-to-population.yaml"), encoding="utf-8")
    run = open_project(config, data=folder / "registers").run(until="decide", out=folder / "run")
    population = population_of(run.path, TRUTH.path(folder / "registers"), register, role)
    targets = SimpleNamespace(false_link_rate=0.001, missed_link_rate=0.02, review_capacity=LABELS, least_probability=0.5)
    first = 10_000_000 + 100_000 * place
    return [review_and_decide(population, LABELS, targets, first + seed, None, SEARCHES) for seed in range(draws)]


def row(name: str, reviews: list[Reviewed]) -> tuple[str, ...]:
    """A corner's line: truth, coverage of three moments, width, error of the value, and what recall within reach would have said."""
    moments = list(zip(*(one.moments for one in reviews), strict=True))
    of_all = [[one.covers("recall_of_all") for one in moment] for moment in moments]
    first = [one.estimates["recall_of_all"] for one in moments[0]]
    truth = moments[0][0].recall_of_all
    within = [replace(one, recall_within_reach=one.recall_of_all).covers("recall_within_reach") for one in moments[0]]
    return (
        name, f"{truth:.4f}", *(f"{100 * float(np.mean(held)):.1f}" for held in of_all),
        f"{100 * float(np.mean([one.high - one.low for one in first])):.2f}",
        f"{100 * float(np.mean([one.value - truth for one in first])):+.2f}",
        f"{float(np.mean([one.estimates['recall_within_reach'].value for one in moments[0]])):.4f}",
        f"{100 * float(np.mean(within)):.1f}",
    )  # fmt: skip


def render(rows: list[tuple[str, ...]], draws: int, persons: int) -> str:
    """The section of the report."""
    head = (
        "registers", "recall of all, true", "covered, 1st", "2nd", "3rd estimate", "width, points", "value − truth, points",
        "recall within reach says", "and covers recall of all",
    )  # fmt: skip
    table = "\n".join(f"| {' | '.join(one)} |" for one in (head, ("---",) * len(head), *rows))
    words = Path(__file__).with_name("recall_words.md").read_text(encoding="utf-8")
    return f"{BEGIN}\n{words.format(draws=draws, persons=persons, labels=LABELS, searches=SEARCHES)}\n{table}\n{END}\n"


def main() -> None:
    """Run the study and write its section of the report."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--work", type=Path, required=True)
    parser.add_argument("--draws", type=int, default=500)
    parser.add_argument("--persons", type=int, default=8_000)
    parser.add_argument("--report", type=Path, default=Path(__file__).parents[2] / "reports" / "benchmarks" / "deciding.md")
    given = parser.parse_args()
    rows = []
    for place, (name, *_) in enumerate(CORNERS):
        rows.append(row(name, corner(given.work, place, given.persons, given.draws)))
        print(*rows[-1], sep=" | ", flush=True)
    before, _, rest = given.report.read_text(encoding="utf-8").partition(BEGIN)
    section = f"{before.rstrip()}\n\n{render(rows, given.draws, given.persons)}{rest.partition(END)[2].lstrip(chr(10))}"
    given.report.write_text(section, encoding="utf-8")


if __name__ == "__main__":
    main()

"""Does the paired interval of `linkage compare` cover the true difference in 95 % of label sets?

Plants two runs with known links and truth, draws the fair sample with many seeds, labels it by the truth, and counts how
often each interval covers. Writes reports/benchmarks/compare.md.

    python tests/benchmarks/bench_compare.py --sets 300 --out reports/benchmarks/compare.md
"""

from __future__ import annotations

import argparse
import sys
import tempfile
from importlib.metadata import version
from pathlib import Path

import numpy as np
import pyarrow.parquet as pq

sys.path.insert(0, str(Path(__file__).parents[1] / "comparing"))
from planted_runs import Planted, plant_runs

from linkage.comparing.fair_sample import LabelledStratum, count_links, draw_fair_sample, make_fair_frame, score_by_labels
from linkage.comparing.links import find_changes
from linkage.runs.sql import connect

SCENARIOS: dict[str, dict[str, float]] = {
    "many disagreements (9 %), a third of them wrong": {"mentions": 20_000, "pairs": 600},
    "few disagreements (2 %), a third wrong": {"mentions": 20_000, "pairs": 600, "lost": 0.008, "gained": 0.012, "moved": 0.002},
    "small review (200 pairs)": {"mentions": 20_000, "pairs": 200},
    "disagreements almost all right": {"mentions": 20_000, "pairs": 600, "wrong_gain": 0.02},
    "no true difference in kind (lost = gained)": {"mentions": 20_000, "pairs": 400, "lost": 0.04, "gained": 0.04, "moved": 0.0},
}


def simulate(planted: Planted, pairs: int, sets: int, folder: Path, first_seed: int = 0) -> dict[str, np.ndarray]:
    """For each label set and quantity: covered, and the interval's width; keys `measure quantity`."""
    truth = {
        "precision": (planted.precision(planted.link_a), planted.precision(planted.link_b)),
        "recall": (planted.recall(planted.link_a), planted.recall(planted.link_b)),
    }
    found: dict[str, list[tuple[float, float, float]]] = {}
    with connect() as connection:
        find_changes(connection, planted.run_a, planted.run_b)
        make_fair_frame(connection, planted.run_a, planted.run_b)
        links = count_links(connection)
        for seed in range(first_seed, first_seed + sets):
            draw_fair_sample(connection, pairs, seed, folder / "review_set.parquet")
            rows = pq.read_table(folder / "review_set.parquet").to_pylist()
            for one in score_by_labels(_strata(rows, planted), *links):
                a, b = truth[one.measure]
                for name, interval, true in (("A", one.a, a), ("B", one.b, b), ("difference", one.difference, b - a)):
                    covered = interval.low - 1e-12 <= true <= interval.high + 1e-12
                    found.setdefault(f"{one.measure} {name}", []).append(
                        (covered, interval.high - interval.low, interval.value - true)
                    )
    return {name: np.asarray(values, dtype=float) for name, values in found.items()}


def _strata(rows: list[dict[str, object]], planted: Planted) -> list[LabelledStratum]:
    tallies: dict[tuple[str, str, int], list[int]] = {}
    for row in rows:
        right = planted.person[int(str(row["record_id_l"])[1:]) - 1] == int(str(row["record_id_r"])[1:])
        tally = tallies.setdefault((str(row["category"]), str(row["stratum"]), int(str(row["stratum_size"]))), [0, 0])
        tally[0 if right else 1] += 1
    return [
        LabelledStratum(category, stratum, size, sum(tally), tally[0], tally[1], 0)
        for (category, stratum, size), tally in sorted(tallies.items())
    ]


def main() -> None:
    arguments = argparse.ArgumentParser(description=__doc__)
    arguments.add_argument("--sets", type=int, default=300)
    arguments.add_argument("--out", type=Path, default=Path("reports/benchmarks/compare.md"))
    given = arguments.parse_args()
    lines = []
    for name, chosen in SCENARIOS.items():
        settings = dict(chosen)
        pairs = int(settings.pop("pairs"))
        with tempfile.TemporaryDirectory() as folder:
            planted = plant_runs(Path(folder), 5, int(settings.pop("mentions")), **settings)
            found = simulate(planted, pairs, given.sets, Path(folder))
        for quantity, values in found.items():
            row = (
                f"| {name} | {pairs} | {quantity} | {100 * values[:, 0].mean():.1f} % | {100 * values[:, 1].mean():.3f} |"
                f" {100 * values[:, 2].mean():+.4f} |"
            )
            lines.append(row)
            print(row, flush=True)
    given.out.write_text(report(lines, given.sets), encoding="utf-8")


def report(lines: list[str], sets: int) -> str:
    return REPORT.format(
        sets=sets, lines="\n".join(lines), versions=", ".join(f"{name} {version(name)}" for name in ("duckdb", "numpy", "scipy"))
    )


REPORT = """# Paired intervals of `linkage compare`: coverage

Made by `tests/benchmarks/bench_compare.py --sets {sets}` on 2 cores, 24 GiB; {versions}.

**Method.** Two runs over the same mentions are planted with known links and truth (`tests/comparing/planted_runs.py`): a
person for nine mentions in ten, 85 % linked by both runs, and shares that only A links, only B links, or that move to another
person. For each of {sets} seeds the fair sample is drawn as `compare_runs` draws it, labelled by the truth, and scored. Table:
how often the 95 % interval covers the truth, its mean width and the mean error of the estimate, both in percentage points.

| scenario | pairs | quantity | covered | width | bias |
|---|---|---|---|---|---|
{lines}
"""

if __name__ == "__main__":
    main()

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

sys.path.insert(0, str(Path(__file__).parents[1] / "comparing"))
from planted_runs import plant_runs, simulate

SCENARIOS: dict[str, dict[str, float]] = {
    "many disagreements (9 %), a third of them wrong": {"mentions": 20_000, "pairs": 600},
    "few disagreements (2 %), a third wrong": {"mentions": 20_000, "pairs": 600, "lost": 0.008, "gained": 0.012, "moved": 0.002},
    "small review (200 pairs)": {"mentions": 20_000, "pairs": 200},
    "disagreements almost all right": {"mentions": 20_000, "pairs": 600, "wrong_gain": 0.02},
    "no true difference in kind (lost = gained)": {"mentions": 20_000, "pairs": 400, "lost": 0.04, "gained": 0.04, "moved": 0.0},
    "every disagreement labelled": {"mentions": 4_000, "pairs": 400, "lost": 0.008, "gained": 0.02, "moved": 0.002},
}


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

**Read.** The paired differences are what the command is for. The levels of A and B alone rest on half of the pairs and on few
missed matches among the pairs that neither run links: with few of these drawn, recall's own interval can be too short (large
strata where a single match turns up) or, in a small review, too long. Where the review holds every disagreement, the
difference is known but for the number of matches it is divided by, and an interval of a few hundredths of a point is right: it
is about these mentions and takes the verdicts for true, so reviewers' own errors are not in it.

**What turned out wrong.** In the first trials the planted runs lacked the true pair of mentions that both had linked falsely:
no candidate, no looser key reached it. The difference stayed right, but recall of each run came out 1.7 points too high and
its interval covered in 0-30 % of the sets. Matches beyond both runs' candidates are in no frame; recall is an upper reading,
as for one run.
"""

if __name__ == "__main__":
    main()

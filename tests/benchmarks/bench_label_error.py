"""What reviewers' errors do to the headline interval: coverage and width with and without what is learnt of the errors.

    python tests/benchmarks/bench_label_error.py [--draws 500] [--report FILE]

Populations are planted by `tests/decision/planted_population.py`; two reviewers and an adjudicator err as each corner says, and
their errors are learnt from 67 planted pairs and the double labels (`tests/decision/erring_reviewers.py`). The table takes its place
in the section "Label error" of `reports/benchmarks/deciding.md`. About 4 CPU minutes for 500 draws a corner.
"""

from __future__ import annotations

import argparse
import sys
from pathlib import Path
from typing import Any

import numpy as np

sys.path.insert(0, str(Path(__file__).parents[2]))
from tests.decision.erring_reviewers import Moment, Reviewers, cover, review_with_errors
from tests.decision.planted_population import plant_population

POPULATIONS: tuple[tuple[str, int, float, dict[str, Any]], ...] = (
    ("births", 8_000, 0.9987, {"sureness": 1.2}),
    ("errors × 2", 8_000, 0.997, {"sureness": 1.6, "sibling_share": 0.6, "blocking_loss": 0.03}),
    ("deaths", 6_000, 0.995, {"sureness": 1.4, "without_person": 0.7}),
    ("poor model", 8_000, 0.97, {"sureness": 2.2, "sibling_share": 0.7}),
)
"""Name, mentions, true precision the links begin at, and the population."""
REVIEWERS: tuple[tuple[str, Reviewers], ...] = (
    ("perfect", Reviewers()),
    ("2 % wrong, 5 % unsure", Reviewers(0.02, 0.05)),
    ("the same, look-alikes three times as often", Reviewers(0.02, 0.05, harder=3.0)),
    ("5 % wrong, 15 % unsure", Reviewers(0.05, 0.15)),
    ("2 % wrong, 5 % unsure, and 5 % of pairs fool everybody", Reviewers(0.02, 0.05, fooling=0.05)),
)
MEASURES = ("precision", "recall_within_reach")
BEGIN, END = "<!-- label error: measured by bench_label_error.py -->\n", "<!-- label error: end -->"


def corner(mentions: int, precision: float, kind: dict[str, Any], reviewers: Reviewers, draws: int, first: int) -> list[Moment]:
    """Both moments of each draw: before the verdicts, and with them."""
    found: list[Moment] = []
    for seed in range(first, first + draws):
        population = plant_population(seed, mentions, **kind)
        upper = population.threshold_for(precision)
        lower = min(upper, float(np.nanquantile(population.weight, 0.04)))
        found += review_with_errors(population, upper, lower, reviewers, 700_000 + seed)
    return found


def row(moments: list[Moment], measure: str, belief: str) -> str:
    """Coverage before and with verdicts, and the mean width with them, in points."""
    told = [getattr(one, belief) for one in moments]
    held = [cover(estimates, one.truth, measure) for estimates, one in zip(told, moments, strict=True)]
    width = np.mean([100 * (estimates[measure].high - estimates[measure].low) for estimates in told[1::2]])
    return f"{100 * np.mean(held[::2]):.1f}, {100 * np.mean(held[1::2]):.1f} ({width:.2f})"


def main() -> None:
    """Run every corner and print, or write, the table."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--draws", type=int, default=500)
    parser.add_argument("--report", type=Path, default=Path(__file__).parents[2] / "reports" / "benchmarks" / "deciding.md")
    given = parser.parse_args()
    head = ["population", "reviewers", "measure", "labels taken as right", "with label error", "bound for 5 % shared errors"]
    lines = ["| " + " | ".join(head) + " |", "| " + " | ".join(["---"] * len(head)) + " |"]
    for name, mentions, precision, kind in POPULATIONS:
        for who, reviewers in REVIEWERS:
            moments = corner(mentions, precision, kind, reviewers, given.draws, 40_000)
            for measure in MEASURES:
                cells = [row(moments, measure, belief) for belief in ("plain", "corrected", "shared")]
                lines.append("| " + " | ".join([name, who, measure.replace("_", " "), *cells]) + " |")
                print(lines[-1], flush=True)
    before, _, rest = given.report.read_text(encoding="utf-8").partition(BEGIN)
    given.report.write_text(f"{before}{BEGIN}{chr(10).join(lines)}\n{END}{rest.partition(END)[2]}", encoding="utf-8")


if __name__ == "__main__":
    main()

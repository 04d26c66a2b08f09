"""What a perfect review leads to: coverage of the first, second and third estimate, and what verdicts and decisions cost.

    python tests/benchmarks/bench_deciding.py [--draws 500] [--report FILE]

Populations are planted by `tests/decision/planted_population.py`; each is reviewed without an error (600 labels), the verdicts
are applied, and the labels decide (`tests/decision/reviewed_population.py`). About 3 CPU minutes for 500 draws a corner.
"""

from __future__ import annotations

import argparse
import sys
from collections import Counter
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np

sys.path.insert(0, str(Path(__file__).parents[2]))
from tests.decision.planted_population import plant_population
from tests.decision.reviewed_population import Reviewed, review_and_decide

LABELS = 600
CORNERS: tuple[tuple[str, int, float, float | None, dict[str, float]], ...] = (
    ("links as clean as the demo's", 8_000, 0.001, 0.9995, {"sureness": 1.2}),
    ("births", 8_000, 0.001, None, {"sureness": 1.2}),
    ("births", 8_000, 0.01, None, {"sureness": 1.2}),
    ("2,000 mentions", 2_000, 0.001, None, {"sureness": 1.2}),
    ("2,000 mentions", 2_000, 0.01, None, {"sureness": 1.2}),
    ("errors × 2", 8_000, 0.001, None, {"sureness": 1.6, "sibling_share": 0.6, "blocking_loss": 0.03}),
    ("errors × 2", 8_000, 0.01, None, {"sureness": 1.6, "sibling_share": 0.6, "blocking_loss": 0.03}),
    ("deaths", 6_000, 0.001, None, {"sureness": 1.4, "without_person": 0.7}),
    ("deaths", 6_000, 0.01, None, {"sureness": 1.4, "without_person": 0.7}),
    ("poor model", 8_000, 0.001, None, {"sureness": 2.2, "sibling_share": 0.7}),
    ("poor model", 8_000, 0.01, None, {"sureness": 2.2, "sibling_share": 0.7}),
    ("stricter than it need be", 8_000, 0.02, 0.9995, {"sureness": 1.2}),
)
"""Name, mentions, target of false links, true precision the links begin at (None: the model's thresholds), and the population."""


def corner(mentions: int, target: float, precision: float | None, kind: dict[str, Any], draws: int, first: int) -> list[Reviewed]:
    """The reviews of one corner."""
    targets = SimpleNamespace(false_link_rate=target, missed_link_rate=0.02, review_capacity=LABELS, least_probability=0.5)
    return [
        review_and_decide(plant_population(seed, mentions, **kind), LABELS, targets, 500_000 + seed, precision)
        for seed in range(first, first + draws)
    ]


def covered(reviews: list[Reviewed], moment: int, measure: str) -> str:
    """Share of intervals that hold the truth."""
    held = [one.moments[moment].covers(measure) for one in reviews if one.moments[moment].links]
    return f"{100 * float(np.mean(held)):.1f}"


def broken(reviews: list[Reviewed], moment: int) -> str:
    """Reviews after which there are fewer true links, less precision or recall within reach, or fewer links than those reviewed as wrong."""
    found = 0
    for one in reviews:
        before, after = one.moments[0], one.moments[moment]
        found += (
            after.true_links < before.true_links
            or before.links - after.links > one.wrong
            or after.precision < before.precision
            or after.recall_within_reach < before.recall_within_reach
        )
    return f"{found} of {len(reviews)}"


def render(found: list[tuple[str, float, list[Reviewed]]], draws: int) -> str:
    """The report."""
    coverage, costs = [], []
    for name, target, reviews in found:
        marks = [covered(reviews, moment, measure) for measure in ("precision", "recall_within_reach") for moment in range(3)]
        coverage.append((name, f"{target:.1%}", *marks))
        words = Counter(one.found.false_links for one in reviews)
        true = {
            "shown": [1 - one.moments[2].precision <= target for one in reviews if one.found.false_links == "shown"],
            "contradicted": [1 - one.moments[1].precision > target for one in reviews if one.found.false_links == "contradicted"],
        }
        kept = [one for one in reviews if one.found.false_links != "contradicted" and one.found.upper_move == "kept"]
        mean = np.mean([[m.links for m in one.moments] + [m.precision for m in one.moments] for one in reviews], axis=0)
        costs.append((
            name, f"{target:.1%}", *(f"{words[word] / draws:.0%}" for word in ("shown", "not_contradicted", "contradicted")),
            *(f"{sum(held)} of {len(held)}" for held in true.values()),
            broken(reviews, 1), broken(kept, 2), " → ".join(f"{links:,.0f}" for links in mean[:3]),
            " → ".join(f"{one:.4f}" for one in mean[3:]),
        ))  # fmt: skip
    head = (
        "population",
        "target",
        *(f"{measure}, {moment}" for measure in ("precision", "recall within reach") for moment in ("1st", "2nd", "3rd")),
    )
    costs_head = (
        "population", "target", "shown", "not contradicted", "contradicted", "shown and kept", "contradicted and broken",
        "worse with verdicts", "worse after a decision that keeps the threshold", "links", "precision",
    )  # fmt: skip
    words = Path(__file__).with_name("deciding_words.md").read_text(encoding="utf-8")
    return f"{words.format(draws=draws, labels=LABELS)}\n{table(head, coverage)}\n{table(costs_head, costs)}"


def table(header: tuple[str, ...], rows: list[tuple[str, ...]]) -> str:
    """A Markdown table."""
    return "\n".join(f"| {' | '.join(row)} |" for row in (header, ("---",) * len(header), *rows)) + "\n"


def main() -> None:
    """Run the study and write the report."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--draws", type=int, default=500)
    parser.add_argument("--report", type=Path, default=Path(__file__).parents[2] / "reports" / "benchmarks" / "deciding.md")
    given = parser.parse_args()
    found = []
    for place, (name, mentions, target, precision, kind) in enumerate(CORNERS):
        found.append((name, target, corner(mentions, target, precision, kind, given.draws, 1_000_000 * (place + 1))))
        print(name, target, flush=True)
    held = given.report.read_text(encoding="utf-8") if given.report.exists() else ""
    # the sections that the other two studies measure stay
    kept = "".join(held.partition("<!-- recall of all: measured")[1:])
    given.report.write_text(f"{render(found, given.draws)}\n{kept}".rstrip() + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()

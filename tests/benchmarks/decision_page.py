"""The measured part of reports/benchmarks/decision.md: what bench_decision.py found, as tables."""

from __future__ import annotations

import importlib.metadata

import numpy as np
from interval_methods import METHODS

PRECISIONS = (0.95, 0.98, 0.99, 0.995, 0.999)
SIZES = (200, 600, 2000)
DESIGNS = {None: "at once", 100: "batches of 100"}
"""Sizes of a batch; None draws all pairs at once."""
NAMED = {"precision": "precision", "recall": "recall within reach"}
Rows = list[tuple[str, ...]]
COMPARED = 100
"""Populations on which all methods are compared; the chosen one is measured on every population."""
DRAWS = 4
"""Samples drawn from each population in each corner: 2,000 in all, so a coverage of 95 % is known to ± 1 point."""
CARRIERS = (("carrying a number depends on the group only", 0.0), ("damaged records lack numbers too", 0.2))


def render(found: dict[str, list[list[float]]], populations: int, fewer: int, origin: str) -> str:
    """The measured part of the report."""
    mean = {key: np.mean(values, axis=0) for key, values in found.items()}
    chosen = next(iter(METHODS))
    corners: Rows = []
    beyond: Rows = []
    for measured in ("precision", "recall"):
        for n in SIZES:
            for precision in PRECISIONS:
                one, two = (mean[f"coverage|{chosen}|{batch}|{n}|{precision}|{measured}"] for batch in DESIGNS)
                shown = (f"{one[0]:.3f}", f"± {50 * one[1]:.2f}", f"{two[0]:.3f}", f"± {50 * two[1]:.2f}")
                corners.append((NAMED[measured], str(n), f"{precision:g}", *shown))
                for (batch, phases), cover in zip(DESIGNS.items(), (one[0], two[0]), strict=True):
                    if not 0.93 <= cover <= 0.975:
                        drawn = np.array(found[f"coverage|{chosen}|{batch}|{n}|{precision}|{measured}"])[:, 0]
                        sure = f"± {1.96 * drawn.std() / len(drawn) ** 0.5:.3f}"
                        hits = f"{mean[f'attainable|{n}|{precision}'][0]:.2f}" if measured == "precision" else ""
                        beyond.append((NAMED[measured], str(n), f"{precision:g}", phases, f"{cover:.3f}", sure, hits))
    limits: Rows = []
    for n in SIZES:
        for precision in PRECISIONS:
            a = mean[f"attainable|{n}|{precision}"]
            if a[1] > 0.07:
                cover = mean[f"coverage|{chosen}|None|{n}|{precision}|precision"][0]
                limits.append(
                    (str(n), f"{precision:g}", f"{a[0]:.2f}", f"{a[1]:.0%}", f"{1 - a[3]:.0%}", f"{a[2]:.3f}", f"{cover:.3f}")
                )
    methods: Rows = []
    for name in METHODS:
        keys = [key for key in found if key.startswith(f"coverage|{name}|None|")]
        part = {key: np.mean(found[key][:COMPARED], axis=0) for key in keys}
        covers = [one[0] for one in part.values()]
        widths = [100 * np.mean([one[1] for key, one in part.items() if key.endswith(end)]) for end in ("precision", "recall")]
        inside = sum(0.93 <= cover <= 0.975 for cover in covers)
        shown = (f"{np.mean(covers):.3f}", f"{min(covers):.3f}", f"{max(covers):.3f}", f"{inside} of {len(covers)}")
        methods.append((name, *shown, f"{widths[0]:.2f}", f"{widths[1]:.2f}"))
    saved: Rows = []
    for n in SIZES:
        for precision in PRECISIONS:
            for batch, phases in DESIGNS.items():
                a = mean[f"saved|{batch}|{n}|{precision}"]
                sure = 1.96 * np.std(found[f"saved|{batch}|{n}|{precision}"], axis=0)[4] / populations**0.5
                widths_shown = (f"{100 * a[0]:.2f}", f"{100 * a[1]:.2f}")
                needed = (f"{a[2]:.0f}", f"{a[3]:.0f}", f"{a[4]:.2f} ± {sure:.2f}")
                saved.append((str(n), f"{precision:g}", phases, *widths_shown, *needed))
    alone: Rows = []
    for n in SIZES:
        for precision in PRECISIONS:
            ours = {batch: mean[f"alone|{batch}|{n}|{precision}"] for batch in DESIGNS}
            ratios = [f"{one[0] / one[1]:.2f}" for one in ours.values()]
            alone.append(
                (
                    str(n),
                    f"{precision:g}",
                    *(f"{100 * one[0]:.2f}" for one in ours.values()),
                    f"{100 * ours[None][1]:.2f}",
                    *ratios,
                )
            )
    frames = [(f"{one:g}", *(f"{100 * value:.2f}" for value in mean[f"frame|{one}"])) for one in PRECISIONS]
    losses = np.array(found["calibration"])
    wins = f"{int((losses[:, 1] < losses[:, 0]).sum())} of {len(losses)}"
    three = [
        (*key.replace("_", " ").split("|")[1:], f"{a[0]:.3f}", f"{100 * a[1]:+.2f}")
        for key, a in mean.items()
        if key.startswith("three|")
    ]
    versions = ", ".join(f"{name} {importlib.metadata.version(name)}" for name in ("numpy", "scipy", "scikit-learn", "duckdb"))
    return "\n".join(
        [
            f"Populations: {populations}, {origin}; {DRAWS} samples of each in each corner of the coverage table. Versions: {versions}. Machine: 2 cores, 24 GiB. Widths in percentage points.\n",
            "### Coverage of the 95 % intervals\n",
            table(("measure", "labels", "precision", "coverage, at once", "half-width", "batches of 100", "half-width"), corners),
            "### Corners outside 93–97.5 %\n",
            table(
                (
                    "measure",
                    "labels",
                    "precision",
                    "drawn",
                    "coverage",
                    "simulation error",
                    "false links expected in the sample",
                ),
                beyond,
            ),
            "### What coverage is attainable where few false links are sampled (precision, at once)\n",
            table(
                (
                    "labels",
                    "precision",
                    "false links sampled, expected",
                    "samples without one",
                    "populations where nothing in 93–97.5 % is attainable",
                    "least attainable ≥ 93 %, mean",
                    "chosen interval",
                ),
                limits,
            ),
            f"### Methods compared, drawn at once, first {min(COMPARED, populations)} populations\n",
            table(
                (
                    "method",
                    "mean coverage",
                    "least",
                    "most",
                    "corners in 93–97.5 %",
                    "width precision",
                    "width recall within reach",
                ),
                methods,
            ),
            "### Labels a simple random sample of candidate pairs needs\n",
            table(
                (
                    "n",
                    "precision",
                    "drawn",
                    "width precision",
                    "width recall within reach",
                    "for precision",
                    "for recall within reach",
                    "for both / n",
                ),
                saved,
            ),
            "### Width for precision alone against a simple random sample of as many candidate pairs\n",
            table(("labels", "precision", "at once", "batches", "simple random", "at once / simple", "batches / simple"), alone),
            "### What the frame holds (means, percentage points)\n",
            table(("precision aimed at", "precision", "recall within reach", "recall of all"), frames),
            "### Calibration on 600 labels, 20 seeds\n",
            table(
                ("log loss below the model's", "log loss raw", "calibrated", "Brier raw", "calibrated"),
                [(wins, *(f"{one:.4f}" for one in losses.mean(axis=0)))],
            ),
            f"### The three estimators at precision 0.99 ({fewer} planted populations)\n",
            table(("who carries a number", "estimator", "measure", "coverage", "mean error"), three),
        ]
    )


def table(header: tuple[str, ...], rows: Rows) -> str:
    """A Markdown table."""
    return "\n".join("| " + " | ".join(row) + " |" for row in (header, ("---",) * len(header), *rows)) + "\n"

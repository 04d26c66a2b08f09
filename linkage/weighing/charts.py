"""Charts by matplotlib: the weights of a model, the waterfall of a pair, and what blocking rules cost."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from linkage.pairs.blocking_analysis import BlockingAnalysis
from linkage.weighing.explanation import Explanation

if TYPE_CHECKING:
    from matplotlib.figure import Figure

FOR, AGAINST, NEUTRAL = "#1b5e8c", "#b3541e", "#5f6b73"


def draw_weights(levels: Sequence[dict[str, Any]]) -> Figure:
    """Weights of every level, closest first in each comparison; `levels` are those of `training`.

    How to read it: bars to the right speak for a match; a bar out of order, or one that is short where agreement should
    tell, is worth a look.
    """
    figure, axes = _figure(0.26 * len(levels) + 1.4)
    names = [f"{row['comparison']}: {row['label']}" for row in levels]
    axes.barh(
        range(len(levels)), [row["weight"] for row in levels], color=[FOR if row["weight"] >= 0 else AGAINST for row in levels]
    )
    starts = [number for number, row in enumerate(levels) if number and row["comparison"] != levels[number - 1]["comparison"]]
    for start in starts:
        axes.axhline(start - 0.5, color="#c9ced2", linewidth=0.8)
    _label(axes, names, "match weight (bits)")
    axes.set_title("What each level of agreement weighs")
    return figure


def draw_waterfall(explanation: Explanation) -> Figure:
    """A pair's weight step by step.

    How to read it: each bar starts where the one above ends; a grey bar is what the steps above it come to, first the match
    weight, then, with all that is known beside it, the link weight.
    """
    steps = [
        ("before looking", explanation.prior),
        *((f"{step.comparison}: {step.level}", step.weight) for step in explanation.steps),
        ("match weight", None),
        *explanation.beside_the_match_weight(),
        ("link weight", None),
    ]
    figure, axes = _figure(0.32 * len(steps) + 1.2)
    reached = 0.0
    for number, (_, weight) in enumerate(steps):
        if weight is None:
            axes.barh(number, reached, color=NEUTRAL)
        else:
            axes.barh(number, weight, left=reached, color=FOR if weight >= 0 else AGAINST)
            reached += weight
    axes.use_sticky_edges = False
    _label(axes, [name for name, _ in steps], "bits")
    axes.set_title("From the prior to the weight of one pair")
    return figure


def draw_blocking(analysis: BlockingAnalysis) -> Figure:
    """Pairs each rule adds (proposes by itself, where pairs were not joined), and the share of anchor pairs found so far.

    How to read it: a long bar that hardly moves the line costs pairs and finds nobody new.
    """
    names = [one.counts.rule for one in analysis.rules]
    figure, axes = _figure(0.36 * len(names) + 1.8)
    axes.barh(
        range(len(names)), [one.counts.pairs if one.new_pairs is None else one.new_pairs for one in analysis.rules], color=FOR
    )
    joined = analysis.rules[-1].new_pairs is not None
    _label(axes, names, "pairs that no earlier rule proposes" if joined else "pairs that it proposes")
    axes.set_title("What each blocking rule adds" if joined else "What each blocking rule costs")
    if analysis.anchors:
        share = axes.twiny()
        share.plot(
            [one.anchors_found_so_far / analysis.anchors for one in analysis.rules], range(len(names)), "o-", color=AGAINST
        )
        share.set_xlim(0, 1.02)
        share.set_xlabel(f"share of {analysis.anchors:,} anchor pairs found so far (line)", color=AGAINST)
    return figure


def _figure(height: float) -> tuple[Figure, Any]:
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.figure import Figure

    figure = Figure(figsize=(9, height), layout="constrained")
    FigureCanvasAgg(figure)
    return figure, figure.subplots()


def _label(axes: Any, names: Sequence[str], what: str) -> None:
    axes.set_yticks(range(len(names)), names, fontsize=8)
    axes.invert_yaxis()
    axes.axvline(0, color="black", linewidth=0.8)
    axes.set_xlabel(what)
    axes.spines[["top", "right"]].set_visible(False)

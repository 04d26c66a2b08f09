"""The command `blocking`: what the rules cost, told from counts before any pair is joined; and what a run's blocking came to."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from linkage.cli.output import Config, Data, Out, app, console, print_rows
from linkage.words.fields import as_written

if TYPE_CHECKING:
    from linkage.pairs.blocking_analysis import BlockingAnalysis
    from linkage.project import Project, Run
    from linkage.runs import Progress


@app.command()
def blocking(
    config: Config,
    on: Annotated[
        Path | None, typer.Option(help="A run of the project, for what its pairs and scores know.", show_default=False)
    ] = None,
    out: Out = None,
    data: Data = None,
    suggest: Annotated[bool, typer.Option("--suggest", help="Propose a small set of rules instead.")] = False,
    pairs_a_mention: Annotated[
        float | None, typer.Option(min=0.1, help="Budget of --suggest; the project's pairs_per_entry.", show_default=False)
    ] = None,
    chart: Annotated[Path | None, typer.Option(help="Write the chart to this PNG or SVG file.", show_default=False)] = None,
) -> None:
    """What each blocking rule costs and may lose, from counts of blocks; or, with --suggest, rules for a budget of pairs.

    Reads and standardises if that is not done, runs no later stage and changes nothing in a finished run.
    """
    from linkage.pipeline import STAGE_NAMES
    from linkage.project import Run, open_project
    from linkage.watching import watched

    project = open_project(config, data=data)
    run = Run.open(on) if on else None
    with watched(console, STAGE_NAMES) as progress:
        if suggest:
            _print_suggested(project, run, pairs_a_mention, out, progress)
            return
        analysis = project.analyse_blocking(run, out=out, progress=progress)
    _print_analysis(analysis)
    if chart:
        from linkage.weighing.charts import draw_blocking

        draw_blocking(analysis).savefig(chart, dpi=120)
        console.print(f"Chart: {chart}", soft_wrap=True)


def _print_suggested(
    project: Project, run: Run | None, pairs_a_mention: float | None, out: Path | None, progress: Progress
) -> None:
    rules, targets = project.suggest_blocking(run, pairs_a_mention, out=out, progress=progress)
    told = [
        [as_written(one.rule.name), f"{one.pairs:,}", f"{one.targets_found:,}", f"{one.targets_found_so_far:,}"] for one in rules
    ]
    print_rows([["rule", "pairs", "finds", "found so far"], *told])
    console.print(f"Targets: {targets:,} anchor pairs and likely matches. Written for the project file:")
    console.print("\n".join(f"    - [{', '.join(map(as_written, one.rule.on))}]" for one in rules), markup=False)


def _print_analysis(analysis: BlockingAnalysis) -> None:
    joined = analysis.rules[-1].new_pairs is not None
    header = ["", "pairs", *(["new", "so far"] if joined else []), "largest", "refined", "capped", "anchors", "so far"]
    rows = [header + (["likely", "it alone"] if analysis.likely else [])]
    for number, one in enumerate(analysis.rules, start=1):
        console.print(f"{number:>3}  {as_written(one.counts.rule)}", markup=False)
        added = [one.new_pairs or 0, one.all_pairs or 0] if joined else []
        counts = [one.counts.pairs, *added, one.counts.largest_block, one.counts.refined_pairs, one.counts.capped_pairs]
        shares = [_share(one.anchors_found, analysis.anchors), _share(one.anchors_found_so_far, analysis.anchors)]
        if analysis.likely:
            shares += [_share(one.likely_found or 0, analysis.likely), f"{one.likely_found_alone or 0:,}"]
        rows.append([str(number), *(f"{count:,}" for count in counts), *shares])
    print_rows(rows)
    if joined:
        console.print("new: pairs no earlier rule proposes.")
    console.print(
        "largest: pairs of the largest block; refined: pairs that further keys take away; capped: pairs lost to the rule's cap;"
        f" anchors: share of the {analysis.anchors:,} pairs with the same personal number that the rule finds."
    )
    if analysis.likely:
        console.print(
            f"likely: share of the run's {analysis.likely:,} likely matches that the rule finds; it alone: and no other rule."
        )
    numbered, forecast = analysis.numbered, analysis.forecast
    _print_costs([asdict(one) for one in numbered.rules], numbered.threshold)
    working, stored = forecast.working_bytes / 1e6, forecast.stored_bytes / 1e6
    console.print(
        f"{'' if joined else 'At most about '}{analysis.pairs_a_record:.1f} pairs a mention; forecast {stored:,.1f} MB to keep,"
        f" {working:,.1f} MB to work with and {forecast.seconds:,.1f} s to compare."
    )
    console.print("What all rules lose, the search sample tells: linkage review serve RUN, then linkage estimate RUN.")


def _share(part: int, whole: int) -> str:
    return f"{part / whole:.1%}" if whole else "–"


def print_refined(run: Path) -> None:
    """What the run's blocking refined or left out, with what that loses: a line a rule; nothing where it did neither."""
    from linkage.runs.tables import BLOCKING, RUN

    if BLOCKING.is_in(run):
        held, budget = BLOCKING.read(run), RUN.read(run)["spec"]["blocking"]["pairs_per_entry"]
        _print_costs(held["rules"], held["crowded_above"])
        if budget is not None and held["candidate_pairs"] > budget * held["left_rows"]:
            console.print(
                f"blocking: {held['candidate_pairs'] / held['left_rows']:.1f} pairs a mention, above pairs_per_entry"
                f" ({budget:g}): no further key splits the remaining blocks. Add keys to the rules, or a `cap`.",
                style="yellow",
                markup=False,
            )


def _print_costs(rules: Sequence[Any], threshold: int | None) -> None:
    for one in rules:
        if one["refined_by"]:
            keys = ", then ".join(map(as_written, one["refined_by"]))
            lost = f"{one['likely_lost']:,} of {one['likely']:,} likely matches looked at" if one["likely"] else "unknown"
            console.print(
                f"blocking: {as_written(one['rule'])}: crowded blocks refined by {keys}; {one['refined_pairs']:,} pairs fewer;"
                f" lost by this rule: {lost}",
                markup=False,
            )
        if one["capped_pairs"]:
            console.print(
                f"blocking: {as_written(one['rule'])}: {one['capped_blocks']:,} blocks beyond its cap are left out, with"
                f" {one['capped_pairs']:,} pairs",
                style="yellow",
                markup=False,
            )
    if any(one["refined_by"] for one in rules):
        crowded = "beyond its rule's cap" if threshold is None else f"of more than {threshold:,} records on its larger side"
        console.print(f"blocking: crowded: a block {crowded}; what one rule loses another mostly proposes", markup=False)

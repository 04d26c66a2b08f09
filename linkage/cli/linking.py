"""Commands that make and look at links: demo, synth, check, run, runs, explain."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Literal

import typer
from rich.table import Table

from linkage.cli.costs_of_rules import print_refined
from linkage.cli.output import (
    Config,
    Data,
    Out,
    RunFolder,
    Yes,
    app,
    asking,
    command_line,
    console,
    print_findings,
    print_flow,
)
from linkage.cli.targets import print_feasible, print_run_feasible
from linkage.words.fields import as_written

World = Annotated[
    Literal["usual", "hard"],
    typer.Option(help="hard: namesakes, people twice or absent, errors that keep together; synthetic/world.py lists them."),
]


@app.command()
def demo(
    persons: Annotated[int, typer.Option(min=100, help="People in the synthetic province.")] = 20_000,
    out: Annotated[Path, typer.Option(help="Where to put it.")] = Path("runs/demo"),
    seed: Annotated[int, typer.Option(min=0)] = 20261123,
    world: World = "usual",
    yes: Yes = False,
) -> None:
    """Make a synthetic province, run everything on it, and say where each result is."""
    from linkage.demo import CONFIGS, hold_against_truth
    from linkage.pipeline import STAGE_NAMES
    from linkage.project import open_project
    from linkage.replacing import hold_remade
    from linkage.runs.tables import LINKS, REPORT_PAGE, REVIEW_SET, TRUTH
    from linkage.synthetic import WORLDS, SyntheticSpec, generate
    from linkage.watching import watched

    registers, folder, agreed = out / "registers", out / "birth-to-population", asking(yes)
    made = registers / (f".made-{persons}-{seed}" + ("" if world == "usual" else f"-{world}"))
    if not made.exists():
        hold_remade(folder, agreed)
        for other in registers.glob(".made-*"):  # one folder holds one province
            other.unlink()
        with watched(console, ("synthetic",)) as progress:
            progress("synthetic", 0, 0)
            spec = SyntheticSpec(persons=persons, seed=seed, world=WORLDS[world])
            generate(spec, registers, lambda done, total: progress("families", done, total))
        made.touch(mode=0o600)
    project = open_project(CONFIGS / "birth-to-population.yaml", data=registers)
    with watched(console, STAGE_NAMES) as progress:
        run = project.run(out=folder, progress=progress, command=command_line(), agreed=agreed)
    truth = hold_against_truth(run, TRUTH.path(registers), "birth", "child")
    console.print("\nSynthetic registers: no real person is in them.", style="bold")
    print_flow(run.summary["stages"])
    print_refined(run.path)
    print_findings(run.path)
    print_run_feasible(run.path)
    console.print(
        f"Against the generator's truth: precision {truth.precision:.4f} ({truth.true_links:,} true of {truth.links:,} links),"
        f" recall of all {truth.recall:.4f} (of {truth.matches:,} births that have a person;"
        f" blocking recall {truth.blocking_recall:.4f});"
        f" {truth.waiting:,} pairs wait for reviewers, {truth.true_waiting:,} of them true."
    )
    for what, one in (("links", LINKS), ("review set", REVIEW_SET), ("report", REPORT_PAGE)):
        console.print(f"  {what:<11} {one.path(run.path)}", soft_wrap=True)
    console.print(f"Review in the browser: linkage review serve {run.path}", soft_wrap=True)


@app.command()
def synth(
    out: Annotated[Path, typer.Argument(help="Folder to write.", show_default=False)],
    persons: Annotated[int, typer.Option(min=100, help="People in the population database.")] = 20_000,
    seed: Annotated[int, typer.Option(min=0)] = 20261123,
    errors: Annotated[float, typer.Option(min=0, max=10, help="Multiplies every error rate.")] = 1.0,
    world: World = "usual",
) -> None:
    """Make synthetic registers with their truth, nothing else."""
    from linkage.synthetic import WORLDS, SyntheticSpec, generate
    from linkage.watching import watched

    spec = SyntheticSpec(persons=persons, seed=seed, errors=errors, world=WORLDS[world])

    with watched(console, ("synthetic",)) as progress:
        progress("synthetic", 0, 0)
        generate(spec, out, lambda done, total: progress("families", done, total))
    console.print(f"Synthetic registers are in {out}", soft_wrap=True)


@app.command()
def check(config: Config, data: Data = None) -> None:
    """Check the project file and the sources' columns; links nothing."""
    from linkage.config.field_keys import keys_of
    from linkage.decision.feasible import foresee
    from linkage.project import open_project

    project = open_project(config, data=data)
    plan = project.check()
    for side, report in plan.sides.items():
        for part in report.parts:
            console.print(
                f"{side}: {part.source}  {', '.join(f'{key} {value}' for key, value in part.detected.items())}", style="bold"
            )
            table = Table("field", "column", "taken by", *(["read as"] if any(report.read_as.values()) else []))
            for match in part.mapping.matches:
                table.add_row(as_written(match.field), match.header, match.how, report.read_as.get(match.field, ""))
            console.print(table)
            if part.mapping.unmapped:
                console.print(f"not used: {', '.join(part.mapping.unmapped)}", markup=False)
    keys = Table("field", "kind", "keys for rules and comparisons")
    for field, kind in plan.shared.items():
        keys.add_row(as_written(field), kind.value, ", ".join(map(as_written, keys_of(field, kind))))
    console.print(keys)
    for warning in plan.warnings:
        console.print(f"note: {warning}", style="yellow", markup=False)
    searches = project.spec.review.searches if project.spec.right else 0
    print_feasible(foresee(project.spec.targets, project.spec.review_budget, searches))
    console.print(
        f"{config}: right. {len(plan.shared)} fields can be compared: {', '.join(map(as_written, plan.shared))}", markup=False
    )


@app.command()
def run(
    config: Config,
    until: Annotated[str | None, typer.Option(help="Last stage to run.", show_default=False)] = None,
    out: Out = None,
    data: Data = None,
    engine: Annotated[
        Literal["duckdb", "spark"], typer.Option("--engine", "--backend", help="What blocks, trains and scores.")
    ] = "duckdb",
    yes: Yes = False,
) -> None:
    """Run the stages that are not up to date; an interrupted run goes on where it stopped."""
    from linkage.pipeline import STAGE_NAMES
    from linkage.project import open_project
    from linkage.watching import watched

    project = open_project(config, data=data)
    with watched(console, STAGE_NAMES) as progress:
        done = project.run(until, out=out, progress=progress, command=command_line(), engine=engine, agreed=asking(yes))
    print_flow(done.summary["stages"])
    print_refined(done.path)
    print_findings(done.path)
    print_run_feasible(done.path)
    console.print(f"Run directory: {done.path}", soft_wrap=True)


@app.command()
def runs(folder: Annotated[Path, typer.Argument(help="Folder to look in.")] = Path("runs")) -> None:
    """List the runs below a folder, newest first."""
    from linkage.runs import list_runs

    found = list_runs(folder)
    if not found:
        console.print(f"No runs below {folder}. `linkage run CONFIG` makes one.", soft_wrap=True)
        return
    table = Table("run", "finished", "seconds", "links", "last stage", "folder")
    for row in found:
        table.add_row(
            row["run_id"],
            str(row["finished_at"])[:19],
            f"{row['seconds']:.1f}",
            row["links"] or "–",
            (row["stages"] or ["–"])[-1],
            row["folder"],
        )
    console.print(table)


@app.command()
def explain(
    run_folder: RunFolder,
    mention: Annotated[str | None, typer.Argument(help="Record id of the mention (left).", show_default=False)] = None,
    person: Annotated[str | None, typer.Argument(help="Record id of the person (right).", show_default=False)] = None,
    entity: Annotated[
        str | None, typer.Option(help="Instead of a pair: the id of an entity, or of a record in it.", show_default=False)
    ] = None,
    chart: Annotated[Path | None, typer.Option(help="Write the waterfall to this PNG or SVG file.", show_default=False)] = None,
) -> None:
    """Why one pair weighs what it weighs, or why records are one entity, in words and numbers."""
    from linkage.project import Run

    if entity is not None:
        console.print("\n".join(Run.open(run_folder).explain(entity).lines()), markup=False, soft_wrap=True)
        return
    if mention is None or person is None:
        raise typer.BadParameter("give the record ids of a mention and a person, or --entity ID")
    explanation = Run.open(run_folder).explain(mention, person)
    console.print("\n".join(explanation.lines()), markup=False, soft_wrap=True)
    if chart:
        from linkage.weighing.charts import draw_waterfall

        draw_waterfall(explanation).savefig(chart, dpi=120)
        console.print(f"Chart: {chart}", soft_wrap=True)

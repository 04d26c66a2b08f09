"""The command line: parse, call the façade, print. Exit status 0 done, 1 the work failed, 2 the command or file is wrong."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console
from rich.table import Table

from linkage.errors import LinkageError

app = typer.Typer(
    name="linkage",
    help="Link civil-status registers to the population database.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,
)
console = Console(highlight=False)
errors = Console(stderr=True, highlight=False)

Config = Annotated[Path, typer.Argument(help="The project file (YAML).", show_default=False, readable=False)]
Out = Annotated[Path | None, typer.Option(help="Run directory; runs/<project> when absent.", show_default=False, readable=False)]
Data = Annotated[Path | None, typer.Option(help="Folder that {data} stands for in the project file.", show_default=False)]


@app.command()
def demo(
    persons: Annotated[int, typer.Option(min=100, help="People in the synthetic province.")] = 20_000,
    out: Annotated[Path, typer.Option(help="Where to put it.")] = Path("runs/demo"),
    seed: Annotated[int, typer.Option(min=0)] = 20261123,
) -> None:
    """Make a synthetic province, run everything on it, and say where each result is."""
    from linkage.demo import CONFIGS, hold_against_truth
    from linkage.pipeline import STAGE_NAMES
    from linkage.project import open_project
    from linkage.synthetic import SyntheticSpec, generate
    from linkage.watching import watched

    registers = out / "registers"
    if not (registers / f".made-{persons}-{seed}").exists():
        with watched(console, ("synthetic",)) as progress:
            progress("synthetic", 0, 0)
            generate(SyntheticSpec(persons=persons, seed=seed), registers, lambda done, total: progress("families", done, total))
        (registers / f".made-{persons}-{seed}").touch(mode=0o600)
    project = open_project(CONFIGS / "birth-to-population.yaml", data=registers)
    with watched(console, STAGE_NAMES) as progress:
        run = project.run(out=out / "birth-to-population", progress=progress, command=_command())
    truth = hold_against_truth(run, registers / "truth.parquet", "birth", "child")
    console.print("\nSynthetic registers: no real person is in them.", style="bold")
    _print_flow(run.summary["stages"])
    console.print(
        f"Against the generator's truth: precision {truth.precision:.4f} ({truth.true_links:,} true of {truth.links:,} links),"
        f" recall {truth.recall:.4f} (of {truth.matches:,} births that have a person; blocking recall {truth.blocking_recall:.4f})."
    )
    for what, name in (("links", "links.parquet"), ("review set", "review_set.parquet"), ("report", "report.html")):
        console.print(f"  {what:<11} {run.path / name}", soft_wrap=True)
    console.print(f"Review in the browser: linkage review serve {run.path}", soft_wrap=True)


@app.command()
def synth(
    out: Annotated[Path, typer.Argument(help="Folder to write.", show_default=False)],
    persons: Annotated[int, typer.Option(min=100, help="People in the population database.")] = 20_000,
    seed: Annotated[int, typer.Option(min=0)] = 20261123,
    errors: Annotated[float, typer.Option(min=0, max=10, help="Multiplies every error rate.")] = 1.0,
) -> None:
    """Make synthetic registers with their truth, nothing else."""
    from linkage.synthetic import SyntheticSpec, generate
    from linkage.watching import watched

    with watched(console, ("synthetic",)) as progress:
        progress("synthetic", 0, 0)
        generate(
            SyntheticSpec(persons=persons, seed=seed, errors=errors), out, lambda done, total: progress("families", done, total)
        )
    console.print(f"Synthetic registers are in {out}", soft_wrap=True)


@app.command()
def check(config: Config, data: Data = None) -> None:
    """Check the project file and the sources' columns; links nothing."""
    from linkage.project import open_project

    project = open_project(config, data=data)
    plan = project.check()
    for side, report in plan.sides.items():
        for part in report.parts:
            console.print(
                f"{side}: {part.source}  {', '.join(f'{key} {value}' for key, value in part.detected.items())}", style="bold"
            )
            table = Table("field", "column", "taken by")
            for match in part.mapping.matches:
                table.add_row(match.field, match.header, match.how)
            console.print(table)
            if part.mapping.unmapped:
                console.print(f"not used: {', '.join(part.mapping.unmapped)}", markup=False)
    for warning in project.warnings(plan):
        console.print(f"note: {warning}", style="yellow", markup=False)
    console.print(f"{config}: right. {len(plan.shared)} fields can be compared: {', '.join(plan.shared)}", markup=False)


@app.command()
def run(
    config: Config,
    until: Annotated[str | None, typer.Option(help="Last stage to run.", show_default=False)] = None,
    out: Out = None,
    data: Data = None,
) -> None:
    """Run the stages that are not up to date; an interrupted run goes on where it stopped."""
    from linkage.pipeline import STAGE_NAMES
    from linkage.project import open_project
    from linkage.watching import watched

    project = open_project(config, data=data)
    with watched(console, STAGE_NAMES) as progress:
        done = project.run(until=until, out=out, progress=progress, command=_command())
    _print_flow(done.summary["stages"])
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


def main() -> None:
    """Run the command line; no traceback reaches a user without --debug."""
    debug = "--debug" in sys.argv
    sys.argv = [argument for argument in sys.argv if argument != "--debug"]
    try:
        app(standalone_mode=True)
    except LinkageError as error:
        if debug:
            raise
        errors.print(error.what, style="red", markup=False, soft_wrap=True)
        if error.remedy:
            errors.print(error.remedy, markup=False, soft_wrap=True)
        sys.exit(error.exit_status)
    except KeyboardInterrupt:
        errors.print("Stopped. Finished stages are kept; the same command goes on from there.")
        sys.exit(130)
    except Exception as error:  # the last line of defence: the message may hold register values, so only its kind is shown
        if debug:
            raise
        errors.print(f"linkage failed inside ({type(error).__name__}). Run again with --debug to see where.", markup=False)
        sys.exit(1)


def _command() -> str:
    return " ".join(["linkage", *sys.argv[1:]])


def _print_flow(stages: dict[str, dict[str, object]]) -> None:
    table = Table("stage", "seconds", "MiB", "figures")
    for name, record in stages.items():
        counts = record["counts"]
        assert isinstance(counts, dict)
        shown = ", ".join(
            f"{key.replace('_', ' ')} {value:,}" if isinstance(value, (int, float)) else f"{key} {value}"
            for key, value in counts.items()
        )
        table.add_row(name, f"{record['seconds']}", f"{record['peak_memory_mb']:,.0f}", shown)
    console.print(table)


if __name__ == "__main__":
    main()

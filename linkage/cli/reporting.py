"""Commands after the links: estimate, decide, report."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Annotated, Literal

import typer

from linkage.cli.output import RunFolder, app, console, print_flow, print_rows
from linkage.cli.targets import print_judgements, print_label_error, print_proposal
from linkage.errors import LinkageError, ProjectFileError


@app.command()
def estimate(
    run_folder: RunFolder,
    figures: Annotated[Path | None, typer.Option(help="Folder to draw the figures in.", show_default=False)] = None,
) -> None:
    """Precision, recall of all and within reach, with intervals, by every route there is; changes no decision."""
    from linkage.project import Run
    from linkage.words.estimates import DENOMINATORS, ESTIMATORS, MEASURES

    run = Run.open(run_folder)
    found = run.estimate()
    print_label_error(found, warning=True)
    console.print("Of the links as they are delivered:")
    rows = [["rate", "estimator", "value", "low", "high", "of", "n"]]
    for one in found.estimates:
        if one.threshold is None and one.reading == "middle":
            numbers = [f"{value:.4f}" for value in (one.value, one.low, one.high)]
            named = [MEASURES[one.measure].en, ESTIMATORS[one.estimator].en]
            rows.append([*named, *numbers, f"{one.denominator:,.0f} {DENOMINATORS[one.denominator_is].en}", f"{one.n:,}"])
    print_rows(rows)
    print_judgements(found.judgements)
    print_label_error(found, warning=False)
    for note in found.notes:
        console.print(f"note: {note}", markup=False)
    if figures:
        for path in run.draw_estimates(found, figures):
            console.print(f"{path}", soft_wrap=True)
    console.print(f"Nothing was changed. To let the labels decide: linkage decide {run_folder} --by labels", soft_wrap=True)


@app.command()
def decide(
    run_folder: RunFolder,
    by: Annotated[Literal["labels", "model"], typer.Option(help="What places the thresholds from now on.")] = "labels",
    yes: Annotated[bool, typer.Option("--yes", help="Agree without being asked, in scripts.")] = False,
) -> None:
    """Show the links before and after, ask, and let the labels (or the model again) decide; without consent nothing changes."""
    from linkage.decision.proposing import Proposal
    from linkage.pipeline import STAGE_NAMES
    from linkage.project import Run
    from linkage.watching import watched

    run = Run.open(run_folder)
    answers: list[bool] = []

    def agreed(proposal: Proposal) -> bool:
        print_proposal(proposal)
        if proposal.changes_nothing:
            console.print("The run is decided so already: nothing to change.")
            return False
        if not (yes or sys.stdin.isatty()):
            raise LinkageError("nothing was changed: there is no terminal to ask at", "In scripts agree beforehand, with --yes.")
        answers.append(yes or typer.confirm("Decide so?"))
        return answers[-1]

    with watched(console, STAGE_NAMES) as progress:
        run = run.decide(by, agreed=agreed, progress=progress)
    if answers == [False]:
        raise LinkageError("nothing was changed", "The labels stay; decide when you agree.")
    if answers:
        shown = ("decide", *STAGE_NAMES[STAGE_NAMES.index("sample") :])
        print_flow({name: record for name, record in run.summary["stages"].items() if name in shown})
        console.print(f"To take this back: linkage decide {run_folder} --by model", soft_wrap=True)


@app.command()
def report(
    run_folder: RunFolder,
    formats: Annotated[str, typer.Option("--format", help="html, docx, pdf, with commas between.")] = "html,docx,pdf",
    out: Annotated[Path | None, typer.Option(help="Folder to write; the run directory when absent.", show_default=False)] = None,
    since: Annotated[Path | None, typer.Option(help="An earlier run to tell the changes since.", show_default=False)] = None,
    language: Annotated[
        str | None, typer.Option(help="vi or en; as the project file says when absent.", show_default=False)
    ] = None,
) -> None:
    """Build the method report."""
    from linkage.project import Run

    wanted = tuple(part.strip() for part in formats.split(","))
    if not set(wanted) <= {"html", "docx", "pdf"}:
        raise ProjectFileError(f"--format {formats} is not understood", "Formats are html, docx and pdf, with commas between.")
    for path in Run.open(run_folder).report(wanted, out=out, since=since, language=language):
        console.print(f"{path}", soft_wrap=True)

"""Commands after the links: estimate, report."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from linkage.cli.output import RunFolder, app, console, print_flow, print_rows
from linkage.errors import ProjectFileError


@app.command()
def estimate(
    run_folder: RunFolder,
    figures: Annotated[Path | None, typer.Option(help="Folder to draw the figures in.", show_default=False)] = None,
) -> None:
    """Precision, recall and error rates with intervals, by every route there is; after a review the labels decide."""
    from linkage.decision import describe_choices, describe_promise
    from linkage.pipeline import STAGE_NAMES
    from linkage.project import Run
    from linkage.watching import watched
    from linkage.words.estimates import DENOMINATORS, ESTIMATORS, MEASURES

    run = Run.open(run_folder)
    found = run.estimate()
    console.print("Of the links as they stood before these labels decide:")
    rows = [["rate", "estimator", "value", "low", "high", "of", "n"]]
    for one in found.estimates:
        if one.threshold is None and one.reading == "middle":
            numbers = [f"{value:.4f}" for value in (one.value, one.low, one.high)]
            named = [MEASURES[one.measure].en, ESTIMATORS[one.estimator].en]
            rows.append([*named, *numbers, f"{one.denominator:,.0f} {DENOMINATORS[one.denominator_is].en}", f"{one.n:,}"])
    print_rows(rows)
    if found.from_labels:
        language = run.spec.report.language
        console.print(describe_promise(found.from_labels, run.spec.targets, language), markup=False)
        if found.from_labels.choices:
            print_rows(describe_choices(found.from_labels.choices, language))
    for note in found.notes:
        console.print(f"note: {note}", markup=False)
    if figures:
        for path in run.draw_estimates(found, figures):
            console.print(f"{path}", soft_wrap=True)
    with watched(console, STAGE_NAMES) as progress:
        run = run.update(progress)
    shown = STAGE_NAMES[STAGE_NAMES.index("decide") :]
    print_flow({name: record for name, record in run.summary["stages"].items() if name in shown})


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

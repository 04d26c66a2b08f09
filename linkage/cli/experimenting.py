"""Commands of the data scientist's bench: compare, tune, lab."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from linkage.cli.output import Config, Data, app, console, print_rows


@app.command()
def compare(
    run_a: Annotated[Path, typer.Argument(help="The earlier run.", show_default=False)],
    run_b: Annotated[Path, typer.Argument(help="The run that may replace it.", show_default=False)],
    out: Annotated[Path, typer.Option(help="Folder for the page, the tables and the pairs to label.")] = Path("runs/comparison"),
) -> None:
    """Which links were gained, lost, kept or moved between two runs, and what that is worth as far as labels allow."""
    from linkage.comparing import compare_runs

    told = compare_runs(run_a, run_b, out)
    rows = [["", "", "kept", "gained", "lost", "moved"]]
    for one in told.changes:
        rows.append([one.by, one.stratum, f"{one.kept:,}", f"{one.gained:,}", f"{one.lost:,}", f"{one.moved:,}"])
    print_rows(rows)
    for note in told.notes:
        console.print(f"note: {note}", markup=False)
    console.print(f"{told.page}", soft_wrap=True)
    console.print(
        f"To label the pairs that tell them apart: linkage review serve {told.folder}; then compare again.", soft_wrap=True
    )


@app.command()
def tune(
    config: Config,
    grid: Annotated[Path, typer.Argument(help="The settings to try (YAML: dotted key → list of values).", show_default=False)],
    out: Annotated[
        Path | None, typer.Option(help="Folder for the trials; runs/<project>-tuning when absent.", show_default=False)
    ] = None,
    data: Data = None,
    trials: Annotated[int | None, typer.Option(min=1, help="A random so many of the combinations.", show_default=False)] = None,
    labels: Annotated[Path | None, typer.Option(help="A run whose review scores the trials.", show_default=False)] = None,
    seed: Annotated[int | None, typer.Option(min=0, show_default=False)] = None,
) -> None:
    """Try settings of a project file and score them alike; an interrupted search goes on where it stopped."""
    from linkage.project import open_project
    from linkage.replacing import RUNS
    from linkage.tuning import tune as search
    from linkage.watching import watched
    from linkage.words.estimates import MEASURES

    with watched(console, ("trial",)) as bar:
        trials_done = (0, 0)

        def progress(what: str, done: int, total: int) -> None:
            nonlocal trials_done
            if what == "trial":
                trials_done = (done, total)
            bar(what, *trials_done)  # the bar counts trials; the stage within one is only named

        found = search(
            config.resolve(),
            grid,
            trials=trials,
            out=out or RUNS / f"{open_project(config).spec.project}-tuning",
            data=data.resolve() if data else None,
            labels=labels,
            progress=progress,
            seed=seed,
        )
    measure = MEASURES[found.measure].en.lower()
    rows = [["trial", "setting", measure, "unknown links", "clerical pairs", "seconds", "stages taken over"]]
    for one in found.trials:
        setting = ", ".join(f"{key}={value}" for key, value in one.setting.items()) or "as it is"
        share = f"{one.score.found.value:.4f}" if one.score else one.error.splitlines()[0]
        unknown = f"{one.score.unknown:.2%}" if one.score else ""
        cells = [share, unknown, f"{one.clerical_pairs:,}", f"{one.seconds:.1f}", ", ".join(one.reused)]
        rows.append([f"{one.number}", setting, *cells])
    print_rows(rows)
    console.print(f"Best: trial {found.best.number} ({found.best.project_file}), scored by {found.scored_by}.", soft_wrap=True)
    if found.nested is None:
        console.print("Nothing but the model's own word was asked: no quality can be stated.")
    else:
        found_again, false = found.nested.found, found.nested.false_link_rate
        console.print(
            f"Such a choice, on cases that took no part in it: {measure} {found_again.value:.4f}"
            f" ({found_again.low:.4f} to {found_again.high:.4f}),"
            f" false links {false.value:.3%} of those known ({false.low:.3%} to {false.high:.3%}, unknown ones right or wrong)."
        )
    if found.hopeful.number != found.best.number:
        console.print(
            f"If links that no label knows were right, trial {found.hopeful.number} would be chosen. To know, compare the two and"
            f" label what tells them apart: linkage compare {found.best.run} {found.hopeful.run}",
            soft_wrap=True,
        )
    for path in found.files:
        console.print(f"  {path}", soft_wrap=True)


@app.command()
def lab(
    folder: Annotated[Path, typer.Argument(help="Folder of notebooks.")] = Path("notebooks"),
    port: Annotated[int, typer.Option(min=1, max=65535)] = 8888,
    browser: Annotated[bool, typer.Option(help="Open the browser.")] = True,
) -> None:
    """Start JupyterLab on the notebooks, with its outward calls off."""
    from linkage.notebook import open_lab

    open_lab(folder, port, browser)

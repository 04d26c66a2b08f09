"""What every command shares: the application, the two consoles, and how a run's stages are printed."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from importlib.metadata import version
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer
from rich.console import Console
from rich.table import Table

from linkage.config.local_paths import local_path

if TYPE_CHECKING:
    from linkage.replacing import Agreed, Replaced
    from linkage.runs.shapes import StageSummary

app = typer.Typer(
    name="linkage",
    help="Link civil-status registers to the population database.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,
)


def _say_version(asked: bool) -> None:
    if asked:
        typer.echo(f"linkage {version('linkage')}")
        raise typer.Exit


@app.callback()
def _any_command(
    asked: Annotated[
        bool, typer.Option("--version", help="Say the version and end.", callback=_say_version, is_eager=True)
    ] = False,
) -> None:
    pass


console = Console(highlight=False)
errors = Console(stderr=True, highlight=False)

Config = Annotated[Path, typer.Argument(help="The project file (YAML).", show_default=False, readable=False)]
RunFolder = Annotated[Path, typer.Argument(help="The run directory.", show_default=False)]
Out = Annotated[
    Path | None,
    typer.Option(
        help="Run directory; when absent runs/<project>, or runs/<project>-2 beside another project file's.",
        show_default=False,
        readable=False,
    ),
]
Yes = Annotated[
    bool, typer.Option("--yes", help="Replace links that people's work rests on, or another project file's, without being asked.")
]
Data = Annotated[Path | None, typer.Option(help="Folder that {data} stands for in the project file.", show_default=False)]


def command_line() -> str:
    """What was typed, for run.json."""
    return " ".join(["linkage", *sys.argv[1:]])


def asking(yes: bool) -> Agreed:
    """Consent to what a command would replace: given beforehand, or asked for, once, where there is a terminal to ask at."""
    given = [yes]

    def agreed(replaced: Replaced) -> bool:
        if not given[-1] and sys.stdin.isatty():
            console.print(replaced.sentence, style="yellow", markup=False, soft_wrap=True)
            given.append(typer.confirm("Replace them?"))
        return given[-1]

    return agreed


def refuse_other_stores(arguments: Sequence[str]) -> None:
    """No argument of any command is the address of another store (`s3://…`): told before a folder of that name is made.

    Raises:
        ProjectFileError: one is.
    """
    said = "this argument"
    for argument in arguments:
        option, equals, value = argument.partition("=") if argument.startswith("--") else ("", "", argument)
        local_path(value, option if equals else said)
        said = argument if argument.startswith("--") else "this argument"


def print_rows(rows: Sequence[Sequence[str]]) -> None:
    """A table whose first row is its header."""
    table = Table()
    for header in rows[0]:
        table.add_column(header, overflow="fold")
    for row in rows[1:]:
        table.add_row(*row)
    console.print(table)


TOLD_APART = ("_rule_", "_null_words_")
"""Counts of `read` that `print_findings` tells."""


def print_findings(run: Path) -> None:
    """What the contract check found in the sources, whatever the severity of the rule: one line a rule, rows by number."""
    from linkage.runs.tables import CHECKS
    from linkage.words.set_aside import NULL_WORD, set_aside_word

    if not CHECKS.is_in(run):
        return
    for side, checked in CHECKS.read(run)["sides"].items():
        for found in checked["rules"]:
            if found["rows"]:
                more = ", …" if found["rows"] > len(found["first"]) else ""
                sources = dict.fromkeys(source for source, _ in found["first"])
                rows = "; ".join(
                    f"{source} rows {', '.join(str(row) for of, row in found['first'] if of == source)}" for source in sources
                )
                breaks = "row breaks" if found["rows"] == 1 else "rows break"
                told = f"{side}: {found['rows']:,} {breaks} {found['rule']} ({found['severity']}):"
                console.print(
                    f"{told} {set_aside_word(found['rule'], 'en')}; {rows}{more}",
                    style="yellow" if found["severity"] != "note" else None,
                    markup=False,
                )
        if sound := [found["rule"] for found in checked["rules"] if not found["rows"]]:
            console.print(f"{side}: no row breaks {', '.join(sound)}", markup=False)
        for field, count in checked["null_words"].items():
            console.print(
                f"{side}: {field} is in {count:,} rows {NULL_WORD('en')}",
                style="yellow",
                markup=False,
            )


def print_flow(stages: dict[str, StageSummary]) -> None:
    """One row a stage: seconds, peak memory, figures."""
    table = Table("stage", "seconds", "MiB", "figures")
    for name, record in stages.items():
        shown = ", ".join(
            f"{key.replace('_', ' ')} {value:,}" if isinstance(value, (int, float)) else f"{key.replace('_', ' ')} {value}"
            for key, value in record["counts"].items()
            if not any(own in key for own in TOLD_APART)
        )
        table.add_row(name, f"{record['seconds']}", f"{record['peak_memory_mb']:,.0f}", shown)
    console.print(table)
    if stages["decide"]["counts"].get("decision_lapsed") if "decide" in stages else 0:
        console.print(
            "The decision by labels was made with another model and has lapsed: the model's thresholds decide."
            " `linkage decide RUN --by labels` decides anew.",
            style="yellow",
        )
    if outdated := stages["decide"]["counts"].get("verdicts_outdated") if "decide" in stages else 0:
        console.print(
            f"{outdated:,} verdicts decide no longer: a record of their pair has changed since it was judged."
            " `linkage review serve` gives these pairs out again.",
            style="yellow",
        )

"""What every command shares: the application, the two consoles, and how a run's stages are printed."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer
from rich.console import Console
from rich.table import Table

from linkage.config.local_paths import local_path

if TYPE_CHECKING:
    from linkage.runs.documents import StageSummary

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
RunFolder = Annotated[Path, typer.Argument(help="The run directory.", show_default=False)]
Out = Annotated[Path | None, typer.Option(help="Run directory; runs/<project> when absent.", show_default=False, readable=False)]
Data = Annotated[Path | None, typer.Option(help="Folder that {data} stands for in the project file.", show_default=False)]


def command_line() -> str:
    """What was typed, for run.json."""
    return " ".join(["linkage", *sys.argv[1:]])


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


def print_flow(stages: dict[str, StageSummary]) -> None:
    """One row a stage: seconds, peak memory, figures."""
    table = Table("stage", "seconds", "MiB", "figures")
    for name, record in stages.items():
        shown = ", ".join(
            f"{key.replace('_', ' ')} {value:,}" if isinstance(value, (int, float)) else f"{key} {value}"
            for key, value in record["counts"].items()
        )
        table.add_row(name, f"{record['seconds']}", f"{record['peak_memory_mb']:,.0f}", shown)
    console.print(table)

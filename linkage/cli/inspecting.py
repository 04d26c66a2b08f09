"""Commands about registers and their sources: registers, profile."""

from __future__ import annotations

from functools import partial
from pathlib import Path
from typing import Annotated

import typer

from linkage.cli.output import Config, Data, app, console, print_rows


@app.command()
def registers(
    kind: Annotated[str | None, typer.Argument(help="A register kind.", show_default=False)] = None,
    template: Annotated[
        Path | None, typer.Option(help="Write an empty workbook with the kind's headers.", show_default=False)
    ] = None,
) -> None:
    """List the kinds of register, or one kind's fields and roles; write its template."""
    from linkage.registers import register_kind
    from linkage.registers.templates import list_fields, list_kinds, list_roles, write_template

    if kind is None:
        print_rows([("kind", "name", "roles", "fields"), *list_kinds()])
        return
    chosen = register_kind(kind)
    if template:
        write_template(chosen, template)
        console.print(f"{template}", soft_wrap=True)
        return
    print_rows([("field", "header", "template name", "kind", ""), *list_fields(chosen)])
    print_rows([("role", "name", "taken from"), *list_roles(chosen)])


@app.command()
def profile(
    config: Config,
    data: Data = None,
    out: Annotated[
        Path | None, typer.Option(help="Folder for the pages; runs/<project>-profile when absent.", show_default=False)
    ] = None,
    floor: Annotated[int, typer.Option(min=2, help="Values rarer than this are not shown.")] = 10,
) -> None:
    """Completeness, distinct and frequent values and date precision of each source, as a table and a page."""
    from linkage.project import open_project
    from linkage.registers.profile import draw_profile, profile_rows, profile_side, rule_rows
    from linkage.registers.sheet_words import PROFILE_HEADERS, RULE_HEADERS
    from linkage.replacing import RUNS
    from linkage.runs.sql import connect
    from linkage.watching import watched

    project = open_project(config, data=data)
    folder = out or RUNS / f"{project.spec.project}-profile"
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    for name, side in project.sides.items():
        with connect() as connection, watched(console, ("profile",)) as progress:
            progress("profile", 0, 0)
            told = profile_side(
                connection,
                side,
                base=project.folder,
                data=project.data,
                folder=folder,
                floor=floor,
                progress=partial(progress, name),
            )
        print_rows([PROFILE_HEADERS, *profile_rows(told)])
        if rules := rule_rows(told):
            print_rows([RULE_HEADERS, *rules])
        draw_profile(told, folder / f"{name}.png")
        console.print(f"{folder / f'{name}.png'}", soft_wrap=True)

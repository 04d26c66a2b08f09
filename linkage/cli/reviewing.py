"""Commands of the clerical review: serve, users, export, import, progress, labels, backup, restore."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Literal

import typer

from linkage.cli.output import RunFolder, app, console, print_rows

if TYPE_CHECKING:
    from linkage.statistics import Measure

review = typer.Typer(help="Clerical review in the browser, or by workbooks.", no_args_is_help=True)
app.add_typer(review, name="review")
Name = Annotated[str | None, typer.Argument(help="Account name.", show_default=False)]


@review.command()
def serve(
    run_folder: RunFolder,
    host: Annotated[
        str, typer.Option(help="Another address than this machine's own needs TLS files or --behind-proxy.")
    ] = "127.0.0.1",
    port: Annotated[int, typer.Option(min=1, max=65535)] = 8000,
    tls_certificate: Annotated[Path | None, typer.Option(show_default=False)] = None,
    tls_key: Annotated[Path | None, typer.Option(show_default=False)] = None,
    behind_proxy: Annotated[bool, typer.Option("--behind-proxy", help="A proxy on this machine does TLS.")] = False,
) -> None:
    """Serve the review pages until stopped (Ctrl-C); the labels are written then."""
    from linkage.project import Run
    from linkage.review import serve as serve_review
    from linkage.review.design import begin_review

    run = Run.open(run_folder)
    serve_review(
        begin_review(run.path),
        host=host,
        port=port,
        tls_certificate=tls_certificate,
        tls_key=tls_key,
        behind_proxy=behind_proxy,
        spec=run.spec.review,
        seed=run.spec.seed,
        announce=lambda line: console.print(line, markup=False, soft_wrap=True),
    )


@review.command()
def users(
    run_folder: RunFolder,
    action: Annotated[Literal["list", "add", "password", "stop", "resume", "sign-out"], typer.Argument()] = "list",
    name: Name = None,
    role: Annotated[Literal["reviewer", "adjudicator", "manager"], typer.Option()] = "reviewer",
) -> None:
    """List accounts, add one, change a password, stop or resume one, or end its sessions. Passwords are asked for."""
    from linkage.project import Run
    from linkage.review import add_user, end_sessions, list_users, set_active, set_password
    from linkage.review.design import begin_review

    run = Run.open(run_folder)
    path = begin_review(run.path)
    if action != "list" and name is None:
        raise typer.BadParameter("an account name is needed", param_hint="NAME")
    account = name or ""
    if action == "add":
        add_user(path, account, role, _ask_password(), spec=run.spec.review)
    elif action == "password":
        set_password(path, account, _ask_password())
    elif action in {"stop", "resume"}:
        set_active(path, account, action == "resume")
    elif action == "sign-out":
        end_sessions(path, account)
    rows = [[one.name, one.role, "active" if one.active else "stopped"] for one in list_users(path)]
    print_rows([["account", "role", "state"], *rows])


def _ask_password() -> str:
    return str(typer.prompt("Password (at least 10 characters)", hide_input=True, confirmation_prompt=True))


@review.command()
def export(
    run_folder: RunFolder,
    file: Annotated[Path, typer.Argument(help="Workbook to write; FILE-<name>.xlsx with several reviewers.", show_default=False)],
    reviewers: Annotated[
        list[str] | None, typer.Option("--reviewer", help="Whom to write a workbook for.", show_default=False)
    ] = None,
    pairs: Annotated[int | None, typer.Option(min=1, help="Most pairs and searches a workbook.", show_default=False)] = None,
) -> None:
    """Write workbooks for offices without access to the pages."""
    from linkage.project import Run
    from linkage.review import export_workbooks
    from linkage.review.design import begin_review

    for path in export_workbooks(begin_review(Run.open(run_folder).path), file, reviewers=reviewers, pairs=pairs):
        console.print(f"{path}", soft_wrap=True)


@review.command("import")
def import_(
    run_folder: RunFolder, file: Annotated[Path, typer.Argument(help="A returned workbook.", show_default=False)]
) -> None:
    """Read a returned workbook; every refused row is told with its reason. Importing twice changes nothing."""
    from linkage.review import import_workbook

    report = import_workbook(run_folder, file)
    console.print(
        f"{report.reviewer}: {report.recorded} recorded, {report.unchanged} already there, {report.empty} without a verdict,"
        f" {len(report.refused)} refused, of {report.pairs} pairs and searches."
    )
    for row, why in report.refused:
        console.print(f"  row {row}: {why}", markup=False, soft_wrap=True)


@review.command()
def progress(run_folder: RunFolder) -> None:
    """How far the review is: pairs and searches by stratum, reviewers, agreement."""
    from linkage.review import progress as review_progress

    told = review_progress(run_folder)
    names = {"": "all", None: "planted"}
    for counted, rows in (("pairs", told.strata), ("searches", told.searches)):
        strata = [
            [names.get(one.stratum, one.stratum or ""), *map(str, (one.pairs, one.finished, one.disputed, one.answers_left))]
            for one in rows
        ]
        if strata:
            print_rows([["stratum", counted, "finished", "disputed", "answers left"], *strata])
    reviewers = [
        [
            one.name,
            f"{one.answers}",
            f"{one.searches}",
            "–" if one.seconds is None else f"{one.seconds:.1f}",
            _said(one.agreement),
            _said(one.planted),
        ]
        for one in told.reviewers
    ]
    print_rows([["reviewer", "answers", "searches", "seconds", "agrees with others", "planted pairs right"], *reviewers])
    measures = [("Krippendorff's alpha", told.krippendorff), ("Fleiss' kappa", told.fleiss)]
    measures += [(f"Cohen's kappa {a} / {b}", measure) for a, b, measure in told.cohen]
    said = [[name, _said(measure)] for name, measure in measures]
    if told.searches:
        said.append(["searches answered differently", _said(told.searches_discordance, "searches")])
    print_rows([["agreement", "95 % interval"], *said])


@review.command()
def more(
    run_folder: RunFolder,
    pairs: Annotated[
        int | None, typer.Option(min=1, help="Draw so many, whatever the targets and open answers say.", show_default=False)
    ] = None,
) -> None:
    """Draw the next batch of pairs where the labels so far vary most, unless every target is settled."""
    from linkage.cli.targets import print_review
    from linkage.errors import LinkageError
    from linkage.project import Run
    from linkage.review_batches import review_more, review_so_far

    run = Run.open(run_folder)
    told = review_so_far(run)
    print_review(told)
    if pairs is None and told.is_settled:
        why = "no pair is left of the budget" if not told.left else "further labels settle no target"
        console.print(f"Nothing was drawn: {why}. `--pairs N` draws for narrower intervals all the same.")
        return
    if pairs is None and told.unanswered:
        raise LinkageError(
            f"{told.unanswered:,} pairs of this batch have no verdict yet",
            "Answer them first, or give `--pairs N`.",
        )
    wanted = pairs or min(run.spec.review.batch or told.left, told.left)
    console.print(f"The review set holds {review_more(run, wanted):,} pairs now. `linkage review serve {run_folder}` shows them.")


def _said(measure: Measure, units: str = "pairs") -> str:
    """A measure with its interval and the pairs or searches it rests on."""
    if measure.value is None:
        return "–"
    return f"{measure.value:.2f} ({measure.low:.2f} … {measure.high:.2f}; {measure.pairs} {units})"


@review.command()
def labels(run_folder: RunFolder) -> None:
    """Write labels.parquet (and searches.parquet) from the answers so far."""
    from linkage.review import write_labels
    from linkage.runs.tables import LABELS

    console.print(f"{write_labels(run_folder):,} labels in {LABELS.path(run_folder)}", soft_wrap=True)


@review.command()
def backup(run_folder: RunFolder, target: Annotated[Path, typer.Argument(help="File to write.", show_default=False)]) -> None:
    """Copy the label store while it is being used."""
    from linkage.review import backup as backup_review

    backup_review(run_folder, target)
    console.print(f"Backup: {target}", soft_wrap=True)


@review.command()
def restore(run_folder: RunFolder, file: Annotated[Path, typer.Argument(help="A backup.", show_default=False)]) -> None:
    """Put a backup in place of the label store; the server must be stopped."""
    from linkage.review import restore as restore_review

    restore_review(run_folder, file)
    console.print(f"Restored from {file}", soft_wrap=True)

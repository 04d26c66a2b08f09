"""Commands that turn links into action: reconcile, inventory, acceptance."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from linkage.cli.output import RunFolder, app, console, print_rows

acceptance = typer.Typer(help="Acceptance of digitised books by keying a sample again.", no_args_is_help=True)
app.add_typer(acceptance, name="acceptance")

Tolerable = Annotated[float, typer.Option(help="Share of wrong entries that may just not be exceeded.")]
Good = Annotated[float, typer.Option(help="Share of wrong entries of a lot that should be accepted.")]
ConsumersRisk = Annotated[float, typer.Option(help="Probability of accepting a lot just above the tolerable share.")]
ProducersRisk = Annotated[float, typer.Option(help="Probability of rejecting a good lot.")]


@app.command()
def reconcile(
    run_folder: RunFolder,
    worklists: Annotated[
        Path | None, typer.Option(help="Write a workbook a commune below this folder.", show_default=False)
    ] = None,
    collect: Annotated[Path | None, typer.Option(help="Read the returned workbooks of this folder.", show_default=False)] = None,
    numbers: Annotated[
        Path | None, typer.Option(help="Write the proposed personal numbers to this workbook.", show_default=False)
    ] = None,
    summary: Annotated[
        Path | None, typer.Option(help="Write the summary by unit, register and period here.", show_default=False)
    ] = None,
    handback: Annotated[
        bool, typer.Option("--handback", help="The right side is a register handed back: pair by book key.")
    ] = False,
    prefill: Annotated[
        Path | None, typer.Option(help="Fill the entries' known fields into this workbook.", show_default=False)
    ] = None,
) -> None:
    """Outcomes of a run, and what follows from them: work lists out and back, numbers, summary, pre-filled entries."""
    from linkage import follow_up
    from linkage.project import Run
    from linkage.watching import watched
    from linkage.words.fields import field_word
    from linkage.words.offices import HANDBACK_STATES, REFUSALS, WITHHELD

    run = Run.open(run_folder)
    if worklists:
        with watched(console, ("worklists",)) as progress:
            progress("worklists", 0, 0)
            written = follow_up.write_worklists(run, worklists, progress)
        console.print(f"{written.workbooks:,} workbooks with {written.rows:,} rows below {worklists}", soft_wrap=True)
    if collect:
        got = follow_up.collect_worklists(run, collect)
        console.print(
            f"{got.workbooks:,} workbooks: {got.answered:,} answered, {got.untouched:,} untouched, {got.refused:,} refused,"
            f" {got.not_returned:,} not returned."
        )
        for reason, count in got.reasons.items():
            console.print(f"  {REFUSALS[reason].en}: {count:,}", markup=False)
        if got.report:
            console.print(f"Refused rows: {got.report}", soft_wrap=True)
    if numbers:
        proposals = follow_up.propose_numbers(run, numbers)
        console.print(f"{proposals.proposed:,} numbers proposed in {numbers}", soft_wrap=True)
        for reason, count in proposals.withheld.items():
            console.print(f"  withheld, {WITHHELD[reason].en}: {count:,}", markup=False)
    if summary:
        follow_up.write_summary(run, summary)
        console.print(f"Summary: {summary}", soft_wrap=True)
    if handback:
        back = follow_up.reconcile_handback(run)
        print_rows([["state", "rows"], *([HANDBACK_STATES[state].en, f"{count:,}"] for state, count in back.states.items())])
        print_rows(
            [["conflict in", "pairs"], *([field_word(field, "en"), f"{count:,}"] for field, count in back.conflicts.items())]
        )
    if prefill:
        filled = follow_up.prefill_entries(run, prefill)
        console.print(
            f"{filled.filled:,} cells of {filled.entries:,} entries filled: {filled.saved:.1%} of the keying saved. {prefill}"
        )
    if told := follow_up.findings_by_default(run):
        console.print(f"note: {told}", style="yellow", markup=False)
    counted = follow_up.count_outcomes(run)
    print_rows([["outcome", "label", "records"], *([code, label, f"{count:,}"] for code, label, count in counted)])


@app.command()
def inventory(
    file: Annotated[Path, typer.Argument(help="The list of paper books (CSV or .xlsx).", show_default=False)],
    out: Annotated[
        Path | None, typer.Option(help="Write the counts and contradictions to this workbook.", show_default=False)
    ] = None,
) -> None:
    """Sum the paper-book inventory by unit, register and period, and name every contradiction."""
    from linkage.reconcile import take_inventory, write_inventory
    from linkage.words.offices import CONTRADICTIONS

    found = take_inventory(file)
    by_period: dict[tuple[str, str], list[int]] = {}
    for one in found.counts:
        held = by_period.setdefault((one.register, one.period), [0] * 5)
        for place, number in enumerate((one.books, one.entries, one.digitised, one.loaded, one.remaining)):
            held[place] += number
    header = ["register", "period", "books", "entries", "digitised", "loaded", "remaining"]
    print_rows([header, *([*key, *(f"{number:,}" for number in numbers)] for key, numbers in by_period.items())])
    console.print(f"{found.books:,} books, {found.entries:,} entries, {found.remaining:,} still to load.")
    for fault in found.contradictions[:20]:
        console.print(f"row {fault.row}, book {fault.book}: {CONTRADICTIONS[fault.kind].en} {fault.detail}", markup=False)
    if len(found.contradictions) > 20:
        console.print(f"… and {len(found.contradictions) - 20:,} more contradictions")
    if out:
        write_inventory(found, out)
        console.print(f"{out}", soft_wrap=True)


@acceptance.command()
def plan(
    lot_size: Annotated[int, typer.Argument(min=1, help="Entries in the lot or book.")],
    tolerable: Tolerable = 0.02,
    good: Good = 0.005,
    consumers_risk: ConsumersRisk = 0.05,
    producers_risk: ProducersRisk = 0.05,
) -> None:
    """How many entries to key again, and at how many wrong ones to accept."""
    from linkage.reconcile import plan_acceptance

    made = plan_acceptance(lot_size, tolerable, good, consumers_risk, producers_risk)
    console.print(f"Key {made.first:,} entries again. Accept the lot at {made.accept_first} wrong or fewer.")
    if made.second:
        console.print(
            f"At {made.accept_first + 1} to {made.accept_both} wrong key {made.second:,} more, and accept at {made.accept_both}"
            " or fewer in all; otherwise reject."
        )
    console.print(f"Consumer's risk {made.consumers_risk:.4f}, producer's risk {made.producers_risk:.4f}.")


@acceptance.command()
def judge(
    keyed: Annotated[Path, typer.Argument(help="The keyed entries.", show_default=False)],
    rekeyed: Annotated[Path, typer.Argument(help="The sample, keyed again by somebody else.", show_default=False)],
    tolerable: Tolerable = 0.02,
    good: Good = 0.005,
    consumers_risk: ConsumersRisk = 0.05,
    producers_risk: ProducersRisk = 0.05,
    seed: Annotated[int, typer.Option(min=0, help="Seed the sample was drawn with.")] = 0,
) -> None:
    """Compare two keyings field by field and decide on every lot: accept, reject, or key more."""
    from linkage.reconcile import judge_acceptance
    from linkage.words.offices import LOT_DECISIONS

    told = judge_acceptance(
        keyed, rekeyed, tolerable=tolerable, good=good, consumers_risk=consumers_risk, producers_risk=producers_risk, seed=seed
    )
    rows = [["lot", "checked", "wrong", "entry-error rate", "low", "high", "decision", "to key"]]
    for lot in told.lots:
        rate = lot.entries
        numbers = [f"{rate.rate:.4f}", f"{rate.low:.4f}", f"{rate.high:.4f}"]
        rows.append(
            [rate.name, f"{rate.checked:,}", f"{rate.wrong:,}", *numbers, LOT_DECISIONS[lot.decision].en, f"{lot.to_key:,}"]
        )
    print_rows(rows)
    for title, rates in (("operator", told.fields_by_operator), ("field", told.fields_by_field)):
        shown = [
            [one.name, f"{one.checked:,}", f"{one.wrong:,}", f"{one.rate:.4f}", f"{one.low:.4f}", f"{one.high:.4f}"]
            for one in rates
        ]
        print_rows([[title, "values", "wrong", "rate", "low", "high"], *shown])

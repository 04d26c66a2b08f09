"""How targets are printed: what labels can show, what they show, and what a decision would change; words are the vocabulary's."""

from __future__ import annotations

from typing import TYPE_CHECKING

from linkage.cli.output import console, print_rows

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from linkage.decision.batches import ReviewSoFar
    from linkage.decision.estimate import Estimates
    from linkage.decision.feasible import Feasible
    from linkage.decision.judging import JudgedTarget
    from linkage.decision.proposing import Proposal
    from linkage.words.language import Language

LANGUAGE: Language = "en"
"""Of the terminal, as all that it says; the report says the same in its own."""


def print_judgements(judgements: Sequence[JudgedTarget]) -> None:
    """The one table of targets, as the report prints it."""
    from linkage.decision.judging import judgement_rows
    from linkage.words.judgements import LINKS_OF_VERDICTS

    if judgements:
        print_rows(judgement_rows(judgements, LANGUAGE))
        console.print(LINKS_OF_VERDICTS(LANGUAGE), markup=False)


def print_label_error(found: Estimates, *, warning: bool) -> None:
    """What is known of reviewers' errors: the `warning` that they outweigh the rate, or all else, as the report says it."""
    from linkage.words.reviewer_errors import label_error_lines

    rate = found.select("false_link_rate", "design")
    if rate is None:
        return
    held = found.as_json()["label_error"]
    measures = ("precision", "recall_within_reach")
    told = {name: one for name in measures if (one := found.select(name, "design", "shared")) is not None}
    lines = label_error_lines(held, rate.value, {name: (one.low, one.high) for name, one in told.items()}, LANGUAGE)
    above = bool(held and held["above"])
    for line in lines[:above] if warning else lines[above:]:
        console.print(line, style="yellow" if warning else None, markup=False)


def print_feasible(planned: Sequence[Feasible]) -> None:
    """What labels can show of each target at best, and every target that is out of reach."""
    from linkage.decision.feasible import feasible_rows, unreachable

    if planned:
        print_rows(feasible_rows(planned, LANGUAGE))
        for sentence in unreachable(planned, LANGUAGE):
            console.print(sentence, style="yellow", markup=False)


def print_run_feasible(run: Path) -> None:
    """The same of a run's review set."""
    from linkage.decision.feasible import Feasible
    from linkage.runs.tables import FEASIBLE

    if FEASIBLE.is_in(run):
        print_feasible([Feasible(**one) for one in FEASIBLE.read(run)["targets"]])  # type: ignore[arg-type]


def print_review(review: ReviewSoFar) -> None:
    """Where a review stands: the labels so far against each target, and whether further ones can settle it."""
    from linkage.words.formats import interval_word, percent, percent_significant
    from linkage.words.judgements import JUDGED, SO_FAR, STANDINGS

    rows = [[word(LANGUAGE).format(percent(review.level, LANGUAGE, 1)) for word in SO_FAR.values()]]
    for one in review.targets:
        found = "–" if one.found is None else interval_word(one.found.value, one.found.low, one.found.high, LANGUAGE)
        at_best = "–" if one.at_best is None else percent_significant(one.at_best, LANGUAGE)
        target = f"{JUDGED[one.measure](LANGUAGE)} ≤ {percent_significant(one.target, LANGUAGE)}"
        rows.append([target, found, at_best, STANDINGS[one.standing](LANGUAGE)])
    print_rows(rows)
    console.print(
        f"{review.labelled:,} pairs labelled, {review.unanswered:,} still without a verdict, {review.left:,} left of the budget."
        " The interval allows for a look after every batch."
    )


def print_proposal(proposal: Proposal) -> None:
    """Links, pairs that wait and expected errors before and after a decision, and what moved the thresholds."""
    from linkage.decision.by_labels import describe_choices
    from linkage.decision.proposing import described_moves, scene_rows

    print_judgements(proposal.scenes[1].judgements)
    print_rows(scene_rows(proposal.scenes, LANGUAGE))
    for sentence in described_moves(proposal, LANGUAGE):
        console.print(sentence, markup=False)
    if proposal.thresholds.exceeds_capacity and proposal.thresholds.choices:
        print_rows(describe_choices(proposal.thresholds.choices, LANGUAGE))

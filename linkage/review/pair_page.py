"""The page on which a pair, or a search, is looked at and answered: by a reviewer, or by the adjudicator of its dispute."""

from __future__ import annotations

from dataclasses import dataclass

from fastapi import Request
from starlette.responses import Response

from linkage.review.accounts import Session
from linkage.review.answers import REASONS, VERDICTS, blind_answers, standing_answer
from linkage.review.assignments import Stage, held_dispute, show_pair
from linkage.review.comparison import Card, Fields, compare_pair, mention_fields, person_card
from linkage.review.desk import desk_of, render
from linkage.review.person_search import MOST_RESULTS
from linkage.review.review_progress import minutes_without_pause

BREAK_AFTER_MINUTES = 30
PLACE: dict[Stage, str] = {"blind": "/cap", "adjudication": "/phan-xu"}
"""Where the pages of each stage stand."""


@dataclass(frozen=True, slots=True)
class Searched:
    """A search of the population as shown: what is asked for, who was found (None: not searched yet), what is wrong with it."""

    name: str
    year: str
    found: list[Card] | None = None
    error: str = ""


def status_of(error: str) -> int:
    """The HTTP status of a page that says what is wrong; 200 when nothing is."""
    return {"": 200, "search_often": 429}.get(error, 422)


def first_search(mention: Fields) -> Searched:
    """The search form as it begins: the mention's own name and year."""
    return Searched(mention.get("full_name", ""), (mention.get("birth_date") or mention.get("birth_year", ""))[-4:])


def hold(request: Request, pair: int, person: Session, stage: Stage) -> str | None:
    """Renew the lease of a pair that is shown; the record that its reviewer or adjudicator has picked.

    Raises:
        NotAssignedError: when the pair is not theirs.
    """
    store = desk_of(request).store
    held = (show_pair if stage == "blind" else held_dispute)(store, pair, person.account.id)
    picked: str | None = held["suggested"]
    return picked


def pair_page(
    request: Request,
    person: Session,
    pair: int,
    stage: Stage = "blind",
    searched: Searched | None = None,
    error: str = "",
    said: dict[str, str] | None = None,
) -> Response:
    """The page of a pair or search; after a search of a search page with who was found.

    `error` says why the answer `said` (its reason and comment) was not taken.

    Raises:
        NotAssignedError: when the pair is not theirs.
    """
    desk = desk_of(request)
    picked = hold(request, pair, person, stage)
    row = desk.store.connection.execute("SELECT adjudicated FROM pair WHERE id = ?", (pair,)).fetchone()
    mention = mention_fields(desk.store, pair)
    answer = standing_answer(desk.store, pair, person.account.id) if stage == "blind" else None
    others = blind_answers(desk.store, pair) if stage == "adjudication" else []
    shown = compare_pair(desk.store, pair, picked)
    named = [
        person_card(desk.store, other["suggested"], mention)
        if shown.is_search and other["verdict"] == "match" and other["suggested"]
        else None
        for other in others
    ]
    return render(
        request,
        "pair.html",
        status_of(error or (searched.error if searched else "")),
        pair=shown,
        action=f"{PLACE[stage]}/{pair}",
        answer=answer,
        said=said or (answer and {name: answer[name] for name in ("reason", "comment")}) or {"reason": "", "comment": ""},
        unsaved=shown.is_search and answer is not None and answer["verdict"] == "match" and answer["suggested"] != picked,
        decided=stage == "blind" and bool(row["adjudicated"]),
        others=list(zip(others, named, strict=True)),
        reasons=REASONS,
        verdicts=VERDICTS,
        searchable=desk.persons.is_searchable,
        searched=searched or first_search(mention),
        most=MOST_RESULTS,
        error=error,
        minutes=minutes_without_pause(desk.store, person.account.id),
        break_after=BREAK_AFTER_MINUTES,
        adjudicating=stage == "adjudication",
    )

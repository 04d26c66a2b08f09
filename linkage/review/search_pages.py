"""Finding a person in the population: beside a pair on a page of its own, in a search on its page; and picking who was found."""

from __future__ import annotations

from fastapi import APIRouter, Request
from starlette.exceptions import HTTPException
from starlette.responses import RedirectResponse, Response

from linkage.review.accounts import Session
from linkage.review.assignments import Stage, note_search, pick_person
from linkage.review.comparison import card, mention_fields, shows_search
from linkage.review.desk import Adjudicator, Reviewer, ShortField, desk_of, go, render
from linkage.review.pair_page import PLACE, Searched, first_search, hold, pair_page, status_of
from linkage.review.person_search import MOST_RESULTS
from linkage.runs.judged import FIELDS_PARTED_BY

router = APIRouter()


@router.get("/cap/{pair}/tim")
def ask_search(request: Request, person: Reviewer, pair: int) -> Response:
    """The search form, filled with the mention's own name and year; a search has it on its page."""
    desk = desk_of(request)
    hold(request, pair, person, "blind")
    if shows_search(desk.store, pair):
        return RedirectResponse(f"/cap/{pair}", 303)
    return _search_page(request, person, pair, "blind", first_search(mention_fields(desk.store, pair)))


@router.post("/cap/{pair}/tim")
def search(request: Request, person: Reviewer, pair: int, name: ShortField = "", year: ShortField = "") -> Response:
    """Persons of that name and year; posted, so that no name stands in an address. Each search is an event without its words."""
    return _search(request, person, pair, "blind", name, year)


@router.post("/phan-xu/{pair}/tim")
def search_dispute(request: Request, person: Adjudicator, pair: int, name: ShortField = "", year: ShortField = "") -> Response:
    """The same for the adjudicator of a search."""
    return _search(request, person, _of_search(request, pair), "adjudication", name, year)


def _of_search(request: Request, pair: int) -> int:
    """Adjudicators of a pair have two records before them and name nobody else."""
    if not shows_search(desk_of(request).store, pair):
        raise HTTPException(403)
    return pair


def _search(request: Request, person: Session, pair: int, stage: Stage, name: str, year: str) -> Response:
    desk = desk_of(request)
    hold(request, pair, person, stage)
    if not desk.persons.says_enough(name, year):
        return _search_page(request, person, pair, stage, Searched(name, year, error="search_short"))
    key = str(person.account.id)
    if not desk.searches.allows(key):
        return _search_page(request, person, pair, stage, Searched(name, year, error="search_often"))
    desk.searches.count(key)
    note_search(desk.store, pair, person.account.id, desk.page_version, stage)
    mention = mention_fields(desk.store, pair)
    found = [card(person.record_id, person.fields, mention) for person in desk.persons.search(name, year)]
    return _search_page(request, person, pair, stage, Searched(name, year, found))


def _search_page(request: Request, person: Session, pair: int, stage: Stage, searched: Searched) -> Response:
    if shows_search(desk_of(request).store, pair):
        return pair_page(request, person, pair, stage, searched)
    return render(request, "search.html", status_of(searched.error), number=pair, searched=searched, most=MOST_RESULTS)


@router.post("/cap/{pair}/chon")
def pick(request: Request, person: Reviewer, pair: int, record_id: ShortField = "") -> Response:
    """Note the person found (an empty record id takes it back); it is saved with the answer."""
    return _pick(request, person, pair, "blind", record_id)


@router.post("/phan-xu/{pair}/chon")
def pick_in_dispute(request: Request, person: Adjudicator, pair: int, record_id: ShortField = "") -> Response:
    """The same for the adjudicator of a search."""
    return _pick(request, person, _of_search(request, pair), "adjudication", record_id)


def _pick(request: Request, person: Session, pair: int, stage: Stage, record_id: str) -> Response:
    desk = desk_of(request)
    found = desk.persons.pick(record_id, desk.store.setting("judged_fields").split(FIELDS_PARTED_BY)) if record_id else None
    if record_id and found is None:
        raise HTTPException(400)
    pick_person(desk.store, pair, person.account.id, found, stage)
    return go(f"{PLACE[stage]}/{pair}" if stage == "blind" else PLACE[stage], "picked" if record_id else "")

"""Pages of the people who label: sign-in, the pair, own answers, the search, adjudication.

A pair and its answer take a few milliseconds, less than handing them to a thread and waiting for its turn at the store would
add: these routes run on the event loop. What may take longer (passwords, searches, lists) is a plain `def`, run in a thread.
"""

from __future__ import annotations

from datetime import datetime, timedelta, timezone
from typing import Annotated, Literal

from fastapi import APIRouter, Form, Request
from starlette.concurrency import run_in_threadpool
from starlette.exceptions import HTTPException
from starlette.responses import RedirectResponse, Response

from linkage.errors import ReviewError
from linkage.review.accounts import SESSION_HOURS, Session, begin_session, check_password, end_session
from linkage.review.answers import (
    LONGEST_COMMENT,
    REASONS,
    VERDICTS,
    Answer,
    Stage,
    blind_answers,
    record_answer,
    standing_answer,
    undo_last,
)
from linkage.review.assignments import holds_dispute, next_dispute, next_pair, note_search, pick_person, show_pair, skip_pair
from linkage.review.comparison import Card, card, compare_pair, mention_fields
from linkage.review.desk import desk_of, go, render, signed_in
from linkage.review.person_search import MOST_RESULTS
from linkage.review.review_progress import minutes_without_pause, own_summary
from linkage.words.language import LANGUAGES, Language

router = APIRouter()

BREAK_AFTER_MINUTES = 30
_A_PAGE = 50

Anyone = Annotated[Session, signed_in()]
Reviewer = Annotated[Session, signed_in("reviewer", "adjudicator")]
Adjudicator = Annotated[Session, signed_in("adjudicator")]
VerdictField = Annotated[Literal["match", "non_match", "unsure"], Form()]
ReasonField = Annotated[Literal["", "twins", "name_changed", "date_missing", "illegible", "other"], Form()]
CommentField = Annotated[str, Form(max_length=LONGEST_COMMENT)]
KeyField = Annotated[str, Form(pattern=r"^[\w-]{16,64}$")]
ShortField = Annotated[str, Form(max_length=200)]

_HOME = {"reviewer": "/cap", "adjudicator": "/phan-xu", "manager": "/tien-do"}


@router.get("/healthz")
async def say_alive() -> Response:
    """For a proxy or script: the server answers."""
    return Response("ok", media_type="text/plain")


@router.get("/")
async def go_home(person: Anyone) -> Response:
    """Where each role begins."""
    return RedirectResponse(_HOME[person.account.role], 303)


@router.get("/dang-nhap")
async def ask_sign_in(request: Request) -> Response:
    """The sign-in form."""
    return render(request, "sign_in.html", error="")


@router.post("/dang-nhap")
async def sign_in(request: Request, name: ShortField = "", password: ShortField = "") -> Response:
    """Begin a session, or say that name or password is wrong (not which)."""
    desk = desk_of(request)
    address = request.client.host if request.client else ""
    if not desk.sign_ins.allows(name, address):
        return render(request, "sign_in.html", 429, error="sign_in_waits")
    # Counted before the slow check, so that tries sent at once are counted too.
    desk.sign_ins.count_failure(name, address)
    account = await run_in_threadpool(check_password, desk.store, name, password)
    if account is None:
        return render(request, "sign_in.html", 403, error="sign_in_failed")
    desk.sign_ins.forget(name, address)
    token = await run_in_threadpool(begin_session, desk.store, account)
    response = RedirectResponse("/", 303)
    response.set_cookie(
        desk.cookie, token, max_age=SESSION_HOURS * 3600, path="/", secure=desk.https, httponly=True, samesite="strict"
    )
    return response


@router.post("/dang-xuat")
def sign_out(request: Request, person: Anyone) -> Response:
    """End the session on the server."""
    desk = desk_of(request)
    end_session(desk.store, request.cookies.get(desk.cookie, ""))
    response = RedirectResponse("/dang-nhap", 303)
    response.delete_cookie(desk.cookie, path="/", secure=desk.https, httponly=True, samesite="strict")
    return response


@router.post("/lua-chon")
async def choose(
    request: Request,
    language: Annotated[Language | None, Form()] = None,
    keys: Annotated[Literal["on", "off"] | None, Form()] = None,
    back: ShortField = "/",
) -> Response:
    """Switch the language or the single-key shortcuts, and go back to the page."""
    onward = back if back.startswith("/") and not back.startswith(("//", "/\\")) and back.isprintable() else "/"
    response = RedirectResponse(onward, 303)
    for name, value in (("language", language if language in LANGUAGES else None), ("keys", keys)):
        if value is not None:
            response.set_cookie(name, value, max_age=31_536_000, httponly=True, samesite="strict", secure=desk_of(request).https)
    return response


@router.get("/cap")
async def show_next(request: Request, person: Reviewer) -> Response:
    """The reviewer's next pair."""
    pair = next_pair(desk_of(request).store, person.account.id)
    if pair is None:
        return render(
            request,
            "message.html",
            title_of="nothing_left",
            text_of="nothing_left_text",
            onward="/cua-toi",
            onward_text="nav_mine",
        )
    return _pair_page(request, person, pair)


@router.get("/cap/{pair}")
async def show_own(request: Request, person: Reviewer, pair: int) -> Response:
    """A pair that is the reviewer's own: to answer, or answered before."""
    return _pair_page(request, person, pair)


def _pair_page(request: Request, person: Session, pair: int) -> Response:
    desk = desk_of(request)
    assignment = show_pair(desk.store, pair, person.account.id)
    answer = standing_answer(desk.store, pair, person.account.id) if assignment["answered"] else None
    decided = desk.store.connection.execute("SELECT adjudicated FROM pair WHERE id = ?", (pair,)).fetchone()["adjudicated"]
    return render(
        request,
        "pair.html",
        pair=compare_pair(desk.store, pair, assignment["suggested"]),
        action=f"/cap/{pair}",
        answer=answer,
        decided=bool(decided),
        others=[],
        reasons=REASONS,
        verdicts=VERDICTS,
        searchable=desk.persons.is_searchable,
        minutes=minutes_without_pause(desk.store, person.account.id),
        break_after=BREAK_AFTER_MINUTES,
        adjudicating=False,
    )


@router.post("/cap/{pair}")
async def answer_pair(
    request: Request,
    person: Reviewer,
    pair: int,
    verdict: VerdictField,
    form_key: KeyField,
    reason: ReasonField = "",
    comment: CommentField = "",
) -> Response:
    """Record an answer; the same form sent again changes nothing."""
    desk = desk_of(request)
    record_answer(desk.store, Answer(pair, person.account.id, verdict, reason, comment.strip(), form_key, desk.page_version))
    return go("/cap", "saved", verdict=verdict, number=pair)


@router.post("/cap/{pair}/bo-qua")
async def skip(request: Request, person: Reviewer, pair: int) -> Response:
    """Give the pair back unanswered."""
    desk = desk_of(request)
    skip_pair(desk.store, pair, person.account.id, desk.page_version)
    return go("/cap", "skipped")


@router.post("/hoan-tac")
async def undo(request: Request, person: Reviewer) -> Response:
    """Take back the reviewer's last answer and show its pair again."""
    pair = _undo(request, person, "blind")
    return go("/cap", "nothing_to_undo") if pair is None else go(f"/cap/{pair}", "undone")


def _undo(request: Request, person: Session, stage: Stage) -> int | None:
    desk = desk_of(request)
    try:
        return undo_last(desk.store, person.account.id, stage, desk.page_version)
    except ReviewError:
        return None


@router.get("/cua-toi")
def list_own(request: Request, person: Reviewer, before: int | None = None) -> Response:
    """The reviewer's own standing answers, newest first, and their own pace."""
    store = desk_of(request).store
    rows = store.connection.execute(
        "SELECT event.id, pair, event.verdict, event.reason, at FROM event JOIN assignment USING (pair) "
        "WHERE person = ? AND reviewer = person AND stage = 'blind' AND kind = 'answer' AND event.id < ? "
        "AND event.id IN (SELECT id FROM current_answer WHERE pair = event.pair) ORDER BY event.id DESC LIMIT ?",
        (person.account.id, before or 2**62, _A_PAGE + 1),
    ).fetchall()
    answers, today, seconds = own_summary(store, person.account.id)
    return render(
        request,
        "mine.html",
        rows=rows[:_A_PAGE],
        more=len(rows) > _A_PAGE,
        first=before is None,
        answers=answers,
        today=today,
        seconds=seconds,
        local_time=_local_time,
    )


def _local_time(milliseconds: int) -> str:
    """As people in Viet Nam (UTC+7) write it."""
    return datetime.fromtimestamp(milliseconds / 1000, timezone(timedelta(hours=7))).strftime("%d/%m/%Y %H:%M")


@router.get("/cap/{pair}/tim")
def ask_search(request: Request, person: Reviewer, pair: int) -> Response:
    """The search form, filled with the mention's own name and year."""
    desk = desk_of(request)
    show_pair(desk.store, pair, person.account.id)
    mention = mention_fields(desk.store, pair)
    return _search_page(request, pair, name=mention.get("full_name", ""), year=mention.get("birth_date", "")[-4:], found=None)


@router.post("/cap/{pair}/tim")
def search(request: Request, person: Reviewer, pair: int, name: ShortField = "", year: ShortField = "") -> Response:
    """Persons of that name and year; posted, so that no name stands in an address. Each search is an event without its words."""
    desk = desk_of(request)
    show_pair(desk.store, pair, person.account.id)
    if not desk.persons.says_enough(name, year):
        return _search_page(request, pair, name, year, None, "search_short", 422)
    key = str(person.account.id)
    if not desk.searches.allows(key):
        return _search_page(request, pair, name, year, None, "search_often", 429)
    desk.searches.count(key)
    note_search(desk.store, pair, person.account.id, desk.page_version)
    mention = mention_fields(desk.store, pair)
    found = [card(person.record_id, person.fields, mention) for person in desk.persons.search(name, year)]
    return _search_page(request, pair, name, year, found)


def _search_page(
    request: Request, pair: int, name: str, year: str, found: list[Card] | None, error: str = "", status: int = 200
) -> Response:
    return render(request, "search.html", status, number=pair, name=name, year=year, found=found, error=error, most=MOST_RESULTS)


@router.post("/cap/{pair}/chon")
def pick(request: Request, person: Reviewer, pair: int, record_id: ShortField = "") -> Response:
    """Note the person found (an empty record id takes it back); it is saved with the answer."""
    desk = desk_of(request)
    fields = desk.persons.fields_of(record_id) if record_id else None
    if record_id and fields is None:
        raise HTTPException(400)
    pick_person(desk.store, pair, person.account.id, record_id or None, fields or "")
    return go(f"/cap/{pair}", "picked" if record_id else "")


@router.get("/phan-xu")
async def show_dispute(request: Request, person: Adjudicator) -> Response:
    """The next pair whose reviewers disagree, with all answers and reasons but no names."""
    desk = desk_of(request)
    pair = next_dispute(desk.store, person.account.id)
    if pair is None:
        return render(
            request,
            "message.html",
            title_of="nothing_disputed",
            text_of="nothing_disputed_text",
            onward="/phan-xu",
            onward_text="check_again",
        )
    return render(
        request,
        "pair.html",
        pair=compare_pair(desk.store, pair),
        action=f"/phan-xu/{pair}",
        answer=None,
        decided=False,
        others=blind_answers(desk.store, pair),
        reasons=REASONS,
        verdicts=VERDICTS,
        searchable=False,
        minutes=minutes_without_pause(desk.store, person.account.id),
        break_after=BREAK_AFTER_MINUTES,
        adjudicating=True,
    )


@router.post("/phan-xu/hoan-tac")
async def undo_adjudication(request: Request, person: Adjudicator) -> Response:
    """Take back the adjudicator's last decision and show its pair again."""
    return go("/phan-xu", "nothing_to_undo" if _undo(request, person, "adjudication") is None else "undone")


@router.post("/phan-xu/{pair}")
async def adjudicate(
    request: Request,
    person: Adjudicator,
    pair: int,
    verdict: VerdictField,
    form_key: KeyField,
    reason: ReasonField = "",
    comment: CommentField = "",
) -> Response:
    """Record the adjudicator's verdict on a pair they were given."""
    desk = desk_of(request)
    if not holds_dispute(desk.store, pair, person.account.id):
        raise HTTPException(403)
    answer = Answer(pair, person.account.id, verdict, reason, comment.strip(), form_key, desk.page_version, "adjudication")
    record_answer(desk.store, answer)
    return go("/phan-xu", "saved", verdict=verdict, number=pair)

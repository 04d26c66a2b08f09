"""Pages of the people who label: sign-in, the pair or search, own answers, adjudication.

A pair and its answer take a few milliseconds, less than handing them to a thread and waiting for its turn at the store would
add: these routes run on the event loop. What may take longer (passwords, searches, lists) is a plain `def`, run in a thread.
"""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta, timezone
from typing import Annotated, Literal

from fastapi import APIRouter, Form, Request
from starlette.concurrency import run_in_threadpool
from starlette.responses import RedirectResponse, Response

from linkage.errors import ReviewError
from linkage.review.accounts import SESSION_HOURS, Session, begin_session, check_password, end_session
from linkage.review.answers import LONGEST_COMMENT, Answer, record_answer, undo_last
from linkage.review.assignments import Stage, held_dispute, next_dispute, next_pair, picked_person, skip_pair
from linkage.review.comparison import shows_search
from linkage.review.desk import Adjudicator, Anyone, Reviewer, ShortField, desk_of, go, render
from linkage.review.pair_page import PLACE, pair_page
from linkage.review.review_progress import own_summary
from linkage.words.language import LANGUAGES, Language

router = APIRouter()

_A_PAGE = 50

VerdictField = Annotated[Literal["match", "non_match", "unsure"], Form()]
ReasonField = Annotated[Literal["", "twins", "name_changed", "date_missing", "illegible", "other"], Form()]
CommentField = Annotated[str, Form(max_length=LONGEST_COMMENT)]
KeyField = Annotated[str, Form(pattern=r"^[\w-]{16,64}$")]

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
    return pair_page(request, person, pair)


@router.get("/cap/{pair}")
async def show_own(request: Request, person: Reviewer, pair: int) -> Response:
    """A pair that is the reviewer's own: to answer, or answered before."""
    return pair_page(request, person, pair)


@router.post("/cap/{pair}")
async def answer_pair(
    request: Request,
    person: Reviewer,
    pair: int,
    verdict: VerdictField,
    form_key: KeyField,
    reason: ReasonField = "",
    comment: CommentField = "",
    picked: ShortField = "",
) -> Response:
    """Record an answer; the same form sent again changes nothing."""
    return _answer(request, person, Answer(pair, person.account.id, verdict, reason, comment.strip(), form_key, ""), picked)


def _answer(request: Request, person: Session, answer: Answer, picked: str) -> Response:
    """Record an answer; one that a search's person is there only of the person whom the page showed as picked."""
    desk, pair, stage = desk_of(request), answer.pair, answer.stage
    is_search = shows_search(desk.store, pair)
    if is_search and answer.verdict == "match":
        holds = picked_person(desk.store, pair, person.account.id, stage) or ""
        if not holds or holds != picked:
            error = "search_pick_changed" if holds else "search_pick_first"
            return pair_page(request, person, pair, stage, error=error, said={"reason": answer.reason, "comment": answer.comment})
    record_answer(desk.store, replace(answer, page_version=desk.page_version))
    return go(PLACE[stage], "searched" if is_search else "saved", verdict=answer.verdict, number=pair)


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
        "SELECT event.id, event.pair, event.verdict, event.reason, at, record_id_r = '' AS is_search "
        "FROM event JOIN assignment USING (pair) JOIN pair ON pair.id = event.pair "
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


@router.get("/phan-xu")
async def show_dispute(request: Request, person: Adjudicator) -> Response:
    """The next pair whose reviewers disagree, with all answers and reasons but no names."""
    pair = next_dispute(desk_of(request).store, person.account.id)
    if pair is None:
        return render(
            request,
            "message.html",
            title_of="nothing_disputed",
            text_of="nothing_disputed_text",
            onward="/phan-xu",
            onward_text="check_again",
        )
    return pair_page(request, person, pair, "adjudication")


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
    picked: ShortField = "",
) -> Response:
    """Record the adjudicator's verdict on a pair they were given."""
    held_dispute(desk_of(request).store, pair, person.account.id)
    answer = Answer(pair, person.account.id, verdict, reason, comment.strip(), form_key, "", "adjudication")
    return _answer(request, person, answer, picked)

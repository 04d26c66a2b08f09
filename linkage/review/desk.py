"""What every page shares: who asks, in which language, with which form token; and how errors look."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, field
from html import escape
from pathlib import Path
from secrets import compare_digest, token_urlsafe
from typing import Annotated, Any

from fastapi import Depends, Form, Request
from jinja2 import Environment, FileSystemLoader, StrictUndefined
from jinja2.filters import do_mark_safe
from starlette.exceptions import HTTPException
from starlette.responses import HTMLResponse, RedirectResponse, Response

from linkage.review.accounts import Role, Session, find_session
from linkage.review.interface import INTERFACE
from linkage.review.marks import Marked
from linkage.review.person_search import PersonSearch
from linkage.review.security import RateLimit, SignInLimit
from linkage.review.store import Store
from linkage.words.language import LANGUAGES, Language

HERE = Path(__file__).parent


def _page_version() -> str:
    """Changes with anything a reviewer sees; every event carries it."""
    digest = hashlib.sha256()
    for path in sorted(
        [*HERE.glob("templates/*"), *HERE.glob("static/*"), HERE / "interface.json", HERE / "comparison.py", HERE / "marks.py"]
    ):
        digest.update(path.read_bytes())
    return digest.hexdigest()[:12]


def _environment(language: Language) -> Environment:
    """The templates in one language; texts are filters, so that constant ones are put in when a template is compiled."""
    texts = INTERFACE[language]
    environment = Environment(
        loader=FileSystemLoader(HERE / "templates"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        auto_reload=False,
    )
    environment.filters |= {"t": texts, "field": texts.field, "role": texts.role, "stratum": texts.stratum, "marked": _marked}
    environment.globals |= {"language": language, "groups": texts.groups()}
    return environment


def _marked(segments: Marked) -> str:
    """Segments as HTML, the differing ones in `mark`."""
    return do_mark_safe(
        "".join(escape(text) if kind == "same" else f'<mark class="{kind}">{escape(text)}</mark>' for text, kind in segments)
    )


@dataclass
class Desk:
    """What the routes of one app share."""

    store: Store
    persons: PersonSearch
    https: bool
    page_version: str = field(default_factory=_page_version)
    sign_ins: SignInLimit = field(default_factory=SignInLimit)
    searches: RateLimit = field(default_factory=lambda: RateLimit(30, 60))
    templates: dict[Language, Environment] = field(
        default_factory=lambda: {language: _environment(language) for language in LANGUAGES}
    )

    @property
    def cookie(self) -> str:
        """The session cookie's name; browsers hold `__Host-` cookies to this host and to https."""
        return "__Host-review" if self.https else "review"


def desk_of(request: Request) -> Desk:
    """The app's desk."""
    desk: Desk = request.app.state.desk
    return desk


def language_of(request: Request) -> Language:
    """The language asked for; Vietnamese unless the reader switched."""
    wanted = request.cookies.get("language")
    return next((language for language in LANGUAGES if language == wanted), "vi")


def signed_in(*roles: Role) -> Any:
    """A dependency: the session of the request, or the way to the sign-in page.

    Only these roles pass (all when none is named), and a post only with the session's own form token.
    """

    async def check(request: Request) -> Session:
        desk = desk_of(request)
        session = find_session(desk.store, request.cookies.get(desk.cookie, ""))
        if session is None:
            raise HTTPException(303, headers={"Location": "/dang-nhap"})
        request.state.account = session.account.id
        request.state.session = session
        if request.method == "POST":
            given = (await request.form()).get("csrf")
            if not isinstance(given, str) or not compare_digest(given.encode(), session.csrf.encode()):
                raise HTTPException(403)
        if roles and session.account.role not in roles:
            raise HTTPException(403)
        return session

    return Depends(check)


Anyone = Annotated[Session, signed_in()]
Reviewer = Annotated[Session, signed_in("reviewer", "adjudicator")]
Adjudicator = Annotated[Session, signed_in("adjudicator")]
ShortField = Annotated[str, Form(max_length=200)]


def render(request: Request, template: str, status: int = 200, **values: object) -> Response:
    """A page in the reader's language."""
    desk, language = desk_of(request), language_of(request)
    text = (
        desk.templates[language]
        .get_template(template)
        .render(
            session=getattr(request.state, "session", None),
            path=request.url.path if request.method == "GET" else "/",
            notice=notice_of(request),
            keys_on=request.cookies.get("keys") != "off",
            form_key=token_urlsafe(18),
            **values,
        )
    )
    response = HTMLResponse(text, status)
    if "notice" in request.cookies:
        response.delete_cookie("notice")
    return response


def go(path: str, message: str = "", **values: object) -> RedirectResponse:
    """On to a page, which shows the message once. Only what the texts hold is said: the cookie carries no free text."""
    response = RedirectResponse(path, 303)
    if message:
        response.set_cookie(
            "notice", ".".join([message, *map(str, values.values())]), max_age=60, httponly=True, samesite="strict"
        )
    return response


def notice_of(request: Request) -> str:
    """What the last action did, said once; anything but a known message is ignored."""
    t = INTERFACE[language_of(request)]
    match request.cookies.get("notice", "").split("."):
        case ["saved", ("match" | "non_match" | "unsure") as verdict, number] if number.isdigit():
            return t("saved", verdict=t(f"verdict_{verdict}"), number=number[:12])
        case ["searched", ("match" | "non_match" | "unsure") as verdict, number] if number.isdigit():
            return t("searched", verdict=t(f"search_verdict_{verdict}"), number=number[:12])
        case [("undone" | "skipped" | "picked" | "nothing_to_undo") as message]:
            return t(message)
    return ""


def error_page(request: Request, status: int = 500) -> Response:
    """The page that says what went wrong, in words that hold no value of a register."""
    t = INTERFACE[language_of(request)]
    return render(
        request,
        "message.html",
        status,
        title=t("error_title"),
        text=t(f"error_{status if status in _EXPLAINED else 400}"),
        onward="/",
    )


_EXPLAINED = frozenset({400, 403, 404, 405, 409, 422, 429, 500})

"""The web app: its pages, its static files, its guard, and what an error is answered with."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from pathlib import Path

from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from starlette.exceptions import HTTPException
from starlette.responses import RedirectResponse, Response
from starlette.staticfiles import StaticFiles

from linkage.errors import ReviewError
from linkage.review import manager_pages, reviewer_pages, search_pages
from linkage.review.desk import HERE, Desk, error_page
from linkage.review.person_search import PersonSearch
from linkage.review.security import Guard
from linkage.review.store import Store


def create_app(
    store: Store,
    run: Path,
    https: bool = False,
    hosts: frozenset[str] | None = None,
    at_stop: Callable[[], None] | None = None,
) -> FastAPI:
    """The app over an open store. `hosts` are the only Host headers answered (any when None); `at_stop` runs at shutdown."""
    persons = PersonSearch(run)

    @asynccontextmanager
    async def lifespan(_: FastAPI) -> AsyncIterator[None]:
        yield
        if at_stop is not None:
            at_stop()
        persons.close()

    app = FastAPI(openapi_url=None, docs_url=None, redoc_url=None, lifespan=lifespan)
    app.state.desk = Desk(store, persons, https)
    app.include_router(reviewer_pages.router)
    app.include_router(search_pages.router)
    app.include_router(manager_pages.router)
    app.mount("/static", StaticFiles(directory=HERE / "static"))
    for kind in (HTTPException, RequestValidationError, ReviewError):
        app.add_exception_handler(kind, _answer_error)
    app.add_middleware(Guard, hosts=hosts, https=https, failed=error_page)
    return app


async def _answer_error(request: Request, error: Exception) -> Response:
    if isinstance(error, ReviewError):
        return error_page(request, error.http_status)
    if isinstance(error, HTTPException):
        if error.status_code == 303 and error.headers:
            return RedirectResponse(error.headers["Location"], 303)
        return error_page(request, error.status_code)
    return error_page(request, 422)

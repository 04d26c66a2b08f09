"""The manager's pages: progress, agreement, CSV."""

from __future__ import annotations

from typing import Annotated, Literal

from fastapi import APIRouter, Request
from starlette.responses import Response

from linkage.review.accounts import Session
from linkage.review.desk import desk_of, language_of, render, signed_in
from linkage.review.interface import INTERFACE
from linkage.review.review_progress import progress_csv, summarise
from linkage.statistics.agreement import LEVEL, Measure
from linkage.words.formats import grouped

router = APIRouter()

Manager = Annotated[Session, signed_in("manager")]


@router.get("/tien-do")
def show_progress(request: Request, person: Manager) -> Response:
    """Done, remaining, pace, agreement, disagreements by field."""
    language = language_of(request)

    def number(value: float | None, digits: int = 0) -> str:
        if value is None:
            return INTERFACE[language]("undefined")
        return grouped(value, language, digits)

    def interval(measure: Measure, percent: bool = False) -> str:
        if measure.low is None or measure.high is None:
            return "–"
        scale, digits = (100, 0) if percent else (1, 2)
        return f"{number(measure.low * scale, digits)} … {number(measure.high * scale, digits)}" + ("%" if percent else "")

    def percent(measure: Measure) -> str:
        return number(measure.value, 0) if measure.value is None else f"{number(measure.value * 100, 0)}%"

    return render(
        request,
        "progress.html",
        found=summarise(desk_of(request).store),
        number=number,
        interval=interval,
        percent=percent,
        level=f"{LEVEL * 100:.0f}%",
    )


@router.get("/tien-do/{table}.csv")
def download(
    request: Request, person: Manager, table: Literal["strata", "searches", "reviewers", "agreement", "fields", "labels"]
) -> Response:
    """One table as CSV."""
    text = progress_csv(desk_of(request).store, table)
    return Response(
        text, media_type="text/csv; charset=utf-8", headers={"content-disposition": f'attachment; filename="{table}.csv"'}
    )

"""The administrative frame of the document: agencies, national name, number, place and date, title, signature."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from linkage.config import ProjectSpec
    from linkage.report.phrases import Phrases


@dataclass(frozen=True)
class Letterhead:
    """What Decree 30/2020 asks to stand around the text; number, date and signature are left to the signer."""

    parent_agency: str
    agency: str
    nation: str
    motto: str
    number: str
    dated: str
    kind: str
    subject: str
    title: str
    signer: str
    sign: str
    signer_name: str
    recipients: str
    recipient_lines: tuple[str, ...]
    banner: str
    """Said on every page; empty unless the registers are made up."""


def letterhead(spec: ProjectSpec, texts: Phrases) -> Letterhead:
    """The frame of a project's report."""

    def text(name: str) -> str:
        return texts("letterhead", name)

    place = spec.report.place or ". . . . . . . . . ."
    return Letterhead(
        parent_agency=spec.report.parent_agency.upper(),
        agency=(spec.report.agency or text("agency")).upper(),
        nation=text("nation"),
        motto=text("motto"),
        number=text("number"),
        dated=f"{place}, {text('date')}",
        kind=text("kind"),
        subject=text("subject"),
        title=spec.title,
        signer=text("signer"),
        sign=text("sign"),
        signer_name=text("signer_name"),
        recipients=text("recipients"),
        recipient_lines=tuple(texts.lines("letterhead", "recipient_lines")),
        banner=texts("words", "synthetic") if spec.report.synthetic else "",
    )

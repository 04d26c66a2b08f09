"""What can go wrong, each with what to do about it. Imports nothing of ours.

Every error a user can meet is a `LinkageError`: one sentence that names the file, line or row, column and
value concerned, and one that says what to do. Register values never appear in a message; a value given in a
*project file* may.
"""

from __future__ import annotations

from difflib import get_close_matches
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable


class LinkageError(Exception):
    """The work failed; `exit_status` is what the command line returns, `http_status` what a page of the review answers."""

    exit_status = 1
    http_status = 500

    def __init__(self, what: str, remedy: str = "") -> None:
        super().__init__(f"{what}\n{remedy}" if remedy else what)
        self.what = what
        self.remedy = remedy


class ProjectFileError(LinkageError):
    """The command or the project file is wrong; nothing was started."""

    exit_status = 2


class UnknownRegisterError(ProjectFileError):
    """A side names a register kind that there is none of."""


class SourceError(LinkageError):
    """A source cannot be read as the project file describes it."""


class ContractError(LinkageError):
    """The data break a rule of severity `stop`."""


class RunDirectoryError(LinkageError):
    """The run directory is in use, damaged or not a run directory."""


class TrainingError(LinkageError):
    """The model could not be trained, or its diagnostics forbid using it."""


class ReviewError(LinkageError):
    """A label, account or workbook of the clerical review was refused; on a page: it is no longer open."""

    http_status = 409


class NotAssignedError(ReviewError):
    """The pair is not this person's to see or to answer."""

    http_status = 403

    def __init__(self) -> None:
        super().__init__("this pair is not assigned to you")


class ReportError(LinkageError):
    """A report could not be built."""


def nearest(word: str, allowed: Iterable[str]) -> str | None:
    """The allowed word most like `word`, or None when none is near.

    >>> nearest("colums", ["columns", "source"])
    'columns'
    """
    by_lower_case = {option.casefold(): option for option in allowed}
    found = get_close_matches(word.casefold(), by_lower_case, n=1, cutoff=0.6)
    return by_lower_case[found[0]] if found else None

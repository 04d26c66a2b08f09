"""Answers as events: given, given again, undone. A form sent twice counts once."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from linkage.errors import NotAssignedError, ReviewError
from linkage.review.assignments import LEASE_MINUTES, Stage
from linkage.review.store import Store, append_event, store_path

_JUDGED = """
SELECT l.fingerprint AS l, r.fingerprint AS r, setting.value AS fields
FROM pair JOIN record AS l ON l.side = 'l' AND l.record_id = record_id_l
  LEFT JOIN record AS r ON r.side = 'r' AND r.record_id = iif(record_id_r = '', :found, record_id_r)
  JOIN setting ON setting.name = 'judged_fields'
WHERE pair.id = :pair
"""

Verdict = Literal["match", "non_match", "unsure"]
VERDICTS: tuple[Verdict, ...] = ("match", "non_match", "unsure")
REASONS = ("twins", "name_changed", "date_missing", "illegible", "other")
LONGEST_COMMENT = 2000


@dataclass(frozen=True, slots=True)
class Answer:
    """What a person says of a pair, or of a search with whom they picked; `form_key` is unlike any other form's."""

    pair: int
    person: int
    verdict: str
    reason: str
    comment: str
    form_key: str
    page_version: str
    stage: Stage = "blind"
    through: Literal["web", "workbook"] = "web"


def record_answer(store: Store, answer: Answer) -> bool:
    """Append an answer to the log; False when this very form was recorded before.

    Raises:
        NotAssignedError: when the pair is not the person's to answer.
        ReviewError: when it is decided already, names nobody where a search found someone, or is malformed.
    """
    with store.transaction() as connection:
        return append_answer(connection, store.now(), answer)


def count_answered(run: Path) -> int:
    """How many pairs and searches of a run reviewers have answered; 0 where there is no review, whatever its version."""
    if not store_path(run).is_file():
        return 0
    with closing(sqlite3.connect(f"{store_path(run).absolute().as_uri()}?mode=ro", uri=True)) as connection:
        return int(connection.execute("SELECT count(DISTINCT pair) FROM event WHERE kind = 'answer'").fetchone()[0])


def is_recorded(store: Store, form_key: str) -> bool:
    """Whether this very form was recorded before."""
    return _is_known(store.connection, form_key)


def _is_known(connection: sqlite3.Connection, form_key: str) -> bool:
    return connection.execute("SELECT 1 FROM event WHERE form_key = ?", (form_key,)).fetchone() is not None


def append_answer(connection: sqlite3.Connection, now: int, answer: Answer) -> bool:
    """`record_answer` within a transaction of the caller."""
    if _is_known(connection, answer.form_key):
        return False
    place = (
        "FROM assignment WHERE pair = ? AND reviewer = ?"
        if answer.stage == "blind"
        else "FROM adjudication WHERE pair = ? AND adjudicator = ?"
    )
    held = connection.execute(f"SELECT * {place}", (answer.pair, answer.person)).fetchone()
    if held is None:
        raise NotAssignedError()
    seconds = (now - held["shown_at"]) / 1000 if held["shown_at"] and answer.through == "web" else None
    suggested = held["suggested"]
    found = suggested if answer.verdict == "match" else None
    judged = connection.execute(_JUDGED, {"pair": answer.pair, "found": found}).fetchone()
    try:
        append_event(
            connection,
            at=now,
            kind="answer",
            stage=answer.stage,
            pair=answer.pair,
            person=answer.person,
            verdict=answer.verdict,
            reason=answer.reason,
            comment=answer.comment,
            suggested=suggested,
            seconds=seconds,
            page_version=answer.page_version,
            through=answer.through,
            judged_fields=judged["fields"],
            judged_l=judged["l"],
            judged_r=judged["r"],
            form_key=answer.form_key,
        )
    except sqlite3.IntegrityError as error:
        raise ReviewError(f"the answer was refused: {error}", "Open the pair again.") from None
    return True


def undo_last(store: Store, person: int, stage: Stage, page_version: str) -> int | None:
    """Take back the person's last standing answer; returns its pair, theirs again, or None when none can be undone.

    Raises:
        ReviewError: when the pair was adjudicated meanwhile.
    """
    now = store.now()
    with store.transaction() as connection:
        last = connection.execute(
            "SELECT pair FROM current_answer WHERE person = ? AND stage = ? AND through = 'web' ORDER BY id DESC LIMIT 1",
            (person, stage),
        ).fetchone()
        if last is None:
            return None
        try:
            append_event(
                connection, at=now, kind="undo", stage=stage, pair=last["pair"], person=person, page_version=page_version
            )
        except sqlite3.IntegrityError as error:
            raise ReviewError(f"the undo was refused: {error}") from None
        until = now + LEASE_MINUTES * 60_000
        if stage == "blind":
            # The pair comes back before any other: what was held besides it is given back.
            connection.execute(
                "DELETE FROM assignment WHERE reviewer = ? AND answered = 0 AND through = 'web' AND pair <> ?",
                (person, last["pair"]),
            )
            connection.execute(
                "UPDATE assignment SET leased_until = ? WHERE pair = ? AND reviewer = ?", (until, last["pair"], person)
            )
        else:
            connection.execute(
                "UPDATE adjudication SET leased_until = ? WHERE pair = ? AND adjudicator = ?", (until, last["pair"], person)
            )
        return int(last["pair"])


def standing_answer(store: Store, pair: int, person: int) -> sqlite3.Row | None:
    """The person's own standing answer to a pair."""
    row: sqlite3.Row | None = store.connection.execute(
        "SELECT * FROM current_answer WHERE pair = ? AND person = ? AND stage = 'blind'", (pair, person)
    ).fetchone()
    return row


def blind_answers(store: Store, pair: int) -> list[sqlite3.Row]:
    """All reviewers' standing answers to a pair, for its adjudicator; in an order that tells nothing of who gave them."""
    return store.connection.execute(
        "SELECT * FROM current_answer WHERE pair = ? AND stage = 'blind' ORDER BY form_key", (pair,)
    ).fetchall()

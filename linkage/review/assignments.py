"""Who labels which pair, or searches for which mention, next: slots, leases, skips; the same for the adjudicator's queue."""

from __future__ import annotations

import sqlite3
from dataclasses import dataclass
from typing import Literal

from linkage.errors import NotAssignedError
from linkage.review.store import Store, append_event

Stage = Literal["blind", "adjudication"]
LEASE_MINUTES = 20
_HELD: dict[Stage, tuple[str, str]] = {"blind": ("assignment", "reviewer"), "adjudication": ("adjudication", "adjudicator")}
"""The table that says whose a pair is, and the column."""


def next_pair(store: Store, reviewer: int) -> int | None:
    """The pair this reviewer holds, or the next in order with a free slot that they never had; None when there is none.

    Pairs they skipped come last, and then in the order skipped.
    """
    now = store.now()
    held = store.connection.execute(
        "SELECT pair FROM assignment JOIN pair ON pair.id = assignment.pair "
        "WHERE reviewer = ? AND answered = 0 AND leased_until >= ? AND through = 'web' AND in_use = 1 ORDER BY pair LIMIT 1",
        (reviewer, now + 60_000),
    ).fetchone()
    if held:
        return int(held["pair"])
    with store.transaction(on_disk=False) as connection:
        connection.execute("DELETE FROM assignment WHERE answered = 0 AND leased_until < ?", (now,))
        _return_unused(connection, reviewer)
        found = connection.execute(_NEXT_FRESH, {"reviewer": reviewer}).fetchone()
        found = found or connection.execute(_NEXT_SKIPPED, {"reviewer": reviewer}).fetchone()
        if found is None:
            return None
        assign(connection, store.reviewers_per_pair, found["id"], reviewer, now + LEASE_MINUTES * 60_000, now)
        return int(found["id"])


_FREE = """
FROM pair INDEXED BY pair_open
WHERE open_slots > 0 AND in_use = 1
  AND NOT EXISTS (SELECT 1 FROM assignment WHERE pair = pair.id AND reviewer = :reviewer)
"""
_NEXT_FRESH = f"""
SELECT id {_FREE} AND NOT EXISTS (SELECT 1 FROM event WHERE kind = 'skip' AND pair = pair.id AND person = :reviewer)
ORDER BY id LIMIT 1
"""
_NEXT_SKIPPED = f"""
SELECT id {_FREE}
ORDER BY (SELECT max(id) FROM event WHERE kind = 'skip' AND pair = pair.id AND person = :reviewer) LIMIT 1
"""


def assign(connection: sqlite3.Connection, slots: int, pair: int, reviewer: int, until: int, shown_at: int | None) -> None:
    """Lease the pair's first free slot to a reviewer: on the page from `shown_at`, or in a workbook (None).

    The schema refuses a taken slot and a second slot of one reviewer.
    """
    through = "workbook" if shown_at is None else "web"
    taken = {row["slot"] for row in connection.execute("SELECT slot FROM assignment WHERE pair = ?", (pair,))}
    slot = next(slot for slot in range(1, slots + 1) if slot not in taken)
    connection.execute(
        "INSERT INTO assignment (pair, slot, reviewer, leased_until, shown_at, through) VALUES (?, ?, ?, ?, ?, ?)",
        (pair, slot, reviewer, until, shown_at, through),
    )


def _return_unused(connection: sqlite3.Connection, reviewer: int) -> None:
    """Lapsing web leases of the reviewer: what is about to expire is given back rather than shown."""
    connection.execute("DELETE FROM assignment WHERE reviewer = ? AND answered = 0 AND through = 'web'", (reviewer,))


def show_pair(store: Store, pair: int, reviewer: int) -> sqlite3.Row:
    """The reviewer's assignment to a pair, with its lease renewed when it runs low and the time of showing noted.

    Raises:
        NotAssignedError: when the pair is not theirs.
    """
    now = store.now()
    row: sqlite3.Row | None = store.connection.execute(
        "SELECT * FROM assignment WHERE pair = ? AND reviewer = ?", (pair, reviewer)
    ).fetchone()
    if row is not None and (row["answered"] or row["shown_at"] is None or row["leased_until"] < now + LEASE_MINUTES * 30_000):
        with store.transaction(on_disk=False) as connection:
            row = connection.execute(
                "UPDATE assignment SET leased_until = max(leased_until, ?), "
                "shown_at = CASE WHEN answered THEN ? ELSE coalesce(shown_at, ?) END "
                "WHERE pair = ? AND reviewer = ? RETURNING *",
                (now + LEASE_MINUTES * 60_000, now, now, pair, reviewer),
            ).fetchone()
    if row is None:
        raise NotAssignedError()
    return row


def skip_pair(store: Store, pair: int, reviewer: int, page_version: str) -> None:
    """Give a pair back unanswered.

    Raises:
        NotAssignedError: when it is not held unanswered by this reviewer.
    """
    with store.transaction() as connection:
        given_back = connection.execute(
            "DELETE FROM assignment WHERE pair = ? AND reviewer = ? AND answered = 0", (pair, reviewer)
        )
        if given_back.rowcount == 0:
            raise NotAssignedError()
        append_event(
            connection, at=store.now(), kind="skip", stage="blind", pair=pair, person=reviewer, page_version=page_version
        )


def note_search(store: Store, pair: int, person: int, page_version: str, stage: Stage = "blind") -> None:
    """Log that the population was searched for a pair; what was searched is not kept."""
    with store.transaction() as connection:
        append_event(connection, at=store.now(), kind="search", stage=stage, pair=pair, person=person, page_version=page_version)


@dataclass(frozen=True, slots=True)
class Pick:
    """A person of the population whom someone found: the record, its fields as JSON, the fingerprint of what is judged of it."""

    record_id: str
    fields: str
    fingerprint: str


def picked_person(store: Store, pair: int, person: int, stage: Stage = "blind") -> str | None:
    """The record id of whom someone has picked for a pair of theirs; the lease is left as it is.

    Raises:
        NotAssignedError: when the pair is not theirs.
    """
    table, whose = _HELD[stage]
    row = store.connection.execute(f"SELECT suggested FROM {table} WHERE pair = ? AND {whose} = ?", (pair, person)).fetchone()
    if row is None:
        raise NotAssignedError()
    picked: str | None = row["suggested"]
    return picked


def pick_person(store: Store, pair: int, person: int, pick: Pick | None, stage: Stage = "blind") -> None:
    """Note the population record that someone found for the mention (None takes it back).

    Raises:
        NotAssignedError: when the pair is not theirs.
    """
    table, whose = _HELD[stage]
    with store.transaction() as connection:
        if pick is not None:
            connection.execute(
                "INSERT INTO record (side, record_id, fields, fingerprint) VALUES ('r', ?, ?, ?) ON CONFLICT (side, record_id) "
                "DO UPDATE SET fingerprint = coalesce(fingerprint, excluded.fingerprint)",
                (pick.record_id, pick.fields, pick.fingerprint),
            )
        noted = connection.execute(
            f"UPDATE {table} SET suggested = ? WHERE pair = ? AND {whose} = ?", (pick.record_id if pick else None, pair, person)
        )
        if noted.rowcount == 0:
            raise NotAssignedError()


_DISPUTED = """
SELECT pair.id FROM pair INDEXED BY pair_disputed
JOIN setting ON setting.name = 'reviewers_per_pair'
LEFT JOIN adjudication ON adjudication.pair = pair.id
WHERE verdicts > 1 AND adjudicated = 0 AND in_use = 1 AND answers >= CAST(setting.value AS INTEGER)
  AND NOT EXISTS (SELECT 1 FROM event WHERE pair = pair.id AND person = :person AND stage = 'blind' AND kind = 'answer')
  AND (adjudicator IS NULL OR adjudicator = :person OR leased_until < :now)
ORDER BY coalesce(adjudicator = :person, 0) DESC, pair.id LIMIT 1
"""


def next_dispute(store: Store, person: int) -> int | None:
    """The next pair whose reviewers disagree, leased to an adjudicator who labelled it never; None when there is none."""
    if store.setting("adjudication") == "no":
        return None
    now = store.now()
    with store.transaction(on_disk=False) as connection:
        found = connection.execute(_DISPUTED, {"person": person, "now": now}).fetchone()
        if found is None:
            return None
        connection.execute(
            "INSERT INTO adjudication (pair, adjudicator, leased_until, shown_at) VALUES (?, ?, ?, ?) "
            "ON CONFLICT (pair) DO UPDATE SET suggested = iif(adjudicator = excluded.adjudicator, suggested, NULL), "
            "adjudicator = excluded.adjudicator, leased_until = excluded.leased_until, shown_at = excluded.shown_at",
            (found["id"], person, now + LEASE_MINUTES * 60_000, now),
        )
        return int(found["id"])


def held_dispute(store: Store, pair: int, person: int) -> sqlite3.Row:
    """The adjudicator's lease of a pair.

    Raises:
        NotAssignedError: when they have not been given it.
    """
    row: sqlite3.Row | None = store.connection.execute(
        "SELECT * FROM adjudication WHERE pair = ? AND adjudicator = ?", (pair, person)
    ).fetchone()
    if row is None:
        raise NotAssignedError()
    return row

"""Answers whose records have changed since: they stand no longer, and their pairs are given out again."""

from __future__ import annotations

import sqlite3
from typing import TYPE_CHECKING

import duckdb

from linkage.review.store import append_event
from linkage.runs.judged import fingerprints_now
from linkage.runs.sql import described_columns

if TYPE_CHECKING:
    import pyarrow as pa

_ANSWERED = """
SELECT DISTINCT pair, record_id_l, judged_fields, judged_l, judged_r,
  CASE WHEN record_id_r <> '' THEN record_id_r WHEN verdict = 'match' THEN suggested ELSE '' END AS record_id_r
FROM current_answer JOIN pair ON pair.id = current_answer.pair WHERE judged_fields IS NOT NULL
"""
_SHOWN = """
SELECT assignment.pair, reviewer, 'l' AS side, record_id_l AS record_id
  FROM assignment JOIN pair ON pair.id = pair WHERE answered = 0
UNION SELECT assignment.pair, reviewer, 'r', coalesce(nullif(record_id_r, ''), suggested)
  FROM assignment JOIN pair ON pair.id = pair WHERE answered = 0
"""
_GIVE_BACK_CHANGED = f"""
DELETE FROM assignment WHERE (pair, reviewer) IN (
  SELECT shown.pair, shown.reviewer FROM ({_SHOWN}) AS shown JOIN record USING (side, record_id)
  JOIN temp.shown_before AS before USING (side, record_id) WHERE before.fingerprint <> record.fingerprint)
"""


_FORGET_CHANGED = """
UPDATE adjudication SET suggested = NULL WHERE suggested IN (
  SELECT record_id FROM record JOIN temp.shown_before AS before USING (side, record_id)
  WHERE side = 'r' AND before.fingerprint <> record.fingerprint)
"""


def note_what_was_shown(store: sqlite3.Connection) -> None:
    """Remember the records as they are, before they are loaded again."""
    store.execute("DROP TABLE IF EXISTS temp.shown_before")
    store.execute(
        "CREATE TEMP TABLE shown_before AS SELECT side, record_id, fingerprint FROM record "
        f"WHERE (side, record_id) IN (SELECT side, record_id FROM ({_SHOWN}) UNION SELECT 'r', suggested FROM adjudication)"
    )


def take_back_outdated(connection: duckdb.DuckDBPyConnection, store: sqlite3.Connection, now: int) -> int:
    """Within the transaction that loads the records: outdate the answers that were given on other values; returns their pairs.

    `connection` shows the present records as `raw_l` and `raw_r`. Whoever holds such a pair unanswered loses it: what they
    were shown is no longer so; an adjudicator's pick that changed is no longer picked.
    """
    store.execute(_GIVE_BACK_CHANGED)
    store.execute(_FORGET_CHANGED)
    store.execute("DROP TABLE temp.shown_before")
    outdated = _outdated(connection, store.execute(_ANSWERED).fetchall())
    for pair in outdated:
        standing = store.execute("SELECT person, stage FROM current_answer WHERE pair = ? ORDER BY stage, id", (pair,)).fetchall()
        for answer in standing:  # the adjudicator's first: blind answers are settled while it stands
            append_event(
                store, at=now, kind="outdated", stage=answer["stage"], pair=pair, person=answer["person"], page_version="load",
                through="load",
            )  # fmt: skip
        store.execute("DELETE FROM adjudication WHERE pair = ?", (pair,))
        store.execute("DELETE FROM assignment WHERE pair = ?", (pair,))
    return len(outdated)


def last_event(store: sqlite3.Connection) -> int:
    """The number of the log's last event; 0 when there is none."""
    return int(store.execute("SELECT coalesce(max(id), 0) FROM event").fetchone()[0])


def outdated_pairs(store: sqlite3.Connection, after: int) -> int:
    """How many pairs were taken back after an event."""
    row = store.execute("SELECT count(DISTINCT pair) FROM event WHERE kind = 'outdated' AND id > ?", (after,)).fetchone()
    return int(row[0])


def _outdated(connection: duckdb.DuckDBPyConnection, answered: list[sqlite3.Row]) -> list[int]:
    """The pairs of which a record has other values now than an answer was given on."""
    if not answered:
        return []
    connection.register("answered", _table(answered))
    lists = sorted({row["judged_fields"] for row in answered})
    for side in "lr":
        only = f"SELECT record_id_{side} FROM answered"
        now = fingerprints_now(lists, f"raw_{side}", described_columns(connection, f"raw_{side}"), only)
        connection.execute(f"CREATE OR REPLACE TEMP TABLE judged_now_{side} AS {now}")
    found = connection.execute(
        "SELECT DISTINCT pair FROM answered WHERE (record_id_l, judged_fields, judged_l) NOT IN (FROM judged_now_l) "
        "OR record_id_r <> '' AND (record_id_r, judged_fields, judged_r) NOT IN (FROM judged_now_r) ORDER BY pair"
    ).fetchall()
    connection.unregister("answered")
    return [pair for (pair,) in found]


def _table(rows: list[sqlite3.Row]) -> pa.Table:
    import pyarrow as pa

    return pa.Table.from_pylist([dict(row) for row in rows])

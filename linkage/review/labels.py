"""The final verdicts as the run's tables `labels` and `searches`, and each reviewer's own as `verdicts`, from the event log."""

from __future__ import annotations

import sqlite3
from pathlib import Path
from typing import TYPE_CHECKING

from linkage.review.store import open_store
from linkage.runs.sql import connect
from linkage.runs.tables import LABELS, REVIEW_SET, SEARCH_SET, SEARCHES, VERDICTS

if TYPE_CHECKING:
    import pyarrow as pa

_FINISHED = """
SELECT record_id_l, record_id_r, coalesce(known_verdict, verdict) AS verdict,
  CASE WHEN known_verdict IS NULL THEN how ELSE 'anchor' END AS how, labelled_at,
  match_answers, non_match_answers, unsure_answers, nullif(suggested, record_id_r) AS suggested,
  fingerprint_l, fingerprint_r, judged_fields, verdict AS reviewers_verdict
FROM verdict JOIN pair ON pair.id = verdict.pair WHERE in_use = 1 AND record_id_r <> ''
"""
_SEARCHED = """
SELECT record_id_l, found AS record_id_r, verdict, how, labelled_at, match_answers, non_match_answers, unsure_answers,
  fingerprint_l, iif(found IS NULL, NULL, fingerprint_r) AS fingerprint_r, judged_fields
FROM verdict JOIN pair ON pair.id = verdict.pair WHERE in_use = 1 AND record_id_r = ''
"""
_GIVEN = """
SELECT record_id_l, record_id_r, account.name AS reviewer, verdict
FROM current_answer AS answer JOIN pair ON pair.id = answer.pair JOIN account ON account.id = answer.person
WHERE stage = 'blind' AND in_use = 1 AND known_verdict IS NULL AND record_id_r <> ''
"""
_FINISHED_COLUMNS = {
    "record_id_l": "string",
    "record_id_r": "string",
    "verdict": "string",
    "how": "string",
    "labelled_at": "timestamp[ms]",
    "match_answers": "int16",
    "non_match_answers": "int16",
    "unsure_answers": "int16",
    "suggested": "string",
    "fingerprint_l": "string",
    "fingerprint_r": "string",
    "judged_fields": "string",
    "reviewers_verdict": "string",
}
_GIVEN_COLUMNS = {"record_id_l": "string", "record_id_r": "string", "reviewer": "string", "verdict": "string"}

_LABELS = """
SELECT DISTINCT s.pair_id, f.record_id_l, f.record_id_r, f.verdict, f.how, f.labelled_at, f.match_answers, f.non_match_answers,
  f.unsure_answers, f.suggested AS suggested_record_id_r, f.fingerprint_l, f.fingerprint_r, f.judged_fields,
  f.reviewers_verdict
FROM finished AS f
  LEFT JOIN review_set AS s ON s.record_id_l = f.record_id_l AND s.record_id_r = f.record_id_r AND f.how <> 'anchor'
WHERE s.pair_id IS NOT NULL OR f.how = 'anchor' ORDER BY f.record_id_l, f.record_id_r, s.pair_id
"""
_VERDICTS = """
SELECT DISTINCT s.pair_id, g.reviewer, g.verdict
FROM given AS g JOIN review_set AS s ON s.record_id_l = g.record_id_l AND s.record_id_r = g.record_id_r
ORDER BY s.pair_id, g.reviewer
"""


_SEARCHES = """
SELECT s.search_id, f.record_id_l, f.verdict, f.record_id_r, f.how, f.labelled_at, f.match_answers, f.non_match_answers,
  f.unsure_answers, f.fingerprint_l, f.fingerprint_r, f.judged_fields
FROM searched AS f JOIN search_set AS s USING (record_id_l) ORDER BY s.search_id
"""


def write_labels(run: Path) -> int:
    """Write `labels`, one row a finished pair of the present review set, and `verdicts`; returns the labels.

    Where the run has a search set, `searches` too: one row a finished search.

    Labels: pairs that have all their reviewers' answers and, where these differ, the adjudicator's; pairs still under way are
    left out. `pair_id` is that of the review set. Planted pairs have no `pair_id` and carry their known verdict
    (`how` = 'anchor'), so that joining on `pair_id` leaves them out; `reviewers_verdict` is what reviewers came to all the same,
    planted or not. `match_answers`, `non_match_answers` and
    `unsure_answers` count the blind answers; `suggested_record_id_r` is the person named as the right one instead.
    `fingerprint_l` and `fingerprint_r` are of the two records as they were judged, over the fields `judged_fields` (see
    `linkage.runs.judged`).
    Verdicts: `pair_id`, `reviewer`, `verdict` of every blind answer that stands, planted pairs left out.
    Searches: `record_id_r` is the person found, and `fingerprint_r` theirs, where the verdict is `match`; empty otherwise.

    Raises:
        ReviewError: when the run has no review.
    """
    store = open_store(run)
    try:
        store.connection.execute("BEGIN")
        finished = store.connection.execute(_FINISHED).fetchall()
        given = store.connection.execute(_GIVEN).fetchall()
        searched = store.connection.execute(_SEARCHED).fetchall()
    finally:
        store.close()
    connection = connect()
    try:
        connection.register("finished", _table(finished, _FINISHED_COLUMNS))
        connection.register("given", _table(given, _GIVEN_COLUMNS))
        connection.execute(f"CREATE VIEW review_set AS FROM {REVIEW_SET.scan(run)}")
        VERDICTS.write(connection, _VERDICTS, run)
        if SEARCH_SET.is_in(run):
            connection.register("searched", _table(searched, _FINISHED_COLUMNS))
            connection.execute(f"CREATE VIEW search_set AS FROM {SEARCH_SET.scan(run)}")
            SEARCHES.write(connection, _SEARCHES, run)
        return LABELS.write(connection, _LABELS, run)
    finally:
        connection.close()


def _table(rows: list[sqlite3.Row], columns: dict[str, str]) -> pa.Table:
    import pyarrow as pa

    schema = pa.schema([(name, pa.type_for_alias(kind)) for name, kind in columns.items()])
    return pa.Table.from_pylist([dict(row) for row in rows], schema=schema)

"""Pairs of known answer, to be planted among those that reviewers are shown."""

from __future__ import annotations

from pathlib import Path

import duckdb

from linkage.runs.tables import ANCHORS, CANDIDATES, MENTIONS, PERSONS, REGISTERED_TWICE

PAIRS_KEPT = 200
"""Pairs of each answer that are kept as known."""


def write_anchors(connection: duckdb.DuckDBPyConnection, run: Path, seed: int, folder: Path) -> int:
    """Write `anchors` (record_id_l, record_id_r, is_match): candidate pairs whose two personal numbers tell the answer.

    For planting among the pairs to review; mentions and persons must both carry `personal_number`. A person registered twice has
    two numbers: that one differs says nothing.
    """
    return ANCHORS.write(
        connection,
        f"""
        SELECT record_id_l, record_id_r, is_match FROM (
            SELECT c.record_id_l, c.record_id_r, l.personal_number = r.personal_number AS is_match,
                   row_number() OVER (PARTITION BY is_match ORDER BY hash(c.id_l, c.id_r, {seed}), c.id_l, c.id_r) AS place
            FROM {CANDIDATES.scan(run)} c
            JOIN {MENTIONS.scan(run)} l ON l.id = c.id_l AND l.personal_number_flags IS NULL
            JOIN {PERSONS.scan(run)} r ON r.id = c.id_r AND r.personal_number_flags IS NULL
            WHERE l.personal_number IS NOT NULL AND r.personal_number IS NOT NULL AND (l.personal_number = r.personal_number
                OR c.id_r NOT IN (SELECT unnest([person, other]) FROM {REGISTERED_TWICE.scan(run)}))
        ) WHERE place <= {PAIRS_KEPT} ORDER BY record_id_l, record_id_r
        """,
        folder,
    )

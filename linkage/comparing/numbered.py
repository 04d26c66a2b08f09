"""Both runs on the mentions whose person a personal number tells: an answer without labels, for those mentions alone."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

from linkage.comparing.paired import CATEGORIES, Category, PairedEstimate, by_numbers
from linkage.runs.sql import described_columns
from linkage.runs.tables import MENTIONS, PERSONS, REGISTERED_TWICE

if TYPE_CHECKING:
    import duckdb

NUMBER = "personal_number"

_COUNTS = """
WITH numbered AS (
    SELECT l.record_id AS record_id_l, any_value(r.record_id) AS record_id_r
    FROM {mentions} l SEMI JOIN common ON common.record_id = l.record_id
    JOIN {persons} r ON r.personal_number = l.personal_number
    WHERE l.personal_number_flags IS NULL AND r.personal_number_flags IS NULL
    GROUP BY l.record_id HAVING count(*) = 1
), twice AS (
    SELECT record_id, other_record_id FROM {twice} UNION ALL SELECT other_record_id, record_id FROM {twice}
), linked AS (
    SELECT record_id_l, record_id_r, bool_or(a) AS a, bool_or(b) AS b
    FROM (SELECT record_id_l, record_id_r, true AS a, false AS b FROM of_a WHERE is_link
          UNION ALL SELECT record_id_l, record_id_r, false, true FROM of_b WHERE is_link)
    GROUP BY record_id_l, record_id_r
)
SELECT CASE WHEN a AND b THEN 'both' WHEN a THEN 'only_a' ELSE 'only_b' END AS category, count(*),
       count(*) FILTER (linked.record_id_r = numbered.record_id_r
           OR (numbered.record_id_r, linked.record_id_r) IN (FROM twice)), (SELECT count(*) FROM numbered)
FROM linked JOIN numbered USING (record_id_l) GROUP BY category
"""


def score_by_numbers(
    connection: duckdb.DuckDBPyConnection, run_b: Path, specs: list[dict[str, Any]], level: float = 0.95
) -> list[PairedEstimate]:
    """Measures over the mentions whose valid number exactly one person carries; empty where that cannot be fair.

    Who is registered twice is the same person under either number.

    Not fair where a run blocks by or compares the number, where a side lacks it, and without a second register.
    """
    if any(uses_number(spec) for spec in specs) or not all(
        table.is_in(run_b) and NUMBER in described_columns(connection, table.scan(run_b)) for table in (MENTIONS, PERSONS)
    ):
        return []
    links: dict[Category, int] = dict.fromkeys(CATEGORIES, 0)
    matches: dict[Category, int] = dict.fromkeys(CATEGORIES, 0)
    mentions = 0
    query = _COUNTS.format(mentions=MENTIONS.scan(run_b), persons=PERSONS.scan(run_b), twice=REGISTERED_TWICE.scan(run_b))
    for category, linked, right, numbered in connection.execute(query).fetchall():
        links[category], matches[category], mentions = linked, right, numbered
    return by_numbers(matches, links, mentions, level)


def uses_number(spec: dict[str, Any]) -> bool:
    """Whether a project (the `spec` of run.json) blocks by or compares the personal number itself."""
    rules = [key for rule in spec["blocking"]["predict"] for key in rule["on"]]
    return NUMBER in rules or any(one["field"] == NUMBER for one in spec["comparisons"])

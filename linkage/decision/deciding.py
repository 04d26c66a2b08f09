"""From assigned pairs and thresholds to `links.parquet`."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from linkage.decision.entity_links import entity_links_query
from linkage.errors import LinkageError
from linkage.runs.exchange import scan_file
from linkage.runs.sql import quote, write_parquet

if TYPE_CHECKING:
    import duckdb

    from linkage.decision.thresholds import Thresholds

REASONS = (
    "verdict_match",
    "verdict_non_match",
    "above_upper",
    "same_entity",
    "runner_up_close",
    "doubtful_bridge",
    "between_thresholds",
    "below_lower",
)
"""Every value of the `reason` column."""

_DECIDE = """
WITH verdicts AS (
    SELECT record_id_l, record_id_r, any_value(verdict) AS verdict FROM {labels}
    WHERE verdict IN ('match', 'non_match') AND pair_id IS NOT NULL GROUP BY ALL HAVING count(DISTINCT verdict) = 1
), reasoned AS (
    SELECT assigned.* EXCLUDE ({replaced}),
        CASE WHEN link_weight >= {upper} AND coalesce(runner_up_margin >= {margin}, true) THEN 'above_upper'
             WHEN link_weight >= {lower} AND {pair_weight} >= {upper} AND runner_up_margin < {margin} THEN 'runner_up_close'
             WHEN link_weight >= {lower} THEN 'between_thresholds'
             ELSE 'below_lower' END AS reason_unreviewed,
        CASE WHEN verdict IS NOT NULL THEN 'verdict_' || verdict ELSE reason_unreviewed END AS reason
    FROM {assigned} AS assigned LEFT JOIN verdicts USING (record_id_l, record_id_r)
)
SELECT * EXCLUDE (reason, reason_unreviewed), {decision_of_reason} AS decision, reason,
    {decision_of_unreviewed} AS decision_unreviewed
FROM reasoned ORDER BY record_id_l, record_id_r
"""

_DECISION = """CASE WHEN {0} IN ('verdict_match', 'above_upper') THEN 'link'
         WHEN {0} IN ('runner_up_close', 'between_thresholds') THEN 'clerical' ELSE 'non_link' END"""

_NO_LABELS = "(SELECT '' AS record_id_l, '' AS record_id_r, '' AS verdict, '' AS pair_id WHERE false)"


def relation(source: str | Path) -> str:
    """The FROM clause of a Parquet path (anything that ends in .parquet), or of a table or view by its quoted name."""
    text = str(source)
    return scan_file(Path(text)) if text.endswith(".parquet") else quote(text)


def columns_of(connection: duckdb.DuckDBPyConnection, source: str | Path) -> list[str]:
    """Column names of a table, view or Parquet file."""
    return [row[0] for row in connection.execute(f"DESCRIBE SELECT * FROM {relation(source)}").fetchall()]


def group_of(table: str, column: str) -> str:
    """SQL text of the group a row is in by a column: its value, or the decade of a column that ends in `_year`."""
    value = f"{table}.{quote(column)}"
    decade = f"(TRY_CAST({value} AS INTEGER) // 10 * 10)::INTEGER::VARCHAR || 's'"  # a table's year may be any text
    return decade if column.endswith("_year") else f"{value}::VARCHAR"


def decide(
    connection: duckdb.DuckDBPyConnection,
    assigned: str | Path,
    thresholds: Thresholds,
    runner_up_margin: float,
    target: Path,
    labels: str | Path | None = None,
) -> dict[str, int]:
    """Write `links.parquet`: the assigned pairs (at most one a mention) with `decision` and `reason`; return the counts.

    Where `assigned` says which records are kept apart, its records are grouped to entities (`entity_links`), and a mention
    may have several pairs.

    A pair at or above the upper threshold is a link unless its runner-up is closer than `runner_up_margin` bits (a NULL
    margin means no runner-up); a pair to review that its runner-up alone keeps below it (its `pair_weight`, where `assigned`
    has one, reaches it) has that for its reason; a reviewer's verdict in `labels` wins over both thresholds (planted pairs,
    without `pair_id`, decide nothing); `decision_unreviewed` is what was decided without verdicts. Counts have the three
    decisions and every reason as keys.

    Raises:
        LinkageError: a mention stands in `assigned` twice.
    """
    columns = columns_of(connection, assigned)
    relation_of_labels = _NO_LABELS if labels is None else relation(labels)
    if "apart_l" in columns:
        write_parquet(connection, entity_links_query(connection, relation(assigned), thresholds, relation_of_labels), target)
        return _counts(connection, target)
    twice = connection.execute(
        f"SELECT count(*) FROM (SELECT record_id_l FROM {relation(assigned)} GROUP BY ALL HAVING count(*) > 1)"
    ).fetchone()
    if twice and twice[0]:
        raise LinkageError(
            f"{twice[0]} mentions have more than one assigned pair.", "Decide on the table of best pairs, after the assignment."
        )
    replaced = ", ".join(name for name in ("decision", "reason", "decision_unreviewed") if name in columns)
    query = _DECIDE.format(
        labels=relation_of_labels,
        assigned=relation(assigned),
        replaced=replaced,
        pair_weight="pair_weight" if "pair_weight" in columns else "link_weight",
        upper=float(thresholds.upper),
        lower=float(thresholds.lower),
        margin=float(runner_up_margin),
        decision_of_reason=_DECISION.format("reason"),
        decision_of_unreviewed=_DECISION.format("reason_unreviewed"),
    )
    write_parquet(connection, query if replaced else query.replace(" EXCLUDE ()", ""), target)
    return _counts(connection, target)


def _counts(connection: duckdb.DuckDBPyConnection, target: Path) -> dict[str, int]:
    counts = dict.fromkeys(("link", "clerical", "non_link", *REASONS), 0)
    for decision, reason, pairs in connection.execute(
        f"SELECT decision, reason, count(*) FROM {relation(target)} GROUP BY ALL"
    ).fetchall():
        counts[decision] += pairs
        counts[reason] += pairs
    return counts

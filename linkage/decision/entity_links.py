"""Links where entities are found: the pairs within a group of records, and as clerical pairs what is doubtful between groups.

A pair within an entity is a link whatever its own weight: other records of the entity say it too, and its link weight is at
least the upper threshold, which every step that joins the entity reaches. A pair that reaches it between two entities is a
doubtful bridge, for a person to decide.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from linkage.assigning.entities import group_records
from linkage.statistics import probability_sql

if TYPE_CHECKING:
    import duckdb

    from linkage.decision.thresholds import Thresholds

_VERDICTS = """SELECT record_id_l, record_id_r, any_value(verdict) AS verdict FROM {labels}
    WHERE verdict IN ('match', 'non_match') AND pair_id IS NOT NULL GROUP BY ALL HAVING count(DISTINCT verdict) = 1"""

_REASON = """CASE WHEN {same} AND link_weight >= {upper} THEN 'above_upper' WHEN {same} THEN 'same_entity'
    WHEN link_weight >= {upper} THEN 'doubtful_bridge' WHEN link_weight >= {lower} THEN 'between_thresholds'
    ELSE 'below_lower' END"""

_DECISION = """CASE WHEN {0} IN ('verdict_match', 'above_upper', 'same_entity') THEN 'link'
    WHEN {0} IN ('doubtful_bridge', 'between_thresholds') THEN 'clerical' ELSE 'non_link' END"""


def entity_links_query(connection: duckdb.DuckDBPyConnection, assigned: str, thresholds: Thresholds, labels: str) -> str:
    """SQL of `links` from the pairs that entities rest on (`assigned`, `labels` as they stand in a FROM clause).

    The records are grouped here, with the verdicts and without: what was decided without them is kept beside.
    """
    upper, lower = float(thresholds.upper), float(thresholds.lower)
    connection.execute(
        f"""CREATE OR REPLACE TEMP TABLE judged_pairs AS SELECT assigned.*, verdict
        FROM {assigned} AS assigned LEFT JOIN ({_VERDICTS.format(labels=labels)}) USING (record_id_l, record_id_r)"""
    )
    connection.execute(
        "CREATE OR REPLACE TEMP VIEW unjudged_pairs AS SELECT * REPLACE (NULL::VARCHAR AS verdict) FROM judged_pairs"
    )
    group_records(connection, "judged_pairs", upper, "entity_groups")
    group_records(connection, "unjudged_pairs", upper, "entity_groups_unreviewed")
    reasons = [_REASON.format(same=same, upper=upper, lower=lower) for same in ("same_now", "same_before")]
    within, together = "same_now AND verdict IS DISTINCT FROM 'non_match'", f"greatest(link_weight, {upper}::DOUBLE)"
    believed = f"CASE WHEN {within} THEN {together} ELSE link_weight END"
    return f"""
        WITH held AS (
            SELECT judged_pairs.*, coalesce(a.entity = b.entity, false) AS same_now,
                coalesce(c.entity = d.entity, false) AS same_before
            FROM judged_pairs
            LEFT JOIN entity_groups a ON a.id = id_l LEFT JOIN entity_groups b ON b.id = id_r
            LEFT JOIN entity_groups_unreviewed c ON c.id = id_l LEFT JOIN entity_groups_unreviewed d ON d.id = id_r
        ), reasoned AS (
            SELECT *, {reasons[1]} AS reason_unreviewed,
                CASE WHEN verdict IS NOT NULL THEN 'verdict_' || verdict ELSE {reasons[0]} END AS reason FROM held
        ), told AS (
            SELECT * EXCLUDE (reason, reason_unreviewed) REPLACE ({believed} AS link_weight),
                {_DECISION.format("reason")} AS decision, reason, {_DECISION.format("reason_unreviewed")} AS decision_unreviewed
            FROM reasoned
        )
        SELECT * EXCLUDE (verdict, same_now, same_before) REPLACE ({probability_sql("link_weight")} AS match_probability)
        FROM told ORDER BY record_id_l, record_id_r"""

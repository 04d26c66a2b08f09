"""A wider net: for mentions without a link, the best persons that only looser keys reach; and pairs of known answer.

A looser key is a predict rule with one of its keys left out (a rule of one key has none). Recall can then be estimated
with what blocking lost counted in, as far as looser keys reach.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import duckdb

from linkage.config import BlockingRule
from linkage.matching.blocking import number_blocks, pairs_of_rules
from linkage.matching.levels import levels_of_pairs
from linkage.matching.scoring import weights_query
from linkage.matching.tables import Sides
from linkage.matching.trained import TrainedModel
from linkage.runs.sql import literal, write_parquet

MOST_MENTIONS = 2_000
"""Mentions without a link that are looked at, a seeded sample of them where there are more."""
MOST_PERSONS = 2_000
"""A looser block with more persons is not searched."""
FLOOR = -20.0
ANCHORS = 200
"""Pairs of each answer that are kept as known."""


def write_wider_pairs(
    connection: duckdb.DuckDBPyConnection,
    sides: Sides,
    model: TrainedModel,
    rules: Sequence[BlockingRule],
    run: Path,
    below: float,
    seed: int,
    target: Path,
) -> int:
    """Write (id_l, id_r, link_weight) of pairs that looser keys propose and the rules do not, for mentions not linked."""
    looser = looser_rules(rules)
    connection.execute(
        "CREATE OR REPLACE TEMP TABLE unlinked AS SELECT id FROM mentions WHERE id NOT IN"
        " (SELECT id_l FROM read_parquet($assigned) WHERE link_weight >= $below)"
        f" ORDER BY hash(id, {seed}), id LIMIT {MOST_MENTIONS}",
        {"assigned": str(run / "assigned.parquet"), "below": below},
    )
    number_blocks(connection, sides, looser, "looser")
    connection.execute("DELETE FROM looser_left WHERE id NOT IN (SELECT id FROM unlinked)")
    for number in range(len(looser)):
        crowded = f"SELECT block_{number} FROM looser_right GROUP BY block_{number} HAVING count(*) > {MOST_PERSONS}"
        connection.execute(f"UPDATE looser_left SET block_{number} = NULL WHERE block_{number} IN ({crowded})")
    known = literal(str(run / "pairs.parquet"))
    fresh = f"SELECT * FROM ({pairs_of_rules(sides, len(looser), 'looser')}) ANTI JOIN read_parquet({known}) USING (id_l, id_r)"
    weighed = weights_query(connection, sides, model, f"({levels_of_pairs(model.settings, sides, fresh)})", FLOOR)
    place = "row_number() OVER (PARTITION BY id_l ORDER BY link_weight DESC, id_r)"
    return write_parquet(
        connection, f"SELECT id_l, id_r, link_weight FROM ({weighed}) QUALIFY {place} <= 5 ORDER BY id_l, id_r", target
    )


def looser_rules(rules: Sequence[BlockingRule]) -> list[BlockingRule]:
    """Every rule with one key left out, each set of keys once, in the order of the rules."""
    shorter = (tuple(key for key in rule.on if key != dropped) for rule in rules if len(rule.on) > 1 for dropped in rule.on)
    return [BlockingRule(on=keys) for keys in list(dict.fromkeys(shorter))[:32]]


def write_anchors(connection: duckdb.DuckDBPyConnection, run: Path, seed: int, target: Path) -> int:
    """Write anchors.parquet (record_id_l, record_id_r, is_match): candidate pairs whose two personal numbers tell the answer.

    For planting among the pairs to review; mentions and persons must both carry `personal_number`.
    """
    left, right, candidates = (literal(str(run / f"{name}.parquet")) for name in ("mentions", "persons", "candidates"))
    return write_parquet(
        connection,
        f"""
        SELECT record_id_l, record_id_r, is_match FROM (
            SELECT c.record_id_l, c.record_id_r, l.personal_number = r.personal_number AS is_match,
                   row_number() OVER (PARTITION BY is_match ORDER BY hash(c.id_l, c.id_r, {seed}), c.id_l, c.id_r) AS place
            FROM read_parquet({candidates}) c
            JOIN read_parquet({left}) l ON l.id = c.id_l AND l.personal_number_flags IS NULL
            JOIN read_parquet({right}) r ON r.id = c.id_r AND r.personal_number_flags IS NULL
            WHERE l.personal_number IS NOT NULL AND r.personal_number IS NOT NULL
        ) WHERE place <= {ANCHORS} ORDER BY record_id_l, record_id_r
        """,
        target,
    )

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
from linkage.runs.sql import fetch_row, literal, write_parquet

MOST_PERSONS = 200
"""A looser block with more persons is not searched."""
PAIRS_A_MENTION = 100
"""Looser rules are taken, the most selective first, until they propose this many pairs a mention without a link."""
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
    target: Path,
) -> int:
    """Write (id_l, id_r, link_weight) of pairs that looser keys propose and the rules do not, for mentions not linked."""
    connection.execute(
        "CREATE OR REPLACE TEMP TABLE unlinked AS SELECT id FROM mentions WHERE id NOT IN"
        " (SELECT id_l FROM read_parquet($assigned) WHERE link_weight >= $below)",
        {"assigned": str(run / "assigned.parquet"), "below": below},
    )
    chosen = _within_budget(connection, sides, looser_rules(rules))
    known = literal(str(run / "pairs.parquet"))
    fresh = f"SELECT * FROM ({pairs_of_rules(sides, chosen, 'chosen')}) ANTI JOIN read_parquet({known}) USING (id_l, id_r)"
    if not chosen:
        fresh = f"SELECT id_l, id_r, blocking_rules FROM read_parquet({known}) WHERE false"
    # a table of its own, so that every thread compares: the few mentions without a link are one thread's work
    connection.execute(f"CREATE OR REPLACE TEMP TABLE fresh AS {fresh}")
    weighed = weights_query(connection, sides, model, f"({levels_of_pairs(model.settings, sides, 'SELECT * FROM fresh')})", FLOOR)
    place = "row_number() OVER (PARTITION BY id_l ORDER BY link_weight DESC, id_r)"
    best = f"SELECT id_l, id_r, link_weight FROM ({weighed}) QUALIFY {place} <= 5 ORDER BY id_l, id_r"
    return write_parquet(connection, best, target)


def _within_budget(connection: duckdb.DuckDBPyConnection, sides: Sides, rules: Sequence[BlockingRule]) -> int:
    """Keep the blocks of the most selective rules whose pairs together stay within the budget: chosen_left, chosen_right.

    Returns how many rules are kept, in the order given.
    """
    if not rules:
        return 0
    _block_unlinked(connection, sides, rules)
    budget = PAIRS_A_MENTION * int(fetch_row(connection, "SELECT count(*) FROM unlinked")[0])
    sizes = "SELECT block_{n} AS block, count(*) AS records FROM looser_{side} WHERE block_{n} IS NOT NULL GROUP BY block"
    pairs = []
    for number in range(len(rules)):
        left, right = (sizes.format(n=number, side=side) for side in ("left", "right"))
        query = f"SELECT coalesce(sum(l.records * r.records), 0) FROM ({left}) l JOIN ({right}) r USING (block)"
        pairs.append(int(fetch_row(connection, query)[0]))
    chosen: list[int] = []
    for number in sorted(range(len(rules)), key=lambda one: (pairs[one], one)):
        if sum(pairs[one] for one in [*chosen, number]) > budget:
            break
        chosen.append(number)
    blocks = "".join(f", block_{number} AS block_{place}" for place, number in enumerate(sorted(chosen)))
    for side in ("left", "right"):
        connection.execute(f"CREATE OR REPLACE TEMP TABLE chosen_{side} AS SELECT id{blocks} FROM looser_{side}")
    return len(chosen)


def _block_unlinked(connection: duckdb.DuckDBPyConnection, sides: Sides, rules: Sequence[BlockingRule]) -> None:
    """Number the blocks of mentions without a link; crowded blocks are left out."""
    number_blocks(connection, sides, rules, "looser")
    connection.execute("DELETE FROM looser_left WHERE id NOT IN (SELECT id FROM unlinked)")
    for number in range(len(rules)):
        crowded = f"SELECT block_{number} FROM looser_right GROUP BY block_{number} HAVING count(*) > {MOST_PERSONS}"
        connection.execute(f"UPDATE looser_left SET block_{number} = NULL WHERE block_{number} IN ({crowded})")


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

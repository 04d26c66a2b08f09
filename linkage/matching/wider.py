"""A wider net: for mentions without a link, the best persons that only looser keys reach; and pairs of known answer.

A looser key is a predict rule with one of its keys left out (a rule of one key has none). Recall can then be estimated
with what blocking lost counted in, as far as looser keys reach.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import duckdb

from linkage.config import BlockingRule
from linkage.matching.blocking import block_numbers, pairs_of_rules
from linkage.matching.levels import levels_of_pairs
from linkage.matching.scoring import weights_query
from linkage.matching.tables import Sides
from linkage.matching.trained import TrainedModel
from linkage.runs.sql import fetch_row, literal, quote, write_parquet

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
        "CREATE OR REPLACE TEMP TABLE unlinked AS SELECT * FROM mentions WHERE id NOT IN"
        " (SELECT id_l FROM read_parquet($assigned) WHERE link_weight >= $below)",
        {"assigned": str(run / "assigned.parquet"), "below": below},
    )
    chosen = _within_budget(connection, sides, looser_rules(rules))
    known = literal(str(run / "pairs.parquet"))
    fresh = f"SELECT * FROM ({pairs_of_rules(sides, chosen, 'chosen')}) ANTI JOIN read_parquet({known}) USING (id_l, id_r)"
    if not chosen:
        fresh = f"SELECT id_l, id_r, blocking_rules FROM read_parquet({known}) WHERE false"
    connection.execute(f"CREATE OR REPLACE TEMP TABLE fresh AS {fresh}")
    levels = levels_of_pairs(model.settings, replace(sides, left="unlinked"), "SELECT * FROM fresh")
    weighed = weights_query(connection, sides, model, f"({levels})", FLOOR)
    place = "row_number() OVER (PARTITION BY id_l ORDER BY link_weight DESC, id_r)"
    best = f"SELECT id_l, id_r, link_weight FROM ({weighed}) QUALIFY {place} <= 5 ORDER BY id_l, id_r"
    return write_parquet(connection, best, target)


def _within_budget(connection: duckdb.DuckDBPyConnection, sides: Sides, rules: Sequence[BlockingRule]) -> int:
    """Keep the blocks of the most selective rules whose pairs together stay within the budget: chosen_left, chosen_right.

    Returns how many rules are kept, in the order given.
    """
    if not rules:
        return 0
    for side, source in (("left", "unlinked"), ("right", sides.right)):
        blocks = f"SELECT id, {block_numbers(rules)} FROM {quote(source)}"
        connection.execute(f"CREATE OR REPLACE TEMP TABLE looser_{side} AS {blocks}")
    budget = PAIRS_A_MENTION * int(fetch_row(connection, "SELECT count(*) FROM unlinked")[0])
    pairs = [int(fetch_row(connection, f"SELECT coalesce(sum(pairs), 0) FROM ({_blocks(n)})")[0]) for n in range(len(rules))]
    chosen: list[int] = []
    for number in sorted(range(len(rules)), key=lambda one: (pairs[one], one)):
        if sum(pairs[one] for one in [*chosen, number]) > budget:
            break
        chosen.append(number)
    kept = "".join(
        f", CASE WHEN block_{number} IN (SELECT block FROM ({_blocks(number)})) THEN block_{number} END AS block_{place}"
        for place, number in enumerate(sorted(chosen))
    )
    connection.execute(f"CREATE OR REPLACE TEMP TABLE chosen_left AS SELECT id{kept} FROM looser_left")
    named = "".join(f", block_{number} AS block_{place}" for place, number in enumerate(sorted(chosen)))
    connection.execute(f"CREATE OR REPLACE VIEW chosen_right AS SELECT id{named} FROM looser_right")
    return len(chosen)


def _blocks(number: int) -> str:
    """SQL of (block, pairs) under a looser rule: the blocks of mentions without a link, crowded ones left out."""
    return f"""SELECT block, any_value(mentions) * count(*) AS pairs FROM looser_right JOIN
        (SELECT block_{number} AS block, count(*) AS mentions FROM looser_left GROUP BY block) ON block = block_{number}
        GROUP BY block HAVING count(*) <= {MOST_PERSONS}"""


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

"""A wider net: for mentions without a safe pair, the best persons beside the assigned one.

The net holds the pairs that the rules proposed but the assignment did not take, and pairs that only looser keys reach. A
looser key is a predict rule with one of its keys left out (a rule of one key has none), or a rule that refinement or its cap
made narrower, as the project file says it. Recall can then be estimated with what blocking and assignment lost counted in, as
far as the net reaches.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import replace
from pathlib import Path

import duckdb

from linkage.assigning.assignment import write_with_record_ids
from linkage.config import BlockingRule, rule_on
from linkage.pairs.blocking import block_numbers, proposals_by_rule
from linkage.pairs.level_store import compare_values, levels_of_pairs
from linkage.pairs.sides import Sides
from linkage.runs.sql import fetch_row, quote
from linkage.runs.tables import ASSIGNED, PAIRS, SCORED_PAIRS, WIDER
from linkage.weighing.belief import believed_query
from linkage.weighing.scoring import may_reach, weights_query
from linkage.weighing.trained_model import TrainedModel

SAFE = 10.0
"""Link weight (bits; odds of 1000 to 1) from which a mention's assigned pair is taken for its person and no other is sought.

Fixed, so that the net does not depend on the thresholds, which stand near it: a lower one only uses a part of the net."""
PERSONS = 3
"""Persons of the net a mention, those of greatest pair weight."""
MOST_PERSONS = 200
"""A looser block with more persons is not searched."""
PAIRS_A_MENTION = 100
"""Looser rules are taken, the most selective first, until they propose this many pairs a mention without a safe pair."""
FLOOR = -20.0
"""Pairs of looser keys with a lower match weight are left out."""


def write_wider_pairs(
    connection: duckdb.DuckDBPyConnection,
    sides: Sides,
    model: TrainedModel,
    looser: Sequence[BlockingRule],
    run: Path,
    records: tuple[Path, Path],
    folder: Path,
) -> int:
    """Write the net (id_l, id_r, link_weight, weight_given_rival, proposed, record_id_l, record_id_r); returns its pairs.

    The level store, the scored and the assigned pairs are those of `run`, `folder` is where the net goes;
    `looser` are the keys of `looser_rules`, `records` the two sides' tables. Of mentions with no assigned pair of `SAFE` bits:
    scored pairs that are not assigned (`proposed`) and pairs that looser keys propose and no rule does, together at most
    `PERSONS` a mention. Not in it:
    candidates below the floor of scoring, which were not kept.

    `weight_given_rival` is w − log2(1 + 2^r), log2 odds of the pair against its strongest rival (w the pair weight, r that of
    the rival) or neither being right: of the mention's other pairs, and of the pair its person is assigned in.
    """
    known, scored, assigned = PAIRS.scan(run), SCORED_PAIRS.scan(run), ASSIGNED.scan(run)
    connection.execute(
        "CREATE OR REPLACE TEMP TABLE unsafe AS SELECT * FROM mentions"
        f" WHERE id NOT IN (SELECT id_l FROM {assigned} WHERE link_weight >= {SAFE!r})"
    )
    net = (
        f"SELECT id_l, id_r, pair_weight, link_weight, true AS proposed FROM {scored} AS scored"
        " WHERE id_l IN (SELECT id FROM unsafe)"
        f" AND NOT EXISTS (FROM {assigned} AS taken WHERE taken.id_l = scored.id_l AND taken.id_r = scored.id_r)"
    )
    if chosen := _within_budget(connection, sides, looser):
        connection.execute("CREATE OR REPLACE TEMP TABLE proposals (pair BIGINT, rule UINTEGER)")
        for pairs in proposals_by_rule(sides, chosen, "chosen"):
            connection.execute(f"INSERT INTO proposals {pairs}", {"first": 1, "last": sides.left_rows})
        connection.execute(
            "CREATE OR REPLACE TEMP TABLE fresh AS SELECT (pair >> 32)::INTEGER AS id_l, (pair & 4294967295)::INTEGER AS id_r,"
            " 0::UINTEGER AS blocking_rules FROM (SELECT DISTINCT pair FROM proposals)"
            f" ANTI JOIN {known} known ON pair = (known.id_l::BIGINT << 32) | known.id_r ORDER BY pair"
        )
        connection.execute("DROP TABLE proposals")
        unsafe = replace(sides, left="unsafe")
        by_value = compare_values(connection, model.match, unsafe, "fresh")
        levels = levels_of_pairs(model.match, unsafe, "SELECT * FROM fresh", by_value)
        reaching = f"SELECT * FROM ({levels}) WHERE {may_reach(model, FLOOR)}"
        weighed = believed_query(weights_query(model, reaching, run), run)
        net += f" UNION ALL SELECT id_l, id_r, pair_weight, link_weight, false FROM ({weighed}) WHERE match_weight >= {FLOOR!r}"
    place = "row_number() OVER (PARTITION BY id_l ORDER BY pair_weight DESC, id_r)"
    connection.execute(f"CREATE OR REPLACE TEMP TABLE net AS SELECT * FROM ({net}) QUALIFY {place} <= {PERSONS}")
    others = "PARTITION BY id_l ROWS BETWEEN UNBOUNDED PRECEDING AND UNBOUNDED FOLLOWING EXCLUDE CURRENT ROW"
    with_rival = f"""
        SELECT net.*, greatest(max(pair_weight) OVER ({others}), of_mention, of_person) AS rival FROM net
        LEFT JOIN (SELECT id_l, max(pair_weight) AS of_mention FROM {assigned} GROUP BY id_l) USING (id_l)
        LEFT JOIN (SELECT id_r, max(pair_weight) AS of_person FROM {assigned} GROUP BY id_r) USING (id_r)"""
    given = "pair_weight - coalesce(greatest(rival, 0) + log2(1 + pow(2, -abs(rival))), 0)"
    query = f"SELECT id_l, id_r, pair_weight, link_weight, {given} AS weight_given_rival, proposed FROM ({with_rival})"
    return write_with_record_ids(connection, query, records, WIDER, folder)


def _within_budget(connection: duckdb.DuckDBPyConnection, sides: Sides, rules: Sequence[BlockingRule]) -> int:
    """Keep the blocks of the most selective rules whose pairs together stay within the budget: chosen_left, chosen_right.

    Returns how many rules are kept, in the order given.
    """
    if not rules:
        return 0
    for side, source in (("left", "unsafe"), ("right", sides.right)):
        blocks = f"SELECT id, {block_numbers(rules, sides.types)} FROM {quote(source)}"
        connection.execute(f"CREATE OR REPLACE TEMP TABLE looser_{side} AS {blocks}")
    budget = PAIRS_A_MENTION * int(fetch_row(connection, "SELECT count(*) FROM unsafe")[0])
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
    """SQL of (block, pairs) under a looser rule: the blocks of mentions without a safe pair, crowded ones left out."""
    return f"""SELECT block, any_value(mentions) * count(*) AS pairs FROM looser_right JOIN
        (SELECT block_{number} AS block, count(*) AS mentions FROM looser_left GROUP BY block) ON block = block_{number}
        GROUP BY block HAVING count(*) <= {MOST_PERSONS}"""


def looser_rules(rules: Sequence[BlockingRule], narrowed: Collection[str] = ()) -> list[BlockingRule]:
    """The rules whose names are `narrowed`, whole, then every rule with one key left out; each set of keys once, in order."""
    whole = [rule.on for rule in rules if rule.name in narrowed]
    shorter = (tuple(key for key in rule.on if key != dropped) for rule in rules if len(rule.on) > 1 for dropped in rule.on)
    return [rule_on(keys) for keys in list(dict.fromkeys([*whole, *shorter]))[:32]]

from __future__ import annotations

import duckdb
import pytest

from linkage.config import BlockingRule
from linkage.pairs.blocking import count_rule_pairs, number_blocks, pairs_of_rules, proposals_by_rule
from linkage.pairs.sides import Sides

RULES = [BlockingRule(on=("a",)), BlockingRule(on=("b", "c")), BlockingRule(on=("c",))]


@pytest.fixture
def sides(connection: duckdb.DuckDBPyConnection) -> Sides:
    for table, rows, seed in (("mentions", 300, 1), ("persons", 400, 2)):
        connection.execute(
            f"""CREATE TABLE {table} AS SELECT (range + 1)::INTEGER AS id,
            CASE WHEN hash(range, {seed}, 'n') % 7 = 0 THEN NULL ELSE (hash(range, {seed}, 'a') % 90)::VARCHAR END AS a,
            (hash(range, {seed}, 'b') % 9)::INTEGER AS b,
            CASE WHEN hash(range, {seed}, 'm') % 5 = 0 THEN NULL ELSE 'c' || (hash(range, {seed}, 'c') % 30) END AS c
            FROM range({rows})"""
        )
    return Sides("mentions", "persons", 300, 400)


def brute_force(connection: duckdb.DuckDBPyConnection, sides: Sides) -> set[tuple[int, int, int]]:
    once = "AND l.id < r.id" if sides.is_dedupe else ""
    bits = " + ".join(
        f"{1 << n} * (coalesce({' AND '.join(f'l.{key} = r.{key}' for key in rule.on)}, false))::INTEGER"
        for n, rule in enumerate(RULES)
    )
    query = f"SELECT l.id, r.id, {bits} AS bits FROM {sides.left} l, {sides.right} r WHERE bits > 0 {once}"
    return set(connection.execute(query).fetchall())


@pytest.mark.parametrize("dedupe", [False, True])
def test_each_pair_once_with_a_bit_for_every_rule_that_proposes_it(connection, sides, dedupe: bool) -> None:
    sides = Sides("mentions", "mentions", 300, 300) if dedupe else sides
    counts = number_blocks(connection, sides, RULES, "blocks")
    rows = connection.execute(pairs_of_rules(sides, len(RULES), "blocks")).fetchall()
    assert len(rows) == len({row[:2] for row in rows})
    assert set(rows) == brute_force(connection, sides)
    for number, count in enumerate(counts):
        assert count.pairs == sum(bool(bits & (1 << number)) for *_, bits in rows)


def test_left_ids_can_be_taken_in_parts(connection, sides) -> None:
    number_blocks(connection, sides, RULES, "blocks")
    queries = proposals_by_rule(sides, len(RULES), "blocks")
    spans = [{"first": first, "last": first + 99} for first in (1, 101, 201)]
    bits: dict[int, int] = {}
    for pair, rule in (row for query in queries for span in spans for row in connection.execute(query, span).fetchall()):
        assert not bits.get(pair, 0) & rule
        bits[pair] = bits.get(pair, 0) | rule
    assert {(pair >> 32, pair & (2**32 - 1), rules) for pair, rules in bits.items()} == brute_force(connection, sides)


def test_cap_leaves_out_large_blocks_and_counts_them(connection, sides) -> None:
    free, capped = BlockingRule(on=("c",)), BlockingRule(on=("c",), cap=80)
    everything, kept = (count_rule_pairs(connection, sides, rule) for rule in (free, capped))
    assert 0 < kept.pairs < everything.pairs
    assert kept.pairs + kept.capped_pairs == everything.pairs
    assert kept.largest_block <= 80 < everything.largest_block
    number_blocks(connection, sides, [capped], "blocks")
    assert connection.execute(f"SELECT count(*) FROM ({pairs_of_rules(sides, 1, 'blocks')})").fetchall() == [(kept.pairs,)]

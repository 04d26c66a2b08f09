"""Blocking rules as integer blocks: exact pair counts without a join, and the pairs of several rules without repeats.

Each rule gives every record a block number (a 64-bit hash of its keys; NULL where a key is missing or the block is
larger than the rule's cap). A pair is proposed by a rule when both sides have the same number.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import duckdb

from linkage.config import BlockingRule
from linkage.matching.tables import Sides
from linkage.runs.sql import fetch_row, quote


@dataclass(frozen=True)
class RulePairs:
    """What one rule proposes."""

    rule: str
    pairs: int
    """Pairs the rule proposes by itself."""
    blocks: int
    largest_block: int
    """Pairs of the largest block that was kept."""
    capped_blocks: int
    capped_pairs: int
    """Pairs in blocks left out because of the cap."""


def number_blocks(
    connection: duckdb.DuckDBPyConnection, sides: Sides, rules: Sequence[BlockingRule], table: str
) -> list[RulePairs]:
    """Make `<table>_left` and `<table>_right`: id and one block number a rule, `block_0`, `block_1` …"""
    capped = []
    counts = []
    for position, rule in enumerate(rules):
        counts.append(count_rule_pairs(connection, sides, rule))
        name = f"{table}_capped_{position}"
        connection.execute(f"CREATE OR REPLACE TEMP TABLE {quote(name)} AS {_large_blocks(sides, rule)}")
        capped.append(name)
    for side, source in (("left", sides.left), ("right", sides.right)):
        columns = ", ".join(
            f"{_number(rule, f'SELECT block FROM {quote(name)}' if rule.cap else None)} AS block_{position}"
            for position, (rule, name) in enumerate(zip(rules, capped, strict=True))
        )
        connection.execute(
            f"CREATE OR REPLACE TEMP TABLE {quote(f'{table}_{side}')} AS SELECT id, {columns} FROM {quote(source)} ORDER BY id"
        )
    return counts


def count_rule_pairs(connection: duckdb.DuckDBPyConnection, sides: Sides, rule: BlockingRule) -> RulePairs:
    """Exact counts for one rule, from block sizes alone."""
    cap = rule.cap or 2**62
    row = fetch_row(
        connection,
        f"""
        WITH blocks AS ({_block_sizes(sides, rule)})
        SELECT coalesce(sum(pairs) FILTER (pairs <= $cap), 0), count(*) FILTER (pairs <= $cap),
               coalesce(max(pairs) FILTER (pairs <= $cap), 0), count(*) FILTER (pairs > $cap),
               coalesce(sum(pairs) FILTER (pairs > $cap), 0)
        FROM blocks WHERE pairs > 0
        """,
        {"cap": cap},
    )
    return RulePairs(rule.name, *(int(value) for value in row))


def pairs_of_rules(sides: Sides, rules: int, table: str, id_range: bool = False) -> str:
    """SQL of (id_l, id_r, blocking_rules): each pair once, with a bit for every rule that proposes it.

    With `id_range`, only left ids between the bound parameters $first and $last.
    """
    return " UNION ALL ".join(pairs_by_rule(sides, rules, table, id_range))


def pairs_by_rule(sides: Sides, rules: int, table: str, id_range: bool = False) -> list[str]:
    """One query a rule, of the pairs that it proposes and no earlier rule does: none is compared with those already there."""
    bits = " | ".join(f"(CASE WHEN l.block_{rule} = r.block_{rule} THEN {1 << rule} ELSE 0 END)" for rule in range(rules))
    span = " AND l.id BETWEEN $first AND $last" if id_range else ""
    once = " AND l.id < r.id" if sides.is_dedupe else ""
    parts = []
    for rule in range(rules):
        earlier = "".join(f" AND (l.block_{before} = r.block_{before}) IS NOT TRUE" for before in range(rule))
        parts.append(
            f"SELECT l.id AS id_l, r.id AS id_r, ({bits})::UINTEGER AS blocking_rules"
            f" FROM {quote(table + '_left')} l JOIN {quote(table + '_right')} r ON l.block_{rule} = r.block_{rule}{earlier}{once}"
            f" WHERE true{span}"
        )
    return parts


def _number(rule: BlockingRule, capped: str | None = None) -> str:
    """A record's block number under a rule; NULL where a key is missing or the block is among `capped`."""
    keys = [quote(key) for key in rule.on]
    number = f"hash({', '.join(keys)})"
    unusable = [*(f"{key} IS NULL" for key in keys), *([f"{number} IN ({capped})"] if capped else [])]
    return f"(CASE WHEN {' OR '.join(unusable)} THEN NULL ELSE {number} END)"


def _block_sizes(sides: Sides, rule: BlockingRule) -> str:
    sizes = "SELECT {number} AS block, count(*) AS records FROM {table} WHERE {number} IS NOT NULL GROUP BY block"
    left = sizes.format(number=_number(rule), table=quote(sides.left))
    if sides.is_dedupe:
        return f"SELECT block, records * (records - 1) // 2 AS pairs FROM ({left})"
    right = sizes.format(number=_number(rule), table=quote(sides.right))
    return f"SELECT block, l.records * r.records AS pairs FROM ({left}) l JOIN ({right}) r USING (block)"


def _large_blocks(sides: Sides, rule: BlockingRule) -> str:
    return f"SELECT block FROM ({_block_sizes(sides, rule)}) WHERE pairs > {rule.cap or 2**62}"

"""Blocking rules as integer blocks: exact pair counts without a join, and the pairs of several rules without repeats.

Each rule gives every record a block number (a 64-bit hash of its keys; NULL where a key is missing or the block is
larger than the rule's cap). A pair is proposed by a rule when both sides have the same number.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, fields

import duckdb
import numpy as np
from numpy.typing import NDArray

from linkage.config import BlockingRule
from linkage.pairs.sides import Sides, record_hash
from linkage.runs.sql import fetch_row, quote

NO_CAP = 2**62


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
    refined_by: tuple[str, ...] = ()
    """Further keys that pairs of its crowded blocks had to agree on, in the order they were asked."""
    refined_pairs: int = 0
    """Pairs that these took away."""
    likely: int = 0
    """Likely matches of its refined blocks that were looked at."""
    likely_lost: int = 0
    """Of these, about how many the rule proposes no longer; other rules may."""


def number_blocks(
    connection: duckdb.DuckDBPyConnection, sides: Sides, rules: Sequence[BlockingRule], table: str
) -> list[RulePairs]:
    """Make `<table>_left` and `<table>_right`: id and one block number a rule, `block_0`, `block_1` …"""
    write_blocks(connection, sides, rules, table)
    counts = [
        _count_pairs(connection, rule, block_sizes(sides, f"block_{position}", f"{table}_left", f"{table}_right"))
        for position, rule in enumerate(rules)
    ]
    leave_out_large_blocks(connection, sides, rules, counts, table)
    return counts


def write_blocks(connection: duckdb.DuckDBPyConnection, sides: Sides, rules: Sequence[BlockingRule], table: str) -> None:
    """The tables of `number_blocks`, with no block left out yet."""
    for side, source in (("left", sides.left), ("right", sides.right)):
        query = f"SELECT id, {block_numbers(rules, sides.types)} FROM {quote(source)}"
        connection.execute(f"CREATE OR REPLACE TEMP TABLE {quote(f'{table}_{side}')} AS {query}")


def count_rule_pairs(connection: duckdb.DuckDBPyConnection, sides: Sides, rule: BlockingRule) -> RulePairs:
    """Exact counts for one rule, from block sizes alone."""
    return _count_pairs(connection, rule, block_sizes(sides, _number(rule, sides.types), sides.left, sides.right))


def why_no_pairs(connection: duckdb.DuckDBPyConnection, sides: Sides, rule: BlockingRule) -> str:
    """Why a rule proposes nothing: keys without a value on a side; or that no two records agree, or too many do."""
    tables = {"left": sides.left} if sides.is_dedupe else {"left": sides.left, "right": sides.right}
    counted = ", ".join(f"count({quote(key)})" for key in rule.on)
    empty = []
    for side, table in tables.items():
        rows, *filled = fetch_row(connection, f"SELECT count(*), {counted} FROM {quote(table)}")
        empty += [
            f"{key} is empty in all {rows:,} rows on the {side}" for key, count in zip(rule.on, filled, strict=True) if not count
        ]
    return " and ".join(empty) or "no two records agree on all of its keys, or only in blocks beyond its cap"


def pairs_of_rules(sides: Sides, rules: int, table: str) -> str:
    """SQL of (id_l, id_r, blocking_rules): each pair once, with a bit for every rule that proposes it."""
    return " UNION ALL ".join(pairs_by_rule(sides, rules, table))


def proposals_by_rule(sides: Sides, rules: int, table: str) -> list[str]:
    """One query a rule, of all pairs that it proposes, as (pair, rule): both ids in one number, and the rule's bit.

    Only of left ids between the bound parameters $first and $last. To join on two columns and to count each pair once
    afterwards is faster than to compare, for every pair, the blocks of all rules.
    """
    return [
        f"SELECT (l.id::BIGINT << 32) | r.id AS pair, {1 << rule}::UINTEGER AS rule FROM {quote(table + '_left')} l"
        f" JOIN {quote(table + '_right')} r ON l.block_{rule} = r.block_{rule}{sides.once} WHERE l.id BETWEEN $first AND $last"
        for rule in range(rules)
    ]


def pairs_by_rule(sides: Sides, rules: int, table: str) -> list[str]:
    """One query a rule, of the pairs that it proposes and no earlier rule does: none is compared with those already there."""
    parts = []
    for rule in range(rules):
        later = "".join(f" | (CASE WHEN l.block_{n} = r.block_{n} THEN {1 << n} ELSE 0 END)" for n in range(rule + 1, rules))
        earlier = "".join(f" AND (l.block_{before} = r.block_{before}) IS NOT TRUE" for before in range(rule))
        parts.append(
            f"SELECT l.id AS id_l, r.id AS id_r, ({1 << rule}{later})::UINTEGER AS blocking_rules"
            f" FROM {quote(table + '_left')} l JOIN {quote(table + '_right')} r"
            f" ON l.block_{rule} = r.block_{rule}{earlier}{sides.once}"
        )
    return parts


def block_numbers(rules: Sequence[BlockingRule], types: Mapping[str, str]) -> str:
    """SQL of the columns `block_0`, `block_1` …: a record's block number under each rule."""
    return ", ".join(f"{_number(rule, types)} AS block_{position}" for position, rule in enumerate(rules))


def _number(rule: BlockingRule, types: Mapping[str, str]) -> str:
    """A record's block number under a rule; NULL where a key is missing."""
    missing = " OR ".join(f"{quote(key)} IS NULL" for key in rule.on)
    return f"(CASE WHEN {missing} THEN NULL ELSE {record_hash(rule.on, types)} END)"


def block_sizes(sides: Sides, number: str, left_table: str, right_table: str) -> str:
    """SQL of a row a block with pairs: block, pairs, size, fewest, id_l, id_r.

    `number` is the column or expression of a record's block number; `size` the records of the side that has more of them,
    `fewest` those of the other; the ids are those of its one pair where it has but one.
    """
    blocks = f"SELECT id, {number} AS block, {{is_left}} AS is_left FROM {{table}} WHERE {number} IS NOT NULL"
    left = blocks.format(is_left="true", table=quote(left_table))
    if sides.is_dedupe:
        pairs = "{0} * ({0} - 1) // 2"
        kept_apart = (f"count(*) FILTER (id BETWEEN {first} AND {last})" for first, last in sides.apart)
        counted = " - ".join(map(pairs.format, ("count(*)", *kept_apart)))
        return (
            f"SELECT block, {counted} AS pairs, count(*) AS size, count(*) // 2 AS fewest,"
            f" min(id) AS id_l, max(id) AS id_r FROM ({left}) GROUP BY block HAVING {counted} > 0"
        )
    both = f"{left} UNION ALL {blocks.format(is_left='false', table=quote(right_table))}"
    here, there = "count(*) FILTER (is_left)", "count(*) FILTER (NOT is_left)"
    return (
        f"SELECT block, {here} * {there} AS pairs, greatest({here}, {there}) AS size, least({here}, {there}) AS fewest,"
        " min(id) FILTER (is_left) AS id_l, min(id) FILTER (NOT is_left) AS id_r"
        f" FROM ({both}) GROUP BY block HAVING least({here}, {there}) > 0"
    )


@dataclass(frozen=True)
class BlockSizes:
    """The blocks of one rule, counted by the records of their larger side and by whether they are beyond the rule's cap."""

    size: NDArray[np.int64]
    beyond: NDArray[np.bool_]
    blocks: NDArray[np.int64]
    pairs: NDArray[np.int64]
    fewest: NDArray[np.int64]
    """Records of the smaller sides: as many matches there can be."""
    largest: NDArray[np.int64]
    """Pairs of the largest of them."""

    @property
    def excess(self) -> NDArray[np.int64]:
        """Pairs beyond one for each record of the smaller side, of blocks that are kept."""
        return np.where(self.beyond, 0, self.pairs - self.fewest)

    @property
    def totals(self) -> tuple[int, int, int, int, int]:
        """Pairs, blocks and the largest block of those within the cap; blocks and pairs of those beyond."""
        kept = ~self.beyond
        largest = int(self.largest[kept].max(initial=0))
        within = (int(self.pairs[kept].sum()), int(self.blocks[kept].sum()), largest)
        return (*within, int(self.blocks[self.beyond].sum()), int(self.pairs[self.beyond].sum()))

    def crowded(self, threshold: int) -> NDArray[np.bool_]:
        """Which of them are larger than the threshold, or beyond the cap."""
        return self.beyond | (self.size > threshold)

    def only(self, kept: NDArray[np.bool_]) -> BlockSizes:
        """Some of them."""
        return BlockSizes(*(getattr(self, one.name)[kept] for one in fields(BlockSizes)))

    def with_others(self, others: BlockSizes) -> BlockSizes:
        """These and others of the rule."""
        names = (one.name for one in fields(BlockSizes))
        return BlockSizes(*(np.concatenate([getattr(self, name), getattr(others, name)]) for name in names))


def count_sizes(connection: duckdb.DuckDBPyConnection, rule: BlockingRule, sizes: str) -> BlockSizes:
    """Count a rule's blocks; `sizes` is the query, or the table, of `block_sizes`."""
    rows = connection.execute(
        f"SELECT size, pairs > {rule.cap or NO_CAP} AS beyond, count(*), sum(pairs)::BIGINT, sum(fewest)::BIGINT,"
        f" max(pairs)::BIGINT FROM {sizes} GROUP BY 1, 2 ORDER BY 1, 2"
    ).fetchall()
    size, beyond, *counted = np.array(rows, dtype=np.int64).reshape(-1, 6).T
    return BlockSizes(size, beyond.astype(bool), *counted)


def _count_pairs(connection: duckdb.DuckDBPyConnection, rule: BlockingRule, sizes: str) -> RulePairs:
    return RulePairs(rule.name, *count_sizes(connection, rule, f"({sizes})").totals)


def leave_out_large_blocks(
    connection: duckdb.DuckDBPyConnection, sides: Sides, rules: Sequence[BlockingRule], counts: Sequence[RulePairs], table: str
) -> None:
    """Block numbers of blocks beyond their rule's cap become NULL, on the left: they then propose nothing."""
    if not any(count.capped_blocks for count in counts):
        return
    columns = ["id"]
    for position, (rule, count) in enumerate(zip(rules, counts, strict=True)):
        column = f"block_{position}"
        if count.capped_blocks:
            sizes = block_sizes(sides, column, f"{table}_left", f"{table}_right")
            large = f"SELECT block FROM ({sizes}) WHERE pairs > {rule.cap}"
            column = f"(CASE WHEN {column} IN ({large}) THEN NULL ELSE {column} END) AS {column}"
        columns.append(column)
    name = quote(f"{table}_left")
    connection.execute(f"CREATE OR REPLACE TEMP TABLE {name} AS SELECT {', '.join(columns)} FROM {name}")

"""What blocking costs and what it may lose, before any pair is compared.

Counts are exact. The share of anchor pairs found is measured on pairs that carry the same personal number on both sides. What all
rules lose of the others no arithmetic over the rules tells, for they overlap by construction: the search sample does
(`linkage.decision.searching`).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import duckdb

from linkage.config import BlockingRule
from linkage.pairs.blocking import RulePairs, number_blocks, pairs_by_rule
from linkage.pairs.sides import Sides
from linkage.runs.sql import fetch_row, quote

BYTES_A_PAIR = 14
PAIRS_A_SECOND = 1_000_000
"""Pairs compared and written a second by one core, of the order that reports/benchmarks/matching.md measures."""


@dataclass(frozen=True)
class RuleAnalysis:
    """One rule, by itself and after the rules before it."""

    counts: RulePairs
    new_pairs: int
    """Pairs that no earlier rule proposes."""
    all_pairs: int
    """Pairs of this and all earlier rules."""
    anchors_found: int
    anchors_found_so_far: int


@dataclass(frozen=True)
class BlockingAnalysis:
    """All rules together."""

    rules: tuple[RuleAnalysis, ...]
    anchors: int
    """Pairs with the same personal number on both sides; 0 where the sides have none."""
    pairs_a_record: float
    forecast_bytes: int
    forecast_seconds: float
    """On the project's number of threads."""


def analyse_blocking(
    connection: duckdb.DuckDBPyConnection,
    sides: Sides,
    rules: Sequence[BlockingRule],
    threads: int,
    anchors: str | None,
) -> BlockingAnalysis:
    """Count and forecast; `anchors` is a query of (id_l, id_r)."""
    counts = number_blocks(connection, sides, rules, "analysis")
    by_rule = pairs_by_rule(sides, len(rules), "analysis")
    new = [int(fetch_row(connection, f"SELECT count(*) FROM ({part})")[0]) for part in by_rule]
    found, so_far, total = _anchors_found(connection, len(rules), anchors) if anchors else ([0] * len(rules), [0] * len(rules), 0)
    pairs = sum(new)
    return BlockingAnalysis(
        tuple(RuleAnalysis(count, new[n], sum(new[: n + 1]), found[n], so_far[n]) for n, count in enumerate(counts)),
        total,
        pairs / sides.left_rows,
        pairs * BYTES_A_PAIR,
        pairs / PAIRS_A_SECOND / threads,
    )


def _anchors_found(connection: duckdb.DuckDBPyConnection, rules: int, anchors: str) -> tuple[list[int], list[int], int]:
    holds = [f"(l.block_{rule} = r.block_{rule}) IS TRUE" for rule in range(rules)]
    columns = [f"count(*) FILTER ({one})" for one in holds]
    columns += [f"count(*) FILTER ({' OR '.join(holds[: rule + 1])})" for rule in range(rules)]
    row = fetch_row(
        connection,
        f"SELECT count(*), {', '.join(columns)} FROM ({anchors}) a"
        f" JOIN {quote('analysis_left')} l ON l.id = a.id_l JOIN {quote('analysis_right')} r ON r.id = a.id_r",
    )
    numbers = [int(value) for value in row]
    return numbers[1 : rules + 1], numbers[rules + 1 :], numbers[0]

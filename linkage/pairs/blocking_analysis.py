"""What blocking costs and what it may lose, before any pair is compared.

Counts are exact. The share of anchor pairs found is measured on pairs that carry the same personal number on both
sides. Without truth, the matches that no rule proposes are estimated by capture and recapture over the rules (Chao
1987, from how many likely matches exactly one and exactly two rules propose): a lower bound of what is lost, so the
recall shown is optimistic, the more so the more the rules go wrong together.
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
LIKELY = 0.0
"""Link weight from which a scored pair counts as a likely match."""


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
    likely_matches: int | None
    """Scored pairs that are likely matches; None before scoring."""
    recall_estimate: float | None
    """likely matches / (likely matches + the estimate of those no rule proposes); None before scoring."""


def analyse_blocking(
    connection: duckdb.DuckDBPyConnection,
    sides: Sides,
    rules: Sequence[BlockingRule],
    threads: int,
    anchors: str | None,
    scored: str | None,
) -> BlockingAnalysis:
    """Count, forecast and estimate; `anchors` is a query of (id_l, id_r), `scored` SQL of the run's scored pairs."""
    counts = number_blocks(connection, sides, rules, "analysis")
    by_rule = pairs_by_rule(sides, len(rules), "analysis")
    new = [int(fetch_row(connection, f"SELECT count(*) FROM ({part})")[0]) for part in by_rule]
    found, so_far, total = _anchors_found(connection, len(rules), anchors) if anchors else ([0] * len(rules), [0] * len(rules), 0)
    pairs = sum(new)
    likely, recall = _capture_recapture(connection, scored) if scored else (None, None)
    return BlockingAnalysis(
        tuple(RuleAnalysis(count, new[n], sum(new[: n + 1]), found[n], so_far[n]) for n, count in enumerate(counts)),
        total,
        pairs / sides.left_rows,
        pairs * BYTES_A_PAIR,
        pairs / PAIRS_A_SECOND / threads,
        likely,
        recall,
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


def _capture_recapture(connection: duckdb.DuckDBPyConnection, scored: str) -> tuple[int, float | None]:
    likely, once, twice = (
        int(value)
        for value in fetch_row(
            connection,
            "SELECT count(*), count(*) FILTER (bit_count(blocking_rules) = 1), count(*) FILTER (bit_count(blocking_rules) = 2)"
            f" FROM {scored} WHERE link_weight >= ?",
            [LIKELY],
        )
    )
    # Chao's bias-corrected form needs no pair to be found exactly twice.
    unseen = once * (once - 1) / (2 * (twice + 1))
    return likely, likely / (likely + unseen) if likely else None

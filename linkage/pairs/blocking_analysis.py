"""What blocking costs and what it may lose, before any pair is compared.

Counts are exact, and come from counts of blocks alone; what a rule adds to those before it needs the pairs themselves and is told
where a run has them already. The share of anchor pairs found is measured on pairs that carry the same personal number on both
sides, that of likely matches on the pairs a scored run believes. What all rules lose of the others no arithmetic over the rules
tells, for they overlap by construction: the search sample does (`linkage.decision.searching`).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import duckdb

from linkage.config import BlockingRule
from linkage.pairs.blocking import RulePairs, pairs_by_rule
from linkage.pairs.forecast import Forecast, forecast_pairs
from linkage.pairs.refinement import Budget, Numbered, number_blocks_within
from linkage.pairs.sides import Sides
from linkage.runs.sql import fetch_row, quote


@dataclass(frozen=True)
class RuleAnalysis:
    """One rule, by itself and after the rules before it."""

    counts: RulePairs
    anchors_found: int
    anchors_found_so_far: int
    new_pairs: int | None = None
    """Pairs that no earlier rule proposes; None where pairs were not joined."""
    all_pairs: int | None = None
    """Pairs of this and all earlier rules."""
    likely_found: int | None = None
    """Likely matches of a scored run that the rule finds."""
    likely_found_alone: int | None = None
    """Of these, how many no other rule finds."""


@dataclass(frozen=True)
class BlockingAnalysis:
    """All rules together."""

    rules: tuple[RuleAnalysis, ...]
    numbered: Numbered
    forecast: Forecast
    anchors: int
    """Pairs with the same personal number on both sides; 0 where the sides have none."""
    likely: int
    """Likely matches of a scored run; 0 without one."""
    pairs_a_record: float
    """Of the forecast where pairs were not joined."""


def analyse_blocking(
    connection: duckdb.DuckDBPyConnection,
    sides: Sides,
    rules: Sequence[BlockingRule],
    budget: Budget,
    threads: int,
    anchors: str | None,
    likely: str | None = None,
    joined: bool = False,
) -> BlockingAnalysis:
    """Count and forecast; `anchors` and `likely` are queries of (id_l, id_r); `joined` counts what each rule adds too."""
    numbered = number_blocks_within(connection, sides, rules, "analysis", budget)
    forecast = forecast_pairs(numbered, sides, threads)
    found, so_far, _, of_anchors = _found(connection, len(rules), anchors)
    likely_found, _, only, of_likely = _found(connection, len(rules), likely)
    new: list[int | None] = [None] * len(rules)
    every: list[int | None] = [None] * len(rules)
    pairs = forecast.pairs
    if joined:
        by_rule = pairs_by_rule(sides, len(rules), "analysis")
        counted = [int(fetch_row(connection, f"SELECT count(*) FROM ({part})")[0]) for part in by_rule]
        new = list(counted)
        every = [sum(counted[: number + 1]) for number in range(len(rules))]
        pairs = sum(counted)
    known = [(likely_found[n], only[n]) if likely else (None, None) for n in range(len(rules))]
    return BlockingAnalysis(
        tuple(RuleAnalysis(count, found[n], so_far[n], new[n], every[n], *known[n]) for n, count in enumerate(numbered.rules)),
        numbered,
        forecast,
        of_anchors,
        of_likely,
        pairs / sides.left_rows,
    )


def _found(connection: duckdb.DuckDBPyConnection, rules: int, wanted: str | None) -> tuple[list[int], list[int], list[int], int]:
    """Of the pairs wanted, how many each rule finds, how many it and those before it find, how many it alone; and all of them."""
    if wanted is None:
        return [0] * rules, [0] * rules, [0] * rules, 0
    bits = " + ".join(f"CASE WHEN l.block_{rule} = r.block_{rule} THEN {1 << rule} ELSE 0 END" for rule in range(rules))
    counted = connection.execute(
        f"SELECT {bits} AS finders, count(*) FROM ({wanted}) a JOIN {quote('analysis_left')} l ON l.id = a.id_l"
        f" JOIN {quote('analysis_right')} r ON r.id = a.id_r GROUP BY finders"
    ).fetchall()

    def pairs(mask: int, only: int | None = None) -> int:
        return sum(n for finders, n in counted if finders & mask and only in (None, finders))

    alone = [1 << rule for rule in range(rules)]
    found = [pairs(bit) for bit in alone]
    so_far = [pairs((bit << 1) - 1) for bit in alone]
    return found, so_far, [pairs(bit, only=bit) for bit in alone], sum(n for _, n in counted)

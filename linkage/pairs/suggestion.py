"""A small set of blocking rules for a budget of pairs, by greedy coverage.

Targets are the pairs to be kept: anchor pairs and likely matches of an earlier run. Every set of one to three
standardised keys is a candidate rule; each step takes the rule that finds most targets not found yet a pair it adds.
What the targets do not hold (matches that the earlier rules missed and that carry no number) cannot be seen here.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import combinations

import duckdb
import numpy as np
from numpy.typing import NDArray

from linkage.config import BlockingRule, rule_on
from linkage.pairs.blocking import count_rule_pairs
from linkage.pairs.sides import Sides
from linkage.runs.sql import quote

LEAST_COVERAGE = 0.02
"""A candidate rule that finds a smaller share of the targets is not looked at."""
MOST_COUNTED = 150
"""Candidate rules whose pairs are counted, best coverage first."""
MOST_RULES = 12


@dataclass(frozen=True)
class SuggestedRule:
    """A rule of the suggestion, in the order they were chosen."""

    rule: BlockingRule
    pairs: int
    targets_found: int
    targets_found_so_far: int


def suggest_rules(
    connection: duckdb.DuckDBPyConnection,
    sides: Sides,
    keys: Sequence[str],
    field_of: Mapping[str, str],
    targets: str,
    budget: int,
) -> tuple[list[SuggestedRule], int]:
    """Choose rules; `targets` is a query of (id_l, id_r), `budget` the most pairs all rules may propose together.

    Returns:
        The rules, and how many targets there are.
    """
    agreed = ", ".join(f"(l.{quote(key)} = r.{quote(key)}) IS TRUE AS {quote(key)}" for key in keys)
    both = f"JOIN {quote(sides.left)} l ON l.id = t.id_l JOIN {quote(sides.right)} r ON r.id = t.id_r"
    columns = connection.execute(f"SELECT {agreed} FROM ({targets}) t {both}").fetchnumpy()
    agreement = {key: np.asarray(columns[key], dtype=bool) for key in keys}
    total = len(next(iter(agreement.values()))) if agreement else 0
    candidates = []
    for size in (1, 2, 3):
        for chosen in combinations(keys, size):
            if len({field_of[key] for key in chosen}) < size and not _parts_of_one_date(chosen, field_of):
                continue
            covered = np.logical_and.reduce([agreement[key] for key in chosen])
            if covered.sum() >= LEAST_COVERAGE * total:
                candidates.append((int(covered.sum()), chosen, covered))
    candidates.sort(key=lambda one: (-one[0], one[1]))
    costs: dict[tuple[str, ...], tuple[int, NDArray[np.bool_]]] = {}
    for _, chosen, covered in candidates[: MOST_COUNTED * 10]:
        if len(costs) == MOST_COUNTED:
            break
        pairs = count_rule_pairs(connection, sides, rule_on(chosen)).pairs
        if pairs <= budget:
            costs[chosen] = (pairs, covered)
    return _choose_greedily(costs, total, budget), total


def _choose_greedily(
    costs: Mapping[tuple[str, ...], tuple[int, NDArray[np.bool_]]], total: int, budget: int
) -> list[SuggestedRule]:
    found = np.zeros(total, dtype=bool)
    spent = 0
    chosen: list[SuggestedRule] = []
    while len(chosen) < MOST_RULES:
        affordable = {rule: held for rule, held in costs.items() if spent + held[0] <= budget}
        gains = {rule: int((covered & ~found).sum()) for rule, (_, covered) in affordable.items()}
        # Ends where a rule would add less than one target in two thousand.
        useful = {rule: gain for rule, gain in gains.items() if gain > total / 2000}
        if not useful:
            break
        best = max(useful, key=lambda rule: (useful[rule] / (costs[rule][0] + total), useful[rule], rule))
        pairs, covered = costs[best]
        found |= covered
        spent += pairs
        chosen.append(SuggestedRule(rule_on(best), pairs, int(covered.sum()), int(found.sum())))
    return chosen


def _parts_of_one_date(chosen: Sequence[str], field_of: Mapping[str, str]) -> bool:
    """Year and month of one date go together in a rule; other keys of one field say the same twice."""
    return {key.removeprefix(field_of[key]) for key in chosen if key.endswith(("_year", "_month"))} == {"_year", "_month"}

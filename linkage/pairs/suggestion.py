"""A small set of blocking rules for a budget of pairs, by greedy coverage.

Targets are the pairs to be kept: anchor pairs and likely matches of an earlier run. Every set of one to three
standardised keys is a candidate rule; each step takes the rule that finds most targets not found yet a pair it adds.
What the targets do not hold (matches that the earlier rules missed and that carry no number) cannot be seen here. A rule is
not offered beside one that contains it: one whose keys all follow from its own, as the year does from the date.
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
from linkage.pairs.sides import Sides, share_of_hashes
from linkage.runs.sql import fetch_row, quote, quote_list

LEAST_COVERAGE = 0.02
"""A candidate rule that finds a smaller share of the targets is not looked at."""
MOST_COUNTED = 150
"""Candidate rules whose pairs are counted, best coverage first."""
MOST_RULES = 12
RECORDS = 100_000


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
    field_of: Mapping[str, str],
    targets: str,
    budget: int,
) -> tuple[list[SuggestedRule], int]:
    """Choose rules from the keys of `field_of`; `targets` is a query of (id_l, id_r), `budget` the most pairs of all rules.

    Returns:
        The rules, and how many targets there are.
    """
    keys = list(field_of)
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
    return _choose_greedily(costs, total, budget, follow_from(connection, sides, field_of)), total


def follow_from(connection: duckdb.DuckDBPyConnection, sides: Sides, field_of: Mapping[str, str]) -> dict[str, set[str]]:
    """Key → the keys of its field that follow from it, itself among them: one value of it, one value of theirs.

    Seen on some 100,000 records a side.
    """
    found = {key: {key} for key in field_of}
    below = {
        table: share_of_hashes(RECORDS / rows) for table, rows in ((sides.left, sides.left_rows), (sides.right, sides.right_rows))
    }
    some = " UNION ALL ".join(
        f"SELECT {quote_list(field_of)} FROM {quote(table)} WHERE hash(id) < {share}" for table, share in below.items()
    )
    connection.execute(f"CREATE OR REPLACE TEMP TABLE some_records AS {some}")
    for key, others in found.items():
        beside = [one for one in field_of if one != key and field_of[one] == field_of[key]]
        if beside:
            one_value = ", ".join(f"count(DISTINCT {quote(one)}) = 1 AND count({quote(one)}) = count(*)" for one in beside)
            every = ", ".join(f"bool_and(one_{place})" for place in range(len(beside)))
            named = ", ".join(f"one_{place}" for place in range(len(beside)))
            row = fetch_row(
                connection,
                f"SELECT {every} FROM (SELECT {one_value} FROM some_records WHERE {quote(key)} IS NOT NULL GROUP BY {quote(key)})"
                f" AS counted({named})",
            )
            others.update(one for one, follows in zip(beside, row, strict=True) if follows)
    return found


def contains(wider: Sequence[str], narrower: Sequence[str], follows: Mapping[str, set[str]]) -> bool:
    """Whether every pair that agrees on the narrower rule's keys agrees on the wider's.

    >>> follows = {"born": {"born", "born_year"}, "born_year": {"born_year"}, "sex": {"sex"}}
    >>> contains(["born_year"], ["sex", "born"], follows), contains(["born"], ["sex", "born_year"], follows)
    (True, False)
    """
    known = set().union(*(follows[key] for key in narrower))
    return known.issuperset(wider)


def _choose_greedily(
    costs: Mapping[tuple[str, ...], tuple[int, NDArray[np.bool_]]], total: int, budget: int, follows: Mapping[str, set[str]]
) -> list[SuggestedRule]:
    chosen: list[tuple[str, ...]] = []
    for _ in range(MOST_RULES):
        found = np.logical_or.reduce([costs[rule][1] for rule in chosen]) if chosen else np.zeros(total, dtype=bool)
        spent = sum(costs[rule][0] for rule in chosen)
        affordable = {rule: held for rule, held in costs.items() if spent + held[0] <= budget}
        gains = {rule: int((covered & ~found).sum()) for rule, (_, covered) in affordable.items()}
        # Ends where a rule would add less than one target in two thousand.
        useful = {rule: gain for rule, gain in gains.items() if gain > total / 2000}
        if not useful:
            break
        best = max(useful, key=lambda rule: (useful[rule] / (costs[rule][0] + total), useful[rule], rule))
        # What the new rule contains need not be asked beside it.
        chosen = [*(rule for rule in chosen if not contains(best, rule, follows)), best]
    told, found = [], np.zeros(total, dtype=bool)
    for rule in chosen:
        pairs, covered = costs[rule]
        found = found | covered
        told.append(SuggestedRule(rule_on(rule), pairs, int(covered.sum()), int(found.sum())))
    return told


def _parts_of_one_date(chosen: Sequence[str], field_of: Mapping[str, str]) -> bool:
    """Year and month of one date go together in a rule; other keys of one field say the same twice."""
    return {key.removeprefix(field_of[key]) for key in chosen if key.endswith(("_year", "_month"))} == {"_year", "_month"}

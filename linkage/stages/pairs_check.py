"""Rules that cannot do their work, told as soon as the records are there: before pairs are compared, not after training."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import duckdb

from linkage.config import BlockingRule, LoadedProject
from linkage.config.columns import as_given
from linkage.config.yaml_files import KeyPath
from linkage.errors import TrainingError
from linkage.pairs.blocking import count_rule_pairs, number_blocks, pairs_of_rules, why_no_pairs
from linkage.pairs.sides import Sides
from linkage.runs.sql import fetch_row

FEWEST_PAIRS = 100
"""Of a training pass."""


def refuse_untrainable(connection: duckdb.DuckDBPyConnection, sides: Sides, project: LoadedProject) -> None:
    """End the run where training would end: a pass with too few pairs, a prior of more matches than there are pairs.

    Raises:
        TrainingError: with every such rule, its place in the project file and what to do.
    """
    found = [*_small_passes(connection, sides, project), *prior_above_one(connection, sides, project)]
    if found:
        told = [f"{project.place(keys)} {what}" for keys, what, _ in found]
        remedies = dict.fromkeys(remedy for _, _, remedy in found)
        raise TrainingError(as_given(project.given, "\n".join(told)), as_given(project.given, "\n".join(remedies)))


def describe_idle(
    connection: duckdb.DuckDBPyConnection,
    sides: Sides,
    rules: Sequence[BlockingRule],
    pairs: Sequence[int],
    project: LoadedProject,
) -> str:
    """The rules that propose no pair, each with the reason as far as it shows; empty when every one does."""
    idle = [rule for rule, count in zip(rules, pairs, strict=True) if count == 0]
    return as_given(project.given, "; ".join(f"{rule.name} ({why_no_pairs(connection, sides, rule)})" for rule in idle))


def _small_passes(
    connection: duckdb.DuckDBPyConnection, sides: Sides, project: LoadedProject
) -> Iterator[tuple[KeyPath, str, str]]:
    given = all(comparison.m_probabilities for comparison in project.spec.comparisons)
    if project.spec.training.m_from != "em" or given:
        return
    for number, rule in enumerate(project.spec.blocking.train):
        pairs = count_rule_pairs(connection, sides, rule).pairs
        if pairs < FEWEST_PAIRS:
            why = f": {why_no_pairs(connection, sides, rule)}" if pairs == 0 else ""
            what = f"the training pass on {rule.name} has {pairs} pairs, too few to learn from{why}"
            remedy = f"Train on keys that give at least {FEWEST_PAIRS} pairs (blocking.train); `linkage check` lists the keys."
            yield ("blocking", "train", number), what, remedy


def prior_above_one(
    connection: duckdb.DuckDBPyConnection, sides: Sides, project: LoadedProject
) -> Iterator[tuple[KeyPath, str, str]]:
    """The fault of a prior of more matches than there are pairs: (keys, what, remedy)."""
    said = project.spec.training.prior
    if said is None:
        return
    if said.matches_per_record is not None:
        matches = said.matches_per_record * sides.left_rows
        if matches >= sides.possible_pairs:
            most = sides.possible_pairs / sides.left_rows
            what = f"{said.matches_per_record:g} matches a record are more than there are records to match ({most:,.0f})"
            yield ("training", "prior", "matches_per_record"), what, "Give how many persons a left record has: 1 or less."
        return
    number_blocks(connection, sides, said.deterministic_rules, "prior")
    pairs = pairs_of_rules(sides, len(said.deterministic_rules), "prior")
    found = int(fetch_row(connection, f"SELECT count(*) FROM ({pairs})")[0])
    if found / said.recall >= sides.possible_pairs:
        rules = "; ".join(rule.name for rule in said.deterministic_rules)
        what = (
            f"{found:,} pairs agree on {rules}; as {said.recall:.3%} of all matches (recall) that makes"
            f" {found / said.recall:,.0f} matches among {sides.possible_pairs:,} possible pairs"
        )
        remedy = (
            "Give deterministic_rules that hardly any two strangers agree on (a name with a date of birth), and as recall the"
            " share of all matches that these find, such as 0.7; or say matches_per_record instead; or leave prior out."
        )
        yield ("training", "prior"), what, remedy

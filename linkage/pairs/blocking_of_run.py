"""Blocking looked at on standardised tables, a run's or made for it: the entry for the command line and notebooks."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from pathlib import Path

import duckdb

from linkage.config import FieldKind, ProjectSpec
from linkage.errors import LinkageError
from linkage.pairs.blocking_analysis import BlockingAnalysis, analyse_blocking
from linkage.pairs.further_keys import budget_of, fit_keys
from linkage.pairs.sides import SAME_NUMBER, Sides, open_tables
from linkage.pairs.suggestion import SuggestedRule, suggest_rules
from linkage.runs.tables import MENTIONS, PERSONS, SCORED_PAIRS, WIDER

LIKELY = 0.0
"""Link weight from which a scored pair counts as a likely match."""


def analyse_run_blocking(
    connection: duckdb.DuckDBPyConnection,
    spec: ProjectSpec,
    kinds: Mapping[str, FieldKind],
    run: Path,
    from_counts: bool = False,
) -> BlockingAnalysis:
    """Analyse the project's rules on a folder that has standardised tables; with `from_counts` no pair is joined."""
    budget = budget_of(spec, kinds)
    asked = {key for rule in spec.blocking.predict for key in rule.on}
    sides, anchors = _open(connection, spec, kinds, run, {*asked, *budget.keys})
    likely = None if from_counts else _likely(run, beyond=False)
    return analyse_blocking(connection, sides, spec.blocking.predict, budget, spec.threads, anchors, likely, not from_counts)


def suggest_run_rules(
    connection: duckdb.DuckDBPyConnection,
    spec: ProjectSpec,
    kinds: Mapping[str, FieldKind],
    run: Path,
    pairs_a_record: float,
) -> tuple[list[SuggestedRule], int]:
    """Suggest rules from the keys of any field that both sides have.

    Learnt from anchor pairs and likely matches of the run, those that only looser keys than its rules reach among them.

    Raises:
        LinkageError: when there is neither an anchor pair nor a scored pair to learn from.
    """
    keys = fit_keys(kinds)
    sides, anchors = _open(connection, spec, kinds, run, keys)
    targets = [one for one in (anchors, _likely(run, beyond=True)) if one]
    if not targets:
        raise LinkageError(
            "there is nothing to learn rules from",
            "Run the project as far as `score` and name the run (--on RUN), or use sides that carry personal numbers.",
        )
    return suggest_rules(connection, sides, keys, " UNION ".join(targets), int(pairs_a_record * sides.left_rows))


def _likely(run: Path, *, beyond: bool) -> str | None:
    """The query of likely matches as far as the run has been scored; `beyond` adds those that no rule of the run proposes."""
    tables = [SCORED_PAIRS, WIDER] if beyond else [SCORED_PAIRS]
    parts = [f"SELECT id_l, id_r FROM {one.scan(run)} WHERE link_weight >= {LIKELY}" for one in tables if one.is_in(run)]
    return " UNION ".join(parts) or None


def _open(
    connection: duckdb.DuckDBPyConnection,
    spec: ProjectSpec,
    kinds: Mapping[str, FieldKind],
    run: Path,
    columns: Iterable[str],
) -> tuple[Sides, str | None]:
    numbered = "personal_number" in kinds and spec.right is not None
    wanted = {*columns, "personal_number"} if numbered else set(columns)
    sides = open_tables(connection, MENTIONS.path(run), PERSONS.path(run) if spec.right else None, wanted)
    return sides, SAME_NUMBER if numbered else None

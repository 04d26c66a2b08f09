"""The level store: every candidate pair with one small integer a comparison, written in bounded memory."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any

import duckdb
from splink.internals.settings import Settings

from linkage.config import BlockingRule
from linkage.errors import LinkageError
from linkage.matching.blocking import RulePairs, number_blocks, pairs_of_rules
from linkage.matching.model import compared_columns, gamma_expressions
from linkage.matching.tables import Sides
from linkage.runs import Progress
from linkage.runs.sql import quote, write_parquet

PAIRS_A_CHUNK = 5_000_000
MOST_RULES = 32


def write_level_store(
    connection: duckdb.DuckDBPyConnection,
    sides: Sides,
    settings: Settings,
    rules: Sequence[BlockingRule],
    target: Path,
    progress: Progress,
) -> dict[str, Any]:
    """Write pairs.parquet (id_l, id_r, blocking_rules, gamma_*), ordered by (id_l, id_r).

    Left ids are worked through in chunks of about five million forecast pairs, so memory does not grow with the pairs.

    Returns:
        The exact counts by rule, the candidate pairs and the chunks.

    Raises:
        LinkageError: when no rule proposes a pair, or there are more rules than bits.
    """
    counts = number_proposed_blocks(connection, sides, rules)
    forecast = sum(count.pairs for count in counts)
    chunks = max(1, -(-forecast // PAIRS_A_CHUNK))
    connection.execute(
        f"CREATE OR REPLACE TEMP TABLE level_store (id_l INTEGER, id_r INTEGER, blocking_rules UINTEGER,"
        f" {', '.join(f'{quote(gamma)} TINYINT' for gamma in gamma_expressions(settings))})"
    )
    insert = (
        f"INSERT INTO level_store {levels_of_pairs(settings, sides, pairs_of_rules(sides, len(rules), 'blocks', id_range=True))}"
    )
    for chunk in range(chunks):
        progress("comparing candidate pairs", chunk, chunks)
        first, last = (sides.left_rows * bound // chunks for bound in (chunk, chunk + 1))
        connection.execute(f"{insert} ORDER BY id_l, id_r", {"first": first + 1, "last": last})
    progress("comparing candidate pairs", chunks, chunks)
    written = write_parquet(connection, "SELECT * FROM level_store", target)
    connection.execute("DROP TABLE level_store")
    return {"rules": [asdict(count) for count in counts], "candidate_pairs": written, "chunks": chunks}


def number_proposed_blocks(connection: duckdb.DuckDBPyConnection, sides: Sides, rules: Sequence[BlockingRule]) -> list[RulePairs]:
    """Number the blocks of the predict rules (tables `blocks_left`, `blocks_right`) and count what each rule proposes.

    Raises:
        LinkageError: when no rule proposes a pair, or there are more rules than bits.
    """
    if len(rules) > MOST_RULES:
        raise LinkageError(
            f"{len(rules)} blocking rules are given", f"At most {MOST_RULES} can be told apart: merge or drop some."
        )
    counts = number_blocks(connection, sides, rules, "blocks")
    if sum(count.pairs for count in counts) == 0:
        raise LinkageError(
            "no blocking rule proposes a single pair", "Block on keys that both sides fill; `linkage check` lists them."
        )
    return counts


def levels_of_pairs(settings: Settings, sides: Sides, pairs: str) -> str:
    """SQL that adds the levels to a query of (id_l, id_r, blocking_rules)."""
    columns = compared_columns(settings)
    gammas = gamma_expressions(settings)
    both = ", ".join(f"{side}.{quote(column)} AS {quote(f'{column}_{side}')}" for column in columns for side in ("l", "r"))
    levels = ", ".join(f"({expression})::TINYINT AS {quote(gamma)}" for gamma, expression in gammas.items())
    return (
        f"SELECT id_l, id_r, blocking_rules, {levels} FROM ("
        f"SELECT pairs.*, {both} FROM ({pairs}) pairs"
        f" JOIN {quote(sides.left)} l ON l.id = pairs.id_l JOIN {quote(sides.right)} r ON r.id = pairs.id_r)"
    )


def count_patterns(connection: duckdb.DuckDBPyConnection, settings: Settings, source: str) -> list[tuple[int, ...]]:
    """How often each combination of levels occurs in `source` (a query with the gamma columns); the count is last."""
    gammas = ", ".join(quote(gamma) for gamma in gamma_expressions(settings))
    return connection.execute(f"SELECT {gammas}, count(*) FROM ({source}) GROUP BY ALL ORDER BY ALL").fetchall()

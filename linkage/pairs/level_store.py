"""The level store: every candidate pair with one small integer a comparison, written in bounded memory."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any

import duckdb

from linkage.config import BlockingRule
from linkage.errors import LinkageError
from linkage.model.match_model import ComparedField, MatchModel
from linkage.pairs.blocking import proposals_by_rule, why_no_pairs
from linkage.pairs.conditions import ask_hashes
from linkage.pairs.forecast import PROPOSALS_A_CHUNK, refuse_beyond_disk
from linkage.pairs.frequencies import write_frequencies
from linkage.pairs.refinement import Budget, Numbered, number_blocks_within
from linkage.pairs.sides import Sides, record_hash
from linkage.runs import Progress
from linkage.runs.exchange import scan_files
from linkage.runs.sql import QUICK, fetch_row, quote, quote_list, write_parquet
from linkage.runs.tables import PAIRS
from linkage.words.fields import as_written

PROPOSALS_A_SLICE = 2_000_000
"""So many are sorted and told apart within the processor's cache."""
MOST_RULES = 32
EACH_PAIR_ONCE = """INSERT INTO proposed
SELECT (pair >> 32)::INTEGER AS id_l, (pair & 4294967295)::INTEGER AS id_r, bit_or(rule) AS blocking_rules
FROM proposals WHERE pair BETWEEN $first::BIGINT << 32 AND ($last::BIGINT << 32) + 4294967295 GROUP BY pair ORDER BY pair"""
"""The pairs of the table `proposals` whose left ids are within bounds, with a bit for every rule that proposes them."""


def write_level_store(
    connection: duckdb.DuckDBPyConnection,
    sides: Sides,
    model: MatchModel,
    rules: Sequence[BlockingRule],
    budget: Budget,
    folder: Path,
    progress: Progress,
) -> dict[str, Any]:
    """Write `pairs` (id_l, id_r, blocking_rules, gamma_*), in no order, and `frequencies` beside it.

    Nearly in that of the ids, as the pairs come: to sort forty million would cost a quarter of all that is done here. Left
    ids are worked through in chunks of about a hundred million proposals (a pair may be proposed by several rules), so memory
    does not grow with the pairs.

    Returns:
        What `describe_numbered` tells, the candidate pairs and the chunks.

    Raises:
        LinkageError: when no rule proposes a pair, there are more rules than bits, or the pairs would not find room on disk.
    """
    numbered = number_proposed_blocks(connection, sides, rules, budget, folder)
    proposals = sum(count.pairs for count in numbered.rules)
    chunks = max(1, -(-proposals // PROPOSALS_A_CHUNK))
    slices = max(1, -(-proposals // (chunks * PROPOSALS_A_SLICE)))
    steps = chunks * (len(rules) + 1)
    target = PAIRS.path(folder)
    parts = [target.with_suffix(f".{chunk}.parquet") for chunk in range(chunks)] if chunks > 1 else [target]
    written = 0
    for chunk, part in enumerate(parts):
        connection.execute("CREATE OR REPLACE TEMP TABLE proposals (pair BIGINT, rule UINTEGER)")
        for number, pairs in enumerate(proposals_by_rule(sides, len(rules), "blocks")):
            progress("proposing candidate pairs", chunk * (len(rules) + 1) + number, steps)
            connection.execute(f"INSERT INTO proposals {pairs}", _bounds(sides.left_rows, chunk, chunks))
        connection.execute("CREATE OR REPLACE TEMP TABLE proposed (id_l INTEGER, id_r INTEGER, blocking_rules UINTEGER)")
        for one in range(slices):
            # In order of the left ids, whose records are then at hand when pairs are compared.
            connection.execute(EACH_PAIR_ONCE, _bounds(sides.left_rows, chunk * slices + one, chunks * slices))
        connection.execute("DROP TABLE proposals")
        progress("comparing candidate pairs", chunk * (len(rules) + 1) + len(rules), steps)
        by_value = compare_values(connection, model, sides, "proposed")
        written += write_parquet(connection, levels_of_pairs(model, sides, "SELECT * FROM proposed", by_value), part, QUICK)
    connection.execute("DROP TABLE proposed")
    if chunks > 1:
        PAIRS.write(connection, f"SELECT * FROM {scan_files(parts)}", folder, QUICK)
        for part in parts:
            part.unlink()
    write_frequencies(connection, sides, model, folder)
    progress("comparing candidate pairs", steps, steps)
    return {**describe_numbered(numbered), "candidate_pairs": written, "chunks": chunks}


def _bounds(rows: int, part: int, parts: int) -> dict[str, int]:
    """The first and the last id of a part of the rows."""
    return {"first": rows * part // parts + 1, "last": rows * (part + 1) // parts}


def number_proposed_blocks(
    connection: duckdb.DuckDBPyConnection, sides: Sides, rules: Sequence[BlockingRule], budget: Budget, folder: Path
) -> Numbered:
    """Number the blocks of the predict rules within the budget: tables `blocks_left`, `blocks_right`.

    Raises:
        LinkageError: when no rule proposes a pair, there are more rules than bits, or the pairs would not find room in `folder`.
    """
    if len(rules) > MOST_RULES:
        raise LinkageError(
            f"{len(rules)} blocking rules are given", f"At most {MOST_RULES} can be told apart: merge or drop some."
        )
    numbered = number_blocks_within(connection, sides, rules, "blocks", budget)
    if sum(count.pairs for count in numbered.rules) == 0:
        reasons = "; ".join(f"{rule.name} ({why_no_pairs(connection, sides, rule)})" for rule in rules)
        raise LinkageError(
            f"no blocking rule proposes a single pair: {as_written(reasons)}",
            "Block on keys that both sides fill; `linkage check` lists them.",
        )
    refuse_beyond_disk(numbered, sides, folder)
    return numbered


def describe_numbered(numbered: Numbered) -> dict[str, Any]:
    """The counts by rule and what refinement did, as blocking.json keeps them."""
    return {"rules": [asdict(count) for count in numbered.rules], "crowded_above": numbered.threshold}


def levels_of_pairs(model: MatchModel, sides: Sides, pairs: str, by_value: Sequence[ComparedField] = ()) -> str:
    """SQL that adds the levels to a query of (id_l, id_r, blocking_rules).

    Whether two texts are equal is asked of their hashes (`ask_hashes`); the levels of the fields `by_value` are looked up
    (see `compare_values`).
    """
    texts = tuple(column for column, kind in sides.types.items() if kind == "VARCHAR")
    compared = [field for field in model.fields if field not in by_value]
    expressions, sources, read = ask_hashes(tuple(field.expression for field in compared), texts)
    sources = sources | {f"{field.gamma}#": record_hash(field.columns, sides.types) for field in by_value}
    sources |= {column: quote(column) for column in model.columns if not read.isdisjoint((f"{column}_l", f"{column}_r"))}
    asked = dict(zip((field.gamma for field in compared), expressions, strict=True))
    gammas = {gamma: asked.get(gamma, f"{quote(f'known_{gamma}')}.level") for gamma in model.gammas}
    both = ", ".join(f"{side}.{quote(name)} AS {quote(f'{name}_{side}')}" for name in sources for side in ("l", "r"))
    made = ", ".join(["id", *(f"{source} AS {quote(name)}" for name, source in sources.items())])
    levels = ", ".join(f"({expression})::TINYINT AS {quote(gamma)}" for gamma, expression in gammas.items())
    lookups = "".join(
        f" JOIN {known} ON {known}.value_l = {quote(f'{gamma}#_l')} AND {known}.value_r = {quote(f'{gamma}#_r')}"
        for gamma, known in ((field.gamma, quote(f"known_{field.gamma}")) for field in by_value)
    )
    return (
        f"SELECT id_l, id_r, blocking_rules, {levels} FROM (SELECT pairs.*, {both} FROM ({pairs}) pairs"
        f" JOIN (SELECT {made} FROM {quote(sides.left)}) l ON l.id = pairs.id_l"
        f" JOIN (SELECT {made} FROM {quote(sides.right)}) r ON r.id = pairs.id_r){lookups}"
    )


def compare_values(connection: duckdb.DuckDBPyConnection, model: MatchModel, sides: Sides, pairs: str) -> list[ComparedField]:
    """Compare lists once for each two values that meet in the table `pairs`, into `known_<gamma>`; returns those fields.

    A list is slow to compare and lists of units repeat: there are some ten times as many pairs of records as of values.
    """
    slow = [one for one in model.fields if any(sides.types.get(column, "").endswith("[]") for column in one.columns)]
    for field in slow:
        value = record_hash(field.columns, sides.types)
        for side, table in (("l", sides.left), ("r", sides.right)):
            one = ", ".join(f"any_value({quote(column)}) AS {quote(f'{column}_{side}')}" for column in field.columns)
            connection.execute(
                f"CREATE OR REPLACE TEMP TABLE values_{side} AS SELECT {value} AS value_{side}, {one}"
                f" FROM {quote(table)} GROUP BY value_{side}"
            )
        sizes = fetch_row(
            connection, f"SELECT (SELECT count(*) FROM values_l) * (SELECT count(*) FROM values_r), count(*) FROM {quote(pairs)}"
        )
        # A join that carries lists is slow: where few values could meet, all are compared with all.
        both = "values_l, values_r"
        if sizes[0] > sizes[1]:
            both = (
                f"(SELECT DISTINCT l.value AS value_l, r.value AS value_r FROM {quote(pairs)}"
                f" JOIN (SELECT id, {value} AS value FROM {quote(sides.left)}) l ON l.id = id_l"
                f" JOIN (SELECT id, {value} AS value FROM {quote(sides.right)}) r ON r.id = id_r)"
                " JOIN values_l USING (value_l) JOIN values_r USING (value_r)"
            )
        connection.execute(
            f"CREATE OR REPLACE TEMP TABLE {quote(f'known_{field.gamma}')} AS"
            f" SELECT value_l, value_r, ({field.expression})::TINYINT AS level FROM {both}"
        )
    return slow


def count_patterns(connection: duckdb.DuckDBPyConnection, model: MatchModel, source: str) -> list[tuple[int, ...]]:
    """How often each combination of levels occurs in `source` (a query with the gamma columns); the count is last."""
    gammas = quote_list(model.gammas)
    return connection.execute(f"SELECT {gammas}, count(*) FROM ({source}) GROUP BY ALL ORDER BY ALL").fetchall()

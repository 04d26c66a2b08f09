"""The level store: every candidate pair with one small integer a comparison, written in bounded memory."""

from __future__ import annotations

import re
from collections.abc import Collection, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any

import duckdb
from splink.internals.settings import Settings

from linkage.config import BlockingRule
from linkage.errors import LinkageError
from linkage.matching.blocking import RulePairs, number_blocks, proposals_by_rule
from linkage.matching.frequencies import pair_frequencies, write_frequencies
from linkage.matching.model import compared_columns, gamma_expressions, term_frequency_columns
from linkage.matching.tables import Sides
from linkage.runs import Progress
from linkage.runs.sql import fetch_row, literal, quote, quote_list, write_parquet

PROPOSALS_A_CHUNK = 100_000_000
MOST_RULES = 32
EACH_PAIR_ONCE = """SELECT (pair >> 32)::INTEGER AS id_l, (pair & 4294967295)::INTEGER AS id_r, bit_or(rule) AS blocking_rules
FROM proposals GROUP BY pair"""
"""The pairs of the table `proposals`, with a bit for every rule that proposes them."""
TERM_BEGINS, TERM_ENDS = r"(\bWHEN |\bAND |\bOR |\()", r"(?= THEN\b| AND\b| OR\b|\))"
"""What stands around a whole term of a condition, so that no part of a longer expression is taken for one."""


def write_level_store(
    connection: duckdb.DuckDBPyConnection,
    sides: Sides,
    settings: Settings,
    rules: Sequence[BlockingRule],
    target: Path,
    progress: Progress,
) -> dict[str, Any]:
    """Write pairs.parquet (id_l, id_r, blocking_rules, gamma_*, tf_*), ordered by (id_l, id_r).

    Left ids are worked through in chunks of about a hundred million proposals (a pair may be proposed by several rules), so
    memory does not grow with the pairs.

    Returns:
        The exact counts by rule, the candidate pairs and the chunks.

    Raises:
        LinkageError: when no rule proposes a pair, or there are more rules than bits.
    """
    counts = number_proposed_blocks(connection, sides, rules)
    chunks = max(1, -(-sum(count.pairs for count in counts) // PROPOSALS_A_CHUNK))
    steps = chunks * (len(rules) + 1)
    parts = [target.with_suffix(f".{chunk}.parquet") for chunk in range(chunks)] if chunks > 1 else [target]
    written = 0
    write_frequencies(connection, sides, settings)
    for chunk, part in enumerate(parts):
        first, last = (sides.left_rows * bound // chunks for bound in (chunk, chunk + 1))
        connection.execute("CREATE OR REPLACE TEMP TABLE proposals (pair BIGINT, rule UINTEGER)")
        for number, proposals in enumerate(proposals_by_rule(sides, len(rules), "blocks")):
            progress("proposing candidate pairs", chunk * (len(rules) + 1) + number, steps)
            connection.execute(f"INSERT INTO proposals {proposals}", {"first": first + 1, "last": last})
        # In order of the left ids, whose records are then at hand when pairs are compared.
        connection.execute(f"CREATE OR REPLACE TEMP TABLE proposed AS {EACH_PAIR_ONCE} ORDER BY pair")
        connection.execute("DROP TABLE proposals")
        progress("comparing candidate pairs", chunk * (len(rules) + 1) + len(rules), steps)
        by_value = _compare_values(connection, settings, sides, "proposed")
        levels = levels_of_pairs(settings, sides, "SELECT * FROM proposed", by_value, frequencies=True)
        written += write_parquet(connection, f"{levels} ORDER BY id_l, id_r", part)
    connection.execute("DROP TABLE proposed")
    if chunks > 1:
        files = ", ".join(literal(str(part)) for part in parts)
        write_parquet(connection, f"SELECT * FROM read_parquet([{files}])", target)
        for part in parts:
            part.unlink()
    progress("comparing candidate pairs", steps, steps)
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


def levels_of_pairs(
    settings: Settings, sides: Sides, pairs: str, by_value: Collection[str] = (), frequencies: bool = False
) -> str:
    """SQL that adds the levels to a query of (id_l, id_r, blocking_rules); with `frequencies`, of `write_frequencies`, those too.

    Whether two texts are equal is asked of their 64-bit hashes, made once a record: strings are compared, and carried
    through the joins, only where a condition wants more of them. The levels of the comparisons `by_value` are looked up
    (see `_compare_values`).
    """
    texts = [column for column, kind in sides.types.items() if kind == "VARCHAR"]
    gammas = {gamma: _by_hash(expression, texts) for gamma, expression in gamma_expressions(settings).items()}
    gammas |= {gamma: f"{quote(f'known_{gamma}')}.level" for gamma in by_value}
    conditions = "\n".join(gammas.values())
    sources = {f"{gamma}#": _value(settings, sides, gamma) for gamma in by_value}
    for column in compared_columns(settings):
        if re.search(rf"\b{re.escape(column)}_[lr]\b", conditions):
            sources[column] = quote(column)
        if f'"{column}#_' in conditions:
            sources[f"{column}#"] = f"CASE WHEN {quote(column)} IS NOT NULL THEN hash({quote(column)}) END"
    records = " JOIN frequencies_{side} USING (id)" if frequencies and term_frequency_columns(settings) else ""
    if records:
        sources |= {f"tf_{column}": quote(f"tf_{column}") for column in term_frequency_columns(settings)}
    both = ", ".join(f"{side}.{quote(name)} AS {quote(f'{name}_{side}')}" for name in sources for side in ("l", "r"))
    made = ", ".join(["id", *(f"{source} AS {quote(name)}" for name, source in sources.items())])
    levels = ", ".join(f"({expression})::TINYINT AS {quote(gamma)}" for gamma, expression in gammas.items())
    lookups = "".join(
        f" JOIN {known} ON {known}.value_l = {quote(f'{gamma}#_l')} AND {known}.value_r = {quote(f'{gamma}#_r')}"
        for gamma, known in ((gamma, quote(f"known_{gamma}")) for gamma in by_value)
    )
    joined = (
        f"(SELECT pairs.*, {both} FROM ({pairs}) pairs"
        f" JOIN (SELECT {made} FROM {quote(sides.left)}{records.format(side='left')}) l ON l.id = pairs.id_l"
        f" JOIN (SELECT {made} FROM {quote(sides.right)}{records.format(side='right')}) r ON r.id = pairs.id_r){lookups}"
    )
    if not records:
        return f"SELECT id_l, id_r, blocking_rules, {levels} FROM {joined}"
    held = "".join(f", {quote(f'tf_{column}_{side}')}" for column in term_frequency_columns(settings) for side in "lr")
    return (
        f"SELECT id_l, id_r, blocking_rules, {quote_list(gammas)}{pair_frequencies(settings)}"
        f" FROM (SELECT id_l, id_r, blocking_rules, {levels}{held} FROM {joined})"
    )


def _value(settings: Settings, sides: Sides, gamma: str) -> str:
    """All that a comparison reads of a record, as one number; of lists as text, for DuckDB's hash of [] is that of NULL."""
    columns = ((quote(column), sides.types.get(column, "")) for column in _columns_of(settings)[gamma])
    return f"hash({', '.join(f'{column}::VARCHAR' if kind.endswith('[]') else column for column, kind in columns)})"


def _compare_values(connection: duckdb.DuckDBPyConnection, settings: Settings, sides: Sides, pairs: str) -> list[str]:
    """Compare lists once for each two values that meet in the table `pairs`, into `known_<gamma>`; returns those gammas.

    A list is slow to compare and lists of units repeat: there are some ten times as many pairs of records as of values.
    """
    slow = [
        gamma
        for gamma, columns in _columns_of(settings).items()
        if any(sides.types.get(column, "").endswith("[]") for column in columns)
    ]
    for gamma in slow:
        value, columns = _value(settings, sides, gamma), _columns_of(settings)[gamma]
        for side, table in (("l", sides.left), ("r", sides.right)):
            one = ", ".join(f"any_value({quote(column)}) AS {quote(f'{column}_{side}')}" for column in columns)
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
            f"CREATE OR REPLACE TEMP TABLE {quote(f'known_{gamma}')} AS"
            f" SELECT value_l, value_r, ({gamma_expressions(settings)[gamma]})::TINYINT AS level FROM {both}"
        )
    return slow


def _columns_of(settings: Settings) -> dict[str, list[str]]:
    """Gamma column → the columns that its comparison reads."""
    return {
        comparison._gamma_column_name: sorted(
            {column.unquote().name for column in comparison._input_columns_used_by_case_statement}
        )
        for comparison in settings.comparisons
    }


def _by_hash(condition: str, columns: Collection[str]) -> str:
    """A condition whose whole terms `<column>_l = <column>_r`, and `IS NULL`, ask the hashes `<column>#` instead."""
    for column in columns:
        left, right = (rf'(?:{re.escape(column)}_{side}|"{re.escape(column)}_{side}")' for side in "lr")
        equal = re.compile(rf"{TERM_BEGINS}{left} = {right}{TERM_ENDS}")
        if not equal.search(condition):
            continue
        condition = equal.sub(rf'\1"{column}#_l" = "{column}#_r"', condition)
        for side, name in (("l", left), ("r", right)):
            condition = re.sub(rf"{TERM_BEGINS}{name} IS NULL{TERM_ENDS}", rf'\1"{column}#_{side}" IS NULL', condition)
    return condition


def count_patterns(connection: duckdb.DuckDBPyConnection, settings: Settings, source: str) -> list[tuple[int, ...]]:
    """How often each combination of levels occurs in `source` (a query with the gamma columns); the count is last."""
    gammas = ", ".join(quote(gamma) for gamma in gamma_expressions(settings))
    return connection.execute(f"SELECT {gammas}, count(*) FROM ({source}) GROUP BY ALL ORDER BY ALL").fetchall()

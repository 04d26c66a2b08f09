"""What one comparison sees of the two sides: the distinct values of its columns and how many records have each.

There are far fewer of them than of records, and their number stops growing: whatever is asked of pairs of records is asked
of pairs of values, weighed by the records behind them.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

import duckdb

from linkage.model.match_model import ComparedField
from linkage.pairs.conditions import disjuncts, sides_of
from linkage.pairs.sides import Sides, record_hash
from linkage.runs.sql import fetch_row, quote


@dataclass(frozen=True)
class DistinctValues:
    """The tables `values_l` and `values_r`: place_*, the compared columns with their side, records_*.

    Places count from 0 in the order of the values' hashes, whatever the order of the rows.
    """

    field: ComparedField
    left: int
    """Distinct values on the left, without those that are missing."""
    right: int
    possible_pairs: float
    """Pairs of records in which the comparison is not missing; where `apart` is false, all pairs."""
    apart: bool
    """Whether a value is missing by what one side says; elsewhere the tables hold all values, the level tells."""
    of_one_table: bool
    """Whether duplicates are sought within one table, where no record is paired with itself."""

    @property
    def others(self) -> str:
        """SQL of the right records of a pair of values that can be paired with a left one."""
        return "(records_r - (place_l = place_r)::BIGINT)" if self.of_one_table else "records_r"


def gather_values(connection: duckdb.DuckDBPyConnection, sides: Sides, field: ComparedField) -> DistinctValues:
    """Make the two tables of one comparison; those of the one before are replaced."""
    missing = disjuncts(field.missing)
    apart = all(sides_of(one) in ("l", "r", "") for one in missing)
    found = {}
    for side, table in (("l", sides.left), ("r", sides.right)):
        named = ", ".join(f"any_value({quote(column)}) AS {quote(f'{column}_{side}')}" for column in field.columns)
        present = [f"({one.sql('duckdb')}) IS NOT TRUE" for one in missing if apart and sides_of(one) in (side, "")]
        connection.execute(
            f"CREATE OR REPLACE TEMP TABLE values_{side} AS"
            f" SELECT (row_number() OVER (ORDER BY value) - 1)::INTEGER AS place_{side}, * EXCLUDE (value) FROM ("
            f"SELECT {record_hash(field.columns, sides.types)} AS value, {named}, count(*)::BIGINT AS records_{side}"
            f" FROM {quote(table)} GROUP BY value) WHERE {' AND '.join(present) or 'true'} ORDER BY place_{side}"
        )
        found[side] = fetch_row(connection, f"SELECT count(*), coalesce(sum(records_{side}), 0)::DOUBLE FROM values_{side}")
    left, right = found["l"][1], found["r"][1]
    return DistinctValues(
        field,
        found["l"][0],
        found["r"][0],
        left * max(right - 1, 0.0) if sides.is_dedupe else left * right,
        apart,
        sides.is_dedupe,
    )


def contents(connection: duckdb.DuckDBPyConnection, sides: Sides, columns: Iterable[str]) -> dict[str, str]:
    """Column → what it holds beside each id on both sides, as one text that is the same whatever the order of the rows."""
    names = sorted(set(columns))
    sums = "".join(f", sum(hash({record_hash(['id', name], sides.types)})::HUGEINT)" for name in names)
    tables = [sides.left] if sides.is_dedupe else [sides.left, sides.right]
    seen = [fetch_row(connection, f"SELECT count(*){sums} FROM {quote(table)}") for table in tables]
    return {name: " ".join(f"{rows}:{one[place]}" for rows, *one in seen) for place, name in enumerate(names)}

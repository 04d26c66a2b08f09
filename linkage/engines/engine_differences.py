"""Where Spark's string distances differ from DuckDB's: the levels of the same pairs by both."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import duckdb

from linkage.model.match_model import MatchModel
from linkage.pairs.level_store import levels_of_pairs
from linkage.pairs.sides import Sides
from linkage.runs.exchange import scan_file
from linkage.runs.sql import fetch_row, quote, quote_list

COMPARED_PAIRS = 200_000


def compare_levels(
    connection: duckdb.DuckDBPyConnection, model: MatchModel, mentions: Path, persons: Path | None, store: Path, seed: int
) -> dict[str, Any]:
    """Compare a seeded sample of a level store that Spark wrote with those that DuckDB itself, `connection`, gives.

    Returns:
        The pairs compared, those with any level different, and a comparison the pairs that differ and between which
        levels (`spark`, `duckdb`: the level's number, -1 for a missing value).
    """
    pairs = int(fetch_row(connection, f"SELECT count(*) FROM {scan_file(store)}")[0])
    share = min(1.0, COMPARED_PAIRS / max(pairs, 1))
    drawn = f" WHERE hash(id_l, id_r, {seed}) < {int(share * 2**64)}::UBIGINT" if share < 1 else ""
    connection.execute(f"CREATE OR REPLACE TEMP TABLE compared AS SELECT * FROM {scan_file(store)}{drawn}")
    sides = _tables_of(connection, model, mentions, persons)
    connection.execute(
        "CREATE OR REPLACE TEMP TABLE again AS "
        + levels_of_pairs(model, sides, "SELECT id_l, id_r, blocking_rules FROM compared")
    )
    both = "compared s JOIN again d USING (id_l, id_r)"
    anything = " OR ".join(f"s.{quote(gamma)} <> d.{quote(gamma)}" for gamma in model.gammas)
    total, different = fetch_row(connection, f"SELECT count(*), count(*) FILTER ({anything}) FROM {both}")
    by_comparison = []
    for field in model.fields:
        gamma = field.gamma
        moved = connection.execute(
            f"SELECT s.{quote(gamma)}, d.{quote(gamma)}, count(*) FROM {both} WHERE s.{quote(gamma)} <> d.{quote(gamma)}"
            " GROUP BY ALL ORDER BY ALL"
        ).fetchall()
        by_comparison.append(
            {
                "comparison": field.name,
                "pairs": sum(count for _, _, count in moved),
                "moved": [{"spark": spark, "duckdb": here, "pairs": count} for spark, here, count in moved],
            }
        )
    return {"compared_pairs": int(total), "different_pairs": int(different), "by_comparison": by_comparison}


def _tables_of(connection: duckdb.DuckDBPyConnection, model: MatchModel, mentions: Path, persons: Path | None) -> Sides:
    """The two sides with only the records of the pairs compared."""
    columns = quote_list(["id", *model.columns])
    names = {"mentions": (mentions, "id_l" if persons else "id_l, id_r")}
    if persons:
        names["persons"] = (persons, "id_r")
    rows = []
    for name, (path, ids) in names.items():
        wanted = f"SELECT unnest([{ids}]) FROM compared"
        connection.execute(f"CREATE OR REPLACE TABLE {name} AS SELECT {columns} FROM {scan_file(path)} WHERE id IN ({wanted})")
        rows.append(int(fetch_row(connection, f"SELECT count(*) FROM {name}")[0]))
    return Sides("mentions", "persons" if persons else "mentions", rows[0], rows[-1])

"""u against the exact answer, by counting every pair of two small tables."""

from __future__ import annotations

import duckdb
import numpy as np
import pytest
from splink import SettingsCreator

from linkage.matching.random_pairs import estimate_u
from linkage.matching.tables import Sides

LEVELS = [
    {"sql_condition": "name_l IS NULL OR name_r IS NULL", "is_null_level": True, "label_for_charts": "missing"},
    {"sql_condition": "name_l = name_r", "label_for_charts": "same"},
    {"sql_condition": "stem_l = stem_r", "label_for_charts": "same stem"},
    {"sql_condition": "abs(number_l - number_r) <= 3", "label_for_charts": "near"},
    {"sql_condition": "ELSE", "label_for_charts": "else"},
]


@pytest.fixture
def sides(connection: duckdb.DuckDBPyConnection) -> Sides:
    """Zipf-like names, of which several share a stem."""
    for table, rows, seed in (("mentions", 2_000, 1), ("persons", 2_500, 2)):
        connection.execute(
            f"""CREATE TABLE {table} AS SELECT id, CASE WHEN hash(id, {seed}, 'n') % 20 = 0 THEN NULL ELSE 'name' || value END AS name,
            CASE WHEN name IS NOT NULL THEN 'stem' || (value // 4) END AS stem, hash(id, {seed}, 'x')::DOUBLE / 2e17 AS number
            FROM (SELECT (range + 1)::INTEGER AS id, floor(300 ** (hash(range, {seed}, 'z')::DOUBLE / 1.8446744073709552e19))::INTEGER AS value
                  FROM range({rows}))"""
        )
    return Sides("mentions", "persons", 2_000, 2_500)


def settings():
    comparison = {"output_column_name": "name", "comparison_levels": LEVELS}
    return SettingsCreator(link_type="link_only", comparisons=[comparison], unique_id_column_name="id").get_settings("duckdb")


def exact_u(connection: duckdb.DuckDBPyConnection, dedupe: bool) -> np.ndarray:
    cases = "CASE WHEN l.name = r.name THEN 3 WHEN l.stem = r.stem THEN 2 WHEN abs(l.number - r.number) <= 3 THEN 1 ELSE 0 END"
    right, once = ("mentions", "AND l.id < r.id") if dedupe else ("persons", "")
    rows = connection.execute(
        f"SELECT {cases} AS level, count(*) FROM mentions l, {right} r WHERE l.name IS NOT NULL AND r.name IS NOT NULL {once} GROUP BY level ORDER BY level"
    ).fetchall()
    counts = np.array([row[1] for row in rows], dtype=float)
    return counts / counts.sum()


@pytest.mark.parametrize("dedupe", [False, True])
def test_equality_levels_are_exact_and_fuzzy_ones_close(connection, sides, dedupe: bool) -> None:
    sides = Sides("mentions", "mentions", 2_000, 2_000) if dedupe else sides
    planted = exact_u(connection, dedupe)
    for seed in range(5):
        found = estimate_u(connection, sides, settings(), 200_000, seed)
        bits = np.abs(np.log2(found.u[0] / planted))
        assert bits[3] < 1e-9 and bits[2] < 1e-9
        assert bits.max() < 0.15
        assert found.exact[0] == (False, False, True, True)


def test_same_seed_same_u_whatever_the_threads(connection, sides) -> None:
    first = estimate_u(connection, sides, settings(), 50_000, 9).u[0]
    connection.execute("SET threads = 1")
    assert np.abs(estimate_u(connection, sides, settings(), 50_000, 9).u[0] - first).max() < 1e-15

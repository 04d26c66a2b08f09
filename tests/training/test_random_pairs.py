"""u against the exact answer, by counting every pair of two small tables."""

from __future__ import annotations

from dataclasses import replace

import duckdb
import numpy as np
import pytest

from linkage.model.settings import model_of
from linkage.pairs.conditions import read_alternatives
from linkage.pairs.sides import Sides
from linkage.training.random_pairs import estimate_u

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


def model(levels=LEVELS):
    comparison = {"output_column_name": "name", "comparison_levels": levels}
    return model_of({"link_type": "link_only", "comparisons": [comparison], "unique_id_column_name": "id"})


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
        found = estimate_u(connection, sides, model(), 200_000, seed)
        bits = np.abs(np.log2(found.u[0] / planted))
        assert bits[3] < 1e-9 and bits[2] < 1e-9
        assert bits.max() < 0.15
        assert found.exact[0] == (False, False, True, True)
        assert found.sampled_pairs == pytest.approx(200_000, rel=1e-3 if dedupe else 0)


RARE = [
    {"sql_condition": "name_l IS NULL OR name_r IS NULL", "is_null_level": True, "label_for_charts": "missing"},
    {"sql_condition": "name_l = name_r AND number_l = number_r", "label_for_charts": "both"},
    {"sql_condition": "day_l = month_r AND (month_l = day_r)", "label_for_charts": "exchanged"},
    {"sql_condition": "stem_l = stem_r AND (day_l IS NULL OR day_r IS NULL)", "label_for_charts": "no day on one side"},
    {"sql_condition": "replace(name_l, '1', '7') = replace(name_r, '1', '7') OR day_l = day_r + 20 OR (month_l = day_r AND day_l = 3)",
     "label_for_charts": "one of three"},
    {"sql_condition": "hamming(digits_l, digits_r) = 1", "label_for_charts": "one digit"},
    {"sql_condition": "abs(born_l - registered_r) <= 1 OR abs(born_l - born_r) <= 1", "label_for_charts": "a day apart"},
    {"sql_condition": "ELSE", "label_for_charts": "else"},
]  # fmt: skip


@pytest.mark.parametrize("dedupe", [False, True])
def test_rare_levels_with_a_key_are_exact_whatever_their_form(connection, sides, dedupe: bool) -> None:
    for table in ("mentions", "persons"):
        connection.execute(
            f"CREATE OR REPLACE TABLE {table} AS SELECT id, name, stem, (hash(id, name, 'm') % 12)::INTEGER AS month,"
            f" nullif(hash(id, name, 'd') % 29, 7)::INTEGER AS day, (hash(id, name) % 5)::INTEGER AS number,"
            " lpad((hash(id, 'x') % 30000)::VARCHAR, 8, '0') AS digits, DATE '2001-01-01' + (hash(id, 'b') % 4000)::INTEGER AS born,"
            f" DATE '2001-02-01' + (hash(id, 'r') % 4000)::INTEGER AS registered FROM {table}"
        )
    built = model(RARE)
    sides = replace(
        sides,
        right="mentions" if dedupe else "persons",
        right_rows=2_000 if dedupe else 2_500,
        types={"born": "DATE", "registered": "DATE"},
    )
    columns = ("name", "stem", "month", "day", "number", "digits", "born", "registered")
    both = ", ".join(f"{side}.{column} AS {column}_{side}" for column in columns for side in "lr")
    once = "l.id <> r.id" if dedupe else "true"
    rows = connection.execute(
        f"SELECT {built.fields[0].expression} AS level, count(*) FROM (SELECT {both} FROM mentions l"
        f" JOIN {sides.right} r ON {once}) GROUP BY level HAVING level >= 0 ORDER BY level"
    ).fetchall()
    planted = np.array([row[1] for row in rows], dtype=float) / sum(row[1] for row in rows)
    assert len(planted) == 7 and planted.min() < 2e-3
    found = estimate_u(connection, sides, built, 1_000, 3)
    assert np.abs(np.log2(found.u[0] / planted)).max() < 1e-9
    assert found.exact[0] == (False, True, True, True, True, True, True)


def test_level_that_needs_too_many_pairs_is_sampled(connection, sides, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("linkage.training.counted_levels.MOST_PAIRS", 500)
    found = estimate_u(connection, sides, model(), 200_000, 0)
    assert not any(found.exact[0])
    assert np.abs(np.log2(found.u[0] / exact_u(connection, False))).max() < 0.15


def test_condition_that_cannot_be_read_is_left_to_the_sample() -> None:
    assert read_alternatives("a_l ==== b_r") == []


def test_same_seed_same_u_whatever_the_threads(connection, sides) -> None:
    first = estimate_u(connection, sides, model(), 50_000, 9).u[0]
    connection.execute("SET threads = 1")
    assert np.abs(estimate_u(connection, sides, model(), 50_000, 9).u[0] - first).max() < 1e-15

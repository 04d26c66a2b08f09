"""u against the exact answer, by counting every pair of two small tables."""

from __future__ import annotations

from dataclasses import replace

import duckdb
import numpy as np
import pytest

from linkage.model.settings import model_of
from linkage.pairs.conditions import keys_of, read_alternatives
from linkage.pairs.sides import Sides
from linkage.training import levels_of_strangers
from linkage.training.levels_of_strangers import estimate_u

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
        (found,) = estimate_u(connection, sides, model(), 200_000, seed)
        bits = np.abs(np.log2(found.u / planted))
        assert bits[3] < 1e-9 and bits[2] < 1e-9
        assert bits.max() < 0.1
        assert found.exact == (False, False, True, True)
        assert 50_000 <= found.drawn <= 200_000


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
    (found,) = estimate_u(connection, sides, built, 1_000, 3)
    assert np.abs(np.log2(found.u / planted)).max() < 1e-9
    assert found.exact == (True,) * 7 and found.drawn == 0


@pytest.mark.parametrize("dedupe", [False, True])
def test_level_that_needs_too_many_pairs_is_drawn_among_those_with_its_key(connection, sides, dedupe, monkeypatch) -> None:
    monkeypatch.setattr("linkage.training.levels_of_strangers.MOST_PAIRS", 500)
    monkeypatch.setattr("linkage.training.levels_of_strangers.MOST_PAIRS_A_VALUE", 0)
    sides = Sides("mentions", "mentions", 2_000, 2_000) if dedupe else sides
    (found,) = estimate_u(connection, sides, model(), 200_000, 0)
    assert not any(found.exact)
    assert np.abs(np.log2(found.u / exact_u(connection, dedupe))).max() < 0.1


def test_rare_level_is_seen_as_surely_as_a_common_one(connection, monkeypatch: pytest.MonkeyPatch) -> None:
    """One pair in 200,000 has equal codes and a number near: as many draws among all pairs would show one in four times."""
    for side in ("mentions", "persons"):
        connection.execute(
            f"CREATE TABLE {side} AS SELECT (range + 1)::INTEGER AS id, 'c' || hash(range, '{side}') % 9973 AS code,"
            f" hash(range, 'n{side}')::DOUBLE / 1.8e19 AS number FROM range(20000)"
        )
    monkeypatch.setattr("linkage.training.levels_of_strangers.MOST_PAIRS", 500)
    monkeypatch.setattr("linkage.training.levels_of_strangers.MOST_PAIRS_A_VALUE", 0)
    levels = [
        {"sql_condition": "code_l IS NULL OR code_r IS NULL", "is_null_level": True, "label_for_charts": "missing"},
        {"sql_condition": "code_l = code_r AND abs(number_l - number_r) < 0.025", "label_for_charts": "rare"},
        {"sql_condition": "ELSE", "label_for_charts": "else"},
    ]
    (found,) = estimate_u(connection, Sides("mentions", "persons", 20_000, 20_000), model(levels), 50_000, 0)
    rare = "SELECT count(*) FROM mentions l JOIN persons r ON l.code = r.code WHERE abs(l.number - r.number) < 0.025"
    planted = connection.execute(rare).fetchall()[0][0] / 4e8
    assert planted == pytest.approx(5e-6, rel=0.1) and found.drawn == 50_000
    assert abs(np.log2(found.u[1] / planted)) < 0.1


def test_texts_one_edit_apart_are_all_counted(connection) -> None:
    """Each text with one letter taken out, put in, changed, or two neighbours exchanged, at every place, and short ones."""
    texts = ["0790201", "079020112345", "a", "ab", "", "abc"]
    edited = {
        one[:place] + new + one[place + gone :]
        for one in texts
        for place in range(len(one) + 1)
        for new, gone in (("", 1), ("x", 0), ("x", 1), (one[place : place + 2][::-1], 2))
    }
    connection.execute("CREATE TABLE mentions AS SELECT row_number() OVER ()::INTEGER AS id, unnest($1) AS code", [texts])
    connection.execute("CREATE TABLE persons AS SELECT row_number() OVER ()::INTEGER AS id, unnest($1) AS code", [sorted(edited)])
    for distance in ("levenshtein", "damerau_levenshtein"):
        ways = read_alternatives(f"{distance}(code_l, code_r) <= 1")
        assert len(ways) == 6 and all(map(keys_of, ways))
        both = "(SELECT l.code AS code_l, r.code AS code_r FROM mentions l, persons r)"
        some = " OR ".join(" AND ".join(f"({one.sql('duckdb')})" for one in way) for way in ways)
        asked = f"SELECT count(*) FILTER ({distance}(code_l, code_r) <= 1), count(*) FILTER ({some}) FROM {both}"
        all_pairs, by_ways = connection.execute(asked).fetchall()[0]
        assert all_pairs == by_ways > len(texts)


def test_only_a_changed_comparison_is_looked_at_again(connection, sides, monkeypatch: pytest.MonkeyPatch) -> None:
    looked_at = []
    ask = levels_of_strangers._levels_of_strangers
    monkeypatch.setattr(
        levels_of_strangers, "_levels_of_strangers", lambda *given: looked_at.append(given[2].name) or ask(*given)
    )
    name, stem = (
        {"output_column_name": field, "comparison_levels": [
            {"sql_condition": f"{field}_l IS NULL OR {field}_r IS NULL", "is_null_level": True, "label_for_charts": "missing"},
            {"sql_condition": f"{field}_l = {field}_r", "label_for_charts": "same"},
            {"sql_condition": "ELSE", "label_for_charts": "else"},
        ]}
        for field in ("name", "stem")
    )  # fmt: skip
    both = model_of({"link_type": "link_only", "comparisons": [name, stem], "unique_id_column_name": "id"})
    kept: dict = {}
    first = estimate_u(connection, sides, both, 50_000, 1, kept)
    again = estimate_u(connection, sides, both, 50_000, 1, kept)
    assert looked_at == ["name", "stem"] and [one.u.tolist() for one in first] == [one.u.tolist() for one in again]
    stem["comparison_levels"].insert(
        2, {"sql_condition": "left(stem_l, 5) = left(stem_r, 5)", "label_for_charts": "begins alike"}
    )
    changed = model_of({"link_type": "link_only", "comparisons": [name, stem], "unique_id_column_name": "id"})
    estimate_u(connection, sides, changed, 50_000, 1, kept)
    assert looked_at == ["name", "stem", "stem"]
    connection.execute("UPDATE persons SET name = 'another' WHERE id = 7")
    estimate_u(connection, sides, changed, 50_000, 1, kept)
    assert looked_at == ["name", "stem", "stem", "name"]


def test_u_that_the_project_file_says_is_not_looked_for(connection, sides, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(levels_of_strangers, "_levels_of_strangers", lambda *_: pytest.fail("looked at"))
    given = [
        {**level, "u_probability": 0.25, "fix_u_probability": True} if "is_null_level" not in level else level for level in LEVELS
    ]
    (found,) = estimate_u(connection, sides, model(given), 50_000, 1)
    assert found.u.tolist() == [0.25] * 4 and found.drawn == 0


def test_condition_that_cannot_be_read_is_left_to_the_sample() -> None:
    assert read_alternatives("a_l ==== b_r") == []


def test_same_seed_same_u_whatever_the_threads_and_the_order_of_rows(connection, sides) -> None:
    first = estimate_u(connection, sides, model(), 50_000, 9)[0]
    connection.execute("SET threads = 1")
    connection.execute("CREATE OR REPLACE TABLE persons AS FROM persons ORDER BY hash(id)")
    again = estimate_u(connection, sides, model(), 50_000, 9)[0]
    assert first.drawn and np.abs(again.u - first.u).max() < 1e-15

"""Crowded blocks: the budget is kept, what is lost is what was planted, and nothing else changes."""

from __future__ import annotations

import dataclasses
from pathlib import Path

import duckdb
import pytest

from linkage.config import BlockingRule
from linkage.errors import LinkageError
from linkage.pairs import forecast
from linkage.pairs.blocking import number_blocks, pairs_of_rules
from linkage.pairs.forecast import forecast_pairs, refuse_beyond_disk
from linkage.pairs.refinement import Budget, Numbered, number_blocks_within
from linkage.pairs.sides import Sides

PEOPLE = 2_000
RULES = [BlockingRule(on=("name", "born")), BlockingRule(on=("born", "mother")), BlockingRule(on=("name", "town"))]
KEYS = ("name", "born", "mother", "town", "sex")
BUDGET = Budget(10.0, KEYS, {key: key for key in KEYS}, seed=5)
OTHER_MOTHER, NO_TOWN = 0.10, 0.06


@pytest.fixture
def namesakes(connection: duckdb.DuckDBPyConnection) -> Sides:
    """So many entries of people of one name and one birth date, id for id; a mother is written otherwise, a town is missing."""

    def chance(what: str) -> str:
        return f"(hash(range, '{what}') % 100000) / 100000.0"

    person = (
        "(range + 1)::INTEGER AS id, 'nguyen van an' AS name, DATE '1990-01-01' AS born,"
        " CASE WHEN hash(range, 's') % 2 = 0 THEN 'male' ELSE 'female' END AS sex"
    )
    mother, town = f"'m' || hash(range, 'm') % {3 * PEOPLE // 2}", "(hash(range, 't') % 400)::INTEGER"
    connection.execute(f"CREATE TABLE persons AS SELECT {person}, {mother} AS mother, {town} AS town FROM range({PEOPLE})")
    connection.execute(
        f"CREATE TABLE mentions AS SELECT {person},"
        f" CASE WHEN {chance('a')} < {OTHER_MOTHER} THEN 'other ' || range ELSE {mother} END AS mother,"
        f" CASE WHEN {chance('b')} >= {NO_TOWN} THEN {town} END AS town FROM range({PEOPLE})"
    )
    return Sides("mentions", "persons", PEOPLE, PEOPLE, {"born": "DATE", "town": "INTEGER"})


def pairs_within(
    connection: duckdb.DuckDBPyConnection, sides: Sides, budget: Budget, rules: list[BlockingRule]
) -> tuple[Numbered, dict[tuple[int, int], int]]:
    numbered = number_blocks_within(connection, sides, rules, "blocks", budget)
    rows = connection.execute(pairs_of_rules(sides, len(rules), "blocks")).fetchall()
    return numbered, {(left, right): bits for left, right, bits in rows}


def test_namesakes_of_one_birth_date_keep_to_the_budget_and_their_loss_is_told(connection, namesakes) -> None:
    whole = number_blocks(connection, namesakes, RULES, "blocks")
    assert whole[0].pairs == PEOPLE**2
    numbered, pairs = pairs_within(connection, namesakes, BUDGET, RULES)
    assert len(pairs) <= numbered.pairs <= BUDGET.pairs_per_entry * PEOPLE
    first = numbered.rules[0]
    assert first.refined_by and first.pairs + first.refined_pairs == PEOPLE**2
    assert first.likely > 300
    found = sum((one, one) in pairs for one in range(1, PEOPLE + 1)) / PEOPLE
    assert found > 1 - 2.5 * OTHER_MOTHER * NO_TOWN
    for number, rule in enumerate(numbered.rules):
        assert rule.pairs == sum(bits >> number & 1 for bits in pairs.values())
        if rule.likely:
            kept = sum(pairs.get((one, one), 0) >> number & 1 for one in range(1, PEOPLE + 1))
            had = PEOPLE if number == 0 else PEOPLE * (1 - NO_TOWN)
            lost = rule.likely_lost / rule.likely
            assert lost == pytest.approx(1 - kept / had, abs=4 * (lost * (1 - lost) / rule.likely) ** 0.5 + 0.01)


def test_a_pair_of_a_refined_block_agrees_on_the_further_keys_and_other_blocks_are_as_they_were(connection, namesakes) -> None:
    rules = [BlockingRule(on=("name", "town"))]
    connection.execute("UPDATE mentions SET name = 'tran thi be' WHERE id <= 40")
    connection.execute("UPDATE persons SET name = 'tran thi be' WHERE id <= 40")
    number_blocks(connection, namesakes, rules, "blocks")
    before = {row[:2] for row in connection.execute(pairs_of_rules(namesakes, 1, "blocks")).fetchall()}
    numbered, after = pairs_within(connection, namesakes, dataclasses.replace(BUDGET, pairs_per_entry=3.0), rules)
    assert numbered.threshold is not None
    assert numbered.threshold >= 3
    of_town = {"l": {}, "r": {}}
    for side, table in (("l", "mentions"), ("r", "persons")):
        of_town[side] = dict(connection.execute(f"SELECT town, count(*) FROM {table} WHERE id > 40 GROUP BY town").fetchall())
    towns = dict(connection.execute("SELECT id, town FROM persons").fetchall())
    large = {town for town, count in of_town["r"].items() if max(count, of_town["l"].get(town, 0)) > numbered.threshold}
    mothers = [dict(connection.execute(f"SELECT id, mother FROM {table}").fetchall()) for table in ("mentions", "persons")]
    sexes = [dict(connection.execute(f"SELECT id, sex FROM {table}").fetchall()) for table in ("mentions", "persons")]
    of_key = {"mother": mothers, "sex": sexes}
    crowded = {pair for pair in before if pair[0] > 40 and towns[pair[1]] in large}
    assert len(crowded) > 1000 and len(before - crowded) > 1000
    assert set(after) - crowded == before - crowded
    assert set(after) & crowded < crowded
    keys = [of_key[key] for key in numbered.rules[0].refined_by]
    assert all(any(key[0][left] == key[1][right] for key in keys) for left, right in set(after) & crowded)


def test_what_keeps_to_the_budget_is_not_touched(connection, namesakes) -> None:
    rules = RULES[1:]
    plain = number_blocks(connection, namesakes, rules, "blocks")
    pairs = {row[:2]: row[2] for row in connection.execute(pairs_of_rules(namesakes, 2, "blocks")).fetchall()}
    for free in (dataclasses.replace(BUDGET, pairs_per_entry=1000.0), dataclasses.replace(BUDGET, pairs_per_entry=None)):
        numbered, same = pairs_within(connection, namesakes, free, rules)
        assert same == pairs and numbered.rules == plain and numbered.threshold is None


def test_neither_the_order_of_rows_nor_threads_change_anything(connection, namesakes) -> None:
    first = pairs_within(connection, namesakes, BUDGET, RULES)
    for table in ("mentions", "persons"):
        connection.execute(f"CREATE TABLE turned AS SELECT * FROM {table} ORDER BY hash(id, 9)")
        connection.execute(f"DROP TABLE {table}")
        connection.execute(f"ALTER TABLE turned RENAME TO {table}")
    connection.execute("SET threads = 1")
    assert pairs_within(connection, namesakes, BUDGET, RULES) == first


def test_the_project_may_give_the_keys_in_order(connection, namesakes) -> None:
    ordered = dataclasses.replace(BUDGET, keys=("sex", "town", "mother"), in_order=True)
    numbered, _ = pairs_within(connection, namesakes, ordered, RULES)
    assert numbered.rules[0].refined_by == ("sex", "town", "mother")


def test_a_cap_is_asked_last(connection, namesakes) -> None:
    free = dataclasses.replace(BUDGET, pairs_per_entry=None)
    capped = [BlockingRule(on=("name", "born"), cap=500)]
    numbered, pairs = pairs_within(connection, namesakes, free, capped)
    assert numbered.rules[0].refined_by and numbered.rules[0].capped_pairs == 0
    assert sum((one, one) in pairs for one in range(1, PEOPLE + 1)) > 0.8 * PEOPLE
    nothing = dataclasses.replace(free, keys=("name",))
    numbered, pairs = pairs_within(connection, namesakes, nothing, capped)
    assert numbered.rules[0].capped_pairs == PEOPLE**2 and not pairs


def test_duplicates_within_one_table_keep_to_the_budget(connection, namesakes) -> None:
    one = dataclasses.replace(namesakes, left="persons")
    numbered, pairs = pairs_within(connection, one, BUDGET, RULES)
    assert len(pairs) <= BUDGET.pairs_per_entry * PEOPLE
    assert all(left < right for left, right in pairs)
    assert numbered.rules[0].pairs + numbered.rules[0].refined_pairs == PEOPLE * (PEOPLE - 1) // 2


def test_pairs_that_find_no_room_are_refused_with_the_rules_that_cost_most(
    connection, namesakes, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    free = dataclasses.replace(BUDGET, pairs_per_entry=None)
    numbered = number_blocks_within(connection, namesakes, RULES, "blocks", free)
    told = forecast_pairs(numbered, namesakes, 2)
    assert PEOPLE**2 <= told.pairs <= 1.1 * PEOPLE**2
    refuse_beyond_disk(numbered, namesakes, tmp_path)
    monkeypatch.setattr(forecast.shutil, "disk_usage", lambda folder: type("Usage", (), {"free": 10**7}))
    with pytest.raises(LinkageError, match=r"0.0 GB are free. What costs most: name \+ born \(4,000,000 pairs\); name \+ town"):
        refuse_beyond_disk(numbered, namesakes, tmp_path)

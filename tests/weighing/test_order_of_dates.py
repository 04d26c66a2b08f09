"""An entry made before the person was born: what that weighs, learned without labels."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest

from linkage.run import Run
from linkage.runs.exchange import scan_file
from linkage.runs.sql import write_parquet
from linkage.runs.tables import ORDER_OF_DATES, SCORED_PAIRS
from linkage.weighing.order_of_dates import STATES, OrderOfDates, learn_order, weigh_order

MENTIONS = {1: (1990, 1990), 2: (1990, 1990), 3: (1990, None), 4: (1991, 1990)}
"""Entry: year of birth, year of entry."""
PERSONS = {1: 1990, 2: 1993, 3: 1985, 4: 1991}
STATE = {(1, 1): None, (1, 2): 1, (1, 3): 0, (2, 4): None, (3, 2): None, (4, 2): 1, (4, 3): 0}
"""Pair: its state; none where the years are near or one is not known."""


def write_tables(connection, folder: Path, entered: bool = True) -> tuple[str, str]:
    mentions, persons = folder / "mentions.parquet", folder / "persons.parquet"
    rows = ", ".join(f"({one}, {born}, {year or 'NULL'}::INTEGER)" for one, (born, year) in MENTIONS.items())
    kept = "id, birth_date_year" + (", registration_date_year" if entered else "")
    write_parquet(connection, f"SELECT {kept} FROM (VALUES {rows}) t(id, birth_date_year, registration_date_year)", mentions)
    rows = ", ".join(f"({one}, {born})" for one, born in PERSONS.items())
    write_parquet(connection, f"SELECT * FROM (VALUES {rows}) t(id, birth_date_year)", persons)
    rows = ", ".join(f"({left}, {right}{f', {left + right}::DOUBLE' * 4})" for left, right in STATE)
    columns = "id_l, id_r, match_weight, pair_weight, link_weight, match_probability"
    write_parquet(connection, f"SELECT * FROM (VALUES {rows}) t({columns})", SCORED_PAIRS.path(folder))
    return scan_file(mentions), scan_file(persons)


def test_pairs_whose_years_are_apart_move_and_no_others(connection, tmp_path: Path) -> None:
    weigh_order(connection, *write_tables(connection, tmp_path), tmp_path)
    learned = OrderOfDates.load(tmp_path)
    assert learned is not None and learned.pairs == 2
    rows = connection.execute(f"SELECT id_l, id_r, match_weight, pair_weight FROM {SCORED_PAIRS.scan(tmp_path)}").fetchall()
    assert [row[:2] for row in rows] == sorted(STATE)
    for left, right, match_weight, pair_weight in rows:
        state = STATE[left, right]
        moved = 0.0 if state is None else learned.bits[state]
        assert match_weight == left + right and pair_weight == pytest.approx(left + right + moved, abs=1e-12)


def test_without_a_date_of_entry_nothing_is_learned_or_moved(connection, tmp_path: Path) -> None:
    tables = write_tables(connection, tmp_path, entered=False)
    before = SCORED_PAIRS.path(tmp_path).read_bytes()
    weigh_order(connection, *tables, tmp_path)
    assert ORDER_OF_DATES.read(tmp_path) is None and OrderOfDates.load(tmp_path) is None
    assert SCORED_PAIRS.path(tmp_path).read_bytes() == before


def test_planted_shares_are_recovered_without_labels() -> None:
    """Matches are entered before the birth one time in ten, others eight in ten; of pairs with w bits one in 1 + 2^-w is a match."""
    random = np.random.default_rng(12)
    weight = random.choice([-6.0, -1.0, 2.0, 4.0, 14.0], 200_000)
    matched = random.random(weight.size) < 1 / (1 + 2.0**-weight)
    state = (random.random(weight.size) < np.where(matched, 0.1, 0.8)).astype(int)
    learned = learn_order(state, weight, np.ones(weight.size))
    assert learned.match == pytest.approx((0.9, 0.1), abs=0.01)
    assert learned.other == pytest.approx((0.2, 0.8), abs=0.01)
    assert learned.bits == pytest.approx((np.log2(0.9 / 0.2), np.log2(0.1 / 0.8)), abs=0.1)


def test_no_pair_says_nothing() -> None:
    nothing = learn_order(np.array([], dtype=np.int64), np.array([]), np.array([]))
    assert nothing.pairs == 0 and nothing.bits == [0.0, 0.0]


def test_the_explanation_says_the_order_and_adds_up(finished_run: Path) -> None:
    run = Run.open(finished_run)
    bits = json.loads((finished_run / "order_of_dates.json").read_text(encoding="utf-8"))["bits"]
    assert bits[1] < 0 < bits[0]
    for state, (words, weight) in enumerate(zip(STATES, bits, strict=True)):
        entered = "m.registration_date_year < p.birth_date_year"
        mention, person = run.connection.execute(
            f"""SELECT m.record_id, p.record_id FROM read_parquet('{finished_run / "scored_pairs.parquet"}')
            JOIN read_parquet('{finished_run / "mentions.parquet"}') m ON m.id = id_l
            JOIN read_parquet('{finished_run / "persons.parquet"}') p ON p.id = id_r
            WHERE abs(m.birth_date_year - p.birth_date_year) > 1 AND ({entered}) = ? ORDER BY ALL LIMIT 1""",
            [bool(state)],
        ).fetchall()[0]
        explained = run.explain(mention, person)
        assert explained.order == (words, weight) and any(words in line for line in explained.lines())
        beside = sum(bits for _, bits in explained.beside_the_match_weight())
        assert explained.match_weight + beside == pytest.approx(explained.link_weight, abs=0.05)

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest

from linkage.run import Run
from linkage.runs.exchange import scan_file
from linkage.runs.sql import write_parquet
from linkage.runs.tables import SCORED_PAIRS
from linkage.weighing.claims import STATES, SURE, learn_claims, weigh_claims

PAIRS = {
    # (entry, person): link weight and the state it is in
    (1, 1): (30.0, 1),  # registered again by entry 5
    (2, 1): (1.0, 2),  # the twin of entry 1, registered the same day
    (3, 1): (1.0, 1),
    (3, 2): (-4.0, 0),  # entry 4 is not sure of person 2
    (4, 2): (SURE - 0.1, 0),
    (5, 1): (20.0, 1),
    (6, 3): (25.0, 0),  # nobody else's
    (6, 4): (15.0, 0),  # sure, but entry 6 claims person 3
    (7, 4): (2.0, 0),
    (8, 3): (2.0, 1),  # the day of entry 8 is not known
}
DAYS = {1: "2001-05-06", 2: "2001-05-06", 3: "2003-01-01", 4: "2001-05-06", 5: "2010-01-01", 6: "2001-05-06", 7: "2001-05-06"}


def write_tables(connection, folder: Path, days: bool) -> tuple[Path, Path]:
    mentions, scored = folder / "mentions.parquet", folder / "scored_pairs.parquet"
    entries = ", ".join(f"({entry}, {repr(DAYS[entry]) if entry in DAYS else 'NULL'}::DATE)" for entry in range(1, 9))
    write_parquet(
        connection, f"SELECT id{', registration_date' if days else ''} FROM (VALUES {entries}) t(id, registration_date)", mentions
    )
    rows = ", ".join(f"({left}, {right}{f', {weight}::DOUBLE' * 4})" for (left, right), (weight, _) in PAIRS.items())
    write_parquet(
        connection,
        f"SELECT * FROM (VALUES {rows}) t(id_l, id_r, match_weight, pair_weight, link_weight, match_probability)",
        scored,
    )
    return mentions, scored


@pytest.mark.parametrize("days", [True, False])
def test_a_pair_knows_whether_its_person_is_claimed(connection, tmp_path: Path, days: bool) -> None:
    mentions, scored = write_tables(connection, tmp_path, days)
    claims = weigh_claims(connection, scan_file(mentions), scored.parent)
    rows = connection.execute(
        "SELECT id_l, id_r, match_weight, pair_weight, claimed FROM read_parquet(?)", [str(scored)]
    ).fetchall()
    assert [row[:2] for row in rows] == sorted(PAIRS)
    for left, right, match_weight, pair_weight, claimed in rows:
        weight, state = PAIRS[left, right]
        assert claimed == (state if days else min(state, 1)), (left, right)
        assert match_weight == weight
        assert pair_weight == pytest.approx(weight + claims.bits[claimed], abs=1e-12)


def test_the_order_of_rows_changes_nothing(connection, tmp_path: Path) -> None:
    mentions, scored = write_tables(connection, tmp_path, days=True)
    other = tmp_path / "other"
    other.mkdir()
    shuffled = SCORED_PAIRS.path(other)
    write_parquet(connection, f"SELECT * FROM read_parquet('{scored}') ORDER BY hash(id_l, id_r)", shuffled)
    weigh_claims(connection, scan_file(mentions), scored.parent)
    connection.execute("SET threads = 1")
    weigh_claims(connection, scan_file(mentions), other)
    assert shuffled.read_bytes() == scored.read_bytes()


@pytest.mark.parametrize(
    ("match", "other"),
    [((0.85, 0.149, 0.001), (0.2, 0.68, 0.12)), ((0.4, 0.4, 0.2), (0.4, 0.4, 0.2))],
    ids=["children", "mothers, whom many entries share"],
)
def test_planted_shares_are_recovered_without_labels(match: tuple[float, ...], other: tuple[float, ...]) -> None:
    """Pairs with honest weights: of those with w bits, one in 1 + 2^-w is a match, a third of all in doubt."""
    random = np.random.default_rng(11)
    weight = random.choice([-9.0, -6.0, -2.0, 0.0, 1.0, 3.0, 8.0, 20.0], 400_000, p=[0.1, 0.1, 0.1, 0.1, 0.1, 0.1, 0.2, 0.2])
    matched = random.random(weight.size) < 1 / (1 + 2.0**-weight)
    state = np.where(matched, random.choice(3, weight.size, p=match), random.choice(3, weight.size, p=other))
    claims = learn_claims(state, weight, np.ones(weight.size))
    assert claims.match == pytest.approx(match, abs=0.01)
    assert claims.other == pytest.approx(other, abs=0.01)
    told = np.log2(np.array(match) / np.array(other))
    assert claims.bits[:2] == pytest.approx(told[:2], abs=0.15)
    if told[2] == 0:
        assert claims.bits[2] == pytest.approx(0, abs=0.15)
    else:
        assert claims.bits[2] < -5


def test_no_pair_says_nothing() -> None:
    nothing = learn_claims(np.array([], dtype=np.int64), np.array([]), np.array([]))
    assert nothing.bits == [0.0, 0.0, 0.0]


def test_the_demo_learns_what_its_truth_says(finished_run: Path, province: Path) -> None:
    """The shares of the three states among matches and among other pairs, learned and counted."""
    run = Run.open(finished_run)
    held = json.loads((finished_run / "claims.json").read_text(encoding="utf-8"))
    run.connection.execute(
        f"""CREATE TEMP TABLE known AS SELECT s.*, t.record_id IS NOT NULL AS is_match
        FROM read_parquet('{finished_run / "scored_pairs.parquet"}') s
        JOIN read_parquet('{finished_run / "mentions.parquet"}') m ON m.id = id_l
        JOIN read_parquet('{finished_run / "persons.parquet"}') p ON p.id = id_r
        LEFT JOIN read_parquet('{province / "truth.parquet"}') t
          ON t.record_id = m.record_id AND t.person_record_id = p.record_id AND t.register = 'birth' AND t.role = 'child'"""
    )
    shares = ", ".join(f"count(*) FILTER (claimed = {state}) / count(*)" for state in range(len(STATES)))
    for is_match, learned in ((True, held["match"]), (False, held["other"])):
        found = run.connection.execute(f"SELECT {shares} FROM known WHERE is_match = ?", [is_match]).fetchall()[0]
        assert learned == pytest.approx(found, abs=0.05), is_match


def test_explanation_and_pairs_give_the_weight_that_decided(finished_run: Path) -> None:
    run = Run.open(finished_run)
    bits = json.loads((finished_run / "claims.json").read_text(encoding="utf-8"))["bits"]
    links = run.connection.execute(
        f"""SELECT record_id_l, record_id_r, link_weight, claimed FROM read_parquet('{finished_run / "links.parquet"}')
        JOIN read_parquet('{finished_run / "scored_pairs.parquet"}') s USING (id_l, id_r, link_weight)
        QUALIFY row_number() OVER (PARTITION BY claimed ORDER BY link_weight, record_id_l) = 1 ORDER BY claimed"""
    ).fetchall()
    assert [row[3] for row in links][:2] == [0, 1]
    for mention, person, link_weight, claimed in links:
        explanation = run.explain(mention, person)
        assert explanation.link_weight == pytest.approx(link_weight, abs=1e-9)
        assert explanation.claim == (STATES[claimed], bits[claimed])
        assert f"The person is {STATES[claimed]}" in "\n".join(explanation.lines())
    run.table("pairs").create_view("weighed")
    apart = run.connection.execute(
        f"""SELECT count(*), max(abs(w.link_weight - k.link_weight)) FROM read_parquet('{finished_run / "links.parquet"}') k
        JOIN weighed w USING (record_id_l, record_id_r)"""
    ).fetchall()[0]
    assert apart[0] > 1_000 and apart[1] < 1e-9

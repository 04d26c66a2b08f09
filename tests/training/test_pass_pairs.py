"""A training rule that puts everybody into one block: its pass learns from a sample, and is done with it."""

from __future__ import annotations

import duckdb
import pytest

from linkage.config import BlockingRule
from linkage.pairs.blocking import number_blocks
from linkage.pairs.sides import Sides
from linkage.training import passes

PEOPLE = 4_000


def test_a_crowded_block_is_sampled_by_records_then_by_pairs(
    connection: duckdb.DuckDBPyConnection, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(passes, "PASS_PAIRS", 20_000)
    for table, salt in (("mentions", 1), ("persons", 2)):
        connection.execute(
            f"CREATE TABLE {table} AS SELECT (range + 1)::INTEGER AS id, DATE '1990-01-01' AS born,"
            f" hash(range, {salt}) % 4 = 0 AS rare FROM range({PEOPLE})"
        )
    sides = Sides("mentions", "persons", PEOPLE, PEOPLE, {"born": "DATE"})
    proposed = number_blocks(connection, sides, [BlockingRule(on=("born",))], "training")[0].pairs
    assert proposed == PEOPLE**2
    drawn = passes.draw_pass_pairs(connection, sides, proposed, seed=3)
    looked_at = connection.execute(
        "SELECT (SELECT count(*) FROM training_left) * (SELECT count(*) FROM training_right)"
    ).fetchall()
    assert looked_at[0][0] == pytest.approx(passes.STREAMED * 20_000, rel=0.2)
    rows = connection.execute(
        f"SELECT count(*), avg((l.rare AND r.rare)::INTEGER) FROM ({drawn}) JOIN mentions l ON l.id = id_l JOIN persons r ON r.id = id_r"
    ).fetchall()
    # each of the two samples of some 630 records has its own share of rare ones: .25 ± .017
    assert rows[0][0] == pytest.approx(20_000, rel=0.2) and rows[0][1] == pytest.approx(1 / 16, abs=0.02)

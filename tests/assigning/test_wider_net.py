"""True pairs that the assignment did not take are planted; the wider net holds them, and nothing that has a safe pair."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from pathlib import Path

import duckdb
import pytest

from linkage.assigning.wider_net import PERSONS, SAFE, looser_rules, write_wider_pairs
from linkage.model.settings import columns_needed
from linkage.pairs.sides import open_tables
from linkage.project import Run
from linkage.runs.sql import connect
from linkage.weighing.trained_model import TrainedModel

Rows = list[tuple[object, ...]]


@pytest.fixture(scope="module")
def net(finished_run: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[duckdb.DuckDBPyConnection, Path]]:
    """A run in which the assignment lost a tenth of its pairs: to nobody, or to a person of the best mention there is."""
    run = tmp_path_factory.mktemp("net")
    for name in ("mentions", "persons", "pairs", "frequencies", "scored_pairs", "presence", "assigned"):
        shutil.copy2(finished_run / f"{name}.parquet", run)
    connection = connect()
    for name in ("mentions", "persons", "pairs", "scored_pairs"):
        connection.execute(f"CREATE VIEW {name}_table AS SELECT * FROM read_parquet('{run / f'{name}.parquet'}')")
    connection.execute(
        f"CREATE TABLE whole AS SELECT *, id_l % 10 = 0 AS is_lost FROM read_parquet('{finished_run / 'assigned.parquet'}')"
    )
    connection.execute(f"COPY (SELECT * EXCLUDE is_lost FROM whole WHERE NOT is_lost) TO '{run / 'assigned.parquet'}'")
    model, spec = TrainedModel.load(finished_run), Run.open(finished_run).spec
    records = (run / "mentions.parquet", run / "persons.parquet")
    sides = open_tables(connection, *records, columns_needed(spec, model.match))
    written = write_wider_pairs(connection, sides, model, looser_rules(spec.blocking.predict), run, records, run)
    connection.execute(f"CREATE VIEW wider AS SELECT * FROM read_parquet('{run / 'wider.parquet'}')")
    assert connection.execute("SELECT count(*) FROM wider").fetchone() == (written,)
    yield connection, run
    connection.close()


def rows(net: tuple[duckdb.DuckDBPyConnection, Path], query: str) -> Rows:
    return net[0].execute(query).fetchall()


def test_lost_pairs_come_back_with_their_weight(net) -> None:
    lost = "SELECT id_l, id_r, link_weight FROM whole WHERE is_lost"
    assert rows(net, f"SELECT count(*) > 20 FROM ({lost})") == [(True,)]
    assert rows(net, f"{lost} EXCEPT SELECT id_l, id_r, link_weight FROM wider WHERE proposed") == []


def test_the_net_is_of_mentions_without_a_safe_pair_and_holds_no_assigned_pair(net) -> None:
    safe = f"SELECT id_l FROM whole WHERE NOT is_lost AND link_weight >= {SAFE}"
    assert rows(net, f"SELECT count(*) FROM wider SEMI JOIN ({safe}) USING (id_l)") == [(0,)]
    assert rows(net, "SELECT count(*) FROM wider SEMI JOIN (FROM whole WHERE NOT is_lost) USING (id_l, id_r)") == [(0,)]
    assert rows(net, f"SELECT max(n) <= {PERSONS}, count(*) > 50 FROM (SELECT count(*) AS n FROM wider GROUP BY id_l)") == [
        (True, True)
    ]


def test_what_no_rule_proposed_is_told_apart(net) -> None:
    counted = rows(
        net,
        """SELECT proposed, count(*) > 0, count(*) = count(p.id_l) FROM wider LEFT JOIN pairs_table p USING (id_l, id_r)
           GROUP BY proposed ORDER BY proposed""",
    )
    assert counted == [(False, True, False), (True, True, True)]
    assert rows(net, "SELECT count(*) FROM wider SEMI JOIN pairs_table USING (id_l, id_r) WHERE NOT proposed") == [(0,)]


def test_the_weight_given_the_rival_by_hand(net) -> None:
    found = rows(
        net,
        """SELECT id_l, id_r, pair_weight, weight_given_rival FROM wider ORDER BY id_l, id_r""",
    )
    of_mention = dict(rows(net, "SELECT id_l, max(pair_weight) FROM whole WHERE NOT is_lost GROUP BY id_l"))
    of_person = dict(rows(net, "SELECT id_r, max(pair_weight) FROM whole WHERE NOT is_lost GROUP BY id_r"))
    for left, right, weight, given in found:
        others = [other for l2, r2, other, _ in found if l2 == left and r2 != right]
        rivals = [*others, *(held[key] for held, key in ((of_mention, left), (of_person, right)) if key in held)]
        strongest = max(rivals, default=None)
        odds = 2**weight / (1 + (2**strongest if strongest is not None else 0))
        assert 2**given == pytest.approx(odds, rel=1e-9)

import pyarrow as pa
import pytest

from linkage.decision import Thresholds, decide
from linkage.errors import LinkageError
from linkage.runs.sql import connect

AT = Thresholds(10.0, 0.0, 0.001, 0.01, 2, False, "given")


def assigned(connection, mentions=("a", "b", "c", "d", "e")):
    table = pa.table(
        {
            "record_id_l": list(mentions),
            "record_id_r": ["p", "q", "r", "s", "t"],
            "link_weight": [10.0, 20.0, 9.9, 0.0, -0.1],
            "match_weight": [11.0, 21.0, 10.9, 1.0, 0.9],
            "runner_up_margin": [None, 2.9, 8.0, 3.0, 0.0],
        }
    )
    connection.register("assigned", table)


def decided(connection, path):
    rows = connection.execute(f"SELECT record_id_l, decision, reason FROM '{path}'").fetchall()
    return {mention: (decision, reason) for mention, decision, reason in rows}


def test_every_reason(tmp_path):
    connection = connect()
    assigned(connection)
    counts = decide(connection, "assigned", AT, 3.0, tmp_path / "links.parquet")
    assert decided(connection, tmp_path / "links.parquet") == {
        "a": ("link", "above_upper"),
        "b": ("clerical", "runner_up_close"),
        "c": ("clerical", "between_thresholds"),
        "d": ("clerical", "between_thresholds"),
        "e": ("non_link", "below_lower"),
    }
    assert (counts["link"], counts["clerical"], counts["non_link"], counts["runner_up_close"]) == (1, 3, 1, 1)
    assert (tmp_path / "links.parquet").stat().st_mode & 0o777 == 0o600


def test_verdicts_overrule_and_planted_pairs_do_not(tmp_path):
    connection = connect()
    assigned(connection)
    connection.register(
        "labels",
        pa.table(
            {
                "pair_id": ["1", "2", "3", None],
                "record_id_l": ["a", "d", "c", "b"],
                "record_id_r": ["p", "s", "r", "q"],
                "verdict": ["non_match", "match", "unsure", "match"],
            }
        ),
    )
    decide(connection, "assigned", AT, 3.0, tmp_path / "links.parquet", "labels")
    found = decided(connection, tmp_path / "links.parquet")
    assert found["a"] == ("non_link", "verdict_non_match")
    assert found["d"] == ("link", "verdict_match")
    assert found["c"] == ("clerical", "between_thresholds")
    assert found["b"] == ("clerical", "runner_up_close")


def test_deciding_again_replaces_the_decision(tmp_path):
    connection = connect()
    assigned(connection)
    decide(connection, "assigned", AT, 3.0, tmp_path / "links.parquet")
    decide(connection, tmp_path / "links.parquet", Thresholds(5.0, 5.0, 0, 0, 0, False, "given"), 3.0, tmp_path / "again.parquet")
    assert decided(connection, tmp_path / "again.parquet")["c"] == ("link", "above_upper")


def test_same_bytes_whatever_the_row_order(tmp_path):
    connection = connect()
    assigned(connection)
    decide(connection, "assigned", AT, 3.0, tmp_path / "one.parquet")
    connection.execute("CREATE VIEW reversed AS SELECT * FROM assigned ORDER BY record_id_l DESC")
    decide(connection, "reversed", AT, 3.0, tmp_path / "two.parquet")
    assert (tmp_path / "one.parquet").read_bytes() == (tmp_path / "two.parquet").read_bytes()


def test_two_pairs_of_one_mention_are_refused(tmp_path):
    connection = connect()
    assigned(connection, ("a", "a", "c", "d", "e"))
    with pytest.raises(LinkageError, match="more than one assigned pair"):
        decide(connection, "assigned", AT, 3.0, tmp_path / "links.parquet")

"""The Spark backend: its SQL, its preflight, and the links of the demo held against DuckDB's."""

from __future__ import annotations

import importlib.util
import json
import shutil
import stat
from collections.abc import Iterator
from pathlib import Path

import duckdb
import pytest
from splink import Linker

from linkage import open_project
from linkage.engines import spark
from linkage.engines.engine_differences import compare_levels
from linkage.engines.spark_sql import parse, to_spark
from linkage.errors import LinkageError
from linkage.model.settings import load_model

needs_spark = pytest.mark.skipif(
    importlib.util.find_spec("pyspark") is None or shutil.which("java") is None,
    reason="needs the extra linkage[spark] (pyspark) and Java 17",
)
quiet_about_sockets = pytest.mark.filterwarnings("ignore::ResourceWarning", "ignore::DeprecationWarning")


def in_spark(query: str, **parameters: int) -> str:
    return to_spark(parse(query, parameters), {"born"})


def test_queries_are_translated() -> None:
    assert in_spark("SELECT list_has_any(a, b), jaro_winkler_similarity(a, b) FROM t") == (
        "SELECT ARRAYS_OVERLAP(a, b), JARO_WINKLER(a, b) FROM t"
    )
    assert in_spark("SELECT abs(born_l - born_r) <= 1, a - b FROM t") == "SELECT ABS(DATEDIFF(born_l, born_r)) <= 1, a - b FROM t"
    assert in_spark("WITH a AS MATERIALIZED (SELECT b FROM t) SELECT b FROM a") == "WITH a AS (SELECT b FROM t) SELECT b FROM a"
    assert in_spark('SELECT hash("x") FROM t') == "SELECT XXHASH64(`x`) FROM t"
    assert "9223372036854775808" in in_spark("SELECT * FROM t WHERE hash(x, 7) < 5::UBIGINT")
    assert in_spark("SELECT sum(n) FILTER (n <= $cap) FROM t", cap=3) == "SELECT SUM(n) FILTER(WHERE n <= 3) FROM t"
    assert in_spark("SELECT 1::UINTEGER, 2::UTINYINT") == "SELECT CAST(1 AS BIGINT), CAST(2 AS SMALLINT)"
    assert "LENGTH(a) = LENGTH(b)" in in_spark("SELECT hamming(a, b) = 1 FROM t")
    assert "`file:///run/pairs.parquet`" in in_spark("SELECT * FROM read_parquet('/run/pairs.parquet')")


def test_path_that_spark_takes_for_a_pattern_is_refused() -> None:
    with pytest.raises(LinkageError, match="patterns"):
        in_spark("SELECT * FROM read_parquet('/run[1]/pairs.parquet')")


def test_preflight_names_what_is_missing(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr(importlib.util, "find_spec", lambda name: None)
    with pytest.raises(LinkageError, match="pyspark"):
        spark.check_spark()
    monkeypatch.setattr(importlib.util, "find_spec", lambda name: object())
    monkeypatch.setenv("JAVA_HOME", str(tmp_path))
    with pytest.raises(LinkageError, match="Java, and none"):
        spark.check_spark()
    java = tmp_path / "bin" / "java"
    java.parent.mkdir()
    for version, told in (("1.8.0_392", "found version 8"), ("11.0.2", "found version 11")):
        java.write_text(f"#!/bin/sh\necho 'openjdk version \"{version}\"' >&2\n", encoding="utf-8")
        java.chmod(0o700)
        with pytest.raises(LinkageError, match=told):
            spark.check_spark()
    java.write_text("#!/bin/sh\necho 'openjdk version \"17.0.15\"' >&2\n", encoding="utf-8")
    monkeypatch.setattr(spark, "similarity_jar", lambda: tmp_path / "none.jar")
    with pytest.raises(LinkageError, match="similarity jar"):
        spark.check_spark()


def test_difference_of_levels_is_found(finished_run: Path, tmp_path: Path, connection: duckdb.DuckDBPyConnection) -> None:
    """Five levels are changed in a copy of the level store; exactly these are reported."""
    model = load_model(finished_run)
    altered = tmp_path / "pairs.parquet"
    store = finished_run / "pairs.parquet"
    connection.execute(
        f"COPY (SELECT * REPLACE (CASE WHEN row_number() OVER (ORDER BY id_l, id_r) <= 5 AND gamma_full_name > 0"
        f" THEN gamma_full_name - 1 ELSE gamma_full_name END AS gamma_full_name) FROM read_parquet('{store}')) TO '{altered}'"
    )
    changed = connection.execute(
        f"SELECT count(*) FROM (SELECT * FROM read_parquet('{store}') ORDER BY id_l, id_r LIMIT 5) WHERE gamma_full_name > 0"
    ).fetchall()[0][0]
    sides = (finished_run / "mentions.parquet", finished_run / "persons.parquet")
    assert compare_levels(connection, model, *sides, store, 1)["different_pairs"] == 0
    found = compare_levels(connection, model, *sides, altered, 1)
    assert found["different_pairs"] == changed > 0
    by_name = {one["comparison"]: one for one in found["by_comparison"]}
    assert by_name["full_name"]["pairs"] == changed and by_name["birth_date"]["pairs"] == 0
    assert all(one["spark"] == one["duckdb"] - 1 for one in by_name["full_name"]["moved"])


@pytest.fixture(scope="module")
def spark_run(province: Path, quick_demo: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    folder = tmp_path_factory.mktemp("spark") / "run"
    yield open_project(quick_demo, data=province).run(until="decide", out=folder, backend="spark").path


@pytest.mark.slow
@needs_spark
@quiet_about_sockets
def test_demo_has_the_links_of_duckdb(finished_run: Path, spark_run: Path, connection: duckdb.DuckDBPyConnection) -> None:
    left, right = (f"read_parquet('{run}/{{}}.parquet')" for run in (finished_run, spark_run))
    pairs = " EXCEPT ".join(f"(SELECT id_l, id_r, blocking_rules FROM {side.format('pairs')})" for side in (left, right))
    assert connection.execute(f"SELECT count(*) FROM ({pairs})").fetchall()[0][0] == 0
    for table in ("pairs", "scored_pairs", "links"):
        shapes = [connection.execute(f"DESCRIBE SELECT * FROM {side.format(table)}").fetchall() for side in (left, right)]
        assert shapes[0] == shapes[1]
    chosen = [
        connection.execute(
            f"SELECT record_id_l, record_id_r FROM {side.format('links')} WHERE decision = 'link' ORDER BY ALL"
        ).fetchall()
        for side in (left, right)
    ]
    assert chosen[0] == chosen[1] and len(chosen[0]) > 1000
    differences = json.loads((spark_run / "backend_differences.json").read_text(encoding="utf-8"))
    stored = connection.execute(f"SELECT count(*) FROM {right.format('pairs')}").fetchall()[0][0]
    assert differences["compared_pairs"] == stored
    assert differences["different_pairs"] <= 0.01 * stored
    in_order = "SELECT bool_and(id_l > before) FROM (SELECT id_l, lag(id_l) OVER (ORDER BY file_row_number) AS before FROM {})"
    numbered = f"read_parquet('{spark_run}/scored_pairs.parquet', file_row_number = true)"
    assert connection.execute(in_order.replace("id_l > before", "id_l >= before").format(numbered)).fetchall()[0][0]
    assert stat.S_IMODE((spark_run / "pairs.parquet").stat().st_mode) == 0o600
    assert not list(spark_run.glob("**/table-*")) and not list(spark_run.glob("**/linkage-*"))


@pytest.mark.slow
@needs_spark
@quiet_about_sockets
def test_weights_are_those_of_splink_on_spark(
    finished_run: Path, spark_run: Path, tmp_path: Path, connection: duckdb.DuckDBPyConnection
) -> None:
    """Splink's own predict, with the Spark run's model in Spark's words, on Spark."""
    read = sorted(
        {*columns_of(connection, spark_run / "mentions.parquet")} & {*columns_of(connection, spark_run / "persons.parquet")}
    )
    dates = {name for name, kind in columns_of(connection, spark_run / "mentions.parquet").items() if kind == "DATE"}
    model = json.loads((spark_run / "model.json").read_text(encoding="utf-8")) | {"sql_dialect": "spark"}
    for comparison in model["comparisons"]:
        for level in comparison["comparison_levels"]:
            if level["sql_condition"] != "ELSE":
                level["sql_condition"] = to_spark(parse(level["sql_condition"]), dates)
    model["blocking_rules_to_generate_predictions"] = [
        {"blocking_rule": to_spark(parse(rule["blocking_rule"]), dates), "sql_dialect": "spark"}
        for rule in model["blocking_rules_to_generate_predictions"][:3]
    ]
    with spark.open_spark(tmp_path / "scratch", "2GB", 2) as on_spark:
        with pytest.raises(LinkageError, match="lacks a function"):
            on_spark.execute("SELECT no_such_function(1)")
        from pyspark.sql import SparkSession
        from splink.backends.spark import SparkAPI

        session = SparkSession.getActiveSession()
        session.sparkContext.setCheckpointDir(str(tmp_path / "checkpoints"))
        api = SparkAPI(spark_session=session)
        tables = []
        for name in ("mentions", "persons"):
            frame = session.read.parquet(f"file://{spark_run / name}.parquet").select(*read)
            tables.append(api.register(frame, dataset_display_name=name))
        theirs = Linker(tables, model).inference.predict(threshold_match_weight=-9).as_pyarrow_table()
    connection.register("theirs", theirs)
    ours = f"(SELECT * FROM read_parquet('{spark_run}/scored_pairs.parquet') WHERE blocking_rules & 7 > 0 AND match_weight >= -9)"
    counted, both, difference = connection.execute(
        f"SELECT count(t.id_l), count(o.id_l), max(abs(o.match_weight - t.match_weight)) FROM theirs t FULL JOIN {ours} o USING (id_l, id_r)"
    ).fetchall()[0]
    assert counted == both > 1000
    assert difference < 1e-9


def columns_of(connection: duckdb.DuckDBPyConnection, path: Path) -> dict[str, str]:
    return {row[0]: row[1] for row in connection.execute(f"DESCRIBE SELECT * FROM read_parquet('{path}')").fetchall()}

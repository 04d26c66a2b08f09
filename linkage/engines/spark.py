"""The Spark backend: block, train and score on Splink's Spark API, over the same Parquet files and into the same ones.

`open_spark` gives what the rest of this room takes for a DuckDB connection: it runs the same queries, translated, on
Spark. Tables made on the way are written to a scratch folder (so that no query carries the lineage of all before it)
which is removed at the end. The stages after these go on in DuckDB.
"""

from __future__ import annotations

import importlib
import importlib.util
import logging
import os
import re
import shutil
import subprocess
import tempfile
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any, cast

import duckdb
from sqlglot import exp

from linkage.config import BlockingRule
from linkage.engines.spark_sql import parse, to_spark
from linkage.errors import LinkageError
from linkage.model.match_model import MatchModel
from linkage.model.splink_on_spark import register_similarity, similarity_jar
from linkage.pairs.blocking import pairs_of_rules
from linkage.pairs.frequencies import write_frequencies
from linkage.pairs.level_store import describe_numbered, levels_of_pairs, number_proposed_blocks
from linkage.pairs.refinement import Budget
from linkage.pairs.sides import Sides
from linkage.runs import Progress
from linkage.runs.exchange import scan_file, scan_files
from linkage.runs.sql import connect, described_columns, write_parquet
from linkage.runs.tables import PAIRS

if TYPE_CHECKING:
    from pyspark.sql import DataFrame, SparkSession

OLDEST_JAVA = 17
"""Spark 4 needs it."""
SILENT = """
status = off
appender.none.type = Null
appender.none.name = none
rootLogger.level = off
rootLogger.appenderRef.none.ref = none
"""
"""Spark's log (log4j2) of a session of our own: it would quote queries and values."""
PROBE = "SELECT jaro_winkler('duong', 'dong'), damerau_levenshtein('dao', 'doa')"


def check_spark() -> None:
    """Preflight, in well under a second and without starting Spark.

    Raises:
        LinkageError: pyspark, Java or Splink's similarity jar is missing.
    """
    if importlib.util.find_spec("pyspark") is None:
        raise LinkageError(
            "the Spark backend needs pyspark, which is not installed", "Install linkage[spark], or use --backend duckdb."
        )
    java = _java()
    if java is None:
        raise LinkageError("the Spark backend needs Java, and none was found", "Install Java 17 or later, or set JAVA_HOME.")
    told = subprocess.run([java, "-version"], capture_output=True, text=True, check=False).stderr
    version = re.search(r'version "(?:1\.)?(\d+)', told)
    if version is None or int(version.group(1)) < OLDEST_JAVA:
        found = f"version {version.group(1)}" if version else "one that does not say its version"
        raise LinkageError(
            f"the Spark backend needs Java {OLDEST_JAVA} or later, and found {found}", "Set JAVA_HOME to a later one."
        )
    if not similarity_jar().is_file():
        raise LinkageError(
            "Splink's similarity jar is missing from the installed splink",
            "Install splink again (uv pip install --reinstall splink).",
        )


def _java() -> str | None:
    home = os.environ.get("JAVA_HOME")
    return shutil.which("java", path=str(Path(home) / "bin")) if home else shutil.which("java")


@contextmanager
def open_spark(scratch: Path, memory_limit: str, threads: int) -> Iterator[duckdb.DuckDBPyConnection]:
    """Spark behind the methods of a DuckDB connection that this room uses; what it leaves in `scratch` is removed.

    Where SPARK_CONF_DIR is set, the cluster's spark-defaults.conf says where to run and with what; elsewhere Spark runs
    in this process's own JVM with `threads` threads and a heap of `memory_limit`. A session that is there already is
    used and left open (it must have been started with the similarity jar).

    Raises:
        LinkageError: by the preflight, or when the session does not know the jar's functions.
    """
    check_spark()
    from pyspark.errors import AnalysisException
    from pyspark.sql import SparkSession

    scratch.mkdir(parents=True, exist_ok=True)
    folder = Path(tempfile.mkdtemp(prefix="linkage-", dir=scratch))
    own = SparkSession.getActiveSession() is None
    session = _configured(SparkSession.builder, folder, memory_limit, threads).getOrCreate()
    try:
        session.sparkContext.setLogLevel("OFF")
        register_similarity(session)
        try:
            session.sql(PROBE).collect()
        except AnalysisException:
            raise LinkageError(
                "this Spark session does not know the similarity functions", "Start it with Splink's jar in spark.jars."
            ) from None
        with connect(memory_limit, threads, folder) as local:
            # The modules of this room call `execute` and fetch; a Protocol for that would be a second name of the same thing.
            yield cast(duckdb.DuckDBPyConnection, SparkConnection(session, local, folder))
    finally:
        if own:
            session.stop()
        shutil.rmtree(folder, ignore_errors=True)


def _configured(builder: SparkSession.Builder, folder: Path, memory_limit: str, threads: int) -> SparkSession.Builder:
    builder = (
        builder.appName("linkage")
        .config("spark.jars", str(similarity_jar()))
        .config("spark.sql.session.timeZone", "UTC")
        .config("spark.sql.warehouse.dir", str(folder / "warehouse"))
        .config("spark.ui.enabled", "false")
        .config("spark.ui.showConsoleProgress", "false")
    )
    # pyspark prints failed queries, values and all, to the terminal.
    logging.getLogger("SQLQueryContextLogger").disabled = True
    if "SPARK_CONF_DIR" in os.environ:
        return builder
    (folder / "log4j2.properties").write_text(SILENT, encoding="utf-8")
    number, unit = float(memory_limit[:-2]), memory_limit[-2:]
    heap = f"{round(number * (1024 if unit == 'GB' else 1))}m"
    return (
        builder.master(f"local[{threads}]")
        .config("spark.driver.bindAddress", "127.0.0.1")
        .config("spark.driver.host", "127.0.0.1")
        .config("spark.driver.memory", heap)
        .config("spark.driver.extraJavaOptions", f"-Dlog4j2.configurationFile=file://{folder / 'log4j2.properties'}")
        .config("spark.local.dir", str(folder.parent))
        .config("spark.sql.shuffle.partitions", str(2 * threads))
        .config("spark.default.parallelism", str(2 * threads))
    )


class SparkConnection:
    """Runs DuckDB statements of this room on Spark: queries, CREATE TABLE … AS, COPY … TO, DESCRIBE."""

    def __init__(self, session: SparkSession, local: duckdb.DuckDBPyConnection, folder: Path) -> None:
        self._session = session
        self._local = local
        self._folder = folder
        self._written = 0
        self._tables: dict[str, Path] = {}
        self._dates: set[str] = set()
        self._rows: list[tuple[Any, ...]] = []

    def execute(self, query: str, parameters: Mapping[str, Any] | Sequence[Any] | None = None) -> SparkConnection:
        """Run a statement; its rows can then be fetched.

        Raises:
            LinkageError: Spark cannot run it. The message never holds what Spark said, which may quote register values.
        """
        tree = parse(query, parameters)
        self._draw_ranges(tree)
        if isinstance(tree, exp.Create):
            self._write_table(tree.this.name, tree.expression)
        elif isinstance(tree, exp.Copy):
            self._rows = [(self._write_file(tree.this.unnest(), Path(tree.args["files"][0].name)),)]
        else:
            self._rows = _told_plainly(lambda: [tuple(row) for row in self._frame(tree).collect()])
        return self

    def fetchall(self) -> list[tuple[Any, ...]]:
        """Every row of the last statement."""
        return self._rows

    def fetchone(self) -> tuple[Any, ...] | None:
        """The first row of the last statement."""
        return self._rows[0] if self._rows else None

    def _frame(self, tree: exp.Expr) -> DataFrame:
        return self._session.sql(to_spark(tree, self._dates))

    def _write_table(self, name: str, query: exp.Expr) -> None:
        query.set("order", None)
        folder = self._next_folder()
        _told_plainly(lambda: self._frame(query).write.parquet(f"file://{folder}"))
        self._view(name, folder)
        before = self._tables.pop(name, None)
        if before:
            shutil.rmtree(before, ignore_errors=True)
        self._tables[name] = folder

    def _view(self, name: str, place: Path) -> None:
        frame = self._session.read.parquet(f"file://{place}")
        self._dates |= {column for column, kind in frame.dtypes if kind == "date"}
        frame.createOrReplaceTempView(f"`{name}`")

    def _write_file(self, query: exp.Expr, target: Path) -> int:
        """One Parquet file of the query's rows in their order: Spark's part files, which follow each other, put together."""
        folder = self._next_folder()
        _told_plainly(lambda: self._frame(query).write.parquet(f"file://{folder}"))
        parts = scan_files(sorted(folder.glob("part-*.parquet")))
        # Spark has no unsigned integers; the contract's column of rule bits is one.
        ruled = "blocking_rules" in described_columns(self._local, parts)
        columns = "* REPLACE (blocking_rules::UINTEGER AS blocking_rules)" if ruled else "*"
        rows = write_parquet(self._local, f"SELECT {columns} FROM {parts}", target)
        shutil.rmtree(folder, ignore_errors=True)
        return rows

    def _draw_ranges(self, tree: exp.Expr) -> None:
        """Random draws read range() and no register: DuckDB makes them, so that both backends draw the same pairs."""
        for table in list(tree.find_all(exp.Table)):
            draws = table.find_ancestor(exp.Select)
            if draws is None or not isinstance(table.this, exp.GenerateSeries):
                continue
            place = self._next_folder().with_suffix(".parquet")
            write_parquet(self._local, draws.sql("duckdb"), place)
            draws.replace(parse(f"SELECT * FROM {scan_file(place)}"))

    def _next_folder(self) -> Path:
        self._written += 1
        return self._folder / f"table-{self._written}"


def _told_plainly(work: Callable[[], Any]) -> Any:
    from pyspark.errors import PySparkException

    java_error: type[Exception] = importlib.import_module("py4j.protocol").Py4JJavaError

    try:
        return work()
    except PySparkException as refused:
        condition = refused.getCondition() or type(refused).__name__
    except java_error as failed:
        condition = type(failed).__name__
    if condition.startswith("UNRESOLVED_ROUTINE"):
        raise LinkageError(
            "Spark lacks a function that a comparison's own SQL uses", "Write that level with another, or use --backend duckdb."
        )
    raise LinkageError(
        f"Spark could not run a step: {condition}", "Please report this fault of linkage, and use --backend duckdb meanwhile."
    )


def write_level_store_on_spark(
    connection: duckdb.DuckDBPyConnection,
    sides: Sides,
    model: MatchModel,
    rules: Sequence[BlockingRule],
    budget: Budget,
    folder: Path,
    progress: Progress,
) -> dict[str, Any]:
    """As `write_level_store`, in one piece: Spark spills where DuckDB is given chunks.

    Raises:
        LinkageError: when no rule proposes a pair, there are more rules than bits, or the pairs would not find room on disk.
    """
    progress("comparing candidate pairs", 0, 1)
    numbered = number_proposed_blocks(connection, sides, rules, budget, folder)
    levels = levels_of_pairs(model, sides, pairs_of_rules(sides, len(rules), "blocks"))
    written = PAIRS.write(connection, levels, folder)
    write_frequencies(connection, sides, model, folder)
    progress("comparing candidate pairs", 1, 1)
    return {**describe_numbered(numbered), "candidate_pairs": written, "chunks": 1}

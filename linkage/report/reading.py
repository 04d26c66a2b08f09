"""Reads a run directory: its documents, and its tables as DuckDB views; says what is not there."""

from __future__ import annotations

from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

from linkage.report.numbers import Kind, Number
from linkage.runs import tables
from linkage.runs.fingerprints import hash_file
from linkage.runs.sql import connect, quote

if TYPE_CHECKING:
    import duckdb

    from linkage.runs.exchange import Document
    from linkage.runs.shapes import (
        BlockingReport,
        ClaimsReport,
        EstimatesHeld,
        FeasibleHeld,
        OrderReport,
        RelativesReport,
        RunSummary,
        ThresholdsDecided,
        TrainingReport,
    )

Shape = TypeVar("Shape")


_BEST_OF_EACH = """FROM (
    FROM {links} UNION ALL
    SELECT * REPLACE (id_r AS id_l, id_l AS id_r, record_id_r AS record_id_l, record_id_l AS record_id_r) FROM {links}
) QUALIFY row_number() OVER (
    PARTITION BY id_l ORDER BY decision = 'link' DESC, decision = 'clerical' DESC, link_weight DESC, id_r
) = 1"""
"""Where entities are found a record has several pairs: what the report counts is records, each by its best one."""


class RunTables:
    """One run directory, opened for reading; a document that it has not (yet) is None."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self._columns: dict[str, set[str]] = {}
        self.label = ""
        """Put before sources: which run, where two are read."""

    @cached_property
    def connection(self) -> duckdb.DuckDBPyConnection:
        """A connection with one view a table of the run."""
        opened = connect()
        for name, table in tables.TABLES.items():
            if table.is_in(self.path):
                opened.execute(f"CREATE VIEW {quote(name)} AS SELECT * FROM {table.scan(self.path)}")
        if tables.ENTITIES.is_in(self.path):
            opened.execute(f"CREATE OR REPLACE VIEW links AS {_BEST_OF_EACH.format(links=tables.LINKS.scan(self.path))}")
        return opened

    def close(self) -> None:
        """Close the connection, if it was opened."""
        if "connection" in self.__dict__:
            self.connection.close()

    @cached_property
    def summary(self) -> RunSummary:
        """run.json.

        Raises:
            RunDirectoryError: when there is none.
        """
        return tables.RUN.read(self.path)

    @property
    def run_id(self) -> str:
        """The run's name, which follows from its content."""
        return self.summary["run_id"]

    @cached_property
    def blocking(self) -> BlockingReport | None:
        """What the blocking rules cost."""
        return self._read(tables.BLOCKING)

    @cached_property
    def training(self) -> TrainingReport | None:
        """How the model was trained."""
        return self._read(tables.TRAINING)

    @cached_property
    def relatives(self) -> RelativesReport | None:
        """What tells a person from a close relative."""
        return self._read(tables.RELATIVES)

    @cached_property
    def claims(self) -> ClaimsReport | None:
        """What other entries say of a pair."""
        return self._read(tables.CLAIMS)

    @cached_property
    def order_of_dates(self) -> OrderReport | None:
        """What the order of dates says of a pair."""
        return self._read(tables.ORDER_OF_DATES)

    @cached_property
    def thresholds(self) -> ThresholdsDecided | None:
        """The thresholds that decided."""
        return self._read(tables.THRESHOLDS)

    @cached_property
    def estimates(self) -> EstimatesHeld | None:
        """What is known of the errors of the links that the run delivers; None where it is of other links."""
        return None if self.estimates_of_other_links else self._read(tables.ESTIMATES)

    @cached_property
    def estimates_of_other_links(self) -> bool:
        """Whether the estimates there are were made of other links than those the run delivers now."""
        if not (tables.ESTIMATES.is_in(self.path) and tables.LINKS.is_in(self.path)):
            return False
        return tables.ESTIMATES.read(self.path)["links"] != hash_file(tables.LINKS.path(self.path))

    @cached_property
    def feasible(self) -> list[FeasibleHeld]:
        """What labels can show of the targets at best."""
        held = self._read(tables.FEASIBLE)
        return held["targets"] if held else []

    def has(self, table: str) -> bool:
        """Whether the run has the table."""
        return tables.TABLES[table].is_in(self.path)

    def columns(self, table: str) -> set[str]:
        """Column names; none when the table is absent."""
        if table not in self._columns:
            described = self.rows(f"DESCRIBE {quote(table)}") if self.has(table) else []
            self._columns[table] = {row[0] for row in described}
        return self._columns[table]

    def rows(self, query: str, values: object = None) -> list[tuple[Any, ...]]:
        """All rows of a query over the run's tables."""
        return self.connection.execute(query, values).fetchall()

    def one(self, query: str, values: object = None) -> Any:
        """The single value of a query."""
        row = self.connection.execute(query, values).fetchone()
        return row[0] if row else None

    def count(self, stage: str, name: str) -> int | None:
        """A figure that a stage reported."""
        stages = self.summary["stages"]
        found = stages[stage]["counts"].get(name) if stage in stages else None
        return int(found) if isinstance(found, (int, float)) else None

    def number(self, value: float | int | None, kind: Kind, source: str, of: float | None = None) -> Number:
        """A number of this run."""
        return Number(value, kind, self.label + source, of)

    def counted(self, stage: str, name: str) -> Number:
        """A stage's figure as a number, with its place in run.json."""
        return self.number(self.count(stage, name), "count", f"run.json: {stage}.{name}")

    def _read(self, document: Document[Shape]) -> Shape | None:
        return document.read(self.path) if document.is_in(self.path) else None

"""Reads a run directory: its documents, and its tables as DuckDB views; says what is not there."""

from __future__ import annotations

import json
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

from linkage.errors import ReportError
from linkage.report.numbers import Kind, Number
from linkage.runs.sql import connect, literal, quote

if TYPE_CHECKING:
    import duckdb

DOCUMENTS = ("blocking", "training", "relatives", "claims", "thresholds", "estimates")


class RunTables:
    """One run directory, opened for reading."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self._columns: dict[str, set[str]] = {}
        self.label = ""
        """Put before sources: which run, where two are read."""

    @cached_property
    def connection(self) -> duckdb.DuckDBPyConnection:
        """A connection with one view a Parquet table of the run."""
        opened = connect()
        for file in sorted(self.path.glob("*.parquet")):
            opened.execute(f"CREATE VIEW {quote(file.stem)} AS SELECT * FROM read_parquet({literal(str(file))})")
        return opened

    def close(self) -> None:
        """Close the connection, if it was opened."""
        if "connection" in self.__dict__:
            self.connection.close()

    @cached_property
    def summary(self) -> dict[str, Any]:
        """run.json.

        Raises:
            ReportError: when there is none.
        """
        found = self._read("run")
        if not isinstance(found, dict):
            raise ReportError(f"{self.path} has no readable run.json", "Give the folder of a run; `linkage runs` lists them.")
        return found

    @property
    def run_id(self) -> str:
        """The run's name, which follows from its content."""
        return str(self.summary.get("run_id", "–"))

    @cached_property
    def documents(self) -> dict[str, Any]:
        """The JSON documents that are there; an absent one is None."""
        return {name: self._read(name) for name in DOCUMENTS}

    def has(self, table: str) -> bool:
        """Whether the run has the table."""
        return (self.path / f"{table}.parquet").is_file()

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
        found = self.summary.get("stages", {}).get(stage, {}).get("counts", {}).get(name)
        return int(found) if isinstance(found, (int, float)) else None

    def number(self, value: float | int | None, kind: Kind, source: str, of: float | None = None) -> Number:
        """A number of this run."""
        return Number(value, kind, self.label + source, of)

    def counted(self, stage: str, name: str) -> Number:
        """A stage's figure as a number, with its place in run.json."""
        return self.number(self.count(stage, name), "count", f"run.json: {stage}.{name}")

    def _read(self, name: str) -> Any:
        try:
            return json.loads((self.path / f"{name}.json").read_text(encoding="utf-8"))
        except FileNotFoundError:
            return None
        except (OSError, ValueError):
            raise ReportError(f"{name}.json of the run cannot be read", "Run the stage that writes it again.") from None

"""What an exchanged table or document is: its file, what it promises, and the only ways to write and read it."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import Any, Generic, TypeVar

import duckdb

from linkage.errors import RunDirectoryError
from linkage.runs.files import write_json
from linkage.runs.sql import SMALL, described_columns, file_literal, write_parquet

Shape = TypeVar("Shape")


class BrokenPromiseError(RunDirectoryError):
    """A table or document is not what `linkage.runs.tables` promises of it: a fault of linkage, or a file of older code."""


@dataclass(frozen=True)
class Exchanged:
    """A file of a run directory that one part of the code writes and others read."""

    name: str
    writer: str
    """The stage that writes it; for what no stage writes, the command or the people it comes from."""

    @property
    def file(self) -> str:
        """Its name in the run directory."""
        return self.name

    def path(self, run: Path) -> Path:
        """Where it stands in a run directory."""
        return run / self.file

    def is_in(self, run: Path) -> bool:
        """Whether the run directory has it."""
        return self.path(run).is_file()

    def hold(self, path: Path) -> None:
        """Hold a file against the promise.

        Raises:
            BrokenPromiseError: `<writer> wrote …, <name> promises …`.
        """

    def _missing(self, run: Path) -> RunDirectoryError:
        return RunDirectoryError(f"{run} has no {self.file} yet", f"It is written by `{self.writer}`: run that first.")


@dataclass(frozen=True)
class ParquetTable(Exchanged):
    """A Parquet table. More columns than promised are welcome; a promised one is there, with its type."""

    columns: Mapping[str, str] = field(hash=False)
    """Column → DuckDB's type."""
    key: tuple[str, ...]
    """Columns that together tell one row from another."""

    @property
    def file(self) -> str:
        """Its name in the run directory."""
        return f"{self.name}.parquet"

    def scan(self, run: Path) -> str:
        """SQL of the table of a run, for a FROM clause; a folder's own signs are no pattern.

        Raises:
            RunDirectoryError: the run has none yet.
        """
        if not self.is_in(run):
            raise self._missing(run)
        return scan_file(self.path(run))

    def write(self, connection: duckdb.DuckDBPyConnection, query: str, folder: Path, packing: str = SMALL) -> int:
        """Write a query's rows, whole or not at all, held against the promise; returns the rows.

        For the same file at every run the query must ORDER BY a unique key.
        """
        partial = self.path(folder).with_name(f".{self.file}.partial")
        try:
            rows = write_parquet(connection, query, partial, packing)
            self.hold(partial)
            partial.replace(self.path(folder))
        finally:
            partial.unlink(missing_ok=True)
        return rows

    def hold(self, path: Path) -> None:
        """Hold a file against the promise (see `Exchanged.hold`)."""
        with _describing().cursor() as connection:
            found = described_columns(connection, scan_file(path))
        broken = {name: kind for name, kind in self.columns.items() if found.get(name) != kind}
        if broken:
            wrote = ", ".join(f"{name} {found[name]}" if name in found else f"no {name}" for name in broken)
            promised = ", ".join(f"{name} {kind}" for name, kind in broken.items())
            raise BrokenPromiseError(
                f"{self.writer} wrote {wrote}, table {self.name} promises {promised}", "Please report this fault of linkage."
            )


@dataclass(frozen=True)
class Document(Exchanged, Generic[Shape]):
    """A JSON document of a known shape: a TypedDict whose required keys are promised; `object` promises none."""

    shape: type[Shape]

    @property
    def file(self) -> str:
        """Its name in the run directory."""
        return f"{self.name}.json"

    def read(self, run: Path) -> Shape:
        """The document of a run.

        Raises:
            RunDirectoryError: the run has none yet, or it cannot be read.
            BrokenPromiseError: it lacks a promised key.
        """
        try:
            held = json.loads(self.path(run).read_text(encoding="utf-8"))
        except FileNotFoundError:
            raise self._missing(run) from None
        except (OSError, ValueError):
            raise RunDirectoryError(
                f"{self.file} of {run} cannot be read", f"Run `{self.writer}` again: it writes it anew."
            ) from None
        self._hold_keys(held)
        return held  # type: ignore[no-any-return]

    def write(self, folder: Path, value: Shape) -> None:
        """Write the document, whole or not at all, held against the promise."""
        self._hold_keys(value)
        write_json(self.path(folder), value)

    def hold(self, path: Path) -> None:
        """Hold a file against the promise (see `Exchanged.hold`)."""
        self._hold_keys(json.loads(path.read_text(encoding="utf-8")))

    def _hold_keys(self, held: Any) -> None:
        promised: frozenset[str] = getattr(self.shape, "__required_keys__", frozenset())
        lacking = sorted(promised - set(held) if isinstance(held, Mapping) else promised)
        if lacking:
            raise BrokenPromiseError(
                f"{self.writer} wrote no {', '.join(lacking)}, document {self.name} promises {', '.join(sorted(promised))}",
                f"Run `{self.writer}` again; if it comes back, please report this fault of linkage.",
            )


@cache
def _describing() -> duckdb.DuckDBPyConnection:
    """A DuckDB that looks at files' columns only: one for all, to open one takes longer than to look."""
    return duckdb.connect(config={"threads": 1})


def scan_file(path: Path) -> str:
    """SQL that reads one Parquet file, for a FROM clause; nothing in its folder's name is a pattern or a column.

    DuckDB would read `source=1` in a path as a column `source`, in place of the file's own.

    >>> scan_file(Path("m[1]/links.parquet"))
    "read_parquet('m[[]1]/links.parquet', hive_partitioning = false)"
    """
    return f"read_parquet({file_literal(path)}, hive_partitioning = false)"


def scan_files(paths: Iterable[Path]) -> str:
    """SQL that reads several Parquet files of the same columns, one after another, as `scan_file` does each."""
    return f"read_parquet([{', '.join(map(file_literal, paths))}], hive_partitioning = false)"

"""The tables of a run that two records of a pair come from, and the SQL every step says of them."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from linkage.errors import LinkageError
from linkage.runs.sql import literal

if TYPE_CHECKING:
    import duckdb


@dataclass(frozen=True)
class SideFiles:
    """The four tables a pair's values come from; for duplicates within one table both sides are the same files."""

    mentions: Path
    persons: Path
    raw_mentions: Path
    raw_persons: Path

    @staticmethod
    def of(run: Path) -> SideFiles:
        """The tables of a run directory."""
        right = "persons" if (run / "persons.parquet").is_file() else "mentions"
        return SideFiles(
            run / "mentions.parquet", run / f"{right}.parquet", run / "raw_mentions.parquet", run / f"raw_{right}.parquet"
        )

    @property
    def within(self) -> bool:
        """Duplicates are sought within one table."""
        return self.mentions == self.persons


def require_outcomes(run: Path) -> Path:
    """The outcomes of a run; LinkageError when it is not reconciled."""
    path = run / "outcomes.parquet"
    if not path.is_file():
        raise LinkageError(f"{run} has no outcomes.parquet", "Run the project as far as the stage `reconcile` first.")
    return path


def scan(path: Path) -> str:
    """The FROM clause of a Parquet file."""
    return f"read_parquet({literal(str(path))})"


def columns_of(connection: duckdb.DuckDBPyConnection, path: Path) -> set[str]:
    """Column names of a Parquet file."""
    return {str(row[0]) for row in connection.execute(f"DESCRIBE SELECT * FROM {scan(path)}").fetchall()}


def texts_sql(texts: Iterable[str]) -> str:
    """SQL for a list of texts in parentheses; of an empty list nothing is known to be in it (NULL)."""
    return f"({', '.join(literal(text) for text in texts) or 'NULL'})"


def tidy_sql(text: str) -> str:
    """SQL for a text after technical clean-up only: composed letters, lower case, single spaces."""
    return f"trim(regexp_replace(lower(nfc_normalize({text})), '[\\s\\p{{Z}}\\p{{Cf}}]+', ' ', 'g'))"

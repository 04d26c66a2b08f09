"""The tables of a run that two records of a pair come from, and the SQL every step says of them."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from linkage.runs.sql import literal
from linkage.runs.tables import MENTIONS, PERSONS, RAW_MENTIONS, RAW_PERSONS


@dataclass(frozen=True)
class SideTables:
    """The four tables a pair's values come from, as they stand in a FROM clause; within one table both sides are the same."""

    mentions: str
    persons: str
    raw_mentions: str
    raw_persons: str

    @staticmethod
    def of(run: Path) -> SideTables:
        """The tables of a run directory.

        Raises:
            RunDirectoryError: the run is not standardised yet.
        """
        right, raw_right = (PERSONS, RAW_PERSONS) if PERSONS.is_in(run) else (MENTIONS, RAW_MENTIONS)
        return SideTables(MENTIONS.scan(run), right.scan(run), RAW_MENTIONS.scan(run), raw_right.scan(run))

    @property
    def within(self) -> bool:
        """Duplicates are sought within one table."""
        return self.mentions == self.persons


def texts_sql(texts: Iterable[str]) -> str:
    """SQL for a list of texts in parentheses; of an empty list nothing is known to be in it (NULL)."""
    return f"({', '.join(literal(text) for text in texts) or 'NULL'})"


def tidy_sql(text: str) -> str:
    """SQL for a text after technical clean-up only: composed letters, lower case, single spaces."""
    return f"trim(regexp_replace(lower(nfc_normalize({text})), '[\\s\\p{{Z}}\\p{{Cf}}]+', ' ', 'g'))"

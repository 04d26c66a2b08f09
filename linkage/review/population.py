"""Finding the right person: a search of the population by name and year, straight from the run's Parquet table."""

from __future__ import annotations

import json
import re
import threading
import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from linkage.runs.sql import connect, literal, quote, quote_list

MOST_RESULTS = 20
_SHAPED, _PLAIN = "đĐ’ʼ‘", "dD'''"
_YEAR = re.compile(r"\b(1[89]|20)\d\d\b")


@dataclass(frozen=True, slots=True)
class Found:
    """A person of the population: the record and its filled fields."""

    record_id: str
    fields: dict[str, str]


class Population:
    """The persons of a run; absent where the run has no table of them or they have no names."""

    def __init__(self, run: Path) -> None:
        path = run / "raw_persons.parquet"
        self.path = path if path.exists() else run / "raw_mentions.parquet"
        self._one_at_a_time = threading.Lock()
        self._connection = connect(memory_limit="1GB")
        columns = self._connection.execute(f"DESCRIBE SELECT * FROM read_parquet({literal(str(self.path))})").fetchall()
        self.fields = [row[0] for row in columns if row[0] not in ("id", "record_id", "role", "source", "row_number")]
        self._name = (
            "full_name" if "full_name" in self.fields else next((name for name in self.fields if name.endswith("name")), None)
        )
        self._born = next((name for name in ("birth_date", "birth_year") if name in self.fields), None)

    @property
    def is_searchable(self) -> bool:
        """Whether persons have a name to search."""
        return self._name is not None

    def search(self, name: str, year: str) -> list[Found]:
        """Persons whose name has every syllable of `name`, tones and letter shapes aside, born in `year` when one is given.

        Those written exactly so come first; then by name. One more than `MOST_RESULTS` is returned when there are more.
        """
        if self._name is None:
            return []
        syllables = fold(name).split()
        plain = f"translate(strip_accents({quote(self._name)}), {literal(_SHAPED)}, {literal(_PLAIN)})"
        folded = f"' ' || lower({plain}) || ' '"
        conditions = [f"contains({folded}, ?)" for _ in syllables]
        values = [f" {syllable} " for syllable in syllables]
        born = _YEAR.search(year)
        if born and self._born:
            conditions.append(f"contains({quote(self._born)}, ?)")
            values.append(born.group())
        statement = (
            f"SELECT record_id, {quote_list(self.fields)} FROM read_parquet({literal(str(self.path))}) "
            f"WHERE {' AND '.join(conditions)} "
            f"ORDER BY contains(lower({quote(self._name)}), lower(?)) DESC, {quote(self._name)}, record_id "
            f"LIMIT {MOST_RESULTS + 1}"
        )
        with self._one_at_a_time:
            rows = self._connection.execute(statement, [*values, unicodedata.normalize("NFC", name.strip())]).fetchall()
        return [
            Found(
                record_id, {field: str(value) for field, value in zip(self.fields, row, strict=True) if value not in (None, "")}
            )
            for record_id, *row in rows
        ]

    def fields_of(self, record_id: str) -> str | None:
        """A person's filled fields as JSON, or None when there is no such person."""
        with self._one_at_a_time:
            row = self._connection.execute(
                f"SELECT {quote_list(self.fields)} FROM read_parquet({literal(str(self.path))}) WHERE record_id = ?",
                [record_id],
            ).fetchone()
        return None if row is None else json.dumps(self._filled(row), ensure_ascii=False)

    def _filled(self, values: Sequence[object]) -> dict[str, str]:
        return {field: str(value) for field, value in zip(self.fields, values, strict=True) if value not in (None, "")}

    def close(self) -> None:
        """Close the connection."""
        self._connection.close()


def fold(name: str) -> str:
    """Lower-case letters without tones or shapes, one space between syllables; as the search's SQL folds.

    >>> fold("  Đặng  Thị HÒA ")
    'dang thi hoa'
    """
    decomposed = unicodedata.normalize("NFD", name.translate(str.maketrans(_SHAPED, _PLAIN)))
    return " ".join("".join(sign for sign in decomposed if not unicodedata.combining(sign)).lower().split())

"""Finding the right person: a search of the run's persons by name and year, by the fold keys that standardising made."""

from __future__ import annotations

import json
import re
import threading
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from linkage.review.assignments import Pick
from linkage.runs.judged import fingerprint_sql
from linkage.runs.sql import connect, described_columns, fetch_row, quote, quote_list
from linkage.runs.tables import MENTIONS, PERSONS, RAW_MENTIONS, RAW_PERSONS
from linkage.vietnamese.letters import clean_text, fold
from linkage.vietnamese.letters_sql import fold_sql

MOST_RESULTS = 20
_MOST_HELD = 5_000_000
"""Names of more persons are not held in memory but read again at each search."""
_YEAR = re.compile(r"\b(1[89]|20)\d\d\b")


@dataclass(frozen=True, slots=True)
class Found:
    """A person of the population: the record and its filled fields."""

    record_id: str
    fields: dict[str, str]


class PersonSearch:
    """The persons of a run; none are found where the run has no table of them or they have no names."""

    def __init__(self, run: Path) -> None:
        raw, standardised = (RAW_PERSONS, PERSONS) if RAW_PERSONS.is_in(run) else (RAW_MENTIONS, MENTIONS)
        self._one_at_a_time = threading.Lock()
        self._connection = connect(memory_limit="1GB")
        self._raw = raw.scan(run)
        columns = described_columns(self._connection, self._raw)
        self.fields = [name for name in columns if name not in ("id", "record_id", "role", "source", "row_number")]
        self._name = (
            "full_name" if "full_name" in self.fields else next((name for name in self.fields if name.endswith("name")), None)
        )
        self._born = next((name for name in ("birth_date", "birth_year") if name in self.fields), None)
        if self._name is not None:
            self._connection.execute(self._names(self._name, standardised.scan(run) if standardised.is_in(run) else None))

    def _names(self, name: str, standardised: str | None) -> str:
        """SQL that makes `names`: a person's name as printed and as standardising read it, and the words of both."""
        read = "SELECT NULL::INTEGER AS id, NULL AS clean, NULL AS folded WHERE false"
        if standardised and f"{name}_fold" in described_columns(self._connection, standardised):
            read = f"SELECT id, {quote(name)} AS clean, {quote(f'{name}_fold')} AS folded FROM {standardised}"
        persons = fetch_row(self._connection, f"SELECT count(*) FROM {self._raw}")[0]
        unlike = f"CASE WHEN lower({quote(name)}) IS DISTINCT FROM lower(clean) THEN {fold_sql(quote(name))} END"
        return f"""CREATE {"TABLE" if persons <= _MOST_HELD else "VIEW"} names AS
            SELECT id, record_id, {quote(name)} AS printed, clean, {quote(self._born) if self._born else "NULL"} AS born,
                concat(' ', concat_ws(' ', folded, {unlike}), ' ') AS words
            FROM {self._raw} LEFT JOIN ({read}) USING (id)"""

    @property
    def is_searchable(self) -> bool:
        """Whether persons have a name to search."""
        return self._name is not None

    @staticmethod
    def says_enough(name: str, year: str) -> bool:
        """Whether a search is narrow enough: two syllables, or one (as of H’Ayun) and a year.

        >>> PersonSearch.says_enough("Lan", ""), PersonSearch.says_enough("H’Ayun", "1974")
        (False, True)
        """
        return len(fold(name).split()) >= (1 if _YEAR.search(year) else 2)

    def search(self, name: str, year: str) -> list[Found]:
        """The persons that `find` finds, with their fields."""
        ids = self.find(name, year)
        if not ids:
            return []
        statement = (
            f"SELECT id, record_id, {quote_list(self.fields)} FROM {self._raw} SEMI JOIN (SELECT unnest(?) AS id) USING (id)"
        )
        with self._one_at_a_time:
            rows = self._connection.execute(statement, [ids]).fetchall()
        found = {id: Found(record_id, self._filled(row)) for id, record_id, *row in rows}
        return [found[id] for id in ids]

    def find(self, name: str, year: str) -> list[int]:
        """Ids of the persons whose name has every syllable of `name`, tones and letter shapes aside.

        They are born in `year` when one is given and births are known. The name is what the source prints and what standardising
        read in it. Those written exactly so come first; then by name. One more than `MOST_RESULTS` is returned when there are
        more.
        """
        syllables = fold(name).split()
        if self._name is None or not syllables:
            return []
        conditions = [f"contains(words, ${number})" for number, _ in enumerate(syllables, 2)]
        values = [clean_text(name), *(f" {syllable} " for syllable in syllables)]
        if self._born and (born := _YEAR.search(year)):
            conditions.append(f"contains(born, ${len(values) + 1})")
            values.append(born.group())
        statement = f"""
            SELECT id FROM names WHERE {" AND ".join(conditions)}
            ORDER BY contains(concat_ws(' ', lower(printed), lower(clean)), lower($1)) DESC, printed, record_id
            LIMIT {MOST_RESULTS + 1}
        """
        with self._one_at_a_time:
            return [row[0] for row in self._connection.execute(statement, values).fetchall()]

    def pick(self, record_id: str, judged: Sequence[str]) -> Pick | None:
        """A person to be noted as found, with the fingerprint of the fields `judged`; None when there is no such person."""
        values = f"{fingerprint_sql(judged, self.fields)}, {quote_list(self.fields)}"
        with self._one_at_a_time:
            row = self._connection.execute(f"SELECT {values} FROM {self._raw} WHERE record_id = ?", [record_id]).fetchone()
        return None if row is None else Pick(record_id, json.dumps(self._filled(row[1:]), ensure_ascii=False), row[0])

    def named(self, written: str, judged: Sequence[str]) -> Pick | None:
        """The person whom a workbook's cell names: by the record id, or by a personal number that one person has.

        A leading apostrophe (which keeps a cell from being a formula) and the noughts that Excel drops are made good.
        """
        ids = f"SELECT record_id FROM {self._raw} WHERE record_id IN ($1, ltrim($1, chr(39)))"
        if "personal_number" in self.fields:
            ids += f" UNION SELECT record_id FROM {self._raw} WHERE personal_number IN ($1, lpad($1, 12, '0')) AND $1 <> ''"
        with self._one_at_a_time:
            found = self._connection.execute(ids, [written]).fetchall()
        return self.pick(found[0][0], judged) if len(found) == 1 else None

    def _filled(self, values: Sequence[object]) -> dict[str, str]:
        return {field: str(value) for field, value in zip(self.fields, values, strict=True) if value not in (None, "")}

    def close(self) -> None:
        """Close the connection."""
        self._connection.close()

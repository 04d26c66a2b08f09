"""Values of staged entries as `standardise` reads them: by the one reader of each kind, once a distinct value."""

from __future__ import annotations

from typing import TYPE_CHECKING

from linkage.runs.sql import literal, quote
from linkage.vietnamese import clean_identifier, fold, parse_date, parse_name, parse_personal_number, parse_sex

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    import duckdb

_COLUMNS = {
    "date": {"day": "DATE", "year": "SMALLINT", "precision": "VARCHAR"},
    "sex": {"value": "VARCHAR"},
    "number": {"value": "VARCHAR"},
    "name": {"value": "VARCHAR"},
}
"""What is seen of a value, by what it is read as; `precision`: `day` (a possible one), `month`, `year` or `other`."""
WHOLE_DATE = "[0-9]{1,2}(/[0-9]{1,2}/|[.][0-9]{1,2}[.]|-[0-9]{1,2}-)(19|20)[0-9]{2}"
"""Dates that, when they are possible, are read without Python, as `parse_date` reads them: a test holds the two together."""
_WHOLE_FORMATS = "['%d/%m/%Y', '%d.%m.%Y', '%d-%m-%Y']"
WHOLE_NUMBER = "[0-9]{12}|[0-9]{9}"
"""Personal numbers, and those of the older paper, that are read without Python."""


def _date(raw: str) -> tuple[object, ...]:
    said = parse_date(raw)
    whole = said.precision != "day" or said.date is not None
    return said.date, said.year, said.precision if whole and said.precision in ("day", "month", "year") else "other"


_READ: dict[str, Callable[[str], tuple[object, ...]]] = {
    "date": _date,
    "sex": lambda raw: (parse_sex(raw),),
    "number": lambda raw: (parse_personal_number(raw).digits or clean_identifier(raw),),
    "name": lambda raw: (fold(parse_name(raw).text).replace(" ", "") or None,),
}


class SeenValues:
    """Dictionaries `register_seen_<what>` (raw, then what is seen of it) beside a relation of entries."""

    def __init__(self, connection: duckdb.DuckDBPyConnection, entries: str, marked: Mapping[str, str]) -> None:
        """`marked` gives SQL of a field's value with its column's reading behind it (see `column_forms`)."""
        self._connection = connection
        self._entries = entries
        self._marked = marked
        self._asked: set[tuple[str, str, str]] = set()
        self._kept: list[str] = []
        for what in _COLUMNS:
            self._create(what)

    def drop(self) -> None:
        """Remove the dictionaries, and what was kept, from the connection."""
        for table in (*(f"register_seen_{what}" for what in _COLUMNS), *self._kept):
            self._connection.execute(f"DROP TABLE IF EXISTS {table}")

    def keep(self, query: str) -> str:
        """A table with the rows of a query that several others ask."""
        self._kept.append(f"register_kept_{len(self._kept)}")
        self._connection.execute(f"CREATE OR REPLACE TEMP TABLE {self._kept[-1]} AS {query}")
        return self._kept[-1]

    def beside(self, **fields: Sequence[str]) -> str:
        """A FROM clause: the entries, and beside them what is seen of fields (by what they are read as), for `seen` to name."""
        joins = [self._entries]
        for what, names in fields.items():
            for name in names:
                self.read(what, name)
                joins.append(f'LEFT JOIN register_seen_{what} AS "{name} seen" ON "{name} seen".raw = {self._written(name)}')
        return " ".join(joins)

    def read(self, what: str, field: str, rows: str = "") -> None:
        """Read a field's distinct values, of the entries or the given table, that are not in the dictionary yet."""
        import pyarrow as pa

        rows = rows or self._entries
        if (what, field, rows) in self._asked:
            return
        self._asked.add((what, field, rows))
        written = self._written(field)
        if what == "date":
            self._connection.execute(
                f"INSERT INTO register_seen_date SELECT raw, day, year(day), 'day' FROM (SELECT raw, "
                f"try_strptime(raw, {_WHOLE_FORMATS})::DATE AS day FROM (SELECT DISTINCT {written} AS raw FROM {rows} "
                f"WHERE regexp_full_match({written}, {literal(WHOLE_DATE)})) ANTI JOIN register_seen_date USING (raw)) "
                "WHERE day IS NOT NULL"
            )
        where = f"{quote(field)} IS NOT NULL"
        if what == "number":
            where += f" AND NOT regexp_full_match(trim({quote(field)}), {literal(WHOLE_NUMBER)})"
        every = f"SELECT DISTINCT {written} AS raw FROM {rows} WHERE {where}"
        new = self._connection.execute(f"SELECT raw FROM ({every}) ANTI JOIN register_seen_{what} USING (raw)").fetchall()
        values = [raw for (raw,) in new]
        by_column = list(zip(*map(_READ[what], values), strict=True)) if values else [()] * len(_COLUMNS[what])
        columns = {name: pa.array(list(seen)) for name, seen in zip(_COLUMNS[what], by_column, strict=True)}
        self._connection.register("register_new", pa.table({"raw": pa.array(values, pa.string()), **columns}))
        described = ", ".join(f"CAST({quote(name)} AS {sql_type})" for name, sql_type in _COLUMNS[what].items())
        self._connection.execute(f"INSERT INTO register_seen_{what} SELECT raw, {described} FROM register_new")
        self._connection.unregister("register_new")

    def _written(self, field: str) -> str:
        return self._marked.get(field, quote(field))

    def _create(self, what: str) -> None:
        described = ", ".join(f"{quote(name)} {sql_type}" for name, sql_type in _COLUMNS[what].items())
        self._connection.execute(f"CREATE OR REPLACE TEMP TABLE register_seen_{what} (raw VARCHAR, {described})")


def seen(field: str, column: str = "value") -> str:
    """SQL of what is seen of a field in a relation that `SeenValues.beside` gave."""
    return f'"{field} seen".{quote(column)}'


def seen_number(field: str) -> str:
    """SQL of a personal number as it is seen; one of the older paper, which standardises to none, as its digits."""
    written = f"trim({quote(field)})"
    return f"CASE WHEN regexp_full_match({written}, {literal(WHOLE_NUMBER)}) THEN {written} ELSE {seen(field)} END"

"""What all values of a column of numbers say of its decimal sign."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from linkage.registers.date_columns import MOST_AGAINST
from linkage.runs.sql import literal, quote
from linkage.vietnamese.column_readings import DecimalMark

if TYPE_CHECKING:
    import duckdb

_EITHER = "[-+]?[1-9][0-9]{0,2}[.,][0-9]{3}"
_POINT = (
    "[-+]?([0-9]+[.]([0-9]{1,2}|[0-9]{4,})|([0-9]{4,}|0)[.][0-9]+"
    "|[0-9]{1,3}(,[0-9]{3}){2,}([.][0-9]+)?|[0-9]{1,3}(,[0-9]{3})+[.][0-9]+)"
)
_COMMA = _POINT.translate(str.maketrans(",.", ".,"))


@dataclass(frozen=True)
class NumberForm:
    """One column of numbers of one file, sheet or table: rows, and how it is read."""

    field: str
    source: str
    values: int
    point: int
    """Rows in which only a decimal point, and `comma`, only a decimal comma, gives a number."""
    comma: int
    either: int
    """Rows as `1.234` and `1,234`, a number with either."""
    decimal: DecimalMark | None = None
    """None when the column does not tell."""
    declared: bool = False


def count_numbers(connection: duckdb.DuckDBPyConnection, relation: str, source: str, field: str) -> list[NumberForm]:
    """The counts of a column, one form a source, nothing decided yet; every distinct value is looked at once."""
    counts = (f"coalesce(sum(n) FILTER (regexp_full_match(v, '{form}')), 0)::BIGINT" for form in (_POINT, _COMMA, _EITHER))
    rows = connection.execute(
        f"""
        SELECT source, sum(n)::BIGINT, {", ".join(counts)}
        FROM (SELECT {source} AS source, replace(trim({quote(field)}), ' ', '') AS v, count(*) AS n
              FROM {relation} WHERE {quote(field)} IS NOT NULL GROUP BY ALL)
        GROUP BY source ORDER BY source
        """
    ).fetchall()
    return [NumberForm(field, str(name), *counts) for name, *counts in rows]


def decide_decimals(forms: list[NumberForm], declared: DecimalMark | None) -> list[NumberForm]:
    """Each source's decimal sign from its own values, or where none shows it, from the column's in all sources."""
    if declared is not None:
        return [replace(form, decimal=declared, declared=True) for form in forms]
    whole = _sign(sum(form.point for form in forms), sum(form.comma for form in forms))
    return [replace(form, decimal=_sign(form.point, form.comma) if form.point or form.comma else whole) for form in forms]


def _sign(point: int, comma: int) -> DecimalMark | None:
    if (not point and not comma) or min(point, comma) >= MOST_AGAINST * (point + comma):
        return None
    return "point" if point > comma else "comma"


def marked_number_sql(source: str, forms: list[NumberForm]) -> str | None:
    """SQL of a column's value with its reading behind it; None where no value can be read in two ways."""
    known = [form for form in forms if form.either and form.decimal]
    if not known:
        return None
    cases = " ".join(f"WHEN {source} = {literal(form.source)} THEN chr(31) || '@decimal={form.decimal}'" for form in known)
    return f"{quote(forms[0].field)} || CASE {cases} ELSE '' END"

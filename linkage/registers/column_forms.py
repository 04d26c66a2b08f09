"""How the columns of a side are read as wholes: dates and numbers, from all their values and from the entry's other dates."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator, Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import TYPE_CHECKING

from linkage.config.sources import FieldKind
from linkage.registers.date_columns import (
    DateForm,
    certain_day,
    count_forms,
    decide_orders,
    entry_bounds,
    marked_sql,
    weigh_entries,
)
from linkage.registers.mapping import Finding
from linkage.registers.number_columns import NumberForm, count_numbers, decide_decimals, marked_number_sql
from linkage.runs.sql import quote
from linkage.vietnamese import parse_date
from linkage.vietnamese.column_readings import DATE_ORDERS
from linkage.vietnamese.written_numbers import parse_number
from linkage.words import ways_of_reading as words
from linkage.words.formats import grouped

if TYPE_CHECKING:
    import duckdb

    from linkage.config.sources import SideSpec
    from linkage.words.language import Language

SOURCE = "source"
"""The column that says which file, sheet or table a row is of."""
FEWEST_UNREADABLE, MOST_UNREADABLE = 3, 0.05
"""Rows, and share of a column's values, from which it is said that they cannot be read."""
READ_AT_MOST = 20_000
"""Distinct values of a date column that are tried, when it is to be said how many cannot be read."""


@dataclass(frozen=True)
class ColumnForm:
    """A column of dates or numbers: its form in each source, SQL of its marked values, and what stays open."""

    field: str
    kind: FieldKind
    forms: tuple[DateForm | NumberForm, ...]
    marked: str | None
    """SQL of the value with its reading behind it; None where every value is read by the rule."""
    unsure: Mapping[str, int]
    """`order_unsure`, `century_unsure`, `separator_unsure` → rows."""
    zones: tuple[str, ...] = ()
    """Where moments among the values are dated."""
    by_itself: str | None = None
    """As `marked`, without what the entry's other dates say: for rules that hold one date against another."""

    @property
    def value(self) -> str:
        """SQL of what `parse_date` or `parse_number` is to be given."""
        return self.marked or quote(self.field)

    def says(self, language: Language, floor: int = 0) -> str:
        """How the column is read, with counts (not those below the floor); empty where nothing in it needs to be decided."""

        def count(rows: int) -> str:
            return grouped(rows, language) if rows >= floor or not rows else f"< {floor}"

        said = (_of_numbers if self.kind is FieldKind.number else _of_dates)(self, language, count)
        return "; ".join(part for part in said if part)


def marked_values(forms: Mapping[str, ColumnForm]) -> dict[str, str]:
    """Field → SQL of its value with the column's reading behind it, where that is not the rule for every value."""
    return {field: form.marked for field, form in forms.items() if form.marked}


def column_forms(
    connection: duckdb.DuckDBPyConnection,
    relation: str,
    kinds: Mapping[str, FieldKind],
    side: SideSpec,
    typed: Mapping[str, Mapping[str, str]],
    names: Mapping[str, str] = MappingProxyType({}),
) -> dict[str, ColumnForm]:
    """The form of each date, year and number column of the relation, which also has the column `source`.

    `typed` gives the sources in which a field's values were dates and no text → the zone of the moments, if they were some.
    `names` gives the canonical name, which `date_order` and the other keys use, of each column that is called otherwise.
    """
    zone = side.source.timezone
    dates = [name for name, kind in kinds.items() if kind in (FieldKind.date, FieldKind.year)]
    decided = {}
    for name in dates:
        entry_name = names.get(name, name)
        counted = count_forms(connection, relation, SOURCE, name)
        if counted:
            decided[name] = decide_orders(counted, side.declared("date_order", entry_name), typed.get(entry_name, {}))
    bounds = entry_bounds(list(decided))
    sure = {name: certain_day(name, forms) for name, forms in decided.items()}
    for name, forms in decided.items():
        decided[name] = weigh_entries(connection, relation, SOURCE, forms, bounds[name], sure)
    sure = {name: certain_day(name, forms) for name, forms in decided.items()}
    found = {}
    for name, forms in decided.items():
        first = side.declared("two_digit_years_from", names.get(name, name))
        marked = marked_sql(SOURCE, forms, bounds[name], sure, zone, first)
        by_itself = marked_sql(SOURCE, forms, None, {}, zone, first)
        unsure = _count_unsure(connection, relation, marked) if marked and (_open(forms) or _short(forms)) else {}
        zones = dict.fromkeys(own for own in typed.get(names.get(name, name), {}).values() if own)
        zones |= {zone: None} if any(form.instants for form in forms) else {}
        found[name] = ColumnForm(name, kinds[name], tuple(forms), marked, unsure, tuple(zones), by_itself)
    for name, kind in kinds.items():
        if kind is FieldKind.number:
            declared = side.declared("decimal", names.get(name, name))
            numbers = decide_decimals(count_numbers(connection, relation, SOURCE, name), declared)
            open_values = sum(form.either for form in numbers if form.decimal is None)
            unsure = {"separator_unsure": open_values} if open_values else {}
            if numbers:
                found[name] = ColumnForm(name, kind, tuple(numbers), marked_number_sql(SOURCE, numbers), unsure)
    return found


def _open(forms: Collection[DateForm]) -> bool:
    return any(len(form.orders) > 1 for form in forms)


def _short(forms: Collection[DateForm]) -> bool:
    return any(form.two_digit for form in forms)


def _count_unsure(connection: duckdb.DuckDBPyConnection, relation: str, marked: str) -> dict[str, int]:
    """Rows of which the order or the century stays open, by what the functions say of each distinct value."""
    rows = connection.execute(
        f"SELECT v, count(*) FROM (SELECT {marked} AS v FROM {relation}) "
        "WHERE regexp_matches(v, 'orders=[a-z_]*[+]|century_unsure') GROUP BY v"
    ).fetchall()
    counts: dict[str, int] = {}
    for value, times in rows:
        for flag in set(parse_date(value).flags) & {"order_unsure", "century_unsure"}:
            counts[flag] = counts.get(flag, 0) + times
    return counts


def count_unreadable(connection: duckdb.DuckDBPyConnection, relation: str, form: ColumnForm) -> int:
    """Rows whose value is no date or number in any way that is known, of the most frequent `READ_AT_MOST` values."""
    rows = connection.execute(
        f"SELECT {form.value} AS v, count(*) AS n FROM {relation} WHERE {quote(form.field)} IS NOT NULL GROUP BY v "
        f"ORDER BY n DESC, v LIMIT {READ_AT_MOST}"
    ).fetchall()
    read = parse_number if form.kind is FieldKind.number else parse_date
    return sum(times for value, times in rows if "unreadable" in read(value).flags)


def form_findings(form: ColumnForm, name: str, column: str, unreadable: int) -> Iterator[Finding]:
    """What `check` warns of: a column that stays open, that is not read by the rule, or that cannot be read."""
    key = ("decimal",) if form.kind is FieldKind.number else ("date_order",)
    if form.unsure.get("order_unsure"):
        rows = form.unsure["order_unsure"]
        what = f"{column} is not read to the day in {rows} rows, which are compared by year: {form.says('en')}"
        yield Finding(key, what, "note", remedy=f"Say it: `date_order: {{{name}: day_first}}` or `month_first`.")
    elif any(isinstance(one, DateForm) and one.orders != ("day_first",) and not one.declared for one in form.forms):
        remedy = f"If that is wrong: `date_order: {{{name}: day_first}}`."
        yield Finding(key, f"{column} is read {form.says('en')}", "note", remedy=remedy)
    if form.unsure.get("century_unsure"):
        rows = form.unsure["century_unsure"]
        what = f"{column} has {rows} two-digit years of unknown century, which are taken for missing"
        remedy = f"Say the first year that two digits stand for: `two_digit_years_from: {{{name}: 1926}}`."
        yield Finding(("two_digit_years_from",), what, "note", remedy=remedy)
    if form.unsure.get("separator_unsure"):
        rows = form.unsure["separator_unsure"]
        what = f"{column} has {rows} numbers as 1.234, with or without decimals, which are taken for missing"
        yield Finding(key, what, "note", remedy=f"Say the decimal sign: `decimal: {{{name}: comma}}` or `point`.")
    values = sum(one.values for one in form.forms)
    if unreadable >= max(FEWEST_UNREADABLE, MOST_UNREADABLE * values):
        kind = "number" if form.kind is FieldKind.number else "date"
        what = f"{column}: {unreadable} of {values} values cannot be read as a {kind} and are taken for missing"
        yield Finding(("columns", name), what, "note", remedy="Write them in one of the known ways, or map another column.")


def _of_dates(form: ColumnForm, language: Language, count: Callable[[int], str]) -> Iterator[str]:
    forms = [one for one in form.forms if isinstance(one, DateForm)]
    shown = {order: sum((one.shown or {}).get(order, 0) for one in forms) for order in DATE_ORDERS}
    either = sum(one.either for one in forms)
    if any(shown.values()) or either:
        orders = list(dict.fromkeys(order for one in forms for order in one.orders))
        named = words.OR(language).join(words.ORDERS[order](language) for order in orders)
        open_somewhere = any(len(one.orders) > 1 for one in forms)
        named = words.UNDECIDED(language).format(orders=named) if open_somewhere else named
        counts = [
            words.SHOWN(language).format(order=words.ORDERS[order](language), count=count(rows))
            for order, rows in shown.items()
            if rows
        ]
        counts += [words.EITHER(language).format(count=count(either))] if either else []
        counts += [words.DECLARED(language)] if any(one.declared for one in forms) else []
        yield f"{named} ({', '.join(counts)})"
    if two_digit := sum(one.two_digit for one in forms):
        yield words.TWO_DIGITS(language).format(count=count(two_digit), unsure=count(form.unsure.get("century_unsure", 0)))
    if any(one.serials for one in forms):
        yield words.SERIALS(language)
    if form.zones:
        yield words.INSTANTS(language).format(zone=", ".join(form.zones))


def _of_numbers(form: ColumnForm, language: Language, count: Callable[[int], str]) -> Iterator[str]:
    forms = [one for one in form.forms if isinstance(one, NumberForm)]
    point, comma, either = (sum(getattr(one, name) for one in forms) for name in ("point", "comma", "either"))
    if point or comma or either:
        signs = list(dict.fromkeys(one.decimal for one in forms if one.decimal))
        named = words.OR(language).join(words.DECIMALS[sign](language) for sign in signs or ("point", "comma"))
        named = words.UNDECIDED(language).format(orders=named) if len(signs) != 1 and either else named
        counts = [
            words.SHOWN(language).format(order=words.DECIMALS[sign](language), count=count(rows))
            for sign, rows in (("point", point), ("comma", comma))
            if rows
        ]
        counts += [words.EITHER(language).format(count=count(either))] if either else []
        yield f"{named} ({', '.join(counts)})"

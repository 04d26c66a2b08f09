"""What all values of a date column say of how one is read: the order of its numbers, its centuries, a spreadsheet's days."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from linkage.runs.sql import literal, quote
from linkage.vietnamese.column_readings import DATE_ORDERS, HOME_ZONE, DateOrder

if TYPE_CHECKING:
    import duckdb

MOST_AGAINST = 0.001
"""A column's order is sure while fewer of the values that show an order, as a share, show another one."""
FEWEST = 10
"""So many distinct values that can be read either way, and none that shows the order, leave the order undecided."""
MANY = 50
"""So many rows in other forms make the few dates of three numbers among them strangers, which prove no order."""
WEAKEST = 0.1
"""An order other than day first is believed from so many values that show it for one that can be read either way."""

_SIGNS = r"[-/. ,_\\]+"
_THREE = rf"^[^0-9]*([0-9]{{1,2}}){_SIGNS}([0-9]{{1,2}}){_SIGNS}([0-9]{{4}}|[0-9]{{2}})([^0-9].*)?$"
_PACKED = "^([0-9]{2})([0-9]{2})((?:18|19|20|21)[0-9]{2})$"
_MONTH = r"(?:[0-9]{1,2}|[A-Za-z]{3,9}[.]?|[Tt][Hh][Gg]?[.]?[0-9]{1,2})"
_SHORT = rf"^[^0-9]*([0-9]{{1,2}}){_SIGNS}{_MONTH}{_SIGNS}([0-9]{{2}})([^0-9].*)?$"
_YEAR = "(?:^|[^0-9])((?:18|19|20|21)[0-9]{2})(?:[^0-9]|$)"
_ISO = "^((?:18|19|20|21)[0-9]{2})[-/.]([0-9]{1,2})[-/.]([0-9]{1,2})"
_SHOWS_ITSELF = r"^[0-9]{4}[-/.][0-9]{1,2}[-/.][0-9]|[A-Za-z]{2}|^[0-9]{5}([.]0)?$"
_MIN_TWO_DIGIT_OF_1900 = 30


@dataclass(frozen=True)
class DateForm:
    """One date column of one file, sheet or table: rows, and how it is read."""

    field: str
    source: str
    values: int = 0
    shown: Mapping[DateOrder, int] | None = None
    """Order → rows that can only be read so."""
    distinct: Mapping[DateOrder, int] | None = None
    """The same in distinct values."""
    either: int = 0
    """Rows that can be read day first and month first, as different dates."""
    distinct_either: int = 0
    other: int = 0
    """Rows in a form whose order shows itself: ISO, with the month in letters, a spreadsheet's days."""
    two_digit: int = 0
    serial: int = 0
    instants: int = 0
    orders: tuple[DateOrder, ...] = ("day_first",)
    declared: bool = False
    typed: bool = False
    """Whether the source holds dates and no text, so that nothing is open."""

    @property
    def serials(self) -> bool:
        """Whether the column holds a spreadsheet's days."""
        return self.serial * 2 > self.values

    def words(self, zone: str) -> str:
        """What is written behind every value of the column."""
        said = [f"orders={'+'.join(self.orders)}"] if self.orders != ("day_first",) else []
        said += ["serials"] if self.serials else []
        said += [f"zone={zone}"] if zone != HOME_ZONE and self.instants else []
        return " ".join(said)


def count_forms(connection: duckdb.DuckDBPyConnection, relation: str, source: str, field: str) -> list[DateForm]:
    """The counts of a column, one form a source, no order decided yet; every distinct value is looked at once."""
    short = "length(y) = 2"
    rows = connection.execute(
        f"""
        WITH held AS (
            SELECT {source} AS source, {quote(field)} AS v, count(*) AS n FROM {relation}
            WHERE {quote(field)} IS NOT NULL GROUP BY ALL
        ), parted AS (
            SELECT source, n, v, regexp_extract(regexp_replace(v, '{_PACKED}', '\\1/\\2/\\3'), '{_THREE}', ['a', 'b', 'y']) AS t
            FROM held
        ), numbers AS (
            SELECT source, n, v, TRY_CAST(t.a AS INTEGER) AS a, TRY_CAST(t.b AS INTEGER) AS b, t.y AS y FROM parted
        ), told AS (
            SELECT *, CASE WHEN {short} AND a > 31 AND b BETWEEN 1 AND 12 AND y BETWEEN '01' AND '31' THEN 'year_first'
                           WHEN a BETWEEN 13 AND 31 AND b BETWEEN 1 AND 12 THEN 'day_first'
                           WHEN a BETWEEN 1 AND 12 AND b BETWEEN 13 AND 31 THEN 'month_first'
                           WHEN a BETWEEN 1 AND 12 AND b BETWEEN 1 AND 12 AND a <> b THEN 'either' END AS shows
            FROM numbers
        )
        SELECT source, sum(n)::BIGINT,
               {", ".join(f"coalesce(sum(n) FILTER (shows = '{order}'), 0)::BIGINT" for order in DATE_ORDERS)},
               {", ".join(f"count(*) FILTER (shows = '{order}')" for order in DATE_ORDERS)},
               coalesce(sum(n) FILTER (shows = 'either'), 0)::BIGINT, count(*) FILTER (shows = 'either'),
               coalesce(sum(n) FILTER (a IS NULL AND regexp_matches(v, '{_SHOWS_ITSELF}')), 0)::BIGINT,
               coalesce(sum(n) FILTER (regexp_matches(v, '{_SHORT}')), 0)::BIGINT,
               coalesce(sum(n) FILTER (regexp_full_match(trim(v), '[0-9]{{5}}([.]0)?')), 0)::BIGINT,
               coalesce(sum(n) FILTER (regexp_matches(v, ':[0-9.]+ ?(Z|[+]00(:?00)?)$')), 0)::BIGINT
        FROM told GROUP BY source ORDER BY source
        """
    ).fetchall()
    many = len(DATE_ORDERS)
    forms = []
    for source_name, values, *counts in rows:
        shown = dict(zip(DATE_ORDERS, counts[:many], strict=True))
        distinct = dict(zip(DATE_ORDERS, counts[many : 2 * many], strict=True))
        either, distinct_either, other, two_digit, serial, instants = counts[2 * many :]
        told = (shown, distinct, either, distinct_either, other, two_digit, serial, instants)
        forms.append(DateForm(field, str(source_name), values, *told))
    return forms


def decide_orders(forms: list[DateForm], declared: DateOrder | None, typed: Collection[str] = ()) -> list[DateForm]:
    """Each source's order from its own values, or where it has none that shows an order, from the column's in all sources.

    `typed` names the sources that hold dates and no text.
    """
    sure = [DateForm(form.field, form.source, form.values, typed=True) for form in forms if form.source in typed]
    forms = [form for form in forms if form.source not in typed]
    if declared is not None:
        return [*sure, *(replace(form, orders=(declared,), declared=True) for form in forms)]
    whole = _orders(
        {order: sum((form.shown or {})[order] for form in forms) for order in DATE_ORDERS},
        {order: sum((form.distinct or {})[order] for form in forms) for order in DATE_ORDERS},
        sum(form.distinct_either for form in forms),
        strangers=_are_strangers(
            sum(form.other for form in forms), sum(form.either + sum((form.shown or {}).values()) for form in forms)
        ),
    )
    return sure + [
        replace(form, orders=_own_orders(form) if any(form.shown.values()) else whole)
        for form in forms
        if form.shown is not None and form.distinct is not None
    ]


def _are_strangers(other: int, numeric: int) -> bool:
    """Whether dates of three numbers are the exception in a column whose other dates show their order themselves."""
    return other >= MANY and other > numeric


def _own_orders(form: DateForm) -> tuple[DateOrder, ...]:
    assert form.shown is not None and form.distinct is not None
    strangers = _are_strangers(form.other, form.either + sum(form.shown.values()))
    return _orders(form.shown, form.distinct, form.distinct_either, strangers=strangers)


def _orders(
    shown: Mapping[DateOrder, int], distinct: Mapping[DateOrder, int], either: int, *, strangers: bool
) -> tuple[DateOrder, ...]:
    """The order that the values show, or those between which they leave the choice. Day first is the rule of Viet Nam.

    `strangers`: most of the column's values are in a form whose order shows itself, so that few others prove nothing.
    """
    total = sum(shown.values())
    if strangers and either and (total < FEWEST or max(shown.values()) < total):
        return DATE_ORDERS
    if not total:
        return ("day_first",) if either < FEWEST else ("day_first", "month_first")
    best = max(DATE_ORDERS, key=lambda order: shown[order])
    held = {order for order in DATE_ORDERS if order == best or shown[order] >= MOST_AGAINST * total}
    if best != "day_first" and either and (distinct[best] < 2 or distinct[best] < WEAKEST * either):
        held.add("day_first")
    return tuple(order for order in DATE_ORDERS if order in held)


def entry_bounds(fields: list[str]) -> dict[str, tuple[list[str], list[str]]]:
    """Date field → the entry's dates that are not after it, and those that are not before it, by the fields' names.

    >>> entry_bounds(["birth_date", "death_date", "registration_date"])["death_date"]
    (['birth_date'], ['registration_date'])
    """
    births = [name for name in fields if name.endswith(("birth_date", "birth_year"))]
    events = [name for name in ("death_date", "decision_date", "judgment_date") if name in fields]
    pairs = [(birth, event) for birth in births for event in (*events, "registration_date")]
    pairs += [(event, "registration_date") for event in events]
    for parent, child in (("mother_", ""), ("father_", ""), ("parent_", ""), ("parent_", "child_"), ("", "child_")):
        of_parent = [name for name in births if name in (f"{parent}birth_date", f"{parent}birth_year")]
        pairs += [(name, f"{child}birth_date") for name in of_parent if f"{child}birth_date" in births]
    return {
        name: (
            [one for one, then in pairs if then == name and one in fields],
            [then for one, then in pairs if one == name and then in fields],
        )
        for name in fields
    }


def marked_sql(
    source: str,
    forms: list[DateForm],
    bounds: tuple[list[str], list[str]] | None,
    sure: Mapping[str, str],
    zone: str,
    first: int | None,
) -> str | None:
    """SQL of a column's value with its reading behind it, row by row; None where every value is read by the rule.

    `sure` gives SQL of the other columns' certain dates; `first` is the first year that two digits stand for, if declared.
    Without `bounds` the entry's other dates say nothing.
    """
    value = quote(forms[0].field)
    by_words: dict[str, list[str]] = {}
    for form in forms:
        by_words.setdefault(form.words(zone), []).append(literal(form.source))
    by_words.pop("", None)
    cases = " ".join(f"WHEN {source} IN ({', '.join(sources)}) THEN '{words}'" for words, sources in by_words.items())
    words = [f"CASE {cases} END"] if cases else []
    open_sources = [form.source for form in forms if len(form.orders) > 1]
    if bounds and open_sources and (settled := _settled_order(value, open_sources, source, bounds, sure)):
        words[0] = f"coalesce({settled}, {words[0]})"
    if any(form.two_digit for form in forms) and (bounds or first is not None):
        words.append(_century(value, forms, bounds or ([], []), first))
    if not words:
        return None
    said = f"nullif(concat_ws(' ', {', '.join(words)}), '')"
    return f"{value} || coalesce(chr(31) || '@' || {said}, '')"


def certain_day(field: str, forms: list[DateForm]) -> str:
    """SQL of a column's date where nothing about it is open: ISO, one possible order, or a column whose order is sure."""
    value = quote(field)
    a, b, y = (f"TRY_CAST(regexp_extract({value}, '{_THREE}', {at}) AS INTEGER)" for at in (1, 2, 3))
    iso = ", ".join(f"TRY_CAST(regexp_extract({value}, '{_ISO}', {at}) AS INTEGER)" for at in (1, 2, 3))
    orders = {form.orders for form in forms}
    day_is_first = "true" if orders == {("day_first",)} else f"{a} > 12 OR {a} = {b}"
    month_is_first = "true" if orders == {("month_first",)} else f"{b} > 12"
    return (
        f"coalesce(TRY(make_date({iso})), CASE WHEN {y} < 1800 THEN NULL WHEN {day_is_first} THEN TRY(make_date({y}, {b}, {a}))"
        f" WHEN {month_is_first} THEN TRY(make_date({y}, {a}, {b})) END)"
    )


def weigh_entries(
    connection: duckdb.DuckDBPyConnection,
    relation: str,
    source: str,
    forms: list[DateForm],
    bounds: tuple[list[str], list[str]],
    sure: Mapping[str, str],
) -> list[DateForm]:
    """The forms with what the entries' other dates show of an order that the column's own values leave open."""
    undecided = {
        form.source: form
        for form in forms
        if form.shown is not None and form.distinct is not None and form.either and not form.declared
        if len(form.orders) > 1 or not any(form.shown.values())
    }
    value = quote(forms[0].field)
    settled = _settled_order(value, list(undecided), source, bounds, sure) if undecided else None
    if settled is None:
        return forms
    found = connection.execute(
        f"SELECT source, shows, count(*), count(DISTINCT v) FROM (SELECT {source} AS source, {value} AS v, {settled} AS shows"
        f" FROM {relation} WHERE {value} IS NOT NULL) WHERE shows IS NOT NULL GROUP BY source, shows"
    ).fetchall()
    for name, words, rows, values in found:
        form = undecided[name]
        order: DateOrder = "month_first" if words == "orders=month_first" else "day_first"
        shown = {**(form.shown or {}), order: (form.shown or {})[order] + rows}
        distinct = {**(form.distinct or {}), order: (form.distinct or {})[order] + values}
        weighed = replace(form, shown=shown, distinct=distinct)
        undecided[name] = replace(weighed, orders=_own_orders(weighed))
    return [undecided.get(form.source, form) for form in forms]


def _settled_order(
    value: str, open_sources: list[str], source: str, bounds: tuple[list[str], list[str]], sure: Mapping[str, str]
) -> str | None:
    """SQL of the one order in which the date fits between the entry's other dates; NULL where both or neither do."""
    lower = ", ".join(sure[name] for name in bounds[0] if name in sure)
    upper = ", ".join(sure[name] for name in bounds[1] if name in sure)
    if not lower and not upper:
        return None
    a, b, y = (f"TRY_CAST(regexp_extract({value}, '{_THREE}', {at}) AS INTEGER)" for at in (1, 2, 3))

    def fits(day: str) -> str:
        held = [f"{day} >= greatest({lower})"] if lower else []
        held += [f"{day} <= least({upper})"] if upper else []
        return " AND ".join(f"coalesce({condition}, true)" for condition in held)

    day_first, month_first = (fits(f"TRY(make_date({y}, {parts}))") for parts in (f"{b}, {a}", f"{a}, {b}"))
    return (
        f"CASE WHEN {source} NOT IN ({', '.join(map(literal, open_sources))}) OR {y} < 1800 OR greatest({a}, {b}) > 12 THEN NULL"
        f" WHEN ({day_first}) AND NOT ({month_first}) THEN 'orders=day_first'"
        f" WHEN ({month_first}) AND NOT ({day_first}) THEN 'orders=month_first' END"
    )


def _century(value: str, forms: list[DateForm], bounds: tuple[list[str], list[str]], first: int | None) -> str:
    """SQL of what a year of two digits is: declared, or the one century that fits between the entry's other dates."""
    at = 1 if all(form.orders == ("year_first",) for form in forms) else 2
    year = f"TRY_CAST(regexp_extract({value}, '{_SHORT}', {at}) AS INTEGER)"
    if first is not None:
        return f"'century=' || ({first // 100 * 100} + CASE WHEN {year} < {first % 100} THEN 100 ELSE 0 END)::VARCHAR"
    lower = ", ".join(_certain_year(name) for name in bounds[0])
    upper = ", ".join(_certain_year(name) for name in bounds[1])

    def fits(century: int) -> str:
        held = [f"{century} + {year} >= greatest({lower})"] if lower else []
        held += [f"{century} + {year} <= least({upper})"] if upper else []
        return " AND ".join(f"coalesce({condition}, true)" for condition in held) or "true"

    return (
        f"CASE WHEN {year} IS NULL THEN NULL"
        f" WHEN ({fits(1900)}) AND NOT ({fits(2000)}) THEN 'century=1900'"
        f" WHEN ({fits(2000)}) AND NOT ({fits(1900)}) THEN 'century=2000'"
        f" WHEN {year} < {_MIN_TWO_DIGIT_OF_1900} THEN 'century_unsure' END"
    )


def _certain_year(field: str) -> str:
    """SQL of a date's year where its century is written or can be but one."""
    value = quote(field)
    short = f"TRY_CAST(regexp_extract({value}, '{_SHORT}', 2) AS INTEGER)"
    return (
        f"coalesce(TRY_CAST(regexp_extract(regexp_replace({value}, '{_PACKED}', '\\3'), '{_YEAR}', 1) AS INTEGER),"
        f" CASE WHEN {short} >= {_MIN_TWO_DIGIT_OF_1900} THEN 1900 + {short} END)"
    )

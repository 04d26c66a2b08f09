"""Groups of mentions by which results are broken down: who is linked less."""

from __future__ import annotations

import math
from functools import partial
from typing import TYPE_CHECKING, Any

from linkage.config.sources import PROVINCE_FIELDS
from linkage.report.content import Cell, Part, Picture, Table, part
from linkage.report.disclosure import hide_small_cells
from linkage.report.figures import draw_bars
from linkage.report.numbers import Number
from linkage.runs.sql import quote

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from linkage.config import ProjectSpec
    from linkage.report.phrases import Phrases
    from linkage.report.reading import RunTables

NOTEWORTHY = 0.1
"""A standardised difference beyond this is drawn as noteworthy (Austin 2009)."""
DAYS_ALLOWED = {"birth_date": 60, "death_date": 15}
"""Days within which a birth or death is to be registered (Law on Civil Status 60/2014/QH13, articles 15(1) and 33(1),
as quoted by thutucphapluat.com and hoidap.thuvienphapluat.vn)."""
MOST_ETHNIC_GROUPS = 5
MOST_BARS = 16


def period_of(run: RunTables) -> str | None:
    """The column whose year puts a mention into a period."""
    columns = run.columns("mentions")
    return next(
        (name for name in ("registration_date_year", "death_date_year", "birth_date_year", "birth_year") if name in columns), None
    )


def province_column(run: RunTables) -> str | None:
    """The column with the present-day province, that of the registering office first; None where none is known."""
    columns = run.columns("mentions")
    there = [name for field in PROVINCE_FIELDS if (name := f"{field}_province") in columns]
    return next((name for name in there if run.one(f"SELECT count({quote(name)}) FROM mentions")), None)


def split_by(run: RunTables, expressions: Mapping[str, str]) -> dict[str, list[tuple[Any, int, int]]]:
    """Rows (value, linked, not linked) of the mentions by each of some SQL expressions over their columns, under its name."""
    chosen = "".join(f"{expression} AS {quote(name)}, " for name, expression in expressions.items())
    run.rows(
        f"CREATE OR REPLACE TEMP TABLE split_mentions AS SELECT {chosen}"
        "record_id IN (SELECT record_id_l FROM links WHERE decision = 'link') AS linked FROM mentions"
    )
    counts = "count(*) FILTER (linked), count(*) FILTER (NOT linked)"
    return {
        name: run.rows(f"SELECT {quote(name)}, {counts} FROM split_mentions GROUP BY ALL ORDER BY 1 NULLS LAST")
        for name in expressions
    }


def linkage_table(
    run: RunTables, caption: str, first: str, rows: Sequence[tuple[str, int, int]], texts: Phrases, floor: int
) -> Table:
    """Linked, not linked, total and rate by group, small counts hidden."""
    hidden = hide_small_cells([[linked, rest, linked + rest] for _, linked, rest in rows], floor)
    source = "mentions.parquet, links.parquet"
    cells: list[tuple[Cell, ...]] = []
    for (label, linked, rest), hide in zip(rows, hidden, strict=True):
        counts = (linked, rest, linked + rest)
        shown: list[Cell] = [
            texts("words", "hidden") if secret else run.number(count, "count", source)
            for count, secret in zip(counts, hide, strict=True)
        ]
        total = linked + rest
        rate: Cell = texts("words", "hidden") if any(hide) or not total else run.number(linked / total, "share", source, of=total)
        cells.append((label, *shown, rate))
    return Table(caption, (first, *texts.header("links", "unlinked", "total", "rate")), cells, source, (4, 2, 2, 2, 2))


def describe_groups(run: RunTables, spec: ProjectSpec, texts: Phrases) -> Part:
    """Linked against unlinked mentions by sex, cohort, ethnic group, place, lateness and name frequency."""
    if not (run.has("links") and run.has("mentions")):
        return part({"grouped": False, "missing_groups": []}, {})
    total = run.rows("SELECT count(*) FILTER (decision = 'link') FROM links")[0][0]
    mentions = run.one("SELECT count(*) FROM mentions")
    facts: dict[str, object] = {"grouped": 0 < total < mentions, "missing_groups": []}
    if not facts["grouped"]:
        return part(facts, {})
    rows: list[tuple[Cell, ...]] = []
    bars: list[tuple[str, float]] = []
    floor = spec.report.small_cell_floor
    absent = []
    for name, found in _groups(run, spec, texts).items():
        if not found:
            absent.append(texts("groups", name))
            continue
        table = linkage_table(run, "", "", found, texts, floor)
        for (label, linked, rest), cells in zip(found, table.rows, strict=True):
            difference = _standardised(linked / total, rest / (mentions - total))
            may_show = isinstance(cells[4], Number)
            shown: Cell = (
                run.number(difference, "weight", "mentions.parquet, links.parquet") if may_show else texts("words", "hidden")
            )
            rows.append((f"{texts('groups', name)}: {label}", *cells[1:3], cells[4], shown))
            if may_show and abs(difference) > NOTEWORTHY / 4:
                bars.append((f"{texts('groups', name)}: {label}", difference))
    facts["missing_groups"] = absent
    facts["noteworthy"] = Number(NOTEWORTHY, "plain", "linkage.report.groups: NOTEWORTHY (Austin 2009)")
    large = sorted((bar for bar in bars if bar[1] < -NOTEWORTHY), key=lambda bar: bar[1])
    facts["less_linked"] = [label for label, _ in large[:5]]
    bars = sorted(bars, key=lambda bar: bar[1])
    bars = bars if len(bars) <= MOST_BARS else bars[: MOST_BARS // 2] + bars[-MOST_BARS // 2 :]
    picture = None
    if bars:
        drawn = draw_bars(
            [label for label, _ in bars],
            [value for _, value in bars],
            texts("words", "difference_axis"),
            texts,
            (-NOTEWORTHY, NOTEWORTHY),
        )
        picture = Picture(texts("figures", "bias"), texts("alternatives", "bias"), drawn, "mentions.parquet, links.parquet")
    header = texts.header("group", "links", "unlinked", "rate", "difference")
    table = Table(texts("captions", "bias"), header, rows, "mentions.parquet, links.parquet", (5, 2, 2, 2, 2))
    return part(facts, {"bias": table}, {"bias": picture})


def _groups(run: RunTables, spec: ProjectSpec, texts: Phrases) -> dict[str, list[tuple[str, int, int]]]:
    columns = run.columns("mentions")
    by: dict[str, str] = {name: name for name in ("sex", "ethnicity") if name in columns}
    if born := next((name for name in ("birth_date_year", "birth_year") if name in columns), None):
        by["cohort"] = f"greatest(1930, least(2020, TRY_CAST({quote(born)} AS INTEGER) // 10 * 10))"
    if province := province_column(run):
        by["province"] = quote(province)
    if "registering_office_fold" in columns:
        by["area"] = (
            r"CASE WHEN regexp_matches(registering_office_fold, '\b(phuong|thi tran)\b') THEN 'urban'"
            r" WHEN regexp_matches(registering_office_fold, '\bxa\b') THEN 'rural' END"
        )
    event = {"birth": "birth_date", "death": "death_date"}.get(spec.left.register_)
    if event and {event, "registration_date"} <= columns:
        waited = f"registration_date - {event}"
        by["lateness"] = f"CASE WHEN {waited} <= {DAYS_ALLOWED[event]} THEN 'on_time' WHEN {waited} IS NOT NULL THEN 'late' END"
    if "full_name_fold" in columns:
        same = "count(*) OVER (PARTITION BY full_name_fold)"
        known = f"WHEN {same} = 1 THEN 'unique' WHEN {same} < 10 THEN 'rare' ELSE 'common'"
        by["name_frequency"] = f"CASE WHEN full_name_fold IS NULL THEN NULL {known} END"
    empty = [f"({quote(column)} IS NULL)::INTEGER" for one in spec.comparisons if (column := _present(columns, one.field))]
    if empty:
        by["completeness"] = f"least(3, {' + '.join(empty)})"
    labels: dict[str, Callable[[Any], str]] = {
        "cohort": partial(_decade, texts=texts),
        "province": texts.province,
        "completeness": lambda v: texts("words", "fields_empty", f"{v}{'+' if v == 3 else ''}"),
    }
    for name, group in (("sex", "sexes"), ("area", "areas"), ("lateness", "lateness"), ("name_frequency", "frequency")):
        labels[name] = partial(_named, group, texts)
    found: dict[str, list[tuple[str, int, int]]] = {}
    split = split_by(run, by)
    for name in ("sex", "cohort", "ethnicity", "province", "area", "lateness", "name_frequency", "completeness"):
        rows = split.get(name, [])
        found[name] = _largest(rows, texts) if name == "ethnicity" else [(labels[name](v), a, b) for v, a, b in rows]
    return found


def _named(group: str, texts: Phrases, value: str | None) -> str:
    return texts.named(group, value) if value else texts("words", "unknown")


def _present(columns: set[str], field: str) -> str | None:
    return next((name for name in (f"{field}_text", field, f"{field}_year") if name in columns), None)


def _decade(value: int | None, texts: Phrases) -> str:
    if value is None:
        return texts("words", "unknown")
    if value in (1930, 2020):
        return texts("words", "below", 1940) if value == 1930 else texts("words", "above", 2020)
    return f"{value}–{value + 9}"


def _largest(split: list[tuple[Any, int, int]], texts: Phrases) -> list[tuple[str, int, int]]:
    """The largest groups by name, the others together."""
    known = sorted((row for row in split if row[0] is not None), key=lambda row: -(row[1] + row[2]))
    shown = [(str(value), a, b) for value, a, b in known[:MOST_ETHNIC_GROUPS]]
    for label, rest in (
        (texts("words", "other"), known[MOST_ETHNIC_GROUPS:]),
        (texts("words", "unknown"), [r for r in split if r[0] is None]),
    ):
        if rest:
            shown.append((label, sum(row[1] for row in rest), sum(row[2] for row in rest)))
    return shown


def _standardised(share_a: float, share_b: float) -> float:
    """Difference of two shares 0–1 in pooled standard deviations (Austin 2009); population: linked against unlinked mentions."""
    spread = math.sqrt((share_a * (1 - share_a) + share_b * (1 - share_b)) / 2)
    return (share_a - share_b) / spread if spread else 0.0

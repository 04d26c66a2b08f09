"""Section on sources: rows in and out, how completely each compared field is filled; and the flow of records."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from linkage.report.content import Cell, Part, Picture, Table, part
from linkage.report.disclosure import hide_small_counts, share_may_be_shown
from linkage.report.figures import draw_flow, draw_heat_map
from linkage.report.groups import period_of, province_column
from linkage.report.numbers import Ledger, Number
from linkage.runs.sql import quote
from linkage.runs.tables import MENTIONS, QUARANTINE, TABLES
from linkage.words.periods import period_case, period_word
from linkage.words.registers import register_word, role_word
from linkage.words.set_aside import NULL_WORD, SET_ASIDE, set_aside_word

if TYPE_CHECKING:
    from linkage.config import ProjectSpec
    from linkage.report.phrases import Phrases
    from linkage.report.reading import RunTables

SIDES = (("left", "mentions"), ("right", "persons"))
MOST_PROVINCES = 34
MOST_NAMED = 8
"""Provinces named in the summary; more are counted."""


def describe_sources(run: RunTables, spec: ProjectSpec, texts: Phrases) -> Part:
    """Rows of each side, those set aside by reason, completeness by field, period and province."""
    fields = [one.field for one in spec.comparisons]
    facts: dict[str, object] = {"one_register": spec.right is None, "has_quarantine": run.has("quarantine")}
    facts["register"] = _register(texts, spec.left.register_, spec.left.role)
    facts["base"] = _register(texts, spec.right.register_, spec.right.role) if spec.right else ""
    inputs: list[tuple[Cell, ...]] = []
    called = {"left": facts["register"], "right": facts["base"]}
    for side in spec.sides:
        counts = (run.counted("read", f"{side}_{name}") for name in ("rows_in", "rows_quarantined", "rows_used"))
        inputs.append((str(called.get(side, side)), *counts))
    facts |= _years(run) | _places(run, texts)
    period = _by_period(run, fields, texts, spec.report.small_cell_floor)
    tables: dict[str, Table | None] = {
        "inputs": Table(
            texts("captions", "inputs"),
            texts.header("side", "rows_in", "rows_out", "rows_used"),
            inputs, "run.json: read", (4, 2, 2, 2),
        ),
        "quarantine": _quarantine(run, texts, spec.report.small_cell_floor),
        "checks": _checks(run, texts, spec.report.small_cell_floor),
        "completeness": _completeness(run, fields, texts, spec),
        "completeness_period": period[0] if period else None,
        "completeness_province": _by_province(run, fields, texts, spec.report.small_cell_floor),
    }  # fmt: skip
    return part(facts, tables, {"completeness": period[1] if period else None})


def describe_flow(run: RunTables, spec: ProjectSpec, texts: Phrases, ledger: Ledger) -> Part:
    """The flow of records from the files to the links, as a table and a drawing."""
    entities = run.has("entities")
    counts = {
        "left_in": _over_tables(run, spec, "rows_in"),
        "left_out": _over_tables(run, spec, "rows_quarantined"),
        "left_used": _over_tables(run, spec, "rows_used"),
        "right_in": run.counted("read", "right_rows_in"),
        "right_out": run.counted("read", "right_rows_quarantined"),
        "right_used": run.counted("read", "right_rows_used"),
        "candidates": run.counted("block", "candidate_pairs"),
        "assigned": run.number(run.one("SELECT count(*) FROM links"), "count", "links.parquet: records")
        if entities
        else run.counted("assign", "assigned"),
    }
    used, assigned = counts["left_used"].value, counts["assigned"].value
    if used is not None and assigned is not None:
        counts["no_candidate"] = run.number(used - assigned, "count", "run.json: read.left_rows_used − assign.assigned")
    if run.has("links"):
        found = dict(run.rows("SELECT decision, count(*) FROM links GROUP BY ALL"))
        for name in ("link", "clerical", "non_link"):
            counts[name] = run.number(found.get(name, 0), "count", f"links.parquet: decision = {name}")
        if used is not None:
            counts["unlinked"] = run.number(used - found.get("link", 0), "count", "run.json: read.left_rows_used − links.parquet")
        if not entities:
            counts["right_linked"] = run.number(
                run.one("SELECT count(DISTINCT record_id_r) FROM links WHERE decision = 'link'"),
                "count",
                "links.parquet: record_id_r",
            )
    order = [
        "left_in", "left_out", "left_used", "right_in", "right_out", "right_used", "candidates", "no_candidate", "assigned",
        "link", "clerical", "non_link", "unlinked", "right_linked",
    ]  # fmt: skip
    rows: list[tuple[Cell, ...]] = [
        (texts("flow", name), counts[name]) for name in order if name in counts and counts[name].value is not None
    ]
    table = Table(texts("captions", "flow"), texts.header("stage", "records"), rows, "run.json, links.parquet", (3, 1))
    steps = []
    for name, leaving in (
        ("left_in", ("left_out",)),
        ("left_used", ("no_candidate",)),
        ("assigned", ("clerical", "non_link")),
        ("link", ()),
    ):
        if name not in counts or counts[name].value is None:
            continue
        leaves = [f"{texts('flow', one)}: {ledger.form(counts[one])}" for one in leaving if one in counts]
        steps.append((texts("flow", name), str(ledger.form(counts[name])), "\n".join(leaves)))
    picture = None
    if len(steps) > 1:
        drawn = draw_flow(steps)
        picture = Picture(texts("figures", "flow"), texts("alternatives", "flow"), drawn, "run.json, links.parquet")
    return part(dict(counts), {"flow": table}, {"flow": picture})


def _over_tables(run: RunTables, spec: ProjectSpec, name: str) -> Number:
    """What was counted of the left side, or of all tables together."""
    if not spec.tables:
        return run.counted("read", f"left_{name}")
    counted = [run.counted("read", f"{table}_{name}").value for table in spec.tables]
    known = None if None in counted else sum(value for value in counted if value is not None)
    return run.number(known, "count", f"run.json: read.<table>_{name}")


def _register(texts: Phrases, register: str, role: str | None) -> str:
    name = register_word(register, texts.language)
    return f"{name} ({role_word(role, texts.language, register)})" if role else name


def _years(run: RunTables) -> dict[str, object]:
    """First and last year, by the one-in-a-thousand quantiles so that no single record shows."""
    found: dict[str, object] = dict.fromkeys(("registered", "born_left", "born_right"))
    for table, column, name in (
        ("mentions", "registration_date_year", "registered"), ("mentions", "birth_date_year", "born_left"),
        ("persons", "birth_date_year", "born_right"),
    ):  # fmt: skip
        if column in run.columns(table):
            low, high = run.rows(f"SELECT quantile_disc({column}, 0.001), quantile_disc({column}, 0.999) FROM {table}")[0]
            if low is not None:
                source = f"{TABLES[table].file}: {column}"
                found[name] = (run.number(low, "plain", source), run.number(high, "plain", source))
    return found


def _places(run: RunTables, texts: Phrases) -> dict[str, object]:
    """The provinces of the mentions: named where they are few, and how many."""
    column = province_column(run)
    codes = (
        run.rows(f"SELECT DISTINCT {quote(column)} FROM mentions WHERE {quote(column)} IS NOT NULL ORDER BY 1") if column else []
    )
    named = [texts.province(code) for (code,) in codes] if len(codes) <= MOST_NAMED else []
    return {"provinces": named, "province_count": run.number(len(codes) or None, "count", f"mentions.parquet: {column}")}


def _quarantine(run: RunTables, texts: Phrases, floor: int) -> Table | None:
    if not run.has("quarantine"):
        return None
    rows: list[tuple[Cell, ...]] = []
    for side, reason, records, hide in _set_aside(run, floor):
        count: Cell = texts("words", "hidden") if hide else run.number(records, "count", QUARANTINE.file)
        rows.append((texts.named("columns", side), set_aside_word(reason, texts.language), count))
    return Table(texts("captions", "quarantine"), texts.header("side", "reason", "records"), rows, QUARANTINE.file, (2, 4, 1))


def _set_aside(run: RunTables, floor: int) -> list[tuple[str, str, int, bool]]:
    """Side, reason, records and whether these must be hidden, of what was set aside."""
    if not run.has("quarantine"):
        return []
    found = run.rows("SELECT side, reason, count(*) FROM quarantine GROUP BY ALL ORDER BY side, count(*) DESC, reason")
    told = []
    for side in dict.fromkeys(row[0] for row in found):
        own = [row for row in found if row[0] == side]
        told += [(*row, hide) for row, hide in zip(own, hide_small_counts([row[2] for row in own], floor), strict=True)]
    return told


def _checks(run: RunTables, texts: Phrases, floor: int) -> Table | None:
    """Every rule of the contract check that was held against a side, whatever its severity, and null words by field."""
    counts = run.summary["stages"]["read"]["counts"] if "read" in run.summary["stages"] else {}
    # what is hidden among the records set aside could be worked out from its count here
    hidden = {f"{side}_rule_{rule}" for side, reason, _, hide in _set_aside(run, floor) if hide for rule in reason.split(", ")}
    rows: list[tuple[Cell, ...]] = []
    for side, _ in SIDES:
        found = [(set_aside_word(rule, texts.language), f"{side}_rule_{rule}") for rule in SET_ASIDE]
        start = f"{side}_null_words_"
        fields = [key.removeprefix(start) for key in counts if key.startswith(start)]
        found += [(f"{texts.field(field)}: {NULL_WORD(texts.language)}", start + field) for field in fields]
        for label, key in found:
            if key in counts:
                small = 0 < int(counts[key]) < floor or key in hidden
                rows.append(
                    (texts.named("columns", side), label, texts("words", "hidden") if small else run.counted("read", key))
                )
    if not rows:
        return None
    return Table(texts("captions", "checks"), texts.header("side", "check", "records"), rows, "run.json: read", (2, 4, 1))


def filled_column(run: RunTables, table: str, field: str) -> str | None:
    """The column that says whether a field is filled: what was written, even where it is no full value."""
    columns = run.columns(table)
    return next((name for name in (f"{field}_text", field, f"{field}_year") if name in columns), None)


def _filled(run: RunTables, table: str, fields: list[str], by: str = "1") -> list[tuple[Any, ...]]:
    """Rows (group, records, filled by field …); a field that the table lacks counts 0."""
    counts = ", ".join(f"count({quote(column)})" if (column := filled_column(run, table, field)) else "0" for field in fields)
    return run.rows(f"SELECT {by} AS grouped, count(*), {counts} FROM {table} GROUP BY ALL ORDER BY grouped")


def _completeness(run: RunTables, fields: list[str], texts: Phrases, spec: ProjectSpec) -> Table | None:
    columns: dict[str, list[Cell]] = {}
    for side, table in SIDES:
        if not run.has(table):
            continue
        found = _filled(run, table, fields)
        whole = found[0][1] if found else 0
        columns[side] = [
            _share(run, int(count), int(whole), TABLES[table].file, spec.report.small_cell_floor, texts)
            if filled_column(run, table, field)
            else "–"
            for field, count in zip(fields, found[0][2:] if found else [0] * len(fields), strict=True)
        ]
    if not columns:
        return None
    rows: list[tuple[Cell, ...]] = [
        (texts.field(field), *(column[at] for column in columns.values())) for at, field in enumerate(fields)
    ]
    return Table(
        texts("captions", "completeness"),
        texts.header("field", *columns),
        rows,
        "mentions.parquet, persons.parquet",
        (3, 2, 2)[: 1 + len(columns)],
    )


def _share(run: RunTables, count: int, whole: int, source: str, floor: int, texts: Phrases) -> Cell:
    if not share_may_be_shown(count, whole, floor):
        return texts("words", "hidden")
    return run.number(count / whole, "share", source, of=100) if whole else "–"


def _by_period(run: RunTables, fields: list[str], texts: Phrases, floor: int) -> tuple[Table, Picture] | None:
    column = period_of(run)
    if column is None:
        return None
    found = _filled(run, "mentions", fields, period_case(quote(column)))
    rows, shares, labels = [], [], []
    for at, whole, *counts in found:
        label = period_word(int(at), texts.language) if at is not None else texts("words", "unknown")
        cells = [_share(run, int(n), int(whole), MENTIONS.file, floor, texts) for n in counts]
        rows.append((label, *cells))
        labels.append(label)
        shares.append([float(cell.value or 0) if isinstance(cell, Number) else float("nan") for cell in cells])
    names = [texts.field(field) for field in fields]
    wide = (2, *[1] * len(fields))
    table = Table(texts("captions", "completeness_period"), (texts("groups", "period"), *names), rows, MENTIONS.file, wide)
    drawn = draw_heat_map(names, labels, np.array(shares, dtype=float).T, texts)
    return table, Picture(texts("figures", "completeness"), texts("alternatives", "completeness"), drawn, MENTIONS.file)


def _by_province(run: RunTables, fields: list[str], texts: Phrases, floor: int) -> Table | None:
    column = province_column(run)
    if column is None:
        return None
    found = _filled(run, "mentions", fields, quote(column))[: MOST_PROVINCES + 1]
    rows: list[tuple[Cell, ...]] = [
        (texts.province(code), *(_share(run, int(n), int(whole), MENTIONS.file, floor, texts) for n in counts))
        for code, whole, *counts in found
    ]
    names = [texts.field(field) for field in fields]
    return Table(
        texts("captions", "completeness_province"),
        (texts("groups", "province"), *names),
        rows,
        MENTIONS.file,
        (2, *[1] * len(fields)),
    )

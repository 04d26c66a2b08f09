"""Work lists: one workbook a present-day commune, one sheet an outcome, both sides' values beside each other.

Records are listed and numbered first; their values are then filled in and written batch by batch of communes, from row
text that DuckDB puts together, so that memory is bounded. What was issued is kept in the table `worklists`, so that returned
workbooks can be held against it.
"""

from __future__ import annotations

import tempfile
from collections.abc import Mapping
from dataclasses import dataclass
from itertools import groupby
from pathlib import Path
from typing import TYPE_CHECKING

import pyarrow as pa

from linkage.reconcile import workbook_words as texts
from linkage.reconcile.codes import LINKED, Codes, OutcomeCodes
from linkage.reconcile.side_tables import SideTables, texts_sql
from linkage.reconcile.spreadsheets import (
    COUNT,
    DIFFERS,
    ENTRY,
    ENTRY_DATE,
    MOST_ROWS,
    TEXT,
    Column,
    WorkbookSheet,
    lines_sql,
    row_sql,
    row_xml,
    sheet_name,
    text_sql,
    write_workbook,
)
from linkage.reconcile.units import locate_records, unit_names
from linkage.runs import Progress, silent
from linkage.runs.sql import connect, described_columns, literal, quote
from linkage.runs.tables import DIFFERENCES, OUTCOMES, WORKLISTS
from linkage.vietnamese import fold
from linkage.words.documents import EMPTY
from linkage.words.fields import field_word

if TYPE_CHECKING:
    import duckdb

SHOWN = ("full_name", "birth_date", "birth_year", "sex", "mother_name", "father_name", "spouse_name", "personal_number")
"""Fields whose values stand beside each other, where both sides have them; other differing fields share one column."""

BOOK_FIELDS = (
    ("record_id", texts.RECORD_ID, 21.0),
    ("book_number", texts.BOOK, 9.0),
    ("entry_number", texts.ENTRY, 9.0),
    ("page_number", texts.PAGE, 6.0),
    ("registration_date", texts.REGISTERED, 11.0),
    ("registering_office", texts.OLD_UNIT, 24.0),
)
ROWS_A_BATCH = 25_000


@dataclass(frozen=True)
class Worklists:
    """What was issued."""

    folder: Path
    workbooks: int
    rows: int


@dataclass(frozen=True)
class _Layout:
    """The columns of every list of a run: header, and which cells are locked."""

    fields: tuple[str, ...]
    columns: tuple[Column, ...]
    locked: tuple[str, ...]
    """Names of the locked cells' columns in the prepared rows, in order, after the row number."""


def write_worklists(
    run: Path,
    folder: Path,
    *,
    headers: Mapping[str, str],
    note: str = "",
    progress: Progress = silent,
    memory_limit: str = "2GB",
) -> Worklists:
    """Write the work lists of a reconciled run: `folder`/<province>/<commune>.xlsx, and what was issued into the run.

    Listed are the mentions with something to do and the persons missing in the books of the commune. `headers` gives the
    Vietnamese name of each field; `note` is shown on every first sheet (that the data are synthetic, say). Issuing again
    replaces what was issued.

    Raises:
        LinkageError: the run has no outcomes, or the folder holds something else than work lists.
    """
    OUTCOMES.scan(run)
    held = OutcomeCodes.of_run(run).codes
    folder.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(prefix=".worklists-", dir=run) as spill, connect(memory_limit, 2, Path(spill)) as connection:
        locate_records(connection, run)
        layout = _lay_out(connection, run, headers)
        _list_records(connection, run)
        _describe_records(connection, run, layout, held, headers)
        workbooks, rows = _write_all(connection, run, layout, held, folder, note, progress)
    return Worklists(folder, workbooks, rows)


def _lay_out(connection: duckdb.DuckDBPyConnection, run: Path, headers: Mapping[str, str]) -> _Layout:
    sides = SideTables.of(run)
    both = set(described_columns(connection, sides.raw_mentions)) & set(described_columns(connection, sides.raw_persons))
    fields = tuple(field for field in SHOWN if field in both)
    columns = [Column(texts.NUMBER, 5, COUNT)]
    columns += [Column(header, width) for _, header, width in BOOK_FIELDS]
    for field in fields:
        width = 20 if field.endswith("_name") else {"sex": 8, "personal_number": 15}.get(field, 12)
        header = headers.get(field) or field_word(field, "vi")
        columns += [Column(texts.CIVIL.format(field=header), width), Column(texts.POPULATION.format(field=header), width)]
    columns += [
        Column(texts.COUNTERPART, 21), Column(texts.OTHER_DIFFERENCES, 40), Column(texts.RELATED, 30), Column(texts.ACT, 40),
        Column(texts.RESULT, 22, ENTRY, choices=f"'{texts.LISTS_SHEET}'!$A$2:$A$30"), Column(texts.DONE_ON, 12, ENTRY_DATE),
        Column(texts.OFFICER, 18, ENTRY), Column(texts.REMARK, 24, ENTRY), Column(texts.KEY, 10, hidden=True),
    ]  # fmt: skip
    pairs = [f"{field}_{side}" for field in fields for side in ("l", "r")]
    locked = (*(name for name, _, _ in BOOK_FIELDS), *pairs, "counterpart", "other_differences", "related", "act_text")
    return _Layout(fields, tuple(columns), locked)


def _list_records(connection: duckdb.DuckDBPyConnection, run: Path) -> None:
    """wl_listed: a row a record to be listed, numbered within its commune and outcome in the order of the books; no values."""
    sides = SideTables.of(run)
    raw = set(described_columns(connection, sides.raw_mentions))
    book = "book_number, entry_number" if {"book_number", "entry_number"} <= raw else "NULL AS book_number, NULL AS entry_number"
    connection.execute(
        f"""CREATE OR REPLACE TEMP TABLE wl_listed AS
        SELECT o.side, o.record_id, u.id, p.id AS person_id, o.counterpart, o.outcome, o.finding, o.verify, o.act, u.old_unit,
            coalesce(u.province, 0)::INTEGER AS province, coalesce(u.commune, 0)::INTEGER AS commune, {_UNIT} AS unit,
            row_number() OVER (PARTITION BY {_UNIT}, o.finding ORDER BY m.book_number, m.entry_number, o.record_id) AS n
        FROM {OUTCOMES.scan(run)} o JOIN rc_units u USING (side, record_id)
        LEFT JOIN (SELECT id, {book} FROM {sides.raw_mentions}) m ON o.side = 'mention' AND m.id = u.id
        LEFT JOIN (SELECT id, record_id FROM {sides.raw_persons}) p ON o.side = 'mention' AND p.record_id = o.counterpart
        WHERE o.act <> 'none' AND NOT (o.side = 'person' AND o.finding = 'awaiting_review')"""
    )


_UNIT = "(coalesce(u.province, 0)::INTEGER * 1000000 + coalesce(u.commune, 0))"
"""SQL of `_unit_number`."""


def _describe_records(
    connection: duckdb.DuckDBPyConnection, run: Path, layout: _Layout, codes: Codes, headers: Mapping[str, str]
) -> None:
    """wl_differences and wl_related: the texts that gather several rows of a record; and the labels of codes."""
    sides = SideTables.of(run)
    _register_labels(connection, run, codes, headers)
    empty, shown = literal(EMPTY.vi), f"field IN {texts_sql(layout.fields)}"
    ignored = f"field IN {texts_sql(codes.fields.ignored_when_missing)}"  # what one side never had is no difference to verify
    connection.execute(
        f"""CREATE OR REPLACE TEMP TABLE wl_differences AS
        SELECT record_id_l AS record_id, list(field ORDER BY field) AS fields,
            string_agg(h.header || ': ' || coalesce(value_l, {empty}) || ' | ' || coalesce(value_r, {empty})
                || ' (' || c.label || ')', chr(10) ORDER BY field) FILTER (NOT coalesce({shown}, false)) AS described
        FROM {DIFFERENCES.scan(run)} JOIN wl_headers h USING (field) JOIN wl_classes c USING (class)
        WHERE NOT coalesce(class IN ('missing_left', 'missing_right') AND {ignored}, false) GROUP BY record_id_l"""
    )
    names = "full_name, birth_date"
    known = {"full_name", "birth_date"} <= set(described_columns(connection, sides.raw_mentions))
    tables = [sides.raw_mentions] if sides.within else [sides.raw_mentions, sides.raw_persons]
    records = " UNION ALL ".join(f"SELECT record_id{', ' + names if known else ''} FROM {table}" for table in tables)
    connection.execute(
        f"""CREATE OR REPLACE TEMP TABLE wl_related AS
        SELECT o.side, o.record_id,
            string_agg(concat_ws(', ', r.record_id{", " + names if known else ""}), chr(10) ORDER BY r.record_id) AS related
        FROM (SELECT side, record_id, unnest(others) AS other FROM {OUTCOMES.scan(run)}) o
        JOIN ({records}) r ON r.record_id = o.other GROUP BY ALL"""
    )


def _fill_batch(connection: duckdb.DuckDBPyConnection, run: Path, layout: _Layout, batch: list[tuple[int, int]]) -> None:
    """wl_batch: the cells of the records of some units, as a workbook can hold them, with their key and check."""
    sides = SideTables.of(run)
    raw = set(described_columns(connection, sides.raw_mentions))
    book = {name: f"m.{quote(name)}" if name in raw else "NULL" for name, _, _ in BOOK_FIELDS}
    book |= {"record_id": "o.record_id", "registering_office": "o.old_unit"}
    values = [f"{text_sql(value)} AS {quote(name)}" for name, value in book.items()]
    for field in layout.fields:
        values.append(f"{text_sql(f'm.{quote(field)}')} AS {quote(field + '_l')}")
        values.append(f"{text_sql(f'coalesce(p.{quote(field)}, own.{quote(field)})')} AS {quote(field + '_r')}")
        values.append(f"{_differs(field)} AS {quote(field + '_differs')}")
    locked = ", ".join(f"coalesce({quote(name)}, '')" for name in layout.locked)
    raw_m, raw_p = sides.raw_mentions, sides.raw_persons
    connection.execute(
        f"""CREATE OR REPLACE TEMP TABLE wl_batch AS
        WITH filled AS (
            SELECT o.unit, o.province, o.commune, o.outcome, o.finding, o.side, o.n, {", ".join(values)},
                {text_sql("o.counterpart")} AS counterpart, {text_sql("d.described")} AS other_differences,
                {text_sql("w.related")} AS related, {text_sql("v.verify_label || ': ' || a.act_label")} AS act_text,
                left(md5(o.side || chr(31) || o.record_id), 16) AS key
            FROM (FROM wl_listed WHERE unit BETWEEN $first AND $last) o JOIN wl_acts a USING (act) JOIN wl_verify v USING (verify)
            LEFT JOIN {raw_m} m ON o.side = 'mention' AND m.id = o.id
            LEFT JOIN {raw_p} own ON o.side = 'person' AND own.id = o.id
            LEFT JOIN {raw_p} p ON p.id = o.person_id
            LEFT JOIN wl_differences d ON o.side = 'mention' AND d.record_id = o.record_id
            LEFT JOIN wl_related w ON w.side = o.side AND w.record_id = o.record_id
        )
        SELECT *, md5(concat_ws(chr(31), {locked})) AS "check" FROM filled""",
        {"first": _unit_number(*batch[0]), "last": _unit_number(*batch[-1])},
    )
    connection.execute('INSERT INTO wl_issued SELECT side, record_id, key, finding, "check", province, commune FROM wl_batch')


def _differs(field: str) -> str:
    """SQL: the two values shown are to be marked. Accepted links by their classes, other pairs by what is written."""
    left, right = (f"lower(trim({side}.{quote(field)}))" for side in ("m", "p"))
    return (
        f"CASE WHEN o.finding IN {texts_sql(LINKED)} THEN coalesce(list_contains(d.fields, {literal(field)}), false)"
        f" ELSE coalesce(p.record_id IS NOT NULL AND {left} IS DISTINCT FROM {right}, false) END"
    )


def _register_labels(connection: duckdb.DuckDBPyConnection, run: Path, codes: Codes, headers: Mapping[str, str]) -> None:
    for table, key, label, held in (
        ("wl_acts", "act", "act_label", codes.acts),
        ("wl_verify", "verify", "verify_label", codes.verify),
        ("wl_classes", "class", "label", codes.classes),
    ):
        connection.register("wl_given", pa.table({key: list(held), label: list(held.values())}))
        connection.execute(f"CREATE OR REPLACE TEMP TABLE {table} AS FROM wl_given")
        connection.unregister("wl_given")
    differing = connection.execute(f"SELECT DISTINCT field FROM {DIFFERENCES.scan(run)}").fetchall()
    named = {field: headers.get(field) or field_word(field, "vi") for (field,) in differing}
    connection.register(
        "wl_given",
        pa.table({"field": pa.array(list(named), pa.string()), "header": pa.array(list(named.values()), pa.string())}),
    )
    connection.execute("CREATE OR REPLACE TEMP TABLE wl_headers AS FROM wl_given")
    connection.unregister("wl_given")


def _write_all(
    connection: duckdb.DuckDBPyConnection,
    run: Path,
    layout: _Layout,
    codes: Codes,
    folder: Path,
    note: str,
    progress: Progress,
) -> tuple[int, int]:
    """Workbooks and rows written, batch by batch; then what was issued."""
    counted = connection.execute(
        f"SELECT coalesce(province, 0), coalesce(commune, 0), finding, count(*) FROM {OUTCOMES.scan(run)}"
        " JOIN rc_units USING (side, record_id) GROUP BY ALL ORDER BY ALL"
    ).fetchall()
    named = connection.execute(
        "FROM (SELECT coalesce(province, 0) AS province, coalesce(commune, 0) AS commune, old_unit, count(*) AS n FROM rc_units"
        " WHERE old_unit IS NOT NULL AND side = 'mention' GROUP BY ALL)"
        " QUALIFY row_number() OVER (PARTITION BY province, commune ORDER BY n DESC, old_unit) <= 4"
        " ORDER BY province, commune, n DESC, old_unit"
    ).fetchall()
    counts = {
        unit: {finding: n for *_, finding, n in group} for unit, group in groupby(counted, key=lambda row: (row[0], row[1]))
    }
    old_units = {unit: [row[2] for row in group] for unit, group in groupby(named, key=lambda row: (row[0], row[1]))}
    sizes = connection.execute("SELECT province, commune, count(*) FROM wl_listed GROUP BY ALL ORDER BY ALL").fetchall()
    files = {(province, commune): _file_of(province, commune) for province, commune, _ in sizes}
    written = 0
    connection.execute(
        "CREATE OR REPLACE TEMP TABLE wl_issued (side VARCHAR, record_id VARCHAR, key VARCHAR, finding VARCHAR,"
        ' "check" VARCHAR, province INTEGER, commune INTEGER)'
    )
    for batch in _batches(sizes):
        _fill_batch(connection, run, layout, batch)
        for unit, sheets in _sheets_of(connection, layout, codes):
            path = folder / files[unit]
            path.parent.mkdir(exist_ok=True)
            guide = _guide(unit, counts[unit], old_units.get(unit, []), codes, note)
            write_workbook(path, [guide, *sheets, _lists(codes)])
            written += 1
        progress("worklists", written, len(files))
    connection.register(
        "wl_files",
        pa.table({"province": [u[0] for u in files], "commune": [u[1] for u in files], "workbook": list(files.values())}),
    )
    rows = WORKLISTS.write(
        connection,
        'SELECT side, record_id, key, finding, "check", workbook FROM wl_issued JOIN wl_files USING (province, commune)'
        " ORDER BY side, record_id",
        run,
    )
    connection.unregister("wl_files")
    return written, rows


def _batches(sizes: list[tuple[int, int, int]]) -> list[list[tuple[int, int]]]:
    """Units in order, parted so that a batch has about ROWS_A_BATCH rows."""
    batches: list[list[tuple[int, int]]] = [[]]
    rows = 0
    for province, commune, count in sizes:
        if batches[-1] and rows + count > ROWS_A_BATCH:
            batches.append([])
            rows = 0
        batches[-1].append((province, commune))
        rows += count
    return batches if batches[0] else []


def _sheets_of(
    connection: duckdb.DuckDBPyConnection, layout: _Layout, codes: Codes
) -> list[tuple[tuple[int, int], list[WorkbookSheet]]]:
    """The sheets of each unit of a batch: one an outcome, more where the rows exceed a sheet."""
    above = 2
    number = f"(n - 1) % {MOST_ROWS} + {above + 2}"
    cells = [("n", str(COUNT)), *((quote(name), str(TEXT)) for name, _, _ in BOOK_FIELDS)]
    for field in layout.fields:
        style = f"CASE WHEN {quote(field + '_differs')} THEN {DIFFERS} ELSE {TEXT} END"
        cells += [(quote(field + "_l"), style), (quote(field + "_r"), style)]
    cells += [(name, str(TEXT)) for name in ("counterpart", "other_differences", "related", "act_text")]
    cells += [("NULL", str(ENTRY)), ("NULL", str(ENTRY_DATE)), ("NULL", str(ENTRY)), ("NULL", str(ENTRY)), ("key", str(TEXT))]
    names = ("", *layout.locked)
    lines = lines_sql([(quote(name), column.width) for name, column in zip(names, layout.columns, strict=False) if name])
    found = connection.execute(
        f"""SELECT province, commune, finding, (n - 1) // {MOST_ROWS} AS part,
            string_agg({row_sql(cells, "row_at", lines)}, '' ORDER BY n) AS xml, count(*) AS listed
        FROM (SELECT *, ({number})::VARCHAR AS row_at FROM wl_batch)
        GROUP BY ALL ORDER BY province, commune, min(outcome), part"""
    ).fetchall()
    units = []
    for unit, group in groupby(found, key=lambda row: (row[0], row[1])):
        sheets: list[WorkbookSheet] = []
        for _, _, finding, _, xml, count in group:
            outcome = codes.outcomes[finding]
            name = sheet_name(f"{outcome.code} {outcome.label}", [sheet.name for sheet in sheets])
            sheets.append(
                WorkbookSheet(name, layout.columns, xml, count, (f"{outcome.code}. {outcome.label}", texts.WORKLIST_HOW))
            )
        units.append((unit, sheets))
    return units


def _unit_number(province: int, commune: int) -> int:
    """One number for a commune of a province, in the order of provinces and communes."""
    return province * 1_000_000 + commune


def _guide(unit: tuple[int, int], counts: Mapping[str, int], old_units: list[str], codes: Codes, note: str) -> WorkbookSheet:
    """The first sheet: which unit, what was found, what to do."""
    province, commune = _names_of(*unit)
    above = [texts.WORKLIST_TITLE, texts.WORKLIST_UNIT.format(commune=commune, province=province)]
    above += [texts.WORKLIST_OLD_UNITS.format(old="; ".join(old_units))] if old_units else []
    above += [note] if note else []
    above.append(texts.WORKLIST_HOW)
    widths = (8, 60, 12, 42, 70)
    columns = tuple(Column(header, width) for header, width in zip(texts.GUIDE_COLUMNS, widths, strict=True))
    listed = [(codes.outcomes[finding], n) for finding, n in counts.items()]
    lines = []
    for at, (outcome, n) in enumerate(sorted(listed, key=lambda one: one[0].code), len(above) + 2):
        cells = [outcome.code, outcome.label, n, codes.verify[outcome.verify], codes.acts[outcome.act]]
        lines.append(row_xml(cells, at, widths=widths))
    return WorkbookSheet(texts.GUIDE_SHEET, columns, "".join(lines), len(lines), tuple(above))


def _lists(codes: Codes) -> WorkbookSheet:
    """The hidden sheet the drop-downs choose from."""
    rows = "".join(row_xml([result.label], at) for at, result in enumerate(codes.results.values(), 2))
    return WorkbookSheet(texts.LISTS_SHEET, (Column(texts.RESULTS, 40),), rows, len(codes.results), hidden=True)


def _names_of(province: int, commune: int) -> tuple[str, str]:
    """Vietnamese names of a province and a commune of today."""
    provinces, communes = unit_names()
    return provinces.get(province, texts.NO_PROVINCE), communes.get(commune, texts.NO_COMMUNE)


def _file_of(province: int, commune: int) -> str:
    """`08-tuyen-quang/00714-xa-....xlsx`; code 0 for a unit that is not known."""
    of_province, of_commune = (fold(name).replace(" ", "-") for name in _names_of(province, commune))
    return f"{province:02d}-{of_province}/{commune:05d}-{of_commune}.xlsx"

"""Returned work lists: every issued row is answered, untouched, refused with a reason, or missing."""

from __future__ import annotations

import hashlib
import re
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pyarrow as pa

from linkage.errors import LinkageError, SourceError
from linkage.reconcile import workbook_words as texts
from linkage.reconcile.codes import OutcomeCodes
from linkage.reconcile.spreadsheets import Column, WorkbookSheet, row_xml, write_workbook
from linkage.registers.page_rows import is_signature, is_total
from linkage.registers.workbooks import sheet_values
from linkage.runs.sql import connect
from linkage.runs.tables import VERIFICATIONS, WORKLISTS
from linkage.vietnamese import clean_text, parse_date
from linkage.words.offices import REFUSALS

if TYPE_CHECKING:
    import duckdb

REFUSED = "refused_rows.xlsx"
"""In the collected folder: what was refused or missed, with the reason, for those who sent it."""

_ANSWER = (texts.RESULT, texts.DONE_ON, texts.OFFICER, texts.REMARK)


@dataclass(frozen=True)
class Collected:
    """What came back. Issued rows of the returned workbooks = answered + untouched + refused (known rows) + not returned."""

    workbooks: int
    rows: int
    """Rows with any content below the headers."""
    answered: int
    untouched: int
    refused: int
    not_returned: int
    reasons: dict[str, int]
    """Reason → rows refused or missing, by the keys of `words.offices.REFUSALS`."""
    report: Path | None
    """The workbook of refused rows; None when there are none."""


@dataclass(frozen=True)
class _Row:
    workbook: str
    sheet: str
    at: int
    key: str
    record_id: str
    check: str
    answer: tuple[Any, ...]


def collect_worklists(run: Path, folder: Path, *, today: date) -> Collected:
    """Read every .xlsx under `folder`, refuse bad rows with their reasons, and bring the run's verifications up to date.

    `today` bounds the dates of verification. A workbook may have any name; rows are known by their key. Collecting the same
    workbooks again changes nothing. A refused row leaves an earlier answer as it was.

    Raises:
        LinkageError: no work lists were issued from this run, or the folder has no workbook.
    """
    if not WORKLISTS.is_in(run):
        raise LinkageError(f"no work lists were issued from {run}", "Write them first: `linkage reconcile RUN --worklists DIR`.")
    paths = sorted(path for path in folder.rglob("*.xlsx") if not path.name.startswith((".", "~$")) and path.name != REFUSED)
    if not paths:
        raise LinkageError(f"{folder} holds no workbook (.xlsx)", "Give the folder the communes' workbooks were returned to.")
    held = OutcomeCodes.of_run(run).codes
    by_label = {result.label: (name, result.status) for name, result in held.results.items()}
    with connect() as connection:
        issued = _issued(connection, run)
        refused: list[tuple[str, str, int | None, str, str]] = []
        rows: list[_Row] = []
        for path in paths:
            name = path.relative_to(folder).as_posix()
            found = _read(path, name)
            if isinstance(found, str):
                refused.append((name, "", None, "", found))
            else:
                rows += found
        answers, touched = _judge(rows, issued, by_label, today, refused)
        returned = {issued[row.key][3] for row in rows if row.key in issued}
        seen = {row.key for row in rows}
        lost = [key for key, one in issued.items() if one[3] in returned and key not in seen]
        refused += [(issued[key][3], "", None, issued[key][1], "not_returned") for key in lost]
        _keep(connection, run, answers)
    reasons = Counter(reason for *_, reason in refused)
    report = _write_refused(folder / REFUSED, refused) if refused else None
    if report is None:
        (folder / REFUSED).unlink(missing_ok=True)
    return Collected(
        workbooks=len(paths),
        rows=len(rows),
        answered=len(answers),
        untouched=len(rows) - touched,
        refused=len(refused) - len(lost),
        not_returned=len(lost),
        reasons=dict(sorted(reasons.items())),
        report=report,
    )


def _issued(connection: duckdb.DuckDBPyConnection, run: Path) -> dict[str, tuple[str, str, str, str]]:
    """Key → side, record id, check of the locked cells, workbook."""
    rows = connection.execute(f'SELECT key, side, record_id, "check", workbook FROM {WORKLISTS.scan(run)}').fetchall()
    return {row[0]: (row[1], row[2], row[3], row[4]) for row in rows}


def _read(path: Path, name: str) -> list[_Row] | str:
    """The rows of a workbook's lists, or the reason why it has none."""
    try:
        sheets = sheet_values(path, name)
    except (SourceError, OSError):
        return "not_a_workbook"
    rows: list[_Row] = []
    lists = 0
    for sheet, cells in sheets:
        header = next((at for at, line in enumerate(cells) if texts.KEY in line and texts.RESULT in line), None)
        if header is not None:
            lists += 1
            rows += _rows_of(name, sheet, cells, header)
    return rows if lists else "no_worklist"


def _rows_of(name: str, sheet: str, cells: list[list[Any]], header: int) -> Iterator[_Row]:
    titles = [str(cell) for cell in cells[header]]
    answer_at = [titles.index(title) if title in titles else None for title in _ANSWER]
    key_at, first = titles.index(texts.KEY), titles.index(texts.RESULT)
    record_at = titles.index(texts.RECORD_ID) if texts.RECORD_ID in titles else None
    for at, line in enumerate(cells[header + 1 :], header + 2):
        if not any(str(cell).strip() for cell in line[1:]):
            continue
        key = clean_text(str(line[key_at]))
        if not key and any(is_signature(str(cell)) or is_total(str(cell)) for cell in line):
            continue
        locked = chr(31).join(_as_issued(str(cell)) for cell in line[1:first])
        check = hashlib.md5(locked.encode(), usedforsecurity=False).hexdigest()
        answer = tuple(line[place] if place is not None else "" for place in answer_at)
        record_id = str(line[record_at]) if record_at is not None else ""
        yield _Row(name, sheet, at, key, record_id, check, answer)


def _as_issued(text: str) -> str:
    """A cell's text with the escape undone that readers leave standing (`_x005F_x000D_` is the text `_x000D_`)."""
    return re.sub("_x005F_(x[0-9A-Fa-f]{4}_)", r"_\1", text)


def _judge(
    rows: list[_Row],
    issued: dict[str, tuple[str, str, str, str]],
    by_label: dict[str, tuple[str, str]],
    today: date,
    refused: list[tuple[str, str, int | None, str, str]],
) -> tuple[list[tuple[Any, ...]], int]:
    """Answers that can be taken, and the number of rows that were not left untouched; refused rows are added to the list."""
    given: dict[str, set[tuple[Any, ...]]] = {}
    for row in rows:
        given.setdefault(row.key, set()).add(tuple(str(one).strip() for one in row.answer))
    answers: dict[str, tuple[Any, ...]] = {}
    touched = 0
    for row in rows:
        reason, answer = _take(row, issued, by_label, today)
        if reason is None and answer is not None and len(given[row.key]) > 1:
            reason = "twice"
        if reason is not None:
            refused.append((row.workbook, row.sheet, row.at, row.record_id, reason))
        elif answer is not None:
            answers[row.key] = answer
        touched += reason is not None or answer is not None
    return list(answers.values()), touched


def _take(
    row: _Row, issued: dict[str, tuple[str, str, str, str]], by_label: dict[str, tuple[str, str]], today: date
) -> tuple[str | None, tuple[Any, ...] | None]:
    """(why the row is refused, None), (None, its answer), or (None, None) for a row nobody has filled in."""
    if row.key not in issued:
        return "unknown_key", None
    side, record_id, check, workbook = issued[row.key]
    if row.check != check:
        return "locked_changed", None
    result, day, officer, remark = row.answer
    result, officer, remark = (clean_text(str(one)) for one in (result, officer, remark))
    if not result:
        return ("no_result" if str(day).strip() or officer or remark else None), None
    if result not in by_label:
        return "unknown_result", None
    if not str(day).strip():
        return "no_date", None
    verified_on = _date_of(day)
    if verified_on is None:
        return "bad_date", None
    if verified_on > today:
        return "future_date", None
    if not officer:
        return "no_officer", None
    name, status = by_label[result]
    return None, (side, record_id, name, status, verified_on, officer, remark or None, workbook)


def _date_of(value: Any) -> date | None:
    if isinstance(value, datetime):
        return value.date()
    return value if isinstance(value, date) else parse_date(str(value)).date


_COLUMNS = pa.schema(
    [
        ("side", pa.string()), ("record_id", pa.string()), ("result", pa.string()), ("status", pa.string()),
        ("verified_on", pa.date32()), ("officer", pa.string()), ("remark", pa.string()), ("workbook", pa.string()),
    ]
)  # fmt: skip


def _keep(connection: duckdb.DuckDBPyConnection, run: Path, answers: list[tuple[Any, ...]]) -> None:
    """New answers replace earlier ones of the same record; the file is replaced whole."""
    columns = list(zip(*answers, strict=True)) if answers else [()] * len(_COLUMNS)
    arrays = [pa.array(column, field.type) for column, field in zip(columns, _COLUMNS, strict=True)]
    connection.register("wl_answers", pa.Table.from_arrays(arrays, schema=_COLUMNS))
    query = "SELECT * FROM wl_answers"
    if VERIFICATIONS.is_in(run):
        query += f" UNION ALL SELECT e.* FROM {VERIFICATIONS.scan(run)} e ANTI JOIN wl_answers USING (side, record_id)"
    VERIFICATIONS.write(connection, f"SELECT * FROM ({query}) ORDER BY side, record_id", run)
    connection.unregister("wl_answers")


def _write_refused(path: Path, refused: list[tuple[str, str, int | None, str, str]]) -> Path:
    columns = tuple(Column(header, width) for header, width in zip(texts.REFUSED_COLUMNS, (40, 30, 8, 24, 60), strict=True))
    rows = "".join(
        row_xml([file, sheet, at, record_id, REFUSALS[reason].vi], number)
        for number, (file, sheet, at, record_id, reason) in enumerate(refused, 3)
    )
    write_workbook(
        path, [WorkbookSheet(texts.REFUSED_SHEET, columns, rows, len(refused), (texts.REFUSED_TITLE,), protected=False)]
    )
    return path

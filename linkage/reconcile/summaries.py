"""Counts of outcomes and of their verification, by province, commune, register, period and outcome."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from linkage.errors import LinkageError
from linkage.reconcile import workbook_words as texts
from linkage.reconcile.codes import OutcomeCodes
from linkage.reconcile.spreadsheets import Column, WorkbookSheet, row_xml, write_workbook
from linkage.reconcile.units import locate_records, unit_names
from linkage.runs.sql import connect, quote, quote_list
from linkage.runs.tables import OUTCOMES, VERIFICATIONS
from linkage.words.language import begun
from linkage.words.registers import role_word

BREAKDOWNS = ("side", "province", "commune", "role", "period", "finding")
"""What counts can be broken down by; `role` is whom the register's entries were unfolded to (child, deceased, …)."""


@dataclass(frozen=True)
class SummaryRow:
    """A cell of the summary. `unit` holds the values of the asked breakdowns, in their order (None: not known)."""

    unit: tuple[str | int | None, ...]
    records: int
    to_verify: int
    """Records with something to do."""
    verified: int
    """Records for which an answer was collected."""
    by_status: dict[str, int]


def summarise_outcomes(run: Path, by: tuple[str, ...] = BREAKDOWNS) -> list[SummaryRow]:
    """Counts of every mention and every person without one, broken down; sums of `records` are the same whatever `by`.

    Raises:
        LinkageError: the run has no outcomes, or a breakdown does not exist.
    """
    unknown = [name for name in by if name not in BREAKDOWNS]
    if unknown:
        raise LinkageError(f"there is no breakdown by {', '.join(unknown)}", f"There are: {', '.join(BREAKDOWNS)}.")
    outcomes = OUTCOMES.scan(run)
    answered = "(SELECT NULL::VARCHAR AS side, NULL::VARCHAR AS record_id, NULL::VARCHAR AS status WHERE false)"
    if VERIFICATIONS.is_in(run):
        answered = VERIFICATIONS.scan(run)
    chosen = quote_list(by) if by else "''"
    with connect() as connection:
        locate_records(connection, run)
        rows = connection.execute(
            f"""WITH standing AS (
                SELECT o.side, u.province, u.commune, u.role, u.period, o.finding, o.act <> 'none' AS to_verify,
                    v.status IS NOT NULL AS verified, coalesce(v.status, o.status) AS status
                FROM {outcomes} o JOIN rc_units u USING (side, record_id) LEFT JOIN {answered} v USING (side, record_id)
            ), counted AS (
                SELECT {chosen}, status, count(*) AS n, count(*) FILTER (to_verify) AS to_do, count(*) FILTER (verified) AS done
                FROM standing GROUP BY ALL)
            SELECT [{", ".join(f"{quote(name)}::VARCHAR" for name in by)}] AS unit, sum(n)::BIGINT,
                sum(to_do)::BIGINT, sum(done)::BIGINT, map_from_entries(list((status, n) ORDER BY status))
            FROM counted GROUP BY ALL ORDER BY unit"""
        ).fetchall()
    return [SummaryRow(_typed(unit, by), n, to_do, done, dict(statuses)) for unit, n, to_do, done, statuses in rows]


def _typed(unit: list[str | None], by: tuple[str, ...]) -> tuple[str | int | None, ...]:
    return tuple(
        int(value) if value is not None and name in ("province", "commune") else value
        for name, value in zip(by, unit, strict=True)
    )


def write_summary(run: Path, path: Path, *, note: str = "", register: str | None = None) -> None:
    """The summary as a workbook: by outcome, by province, by commune, by role and period; one total in each.

    `register` is the kind of register on the left, which tells what a role is called.
    """
    held = OutcomeCodes.of_run(run).codes
    provinces, communes = unit_names()
    wanted = (("finding",), ("province", "finding"), ("province", "commune", "finding"), ("role", "period", "finding"))
    labels = {name: f"{one.code} {one.label}" for name, one in held.outcomes.items()}
    sheets = []
    for title, by in zip(texts.SUMMARY_SHEETS, wanted, strict=True):
        rows = summarise_outcomes(run, by)
        widths = [60 if name == "finding" else 34 if name in ("province", "commune") else 14 for name in by]
        columns = [Column(texts.SUMMARY_OF[name], width) for name, width in zip(by, widths, strict=True)]
        columns += [Column(header, 14) for header in (*texts.SUMMARY_COUNTS, *held.status.values())]
        lines: list[list[object]] = []
        for row in rows:
            named = []
            for name, value in zip(by, row.unit, strict=True):
                if name == "finding":
                    named.append(labels[str(value)])
                elif name == "province":
                    named.append(provinces.get(int(value), str(value)) if value is not None else texts.NO_PROVINCE)
                elif name == "commune":
                    named.append(communes.get(int(value), str(value)) if value is not None else texts.NO_COMMUNE)
                else:
                    named.append(begun(role_word(str(value), "vi", register)) if name == "role" else str(value))
            lines.append(
                [*named, row.records, row.to_verify, row.verified, *(row.by_status.get(status, 0) for status in held.status)]
            )
        lines.sort(key=lambda line: [str(cell) for cell in line[: len(by)]])
        totals = [sum(int(str(line[place])) for line in lines) for place in range(len(by), len(columns))]
        lines.append([texts.TOTAL, *[None] * (len(by) - 1), *totals])
        above = (texts.SUMMARY_TITLE, *([note] if note else []))
        all_widths = [column.width for column in columns]
        xml = "".join(row_xml(line, at, widths=all_widths) for at, line in enumerate(lines, len(above) + 2))
        sheets.append(WorkbookSheet(title, tuple(columns), xml, len(lines), above, protected=False))
    write_workbook(path, sheets)

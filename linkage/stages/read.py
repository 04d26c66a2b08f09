"""read: sources become mentions and persons as they say them, and a quarantine of rows that cannot be used."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Any

from linkage.runs.directory import Counts
from linkage.runs.exchange import scan_files
from linkage.runs.progress import Progress
from linkage.runs.shapes import SideChecked
from linkage.runs.sql import at_once
from linkage.runs.tables import CHECKS, QUARANTINE, RAW_MENTIONS, RAW_PERSONS
from linkage.stages.stage import Stage, Work

if TYPE_CHECKING:
    from pathlib import Path

    import duckdb

    from linkage.config import SideSpec
    from linkage.runs.exchange import ParquetTable

SHOWN = 20
"""Headers whose rows are listed among the counts."""


def read(work: Work) -> Counts:
    """Read each side; rows in file = titles, headers and blank rows + used + quarantined, or the run ends."""
    sides = [
        (name, table, side)
        for name, table, side in (("left", RAW_MENTIONS, work.spec.left), ("right", RAW_PERSONS, work.spec.right))
        if side
    ]
    set_aside = [work.folder / f".quarantine_{name}" for name, _, _ in sides]
    with work.connect() as connection:
        read_sides = [partial(_read_side, work, *side, apart) for side, apart in zip(sides, set_aside, strict=True)]
        found = at_once(connection, read_sides)
        QUARANTINE.write(connection, f"SELECT * FROM {scan_files(set_aside)} ORDER BY ALL", work.folder)
    for path in set_aside:
        path.unlink()
    CHECKS.write(work.folder, {"sides": {name: checked for (name, _, _), (checked, _) in zip(sides, found, strict=True)}})
    return {name: count for _, counts in found for name, count in counts.items()}


def _read_side(
    work: Work, name: str, table: ParquetTable, side: SideSpec, set_aside: Path, connection: duckdb.DuckDBPyConnection
) -> tuple[SideChecked, Counts]:
    from linkage.registers.legacy_books import decode_legacy_books
    from linkage.registers.side_reading import read_side

    target = table.path(work.folder)
    report = read_side(
        connection,
        side,
        base=work.project.folder,
        data=work.data,
        target=target,
        quarantine=set_aside,
        name=name,
        progress=partial(_tell_rows, work.progress, side.source.path or side.source.table or "query"),
    )
    counts: dict[str, int | float | str] = {}
    if side.source.encoding is None:
        books, entries = decode_legacy_books(connection, target, report.mapping.mention_fields)
        counts |= {f"{name}_books_decoded": books, f"{name}_rows_decoded": entries} if books else {}
    counts |= {f"{name}_rule_{one.rule}": one.rows for one in report.checks}
    counts |= {f"{name}_null_words_{field}": rows for field, rows in report.null_words.items()}
    counts |= {
        f"{name}_rows_in_file": report.rows_in_file,
        f"{name}_title_rows": report.title_rows,
        f"{name}_header_rows": len(report.header_rows),
        f"{name}_headers_at": _listed(report.header_rows),
        f"{name}_rows_blank": report.rows_blank,
        f"{name}_rows_in": report.rows_in,
        f"{name}_rows_used": report.rows_used,
        f"{name}_rows_quarantined": report.rows_quarantined,
    }
    rules: Any = [
        {"rule": one.rule, "severity": one.severity, "rows": one.rows, "first": list(one.sample)} for one in report.checks
    ]
    return {"rules": rules, "null_words": dict(report.null_words)}, counts


def _listed(rows: tuple[tuple[str, int], ...]) -> str:
    """Which row of which file or sheet: the first of them."""
    shown = ", ".join(f"{source}: {row}" for source, row in rows[:SHOWN])
    return shown + (", …" if len(rows) > SHOWN else "")


def _tell_rows(progress: Progress, source: str, rows: int) -> None:
    progress(f"reading {source}", rows, 0)


STAGE = Stage(
    read,
    writes=(RAW_MENTIONS, RAW_PERSONS, QUARANTINE, CHECKS),
    reads=(),
    config=lambda spec: [spec.left, spec.right],
)

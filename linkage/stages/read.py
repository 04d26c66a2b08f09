"""read: sources become mentions and persons as they say them, and a quarantine of rows that cannot be used."""

from __future__ import annotations

from collections.abc import Mapping
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

from linkage.runs.directory import Counts
from linkage.runs.exchange import scan_file, scan_files
from linkage.runs.progress import Progress
from linkage.runs.shapes import SideChecked
from linkage.runs.sql import at_once, literal
from linkage.runs.tables import CHECKS, QUARANTINE, RAW_MENTIONS, RAW_PERSONS
from linkage.stages.stage import Stage, Work

if TYPE_CHECKING:
    import duckdb

    from linkage.config import SideSpec

SHOWN = 20
"""Headers whose rows are listed among the counts."""


def read(work: Work) -> Counts:
    """Read each side; rows in file = titles, headers and blank rows + used + quarantined, or the run ends.

    Several tables become one, ordered by name and record id, with the name of each before its record ids.
    """
    places = {"left": RAW_MENTIONS.path(work.folder), "right": RAW_PERSONS.path(work.folder)}
    tables = {name: work.folder / f".raw_{name}" for name in work.spec.tables or ()}
    set_aside = {name: work.folder / f".quarantine_{name}" for name in work.spec.sides}
    with work.connect() as connection:
        read_sides = [
            partial(_read_side, work, name, side, tables.get(name) or places[name], set_aside[name])
            for name, side in work.spec.sides.items()
        ]
        found = dict(zip(work.spec.sides, at_once(connection, read_sides), strict=True))
        if tables:
            RAW_MENTIONS.write(connection, one_table_of(tables), work.folder)
        QUARANTINE.write(connection, f"SELECT * FROM {scan_files(list(set_aside.values()))} ORDER BY ALL", work.folder)
    for path in (*set_aside.values(), *tables.values()):
        path.unlink()
    CHECKS.write(work.folder, {"sides": {name: checked for name, (checked, _) in found.items()}})
    return {name: count for _, counts in found.values() for name, count in counts.items()}


def _read_side(
    work: Work, name: str, side: SideSpec, target: Path, set_aside: Path, connection: duckdb.DuckDBPyConnection
) -> tuple[SideChecked, Counts]:
    from linkage.registers.legacy_books import decode_legacy_books
    from linkage.registers.side_reading import read_side

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


def one_table_of(tables: Mapping[str, Path]) -> str:
    """SQL of the raw tables as one, with new ids: the names' and then the record ids' order, whatever theirs is in the file."""
    named = " UNION ALL BY NAME ".join(
        f"SELECT {literal(name)} AS table_name, {literal(name + ':')} || record_id AS record_id, * EXCLUDE (id, record_id)"
        f" FROM {scan_file(path)}"
        for name, path in sorted(tables.items())
    )
    numbered = "row_number() OVER (ORDER BY table_name, record_id)::INTEGER AS id"
    return f"SELECT {numbered}, * FROM ({named}) ORDER BY id"


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
    config=lambda spec: spec.sides,
)

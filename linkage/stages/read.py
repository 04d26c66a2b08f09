"""read: sources become mentions and persons as they say them, and a quarantine of rows that cannot be used."""

from __future__ import annotations

from functools import partial

from linkage.errors import LinkageError
from linkage.runs.directory import Counts
from linkage.runs.progress import Progress
from linkage.runs.sql import scan_parquet
from linkage.runs.tables import QUARANTINE, RAW_MENTIONS, RAW_PERSONS
from linkage.stages.stage import Stage, Work


def read(work: Work) -> Counts:
    """Read each side; rows in = used + quarantined, or the run ends."""
    from linkage.registers.legacy_books import decode_legacy_books
    from linkage.registers.side_reading import read_side

    counts: dict[str, int | float | str] = {}
    sides = (("left", RAW_MENTIONS, work.spec.left), ("right", RAW_PERSONS, work.spec.right))
    set_aside = []
    with work.connect() as connection:
        for name, table, side in sides:
            if side is None:
                continue
            target = table.path(work.folder)
            set_aside.append(work.folder / f".quarantine_{name}")
            report = read_side(
                connection,
                side,
                base=work.project.folder,
                data=work.data,
                target=target,
                quarantine=set_aside[-1],
                name=name,
                progress=partial(_tell_rows, work.progress, side.source.path or side.source.table or "query"),
            )
            if report.rows_in != report.rows_used + report.rows_quarantined:
                raise LinkageError(
                    f"{name}: {report.rows_in} rows came in, {report.rows_used} are used and {report.rows_quarantined} set aside",
                    "Rows were lost: this is a fault of linkage, please report it.",
                )
            if side.source.encoding is None:
                books, entries = decode_legacy_books(connection, target, report.mapping.mention_fields)
                counts |= {f"{name}_books_decoded": books, f"{name}_rows_decoded": entries} if books else {}
            counts |= {
                f"{name}_rows_in": report.rows_in,
                f"{name}_rows_used": report.rows_used,
                f"{name}_rows_quarantined": report.rows_quarantined,
            }
        QUARANTINE.write(connection, f"SELECT * FROM {scan_parquet(*set_aside)} ORDER BY ALL", work.folder)
    for path in set_aside:
        path.unlink()
    return counts


def _tell_rows(progress: Progress, source: str, rows: int) -> None:
    progress(f"reading {source}", rows, 0)


STAGE = Stage(
    read,
    writes=(RAW_MENTIONS, RAW_PERSONS, QUARANTINE),
    reads=(),
    config=lambda spec: [spec.left, spec.right],
)

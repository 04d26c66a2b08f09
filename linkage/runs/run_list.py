"""The catalogue: the runs below a folder, read from their run.json by DuckDB."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import duckdb

from linkage.runs.sql import connect
from linkage.runs.tables import RUN

LIST_RUNS = """
    SELECT run_id, project, finished_at, seconds, config_hash, seed, filename,
           json_extract_string(stages, '$.decide.counts.links') AS links,
           json_keys(stages) AS stages
    FROM read_json(?, filename = true, union_by_name = true, maximum_object_size = 33554432,
                   columns = {run_id: 'VARCHAR', project: 'VARCHAR', finished_at: 'VARCHAR', seconds: 'DOUBLE',
                              config_hash: 'VARCHAR', seed: 'BIGINT', stages: 'JSON'})
    ORDER BY finished_at DESC, run_id
"""

UNREADABLE: dict[str, Any] = {
    "run_id": "(run.json cannot be read)",
    "project": None,
    "finished_at": None,
    "seconds": 0.0,
    "config_hash": None,
    "seed": None,
    "links": None,
    "stages": [],
}


def list_runs(folder: Path) -> list[dict[str, Any]]:
    """One dictionary a run, newest first: run_id, project, finished_at, seconds, links, stages, folder.

    A run.json that cannot be read is listed last, as such.
    """
    files = sorted(folder.rglob(RUN.file))
    with connect() as connection:
        damaged = [file for file in files if not _can_be_read(connection, file)]
        sound = [str(file) for file in files if file not in damaged]
        rows = []
        if sound:
            cursor = connection.execute(LIST_RUNS, [sound])
            names = [column[0] for column in cursor.description or ()]
            rows = [dict(zip(names, row, strict=True)) for row in cursor.fetchall()]
    listed = [{**row, "folder": str(Path(row.pop("filename")).parent)} for row in rows]
    return listed + [{**UNREADABLE, "folder": str(file.parent)} for file in damaged]


def _can_be_read(connection: duckdb.DuckDBPyConnection, file: Path) -> bool:
    try:
        return bool(connection.execute(LIST_RUNS, [[str(file)]]).fetchall()[0][0])
    except (duckdb.Error, IndexError):
        return False

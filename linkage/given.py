"""A project and its tables given as Python objects, written as the files that a run is made from.

A run must find its project file and its rows again, to resume, to decide and to be compared. So what is given in memory is kept
under runs/given/, readable by its owner only, in a folder named by the project and a hash of the content: the same objects give
the same files, other objects never replace them.
"""

from __future__ import annotations

import hashlib
import json
import re
import shutil
import tempfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from linkage.config import ProjectSpec, load_project
from linkage.config.local_paths import is_elsewhere
from linkage.config.yaml_files import parse_yaml, plain, read_text
from linkage.errors import LinkageError, ProjectFileError
from linkage.replacing import RUNS

SIDES = ("left", "right")


def written(project: str | Path | Mapping[str, Any] | ProjectSpec, tables: Mapping[str, Any]) -> Path:
    """The project file of a project in memory, or on disk, with the tables of its sides in memory, or on disk.

    `tables` maps `left` and `right` to a path or to whatever offers its rows as an Arrow stream: a DataFrame of pandas (2.2 on)
    or polars, an Arrow table or reader, a DuckDB relation.

    Raises:
        ProjectFileError: the project has no such side, or what is given is no project.
        LinkageError: what is given as a table has no Arrow stream.
    """
    said, base = _said(project)
    if unknown := sorted(set(tables) - {side for side in SIDES if side in said or "extends" in said}):
        raise ProjectFileError(f"data for {', '.join(unknown)}, which the project does not have", "Give `left` and `right`.")
    folder = RUNS.absolute() / "given"
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    place = Path(tempfile.mkdtemp(prefix=".", dir=folder))
    try:
        for side in SIDES:
            source = dict(dict(said.get(side) or {}).get("source") or {})
            if side in tables and isinstance(tables[side], (str, Path)):
                source = {key: value for key, value in source.items() if key != "format"}  # the new file's own extension says it
                source["path"] = str(Path(tables[side]).absolute())
            elif side in tables:
                _write(tables[side], side, place / side)
                source = {"path": side, "format": "parquet"}
            elif source.get("path") and not is_elsewhere(source["path"]) and "{data}" not in source["path"]:
                source["path"] = str(base / source["path"])
            if source:
                said[side] = dict(said.get(side) or {}) | {"source": source}
        (place / "project.yaml").write_text(json.dumps(said, ensure_ascii=False, indent=1, default=str), encoding="utf-8")
        content = hashlib.sha256()
        for path in sorted(place.iterdir()):
            path.chmod(0o600)
            with path.open("rb") as file:
                content.update(hashlib.file_digest(file, "sha256").digest())
        name = re.sub(r"[^a-z0-9-]", "", str(said.get("project", ""))) or "project"
        kept = folder / f"{name}-{content.hexdigest()[:12]}"
        if not kept.is_dir():
            place.rename(kept)
    finally:
        shutil.rmtree(place, ignore_errors=True)
    return kept / "project.yaml"


def _said(project: str | Path | Mapping[str, Any] | ProjectSpec) -> tuple[dict[str, Any], Path]:
    """What a project says, with the paths it names but for its sources' made whole; and what those start from."""
    base = Path().absolute()
    if isinstance(project, ProjectSpec):
        said = project.model_dump(mode="json", by_alias=True, exclude_unset=True)
    elif isinstance(project, Mapping):
        said = dict(project)
    else:
        path = Path(project)
        load_project(path)  # a fault is told where it stands
        said, base = plain(parse_yaml(read_text(path), path)), path.absolute().parent
    if "extends" in said:
        said["extends"] = str(base / said["extends"])
    outcomes = dict(said.get("reconcile") or {}).get("outcomes")
    if outcomes:
        said["reconcile"] = dict(said["reconcile"]) | {"outcomes": str(base / outcomes)}
    return said, base


def _write(table: Any, side: str, path: Path) -> None:
    import pyarrow as pa
    import pyarrow.parquet as pq

    if not hasattr(table, "__arrow_c_stream__"):
        raise LinkageError(
            f"data[{side!r}] is a {type(table).__name__}, which has no Arrow stream",
            "Give a path, a DataFrame of pandas (2.2 on) or polars, an Arrow table, or a DuckDB relation.",
        )
    with pa.RecordBatchReader.from_stream(table) as reader, pq.ParquetWriter(path, reader.schema) as writer:
        for batch in reader:
            writer.write_batch(batch)

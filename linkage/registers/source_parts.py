"""From what a project file says of a source to its parts."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

from linkage.errors import ProjectFileError, SourceError
from linkage.registers.delimited import open_delimited

if TYPE_CHECKING:
    from pathlib import Path

    from linkage.config.sources import SourceSpec
    from linkage.registers.parts import Recogniser, SourcePart

FORMATS = {
    ".csv": "csv",
    ".tsv": "csv",
    ".txt": "csv",
    ".xlsx": "excel",
    ".xlsm": "excel",
    ".xls": "excel",
    ".parquet": "parquet",
    ".jsonl": "jsonl",
    ".ndjson": "jsonl",
    ".json": "jsonl",
    ".sqlite": "sqlite",
    ".sqlite3": "sqlite",
    ".db": "sqlite",
}
NAMES = {
    "excel": "an Excel workbook",
    "parquet": "a Parquet file",
    "sqlite": "a SQLite database",
    "web": "a web page",
    "zip": "a zip archive",
}


def resolve(path: str, base: Path, data: Path | None) -> Path:
    """The file or folder a project file names: `{data}` stands for the folder given with `--data`."""
    if "{data}" in path:
        if data is None:
            raise ProjectFileError(f"`{path}` needs the folder that stands for {{data}}.", "Give it with `--data FOLDER`.")
        path = path.replace("{data}", str(data))
    return base / path


def state_of(spec: SourceSpec) -> str:
    """What tells whether a server's table has changed; nothing of files, whose content tells it."""
    if spec.url is None:
        return ""
    from linkage.registers.databases import postgres_state

    return postgres_state(spec)


def open_parts(
    spec: SourceSpec, base: Path, data: Path | None, recognise: Recogniser, *, every_sheet: bool = True
) -> list[SourcePart]:
    """Every part of the source, headers read and rows not yet; `every_sheet`: a visible one without headers is a fault.

    Raises:
        ProjectFileError: `{data}` without `--data`.
        SourceError: nothing there, not allowed to read, not the declared format, empty, or no header row.
    """
    if spec.url is not None:
        from linkage.registers.databases import open_postgres

        return [open_postgres(spec)]
    assert spec.path is not None
    path = resolve(spec.path, base, data)
    if path.is_dir():
        files, notes = _files_of(path, spec)
        parts = [
            part for file in files for part in _open_file(file, file.relative_to(path).as_posix(), spec, recognise, every_sheet)
        ]
        if notes and parts:
            parts[0].detected["left out"] = ", ".join(notes)
    else:
        parts = _open_file(path, path.name, spec, recognise, every_sheet)
    if not parts:
        raise SourceError(f"{path.name}: nothing to read was found.", "Check `source` in the project file.")
    return parts


def _files_of(folder: Path, spec: SourceSpec) -> tuple[list[Path], list[str]]:
    """The folder's files of the register, sorted by name, and the names of those left out."""
    found = sorted(file for file in folder.rglob("*") if file.is_file())
    # ~$name.xlsx and .~lock are what office programs leave beside an open file
    mine = [file for file in found if not file.name.startswith(("~$", "."))]
    kept = [
        file for file in mine if FORMATS.get(file.suffix.lower()) in ({spec.format} if spec.format else set(FORMATS.values()))
    ]
    if not kept:
        known = ", ".join(sorted(FORMATS))
        raise SourceError(f"{folder.name}: the folder holds no file of a format that can be read.", f"Known: {known}.")
    return kept, [file.relative_to(folder).as_posix() for file in mine if file not in kept]


def _open_file(path: Path, label: str, spec: SourceSpec, recognise: Recogniser, every_sheet: bool) -> list[SourcePart]:
    if not path.exists():
        pattern = " A pattern is not read: name the folder, and every file in it is." if set("*?[{") & set(label) else ""
        raise SourceError(f"{label}: there is no such file or folder.", f"It was looked for in {path.parent}.{pattern}")
    if not os.access(path, os.R_OK):
        raise SourceError(f"{label}: you may not read this file.", "Ask its owner for permission to read it.")
    if path.stat().st_size == 0:
        raise SourceError(f"{label}: the file is empty.", "Export the register again, with its header row.")
    wanted = spec.format or FORMATS.get(path.suffix.lower())
    if wanted is None:
        raise SourceError(f"{label}: the format cannot be told from the name.", "Say it under `source`: `format: csv`, `excel` …")
    _refuse_disguise(path, label, wanted)
    if wanted == "csv":
        return [open_delimited(path, label, spec, recognise)]
    if wanted == "parquet":
        from linkage.registers.columnar import open_parquet

        return [open_parquet(path, label, spec)]
    if wanted == "jsonl":
        from linkage.registers.columnar import open_json_lines

        return [open_json_lines(path, label, spec)]
    if wanted == "excel":
        from linkage.registers.workbooks import open_workbook

        return open_workbook(path, label, spec, recognise, every_sheet=every_sheet)
    from linkage.registers.databases import open_sqlite

    return [open_sqlite(path, label, spec)]


def _refuse_disguise(path: Path, label: str, wanted: str) -> None:
    """What the first bytes say the file is, against what it is called."""
    with path.open("rb") as file:
        start = file.read(512)
    text = start.lstrip(b"\xef\xbb\xbf \t\r\n").lower()
    really = None
    if text.startswith((b"<!doctype", b"<html", b"<table", b"<head", b"<?xml", b"<meta")):
        really = "web"
    elif start.startswith(b"PAR1"):
        really = "parquet"
    elif start.startswith(b"SQLite format 3\0"):
        really = "sqlite"
    elif start.startswith(b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"):
        really = "excel"
    elif start.startswith(b"PK\x03\x04"):
        really = "excel" if wanted == "excel" or b"[Content_Types].xml" in start or b"xl/" in start else "zip"
    if really == "web":
        raise SourceError(
            f"{label}: this is a web page (HTML or XML) under another name.",
            "Open it in Excel and save it as an .xlsx workbook, then name that file.",
        )
    if really and really != wanted:
        raise SourceError(f"{label}: this is {NAMES[really]}, not {wanted}.", "Correct `format` or the file's name.")
    if really is None and wanted in ("excel", "parquet", "sqlite"):
        raise SourceError(
            f"{label}: this is not {NAMES[wanted]}; it is damaged or another kind of file.", "Export the register again."
        )

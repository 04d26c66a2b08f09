"""Fingerprints: SHA-256 over a kind, a specification and the parents' fingerprints, 64 hexadecimal digits."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from functools import cache
from importlib.metadata import version
from pathlib import Path
from typing import Any

from linkage.config import SourceSpec


@cache
def library_version(library: str) -> str:
    """Which version of a library is installed; read for every stage anew, it took 0.1 s of a run."""
    return version(library)


def fingerprint(*parts: Any) -> str:
    """Of any JSON-able values."""
    return hashlib.sha256(json.dumps(parts, ensure_ascii=False, sort_keys=True, default=str).encode()).hexdigest()


def source_fingerprint(source: SourceSpec, path: Path | None, state: str = "") -> str:
    """Of a source's description and of what it holds.

    Of a file or a folder: the content of every file, and of what SQLite keeps beside one (`-wal`: committed rows that are not in
    the file yet; `-journal`: a change that is to be taken back). Of a server, which has no files here: the `state` it tells.
    """
    files = {} if path is None else {file.relative_to(path).as_posix(): file for file in path.rglob("*")} or _with_logs(path)
    contents: Mapping[str, str] = {name: hash_file(file) for name, file in files.items() if file.is_file()}
    return fingerprint(source.model_dump(exclude={"path"}), contents, state)


def _with_logs(path: Path) -> dict[str, Path]:
    logs = (path.with_name(path.name + ending) for ending in ("-wal", "-journal"))
    return {path.name: path} | {log.name: log for log in logs if log.is_file() and log.stat().st_size}


def hash_file(path: Path) -> str:
    """SHA-256 of a file's content, 64 hexadecimal digits."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()

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


def source_fingerprint(source: SourceSpec, path: Path | None) -> str:
    """Of a source's description and, for a file or a folder, the content of every file.

    A database table has no content to hash: it is read once into a run directory, and a new run directory reads again.
    """
    files = {} if path is None else {file.relative_to(path).as_posix(): file for file in path.rglob("*")} or {path.name: path}
    contents: Mapping[str, str] = {name: hash_file(file) for name, file in files.items() if file.is_file()}
    return fingerprint(source.model_dump(exclude={"path"}), contents)


def hash_file(path: Path) -> str:
    """SHA-256 of a file's content, 64 hexadecimal digits."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()

"""The one way in for paths that people give: folders and files of this machine, as absolute paths."""

from __future__ import annotations

import os
import re
from pathlib import Path

from linkage.errors import ProjectFileError

ELSEWHERE = re.compile(r"^([A-Za-z][A-Za-z0-9+.-]+):/")
"""`s3://bucket/x`, and `s3:/bucket/x`, which is what a path makes of it; one letter is a drive of Windows."""

ANOTHER_STORE = "an address of another store: only folders and files of this machine are read and written"


def is_elsewhere(path: str | Path) -> bool:
    """Whether it is the address of another store than this machine's folders.

    >>> is_elsewhere("s3://registers/2025"), is_elsewhere("registers/s3"), is_elsewhere("C:/registers")
    (True, False, False)
    """
    return ELSEWHERE.match(os.fspath(path)) is not None


def local_path(path: str | Path, what: str) -> Path:
    """What was given as an absolute path: neither another working folder later nor another program reads it otherwise.

    `what` says in a message where it was given.

    Raises:
        ProjectFileError: it is the address of another store (`s3://`, `hdfs://`, `https://` …).

    >>> str(local_path("/srv/registers/../runs", "--out"))
    '/srv/registers/../runs'
    """
    if is_elsewhere(path):
        given = re.sub(r"^([^:/]+):/+", r"\1://", os.fspath(path))
        raise ProjectFileError(f"{what}: {given} is {ANOTHER_STORE}", remedy_for(path))
    return Path(path).absolute()


def remedy_for(path: str | Path) -> str:
    """What to do instead of giving such an address."""
    scheme = os.fspath(path).partition(":")[0].lower()
    if scheme in ("postgresql", "postgres"):
        return "Write a database's address as `url` under `source`, with `table` or `query`."
    if scheme in ("http", "https", "ftp"):
        return "Download the file first and name the copy."
    if scheme == "file":
        return "Write the path itself, without `file://`."
    return f"Copy it here first, or mount the store (`{scheme}`) as a folder of this machine, and name that folder."

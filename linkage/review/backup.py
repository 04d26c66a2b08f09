"""Backup while serving, restore, and moving a review to another machine."""

from __future__ import annotations

import os
import shutil
import sqlite3
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path

from filelock import FileLock, Timeout

from linkage.errors import ReviewError
from linkage.review.store import check_store_file, open_store, store_path


@contextmanager
def serving(run: Path) -> Iterator[None]:
    """Hold the run's review for a server; one at a time, and never while a restore replaces the store.

    Raises:
        ReviewError: when another server holds it.
    """
    folder = store_path(run).parent
    folder.mkdir(mode=0o700, exist_ok=True)
    lock = FileLock(folder / "server.lock", timeout=0, mode=0o600)
    try:
        lock.acquire()
    except Timeout:
        raise ReviewError(f"the review of {run} is being served already", "Stop that server first.") from None
    try:
        yield
    finally:
        lock.release()


def backup(run: Path, target: Path) -> None:
    """Copy the label store, as of one moment, to a new file readable by its owner only; a server may go on meanwhile.

    Raises:
        ReviewError: when the run has no review or the target exists.
    """
    store = open_store(run)
    partial = target.with_name(f".{target.name}.partial")
    try:
        if target.exists():
            raise ReviewError(f"{target} exists", "Give a new file name: a backup never replaces another.")
        partial.unlink(missing_ok=True)
        os.close(os.open(partial, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o600))
        store.connection.execute("VACUUM INTO ?", (str(partial),))
    finally:
        store.close()
    partial.rename(target)


def restore(run: Path, source: Path) -> None:
    """Put a backup in the place of the run's label store; the store it replaces stays beside it.

    It is then called `review.sqlite.before-restore`. Sessions in the backup have ended.

    Raises:
        ReviewError: when a server is running, or the file is damaged or not a label store.
    """
    if not source.is_file():
        raise ReviewError(f"{source} does not exist", "Give a file made by `linkage review backup`.")
    check_store_file(source)
    with serving(run):
        path = store_path(run)
        partial = path.with_name(f".{path.name}.partial")
        partial.unlink(missing_ok=True)
        os.close(os.open(partial, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o600))
        shutil.copyfile(source, partial)
        _refuse_damage(partial, source)
        if path.exists():
            # Everything still in the write-ahead log is brought into the file before it is moved aside.
            with closing(sqlite3.connect(path, timeout=15)) as connection:
                connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
            path.replace(path.with_name(f"{path.name}.before-restore"))
            for tail in ("-wal", "-shm"):
                path.with_name(path.name + tail).unlink(missing_ok=True)
        partial.rename(path)


def _refuse_damage(copy: Path, source: Path) -> None:
    try:
        with closing(sqlite3.connect(copy)) as connection:
            verdict = connection.execute("PRAGMA integrity_check").fetchone()[0]
            connection.execute("PRAGMA journal_mode = WAL")
            connection.execute("DELETE FROM session")
            connection.commit()
    except sqlite3.DatabaseError:
        verdict = "not a database"
    if verdict != "ok":
        copy.unlink()
        raise ReviewError(f"{source} is damaged", "Use an older backup.")

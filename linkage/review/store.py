"""The label store: one SQLite file in write-ahead mode, readable by its owner only. An older one is brought up to date."""

from __future__ import annotations

import os
import secrets
import sqlite3
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from weakref import WeakSet

from linkage.config import ReviewSpec
from linkage.errors import ReviewError
from linkage.runs.sql import quote

_APPLICATION_ID = 0x4C4B5256
_SCHEMA_VERSION = 3
_STEPS = {2: ("ALTER TABLE adjudication ADD COLUMN suggested TEXT",)}
"""What the tables of an older version need to be those of the next; triggers and views are made anew."""
_TABLES, _RULES = (Path(__file__).with_name(name) for name in ("schema.sql", "rules.sql"))
_ON_DISK = "FULL"


def _milliseconds_now() -> int:
    return time.time_ns() // 1_000_000


class _Connection(sqlite3.Connection):
    """A connection that can be referred to weakly: it closes when its thread ends."""


class Store:
    """The open store of one run. Threads may share it: each gets its own connection and writers take turns.

    `now` gives the time in milliseconds since 1970; tests move it.
    """

    def __init__(self, path: Path, now: Callable[[], int] = _milliseconds_now) -> None:
        self.path = path
        self.now = now
        self._own = threading.local()
        self._writing = threading.Lock()
        self._opened: WeakSet[sqlite3.Connection] = WeakSet()

    @property
    def connection(self) -> sqlite3.Connection:
        """This thread's connection."""
        connection: sqlite3.Connection | None = getattr(self._own, "connection", None)
        if connection is None:
            connection = sqlite3.connect(
                self.path, timeout=15, isolation_level=None, check_same_thread=False, factory=_Connection
            )
            connection.row_factory = sqlite3.Row
            connection.execute("PRAGMA foreign_keys = ON")
            connection.execute("PRAGMA journal_size_limit = 67108864")
            # Each connection has a page cache of its own: the usual 2 MB would come to 80 MB in forty threads.
            connection.execute("PRAGMA cache_size = -500")
            self._own.connection = connection
            self._opened.add(connection)
        return connection

    @contextmanager
    def transaction(self, on_disk: bool = True) -> Iterator[sqlite3.Connection]:
        """A write transaction: all or nothing, one writer at a time, on disk when it ends without an error.

        Without `on_disk` (leases) it reaches the disk with the next that does, and before it: only a power cut can lose it.
        """
        with self._writing:
            connection = self.connection
            connection.execute(f"PRAGMA synchronous = {_ON_DISK if on_disk else 'NORMAL'}")
            connection.execute("BEGIN IMMEDIATE")
            try:
                yield connection
            except BaseException:
                connection.execute("ROLLBACK")
                raise
            connection.execute("COMMIT")

    def setting(self, name: str) -> str:
        """The value of a setting fixed when the review began."""
        row = self.connection.execute("SELECT value FROM setting WHERE name = ?", (name,)).fetchone()
        return str(row["value"])

    @property
    def reviewers_per_pair(self) -> int:
        """How many reviewers label a pair."""
        return int(self.setting("reviewers_per_pair"))

    def close(self) -> None:
        """Close every thread's connection."""
        for connection in self._opened:
            connection.close()
        self._opened.clear()
        self._own = threading.local()


def append_event(connection: sqlite3.Connection, **columns: object) -> None:
    """Add a row to the event log. Without a `form_key` of its own the event gets a random one.

    Raises:
        sqlite3.IntegrityError: when a rule of the schema forbids the event.
    """
    row = {"form_key": secrets.token_urlsafe(18), "through": "web", **columns}
    names = ", ".join(quote(name) for name in row)
    connection.execute(f"INSERT INTO event ({names}) VALUES ({', '.join('?' * len(row))})", tuple(row.values()))


def store_path(run: Path) -> Path:
    """Where a run keeps its labels."""
    return run / "review" / "review.sqlite"


def create_store(run: Path, spec: ReviewSpec | None = None) -> Store:
    """The run's store, made when absent, with the settings of `spec` (None: those it has, or the defaults).

    Raises:
        ReviewError: when the review began with other settings, or the file is not a label store.
    """
    path = store_path(run)
    path.parent.mkdir(mode=0o700, exist_ok=True)
    if not path.exists():
        _write_empty_store(path, spec or ReviewSpec())
    store = open_store(run)
    wanted = _settings(spec) if spec else {}
    for name, value in wanted.items():
        if store.setting(name) != value:
            store.close()
            raise ReviewError(
                f"{path}: the review began with {name} = {store.setting(name)}, the project file now says {value}",
                "Put the old value back, or move the folder `review` away to begin a new review.",
            )
    return store


def open_store(run: Path) -> Store:
    """The run's store as it stands.

    Raises:
        ReviewError: when the run has none, or the file is not a label store that this version reads.
    """
    path = store_path(run)
    if not path.is_file():
        raise ReviewError(f"{run} has no review yet", "Begin one with `linkage review serve` or `linkage review users`.")
    if check_store_file(path) != _SCHEMA_VERSION:
        _bring_up_to_date(path)
    return Store(path)


def check_store_file(path: Path) -> int:
    """Refuse a file that is not a label store of this version or of one that can be brought up to it; its version.

    Raises:
        ReviewError: saying what it is instead.
    """
    try:
        connection = sqlite3.connect(f"{path.resolve().as_uri()}?mode=ro", uri=True, timeout=15)
        try:
            application = connection.execute("PRAGMA application_id").fetchone()[0]
            version = connection.execute("PRAGMA user_version").fetchone()[0]
        finally:
            connection.close()
    except sqlite3.DatabaseError:
        raise ReviewError(f"{path} is not a label store", "Give a file made by `linkage review backup`.") from None
    if application != _APPLICATION_ID:
        raise ReviewError(f"{path} is not a label store", "Give a file made by `linkage review backup`.")
    if version != _SCHEMA_VERSION and version not in _STEPS:
        raise ReviewError(
            f"{path} is a label store of version {version}; this is version {_SCHEMA_VERSION}",
            "Use the version of the program that made it.",
        )
    return int(version)


def _bring_up_to_date(path: Path) -> None:
    """All in one transaction: the log, the answers and the leases stay as they are."""
    with closing(sqlite3.connect(path, timeout=15, isolation_level=None)) as connection:
        connection.execute("BEGIN IMMEDIATE")
        version = connection.execute("PRAGMA user_version").fetchone()[0]
        for step in range(version, _SCHEMA_VERSION):
            for statement in _STEPS[step]:
                connection.execute(statement)
        made = connection.execute("SELECT type, name FROM sqlite_master WHERE type IN ('trigger', 'view')").fetchall()
        for kind, name in sorted(made):
            connection.execute(f"DROP {kind} {quote(name)}")
        for statement in _statements(_RULES.read_text(encoding="utf-8")):
            connection.execute(statement)
        connection.execute(f"PRAGMA user_version = {_SCHEMA_VERSION}")
        connection.execute("COMMIT")


def _statements(script: str) -> Iterator[str]:
    """The statements of a script, one by one: SQLite runs a whole script outside any transaction only."""
    statement = ""
    for line in script.splitlines(keepends=True):
        statement += line
        if sqlite3.complete_statement(statement):
            yield statement
            statement = ""


def _settings(spec: ReviewSpec) -> dict[str, str]:
    return {
        "reviewers_per_pair": str(spec.reviewers_per_pair),
        "adjudication": "yes" if spec.adjudication else "no",
        "planted_share": repr(float(spec.planted_share)),
    }


def _write_empty_store(path: Path, spec: ReviewSpec) -> None:
    """Made beside and renamed, so that a kill leaves no half-made store."""
    partial = path.with_name(f".{path.name}.partial")
    partial.unlink(missing_ok=True)
    os.close(os.open(partial, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o600))
    connection = sqlite3.connect(partial, isolation_level=None)
    try:
        for script in (_TABLES, _RULES):
            connection.executescript(script.read_text(encoding="utf-8"))
        settings = {
            **_settings(spec),
            "workbook_key": secrets.token_hex(32),
            "columns_l": "[]",
            "columns_r": "[]",
            "role_l": "",
            "loaded": "",
            "judged_fields": "",
        }
        connection.executemany("INSERT INTO setting VALUES (?, ?)", settings.items())
        connection.execute(f"PRAGMA application_id = {_APPLICATION_ID}")
        connection.execute(f"PRAGMA user_version = {_SCHEMA_VERSION}")
        connection.execute("PRAGMA journal_mode = WAL")
    finally:
        connection.close()
    partial.rename(path)

"""SQLite (standard library) and PostgreSQL (ADBC), streamed and read only."""

from __future__ import annotations

import sqlite3
from typing import TYPE_CHECKING, Any
from urllib.parse import quote_plus, urlsplit

from linkage.errors import ProjectFileError, SourceError, nearest
from linkage.registers.columnar import BATCH, numbered, text_of, typed_dates
from linkage.registers.decoding import decode_batch
from linkage.registers.parts import SourcePart, Tally
from linkage.runs.sql import quote

if TYPE_CHECKING:
    from collections.abc import Generator
    from pathlib import Path

    import pyarrow as pa

    from linkage.config.sources import SourceSpec

_NOT_TO_BE_OPENED = {sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED, sqlite3.SQLITE_CANTOPEN}
"""Primary result codes; the extended ones keep them in their low byte."""

# SQLSTATE → what to say; the server's own message can quote a register's value
POSTGRES_SAYS = {
    "28P01": ("the password was refused", "Set PGPASSWORD or write a pgpass file."),
    "28000": ("this user may not log in", "Check the user in `url` and the server's pg_hba.conf."),
    "3D000": ("there is no such database", "Correct the database in `url`."),
    "42P01": ("there is no such table", "Correct `table` or `query` under `source`."),
    "42703": ("the query names a column that is not there", "Correct `query` under `source`."),
    "42601": ("the query is not right SQL", "Correct `query` under `source`."),
    "42501": ("this user may not read that table", "Ask for the right to SELECT from it."),
    "25006": ("the query would change the database", "Give a query that only reads."),
    "57014": ("the server cancelled the query", "Ask for a longer statement_timeout."),
}


def open_sqlite(path: Path, label: str, spec: SourceSpec) -> SourcePart:
    """A table or query of a SQLite file as a part; `SourceError` when it is damaged, locked or has no such table."""

    def connect() -> sqlite3.Connection:
        connection = sqlite3.connect(f"{path.resolve().as_uri()}?mode=ro", uri=True, timeout=10, check_same_thread=False)
        connection.text_factory = lambda raw: raw.decode("utf-8", "replace").replace("\0", "\ufffd")
        return connection

    try:
        connection = connect()
        try:
            query = _sqlite_query(connection, label, spec)
            headers = tuple(column[0] for column in connection.execute(f"SELECT * FROM ({query}) LIMIT 0").description)
        finally:
            connection.close()
    except (sqlite3.Error, sqlite3.Warning) as error:
        raise _sqlite_fault(label, error) from error

    def batches(tally: Tally) -> Generator[pa.RecordBatch]:
        import pyarrow as pa

        # whole numbers stored as REAL lose their ".0"
        texts = ", ".join(
            f"CASE WHEN typeof(c{at}) = 'real' AND c{at} = CAST(c{at} AS INTEGER) "
            f"THEN CAST(CAST(c{at} AS INTEGER) AS TEXT) "
            # as `plain_fraction`
            f"WHEN typeof(c{at}) = 'real' AND CAST(c{at} AS TEXT) GLOB '*.[0-9][0-9][0-9]' THEN CAST(c{at} AS TEXT) || '0' "
            f"ELSE CAST(c{at} AS TEXT) END"
            for at in range(len(headers))
        )
        named = ", ".join(f"c{at}" for at in range(len(headers)))
        connection = connect()
        try:
            cursor = connection.execute(f"WITH given({named}) AS (SELECT * FROM ({query})) SELECT {texts} FROM given")
            while rows := cursor.fetchmany(BATCH):
                columns = [pa.array(column, pa.string()) for column in zip(*rows, strict=True)]
                batch = pa.RecordBatch.from_arrays(columns, names=[f"c{at}" for at in range(len(headers))])
                yield decode_batch(numbered(batch, tally), spec.encoding)
        except sqlite3.Error as error:
            raise _sqlite_fault(label, error) from error
        finally:
            connection.close()

    return SourcePart(label, headers, batches)


def _sqlite_query(connection: sqlite3.Connection, label: str, spec: SourceSpec) -> str:
    if spec.query is not None:
        return spec.query.strip().rstrip(";")
    found = connection.execute("SELECT name FROM sqlite_schema WHERE type IN ('table', 'view') AND name NOT LIKE 'sqlite_%'")
    tables = sorted(name for (name,) in found)
    table = spec.table or (tables[0] if len(tables) == 1 else None)
    if table is None:
        raise SourceError(f"{label}: the database has {len(tables)} tables.", f"Say which under `source`: {', '.join(tables)}.")
    if table not in tables:
        near = nearest(table, tables)
        hint = f"; did you mean `{near}`?" if near else ""
        raise SourceError(f"{label}: there is no table `{table}`{hint}", f"Tables: {', '.join(tables)}.")
    return f"SELECT * FROM {quote(table)}"


def _sqlite_fault(label: str, error: Exception) -> SourceError:
    if getattr(error, "sqlite_errorcode", 0) & 0xFF in _NOT_TO_BE_OPENED:
        return SourceError(f"{label}: the database cannot be opened, or another program holds it.", "Close that program.")
    if isinstance(error, sqlite3.DatabaseError) and not isinstance(error, sqlite3.OperationalError):
        return SourceError(f"{label}: the SQLite database is damaged.", "Restore it from a backup or export it again.")
    return SourceError(f"{label}: the query cannot be run.", "Correct `table` or `query` under `source`; it may only read.")


def open_postgres(spec: SourceSpec) -> SourcePart:
    """A table or query of a PostgreSQL server as a part, read in one read-only transaction, streamed.

    Raises:
        ProjectFileError: the URL holds a password or the extra is not installed.
        SourceError: no connection, no such table, not allowed.
    """
    assert spec.url is not None
    label = _postgres_label(spec)
    query = _query(spec)
    with _Session(spec, label) as cursor:
        schema = cursor.adbc_execute_schema(f"SELECT * FROM ({query}) AS given")
    headers = tuple(schema.names)
    given = [text_of(column.type, f"c{at}", spec.timezone) for at, column in enumerate(schema)]
    wanted = ", ".join(f"given.{quote(header)}" for header in headers)

    def batches(tally: Tally) -> Generator[pa.RecordBatch]:
        with _Session(spec, label) as cursor:
            cursor.execute(f"SELECT {wanted} FROM ({query}) AS given")
            for batch in cursor.fetch_record_batch():
                yield decode_batch(numbered(batch, tally), spec.encoding)

    return SourcePart(label, headers, batches, expressions=tuple(given), typed_dates=typed_dates(schema, spec.timezone))


def postgres_state(spec: SourceSpec) -> str:
    """What a table or query of a PostgreSQL server holds, in two numbers: its rows, and the sum of a 64-bit hash of each.

    The server reads every row for it and sends none: whatever is added, removed or changed, in whatever order, shows. Two
    changes whose hashes cancel out, one in some 10^19, do not.

    Raises:
        ProjectFileError: the URL holds a password or the extra is not installed.
        SourceError: no connection, no such table, not allowed.
    """
    with _Session(spec, _postgres_label(spec)) as cursor:
        cursor.execute(
            f"SELECT count(*), coalesce(sum(hashtextextended(given::text, 0)), 0)::text FROM ({_query(spec)}) AS given"
        )
        rows, total = cursor.fetchone()
    return f"{rows} rows, {total}"


def _query(spec: SourceSpec) -> str:
    return spec.query.strip().rstrip(";") if spec.query else f"SELECT * FROM {_qualified(spec.table or '')}"


def _postgres_label(spec: SourceSpec) -> str:
    parts = urlsplit(spec.url or "")
    if parts.scheme not in ("postgresql", "postgres") or not parts.path.strip("/"):
        raise ProjectFileError("`url` is not a PostgreSQL address.", "Write postgresql://user@host:port/database.")
    if parts.password is not None or "password=" in parts.query:
        raise ProjectFileError(
            "`url` holds a password.", "Take it out; give it in the environment (PGPASSWORD) or in a pgpass file (PGPASSFILE)."
        )
    return f"{parts.path.strip('/')}.{spec.table or 'query'}"


class _Session:
    """A cursor in a read-only session; the driver's errors come out as `SourceError`s without any value."""

    def __init__(self, spec: SourceSpec, label: str) -> None:
        self.label = label
        options = quote_plus("-c default_transaction_read_only=on").replace("+", "%20")
        sign = "&" if "?" in (spec.url or "") else "?"
        self.url = f"{spec.url}{sign}options={options}&connect_timeout=10&application_name=linkage"

    def __enter__(self) -> Any:
        try:
            from adbc_driver_postgresql import dbapi
        except ImportError as error:
            raise ProjectFileError("reading PostgreSQL needs the extra `postgres`.", "Install linkage[postgres].") from error
        try:
            self.connection = dbapi.connect(self.url)
        except dbapi.Error as error:
            raise self._fault(error, "the server cannot be reached") from error
        self.cursor = self.connection.cursor()
        return self.cursor

    def __exit__(self, kind: object, error: BaseException | None, trace: object) -> None:
        from adbc_driver_postgresql import dbapi

        self.cursor.close()
        self.connection.close()
        # a fault in the middle of the stream comes out of Arrow's reader, with the value in its message
        if isinstance(error, (dbapi.Error, OSError)):
            raise self._fault(error, "the query failed") from None

    def _fault(self, error: Any, otherwise: str) -> SourceError:
        code = getattr(error, "sqlstate", None) or ""
        if "password authentication failed" in str(error) or "no password supplied" in str(error):
            code = "28P01"
        elif "database" in str(error) and "does not exist" in str(error) and not code:
            code = "3D000"
        what, remedy = POSTGRES_SAYS.get(code, (otherwise, "Check `url`, `table` and `query` under `source`."))
        return SourceError(f"{self.label}: {what}{f' (SQLSTATE {code})' if code else ''}.", remedy)


def _qualified(table: str) -> str:
    return ".".join(quote(part) for part in table.split("."))

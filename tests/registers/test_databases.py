from __future__ import annotations

import datetime
import decimal
import sqlite3
from pathlib import Path

import pyarrow as pa
import pytest

from linkage.errors import LinkageError, ProjectFileError, SourceError

HEADERS = ("Mã hồ sơ", "Họ và tên", "Ngày sinh", "Năm sinh mẹ", "Họ tên mẹ")


@pytest.fixture
def sqlite_file(tmp_path: Path) -> Path:
    path = tmp_path / "registers.db"
    connection = sqlite3.connect(path)
    names = ", ".join(f'"{header}"' for header in HEADERS)
    connection.execute(f"CREATE TABLE births ({names})")
    rows = [("001", "Đặng Thị Ưỡng", "1990-02-01", 1960.0, None), ("002", "Lê 'A'; --", "1991", 1961, "")]
    connection.executemany("INSERT INTO births VALUES (?, ?, ?, ?, ?)", rows)
    connection.execute("CREATE TABLE other (a)")
    connection.commit()
    connection.close()
    return path


def test_sqlite_table_and_query(sqlite_file: Path, read) -> None:
    result = read({"path": sqlite_file.name, "table": "births"})
    assert [row["record_id"] for row in result.mentions] == ["001", "002"]
    assert [row["mother_birth_year"] for row in result.mentions] == ["1960", "1961"]
    assert [row["mother_name"] for row in result.mentions] == [None, None]
    assert result.mentions[0]["full_name"] == "Đặng Thị Ưỡng"
    queried = read({"path": sqlite_file.name, "query": """SELECT * FROM births WHERE "Mã hồ sơ" = '002';"""})
    assert [row["record_id"] for row in queried.mentions] == ["002"]


def test_sqlite_is_opened_read_only(sqlite_file: Path, read) -> None:
    before = sqlite_file.read_bytes()
    for query in ("DROP TABLE births", "SELECT 1); DELETE FROM births; --", "PRAGMA user_version = 3"):
        with pytest.raises(SourceError):
            read({"path": sqlite_file.name, "query": query})
    assert sqlite_file.read_bytes() == before


@pytest.fixture
def births(postgres, monkeypatch):
    """The server with a table `civil.births` of typed columns; the password in the environment."""
    from adbc_driver_postgresql import dbapi

    monkeypatch.setenv("PGPASSWORD", postgres.password)
    with dbapi.connect(postgres.url, autocommit=True) as connection, connection.cursor() as cursor:
        cursor.execute("DROP SCHEMA IF EXISTS civil CASCADE")
        cursor.execute("CREATE SCHEMA civil")
        cursor.execute(
            """
            CREATE TABLE civil.births ("Mã hồ sơ" text, "Họ và tên" varchar(80), "Ngày sinh" date, "Năm sinh mẹ" numeric,
                                       "Ngày đăng ký" timestamp, "Số" bigint, "Giới tính" char(3), "Ghi chú" uuid)
            """
        )
        cursor.execute(
            """
            INSERT INTO civil.births VALUES
              ('001', 'Đặng Thị Ưỡng', '1990-02-01', 1960, '1990-03-04 00:00', 12, 'Nữ', NULL),
              ('002', 'Lê A', NULL, NULL, '1991-03-04 10:30', 13, 'Nam', '00000000-0000-0000-0000-000000000001')
            """
        )
    return postgres


def test_postgres_types_become_text(births, read) -> None:
    result = read({"url": births.url, "table": "civil.births"})
    first, second = result.mentions
    assert (first["full_name"], first["birth_date"], first["mother_birth_year"]) == ("Đặng Thị Ưỡng", "01/02/1990", "1960")
    assert (first["registration_date"], first["entry_number"], first["sex"].strip()) == ("04/03/1990", "12", "Nữ")
    assert (second["birth_date"], second["registration_date"]) == (None, "04/03/1991 10:30:00")
    assert first["source"] == "postgres.civil.births"


def test_postgres_moments_are_dated_in_the_sources_zone(births, read) -> None:
    moments = """SELECT '1' AS record_id, 'Lê A' AS full_name, timestamptz '1985-08-04 17:00+00' AS birth_date,
                        timestamptz '1987-12-31 17:00+00' AS registration_date, timestamp '1990-03-04 00:00' AS note"""
    (row,) = read({"url": births.url, "query": moments}).mentions
    assert (row["birth_date"], row["registration_date"], row["note"]) == ("05/08/1985", "01/01/1988", "04/03/1990")
    (row,) = read({"url": births.url, "query": moments, "timezone": "Europe/Paris"}).mentions
    assert row["birth_date"] == "04/08/1985 19:00:00"
    (row,) = read({"url": births.url, "query": moments + ", '12' AS entry_number"}).mentions
    assert row["entry_number"] == "12"


def test_postgres_query_reads_only(births, read) -> None:
    query = 'SELECT "Mã hồ sơ", "Họ và tên", "Ngày sinh" FROM civil.births WHERE "Số" = 12'
    assert [row["record_id"] for row in read({"url": births.url, "query": query}).mentions] == ["001"]
    for bad in ("DELETE FROM civil.births RETURNING *", "SELECT nextval('x')", "SELECT 1) AS a; DROP TABLE civil.births; --"):
        with pytest.raises(SourceError):
            read({"url": births.url, "query": bad})
    assert read({"url": births.url, "table": "civil.births"}).report.rows_in == 2


def test_postgres_password_comes_from_outside(births, read, tmp_path: Path, monkeypatch) -> None:
    with_password = births.url.replace("registers@", "registers:secret-word@")
    with pytest.raises(ProjectFileError, match="holds a password") as raised:
        read({"url": with_password, "table": "civil.births"})
    assert "secret-word" not in str(raised.value)
    monkeypatch.setenv("PGPASSWORD", "wrong")
    with pytest.raises(SourceError, match="password was refused"):
        read({"url": births.url, "table": "civil.births"})
    monkeypatch.delenv("PGPASSWORD")
    file = tmp_path / "pgpass"
    file.write_text(f"127.0.0.1:{births.port}:*:registers:{births.password}\n")
    file.chmod(0o600)
    monkeypatch.setenv("PGPASSFILE", str(file))
    assert read({"url": births.url, "table": "civil.births"}).report.rows_in == 2


def test_postgres_faults_are_told_without_values(births, read) -> None:
    for source, words in (
        ({"table": "civil.deaths"}, "no such table"),
        ({"query": "SELECT nothing FROM civil.births"}, "column that is not there"),
        ({"query": "SELEC"}, "not right SQL"),
        (
            {
                "query": """SELECT CAST("Họ và tên" AS integer) AS record_id, 'x' AS full_name, '1' AS birth_date
                FROM civil.births"""
            },
            "query failed",
        ),
    ):
        with pytest.raises(LinkageError, match=words) as raised:
            read({"url": births.url, **source})
        assert "Đặng" not in str(raised.value)
    elsewhere = births.url.replace("/postgres", "/nowhere")
    with pytest.raises(LinkageError, match="no such database"):
        read({"url": elsewhere, "table": "births"})
    with pytest.raises(LinkageError, match="cannot be reached"):
        read({"url": "postgresql://registers@127.0.0.1:1/postgres", "table": "births"})
    with pytest.raises(ProjectFileError, match="not a PostgreSQL address"):
        read({"url": "mysql://a@b/c", "table": "births"})


def test_postgres_is_streamed_whole(births, read) -> None:
    names = "lpad(n::text, 7, '0') AS record_id, 'Lê ' || n AS full_name, '1990' AS birth_date"
    query = f"SELECT {names} FROM generate_series(1, 120000) n"
    result = read({"url": births.url, "query": query})
    assert result.report.rows_used == 120_000
    assert result.mentions[-1]["id"] == 120_000
    assert result.mentions[-1]["record_id"] == "0120000"


def test_parquet_types_become_text(tmp_path: Path, read) -> None:
    from pyarrow import parquet

    table = pa.table(
        {
            "Mã hồ sơ": pa.array(["1", "2"]).dictionary_encode(),
            "Họ và tên": ["Lê A", "Lê B"],
            "Ngày sinh": pa.array([datetime.date(1990, 2, 1), None], pa.date32()),
            "Ngày đăng ký": pa.array(
                [datetime.datetime(1990, 3, 4), datetime.datetime(1991, 3, 4, 10, 30)], pa.timestamp("us", "UTC")
            ),
            "Năm sinh mẹ": [1960.0, None],
            "Năm sinh cha": pa.array([decimal.Decimal("1955.00"), None]),
            "Trang số": pa.array([7, 8], pa.int16()),
            "Ghi chú": pa.array([b"\xc4\x90\xc3\xa0", None]),
        }
    )
    parquet.write_table(table, tmp_path / "b.parquet")
    first, second = read({"path": "b.parquet"}).mentions
    wanted = {
        "birth_date": "01/02/1990",
        "registration_date": "04/03/1990",
        "mother_birth_year": "1960",
        "father_birth_year": "1955",
    }
    assert {name: first[name] for name in wanted} == wanted
    assert (first["page_number"], first["note"]) == ("7", "Đà")
    assert second["registration_date"] == "04/03/1991 17:30:00", "10:30 in UTC, in the source's zone"

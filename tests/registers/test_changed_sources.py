"""A source that has changed is read again; one that has not is not."""

from __future__ import annotations

import shutil
import sqlite3
from pathlib import Path

import pytest

from linkage import open_project

PROJECT = """project: t
title: t
left:
  register: table
  source: {source}
  fields: {{name: person_name, town: text}}
blocking: {{predict: [[name]], train: [[name], [town]]}}
comparisons: [{{field: name, levels: [exact]}}, {{field: town, levels: [exact]}}]
"""


@pytest.fixture
def read_again(tmp_path: Path):
    """read_again("{path: a.db}") -> the names that a run of the project now has, and whether the stage `read` ran for it."""
    last = [""]

    def run(source: str) -> tuple[list[str], bool]:
        (tmp_path / "p.yaml").write_text(PROJECT.format(source=source), encoding="utf-8")
        done = open_project(tmp_path / "p.yaml").run(until="read", out=tmp_path / "out")
        before, last[0] = last[0], done.summary["stages"]["read"]["finished_at"]
        return [name for (name,) in done.table("raw_mentions").order("id").select("name").fetchall()], before != last[0]

    return run


def fill(connection: sqlite3.Connection, *names: str) -> None:
    connection.executemany("INSERT INTO r VALUES (?, ?, 'Xã Tân Lập')", [(name, name) for name in names])
    connection.commit()


def test_what_sqlite_keeps_in_its_write_ahead_log_is_seen(tmp_path: Path, read_again) -> None:
    """Committed rows stand in `a.db-wal` until a checkpoint: the file itself, hashed, is the same."""
    office = sqlite3.connect(tmp_path / "a.db")
    office.execute("PRAGMA journal_mode = WAL")
    office.execute("CREATE TABLE r (record_id, name, town)")
    fill(office, "An")
    office.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    assert read_again("{path: a.db}") == (["An"], True)
    assert read_again("{path: a.db}") == (["An"], False)
    main = (tmp_path / "a.db").read_bytes()
    fill(office, "Bình")
    assert (tmp_path / "a.db").read_bytes() == main
    assert read_again("{path: a.db}") == (["An", "Bình"], True)
    assert read_again("{path: a.db}") == (["An", "Bình"], False)
    office.execute("UPDATE r SET name = 'Bính' WHERE name = 'Bình'")
    office.commit()
    assert read_again("{path: a.db}") == (["An", "Bính"], True)
    office.close()


def test_a_log_in_a_folder_of_databases_is_seen(tmp_path: Path, read_again) -> None:
    (tmp_path / "of").mkdir()
    office = sqlite3.connect(tmp_path / "of" / "a.db")
    office.execute("PRAGMA journal_mode = WAL")
    office.execute("CREATE TABLE r (record_id, name, town)")
    fill(office, "An")
    assert read_again("{path: of}") == (["An"], True)
    fill(office, "Bình")
    assert read_again("{path: of}") == (["An", "Bình"], True)
    office.close()


def test_a_file_is_read_again_for_what_it_holds_and_not_for_its_time(tmp_path: Path, read_again) -> None:
    path = tmp_path / "a.csv"
    path.write_text("record_id,name,town\n1,An,X\n", encoding="utf-8")
    assert read_again("{path: a.csv}") == (["An"], True)
    shutil.copy(path, tmp_path / "b.csv")
    (tmp_path / "b.csv").replace(path)
    assert read_again("{path: a.csv}") == (["An"], False)
    path.write_text("record_id,name,town\n1,Ân,X\n", encoding="utf-8")
    assert read_again("{path: a.csv}") == (["Ân"], True)


def test_a_changed_table_of_a_server_is_read_again(postgres, monkeypatch: pytest.MonkeyPatch, read_again) -> None:
    """Rows added, changed, exchanged for others or removed; and not for being stored anew in another order."""
    from adbc_driver_postgresql import dbapi

    monkeypatch.setenv("PGPASSWORD", postgres.password)
    source = f"{{url: '{postgres.url}', table: changing}}"
    queried = f"{{url: '{postgres.url}', query: 'SELECT record_id, name, town FROM changing WHERE town IS NOT NULL'}}"

    def change(*statements: str) -> None:
        with dbapi.connect(postgres.url, autocommit=True) as connection, connection.cursor() as cursor:
            for statement in statements:
                cursor.execute(statement)

    change(
        "DROP TABLE IF EXISTS changing",
        "CREATE TABLE changing (record_id text, name text, town text)",
        "INSERT INTO changing VALUES ('1', 'An', 'X'), ('2', 'Bình', 'X')",
    )
    assert read_again(source) == (["An", "Bình"], True)
    assert read_again(source) == (["An", "Bình"], False)
    change("INSERT INTO changing VALUES ('3', 'Cường', 'X')")
    assert read_again(source) == (["An", "Bình", "Cường"], True)
    change("UPDATE changing SET name = 'Bính' WHERE record_id = '2'")
    assert read_again(source) == (["An", "Bính", "Cường"], True)
    change("DELETE FROM changing WHERE record_id = '3'", "INSERT INTO changing VALUES ('4', 'Dung', NULL)")
    assert read_again(source) == (["An", "Bính", "Dung"], True)
    change(
        "CREATE TABLE again AS SELECT * FROM changing ORDER BY record_id DESC",
        "DROP TABLE changing",
        "ALTER TABLE again RENAME TO changing",
    )
    assert read_again(source) == (["An", "Bính", "Dung"], False)
    assert read_again(queried) == (["An", "Bính"], True)
    change("UPDATE changing SET town = 'Y' WHERE record_id = '1'")
    assert read_again(queried) == (["An", "Bính"], True)
    change("UPDATE changing SET name = 'Dũng' WHERE record_id = '4'")
    assert read_again(queried) == (["An", "Bính"], False), "a row that the query leaves out"
    change("DROP TABLE changing")

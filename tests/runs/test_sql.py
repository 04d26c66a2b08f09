"""Texts: what stands for equality in joins must tell apart what differs. Chunks and ranges: every row once, in order."""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial
from itertools import pairwise

import duckdb
import pytest

from linkage.runs.sql import at_once, connect, fetch_chunks, fetch_row, from_two_starts, id_ranges

LETTERS = "(SELECT chr(97 + range::INTEGER) FROM range(26)) {}(letter)"


@pytest.fixture
def connection() -> Iterator[duckdb.DuckDBPyConnection]:
    with duckdb.connect() as connection:
        yield connection


@pytest.mark.parametrize(
    ("before", "between", "after"),
    [("nguyen ", "ong han", ""), ("nguyen ", "ong han", " ngoc an"), ("nguyen van kh", "nh thi ", "n")],
)
def test_texts_that_differ_in_two_letters_have_hashes_of_their_own(
    connection: duckdb.DuckDBPyConnection, before: str, between: str, after: str
) -> None:
    texts = f"SELECT $before || one.letter || $between || two.letter || $after AS text FROM {LETTERS.format('one')}, {LETTERS.format('two')}"
    bound = {"before": before, "between": between, "after": after}
    found = connection.execute(f"SELECT count(*), count(DISTINCT hash({from_two_starts('text')})) FROM ({texts})", bound)
    assert found.fetchall() == [(676, 676)]


def test_duckdbs_own_hash_does_not_tell_them_apart(connection: duckdb.DuckDBPyConnection) -> None:
    """Once this fails, DuckDB hashes texts better and a text may be hashed once."""
    assert connection.execute("SELECT hash('nguyen cong hanh') = hash('nguyen hong hang')").fetchall() == [(True,)]


@pytest.mark.parametrize("rows", [1, 2, 5, 100])
def test_chunks_are_the_query_in_its_order_and_keep_together_what_belongs_together(
    connection: duckdb.DuckDBPyConnection, rows: int
) -> None:
    connection.execute("CREATE TABLE held AS SELECT (n // 3)::INTEGER AS part, n FROM range(20) held(n)")
    chunks = list(fetch_chunks(connection, "SELECT part, n FROM held ORDER BY n", rows, "part"))
    assert [n for chunk in chunks for n in chunk["n"].tolist()] == list(range(20))
    parts = [set(chunk["part"].tolist()) for chunk in chunks]
    assert sum(map(len, parts)) == 7, "no part is in two chunks"
    assert list(fetch_chunks(connection, "SELECT part, n FROM held WHERE n < 0", rows, "part")) == []


def test_ranges_hold_every_id_once_and_about_so_many_rows(connection: duckdb.DuckDBPyConnection) -> None:
    connection.execute("CREATE TABLE held AS SELECT (n * n // 50)::INTEGER AS id_l FROM range(1000) held(n)")
    ranges = id_ranges(connection, "held", "id_l", 100)
    counted = [
        connection.execute("SELECT count(*) FROM held WHERE id_l BETWEEN ? AND ?", list(one)).fetchall()[0][0] for one in ranges
    ]
    assert sum(counted) == 1000 and max(counted) < 150
    assert all(one[1] < other[0] for one, other in pairwise(ranges))


@pytest.mark.parametrize("threads", [1, 2])
def test_pieces_of_work_share_tables_but_no_temporary_ones(threads: int) -> None:
    def count(number: int, own: duckdb.DuckDBPyConnection) -> tuple[int, int, str]:
        own.execute(f"CREATE TEMP TABLE mine AS FROM shared LIMIT {number}")
        return *fetch_row(own, "SELECT (SELECT count(*) FROM mine), count(*) FROM shared"), fetch_row(
            own, "SELECT current_setting('TimeZone')"
        )[0]

    with connect(threads=threads) as connection:
        connection.execute("CREATE TABLE shared AS FROM range(10)")
        assert at_once(connection, [partial(count, number) for number in range(5)]) == [(n, 10, "UTC") for n in range(5)]
        assert at_once(connection, []) == []


def test_the_first_piece_of_work_that_fails_is_told() -> None:
    with connect() as connection, pytest.raises(duckdb.CatalogException, match="absent"):
        at_once(connection, [lambda own: own.execute("SELECT 1").fetchall(), lambda own: own.execute("FROM absent").fetchall()])

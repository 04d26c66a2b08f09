"""Hashes of texts: what stands for equality in joins must tell apart what differs."""

from __future__ import annotations

from collections.abc import Iterator

import duckdb
import pytest

from linkage.runs.sql import from_two_starts

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

"""Every person of a finished run is found by the name as printed, however it is typed."""

import shutil
from collections.abc import Callable
from pathlib import Path

import duckdb
import pytest

from linkage.review.person_search import MOST_RESULTS, PersonSearch
from linkage.vietnamese import fold

SPELLINGS: dict[str, Callable[[str], str]] = {
    "as printed": str,
    "without marks": fold,
    "with no-break spaces": lambda name: name.replace(" ", "\u00a0"),
    "with the Icelandic letter for Đ": lambda name: name.replace("Đ", "\u00d0").replace("đ", "\u00f0"),
}
PLANTED = {
    "P-NBSP": "Nguyễn\u00a0Thị\u00a0Thu Thủy",
    "P-ETH": "\u00d0ặng Thị \u00d0ào",
    "P-APART": "Tra\u0302\u0300n Thị Hoa\u0300",
    "P-ONE": "H’Ayun",
}


@pytest.fixture(scope="module")
def run(finished_run: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The finished run's persons, and those planted: their names are printed only, as if nobody had standardised them."""
    folder = tmp_path_factory.mktemp("searched")
    shutil.copy(finished_run / "persons.parquet", folder)
    with duckdb.connect() as connection:
        connection.execute(
            f"CREATE TABLE persons AS FROM read_parquet('{finished_run / 'raw_persons.parquet'}');"
            "CREATE TABLE planted (record_id VARCHAR, full_name VARCHAR)"
        )
        connection.executemany("INSERT INTO planted VALUES (?, ?)", list(PLANTED.items()))
        connection.execute(
            "INSERT INTO persons (id, record_id, full_name, birth_date)"
            " SELECT 1_000_000 + row_number() OVER (), record_id, full_name, '02/01/1974' FROM planted;"
            f"COPY persons TO '{folder / 'raw_persons.parquet'}' (FORMAT parquet)"
        )
    return folder


@pytest.fixture(scope="module")
def search(run: Path):
    persons = PersonSearch(run)
    yield persons
    persons.close()


def printed(run: Path) -> list[tuple[int, str, str]]:
    with duckdb.connect() as connection:
        return connection.execute(
            f"SELECT id, full_name, coalesce(right(birth_date, 4), '') FROM read_parquet('{run / 'raw_persons.parquet'}')"
            " WHERE full_name IS NOT NULL ORDER BY id"
        ).fetchall()


def test_every_person_is_found_by_name_and_year(run, search):
    held = printed(run)
    assert len(held) > 2_000
    assert not [name for number, name, year in held if number not in search.find(name, year)]


@pytest.mark.parametrize("spelling", SPELLINGS)
def test_the_spelling_makes_no_difference(run, search, spelling):
    typed = [(number, SPELLINGS[spelling](name), name, year) for number, name, year in printed(run)]
    assert all(search.says_enough(name, year) for _, name, _, year in typed)
    # a search knows no more of a name than its fold key, and which spelling comes first
    assert not [name for _, name, as_printed, _ in typed if fold(name) != fold(as_printed)]
    odd = [one for one in typed if not one[2].isascii() and "Đ" in one[2]][:100] + typed[-len(PLANTED) :]
    assert all(number in search.find(name, year) for number, name, _, year in odd)


@pytest.mark.parametrize("record_id", PLANTED)
def test_the_exact_spelling_comes_first(search, record_id):
    found = search.search(PLANTED[record_id], "1974")
    assert found[0].record_id == record_id
    assert found[0].fields["full_name"] == PLANTED[record_id], "shown as the source prints it"


def test_a_name_is_found_as_it_was_read_too(run, search):
    with duckdb.connect() as connection:
        read = connection.execute(
            f"SELECT r.id, p.full_name, right(r.birth_date, 4) FROM read_parquet('{run / 'persons.parquet'}') p"
            f" JOIN read_parquet('{run / 'raw_persons.parquet'}') r USING (record_id) WHERE p.full_name <> r.full_name"
        ).fetchall()
    assert read
    assert all(number in search.find(name, year) for number, name, year in read)


def test_what_is_read_again_at_each_search_is_found_alike(run, search, monkeypatch):
    monkeypatch.setattr("linkage.review.person_search._MOST_HELD", 0)
    unheld = PersonSearch(run)
    assert unheld.search("nguyen thi", "") == search.search("nguyen thi", "")
    assert len(unheld.search("nguyen thi", "")) == MOST_RESULTS + 1
    unheld.close()


def test_one_syllable_alone_is_too_little(search):
    assert not search.says_enough("H’Ayun", "")
    assert search.says_enough("H’Ayun", "1974")
    assert not search.says_enough("’", "1974")
    assert search.search("’", "1974") == []

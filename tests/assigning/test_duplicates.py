"""Duplicates within one table, from file to links: planted, damaged, among siblings and namesakes."""

from __future__ import annotations

from pathlib import Path

import duckdb
import pytest

from linkage import open_project

PROJECT = """
project: duplicates
title: One table
seed: 7
left:
  register: table
  source: {path: people.csv}
  columns: {record_id: id}
  fields: {name: person_name, born: date, sex: sex, mother: person_name, town: place}
blocking:
  predict: [[name_fold, born_year], [born, name_given_fold], [born, mother_fold], [name_fold, mother_fold]]
  train: [[born], [name_fold, mother_fold]]
comparisons:
  - {field: name, use: vietnamese_name, term_frequency: true}
  - {field: born, use: partial_date}
  - {field: sex, use: sex}
  - {field: mother, use: vietnamese_name, term_frequency: true}
  - {field: town, use: unit_through_time}
training: {max_pairs: 100000, starts: 1}
assignment: one_to_one
"""
PLANTED = 600


@pytest.fixture
def people(finished_run: Path, tmp_path: Path, connection: duckdb.DuckDBPyConnection) -> Path:
    """The province's people; every tenth or so again, without marks, with half a date, or with a letter wrong."""
    connection.execute(
        f"""
        CREATE TABLE people AS SELECT 'P' || id AS id, full_name AS name, birth_date AS born, sex, mother_name AS mother, hometown AS town
        FROM read_parquet('{finished_run / "raw_persons.parquet"}') WHERE full_name IS NOT NULL AND birth_date IS NOT NULL
        """
    )
    damaged = f"""
        SELECT id || '-again' AS id,
               CASE kind WHEN 0 THEN replace(replace(strip_accents(name), 'đ', 'd'), 'Đ', 'D')
                         WHEN 1 THEN left(name, length(name) - 1) || 'q' ELSE name END AS name,
               CASE kind WHEN 2 THEN right(born, 4) ELSE born END AS born, sex,
               CASE kind WHEN 3 THEN upper(mother) ELSE mother END AS mother, CASE kind WHEN 4 THEN NULL ELSE town END AS town
        FROM (SELECT *, hash(id, 'kind') % 5 AS kind FROM people ORDER BY hash(id, 'again'), id LIMIT {PLANTED})
    """
    everyone = f"SELECT * FROM people UNION ALL ({damaged}) ORDER BY hash(id, 'order'), id"
    connection.execute(f"COPY ({everyone}) TO '{tmp_path / 'people.csv'}' (HEADER)")
    (tmp_path / "duplicates.yaml").write_text(PROJECT, encoding="utf-8")
    return tmp_path


def test_planted_duplicates_are_found_and_nobody_else(people: Path, connection: duckdb.DuckDBPyConnection) -> None:
    run = open_project(people / "duplicates.yaml").run(until="decide", out=people / "run")
    links, true = connection.execute(
        "SELECT count(*), count(*) FILTER (replace(record_id_l, '-again', '') = replace(record_id_r, '-again', ''))"
        " FROM read_parquet(?) WHERE decision = 'link'",
        [str(run.path / "links.parquet")],
    ).fetchall()[0]
    f1 = 2 * true / (links + PLANTED)
    assert f1 > 0.98, (links, true)

"""The level store: the levels are those of the comparisons' own SQL however they are got, and chunks change nothing."""

from __future__ import annotations

from collections import Counter
from pathlib import Path

import duckdb
import pytest
from splink.internals.settings import Settings

from linkage.config import BlockingRule, ComparisonSpec, FieldKind
from linkage.matching import levels
from linkage.matching.comparisons import build_comparison
from linkage.matching.levels import levels_of_pairs, write_level_store
from linkage.matching.model import SettingsCreator
from linkage.matching.tables import Sides, open_tables
from linkage.runs.sql import literal

RULES = [BlockingRule(on=("code",)), BlockingRule(on=("city_provinces",))]


@pytest.fixture
def sides(connection: duckdb.DuckDBPyConnection, tmp_path: Path) -> Sides:
    """Codes of three letters, missing now and then, and places as lists, some empty, some missing."""
    for table, rows in (("mentions", 400), ("persons", 500)):

        def drawn(name: str, table: str = table) -> str:
            return f"(hash(range, '{name}', '{table}') % 1000000)::INTEGER"

        lists = ", ".join(
            f"CASE WHEN {drawn(name)} % 11 > 0 THEN"
            f" list_transform(range({drawn(name)} % 3), lambda x: 'u' || (x + {drawn(name)}) % {many}) END AS city_{name}"
            for name, many in (("communes", 40), ("districts", 12), ("provinces_old", 6), ("provinces", 4))
        )
        connection.execute(
            f"""COPY (SELECT (range + 1)::INTEGER AS id, {lists}, 'u' || {drawn("u")} % 30 AS city_unit,
            CASE WHEN {drawn("k")} % 4 > 0 THEN 'commune' ELSE 'district' END AS city_level,
            CASE WHEN {drawn("n")} % 9 > 0 THEN substr('abcab', 1 + {drawn("o")} % 3, 3) || {drawn("c")} % 20 END AS code
            FROM range({rows}) ORDER BY id) TO {literal(str(tmp_path / f"{table}.parquet"))}"""
        )
    columns = ["code", "city_unit", "city_level", *(f"city_{name}" for name in ("communes", "districts"))]
    columns += ["city_provinces_old", "city_provinces"]
    return open_tables(connection, tmp_path / "mentions.parquet", tmp_path / "persons.parquet", columns)


@pytest.fixture
def settings() -> Settings:
    own = [{"sql": "code_l = code_r || ''", "label": "same, as a part"}, {"sql": "left(code_l, 2) = left(code_r, 2)"}]
    specs = [
        (ComparisonSpec(field="code", levels=["exact", {"levenshtein": 1}, *own], term_frequency=True), FieldKind.identifier),
        (ComparisonSpec(field="city", use="unit_through_time"), FieldKind.place),
    ]
    return SettingsCreator(
        link_type="link_only", comparisons=[build_comparison(*one) for one in specs], unique_id_column_name="id"
    ).get_settings("duckdb")


def stored(connection: duckdb.DuckDBPyConnection, sides: Sides, settings: Settings, target: Path) -> list[tuple[int, ...]]:
    report = write_level_store(connection, sides, settings, RULES, target, lambda what, done, total: None)
    rows = connection.execute("SELECT * FROM read_parquet(?)", [str(target)]).fetchall()
    assert report["candidate_pairs"] == len(rows) > 1000
    return rows


def test_levels_are_those_of_the_comparisons_sql(connection, sides, settings, tmp_path: Path) -> None:
    rows = stored(connection, sides, settings, tmp_path / "pairs.parquet")
    connection.execute(f"CREATE TABLE pairs AS SELECT id_l, id_r, blocking_rules FROM read_parquet('{tmp_path}/pairs.parquet')")
    plain = Sides(sides.left, sides.right, sides.left_rows, sides.right_rows)
    assert sides.types["code"] == "VARCHAR" and sides.types["city_communes"] == "VARCHAR[]"
    again = connection.execute(
        f"{levels_of_pairs(settings, plain, 'FROM pairs', frequencies=True)} ORDER BY id_l, id_r"
    ).fetchall()
    assert rows == again
    assert {row[3] for row in rows} == {-1, 0, 1, 3, 4}
    assert {row[4] for row in rows} >= {-1, 1, 2, 3, 4, 5}


def test_frequency_is_kept_where_a_level_is_adjusted_by_it(connection, sides, settings, tmp_path: Path) -> None:
    rows = stored(connection, sides, settings, tmp_path / "pairs.parquet")
    codes = Counter(
        connection.execute("SELECT code FROM mentions UNION ALL SELECT code FROM persons").fetchnumpy()["code"].compressed()
    )
    of_left = dict(connection.execute("SELECT id, code FROM mentions").fetchall())
    for left, _, _, level, _, frequency in rows:
        assert frequency == (codes[of_left[left]] / codes.total() if level == 4 else None)


def test_chunks_change_nothing(connection, sides, settings, tmp_path: Path, monkeypatch) -> None:
    whole = stored(connection, sides, settings, tmp_path / "pairs.parquet")
    monkeypatch.setattr(levels, "PROPOSALS_A_CHUNK", 700)
    assert stored(connection, sides, settings, tmp_path / "pairs.parquet") == whole
    assert [row[:2] for row in whole] == sorted({row[:2] for row in whole})
    assert {path.name for path in tmp_path.iterdir()} == {"mentions.parquet", "persons.parquet", "pairs.parquet"}


def test_only_whole_terms_are_asked_of_hashes() -> None:
    assert levels._by_hash("CASE WHEN a_l = a_r AND (a_l IS NULL) THEN 1", ["a"]) == (
        'CASE WHEN "a#_l" = "a#_r" AND ("a#_l" IS NULL) THEN 1'
    )
    for part in ("WHEN a_l = a_r || b THEN", "WHEN b || a_l = a_r THEN", "WHEN ba_l = a_r THEN", "WHEN a_l = a_r2 THEN"):
        assert levels._by_hash(part, ["a"]) == part

"""The level store: the levels are those of the comparisons' own SQL however they are got, and chunks change nothing."""

from __future__ import annotations

from collections import Counter
from pathlib import Path

import duckdb
import pytest

from linkage.config import BlockingRule, ComparisonSpec, FieldKind
from linkage.errors import LinkageError
from linkage.model.comparisons import build_comparison
from linkage.model.match_model import MatchModel
from linkage.model.settings import model_of
from linkage.pairs import level_store as levels
from linkage.pairs.conditions import ask_hashes
from linkage.pairs.frequencies import with_frequencies
from linkage.pairs.level_store import count_patterns, levels_of_pairs, write_level_store
from linkage.pairs.refinement import Budget
from linkage.pairs.sides import Sides, open_tables
from linkage.runs.sql import connect, literal, write_parquet
from linkage.runs.tables import PAIRS, SCORED_PAIRS
from linkage.weighing.scoring import score_pairs
from linkage.weighing.trained_model import TrainedModel

SAME_AFTER_A_CHANGE = "replace(alias_l, 'c', 'a') = replace(alias_r, 'c', 'a')"
RULES = [BlockingRule(on=("code",)), BlockingRule(on=("city_provinces",))]
FREE = Budget(None, (), {})


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
            CASE WHEN {drawn("n")} % 9 > 0 THEN substr('abcab', 1 + {drawn("o")} % 3, 3) || {drawn("c")} % 20 END AS code,
            CASE WHEN {drawn("m")} % 9 > 0 THEN substr('abacbc', 1 + {drawn("p")} % 4, 3) END AS alias
            FROM range({rows}) ORDER BY id) TO {literal(str(tmp_path / f"{table}.parquet"))}"""
        )
    columns = ["code", "alias", "city_unit", "city_level", *(f"city_{name}" for name in ("communes", "districts"))]
    columns += ["city_provinces_old", "city_provinces"]
    return open_tables(connection, tmp_path / "mentions.parquet", tmp_path / "persons.parquet", columns)


@pytest.fixture
def model() -> MatchModel:
    own = [{"sql": "code_l = code_r || ''", "label": "same, as a part"}, {"sql": "left(code_l, 2) = left(code_r, 2)"}]
    specs = [
        (ComparisonSpec(field="code", levels=["exact", {"levenshtein": 1}, *own], term_frequency=True), FieldKind.identifier),
        (ComparisonSpec(field="city", use="unit_through_time"), FieldKind.place),
        (
            ComparisonSpec(field="alias", levels=["exact", {"sql": SAME_AFTER_A_CHANGE, "label": "c read as a"}]),
            FieldKind.identifier,
        ),
    ]
    comparisons = [build_comparison(*one) for one in specs]
    return model_of({"link_type": "link_only", "comparisons": comparisons, "unique_id_column_name": "id"})


def stored(connection: duckdb.DuckDBPyConnection, sides: Sides, model: MatchModel, folder: Path) -> list[tuple[int, ...]]:
    report = write_level_store(connection, sides, model, RULES, FREE, folder, lambda what, done, total: None)
    rows = connection.execute(f"SELECT * FROM {PAIRS.scan(folder)} ORDER BY id_l, id_r").fetchall()
    assert report["candidate_pairs"] == len(rows) > 1000
    return rows


def test_levels_are_those_of_the_comparisons_sql(connection, sides, model, tmp_path: Path) -> None:
    rows = stored(connection, sides, model, tmp_path)
    connection.execute(f"CREATE TABLE pairs AS SELECT id_l, id_r, blocking_rules FROM read_parquet('{tmp_path}/pairs.parquet')")
    plain = Sides(sides.left, sides.right, sides.left_rows, sides.right_rows)
    assert sides.types["code"] == "VARCHAR" and sides.types["city_communes"] == "VARCHAR[]"
    again = connection.execute(f"{levels_of_pairs(model, plain, 'FROM pairs')} ORDER BY id_l, id_r").fetchall()
    assert rows == again
    assert {row[3] for row in rows} == {-1, 0, 1, 3, 4}
    assert {row[4] for row in rows} >= {-1, 1, 2, 3, 4, 5}
    assert {row[5] for row in rows} == {-1, 0, 1, 2}


def test_frequency_is_that_of_the_commoner_value_where_a_level_is_adjusted_by_it(
    connection, sides, model, tmp_path: Path
) -> None:
    stored(connection, sides, model, tmp_path)
    codes = Counter(
        connection.execute("SELECT code FROM mentions UNION ALL SELECT code FROM persons").fetchnumpy()["code"].compressed()
    )
    of_left, of_right = (
        dict(connection.execute(f"SELECT id, code FROM {table}").fetchall()) for table in ("mentions", "persons")
    )
    known = with_frequencies(model, f"FROM read_parquet('{tmp_path}/pairs.parquet')", tmp_path)
    rows = connection.execute(f"SELECT id_l, id_r, gamma_code, tf_code FROM ({known})").fetchall()
    assert len(rows) > 1000
    for left, right, level, frequency in rows:
        commoner = max(codes[of_left[left]], codes[of_right[right]])
        assert frequency == (commoner / codes.total() if level == 4 else None)
    with pytest.raises(LinkageError, match=r"no frequencies.parquet yet\nIt is written by `block`"):
        with_frequencies(model, "FROM pairs", tmp_path / "nowhere")


def test_chunks_and_slices_change_nothing(connection, sides, model, tmp_path: Path, monkeypatch) -> None:
    whole = stored(connection, sides, model, tmp_path)
    monkeypatch.setattr(levels, "PROPOSALS_A_SLICE", 300)
    assert stored(connection, sides, model, tmp_path) == whole
    monkeypatch.setattr(levels, "PROPOSALS_A_CHUNK", 700)
    assert stored(connection, sides, model, tmp_path) == whole
    assert [row[:2] for row in whole] == sorted({row[:2] for row in whole})
    kept = {"mentions.parquet", "persons.parquet", "pairs.parquet", "frequencies.parquet"}
    assert {path.name for path in tmp_path.iterdir()} == kept


def test_only_whole_terms_are_asked_of_hashes() -> None:
    def asked(condition: str) -> tuple[str, dict[str, str]]:
        (expression,), sources, _ = ask_hashes((f"CASE {condition} END",), ("a",))
        return expression.removeprefix("CASE ").removesuffix(" END"), sources

    of_a = {"a#": """CASE WHEN "a" IS NOT NULL THEN hash("a", '.' || "a") END"""}
    assert asked("WHEN a_l = a_r AND (a_l IS NULL) THEN 1") == (
        'WHEN "a#_l" = "a#_r" AND ("a#_l" IS NULL) THEN 1',
        of_a,
    )
    call = "REPLACE(a_l, '4', '3') = REPLACE(a_r, '4', '3')"
    replaced = """REPLACE("a", '4', '3')"""
    of_call = {"a#0": f"CASE WHEN {replaced} IS NOT NULL THEN hash({replaced}, '.' || {replaced}) END"}
    assert asked(f"WHEN {call} THEN 1") == ('WHEN "a#0_l" = "a#0_r" THEN 1', of_call)
    assert asked(f"WHEN {call.lower().replace('a_l', chr(34) + 'a_l' + chr(34))} THEN 1") == (
        'WHEN "a#0_l" = "a#0_r" THEN 1',
        of_call,
    )
    for other in ("WHEN a_l = a_r || '' THEN 1", "WHEN LEFT(a_l, 2) = LEFT(a_r, 3) THEN 1", "WHEN F(a_l) = G(a_r) THEN 1"):
        assert asked(other) == (other, {})
    longer = f"WHEN {call} || '' THEN 2 WHEN {call} AND ({call}) THEN 1"
    once, twice = f"WHEN {call} || '' THEN 2", 'WHEN "a#0_l" = "a#0_r" AND ("a#0_l" = "a#0_r") THEN 1'
    assert asked(longer) == (f"{once} {twice}", of_call)
    carried = "WHEN a_l = a_r THEN 2 WHEN LEVENSHTEIN(a_l, a_r) <= 1 THEN 1"
    assert asked(carried) == (carried, {})


def test_texts_of_one_hash_are_told_apart(connection, tmp_path: Path) -> None:
    """DuckDB's hash of these two names is the same: they must neither meet in a block, nor agree, nor be counted as one."""
    names = "(VALUES (1, 'nguyen cong hanh'), (2, 'nguyen hong hang')) named(id, name)"
    assert connection.execute(f"SELECT count(DISTINCT hash(name)) FROM {names}").fetchall() == [(1,)]
    for table in ("mentions", "persons"):
        connection.execute(
            f"COPY (SELECT id::INTEGER AS id, name, 'x' AS one FROM {names}) TO '{tmp_path / table}.parquet' (FORMAT parquet)"
        )
    sides = open_tables(connection, tmp_path / "mentions.parquet", tmp_path / "persons.parquet", ["name", "one"])
    spec = ComparisonSpec(field="name", levels=["exact"], term_frequency=True)
    comparisons = [build_comparison(spec, FieldKind.identifier)]
    model = model_of({"link_type": "link_only", "comparisons": comparisons, "unique_id_column_name": "id"})
    assert "hash(" in levels_of_pairs(model, sides, "FROM pairs")
    for rules, expected in (
        ([BlockingRule(on=("name",))], [(1, 1, 1), (2, 2, 1)]),
        ([BlockingRule(on=("one", "name"))], [(1, 1, 1), (2, 2, 1)]),
        ([BlockingRule(on=("one",))], [(1, 1, 1), (1, 2, 0), (2, 1, 0), (2, 2, 1)]),
    ):
        write_level_store(connection, sides, model, rules, FREE, tmp_path, lambda what, done, total: None)
        store = f"FROM read_parquet('{tmp_path}/pairs.parquet')"
        found = connection.execute(f"SELECT id_l, id_r, gamma_name {store} ORDER BY ALL").fetchall()
        assert found == expected
        known = with_frequencies(model, store, tmp_path)
        assert connection.execute(f"SELECT DISTINCT tf_name FROM ({known}) WHERE gamma_name = 1").fetchall() == [(0.5,)]


def test_order_of_the_level_store_changes_nothing(finished_run: Path, tmp_path: Path) -> None:
    """It is written in no order: whoever reads it must not care."""
    (tmp_path / "frequencies.parquet").write_bytes((finished_run / "frequencies.parquet").read_bytes())
    model = TrainedModel.load(finished_run)
    with connect() as connection:
        write_parquet(
            connection, f"FROM '{finished_run / 'pairs.parquet'}' ORDER BY hash(id_l, id_r)", tmp_path / "pairs.parquet"
        )
        patterns = [
            count_patterns(connection, model.match, f"FROM '{run / 'pairs.parquet'}'") for run in (finished_run, tmp_path)
        ]
        for run, name in ((finished_run, "as_stored"), (tmp_path, "shuffled")):
            (tmp_path / name).mkdir()
            assert score_pairs(connection, model, run, tmp_path / name).written > 1000
    assert patterns[0] == patterns[1]
    assert SCORED_PAIRS.path(tmp_path / "as_stored").read_bytes() == SCORED_PAIRS.path(tmp_path / "shuffled").read_bytes()

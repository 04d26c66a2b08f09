"""What training keeps: found again when nothing changed, and not when records, code or sample did."""

from __future__ import annotations

from pathlib import Path

import duckdb
import numpy as np

from linkage.config import BlockingRule, ProjectSpec
from linkage.model.settings import model_of
from linkage.pairs.sides import Sides
from linkage.statistics.fellegi_sunter import Patterns
from linkage.training.distinct_values import contents
from linkage.training.kept import KeptPasses, columns_of_pass, kept_training, marks_of_passes
from linkage.training.levels_of_strangers import estimate_u

RULE = BlockingRule(on=("born",))
NAME = {
    "output_column_name": "name",
    "comparison_levels": [
        {"sql_condition": "name_l IS NULL OR name_r IS NULL", "is_null_level": True, "label_for_charts": "missing"},
        {"sql_condition": "name_l = name_r", "label_for_charts": "same"},
        {"sql_condition": "ELSE", "label_for_charts": "else"},
    ],
}


def mark(connection: duckdb.DuckDBPyConnection, seed: int = 1, engine: str = "duckdb") -> str:
    model = model_of({"link_type": "link_only", "comparisons": [NAME], "unique_id_column_name": "id"})
    spec = ProjectSpec.model_construct(seed=seed, blocking=type("Rules", (), {"train": (RULE,)}))
    sides = Sides("mentions", "persons", 3, 3, {"id": "INTEGER"})
    field_of = {"born": "born", "name": "name"}
    held = contents(connection, sides, columns_of_pass(RULE, model, field_of))
    return marks_of_passes(held, sides, spec, model, field_of, engine)[RULE.name]


def test_mark_of_a_pass_follows_the_records_whole(connection: duckdb.DuckDBPyConnection) -> None:
    for table in ("mentions", "persons"):
        connection.execute(
            f"CREATE TABLE {table} AS SELECT * FROM (VALUES (1, 'an', '1990', 'x'), (2, 'ba', '1991', 'y'), (3, 'co', '1990', 'z'))"
            " AS t(id, name, born, town)"
        )
    first = mark(connection)
    connection.execute("CREATE OR REPLACE TABLE persons AS FROM persons ORDER BY id DESC")
    connection.execute("UPDATE persons SET town = 'elsewhere'")  # no part in the pass
    assert mark(connection) == first
    assert len({first, mark(connection, seed=2), mark(connection, engine="spark")}) == 3
    # The same values, at other records.
    connection.execute("UPDATE persons SET name = CASE id WHEN 1 THEN 'ba' WHEN 2 THEN 'an' ELSE name END")
    assert mark(connection) != first


def test_what_is_kept_of_a_comparison_stands_apart_from_the_columns_of_others(connection: duckdb.DuckDBPyConnection) -> None:
    for table in ("mentions", "persons"):
        connection.execute(f"CREATE TABLE {table} AS SELECT * FROM (VALUES (1, 'an', 'x'), (2, 'ba', 'y')) AS t(id, name, town)")
    model = model_of({"link_type": "link_only", "comparisons": [NAME], "unique_id_column_name": "id"})
    kept: dict[str, object] = {}
    for types in ({"name": "VARCHAR"}, {"name": "VARCHAR", "town": "VARCHAR"}, {"name": "VARCHAR", "town_fold": "VARCHAR[]"}):
        estimate_u(connection, Sides("mentions", "persons", 2, 2, types), model, 10, 1, kept)
        assert len(kept) == 1
    estimate_u(connection, Sides("mentions", "persons", 2, 2, {}), model, 10, 1, kept)
    assert len(kept) == 2


def test_what_is_kept_comes_back_as_it_was_until_the_code_changes(tmp_path: Path) -> None:
    patterns = Patterns(np.array([[1, -1], [0, 2]], dtype=np.int8), np.array([3.0, 40.0]))
    with kept_training(tmp_path, "code") as kept:
        kept.u["mark"] = {"u": [0.1, 0.9]}
        kept.passes.marks = {"rule": "mark of the rule"}
        assert kept.passes.get("rule") is None
        kept.passes.put("rule", 43, patterns)
    with kept_training(tmp_path, "code") as kept:
        kept.passes.marks = {"rule": "mark of the rule"}
        pairs, found = kept.passes.get("rule")
        assert kept.u == {"mark": {"u": [0.1, 0.9]}} and pairs == 43
        assert found.levels.tolist() == patterns.levels.tolist() and found.counts.tolist() == patterns.counts.tolist()
    with kept_training(tmp_path, "other code") as kept:
        assert kept.u == {} and kept.passes.held == {}
    assert KeptPasses().get("rule") is None


def test_what_cannot_be_read_is_found_anew(tmp_path: Path) -> None:
    (tmp_path / "training_kept.json").write_text("{", encoding="utf-8")
    with kept_training(tmp_path, "code") as kept:
        assert kept.u == {}

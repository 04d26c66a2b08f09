"""Our weights against Splink's own predict, and model.json in plain Splink."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from splink import DuckDBAPI, Linker

from linkage import open_project
from linkage.project import Run
from linkage.runs.sql import connect, described_columns, quote_list
from linkage.runs.tables import MENTIONS, PERSONS
from linkage.weighing import scoring
from linkage.weighing.scoring import may_reach, weights_query
from linkage.weighing.trained_model import TrainedModel

CONFIGS = Path(__file__).parents[2] / "configs"


def largest_difference(run: Run) -> tuple[int, int, float]:
    """(pairs of Splink's predict, pairs both have, largest difference of match weights)."""
    connection = run.connection
    ours = run.table("pairs").select("id_l, id_r, match_weight").to_arrow_table()
    theirs = run.model.inference.predict().as_pyarrow_table()
    connection.register("ours", ours)
    connection.register("theirs", theirs)
    return connection.execute(
        "SELECT count(t.id_l), count(o.id_l), max(abs(o.match_weight - t.match_weight))"
        " FROM theirs t FULL JOIN ours o USING (id_l, id_r)"
    ).fetchall()[0]


def test_births_weigh_as_in_splink(finished_run: Path) -> None:
    run = Run.open(finished_run)
    theirs, both, difference = largest_difference(run)
    assert theirs == both == run.summary["stages"]["block"]["counts"]["candidate_pairs"]
    assert difference < 1e-9


def test_deaths_weigh_as_in_splink(province: Path, tmp_path: Path) -> None:
    run = open_project(CONFIGS / "death-to-population.yaml", data=province).run(until="score", out=tmp_path / "run")
    theirs, both, difference = largest_difference(run)
    assert theirs == both > 0
    assert difference < 1e-9


def test_table_of_declared_fields_weighs_as_in_splink(sound_project: Path, tmp_path: Path) -> None:
    run = open_project(sound_project / "sound.yaml").run(until="score", out=tmp_path / "run")
    theirs, both, difference = largest_difference(run)
    assert theirs == both > 0
    assert difference < 1e-9


def test_nothing_that_reaches_the_floor_is_left_out(finished_run: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    model, store = TrainedModel.load(finished_run), f"FROM read_parquet('{finished_run / 'pairs.parquet'}')"
    with connect() as connection:
        whole = weights_query(model, store, finished_run)
        for longest in (1, 400):
            monkeypatch.setattr(scoring, "LONGEST_LIST", longest)
            for floor in (-10.0, 12.0):
                reaching = f"SELECT * FROM ({store}) WHERE {may_reach(model, floor)}"
                cut = weights_query(model, reaching, finished_run)
                rows, all_rows = (
                    connection.execute(f"FROM ({query}) WHERE match_weight >= {floor} ORDER BY id_l, id_r").fetchall()
                    for query in (cut, whole)
                )
                kept, pairs = (
                    connection.execute(f"SELECT count(*) FROM ({query})").fetchall()[0][0] for query in (reaching, store)
                )
                assert rows == all_rows
                assert 1000 < len(rows) <= kept < pairs * 0.7


def test_model_opens_in_plain_splink(finished_run: Path) -> None:
    model = json.loads((finished_run / "model.json").read_text(encoding="utf-8"))
    assert all(
        0 < level["m_probability"] < 1
        for c in model["comparisons"]
        for level in c["comparison_levels"]
        if not level.get("is_null_level")
    )
    with connect() as connection:
        left, right = (set(described_columns(connection, table.scan(finished_run))) for table in (MENTIONS, PERSONS))
        for table in ("mentions", "persons"):
            source = f"read_parquet('{finished_run / f'{table}.parquet'}')"
            connection.execute(f"CREATE TABLE {table} AS SELECT {quote_list(sorted(left & right))} FROM {source}")
        api = DuckDBAPI(connection)
        linker = Linker([api.register("mentions"), api.register("persons")], str(finished_run / "model.json"))
        found = linker.inference.predict(threshold_match_weight=10).as_record_list(limit=5)
    assert found


def test_explanation_adds_up_to_the_weights_of_the_run(finished_run: Path) -> None:
    run = Run.open(finished_run)
    rows = run.connection.execute(
        "SELECT record_id_l, record_id_r, match_weight, link_weight FROM read_parquet(?) ORDER BY link_weight LIMIT 3",
        [str(finished_run / "links.parquet")],
    ).fetchall()
    for mention, person, match_weight, link_weight in rows:
        told = run.explain(mention, person)
        assert told.prior + sum(step.weight for step in told.steps) == pytest.approx(match_weight, abs=1e-9)
        assert (told.match_weight, told.link_weight) == pytest.approx((match_weight, link_weight), abs=1e-9)
        assert told.match_weight + sum(bits for _, bits in told.beside_the_match_weight()) == pytest.approx(link_weight, abs=0.02)
        assert told.proposed_by_blocking
        text = "\n".join(told.lines())
        assert mention not in text and "Link weight" in text

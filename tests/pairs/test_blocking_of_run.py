from __future__ import annotations

from pathlib import Path

import pytest

from linkage import open_project
from linkage.assigning.wider_net import looser_rules
from linkage.config import BlockingRule
from linkage.project import Run
from linkage.weighing.charts import draw_blocking, draw_waterfall, draw_weights

CONFIGS = Path(__file__).parents[2] / "configs"


@pytest.fixture
def project(province: Path):
    return open_project(CONFIGS / "birth-to-population.yaml", data=province)


def test_counts_agree_with_the_level_store(project, finished_run: Path) -> None:
    run = Run.open(finished_run)
    analysis = project.analyse_blocking(run)
    stored = run.connection.execute(f"SELECT blocking_rules FROM read_parquet('{finished_run / 'pairs.parquet'}')").fetchnumpy()[
        "blocking_rules"
    ]
    for number, rule in enumerate(analysis.rules):
        assert rule.counts.pairs == ((stored >> number) & 1).sum()
        assert rule.new_pairs == ((stored & ((1 << number + 1) - 1)) == 1 << number).sum()
    assert analysis.rules[-1].all_pairs == len(stored)


def test_anchor_shares_are_near_the_truth(project, finished_run: Path, province: Path) -> None:
    run = Run.open(finished_run)
    analysis = project.analyse_blocking(run)
    assert analysis.anchors > 100
    share = analysis.rules[-1].anchors_found_so_far / analysis.anchors
    blocked, matches = run.connection.execute(
        f"""
        WITH true_ids AS (
            SELECT m.id AS id_l, p.id AS id_r FROM read_parquet('{province / "truth.parquet"}') t
            JOIN read_parquet('{finished_run / "mentions.parquet"}') m ON m.record_id = t.record_id
            JOIN read_parquet('{finished_run / "persons.parquet"}') p ON p.record_id = t.person_record_id
            WHERE t.register = 'birth' AND t.role = 'child')
        SELECT count(pairs.id_l), count(*) FROM true_ids LEFT JOIN read_parquet('{finished_run / "pairs.parquet"}') pairs USING (id_l, id_r)
        """
    ).fetchall()[0]
    assert share == pytest.approx(blocked / matches, abs=0.02)


def test_suggested_rules_find_what_they_say(project, finished_run: Path) -> None:
    run = Run.open(finished_run)
    rules, targets = project.suggest_blocking(run, pairs_a_mention=10)
    assert 1 <= len(rules) <= 12
    assert sum(one.pairs for one in rules) <= 10 * run.summary["stages"]["standardise"]["counts"]["mentions"]
    found = [one.targets_found_so_far for one in rules]
    assert found == sorted(found) and found[-1] / targets > 0.97


def test_looser_rules_leave_one_key_out() -> None:
    rules = [BlockingRule(on=("a", "b")), BlockingRule(on=("c",)), BlockingRule(on=("a", "d", "e"))]
    assert [rule.on for rule in looser_rules(rules)] == [("b",), ("a",), ("d", "e"), ("a", "e"), ("a", "d")]


def test_a_rule_made_narrower_is_looked_at_as_it_is() -> None:
    rules = [BlockingRule(on=("a", "b")), BlockingRule(on=("c",))]
    assert [rule.on for rule in looser_rules(rules, [rules[1].name])] == [("c",), ("b",), ("a",)]


def test_charts_are_drawn(project, finished_run: Path, tmp_path: Path) -> None:
    run = Run.open(finished_run)
    mention, person = run.connection.execute(
        f"SELECT record_id_l, record_id_r FROM read_parquet('{finished_run / 'links.parquet'}') LIMIT 1"
    ).fetchall()[0]
    figures = (
        draw_blocking(project.analyse_blocking(run)),
        draw_waterfall(run.explain(mention, person)),
        draw_weights(run.document("training")["levels"]),
    )
    for number, figure in enumerate(figures):
        figure.savefig(tmp_path / f"{number}.png")
        assert (tmp_path / f"{number}.png").stat().st_size > 10_000

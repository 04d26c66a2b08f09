"""Entities: groups of records that are one person, from weighed pairs and from whole projects with a planted truth."""

from __future__ import annotations

from collections import defaultdict
from itertools import combinations
from pathlib import Path

import numpy as np
import pyarrow as pa
import pytest

from linkage import Run, open_project
from linkage.assigning import entities
from linkage.assigning.agglomeration import Edge, agglomerate
from linkage.assigning.entities import Grouped, group_records
from linkage.errors import LinkageError, ProjectFileError
from linkage.runs.tables import LABELS
from tests.assigning.planted_entities import pairwise, plant_one_table, plant_tables, shuffle_rows

Pair = tuple[int, int, float]


def grouped(connection, pairs: list[Pair], cut: float = 5.0, verdicts=None, apart=None) -> tuple[Grouped, dict[int, int]]:
    verdicts, apart = verdicts or {}, apart or {}
    columns = {
        "id_l": pa.array([one for one, _, _ in pairs], pa.int32()),
        "id_r": pa.array([other for _, other, _ in pairs], pa.int32()),
        "link_weight": [float(weight) for _, _, weight in pairs],
        "verdict": pa.array([verdicts.get((one, other)) for one, other, _ in pairs], pa.string()),
        "apart_l": pa.array([apart.get(one) for one, _, _ in pairs], pa.int32()),
        "apart_r": pa.array([apart.get(other) for _, other, _ in pairs], pa.int32()),
    }
    connection.register("given", pa.table(columns))
    connection.execute("CREATE OR REPLACE TEMP TABLE weighed AS FROM given")
    report = group_records(connection, "weighed", cut, "grouped")
    return report, dict(connection.execute("FROM grouped ORDER BY id").fetchall())


def all_pairs(members: list[int], weight: float) -> list[Pair]:
    return [(one, other, weight) for one, other in combinations(members, 2)]


def test_well_separated_groups_are_taken_whole(connection) -> None:
    report, groups = grouped(connection, [*all_pairs([1, 2, 3], 9.0), (4, 5, 7.0), (3, 4, -6.0), (6, 7, 4.9)])
    assert groups == {1: 1, 2: 1, 3: 1, 4: 4, 5: 4}
    assert report == Grouped(components=2, doubtful=0, too_large=0, largest_component=3)


def test_a_bridge_between_two_groups_joins_neither(connection) -> None:
    across = [(one, other, -8.0) for one in (1, 2, 3) for other in (4, 5, 6) if (one, other) != (3, 4)]
    _, groups = grouped(connection, [*all_pairs([1, 2, 3], 12.0), *all_pairs([4, 5, 6], 12.0), (3, 4, 9.0), *across])
    assert groups == {1: 1, 2: 1, 3: 1, 4: 4, 5: 4, 6: 4}


def test_a_weak_pair_is_outvoted_by_the_records_beside_it(connection) -> None:
    report, groups = grouped(connection, [(1, 2, 9.0), (2, 3, 8.0), (1, 3, -3.0)], cut=2.0)
    assert set(groups.values()) == {1}
    assert report.doubtful == 1


def test_pairs_of_the_same_records_do_not_add_up(connection) -> None:
    across = [(1, 3, 2.8), (2, 3, 2.8), (1, 4, -0.4), (1, 5, -0.4), (2, 4, -0.4), (2, 5, -0.4)]
    _, groups = grouped(connection, [(1, 2, 22.0), *all_pairs([3, 4, 5], 16.0), *across], cut=2.7)
    assert groups == {1: 1, 2: 1, 3: 3, 4: 3, 5: 3}


def test_verdicts_win_over_weights(connection) -> None:
    pairs = [(1, 2, 9.0), (2, 3, 9.0), (1, 3, 9.0), (4, 5, -9.0)]
    _, groups = grouped(connection, pairs, verdicts={(1, 2): "non_match", (4, 5): "match"})
    assert groups[1] != groups[2]
    assert groups[4] == groups[5] == 4


def test_no_entity_has_two_records_of_a_table_without_duplicates(connection) -> None:
    _, groups = grouped(connection, [(1, 3, 9.0), (2, 3, 11.0)], apart={1: 1, 2: 1})
    assert groups == {1: 1, 2: 2, 3: 2}


def test_a_component_too_large_to_hold_is_cut_at_its_weaker_pairs(connection, monkeypatch) -> None:
    monkeypatch.setattr(entities, "MOST_PAIRS", 12)
    pairs = [*all_pairs([1, 2, 3, 4], 20.0), *all_pairs([5, 6, 7, 8], 20.0), (4, 5, 6.5), (1, 8, -9.0)]
    report, groups = grouped(connection, pairs)
    assert groups == dict.fromkeys([1, 2, 3, 4], 1) | dict.fromkeys([5, 6, 7, 8], 5)
    assert report.too_large >= 1


def test_the_order_of_pairs_does_not_matter() -> None:
    random = np.random.default_rng(3)
    weights = random.normal(2, 8, (9, 9))
    edges = [Edge(a, b, float(weights[a, b]), bool(weights[a, b] >= 5)) for a, b in combinations(range(9), 2)]
    first = agglomerate(9, edges, [None] * 9, 0.0)
    for _ in range(20):
        random.shuffle(edges)  # type: ignore[arg-type]
        assert agglomerate(9, edges, [None] * 9, 0.0) == first


@pytest.fixture(scope="module")
def one_table(tmp_path_factory) -> tuple[Path, Run, dict[str, int]]:
    folder = tmp_path_factory.mktemp("one")
    truth = plant_one_table(folder, 2_200, 5_117, seed=22)
    return folder, open_project(folder / "one.yaml").run(until="sample", out=folder / "run"), truth


def entities_of(run: Run) -> dict[tuple[str, str], str]:
    rows = run.table("entities").select("source, record_id, entity_id").fetchall()
    return {(source, record): entity for source, record, entity in rows}


def test_the_entities_of_one_table_are_found(one_table) -> None:
    _, run, truth = one_table
    found = {record: entity for (_, record), entity in entities_of(run).items()}
    assert found.keys() == truth.keys()
    precision, recall = pairwise(found, truth)
    assert precision >= 0.999
    assert recall >= 0.99
    links = run.table("links")
    within = {(one, other) for one, other in links.filter("decision = 'link'").select("record_id_l, record_id_r").fetchall()}
    assert all(found[one] == found[other] for one, other in within)
    assert links.filter("decision = 'clerical'").aggregate("count(*)").fetchall()[0][0] <= 600
    assert links.filter("decision = 'link'").aggregate("min(link_weight)").fetchall()[0][0] >= run.thresholds.upper
    assert run.table("entities").filter("probability NOT BETWEEN 0 AND 1").fetchall() == []


def test_an_entity_is_explained_without_its_values(one_table) -> None:
    _, run, _ = one_table
    sizes = run.table("entities").aggregate("entity_id, count(*) AS size").order("size DESC, entity_id")
    entity, size = sizes.fetchall()[0]
    told = run.explain(entity)
    assert len(told.records) == size > 3
    assert len(told.within) == size * (size - 1) / 2
    assert told == run.explain(told.records[-1][0])
    assert told.lines()[0] == f"Entity {entity}: {size} records"
    with pytest.raises(LinkageError, match="no entity or record with that id"):
        run.explain("nobody")


def test_labels_give_the_rates_of_entities(one_table, connection) -> None:
    _, run, truth = one_table
    drawn = run.table("review_set").select("pair_id, record_id_l, record_id_r").fetchall()
    verdicts = ["match" if truth[one] == truth[other] else "non_match" for _, one, other in drawn]
    columns = dict(zip(("pair_id", "record_id_l", "record_id_r"), map(list, zip(*drawn, strict=True)), strict=True))
    connection.register("given", pa.table(columns | {"verdict": verdicts}))
    labelled = "SELECT *, 'agreed' AS how, NULL::VARCHAR AS fingerprint_l, NULL::VARCHAR AS fingerprint_r,"
    LABELS.write(connection, f"{labelled} NULL::VARCHAR AS judged_fields FROM given", run.path)
    try:
        told = run.estimate()
    finally:
        LABELS.path(run.path).unlink()
    precision, recall = pairwise({record: entity for (_, record), entity in entities_of(run).items()}, truth)
    for measure, value in (("pairwise_precision", precision), ("pairwise_recall", recall)):
        found = told.select(measure, "design")
        assert found.low <= value <= found.high
        assert abs(found.value - value) < 0.01
    assert told.select("b_cubed_recall", "design").denominator == len(truth)


def test_three_tables_shuffled_give_the_same_entities(tmp_path) -> None:
    shares = {"clinic": [0.4, 0.6], "school": [0.3, 0.5, 0.15, 0.05], "tax": [0.4, 0.4, 0.2]}
    truth = plant_tables(tmp_path, 500, shares, seed=23)
    first = entities_of(open_project(tmp_path / "several.yaml").run(until="decide", out=tmp_path / "first"))
    assert first.keys() == truth.keys()
    members, records = defaultdict(set), defaultdict(set)
    for record, person in truth.items():
        members[person].add(record)
        records[first[record]].add(record)
    right = [records[first[next(iter(own))]] == own for own in members.values()]
    assert np.mean(right) >= 0.99
    assert pairwise(first, truth)[0] >= 0.999
    of_clinic = [entity for (table, _), entity in first.items() if table == "clinic"]
    assert len(of_clinic) == len(set(of_clinic))
    for number, name in enumerate(shares):
        shuffle_rows(tmp_path / f"{name}.csv", number)
    assert entities_of(open_project(tmp_path / "several.yaml").run(until="decide", out=tmp_path / "second")) == first


def refused(folder: Path, old: str, new: str) -> str:
    text = (folder / "several.yaml").read_text(encoding="utf-8")
    assert old in text
    (folder / "wrong.yaml").write_text(text.replace(old, new), encoding="utf-8")
    with pytest.raises(ProjectFileError) as told:
        open_project(folder / "wrong.yaml").check()
    return str(told.value)


def test_faults_of_tables_are_told_with_their_place(tmp_path) -> None:
    plant_tables(tmp_path, 20, {"clinic": [0.0, 1.0], "school": [0.5, 0.5]}, seed=1)
    assert "no table of this project: clinik" in refused(tmp_path, "per: [clinic", "per: [clinik")
    assert "wrong.yaml:12:5 tables.school.source" in refused(tmp_path, "path: school.csv", "path: none.csv")
    assert "lacks it" in refused(tmp_path, "fields: {name: person_name, born: date, town: text, phone: identifier}\n  school", (
        "fields: {name: person_name, born: date, phone: identifier}\n  school"
    ))  # fmt: skip
    assert "give either `left`" in refused(tmp_path, "tables:", "right: {register: birth, source: {path: a}}\ntables:")

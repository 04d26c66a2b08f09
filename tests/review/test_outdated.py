"""A verdict holds for the two records as they were judged: when one changes it decides nothing and its pair is asked again."""

from __future__ import annotations

import unicodedata
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from linkage.config import ReviewSpec
from linkage.errors import NotAssignedError
from linkage.review import write_labels
from linkage.review.answers import Answer, record_answer, standing_answer
from linkage.review.assignments import next_pair
from linkage.review.outdated import last_event, outdated_pairs
from linkage.review.review_set import load_review_set
from linkage.runs.judged import hold_labels
from linkage.runs.shapes import RunSummary
from linkage.runs.sql import connect
from linkage.runs.tables import LABELS, RAW_MENTIONS, RAW_PERSONS, RUN

SINGLE = ReviewSpec(reviewers_per_pair=1, planted_share=0)
COMPARED: RunSummary = {
    "run_id": "outdated", "project": "p", "title": "", "synthetic": True, "config_hash": None, "seed": 1, "finished_at": None,
    "seconds": 0.0, "stages": {}, "spec": {"comparisons": [{"field": name} for name in ("full_name", "birth_date", "mother_name")]},
}  # fmt: skip
CHANGES = {
    "a name of the entry": (RAW_MENTIONS, "full_name", lambda value: f"{value} Mới", True),
    "a date of the person": (RAW_PERSONS, "birth_date", lambda value: "01/01/1900", True),
    "a value that was missing": (RAW_MENTIONS, "mother_name", lambda value: "Lê Thị Mới", True),
    "a value that is gone": (RAW_PERSONS, "birth_date", lambda value: None, True),
    "a field that is not compared": (RAW_MENTIONS, "note", lambda value: "ghi chú mới", False),
    "another Unicode form": (RAW_MENTIONS, "full_name", lambda value: f" {unicodedata.normalize('NFD', value)} ", False),
}


def answer(review, pair: int, verdict: str, name: str = "lan", tail: str = "") -> None:
    record_answer(review.store, Answer(pair, review.people[name].id, verdict, "", "", f"{name}-{pair}{tail}-" + "x" * 16, "v"))


def answer_all(review, verdict: str, tail: str = "") -> int:
    answered = 0
    while (pair := next_pair(review.store, review.people["lan"].id)) is not None:
        answer(review, pair, verdict, tail=tail)
        answered += 1
    return answered


def change(run: Path, table, column: str, how, records: set[str]) -> None:
    held = pq.read_table(table.path(run))
    values = [
        how(value) if record in records else value
        for record, value in zip(held["record_id"].to_pylist(), held[column].to_pylist(), strict=True)
    ]
    pq.write_table(held.set_column(held.column_names.index(column), column, pa.array(values, pa.string())), table.path(run))


def records_of(run: Path, table, count: int) -> set[str]:
    side = "record_id_l" if table is RAW_MENTIONS else "record_id_r"
    return set(sorted(pq.read_table(run / "review_set.parquet")[side].to_pylist())[:count])


@pytest.fixture
def answered(make_review):
    """Thirty pairs answered one by one, compared on three fields; their labels written."""
    review = make_review(SINGLE, pairs=30, anchors=0, bystanders=5)
    RUN.write(review.run, COMPARED)
    review.store.connection.execute("UPDATE setting SET value = '' WHERE name = 'loaded'")
    load_review_set(review.store, review.run, seed=7)
    assert answer_all(review, "non_match") == 30
    assert write_labels(review.run) == 30
    return review


@pytest.mark.parametrize("what", CHANGES)
def test_a_verdict_holds_as_long_as_the_values_compared_do(answered, what: str) -> None:
    table, column, how, outdates = CHANGES[what]
    run = answered.run
    labels = pq.read_table(LABELS.path(run)).to_pylist()
    assert {row["judged_fields"] for row in labels} == {"full_name birth_date mother_name"}
    assert all(len(row[f"fingerprint_{side}"]) == 32 for row in labels for side in "lr")
    changed = records_of(run, table, 12)
    change(run, table, column, how, changed)
    outdated = 12 if outdates else 0
    with connect() as connection:
        standing, gone = hold_labels(connection, LABELS.path(run), RAW_MENTIONS.path(run), RAW_PERSONS.path(run))
        side = "record_id_l" if table is RAW_MENTIONS else "record_id_r"
        left = {record for (record,) in connection.execute(f"SELECT {side} FROM {standing}").fetchall()}
    assert gone == outdated
    assert left.isdisjoint(changed) if outdates else changed <= left
    before = last_event(answered.store.connection)
    load_review_set(answered.store, run, seed=7)
    assert outdated_pairs(answered.store.connection, before) == outdated
    assert write_labels(run) == 30 - outdated, "what is asked again is no label until it is answered"
    assert answer_all(answered, "match", "-again") == outdated, "given out again, to whoever comes"
    assert write_labels(run) == 30
    with connect() as connection:
        assert hold_labels(connection, LABELS.path(run), RAW_MENTIONS.path(run), RAW_PERSONS.path(run))[1] == 0


def test_loading_the_same_records_again_changes_nothing(answered) -> None:
    before = last_event(answered.store.connection)
    answered.store.connection.execute("UPDATE setting SET value = '' WHERE name = 'loaded'")
    load_review_set(answered.store, answered.run, seed=7)
    assert last_event(answered.store.connection) == before


def test_what_a_reviewer_holds_of_changed_records_cannot_be_answered_any_more(make_review) -> None:
    review = make_review(SINGLE, pairs=30, anchors=0, bystanders=5)
    pair = next_pair(review.store, review.people["lan"].id)
    change(review.run, RAW_MENTIONS, "full_name", lambda value: f"{value} Mới", records_of(review.run, RAW_MENTIONS, 30))
    load_review_set(review.store, review.run, seed=7)
    with pytest.raises(NotAssignedError):
        answer(review, pair, "match")
    assert next_pair(review.store, review.people["minh"].id) == pair


def test_the_adjudicators_verdict_is_taken_back_with_the_answers_it_settled(make_review) -> None:
    from linkage.review.assignments import next_dispute

    review = make_review(ReviewSpec(reviewers_per_pair=2, planted_share=0), pairs=8, anchors=0, bystanders=2)
    pair = next_pair(review.store, review.people["lan"].id)
    answer(review, pair, "match")
    assert next_pair(review.store, review.people["minh"].id) == pair
    answer(review, pair, "non_match", "minh")
    judge = review.people["bình"].id
    assert next_dispute(review.store, judge) == pair
    record_answer(review.store, Answer(pair, judge, "match", "", "", "settled-" + "x" * 16, "v", stage="adjudication"))
    assert write_labels(review.run) == 1
    change(review.run, RAW_PERSONS, "full_name", lambda value: f"{value} Mới", records_of(review.run, RAW_PERSONS, 8))
    load_review_set(review.store, review.run, seed=7)
    assert write_labels(review.run) == 0
    assert standing_answer(review.store, pair, review.people["lan"].id) is None
    assert next_dispute(review.store, judge) is None
    assert next_pair(review.store, review.people["thu"].id) == pair

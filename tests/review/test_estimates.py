"""The labels of a simulated review flow into the estimates, whose intervals hold the planted truth."""

import duckdb
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from linkage.config import ReviewSpec, TargetsSpec, ThresholdsSpec
from linkage.decision import RunTables, decide, draw_review_sample, estimate, propose_thresholds
from linkage.decision.testkit import plant_population, write_tables
from linkage.review import add_user, write_labels
from linkage.review.answers import Answer, record_answer
from linkage.review.assignments import next_dispute, next_pair
from linkage.review.review_set import load_review_set
from linkage.review.store import create_store

from .conftest import PASSWORD


def raw(path, records):
    """A register of names only: these reviewers answer by chance, not by reading."""
    count = len(records)
    columns = {"id": range(1, count + 1), "record_id": sorted(records), "role": ["x"] * count, "source": ["x"] * count}
    pq.write_table(pa.table({**columns, "row_number": range(count), "full_name": ["Nguyễn Thị Hoa"] * count}), path)


@pytest.mark.parametrize("error", [0.0, 0.05])
def test_intervals_hold_the_truth(tmp_path, error, _password_once, monkeypatch):
    import random

    rng = random.Random(11)
    run = tmp_path
    connection = duckdb.connect()
    population = plant_population(3, 6000)
    tables = write_tables(connection, population, run)
    weights = population.weight[population.weight == population.weight]
    targets = TargetsSpec()
    thresholds = propose_thresholds(weights, targets, ThresholdsSpec(), 2)
    decide(connection, tables["assigned"], thresholds, 3.0, run / "links.parquet")
    # one draw of many: of the seeds 2–31, 29 hold the true precision and 28 the true recall (not 5 and 6)
    draw_review_sample(
        connection, run / "links.parquet", 500, 7, thresholds, run / "review_set.parquet", outside=tables["looser"]
    )
    sampled = pq.read_table(run / "review_set.parquet").to_pylist()
    raw(run / "raw_mentions.parquet", {row["record_id_l"] for row in sampled})
    raw(run / "raw_persons.parquet", {row["record_id_r"] for row in sampled})
    true = {(row["record_id_l"], row["record_id_r"]) for row in pq.read_table(tables["truth"]).to_pylist()}

    spec = ReviewSpec()
    people = [add_user(run, name, "reviewer", PASSWORD, spec).id for name in ("lan", "minh", "thu")]
    judge = add_user(run, "binh", "adjudicator", PASSWORD, spec).id
    store = create_store(run, spec)
    load_review_set(store, run)
    monkeypatch.setattr("linkage.review.store._ON_DISK", "OFF")
    truth = {
        row["id"]: (row["record_id_l"], row["record_id_r"]) in true for row in store.connection.execute("SELECT * FROM pair")
    }

    def say(pair, person, right, stage="blind"):
        verdict = "match" if truth[pair] == right else "non_match"
        record_answer(store, Answer(pair, person, verdict, "", "", f"{stage}-{pair}-{person}-xxxxxxxxx", "v", stage=stage))

    left = list(people)
    while left:
        for person in list(left):
            pair = next_pair(store, person)
            if pair is None:
                left.remove(person)
            else:
                say(pair, person, rng.random() >= error)
    while (pair := next_dispute(store, judge)) is not None:
        say(pair, judge, True, "adjudication")
    store.close()

    assert write_labels(run) == len({row["pair_id"] for row in sampled})
    found = estimate(
        connection,
        RunTables(
            links=run / "links.parquet",
            mentions=tables["mentions"],
            persons=tables["persons"],
            review_set=run / "review_set.parquet",
            labels=run / "labels.parquet",
            verdicts=run / "verdicts.parquet",
            outside=tables["looser"],
        ),
        thresholds,
        targets,
        run / "estimates.json",
    )
    connection.close()
    held = {
        (one.measure, one.low <= value <= one.high)
        for one in found.estimates
        if one.estimator == "design" and one.threshold == thresholds.upper
        for measure, value in (("precision", population.precision(one.threshold)), ("recall", population.recall(one.threshold)))
        if one.measure == measure and one.reading == "middle"
    }
    assert held == {("precision", True), ("recall", True)}

"""The labels of simulated reviews flow into the estimates, whose intervals hold the planted truth as often as they say."""

import random
import shutil
from dataclasses import replace

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from scipy.stats import binom

from linkage.config import ReviewSpec, TargetsSpec, ThresholdsSpec
from linkage.decision import EstimateTables, decide, draw_review_sample, estimate, estimate_by_design, propose_thresholds
from linkage.decision.label_evidence import load_errors, load_kinds
from linkage.decision.samples import load_sample
from linkage.review import add_user, write_labels
from linkage.review.answers import Answer, record_answer
from linkage.review.assignments import next_dispute, next_pair
from linkage.review.review_set import load_review_set
from linkage.review.store import create_store
from linkage.runs.sql import connect
from tests.decision.planted_population import plant_population, write_tables

from .conftest import PASSWORD

REVIEWS = 20
TARGETS = TargetsSpec()


SPEC = ReviewSpec()


@pytest.fixture(scope="module")
def people(tmp_path_factory, _password_once):
    """A folder with the accounts of three reviewers and a judge, to begin each run with, and their ids."""
    folder = tmp_path_factory.mktemp("people") / "run"
    folder.mkdir()
    roles = {"lan": "reviewer", "minh": "reviewer", "thu": "reviewer", "binh": "adjudicator"}
    return folder, [add_user(folder, name, role, PASSWORD, SPEC).id for name, role in roles.items()]


@pytest.fixture(scope="module")
def planted(tmp_path_factory):
    """The connection, population, its tables and the decided links at the model's thresholds."""
    folder = tmp_path_factory.mktemp("planted")
    connection = connect()
    population = plant_population(3, 6000)
    tables = write_tables(connection, population, folder) | {"links": folder / "links.parquet"}
    thresholds = propose_thresholds(population.weight[population.weight == population.weight], TARGETS, ThresholdsSpec(), 2)
    decide(connection, tables["assigned"], thresholds, 3.0, tables["links"])
    yield connection, population, tables, thresholds
    connection.close()


def raw(path, records):
    """A register of names only: these reviewers answer by chance, not by reading."""
    count = len(records)
    columns = {"id": range(1, count + 1), "record_id": sorted(records), "role": ["x"] * count, "source": ["x"] * count}
    pq.write_table(pa.table({**columns, "row_number": range(count), "full_name": ["Nguyễn Thị Hoa"] * count}), path)


def review(planted, people, run, seed, error):
    """Draw a set, have two of three reviewers answer each pair, wrong with chance `error`, a judge settle, and write the labels."""
    connection, _, tables, thresholds = planted
    rng = random.Random(seed)
    shutil.copytree(people[0], run)
    *reviewers, judge = people[1]
    draw_review_sample(connection, tables["links"], 150, seed, thresholds, run / "review_set.parquet", outside=tables["wider"])
    sampled = pq.read_table(run / "review_set.parquet").to_pylist()
    raw(run / "raw_mentions.parquet", {row["record_id_l"] for row in sampled})
    raw(run / "raw_persons.parquet", {row["record_id_r"] for row in sampled})
    true = {(row["record_id_l"], row["record_id_r"]) for row in pq.read_table(tables["truth"]).to_pylist()}

    store = create_store(run, SPEC)
    load_review_set(store, run)
    truth = {
        row["id"]: (row["record_id_l"], row["record_id_r"]) in true for row in store.connection.execute("SELECT * FROM pair")
    }

    def say(pair, person, right, stage="blind"):
        verdict = "match" if truth[pair] == right else "non_match"
        record_answer(store, Answer(pair, person, verdict, "", "", f"{stage}-{pair}-{person}-xxxxxxxxx", "v", stage=stage))

    left = list(reviewers)
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


def test_intervals_hold_the_truth_as_often_as_they_say(planted, people, tmp_path, monkeypatch):
    monkeypatch.setattr("linkage.review.store._ON_DISK", "OFF")
    connection, population, tables, thresholds = planted
    upper = thresholds.upper
    truth = {"precision": population.precision(upper), "recall_within_reach": population.recall(upper)}
    weights = population.weight[population.weight == population.weight]
    held = dict.fromkeys(truth, 0)
    for seed in range(REVIEWS):
        run = tmp_path / str(seed)
        review(planted, people, run, seed, error=0.05 * (seed % 2))
        sample = load_sample(connection, run / "review_set.parquet", run / "labels.parquet", tables["links"])
        for one in estimate_by_design(sample, weights, thresholds.upper):
            if one.measure in truth:
                held[one.measure] += one.low <= truth[one.measure] <= one.high
    # fewer would come by chance once in a thousand times, were the coverage 95 %
    assert min(held.values()) >= binom.ppf(0.001, REVIEWS, 0.95), held

    given = EstimateTables(
        links=tables["links"],
        mentions=tables["mentions"],
        persons=tables["persons"],
        review_set=run / "review_set.parquet",
        labels=run / "labels.parquet",
        verdicts=run / "verdicts.parquet",
        outside=tables["wider"],
    )
    found = estimate(connection, given, thresholds, TARGETS)
    # what the whole stage writes are these same estimates, with the errors that the double labels show
    middle = [one for one in found.estimates if one.estimator == "design" and one.reading == "middle"]
    kinds = load_kinds(connection, sample, run / "review_set.parquet", tables["mentions"], tables["persons"])
    errors = load_errors(connection, sample, kinds, run / "labels.parquet", run / "verdicts.parquet", None)
    assert 0 < found.label_error.on_links.value < 0.02 and found.label_error.rates == errors.rates
    assert set(estimate_by_design(sample, weights, thresholds.upper, fallible=replace(kinds, errors=errors))) <= set(middle)

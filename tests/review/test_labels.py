import random

import pyarrow.parquet as pq
import pytest

from linkage.config import ReviewSpec
from linkage.errors import ReviewError
from linkage.review import progress, write_labels
from linkage.review.answers import Answer, record_answer
from linkage.review.assignments import next_dispute, next_pair
from linkage.review.review_progress import summarise


def answer(review, name, pair, verdict, stage="blind"):
    key = f"{name}-{pair}-{stage}-" + "x" * 16
    record_answer(review.store, Answer(pair, review.people[name].id, verdict, "", "", key, "v", stage=stage))


def simulate(review, errors, seed=1):
    """Reviewers with known error rates label everything; the adjudicator is always right."""
    rng = random.Random(seed)
    busy = True
    while busy:
        busy = False
        for name, rate in errors.items():
            pair = next_pair(review.store, review.people[name].id)
            if pair is not None:
                busy = True
                truth = review.true_verdict(pair)
                review.clock.pass_minutes(0.1)
                answer(review, name, pair, truth if rng.random() >= rate else {"match": "non_match", "non_match": "match"}[truth])
    while (pair := next_dispute(review.store, review.people["bình"].id)) is not None:
        answer(review, "bình", pair, review.true_verdict(pair), "adjudication")


def test_labels_have_the_contracts_columns_and_the_type_of_pair_id(review):
    simulate(review, {"lan": 0.0, "minh": 0.2, "thu": 0.0})
    count = write_labels(review.run)
    path = review.run / "labels.parquet"
    table = pq.read_table(path)
    assert count == table.num_rows == 63
    assert table.column_names[:6] == ["pair_id", "record_id_l", "record_id_r", "verdict", "how", "labelled_at"]
    assert path.stat().st_mode & 0o077 == 0
    assert table.schema.field("pair_id").type == pq.read_schema(review.run / "review_set.parquet").field("pair_id").type
    rows = table.to_pylist()
    assert {row["how"] for row in rows} == {"agreement", "adjudicated", "anchor"}
    assert all((row["pair_id"] is None) == (row["how"] == "anchor") for row in rows)
    assert all(
        row["verdict"] == review.made.truth[row["record_id_l"], row["record_id_r"]] for row in rows if row["how"] != "agreement"
    )
    assert all(row["match_answers"] + row["non_match_answers"] + row["unsure_answers"] == 2 for row in rows)
    # what reviewers came to is kept beside what is known: only here can their error be seen
    assert all(row["reviewers_verdict"] == row["verdict"] for row in rows if row["how"] != "anchor")
    assert {row["reviewers_verdict"] for row in rows if row["how"] == "anchor"} <= {"match", "non_match"}
    given = pq.read_table(review.run / "verdicts.parquet").to_pylist()
    assert len(given) == 120
    assert {row["reviewer"] for row in given} == {"lan", "minh", "thu"}


def test_writing_again_gives_the_same_bytes(review):
    simulate(review, {"lan": 0.1, "minh": 0.1, "thu": 0.1})
    contents = []
    for _ in range(2):
        write_labels(review.run)
        contents.append([(review.run / name).read_bytes() for name in ("labels.parquet", "verdicts.parquet")])
    assert contents[0] == contents[1]


def test_pairs_under_way_are_left_out(review):
    pair = next_pair(review.store, review.people["lan"].id)
    answer(review, "lan", pair, "match")
    assert write_labels(review.run) == 0
    next_pair(review.store, review.people["minh"].id)
    answer(review, "minh", pair, "non_match")
    assert write_labels(review.run) == 0
    next_dispute(review.store, review.people["bình"].id)
    answer(review, "bình", pair, "unsure", "adjudication")
    assert write_labels(review.run) == 1


def test_single_review(make_review):
    review = make_review(ReviewSpec(reviewers_per_pair=1, planted_share=0), pairs=8, anchors=0, bystanders=2)
    simulate(review, {"lan": 0.0})
    write_labels(review.run)
    assert set(pq.read_table(review.run / "labels.parquet")["how"].to_pylist()) == {"single"}


def test_no_review_no_labels(tmp_path):
    with pytest.raises(ReviewError, match="no review yet"):
        write_labels(tmp_path)


def test_progress_recovers_the_reviewers_known_error_rates(make_review):
    review = make_review(ReviewSpec(planted_share=0.3), pairs=210, anchors=90, bystanders=5)
    errors = {"lan": 0.02, "minh": 0.25, "thu": 0.02}
    simulate(review, errors, seed=4)
    found = progress(review.run)
    planted = {row.name: row.planted for row in found.reviewers}
    for name, rate in errors.items():
        assert planted[name].low <= 1 - rate <= planted[name].high, name
        assert planted[name].pairs > 30
    agreement = {row.name: row.agreement.value for row in found.reviewers}
    assert agreement["minh"] < min(agreement["lan"], agreement["thu"])
    total = found.strata[-1]
    assert (total.pairs, total.finished, total.disputed, total.answers_left) == (300, 300, 0, 0)
    assert found.krippendorff.low < found.krippendorff.value < found.krippendorff.high
    assert found.discordance.value == pytest.approx(sum(row["match_answers"] == 1 for row in counts(review)) / 300)
    cohen = {(a, b): measure for a, b, measure in found.cohen}
    assert cohen["lan", "thu"].value > cohen["lan", "minh"].value


def counts(review):
    return review.store.connection.execute("SELECT match_answers FROM verdict").fetchall()


def test_time_left_is_answers_left_times_the_usual_seconds(review):
    for _ in range(10):
        pair = next_pair(review.store, review.people["lan"].id)
        review.clock.pass_minutes(0.5)
        answer(review, "lan", pair, "match")
    total = summarise(review.store).strata[-1]
    assert total.answers_left == 116
    assert total.hours_left == pytest.approx(116 * 30 / 3600)


def test_disagreement_by_field_counts_pairs_in_which_the_field_differed(review):
    simulate(review, {"lan": 0.3, "minh": 0.3, "thu": 0.3})
    fields = {row.field: row.disputed for row in summarise(review.store).fields}
    rows = review.store.connection.execute("SELECT differing, verdicts FROM pair").fetchall()
    for field in ("full_name", "birth_date"):
        having = [row["verdicts"] > 1 for row in rows if f'"{field}"' in row["differing"]]
        assert fields[field].pairs == len(having)
        assert fields[field].value == pytest.approx(sum(having) / len(having))

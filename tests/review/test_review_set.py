import json
import shutil

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq
import pytest

from linkage.config import ReviewSpec
from linkage.errors import ReviewError
from linkage.review.answers import Answer, record_answer
from linkage.review.assignments import next_pair
from linkage.review.comparison import compare_pair, mention_fields
from linkage.review.review_set import load_review_set
from linkage.review.store import create_store, store_path


def pairs(review):
    return review.store.connection.execute("SELECT * FROM pair ORDER BY id").fetchall()


def test_order_is_random_within_strata_and_even_across_them(make_review):
    review = make_review(ReviewSpec(planted_share=0), pairs=200, anchors=0, bystanders=5)
    rows = pairs(review)
    first = rows[:60]
    assert sum(row["stratum"] == "wide" for row in first) == pytest.approx(15, abs=2)
    ids = [int(row["pair_id"]) for row in rows if row["stratum"] == "narrow"]
    assert ids != sorted(ids)
    places = {pair: place for place, pair in enumerate(ids)}
    early = sum(places[pair] < len(ids) / 2 for pair in sorted(ids)[: len(ids) // 2])
    assert 25 < early < 50


def test_the_order_does_not_depend_on_the_order_of_rows(make_review):
    one, two = make_review(pairs=40, anchors=5, bystanders=5), make_review(pairs=40, anchors=5, bystanders=5)
    two.store.close()
    path = two.run / "review_set.parquet"
    table = pq.read_table(path)
    pq.write_table(table.take(pa.array(list(range(table.num_rows))[::-1])), path)
    shutil.rmtree(two.run / "review")
    two.store = create_store(two.run, ReviewSpec(planted_share=0.05))
    load_review_set(two.store, two.run, seed=7)
    assert [tuple(row)[:5] for row in pairs(one)] == [tuple(row)[:5] for row in pairs(two)]
    two.store.close()


def test_planted_pairs_make_up_their_share_and_look_like_the_others(make_review):
    review = make_review(ReviewSpec(planted_share=0.2), pairs=80, anchors=40, bystanders=5)
    planted = [row for row in pairs(review) if row["known_verdict"]]
    assert len(planted) / 100 == pytest.approx(0.2)
    assert all(row["known_verdict"] == review.made.truth[row["record_id_l"], row["record_id_r"]] for row in planted)
    for row in planted:
        assert "personal_number" not in mention_fields(review.store, row["id"])
        shown = compare_pair(review.store, row["id"])
        number = next(line for line in shown.groups["person"] if line.name == "personal_number")
        assert number.left is None
        assert "personal_number" not in json.loads(row["differing"])
        # a planted person who is wrong does not stand beside the right one
        assert len(shown.runner_ups) == (row["known_verdict"] == "match")


def test_no_score_reaches_the_store(review):
    texts = [row[0] for row in review.store.connection.execute("SELECT sql FROM sqlite_master WHERE sql IS NOT NULL")]
    assert not any("weight" in text or "probability" in text for text in texts)


def test_runner_ups_leave_out_the_pair_itself_and_are_in_no_telling_order(review):
    shown = compare_pair(review.store, 1)
    row = pairs(review)[0]
    assert len(shown.runner_ups) == 1
    assert row["record_id_r"] not in [card.record_id for card in shown.runner_ups]


def test_a_new_draw_keeps_answers_and_retires_pairs_that_left(review):
    lan = review.people["lan"].id
    pair = next_pair(review.store, lan)
    record_answer(review.store, Answer(pair, lan, "match", "", "", "a" * 20, "v"))
    answered = pairs(review)[pair - 1]
    path = review.run / "review_set.parquet"
    table = pq.read_table(path)
    gone = [row["record_id_l"] for row in pairs(review)[5:10] if row["stratum"]]
    kept = table.filter(pc.invert(pc.is_in(table["record_id_l"], pa.array(gone))))
    pq.write_table(kept.set_column(0, "pair_id", pa.array([f"neu-{i}" for i in range(kept.num_rows)])), path)
    assert load_review_set(review.store, review.run, seed=7) == 0
    rows = {row["record_id_l"]: row for row in pairs(review)}
    assert all(rows[record]["in_use"] == 0 for record in gone)
    assert rows[answered["record_id_l"]]["answers"] == 1
    if answered["stratum"]:
        assert rows[answered["record_id_l"]]["pair_id"].startswith("neu-")


def test_loading_again_changes_nothing(review):
    before = [tuple(row) for row in pairs(review)]
    assert load_review_set(review.store, review.run, seed=7) == 0
    assert [tuple(row) for row in pairs(review)] == before


def test_missing_tables_and_records_are_named(make_review, tmp_path):
    review = make_review(pairs=5, anchors=0, bystanders=2)
    (review.run / "review_set.parquet").rename(tmp_path / "away")
    with pytest.raises(ReviewError, match="is missing"):
        load_review_set(review.store, review.run)
    table = pq.read_table(tmp_path / "away")
    pq.write_table(table.set_column(1, "record_id_l", pa.array(["nobody"] * 5)), review.run / "review_set.parquet")
    with pytest.raises(ReviewError, match="5 pairs name records"):
        load_review_set(review.store, review.run)
    pq.write_table(table.drop_columns(["stratum"]), review.run / "review_set.parquet")
    with pytest.raises(ReviewError, match="stratum"):
        load_review_set(review.store, review.run)


def test_settings_are_fixed_when_the_review_begins(review):
    with pytest.raises(ReviewError, match="reviewers_per_pair = 2"):
        create_store(review.run, ReviewSpec(reviewers_per_pair=3))
    store = create_store(review.run)
    assert store.reviewers_per_pair == 2
    store.close()


def test_only_the_owner_can_read_the_store(review):
    next_pair(review.store, review.people["lan"].id)
    folder = store_path(review.run).parent
    assert folder.stat().st_mode & 0o077 == 0
    assert all(path.stat().st_mode & 0o077 == 0 for path in folder.iterdir())


def test_one_register_against_itself(make_review):
    review = make_review(pairs=5, anchors=0, bystanders=2)
    table = pq.read_table(review.run / "review_set.parquet")
    others = pa.array([f"KS-{(i + 1) % 5:06d}" for i in range(5)])
    pq.write_table(table.set_column(2, "record_id_r", others), review.run / "review_set.parquet")
    (review.run / "raw_persons.parquet").unlink()
    (review.run / "candidates.parquet").unlink()
    load_review_set(review.store, review.run)
    in_use = [row["id"] for row in pairs(review) if row["in_use"]]
    assert len(in_use) == 5
    assert compare_pair(review.store, in_use[0]).runner_ups == ()

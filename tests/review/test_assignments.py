import random
import sqlite3

import pytest

from linkage.config import ReviewSpec
from linkage.errors import ReviewError
from linkage.review.answers import VERDICTS, Answer, blind_answers, record_answer, undo_last
from linkage.review.assignments import LEASE_MINUTES, next_dispute, next_pair, show_pair, skip_pair


def answer(review, name, pair, verdict, stage="blind", key=None, **more):
    person = review.people[name].id
    key = key or f"{name}-{pair}-{random.random()}"
    return record_answer(review.store, Answer(pair, person, verdict, "", "", key, "v", stage=stage, **more))


def label_all(review, names, say):
    """The reviewers take turns until nobody has a pair left."""
    left = set(names)
    while left:
        for name in sorted(left):
            pair = next_pair(review.store, review.people[name].id)
            if pair is None:
                left.discard(name)
            else:
                answer(review, name, pair, say(name, pair))


def pair_row(review, pair):
    return review.store.connection.execute("SELECT * FROM pair WHERE id = ?", (pair,)).fetchone()


@pytest.mark.parametrize("k", [1, 2, 3])
def test_every_pair_gets_exactly_k_different_reviewers(make_review, k):
    review = make_review(ReviewSpec(reviewers_per_pair=k, planted_share=0.1), pairs=30, anchors=10, bystanders=5)
    label_all(review, ["lan", "minh", "thu"], lambda name, pair: "match")
    counts = review.store.connection.execute(
        "SELECT count(*) AS n, count(DISTINCT person) AS people FROM current_answer GROUP BY pair"
    ).fetchall()
    assert len(counts) == 33
    assert {(row["n"], row["people"]) for row in counts} == {(k, k)}


def test_a_pair_stays_with_its_reviewer_until_answered(review):
    lan = review.people["lan"].id
    assert next_pair(review.store, lan) == next_pair(review.store, lan) == 1


def test_no_third_reviewer_while_two_hold_it(review):
    assert [next_pair(review.store, review.people[name].id) for name in ("lan", "minh", "thu")] == [1, 1, 2]


def test_a_lease_that_ran_out_goes_to_the_next_reviewer(review):
    for name in ("lan", "minh"):
        next_pair(review.store, review.people[name].id)
    review.clock.pass_minutes(LEASE_MINUTES + 1)
    assert next_pair(review.store, review.people["thu"].id) == 1
    with pytest.raises(ReviewError, match="not assigned"):
        show_pair(review.store, 1, review.people["lan"].id)


def test_an_answer_never_runs_out(review):
    answer(review, "lan", next_pair(review.store, review.people["lan"].id), "match")
    review.clock.pass_minutes(10_000)
    next_pair(review.store, review.people["thu"].id)
    assert pair_row(review, 1)["answers"] == 1


def test_a_skipped_pair_is_free_for_others_and_comes_last_for_oneself(review):
    lan = review.people["lan"].id
    skip_pair(review.store, next_pair(review.store, lan), lan, "v")
    assert next_pair(review.store, lan) == 2
    assert next_pair(review.store, review.people["minh"].id) == 1
    for _ in range(62):
        answer(review, "lan", next_pair(review.store, lan), "match")
    assert next_pair(review.store, lan) == 1


def test_undo_brings_the_pair_back_and_leaves_both_events(review):
    lan = review.people["lan"].id
    answer(review, "lan", next_pair(review.store, lan), "match")
    next_pair(review.store, lan)
    assert undo_last(review.store, lan, "blind", "v") == 1
    assert next_pair(review.store, lan) == 1
    assert pair_row(review, 1)["answers"] == 0
    assert [row["kind"] for row in review.store.connection.execute("SELECT kind FROM event ORDER BY id")] == ["answer", "undo"]
    assert undo_last(review.store, lan, "blind", "v") is None


def test_a_form_sent_twice_counts_once(review):
    pair = next_pair(review.store, review.people["lan"].id)
    assert answer(review, "lan", pair, "match", key="one-form")
    assert not answer(review, "lan", pair, "non_match", key="one-form")
    assert review.store.connection.execute("SELECT verdict FROM current_answer").fetchall()[0]["verdict"] == "match"


def test_disagreement_goes_to_someone_who_labelled_neither(make_review):
    review = make_review(ReviewSpec(planted_share=0), pairs=10, anchors=0, bystanders=5)
    for name, verdict in (("lan", "match"), ("bình", "non_match")):
        answer(review, name, next_pair(review.store, review.people[name].id), verdict)
    assert next_dispute(review.store, review.people["bình"].id) is None
    with pytest.raises(ReviewError):
        answer(review, "bình", 1, "match", stage="adjudication")
    assert next_dispute(review.store, review.people["minh"].id) == 1
    assert sorted(row["verdict"] for row in blind_answers(review.store, 1)) == ["match", "non_match"]
    assert answer(review, "minh", 1, "non_match", stage="adjudication")
    final = review.store.connection.execute("SELECT * FROM verdict").fetchall()
    assert [(row["verdict"], row["how"], row["answers"]) for row in final] == [("non_match", "adjudicated", 2)]
    with pytest.raises(ReviewError, match="already decided"):
        answer(review, "lan", 1, "non_match")
    assert undo_last(review.store, review.people["minh"].id, "adjudication", "v") == 1
    assert next_dispute(review.store, review.people["minh"].id) == 1


def test_two_adjudicators_never_hold_one_dispute(make_review):
    review = make_review(ReviewSpec(planted_share=0), pairs=5, anchors=0, bystanders=5)
    for name, verdict in (("lan", "match"), ("minh", "non_match")):
        answer(review, name, next_pair(review.store, review.people[name].id), verdict)
    assert next_dispute(review.store, review.people["bình"].id) == 1
    assert next_dispute(review.store, review.people["thu"].id) is None
    review.clock.pass_minutes(LEASE_MINUTES + 1)
    assert next_dispute(review.store, review.people["thu"].id) == 1


@pytest.mark.parametrize(
    ("answers", "final"),
    [
        (["match", "match", "non_match"], "match"),
        (["match", "non_match", "unsure"], "unsure"),
        (["non_match", "unsure", "non_match"], "non_match"),
    ],
)
def test_without_adjudication_a_strict_majority_decides(make_review, answers, final):
    review = make_review(ReviewSpec(reviewers_per_pair=3, adjudication=False, planted_share=0), pairs=1, anchors=0, bystanders=1)
    for name, verdict in zip(("lan", "minh", "thu"), answers, strict=True):
        answer(review, name, next_pair(review.store, review.people[name].id), verdict)
    assert next_dispute(review.store, review.people["bình"].id) is None
    row = review.store.connection.execute("SELECT verdict, how FROM verdict").fetchone()
    assert (row["verdict"], row["how"]) == (final, "agreement")


def test_the_schema_itself_forbids_what_blinding_forbids(review):
    connection = review.store.connection
    lan, minh = review.people["lan"].id, review.people["minh"].id
    next_pair(review.store, lan)
    for statement in (
        f"INSERT INTO assignment (pair, slot, reviewer, leased_until) VALUES (1, 1, {minh}, 0)",
        f"INSERT INTO assignment (pair, slot, reviewer, leased_until) VALUES (1, 2, {lan}, 0)",
        f"INSERT INTO event (at, kind, stage, pair, person, verdict, page_version, through, form_key) "
        f"VALUES (0, 'answer', 'blind', 1, {minh}, 'match', 'v', 'web', 'x')",
        f"INSERT INTO event (at, kind, stage, pair, person, verdict, page_version, through, form_key) "
        f"VALUES (0, 'answer', 'adjudication', 1, {minh}, 'match', 'v', 'web', 'x')",
    ):
        with pytest.raises(sqlite3.IntegrityError):
            connection.execute(statement)


def test_the_log_is_append_only(review):
    answer(review, "lan", next_pair(review.store, review.people["lan"].id), "match")
    for statement in ("UPDATE event SET verdict = 'unsure'", "DELETE FROM event", "DELETE FROM assignment"):
        with pytest.raises(sqlite3.IntegrityError):
            review.store.connection.execute(statement)


def test_working_state_follows_from_the_log_whatever_happens(review):
    rng = random.Random(3)
    reviewers = ["lan", "minh", "thu", "bình"]
    for _ in range(500):
        name = rng.choice(reviewers)
        person = review.people[name].id
        match rng.randrange(8):
            case 0:
                review.clock.pass_minutes(rng.uniform(0, 40))
            case 1:
                try:
                    undo_last(review.store, person, "blind", "v")
                except ReviewError as error:
                    assert "already decided" in str(error)
            case 2:
                pair = next_dispute(review.store, review.people["bình"].id)
                if pair:
                    answer(review, "bình", pair, rng.choice(VERDICTS), stage="adjudication")
            case 3:
                pair = next_pair(review.store, person)
                if pair:
                    skip_pair(review.store, pair, person, "v")
            case _:
                pair = next_pair(review.store, person)
                if pair:
                    answer(review, name, pair, rng.choice(VERDICTS))
    wrong = review.store.connection.execute(
        """
        SELECT count(*) FROM pair WHERE
          answers <> (SELECT count(*) FROM current_answer AS a WHERE a.pair = pair.id AND stage = 'blind')
          OR adjudicated <> (SELECT count(*) FROM current_answer AS a WHERE a.pair = pair.id AND stage = 'adjudication')
          OR open_slots <> 2 - (SELECT count(*) FROM assignment AS s WHERE s.pair = pair.id)
          OR answers <> (SELECT count(*) FROM assignment AS s WHERE s.pair = pair.id AND answered)
          OR answers > 2
        """
    ).fetchone()[0]
    assert wrong == 0
    assert review.store.connection.execute("SELECT count(*) FROM verdict WHERE how = 'adjudicated'").fetchone()[0] > 0
    both = review.store.connection.execute(
        "SELECT count(*) FROM event AS a JOIN event AS b USING (pair, person) WHERE a.stage = 'blind' AND a.kind = 'answer' "
        "AND b.stage = 'adjudication'"
    ).fetchone()[0]
    assert both == 0

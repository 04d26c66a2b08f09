"""Searches beside the pairs: who is searched for, what is answered, who decides, what is written of it."""

from __future__ import annotations

import shutil

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from linkage.config import ReviewSpec
from linkage.errors import NotAssignedError, ReviewError
from linkage.review import backup, progress, restore, write_labels
from linkage.review.answers import Answer, record_answer, standing_answer, undo_last
from linkage.review.assignments import Pick, next_dispute, next_pair, pick_person, picked_person, skip_pair
from linkage.review.comparison import compare_pair
from linkage.review.outdated import last_event, outdated_pairs
from linkage.review.review_set import load_review_set
from linkage.runs.tables import RAW_MENTIONS, RAW_PERSONS, SEARCH_SET, SEARCHES

from .searchkit import DOUBLE, SIZES, finished, pick_of, say, searches_of, take


@pytest.fixture
def review(make_review):
    return make_review(DOUBLE, **SIZES)


def test_searches_come_after_the_pairs_in_an_order_of_their_own(review):
    rows = review.store.connection.execute("SELECT * FROM pair ORDER BY id").fetchall()
    assert [row["record_id_r"] == "" for row in rows] == [False] * 4 + [True] * 9
    ids = [row["pair_id"] for row in rows[4:]]
    assert sorted(ids) == [f"s{number}" for number in range(9)] != ids
    assert {row["stratum"] for row in rows[4:]} == {"near", "far"}
    assert {row["differing"] for row in rows[4:]} == {"[]"}


def test_a_search_shows_the_mention_alone_until_someone_is_picked(review):
    for row in searches_of(review):
        shown = compare_pair(review.store, row["id"])
        assert shown.is_search
        lines = [line for lines in shown.groups.values() for line in lines]
        assert lines
        assert all(line.right is None for line in lines)
        right = review.made.there[row["record_id_l"]]
        offered = {card.record_id for card in shown.runner_ups}
        assert offered == set() if right is None else 0 < len(offered) <= 2
        if right in offered:
            beside = compare_pair(review.store, row["id"], right)
            assert right not in {card.record_id for card in beside.runner_ups}
            assert any(line.right for lines in beside.groups.values() for line in lines)


def test_this_person_needs_a_person(review):
    search = searches_of(review)[0]["id"]
    take(review, "lan", search)
    with pytest.raises(ReviewError, match="nobody is picked"):
        say(review, "lan", search, "match")
    assert standing_answer(review.store, search, review.people["lan"].id) is None
    assert say(review, "lan", search, "match", "P-B000001")
    assert standing_answer(review.store, search, review.people["lan"].id)["suggested"] == "P-B000001"


AGREED = [
    (("match", "P-B000001"), ("match", "P-B000001"), ("match", "P-B000001")),
    (("non_match", None), ("non_match", None), ("non_match", None)),
    (("non_match", "P-B000001"), ("non_match", "P-B000002"), ("non_match", None)),
    (("unsure", None), ("unsure", "P-B000002"), ("unsure", None)),
]
DISPUTED = [
    (("match", "P-B000001"), ("match", "P-B000002")),
    (("match", "P-B000001"), ("non_match", None)),
    (("non_match", None), ("unsure", None)),
]


def test_reviewers_agree_when_they_say_the_same_of_the_same_person(review):
    rows = searches_of(review)
    for row, (one, other, *_) in zip(rows, AGREED + DISPUTED, strict=False):
        for name, (verdict, picked) in (("lan", one), ("minh", other)):
            take(review, name, row["id"])
            say(review, name, row["id"], verdict, picked)
    found = {row["search_id"]: row for row in finished(review)}
    agreed, disputed = rows[: len(AGREED)], rows[len(AGREED) : len(AGREED + DISPUTED)]
    assert [(found[row["pair_id"]]["verdict"], found[row["pair_id"]]["record_id_r"]) for row in agreed] == [
        said for _, _, said in AGREED
    ]
    assert set(found) == {row["pair_id"] for row in agreed}
    assert {row["how"] for row in found.values()} == {"agreement"}
    for row in found.values():
        assert len(row["fingerprint_l"]) == 32
        assert (row["fingerprint_r"] is None) == (row["record_id_r"] is None)
        assert list(row)[:5] == ["search_id", "record_id_l", "verdict", "record_id_r", "how"]
    judge = review.people["bình"].id
    for row in disputed:
        assert next_dispute(review.store, judge) == row["id"]
        with pytest.raises(ReviewError, match="nobody is picked"):
            say(review, "bình", row["id"], "match", stage="adjudication")
        say(review, "bình", row["id"], "match", "P-B000003", stage="adjudication")
        with pytest.raises(ReviewError, match="already decided"):
            say(review, "lan", row["id"], "unsure", tail="late")
    found = {row["search_id"]: row for row in finished(review)}
    assert [(found[row["pair_id"]]["record_id_r"], found[row["pair_id"]]["how"]) for row in disputed] == [
        ("P-B000003", "adjudicated")
    ] * len(DISPUTED)
    assert undo_last(review.store, judge, "adjudication", "v") == disputed[-1]["id"]
    assert len(finished(review)) == len(AGREED + DISPUTED) - 1


def test_without_an_adjudicator_the_person_that_most_named(make_review):
    review = make_review(
        ReviewSpec(reviewers_per_pair=3, adjudication=False, planted_share=0), pairs=1, anchors=0, bystanders=9, searches=2
    )
    first, second = (row["id"] for row in searches_of(review))
    for name, picked in (("lan", "P-B000001"), ("minh", "P-B000001"), ("thu", "P-B000002")):
        take(review, name, first)
        say(review, name, first, "match", picked)
    for name, picked in (("lan", "P-B000001"), ("minh", "P-B000003"), ("thu", "P-B000002")):
        take(review, name, second)
        say(review, name, second, "match", picked)
    said = {row["search_id"]: row for row in finished(review)}
    ids = {row["id"]: row["pair_id"] for row in searches_of(review)}
    assert (said[ids[first]]["verdict"], said[ids[first]]["record_id_r"]) == ("match", "P-B000001")
    assert (said[ids[second]]["verdict"], said[ids[second]]["record_id_r"]) == ("unsure", None)
    assert said[ids[first]]["fingerprint_r"] == pick_of(review, "P-B000001").fingerprint


def test_labels_and_verdicts_are_of_pairs_alone(review):
    for name in ("lan", "minh"):
        while (pair := next_pair(review.store, review.people[name].id)) is not None:
            say(review, name, pair, "non_match")
    assert write_labels(review.run) == 4
    assert len(pq.read_table(SEARCHES.path(review.run))) == 9
    assert {row["pair_id"] for row in pq.read_table(review.run / "verdicts.parquet").to_pylist()} == set("0123")


def test_a_run_without_a_search_set_has_no_searches(make_review):
    review = make_review(DOUBLE, pairs=3, anchors=0, bystanders=2)
    write_labels(review.run)
    assert not SEARCHES.is_in(review.run)
    assert progress(review.run).searches == ()


def test_searches_may_come_and_go_with_the_search_set(review):
    row = searches_of(review)[0]
    for name in ("lan", "minh"):
        take(review, name, row["id"])
        say(review, name, row["id"], "non_match")
    held = pq.read_table(SEARCH_SET.path(review.run))
    pq.write_table(held.filter([one != row["pair_id"] for one in held["search_id"].to_pylist()]), SEARCH_SET.path(review.run))
    assert load_review_set(review.store, review.run, seed=7) == 0
    assert finished(review) == []
    assert sum(one["in_use"] for one in searches_of(review)) == 8
    pq.write_table(held, SEARCH_SET.path(review.run))
    assert load_review_set(review.store, review.run, seed=7) == 0
    assert len(finished(review)) == 1
    pq.write_table(
        held.set_column(1, "record_id_l", pa.array([f"nobody{number}" for number in range(9)])), SEARCH_SET.path(review.run)
    )
    with pytest.raises(ReviewError, match="9 searches name records"):
        load_review_set(review.store, review.run, seed=7)


def change(run, table, record):
    held = pq.read_table(table.path(run))
    names = [
        f"{name} Mới" if one == record else name
        for one, name in zip(held["record_id"].to_pylist(), held["full_name"].to_pylist(), strict=True)
    ]
    pq.write_table(held.set_column(held.column_names.index("full_name"), "full_name", pa.array(names)), table.path(run))


@pytest.mark.parametrize("changed", ["the mention", "the person found", "another person", "the person a reviewer sees"])
def test_an_answer_is_taken_back_when_its_mention_or_person_changed(review, changed):
    first, second = (row["id"] for row in searches_of(review)[:2])
    judge = review.people["bình"].id
    for name, verdict in (("lan", "match"), ("minh", "non_match")):
        take(review, name, first)
        say(review, name, first, verdict, "P-B000001" if verdict == "match" else None)
    assert next_dispute(review.store, judge) == first
    say(review, "bình", first, "match", "P-B000001", stage="adjudication")
    thu = take(review, "thu", second)
    pick_person(review.store, second, thu, Pick("P-B000004", "{}", "0" * 32))
    table, record = {
        "the mention": (RAW_MENTIONS, review.mention(first)),
        "the person found": (RAW_PERSONS, "P-B000001"),
        "another person": (RAW_PERSONS, "P-B000002"),
        "the person a reviewer sees": (RAW_PERSONS, "P-B000004"),
    }[changed]
    change(review.run, table, record)
    before = last_event(review.store.connection)
    load_review_set(review.store, review.run, seed=7)
    gone = changed in ("the mention", "the person found")
    assert outdated_pairs(review.store.connection, before) == gone
    assert len(finished(review)) == (not gone)
    if gone:
        assert next_dispute(review.store, judge) is None
        take(review, "lan", first)
        say(review, "lan", first, "non_match", tail="again")
    held = review.store.connection.execute("SELECT * FROM assignment WHERE pair = ? AND reviewer = ?", (second, thu)).fetchone()
    assert held is None, "the pick's fingerprint was made up: what is loaded differs from what was shown"


def test_who_is_picked_is_kept_as_it_was_loaded(review):
    search = searches_of(review)[0]["id"]
    lan = take(review, "lan", search)
    pick_person(review.store, search, lan, pick_of(review, "P-B000004"))
    change(review.run, RAW_PERSONS, "P-B000005")
    load_review_set(review.store, review.run, seed=7)
    record_answer(review.store, Answer(search, lan, "match", "", "", "k" * 20, "v"))
    change(review.run, RAW_PERSONS, "P-B000004")
    load_review_set(review.store, review.run, seed=7)
    assert standing_answer(review.store, search, lan) is None
    with pytest.raises(NotAssignedError):
        record_answer(review.store, Answer(search, lan, "match", "", "", "l" * 20, "v"))
    shown = compare_pair(review.store, search, "P-B000004")
    name = next(line for line in shown.groups["person"] if line.name == "full_name")
    assert "".join(segment.text for segment in name.right).endswith(" Mới")


def test_skip_undo_and_leases_are_those_of_pairs(review):
    search = searches_of(review)[0]["id"]
    lan = take(review, "lan", search)
    say(review, "lan", search, "match", "P-B000001")
    assert undo_last(review.store, lan, "blind", "v") == search
    assert next_pair(review.store, lan) == search
    skip_pair(review.store, search, lan, "v")
    assert next_pair(review.store, lan) != search
    minh = take(review, "minh", search)
    review.clock.pass_minutes(21)
    assert next_pair(review.store, review.people["thu"].id) is not None
    with pytest.raises(NotAssignedError):
        say(review, "minh", search, "non_match")
    assert minh


def disputed(review):
    """A search that two reviewers answered differently, and the adjudicator who has it."""
    search = searches_of(review)[0]["id"]
    for name, verdict in (("lan", "non_match"), ("minh", "unsure")):
        take(review, name, search)
        say(review, name, search, verdict)
    judge = review.people["bình"].id
    assert next_dispute(review.store, judge) == search
    return search, judge


def test_another_adjudicator_does_not_inherit_a_pick(review):
    search, judge = disputed(review)
    pick_person(review.store, search, judge, Pick("P-B000001", "{}", "0" * 32), "adjudication")
    assert next_dispute(review.store, judge) == search
    held = "SELECT suggested FROM adjudication WHERE pair = ?"
    assert review.store.connection.execute(held, (search,)).fetchone()["suggested"] == "P-B000001"
    review.clock.pass_minutes(60)
    assert next_dispute(review.store, review.people["thu"].id) == search
    assert review.store.connection.execute(held, (search,)).fetchone()["suggested"] is None


def test_a_changed_person_is_no_longer_the_adjudicators_pick(review):
    search, judge = disputed(review)
    for record in ("P-B000001", "P-B000002"):
        pick_person(review.store, search, judge, pick_of(review, record), "adjudication")
    change(review.run, RAW_PERSONS, "P-B000001")
    load_review_set(review.store, review.run, seed=7)
    assert picked_person(review.store, search, judge, "adjudication") == "P-B000002"
    change(review.run, RAW_PERSONS, "P-B000002")
    load_review_set(review.store, review.run, seed=7)
    assert picked_person(review.store, search, judge, "adjudication") is None


def test_progress_counts_searches_apart(review):
    for name in ("lan", "minh"):
        while (pair := next_pair(review.store, review.people[name].id)) is not None:
            review.clock.pass_minutes(2 if pair > 4 else 0.5)
            say(review, name, pair, "unsure" if pair == 5 and name == "lan" else "non_match")
    told = progress(review.run)
    assert told.strata[-1].pairs == told.strata[-1].finished == 4
    assert told.strata[-1].seconds is None
    assert [(row.stratum, row.pairs) for row in told.searches] == [("far", 4), ("near", 5), ("", 9)]
    assert (told.searches[-1].finished, told.searches[-1].disputed, told.searches[-1].answers_left) == (8, 1, 0)
    assert told.discordance.pairs == 4
    assert told.searches_discordance.pairs == 9
    assert told.searches_discordance.value == pytest.approx(1 / 9)
    assert [(row.name, row.answers, row.searches) for row in told.reviewers] == [("lan", 4, 9), ("minh", 4, 9)]
    assert all(row.seconds < 100 for row in told.reviewers)
    assert told.searches[0].seconds > 100


def test_a_backup_holds_the_searches(review, tmp_path):
    search = searches_of(review)[0]["id"]
    for name in ("lan", "minh"):
        take(review, name, search)
        say(review, name, search, "match", "P-B000001")
    before = finished(review)
    backup(review.run, tmp_path / "copy.sqlite")
    shutil.copytree(review.run, tmp_path / "new", ignore=shutil.ignore_patterns("review", "searches.parquet"))
    restore(tmp_path / "new", tmp_path / "copy.sqlite")
    write_labels(tmp_path / "new")
    assert pq.read_table(SEARCHES.path(tmp_path / "new")).to_pylist() == before

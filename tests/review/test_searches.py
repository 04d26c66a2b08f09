"""Searches beside the pairs: who is searched for, what is answered, who decides, what is written of it."""

from __future__ import annotations

import re
import shutil
import sqlite3

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from linkage.config import ReviewSpec
from linkage.errors import NotAssignedError, ReviewError
from linkage.review import backup, progress, restore, write_labels
from linkage.review.answers import Answer, record_answer, standing_answer, undo_last
from linkage.review.assignments import Pick, next_dispute, next_pair, pick_person, skip_pair
from linkage.review.comparison import compare_pair
from linkage.review.outdated import last_event, outdated_pairs
from linkage.review.person_search import PersonSearch
from linkage.review.review_set import load_review_set
from linkage.review.store import create_store
from linkage.runs.tables import RAW_MENTIONS, RAW_PERSONS, SEARCH_SET, SEARCHES

DOUBLE = ReviewSpec(planted_share=0)


@pytest.fixture
def review(make_review):
    """Four pairs, then nine searches, each for two reviewers."""
    return make_review(DOUBLE, pairs=4, anchors=0, bystanders=10, searches=9)


def searches_of(review):
    return review.store.connection.execute("SELECT * FROM pair WHERE record_id_r = '' ORDER BY id").fetchall()


def say(review, name, pair, verdict, picked=None, stage="blind", tail=""):
    """Answer a search, picking someone first."""
    person = review.people[name].id
    if picked:
        persons = PersonSearch(review.run)
        pick_person(review.store, pair, person, persons.pick(picked, review.store.setting("judged_fields").split()), stage)
        persons.close()
    key = f"{name}-{pair}-{stage}{tail}-" + "x" * 16
    return record_answer(review.store, Answer(pair, person, verdict, "", "", key, "v", stage=stage))


def take(review, name, search):
    """Give the reviewer the pairs and searches before this one to hold and skip, so that it is theirs."""
    person = review.people[name].id
    while (pair := next_pair(review.store, person)) != search:
        skip_pair(review.store, pair, person, "v")
    return person


def finished(review):
    write_labels(review.run)
    return pq.read_table(SEARCHES.path(review.run)).to_pylist()


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


@pytest.mark.parametrize(
    ("one", "other", "said"),
    [
        (("match", "P-B000001"), ("match", "P-B000001"), ("match", "P-B000001", "agreement")),
        (("non_match", None), ("non_match", None), ("non_match", None, "agreement")),
        (("non_match", "P-B000001"), ("non_match", "P-B000002"), ("non_match", None, "agreement")),
        (("unsure", None), ("unsure", "P-B000002"), ("unsure", None, "agreement")),
        (("match", "P-B000001"), ("match", "P-B000002"), None),
        (("match", "P-B000001"), ("non_match", None), None),
        (("non_match", None), ("unsure", None), None),
    ],
)
def test_reviewers_agree_when_they_say_the_same_of_the_same_person(review, one, other, said):
    row = searches_of(review)[0]
    for name, (verdict, picked) in (("lan", one), ("minh", other)):
        take(review, name, row["id"])
        say(review, name, row["id"], verdict, picked)
    judge = review.people["bình"].id
    rows = finished(review)
    if said is None:
        assert rows == []
        assert next_dispute(review.store, judge) == row["id"]
        with pytest.raises(ReviewError, match="nobody is picked"):
            say(review, "bình", row["id"], "match", stage="adjudication")
        say(review, "bình", row["id"], "match", "P-B000003", stage="adjudication")
        rows = finished(review)
        said = ("match", "P-B000003", "adjudicated")
        with pytest.raises(ReviewError, match="already decided"):
            say(review, "lan", row["id"], "unsure", tail="late")
        assert undo_last(review.store, judge, "adjudication", "v") == row["id"]
        assert finished(review) == []
    [found] = rows
    assert (found["verdict"], found["record_id_r"], found["how"]) == said
    assert (found["search_id"], found["record_id_l"]) == (row["pair_id"], row["record_id_l"])
    assert len(found["fingerprint_l"]) == 32
    assert (found["fingerprint_r"] is None) == (found["record_id_r"] is None)
    assert list(found)[:5] == ["search_id", "record_id_l", "verdict", "record_id_r", "how"]


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
    persons = PersonSearch(review.run)
    mark = persons.pick("P-B000001", review.store.setting("judged_fields").split()).fingerprint
    persons.close()
    assert said[ids[first]]["fingerprint_r"] == mark


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
    persons = PersonSearch(review.run)
    pick_person(review.store, search, lan, persons.pick("P-B000004", review.store.setting("judged_fields").split()))
    persons.close()
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


def test_another_adjudicator_does_not_inherit_a_pick(review):
    search = searches_of(review)[0]["id"]
    for name, verdict in (("lan", "non_match"), ("minh", "unsure")):
        take(review, name, search)
        say(review, name, search, verdict)
    judge = review.people["bình"].id
    assert next_dispute(review.store, judge) == search
    pick_person(review.store, search, judge, Pick("P-B000001", "{}", "0" * 32), "adjudication")
    assert next_dispute(review.store, judge) == search
    held = "SELECT suggested FROM adjudication WHERE pair = ?"
    assert review.store.connection.execute(held, (search,)).fetchone()["suggested"] == "P-B000001"
    review.clock.pass_minutes(60)
    assert next_dispute(review.store, review.people["thu"].id) == search
    assert review.store.connection.execute(held, (search,)).fetchone()["suggested"] is None


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


def numbers(page):
    action = re.search(r'action="(/[\w-]+)/(\d+)" aria', page)
    key = re.search(r'name="form_key" value="([\w-]+)"', page)
    picked = re.search(r'name="picked" value="([^"]*)"', page)
    return action[1], int(action[2]), key[1], picked[1]


def test_a_search_by_the_pages(sign_in, review):
    lan, minh, judge = sign_in("lan"), sign_in("minh"), sign_in("bình")
    for person in (lan, minh):
        for _ in range(4):
            person.answer("match")
    with_person = []
    for person in (lan, minh):
        for _ in range(9):
            page = person.get("/cap").text
            place, number, key, picked = numbers(page)
            assert f"<title>Tìm người số {number}" in page
            assert (place, picked) == ("/cap", "")
            assert not any(word in page.casefold() for word in ("weight", "trọng số", "stratum", "near", "search_id", "probab"))
            right = review.true_person(number)
            if right is None:
                assert "Máy không đề nghị ai" in page
                assert person.post(place + f"/{number}", verdict="non_match", form_key=key).status_code == 303
                continue
            with_person.append(number)
            refused = person.post(f"/cap/{number}", verdict="match", form_key=key, comment="gần giống")
            assert refused.status_code == 422
            assert "Chưa chọn ai" in refused.text
            assert "gần giống</textarea>" in refused.text
            name = re.search(r'name="name" value="([^"]*)"', page)[1]
            assert person.post(f"/cap/{number}/tim", name="x").status_code == 422
            found = person.post(f"/cap/{number}/tim", name=name, year="")
            if f'value="{right}"' not in found.text:
                found = person.post(f"/cap/{number}/tim", name="Khoongg Aii", year="")
                assert "Không tìm thấy ai" in found.text
            chosen = right if person is lan else "P-B000002"
            assert person.post(f"/cap/{number}/chon", record_id=chosen).status_code == 303
            page = person.get(f"/cap/{number}").text
            place, _, key, picked = numbers(page)
            assert picked == chosen
            assert "Bảng này so với người anh/chị đã chọn" in page
            stale = person.post(f"/cap/{number}", verdict="match", form_key=key, picked="P-B000009")
            assert (stale.status_code, "đã đổi ở một trang khác" in stale.text) == (422, True)
            assert person.post(f"/cap/{number}", verdict="match", form_key=key, picked=picked).status_code == 303
    assert "Không còn cặp nào" in lan.get("/cap").text
    assert "Không có trong CSDL dân cư" in lan.get("/cua-toi").text
    for _ in range(6):
        page = judge.get("/phan-xu").text
        place, number, key, picked = numbers(page)
        assert f"Phân xử tìm người số {number}" in page
        assert page.count("đã chọn</h3>") == 2
        assert not re.search(r"\b(lan|minh)\b", page)
        right = review.true_person(number)
        assert judge.post(f"/phan-xu/{number}", verdict="match", form_key=key).status_code == 422
        assert judge.post(f"/phan-xu/{number}/tim", name="Khoongg Aii", year="").status_code == 200
        assert judge.post(f"/phan-xu/{number}/chon", record_id=right).status_code == 303
        _, _, key, picked = numbers(judge.get("/phan-xu").text)
        assert judge.post(f"/phan-xu/{number}", verdict="match", form_key=key, picked=picked).status_code == 303
    assert "Không có cặp nào chờ phân xử" in judge.get("/phan-xu").text
    rows = finished(review)
    assert {row["record_id_l"]: row["record_id_r"] for row in rows} == review.made.there
    assert "tìm người" in sign_in("quản-lý").get("/tien-do").text.casefold()


def test_nobody_answers_or_picks_for_another(sign_in, review):
    lan, minh, judge = sign_in("lan"), sign_in("minh"), sign_in("bình")
    search = searches_of(review)[0]["id"]
    take(review, "lan", search)
    assert lan.get(f"/cap/{search}").status_code == 200
    assert lan.get(f"/cap/{search}/tim").headers["location"] == f"/cap/{search}"
    for path, fields in (("", {"verdict": "match", "form_key": "k" * 20, "picked": "P-B000001"}), ("/tim", {"name": "a b"}),
                         ("/chon", {"record_id": "P-B000001"})):  # fmt: skip
        assert minh.post(f"/cap/{search}{path}", **fields).status_code == 403
        assert judge.post(f"/phan-xu/{search}{path}", **fields).status_code == 403
        assert judge.post(f"/phan-xu/1{path}", **fields).status_code == 403
    assert lan.post(f"/cap/{search}/chon", record_id="P-nobody").status_code == 400
    assert review.store.connection.execute("SELECT count(*) FROM event WHERE kind = 'answer'").fetchone()[0] == 0


def test_a_store_of_the_version_before_keeps_every_answer(review, tmp_path):
    """Made with the schema of version 2, as it then was."""
    from pathlib import Path

    tables = ("setting", "account", "record", "runner_up", "pair", "assignment", "adjudication", "event")
    path = review.run / "review" / "review.sqlite"
    for name, verdict in (("lan", "match"), ("minh", "non_match")):
        person = review.people[name].id
        for _ in range(3):
            pair = next_pair(review.store, person)
            pick_person(review.store, pair, person, Pick("P-B000001", "{}", "0" * 32))
            said = verdict if pair < 3 else "match"
            record_answer(review.store, Answer(pair, person, said, "", "", f"{name}{pair}" + "x" * 20, "v"))
    assert next_dispute(review.store, review.people["bình"].id) == 1
    record_answer(review.store, Answer(1, review.people["bình"].id, "match", "", "", "j" * 20, "v", stage="adjudication"))
    assert write_labels(review.run) == 2
    labels = (review.run / "labels.parquet").read_bytes()
    review.store.close()
    old = tmp_path / "old.sqlite"
    made = sqlite3.connect(old, isolation_level=None)
    made.executescript((Path(__file__).parent / "schema_2.sql").read_text(encoding="utf-8"))
    triggers = made.execute("SELECT name, sql FROM sqlite_master WHERE type = 'trigger'").fetchall()
    for name, _ in triggers:
        made.execute(f"DROP TRIGGER {name}")
    made.execute("ATTACH ? AS new", (str(path),))
    for table in tables:
        columns = ", ".join(row[1] for row in made.execute(f"PRAGMA table_info({table})"))
        made.execute(f"INSERT INTO {table} ({columns}) SELECT {columns} FROM new.{table} WHERE true")
    for _, trigger in triggers:
        made.execute(trigger)
    made.execute(f"PRAGMA application_id = {0x4C4B5256}")
    made.execute("PRAGMA user_version = 2")
    log = [tuple(row) for row in made.execute("SELECT * FROM event ORDER BY id")]
    made.close()
    shutil.copy(old, tmp_path / "backup.sqlite")
    restore(review.run, tmp_path / "backup.sqlite")
    assert write_labels(review.run) == 2
    assert (review.run / "labels.parquet").read_bytes() == labels
    store = create_store(review.run, DOUBLE)
    assert [tuple(row) for row in store.connection.execute("SELECT * FROM event ORDER BY id")] == log
    assert store.connection.execute("PRAGMA user_version").fetchone()[0] == 3
    assert store.connection.execute("PRAGMA integrity_check").fetchone()[0] == "ok"
    rules = "SELECT type, name, sql FROM sqlite_master WHERE type IN ('trigger', 'view') ORDER BY name"
    fresh = create_store(tmp_path_run(tmp_path), DOUBLE)
    assert [tuple(row) for row in store.connection.execute(rules)] == [tuple(row) for row in fresh.connection.execute(rules)]
    columns = "SELECT m.name, c.name FROM sqlite_master AS m, pragma_table_info(m.name) AS c WHERE m.type = 'table' ORDER BY 1, 2"
    assert [tuple(row) for row in store.connection.execute(columns)] == [tuple(row) for row in fresh.connection.execute(columns)]
    fresh.close()
    undone = undo_last(store, review.people["bình"].id, "adjudication", "v")
    assert undone == 1
    store.close()


def tmp_path_run(tmp_path):
    (tmp_path / "fresh").mkdir()
    return tmp_path / "fresh"


def test_a_store_of_an_unknown_version_is_refused(review, tmp_path):
    backup(review.run, tmp_path / "copy.sqlite")
    for version in (1, 4):
        with sqlite3.connect(tmp_path / "copy.sqlite") as connection:
            connection.execute(f"PRAGMA user_version = {version}")
        with pytest.raises(ReviewError, match=f"version {version}; this is version 3"):
            restore(review.run, tmp_path / "copy.sqlite")

"""The store's connections are as many as threads, no more; its work on an answer does not grow with the log. An older one is brought up."""

import gc
import shutil
import sqlite3
import threading
from pathlib import Path

import pytest

from linkage.config import ReviewSpec
from linkage.errors import ReviewError
from linkage.review import backup, restore, write_labels
from linkage.review.answers import Answer, record_answer, undo_last
from linkage.review.assignments import Pick, next_dispute, next_pair, pick_person
from linkage.review.store import create_store


def connections():
    gc.collect()
    return sum(isinstance(thing, sqlite3.Connection) for thing in gc.get_objects())


def test_a_thread_that_ended_leaves_no_connection(review):
    review.store.setting("role_l")
    before = connections()
    for _ in range(50):
        thread = threading.Thread(target=review.store.setting, args=("role_l",))
        thread.start()
        thread.join()
    assert before >= 1
    assert connections() == before


@pytest.mark.parametrize(
    "statement",
    [
        "SELECT count(DISTINCT verdict) FROM current_answer WHERE pair = 5 AND stage = 'blind'",
        "SELECT * FROM current_answer WHERE pair = 5 AND person = 3 AND stage = 'blind'",
        "SELECT 1 FROM event WHERE pair = 5 AND person = 3 AND stage = 'blind' AND kind = 'answer'",
        "SELECT pair FROM current_answer WHERE person = 3 AND stage = 'blind' ORDER BY id DESC LIMIT 1",
        "SELECT 1 FROM event WHERE form_key = 'k'",
        "DELETE FROM assignment WHERE answered = 0 AND leased_until < 5",
    ],
)
def test_an_answer_reads_by_index_only(review, statement):
    plan = [row["detail"] for row in review.store.connection.execute(f"EXPLAIN QUERY PLAN {statement}")]
    assert plan
    assert not any(step.startswith("SCAN") for step in plan), plan


def test_a_store_of_the_version_before_keeps_every_answer(make_review, tmp_path):
    """Made with the schema of version 2, as it then was."""
    spec = ReviewSpec(planted_share=0)
    review = make_review(spec, pairs=4, anchors=0, bystanders=10)
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
    store = create_store(review.run, spec)
    assert [tuple(row) for row in store.connection.execute("SELECT * FROM event ORDER BY id")] == log
    assert store.connection.execute("PRAGMA user_version").fetchone()[0] == 3
    assert store.connection.execute("PRAGMA integrity_check").fetchone()[0] == "ok"
    rules = "SELECT type, name, sql FROM sqlite_master WHERE type IN ('trigger', 'view') ORDER BY name"
    (tmp_path / "fresh").mkdir()
    fresh = create_store(tmp_path / "fresh", spec)
    assert [tuple(row) for row in store.connection.execute(rules)] == [tuple(row) for row in fresh.connection.execute(rules)]
    columns = "SELECT m.name, c.name FROM sqlite_master AS m, pragma_table_info(m.name) AS c WHERE m.type = 'table' ORDER BY 1, 2"
    assert [tuple(row) for row in store.connection.execute(columns)] == [tuple(row) for row in fresh.connection.execute(columns)]
    fresh.close()
    undone = undo_last(store, review.people["bình"].id, "adjudication", "v")
    assert undone == 1
    store.close()


def test_a_store_of_an_unknown_version_is_refused(review, tmp_path):
    backup(review.run, tmp_path / "copy.sqlite")
    for version in (1, 4):
        with sqlite3.connect(tmp_path / "copy.sqlite") as connection:
            connection.execute(f"PRAGMA user_version = {version}")
        with pytest.raises(ReviewError, match=f"version {version}; this is version 3"):
            restore(review.run, tmp_path / "copy.sqlite")

"""The store's connections are as many as threads, no more; its work on an answer does not grow with the log."""

import gc
import sqlite3
import threading

import pytest


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

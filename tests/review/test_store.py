"""The store's connections: as many as threads, no more."""

import gc
import sqlite3
import threading


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

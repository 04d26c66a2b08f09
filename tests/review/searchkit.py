"""Searches in tests: a review with some, whom to pick, what to say."""

from __future__ import annotations

from functools import lru_cache

import pyarrow.parquet as pq

from linkage.config import ReviewSpec
from linkage.review import write_labels
from linkage.review.answers import Answer, record_answer
from linkage.review.assignments import next_pair, pick_person, skip_pair
from linkage.review.person_search import PersonSearch
from linkage.runs.tables import SEARCHES

DOUBLE = ReviewSpec(planted_share=0)


SIZES = {"pairs": 4, "anchors": 0, "bystanders": 10, "searches": 9}
"""Four pairs, then nine searches, each for two reviewers."""


def searches_of(review):
    return review.store.connection.execute("SELECT * FROM pair WHERE record_id_r = '' ORDER BY id").fetchall()


@lru_cache
def population(run):
    return PersonSearch(run)


def pick_of(review, record):
    return population(review.run).pick(record, review.store.setting("judged_fields").split())


def say(review, name, pair, verdict, picked=None, stage="blind", tail=""):
    """Answer a search, picking someone first."""
    person = review.people[name].id
    if picked:
        pick_person(review.store, pair, person, pick_of(review, picked), stage)
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

import math

import duckdb
import numpy as np
import pytest

from linkage.statistics import probability, probability_sql

WEIGHTS = [-1_100.0, -500.0, -20.0, -1.0, 0.0, 0.5, 3.0, 10.0, 60.0, 1_100.0]


def test_probability_is_that_of_the_odds():
    for odds in (0.001, 0.5, 1.0, 3.0, 1e6):
        assert probability(math.log2(odds)) == pytest.approx(odds / (1 + odds))
    assert np.all(np.diff(probability(WEIGHTS)) >= 0)
    assert probability([[0.0], [1.0]]).shape == (2, 1)


def test_sql_says_the_same():
    with duckdb.connect() as connection:
        told = connection.execute(f"SELECT {probability_sql('weight')} FROM (SELECT unnest(?) AS weight)", [WEIGHTS]).fetchall()
        assert [row[0] for row in told] == pytest.approx(probability(WEIGHTS).tolist(), abs=1e-15)
        assert connection.execute(f"SELECT {probability_sql('2 - 2')}, {probability_sql('NULL')}").fetchall() == [(0.5, None)]

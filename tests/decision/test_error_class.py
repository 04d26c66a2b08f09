import duckdb

from linkage.decision import error_class
from linkage.decision.breakdowns import ERROR_CLASSES


def test_each_class_by_hand():
    connection = duckdb.connect()
    connection.execute(
        """CREATE TABLE mentions AS SELECT * FROM (VALUES
            ('An', NULL, 'day', NULL, 'none_seen'), ('An', 'alias', 'day', NULL, 'doubtful_value'),
            (NULL, NULL, 'day', NULL, 'empty_field'), ('An', NULL, 'year', NULL, 'incomplete_date'),
            ('An', NULL, NULL, NULL, 'empty_field'), ('An', 'joined', 'month', NULL, 'several'),
            (NULL, NULL, 'day', 'impossible', 'several'))
           AS t(name, name_flags, born_precision, born_flags, expected)"""
    )
    columns = ["name", "name_flags", "born_precision", "born_flags", "expected"]
    found = connection.execute(f"SELECT {error_class(columns, ['name', 'born'])}, expected FROM mentions").fetchall()
    assert [one for one, _ in found] == [expected for _, expected in found]
    assert {one for one, _ in found} == set(ERROR_CLASSES)


def test_a_field_that_is_not_compared_counts_for_nothing():
    connection = duckdb.connect()
    connection.execute("CREATE TABLE mentions AS SELECT NULL AS place, 'part_unread' AS place_flags, 'An' AS name")
    assert connection.execute(
        f"SELECT {error_class(['place', 'place_flags', 'name'], ['name', 'absent'])} FROM mentions"
    ).fetchone() == ("none_seen",)

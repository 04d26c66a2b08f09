"""From the run's tables to the store: pairs and searches in random order, records as the sources say them, the runner-ups.

Scores stay behind: the weights only choose which runner-ups are taken, and no page can show what the store lacks.
"""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import duckdb

from linkage.errors import ReviewError
from linkage.review.outdated import note_what_was_shown, take_back_outdated
from linkage.review.page_traits import NOT_FIELDS, NUMBER
from linkage.review.store import Store
from linkage.runs.exchange import ParquetTable
from linkage.runs.judged import FIELDS_PARTED_BY, fingerprint_sql
from linkage.runs.sql import connect, fetch_row, literal, quote, quote_list
from linkage.runs.tables import ANCHORS, CANDIDATES, RAW_MENTIONS, RAW_PERSONS, REVIEW_SET, RUN, SEARCH_SET
from linkage.words.fields import as_written

RUNNER_UPS_SHOWN = 4


def load_review_set(store: Store, run: Path, seed: int = 0) -> int:
    """Bring the run's review set and search set into the store; returns how many pairs and searches are new.

    Pairs are known by their two records: one sampled twice (in two frames) is shown once and its label serves both. Pairs
    already in the store keep their answers, unless one of the two records has changed since they were given: then the pair is
    given out again. Pairs that left the review set are no longer offered. The order is random within
    strata and even across them, so that a review stopped early is still a random sample of every stratum. Planted pairs make
    up `planted_share` of what is shown and stand anywhere. The searches come after the pairs, in a random order of their own.

    Raises:
        ReviewError: when a table is missing, lacks a column, or names a record that the run does not have.
    """
    right = RAW_PERSONS if RAW_PERSONS.is_in(run) else RAW_MENTIONS
    views = {
        "review_set": REVIEW_SET, "search_set": SEARCH_SET, "raw_l": RAW_MENTIONS, "raw_r": right, "candidates": CANDIDATES,
        "anchors": ANCHORS,
    }  # fmt: skip
    for table in (REVIEW_SET, RAW_MENTIONS):
        if not table.is_in(run):
            raise ReviewError(f"{table.path(run)} is missing", "Run `linkage run` up to the stage `sample` first.")
    state = json.dumps([seed, *(_file_state(table.path(run)) for table in views.values())])
    if store.setting("loaded") == state:
        return 0
    connection = connect()
    try:
        _look_at(connection, run, views)
        columns = {side: _field_columns(connection, side) for side in "lr"}
        _order_pairs(connection, store, seed)
        _refuse_unknown_records(connection, run)
        judged = _judged_fields(run, columns)
        connection.execute(f"CREATE TEMP TABLE runner_up AS {_RUNNER_UPS}", [RUNNER_UPS_SHOWN + 1])
        settings = {
            "loaded": state,
            "judged_fields": FIELDS_PARTED_BY.join(judged),
            "role_l": f"{_register(run)} {_role(connection)}".strip(),
            **{f"columns_{side}": json.dumps(columns[side]) for side in "lr"},
        }
        with store.transaction() as target:
            target.executemany("UPDATE setting SET value = ? WHERE name = ?", [(value, name) for name, value in settings.items()])
            note_what_was_shown(target)
            _note_picked(connection, target)
            for side in "lr":
                target.executemany(
                    "INSERT INTO record VALUES (?, ?, ?, ?) ON CONFLICT (side, record_id) "
                    "DO UPDATE SET fields = excluded.fields, fingerprint = excluded.fingerprint",
                    _records(connection, side, columns[side], judged),
                )
            take_back_outdated(connection, target, store.now())
            target.execute("DELETE FROM runner_up")
            target.executemany("INSERT INTO runner_up VALUES (?, ?)", _rows(connection.execute("FROM runner_up ORDER BY ALL")))
            return _write_pairs(target, store.reviewers_per_pair, _pairs_with_differences(connection, columns))
    finally:
        connection.close()


def _refuse_unknown_records(connection: duckdb.DuckDBPyConnection, run: Path) -> None:
    unknown = (
        "SELECT count(*) FROM ordered WHERE (record_id_r = '') = ? AND (record_id_l NOT IN (SELECT record_id FROM raw_l) "
        "OR record_id_r <> '' AND record_id_r NOT IN (SELECT record_id FROM raw_r))"
    )
    for table, what, is_search in ((REVIEW_SET, "pairs", False), (SEARCH_SET, "searches", True)):
        if count := fetch_row(connection, unknown, [is_search])[0]:
            raise ReviewError(
                f"{table.path(run)}: {count} {what} name records that raw_mentions or raw_persons do not have",
                "Run `linkage run` again: the tables come from different runs.",
            )


def _file_state(path: Path) -> tuple[int, int] | None:
    """Changes when the file is written again."""
    return (path.stat().st_size, path.stat().st_mtime_ns) if path.exists() else None


def _look_at(connection: duckdb.DuckDBPyConnection, run: Path, views: dict[str, ParquetTable]) -> None:
    """Views of the run's tables, with empty stand-ins for the optional ones."""
    optional = {
        "search_set": "SELECT '' AS search_id, '' AS record_id_l, '' AS stratum WHERE false",
        "candidates": "SELECT '' AS record_id_l, '' AS record_id_r, 0.0 AS link_weight WHERE false",
        "anchors": "SELECT '' AS record_id_l, '' AS record_id_r, true AS is_match, true AS number_hidden, '' AS withheld LIMIT 0",
    }
    for view, table in views.items():
        source = f"FROM {table.scan(run)}" if table.is_in(run) else optional[view]
        connection.execute(f"CREATE VIEW {view} AS {source}")


def _field_columns(connection: duckdb.DuckDBPyConnection, side: str) -> list[str]:
    return [row[0] for row in connection.execute(f"DESCRIBE raw_{side}").fetchall() if row[0] not in NOT_FIELDS]


def _role(connection: duckdb.DuckDBPyConnection) -> str:
    if "role" not in {row[0] for row in connection.execute("DESCRIBE raw_l").fetchall()}:
        return ""
    row = connection.execute("SELECT min(role) FROM raw_l").fetchone()
    return str(row[0]) if row and row[0] else ""


def _register(run: Path) -> str:
    """The kind of register on the left, which tells what a role is called; nothing where the run does not say."""
    return str(_spec(run).get("left", {}).get("register", ""))


def _spec(run: Path) -> dict[str, Any]:
    """The project file as the run keeps it; nothing where it keeps none."""
    return RUN.read(run)["spec"] if RUN.is_in(run) else {}


def _order_pairs(connection: duckdb.DuckDBPyConnection, store: Store, seed: int) -> None:
    """ParquetTable `ordered`: place, pair_id, record_id_l, record_id_r ('' of a search), stratum, known_verdict."""
    try:
        connection.execute(
            "CREATE TEMP TABLE sampled AS SELECT CAST(pair_id AS VARCHAR) AS pair_id, record_id_l, record_id_r, "
            "coalesce(CAST(stratum AS VARCHAR), '') AS stratum, "
            "md5(concat_ws('|', $seed, record_id_l, record_id_r)) AS shuffle FROM review_set "
            "QUALIFY row_number() OVER (PARTITION BY record_id_l, record_id_r ORDER BY pair_id) = 1",
            {"seed": str(seed)},
        )
    except duckdb.BinderException:
        raise ReviewError(
            f"{REVIEW_SET.file} lacks one of pair_id, record_id_l, record_id_r, stratum", "Run the stage `sample` again."
        ) from None
    share = float(store.setting("planted_share"))
    connection.execute(
        """
        CREATE TEMP TABLE planted AS
        SELECT NULL AS pair_id, record_id_l, record_id_r, NULL AS stratum,
          CASE WHEN is_match THEN 'match' ELSE 'non_match' END AS known_verdict, number_hidden, withheld,
          md5(concat_ws('|', 'planted', $seed, record_id_l, record_id_r)) AS shuffle
        FROM (SELECT DISTINCT record_id_l, record_id_r, is_match, number_hidden, withheld FROM anchors)
        WHERE record_id_l NOT IN (SELECT record_id_l FROM sampled)
        ORDER BY shuffle LIMIT CAST(round($odds * (SELECT count(*) FROM sampled)) AS BIGINT)
        """,
        {"seed": str(seed), "odds": share / (1 - share)},
    )
    connection.execute(
        """
        CREATE TEMP TABLE ordered AS
        WITH everything AS (
          SELECT *, NULL AS known_verdict FROM sampled
          UNION ALL BY NAME SELECT * EXCLUDE (number_hidden, withheld) FROM planted
          UNION ALL BY NAME
          SELECT search_id AS pair_id, record_id_l, '' AS record_id_r, coalesce(stratum, '') AS stratum,
            md5(concat_ws('|', 'search', $seed, record_id_l)) AS shuffle FROM search_set
          QUALIFY row_number() OVER (PARTITION BY record_id_l ORDER BY search_id) = 1
        ), ranked AS (
          SELECT *, (row_number() OVER own - CAST('0x' || shuffle[:8] AS BIGINT) / 4294967296.0) / count(*) OVER whole AS place
          FROM everything WINDOW own AS (PARTITION BY record_id_r = '', stratum ORDER BY shuffle),
            whole AS (PARTITION BY record_id_r = '', stratum)
        )
        SELECT row_number() OVER (ORDER BY record_id_r = '', place, shuffle) AS place,
          pair_id, record_id_l, record_id_r, stratum, known_verdict
        FROM ranked
        """,
        {"seed": str(seed)},
    )


def _pairs_with_differences(connection: duckdb.DuckDBPyConnection, columns: dict[str, list[str]]) -> Iterator[tuple[object, ...]]:
    """Each pair with the fields that both sides fill and fill differently (letter case and Unicode form aside)."""
    shared = [name for name in columns["l"] if name in columns["r"]]
    tests = ", ".join(
        f"CASE WHEN nfc_normalize(lower(trim(l.{quote(name)}))) <> nfc_normalize(lower(trim(r.{quote(name)}))) "
        f"{f'AND l.record_id NOT IN {_NUMBER_HIDDEN} ' if name == NUMBER else ''}THEN {literal(name)} END"
        for name in shared
    )
    result = connection.execute(
        "SELECT pair_id, p.record_id_l, p.record_id_r, p.stratum, p.known_verdict, "
        f"CAST(to_json(list_filter([{tests or 'NULL'}]::VARCHAR[], lambda name: name IS NOT NULL)) AS VARCHAR) "
        "FROM ordered AS p JOIN raw_l AS l ON l.record_id = p.record_id_l LEFT JOIN raw_r AS r ON r.record_id = p.record_id_r "
        "ORDER BY p.place"
    )
    return _rows(result)


_NUMBER_HIDDEN = "(SELECT record_id_l FROM planted WHERE number_hidden)"
"""Mentions whose number would tell the answer of a planted pair: it is in no page, workbook or store."""
_RUNNER_UPS = """
SELECT record_id_l, record_id_r FROM candidates
WHERE record_id_l IN (SELECT record_id_l FROM ordered) AND record_id_r IN (SELECT record_id FROM raw_r)
  AND (record_id_l, record_id_r) NOT IN (SELECT (record_id_l, withheld) FROM planted WHERE withheld IS NOT NULL)
QUALIFY row_number() OVER (PARTITION BY record_id_l ORDER BY link_weight DESC, record_id_r) <= ?
"""


def _rows(result: duckdb.DuckDBPyConnection) -> Iterator[tuple[object, ...]]:
    """The rows of a result, a few at a time: the registers are larger than the memory a server should hold."""
    while rows := result.fetchmany(2_000):
        yield from rows


def _judged_fields(run: Path, columns: dict[str, list[str]]) -> list[str]:
    """The fields that are compared, as far as both sides say them; all of these where the run does not say."""
    shared = [name for name in columns["l"] if name in columns["r"]]
    compared = {one["field"] for one in _spec(run).get("comparisons", [])}
    return [name for name in shared if as_written(name) in compared] or shared


def _note_picked(connection: duckdb.DuckDBPyConnection, store: sqlite3.Connection) -> None:
    """Table `picked`: the persons whom reviewers have named, which are loaded again with the others."""
    connection.execute("CREATE TEMP TABLE picked (record_id VARCHAR)")
    if named := store.execute(_PICKED).fetchall():
        connection.executemany("INSERT INTO picked VALUES (?)", [tuple(row) for row in named])


_PICKED = """
SELECT suggested FROM assignment WHERE suggested IS NOT NULL UNION SELECT suggested FROM adjudication WHERE suggested IS NOT NULL
UNION SELECT suggested FROM current_answer WHERE suggested IS NOT NULL
"""


def _records(
    connection: duckdb.DuckDBPyConnection, side: str, columns: list[str], judged: list[str]
) -> Iterator[tuple[object, ...]]:
    """The records a page may show, as JSON of their filled fields, and the fingerprint of what is judged of them."""
    others = " UNION SELECT record_id_r FROM runner_up UNION FROM picked" if side == "r" else ""
    shown = f"SELECT record_id_{side} FROM ordered{others}"
    mark = fingerprint_sql(judged, columns)
    shown_number = f"CASE WHEN record_id NOT IN {_NUMBER_HIDDEN} THEN {NUMBER} END"
    number = f" REPLACE ({shown_number} AS {NUMBER})" if side == "l" and NUMBER in columns else ""
    texts = connection.execute(
        f"SELECT record_id, mark, {quote_list(columns)} FROM (SELECT *{number}, {mark} AS mark FROM raw_{side}) "
        f"WHERE record_id IN ({shown})"
    )
    for record_id, fingerprint, *values in _rows(texts):
        filled = {name: str(value) for name, value in zip(columns, values, strict=True) if value not in (None, "")}
        yield side, record_id, json.dumps(filled, ensure_ascii=False), fingerprint


def _write_pairs(target: sqlite3.Connection, slots: int, pairs: Iterator[tuple[object, ...]]) -> int:
    """Bring the pairs in; returns how many are new."""
    before = target.execute("SELECT count(*) FROM pair").fetchone()[0]
    target.execute("UPDATE pair SET in_use = 0, pair_id = NULL")
    target.executemany(
        "INSERT INTO pair (pair_id, record_id_l, record_id_r, stratum, known_verdict, differing, open_slots) "
        f"VALUES (?, ?, ?, ?, ?, ?, {slots:d}) "
        "ON CONFLICT (record_id_l, record_id_r) DO UPDATE SET in_use = 1, pair_id = excluded.pair_id, "
        "stratum = excluded.stratum, known_verdict = excluded.known_verdict, differing = excluded.differing",
        pairs,
    )
    return int(target.execute("SELECT count(*) FROM pair").fetchone()[0]) - int(before)

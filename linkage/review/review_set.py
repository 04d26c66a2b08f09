"""From the run's tables to the store: the pairs in random order, the records as the sources say them, the runner-ups.

Scores stay behind: the weights only choose which runner-ups are taken, and no page can show what the store lacks.
"""

from __future__ import annotations

import json
from pathlib import Path

import duckdb
import pyarrow as pa

from linkage.errors import ReviewError
from linkage.review.store import Store
from linkage.runs.sql import connect, literal, quote

RUNNER_UPS_SHOWN = 4
HIDDEN_IN_PLANTED_PAIRS = "personal_number"
_NOT_FIELDS = frozenset({"id", "record_id", "role", "source", "row_number"})

Batch = list[tuple[object, ...]]


def load_review_set(store: Store, run: Path, seed: int = 0) -> int:
    """Bring the run's review set into the store; returns how many pairs are new.

    Pairs are known by their two records. Pairs already in the store keep their answers; pairs that left the review set
    are no longer offered. The order is random within strata and even across them, so that a review stopped early is
    still a random sample of every stratum. Planted pairs make up `planted_share` of what is shown and stand anywhere.

    Raises:
        ReviewError: when a table is missing, lacks a column, or names a record that the run does not have.
    """
    tables = {name: run / f"{name}.parquet" for name in ("review_set", "raw_mentions", "raw_persons", "candidates", "anchors")}
    if not tables["raw_persons"].exists():
        tables["raw_persons"] = tables["raw_mentions"]
    for name in ("review_set", "raw_mentions"):
        if not tables[name].exists():
            raise ReviewError(f"{tables[name]} is missing", "Run `linkage run` up to the stage `sample` first.")
    connection = connect()
    try:
        _look_at(connection, tables)
        columns = {side: _field_columns(connection, side) for side in "lr"}
        _order_pairs(connection, store, seed)
        missing = connection.execute(
            "SELECT count(*) FROM ordered WHERE record_id_l NOT IN (SELECT record_id FROM raw_l) "
            "OR record_id_r NOT IN (SELECT record_id FROM raw_r)"
        ).fetchone()
        if missing and missing[0]:
            raise ReviewError(
                f"{tables['review_set']}: {missing[0]} pairs name records that raw_mentions or raw_persons do not have",
                "Run `linkage run` again: the tables come from different runs.",
            )
        pairs = _pairs_with_differences(connection, columns)
        runner_ups: Batch = connection.execute(_RUNNER_UPS, [RUNNER_UPS_SHOWN + 1]).fetchall()
        connection.register("runner_up", pa.table({"record_id_r": pa.array([row[1] for row in runner_ups], pa.string())}))
        role = _role(connection)
        records = {side: _records(connection, side, columns[side]) for side in "lr"}
    finally:
        connection.close()
    return _write(store, role, columns, pairs, runner_ups, records)


def _look_at(connection: duckdb.DuckDBPyConnection, tables: dict[str, Path]) -> None:
    """Views of the tables, with empty stand-ins for the optional ones."""
    optional = {
        "candidates": "SELECT '' AS record_id_l, '' AS record_id_r, 0.0 AS link_weight WHERE false",
        "anchors": "SELECT '' AS record_id_l, '' AS record_id_r, true AS is_match WHERE false",
    }
    for view, table in {
        "review_set": "review_set",
        "raw_l": "raw_mentions",
        "raw_r": "raw_persons",
        "candidates": "candidates",
        "anchors": "anchors",
    }.items():
        path = tables[table]
        source = f"SELECT * FROM read_parquet({literal(str(path))})" if path.exists() else optional[table]
        connection.execute(f"CREATE VIEW {view} AS {source}")


def _field_columns(connection: duckdb.DuckDBPyConnection, side: str) -> list[str]:
    return [row[0] for row in connection.execute(f"DESCRIBE raw_{side}").fetchall() if row[0] not in _NOT_FIELDS]


def _role(connection: duckdb.DuckDBPyConnection) -> str:
    if "role" not in {row[0] for row in connection.execute("DESCRIBE raw_l").fetchall()}:
        return ""
    row = connection.execute("SELECT min(role) FROM raw_l").fetchone()
    return str(row[0]) if row and row[0] else ""


def _order_pairs(connection: duckdb.DuckDBPyConnection, store: Store, seed: int) -> None:
    """Table `ordered`: place, pair_id, record_id_l, record_id_r, stratum, known_verdict."""
    try:
        connection.execute(
            "CREATE TEMP TABLE sampled AS SELECT CAST(pair_id AS VARCHAR) AS pair_id, record_id_l, record_id_r, "
            "coalesce(CAST(stratum AS VARCHAR), '') AS stratum, "
            "md5(concat_ws('|', $seed, record_id_l, record_id_r)) AS shuffle FROM review_set",
            {"seed": str(seed)},
        )
    except duckdb.BinderException:
        raise ReviewError(
            "review_set.parquet lacks one of pair_id, record_id_l, record_id_r, stratum", "Run the stage `sample` again."
        ) from None
    twice = connection.execute("SELECT count(*) - count(DISTINCT (record_id_l, record_id_r)) FROM sampled").fetchone()
    if twice and twice[0]:
        raise ReviewError(f"review_set.parquet names {twice[0]} pairs of records twice", "Run the stage `sample` again.")
    share = float(store.setting("planted_share"))
    connection.execute(
        """
        CREATE TEMP TABLE planted AS
        SELECT NULL AS pair_id, record_id_l, record_id_r, NULL AS stratum,
          CASE WHEN is_match THEN 'match' ELSE 'non_match' END AS known_verdict,
          md5(concat_ws('|', 'planted', $seed, record_id_l, record_id_r)) AS shuffle
        FROM (SELECT DISTINCT record_id_l, record_id_r, is_match FROM anchors)
        WHERE (record_id_l, record_id_r) NOT IN (SELECT (record_id_l, record_id_r) FROM sampled)
        ORDER BY shuffle LIMIT CAST(round($odds * (SELECT count(*) FROM sampled)) AS BIGINT)
        """,
        {"seed": str(seed), "odds": share / (1 - share)},
    )
    connection.execute(
        """
        CREATE TEMP TABLE ordered AS
        WITH everything AS (
          SELECT *, NULL AS known_verdict FROM sampled
          UNION ALL BY NAME SELECT * FROM planted
        ), ranked AS (
          SELECT *, (row_number() OVER own - CAST('0x' || shuffle[:8] AS BIGINT) / 4294967296.0) / count(*) OVER whole AS place
          FROM everything WINDOW own AS (PARTITION BY stratum ORDER BY shuffle), whole AS (PARTITION BY stratum)
        )
        SELECT row_number() OVER (ORDER BY place, shuffle) AS place, pair_id, record_id_l, record_id_r, stratum, known_verdict
        FROM ranked
        """
    )


def _pairs_with_differences(connection: duckdb.DuckDBPyConnection, columns: dict[str, list[str]]) -> Batch:
    """Each pair with the fields that both sides fill and fill differently (letter case and Unicode form aside)."""
    shared = [name for name in columns["l"] if name in columns["r"]]
    tests = ", ".join(
        f"CASE WHEN nfc_normalize(lower(trim(l.{quote(name)}))) <> nfc_normalize(lower(trim(r.{quote(name)}))) "
        f"{'AND known_verdict IS NULL ' if name == HIDDEN_IN_PLANTED_PAIRS else ''}THEN {literal(name)} END"
        for name in shared
    )
    return connection.execute(
        "SELECT pair_id, p.record_id_l, p.record_id_r, p.stratum, p.known_verdict, "
        f"CAST(to_json(list_filter([{tests or 'NULL'}]::VARCHAR[], lambda name: name IS NOT NULL)) AS VARCHAR) "
        "FROM ordered AS p JOIN raw_l AS l ON l.record_id = p.record_id_l JOIN raw_r AS r ON r.record_id = p.record_id_r "
        "ORDER BY p.place"
    ).fetchall()


_RUNNER_UPS = """
SELECT record_id_l, record_id_r FROM candidates
WHERE record_id_l IN (SELECT record_id_l FROM ordered) AND record_id_r IN (SELECT record_id FROM raw_r)
QUALIFY row_number() OVER (PARTITION BY record_id_l ORDER BY link_weight DESC, record_id_r) <= ?
ORDER BY record_id_l, record_id_r
"""


def _records(connection: duckdb.DuckDBPyConnection, side: str, columns: list[str]) -> Batch:
    """The records a page may show, as JSON of their filled fields."""
    wanted = (
        "SELECT record_id_l FROM ordered"
        if side == "l"
        else "SELECT record_id_r FROM ordered UNION SELECT record_id_r FROM runner_up"
    )
    texts = connection.execute(
        f"SELECT record_id, {', '.join(quote(name) for name in columns)} FROM raw_{side} WHERE record_id IN ({wanted})"
    )
    found: Batch = []
    while rows := texts.fetchmany(20_000):
        for record_id, *values in rows:
            filled = {name: str(value) for name, value in zip(columns, values, strict=True) if value not in (None, "")}
            found.append((side, record_id, json.dumps(filled, ensure_ascii=False)))
    return found


def _write(
    store: Store, role: str, columns: dict[str, list[str]], pairs: Batch, runner_ups: Batch, records: dict[str, Batch]
) -> int:
    with store.transaction() as connection:
        connection.execute("UPDATE setting SET value = ? WHERE name = 'role_l'", (role,))
        for side in "lr":
            connection.execute("UPDATE setting SET value = ? WHERE name = ?", (json.dumps(columns[side]), f"columns_{side}"))
            connection.executemany("INSERT OR REPLACE INTO record VALUES (?, ?, ?)", records[side])
        connection.execute("DELETE FROM runner_up")
        connection.executemany("INSERT INTO runner_up VALUES (?, ?)", runner_ups)
        before = connection.execute("SELECT count(*) FROM pair").fetchone()[0]
        connection.execute("UPDATE pair SET in_use = 0, pair_id = NULL")
        connection.executemany(
            "INSERT INTO pair (pair_id, record_id_l, record_id_r, stratum, known_verdict, differing, open_slots) "
            f"VALUES (?, ?, ?, ?, ?, ?, {store.reviewers_per_pair:d}) "
            "ON CONFLICT (record_id_l, record_id_r) DO UPDATE SET in_use = 1, pair_id = excluded.pair_id, "
            "stratum = excluded.stratum, known_verdict = excluded.known_verdict, differing = excluded.differing",
            pairs,
        )
        return int(connection.execute("SELECT count(*) FROM pair").fetchone()[0]) - int(before)

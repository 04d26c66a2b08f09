"""Rows of a basic register handed back by the police platform, held against the province's own rows of the same register.

A run links the province's own entries (left) to the handed-back ones (right), both of one register kind. Here the key of
the book comes first: office, book, number and year; a run's accepted link is used where the key finds no single row. A key
that is equal while two of name, birth date, sex and a parent's name really differ is a conflict of its own.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from linkage.config import FieldKind
from linkage.errors import LinkageError
from linkage.reconcile.differences import classify_differences, unit_name
from linkage.reconcile.rivals import CLASHING, DIFFERENT_PERSON
from linkage.reconcile.side_tables import SideTables
from linkage.runs.sql import connect, described_columns
from linkage.runs.tables import HANDBACK, HANDBACK_DIFFERENCES, LINKS, RAW_MENTIONS, RAW_PERSONS
from linkage.vietnamese.letters_sql import fold_sql

if TYPE_CHECKING:
    import duckdb

STATES = ("both", "both_conflicting", "only_here", "only_there", "key_of_another")
"""both: one event, no real difference; both_conflicting: one event, some field really differs; key_of_another: the same
place in the book, but another person."""


@dataclass(frozen=True)
class Handback:
    """Own rows = both + both_conflicting + key_of_another + only_here; handed-back rows likewise with only_there."""

    states: Mapping[str, int]
    by_key: int
    """Pairs found by office, book, number and year."""
    by_link: int
    """Pairs found by the run's links where the key failed."""
    conflicts: Mapping[str, int]
    """Field → pairs in which it differs other than in spelling or precision."""


def reconcile_handback(run: Path, kinds: Mapping[str, FieldKind]) -> Handback:
    """Write the tables `handback` (state, how, record_id_l, record_id_r) and `handback_differences` into the run.

    `kinds` are the fields both sides have. Every own and every handed-back row stands in `handback` exactly once.

    Raises:
        LinkageError: the run links within one table, or its rows lack the parts of the book key.
    """
    sides = SideTables.of(run)
    if sides.within:
        raise LinkageError(f"{run} links within one table", "Give the handed-back rows as the right side of the project file.")
    with connect() as connection:
        for raw in (RAW_MENTIONS, RAW_PERSONS):
            known = described_columns(connection, raw.scan(run))
            lacking = {"registering_office", "book_number", "entry_number", "registration_date"} - set(known)
            if lacking:
                raise LinkageError(
                    f"{raw.file} lacks {', '.join(sorted(lacking))}", "These fields are the key of an entry in its book."
                )
        _pair(connection, run, sides)
        classify_differences(connection, sides, kinds, "hb_pairs", "hb_differences")
        states = _write_states(connection, run, sides)
        HANDBACK_DIFFERENCES.write(
            connection,
            f"""SELECT l.record_id AS record_id_l, r.record_id AS record_id_r, field, class, value_l, value_r FROM hb_differences
            JOIN {sides.mentions} l ON l.id = id_l JOIN {sides.persons} r ON r.id = id_r
            ORDER BY record_id_l, field""",
            run,
        )
        conflicts = connection.execute(
            "SELECT field, count(*) FROM hb_differences"
            " WHERE class NOT IN ('spelling', 'precision', 'missing_left', 'missing_right', 'place_renamed')"
            " GROUP BY field ORDER BY field"
        ).fetchall()
        how = dict(connection.execute("SELECT how, count(*) FROM hb_pairs GROUP BY how ORDER BY how").fetchall())
    return Handback(states, int(how.get("key", 0)), int(how.get("link", 0)), dict(conflicts))


def _pair(connection: duckdb.DuckDBPyConnection, run: Path, sides: SideTables) -> None:
    """hb_pairs: id_l, id_r, how; one to one, the key first."""
    for table, raw in (("hb_here", sides.raw_mentions), ("hb_there", sides.raw_persons)):
        year = "regexp_extract(registration_date, '([0-9]{4})', 1)"
        number = "regexp_extract(entry_number, '^\\s*0*([0-9]+)', 1)"
        connection.execute(
            f"""CREATE OR REPLACE TEMP TABLE {table} AS
            SELECT id, concat_ws('|', {unit_name(fold_sql("registering_office"))},
                    regexp_replace(book_number, '(^|[^0-9])0+|\\s', '\\1', 'g'), {number}, {year}) AS key,
                {number} <> '' AND book_number IS NOT NULL AND registering_office IS NOT NULL AND {year} <> '' AS whole
            FROM {raw}"""
        )
        connection.execute(f"DELETE FROM {table} WHERE NOT coalesce(whole, false)")
        connection.execute(
            f"CREATE OR REPLACE TEMP TABLE {table}_once AS FROM {table} QUALIFY count(*) OVER (PARTITION BY key) = 1"
        )
    connection.execute(
        f"""CREATE OR REPLACE TEMP TABLE hb_pairs AS
        WITH keyed AS (SELECT h.id AS id_l, t.id AS id_r FROM hb_here_once h JOIN hb_there_once t USING (key)),
        linked AS (
            SELECT m.id AS id_l, p.id AS id_r FROM {LINKS.scan(run)} k
            JOIN {sides.mentions} m ON m.record_id = k.record_id_l
            JOIN {sides.persons} p ON p.record_id = k.record_id_r
            WHERE k.decision = 'link' AND m.id NOT IN (SELECT id_l FROM keyed) AND p.id NOT IN (SELECT id_r FROM keyed)
            QUALIFY row_number() OVER (PARTITION BY p.id ORDER BY k.link_weight DESC, m.id) = 1
        )
        SELECT id_l, id_r, 'key' AS how FROM keyed UNION ALL SELECT id_l, id_r, 'link' FROM linked"""
    )


def _write_states(connection: duckdb.DuckDBPyConnection, run: Path, sides: SideTables) -> dict[str, int]:
    here, there = sides.mentions, sides.persons
    HANDBACK.write(
        connection,
        f"""WITH judged AS (
            SELECT id_l, id_r, how, {CLASHING} AS clashing, bool_or(class = 'real') AS conflicting
            FROM hb_pairs LEFT JOIN hb_differences USING (id_l, id_r) GROUP BY ALL
        )
        SELECT CASE WHEN how = 'key' AND clashing >= {DIFFERENT_PERSON} THEN 'key_of_another'
                WHEN conflicting THEN 'both_conflicting' ELSE 'both' END AS state, how,
            l.record_id AS record_id_l, r.record_id AS record_id_r
        FROM judged JOIN {here} l ON l.id = id_l JOIN {there} r ON r.id = id_r
        UNION ALL SELECT 'only_here', NULL, record_id, NULL FROM {here} WHERE id NOT IN (SELECT id_l FROM hb_pairs)
        UNION ALL SELECT 'only_there', NULL, NULL, record_id FROM {there} WHERE id NOT IN (SELECT id_r FROM hb_pairs)
        ORDER BY record_id_l NULLS LAST, record_id_r""",
        run,
    )
    counted = dict(connection.execute(f"SELECT state, count(*) FROM {HANDBACK.scan(run)} GROUP BY state").fetchall())
    return {state: int(counted.get(state, 0)) for state in STATES}

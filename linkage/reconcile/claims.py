"""Whom each mention stands for or lays claim to, and who competes with it: temporary tables from a run's pairs.

rc_links: the assigned pairs with ids. rc_rivals: candidates good enough to be the person. rc_same_number: pairs that carry
the same personal number, and whether they are one person. rc_accepted: the person of each settled mention (its number's,
else its accepted link's). rc_claims: these, and the best candidate of the others. rc_shared: claims several entries make on
one person. rc_twins: claims a sibling of the same birth competes with. rc_again: which entries are re-registrations.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING

from linkage.config import FieldKind
from linkage.reconcile.differences import classify_differences
from linkage.reconcile.sides import Sides, columns_of, fold_sql, scan, texts_sql
from linkage.runs.sql import quote

if TYPE_CHECKING:
    import duckdb


PERSON_FIELDS = ("full_name", "birth_date", "birth_year", "sex", "mother_name", "father_name")
DIFFERENT_PERSON = 2
"""A pair with the same number is another person when this many of name, birth date, sex and a parent's name really differ."""


def gather_claims(connection: duckdb.DuckDBPyConnection, run: Path, sides: Sides, kinds: Mapping[str, FieldKind]) -> None:
    """Make the tables of this module's description, and rc_differences of every pair in question."""
    _open_tables(connection, run, sides)
    _find_pairs(connection, sides, kinds)
    classify_differences(connection, sides, kinds, "rc_pairs", "rc_differences")
    _judge_numbers(connection)
    _judge_groups(connection, sides, kinds)


def _upper_threshold(connection: duckdb.DuckDBPyConnection, run: Path) -> float:
    """The weight from which a best candidate is a claim: the upper threshold of the run."""
    thresholds = run / "thresholds.json"
    if thresholds.is_file():
        return float(json.loads(thresholds.read_text(encoding="utf-8"))["upper"])
    row = connection.execute(f"SELECT min(link_weight) FROM {scan(run / 'links.parquet')} WHERE decision = 'link'").fetchone()
    return float(row[0]) if row and row[0] is not None else 0.0


def _open_tables(connection: duckdb.DuckDBPyConnection, run: Path, sides: Sides) -> None:
    """rc_links: the assigned pairs with ids and decisions; rc_rivals: the candidates worth a claim."""
    upper = _upper_threshold(connection, run)
    connection.execute(
        f"""CREATE OR REPLACE TEMP TABLE rc_links AS
        SELECT m.id AS id_l, p.id AS id_r, k.decision, k.reason, k.match_weight, k.link_weight, k.runner_up_margin
        FROM {scan(run / "links.parquet")} k
        JOIN {scan(sides.mentions)} m ON m.record_id = k.record_id_l
        JOIN {scan(sides.persons)} p ON p.record_id = k.record_id_r"""
    )
    connection.execute(
        f"""CREATE OR REPLACE TEMP TABLE rc_rivals AS
        SELECT c.id_l, c.id_r, c.link_weight, c.rank FROM {scan(run / "candidates.parquet")} c LEFT JOIN rc_links k USING (id_l)
        WHERE c.link_weight >= ? OR (k.reason = 'runner_up_close' AND c.link_weight >= k.link_weight - k.runner_up_margin - 1e-6)""",
        [upper],
    )


def _find_pairs(connection: duckdb.DuckDBPyConnection, sides: Sides, kinds: Mapping[str, FieldKind]) -> None:
    """rc_numbers: (mention, person) pairs that carry the same number; rc_pairs: every pair whose fields are compared."""
    if kinds.get("personal_number") is FieldKind.personal_number and not sides.within:
        query = f"""SELECT m.id AS id_l, min(p.id) AS id_r FROM {scan(sides.mentions)} m
            JOIN {scan(sides.persons)} p USING (personal_number) GROUP BY m.id"""
    else:
        query = "SELECT NULL::INTEGER AS id_l, NULL::INTEGER AS id_r WHERE false"
    connection.execute(f"CREATE OR REPLACE TEMP TABLE rc_numbers AS {query}")
    connection.execute(
        """CREATE OR REPLACE TEMP TABLE rc_pairs AS
        SELECT id_l, id_r FROM rc_links WHERE decision <> 'non_link' UNION SELECT id_l, id_r FROM rc_numbers"""
    )


def _judge_numbers(connection: duckdb.DuckDBPyConnection) -> None:
    """rc_same_number: the same-number pairs and whether they are one person.

    They are not when the accepted link of the mention goes to someone else, or when at least two of name, birth date, sex and
    a parent's name really differ.
    """
    connection.execute(
        f"""CREATE OR REPLACE TEMP TABLE rc_same_number AS
        WITH clashes AS (
            SELECT id_l, id_r, count(DISTINCT CASE WHEN field IN ('mother_name', 'father_name') THEN 'parent' ELSE field END) AS clashing
            FROM rc_differences WHERE class = 'real' AND field IN {texts_sql(PERSON_FIELDS)}
            GROUP BY ALL
        )
        SELECT n.id_l, n.id_r,
            coalesce(clashing, 0) < {DIFFERENT_PERSON} AND NOT coalesce(k.decision = 'link' AND k.id_r <> n.id_r, false) AS one_person
        FROM rc_numbers n LEFT JOIN clashes USING (id_l, id_r) LEFT JOIN rc_links k ON k.id_l = n.id_l"""
    )
    # the person a mention stands for: its number's, or its accepted link's
    connection.execute(
        """CREATE OR REPLACE TEMP TABLE rc_accepted AS
        SELECT id_l, id_r, 'number' AS by FROM rc_same_number WHERE one_person
        UNION ALL
        SELECT id_l, id_r, 'link' FROM rc_links
        WHERE decision = 'link' AND id_l NOT IN (SELECT id_l FROM rc_same_number WHERE one_person)"""
    )


def _judge_groups(connection: duckdb.DuckDBPyConnection, sides: Sides, kinds: Mapping[str, FieldKind]) -> None:
    """rc_claims: whom each mention lays claim to; rc_shared: entries that claim one person; rc_twins: siblings told apart."""
    connection.execute(f"CREATE OR REPLACE TEMP TABLE rc_again AS {_registered_again(connection, sides)}")
    connection.execute(
        """CREATE OR REPLACE TEMP TABLE rc_claims AS
        SELECT id_l, id_r FROM rc_accepted
        UNION ALL
        SELECT id_l, id_r FROM rc_rivals
        WHERE rank = 1 AND id_l NOT IN (SELECT id_l FROM rc_accepted) AND NOT EXISTS (
            FROM rc_links k WHERE k.id_l = rc_rivals.id_l AND k.id_r = rc_rivals.id_r AND k.reason = 'verdict_non_match')"""
    )
    connection.execute(
        """CREATE OR REPLACE TEMP TABLE rc_shared AS
        SELECT id_l, id_r FROM rc_claims WHERE id_r IN (SELECT id_r FROM rc_claims GROUP BY id_r HAVING count(*) > 1)"""
    )
    wavering = (
        "SELECT a.id_l, a.id_r AS one, b.id_r AS other FROM rc_claims a JOIN rc_rivals b ON b.id_l = a.id_l AND b.id_r <> a.id_r"
    )
    sharing = (
        "SELECT a.id_l, a.id_l AS one, b.id_l AS other FROM rc_shared a JOIN rc_shared b ON b.id_r = a.id_r AND b.id_l <> a.id_l"
    )
    # two persons are two whatever their names; two entries of one birth may be one misspelt child, unless the names are far apart
    two_persons = "x.full_name_tone <> y.full_name_tone"
    two_entries = (
        "x.full_name_given_sound <> y.full_name_given_sound"
        " AND levenshtein(x.full_name_given_fold, y.full_name_given_fold) > 1"
        " AND NOT (SELECT again FROM rc_again WHERE id_l = x.id) AND NOT (SELECT again FROM rc_again WHERE id_l = y.id)"
    )
    parts = [
        f"SELECT q.id_l, y.record_id AS other FROM ({pairs}) q JOIN {scan(table)} x ON x.id = q.one JOIN {scan(table)} y ON y.id = q.other"
        f" WHERE {_of_one_birth(kinds)} AND {told_apart}"
        for pairs, table, told_apart in ((wavering, sides.persons, two_persons), (sharing, sides.mentions, two_entries))
    ]
    empty = "SELECT NULL::INTEGER AS id_l, NULL::VARCHAR AS other WHERE false"
    connection.execute(f"CREATE OR REPLACE TEMP TABLE rc_twins AS {' UNION '.join(parts) if _of_one_birth(kinds) else empty}")


def _registered_again(connection: duckdb.DuckDBPyConnection, sides: Sides) -> str:
    """A query of id_l and whether the entry says it is a re-registration."""
    said = "false"
    if "registration_type" in columns_of(connection, sides.raw_mentions):
        said = f"coalesce(contains({fold_sql('registration_type')}, 'lai'), false)"
    return f"SELECT id AS id_l, {said} AS again FROM {scan(sides.raw_mentions)}"


def _of_one_birth(kinds: Mapping[str, FieldKind]) -> str:
    """SQL: x and y have the same birth date and a parent of the same name; empty where the fields do not tell."""
    parents = [f for f in ("mother_name", "father_name") if kinds.get(f) is FieldKind.person_name]
    if not parents or kinds.get("birth_date") is not FieldKind.date or kinds.get("full_name") is not FieldKind.person_name:
        return ""
    shared = " OR ".join(f"x.{quote(parent + '_fold')} = y.{quote(parent + '_fold')}" for parent in parents)
    return f"x.birth_date = y.birth_date AND ({shared})"

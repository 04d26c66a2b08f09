"""What every mention, and every person without one, comes to: outcomes.parquet and differences.parquet.

Steps, each a named table: accepted links; pairs that carry the same personal number; what each mention lays claim to;
entries that claim one person; twins; the fields that differ; then one finding a record, first rule that holds.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING

import pyarrow as pa

from linkage.config import FieldKind
from linkage.reconcile.codes import FINDINGS, OUTCOMES_FILE, Codes, load_codes, routings
from linkage.reconcile.differences import Sides, classify_differences
from linkage.runs.sql import literal, quote, write_parquet

if TYPE_CHECKING:
    import duckdb

SOURCE_FROM_YEAR = 2016
"""Births registered from 1 January of this year with a number issued: civil status is the source (Circular 01/2022 art. 4(1))."""

_OTHER_IDENTIFYING = (
    "birth_date_year", "birth_year", "mother_name", "father_name", "spouse_name", "personal_number", "identity_paper_number",
)  # fmt: skip
"""An entry that gives none of these beside the name cannot be compared."""

DIFFERENT_PERSON = 2
"""A pair with the same number is another person when this many of name, birth date, sex and a parent's name really differ."""


def write_outcomes(
    connection: duckdb.DuckDBPyConnection, run: Path, kinds: Mapping[str, FieldKind], folder: Path, codes: Path = OUTCOMES_FILE
) -> dict[str, int]:
    """Write outcomes.parquet and differences.parquet into `folder` from the tables of a run directory.

    `kinds` are the fields both sides have. outcomes: side (`mention` or `person`), record_id, outcome (code), finding,
    counterpart (record id of the person or mention, if any), others (record ids it competes with), verify, act, source
    (`civil_status` or `joint`), status, reason and the pair's weights; exactly one row a mention and one a person
    without an accepted link. differences: one row a differing field of an accepted link. Returns the rows of each finding
    (mentions and persons together) and the number of differences.

    Raises:
        ProjectFileError: the file of codes is wrong.
    """
    held = load_codes(codes)
    sides = Sides.of(run)
    _open_tables(connection, run, sides)
    _find_pairs(connection, run, sides, kinds)
    classify_differences(connection, sides, kinds, "rc_pairs", "rc_differences")
    _judge_numbers(connection)
    _judge_groups(connection, sides, kinds)
    _describe_links(connection, held)
    differences = _write_differences(connection, sides, folder / "differences.parquet")
    _write_findings(connection, sides, held, folder / "outcomes.parquet")
    counts: dict[str, int] = dict.fromkeys(FINDINGS, 0)
    path = str(folder / "outcomes.parquet")
    for finding, rows in connection.execute("SELECT finding, count(*) FROM read_parquet(?) GROUP BY 1", [path]).fetchall():
        counts[finding] = int(rows)
    return {**{finding: rows for finding, rows in counts.items() if rows}, "differences": differences}


def _parquet(path: Path) -> str:
    return f"read_parquet({literal(str(path))})"


def columns_of(connection: duckdb.DuckDBPyConnection, path: Path) -> set[str]:
    """Column names of a Parquet file."""
    return {str(row[0]) for row in connection.execute(f"DESCRIBE SELECT * FROM {_parquet(path)}").fetchall()}


def _upper_threshold(connection: duckdb.DuckDBPyConnection, run: Path) -> float:
    """The weight from which a best candidate is a claim: the upper threshold of the run."""
    thresholds = run / "thresholds.json"
    if thresholds.is_file():
        return float(json.loads(thresholds.read_text(encoding="utf-8"))["upper"])
    row = connection.execute(f"SELECT min(link_weight) FROM {_parquet(run / 'links.parquet')} WHERE decision = 'link'").fetchone()
    return float(row[0]) if row and row[0] is not None else 0.0


def _open_tables(connection: duckdb.DuckDBPyConnection, run: Path, sides: Sides) -> None:
    """rc_links: the assigned pairs with ids and decisions; rc_rivals: the candidates worth a claim."""
    upper = _upper_threshold(connection, run)
    connection.execute(
        f"""CREATE OR REPLACE TEMP TABLE rc_links AS
        SELECT m.id AS id_l, p.id AS id_r, k.decision, k.reason, k.match_weight, k.link_weight, k.runner_up_margin
        FROM {_parquet(run / "links.parquet")} k
        JOIN {_parquet(sides.mentions)} m ON m.record_id = k.record_id_l
        JOIN {_parquet(sides.persons)} p ON p.record_id = k.record_id_r"""
    )
    connection.execute(
        f"""CREATE OR REPLACE TEMP TABLE rc_rivals AS
        SELECT id_l, id_r, link_weight, rank FROM {_parquet(run / "candidates.parquet")} WHERE link_weight >= ?""",
        [upper],
    )


def _find_pairs(connection: duckdb.DuckDBPyConnection, run: Path, sides: Sides, kinds: Mapping[str, FieldKind]) -> None:
    """rc_numbers: (mention, person) pairs that carry the same number; rc_pairs: every pair whose fields are compared."""
    if kinds.get("personal_number") is FieldKind.personal_number and sides.mentions != sides.persons:
        query = f"""SELECT m.id AS id_l, min(p.id) AS id_r FROM {_parquet(sides.mentions)} m
            JOIN {_parquet(sides.persons)} p USING (personal_number) GROUP BY m.id"""
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
            FROM rc_differences WHERE class = 'real' AND field IN
                ('full_name', 'birth_date', 'birth_year', 'sex', 'mother_name', 'father_name')
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
    # same parents and birth date, another given name: on the persons a mention wavers between, or on the entries of one person
    siblings = _siblings(kinds)
    wavering = "SELECT a.id_l, a.id_r AS one, b.id_r AS other FROM rc_claims a JOIN rc_rivals b ON b.id_l = a.id_l AND b.id_r <> a.id_r"
    sharing = "SELECT a.id_l, a.id_l AS one, b.id_l AS other FROM rc_shared a JOIN rc_shared b ON b.id_r = a.id_r AND b.id_l <> a.id_l"
    parts = [
        f"SELECT q.id_l, y.record_id AS other FROM ({pairs}) q"
        f" JOIN {_parquet(table)} x ON x.id = q.one JOIN {_parquet(table)} y ON y.id = q.other WHERE {siblings}"
        for pairs, table in ((wavering, sides.persons), (sharing, sides.mentions))
    ]
    connection.execute(f"CREATE OR REPLACE TEMP TABLE rc_twins AS {' UNION '.join(parts)}")


def _siblings(kinds: Mapping[str, FieldKind]) -> str:
    """SQL: x and y are of one birth, but not one person."""
    parents = [f for f in ("mother_name", "father_name") if kinds.get(f) is FieldKind.person_name]
    if not parents or kinds.get("birth_date") is not FieldKind.date or kinds.get("full_name") is not FieldKind.person_name:
        return "false"
    shared = " OR ".join(f"x.{quote(parent + '_fold')} = y.{quote(parent + '_fold')}" for parent in parents)
    return f"x.birth_date = y.birth_date AND ({shared}) AND x.full_name_given_fold <> y.full_name_given_fold"


def _describe_links(connection: duckdb.DuckDBPyConnection, codes: Codes) -> None:
    """rc_described: per accepted pair, the finding its differences amount to."""
    groups = {name: f"[{', '.join(literal(one) for one in values)}]" for name, values in codes.fields.model_dump().items()}
    connection.execute(
        f"""CREATE OR REPLACE TEMP TABLE rc_described AS
        WITH weighed AS (
            SELECT id_l, id_r,
                CASE WHEN class IN ('missing_left', 'missing_right') THEN
                          CASE WHEN field IN {groups["ignored_when_missing"]} THEN 'ignored' ELSE class END
                     WHEN class IN {groups["written_alike"]} THEN 'alike'
                     WHEN class = 'precision' THEN 'missing_' || coarser
                     WHEN touches_number AND field IN {groups["number_bearing"]} THEN 'number'
                     WHEN field IN {groups["identifying"]} THEN 'identifying'
                     ELSE 'other' END AS weight
            FROM rc_differences
        ), gathered AS (SELECT id_l, id_r, list(DISTINCT weight) AS weights FROM weighed GROUP BY ALL)
        SELECT a.id_l, a.id_r, a.by,
            CASE WHEN list_contains(weights, 'number') THEN 'differs_number'
                 WHEN list_contains(weights, 'identifying') THEN 'differs_identifying'
                 WHEN list_contains(weights, 'other') THEN 'differs_other'
                 WHEN list_contains(weights, 'missing_left') THEN 'missing_left'
                 WHEN list_contains(weights, 'missing_right') THEN 'missing_right'
                 WHEN list_contains(weights, 'alike') THEN 'other_spelling'
                 ELSE 'matched_fully' END AS finding
        FROM rc_accepted a LEFT JOIN gathered USING (id_l, id_r)"""
    )


def _write_differences(connection: duckdb.DuckDBPyConnection, sides: Sides, target: Path) -> int:
    return write_parquet(
        connection,
        f"""SELECT m.record_id AS record_id_l, p.record_id AS record_id_r, field, class, coarser, touches_number, value_l, value_r
        FROM rc_differences JOIN rc_accepted USING (id_l, id_r)
        JOIN {_parquet(sides.mentions)} m ON m.id = id_l JOIN {_parquet(sides.persons)} p ON p.id = id_r
        ORDER BY record_id_l, record_id_r, field""",
        target,
    )


def _write_findings(connection: duckdb.DuckDBPyConnection, sides: Sides, codes: Codes, target: Path) -> None:
    """One row a mention and one a person without an accepted link, each with its code and axes."""
    within = sides.mentions == sides.persons
    connection.register("rc_routings", pa.Table.from_pylist([asdict(one) for one in routings(codes)]))
    mentions = _findings_within(sides) if within else _findings_of_mentions(connection, sides, codes)
    persons = "" if within else f"UNION ALL {_findings_of_persons(connection, sides, codes)}"
    write_parquet(
        connection,
        f"""WITH found AS (SELECT 'mention' AS side, * FROM ({mentions}) {persons})
        SELECT side, record_id, code AS outcome, finding, counterpart, others, verify,
            CASE WHEN source = 'civil_status' THEN act_when_source ELSE act END AS act, source,
            CASE WHEN act = 'none' THEN 'closed' ELSE 'new' END AS status,
            reason, match_weight, link_weight, runner_up_margin
        FROM found JOIN rc_routings USING (finding) ORDER BY side, record_id""",
        target,
    )
    connection.unregister("rc_routings")


def _findings_of_mentions(connection: duckdb.DuckDBPyConnection, sides: Sides, codes: Codes) -> str:
    columns, raw = columns_of(connection, sides.mentions), columns_of(connection, sides.raw_mentions)
    known = [f"m.{quote(name)}" for name in _OTHER_IDENTIFYING if name in columns]
    nothing = f"coalesce({', '.join(f'{name}::VARCHAR' for name in known)}) IS NULL" if known else "false"
    if "full_name" in columns:
        nothing = f"(m.full_name IS NULL OR {nothing})"
    note = fold_sql("raw.note") if "note" in raw else "NULL"
    illegible = " OR ".join(f"contains({note}, {literal(word)})" for word in codes.illegible_words) or "false"
    of_source = _is_source(columns, raw)
    again = f"contains({fold_sql('raw.registration_type')}, 'lai')" if "registration_type" in raw else "false"
    connection.execute(
        f"CREATE OR REPLACE TEMP TABLE rc_again AS SELECT id AS id_l, coalesce({again}, false) AS again FROM {_parquet(sides.raw_mentions)} raw"
    )
    return f"""
        WITH shared AS (
            SELECT a.id_l, bool_or(x.again OR y.again) AS again, list(m.record_id ORDER BY m.record_id) AS others
            FROM rc_shared a JOIN rc_shared b ON b.id_r = a.id_r AND b.id_l <> a.id_l
            JOIN rc_again x ON x.id_l = a.id_l JOIN rc_again y ON y.id_l = b.id_l
            JOIN {_parquet(sides.mentions)} m ON m.id = b.id_l GROUP BY a.id_l
        ), twins AS (SELECT id_l, list(DISTINCT other ORDER BY other) AS others FROM rc_twins GROUP BY id_l
        ), rivals AS (
            SELECT c.id_l, list(p.record_id ORDER BY p.record_id) AS others FROM rc_claims c JOIN rc_rivals r ON r.id_l = c.id_l AND r.id_r <> c.id_r
            JOIN {_parquet(sides.persons)} p ON p.id = r.id_r GROUP BY c.id_l
        ), found AS (
            SELECT m.id, m.record_id,
                CASE WHEN other_number.id_l IS NOT NULL THEN 'number_other_person'
                     WHEN k.reason = 'verdict_match' AND shared.id_l IS NULL THEN d.finding
                     WHEN twins.id_l IS NOT NULL AND (d.id_l IS NULL OR shared.id_l IS NOT NULL) THEN 'twins'
                     WHEN shared.id_l IS NOT NULL THEN CASE WHEN shared.again THEN 're_registered' ELSE 'duplicate_entries' END
                     WHEN d.id_l IS NOT NULL THEN d.finding
                     WHEN rivals.id_l IS NOT NULL THEN 'several_candidates'
                     WHEN k.decision = 'clerical' THEN 'awaiting_review'
                     WHEN {illegible} THEN 'illegible'
                     WHEN {nothing} THEN 'not_comparable'
                     ELSE 'not_found' END AS finding,
                coalesce(d.id_r, other_number.id_r, c.id_r, CASE WHEN k.decision = 'clerical' THEN k.id_r END) AS id_r,
                twins.others AS twin_ids, shared.others AS shared_ids, rivals.others AS rival_ids, {of_source} AS of_source
            FROM {_parquet(sides.mentions)} m JOIN {_parquet(sides.raw_mentions)} raw ON raw.id = m.id
            LEFT JOIN rc_links k ON k.id_l = m.id LEFT JOIN rc_described d ON d.id_l = m.id
            LEFT JOIN (FROM rc_same_number WHERE NOT one_person) other_number ON other_number.id_l = m.id
            LEFT JOIN rc_claims c ON c.id_l = m.id
            LEFT JOIN shared ON shared.id_l = m.id LEFT JOIN twins ON twins.id_l = m.id LEFT JOIN rivals ON rivals.id_l = m.id
        )
        SELECT f.record_id, f.finding, p.record_id AS counterpart,
            CASE finding WHEN 'twins' THEN twin_ids WHEN 'several_candidates' THEN rival_ids
                WHEN 'duplicate_entries' THEN shared_ids WHEN 're_registered' THEN shared_ids END AS others,
            CASE WHEN of_source THEN 'civil_status' ELSE 'joint' END AS source,
            k.reason, coalesce(k.match_weight, NULL) AS match_weight, k.link_weight, k.runner_up_margin
        FROM found f LEFT JOIN {_parquet(sides.persons)} p ON p.id = f.id_r LEFT JOIN rc_links k ON k.id_l = f.id AND k.id_r = f.id_r
    """


def _is_source(columns: set[str], raw: set[str]) -> str:
    """SQL: the entry is a birth registered from 2016 on with a number, not a re-registration."""
    if not {"personal_number", "registration_date_year"} <= columns:
        return "false"
    first_time = f"NOT coalesce(contains({fold_sql('raw.registration_type')}, 'lai'), false)" if "registration_type" in raw else "true"
    return f"coalesce(raw.role = 'child' AND m.personal_number IS NOT NULL AND m.registration_date_year >= {SOURCE_FROM_YEAR} AND {first_time}, false)"


def _findings_of_persons(connection: duckdb.DuckDBPyConnection, sides: Sides, codes: Codes) -> str:
    raw = columns_of(connection, sides.raw_persons)
    roles = [str(row[0]) for row in connection.execute(f"SELECT DISTINCT role FROM {_parquet(sides.raw_mentions)} WHERE role IS NOT NULL").fetchall()]
    expected = {codes.expected_in_book.get(role, "never") for role in roles} or {"never"}
    fields = [f"raw.{quote(field)} IS NOT NULL" for field in sorted(expected - {"always"}) if field in raw]
    is_expected = "true" if "always" in expected else " OR ".join(fields) or "false"
    return f"""
        SELECT 'person' AS side, p.record_id,
            CASE WHEN claimed.id_r IS NOT NULL THEN 'awaiting_review'
                 WHEN NOT ({is_expected}) OR NOT ({_in_scope(connection, sides)}) THEN 'outside_books'
                 ELSE 'not_in_book' END AS finding,
            claimed.record_id AS counterpart, NULL::VARCHAR[] AS others, 'joint' AS source, NULL AS reason, NULL, NULL, NULL
        FROM {_parquet(sides.persons)} p JOIN {_parquet(sides.raw_persons)} raw ON raw.id = p.id
        LEFT JOIN (
            SELECT id_r, min(m.record_id) AS record_id FROM (
                SELECT id_l, id_r FROM rc_claims UNION SELECT id_l, id_r FROM rc_rivals UNION SELECT id_l, id_r FROM rc_links WHERE decision = 'clerical'
                UNION SELECT id_l, id_r FROM rc_same_number
            ) c JOIN {_parquet(sides.mentions)} m ON m.id = c.id_l
            WHERE c.id_l NOT IN (SELECT id_l FROM rc_accepted) OR c.id_r IN (SELECT id_r FROM rc_same_number WHERE NOT one_person)
            GROUP BY id_r
        ) claimed ON claimed.id_r = p.id
        WHERE p.id NOT IN (SELECT id_r FROM rc_accepted)
    """


def _in_scope(connection: duckdb.DuckDBPyConnection, sides: Sides) -> str:
    """SQL: the person says to be registered where this run has books (or does not say where)."""
    of_mentions, of_persons = (columns_of(connection, path) for path in (sides.mentions, sides.persons))
    place = "birth_registration_place"
    if "registering_office_communes" not in of_mentions or f"{place}_communes" not in of_persons:
        return "true"
    offices = f"SELECT DISTINCT unnest(registering_office_communes) FROM {_parquet(sides.mentions)}"
    connection.execute(f"CREATE OR REPLACE TEMP TABLE rc_offices AS SELECT coalesce(list(commune), []) AS communes FROM ({offices}) t(commune)")
    return f"(p.{place}_communes IS NULL OR (SELECT communes = [] OR list_has_any(communes, p.{place}_communes) FROM rc_offices))"


def _findings_within(sides: Sides) -> str:
    """Duplicates within one table: every record that has one, on either side of a pair."""
    return f"""
        WITH paired AS (
            SELECT id_l AS id, id_r AS other, decision, reason, match_weight, link_weight, runner_up_margin FROM rc_links
            UNION ALL SELECT id_r, id_l, decision, reason, match_weight, link_weight, runner_up_margin FROM rc_links
        ), best AS (
            FROM paired WHERE decision <> 'non_link'
            QUALIFY row_number() OVER (PARTITION BY id ORDER BY decision = 'link' DESC, link_weight DESC, other) = 1
        )
        SELECT m.record_id,
            CASE decision WHEN 'link' THEN 'duplicate_entries' WHEN 'clerical' THEN 'awaiting_review' ELSE 'no_duplicate' END AS finding,
            o.record_id AS counterpart, NULL::VARCHAR[] AS others, 'joint' AS source, reason, match_weight, link_weight, runner_up_margin
        FROM {_parquet(sides.mentions)} m LEFT JOIN best ON best.id = m.id LEFT JOIN {_parquet(sides.mentions)} o ON o.id = best.other
    """


def fold_sql(text: str) -> str:
    """SQL for a text without accents, in lower case."""
    return f"translate(lower(strip_accents({text})), 'đ', 'd')"

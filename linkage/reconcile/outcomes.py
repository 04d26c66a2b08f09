"""What every mention, and every person without one, comes to: the tables `outcomes` and `differences`.

`claims` says whom each mention stands for and who competes with it; here the differences of accepted pairs become a
finding, and every record gets exactly one: the first rule that holds.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING

import pyarrow as pa

from linkage.config import FieldKind
from linkage.reconcile.codes import FINDINGS, OUTCOMES_FILE, Codes, read_codes, routings
from linkage.reconcile.rivals import gather_claims
from linkage.reconcile.side_tables import SideTables, texts_sql
from linkage.runs.sql import described_columns, literal, quote
from linkage.runs.tables import DIFFERENCES, OUTCOMES
from linkage.vietnamese.letters_sql import fold_sql

if TYPE_CHECKING:
    import duckdb

SOURCE_FROM_YEAR = 2016
"""Births registered from 1 January of this year with a number issued: civil status is the source (Circular 01/2022 art. 4(1))."""

_OTHER_IDENTIFYING = (
    "birth_date_year", "birth_year", "mother_name", "father_name", "spouse_name", "personal_number", "identity_paper_number",
)  # fmt: skip
"""An entry that gives none of these beside the name cannot be compared."""


def write_outcomes(
    connection: duckdb.DuckDBPyConnection, run: Path, kinds: Mapping[str, FieldKind], folder: Path, codes: Path = OUTCOMES_FILE
) -> dict[str, int]:
    """Write `outcomes` and `differences` into `folder` from the tables of a run (field_differences among them).

    Beside them outcome_codes.json keeps the `codes` they were made with, for whatever follows from the outcomes.

    `kinds` are the fields both sides have. outcomes: side (`mention` or `person`), record_id, outcome (code), finding,
    counterpart (record id of the person or mention, if any), others (record ids it competes with), verify, act, source
    (`civil_status` or `joint`), status, reason and the pair's weights; exactly one row a mention and one a person without an
    accepted link (and a person with one whose earlier registration has one too). differences: one row a differing field of an
    accepted link. Returns the rows of each finding (mentions and persons together) and the number of differences.

    Raises:
        ProjectFileError: the file of codes is wrong.
    """
    read = read_codes(codes)
    held = read.codes
    sides = SideTables.of(run)
    gather_claims(connection, run, sides, kinds, held)
    _describe_links(connection, held)
    differences = _write_differences(connection, folder)
    _write_findings(connection, sides, held, folder)
    read.write(folder)
    counts: dict[str, int] = dict.fromkeys(FINDINGS, 0)
    for finding, rows in connection.execute(f"SELECT finding, count(*) FROM {OUTCOMES.scan(folder)} GROUP BY 1").fetchall():
        counts[finding] = int(rows)
    return {**{finding: rows for finding, rows in counts.items() if rows}, "differences": differences}


def _describe_links(connection: duckdb.DuckDBPyConnection, codes: Codes) -> None:
    """rc_described: per accepted pair, the finding its differences amount to."""
    groups = {name: texts_sql(values) for name, values in codes.fields.model_dump().items()}
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


def _write_differences(connection: duckdb.DuckDBPyConnection, folder: Path) -> int:
    return DIFFERENCES.write(
        connection,
        """SELECT record_id_l, record_id_r, field, class, coarser, touches_number, value_l, value_r
        FROM rc_differences SEMI JOIN rc_accepted USING (id_l, id_r) ORDER BY record_id_l, record_id_r, field""",
        folder,
    )


def _write_findings(connection: duckdb.DuckDBPyConnection, sides: SideTables, codes: Codes, folder: Path) -> None:
    """One row a mention and one a person without an accepted link, each with its code and axes."""
    connection.register("rc_routings", pa.Table.from_pylist([asdict(one) for one in routings(codes)]))
    mentions = _findings_within(sides) if sides.within else _findings_of_mentions(connection, sides, codes)
    persons = "" if sides.within else f"UNION ALL SELECT * FROM ({_findings_of_persons(connection, sides, codes)})"
    OUTCOMES.write(
        connection,
        f"""WITH found AS (SELECT 'mention' AS side, * FROM ({mentions}) {persons})
        SELECT side, record_id, code AS outcome, finding, counterpart, others, verify,
            CASE WHEN source = 'civil_status' THEN act_when_source ELSE act END AS act, source,
            CASE WHEN act = 'none' THEN 'closed' ELSE 'new' END AS status,
            reason, match_weight, link_weight, runner_up_margin
        FROM found JOIN rc_routings USING (finding) ORDER BY side, record_id""",
        folder,
    )
    connection.unregister("rc_routings")


def _findings_of_mentions(connection: duckdb.DuckDBPyConnection, sides: SideTables, codes: Codes) -> str:
    """A query of one row a mention: the first of the rules that holds."""
    columns, raw = set(described_columns(connection, sides.mentions)), set(described_columns(connection, sides.raw_mentions))
    note = fold_sql("raw.note") if "note" in raw else "NULL"
    illegible = " OR ".join(f"contains({note}, {literal(word)})" for word in codes.illegible_words) or "false"
    return f"""
        WITH shared AS (
            SELECT s.id_l, bool_or(x.again OR y.again) AS again, list(m.record_id ORDER BY m.record_id) AS others
            FROM rc_shared s JOIN rc_again x ON x.id_l = s.id_l JOIN rc_again y ON y.id_l = s.other
            JOIN {sides.mentions} m ON m.id = s.other GROUP BY s.id_l
        ), twins AS (
            SELECT id_l, list(DISTINCT other ORDER BY other) AS others FROM rc_twins GROUP BY id_l
        ), rivals AS (
            SELECT c.id_l, list(p.record_id ORDER BY p.record_id) AS others
            FROM rc_claims c JOIN rc_rivals r ON r.id_l = c.id_l AND r.id_r <> c.id_r
            ANTI JOIN rc_twice twice ON twice.id = c.id_r AND twice.other = r.id_r
            JOIN {sides.persons} p ON p.id = r.id_r GROUP BY c.id_l
        ), found AS (
            SELECT m.id, m.record_id, again.again,
                CASE WHEN number.id_l IS NOT NULL THEN 'number_other_person'
                     WHEN k.reason = 'verdict_match' AND shared.id_l IS NULL THEN d.finding
                     WHEN twins.id_l IS NOT NULL THEN 'twins'
                     WHEN contested.id_l IS NOT NULL THEN 'awaiting_review'
                     WHEN shared.id_l IS NOT NULL THEN CASE WHEN shared.again THEN 're_registered' ELSE 'duplicate_entries' END
                     WHEN d.id_l IS NOT NULL THEN d.finding
                     WHEN rivals.id_l IS NOT NULL THEN 'several_candidates'
                     WHEN k.decision = 'clerical' THEN 'awaiting_review'
                     WHEN {illegible} THEN 'illegible'
                     WHEN {_says_too_little(columns)} THEN 'not_comparable'
                     ELSE 'not_found' END AS finding,
                coalesce(d.id_r, number.id_r, c.id_r, contested.id_r, CASE WHEN k.decision = 'clerical' THEN k.id_r END) AS id_r,
                twins.others AS twin_ids, shared.others AS shared_ids, rivals.others AS rival_ids,
                {_is_source(columns)} AS of_source
            FROM {sides.mentions} m JOIN {sides.raw_mentions} raw ON raw.id = m.id
            JOIN rc_again again ON again.id_l = m.id
            LEFT JOIN rc_links k ON k.id_l = m.id LEFT JOIN rc_described d ON d.id_l = m.id
            LEFT JOIN (FROM rc_same_number WHERE NOT one_person) number ON number.id_l = m.id
            LEFT JOIN rc_claims c ON c.id_l = m.id LEFT JOIN shared ON shared.id_l = m.id
            LEFT JOIN twins ON twins.id_l = m.id LEFT JOIN rivals ON rivals.id_l = m.id
            LEFT JOIN rc_contested contested ON contested.id_l = m.id
        )
        SELECT f.record_id, f.finding, p.record_id AS counterpart,
            CASE f.finding WHEN 'twins' THEN f.twin_ids WHEN 'several_candidates' THEN f.rival_ids
                WHEN 'duplicate_entries' THEN f.shared_ids WHEN 're_registered' THEN f.shared_ids END AS others,
            CASE WHEN f.of_source THEN 'civil_status' ELSE 'joint' END AS source,
            k.reason, k.match_weight, k.link_weight, k.runner_up_margin
        FROM found f LEFT JOIN {sides.persons} p ON p.id = f.id_r
        LEFT JOIN rc_links k ON k.id_l = f.id AND k.id_r = f.id_r
    """


def _says_too_little(columns: set[str]) -> str:
    """SQL: the entry gives no name, or nothing beside it that could tell people apart."""
    known = [f"m.{quote(name)}::VARCHAR" for name in _OTHER_IDENTIFYING if name in columns]
    nothing = f"coalesce({', '.join(known)}) IS NULL" if known else "false"
    return f"(m.full_name IS NULL OR {nothing})" if "full_name" in columns else nothing


def _is_source(columns: set[str]) -> str:
    """SQL: the entry is a birth registered from 2016 on with a number, not a re-registration."""
    if not {"personal_number", "registration_date_year"} <= columns:
        return "false"
    since = f"m.registration_date_year >= {SOURCE_FROM_YEAR}"
    return f"coalesce(raw.role = 'child' AND m.personal_number IS NOT NULL AND {since} AND NOT again.again, false)"


def _findings_of_persons(connection: duckdb.DuckDBPyConnection, sides: SideTables, codes: Codes) -> str:
    """A query of one row a person without an accepted link, and one more person of each two that are registered twice.

    The counterpart of these is the mention that has the other as its person.
    """
    raw = set(described_columns(connection, sides.raw_persons))
    found = connection.execute(f"SELECT DISTINCT role FROM {sides.raw_mentions} WHERE role IS NOT NULL").fetchall()
    roles = {str(row[0]) for row in found}
    expected = {codes.expected_in_book.get(role, "never") for role in roles}
    fields = [f"raw.{quote(field)} IS NOT NULL" for field in sorted(expected - {"always", "never"}) if field in raw]
    is_expected = "true" if "always" in expected else " OR ".join(fields) or "false"
    in_scope = _in_scope(connection, sides) if roles == {"child"} else "true"
    return f"""
        WITH accepted AS (SELECT DISTINCT id_r AS id FROM rc_accepted),
        twice AS (
            SELECT t.id, list(DISTINCT o.record_id ORDER BY o.record_id) AS others, min(m.record_id) AS counterpart,
                bool_or(t.other < t.id AND t.other IN (FROM accepted)) AS is_later
            FROM rc_twice t JOIN {sides.persons} o ON o.id = t.other
            LEFT JOIN rc_accepted a ON a.id_r = t.other LEFT JOIN {sides.mentions} m ON m.id = a.id_l GROUP BY t.id
        )
        SELECT 'person' AS side, p.record_id,
            CASE WHEN twice.id IS NOT NULL THEN 'registered_twice'
                 WHEN claimed.id_r IS NOT NULL THEN 'awaiting_review'
                 WHEN NOT ({is_expected}) OR NOT ({in_scope}) THEN 'outside_books'
                 ELSE 'not_in_book' END AS finding,
            CASE WHEN twice.id IS NULL THEN claimed.record_id ELSE twice.counterpart END AS counterpart, twice.others,
            'joint' AS source, NULL AS reason, NULL, NULL, NULL
        FROM {sides.persons} p JOIN {sides.raw_persons} raw ON raw.id = p.id LEFT JOIN twice ON twice.id = p.id
        LEFT JOIN (
            SELECT id_r, min(m.record_id) AS record_id FROM (
                SELECT id_l, id_r FROM rc_claims UNION SELECT id_l, id_r FROM rc_rivals
                UNION SELECT id_l, id_r FROM rc_links WHERE decision = 'clerical' UNION SELECT id_l, id_r FROM rc_same_number
            ) c JOIN {sides.mentions} m ON m.id = c.id_l
            WHERE c.id_l NOT IN (SELECT id_l FROM rc_accepted) OR c.id_r IN (SELECT id_r FROM rc_same_number WHERE NOT one_person)
            GROUP BY id_r
        ) claimed ON claimed.id_r = p.id
        WHERE p.id NOT IN (FROM accepted) OR coalesce(twice.is_later, false)
    """


def _in_scope(connection: duckdb.DuckDBPyConnection, sides: SideTables) -> str:
    """SQL: the person says to be registered where this run has books (or does not say where)."""
    of_mentions, of_persons = (described_columns(connection, side) for side in (sides.mentions, sides.persons))
    place = "birth_registration_place"
    if "registering_office_communes" not in of_mentions or f"{place}_communes" not in of_persons:
        return "true"
    offices = f"SELECT DISTINCT unnest(registering_office_communes) FROM {sides.mentions}"
    connection.execute(
        f"CREATE OR REPLACE TEMP TABLE rc_offices AS SELECT coalesce(list(commune), []) AS communes FROM ({offices}) t(commune)"
    )
    return f"(p.{place}_communes IS NULL OR (SELECT communes = [] OR list_has_any(communes, p.{place}_communes) FROM rc_offices))"


def _findings_within(sides: SideTables) -> str:
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
            CASE WHEN decision = 'link' AND (x.again OR y.again) THEN 're_registered'
                 WHEN decision = 'link' THEN 'duplicate_entries'
                 WHEN decision = 'clerical' THEN 'awaiting_review' ELSE 'no_duplicate' END AS finding,
            o.record_id AS counterpart, CASE WHEN o.record_id IS NOT NULL THEN [o.record_id] END AS others, 'joint' AS source,
            reason, match_weight, link_weight, runner_up_margin
        FROM {sides.mentions} m JOIN rc_again x ON x.id_l = m.id LEFT JOIN best ON best.id = m.id
        LEFT JOIN {sides.mentions} o ON o.id = best.other LEFT JOIN rc_again y ON y.id_l = best.other
    """

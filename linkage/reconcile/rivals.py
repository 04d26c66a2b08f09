"""Whom each mention stands for or lays claim to, and who competes with it: temporary tables from a run's pairs.

rc_links: the assigned pairs with ids. rc_differences: what differs in these and in pairs that carry the same number.
rc_twice: persons who are one human, both ways round. rc_rivals: candidates good enough to be the person. rc_same_number:
pairs that carry the same personal number, and whether they are one person. rc_accepted: the person of each settled mention
(its number's, else its accepted link's). rc_claims: these, and the best candidate of the others. rc_shared: claims several
entries make on one person, two by two. rc_twins: claims a sibling of the same birth competes with. rc_contested: claims of
entries that cannot be the person because a stronger claim is someone else's. rc_again: which entries are re-registrations.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING

from linkage.config import FieldKind
from linkage.reconcile.codes import Codes
from linkage.reconcile.differences import same_number
from linkage.reconcile.side_tables import SideTables, texts_sql
from linkage.runs.sql import described_columns, quote
from linkage.runs.tables import CANDIDATES, FIELD_DIFFERENCES, LINKS, REGISTERED_TWICE, THRESHOLDS
from linkage.vietnamese.letters_sql import fold_sql

if TYPE_CHECKING:
    import duckdb


PERSON_FIELDS = ("full_name", "birth_date", "birth_year", "sex", "mother_name", "father_name")
DIFFERENT_PERSON = 2
"""A pair with the same number is another person when this many of given name, birth date, sex and a parent's given name clash."""
CLASHING = (
    "count(DISTINCT CASE WHEN field IN ('mother_name', 'father_name') THEN 'parent' ELSE field END)"
    f" FILTER (clashes AND field IN {texts_sql(PERSON_FIELDS)})"
)
"""SQL: how many of these really differ, over the differences of a pair."""

WEIGHT_OF_NUMBER = 1e6
"""A claim by the same personal number is stronger than any pair weight."""
CLOSE = 3.0
"""Bits of pair weight: a twin whose claim leads by more keeps its link."""


def gather_claims(
    connection: duckdb.DuckDBPyConnection, run: Path, sides: SideTables, kinds: Mapping[str, FieldKind], codes: Codes
) -> None:
    """Make the tables of this module's description."""
    _open_tables(connection, run, sides, kinds)
    _judge_numbers(connection)
    _judge_groups(connection, sides, kinds, codes)


def _open_tables(connection: duckdb.DuckDBPyConnection, run: Path, sides: SideTables, kinds: Mapping[str, FieldKind]) -> None:
    """rc_links, rc_rivals, rc_differences; rc_numbers: the pairs that carry the same number.

    A best candidate is a claim where, were it alone, it would be reviewed at least and not be against the odds.
    """
    connection.execute(
        f"""CREATE OR REPLACE TEMP TABLE rc_links AS
        SELECT m.id AS id_l, p.id AS id_r, k.decision, k.reason, k.match_weight, k.pair_weight, k.link_weight, k.runner_up_margin
        FROM {LINKS.scan(run)} k
        JOIN {sides.mentions} m ON m.record_id = k.record_id_l
        JOIN {sides.persons} p ON p.record_id = k.record_id_r"""
    )
    connection.execute(
        f"""CREATE OR REPLACE TEMP TABLE rc_rivals AS
        SELECT c.id_l, c.id_r, c.pair_weight, c.rank FROM {CANDIDATES.scan(run)} c LEFT JOIN rc_links k USING (id_l)
        WHERE NOT coalesce(k.id_r = c.id_r AND k.reason = 'verdict_non_match', false) AND (c.pair_weight >= ?
            OR (k.reason = 'runner_up_close' AND c.pair_weight >= k.pair_weight - k.runner_up_margin - 1e-6))""",
        [max(THRESHOLDS.read(run)["lower"], 0.0)],
    )
    connection.execute(
        f"""CREATE OR REPLACE TEMP TABLE rc_twice AS SELECT person AS id, other FROM {REGISTERED_TWICE.scan(run)}
        UNION ALL SELECT other, person FROM {REGISTERED_TWICE.scan(run)}"""
    )
    connection.execute(f"CREATE OR REPLACE TEMP TABLE rc_numbers AS {same_number(sides, kinds)}")
    connection.execute(f"CREATE OR REPLACE TEMP VIEW rc_differences AS FROM {FIELD_DIFFERENCES.scan(run)}")


def _judge_numbers(connection: duckdb.DuckDBPyConnection) -> None:
    """rc_same_number: the same-number pairs and whether they are one person.

    They are not when the accepted link of the mention goes to someone else (the same human registered twice is not), or when
    at least two of name, birth date, sex and a parent's name really differ.
    """
    connection.execute(
        f"""CREATE OR REPLACE TEMP TABLE rc_same_number AS
        WITH clashes AS (
            SELECT id_l, id_r, {CLASHING} AS clashing FROM rc_differences GROUP BY ALL
        )
        SELECT n.id_l, n.id_r,
            coalesce(clashing, 0) < {DIFFERENT_PERSON}
                AND NOT coalesce(k.decision = 'link' AND k.id_r <> n.id_r AND twice.id IS NULL, false) AS one_person
        FROM rc_numbers n LEFT JOIN clashes USING (id_l, id_r) LEFT JOIN rc_links k ON k.id_l = n.id_l
        LEFT JOIN rc_twice twice ON twice.id = k.id_r AND twice.other = n.id_r"""
    )
    # the person a mention stands for: its number's, or its accepted link's
    connection.execute(
        """CREATE OR REPLACE TEMP TABLE rc_accepted AS
        SELECT id_l, id_r, 'number' AS by FROM rc_same_number WHERE one_person
        UNION ALL
        SELECT id_l, id_r, 'link' FROM rc_links
        WHERE decision = 'link' AND id_l NOT IN (SELECT id_l FROM rc_same_number WHERE one_person)"""
    )


def _judge_groups(connection: duckdb.DuckDBPyConnection, sides: SideTables, kinds: Mapping[str, FieldKind], codes: Codes) -> None:
    """rc_claims, and what becomes of claims that compete: rc_shared, rc_twins, rc_contested."""
    connection.execute(f"CREATE OR REPLACE TEMP TABLE rc_again AS {_registered_again(connection, sides)}")
    connection.execute(
        f"""CREATE OR REPLACE TEMP TABLE rc_claims AS
        SELECT a.id_l, a.id_r, CASE WHEN a.by = 'number' THEN {WEIGHT_OF_NUMBER} ELSE k.pair_weight END AS weight
        FROM rc_accepted a LEFT JOIN rc_links k USING (id_l, id_r)
        UNION ALL
        SELECT id_l, id_r, pair_weight FROM rc_rivals
        WHERE rank = 1 AND id_l NOT IN (SELECT id_l FROM rc_accepted)"""
    )
    dated = "registration_date" if "registration_date" in set(described_columns(connection, sides.mentions)) else None
    found = connection.execute(f"SELECT DISTINCT role FROM {sides.raw_mentions} ORDER BY role").fetchall()
    once = all(row[0] in codes.one_entry_a_person for row in found)
    connection.execute(f"CREATE OR REPLACE TEMP TABLE rc_sharing AS {_sharing(sides, kinds, dated)} {'' if once else 'LIMIT 0'}")
    connection.execute(
        "CREATE OR REPLACE TEMP TABLE rc_shared AS SELECT id_l, other FROM rc_sharing WHERE NOT told_apart AND NOT born_together"
    )
    connection.execute(
        f"""CREATE OR REPLACE TEMP TABLE rc_twins AS
        SELECT s.id_l, m.record_id AS other FROM rc_sharing s JOIN {sides.mentions} m ON m.id = s.other
        WHERE s.born_together AND s.lead < {CLOSE}
        UNION {_wavering(sides, kinds)}"""
    )
    connection.execute(
        """CREATE OR REPLACE TEMP TABLE rc_contested AS
        SELECT DISTINCT id_l, id_r FROM rc_sharing
        WHERE told_apart AND NOT born_together AND (lead < 0 OR (lead = 0 AND id_l > other))"""
    )
    for table in ("rc_accepted", "rc_claims"):
        connection.execute(f"DELETE FROM {table} WHERE id_l IN (SELECT id_l FROM rc_contested)")
    connection.execute(
        "DELETE FROM rc_shared WHERE id_l IN (SELECT id_l FROM rc_contested) OR other IN (SELECT id_l FROM rc_contested)"
    )


def _sharing(sides: SideTables, kinds: Mapping[str, FieldKind], dated: str | None) -> str:
    """A query of the entries that claim one person, two by two: id_l, id_r, other, lead (bits), told_apart, born_together.

    Entries are told apart by given names that neither look nor sound alike, or by years of birth two or more apart, unless
    one of them is a re-registration. They are born together if they are told apart by name, have a parent and the birth date
    in common, or the year alone where one says no more and both were registered on one day.
    """
    names, years, dates = "false", "false", "false"
    if kinds.get("full_name") is FieldKind.person_name:
        names = (
            "x.full_name_given_sound <> y.full_name_given_sound"
            " AND levenshtein(x.full_name_given_fold, y.full_name_given_fold) > 1"
        )
    if kinds.get("birth_date") is FieldKind.date:
        years = "abs(x.birth_date_year - y.birth_date_year) >= 2"
        less = (
            "('day' NOT IN (x.birth_date_precision, y.birth_date_precision) OR x.birth_date_precision <> y.birth_date_precision)"
        )
        same_day = f"x.{dated} = y.{dated}" if dated else "false"
        dates = f"(x.birth_date = y.birth_date OR (x.birth_date_year = y.birth_date_year AND {less} AND {same_day}))"
    apart = f"coalesce(({names}) OR ({years}), false) AND NOT (ga.again OR gb.again)"
    together = f"{apart} AND coalesce(({names}) AND {dates} AND {_share_a_parent(kinds)}, false)"
    return f"""
        SELECT a.id_l, a.id_r, b.id_l AS other, a.weight - b.weight AS lead, {apart} AS told_apart, {together} AS born_together
        FROM rc_claims a JOIN rc_claims b ON b.id_r = a.id_r AND b.id_l <> a.id_l
        JOIN {sides.mentions} x ON x.id = a.id_l JOIN {sides.mentions} y ON y.id = b.id_l
        JOIN rc_again ga ON ga.id_l = a.id_l JOIN rc_again gb ON gb.id_l = b.id_l"""


def _wavering(sides: SideTables, kinds: Mapping[str, FieldKind]) -> str:
    """A query of unsettled claims that a twin of the claimed person competes with: id_l, other."""
    if kinds.get("birth_date") is not FieldKind.date or kinds.get("full_name") is not FieldKind.person_name:
        return "SELECT NULL::INTEGER, NULL::VARCHAR WHERE false"
    return f"""
        SELECT a.id_l, y.record_id FROM rc_claims a JOIN rc_rivals b ON b.id_l = a.id_l AND b.id_r <> a.id_r
        JOIN {sides.persons} x ON x.id = a.id_r JOIN {sides.persons} y ON y.id = b.id_r
        WHERE a.id_l NOT IN (SELECT id_l FROM rc_accepted) AND x.birth_date = y.birth_date
            AND x.full_name_tone <> y.full_name_tone AND {_share_a_parent(kinds)}"""


def _share_a_parent(kinds: Mapping[str, FieldKind]) -> str:
    """SQL: x and y name the same mother or the same father."""
    parents = [f"{f}_fold" for f in ("mother_name", "father_name") if kinds.get(f) is FieldKind.person_name]
    return "(" + (" OR ".join(f"x.{quote(parent)} = y.{quote(parent)}" for parent in parents) or "false") + ")"


def _registered_again(connection: duckdb.DuckDBPyConnection, sides: SideTables) -> str:
    """A query of id_l and whether the entry says it is a re-registration."""
    said = "false"
    if "registration_type" in set(described_columns(connection, sides.raw_mentions)):
        said = f"coalesce(contains({fold_sql('registration_type')}, 'lai'), false)"
    return f"SELECT id AS id_l, {said} AS again FROM {sides.raw_mentions}"

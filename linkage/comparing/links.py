"""Which links were kept, gained, lost or moved to another person, mention by mention, and by stratum."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from linkage.errors import RunDirectoryError
from linkage.runs.sql import described_columns, fetch_row, quote
from linkage.runs.tables import LINKS, MENTIONS

if TYPE_CHECKING:
    import duckdb

STRATA: dict[str, str] = {
    "sex": "sex",
    "birth_decade": "birth_date_year // 10 * 10",
    "registration_decade": "registration_date_year // 10 * 10",
    "ethnicity": "ethnicity",
}
"""Stratum → its expression over the standardised mentions; left out where they lack the column."""
OTHER = "other"
"""Where the values of a stratum with fewer linked mentions than the floor are counted together."""

_PERSONS = """
CREATE OR REPLACE TEMP TABLE of_{run} AS
SELECT record_id_l, record_id_r, link_weight, decision, reason, decision = 'link' AS is_link
FROM {links} SEMI JOIN common ON common.record_id = record_id_l
"""

_CHANGES = """
CREATE OR REPLACE TEMP TABLE changes AS
SELECT record_id_l, a.record_id_r AS record_id_r_a, b.record_id_r AS record_id_r_b,
    CASE WHEN NOT coalesce(a.is_link, false) THEN 'gained' WHEN NOT coalesce(b.is_link, false) THEN 'lost'
         WHEN a.record_id_r = b.record_id_r THEN 'kept' ELSE 'moved' END AS change,
    a.link_weight AS link_weight_a, b.link_weight AS link_weight_b,
    coalesce(a.reason, 'no_pair') AS reason_a, coalesce(b.reason, 'no_pair') AS reason_b {strata}
FROM of_a a FULL JOIN of_b b USING (record_id_l) JOIN common ON common.record_id = record_id_l
WHERE coalesce(a.is_link, false) OR coalesce(b.is_link, false)
"""

_BY_STRATUM = """
WITH counted AS (SELECT coalesce({stratum}::VARCHAR, '') AS value, change FROM changes {only}),
     sized AS (SELECT value, count(*) AS n FROM counted GROUP BY value),
     pooled AS (SELECT CASE WHEN n < {floor} THEN '{other}' ELSE value END AS value, change FROM counted JOIN sized USING (value))
SELECT value, count(*) FILTER (change = 'kept'), count(*) FILTER (change = 'gained'), count(*) FILTER (change = 'lost'),
       count(*) FILTER (change = 'moved')
FROM pooled GROUP BY value ORDER BY value
"""


@dataclass(frozen=True)
class StratumChanges:
    """Linked mentions of one stratum by what became of their link from run A to run B.

    `by` is a key of `STRATA`, `all`, or `other_run`: for gained links what A had decided of the mention, for lost ones B.
    """

    by: str
    stratum: str
    kept: int
    gained: int
    lost: int
    moved: int


@dataclass(frozen=True)
class CommonMentions:
    """Mentions (by record id) that both runs have, and those of one run only, which are left out of the comparison."""

    both: int
    only_a: int
    only_b: int


def find_changes(connection: duckdb.DuckDBPyConnection, run_a: Path, run_b: Path) -> CommonMentions:
    """Make the tables `common` (record_id), `of_a`, `of_b` (assigned pairs) and `changes` (one row a linked mention).

    Raises:
        RunDirectoryError: a run has no links yet, or the two have no mention in common.
    """
    links = {"a": LINKS.scan(run_a), "b": LINKS.scan(run_b)}
    mentions = {"a": MENTIONS.scan(run_a), "b": MENTIONS.scan(run_b)}
    columns = described_columns(connection, mentions["b"])
    strata = {name: what for name, what in STRATA.items() if what.split(" ")[0] in columns}
    chosen = "".join(f", ({what})::VARCHAR AS {quote(name)}" for name, what in strata.items())
    connection.execute(
        f"CREATE OR REPLACE TEMP TABLE common AS SELECT record_id {chosen} FROM {mentions['b']} of_b"
        f" SEMI JOIN {mentions['a']} of_a USING (record_id)"
    )
    sizes = [int(fetch_row(connection, f"SELECT count(*) FROM {table}")[0]) for table in ("common", *mentions.values())]
    if not sizes[0]:
        raise RunDirectoryError(
            f"{run_a} and {run_b} have no mention in common", "Compare two runs on the same registers, whose record ids agree."
        )
    for name, table in links.items():
        connection.execute(_PERSONS.format(run=name, links=table))
    connection.execute(_CHANGES.format(strata="".join(f", {quote(name)}" for name in strata)))
    return CommonMentions(sizes[0], sizes[1] - sizes[0], sizes[2] - sizes[0])


def count_changes(connection: duckdb.DuckDBPyConnection, floor: int) -> list[StratumChanges]:
    """Changes by stratum, that of all mentions first; values with fewer than `floor` linked mentions are pooled."""
    held = {row[0] for row in connection.execute("DESCRIBE changes").fetchall()}
    found = _counts(connection, "all", "'all'", "", 0)
    said = "CASE change WHEN 'gained' THEN reason_a ELSE reason_b END"
    found += _counts(connection, "other_run", said, "WHERE change IN ('gained', 'lost')", 0)
    for name in STRATA:
        if name in held:
            found += _counts(connection, name, quote(name), "", floor)
    return found


def _counts(connection: duckdb.DuckDBPyConnection, by: str, stratum: str, only: str, floor: int) -> list[StratumChanges]:
    rows: Sequence[tuple[str, int, int, int, int]] = connection.execute(
        _BY_STRATUM.format(stratum=stratum, only=only, floor=floor, other=OTHER)
    ).fetchall()
    return [StratumChanges(by, *row) for row in rows]

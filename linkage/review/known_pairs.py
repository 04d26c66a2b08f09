"""Pairs of known answer, to be planted among those that reviewers are shown: as hard as these, and not to be told from them."""

from __future__ import annotations

from typing import TYPE_CHECKING

from linkage.pairs.look_alikes import kind_of_pair_sql
from linkage.review.page_traits import NUMBER, Traits, look_at_pairs
from linkage.runs.sql import described_columns, fetch_row
from linkage.runs.tables import (
    ANCHORS,
    CANDIDATES,
    LINKS,
    MENTIONS,
    PAIRS,
    PERSONS,
    RAW_MENTIONS,
    RAW_PERSONS,
    REGISTERED_TWICE,
    REVIEW_SET,
    SEARCH_SET,
    WIDER,
)

if TYPE_CHECKING:
    from collections.abc import Collection
    from pathlib import Path

    import duckdb

    from linkage.config import ProjectSpec

CERTAIN = 0.9999
"""Match probability from which a link's answer counts as known."""
FAR = 10.0
"""Margin to the runner-up, in bits, that such a link has at least."""
MOST_UNLIKE = 14.0
"""A sampled pair without a pair of known answer this near has none planted for it."""
_LITTLE = (
    ("full_name_fold",),
    ("birth_date",),
    ("birth_date_year", "full_name_given_fold"),
    ("birth_date_year", "sex", "full_name_surname_fold"),
)
_NEIGHBOURS = 60
_ROUNDS = 25

_NONE = (
    "(SELECT '' AS record_id_l, '' AS record_id_r, true AS is_match, '' AS kind, true AS number_hidden, '' AS withheld LIMIT 0)"
)
_VIEWS = {
    "raw_l": RAW_MENTIONS, "raw_r": RAW_PERSONS, "mentions": MENTIONS, "persons": PERSONS, "candidates": CANDIDATES,
    "twice": REGISTERED_TWICE, "links": LINKS,
}  # fmt: skip


def write_anchors(connection: duckdb.DuckDBPyConnection, run: Path, spec: ProjectSpec, folder: Path) -> int:
    """Write `anchors`: pairs of known answer that look like the review set in `folder`, enough for `review.planted_share`.

    For pairs of the review set in random order the pair of known answer (`_pool`) that looks most like it on the page is taken
    (`page_traits`, each mention once); a sampled pair that none resembles is passed over. Known pairs that the folder has
    already are kept, unless their mention is sampled now. `kind` is what both rows show (`linkage.pairs.look_alikes`).
    None where duplicates are sought within one table. Returns how many there are.
    """
    if spec.right is None:
        return 0
    share = spec.review.planted_share
    for name, table in _VIEWS.items():
        connection.execute(f"CREATE OR REPLACE TEMP VIEW {name} AS FROM {table.scan(run)}")
    connection.execute(f"CREATE OR REPLACE TEMP VIEW sampled AS FROM {REVIEW_SET.scan(folder)}")
    searched = f"SELECT record_id_l FROM {SEARCH_SET.scan(folder)}" if SEARCH_SET.is_in(folder) else "SELECT NULL WHERE false"
    connection.execute(f"CREATE OR REPLACE TEMP TABLE searched AS {searched}")
    kept = (
        f"{ANCHORS.scan(folder)} WHERE record_id_l NOT IN (SELECT record_id_l FROM sampled)" if ANCHORS.is_in(folder) else _NONE
    )
    connection.execute(f"CREATE OR REPLACE TEMP TABLE kept AS FROM {kept}")
    columns = described_columns(connection, "mentions"), described_columns(connection, "persons")
    sampled, planted = fetch_row(connection, "SELECT (SELECT count(*) FROM sampled), (SELECT count(*) FROM kept)")
    connection.execute(f"CREATE OR REPLACE TEMP TABLE pool AS {_pool(run, columns)}")
    order = f"planted, md5(concat_ws('|', {spec.seed:d}, record_id_l, record_id_r, number_hidden))"
    connection.execute(
        f"""
        CREATE OR REPLACE TEMP TABLE looked_at AS
        SELECT row_number() OVER (ORDER BY {order}) AS place, *
        FROM (SELECT true AS planted, * FROM pool UNION ALL BY NAME
              SELECT DISTINCT false AS planted, record_id_l, record_id_r, NULL::BOOLEAN AS is_match, false AS number_hidden,
                     NULL AS withheld FROM sampled)
        """
    )
    traits = look_at_pairs(connection, "looked_at", frozenset(one.field for one in spec.comparisons))
    _take_nearest(connection, traits, max(round(share / (1 - share) * sampled) - planted, 0))
    kind = kind_of_pair_sql(*columns, "NOT number_hidden")
    return ANCHORS.write(
        connection,
        f"""
        SELECT record_id_l, record_id_r, is_match, {kind} AS kind, number_hidden, withheld
        FROM taken JOIN looked_at ON looked_at.place = taken.place
        JOIN mentions AS l ON l.record_id = record_id_l JOIN persons AS r ON r.record_id = record_id_r
        UNION ALL BY NAME FROM kept ORDER BY record_id_l, record_id_r
        """,
        folder,
    )


def _pool(run: Path, columns: tuple[Collection[str], Collection[str]]) -> str:
    """SQL of all pairs of known answer: record_id_l, record_id_r, is_match, number_hidden, withheld.

    An answer is known where both numbers are given (equal, or different and the person not registered twice), the mention's being
    hidden or, since some sampled pairs show both, not; and where a mention without a number has a link that is practically
    certain: that link is right, any other person wrong. Of a person whom the evidence practically rules out too. A right person
    beside a wrong one would tell the answer: it is `withheld`.
    """
    numbered = NUMBER in columns[0] and NUMBER in columns[1]
    number, of_person = (f"{side}.{NUMBER}" if numbered else "NULL::VARCHAR" for side in "lr")
    flags = f"l.{NUMBER}_flags IS NULL AND r.{NUMBER}_flags IS NULL" if numbered else "true"
    return f"""
        WITH met AS (
            SELECT id_l, id_r FROM {PAIRS.scan(run)} UNION SELECT id_l, id_r FROM {WIDER.scan(run)} {_strangers(columns)}
        ), named AS (
            SELECT l.record_id AS record_id_l, r.record_id AS record_id_r, {number} AS number_l, {of_person} AS number_r,
                   {flags} AS sound, r.id IN (SELECT unnest([person, other]) FROM twice) AS is_twice
            FROM met JOIN mentions AS l ON l.id = id_l JOIN persons AS r ON r.id = id_r
            WHERE l.record_id NOT IN (SELECT record_id_l FROM sampled UNION SELECT record_id_l FROM kept UNION FROM searched)
        ), own AS (
            SELECT record_id_l, record_id_r AS person FROM links
            WHERE decision = 'link' AND match_probability >= {CERTAIN} AND coalesce(runner_up_margin >= {FAR}, true)
        ), by_number AS (
            SELECT record_id_l, record_id_r, number_l = number_r AS is_match, unnest([true, false]) AS number_hidden
            FROM named WHERE sound AND number_l IS NOT NULL AND number_r IS NOT NULL AND (number_l = number_r OR NOT is_twice)
        ), of_number AS (
            SELECT record_id_l, min(record_id_r) AS person FROM named WHERE number_l = number_r GROUP BY ALL
        )
        SELECT by_number.*, CASE WHEN NOT is_match THEN person END AS withheld
        FROM by_number LEFT JOIN of_number USING (record_id_l)
        UNION ALL BY NAME
        SELECT record_id_l, record_id_r, record_id_r = person AS is_match, false AS number_hidden,
               CASE WHEN record_id_r <> person THEN person END AS withheld
        FROM named JOIN own USING (record_id_l) WHERE number_l IS NULL AND (record_id_r = person OR NOT is_twice)
        UNION ALL BY NAME
        SELECT record_id_l, record_id_r, false AS is_match, false AS number_hidden, NULL AS withheld
        FROM {WIDER.scan(run)} AS wider JOIN named USING (record_id_l, record_id_r)
        WHERE weight_given_rival <= log2((1 - {CERTAIN}) / {CERTAIN}) AND number_l IS NULL AND NOT is_twice
    """


def _strangers(columns: tuple[Collection[str], Collection[str]]) -> str:
    """Mentions beside persons of the review set with whom they share a little: what no blocking rule brings together."""
    there = [keys for keys in _LITTLE if all(key in side for key in keys for side in columns)]
    return " ".join(
        f"UNION SELECT l.id, r.id FROM mentions AS l JOIN persons AS r USING ({', '.join(keys)}) "
        "WHERE r.record_id IN (SELECT record_id_r FROM sampled)"
        for keys in there
    )


def _take_nearest(connection: duckdb.DuckDBPyConnection, traits: Traits, wanted: int) -> None:
    """Table `taken` (place): for each of `wanted` sampled pairs the nearest pair of known answer whose mention is still free."""
    connection.execute(
        f"""
        CREATE OR REPLACE TEMP TABLE near AS
        WITH rough AS (
            SELECT one.place AS of_pair, other.place AS place, {traits.distance("one", "other", 2.0)} AS distance
            FROM (FROM page_traits WHERE NOT planted AND place <= {wanted}) AS one, (FROM page_traits WHERE planted) AS other
            WHERE distance <= {MOST_UNLIKE}
            QUALIFY row_number() OVER (PARTITION BY of_pair ORDER BY distance, other.place) <= {10 * _NEIGHBOURS}
        )
        SELECT of_pair, rough.place, other.record_id_l AS mention, {traits.distance("one", "other")} AS distance
        FROM rough JOIN page_traits AS one ON one.place = of_pair JOIN page_traits AS other ON other.place = rough.place
        WHERE {traits.distance("one", "other")} <= {MOST_UNLIKE}
        QUALIFY row_number() OVER (PARTITION BY of_pair ORDER BY {traits.distance("one", "other")}, rough.place) <= {_NEIGHBOURS}
        """
    )
    connection.execute("CREATE OR REPLACE TEMP TABLE taken (of_pair BIGINT, place BIGINT, mention VARCHAR)")
    for _ in range(_ROUNDS):
        added = fetch_row(
            connection,
            """
            INSERT INTO taken SELECT of_pair, place, mention FROM (
                SELECT *, row_number() OVER (PARTITION BY mention ORDER BY distance, of_pair) AS claim FROM (
                    SELECT * FROM near
                    WHERE of_pair NOT IN (SELECT of_pair FROM taken) AND mention NOT IN (SELECT mention FROM taken)
                    QUALIFY row_number() OVER (PARTITION BY of_pair ORDER BY distance, place) = 1
                )
            ) WHERE claim = 1
            """,
        )[0]
        if not added:
            break

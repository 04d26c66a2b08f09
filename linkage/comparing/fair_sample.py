"""Pairs to label once for both runs: the frame, the draw, and what its verdicts say."""

from __future__ import annotations

from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from linkage.comparing.paired import CATEGORIES, Category, PairedEstimate, by_sample, matches_of_category
from linkage.decision import Stratum
from linkage.decision.strata import allocate, stratum_bounds, tally
from linkage.errors import LinkageError
from linkage.runs.sql import fetch_row
from linkage.runs.tables import CANDIDATES, LABELS, OUTSIDE, REVIEW_SET
from linkage.statistics import Interval

if TYPE_CHECKING:
    import duckdb

DISAGREEMENTS: tuple[Category, ...] = ("only_a", "only_b")
STRATA_OF: dict[Category, int] = {"both": 3, "only_a": 2, "only_b": 2, "neither": 4}
"""Strata by link weight wanted in each category."""
SHARE_OF_DISAGREEMENTS = 0.5
"""Of the pairs to label: the difference hangs on them; the rest shows the level of both runs."""
FEWEST = 5
"""Pairs drawn from a stratum, where it has them."""

_FRAME = """
CREATE OR REPLACE TEMP TABLE fair_frame AS
SELECT record_id_l, record_id_r, substr(md5(record_id_l || chr(31) || record_id_r), 1, 16) AS pair_id,
       avg(link_weight) AS link_weight,
       CASE WHEN bool_or(a) AND bool_or(b) THEN 'both' WHEN bool_or(a) THEN 'only_a' WHEN bool_or(b) THEN 'only_b'
            ELSE 'neither' END AS category
FROM (SELECT record_id_l, record_id_r, link_weight, is_link AS a, false AS b FROM of_a
      UNION ALL SELECT record_id_l, record_id_r, link_weight, false, is_link FROM of_b {others})
GROUP BY record_id_l, record_id_r
"""
_OTHERS = """
      UNION ALL SELECT record_id_l, record_id_r, link_weight, false, false FROM {table}
                SEMI JOIN common ON common.record_id = record_id_l"""

_DRAW = """
SELECT pair_id, record_id_l, record_id_r, stratum, inclusion_probability, stratum_size, low AS stratum_low, category
FROM (
    SELECT frame.*, drawn.* EXCLUDE (category), row_number() OVER (
        PARTITION BY stratum ORDER BY md5({seed} || pair_id), pair_id) AS place
    FROM fair_frame AS frame JOIN fair_strata AS drawn ON frame.category = drawn.category
     AND frame.link_weight >= drawn.low AND frame.link_weight < drawn.high
) WHERE place <= sampled ORDER BY pair_id
"""

_LABELLED = """
SELECT s.category, s.stratum, any_value(s.stratum_size), count(*),
       count(*) FILTER (v.verdict = 'match'), count(*) FILTER (v.verdict = 'non_match'), count(*) FILTER (v.verdict = 'unsure')
FROM {review_set} s
LEFT JOIN (SELECT pair_id, any_value(verdict) AS verdict FROM {labels} WHERE pair_id IS NOT NULL
           GROUP BY pair_id HAVING count(DISTINCT verdict) = 1) v ON v.pair_id = s.pair_id
GROUP BY s.category, s.stratum ORDER BY s.category, min(s.stratum_low)
"""


@dataclass(frozen=True)
class LabelledStratum:
    """A stratum of the fair sample: pairs in the frame, drawn, and answered `match`, `non_match`, `unsure`."""

    category: Category
    stratum: str
    size: int
    drawn: int
    matches: int
    non_matches: int
    unsure: int


def make_fair_frame(connection: duckdb.DuckDBPyConnection, run_a: Path, run_b: Path) -> None:
    """Make the table `fair_frame` of every pair that either run assigned, had as a candidate, or reached by looser keys.

    `find_changes` has made `of_a`, `of_b` and `common`. The link weight is the mean of the runs' own.
    """
    there = [table.scan(run) for run in (run_a, run_b) for table in (CANDIDATES, OUTSIDE) if table.is_in(run)]
    others = "".join(_OTHERS.format(table=table) for table in there)
    connection.execute(_FRAME.format(others=others))


def draw_fair_sample(connection: duckdb.DuckDBPyConnection, pairs: int, seed: int, folder: Path) -> list[Stratum]:
    """Draw `pairs` pairs of the frame with known probabilities, write the review set to `folder` and return its strata.

    Half of the pairs, or all there are, come from the disagreements. Strata are ranges of the mean link weight within each
    category (the stratum's `group`); within one the pairs with the smallest md5 of seed and pair are taken: a simple random
    sample that depends on neither run, row order nor threads.

    Raises:
        LinkageError: the frame is empty.
    """
    columns = connection.execute("SELECT category, link_weight FROM fair_frame").fetchnumpy()
    categories, weights = np.asarray(columns["category"], dtype=str), np.asarray(columns["link_weight"], dtype=float)
    if not weights.size:
        raise LinkageError("Neither run has a pair to compare.", "Look at the blocking rules of both.")
    found: dict[Category, list[Stratum]] = {}
    for category in CATEGORIES:
        own = weights[categories == category]
        found[category] = tally("assigned", own, stratum_bounds(own, STRATA_OF[category]), category) if own.size else []
    disputed = [one for category in DISAGREEMENTS for one in found[category]]
    agreed = [one for category in ("both", "neither") for one in found[category]]
    # what one side cannot use goes to the other
    for_disputed = min(sum(one.size for one in disputed), max(1, round(pairs * SHARE_OF_DISAGREEMENTS)))
    for_agreed = min(sum(one.size for one in agreed), pairs - for_disputed)
    for_disputed = min(sum(one.size for one in disputed), pairs - for_agreed)
    # nothing is known beforehand of which disagreements are matches
    drawn = _sampled(disputed, [0.5] * len(disputed), for_disputed)
    drawn += _sampled(agreed, [one.deviation for one in agreed], for_agreed)
    _write(connection, drawn, seed, folder)
    return drawn


def read_labels(connection: duckdb.DuckDBPyConnection, folder: Path) -> list[LabelledStratum]:
    """The strata of the fair sample in a folder with the verdicts given so far."""
    labels = LABELS.scan(folder) if LABELS.is_in(folder) else "(SELECT '' AS pair_id, '' AS verdict WHERE false)"
    query = _LABELLED.format(review_set=REVIEW_SET.scan(folder), labels=labels)
    return [LabelledStratum(*row) for row in connection.execute(query).fetchall()]


def score_by_labels(strata: list[LabelledStratum], links_a: int, links_b: int, level: float = 0.95) -> list[PairedEstimate]:
    """Precision and recall of both runs and their paired differences; empty while a category has no verdict.

    `unsure` pairs are left out as if missing at random within their stratum; a stratum without a verdict counts with the next
    one of its category.
    """
    matches: dict[Category, Interval] = {}
    for category in CATEGORIES:
        own = [one for one in strata if one.category == category]
        if own and not any(one.matches + one.non_matches for one in own):
            return []
        matches[category] = _matches(own, level)
    return by_sample(matches, links_a, links_b, sum(one.matches + one.non_matches for one in strata))


def count_links(connection: duckdb.DuckDBPyConnection) -> tuple[int, int]:
    """Links of A and of B among the common mentions."""
    counts = fetch_row(
        connection,
        "SELECT (SELECT count(*) FROM of_a WHERE is_link), (SELECT count(*) FROM of_b WHERE is_link)",
    )
    return int(counts[0]), int(counts[1])


def _matches(strata: list[LabelledStratum], level: float) -> Interval:
    sizes, hits, answered, waiting = [0], [0], [0], 0
    for one in strata:
        waiting += one.size
        if one.matches + one.non_matches:
            sizes.append(waiting)
            hits.append(one.matches)
            answered.append(one.matches + one.non_matches)
            waiting = 0
    sizes[-1] += waiting
    return matches_of_category(hits[1:], answered[1:], sizes[1:], level)


def _sampled(strata: list[Stratum], deviations: list[float], pairs: int) -> list[Stratum]:
    if not strata or not pairs:
        return strata
    counts = allocate([one.size for one in strata], deviations, pairs, FEWEST)
    return [replace(one, sampled=n) for one, n in zip(strata, counts, strict=True)]


def _write(connection: duckdb.DuckDBPyConnection, drawn: list[Stratum], seed: int, folder: Path) -> None:
    connection.execute(
        "CREATE OR REPLACE TEMP TABLE fair_strata (stratum VARCHAR, category VARCHAR, low DOUBLE, high DOUBLE, sampled BIGINT,"
        " stratum_size BIGINT, inclusion_probability DOUBLE)"
    )
    connection.executemany(
        "INSERT INTO fair_strata VALUES (?, ?, ?, ?, ?, ?, ?)",
        [(s.name.removeprefix("assigned "), s.group, s.low, s.high, s.sampled, s.size, s.inclusion_probability) for s in drawn],
    )
    REVIEW_SET.write(connection, _DRAW.format(seed=f"'{int(seed)}:'"), folder)

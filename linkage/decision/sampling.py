"""Review sets as probability samples: which pairs to label, with what probability each was chosen."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np

from linkage.decision.deciding import columns_of, group_of, relation
from linkage.decision.strata import (
    Kind,
    Stratum,
    allocate_top_up,
    allocate_with_links,
    planning_rate,
    strata_of_kind,
    stratum_bounds,
    tally,
)
from linkage.errors import LinkageError
from linkage.runs.sql import fetch_row, write_parquet
from linkage.runs.tables import PAIRS

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    import duckdb
    from numpy.typing import NDArray

    from linkage.decision.thresholds import Thresholds

CERTAIN_SHARE = 2 / 3
"""Share of the pairs, at most, that may be those between the thresholds, which are then all in the set."""
LEAST_LEFT = 50
"""Pairs, at least, that a later batch is worth: fewer are drawn at once."""
SPENT_ON_MINIMA = 2 / 3
"""Share of the pairs, at most, that the minima of the strata may take; smaller groups of a breakdown are pooled for it."""

# the frame: every assigned pair, and for mentions that were not linked the best persons beside the assigned one
_FRAME = """
CREATE OR REPLACE TEMP TABLE decision_frame AS
SELECT kind, record_id_l, record_id_r, link_weight, {group} AS "group",
       substr(md5(record_id_l || chr(31) || record_id_r), 1, 16) AS pair_id
FROM (
    SELECT 'assigned' AS kind, record_id_l, record_id_r, link_weight FROM {links}
    UNION ALL
    {outside}
) AS frame {mentions}
"""
_NONE = "SELECT 'outside', NULL, NULL, NULL WHERE false"
_OUTSIDE = "SELECT if(proposed, 'lost', 'outside'), record_id_l, record_id_r, weight_given_rival FROM {outside}"

_DRAW = """
SELECT pair_id, record_id_l, record_id_r, stratum, inclusion_probability,
       stratum_kind, stratum_group, low AS stratum_low, high AS stratum_high, stratum_size
FROM (
    SELECT frame.*, drawn.*, row_number() OVER (PARTITION BY stratum ORDER BY md5({seed} || pair_id), pair_id) AS place
    FROM decision_frame AS frame JOIN decision_strata AS drawn
      ON frame.kind = drawn.stratum_kind AND frame."group" = drawn.stratum_group
     AND frame.link_weight >= drawn.low AND frame.link_weight < drawn.high
) WHERE place <= sampled ORDER BY pair_id
"""


@dataclass(frozen=True)
class By:
    """A column of the mentions (a Parquet path, table or view) to stratify by; a `…_year` column counts by decades."""

    mentions: str | Path
    column: str


def candidate_pairs(connection: duckdb.DuckDBPyConnection, run: Path) -> int:
    """Pairs that the blocking rules proposed."""
    return int(fetch_row(connection, f"SELECT count(*) FROM {PAIRS.scan(run)}")[0])


def draw_review_sample(
    connection: duckdb.DuckDBPyConnection,
    links: str | Path,
    pairs: int,
    seed: int,
    thresholds: Thresholds,
    target: Path,
    *,
    outside: str | Path | None = None,
    by: By | None = None,
    strata: int | None = None,
    bounds: Sequence[float] | None = None,
    minimum: int = 5,
    first: int | None = None,
    candidates: int | None = None,
) -> list[Stratum]:
    """Draw a stratified random sample of `pairs` pairs, write `review_set.parquet` and return its strata.

    With `first` only so many are drawn besides what lies between the thresholds: the first phase, from which
    `top_up_review_sample` allocates the others. With `candidates`, the number of candidate pairs, links get at least the labels
    that a simple random sample of these would give them.

    Frame: every assigned pair of `links`, and every pair of `outside` (see `draw_outside_pairs`). Strata are ranges of the link
    weight of each kind (of pairs not assigned: of the weight given the rival) with both thresholds among the bounds (about one
    stratum for 30 pairs, 4 to 8, unless `strata` or `bounds` say otherwise); a stratum below the lower threshold and those of
    pairs not assigned let missed links be estimated. What lies between the thresholds is taken whole, where it leaves a third
    for the rest: reviewers decide it anyway, and one capacity serves both. With `by` the strata are also split by a column of
    the mentions (see `By`), the weight ranges being fewer then; the smallest groups, for which the pairs do not suffice, stay
    together as group "". Within a stratum the pairs with the smallest md5 of seed and pair are taken: a simple random sample
    without replacement (Cochran 1977, chapter 5) that depends on neither row order nor threads.

    Raises:
        LinkageError: no pairs to draw from, fewer pairs asked than there are strata, or `by` names no column.
    """
    _make_frame(connection, links, outside, by)
    drawn = _strata_of_frame(
        connection, pairs, first or pairs, thresholds, strata or (2 if by else None), bounds, minimum, candidates
    )
    _write_sample(connection, drawn, seed, target)
    return drawn


def _strata_of_frame(
    connection: duckdb.DuckDBPyConnection,
    pairs: int,
    first: int,
    thresholds: Thresholds,
    strata: int | None,
    bounds: Sequence[float] | None,
    minimum: int,
    candidates: int | None,
) -> list[Stratum]:
    kinds, groups, weights = _frame_arrays(connection)
    if not weights.size:
        raise LinkageError("There is no assigned pair to draw a review set from.", "Look at the blocking rules.")
    edges: dict[Kind, Sequence[float]] = {}
    for kind, count in strata_of_kind(pairs, strata).items():
        cuts = (thresholds.lower, thresholds.upper) if kind == "assigned" else ()
        chosen = stratum_bounds(weights[kinds == kind], count, cuts)
        edges[kind] = [-np.inf, *sorted({*bounds, *cuts}), np.inf] if bounds else chosen
    by_group = {
        group: [
            one for kind, cut in edges.items() for one in tally(kind, weights[(groups == group) & (kinds == kind)], cut, group)
        ]
        for group in sorted(set(groups))
    }
    # the largest groups get strata of their own for as long as the minima leave pairs to allocate
    spent, alone = 0, [""]
    for group in sorted(by_group, key=lambda one: (-int((groups == one).sum()), one)):
        spent += minimum * len(by_group[group])
        if spent <= SPENT_ON_MINIMA * pairs or len(by_group) == 1:
            alone.append(group)
    connection.execute('UPDATE decision_frame SET "group" = \'\' WHERE NOT list_contains(?, "group")', [alone])
    pooled = np.where(np.isin(groups, alone), groups, "")
    found = [
        one
        for kind, cut in edges.items()
        for group in sorted(set(pooled))
        for one in tally(kind, weights[(pooled == group) & (kinds == kind)], cut, group)
    ]
    if pairs < len(found):
        raise LinkageError(
            f"{pairs} pairs cannot be shared among {len(found)} strata.",
            "Ask for more (`review.pairs`): one a stratum at least.",
        )
    return allocate_strata(found, pairs, first, thresholds, minimum, candidates)


def allocate_strata(
    found: Sequence[Stratum],
    pairs: int,
    first: int,
    thresholds: Thresholds,
    minimum: int = 5,
    candidates: int | None = None,
) -> list[Stratum]:
    """The strata with the pairs to draw from each, as `draw_review_sample` has them; `first` = `pairs` plans all at once."""
    certain = _decided_anyway(found, pairs, thresholds)
    sampled = {one.name: one.size for one in certain}
    others = [one for one in found if one.name not in sampled]
    left = pairs - sum(sampled.values())
    drawn = left if left < first + min(first, LEAST_LEFT) else max(first, len(others))
    of_links = [is_of_links(one.kind, one.low, thresholds.upper) for one in others]
    least = least_of_links(sum(one.size for one, is_link in zip(others, of_links, strict=True) if is_link), candidates, pairs)
    sizes, deviations = [one.size for one in others], [one.deviation for one in others]
    shares = allocate_with_links(sizes, deviations, of_links, drawn, min(minimum, drawn // len(others)), least)
    sampled |= {one.name: n for one, n in zip(others, shares, strict=True)}
    return [replace(one, sampled=sampled[one.name]) for one in found]


def is_of_links(kind: Kind, low: float, upper: float) -> bool:
    """Whether a stratum from the weight `low` on holds pairs at or above the upper threshold only."""
    return kind == "assigned" and low >= upper


def least_of_links(links: int, candidates: int | None, pairs: int) -> int:
    """Labels of `links` links that a simple random sample of `pairs` of all `candidates` would hold; 0 where these are not known.

    >>> least_of_links(1_000, 15_000, 600)
    40
    """
    return round(pairs * links / candidates) if candidates else 0


def _decided_anyway(found: Sequence[Stratum], pairs: int, thresholds: Thresholds) -> list[Stratum]:
    """The strata between the thresholds, which a person decides in any case; none where they leave the others too little."""
    certain = [
        one
        for one in found
        if one.kind == "assigned" and one.low >= thresholds.lower and one.high <= thresholds.upper and one.high > one.low
    ]
    others, left = len(found) - len(certain), pairs - sum(one.size for one in certain)
    return certain if others and left >= max(pairs * (1 - CERTAIN_SHARE), others) else []


def _frame_arrays(
    connection: duckdb.DuckDBPyConnection,
) -> tuple[NDArray[np.str_], NDArray[np.str_], NDArray[np.float64]]:
    """Kind, group and link weight of every pair of the frame."""
    columns = connection.execute('SELECT kind, "group", link_weight FROM decision_frame').fetchnumpy()
    kinds, groups = np.asarray(columns["kind"], dtype=str), np.asarray(columns["group"], dtype=str)
    return kinds, groups, np.asarray(columns["link_weight"], dtype=float)


def _make_frame(connection: duckdb.DuckDBPyConnection, links: str | Path, outside: str | Path | None, by: By | None) -> None:
    if by is not None and by.column not in columns_of(connection, by.mentions):
        raise LinkageError(f"The mentions have no column `{by.column}` to stratify by.", "Name a standardised field or key.")
    beyond = _NONE if outside is None else _OUTSIDE.format(outside=relation(outside))
    query = _FRAME.format(
        group=f"coalesce({group_of('mention', by.column)}, '')" if by else "''",
        mentions=f"LEFT JOIN {relation(by.mentions)} AS mention ON mention.record_id = frame.record_id_l" if by else "",
        links=relation(links),
        outside=beyond,
    )
    connection.execute(query)


def top_up_review_sample(
    connection: duckdb.DuckDBPyConnection,
    review_set: str | Path,
    labels: str | Path,
    links: str | Path,
    extra: int,
    seed: int,
    target: Path,
    *,
    outside: str | Path | None = None,
    by: By | None = None,
    upper: float = np.inf,
    least: int = 0,
) -> list[Stratum]:
    """Add `extra` pairs to a labelled review set, where the labels vary most, and write the enlarged set.

    Strata stay as they were; sizes per stratum follow Neyman with the variances seen so far and never shrink
    (`reports/benchmarks/decision.md` has batches of 100 against all pairs at once). The same `seed` continues the same random
    order, so all phases of a stratum together are one simple random sample and its new inclusion probability n_h / N_h holds for
    old and new pairs alike, given the sizes. (Choosing the sizes after looking at the labels leaves a bias of order 1/n_h, as any
    sequential design.) Source: Neyman 1938 (two phases; Cochran 1977, chapter 12); population: the frame of the first phase.
    Strata from `upper` on get `least` pairs altogether at least.

    Raises:
        LinkageError: the links or the seed are not those of the first phase.
    """
    _make_frame(connection, links, outside, by)
    connection.execute(
        f'UPDATE decision_frame SET "group" = \'\' WHERE "group" NOT IN (SELECT stratum_group FROM {relation(review_set)})'
    )
    rows = connection.execute(
        f"""SELECT stratum_kind, stratum_low, stratum_high, stratum_group, any_value(stratum_size), count(*),
                   count(*) FILTER (verdict IN ('match', 'non_match')), count(*) FILTER (verdict = 'match')
            FROM {relation(review_set)} LEFT JOIN (SELECT pair_id, verdict FROM {relation(labels)}) USING (pair_id)
            GROUP BY ALL ORDER BY ALL"""
    ).fetchall()
    kinds, groups, weights = _frame_arrays(connection)
    first = []
    for kind, low, high, group, size, sampled, _, _ in rows:
        inside = weights[(kinds == kind) & (groups == group) & (weights >= low) & (weights < high)]
        first.append(Stratum(kind, low, high, size, sampled, planning_rate(inside, kind), group))
    more = allocate_top_up(
        [one.size for one in first],
        [one.sampled for one in first],
        [row[6] for row in rows],
        [row[7] for row in rows],
        [one.rate for one in first],
        extra,
        [is_of_links(one.kind, one.low, upper) for one in first],
        least,
    )
    drawn = [replace(one, sampled=one.sampled + added) for one, added in zip(first, more, strict=True)]
    before = connection.execute(f"SELECT pair_id FROM {relation(review_set)}").fetchall()
    _write_sample(connection, drawn, seed, target)
    kept = connection.execute(f"SELECT pair_id FROM {relation(target)}").fetchall()
    if not {row[0] for row in before} <= {row[0] for row in kept}:
        target.unlink()
        raise LinkageError(
            "The first review set is not part of the enlarged one: the links or the seed have changed.",
            "Restore the run the set was drawn from, or draw a new set.",
        )
    return drawn


def load_strata(connection: duckdb.DuckDBPyConnection, review_set: str | Path) -> list[Stratum]:
    """The strata of a drawn review set with their sizes and pairs sampled, to show; their rates are not known here (0.5)."""
    rows = connection.execute(
        f"""SELECT stratum_kind, stratum_low, stratum_high, any_value(stratum_size), count(*), stratum_group
            FROM {relation(review_set)} GROUP BY ALL ORDER BY ALL"""
    ).fetchall()
    return [Stratum(kind, low, high, size, sampled, 0.5, group) for kind, low, high, size, sampled, group in rows]


def draw_outside_pairs(
    connection: duckdb.DuckDBPyConnection, wider: str | Path, links: str | Path, below: float, target: Path
) -> int:
    """Write the frame of pairs that were not assigned: of mentions that are not linked, their pairs of the wider net.

    `wider` (see `assigning.wider_net`) has record_id_l, record_id_r, link_weight, weight_given_rival and `proposed` (a blocking
    rule proposed it). A mention is not linked when it has no assigned pair or one under `below`. Writes these columns and
    returns the rows. Unknown stay persons that the net does not reach (see `assigning.wider_net`), those of mentions linked
    falsely and, where `below` is above the net's own bound, those of mentions assigned between the two: a recall estimated
    with this frame is an upper reading.
    """
    query = f"""
        SELECT record_id_l, record_id_r, link_weight, weight_given_rival, proposed FROM {relation(wider)}
        WHERE record_id_l NOT IN (SELECT record_id_l FROM {relation(links)} WHERE link_weight >= {float(below)})
        ORDER BY record_id_l, record_id_r"""
    return write_parquet(connection, query, target)


def _write_sample(connection: duckdb.DuckDBPyConnection, drawn: list[Stratum], seed: int, target: Path) -> None:
    connection.execute(
        "CREATE OR REPLACE TEMP TABLE decision_strata (stratum VARCHAR, stratum_kind VARCHAR, stratum_group VARCHAR, "
        "low DOUBLE, high DOUBLE, sampled BIGINT, stratum_size BIGINT, inclusion_probability DOUBLE)"
    )
    connection.executemany(
        "INSERT INTO decision_strata VALUES (?, ?, ?, ?, ?, ?, ?, ?)",
        [(s.name, s.kind, s.group, s.low, s.high, s.sampled, s.size, s.inclusion_probability) for s in drawn],
    )
    write_parquet(connection, _DRAW.format(seed=f"'{int(seed)}:'"), target)

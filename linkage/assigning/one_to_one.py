"""One to one: the assignment of greatest total benefit within each connected component of pairs.

Exact by scipy's sparse matching, greedy in components beyond a size. Whatever the number of pairs, only what is said of records
(which component, how many pairs) is held outside DuckDB, and `CHUNK` pairs at a time: `memory_limit` bounds the rest.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import duckdb
import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from linkage.runs.sql import fetch_chunks, fetch_row

LARGEST_EXACT = 2_000
"""Records in a component beyond which it is assigned greedily."""
CHUNK = 500_000
"""Pairs held outside DuckDB at a time."""

Integers = NDArray[np.int64]
Weights = NDArray[np.float64]
Chosen = tuple[Integers, Integers]
"""Left and right ids of the pairs that are kept."""
Pairs = tuple[Integers, Integers, Weights, Integers]
"""Left and right ids, weights, and the part of each (where there are none, its left id)."""


@dataclass(frozen=True)
class Components:
    """The connected components of a table of pairs, numbered by their least left id."""

    left: Integers
    """The left ids that have a pair, in order."""
    of_left: Integers
    """The component of each."""
    sizes: Integers
    """Records in each component."""
    pairs: Integers
    """Pairs in each component."""


def choose_one_to_one(connection: duckdb.DuckDBPyConnection, pairs: str) -> tuple[Chosen, tuple[int, int, int]]:
    """The pairs of the heaviest assignment, and (components, greedy ones, largest size).

    `pairs` is a table of (id_l, id_r, pair_weight) as it stands in a FROM clause; each pair is in it once.
    """
    found = find_components(connection, pairs)
    count = len(found.sizes)
    if not count:
        return _together([]), (0, 0, 0)
    large, single = found.sizes > LARGEST_EXACT, found.pairs == 1
    group = np.full(count, -1)
    exact = np.flatnonzero(~large & ~single)
    # About as many records together as an exact component may have: the matching's time grows faster than its records, a
    # million at once took more than eight minutes.
    group[exact] = np.cumsum(found.sizes[exact]) // LARGEST_EXACT
    columns = {"component": found.of_left, "part": group[found.of_left]}
    columns |= {"large": large[found.of_left], "single": single[found.of_left]}
    connection.register("components", pa.table({"id_l": found.left, **columns}))
    query = f"SELECT part, id_l, id_r, pair_weight FROM {pairs} JOIN components USING (id_l) WHERE"
    kept = [(left, right) for left, right, *_ in _chunks(connection, f"{query} single")]
    kept.append(choose_greedily(connection, f"{query} large ORDER BY pair_weight DESC, id_l, id_r"))
    # pairs in order: of equally good assignments the matching's choice depends on it
    for left, right, weights, part in _chunks(connection, f"{query} part >= 0 ORDER BY component, id_l, id_r", "part"):
        ends = np.flatnonzero(np.diff(part)) + 1
        for some in np.split(np.arange(len(left)), ends):
            kept.append(_heaviest(left[some], right[some], weights[some]))
    connection.unregister("components")
    return _together(kept), (count, int(large.sum()), int(found.sizes.max()))


def find_components(connection: duckdb.DuckDBPyConnection, pairs: str) -> Components:
    """The components of a table of pairs, chunk by chunk."""
    from scipy.sparse import coo_array  # late, here and below: every command imports this room, few assign
    from scipy.sparse.csgraph import connected_components

    most_left, most_right = fetch_row(connection, f"SELECT coalesce(max(id_l), 0), coalesce(max(id_r), 0) FROM {pairs}")
    of_left = np.zeros(most_left + 1, dtype=np.int64)
    is_right = np.zeros(most_right + 1, dtype=bool)
    label, count = np.arange(most_left + most_right + 2), most_left + most_right + 2
    for left, right, *_ in _chunks(connection, f"SELECT id_l, id_r, pair_weight FROM {pairs}"):
        of_left += np.bincount(left, minlength=most_left + 1)
        is_right[right] = True
        a, b = label[left], label[most_left + 1 + right]
        new = a != b
        if new.any():
            graph = coo_array((np.ones(int(new.sum()), dtype=np.int8), (a[new], b[new])), shape=(count, count))
            count, joined = connected_components(graph, directed=False)
            label = joined[label]
    there = np.flatnonzero(of_left)
    met, first = np.unique(label[there], return_index=True)
    number = np.full(count, -1)
    number[met[np.argsort(first)]] = np.arange(len(met))
    of_record = number[label[np.concatenate([there, most_left + 1 + np.flatnonzero(is_right)])]]
    component = of_record[: len(there)]
    sizes = np.bincount(of_record, minlength=len(met))
    return Components(there, component, sizes, np.bincount(component, of_left[there], len(met)).astype(np.int64))


def choose_greedily(connection: duckdb.DuckDBPyConnection, heaviest_first: str) -> Chosen:
    """Each record once, in the order of a query of (id_l, id_r, pair_weight)."""
    used_left: set[int] = set()
    used_right: set[int] = set()
    kept: list[Chosen] = []
    for left, right, *_ in _chunks(connection, heaviest_first):
        taken = []
        for place, (one, other) in enumerate(zip(left.tolist(), right.tolist(), strict=True)):
            if one not in used_left and other not in used_right:
                used_left.add(one)
                used_right.add(other)
                taken.append(place)
        kept.append((left[taken], right[taken]))
    return _together(kept)


def benefits(weights: Weights) -> Weights:
    """What assigning a pair is worth: log2(1 + 2^weight), the weight for likely pairs, near nothing for unlikely ones."""
    return np.logaddexp2(0.0, weights)


def _heaviest(left: Integers, right: Integers, weights: Weights) -> Chosen:
    """The exact assignment: a full matching after every left record is given a place of its own that is worth nothing."""
    from scipy.sparse import csr_array
    from scipy.sparse.csgraph import min_weight_full_bipartite_matching

    rows, row = np.unique(left, return_inverse=True)
    columns, column = np.unique(right, return_inverse=True)
    # Whole numbers above those of the places of their own, so that equal weights tie exactly on every machine.
    benefit = np.rint(benefits(weights) * 1e6).astype(np.int64) + 2
    own = np.arange(len(rows))
    cost = csr_array(
        (
            np.concatenate([-benefit.astype(float), np.full(len(rows), -1.0)]),
            (np.concatenate([row, own]), np.concatenate([column, len(columns) + own])),
        ),
        shape=(len(rows), len(columns) + len(rows)),
    )
    matched_row, matched_column = min_weight_full_bipartite_matching(cost)
    partner = np.full(len(rows), -1)
    partner[matched_row] = matched_column
    kept = partner[row] == column
    return left[kept], right[kept]


def _chunks(connection: duckdb.DuckDBPyConnection, query: str, whole: str = "") -> Iterator[Pairs]:
    """A query of (id_l, id_r, pair_weight and more), in its order, some pairs at a time."""
    for chunk in fetch_chunks(connection, query, CHUNK, whole):
        yield chunk["id_l"].astype(np.int64), chunk["id_r"].astype(np.int64), chunk["pair_weight"], chunk[whole or "id_l"]


def _together(kept: list[Chosen]) -> Chosen:
    left, right = (np.concatenate([one[side] for one in kept] or [np.zeros(0, np.int64)]) for side in (0, 1))
    return left, right

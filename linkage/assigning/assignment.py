"""At most one person a mention: the pairs that are kept, with their runner-up.

One to one: the assignment of greatest total benefit (the pair weight, where it is positive) within each connected
component of pairs above the floor (scipy's sparse matching), greedy in components beyond a size. Ties go to the lower
ids. Pairs rank by weight, never by a probability that saturates at one.

What is believed of a pair knows of the mention's other persons and of their absence already (`weighing.belief`): it neither
chooses among them nor says how far the runner-up is behind. Pair weights do.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Literal

import duckdb
import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from linkage.pairs.sides import Sides
from linkage.runs.exchange import ParquetTable, scan_file
from linkage.runs.tables import ASSIGNED, CANDIDATES, REGISTERED_TWICE, SCORED_PAIRS

FLOOR = -5.0
"""Pairs of lower pair weight are never assigned."""
LARGEST_EXACT = 2_000
"""Records in a component beyond which it is assigned greedily."""
CANDIDATES_KEPT = 5
"""Persons kept a mention to be shown as runners-up."""

Integers = NDArray[np.int64]
Weights = NDArray[np.float64]


@dataclass(frozen=True)
class Assigned:
    """What assignment did."""

    pairs: int
    """Pairs above the floor."""
    assigned: int
    components: int
    greedy_components: int
    largest_component: int


def assign_pairs(
    connection: duckdb.DuckDBPyConnection,
    sides: Sides,
    how: Literal["one_to_one", "many_to_one", "free"],
    run: Path,
    records: tuple[Path, Path],
    folder: Path,
) -> Assigned:
    """Write `assigned` (one row a mention with a pair) and `candidates` (the best few persons a mention) into `folder`.

    The scored pairs are those of `run`. `records` are the two sides' tables, for their record ids. `free` keeps the best person
    of each mention like `many_to_one`; every other pair stays a candidate.
    """
    connection.execute(
        "CREATE OR REPLACE TEMP TABLE assignable AS SELECT id_l, id_r, match_weight, pair_weight, link_weight, match_probability"
        f" FROM {SCORED_PAIRS.scan(run)} WHERE pair_weight >= ? ORDER BY id_l, id_r",
        [FLOOR],
    )
    columns = connection.execute("SELECT id_l, id_r, pair_weight FROM assignable ORDER BY id_l, id_r").fetchnumpy()
    left, right = (columns[name].astype(np.int64) for name in ("id_l", "id_r"))
    weights = columns["pair_weight"].astype(float)
    exclusive = how == "one_to_one"
    if exclusive and sides.is_dedupe:
        chosen, report = _greedy(left, right, weights, np.arange(len(left))), (0, 0, 0)
    elif exclusive and len(left):
        chosen, report = _assign_one_to_one(left, right + int(left.max()) + 1, weights)
    else:
        chosen, report = _best_of_each(left, weights), (0, 0, 0)
    connection.register("chosen", pa.table({"id_l": left[chosen], "id_r": right[chosen]}))
    connection.execute(f"CREATE OR REPLACE TEMP VIEW twice AS SELECT person, other FROM {REGISTERED_TWICE.scan(run)}")
    connection.execute(f"CREATE OR REPLACE TEMP TABLE assigned AS {_with_runner_up(exclusive)}")
    connection.unregister("chosen")
    best = (
        "SELECT *, row_number() OVER (PARTITION BY id_l ORDER BY pair_weight DESC, id_r) AS rank FROM assignable"
        f" QUALIFY rank <= {CANDIDATES_KEPT}"
    )
    write_with_record_ids(connection, "SELECT * FROM assigned", records, ASSIGNED, folder)
    write_with_record_ids(connection, best, records, CANDIDATES, folder)
    components, greedy, largest = report
    return Assigned(len(left), len(chosen), components, greedy, largest)


def _with_runner_up(exclusive: bool) -> str:
    """The chosen pairs with the lead over the best pair that competes for the mention (or, exclusively, for the person).

    The same human registered twice does not compete.
    """
    rival = (
        "SELECT c.id_l, c.id_r, other.pair_weight FROM chosen c"
        " JOIN assignable other ON other.{same} = c.{same} AND other.{differs} <> c.{differs}"
    )
    one_human = "(c.id_r = person AND other.id_r = twice.other) OR (other.id_r = person AND c.id_r = twice.other)"
    rivals = f"{rival.format(same='id_l', differs='id_r')} WHERE NOT EXISTS (FROM twice WHERE {one_human})"
    if exclusive:
        rivals += f" UNION ALL {rival.format(same='id_r', differs='id_l')}"
    return (
        "SELECT p.*, p.pair_weight - runner_up AS runner_up_margin FROM chosen JOIN assignable p USING (id_l, id_r)"
        f" LEFT JOIN (SELECT id_l, id_r, max(pair_weight) AS runner_up FROM ({rivals}) GROUP BY ALL) USING (id_l, id_r)"
    )


def write_with_record_ids(
    connection: duckdb.DuckDBPyConnection, query: str, records: tuple[Path, Path], table: ParquetTable, folder: Path
) -> int:
    """Write the pairs (id_l, id_r, …) of a query with their record ids, in order, and return how many."""
    left, right = map(scan_file, records)
    return table.write(
        connection,
        "SELECT pairs.*, l.record_id AS record_id_l, r.record_id AS record_id_r"
        f" FROM ({query}) pairs JOIN {left} l ON l.id = id_l JOIN {right} r ON r.id = id_r ORDER BY id_l, id_r",
        folder,
    )


def _best_of_each(left: Integers, weights: Weights) -> Integers:
    """Positions of the heaviest pair of each left record; pairs come ordered by (left, right)."""
    order = np.lexsort((np.arange(len(left)), -weights, left))
    first = np.ones(len(order), dtype=bool)
    first[1:] = left[order][1:] != left[order][:-1]
    return np.sort(order[first])


def _assign_one_to_one(left: Integers, right: Integers, weights: Weights) -> tuple[Integers, tuple[int, int, int]]:
    """Positions of the pairs of the heaviest assignment, and (components, greedy ones, largest size)."""
    from scipy.sparse import coo_array  # late, here and below: every command imports this room, few assign
    from scipy.sparse.csgraph import connected_components

    records, numbered = np.unique(np.concatenate([left, right]), return_inverse=True)
    a, b = numbered[: len(left)], numbered[len(left) :]
    count, label = connected_components(coo_array((np.ones(len(a)), (a, b)), shape=(len(records),) * 2), directed=False)
    sizes = np.bincount(label, minlength=count)
    of_pair = label[a]
    large = sizes[of_pair] > LARGEST_EXACT
    single = np.bincount(of_pair, minlength=count)[of_pair] == 1
    chosen = [np.flatnonzero(single), _greedy(a, b, weights, np.flatnonzero(large))]
    for some in _batches(of_pair, sizes, np.flatnonzero(~large & ~single)):
        chosen.append(_heaviest(a[some], b[some], weights[some], some))
    return np.sort(np.concatenate(chosen)), (int(count), int((sizes > LARGEST_EXACT).sum()), int(sizes.max()))


def _batches(component: Integers, sizes: Integers, positions: Integers) -> list[Integers]:
    """Positions in groups of whole components, of about as many records as an exact component may have.

    The matching's time grows faster than its records: a million at once took more than eight minutes.
    """
    ordered = positions[np.argsort(component[positions], kind="stable")]
    components, first = np.unique(component[ordered], return_index=True)
    batch = np.cumsum(sizes[components]) // LARGEST_EXACT
    return [group for group in np.split(ordered, first[1:][np.diff(batch) > 0]) if len(group)]


def benefits(weights: Weights) -> Weights:
    """What assigning a pair is worth: log2(1 + 2^weight), the weight for likely pairs, near nothing for unlikely ones."""
    return np.logaddexp2(0.0, weights)


def _heaviest(a: Integers, b: Integers, weights: Weights, positions: Integers) -> Integers:
    """The exact assignment: a full matching after every left record is given a place of its own that is worth nothing."""
    from scipy.sparse import csr_array
    from scipy.sparse.csgraph import min_weight_full_bipartite_matching

    rows, row = np.unique(a, return_inverse=True)
    columns, column = np.unique(b, return_inverse=True)
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
    kept: Integers = positions[partner[row] == column]
    return kept


def _greedy(a: Integers, b: Integers, weights: Weights, positions: Integers) -> Integers:
    """Heaviest first, each record once."""
    used: set[int] = set()
    kept = []
    for position in positions[np.lexsort((b[positions], a[positions], -weights[positions]))]:
        pair = {int(a[position]), int(b[position])}
        if not used & pair:
            used |= pair
            kept.append(int(position))
    return np.array(kept, dtype=np.int64)

"""At most one person a mention: the pairs that are kept, with their runner-up.

One to one: the assignment of greatest total benefit (the pair weight, where it is positive) within each connected
component of pairs above the floor (`one_to_one`). Ties go to the lower ids. Pairs rank by weight, never by a probability that
saturates at one.

What is believed of a pair knows of the mention's other persons and of their absence already (`weighing.belief`): it neither
chooses among them nor says how far the runner-up is behind. Pair weights do.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Literal

import duckdb
import pyarrow as pa

from linkage.assigning.one_to_one import Chosen, choose_one_to_one
from linkage.runs.exchange import ParquetTable, scan_file
from linkage.runs.sql import fetch_row
from linkage.runs.tables import ASSIGNED, CANDIDATES, REGISTERED_TWICE, SCORED_PAIRS

FLOOR = -5.0
"""Pairs of lower pair weight are never assigned."""
CANDIDATES_KEPT = 5
"""Persons kept a mention to be shown as runners-up."""


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
    how: Literal["one_to_one", "many_to_one", "free"],
    run: Path,
    records: tuple[Path, Path],
    folder: Path,
) -> Assigned:
    """Write `assigned` (one row a mention with a pair) and `candidates` (the best few persons a mention) into `folder`.

    The scored pairs are those of `run`; `records` are the two sides' tables, for their record ids. `free` keeps the best person
    of each mention like `many_to_one`; every other pair stays a candidate.
    """
    columns = "id_l, id_r, match_weight, pair_weight, link_weight, match_probability"
    connection.execute(
        f"CREATE OR REPLACE TEMP VIEW assignable AS SELECT {columns} FROM {SCORED_PAIRS.scan(run)} WHERE pair_weight >= {FLOOR!r}"
    )
    pairs = int(fetch_row(connection, "SELECT count(*) FROM assignable")[0])
    exclusive, report = how == "one_to_one", (0, 0, 0)
    if not exclusive:
        chosen = _best_of_each(connection)
    else:
        chosen, report = choose_one_to_one(connection, "assignable")
    connection.register("chosen", pa.table({"id_l": chosen[0], "id_r": chosen[1]}))
    twice = REGISTERED_TWICE.scan(run)
    both_ways = f"SELECT person, other FROM {twice} UNION SELECT other, person FROM {twice}"
    connection.execute(f"CREATE OR REPLACE TEMP VIEW twice AS {both_ways}")
    connection.execute(f"CREATE OR REPLACE TEMP TABLE assigned AS {_with_runner_up(exclusive)}")
    connection.unregister("chosen")
    best = (
        "SELECT *, row_number() OVER (PARTITION BY id_l ORDER BY pair_weight DESC, id_r) AS rank FROM assignable"
        f" QUALIFY rank <= {CANDIDATES_KEPT}"
    )
    write_with_record_ids(connection, "SELECT * FROM assigned", records, ASSIGNED, folder)
    write_with_record_ids(connection, best, records, CANDIDATES, folder)
    components, greedy, largest = report
    return Assigned(pairs, len(chosen[0]), components, greedy, largest)


def _with_runner_up(exclusive: bool) -> str:
    """The chosen pairs with the lead over the best pair that competes for the mention (or, exclusively, for the person).

    The same human registered twice does not compete.
    """
    rival = (
        "SELECT c.id_l, c.id_r, other.pair_weight FROM chosen c"
        " JOIN assignable other ON other.{same} = c.{same} AND other.{differs} <> c.{differs}"
    )
    one_human = "twice.person = c.id_r AND twice.other = other.id_r"
    rivals = f"{rival.format(same='id_l', differs='id_r')} ANTI JOIN twice ON {one_human}"
    if exclusive:
        rivals += f" UNION ALL {rival.format(same='id_r', differs='id_l')}"
    return (
        "SELECT p.*, p.pair_weight - runner_up AS runner_up_margin FROM chosen JOIN assignable p USING (id_l, id_r)"
        f" LEFT JOIN (SELECT id_l, id_r, max(pair_weight) AS runner_up FROM ({rivals}) GROUP BY ALL) USING (id_l, id_r)"
    )


def _best_of_each(connection: duckdb.DuckDBPyConnection) -> Chosen:
    """The heaviest pair of each mention, of equals that with the lower person's id."""
    heaviest = "SELECT id_l, max(pair_weight) AS pair_weight FROM assignable GROUP BY id_l"
    best = connection.execute(
        f"SELECT id_l, min(id_r) AS id_r FROM assignable JOIN ({heaviest}) USING (id_l, pair_weight) GROUP BY id_l ORDER BY id_l"
    ).fetchnumpy()
    return best["id_l"], best["id_r"]


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

"""Entities: groups of records that are one person, from pairs whose weights know of no rival.

Pairs at or above the cut connect records. A component is taken whole where every pair in it was compared, none is more likely
two persons than one and nothing forbids it; the others are split by correlation clustering (`agglomeration`). What is held
outside DuckDB is a number a record, and the pairs of some doubtful components at a time.
"""

from __future__ import annotations

from dataclasses import dataclass

import duckdb
import numpy as np
import pyarrow as pa

from linkage.assigning.agglomeration import Edge, agglomerate
from linkage.assigning.connected import connect_records
from linkage.runs.sql import fetch_chunks, fetch_row

CHUNK = 500_000
"""Pairs of doubtful components held outside DuckDB at a time."""
MOST_PAIRS = 500_000
"""Pairs of a doubtful component beyond which its weaker pairs do not connect: the cut is raised there, a bit at a time."""
MOST_BITS = 64
"""How far it is raised; what still hangs together then is left as single records."""


@dataclass(frozen=True)
class Grouped:
    """What grouping did."""

    components: int
    doubtful: int
    """Components that were not taken whole."""
    too_large: int
    """Of these, those whose cut was raised."""
    largest_component: int


def group_records(connection: duckdb.DuckDBPyConnection, pairs: str, cut: float, table: str) -> Grouped:
    """Make the table (id INTEGER, entity INTEGER) of all records that have a pair at or above the cut.

    `pairs` is a table of id_l, id_r, link_weight, verdict (`match` joins whatever else is said, `non_match` keeps apart, NULL),
    apart_l and apart_r (of records with the same number no two are one entity). An entity is called by its least id.
    """
    connection.execute(f"CREATE OR REPLACE TEMP TABLE {table} (id INTEGER, entity INTEGER)")
    connection.execute(f"CREATE OR REPLACE TEMP VIEW ungrouped AS FROM {pairs}")
    components = doubtful = too_large = largest = 0
    for bits in range(MOST_BITS):
        found = _group_within(connection, cut + bits, table)
        if not bits:
            components, largest = found[0], found[3]
        doubtful += found[1]
        too_large += found[2]
        if not found[2]:
            break
        connection.execute(
            f"CREATE OR REPLACE TEMP TABLE within_{bits} AS SELECT ungrouped.* FROM ungrouped"
            " JOIN (FROM judged WHERE too_large) l ON l.id = id_l JOIN judged r ON r.id = id_r WHERE l.component = r.component"
        )
        connection.execute(f"CREATE OR REPLACE TEMP VIEW ungrouped AS FROM within_{bits}")
    else:
        connection.execute(f"INSERT INTO {table} SELECT id, id FROM judged WHERE too_large")
    return Grouped(components, doubtful, too_large, largest)


def _group_within(connection: duckdb.DuckDBPyConnection, cut: float, table: str) -> tuple[int, int, int, int]:
    """Group what hangs together at this cut but for what is too large; components, doubtful, too large, largest size."""
    believed = f"verdict IS NULL AND link_weight >= {cut!r} AND (apart_l = apart_r) IS NOT TRUE"
    strong = f"({believed} OR coalesce(verdict = 'match', false))"
    connect_records(connection, f"(FROM ungrouped WHERE {strong})", "connected_at_cut")
    connection.execute(
        f"""CREATE OR REPLACE TEMP TABLE judged AS
        WITH within AS (
            SELECT l.component, count(*) AS pairs,
                bool_or(coalesce(verdict = 'non_match', false) OR (link_weight < 0 AND verdict IS NULL)) AS contradicted
            FROM ungrouped JOIN connected_at_cut l ON l.id = id_l JOIN connected_at_cut r ON r.id = id_r
            WHERE l.component = r.component GROUP BY l.component
        ), told AS (
            SELECT component, pairs, contradicted OR pairs < size * (size - 1) // 2 AS doubtful
            FROM within JOIN (SELECT DISTINCT component, size FROM connected_at_cut) USING (component)
        )
        SELECT id, component, size, doubtful, doubtful AND pairs > {MOST_PAIRS} AS too_large
        FROM connected_at_cut JOIN told USING (component)"""
    )
    connection.execute(f"INSERT INTO {table} SELECT id, component FROM judged WHERE NOT doubtful")
    split = f"""SELECT l.component, id_l, id_r, coalesce(apart_l, -1) AS apart_l, coalesce(apart_r, -1) AS apart_r,
            link_weight, {strong} AS strong, coalesce(verdict = 'match', false) AS forced,
            coalesce(verdict = 'non_match', false) AS barred
        FROM ungrouped JOIN (FROM judged WHERE doubtful AND NOT too_large) l ON l.id = id_l JOIN judged r ON r.id = id_r
        WHERE l.component = r.component ORDER BY component, id_l, id_r"""
    groups = [_split(chunk, cut) for chunk in fetch_chunks(connection, split, CHUNK, "component")]
    if groups:
        ids, entities = (np.concatenate(column) for column in zip(*groups, strict=True))
        connection.register("split_groups", pa.table({"id": ids, "entity": entities}))
        connection.execute(f"INSERT INTO {table} FROM split_groups")
        connection.unregister("split_groups")
    counted = ", ".join(f"count(DISTINCT component) FILTER ({which})" for which in ("true", "doubtful", "too_large"))
    return fetch_row(connection, f"SELECT {counted}, coalesce(max(size), 0) FROM judged")


def _split(pairs: dict[str, np.ndarray], cut: float) -> tuple[np.ndarray, np.ndarray]:
    """Ids and entities of the records of some components, whose pairs stand together."""
    ids: list[int] = []
    entities: list[int] = []
    starts = np.flatnonzero(np.diff(pairs["component"], prepend=-1))
    columns = [
        pairs[name].tolist() for name in ("id_l", "id_r", "link_weight", "strong", "forced", "barred", "apart_l", "apart_r")
    ]
    for first, last in zip(starts, [*starts[1:], len(pairs["component"])], strict=True):
        rows = list(zip(*(column[first:last] for column in columns), strict=True))
        apart = {row[0]: row[6] for row in rows} | {row[1]: row[7] for row in rows}
        records = sorted(apart)
        place = {record: number for number, record in enumerate(records)}
        edges = [Edge(place[one], place[other], *rest) for one, other, *rest, _, _ in rows]
        kept_apart = [None if apart[record] < 0 else apart[record] for record in records]
        ids += records
        entities += [records[group] for group in agglomerate(len(records), edges, kept_apart, cut)]
    return np.array(ids, dtype=np.int32), np.array(entities, dtype=np.int32)

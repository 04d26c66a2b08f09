"""Which records hang together: the connected components of pairs within one table, chunk by chunk."""

from __future__ import annotations

import duckdb
import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from linkage.runs.sql import fetch_chunks, fetch_row

CHUNK = 500_000
"""Pairs held outside DuckDB at a time; of records their component alone is."""


def connect_records(connection: duckdb.DuckDBPyConnection, pairs: str, table: str) -> None:
    """Make the table (id INTEGER, component INTEGER, size BIGINT) of all records that have a pair.

    `pairs` is a relation with id_l and id_r, as it stands in a FROM clause. A component is called by its least id.
    """
    from scipy.sparse import coo_array  # late: every command imports this room, few assign
    from scipy.sparse.csgraph import connected_components

    count = 1 + int(fetch_row(connection, f"SELECT coalesce(max(greatest(id_l, id_r)), 0) FROM {pairs}")[0])
    label: NDArray[np.int64] = np.arange(count)
    there = np.zeros(count, dtype=bool)
    for chunk in fetch_chunks(connection, f"SELECT id_l, id_r FROM {pairs}", CHUNK):
        left, right = chunk["id_l"].astype(np.int64), chunk["id_r"].astype(np.int64)
        there[left] = there[right] = True
        edges = (np.ones(len(left), dtype=np.int8), (label[left], label[right]))
        _, joined = connected_components(coo_array(edges, shape=(count, count)), directed=False)
        label = joined[label]
    ids = np.flatnonzero(there)
    _, first, place, sizes = np.unique(label[ids], return_index=True, return_inverse=True, return_counts=True)
    columns = {"id": ids.astype(np.int32), "component": ids[first][place].astype(np.int32), "size": sizes[place]}
    connection.register("connected", pa.table(columns))
    connection.execute(f"CREATE OR REPLACE TEMP TABLE {table} AS FROM connected")
    connection.unregister("connected")

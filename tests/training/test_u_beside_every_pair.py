"""u of the shipped births against the comparison of every pair of some of the records, counted and drawn."""

from __future__ import annotations

from pathlib import Path

import duckdb
import numpy as np

from linkage.model.settings import load_model
from linkage.pairs.level_store import count_patterns, levels_of_pairs
from linkage.pairs.sides import open_tables
from linkage.runs.sql import quote_list
from linkage.runs.tables import MENTIONS, PERSONS
from linkage.training.levels_of_strangers import estimate_u

ENTRIES, PERSONS_SEEN = 250, 1_000


def test_shipped_comparisons(connection: duckdb.DuckDBPyConnection, finished_run: Path, tmp_path: Path, monkeypatch) -> None:
    model = load_model(finished_run)
    for table, rows in ((MENTIONS, ENTRIES), (PERSONS, PERSONS_SEEN)):
        columns = quote_list(["id", "record_id", *model.columns])
        table.write(connection, f"SELECT {columns} FROM {table.scan(finished_run)} WHERE id <= {rows} ORDER BY id", tmp_path)
    sides = open_tables(connection, MENTIONS.path(tmp_path), PERSONS.path(tmp_path), model.columns)
    both = f"SELECT l.id AS id_l, r.id AS id_r, 0::UINTEGER AS blocking_rules FROM {sides.left} l, {sides.right} r"
    monkeypatch.setattr("linkage.training.levels_of_strangers.MOST_PAIRS", 3_000)
    monkeypatch.setattr("linkage.training.levels_of_strangers.MOST_PAIRS_A_VALUE", 0)
    found = estimate_u(connection, sides, model, 1_000_000, 1)
    counted, drawn = [], []
    for field, one in zip(model.fields, found, strict=True):
        alone = model.of_fields([field])
        pairs = dict(count_patterns(connection, alone, levels_of_pairs(alone, sides, both)))
        possible = sum(count for level, count in pairs.items() if level >= 0)
        for level in range(len(field.levels)):
            if pairs.get(level):
                bits = abs(np.log2(one.u[level] * possible / pairs[level]))
                (counted if one.exact[level] else drawn).append((bits, field.name, level))
    assert len(counted) > 25 and max(counted)[0] < 1e-9
    assert len(drawn) >= 8 and max(drawn)[0] < 0.15

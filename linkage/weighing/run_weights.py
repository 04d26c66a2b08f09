"""A finished run in plain Splink: the linker on its tables, and the stored pairs with their weights."""

from __future__ import annotations

from pathlib import Path

from linkage.model.linker import Linker, linker_on
from linkage.model.settings import load_model
from linkage.pairs.sides import open_tables
from linkage.runs.sql import connect, described_columns
from linkage.runs.tables import MENTIONS, MODEL, PAIRS, PERSONS, SCORED_PAIRS
from linkage.weighing.claims import Claims
from linkage.weighing.scoring import weights_query
from linkage.weighing.trained_model import TrainedModel


def open_linker(run: Path) -> Linker:
    """The run's model as a Splink linker.

    A DuckDB of its own is used. Only the columns both tables need are registered: Splink wants the two to have the same.

    Raises:
        RunDirectoryError: the run has no model yet.
    """
    model = load_model(run)
    rules = " ".join(model.rules)
    connection = connect()
    blocked = {column for column in described_columns(connection, MENTIONS.scan(run)) if f'"{column}"' in rules}
    columns = {*model.columns, *model.frequency_columns, *blocked}
    sides = open_tables(connection, MENTIONS.path(run), PERSONS.path(run) if PERSONS.is_in(run) else None, columns)
    return linker_on(connection, list(dict.fromkeys((sides.left, sides.right))), MODEL.path(run))


def weighed_pairs(run: Path) -> str:
    """SQL of the level store with match_weight and link_weight under the run's model, claims weighed in where they are known."""
    model = TrainedModel.load(run)
    weighed = weights_query(model, f"FROM {PAIRS.scan(run)}", run)
    if Claims.load(run) is None:
        return weighed
    scored = f"(SELECT id_l, id_r, link_weight FROM {SCORED_PAIRS.scan(run)}) scored"
    known = "coalesce(scored.link_weight, weighed.link_weight) AS link_weight"
    return f"SELECT weighed.* REPLACE ({known}) FROM ({weighed}) weighed LEFT JOIN {scored} USING (id_l, id_r)"

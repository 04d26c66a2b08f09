"""A finished run in plain Splink: the linker on its tables, and the stored pairs with their weights."""

from __future__ import annotations

from pathlib import Path

from linkage.model.linker import Linker, linker_on
from linkage.model.settings import load_model
from linkage.pairs.sides import open_tables
from linkage.runs.sql import connect, described_columns
from linkage.runs.tables import MENTIONS, MODEL, PAIRS, PERSONS
from linkage.weighing.belief import believed_query
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
    """SQL of the level store with every weight and the match probability, as the run's own tables have them."""
    return believed_query(weights_query(TrainedModel.load(run), f"FROM {PAIRS.scan(run)}", run), run)

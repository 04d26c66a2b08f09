"""A finished run in plain Splink: the linker on its tables, and the stored pairs with their weights."""

from __future__ import annotations

from pathlib import Path

from linkage.errors import LinkageError
from linkage.model.linker import Linker, linker_on
from linkage.model.settings import load_model
from linkage.pairs.sides import open_tables
from linkage.runs.sql import connect, literal, parquet_columns
from linkage.weighing.claims import Claims
from linkage.weighing.scoring import weights_query
from linkage.weighing.trained_model import TrainedModel


def open_linker(run: Path) -> Linker:
    """The run's model as a Splink linker.

    A DuckDB of its own is used. Only the columns both tables need are registered: Splink wants the two to have the same.

    Raises:
        LinkageError: when the run has no model yet.
    """
    if not (run / "model.json").is_file():
        raise LinkageError("this run has no model yet", "Run the project as far as the stage `train`.")
    model = load_model(run / "model.json")
    rules = " ".join(model.rules)
    connection = connect()
    blocked = {column for column in parquet_columns(connection, run / "mentions.parquet") if f'"{column}"' in rules}
    columns = {*model.columns, *model.frequency_columns, *blocked}
    persons = run / "persons.parquet"
    sides = open_tables(connection, run / "mentions.parquet", persons if persons.is_file() else None, columns)
    return linker_on(connection, list(dict.fromkeys((sides.left, sides.right))), run / "model.json")


def weighed_pairs(run: Path) -> str:
    """SQL of the level store with match_weight and link_weight under the run's model, claims weighed in where they are known."""
    model = TrainedModel.load(run)
    stored = f"FROM read_parquet({literal(str(run / 'pairs.parquet'))})"
    weighed = weights_query(model, stored, run / "frequencies.parquet")
    if Claims.load(run) is None:
        return weighed
    scored = f"(SELECT id_l, id_r, link_weight FROM read_parquet({literal(str(run / 'scored_pairs.parquet'))})) scored"
    known = "coalesce(scored.link_weight, weighed.link_weight) AS link_weight"
    return f"SELECT weighed.* REPLACE ({known}) FROM ({weighed}) weighed LEFT JOIN {scored} USING (id_l, id_r)"

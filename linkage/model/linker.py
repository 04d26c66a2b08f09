"""A model in plain Splink: the linker on two tables, ready for Splink's own charts and predictions."""

from __future__ import annotations

import logging
from collections.abc import Sequence
from pathlib import Path

import duckdb
from splink import DuckDBAPI, Linker

__all__ = ["Linker", "linker_on"]


def linker_on(connection: duckdb.DuckDBPyConnection, tables: Sequence[str], model: Path) -> Linker:
    """The model of a model.json on tables of the connection, which have the same columns.

    The connection must serve no other model: Splink's cache belongs to it.
    """
    api = DuckDBAPI(connection)
    return Linker([api.register(name) for name in tables], str(model), log_level=logging.ERROR)

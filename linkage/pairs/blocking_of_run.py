"""Blocking looked at on a run's own tables: the entry for the command line and notebooks."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import duckdb

from linkage.config import FieldKind, ProjectSpec
from linkage.errors import LinkageError
from linkage.model.settings import build_model, columns_needed
from linkage.pairs.blocking_analysis import BlockingAnalysis, analyse_blocking
from linkage.pairs.sides import SAME_NUMBER, Sides, open_tables
from linkage.pairs.suggestion import SuggestedRule, suggest_rules
from linkage.runs.tables import MENTIONS, PERSONS, SCORED_PAIRS

UNFIT_KEYS = ("_text", "_flags", "_precision", "_repaired", "_lunar_as_solar", "_level", "_variant", "_tone", "_digits", "_day")
"""Keys that say little by themselves, or the same as another."""
LIKELY = 0.0
"""Link weight from which a scored pair counts as a likely match."""


def analyse_run_blocking(
    connection: duckdb.DuckDBPyConnection, spec: ProjectSpec, kinds: Mapping[str, FieldKind], run: Path
) -> BlockingAnalysis:
    """Analyse the project's rules on a run that has standardised tables."""
    sides, anchors = _open(connection, spec, kinds, run, columns_needed(spec, build_model(spec, kinds)))
    return analyse_blocking(connection, sides, spec.blocking.predict, spec.threads, anchors)


def suggest_run_rules(
    connection: duckdb.DuckDBPyConnection,
    spec: ProjectSpec,
    kinds: Mapping[str, FieldKind],
    columns: Mapping[str, tuple[str, str]],
    run: Path,
    pairs_a_record: float,
) -> tuple[list[SuggestedRule], int]:
    """Suggest rules from the scalar keys; `columns` gives each standardised column's (field, SQL type).

    Raises:
        LinkageError: when there is neither an anchor pair nor a scored pair to learn from.
    """
    keys = [
        column
        for column, (field, sql_type) in columns.items()
        if not sql_type.endswith("[]") and not column.endswith(UNFIT_KEYS) and not _display_only(column, kinds[field], field)
    ]
    sides, anchors = _open(connection, spec, kinds, run, keys)
    targets = [anchors] if anchors else []
    if SCORED_PAIRS.is_in(run):
        targets.append(f"SELECT id_l, id_r FROM {SCORED_PAIRS.scan(run)} WHERE link_weight >= {LIKELY}")
    if not targets:
        raise LinkageError(
            "there is nothing to learn rules from", "Run the project as far as `score`, or use sides that carry personal numbers."
        )
    field_of = {column: field for column, (field, _) in columns.items()}
    return suggest_rules(connection, sides, keys, field_of, " UNION ".join(targets), int(pairs_a_record * sides.left_rows))


def _open(
    connection: duckdb.DuckDBPyConnection, spec: ProjectSpec, kinds: Mapping[str, FieldKind], run: Path, columns: list[str]
) -> tuple[Sides, str | None]:
    numbered = "personal_number" in kinds and spec.right is not None
    wanted = [*columns, "personal_number"] if numbered else columns
    sides = open_tables(connection, MENTIONS.path(run), PERSONS.path(run) if spec.right else None, set(wanted))
    return sides, SAME_NUMBER if numbered else None


def _display_only(column: str, kind: FieldKind, field: str) -> bool:
    """A text field's own column is for people to read; its fold key is what is blocked on."""
    folded = (
        FieldKind.person_name,
        FieldKind.place,
        FieldKind.text,
        FieldKind.category,
        FieldKind.ethnicity,
        FieldKind.nationality,
    )
    return (column == field and kind in folded) or kind is FieldKind.personal_number

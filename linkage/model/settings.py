"""The model: a project's comparisons and rules as a Splink settings object, and as model.json.

`model.json` is Splink's own format. The one thing it cannot hold is which columns the two tables have in common, so
`Linker` is given tables with exactly the columns of `columns_needed`.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from functools import lru_cache
from pathlib import Path
from typing import Any

from splink import SettingsCreator
from splink.internals.comparison import Comparison
from splink.internals.settings import Settings

from linkage.config import BlockingRule, FieldKind, ProjectSpec
from linkage.model.comparisons import build_comparison
from linkage.runs.files import write_json
from linkage.runs.sql import quote


def build_settings(spec: ProjectSpec, kinds: Mapping[str, FieldKind]) -> Settings:
    """An untrained Splink settings object; `kinds` gives the kind of each field that both sides have."""
    creator = SettingsCreator(
        link_type="dedupe_only" if spec.right is None else "link_only",
        comparisons=[build_comparison(comparison, kinds[comparison.field]) for comparison in spec.comparisons],
        blocking_rules_to_generate_predictions=[
            {"blocking_rule": rule_condition(rule), "sql_dialect": "duckdb"} for rule in spec.blocking.predict
        ],
        unique_id_column_name="id",
        max_iterations=spec.training.max_iterations,
        em_convergence=spec.training.convergence,
        linker_uid="linkage",
    )
    return creator.get_settings("duckdb")


def save_settings(settings: Settings, path: Path) -> None:
    """Write model.json."""
    write_json(path, settings.as_dict())


def load_settings(path: Path) -> Settings:
    """Read model.json back."""
    held: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
    return SettingsCreator.from_path_or_dict(held).get_settings("duckdb")


def rule_condition(rule: BlockingRule) -> str:
    """A blocking rule as the SQL condition that Splink wants."""
    return " AND ".join(f'l."{key}" = r."{key}"' for key in rule.on)


def gamma_expressions(settings: Settings) -> dict[str, str]:
    """Gamma column → the CASE expression, over `<column>_l` and `<column>_r`, that gives its level (-1 where missing)."""
    return {comparison._gamma_column_name: comparison._case_statement.rsplit(" as ", 1)[0] for comparison in settings.comparisons}


@lru_cache(maxsize=8)  # Splink parses every condition to tell
def compared_columns(settings: Settings) -> tuple[str, ...]:
    """The columns that the comparisons read, sorted."""
    names = {
        column.unquote().name
        for comparison in settings.comparisons
        for column in comparison._input_columns_used_by_case_statement
    }
    return tuple(sorted(names))


def term_frequency_columns(settings: Settings) -> list[str]:
    """The columns whose term frequencies adjust weights."""
    return sorted({column.unquote().name for column in settings._term_frequency_columns})


def columns_needed(spec: ProjectSpec, settings: Settings) -> list[str]:
    """Every column that blocking, training and comparing read, besides `id`."""
    rules = (
        *spec.blocking.predict,
        *spec.blocking.train,
        *(spec.training.prior.deterministic_rules if spec.training.prior else ()),
    )
    shared = spec.relatives.share if spec.relatives else ()
    return sorted(
        {*compared_columns(settings), *term_frequency_columns(settings), *(key for rule in rules for key in rule.on), *shared}
    )


def level_weight_sql(comparison: Comparison) -> str:
    """log2(m/u) of a comparison's level, 0 where missing: its place in a list (a CASE of ten levels costs twice as much)."""
    weights = {level.comparison_vector_value: level._match_weight for level in comparison._comparison_levels_excluding_null}
    listed = ", ".join(f"{float(weights[level])!r}::DOUBLE" for level in range(len(weights)))
    return f"list_extract([0.0::DOUBLE, {listed}], {quote(comparison._gamma_column_name)} + 2)"

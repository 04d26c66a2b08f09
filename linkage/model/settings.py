"""A project file as a Splink model, model.json and back: here alone Splink's settings are read and written.

`model.json` is Splink's own format. The one thing it cannot hold is which columns the two tables have in common, so
`Linker` is given tables with exactly the columns of `columns_needed`.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, cast

from splink import SettingsCreator
from splink.internals.comparison import Comparison
from splink.internals.comparison_level import ComparisonLevel
from splink.internals.settings import Settings

from linkage.config import BlockingRule, FieldKind, ProjectSpec
from linkage.model.comparisons import build_comparison
from linkage.model.match_model import ComparedField, FrequencyAdjustment, MatchModel, ModelLevel
from linkage.runs.tables import MODEL


def build_model(spec: ProjectSpec, kinds: Mapping[str, FieldKind]) -> MatchModel:
    """An untrained model; `kinds` gives the kind of each field that both sides have."""
    return model_of(
        {
            "link_type": "dedupe_only" if spec.right is None else "link_only",
            "comparisons": [build_comparison(comparison, kinds[comparison.field]) for comparison in spec.comparisons],
            "blocking_rules_to_generate_predictions": [
                {"blocking_rule": rule_condition(rule), "sql_dialect": "duckdb"} for rule in spec.blocking.predict
            ],
            "unique_id_column_name": "id",
            "max_iterations": spec.training.max_iterations,
            "em_convergence": spec.training.convergence,
            "linker_uid": "linkage",
        }
    )


def save_model(model: MatchModel, folder: Path) -> None:
    """Write the model into a folder."""
    MODEL.write(folder, splink_settings(model).as_dict())


def load_model(run: Path) -> MatchModel:
    """The model of a run.

    Raises:
        RunDirectoryError: the run has none yet.
    """
    return model_of(MODEL.read(run))


def model_of(settings: Mapping[str, Any]) -> MatchModel:
    """The model of settings as Splink takes and saves them; m and u that they do not say are Splink's defaults."""
    made = SettingsCreator.from_path_or_dict(dict(settings)).get_settings("duckdb")
    core = made.core_model_settings
    return MatchModel(core.probability_two_random_records_match, tuple(map(_field, made.comparisons)), made.as_dict())


def splink_settings(model: MatchModel, fields: Sequence[int] | None = None) -> Settings:
    """Splink's settings with the model's probabilities; of the fields at these places alone where they are given."""
    comparisons = model.settings["comparisons"]
    chosen = range(len(comparisons)) if fields is None else fields
    held = {**model.settings, "comparisons": [comparisons[place] for place in chosen]}
    made: Settings = SettingsCreator.from_path_or_dict(held).get_settings("duckdb")
    made.core_model_settings.probability_two_random_records_match = model.prior
    for place, comparison in zip(chosen, made.comparisons, strict=True):
        for level in comparison._comparison_levels_excluding_null:
            own = model.fields[place].levels[level.comparison_vector_value]
            level.m_probability, level.u_probability = own.m, own.u
    return made


def rule_condition(rule: BlockingRule) -> str:
    """A blocking rule as the SQL condition that Splink wants."""
    return " AND ".join(f'l."{key}" = r."{key}"' for key in rule.on)


def columns_needed(spec: ProjectSpec, model: MatchModel) -> list[str]:
    """Every column that blocking, training and comparing read, besides `id`."""
    rules = (
        *spec.blocking.predict,
        *spec.blocking.train,
        *(spec.training.prior.deterministic_rules if spec.training.prior else ()),
    )
    shared = spec.relatives.share if spec.relatives else ()
    return sorted({*model.columns, *model.frequency_columns, *(key for rule in rules for key in rule.on), *shared})


def _field(comparison: Comparison) -> ComparedField:
    counted = comparison._comparison_levels_excluding_null
    return ComparedField(
        name=comparison.output_column_name,
        gamma=comparison._gamma_column_name,
        columns=tuple(sorted({column.unquote().name for column in comparison._input_columns_used_by_case_statement})),
        missing=next((level.sql_condition for level in comparison.comparison_levels if level.is_null_level), "false"),
        expression=comparison._case_statement.rsplit(" as ", 1)[0],
        levels=tuple(_level(level, counted) for level in reversed(counted)),
    )


def _level(level: ComparisonLevel, levels: Sequence[ComparisonLevel]) -> ModelLevel:
    return ModelLevel(
        value=level.comparison_vector_value,
        label=level.label_for_charts,
        condition=None if level._is_else_level else level.sql_condition,
        m=cast(float, level.m_probability),  # None in a null level alone
        u=cast(float, level.u_probability),
        m_is_fixed=level._fix_m_probability,
        u_is_fixed=level._fix_u_probability,
        frequency=_adjustment(level, levels),
    )


def _adjustment(level: ComparisonLevel, levels: Sequence[ComparisonLevel]) -> FrequencyAdjustment | None:
    """Where Splink adjusts: not at the last level, nor with a weight of 0. The base is the level of exactly that column."""
    if not level._has_tf_adjustments or level._is_else_level or level._tf_adjustment_weight == 0:
        return None
    column = level._tf_adjustment_input_column.unquote().name
    same = (one for one in levels if one._is_exact_match and one._exact_match_colnames == [column.lower()])
    weight, least = float(level._tf_adjustment_weight), float(level._tf_minimum_u_value)
    return FrequencyAdjustment(column, weight, least, next(same).comparison_vector_value)

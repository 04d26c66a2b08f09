"""Comparisons as a project file asks for them, of the library or by own levels, made ordinary Splink comparisons.

Term frequency is that of the tone key: a level that agrees in less than the tone key is scaled by how common the more
common of the two names is, relative to the average (Splink's adjustment with the exact level as its base).
"""

from __future__ import annotations

from typing import Any

from linkage.config import ComparisonSpec, FieldKind, LevelSpec
from linkage.config.field_keys import keys_of
from linkage.likeness.library import (
    BUILDERS,
    DIFFERENCE,
    EDITS,
    MISSING_RIGHT,
    SAME,
    AgreementLevel,
    FieldColumns,
    else_level,
    null_level,
)
from linkage.words.fields import as_written

Level = dict[str, Any]


def build_comparison(spec: ComparisonSpec, kind: FieldKind) -> dict[str, Any]:
    """The comparison of one field, in the form `SettingsCreator` takes."""
    levels = _own_levels(spec, kind) if spec.levels else _of_library(spec, kind)
    if spec.missing_right:
        levels = _with_missing_right(levels)
    _set_probabilities(spec, levels)
    return {
        "output_column_name": spec.field,
        "comparison_description": f"{spec.use or 'own levels'} on {spec.field}",
        "comparison_levels": levels,
    }


def _of_library(spec: ComparisonSpec, kind: FieldKind) -> list[Level]:
    year = spec.field if kind is FieldKind.year else f"{spec.field}_year"
    columns = FieldColumns(spec.field, _key(spec.field, kind), year, spec.term_frequency, spec.jaro_winkler or ())
    return [_splink_level(level) for level in BUILDERS[spec.use or "category"](columns)]


def _own_levels(spec: ComparisonSpec, kind: FieldKind) -> list[Level]:
    key = _key(spec.field, kind)
    own = (_own_level(level, spec, key) for level in spec.levels or ())
    return [_splink_level(null_level(key)), *own, _splink_level(else_level())]


def _own_level(level: LevelSpec, spec: ComparisonSpec, key: str) -> Level:
    if level.exact:
        return _level(f"{key}_l = {key}_r", level.label or SAME.en, key if spec.term_frequency else None)
    if level.jaro_winkler is not None:
        return _level(
            f"jaro_winkler_similarity({key}_l, {key}_r) >= {level.jaro_winkler}",
            level.label or f"Jaro-Winkler ≥ {level.jaro_winkler}",
        )
    if level.levenshtein is not None:
        return _level(f"levenshtein({key}_l, {key}_r) <= {level.levenshtein}", level.label or f"{EDITS.en} ≤ {level.levenshtein}")
    if level.difference is not None:
        return _level(f"abs({key}_l - {key}_r) <= {level.difference}", level.label or f"{DIFFERENCE.en} ≤ {level.difference}")
    return _level(level.sql or "", level.label or as_written(level.sql or ""))


def _key(field: str, kind: FieldKind) -> str:
    """The column that stands for a field's value: its fold key where it is text."""
    folded = f"{field}_fold"
    return folded if folded in keys_of(field, kind) else field


def _splink_level(level: AgreementLevel) -> Level:
    if level.is_null:
        return {"sql_condition": level.condition, "label_for_charts": level.label, "is_null_level": True}
    return _level(level.condition, level.label, level.frequency)


def _with_missing_right(levels: list[Level]) -> list[Level]:
    """A value missing on the right side alone becomes the level before the last, which is for whatever else differs."""
    null, *others, otherwise = levels
    left, right = null["sql_condition"].split(" OR ")
    return [{**null, "sql_condition": left}, *others, _level(right, MISSING_RIGHT.en), otherwise]


def _level(condition: str, label: str, frequency: str | None = None) -> Level:
    level: Level = {"sql_condition": condition, "label_for_charts": label}
    if frequency:
        level["tf_adjustment_column"] = frequency
        level["tf_adjustment_weight"] = 1.0
        level["tf_minimum_u_value"] = 1e-6
    return level


def _set_probabilities(spec: ComparisonSpec, levels: list[Level]) -> None:
    counted = [level for level in levels if not level.get("is_null_level")]
    for letter, given in (("m", spec.m_probabilities), ("u", spec.u_probabilities)):
        if given is None:
            continue
        for level, probability in zip(counted, given, strict=True):
            level[f"{letter}_probability"] = probability
            level[f"fix_{letter}_probability"] = True

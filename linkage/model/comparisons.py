"""Comparisons as a project file asks for them, of the library or by own levels, made ordinary Splink comparisons.

Term frequency is that of the tone key: a level that agrees in less than the tone key is scaled by how common the more
common of the two names is, relative to the average (Splink's adjustment with the exact level as its base).
"""

from __future__ import annotations

from typing import Any

from linkage.config import ComparisonSpec, FieldKind, LevelSpec
from linkage.config.field_keys import keys_of
from linkage.likeness.library import (
    ALL_ITEMS,
    BUILDERS,
    COSINE,
    DAYS,
    DIFFERENCE,
    EDITS,
    ITEMS,
    KILOMETRES,
    MISSING_RIGHT,
    MONTHS,
    SAME,
    SHARE,
    SWAPPED,
    SWAPS,
    YEARS,
    AgreementLevel,
    FieldColumns,
    else_level,
    exchanged,
    null_level,
    overlap,
    subset,
    within_km,
)
from linkage.words.fields import as_written

Level = dict[str, Any]
SIMILARITIES = {
    "jaro_winkler": ("jaro_winkler_similarity", "Jaro-Winkler"),
    "jaro": ("jaro_similarity", "Jaro"),
    "jaccard": ("jaccard", "Jaccard"),
}
"""Way of a level → DuckDB's function and its name."""
DISTANCES = {"levenshtein": EDITS, "damerau_levenshtein": SWAPS}
DAYS_OF = {"days": (1.0, DAYS), "months": (30.4375, MONTHS), "years": (365.25, YEARS)}
"""Way of a level → days of its unit and its word."""


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
    other = _key(spec.with_, kind) if spec.with_ else ""
    columns = FieldColumns(spec.field, _key(spec.field, kind), year, other, spec.term_frequency, spec.jaro_winkler or ())
    return [_splink_level(level) for level in BUILDERS[spec.use or "category"](columns)]


def _own_levels(spec: ComparisonSpec, kind: FieldKind) -> list[Level]:
    keys = [_key(field, kind) for field in (spec.field, spec.with_) if field]
    own = (_own_level(level, spec, kind) for level in spec.levels or ())
    return [_splink_level(null_level(*keys)), *own, _splink_level(else_level())]


def _own_level(level: LevelSpec, spec: ComparisonSpec, kind: FieldKind) -> Level:
    key, other = _key(spec.field, kind), _key(spec.with_ or "", kind)
    asked = getattr(level, level.way)
    if level.sql is not None:
        return _level(level.sql, level.label or as_written(level.sql))
    if level.exact:
        return _level(f"{key}_l = {key}_r", level.label or SAME.en, key if spec.term_frequency else None)
    if level.way in SIMILARITIES:
        function, name = SIMILARITIES[level.way]
        return _level(f"{_likest(function, key, kind, 'max')} >= {asked}", level.label or f"{name} ≥ {asked}")
    if level.way in DISTANCES:
        word = DISTANCES[level.way]
        return _level(f"{_likest(level.way, key, kind, 'min')} <= {asked}", level.label or f"{word.en} ≤ {asked}")
    if level.way in DAYS_OF:
        days, word = DAYS_OF[level.way]
        return _level(f"abs({key}_l - {key}_r) <= {asked * days:g}", level.label or f"{word.en} ≤ {asked:g}")
    apart = f"abs({key}_l - {key}_r)"
    conditions = {
        "difference": (f"{apart} <= {asked}", f"{DIFFERENCE.en} ≤ {asked}"),
        "percentage_difference": (f"{apart} <= {asked} * greatest(abs({key}_l), abs({key}_r))", f"{SHARE.en} ≤ {asked}"),
        "array_intersect": (overlap(key, asked), f"{ITEMS.en} ≥ {asked}"),
        "array_subset": (subset(key), ALL_ITEMS.en),
        "cosine_similarity": (f"list_cosine_similarity({key}_l, {key}_r) >= {asked}", f"{COSINE.en} ≥ {asked}"),
        "columns_reversed": (exchanged(key, other), SWAPPED.en),
        "distance_km": (within_km(key, other, asked).condition, f"{KILOMETRES.en} ≤ {asked}"),
    }
    condition, label = conditions[level.way]
    return _level(condition, level.label or label)


def _likest(function: str, key: str, kind: FieldKind, best: str) -> str:
    """SQL of a string function of both sides: of dates by their digits, of numbers as text, of lists for the likest two items."""
    if kind is FieldKind.list:
        pairs = f"flatten(list_transform({key}_l, lambda x: list_transform({key}_r, lambda y: [x, y])))"
        return f"list_{best}(list_transform({pairs}, lambda p: {function}(p[1], p[2])))"
    if kind is FieldKind.date:
        key = f"{key}_digits"
    if kind in (FieldKind.number, FieldKind.year):
        return f"{function}(CAST({key}_l AS VARCHAR), CAST({key}_r AS VARCHAR))"
    return f"{function}({key}_l, {key}_r)"


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

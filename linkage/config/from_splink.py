"""A Splink settings file's comparisons as those of a project file, with their m and u kept.

What a project file cannot say is refused, never dropped: a comparison over several columns, a null level with a rule of its
own, term frequencies on a level that is not an equality, and SQL of another backend.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Any

from linkage.errors import ProjectFileError

COLUMN = r'"?(\w+?)_{}"?'
NULL = re.compile(rf"\s*{COLUMN.format('l')}\s+is\s+null\s+or\s+{COLUMN.format('r')}\s+is\s+null\s*", re.IGNORECASE)
EQUAL = re.compile(rf"\s*{COLUMN.format('l')}\s*=\s*{COLUMN.format('r')}\s*", re.IGNORECASE)


def comparisons_from_splink(settings: Mapping[str, Any]) -> list[dict[str, Any]]:
    """The `comparisons` of a project file that compare as a Splink settings file (what `save_model_to_json` writes) does.

    Every level becomes `sql`; where all levels of a comparison have an m (or u) probability, these are fixed. The field is
    the column whose absence is the comparison's null level: declare it in the project file with a kind that keeps its values
    as they are compared (`identifier`, `number`, `sex`, or `text` for cleaned text). An equality with a term-frequency
    adjustment becomes `exact`, which compares a text field's fold key.

    Raises:
        ProjectFileError: a comparison that a project file cannot say, by its name and what to do.

    >>> null = {"sql_condition": "sex_l IS NULL OR sex_r IS NULL", "is_null_level": True}
    >>> same = {"sql_condition": "sex_l = sex_r", "label_for_charts": "same", "m_probability": 0.9, "u_probability": 0.5}
    >>> rest = {"sql_condition": "ELSE", "m_probability": 0.1, "u_probability": 0.5}
    >>> comparisons_from_splink({"comparisons": [{"comparison_levels": [null, same, rest]}]})[0]["levels"]
    [{'sql': 'sex_l = sex_r', 'label': 'same'}]
    """
    dialect = settings.get("sql_dialect") or "duckdb"
    if dialect != "duckdb":
        raise ProjectFileError(f"the settings' SQL is for {dialect}", "Save the model from Splink with DuckDB.")
    comparisons = settings.get("comparisons")
    if not comparisons:
        raise ProjectFileError("the settings have no `comparisons`", "Give the file that Splink's save_model_to_json writes.")
    return [_comparison(comparison, number) for number, comparison in enumerate(comparisons, 1)]


def _comparison(comparison: Mapping[str, Any], number: int) -> dict[str, Any]:
    name = comparison.get("output_column_name") or f"comparison {number}"
    levels: Sequence[Mapping[str, Any]] = comparison.get("comparison_levels") or ()
    nulls = [level for level in levels if level.get("is_null_level")]
    counted = [level for level in levels if not level.get("is_null_level")]
    found = NULL.fullmatch(nulls[0]["sql_condition"]) if len(nulls) == 1 else None
    if found is None or found[1].lower() != found[2].lower() or levels[0] is not nulls[0]:
        raise ProjectFileError(
            f"{name}: its null level is not the absence of one column",
            "A project file compares one field at a time: make one column of the several before linking.",
        )
    if len(counted) < 2 or counted[-1]["sql_condition"].strip().upper() != "ELSE":
        raise ProjectFileError(
            f"{name}: it has no level before a last ELSE level", "Give the comparison an ELSE level in Splink."
        )
    adjusted = [level for level in counted if level.get("tf_adjustment_column")]
    written: dict[str, Any] = {
        "field": found[1],
        "levels": [_level(level, found[1], name) for level in counted[:-1]],
    }
    if adjusted:
        written["term_frequency"] = True
    for letter in ("m", "u"):
        given = [level.get(f"{letter}_probability") for level in counted]
        if all(value is not None for value in given):
            written[f"{letter}_probabilities"] = given
        elif any(value is not None for value in given):
            raise ProjectFileError(
                f"{name}: some of its levels have {'an m' if letter == 'm' else 'a u'} probability and some have none",
                "Train the level in Splink, or take the probabilities out so that the project trains them all.",
            )
    return written


def _level(level: Mapping[str, Any], field: str, name: str) -> dict[str, Any]:
    condition = str(level["sql_condition"])
    label = level.get("label_for_charts") or condition
    frequency = level.get("tf_adjustment_column")
    if not frequency:
        return {"sql": condition, "label": label}
    equal = EQUAL.fullmatch(condition)
    plain = level.get("tf_adjustment_weight", 1.0) == 1.0
    if equal is None or not plain or {equal[1].lower(), equal[2].lower(), frequency.lower()} != {field.lower()}:
        raise ProjectFileError(
            f"{name}, level “{label}”: term frequencies adjust something else than an equality of {field}",
            "A project file adjusts `exact` levels, with weight 1: take the adjustment out in Splink, or write the level anew.",
        )
    return {"exact": True, "label": label}

"""A Splink settings file's comparisons come into a project whole, or are refused by name."""

from __future__ import annotations

import copy
from typing import Any

import duckdb
import pytest
import splink.comparison_library as cl
from splink import SettingsCreator

from linkage.config import ComparisonSpec
from linkage.config.from_splink import comparisons_from_splink
from linkage.errors import ProjectFileError


def settings(*comparisons: Any) -> dict[str, Any]:
    held: dict[str, Any] = SettingsCreator("link_only", comparisons=list(comparisons)).create_settings_dict("duckdb")
    return held


def test_levels_and_probabilities_are_kept() -> None:
    names = cl.JaroWinklerAtThresholds("name", [0.9, 0.8]).configure(
        m_probabilities=[0.6, 0.2, 0.15, 0.05], u_probabilities=[0.01, 0.02, 0.03, 0.94]
    )
    [written] = comparisons_from_splink(settings(names))
    spec = ComparisonSpec.model_validate(written)
    assert spec.field == "name"
    assert spec.m_probabilities == (0.6, 0.2, 0.15, 0.05)
    assert spec.u_probabilities == (0.01, 0.02, 0.03, 0.94)
    assert spec.levels is not None
    # The SQL gives the level that Splink's gives.
    case = " ".join(f"WHEN {level.sql} THEN {number}" for number, level in enumerate(spec.levels))
    row = "SELECT 'martha' AS name_l, 'marhta' AS name_r"
    assert duckdb.sql(f"SELECT CASE {case} ELSE 9 END FROM ({row})").fetchall() == [(1,)]


def test_untrained_comparisons_are_left_to_the_project() -> None:
    held = settings(cl.ExactMatch("sex"))
    for level in held["comparisons"][0]["comparison_levels"]:
        level.pop("m_probability", None), level.pop("u_probability", None)
    [written] = comparisons_from_splink(held)
    assert set(written) == {"field", "levels"}


def test_term_frequencies_go_with_an_equality() -> None:
    [written] = comparisons_from_splink(settings(cl.ExactMatch("name").configure(term_frequency_adjustments=True)))
    assert written["term_frequency"] is True
    assert written["levels"][0]["exact"] is True
    ComparisonSpec.model_validate(written)


def exact() -> dict[str, Any]:
    return copy.deepcopy(settings(cl.ExactMatch("name").configure(m_probabilities=[0.9, 0.1], u_probabilities=[0.1, 0.9])))


def levels_of(held: dict[str, Any]) -> Any:
    return held["comparisons"][0]["comparison_levels"]


def over_two_columns(held: dict[str, Any]) -> None:
    levels_of(held)[0]["sql_condition"] = "name_l IS NULL OR other_r IS NULL"


def without_else(held: dict[str, Any]) -> None:
    levels_of(held).pop()


def half_trained(held: dict[str, Any]) -> None:
    del levels_of(held)[1]["m_probability"]


def adjusted_by_another_column(held: dict[str, Any]) -> None:
    levels_of(held)[1]["tf_adjustment_column"] = "other"


def for_spark(held: dict[str, Any]) -> None:
    held["sql_dialect"] = "spark"


def without_comparisons(held: dict[str, Any]) -> None:
    held["comparisons"] = []


@pytest.mark.parametrize(
    ("change", "told"),
    [
        (over_two_columns, "absence of one column"),
        (without_else, "last ELSE level"),
        (half_trained, "an m probability and some have none"),
        (adjusted_by_another_column, "something else than an equality of name"),
        (for_spark, "SQL is for spark"),
        (without_comparisons, "no `comparisons`"),
    ],
)
def test_what_a_project_file_cannot_say_is_refused(change: Any, told: str) -> None:
    held = exact()
    assert comparisons_from_splink(held)
    change(held)
    with pytest.raises(ProjectFileError, match=told):
        comparisons_from_splink(held)

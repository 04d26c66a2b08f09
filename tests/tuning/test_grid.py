"""Which combinations are tried, and what a grid may say."""

from __future__ import annotations

from pathlib import Path

import pytest

from linkage.errors import ProjectFileError
from linkage.tuning.grid import apply_setting, choose_settings, read_grid


def test_all_or_some_without_repeats() -> None:
    grid = {"a": [1, 2, 3], "b": ["x", "y"]}
    assert len(choose_settings(grid, None, 0)) == len(choose_settings(grid, 99, 0)) == 6
    some = choose_settings(grid, 4, 1)
    assert len({(one["a"], one["b"]) for one in some}) == 4
    assert some == choose_settings(grid, 4, 1) != choose_settings(grid, 4, 2)


def test_a_setting_changes_only_its_keys() -> None:
    project = {"comparisons": [{"field": "name"}, {"field": "born"}], "seed": 1}
    changed = apply_setting(project, {"comparisons.1.term_frequency": True, "seed": 2})
    assert changed == {"comparisons": [{"field": "name"}, {"field": "born", "term_frequency": True}], "seed": 2}
    assert "term_frequency" not in project["comparisons"][1]


@pytest.mark.parametrize(
    ("key", "told"),
    [
        ("comparisons.7.use", "no item 7"),
        ("blockin.predict", "no `blockin`"),
        ("seed.x", "nothing below"),
        ("comparisons.x", "item x"),
    ],
)
def test_a_key_that_leads_nowhere_is_refused(key: str, told: str) -> None:
    with pytest.raises(ProjectFileError, match=told):
        apply_setting({"comparisons": [{"field": "name"}], "blocking": {}, "seed": 1}, {key: 1})


@pytest.mark.parametrize("text", ["", "- a", "a: 1", "a: []", "a: [", "a: word"])
def test_a_grid_that_is_none_is_refused(tmp_path: Path, text: str) -> None:
    file = tmp_path / "grid.yaml"
    file.write_text(text)
    with pytest.raises(ProjectFileError):
        read_grid(file)

"""Two tables whose errors are planted, run to the end of training: m and u are recovered, and errors that come together are named."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from linkage import open_project
from linkage.training import levels_of_strangers, passes

ENTITIES, FEW, VALUES, WRONG = 6_000, 1_500, 120, 0.12
FIELDS = "abcdef"
PROJECT = """
project: planted
title: Planted
seed: 3
left:
  register: table
  source: {{path: "{{data}}/left.csv"}}
  columns: {{record_id: id}}
  fields: &fields {{{fields}}}
right:
  register: table
  source: {{path: "{{data}}/right.csv"}}
  columns: {{record_id: id}}
  fields: *fields
blocking:
  predict: [[a, c], [a, d], [b, e], [b, f], [c, e], [d, f], [c, d], [e, f]]
  train: [[c], [e], [f]]
comparisons: [{comparisons}]
training: {{max_pairs: 1000000}}
"""


def trained(folder: Path, together: float, missing: tuple[float, float] | None = None, entities: int = ENTITIES) -> dict:
    """training.json; field `b` of a left record is wrong with `a` with probability `together`, else by itself.

    With `missing` as many right records come in that no left one belongs to; `b` is missing there in these shares of the
    right records that belong to one and of those that do not.
    """
    random = np.random.default_rng(29)
    right = random.integers(VALUES, size=(entities, len(FIELDS)))
    wrong = random.random(right.shape) < WRONG
    wrong[:, 1] = np.where(random.random(entities) < together, wrong[:, 0], wrong[:, 1])
    left = np.where(wrong, (right + random.integers(1, VALUES, size=right.shape)) % VALUES, right)
    if missing:
        right = np.concatenate([right, random.integers(VALUES, size=right.shape)])
        right[random.random(len(right)) < np.repeat(missing, entities), 1] = -1
    for name, table in (("left", left), ("right", right)):
        rows = [
            f"{name}{number},{','.join('' if value < 0 else f'v{value}' for value in row)}" for number, row in enumerate(table)
        ]
        (folder / f"{name}.csv").write_text("\n".join([f"id,{','.join(FIELDS)}", *rows]) + "\n", encoding="utf-8")
    project = PROJECT.format(
        fields=", ".join(f"{field}: category" for field in FIELDS),
        comparisons=", ".join(
            f"{{field: {field}, use: category{', missing_right: true' if missing and field == 'b' else ''}}}" for field in FIELDS
        ),
    )
    (folder / "planted.yaml").write_text(project, encoding="utf-8")
    return open_project(folder / "planted.yaml", data=folder).run(until="train", out=folder / "run").document("training")


def findings(report: dict) -> list[str]:
    return [one["what"] for one in report["diagnostics"] if one["code"] == "dependent_comparisons"]


def test_planted_m_and_u_are_recovered(tmp_path: Path) -> None:
    report = trained(tmp_path, together=0.0)
    agreements = [level for level in report["levels"] if level["level"] == 1]
    assert len(agreements) == len(FIELDS)
    for level in agreements:
        assert level["m"] == pytest.approx(1 - WRONG, abs=0.01)
        assert level["u"] == pytest.approx(1 / VALUES, abs=0.001)
    assert findings(report) == []


def test_what_a_missing_value_says_is_recovered(tmp_path: Path) -> None:
    report = trained(tmp_path, together=0.0, missing=(0.15, 0.95))
    of_b = {level["label"]: level for level in report["levels"] if level["comparison"] == "b"}
    assert of_b["same"]["m"] == pytest.approx(0.85 * (1 - WRONG), abs=0.01)
    assert of_b["not recorded on the right side"]["m"] == pytest.approx(0.15, abs=0.01)
    assert of_b["not recorded on the right side"]["u"] == pytest.approx((0.15 + 0.95) / 2, abs=0.01)


def test_fields_that_go_wrong_together_are_named(tmp_path: Path) -> None:
    found = findings(trained(tmp_path, together=0.5))
    assert len(found) == 1
    assert "a and b go wrong together" in found[0]


def test_a_change_costs_what_it_touches(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A changed comparison costs its own u and the passes that see it; what the project file gives costs nothing."""
    before = trained(tmp_path, together=0.0, entities=FEW)
    done = []
    look, count = levels_of_strangers._levels_of_strangers, passes._count_pass
    monkeypatch.setattr(levels_of_strangers, "_levels_of_strangers", lambda *a: done.append(a[2].name) or look(*a))
    monkeypatch.setattr(passes, "_count_pass", lambda *a: done.append(a[-1].name) or count(*a))
    report = changed(tmp_path, {"field: c, use: category": "field: c, levels: [exact, {levenshtein: 1}]"})
    assert done == ["c", "e", "f"]
    assert before["passes"][0] == report["passes"][0]
    done.clear()
    given = "m_probabilities: [0.9, 0.1], u_probabilities: [0.01, 0.99]"
    report = changed(tmp_path, {"field: a, use: category": f"field: a, use: category, {given}"})
    assert done == [] and len(report["passes"]) == 3
    own = [level for level in report["levels"] if level["comparison"] == "a"]
    assert [(level["m"], level["u"], level["u_from"]) for level in own] == [
        (0.9, 0.01, "project file"),
        (0.1, 0.99, "project file"),
    ]
    # All are given: no pass is run and none is asked for, though every rule of training leaves `a` to `e` out.
    report = changed(tmp_path, {
        "levels: [exact, {levenshtein: 1}]": "use: category", "use: category}": f"use: category, {given}}}",
        "train: [[c], [e], [f]]": "train: [[a, b, c, d, e]]",
    })  # fmt: skip
    assert done == [] and report["passes"] == [] and report["u"]["sampled_pairs"] == 0
    assert {(level["level"], level["m"], level["u"]) for level in report["levels"]} == {(1, 0.9, 0.01), (0, 0.1, 0.99)}
    assert "level_never_seen" not in {one["code"] for one in report["diagnostics"]}


def changed(folder: Path, words: dict[str, str]) -> dict:
    """training.json after a change of the words of the project file."""
    project = folder / "planted.yaml"
    text = project.read_text(encoding="utf-8")
    for before, after in words.items():
        assert before in text
        text = text.replace(before, after)
    project.write_text(text, encoding="utf-8")
    return open_project(project, data=folder).run(until="train", out=folder / "run").document("training")

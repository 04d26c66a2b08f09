"""The examples on the façade's own verbs are true, and every verb a notebook needs has one."""

from __future__ import annotations

import doctest
import shutil
from pathlib import Path

import pytest

import linkage.project
import linkage.run
from linkage import Project, Run, open_project
from linkage.notebook import simulate_review

ROOT = Path(__file__).parents[2]
VERBS = {
    "open_project",
    *(f"Project.{name}" for name in ("check", "run", "analyse_blocking", "suggest_blocking")),
    *(f"Run.{name}" for name in ("open", "table", "document", "model", "explain", "thresholds")),
    *(f"Run.{name}" for name in ("estimate", "draw_estimates", "report", "decide")),
}
"""All there are, and each is shown by an example."""


def test_the_facade_has_these_verbs_and_few() -> None:
    nouns = {
        "Project.spec",
        "Project.folder",
        "Project.data",
        "Project.sides",
        "Run.path",
        "Run.connection",
        "Run.project",
        "Run.spec",
        "Run.summary",
    }
    there = {f"{one.__name__}.{name}" for one in (Project, Run) for name in vars(one) if not name.startswith("_")}
    assert there - nouns == VERBS - {"open_project"}
    assert len(VERBS) <= 15


@pytest.mark.slow
def test_examples_are_true(
    finished_run: Path, quick_demo: Path, province: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(ROOT)
    shutil.copytree(finished_run, tmp_path / "run")
    labelled = Run.open(shutil.copytree(finished_run, tmp_path / "labelled"))
    simulate_review(labelled, province / "truth.parquet", "birth", "child")
    project = open_project(quick_demo, data=province)
    given = {
        "project": project,
        "run": labelled,
        "registers": province,
        "place": tmp_path,
        "Run": Run,
        "open_project": open_project,
    }
    shown = set()
    find = doctest.DocTestFinder(exclude_empty=True).find
    examples = [one for module in (linkage.project, linkage.run) for one in find(module, extraglobs=given)]
    # doctest does not look into a cached_property
    examples += find(vars(Run)["model"].func, "linkage.run.Run.model", globs=given)
    for example in examples:
        if example.examples:
            shown.add(example.name.split(".", 2)[2])
            ended = doctest.DocTestRunner(optionflags=doctest.ELLIPSIS).run(example)
            assert ended.attempted
            assert not ended.failed, example.name
    assert shown == VERBS

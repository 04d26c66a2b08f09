"""The examples on the façade's own verbs are true, and every verb a notebook needs has one."""

from __future__ import annotations

import doctest
import shutil
from pathlib import Path

import pytest

import linkage.project
import linkage.run
from linkage import Run, open_project
from linkage.notebook import simulate_review

ROOT = Path(__file__).parents[2]
VERBS = {
    "open_project",
    *(f"Project.{name}" for name in ("check", "warnings", "run", "analyse_blocking", "suggest_blocking")),
    *(f"Run.{name}" for name in ("open", "table", "document", "model", "explain", "thresholds")),
    *(f"Run.{name}" for name in ("begin_review", "estimate", "draw_estimates", "report", "update")),
}
"""What is shown by an example; `Run.track` is tried in test_tracking, as it needs an extra."""


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

"""The review set of a review that has begun: kept as it was drawn, for as long as its labels are used."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import TypeVar

from linkage.runs.tables import ANCHORS, FEASIBLE, OUTSIDE, REVIEW_SET, SEARCH_FRAME, SEARCH_SET

Drawn = TypeVar("Drawn")
DESIGN = "review/design"
"""Where it is kept, below the run directory."""
DESIGNED_SET = replace(REVIEW_SET, name=f"{DESIGN}/{REVIEW_SET.name}", writer="linkage review")
"""The review set under review."""


def begin_review(run: Path) -> Path:
    """Keep the review set as it is drawn now; returns the run directory.

    Raises:
        RunDirectoryError: when the run has no review set yet.
    """
    REVIEW_SET.scan(run)
    design = run / DESIGN
    if not design.is_dir():
        partial = design.with_name(".design.partial")
        shutil.rmtree(partial, ignore_errors=True)
        partial.mkdir(mode=0o700, parents=True)
        for table in (REVIEW_SET, OUTSIDE, ANCHORS, FEASIBLE, SEARCH_SET, SEARCH_FRAME):
            if table.is_in(run):
                shutil.copy2(table.path(run), table.path(partial))
        partial.replace(design)
    return run


def enlarge_design(run: Path, draw: Callable[[Path], Drawn]) -> Drawn:
    """Let `draw` write a larger review set, which takes the place of the one under review; a kill leaves one of the two whole."""
    begin_review(run)
    partial = (run / DESIGN).with_name(f".{REVIEW_SET.file}")
    drawn = draw(partial)
    partial.replace(REVIEW_SET.path(run / DESIGN))
    return drawn


def keep_design(run: Path, folder: Path) -> bool:
    """Put the set under review into a folder; whether there is one."""
    if not (run / DESIGN).is_dir():
        return False
    shutil.copytree(run / DESIGN, folder, dirs_exist_ok=True)
    return True

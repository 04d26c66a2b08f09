"""A review in batches, for whoever runs it: where it stands, and the next pairs put under review."""

from __future__ import annotations

from typing import TYPE_CHECKING

from linkage.runs import RunDirectory, silent
from linkage.runs.sql import connect

if TYPE_CHECKING:
    from linkage.decision.batches import ReviewSoFar
    from linkage.run import Run


def review_so_far(run: Run) -> ReviewSoFar:
    """What the labels so far say of each target, and what further ones could; writes the verdicts there are, no more.

    Raises:
        LinkageError: no pair has been labelled yet.
    """
    from linkage.decision.batches import look_at_review
    from linkage.review import write_labels
    from linkage.review.store import store_path

    if store_path(run.path).is_file():
        write_labels(run.path)
    with connect(run.spec.memory_limit, run.spec.threads) as connection:
        return look_at_review(connection, run.path, run.spec)


def review_more(run: Run, pairs: int) -> int:
    """Enlarge the review set by so many pairs, where the labels so far vary most; returns how many it holds then.

    Raises:
        LinkageError: no labels yet, nothing left to draw, or links that have changed since the set was drawn.
    """
    from linkage.decision.batches import draw_batch
    from linkage.pipeline import run_alone
    from linkage.review.design import DESIGN, enlarge_design
    from linkage.review.known_pairs import write_anchors

    with connect(run.spec.memory_limit, run.spec.threads) as connection:
        strata = enlarge_design(run.path, lambda target: draw_batch(connection, run.path, run.spec, pairs, target))
        write_anchors(connection, run.path, run.spec, run.path / DESIGN)
    run_alone(RunDirectory.open(run.path), run.project, "sample", "review more", silent)
    return sum(one.sampled for one in strata)

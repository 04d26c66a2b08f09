"""estimate: precision, recall and error rates of the links as they stand, by every route the run's tables allow."""

from __future__ import annotations

from linkage.runs import tables
from linkage.runs.directory import Counts
from linkage.stages.stage import Stage, Work


def estimate(work: Work) -> Counts:
    """Measure the links that are delivered; what reviewers corrected counts as corrected, and stands for no other pair."""
    from linkage.decision.measuring import measure_run

    with work.connect() as connection:
        found = measure_run(connection, work.inputs, work.spec, work.folder)
    return {"estimates": len(found.estimates), "notes": len(found.notes)}


STAGE = Stage(
    estimate,
    writes=(tables.ESTIMATES,),
    reads=(
        tables.RAW_MENTIONS, tables.RAW_PERSONS, tables.MENTIONS, tables.PERSONS, tables.PAIRS, tables.ASSIGNED, tables.LINKS,
        tables.ENTITIES, tables.THRESHOLDS, tables.REVIEW_SET, tables.OUTSIDE, tables.ANCHORS, tables.VERDICTS,
        tables.SEARCH_SET, tables.SEARCH_FRAME, tables.SEARCHES, tables.REGISTERED_TWICE,
    ),
    config=lambda spec: [spec.targets, spec.comparisons, spec.review.stratify_by, spec.seed],
    waits_for=(tables.LABELS,),
)  # fmt: skip

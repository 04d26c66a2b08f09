"""report: the method report as one page."""

from __future__ import annotations

from linkage.runs import tables
from linkage.runs.directory import Counts
from linkage.stages.stage import Stage, Work


def report(work: Work) -> Counts:
    """Facts, tables and figures of the run, in the language of the project file."""
    from linkage.report.building import write_report

    return write_report(work.inputs, work.project, work.folder)


STAGE = Stage(
    report,
    writes=(tables.REPORT_PAGE,),
    reads=(
        tables.RAW_MENTIONS, tables.RAW_PERSONS, tables.QUARANTINE, tables.MENTIONS, tables.PERSONS, tables.PAIRS,
        tables.BLOCKING, tables.TRAINING, tables.RELATIVES, tables.CLAIMS, tables.ORDER_OF_DATES,
        tables.ASSIGNED, tables.LINKS, tables.ENTITIES, tables.THRESHOLDS,
        tables.REVIEW_SET, tables.SEARCH_SET, tables.SEARCHES, tables.FEASIBLE, tables.LABELS, tables.ESTIMATES,
        tables.OUTCOMES, tables.DIFFERENCES,
    ),
    config=lambda spec: spec,
)  # fmt: skip

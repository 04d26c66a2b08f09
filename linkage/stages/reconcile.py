"""reconcile: what each mention and each person comes to, and which fields differ on links."""

from __future__ import annotations

from typing import Any

from linkage.config import ProjectSpec
from linkage.runs.directory import Counts
from linkage.runs.tables import (
    CANDIDATES,
    DIFFERENCES,
    FIELD_DIFFERENCES,
    LINKS,
    MENTIONS,
    OUTCOMES,
    PERSONS,
    RAW_MENTIONS,
    RAW_PERSONS,
    THRESHOLDS,
)
from linkage.stages.stage import Stage, Work


def reconcile(work: Work) -> Counts:
    """Outcomes by the office's codes, and the differences of accepted links."""
    from linkage.reconcile.outcomes import write_outcomes

    with work.connect() as connection:
        return write_outcomes(connection, work.inputs, work.plan.shared, work.folder)


def _outcome_codes(spec: ProjectSpec) -> Any:
    from linkage.reconcile.codes import OUTCOMES_FILE

    return OUTCOMES_FILE.read_text(encoding="utf-8")


STAGE = Stage(
    reconcile,
    writes=(OUTCOMES, DIFFERENCES),
    reads=(RAW_MENTIONS, RAW_PERSONS, MENTIONS, PERSONS, CANDIDATES, FIELD_DIFFERENCES, LINKS, THRESHOLDS),
    config=_outcome_codes,
)

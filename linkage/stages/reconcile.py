"""reconcile: what each mention and each person comes to, and which fields differ on links."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from linkage.config import LoadedProject
from linkage.errors import ProjectFileError
from linkage.runs.directory import Counts
from linkage.runs.tables import (
    CANDIDATES,
    DIFFERENCES,
    FIELD_DIFFERENCES,
    LINKS,
    MENTIONS,
    OUTCOME_CODES,
    OUTCOMES,
    PERSONS,
    RAW_MENTIONS,
    RAW_PERSONS,
    REGISTERED_TWICE,
    THRESHOLDS,
)
from linkage.stages.plan import Plan
from linkage.stages.stage import Stage, Work


def reconcile(work: Work) -> Counts:
    """Outcomes by the office's codes, and the differences of accepted links."""
    from linkage.reconcile.codes import OutcomeCodes
    from linkage.reconcile.outcomes import write_outcomes

    with work.connect() as connection:
        counts = write_outcomes(connection, work.inputs, work.plan.shared, work.folder, _codes(work.project))
    fell = OutcomeCodes.of_run(work.folder).by_default
    return {**counts, **({"by_default": ", ".join(fell)} if fell else {})}


def _codes(project: LoadedProject) -> Path:
    from linkage.reconcile.codes import OUTCOMES_FILE

    own = project.spec.reconcile.outcomes
    return project.folder / own if own else OUTCOMES_FILE


def _files(project: LoadedProject) -> tuple[Path, ...]:
    """An office's own file is completed from the shipped one."""
    from linkage.reconcile.codes import OUTCOMES_FILE

    return tuple(dict.fromkeys((OUTCOMES_FILE, _codes(project))))


def check(project: LoadedProject, plan: Plan) -> Iterator[ProjectFileError]:
    """The file of outcomes: there, known findings, and everything in it hangs together."""
    from linkage.reconcile.codes import read_codes

    try:
        read_codes(_codes(project))
    except ProjectFileError as fault:
        yield fault


def warn(project: LoadedProject, plan: Plan) -> Iterator[str]:
    """Findings the office's file says nothing of."""
    from linkage.reconcile.codes import read_codes

    read = read_codes(_codes(project))
    if read.by_default:
        yield f"{project.place(('reconcile', 'outcomes'))} {read.told_by_default()}"


STAGE = Stage(
    reconcile,
    writes=(OUTCOMES, DIFFERENCES, OUTCOME_CODES),
    reads=(RAW_MENTIONS, RAW_PERSONS, MENTIONS, PERSONS, CANDIDATES, FIELD_DIFFERENCES, LINKS, THRESHOLDS, REGISTERED_TWICE),
    config=lambda spec: None,
    files=_files,
    check=check,
    warn=warn,
)

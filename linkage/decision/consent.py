"""A decision that a person agreed to, as an input of the run: written by `linkage decide`, kept through later runs, undoable."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal

from linkage.decision.thresholds import Choice, Thresholds
from linkage.runs.fingerprints import fingerprint, hash_file
from linkage.runs.tables import DECISION, LOG_LINEAR, MODEL, RELATIVES

if TYPE_CHECKING:
    from pathlib import Path

    from linkage.config.project_spec import ThresholdsSpec

State = Literal["none", "holds", "lapsed"]


def agreed_thresholds(run: Path, given: ThresholdsSpec) -> tuple[Thresholds | None, State]:
    """The thresholds a person agreed to, and whether that decision still holds.

    A project file's own thresholds win over it. It has lapsed where the model is another one: weights mean something else then.
    """
    if given.upper is not None or given.lower is not None or not DECISION.is_in(run):
        return None, "none"
    held = DECISION.read(run)
    if held["model"] != model_fingerprint(run):
        return None, "lapsed"
    agreed = Thresholds(
        upper=held["upper"],
        lower=held["lower"],
        expected_false_link_rate=held["expected_false_link_rate"],
        expected_missed_link_rate=held["expected_missed_link_rate"],
        clerical_pairs=held["clerical_pairs"],
        exceeds_capacity=held["exceeds_capacity"],
        how="labels",
        choices=tuple(Choice(**one) for one in held["choices"]),  # type: ignore[arg-type]
    )
    return agreed, "holds"


def model_fingerprint(run: Path) -> str:
    """Of everything that training leaves and weights are made of."""
    return fingerprint(*(hash_file(one.path(run)) if one.is_in(run) else "" for one in (MODEL, RELATIVES, LOG_LINEAR)))

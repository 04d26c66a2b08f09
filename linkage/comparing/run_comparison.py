"""The comparison of two runs as plain data."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path

from linkage.comparing.fair_sample import LabelledStratum
from linkage.comparing.links import CommonMentions, StratumChanges
from linkage.comparing.models import Level, Setting
from linkage.comparing.paired import PairedEstimate


@dataclass(frozen=True)
class RunComparison:
    """Two runs held against each other; A is the earlier, B the one that may replace it.

    `changes` has one row a stratum, all mentions first; `estimates` are there as far as labels and numbers allow; `notes` say
    what they do not; `sample` is the state of the review set. Files are in `folder`.
    """

    run_a: str
    run_b: str
    folder: Path
    synthetic: bool
    mentions: CommonMentions
    links_a: int
    links_b: int
    changes: list[StratumChanges]
    settings: list[Setting]
    levels: list[Level]
    estimates: list[PairedEstimate]
    sample: list[LabelledStratum]
    notes: list[str] = field(default_factory=list)

    @property
    def whole(self) -> StratumChanges:
        """The changes over all mentions."""
        none = StratumChanges("all", "all", 0, 0, 0, 0)
        return next((one for one in self.changes if one.by == "all"), none)

    @property
    def page(self) -> Path:
        """The HTML page."""
        return self.folder / "compare.html"

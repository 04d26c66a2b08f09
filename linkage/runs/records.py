"""What is remembered of a finished stage."""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass
from pathlib import Path

from linkage.runs.files import write_json
from linkage.runs.shapes import StageSummary


@dataclass(frozen=True)
class StageRecord:
    """A stage that ended well."""

    stage: str
    fingerprint: str
    files: dict[str, int]
    """Output file → its size in bytes."""
    counts: dict[str, int | float | str]
    """Figures the stage reports: rows in, used, quarantined, pairs, links …"""
    seconds: float
    peak_memory_mb: float
    finished_at: str

    def is_intact(self, folder: Path) -> bool:
        """Whether every output is still there in its full size."""
        return all((folder / name).is_file() and (folder / name).stat().st_size == size for name, size in self.files.items())

    @property
    def summary(self) -> StageSummary:
        """The record as run.json has it, under the stage's name."""
        return {
            "fingerprint": self.fingerprint,
            "files": self.files,
            "counts": self.counts,
            "seconds": self.seconds,
            "peak_memory_mb": self.peak_memory_mb,
            "finished_at": self.finished_at,
        }

    def write(self, path: Path) -> None:
        """Write the record; from then on the stage is finished."""
        write_json(path, asdict(self))

    @staticmethod
    def read(path: Path) -> StageRecord | None:
        """The record, or None when there is none or it is damaged."""
        try:
            return StageRecord(**json.loads(path.read_text(encoding="utf-8")))
        except (OSError, ValueError, TypeError):
            return None

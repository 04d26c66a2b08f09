"""The peak memory of a piece of work."""

from __future__ import annotations

import resource
from pathlib import Path

CLEAR_REFERENCES = Path("/proc/self/clear_refs")
STATUS = Path("/proc/self/status")


def reset_peak_memory() -> None:
    """Start a new peak, where the system can (Linux)."""
    if CLEAR_REFERENCES.exists():
        try:
            CLEAR_REFERENCES.write_text("5")
        except OSError:
            return


def peak_memory_mb() -> float:
    """Peak resident memory of this process since the last reset, in MiB."""
    if STATUS.exists():
        for line in STATUS.read_text().splitlines():
            if line.startswith("VmHWM:"):
                return round(int(line.split()[1]) / 1024, 1)
    return round(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024, 1)

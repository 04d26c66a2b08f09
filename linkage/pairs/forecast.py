"""What blocking will take, told from counts of blocks before the first join of pairs."""

from __future__ import annotations

import shutil
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from linkage.errors import LinkageError
from linkage.pairs.blocking import RulePairs
from linkage.pairs.refinement import Numbered
from linkage.pairs.sides import Sides
from linkage.words.fields import as_written

BYTES_A_PAIR = 14
"""On disk, with its levels."""
PAIRS_A_SECOND = 1_000_000
"""Pairs compared and written a second by one core, of the order that reports/benchmarks/matching.md measures."""
PROPOSALS_A_CHUNK = 100_000_000
"""Proposals (a pair, once for every rule that proposes it) that are worked through together."""
BYTES_A_PROPOSAL = 24
"""Of a chunk, with the pairs that are made of it."""
BYTES_A_BLOCK = 8
"""A record's number under one rule."""


@dataclass(frozen=True)
class Forecast:
    """Candidate pairs and what they take, about and at most."""

    pairs: int
    working_bytes: int
    """Held at one time while pairs are proposed: in memory, and on disk as far as the memory limit is less."""
    stored_bytes: int
    seconds: float
    """To compare the pairs and write them, on so many threads."""


def forecast_pairs(numbered: Numbered, sides: Sides, threads: int) -> Forecast:
    """Forecast from the blocks of all rules."""
    proposals = sum(one.pairs for one in numbered.rules)
    pairs = min(numbered.pairs, proposals)
    records = sides.left_rows + (0 if sides.is_dedupe else sides.right_rows)
    working = min(proposals, PROPOSALS_A_CHUNK) * BYTES_A_PROPOSAL + records * len(numbered.rules) * BYTES_A_BLOCK
    parts = 2 if proposals > PROPOSALS_A_CHUNK else 1  # the parts, and the one file they are put together in
    return Forecast(pairs, working, pairs * BYTES_A_PAIR * parts, pairs / PAIRS_A_SECOND / threads)


def refuse_beyond_disk(numbered: Numbered, sides: Sides, folder: Path) -> None:
    """End before the first join where the pairs would not find room.

    Raises:
        LinkageError: with the room needed and there, the three rules that cost most, and what to do.
    """
    found = forecast_pairs(numbered, sides, 1)
    needed, free = found.working_bytes + found.stored_bytes, shutil.disk_usage(folder).free
    if needed > free:
        raise LinkageError(
            f"blocking would propose about {found.pairs:,} pairs, which need {needed / 1e9:,.1f} GB of disk to work and to keep;"
            f" {free / 1e9:,.1f} GB are free. What costs most: {dearest(numbered.rules)}",
            "Ask a further key in these rules, give them a `cap`, lower blocking.pairs_per_entry, or free disk space.",
        )


def dearest(rules: Sequence[RulePairs]) -> str:
    """The three rules that propose most pairs, with how many."""
    most = sorted(rules, key=lambda one: (-one.pairs, one.rule))[:3]
    return "; ".join(f"{as_written(one.rule)} ({one.pairs:,} pairs)" for one in most)

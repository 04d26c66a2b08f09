"""Planted truth: level data simulated from known m and u."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from linkage.statistics.fellegi_sunter import Floats, Patterns

M = ((0.03, 0.07, 0.9), (0.1, 0.2, 0.7), (0.05, 0.95), (0.02, 0.08, 0.1, 0.8))
U = ((0.9, 0.08, 0.02), (0.8, 0.15, 0.05), (0.5, 0.5), (0.85, 0.1, 0.04, 0.01))


def simulate(prior: float, pairs: int, seed: int, together: float = 0.0, missing: float = 0.0) -> tuple[Patterns, np.ndarray]:
    """Counted patterns drawn from M and U; with probability `together` a match's comparisons 0 and 1 take the same fate."""
    random = np.random.default_rng(seed)
    matched = random.random(pairs) < prior
    columns = []
    for m, u in zip(M, U, strict=True):
        drawn = np.where(matched, random.choice(len(m), pairs, p=m), random.choice(len(u), pairs, p=u))
        columns.append(np.where(random.random(pairs) < missing, -1, drawn))
    struck = matched & (random.random(pairs) < together)
    columns[1] = np.where(struck & (columns[0] >= 0), columns[0], columns[1])
    table = np.column_stack([*columns, matched])
    patterns, counts = np.unique(table, axis=0, return_counts=True)
    return Patterns(patterns[:, :-1].astype(np.int8), counts.astype(float)), patterns[:, -1].astype(bool)


def arrays(probabilities: Sequence[Sequence[float]]) -> list[Floats]:
    return [np.array(one) for one in probabilities]

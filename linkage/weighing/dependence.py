"""Dependence between comparisons among matches, measured and, where asked for, taken into the link weight.

Fellegi and Sunter's weights multiply the comparisons as if errors struck each field by itself. They do not: a clerk who
misreads one field misreads the next. Measured on *agreement* (closest level or not) of each comparison among likely
matches: candidate pairs counted with their match probability. The remedy is log-linear: the joint distribution of
agreements that has the pairs' two-way margins and nothing else (iterative proportional fitting, Deming and Stephan
1940; Thibaudeau 1993 for linkage), and each pattern's link weight moves by log2 of its ratio to independence.
Population: candidate pairs, so pairs that agree on no blocking rule are not in it.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from itertools import combinations, product
from typing import Any

import numpy as np

from linkage.runs.sql import quote
from linkage.statistics.fellegi_sunter import Floats, Patterns

LARGEST_SHIFT = 12.0
"""Bits by which a pattern's weight may move."""


@dataclass(frozen=True)
class Association:
    """How two comparisons agree together among likely matches."""

    a: str
    b: str
    correlation: float
    """Phi coefficient of the two agreements, -1 to 1."""
    ratio: float
    """Share of matches where both differ ÷ the share that independence gives."""


def measure_dependence(patterns: Patterns, matched: Floats, names: Sequence[str]) -> list[Association]:
    """Every pair of comparisons, strongest first; `matched` are expected matches a pattern, `names` the comparisons."""
    top = patterns.levels.max(axis=0)
    found = []
    for first, second in combinations(range(len(names)), 2):
        present = (patterns.levels[:, first] >= 0) & (patterns.levels[:, second] >= 0)
        weight = matched[present]
        total = weight.sum()
        if total < 100:
            continue
        differs = [(patterns.levels[present, position] < top[position]).astype(float) for position in (first, second)]
        a, b = (float((weight * one).sum() / total) for one in differs)
        both = float((weight * differs[0] * differs[1]).sum() / total)
        spread = math.sqrt(a * (1 - a) * b * (1 - b))
        if spread > 0 and a * b > 0:
            found.append(Association(names[first], names[second], (both - a * b) / spread, both / (a * b)))
    return sorted(found, key=lambda one: (-abs(one.correlation), one.a, one.b))


@dataclass(frozen=True)
class LogLinearAdjustment:
    """Bits to add to the link weight by which comparisons agree (1), differ (0) or are missing (2)."""

    gammas: tuple[str, ...]
    agreement: tuple[int, ...]
    """The level of each comparison that counts as agreement."""
    bits: tuple[float, ...]
    """Indexed by the base-3 number of the states, the first comparison most significant."""

    def as_plain(self) -> dict[str, Any]:
        """For model files."""
        return asdict(self)

    @staticmethod
    def from_dict(held: dict[str, Any]) -> LogLinearAdjustment:
        """Read back from JSON."""
        return LogLinearAdjustment(*(tuple(held[key]) for key in ("gammas", "agreement", "bits")))


def fit_log_linear(patterns: Patterns, matched: Floats, gammas: Sequence[str]) -> LogLinearAdjustment:
    """Fit the two-way log-linear model to the expected matches, by iterative proportional fitting on complete patterns."""
    top = patterns.levels.max(axis=0)
    complete = (patterns.levels >= 0).all(axis=1)
    size = len(gammas)
    cells = np.zeros((2,) * size)
    agrees = (patterns.levels[complete] == top).astype(int)
    np.add.at(cells, tuple(agrees.T), matched[complete])
    observed = (cells + 1e-6) / (cells + 1e-6).sum()
    one_way = [observed.sum(axis=tuple(other for other in range(size) if other != axis)) for axis in range(size)]
    independent = np.ones((2,) * size)
    for axis, margin in enumerate(one_way):
        independent = independent * margin.reshape([2 if other == axis else 1 for other in range(size)])
    joint = independent.copy()
    for _ in range(200):
        moved = 0.0
        for pair in combinations(range(size), 2):
            others = tuple(other for other in range(size) if other not in pair)
            wanted, held = observed.sum(axis=others, keepdims=True), joint.sum(axis=others, keepdims=True)
            ratio = wanted / np.maximum(held, 1e-300)
            joint = joint * ratio
            moved = max(moved, float(np.abs(ratio - 1).max()))
        if moved < 1e-8:
            break
    bits = []
    for states in product(range(3), repeat=size):
        where = tuple(slice(None) if state == 2 else state for state in states)
        shift = math.log2(max(float(joint[where].sum()), 1e-300) / max(float(independent[where].sum()), 1e-300))
        bits.append(round(max(-LARGEST_SHIFT, min(LARGEST_SHIFT, shift)), 9))
    return LogLinearAdjustment(tuple(gammas), tuple(int(one) for one in top), tuple(bits))


def log_linear_sql(model: LogLinearAdjustment) -> str:
    """The bits to add, as SQL over the gamma columns: an element of a constant list."""
    states = " + ".join(
        f"{3 ** (len(model.gammas) - 1 - position)} * (CASE {quote(gamma)} WHEN {agreement} THEN 1 WHEN -1 THEN 2 ELSE 0 END)"
        for position, (gamma, agreement) in enumerate(zip(model.gammas, model.agreement, strict=True))
    )
    return f"list_extract([{', '.join(repr(one) for one in model.bits)}]::DOUBLE[], 1 + {states})"

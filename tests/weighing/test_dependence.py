from __future__ import annotations

from itertools import product

import numpy as np
import pytest

from linkage.weighing.dependence import fit_log_linear, log_linear_sql, measure_dependence
from tests.statistics.simulated_levels import simulate

NAMES = ["a", "b", "c", "d"]
GAMMAS = [f"gamma_{name}" for name in NAMES]


def test_independent_comparisons_are_not_called_dependent() -> None:
    patterns, matched = simulate(0.5, 200_000, seed=2)
    found = measure_dependence(patterns, patterns.counts * matched, NAMES)
    assert len(found) == 6
    assert max(abs(one.correlation) for one in found) < 0.02


def test_planted_dependence_is_found_first() -> None:
    patterns, matched = simulate(0.5, 200_000, seed=2, together=0.4)
    strongest = measure_dependence(patterns, patterns.counts * matched, NAMES)[0]
    assert (strongest.a, strongest.b) == ("a", "b")
    assert strongest.correlation > 0.2 and strongest.ratio > 1.5


def test_log_linear_gives_the_joint_share_of_errors(connection) -> None:
    patterns, matched = simulate(0.5, 400_000, seed=2, together=0.4)
    model = fit_log_linear(patterns, patterns.counts * matched, GAMMAS)
    top = patterns.levels.max(axis=0)
    both_differ = ((patterns.levels[:, 0] < top[0]) & (patterns.levels[:, 1] < top[1]) & matched) * patterns.counts
    one, other = (((patterns.levels[:, n] < top[n]) & matched) * patterns.counts for n in (0, 1))
    total = (patterns.counts * matched).sum()
    planted = np.log2(both_differ.sum() / total / (one.sum() / total * other.sum() / total))
    state = 0 * 27 + 0 * 9 + 2 * 3 + 2
    assert model.bits[state] == pytest.approx(planted, abs=0.01)
    rows = [[0, 0, -1, -1], [*(int(level) for level in top)], [-1, -1, -1, -1]]
    values = ", ".join(f"({', '.join(str(level) for level in row)})" for row in rows)
    found = connection.execute(f"SELECT {log_linear_sql(model)} FROM (VALUES {values}) t({', '.join(GAMMAS)})").fetchall()
    assert [row[0] for row in found] == pytest.approx([model.bits[state], model.bits[1 * 27 + 1 * 9 + 1 * 3 + 1], 0.0])


def test_adjusted_shares_sum_to_one() -> None:
    patterns, matched = simulate(0.5, 100_000, seed=9, together=0.3)
    model = fit_log_linear(patterns, patterns.counts * matched, GAMMAS)
    top = patterns.levels.max(axis=0)
    weight = patterns.counts * matched
    agree = [float((weight * (patterns.levels[:, n] == top[n])).sum() / weight.sum()) for n in range(4)]
    total = 0.0
    for states in product((0, 1), repeat=4):
        independent = np.prod([agree[n] if state else 1 - agree[n] for n, state in enumerate(states)])
        total += independent * 2 ** model.bits[sum(state * 3 ** (3 - n) for n, state in enumerate(states))]
    assert total == pytest.approx(1.0, abs=1e-3)

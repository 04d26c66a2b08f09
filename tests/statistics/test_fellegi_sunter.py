from __future__ import annotations

from itertools import pairwise

import numpy as np
import pytest
from splink import DuckDBAPI, SettingsCreator
from splink.internals.duckdb.dataframe import DuckDBDataFrame
from splink.internals.expectation_maximisation import expectation_maximisation

from linkage.statistics.fellegi_sunter import Patterns, fit_m, fit_prior, without_relatives
from tests.statistics.simulated_levels import M, U, arrays, simulate

START = (0.3, [np.exp(3 * np.arange(len(m)) / len(m)) / np.exp(3 * np.arange(len(m)) / len(m)).sum() for m in M])


@pytest.mark.parametrize("free", [False, True], ids=["u known", "u free"])
@pytest.mark.parametrize(("prior", "missing"), [(0.05, 0.0), (0.3, 0.2), (0.8, 0.05)])
def test_known_parameters_are_recovered(prior: float, missing: float, free: bool) -> None:
    patterns, _ = simulate(prior, 400_000, seed=7, missing=missing)
    fit = fit_m(patterns, arrays(U), START, 500, 1e-7, free_u=frozenset(range(4)) if free else frozenset())
    assert fit.converged
    assert fit.prior == pytest.approx(prior, abs=0.01)
    for found, planted in zip([*fit.m, *fit.u], [*M, *U], strict=True):
        assert np.abs(found - planted).max() < 0.01


def test_iteration_limit_is_told_as_not_converged() -> None:
    patterns, _ = simulate(0.05, 50_000, seed=1)
    assert not fit_m(patterns, arrays(U), START, 2, 1e-9).converged


def test_likelihood_never_falls_with_more_iterations() -> None:
    patterns, _ = simulate(0.1, 50_000, seed=3)
    reached = [fit_m(patterns, arrays(U), START, limit, 0.0).log_likelihood for limit in range(1, 12)]
    assert all(later >= earlier - 1e-6 for earlier, later in pairwise(reached))


def test_fixed_comparison_keeps_its_m() -> None:
    patterns, _ = simulate(0.1, 50_000, seed=3)
    held = np.array([0.2, 0.3, 0.5])
    fit = fit_m(patterns, arrays(U), (0.1, [held, *START[1][1:]]), 50, 1e-6, frozenset({0}))
    assert np.array_equal(fit.m[0], held)


def test_prior_alone_is_recovered() -> None:
    patterns, _ = simulate(0.02, 300_000, seed=5)
    assert fit_prior(patterns, arrays(M), arrays(U)) == pytest.approx(0.02, abs=0.001)


def test_same_parameters_as_splink(connection) -> None:
    """Splink's expectation-maximisation on the same patterns ends where ours does."""
    patterns, _ = simulate(0.2, 100_000, seed=11)
    comparisons = [
        {
            "output_column_name": f"c{number}",
            "comparison_levels": [
                {"sql_condition": f"c{number}_l IS NULL", "is_null_level": True, "label_for_charts": "missing"},
                *({"sql_condition": f"c{number}_l = {level}", "label_for_charts": str(level)} for level in range(len(m) - 1)),
                {"sql_condition": "ELSE", "label_for_charts": "else"},
            ],
        }
        for number, m in enumerate(M)
    ]
    settings = SettingsCreator(
        link_type="link_only", comparisons=comparisons, unique_id_column_name="id", em_convergence=1e-9, max_iterations=500
    ).get_settings("duckdb")
    core = settings.core_model_settings.copy()
    core.probability_two_random_records_match = START[0]
    for comparison, u, start in zip(core.comparisons, U, START[1], strict=True):
        for level in comparison._comparison_levels_excluding_null:
            level.u_probability = u[level.comparison_vector_value]
            level.m_probability = float(start[level.comparison_vector_value])
    rows = [(*map(int, levels), int(count)) for levels, count in zip(patterns.levels, patterns.counts, strict=True)]
    connection.execute("CREATE TABLE counted (" + ", ".join(f"gamma_c{n} TINYINT" for n in range(4)) + ", pairs BIGINT)")
    connection.executemany("INSERT INTO counted VALUES (?, ?, ?, ?, ?)", rows)
    connection.execute("CREATE VIEW pairs_view AS SELECT counted.* EXCLUDE (pairs) FROM counted, range(pairs)")
    api = DuckDBAPI(connection)
    history = expectation_maximisation(
        api, settings.training_settings, True, core, settings.column_info_settings.unique_id_input_columns, {"u"},
        DuckDBDataFrame("__splink__df_comparison_vectors", "pairs_view", api),
    )  # fmt: skip
    fit = fit_m(patterns, arrays(U), START, 500, 1e-9)
    assert history[-1].probability_two_random_records_match == pytest.approx(fit.prior, abs=1e-6)
    for comparison, found in zip(history[-1].comparisons, fit.m, strict=True):
        for level in comparison._comparison_levels_excluding_null:
            assert level.m_probability == pytest.approx(found[level.comparison_vector_value], abs=1e-6)


def test_strangers_who_share_the_key_of_a_pass_do_not_become_matches() -> None:
    """One match in a hundred pairs of namesakes, whose second comparison is not that of two random records.

    With u held at that of random records the matches' class takes in nearly all pairs; with a u of the pass it finds M.
    """
    namesakes = (*U[:2], (0.01, 0.99), U[3])
    random = np.random.default_rng(17)
    matched = random.random(400_000) < 0.01
    drawn = [
        np.where(matched, random.choice(len(m), len(matched), p=m), random.choice(len(u), len(matched), p=u))
        for m, u in zip(M, namesakes, strict=True)
    ]
    levels, counts = np.unique(np.column_stack(drawn), axis=0, return_counts=True)
    patterns = Patterns(levels.astype(np.int8), counts.astype(float))
    held = fit_m(patterns, arrays(U), START, 2_000, 1e-7)
    free = fit_m(patterns, arrays(U), START, 2_000, 1e-7, free_u=frozenset(range(4)))
    assert held.prior > 0.5
    assert free.prior == pytest.approx(0.01, abs=0.002)
    for found, planted in zip(free.u, namesakes, strict=True):
        assert np.abs(found - planted).max() < 0.01
    for found, planted in zip(free.m, M, strict=True):
        assert np.abs(found - planted).max() < 0.03


def test_relatives_among_the_pairs_of_a_pass_are_not_learned_as_matches() -> None:
    """One pair in twenty agrees like a match but for two comparisons, which have r there (twins, on a date)."""
    random = np.random.default_rng(23)
    r = [np.array((0.97, 0.02, 0.01)), None, np.array((0.5, 0.5)), None]
    kind = random.choice(3, 400_000, p=(0.3, 0.05, 0.65))
    drawn = [
        np.choose(kind, [random.choice(len(m), len(kind), p=one) for one in (m, m if given is None else given, u)])
        for m, given, u in zip(M, r, U, strict=True)
    ]
    levels, counts = np.unique(np.column_stack(drawn), axis=0, return_counts=True)
    patterns = Patterns(levels.astype(np.int8), counts.astype(float))
    fit = fit_m(patterns, arrays(U), START, 500, 1e-7)
    assert fit.m[0][0] > M[0][0] + 0.08
    among_relatives = r[0][patterns.levels[:, 0]] * r[2][patterns.levels[:, 2]]
    left = without_relatives(patterns, fit, frozenset((0, 2)), among_relatives, 500)
    assert patterns.pairs - left.pairs == pytest.approx(20_000, rel=0.1)
    again = fit_m(left, arrays(U), (fit.prior, fit.m), 500, 1e-7)
    assert again.prior * left.pairs == pytest.approx(120_000, rel=0.02)
    for found, planted in zip(again.m, M, strict=True):
        assert np.abs(found - planted).max() < 0.015

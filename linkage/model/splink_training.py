"""Splink's expectation-maximisation on counted agreement patterns, in a DuckDB of its own that is closed afterwards.

Splink's cache belongs to the connection, a failed training alters its settings, and it leaves its tables: none of that
reaches the model or the run's own connection.
"""

from __future__ import annotations

import logging
from collections.abc import Sequence

import numpy as np
from splink import DuckDBAPI
from splink.internals.duckdb.dataframe import DuckDBDataFrame
from splink.internals.expectation_maximisation import expectation_maximisation
from splink.internals.settings import TrainingSettings

from linkage.model.match_model import MatchModel
from linkage.model.settings import splink_settings
from linkage.runs.sql import connect, quote, quote_list
from linkage.statistics.fellegi_sunter import DIGITS, Fit, Floats, Patterns

NEVER = 1e-12
"""Splink cannot hold a probability of 0, which that of a level never seen among matches, or among others, comes to."""


def train_with_splink(
    model: MatchModel, compared: Sequence[int], start: Fit, patterns: Patterns, convergence: float, most_iterations: int
) -> tuple[tuple[Floats, ...], int]:
    """M of the fields at the places `compared`, from where `start` ended and with its u; and the iterations it took.

    `patterns` has one column a compared field. What the project file fixes stays as it is.
    """
    logging.getLogger("splink").setLevel(logging.ERROR)
    settings = splink_settings(model, compared)
    core = settings.core_model_settings
    core.probability_two_random_records_match = start.prior
    for comparison, m, u in zip(core.comparisons, start.m, start.u, strict=True):
        for level in comparison._comparison_levels_excluding_null:
            if not level._fix_m_probability:
                level.m_probability = max(float(m[level.comparison_vector_value]), NEVER)
                level._fix_m_probability = level.m_probability == NEVER
            if not level._fix_u_probability:
                level.u_probability = max(float(u[level.comparison_vector_value]), NEVER)
    gammas = [model.gammas[place] for place in compared]
    columns = ", ".join(f"unnest(${number + 1})::TINYINT AS {quote(gamma)}" for number, gamma in enumerate(gammas))
    values = [patterns.levels[:, number].tolist() for number in range(len(gammas))]
    with connect() as connection:
        connection.execute(
            f"CREATE TEMP TABLE training_patterns AS SELECT {columns}, unnest(${len(gammas) + 1})::BIGINT AS pairs",
            [*values, np.rint(patterns.counts).astype(int).tolist()],
        )
        connection.execute(f"CREATE TEMP VIEW training_pairs AS SELECT {quote_list(gammas)} FROM training_patterns, range(pairs)")
        api = DuckDBAPI(connection)
        history = expectation_maximisation(
            db_api=api,
            training_settings=TrainingSettings(convergence, most_iterations),
            estimate_without_term_frequencies=True,
            core_model_settings=core,
            unique_id_input_columns=settings.column_info_settings.unique_id_input_columns,
            training_fixed_probabilities={"u"},
            df_comparison_vector_values=DuckDBDataFrame("__splink__df_comparison_vectors", "training_pairs", api),
        )
    trained = []
    for comparison in history[-1].comparisons:
        m = np.array([level.m_probability for level in reversed(comparison._comparison_levels_excluding_null)], dtype=float)
        trained.append(np.where(m > 1e-9, m, 0.0).round(DIGITS))
    return tuple(trained), len(history) - 1

"""Training: prior, u and m, with a report of everything that was done.

m is trained by Splink's expectation-maximisation on agreement patterns, one pass a training rule, from the best of
several starting points. Passes are combined level by level: the median over the passes that could see the comparison,
scaled to sum to one. A pass works on copies, so one that fails never alters the model.
"""

from __future__ import annotations

import logging
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import duckdb
import numpy as np
from splink import DuckDBAPI
from splink.internals.duckdb.dataframe import DuckDBDataFrame
from splink.internals.expectation_maximisation import expectation_maximisation
from splink.internals.settings import Settings, TrainingSettings

from linkage.config import BlockingRule, PriorSpec, ProjectSpec
from linkage.errors import TrainingError
from linkage.matching.blocking import count_rule_pairs, number_blocks, pairs_of_rules
from linkage.matching.fellegi_sunter import Fit, Floats, Patterns, fit_m, fit_prior
from linkage.matching.levels import count_patterns, levels_of_pairs
from linkage.matching.model import gamma_expressions
from linkage.matching.random_pairs import estimate_u, to_patterns
from linkage.matching.tables import Sides
from linkage.runs import Progress
from linkage.runs.sql import quote, quote_list

PASS_PAIRS = 3_000_000
FEWEST_PAIRS = 100
DIGITS = 12
"""Parameters are rounded to this many decimals: what differs beyond comes from the order of additions."""


@dataclass(frozen=True)
class Pass:
    """One pass of expectation-maximisation."""

    rule: str
    pairs: int
    used_pairs: int
    compared: tuple[int, ...]
    """Positions of the comparisons this pass could train."""
    m: tuple[Floats, ...]
    fit: Fit
    starts: tuple[float, ...]
    """Log likelihood reached from each start."""
    splink_iterations: int


def train_model(
    connection: duckdb.DuckDBPyConnection,
    sides: Sides,
    spec: ProjectSpec,
    settings: Settings,
    field_of: Mapping[str, str],
    candidate_patterns: Patterns,
    progress: Progress,
) -> dict[str, Any]:
    """Train `settings` in place and return the report of training.

    `field_of` gives the field each standardised column is a key of; `candidate_patterns` are the counted levels of the
    candidate pairs, from which the prior is found where the project file does not say it.

    Raises:
        TrainingError: when a comparison is trained by no pass or a pass has too few pairs.
    """
    logging.getLogger("splink").setLevel(logging.ERROR)
    steps = len(spec.blocking.train) + 2
    progress("training: random pairs", 0, steps)
    random = estimate_u(connection, sides, settings, int(spec.training.max_pairs), spec.seed)
    passes = []
    for number, rule in enumerate(spec.blocking.train):
        progress(f"training: pass {number + 1}", number + 1, steps)
        passes.append(_train_pass(connection, sides, spec, settings, rule, random.u, field_of))
    m = _combine_passes(settings, passes)
    for comparison, m_levels, u_levels in zip(settings.comparisons, m, random.u, strict=True):
        for level in comparison._comparison_levels_excluding_null:
            if not level._fix_m_probability:
                level.m_probability = round(float(m_levels[level.comparison_vector_value]), DIGITS)
            if not level._fix_u_probability:
                level.u_probability = round(float(u_levels[level.comparison_vector_value]), DIGITS)
    progress("training: prior", steps - 1, steps)
    prior, how = _prior(connection, sides, spec.training.prior, settings, candidate_patterns)
    settings.core_model_settings.probability_two_random_records_match = round(prior, DIGITS + 4)
    progress("training: done", steps, steps)
    return {
        "prior": {"probability": prior, "expected_matches": prior * sides.possible_pairs, "how": how},
        "u": {"sampled_pairs": random.sampled_pairs},
        "passes": [_describe_pass(one, settings) for one in passes],
        "levels": _describe_levels(settings, random.exact, passes),
    }


def level_arrays(settings: Settings, letter: str) -> list[Floats]:
    """The model's m or u: one array a comparison, indexed by level."""
    return [
        np.array(
            [getattr(level, f"{letter}_probability") for level in reversed(comparison._comparison_levels_excluding_null)],
            dtype=float,
        )
        for comparison in settings.comparisons
    ]


def _train_pass(
    connection: duckdb.DuckDBPyConnection,
    sides: Sides,
    spec: ProjectSpec,
    settings: Settings,
    rule: BlockingRule,
    u: Sequence[Floats],
    field_of: Mapping[str, str],
) -> Pass:
    blocked = {field_of[key] for key in rule.on}
    compared = tuple(
        position for position, comparison in enumerate(settings.comparisons) if comparison.output_column_name not in blocked
    )
    counted = number_blocks(connection, sides, [rule], "training")[0]
    if counted.pairs < FEWEST_PAIRS:
        raise TrainingError(
            f"the training pass on {rule.name} has {counted.pairs} pairs, too few to learn from",
            f"Train on keys that give at least {FEWEST_PAIRS} pairs (blocking.train).",
        )
    share = min(1.0, PASS_PAIRS / counted.pairs)
    pairs = pairs_of_rules(sides, 1, "training")
    if share < 1:
        pairs = f"SELECT * FROM ({pairs}) WHERE hash(id_l, id_r, {spec.seed}) < {int(share * 2**64)}::UBIGINT"
    patterns = to_patterns(count_patterns(connection, settings, levels_of_pairs(settings, sides, pairs)))
    active = Patterns(patterns.levels[:, list(compared)], patterns.counts)
    fits = _fit_from_starts(active, [u[position] for position in compared], spec)
    best = max(fits, key=lambda fit: (round(fit.log_likelihood, 6), fit.converged))
    m, iterations = _train_with_splink(connection, spec, settings, compared, u, best, active)
    return Pass(
        rule.name, counted.pairs, int(patterns.pairs), compared, m, best, tuple(fit.log_likelihood for fit in fits), iterations
    )


def _fit_from_starts(patterns: Patterns, u: Sequence[Floats], spec: ProjectSpec) -> list[Fit]:
    """Fits from starts that differ in how much of m the closest levels get and in the share of matches."""
    fits = []
    for start in range(spec.training.starts):
        sharpness = (3.0, 1.5, 6.0)[start % 3] * (1 + start // 3)
        m = [np.exp(sharpness * np.arange(len(one)) / max(len(one) - 1, 1)) for one in u]
        prior = (0.3, 0.05, 0.7)[start % 3]
        starts = [one / one.sum() for one in m]
        fits.append(fit_m(patterns, u, starts, prior, spec.training.max_iterations, spec.training.convergence))
    return fits


def _train_with_splink(
    connection: duckdb.DuckDBPyConnection,
    spec: ProjectSpec,
    settings: Settings,
    compared: Sequence[int],
    u: Sequence[Floats],
    best: Fit,
    patterns: Patterns,
) -> tuple[tuple[Floats, ...], int]:
    """Splink's own expectation-maximisation from the best start found, on the same patterns."""
    core = settings.core_model_settings.copy()
    core.comparisons = [core.comparisons[position] for position in compared]
    core.probability_two_random_records_match = best.prior
    for comparison, position, start in zip(core.comparisons, compared, best.m, strict=True):
        for level in comparison._comparison_levels_excluding_null:
            if not level._fix_m_probability:
                level.m_probability = max(float(start[level.comparison_vector_value]), 1e-9)
            if not level._fix_u_probability:
                level.u_probability = float(u[position][level.comparison_vector_value])
    gammas = [list(gamma_expressions(settings))[position] for position in compared]
    columns = ", ".join(f"unnest(${number + 1})::TINYINT AS {quote(gamma)}" for number, gamma in enumerate(gammas))
    values = [patterns.levels[:, number].tolist() for number in range(len(gammas))]
    connection.execute(
        f"CREATE OR REPLACE TEMP TABLE training_patterns AS SELECT {columns}, unnest(${len(gammas) + 1})::BIGINT AS pairs",
        [*values, patterns.counts.astype(int).tolist()],
    )
    connection.execute(
        f"CREATE OR REPLACE TEMP VIEW training_pairs AS SELECT {quote_list(gammas)} FROM training_patterns, range(pairs)"
    )
    api = DuckDBAPI(connection)
    history = expectation_maximisation(
        db_api=api,
        training_settings=TrainingSettings(spec.training.convergence, spec.training.max_iterations),
        estimate_without_term_frequencies=True,
        core_model_settings=core,
        unique_id_input_columns=settings.column_info_settings.unique_id_input_columns,
        training_fixed_probabilities={"u"},
        df_comparison_vector_values=DuckDBDataFrame("__splink__df_comparison_vectors", "training_pairs", api),
    )
    api.delete_tables_created_by_splink_from_db()
    trained = []
    for comparison, position in zip(history[-1].comparisons, compared, strict=True):
        m = np.zeros(len(u[position]))
        for level in comparison._comparison_levels_excluding_null:
            value = level.m_probability
            m[level.comparison_vector_value] = value if isinstance(value, float) else 0.0
        trained.append(m)
    return tuple(trained), len(history) - 1


def _combine_passes(settings: Settings, passes: Sequence[Pass]) -> list[Floats]:
    """Median over passes level by level, no level below half an expected match, scaled to sum to one."""
    combined = []
    for position, comparison in enumerate(settings.comparisons):
        seen = [
            (one.m[one.compared.index(position)], one.fit.prior * one.used_pairs) for one in passes if position in one.compared
        ]
        if not seen:
            raise TrainingError(
                f"no training pass can train the comparison of {comparison.output_column_name}: every pass is blocked on it",
                "Add a rule without that field to blocking.train.",
            )
        median = np.median(np.array([m for m, _ in seen]), axis=0)
        floor = 0.5 / max(max(matches for _, matches in seen), 1.0)
        raised = np.maximum(median, floor)
        combined.append(raised / raised.sum())
    return combined


def _prior(
    connection: duckdb.DuckDBPyConnection, sides: Sides, spec: PriorSpec | None, settings: Settings, candidates: Patterns
) -> tuple[float, str]:
    """The share of matches among all possible pairs, and how it was found."""
    if spec is not None and spec.matches_per_record is not None:
        matches = spec.matches_per_record * sides.left_rows
        return matches / sides.possible_pairs, f"{spec.matches_per_record} matches expected a record, as the project file says"
    if spec is not None:
        number_blocks(connection, sides, spec.deterministic_rules, "prior")
        pairs = pairs_of_rules(sides, len(spec.deterministic_rules), "prior")
        row = connection.execute(f"SELECT count(*) FROM ({pairs})").fetchone()
        found = int(row[0]) if row else 0
        rules = "; ".join(count_rule_pairs(connection, sides, rule).rule for rule in spec.deterministic_rules)
        return max(
            found, 1
        ) / spec.recall / sides.possible_pairs, f"{found} pairs agree on {rules}, taken for {spec.recall:.0%} of all matches"
    elsewhere = sides.possible_pairs - candidates.pairs
    m, u = level_arrays(settings, "m"), level_arrays(settings, "u")
    everything = Patterns(
        np.vstack([candidates.levels, np.zeros((1, candidates.levels.shape[1]), dtype=np.int8)]),
        np.append(candidates.counts, max(elsewhere, 0.0)),
    )
    prior = fit_prior(everything, m, u, start=0.5 * sides.left_rows / sides.possible_pairs)
    return prior, "the share that agrees with its own match probabilities over the candidate pairs"


def _describe_pass(one: Pass, settings: Settings) -> dict[str, Any]:
    names = [settings.comparisons[position].output_column_name for position in one.compared]
    return {
        "rule": one.rule,
        "pairs": one.pairs,
        "used_pairs": one.used_pairs,
        "trained": names,
        "share_of_matches": one.fit.prior,
        "converged": one.fit.converged,
        "iterations": one.fit.iterations,
        "splink_iterations": one.splink_iterations,
        "log_likelihood_by_start": list(one.starts),
        "m": {name: m[::-1].tolist() for name, m in zip(names, one.m, strict=True)},
    }


def _describe_levels(settings: Settings, exact: Sequence[Sequence[bool]], passes: Sequence[Pass]) -> list[dict[str, Any]]:
    """One row a level, closest first: comparison, level, label, m, u, weight, where u comes from, m by pass."""
    rows = []
    for position, comparison in enumerate(settings.comparisons):
        for level in comparison._comparison_levels_excluding_null:
            value = level.comparison_vector_value
            rows.append(
                {
                    "comparison": comparison.output_column_name,
                    "level": value,
                    "label": level.label_for_charts,
                    "m": level.m_probability,
                    "u": level.u_probability,
                    "weight": float(np.log2(level.m_probability / level.u_probability)),
                    "u_from": "frequencies" if exact[position][value] else "random pairs",
                    "m_by_pass": {
                        one.rule: float(one.m[one.compared.index(position)][value]) for one in passes if position in one.compared
                    },
                }
            )
    return rows

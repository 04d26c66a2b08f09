"""Training: prior, u and m, with a report of everything that was done.

m is trained by Splink's expectation-maximisation on agreement patterns, one pass a training rule, from the best of
several starting points; or from pairs known to match. Passes are combined level by level: the median over the passes
that could see the comparison, scaled to sum to one.
"""

from __future__ import annotations

import logging
from collections.abc import Mapping, Sequence
from typing import Any

import duckdb
import numpy as np
from splink.internals.comparison import Comparison
from splink.internals.settings import Settings

from linkage.config import PriorSpec, ProjectSpec
from linkage.errors import TrainingError
from linkage.pairs.blocking import number_blocks, pairs_of_rules
from linkage.pairs.sides import SAME_NUMBER, Sides
from linkage.runs import Progress
from linkage.runs.sql import fetch_row
from linkage.statistics.fellegi_sunter import DIGITS, Floats, Patterns, fit_prior
from linkage.training.passes import Pass, learn_from_matches, train_pass, train_without_relatives
from linkage.training.random_pairs import estimate_u
from linkage.weighing.relatives import RelativesModel, learn_relatives

SELF_CONSISTENT = "the share that agrees with its own match probabilities over the candidate pairs"


def train_model(
    connection: duckdb.DuckDBPyConnection,
    sides: Sides,
    spec: ProjectSpec,
    settings: Settings,
    field_of: Mapping[str, str],
    candidate_patterns: Patterns,
    labelled_matches: str | None,
    progress: Progress,
) -> tuple[RelativesModel | None, dict[str, Any]]:
    """Train `settings` in place; returns the relatives class, where the project has one, and the report of training.

    `field_of` gives the field each standardised column is a key of; `candidate_patterns` are the counted levels of the
    candidate pairs, from which the prior is found where the project file does not say it; `labelled_matches` is a query
    of (id_l, id_r), asked for by `training.m_from: labels`.

    Raises:
        TrainingError: when a comparison is trained by no pass or a pass has too few pairs.
    """
    logging.getLogger("splink").setLevel(logging.ERROR)
    steps = len(spec.blocking.train) + 2
    progress("training: random pairs", 0, steps)
    random = estimate_u(connection, sides, settings, int(spec.training.max_pairs), spec.seed)
    u = [_fixed_u(comparison, estimated) for comparison, estimated in zip(settings.comparisons, random.u, strict=True)]
    passes = []
    if spec.training.m_from == "em":
        for number, rule in enumerate(spec.blocking.train):
            progress(f"training: pass {number + 1}", number + 1, steps)
            passes.append(train_pass(connection, sides, spec, settings, rule, u, field_of))
    elif spec.training.m_from == "anchors":
        passes.append(learn_from_matches(connection, sides, settings, SAME_NUMBER, "anchor pairs", "personal_number"))
    else:
        if labelled_matches is None:
            raise TrainingError(
                "training.m_from is `labels`, but this run has no labels yet", "Review first, or use training.m_from: em."
            )
        passes.append(learn_from_matches(connection, sides, settings, labelled_matches, "labelled pairs", None))
    _set_probabilities(settings, _combine_passes(settings, passes), u)
    relatives = learn_relatives(connection, sides, settings, spec.relatives, field_of, spec.seed) if spec.relatives else None
    if relatives and spec.training.m_from == "em":
        passes = [train_without_relatives(one, settings, spec, relatives) for one in passes]
        _set_probabilities(settings, _combine_passes(settings, passes), u)
    progress("training: prior", steps - 1, steps)
    prior, how = _prior(connection, sides, spec.training.prior, settings, candidate_patterns)
    set_prior(settings, prior)
    progress("training: done", steps, steps)
    relatives = relatives.weighed(settings) if relatives else None
    return relatives, {
        "prior": {"probability": prior, "expected_matches": prior * sides.possible_pairs, "how": how},
        "u": {"sampled_pairs": random.sampled_pairs},
        "passes": [_describe_pass(one, settings) for one in passes],
        "levels": _describe_levels(settings, random.exact, passes),
    }


def _set_probabilities(settings: Settings, m: Sequence[Floats], u: Sequence[Floats]) -> None:
    """Keep m and u in the model, rounded, where the project file does not fix them."""
    for comparison, m_levels, u_levels in zip(settings.comparisons, m, u, strict=True):
        for level in comparison._comparison_levels_excluding_null:
            if not level._fix_m_probability:
                level.m_probability = round(float(m_levels[level.comparison_vector_value]), DIGITS)
            if not level._fix_u_probability:
                level.u_probability = round(float(u_levels[level.comparison_vector_value]), DIGITS)


def set_prior(settings: Settings, prior: float) -> None:
    """Keep a prior in the model, rounded."""
    settings.core_model_settings.probability_two_random_records_match = round(prior, DIGITS + 4)


def level_arrays(settings: Settings, letter: str) -> list[Floats]:
    """The model's m or u: one array a comparison, indexed by level."""
    return [
        np.array(
            [getattr(level, f"{letter}_probability") for level in reversed(comparison._comparison_levels_excluding_null)],
            dtype=float,
        )
        for comparison in settings.comparisons
    ]


def _fixed_u(comparison: Comparison, estimated: Floats) -> Floats:
    """The u probabilities that the project file fixes, the estimated ones elsewhere."""
    levels = list(reversed(comparison._comparison_levels_excluding_null))
    return np.array(
        [level.u_probability if level._fix_u_probability else one for level, one in zip(levels, estimated, strict=True)],
        dtype=float,
    )


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
        found = int(fetch_row(connection, f"SELECT count(*) FROM ({pairs})")[0])
        rules = "; ".join(rule.name for rule in spec.deterministic_rules)
        how = f"{found} pairs agree on {rules}, taken for {spec.recall:.0%} of all matches"
        return max(found, 1) / spec.recall / sides.possible_pairs, how
    elsewhere = sides.possible_pairs - candidates.pairs
    m, u = level_arrays(settings, "m"), level_arrays(settings, "u")
    everything = Patterns(
        np.vstack([candidates.levels, np.zeros((1, candidates.levels.shape[1]), dtype=np.int8)]),
        np.append(candidates.counts, max(elsewhere, 0.0)),
    )
    prior = fit_prior(everything, m, u, start=0.5 * sides.left_rows / sides.possible_pairs)
    return prior, SELF_CONSISTENT


def _describe_pass(one: Pass, settings: Settings) -> dict[str, Any]:
    names = [settings.comparisons[position].output_column_name for position in one.compared]
    return {
        "rule": one.rule,
        "pairs": one.pairs,
        "used_pairs": one.used_pairs,
        "relatives_left_out": one.relatives,
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

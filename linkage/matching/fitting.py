"""The whole fit: Splink's model, the relatives class, dependence, and the diagnostics that judge them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, replace
from pathlib import Path
from typing import Any

import duckdb
import numpy as np
from splink.internals.settings import Settings

from linkage.config import ProjectSpec
from linkage.matching.dependence import fit_log_linear, measure_dependence
from linkage.matching.diagnostics import as_plain, diagnose, refuse_bad_fit
from linkage.matching.fellegi_sunter import Floats, Patterns, log2_ratio
from linkage.matching.levels import count_patterns
from linkage.matching.model import gamma_expressions
from linkage.matching.random_pairs import to_patterns
from linkage.matching.relatives import RelativesModel, relatives_weight
from linkage.matching.tables import Sides
from linkage.matching.trained import TrainedModel
from linkage.matching.training import SELF_CONSISTENT, level_arrays, set_prior, train_model
from linkage.runs import Progress
from linkage.runs.sql import literal
from linkage.statistics import probability


def fit_model(
    connection: duckdb.DuckDBPyConnection,
    sides: Sides,
    spec: ProjectSpec,
    settings: Settings,
    field_of: Mapping[str, str],
    store: Path,
    labelled_matches: str | None,
    progress: Progress,
) -> tuple[TrainedModel, dict[str, Any]]:
    """Train on the tables and the level store; returns the model and the report (training.json).

    Raises:
        TrainingError: the model could not be trained, or a diagnostic forbids using it.
    """
    rows = count_patterns(connection, settings, f"SELECT * FROM read_parquet({literal(str(store))})")
    candidates = to_patterns(rows)
    relatives, report = train_model(connection, sides, spec, settings, field_of, candidates, labelled_matches, progress)
    if relatives and report["prior"]["how"] == SELF_CONSISTENT:
        relatives = _settle_prior(settings, relatives, candidates, sides)
        prior = settings._probability_two_random_records_match
        report["prior"] = {**report["prior"], "probability": prior, "expected_matches": prior * sides.possible_pairs}
    matched = expected_matches(settings, relatives, candidates)
    names = [comparison.output_column_name for comparison in settings.comparisons]
    report["dependence"] = [asdict(pair) for pair in measure_dependence(candidates, matched, names)]
    gammas = list(gamma_expressions(settings))
    log_linear = fit_log_linear(candidates, matched, gammas) if spec.training.dependence == "log_linear" else None
    if relatives:
        report["relatives"] = {**asdict(relatives), "decided_pairs": _decided_by_relatives(settings, relatives, candidates)}
    findings = diagnose(report, sides.left_rows, spec.assignment == "one_to_one")
    report["diagnostics"] = as_plain(findings)
    refuse_bad_fit(findings, spec.training.allow_bad_fit)
    return TrainedModel(settings, relatives, log_linear), report


def _settle_prior(settings: Settings, relatives: RelativesModel, candidates: Patterns, sides: Sides) -> RelativesModel:
    """The prior that agrees with the link weights: without the relatives class siblings would be counted as matches."""
    for _ in range(100):
        before = settings._probability_two_random_records_match
        prior = float(expected_matches(settings, relatives, candidates).sum()) / sides.possible_pairs
        set_prior(settings, prior)
        relatives = replace(relatives, prior_weight=relatives.prior_weight + float(np.log2(prior / before)))
        if abs(prior / before - 1) < 1e-9:
            break
    return relatives


def pattern_weights(settings: Settings, relatives: RelativesModel | None, patterns: Patterns) -> tuple[Floats, Floats]:
    """Match weight and link weight of each pattern, term frequencies left out."""
    prior = settings._probability_two_random_records_match
    ratio = log2_ratio(patterns, level_arrays(settings, "m"), level_arrays(settings, "u"))
    match_weight = np.log2(prior / (1 - prior)) + ratio
    if relatives is None:
        return match_weight, match_weight
    gammas = list(gamma_expressions(settings))
    return match_weight, relatives_weight(relatives, match_weight, dict(zip(gammas, patterns.levels.T, strict=True)))


def expected_matches(settings: Settings, relatives: RelativesModel | None, patterns: Patterns) -> Floats:
    """Match probability by the link weight × how often the pattern occurs, one a pattern."""
    _, link_weight = pattern_weights(settings, relatives, patterns)
    return np.asarray(patterns.counts * probability(link_weight))


def _decided_by_relatives(settings: Settings, relatives: RelativesModel, patterns: Patterns) -> int:
    """Pairs that are likely matches by the match weight and unlikely ones by the link weight."""
    match_weight, link_weight = pattern_weights(settings, relatives, patterns)
    return int(patterns.counts[(match_weight >= 0) & (link_weight < 0)].sum())

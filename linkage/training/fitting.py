"""The whole fit: Splink's model, the relatives class, dependence, and the diagnostics that judge them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, replace
from pathlib import Path
from typing import Any

import duckdb
import numpy as np

from linkage.config import ProjectSpec
from linkage.model.match_model import MatchModel
from linkage.pairs.level_store import count_patterns
from linkage.pairs.sides import Sides
from linkage.runs import Progress
from linkage.runs.tables import PAIRS
from linkage.statistics import probability
from linkage.statistics.fellegi_sunter import Floats, Patterns, as_patterns, log2_ratio
from linkage.training.diagnostics import as_plain, diagnose, refuse_bad_fit
from linkage.training.kept import KeptPasses
from linkage.training.levels_of_strangers import LevelsOfStrangers
from linkage.training.parameters import SELF_CONSISTENT, train_model
from linkage.weighing.dependence import fit_log_linear, measure_dependence
from linkage.weighing.relatives import RelativesModel, relatives_weight
from linkage.weighing.trained_model import TrainedModel


def fit_model(
    connection: duckdb.DuckDBPyConnection,
    sides: Sides,
    spec: ProjectSpec,
    model: MatchModel,
    field_of: Mapping[str, str],
    strangers: Sequence[LevelsOfStrangers],
    kept: KeptPasses,
    run: Path,
    labelled_matches: str | None,
    progress: Progress,
) -> tuple[TrainedModel, dict[str, Any]]:
    """Train on the tables, each comparison's u and the run's level store; returns the model and the report (`training`).

    Raises:
        TrainingError: the model could not be trained, or a diagnostic forbids using it.
    """
    rows = count_patterns(connection, model, f"FROM {PAIRS.scan(run)}")
    candidates = as_patterns(rows)
    model, relatives, report = train_model(
        connection, sides, spec, model, field_of, strangers, kept, candidates, labelled_matches, progress
    )
    if relatives and report["prior"]["how"] == SELF_CONSISTENT:
        model, relatives = _settle_prior(model, relatives, candidates, sides)
        expected = model.prior * sides.possible_pairs
        report["prior"] = {**report["prior"], "probability": model.prior, "expected_matches": expected}
    matched = expected_matches(model, relatives, candidates)
    names = [field.name for field in model.fields]
    report["dependence"] = [asdict(pair) for pair in measure_dependence(candidates, matched, names)]
    log_linear = fit_log_linear(candidates, matched, model.gammas) if spec.training.dependence == "log_linear" else None
    if relatives:
        report["relatives"] = {**asdict(relatives), "decided_pairs": _decided_by_relatives(model, relatives, candidates)}
    findings = diagnose(report, sides.left_rows, spec.assignment == "one_to_one")
    report["diagnostics"] = as_plain(findings)
    refuse_bad_fit(findings, spec.training.allow_bad_fit)
    return TrainedModel(model, relatives, log_linear), report


def _settle_prior(
    model: MatchModel, relatives: RelativesModel, candidates: Patterns, sides: Sides
) -> tuple[MatchModel, RelativesModel]:
    """The prior that agrees with the link weights: without the relatives class siblings would be counted as matches."""
    for _ in range(100):
        before = model.prior
        prior = float(expected_matches(model, relatives, candidates).sum()) / sides.possible_pairs
        model = model.with_prior(prior)
        relatives = replace(relatives, prior_weight=relatives.prior_weight + float(np.log2(prior / before)))
        if abs(prior / before - 1) < 1e-9:
            break
    return model, relatives


def pattern_weights(model: MatchModel, relatives: RelativesModel | None, patterns: Patterns) -> tuple[Floats, Floats]:
    """Match weight and link weight of each pattern, term frequencies left out."""
    m, u = ([field.probabilities(letter) for field in model.fields] for letter in ("m", "u"))
    match_weight = np.log2(model.prior / (1 - model.prior)) + log2_ratio(patterns, m, u)
    if relatives is None:
        return match_weight, match_weight
    return match_weight, relatives_weight(relatives, match_weight, dict(zip(model.gammas, patterns.levels.T, strict=True)))


def expected_matches(model: MatchModel, relatives: RelativesModel | None, patterns: Patterns) -> Floats:
    """Match probability by the link weight × how often the pattern occurs, one a pattern."""
    _, link_weight = pattern_weights(model, relatives, patterns)
    return np.asarray(patterns.counts * probability(link_weight))


def _decided_by_relatives(model: MatchModel, relatives: RelativesModel, patterns: Patterns) -> int:
    """Pairs that are likely matches by the match weight and unlikely ones by the link weight."""
    match_weight, link_weight = pattern_weights(model, relatives, patterns)
    return int(patterns.counts[(match_weight >= 0) & (link_weight < 0)].sum())

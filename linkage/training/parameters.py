"""Training: prior, u and m, with a report of everything that was done.

m is trained by Splink's expectation-maximisation on agreement patterns, one pass a training rule, from the best of
several starting points; or from pairs known to match. Passes are combined level by level: the median over the passes
that could see the comparison, scaled to sum to one.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import duckdb
import numpy as np

from linkage.config import PriorSpec, ProjectSpec
from linkage.errors import TrainingError
from linkage.model.match_model import ComparedField, MatchModel, ModelLevel
from linkage.pairs.blocking import number_blocks, pairs_of_rules
from linkage.pairs.sides import SAME_NUMBER, Sides
from linkage.runs import Progress
from linkage.runs.sql import fetch_row
from linkage.statistics.fellegi_sunter import Floats, Patterns, fit_prior
from linkage.training.kept import KeptPasses
from linkage.training.levels_of_strangers import LevelsOfStrangers
from linkage.training.matches_among_all import without_matches
from linkage.training.passes import Pass, can_train, is_given, learn_from_matches, train_pass, train_without_relatives
from linkage.weighing.relatives import RelativesModel, learn_relatives
from linkage.words.fields import as_written

ROUNDS = 5
"""Of u and prior, each found with the other, within one table."""
SELF_CONSISTENT = "the share that agrees with its own match probabilities over the candidate pairs"


def train_model(
    connection: duckdb.DuckDBPyConnection,
    sides: Sides,
    spec: ProjectSpec,
    model: MatchModel,
    field_of: Mapping[str, str],
    strangers: Sequence[LevelsOfStrangers],
    kept: KeptPasses,
    candidate_patterns: Patterns,
    labelled_matches: str | None,
    progress: Progress,
) -> tuple[MatchModel, RelativesModel | None, dict[str, Any]]:
    """The model trained, its relatives class where the project has one, and the report of training.

    `field_of` gives the field each standardised column is a key of, `strangers` each comparison's u, `kept` what was
    counted of passes before; `candidate_patterns` are
    the counted levels of the candidate pairs, from which the prior is found where the project file does not say it;
    `labelled_matches` is a query of (id_l, id_r), asked for by `training.m_from: labels`. Nothing is trained where the
    project file says every m.

    Raises:
        TrainingError: when a comparison is trained by no pass or a pass has too few pairs.
    """
    rules = [rule for rule in spec.blocking.train if can_train(model, rule, field_of)]
    steps = len(rules) + 2
    u = [_fixed_u(field, estimated.u) for field, estimated in zip(model.fields, strangers, strict=True)]
    passes: list[Pass] = []
    if spec.training.m_from == "em":
        for number, rule in enumerate(rules):
            progress(f"training: pass {number + 1}", number + 1, steps)
            passes.append(train_pass(connection, sides, spec, model, rule, u, field_of, kept))
    elif all(map(is_given, model.fields)):
        pass
    elif spec.training.m_from == "anchors":
        passes.append(learn_from_matches(connection, sides, model, SAME_NUMBER, "anchor pairs", "personal_number"))
    else:
        if labelled_matches is None:
            raise TrainingError(
                "training.m_from is `labels`, but this run has no labels yet", "Review first, or use training.m_from: em."
            )
        passes.append(learn_from_matches(connection, sides, model, labelled_matches, "labelled pairs", None))
    model = model.with_probabilities(_combine_passes(model, passes), u)
    relatives = learn_relatives(connection, sides, model, spec.relatives, field_of, spec.seed) if spec.relatives else None
    if relatives and spec.training.m_from == "em":
        passes = [train_without_relatives(one, model, spec, relatives) for one in passes]
        model = model.with_probabilities(_combine_passes(model, passes), u)
    progress("training: prior", steps - 1, steps)
    prior, how = _prior(connection, sides, spec.training.prior, model, candidate_patterns)
    model = model.with_prior(prior)
    for _ in range(ROUNDS if sides.is_dedupe else 0):
        # within one table matches are many among the pairs that agree; the prior follows from u where it is not said
        model = without_matches(model, u)
        if how == SELF_CONSISTENT:
            prior, how = _prior(connection, sides, spec.training.prior, model, candidate_patterns)
            model = model.with_prior(prior)
    progress("training: done", steps, steps)
    relatives = relatives.weighed(model) if relatives else None
    return (
        model,
        relatives,
        {
            "prior": {"probability": prior, "expected_matches": prior * sides.possible_pairs, "how": how},
            "u": {"sampled_pairs": sum(one.drawn for one in strangers)},
            "passes": [_describe_pass(one, model) for one in passes],
            "levels": _describe_levels(model, strangers, passes),
        },
    )


def _fixed_u(field: ComparedField, estimated: Floats) -> Floats:
    """The u probabilities that the project file fixes, the estimated ones elsewhere."""
    return np.array([level.u if level.u_is_fixed else estimated[level.value] for level in field.levels], dtype=float)


def _combine_passes(model: MatchModel, passes: Sequence[Pass]) -> list[Floats]:
    """Median over passes level by level, no level below half an expected match, scaled to sum to one."""
    combined = []
    for position, field in enumerate(model.fields):
        seen = [
            (one.m[one.compared.index(position)], one.fit.prior * one.used_pairs) for one in passes if position in one.compared
        ]
        if is_given(field):
            combined.append(field.probabilities("m"))
            continue
        if not seen:
            raise TrainingError(
                f"no training pass can train the comparison of {as_written(field.name)}: every pass is blocked on it",
                "Add a rule without that field to blocking.train.",
            )
        median = np.median(np.array([m for m, _ in seen]), axis=0)
        floor = 0.5 / max(max(matches for _, matches in seen), 1.0)
        raised = np.maximum(median, floor)
        combined.append(raised / raised.sum())
    return combined


def _prior(
    connection: duckdb.DuckDBPyConnection, sides: Sides, spec: PriorSpec | None, model: MatchModel, candidates: Patterns
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
    m, u = ([field.probabilities(letter) for field in model.fields] for letter in ("m", "u"))
    everything = Patterns(
        np.vstack([candidates.levels, np.zeros((1, candidates.levels.shape[1]), dtype=np.int8)]),
        np.append(candidates.counts, max(elsewhere, 0.0)),
    )
    prior = fit_prior(everything, m, u, start=0.5 * sides.left_rows / sides.possible_pairs)
    return prior, SELF_CONSISTENT


def _describe_pass(one: Pass, model: MatchModel) -> dict[str, Any]:
    names = [model.fields[position].name for position in one.compared]
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


def _describe_levels(model: MatchModel, strangers: Sequence[LevelsOfStrangers], passes: Sequence[Pass]) -> list[dict[str, Any]]:
    """One row a level, closest first: comparison, level, label, m, u, weight, where u comes from, m by pass."""
    rows = []
    for position, field in enumerate(model.fields):
        for level in reversed(field.levels):
            rows.append(
                {
                    "comparison": field.name,
                    "level": level.value,
                    "label": level.label,
                    "m": level.m,
                    "u": level.u,
                    "weight": float(np.log2(level.m / level.u)),
                    "m_is_given": level.m_is_fixed,
                    "u_from": _source_of_u(level, strangers[position]),
                    "m_by_pass": {
                        one.rule: float(one.m[one.compared.index(position)][level.value])
                        for one in passes
                        if position in one.compared
                    },
                }
            )
    return rows


def _source_of_u(level: ModelLevel, strangers: LevelsOfStrangers) -> str:
    if level.u_is_fixed:
        return "project file"
    return "frequencies" if strangers.exact[level.value] else "random pairs"

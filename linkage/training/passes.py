"""Passes: m learned from the pairs of one training rule by expectation-maximisation, or from pairs known to match.

A pass works on copies of the model, so one that fails never alters it. Each pass has a u of its own: strangers who share
the key it is blocked on are not two random records (namesakes have the same sex, neighbours the same ethnic group), and
with u held at that of random records, the matches' class would take them all in. That u is for the pass alone; the
model's is of random records.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

import duckdb
import numpy as np

from linkage.config import BlockingRule, ProjectSpec
from linkage.errors import TrainingError
from linkage.model.match_model import ComparedField, MatchModel
from linkage.model.splink_training import train_with_splink
from linkage.pairs.blocking import number_blocks, pairs_of_rules
from linkage.pairs.level_store import count_patterns, levels_of_pairs
from linkage.pairs.sides import Sides, share_of_hashes
from linkage.statistics.fellegi_sunter import Fit, Floats, Patterns, as_patterns, fit_m, shares_of_levels, without_relatives
from linkage.training.kept import KeptPasses
from linkage.weighing.relatives import RelativesModel
from linkage.words.fields import as_written

PASS_PAIRS = 1_000_000
"""Pairs of a training rule beyond which a seeded sample of them is used."""
STREAMED = 20
"""So many times that are looked at, at most, to draw the sample from."""
FEWEST_PAIRS = 100
FEWEST_COMPARISONS = 3
"""With fewer, m and u cannot both be told from the pairs of a pass (Goodman 1974), and u is held at that of random records."""


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
    patterns: Patterns
    relatives: float = 0.0
    """Pairs of relatives that were taken out of those used."""


def train_pass(
    connection: duckdb.DuckDBPyConnection,
    sides: Sides,
    spec: ProjectSpec,
    model: MatchModel,
    rule: BlockingRule,
    u: Sequence[Floats],
    field_of: Mapping[str, str],
    kept: KeptPasses,
) -> Pass:
    """M of the fields that a rule leaves free, from the pairs it proposes, which are counted unless they are `kept`.

    Raises:
        TrainingError: when there are fewer than 100 pairs.
    """
    blocked = {field_of[key] for key in rule.on}
    compared = tuple(position for position, field in enumerate(model.fields) if field.name not in blocked)
    seen = model.of_fields(model.fields[position] for position in compared)
    known = kept.get(rule.name)
    if known is None:
        known = _count_pass(connection, sides, spec, seen, rule)
        kept.put(rule.name, *known)
    pairs, patterns = known
    fixed = [_fixed_m(model.fields[position]) for position in compared]
    free_u = _free_u(model, compared)
    fits = _fit_from_starts(patterns, [u[position] for position in compared], fixed, free_u, spec)
    best = max(fits, key=lambda fit: (round(fit.log_likelihood, 6), fit.converged))
    m, iterations = train_with_splink(model, compared, best, patterns, spec.training.convergence, spec.training.max_iterations)
    ends = tuple(fit.log_likelihood for fit in fits)
    best = _settled(best, iterations, spec)
    return Pass(rule.name, pairs, int(patterns.pairs), compared, m, best, ends, iterations, patterns)


def _count_pass(
    connection: duckdb.DuckDBPyConnection, sides: Sides, spec: ProjectSpec, seen: MatchModel, rule: BlockingRule
) -> tuple[int, Patterns]:
    """How many pairs a rule proposes, and the levels of those, or of a sample of them, in the fields that are seen."""
    counted = number_blocks(connection, sides, [rule], "training")[0]
    if counted.pairs < FEWEST_PAIRS:
        raise TrainingError(
            f"the training pass on {as_written(rule.name)} has {counted.pairs} pairs, too few to learn from",
            f"Train on keys that give at least {FEWEST_PAIRS} pairs (blocking.train).",
        )
    pairs = draw_pass_pairs(connection, sides, counted.pairs, spec.seed)
    return counted.pairs, as_patterns(count_patterns(connection, seen, levels_of_pairs(seen, sides, pairs)))


def draw_pass_pairs(connection: duckdb.DuckDBPyConnection, sides: Sides, proposed: int, seed: int) -> str:
    """SQL of the pairs of the blocks `training`, `proposed` in all: every one, or about `PASS_PAIRS` of them, each as likely.

    Of many more, records are drawn first: a crowded block has too many pairs to be looked at, even to be left out.
    """
    share = PASS_PAIRS / proposed
    if share < 1 / STREAMED:
        of_records = share_of_hashes((share * STREAMED) ** 0.5)
        for side in ("left", "right"):
            fewer = f"SELECT * FROM training_{side} WHERE hash(id, '{side}', {seed}) < {of_records}"
            connection.execute(f"CREATE OR REPLACE TEMP TABLE training_{side} AS {fewer}")
        share = 1 / STREAMED
    pairs = pairs_of_rules(sides, 1, "training")
    return pairs if share >= 1 else f"SELECT * FROM ({pairs}) WHERE hash(id_l, id_r, {seed}) < {share_of_hashes(share)}"


def train_without_relatives(one: Pass, model: MatchModel, spec: ProjectSpec, relatives: RelativesModel) -> Pass:
    """The pass again, from where it ended, without the pairs of relatives expected among its own.

    These agree on what the pass is blocked on. As it was where it compares fewer than two of the fields that tell relatives
    apart: with one, a share of relatives and another m of that field explain the pairs equally well.
    """
    gammas = [model.gammas[position] for position in one.compared]
    told_apart = [gamma for gamma in relatives.r if gamma in gammas]
    if len(told_apart) < 2:
        return one
    shares = relatives.shares([gamma for gamma in relatives.r if gamma not in told_apart])
    places = [gammas.index(gamma) for gamma in told_apart]
    among_relatives = shares[tuple(one.patterns.levels[:, place] for place in places)]
    patterns = without_relatives(one.patterns, one.fit, frozenset(places), among_relatives, spec.training.max_iterations)
    held = frozenset(place for place, position in enumerate(one.compared) if _fixed_m(model.fields[position]) is not None)
    free_u = _free_u(model, one.compared)
    start = (one.fit.prior, one.fit.m)
    fit = fit_m(patterns, one.fit.u, start, spec.training.max_iterations, spec.training.convergence, held, free_u)
    m, iterations = train_with_splink(model, one.compared, fit, patterns, spec.training.convergence, spec.training.max_iterations)
    taken = one.patterns.pairs - patterns.pairs
    return replace(one, m=m, fit=_settled(fit, iterations, spec), splink_iterations=iterations, relatives=taken)


def _settled(fit: Fit, splink_iterations: int, spec: ProjectSpec) -> Fit:
    """Converged only where Splink settled too, which logs "converged" also at the limit."""
    return replace(fit, converged=fit.converged and splink_iterations < spec.training.max_iterations)


def learn_from_matches(
    connection: duckdb.DuckDBPyConnection, sides: Sides, model: MatchModel, matches: str, name: str, excluded: str | None
) -> Pass:
    """M from pairs known to match: `matches` is a query of (id_l, id_r); the comparison `excluded` made them known.

    Raises:
        TrainingError: when there are fewer than 100.
    """
    pairs = f"SELECT id_l, id_r, 0::UINTEGER AS blocking_rules FROM ({matches})"
    rows = count_patterns(connection, model, levels_of_pairs(model, sides, pairs))
    known = sum(row[-1] for row in rows)
    if known < FEWEST_PAIRS:
        raise TrainingError(f"only {known} {name} are known to match, too few to learn m from", "Use training.m_from: em.")
    patterns = as_patterns(rows)
    compared = tuple(place for place, field in enumerate(model.fields) if field.name != excluded)
    sizes = [len(field.levels) for field in model.fields]
    shares = shares_of_levels(patterns, sizes)
    m = tuple(shares[position] for position in compared)
    return Pass(name, known, known, compared, m, Fit(1.0, m, m, 0.0, 1, True), (0.0,), 0, patterns)


def is_given(field: ComparedField) -> bool:
    """Whether the project file says m of every level of a field: then there is nothing to train."""
    return all(level.m_is_fixed for level in field.levels)


def can_train(model: MatchModel, rule: BlockingRule, field_of: Mapping[str, str]) -> bool:
    """Whether a pass on a rule has a field to train."""
    blocked = {field_of[key] for key in rule.on}
    return not all(field.name in blocked or is_given(field) for field in model.fields)


def _fixed_m(field: ComparedField) -> Floats | None:
    """M of a field whose levels are all fixed in the project file, by level; else None."""
    return field.probabilities("m") if is_given(field) else None


def _free_u(model: MatchModel, compared: Sequence[int]) -> frozenset[int]:
    """The compared, by place, whose u a pass estimates: all that the project file does not fix."""
    if len(compared) < FEWEST_COMPARISONS:
        return frozenset()
    fields = [model.fields[position] for position in compared]
    return frozenset(place for place, field in enumerate(fields) if not any(level.u_is_fixed for level in field.levels))


def _fit_from_starts(
    patterns: Patterns, u: Sequence[Floats], fixed: Sequence[Floats | None], free_u: frozenset[int], spec: ProjectSpec
) -> list[Fit]:
    """Fits from starts that differ in how much of m the closest levels get and in the share of matches."""
    held = frozenset(position for position, one in enumerate(fixed) if one is not None)
    fits = []
    for start in range(spec.training.starts):
        sharpness = (3.0, 1.5, 6.0)[start % 3] * (1 + start // 3)
        m = [np.exp(sharpness * np.arange(len(one)) / max(len(one) - 1, 1)) for one in u]
        prior = (0.3, 0.05, 0.7)[start % 3]
        starts = [one / one.sum() if given is None else given for one, given in zip(m, fixed, strict=True)]
        fits.append(fit_m(patterns, u, (prior, starts), spec.training.max_iterations, spec.training.convergence, held, free_u))
    return fits

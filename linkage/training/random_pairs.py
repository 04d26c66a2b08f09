"""u probabilities: how often each level occurs among two random records, one of each side.

Population: all possible pairs. Levels that need an equal key are counted and exact (`counted_levels`); the others, which
are common, come from a seeded sample of random pairs, scaled to what the counted ones leave. The sample is drawn by
hashing (seed, draw number), never stopped early, and does not depend on row order or threads.
"""

from __future__ import annotations

from dataclasses import dataclass

import duckdb
import numpy as np

from linkage.model.match_model import MatchModel
from linkage.pairs.level_store import count_patterns, levels_of_pairs
from linkage.pairs.sides import Sides
from linkage.statistics.fellegi_sunter import Floats, Patterns
from linkage.training.counted_levels import count_levels


@dataclass(frozen=True)
class RandomPairs:
    """u of every comparison and where each comes from."""

    u: tuple[Floats, ...]
    """One array a comparison, indexed by level."""
    exact: tuple[tuple[bool, ...], ...]
    """Whether a level's u is exact."""
    sampled_pairs: int


def estimate_u(connection: duckdb.DuckDBPyConnection, sides: Sides, model: MatchModel, sample: int, seed: int) -> RandomPairs:
    """Estimate u for every comparison from `sample` random pairs and exact frequencies."""
    patterns = sample_patterns(connection, sides, model, sample, seed)
    u, exact = [], []
    for position, field in enumerate(model.fields):
        levels = patterns.levels[:, position]
        present = levels >= 0
        size = len(field.levels)
        seen = np.bincount(levels[present], weights=patterns.counts[present], minlength=size).astype(float)
        counted = count_levels(connection, sides, field)
        u.append(_fill_up(seen, counted, 0.5 / sides.possible_pairs))
        exact.append(tuple(level in counted for level in range(size)))
    return RandomPairs(tuple(u), tuple(exact), int(patterns.pairs))


def sample_patterns(connection: duckdb.DuckDBPyConnection, sides: Sides, model: MatchModel, sample: int, seed: int) -> Patterns:
    """The agreement patterns of `sample` random pairs (fewer in duplicates search, where a record is not paired with itself)."""
    draws = (
        f"SELECT (1 + hash(draw, {seed}, 1) % {sides.left_rows})::INTEGER AS id_l,"
        f" (1 + hash(draw, {seed}, 2) % {sides.right_rows})::INTEGER AS id_r, 0::UINTEGER AS blocking_rules"
        f" FROM range({sample}) draws(draw)"
    )
    pairs = f"SELECT * FROM ({draws}) WHERE id_l <> id_r" if sides.is_dedupe else draws
    return to_patterns(count_patterns(connection, model, levels_of_pairs(model, sides, pairs)))


def to_patterns(rows: list[tuple[int, ...]]) -> Patterns:
    """Counted patterns as arrays."""
    table = np.array(rows, dtype=np.int64)
    return Patterns(table[:, :-1].astype(np.int8), table[:, -1].astype(float))


def _fill_up(seen: Floats, counted: dict[int, float], least: float) -> Floats:
    """The counted levels as they are, the others by what the sample saw of them; none below `least`, half a pair."""
    u = np.where(np.isin(np.arange(len(seen)), list(counted)), 0.0, seen + 0.5)
    u *= (1 - sum(counted.values())) / max(float(u.sum()), 1e-300)
    for level, share in counted.items():
        u[level] = share
    u = np.maximum(u, least)
    return np.asarray(u / u.sum())

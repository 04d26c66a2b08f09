"""u probabilities: how often each level occurs among two random records, one of each side.

Population: all possible pairs. Each comparison is looked at by itself, through the distinct values of its columns: levels are
counted where that is possible (`counted_levels`) and drawn elsewhere (`drawn_levels`); the last level is what is left. What
was found is kept under a fingerprint of the comparison and of all that its columns hold, so that a changed comparison costs
its own u only.
"""

from __future__ import annotations

from collections.abc import Mapping, MutableMapping
from dataclasses import asdict, dataclass
from functools import partial
from typing import Any

import duckdb
import numpy as np

from linkage.model.match_model import ComparedField, MatchModel
from linkage.pairs.sides import Sides
from linkage.runs import Progress, fingerprint, silent
from linkage.runs.sql import at_once
from linkage.statistics.fellegi_sunter import Floats
from linkage.training.counted_levels import MOST_PAIRS, MOST_PAIRS_A_VALUE, count_every_pair, count_levels, forecast_ways, ways_of
from linkage.training.distinct_values import DistinctValues, contents, gather_values
from linkage.training.drawn_levels import Drawn, draw_by_keys, draw_from_all

SURE_OF_THE_REST = 30.0
"""The last level is what the others leave where that is so many standard errors of their sum; else it is drawn itself."""


@dataclass(frozen=True)
class LevelsOfStrangers:
    """u of one comparison and where it comes from."""

    u: Floats
    """By level."""
    exact: tuple[bool, ...]
    """Whether a level's u is exact."""
    drawn: int
    """Pairs that were drawn."""


def estimate_u(
    connection: duckdb.DuckDBPyConnection,
    sides: Sides,
    model: MatchModel,
    most_draws: int,
    seed: int,
    kept: MutableMapping[str, Any] | None = None,
    held: Mapping[str, str] | None = None,
    progress: Progress = silent,
) -> list[LevelsOfStrangers]:
    """Estimate u of every comparison, at most `most_draws` draws a level; those whose u the project file says are not looked at.

    `kept` has what was found before by its fingerprint; what is found now is put into it. `held` is what the compared columns
    hold (`distinct_values.contents`), where that is known already.
    """
    kept = {} if kept is None else kept
    asked = [field for field in model.fields if not all(level.u_is_fixed for level in field.levels)]
    if held is None:
        held = contents(connection, sides, [column for one in asked for column in one.columns])
    same = [most_draws, seed]
    marks = {
        one.name: fingerprint(
            one.expression, one.missing, sides.types_of(one.columns), *same, [held[column] for column in sorted(one.columns)]
        )
        for one in asked
    }
    anew = [field for field in asked if marks[field.name] not in kept]

    def estimate(place: int, own: duckdb.DuckDBPyConnection) -> LevelsOfStrangers:
        progress(f"training: u of {anew[place].name}", place, len(anew))
        return _levels_of_strangers(own, sides, anew[place], most_draws, seed)

    for field, one in zip(anew, at_once(connection, [partial(estimate, place) for place in range(len(anew))]), strict=True):
        kept[marks[field.name]] = _as_plain(one)
    found = []
    for field in model.fields:
        if field.name not in marks:
            found.append(LevelsOfStrangers(field.probabilities("u"), (False,) * len(field.levels), 0))
            continue
        mark = marks[field.name]
        known = kept[mark] = kept.pop(mark)  # the latest asked for stand last
        found.append(LevelsOfStrangers(np.array(known["u"]), tuple(known["exact"]), known["drawn"]))
    return found


def _as_plain(found: LevelsOfStrangers) -> dict[str, Any]:
    return {**asdict(found), "u": found.u.tolist()}


def _levels_of_strangers(
    connection: duckdb.DuckDBPyConnection, sides: Sides, field: ComparedField, most_draws: int, seed: int
) -> LevelsOfStrangers:
    values = gather_values(connection, sides, field)
    size = len(field.levels)
    if values.possible_pairs == 0:
        return LevelsOfStrangers(np.full(size, 1 / size), (False,) * size, 0)
    if values.apart and values.left * values.right <= MOST_PAIRS:
        counted = count_every_pair(connection, values)
        return _filled_up(counted, [], values, size)
    most = max(MOST_PAIRS, MOST_PAIRS_A_VALUE * (values.left + values.right))
    ways = ways_of(field, sides.types)
    pairs = dict.fromkeys((way.level for way in ways), 0.0)
    if values.apart:
        for way, agreeing in zip(ways, forecast_ways(connection, ways), strict=True):
            pairs[way.level] += agreeing
    within_reach = {level for level, agreeing in pairs.items() if values.apart and agreeing <= most}
    counted = count_levels(connection, values, [way for way in ways if way.level in within_reach])
    counted = {level: found for level, found in counted.items() if level in within_reach}
    others = [way for way in ways if way.level not in within_reach]
    without_key = {way.level for way in others if not values.apart or not (way.keys or any(way.own))}
    with_key = [way for way in others if way.level not in without_key]
    drawn = [draw_by_keys(connection, values, with_key, most_draws, seed)]
    condition = " OR ".join(f"({way.condition})" for way in others if way.level in without_key)
    if without_key and values.apart:
        drawn.append(draw_from_all(connection, values, without_key, condition, most_draws, seed))
    rest = 1 - sum(counted.values()) / values.possible_pairs - sum(sum(one.shares.values()) for one in drawn)
    if rest < SURE_OF_THE_REST * sum(one.variance for one in drawn) ** 0.5 or not values.apart:
        drawn[1:] = [draw_from_all(connection, values, {*without_key, 0}, "true", most_draws, seed)]
    return _filled_up(counted, drawn, values, size)


def _filled_up(counted: dict[int, float], drawn: list[Drawn], values: DistinctValues, size: int) -> LevelsOfStrangers:
    """The counted levels as they are, the others as drawn within what those leave; none below half a pair."""
    u = np.zeros(size)
    for one in drawn:
        for level, share in one.shares.items():
            u[level] = share
    left = 1 - sum(counted.values()) / values.possible_pairs
    if 0 not in counted and u[0] == 0:
        u[0] = max(left - u.sum(), 0.0)
    elif u.sum():
        u *= left / u.sum()
    for level, pairs in counted.items():
        u[level] = pairs / values.possible_pairs
    # Not scaled to sum to one again: counted levels stay what they are.
    u = np.maximum(u, 0.5 / values.possible_pairs)
    draws = sum(one.draws for one in drawn)
    exact = tuple(level in counted or (draws == 0 and level == 0) for level in range(size))
    return LevelsOfStrangers(u, exact, draws)

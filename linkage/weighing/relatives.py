"""The third class: close relatives. A pair is a match, a close relative (another child of the same parents) or unrelated.

The link weight is the posterior odds of a match against both others:

    w_R = log2(prior_M / prior_R) + sum over the fields that tell relatives apart of log2(m_level / r_level) - together
    link weight = -log2(2^-(w - c) + 2^-w_R)

w is the match weight, c what unrelated people have together by chance (`by_chance`).
The fields that relatives share have the same distribution in both classes and cancel. `together` is how much oftener
relatives have this combination of levels than the fields one by one would say: twins, alike in their date, have more
often one sex, and names a letter apart. It is log2 of (n + 1) / (e + 1) for n pairs found where e are expected, so that
combinations never seen say nothing (Gamma-Poisson shrinkage, DuMouchel 1999; population: pairs of relatives).

r is learned without labels, from pairs of a record with those on the other side who share these fields, its own person left
out: the closest of them, and only records count whose closest agrees on everything but the field learned, so that it is their
own. Of the others only those count who are the closest of another record: a person registered twice is nobody else's, and
would teach that relatives agree on everything. Pairs across the two sides have what each side does to a field, half a date or
a sound heard wrong, in them; pairs within the population would call “only the year” a sign of a match. Where a pair has none
of the shared fields the class adds nothing.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from functools import reduce
from typing import Any

import duckdb
import numpy as np
from numpy.typing import NDArray

from linkage.config import RelativesSpec
from linkage.errors import TrainingError
from linkage.model.match_model import ComparedField, MatchModel
from linkage.pairs.level_store import levels_of_pairs
from linkage.pairs.sides import Sides
from linkage.runs.sql import fetch_row, quote
from linkage.statistics.fellegi_sunter import DIGITS, Floats
from linkage.weighing.by_chance import Together, learn_together, together_bits, together_sql
from linkage.weighing.family_namesakes import FamilyNamesakes, learn_namesakes

FEWEST_PAIRS = 200
MOST_PAIRS = 2_000_000


@dataclass(frozen=True)
class RelativesModel:
    """What the link weight needs beyond the match weight."""

    pairs: int
    """Pairs of relatives among the distinct persons of one side."""
    relatives_per_person: float
    prior: float
    """Share of relatives among all possible pairs."""
    prior_weight: float
    """log2(prior of a match / prior of a relative)."""
    shared_gammas: tuple[str, ...]
    """The comparisons of shared fields: all missing means that the class adds nothing."""
    weights: dict[str, dict[int, float]]
    """Gamma column → level → log2(m / r)."""
    r: dict[str, list[float]]
    """Gamma column → share of each level among relatives, indexed by level."""
    together: list[float]
    """Bits a combination of levels of the columns of `r`, the last running fastest, each from missing (-1) to its highest."""
    by_chance: list[Together]
    """What unrelated people have together."""

    def weighed(self, model: MatchModel) -> RelativesModel:
        """The same relatives beside the m and the prior that the model has now."""
        return replace(
            self,
            prior_weight=math.log2(model.prior / self.prior),
            weights={
                field.gamma: {level.value: math.log2(level.m / self.r[field.gamma][level.value]) for level in field.levels[::-1]}
                for field in model.fields
                if field.gamma in self.r
            },
        )

    def shares(self, agreed: Sequence[str]) -> Floats:
        """Share of each combination of levels among relatives; of those alone who agree on `agreed`, whose axes are left out.

        One axis a remaining column of `r`, by level; the last place, which -1 finds, is the share of the others whatever it is.
        """
        sizes = [len(levels) for levels in self.r.values()]
        table = np.exp2(np.reshape(self.together, [size + 1 for size in sizes])[tuple(slice(1, None) for _ in sizes)])
        for axis, levels in enumerate(self.r.values()):
            table = table * np.reshape(levels, [-1 if place == axis else 1 for place in range(len(sizes))])
        table = table[tuple(-1 if gamma in agreed else slice(None) for gamma in self.r)]
        return _with_missing(table / table.sum(), last=True)

    @staticmethod
    def from_dict(held: dict[str, Any]) -> RelativesModel:
        """Read back from JSON, whose keys are text."""
        weights = {gamma: {int(level): weight for level, weight in levels.items()} for gamma, levels in held["weights"].items()}
        by_chance = [Together(tuple(one["gammas"]), one["bits"]) for one in held["by_chance"]]
        shared = tuple(held["shared_gammas"])
        return RelativesModel(**{**held, "weights": weights, "shared_gammas": shared, "by_chance": by_chance})


def learn_relatives(
    connection: duckdb.DuckDBPyConnection,
    sides: Sides,
    model: MatchModel,
    spec: RelativesSpec,
    field_of: Mapping[str, str],
    seed: int,
) -> RelativesModel:
    """Learn r from pairs that share all of `spec.share`, the own person of each record left out.

    Raises:
        TrainingError: when there are fewer than 200 such pairs, on the side of distinct persons or across the sides.
    """
    right = spec.learn_from == "right"
    table, rows = (sides.right, sides.right_rows) if right else (sides.left, sides.left_rows)
    within = f"SELECT 1 FROM {quote(table)} l JOIN {quote(table)} r ON {_same(spec.share)} AND l.id < r.id"
    pairs = int(fetch_row(connection, f"SELECT count(*) FROM ({within})")[0])
    told_apart = [one for one in model.fields if one.name in spec.told_apart_by]
    counted, joint = _count_relatives(connection, sides, model, spec, told_apart, seed) if pairs >= FEWEST_PAIRS else ([], None)
    fewest = min([pairs, *(int(one.sum()) for one in counted)])
    if joint is None or fewest < FEWEST_PAIRS:
        raise TrainingError(
            f"only {fewest} pairs share {', '.join(spec.share)}, too few to learn the relatives class from",
            "Name other keys under relatives.share, learn from the other side, or leave `relatives` out.",
        )
    # No level is impossible: half a pair is added to each.
    r = [(levels + 0.5) / (levels + 0.5).sum() for levels in counted]
    shared_fields = {field_of[key] for key in spec.share}
    shared = tuple(field.gamma for field in model.fields if field.name in shared_fields)
    relatives_per_person = 2 * pairs / rows
    prior = relatives_per_person / rows
    named = {field.gamma: levels.tolist() for field, levels in zip(told_apart, r, strict=True)}
    together = bits_together(joint, r, _namesakes(connection, sides, model, spec, told_apart, field_of, seed))
    by_chance = learn_together(connection, sides, model, spec, field_of, seed)
    return RelativesModel(pairs, relatives_per_person, prior, 0.0, shared, {}, named, together, by_chance).weighed(model)


def bits_together(joint: Floats, r: Sequence[Floats], namesakes: FamilyNamesakes | None = None) -> list[float]:
    """`RelativesModel.together` from how often each combination of levels was found and the shares of each level alone."""
    apart = reduce(np.multiply.outer, r)
    shares = apart * (joint + 1) / (apart * joint.sum() + 1)
    shares = shares / shares.sum()
    if namesakes is not None:
        shares = namesakes.mixed_with(shares, r)
    bits = np.log2(_with_missing(shares) / _with_missing(apart))
    return [float(one) for one in bits.round(DIGITS).ravel()]


def _namesakes(
    connection: duckdb.DuckDBPyConnection,
    sides: Sides,
    model: MatchModel,
    spec: RelativesSpec,
    told_apart: Sequence[ComparedField],
    field_of: Mapping[str, str],
    seed: int,
) -> FamilyNamesakes | None:
    """Those among the relatives where these are told apart by a name and a date and the left side is a register of its own."""
    names, dates = (
        [place for place, one in enumerate(told_apart) if f"{one.name}_{key}" in field_of] for key in ("given_sound", "year")
    )
    if sides.is_dedupe or not names or not dates:
        return None
    name, date = names[0], dates[0]
    share = learn_namesakes(connection, sides, model, _same(spec.share), told_apart[name], told_apart[date], seed)
    return FamilyNamesakes(share, name, date)


def _with_missing(shares: Floats, last: bool = False) -> Floats:
    """A place more on every axis, first or last: the sum over it, for a level that is missing."""
    for axis in range(shares.ndim):
        total = shares.sum(axis=axis, keepdims=True)
        shares = np.concatenate([shares, total] if last else [total, shares], axis=axis)
    return shares


def _count_relatives(
    connection: duckdb.DuckDBPyConnection,
    sides: Sides,
    model: MatchModel,
    spec: RelativesSpec,
    told_apart: Sequence[ComparedField],
    seed: int,
) -> tuple[list[Floats], Floats]:
    """How often each level of each of these comparisons occurs between a record and the relatives of its own person.

    Then how often each combination of levels does, one axis a comparison: there one field may differ from its own person's.
    """
    record, person = ("id_l", "id_r") if spec.learn_from == "right" else ("id_r", "id_l")
    other = " AND l.id <> r.id" if sides.is_dedupe else ""
    across = (
        f"SELECT l.id AS id_l, r.id AS id_r, 0::UINTEGER AS blocking_rules FROM {quote(sides.left)} l"
        f" JOIN {quote(sides.right)} r ON {_same(spec.share)}{other}"
    )
    pairs = int(fetch_row(connection, f"SELECT count(*) FROM ({across})")[0])
    if pairs > MOST_PAIRS:
        across = f"SELECT * FROM ({across}) WHERE hash({record}, {seed}) < {int(MOST_PAIRS / pairs * 2**64)}::UBIGINT"
    closeness = " + ".join(field.weight_sql for field in told_apart)
    connection.execute(
        "CREATE OR REPLACE TEMP TABLE sharing_pairs AS SELECT *,"
        f" row_number() OVER (PARTITION BY {record} ORDER BY {closeness} DESC, {person}) AS place"
        f" FROM ({levels_of_pairs(model.of_fields(told_apart), sides, across)})"
    )
    of_another = f"{person} IN (SELECT {person} FROM sharing_pairs WHERE place = 1)"
    connection.execute(f"CREATE OR REPLACE TEMP VIEW relatives AS FROM sharing_pairs WHERE place > 1 AND {of_another}")
    counted = []
    for field in told_apart:
        gamma = quote(field.gamma)
        agrees = "".join(f" AND own.{quote(one.gamma)} = {len(one.levels) - 1}" for one in told_apart if one is not field)
        found = connection.execute(
            f"SELECT relative.{gamma}, count(*) FROM sharing_pairs own JOIN relatives relative USING ({record})"
            f" WHERE own.place = 1 AND relative.{gamma} >= 0{agrees} GROUP BY ALL"
        ).fetchall()
        levels = np.zeros(len(field.levels))
        for level, count in found:
            levels[level] = count
        counted.append(levels)
    gammas = [quote(one.gamma) for one in told_apart]
    agreeing = " + ".join(
        f"(own.{gamma} = {len(one.levels) - 1})::INTEGER" for gamma, one in zip(gammas, told_apart, strict=True)
    )
    known = " AND ".join(f"relative.{gamma} >= 0" for gamma in gammas)
    found = connection.execute(
        f"SELECT {', '.join(f'relative.{gamma}' for gamma in gammas)}, count(*) FROM sharing_pairs own"
        f" JOIN relatives relative USING ({record}) WHERE own.place = 1"
        f" AND {agreeing} >= {len(gammas) - 1} AND {known} GROUP BY ALL"
    ).fetchall()
    joint = np.zeros([len(one.levels) for one in told_apart])
    for *place, count in found:
        joint[tuple(place)] = count
    return counted, joint


def _same(keys: Sequence[str]) -> str:
    return " AND ".join(f"l.{quote(key)} = r.{quote(key)}" for key in keys)


def relatives_weight_sql(model: RelativesModel) -> str:
    """The weight with relatives as SQL over match_weight and the gamma columns."""
    cases = {
        gamma: " ".join(f"WHEN {level} THEN {weight!r}::DOUBLE" for level, weight in levels.items())
        for gamma, levels in model.weights.items()
    }
    parts = "".join(f" + (CASE {quote(gamma)} {case} ELSE 0.0::DOUBLE END)" for gamma, case in cases.items())
    place = "0"
    for gamma, levels in model.r.items():
        place = f"({place} * {len(levels) + 1} + {quote(gamma)} + 1)"
    listed = ", ".join(f"{bits!r}::DOUBLE" for bits in model.together)
    against = f"({model.prior_weight!r}::DOUBLE{parts} - list_extract([{listed}], {place} + 1))"
    unrelated = f"(match_weight - ({together_sql(model.by_chance)}))" if model.by_chance else "match_weight"
    # Written with the smaller of the two weights taken out, so that powers of two never overflow.
    both = f"(least({unrelated}, {against}) - log2(1 + pow(2::DOUBLE, -abs({unrelated} - {against}))))"
    if not model.shared_gammas:
        return both
    absent = " AND ".join(f"{quote(gamma)} = -1" for gamma in model.shared_gammas)
    return f"(CASE WHEN {absent} THEN {unrelated} ELSE {both} END)"


def relatives_weight(model: RelativesModel, match_weight: Floats, levels: Mapping[str, NDArray[np.int8]]) -> Floats:
    """The weight with relatives of patterns, as `relatives_weight_sql` gives it for pairs."""
    against = weight_against_relatives(model, levels)
    unrelated = match_weight - together_bits(model.by_chance, levels)
    both = np.minimum(unrelated, against) - np.log2(1 + np.exp2(-np.abs(unrelated - against)))
    if not model.shared_gammas:
        return np.asarray(both)
    absent = np.all([levels[gamma] == -1 for gamma in model.shared_gammas], axis=0)
    return np.where(absent, unrelated, both)


def weight_against_relatives(model: RelativesModel, levels: Mapping[str, NDArray[np.int8]]) -> Floats:
    """Bits for a match against a close relative, one a pattern."""
    against = np.full(len(next(iter(levels.values()))), model.prior_weight)
    for gamma, weights in model.weights.items():
        table = np.array([weights[level] for level in sorted(weights)])
        against += np.where(levels[gamma] >= 0, table[levels[gamma]], 0.0)
    sizes = [len(one) + 1 for one in model.r.values()]
    return np.asarray(against - np.reshape(model.together, sizes)[tuple(levels[gamma] + 1 for gamma in model.r)])

"""Namesakes in the family: a child that bears the name of an elder one who died, and whose entry finds the living one.

Among the persons of the right side two children of the same parents never share a name, for the elder is not there any more:
what relatives are like cannot be learned from them alone. The entries of the left side still have both. Of its pairs that share
the parents, those of one name whose dates have nothing in common are namesakes, less those that are one child entered again
with a wrong date: as many as the model's m expects of the pairs that agree on both. Their share of all pairs of relatives
with different dates becomes a part of the joint distribution of relatives' levels (`relatives.RelativesModel.together`).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import duckdb
import numpy as np

from linkage.model.match_model import ComparedField, MatchModel
from linkage.pairs.level_store import levels_of_pairs
from linkage.pairs.sides import Sides
from linkage.runs.sql import fetch_row, quote
from linkage.statistics.fellegi_sunter import Floats

MOST_PAIRS = 500_000
OTHERWISE = 0.02
"""Share of family namesakes who differ on a further field, as their sex, which a name tells."""


@dataclass(frozen=True)
class FamilyNamesakes:
    """How many relatives bear one name, and in which places of the told-apart fields their name and date stand."""

    share: float
    """Namesakes among relatives, 0-1."""
    name: int
    date: int

    def mixed_with(self, relatives: Floats, r: Sequence[Floats]) -> Floats:
        """Shares of each combination of levels among relatives, one axis a field, namesakes among them."""
        axes = []
        for place, levels in enumerate(r):
            if place == self.date:
                own = np.append(levels[:-1], 0.0)
            else:
                rest = 0.0 if place == self.name else OTHERWISE
                own = np.append(np.full(len(levels) - 1, rest / (len(levels) - 1)), 1 - rest)
            axes.append(np.reshape(own / own.sum(), [-1 if axis == place else 1 for axis in range(len(r))]))
        namesakes = np.ones(relatives.shape)
        for axis in axes:
            namesakes = namesakes * axis
        return np.asarray((1 - self.share) * relatives + self.share * namesakes)


def learn_namesakes(
    connection: duckdb.DuckDBPyConnection,
    sides: Sides,
    model: MatchModel,
    same_parents: str,
    name: ComparedField,
    date: ComparedField,
    seed: int,
) -> float:
    """The share of namesakes among relatives, from the entries of the left side that share the parents (`same_parents`).

    Half a pair is added to the namesakes found: none seen is not never.
    """
    entries = replace(sides, right=sides.left, right_rows=sides.left_rows)
    pairs = (
        f"SELECT l.id AS id_l, r.id AS id_r, 0::UINTEGER AS blocking_rules FROM {quote(sides.left)} l"
        f" JOIN {quote(sides.left)} r ON {same_parents} AND l.id < r.id"
    )
    found = int(fetch_row(connection, f"SELECT count(*) FROM ({pairs})")[0])
    if found > MOST_PAIRS:
        pairs = f"SELECT * FROM ({pairs}) WHERE hash(id_l, {seed}) < {int(MOST_PAIRS / found * 2**64)}::UBIGINT"
    one_name = f"{quote(name.gamma)} = {len(name.levels) - 1}"
    one_date, no_date = f"{quote(date.gamma)} = {len(date.levels) - 1}", f"{quote(date.gamma)} = 0"
    again, unlike, relatives = fetch_row(
        connection,
        f"SELECT count(*) FILTER ({one_name} AND {one_date}), count(*) FILTER ({one_name} AND {no_date}),"
        f" count(*) FILTER ({no_date}) FROM ({levels_of_pairs(model.of_fields((name, date)), entries, pairs)})",
    )
    # either entry of a child entered again may have the wrong date
    entered_again = again * 2 * date.levels[0].m / date.levels[-1].m
    return float((max(unlike - entered_again, 0.0) + 0.5) / (relatives + 1))

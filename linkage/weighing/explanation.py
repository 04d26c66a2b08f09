"""Why a pair weighs what it weighs: the prior, one step a comparison, the name's rarity, relatives, other entries, rivals."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import duckdb
import numpy as np
from numpy.typing import NDArray

from linkage.errors import LinkageError
from linkage.model.match_model import ComparedField
from linkage.pairs.frequencies import with_frequencies
from linkage.pairs.level_store import levels_of_pairs
from linkage.pairs.sides import open_tables
from linkage.runs.exchange import ParquetTable
from linkage.runs.sql import fetch_row, quote_list
from linkage.runs.tables import LINKS, MENTIONS, PAIRS, PERSONS, PRESENCE, SCORED_PAIRS
from linkage.statistics import probability
from linkage.weighing import order_of_dates
from linkage.weighing.belief import believed_query
from linkage.weighing.by_chance import together_bits
from linkage.weighing.claims import STATES, Claims
from linkage.weighing.relatives import RelativesModel, weight_against_relatives
from linkage.weighing.scoring import frequency_adjustment, weights_query
from linkage.weighing.trained_model import TrainedModel
from linkage.words.fields import as_written


@dataclass(frozen=True)
class Step:
    """One step of the waterfall."""

    comparison: str
    level: str
    m: float | None
    u: float | None
    weight: float
    """Bits this step adds to the match weight."""
    rarity: float
    """Bits of it that come from how common the value is."""
    against_relative: float | None
    """Bits of this field by itself for a match against a close relative; None where relatives share the field."""


@dataclass(frozen=True)
class Explanation:
    """A pair's waterfall: match weight = prior + the steps' weights; what leads from it to the link weight comes after."""

    prior: float
    steps: tuple[Step, ...]
    match_weight: float
    by_chance: float
    """Bits that unrelated people have together by chance, which count for nothing."""
    relative_weight: float | None
    """Weight of a match against a close relative, with what their fields have together; None where the class says nothing."""
    order: tuple[str, float] | None
    """Whether the entry was made before the person was born, and the bits of that; None where the dates say nothing."""
    claim: tuple[str, float] | None
    """Whether other entries claim the person, and the bits of that; None where it is not weighed or the pair was not scored."""
    presence: float
    """Bits of how probable it is that the mention's person is there at all; 0 where pairs are believed one by one."""
    pair_weight: float
    """Log2 odds of this person against none."""
    link_weight: float
    """Log2 odds of this person against none and the mention's other persons."""
    proposed_by_blocking: bool

    @property
    def match_probability(self) -> float:
        """The belief whose log2 odds the link weight is, 0–1."""
        return float(probability(self.link_weight))

    @property
    def rivals(self) -> float:
        """Bits of the mention's other persons."""
        return self.link_weight - self.pair_weight

    def lines(self) -> list[str]:
        """The waterfall in words and numbers, no register value in it."""
        lines = [f"Before looking at the pair: {self.prior:+.2f} (one match in {2**-self.prior:,.0f} pairs of records)"]
        for step in self.steps:
            rare = "rare" if step.rarity > 0 else "common"
            rarity = f", of which {step.rarity:+.2f} because the value is {rare}" if step.rarity else ""
            shares = (
                f" (in {step.m:.2%} of matches, {step.u:.4%} of other pairs)" if step.m is not None and step.u is not None else ""
            )
            lines.append(f"{step.comparison}: {step.level} {step.weight:+.2f}{rarity}{shares}")
        likelier, other = ("the same person", "two unrelated people")[:: 1 if self.match_weight >= 0 else -1]
        lines.append(f"Match weight {self.match_weight:+.2f}: {likelier} rather than {other}")
        if self.by_chance:
            lines.append(f"Fields that agree or differ together by chance: {-self.by_chance:+.2f}")
        if self.relative_weight is not None:
            lines.append(f"Same person rather than a close relative: {self.relative_weight:+.2f}")
        if self.order is not None:
            lines.append(f"Years of birth apart, {self.order[0]}: {self.order[1]:+.2f}")
        if self.claim is not None:
            lines.append(f"The person is {self.claim[0]}: {self.claim[1]:+.2f}")
        if self.presence:
            lines.append(f"Whether the mention's person is there at all: {self.presence:+.2f}")
        lines.append(f"Pair weight {self.pair_weight:+.2f}: this person rather than none")
        if self.rivals:
            lines.append(f"The other persons it may be: {self.rivals:+.2f}")
        lines.append(f"Link weight {self.link_weight:+.2f}, probability {self.match_probability:.4f}")
        if not self.proposed_by_blocking:
            lines.append("No blocking rule proposes this pair, so the run has not compared it.")
        return lines

    def beside_the_match_weight(self) -> list[tuple[str, float]]:
        """What leads from the match weight to the link weight, in bits; together their difference."""
        order, claim = (one[1] if one else 0.0 for one in (self.order, self.claim))
        relative = self.pair_weight - self.presence - order - claim - self.match_weight + self.by_chance
        steps = [
            ("fields together by chance", -self.by_chance),
            ("or a close relative", relative),
            (self.order[0] if self.order else "", order),
            (f"person is {self.claim[0]}" if self.claim else "", claim),
            ("the person is there at all", self.presence),
            ("or another person", self.rivals),
        ]
        return [step for step in steps if abs(step[1]) >= 0.005]


def explain_pair(connection: duckdb.DuckDBPyConnection, run: Path, mention: str, person: str) -> Explanation:
    """Explain the pair of a mention and a person, given by their record ids, whether or not blocking proposes it.

    Raises:
        LinkageError: when a side has no such record.
    """
    model = TrainedModel.load(run)
    match = model.match
    right = PERSONS if PERSONS.is_in(run) else MENTIONS
    sides = open_tables(connection, MENTIONS.path(run), PERSONS.path(run) if right is PERSONS else None, match.columns)
    ids = [_id_of(connection, run, MENTIONS, mention, "mention"), _id_of(connection, run, right, person, "person")]
    pair = f"SELECT {ids[0]}::INTEGER AS id_l, {ids[1]}::INTEGER AS id_r, 0::UINTEGER AS blocking_rules"
    connection.execute(f"CREATE OR REPLACE TEMP TABLE explained AS {levels_of_pairs(match, sides, pair)}")
    shown = quote_list(match.gammas)
    weights = weights_query(model, "FROM explained", run)
    match_weight, *levels = fetch_row(connection, f"SELECT match_weight, {shown} FROM ({weights})")
    believed = f"SELECT pair_weight, link_weight FROM ({believed_query(weights, run)})"
    pair_weight, link_weight = fetch_row(connection, believed)
    adjustments = ", ".join(frequency_adjustment(field) if field.adjusted_levels else "0.0" for field in match.fields)
    explained = with_frequencies(match, "FROM explained", run)
    rarity = fetch_row(connection, f"SELECT {adjustments} FROM ({explained})")
    steps = tuple(
        _step(field, int(level), float(bits), model.relatives)
        for field, level, bits in zip(match.fields, levels, rarity, strict=True)
    )
    pattern = {gamma: np.array([level], dtype=np.int8) for gamma, level in zip(match.gammas, levels, strict=True)}
    against = _against_relatives(model.relatives, pattern)
    by_chance = float(together_bits(model.relatives.by_chance, pattern)[0]) if model.relatives else 0.0
    found = fetch_row(connection, f"SELECT count(*) FROM {PAIRS.scan(run)} WHERE id_l = ? AND id_r = ?", ids)[0]
    order, claim = _order(connection, run, ids), _claim(connection, run, ids)
    presence = _presence(connection, run, ids[0])
    return Explanation(
        match.prior_weight, steps, match_weight, by_chance, against, order, claim, presence, pair_weight, link_weight, bool(found)
    )


def _presence(connection: duckdb.DuckDBPyConnection, run: Path, mention: int) -> float:
    """The bits of the mention's presence, none where pairs are believed one by one or not yet."""
    if not PRESENCE.is_in(run):
        return 0.0
    query = f"SELECT presence_weight FROM {PRESENCE.scan(run)} WHERE id_l = ?"
    return sum(float(row[0]) for row in connection.execute(query, [mention]).fetchall())


def _order(connection: duckdb.DuckDBPyConnection, run: Path, ids: list[int]) -> tuple[str, float] | None:
    """The state of the dates of the pair as it was scored, and its bits."""
    learned = order_of_dates.OrderOfDates.load(run)
    if learned is None:
        return None
    query = (
        f"SELECT {order_of_dates.state_sql('m', 'p')} AS state FROM {SCORED_PAIRS.scan(run)}"
        f" JOIN {MENTIONS.scan(run)} m ON m.id = id_l JOIN {PERSONS.scan(run)} p ON p.id = id_r"
        " WHERE id_l = ? AND id_r = ? AND state IS NOT NULL"
    )
    found = connection.execute(query, ids).fetchall()
    return (order_of_dates.STATES[found[0][0]], learned.bits[found[0][0]]) if found else None


def _claim(connection: duckdb.DuckDBPyConnection, run: Path, ids: list[int]) -> tuple[str, float] | None:
    """The state of the pair as it was scored, and its bits."""
    claims = Claims.load(run)
    if claims is None:
        return None
    query = f"SELECT claimed FROM {SCORED_PAIRS.scan(run)} WHERE id_l = ? AND id_r = ?"
    found = connection.execute(query, ids).fetchall()
    return (STATES[found[0][0]], claims.bits[found[0][0]]) if found else None


def _id_of(connection: duckdb.DuckDBPyConnection, run: Path, table: ParquetTable, record: str, what: str) -> int:
    rows = connection.execute(f"SELECT id FROM {table.scan(run)} WHERE record_id = ?", [record]).fetchall()
    if not rows:
        raise LinkageError(
            f"{table.file} has no {what} with that record id", f"Give the ids of {LINKS.file}: mention first, then person."
        )
    return int(rows[0][0])


def _step(field: ComparedField, value: int, rarity: float, relatives: RelativesModel | None) -> Step:
    told_apart = relatives.weights.get(field.gamma) if relatives else None
    if value == -1:
        return Step(as_written(field.name), "missing on one side", None, None, 0.0, 0.0, 0.0 if told_apart else None)
    level = field.levels[value]
    against = told_apart[value] if told_apart else None
    return Step(as_written(field.name), level.label, level.m, level.u, level.weight + rarity, rarity, against)


def _against_relatives(relatives: RelativesModel | None, pattern: dict[str, NDArray[np.int8]]) -> float | None:
    if relatives is None or all(pattern[gamma][0] == -1 for gamma in relatives.shared_gammas):
        return None
    return float(weight_against_relatives(relatives, pattern)[0])

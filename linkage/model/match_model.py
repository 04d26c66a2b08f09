"""What the match weight follows from, in our own words: the compared fields, their levels with m and u, and the prior.

`settings` makes it from Splink's settings and writes it back as such; nothing here knows Splink, and nothing else does more
with a model than to read this and to ask for one with other probabilities.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any, Literal

import numpy as np

from linkage.runs.sql import quote
from linkage.statistics.fellegi_sunter import DIGITS, Floats


@dataclass(frozen=True)
class FrequencyAdjustment:
    """What a value's frequency f adds to a level's weight: `weight` * (log2(u of `base_level`) - log2(max(f, `least`))) bits."""

    column: str
    weight: float
    least: float
    base_level: int
    """The level at which the column is equal: its u is the frequency of the average value."""


@dataclass(frozen=True)
class ModelLevel:
    """A level of a compared field: how a pair comes to it, and what it says."""

    value: int
    """Its number: 0 for whatever no other level holds for, the closest has the highest."""
    label: str
    condition: str | None
    """SQL over `<column>_l` and `<column>_r`; None for the level of whatever else differs."""
    m: float
    u: float
    m_is_fixed: bool
    """Whether the project file says m; then no training changes it."""
    u_is_fixed: bool
    frequency: FrequencyAdjustment | None

    @property
    def weight(self) -> float:
        """Bits for a match: log2(m/u)."""
        return math.log2(self.m / self.u)


@dataclass(frozen=True)
class ComparedField:
    """One field's comparison: its levels, and the SQL that tells which of them a pair has."""

    name: str
    gamma: str
    """The column of the level store that holds a pair's level, -1 where a value is missing."""
    columns: tuple[str, ...]
    """The standardised columns it reads, sorted."""
    missing: str
    """SQL condition of a missing value; never true where the field is never missing."""
    expression: str
    """SQL CASE over `<column>_l` and `<column>_r` that gives the level, as Splink writes it."""
    levels: tuple[ModelLevel, ...]
    """By their value, 0 first."""

    def probabilities(self, letter: Literal["m", "u"]) -> Floats:
        """M or u of each level, indexed by level."""
        return np.array([getattr(level, letter) for level in self.levels], dtype=float)

    @property
    def adjusted_levels(self) -> dict[int, FrequencyAdjustment]:
        """The levels whose weight depends on how frequent the value is."""
        return {level.value: level.frequency for level in self.levels if level.frequency}

    @property
    def weight_sql(self) -> str:
        """SQL of log2(m/u) of a pair's level, 0 where missing: its place in a list (a CASE of ten levels costs twice as much)."""
        listed = ", ".join(f"{level.weight!r}::DOUBLE" for level in self.levels)
        return f"list_extract([0.0::DOUBLE, {listed}], {quote(self.gamma)} + 2)"


@dataclass(frozen=True)
class MatchModel:
    """Splink's model in these words; `settings.save_model` keeps it as model.json."""

    prior: float
    """Share of matches among all possible pairs."""
    fields: tuple[ComparedField, ...]
    settings: Mapping[str, Any] = field(repr=False, compare=False)
    """Splink's settings it was made from, whose probabilities those here replace."""

    @property
    def prior_weight(self) -> float:
        """Bits before a pair is looked at: log2 of the prior's odds."""
        return math.log2(self.prior / (1 - self.prior))

    @property
    def gammas(self) -> list[str]:
        """The level store's column of each field, in their order."""
        return [one.gamma for one in self.fields]

    @property
    def columns(self) -> list[str]:
        """The columns that the comparisons read, sorted."""
        return sorted({column for one in self.fields for column in one.columns})

    @property
    def frequency_columns(self) -> list[str]:
        """The columns whose term frequencies adjust weights, sorted."""
        return sorted({adjustment.column for one in self.fields for adjustment in one.adjusted_levels.values()})

    @property
    def rules(self) -> list[str]:
        """The blocking rules that propose pairs, as SQL conditions."""
        return [rule["blocking_rule"] for rule in self.settings["blocking_rules_to_generate_predictions"]]

    def with_probabilities(self, m: Sequence[Floats], u: Sequence[Floats]) -> MatchModel:
        """The model with other m and u (an array a field, by level), rounded, where the project file does not fix them."""
        return replace(self, fields=tuple(map(_with_probabilities, self.fields, m, u)))

    def of_fields(self, fields: Iterable[ComparedField]) -> MatchModel:
        """The model of some of its fields alone, to tell their levels; it cannot be saved."""
        return replace(self, fields=tuple(fields))

    def with_prior(self, prior: float) -> MatchModel:
        """The model with another prior, rounded."""
        return replace(self, prior=round(prior, DIGITS + 4))


def _with_probabilities(one: ComparedField, m: Floats, u: Floats) -> ComparedField:
    levels = tuple(
        replace(
            level,
            m=level.m if level.m_is_fixed else round(float(m[level.value]), DIGITS),
            u=level.u if level.u_is_fixed else round(float(u[level.value]), DIGITS),
        )
        for level in one.levels
    )
    return replace(one, levels=levels)

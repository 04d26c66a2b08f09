"""Who wrote an entry, and what goes wrong under that hand: clustered draws, and the log of every error injected.

An office and period (`source`) has its habits (typing without accents, an old font) and its carelessness per family of errors, a
gamma factor of mean 1. Factors are normalised over the values at hand, so asked rates hold while errors cluster.
"""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np

from linkage.synthetic.rates import ERAS, KINDS, SOURCE_KINDS
from linkage.synthetic.world import World

PERIODS = np.array([1976, 1999, 2006, 2016])
"""First years of the periods books are grouped in after the first (to 1975, 1976-98, 1999-2005, 2006-15, 2016 on)."""
FAMILIES = tuple(sorted({kind.family for kind in KINDS.values()}))


@dataclass
class ErrorLog:
    """Injected errors (arrays of row numbers) and, per kind, what was asked."""

    register: str
    hits: list[tuple[np.ndarray, str, str, str]] = field(default_factory=list)
    """(rows, field, kind, level)."""
    asked: list[tuple[str, str, str, str, int, float, float, int]] = field(default_factory=list)
    """(register, field, kind, era, eligible, expected, variance, injected)."""

    def add(self, rows: np.ndarray, name: str, kind: str, level: str) -> None:
        """Log one kind on some rows."""
        if len(rows):
            self.hits.append((rows, name, kind, level))


def _capped(p: np.ndarray, era: np.ndarray, rates: np.ndarray) -> np.ndarray:
    """Chances cut at 97 %, the others raised so that the mean of each era stays the rate asked for."""
    for _ in range(20):
        p = np.minimum(p, 0.97)
        mean = np.bincount(era, p, 4) / np.maximum(np.bincount(era, minlength=4), 1)
        p = p * (rates / np.maximum(mean, 1e-9))[era]
    return np.asarray(np.minimum(p, 0.97))


class Clerks:
    """The hands of one district's entries of one register."""

    def __init__(
        self,
        rng: np.random.Generator,
        hands: np.random.Generator,
        register: str,
        source: np.ndarray,
        sources: int,
        era: np.ndarray,
        year: np.ndarray,
        scale: float,
        kinds: dict[str, float],
        region_factor: dict[str, float],
        world: World,
    ) -> None:
        self.rng, self.source, self.era = rng, source, era
        self.scale, self.kinds, self.region_factor = scale, kinds, region_factor
        self.log = ErrorLog(register)
        count = sources
        self.care = {family: hands.gamma(0.8, 1 / 0.8, count) + 0.05 for family in FAMILIES}
        era_of = np.zeros(count, np.int64)
        era_of[source] = era
        used = np.zeros(count, bool)
        used[source] = True
        self.habit = {}
        for kind in SOURCE_KINDS:
            rate = self._rates(kind.name)[era_of]
            has = (hands.random(count) < rate) & used
            self.habit[kind.name] = has
            if register != "birth":  # one office, one habit: counted once
                continue
            for code, era_name in enumerate(ERAS):
                inside = used & (era_of == code)
                p = rate[inside]
                if len(p):
                    self.log.asked.append(
                        (
                            register,
                            "",
                            kind.name,
                            era_name,
                            len(p),
                            float(p.sum()),
                            float((p * (1 - p)).sum()),
                            int(has[inside].sum()),
                        )
                    )

        self.leaves_out_thi_van = np.zeros(len(source), bool)
        if world.thi_van_habit and register != "population":
            self.leaves_out_thi_van = (hands.random((count, 8)) < world.thi_van_habit)[source, year // 2 % 8]
        self.parent_times = world.parents_misnamed
        spread = world.entry_badness
        self.badness = rng.gamma(1 / spread, spread, len(source)) + 0.05 if spread else np.ones(len(source))

    def _rates(self, kind: str) -> np.ndarray:
        factor = self.scale * self.kinds.get(kind, 1.0) * self.region_factor.get(kind, 1.0)
        return np.minimum(np.array(KINDS[kind].rates) * factor, 0.97)

    def draw(self, kind: str, name: str, eligible: np.ndarray, times: float = 1.0) -> np.ndarray:
        """Rows of `eligible` (a mask) that get the error; logged under the field's name."""
        rows = np.flatnonzero(eligible)
        rates = np.minimum(self._rates(kind) * times, 0.97)
        if not len(rows) or not rates.any():
            return rows[:0]
        era = self.era[rows]
        care = self.care[KINDS[kind].family][self.source[rows]] * self.badness[rows]
        mean = np.bincount(era, care, 4) / np.maximum(np.bincount(era, minlength=4), 1)
        p = rates[era] * care / np.maximum(mean, 1e-9)[era]
        if p.max() > 0.97:
            p = _capped(p, era, rates)
        hit = self.rng.random(len(rows)) < p
        self._account(kind, name, era, p, hit)
        self.log.add(rows[hit], name, kind, KINDS[kind].level)
        return np.asarray(rows[hit])

    def note(self, kind: str, name: str, eligible: np.ndarray, chance: np.ndarray, hit: np.ndarray) -> None:
        """Account for an error that was drawn elsewhere, with the chance it had; logged by the caller."""
        rows = np.flatnonzero(eligible)
        self._account(kind, name, self.era[rows], chance[rows], hit[rows])

    def _account(self, kind: str, name: str, era: np.ndarray, p: np.ndarray, hit: np.ndarray) -> None:
        tallies = [np.bincount(era, weights, 4) for weights in (None, p, p * (1 - p), hit)]
        for code, (eligible, expected, variance, injected) in enumerate(zip(*tallies, strict=True)):
            if eligible:
                row = (int(eligible), float(expected), float(variance), int(injected))
                self.log.asked.append((self.log.register, name, kind, ERAS[code], *row))

    def has_habit(self, kind: str) -> np.ndarray:
        """Rows written in a source with that habit."""
        return np.asarray(self.habit[kind][self.source])

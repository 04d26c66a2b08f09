"""What is asked of the generator and what it gives back."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal

from linkage.errors import LinkageError
from linkage.synthetic.rates import ALL_KINDS
from linkage.synthetic.reference_people import PROVINCE_POPULATION
from linkage.synthetic.world import USUAL, World


@dataclass(frozen=True)
class SyntheticSpec:
    """A synthetic set of registers with known truth."""

    persons: int
    """People living in the population database at the middle of 2026, to the rounding of districts (at least 500)."""
    seed: int = 1
    errors: float = 1.0
    """Scales every rate of error; 0 makes clean registers."""
    provinces: tuple[str, ...] = ()
    """Codes of the 63 provinces to draw districts from; empty: the whole country by population."""
    kinds: dict[str, float] = field(default_factory=dict)
    """Kind of error → its own factor on top of `errors` (0 turns it off); `linkage.synthetic.rates.ALL_KINDS` lists them."""
    numbered: tuple[float, float] = (0.03, 0.30)
    """Shares of entries before 1990 and of 1990-2015 that carry a personal number; later ones nearly all do."""
    format: Literal["csv", "parquet"] = "csv"
    """Of the registers and the population database; truth and errors are always Parquet."""
    digitisation: bool = True
    """Also write the digitisation set."""
    world: World = USUAL
    """What kind of country they come from: `linkage.synthetic.world.WORLDS` has the usual and a harder one."""

    def __post_init__(self) -> None:
        if self.persons < 500:
            raise LinkageError(f"persons = {self.persons} is too few for families", "Ask for at least 500.")
        if self.errors < 0 or any(factor < 0 for factor in self.kinds.values()):
            raise LinkageError("a factor on errors is negative", "Give 0 or more.")
        for province in self.provinces:
            if province not in PROVINCE_POPULATION:
                raise LinkageError(
                    f"`{province}` is not the code of one of the 63 provinces", f"Allowed: {', '.join(PROVINCE_POPULATION)}."
                )
        for kind in self.kinds:
            if kind not in ALL_KINDS:
                raise LinkageError(f"`{kind}` is not a kind of error", f"Allowed: {', '.join(sorted(ALL_KINDS))}.")

    def factor(self, kind: str) -> float:
        """What every rate of a kind is multiplied by."""
        return self.errors * self.kinds.get(kind, 1.0)


@dataclass(frozen=True)
class SyntheticSummary:
    """What was written."""

    out: Path
    files: dict[str, Path]
    """Name (`births`, `population`, `truth`, …) → file."""
    rows: dict[str, int]
    """The same names → rows."""
    persons: int
    """Living people in the population database."""
    seconds: float

"""What follows a person into every register: a usual misspelling, a believed year of birth, somebody else's papers."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from linkage.synthetic.families import Families
from linkage.synthetic.vocabulary import vocabulary
from linkage.synthetic.world import World

SPELT = ("misread", "southern_final", "initial_north", "regional_variant", "typing_slip")
"""Kinds of misspelling that stick to a name, the first that can touch it."""
BELIEVED_IN_POPULATION = 0.5
"""Share of those who believe in a wrong year whose row in the population database has it."""
GROWN_BY = 2005
"""Year of birth before which people have papers to borrow."""


@dataclass(frozen=True)
class PersonalHabits:
    """Arrays by person of `families`."""

    right: np.ndarray
    """Token of the name that is usually written wrongly (code), -1 for none."""
    wrong: np.ndarray
    """What is written for it."""
    year_shift: np.ndarray
    """Believed year of birth less the true one."""
    believed_in_population: np.ndarray
    """Whether the population database has the believed year."""
    shows: np.ndarray
    """Whose number and papers the person shows: mostly their own."""

    @classmethod
    def none(cls, people: int) -> PersonalHabits:
        """Nobody has any."""
        nothing = np.full(people, -1, np.int32)
        return cls(nothing, nothing, np.zeros(people, np.int64), np.zeros(people, bool), np.arange(people))

    def spell(self, people: np.ndarray, codes: np.ndarray, shown: np.ndarray) -> np.ndarray:
        """The names as usually written, where `shown`; codes is not changed."""
        hit = (codes == self.right[people][:, None]) & (codes >= 0) & (shown & (people >= 0))[:, None]
        return np.where(hit, self.wrong[people][:, None], codes)


def give_habits(
    rng: np.random.Generator, world: World, families: Families, names: np.ndarray, year: np.ndarray
) -> PersonalHabits:
    """Draw the habits of a district's people; in the usual world there are none and nothing is drawn."""
    n = len(year)
    if not (world.usual_misspelling or world.believed_year or world.borrowed_number):
        return PersonalHabits.none(n)
    right, wrong = _misspell(rng, names, rng.random(n) < world.usual_misspelling)
    believes = (rng.random(n) < world.believed_year) & (year < GROWN_BY)
    shift = np.where(believes, rng.choice([-2, -1, -1, 1, 1, 2], n), 0)
    borrows = (rng.random(n) < world.borrowed_number) & (year < GROWN_BY)
    return PersonalHabits(
        right, wrong, shift, believes & (rng.random(n) < BELIEVED_IN_POPULATION), _lenders(rng, families, year, borrows)
    )


def _misspell(rng: np.random.Generator, names: np.ndarray, who: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    words = vocabulary()
    right, wrong = np.full(len(names), -1, np.int32), np.full(len(names), -1, np.int32)
    for kind in rng.permutation(SPELT):
        can = words.can(str(kind), names)
        rows = np.flatnonzero(who & (right < 0) & can.any(axis=1))
        at = np.where(can[rows], rng.random((len(rows), names.shape[1])), 2.0).argmin(axis=1)
        right[rows] = names[rows, at]
        wrong[rows] = words.misspell(str(kind), names[rows, at], rng.random(len(rows)))
    return right, wrong


def _lenders(rng: np.random.Generator, families: Families, year: np.ndarray, borrows: np.ndarray) -> np.ndarray:
    """The sibling of the same sex nearest in age, else somebody of the same sex and about the same year; never oneself."""
    shows = np.arange(len(year))
    order = np.lexsort((families.born, families.sex, families.mother))
    place = np.empty(len(order), np.int64)
    place[order] = np.arange(len(order))
    by_year = np.lexsort((rng.random(len(year)), year, families.sex))
    rank = np.empty(len(by_year), np.int64)
    rank[by_year] = np.arange(len(by_year))
    for person in np.flatnonzero(borrows):
        near = [order[place[person] + step] for step in (-1, 1) if 0 <= place[person] + step < len(order)]
        sibling = [
            one
            for one in near
            if families.mother[one] == families.mother[person] >= 0 and families.sex[one] == families.sex[person]
        ]
        other = by_year[rank[person] - 1 if rank[person] else 1]
        shows[person] = sibling[0] if sibling else other
    return shows

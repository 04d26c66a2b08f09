"""Households of the population database, and what one enumerator got wrong for all of a household's members alike."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from linkage.synthetic.community import Community
from linkage.synthetic.families import END
from linkage.synthetic.vocabulary import vocabulary
from linkage.synthetic.world import World

FIRST_OF_JANUARY, YEAR_EARLIER, SURNAME, HOMETOWN = range(1, 5)
KINDS = ("", "household_first_of_january", "household_year_earlier", "household_surname", "household_hometown")
"""Names in the log of errors."""
SPELT = ("misread", "southern_final", "typing_slip")


@dataclass(frozen=True)
class HouseholdErrors:
    """Arrays by row of the population database."""

    kind: np.ndarray
    """0 for none, else one of the four above."""
    surname: np.ndarray
    """Token written for the head's surname (code); -1 for none."""
    right: np.ndarray
    """The head's surname (code)."""

    def rows(self, kind: int) -> np.ndarray:
        """Rows with an error of a kind."""
        return np.flatnonzero(self.kind == kind)

    def spell(self, codes: np.ndarray) -> np.ndarray:
        """Names with the head's surname as the enumerator wrote it."""
        hit = (codes == self.right[:, None]) & (self.surname >= 0)[:, None] & (codes >= 0)
        return np.where(hit, self.surname[:, None], codes)


def heads_of(community: Community, people: np.ndarray) -> np.ndarray:
    """The head of each person's household: the husband, else the mother's husband or the mother, else oneself."""
    families = community.families
    man, married = families.sex[people] == 0, families.spouse[people] >= 0
    mother = families.mother[people]
    husband_of_mother = np.where((mother >= 0) & (families.spouse[mother] >= 0), families.spouse[mother], mother)
    at_home = (mother >= 0) & (families.died[mother] > END)
    return np.select([married & man, married, at_home], [people, families.spouse[people], husband_of_mother], people)


def mistake_households(rng: np.random.Generator, world: World, community: Community, people: np.ndarray) -> HouseholdErrors:
    """Draw the households gone wrong and how; in the usual world none, and nothing is drawn."""
    n = len(people)
    none = np.full(n, -1, np.int32)
    if not world.household_error:
        return HouseholdErrors(np.zeros(n, np.int64), none, none)
    heads, member_of = np.unique(heads_of(community, people), return_inverse=True)
    drawn = np.where(rng.random(len(heads)) < world.household_error, rng.integers(1, 5, len(heads)), 0)
    words = vocabulary()
    right = community.names[heads, 0]
    wrong = np.full(len(heads), -1, np.int32)
    for spelt in rng.permutation(SPELT):
        rows = np.flatnonzero((drawn == SURNAME) & (wrong < 0) & words.can(str(spelt), right))
        wrong[rows] = words.misspell(str(spelt), right[rows], rng.random(len(rows)))
    return HouseholdErrors(drawn[member_of], wrong[member_of], right[member_of])

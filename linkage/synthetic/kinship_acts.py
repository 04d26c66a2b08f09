"""Acts that change or add to a family in law: adoption, recognition by a father, guardianship of orphans."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from linkage.synthetic.families import END, NEVER, Families, first_day

ADOPTED_SHARE = 0.003
"""Of children born from 1975 on (reference: adoptive and renamed persons 0.3 %)."""
RECOGNISED_SHARE = 0.30  # of children without a declared father, J
GUARDED_SHARE = 0.5  # of orphans under 18 since 1995, J


@dataclass
class Acts:
    """Each act: the child, the other person or couple (-1 for none), the day."""

    adopted: np.ndarray
    adoptive_father: np.ndarray
    adoptive_mother: np.ndarray
    adopted_on: np.ndarray
    recognised: np.ndarray
    recognising: np.ndarray
    recognised_on: np.ndarray
    ward: np.ndarray
    guardian: np.ndarray
    guarded_on: np.ndarray


def _alive(families: Families, person: np.ndarray, day: np.ndarray) -> np.ndarray:
    there = (person >= 0) & (families.died[person] > day) & (families.left[person] > day)
    return np.asarray(there & (families.away[person] > day))


def simulate_acts(rng: np.random.Generator, families: Families, year: np.ndarray) -> Acts:
    """All acts of a district; chosen people are alive, grown and not the child's kin."""
    adopted = _adoptions(rng, families, year)
    recognised = _recognitions(rng, families, year, adopted[0])
    guarded = _guardianships(rng, families, year, adopted[0])
    return Acts(*adopted, *recognised, *guarded)


def _adoptions(rng: np.random.Generator, families: Families, year: np.ndarray) -> tuple[np.ndarray, ...]:
    n = len(year)
    child = np.flatnonzero((year >= 1975) & ~families.founder & ~families.twin & (rng.random(n) < ADOPTED_SHARE * 1.15))
    day = families.born[child].astype(np.int64) + rng.integers(40, 365 * 9, len(child))
    keep = (day < END) & _alive(families, child, day)
    child, day = child[keep], day[keep]
    father, mother = np.full(len(child), -1), np.full(len(child), -1)
    if len(families.husband):
        for _ in range(12):  # draw couples until one fits: together at the time, of an age to be parents, strangers to the child
            open_ = np.flatnonzero(mother < 0)
            if not len(open_):
                break
            union = rng.integers(0, len(families.husband), len(open_))
            man, woman, at = families.husband[union], families.wife[union], day[open_]
            age = year[child[open_]] - year[woman]
            fits = (
                (families.started[union] < at)
                & (families.ended[union] > at)
                & (age >= 22)
                & (age <= 46)
                & (year[man] < year[woman] + 15)
            )
            fits &= (year[child[open_]] - year[man] >= 20) & _alive(families, man, at) & _alive(families, woman, at)
            fits &= families.group[man] == families.group[child[open_]]
            fits &= (families.mother[child[open_]] != woman) & (families.line[child[open_]] != families.line[man])
            father[open_[fits]], mother[open_[fits]] = man[fits], woman[fits]
    found = mother >= 0
    return child[found], father[found], mother[found], day[found]


def _recognitions(rng: np.random.Generator, families: Families, year: np.ndarray, taken: np.ndarray) -> tuple[np.ndarray, ...]:
    n = len(year)
    fatherless = (families.father < 0) & (families.mother >= 0) & (year >= 1985) & (rng.random(n) < RECOGNISED_SHARE)
    fatherless[taken] = False
    child = np.flatnonzero(fatherless)
    day = families.born[child].astype(np.int64) + rng.integers(30, 365 * 8, len(child))
    keep = (day < END) & _alive(families, child, day)
    child, day = child[keep], day[keep]
    man = np.full(len(child), -1)
    men = np.flatnonzero((families.sex == 0) & ~families.founder)
    for _ in range(12):
        open_ = np.flatnonzero(man < 0)
        if not len(open_) or not len(men):
            break
        chosen = men[rng.integers(0, len(men), len(open_))]
        mother = families.mother[child[open_]]
        age = year[child[open_]] - year[chosen]
        fits = (
            (age >= 18)
            & (age <= 45)
            & _alive(families, chosen, day[open_])
            & (families.group[chosen] == families.group[child[open_]])
        )
        fits &= families.line[chosen] != families.line[mother]
        fits &= families.mother[chosen] != families.mother[mother]
        man[open_[fits]] = chosen[fits]
    found = man >= 0
    return child[found], man[found], day[found]


def _guardianships(rng: np.random.Generator, families: Families, year: np.ndarray, taken: np.ndarray) -> tuple[np.ndarray, ...]:
    mother, father = families.mother, families.father
    orphaned = np.maximum(
        np.where(mother >= 0, families.died[mother], NEVER),
        np.where(father >= 0, families.died[father], np.where(mother >= 0, 0, NEVER)),
    ).astype(np.int64)
    day = orphaned + rng.integers(10, 300, len(year))
    fits = (mother >= 0) & (orphaned < END) & (day < END) & (orphaned > first_day(1995)) & (day < families.born + 17 * 365)
    fits &= (rng.random(len(year)) < GUARDED_SHARE) & _alive(families, np.arange(len(year)), day)
    fits[taken] = False
    ward = np.flatnonzero(fits)
    at = day[ward]
    choices = [families.mother[mother[ward]], families.mother[father[ward]], families.father[mother[ward]]]
    choices[1] = np.where(father[ward] >= 0, choices[1], -1)
    aunt = _a_sibling(families, mother[ward])
    choices += [aunt, np.where(father[ward] >= 0, _a_sibling(families, father[ward]), -1)]
    grown = [_alive(families, who, at) & (families.born[who] < at - 18 * 365) for who in choices]
    guardian = np.select(grown, choices, -1)
    found = guardian >= 0
    return ward[found], guardian[found], at[found]


def _a_sibling(families: Families, person: np.ndarray) -> np.ndarray:
    """A child of the same mother, the eldest that is not the person; -1 when there is none."""
    n = len(families.sex)
    eldest, youngest = np.full(n, -1), np.full(n, -1)
    children = np.flatnonzero(families.mother >= 0)
    youngest[families.mother[children]] = children
    eldest[families.mother[children[::-1]]] = children[::-1]
    mother = families.mother[person]
    known = (person >= 0) & (mother >= 0)
    first, last = eldest[mother], youngest[mother]
    return np.where(known & (first != person), first, np.where(known & (last != person), last, -1))

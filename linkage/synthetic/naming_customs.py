"""Customs that give two people one name: a clan's middle name for a generation, a village's fashion, a dead sibling's name."""

from __future__ import annotations

import numpy as np

from linkage.synthetic.families import BASE_SINCE, Families
from linkage.synthetic.world import World

GROWN = 15 * 365
"""Days of age from which a dead sibling is nobody's namesake any more."""


def generations(families: Families) -> np.ndarray:
    """How many steps each person is below the founder of their line."""
    of_father = (families.father >= 0) & (families.line[families.father] == families.line)
    lead = np.where(of_father, families.father, families.mother)
    depth = np.zeros(len(lead), np.int64)
    while True:
        deeper = np.where(lead >= 0, depth[lead] + 1, 0)
        if (deeper == depth).all():
            return depth
        depth = deeper


def share_clan_middles(
    rng: np.random.Generator, families: Families, names: np.ndarray, middles: np.ndarray, kinh: np.ndarray, world: World
) -> None:
    """Give the sons of one generation of some lines one middle name, drawn from the codes `middles`; in place."""
    keeps = rng.random(len(names)) < world.clan_middle
    of_generation = middles[rng.integers(0, len(middles), (len(names), 16))]  # by founder and generation
    length = (names >= 0).sum(axis=1)
    sons = np.flatnonzero(keeps[families.line] & (families.sex == 0) & kinh & (length >= 3))
    names[sons, 1] = of_generation[families.line[sons], np.minimum(generations(families)[sons], 15)]


def follow_village_fashion(
    rng: np.random.Generator, families: Families, names: np.ndarray, year: np.ndarray, world: World
) -> None:
    """Name some children as a slightly older child of the commune who bears their surname; in place."""
    key = np.column_stack([names[:, 0], families.sex, year, families.birth_commune])
    order = np.lexsort((np.arange(len(names)), *key.T))
    first = np.append(True, (key[order][1:] != key[order][:-1]).any(axis=1))
    start = np.maximum.accumulate(np.where(first, np.arange(len(order)), 0))
    before = np.arange(len(order)) - start
    donor = order[start + (rng.random(len(order)) * before).astype(np.int64)]
    follows = (rng.random(len(order)) < world.village_fashion) & (before > 0) & ~families.founder[order]
    follows &= families.mother[donor] != families.mother[order]
    for child, named in zip(order[follows], donor[follows], strict=True):  # in order: a fashion may be followed again
        names[child] = names[named]


def name_absent_alike(rng: np.random.Generator, families: Families, names: np.ndarray, year: np.ndarray, world: World) -> None:
    """Give some people gone before there was a population database the name of one who is in it; in place.

    That one is of their commune, sex and surname, and born in the same year or the next, of another mother.
    """
    present = (families.died > BASE_SINCE) & (families.left > BASE_SINCE)
    alike: dict[tuple[int, ...], list[int]] = {}
    keys = np.column_stack([names[:, 0], families.sex, families.birth_commune])
    for person in np.flatnonzero(present & ~families.founder):
        for step in (0, 1):
            alike.setdefault((*keys[person], int(year[person]) - step), []).append(int(person))
    gone = np.flatnonzero(~present & ~families.founder)
    for person in gone[rng.random(len(gone)) < world.absent_namesake]:
        found = [
            one for one in alike.get((*keys[person], int(year[person])), ()) if families.mother[one] != families.mother[person]
        ]
        if found:
            names[person] = names[found[int(rng.integers(len(found)))]]


def name_after_the_dead(rng: np.random.Generator, families: Families, names: np.ndarray, world: World) -> None:
    """Give some children the whole name of the sibling of their sex who died as a child last before their birth; in place."""
    elder = dead_siblings(families)
    chosen = (elder >= 0) & (rng.random(len(elder)) < world.named_after_dead)
    for child in np.flatnonzero(chosen):
        names[child] = names[elder[child]]


def dead_siblings(families: Families) -> np.ndarray:
    """For each person the child of the same mother, sex and line that died as a child last before their birth, or -1."""
    out = np.full(len(families.sex), -1, np.int64)
    children = np.flatnonzero(families.mother >= 0)
    of_mother: dict[int, list[int]] = {}
    lost = (families.died - families.born < GROWN) & (families.mother >= 0)
    for child in np.flatnonzero(lost):
        of_mother.setdefault(int(families.mother[child]), []).append(int(child))
    for child in children[np.isin(families.mother[children], list(of_mother))]:
        fits = [
            other
            for other in of_mother[int(families.mother[child])]
            if families.died[other] < families.born[child]
            and families.sex[other] == families.sex[child]
            and families.line[other] == families.line[child]
        ]
        if fits:
            out[child] = max(fits, key=lambda other: int(families.died[other]))
    return out

"""Names of a district's people: by sex, cohort, region and ethnic group, with what families have in common.

Surnames follow the father's line; lines get their surname after the simulation, by systematic allocation over their sizes, so the
region's shares hold in every draw. Brothers often share a middle name, twins always; siblings never share a whole name unless the
elder died first.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache

import numpy as np

from linkage.synthetic import reference_names as kinh
from linkage.synthetic.families import Families, year_of
from linkage.synthetic.naming_customs import follow_village_fashion, name_absent_alike, name_after_the_dead, share_clan_middles
from linkage.synthetic.reference_ethnic_names import PATTERNS
from linkage.synthetic.vocabulary import vocabulary
from linkage.synthetic.world import USUAL, World

MAX_TOKENS = 6


def region_of(province: str) -> str:
    """Region for names of one of the 63 provinces (reference 4.9)."""
    code = int(province)
    return "north" if code <= 46 else "central" if code <= 60 else "highlands" if code <= 68 else "south"


@dataclass(frozen=True)
class Weighted:
    """Codes with cumulated weights; `draw` maps uniform numbers to codes."""

    codes: np.ndarray
    edges: np.ndarray

    @classmethod
    def of(cls, weights: dict[str, float]) -> Weighted:
        """From token → weight."""
        values = np.array(list(weights.values()))
        return cls(vocabulary().codes(list(weights)), np.cumsum(values / values.sum()))

    def draw(self, uniform: np.ndarray) -> np.ndarray:
        """A code for each number in [0, 1)."""
        return np.asarray(self.codes[self.place(uniform)])

    def place(self, uniform: np.ndarray) -> np.ndarray:
        """The position of the code for each number in [0, 1)."""
        return np.minimum(np.searchsorted(self.edges, uniform, side="right"), len(self.codes) - 1)


def _table(text: str) -> dict[str, float]:
    cells = text.split()
    return {name: float(weight) for name, weight in zip(cells[::2], cells[1::2], strict=True)}


def _with_tail(head: dict[str, float], others: list[dict[str, float]]) -> dict[str, float]:
    """The table, its unlisted rest (100 minus its sum) spread over names that only other tables list."""
    rest = 100.0 - sum(head.values())
    tail = {name: weight for other in others for name, weight in other.items() if name not in head}
    if rest <= 0 or not tail:
        return head
    scale = min(rest / sum(tail.values()), 0.35 * min(head.values()) / (sum(tail.values()) / len(tail)))
    return head | {name: weight * scale for name, weight in tail.items()}


@cache
def surnames(region: str) -> Weighted:
    """Surnames of the Kinh of a region."""
    north, south = _table(kinh.SURNAMES_NORTH), _table(kinh.SURNAMES_SOUTH)
    share = {"north": 1.0, "central": 0.5, "highlands": 0.6, "south": 0.0}[region]
    return Weighted.of({name: share * north[name] + (1 - share) * south[name] for name in north})


@cache
def _ethnic_surnames(group: str) -> Weighted | None:
    names = PATTERNS[group].surnames
    return Weighted.of({name: 1 / (rank + 1) for rank, name in enumerate(names)}) if names else None


@cache
def _given(sex: int) -> tuple[Weighted, ...]:
    """Given names before 1950, old, young, modern."""
    names = ["MEN", "WOMEN"][sex]
    old, young, modern, early = (
        _table(getattr(kinh, f"{names}_GIVEN_{age}")) for age in ("OLD", "YOUNG", "MODERN", "BEFORE_1950")
    )
    old_full = {name: weight * 85 / sum(old.values()) for name, weight in old.items()}
    first = _with_tail({name: weight * 0.8 for name, weight in old_full.items()} | early, [young])
    return tuple(
        map(Weighted.of, (first, _with_tail(old_full, [young]), _with_tail(young, [old, modern]), _with_tail(modern, [young])))
    )


@cache
def _middles(sex: int) -> tuple[Weighted, Weighted]:
    """First middle names other than Thị and Văn, and second middle names."""
    first = _table(kinh.WOMEN_MIDDLE if sex else kinh.MEN_MIDDLE)
    second = _table(kinh.WOMEN_SECOND_MIDDLE if sex else kinh.MEN_SECOND_MIDDLE)
    first.pop("Thị" if sex else "Văn")
    return Weighted.of(first), Weighted.of(second)


def _by_cohort(table: Mapping[int, float | tuple[float, ...]], year: np.ndarray) -> np.ndarray:
    starts = np.array(sorted(table))
    return np.array([table[start] for start in starts])[np.clip(np.searchsorted(starts, year, side="right") - 1, 0, None)]


def _surnames_of_lines(rng: np.random.Generator, families: Families, groups: list[str], region: str) -> np.ndarray:
    """A surname code for each founder (-1 for groups without surnames)."""
    size = np.bincount(families.line[~families.founder], minlength=len(families.line)).astype(float)
    founders = np.flatnonzero(families.founder)
    surname = np.full(len(families.line), -1, np.int32)
    for g, group in enumerate(groups):
        lines = founders[families.group[founders] == g]
        weighted = surnames(region) if group == "Kinh" else _ethnic_surnames(group)
        if weighted is None or not len(lines):
            continue
        lines = lines[rng.permutation(len(lines))]
        weight = size[lines] + 1e-3
        middle = (np.cumsum(weight) - weight / 2) / weight.sum()
        at = weighted.place((middle + rng.random()) % 1.0)
        # the smaller lines then make up what the larger ones left over or short
        living = size[lines]
        small = np.flatnonzero((living > 0) & (living <= np.quantile(living[living > 0], 0.6))) if living.any() else lines[:0]
        lack = np.diff(weighted.edges, prepend=0) * size[lines].sum() - np.bincount(at, size[lines], len(weighted.codes))
        for line in sorted(small, key=lambda i: (-size[lines[i]], i)):
            lack[at[line]] += size[lines[line]]
            at[line] = int(lack.argmax())
            lack[at[line]] -= size[lines[line]]
        surname[lines] = weighted.codes[at]
    return surname


def name_people(rng: np.random.Generator, families: Families, groups: list[str], region: str, world: World = USUAL) -> np.ndarray:
    """Names as token codes, (people, `MAX_TOKENS`), in the order they are written."""
    n = len(families.sex)
    year = year_of(families.born)
    group_of = np.array([g == "Kinh" for g in groups])
    surname = _surnames_of_lines(rng, families, groups, region)[families.line]
    names = np.full((n, MAX_TOKENS), -1, np.int32)
    parents = np.where(families.mother >= 0, families.mother, np.arange(n))
    shared = rng.random((4, n))[:, parents]  # what children of one mother have in common
    like_siblings = rng.random(n) < 0.42
    second_twin = np.zeros(n, bool)
    second_twin[1:] = (
        families.twin[1:] & (families.mother[1:] == families.mother[:-1]) & (families.born[1:] == families.born[:-1])
    )
    draws = np.where(like_siblings, shared, rng.random((4, n)))
    previous = np.where(second_twin, np.arange(n) - 1, np.arange(n))
    draws = draws[:, previous]
    given_draw = rng.random((2, n))
    kinh_style = group_of[families.group]
    for g, group in enumerate(groups):
        if group == "Kinh":
            continue
        kinh_style |= (families.group == g) & (
            rng.random(n) < (0.25 if group in ("Tày", "Nùng", "Mường", "Hoa", "Thái") else 0.05)
        )
    for sex in (0, 1):
        of_sex = families.sex == sex
        rows = np.flatnonzero(of_sex & (kinh_style | np.isin(families.group, _kinh_order(groups))))
        names[rows] = _kinh_names(rows, sex, year, surname, draws, given_draw, rng)
        for g, group in enumerate(groups):
            if group != "Kinh":
                rows = np.flatnonzero(of_sex & (families.group == g) & ~kinh_style)
                names[rows] = _patterned(rows, sex, group, year, surname, draws, given_draw)
    if world.clan_middle:
        share_clan_middles(rng, families, names, _middles(0)[0].codes, group_of[families.group], world)
    if world.village_fashion:
        follow_village_fashion(rng, families, names, year, world)
    if world.absent_namesake:
        name_absent_alike(rng, families, names, year, world)
    if world.named_after_dead:
        name_after_the_dead(rng, families, names, world)
    _part_siblings(rng, families, groups, names, year)
    return names


def _kinh_order(groups: list[str]) -> list[int]:
    return [g for g, group in enumerate(groups) if group == "Kinh" or not PATTERNS[group].men_given]


def _cohort_table(year: np.ndarray, mix: np.ndarray) -> np.ndarray:
    """0 before 1950, 1 old, 2 young, 3 modern (reference: cohort mixing)."""
    old = np.where(year < 1970, 1.0, np.where(year < 1985, 0.65, np.where(year < 1995, 0.2, 0.0)))
    modern = np.where(year >= 2006, 0.6, 0.0)
    return np.where(mix < old, np.where(year < 1950, 0, 1), np.where(mix > 1 - modern, 3, 2))


def _draw_given(sex: int, year: np.ndarray, mix: np.ndarray, draw: np.ndarray) -> np.ndarray:
    table = _cohort_table(year, mix)
    given = np.zeros(len(year), np.int32)
    for t, weighted in enumerate(_given(sex)):
        given[table == t] = weighted.draw(draw[table == t])
    return given


def _kinh_names(
    rows: np.ndarray,
    sex: int,
    year: np.ndarray,
    surname: np.ndarray,
    draws: np.ndarray,
    given_draw: np.ndarray,
    rng: np.random.Generator,
) -> np.ndarray:
    words = vocabulary()
    born = year[rows]
    given = _draw_given(sex, born, given_draw[0, rows], given_draw[1, rows])
    tokens = _by_cohort(kinh.TOKENS_WOMEN if sex else kinh.TOKENS_MEN, born)
    share = _by_cohort(kinh.THI_SHARE if sex else kinh.VAN_SHARE, born)
    length = 2 + (draws[0, rows] > tokens[:, 0]) + (draws[0, rows] > tokens[:, 0] + tokens[:, 1])
    # Thị is commoner in four syllables than in three, Văn much rarer; the cohort's share holds over both
    ratio = np.where(born < 2006, 1.35, 8.0) if sex else np.full(len(rows), 0.25)
    base = share / (tokens[:, 1] + ratio * tokens[:, 2])
    three = np.clip(base, 0, 0.985)
    four = np.clip((share - three * tokens[:, 1]) / tokens[:, 2], 0, 0.985)
    three = np.clip((share - four * tokens[:, 2]) / tokens[:, 1], 0, 0.985)
    usual = draws[1, rows] < np.where(length == 3, three, np.where(length == 4, four, 0.0))
    first, second = _middles(sex)
    middle = np.where(usual, words.code("Thị" if sex else "Văn"), first.draw(draws[2, rows]))
    last = np.where(length == 4, second.draw(draws[3, rows]), middle)
    # compounds: the syllable before the given name is drawn towards it
    attract = rng.random(len(rows)) < 0.30
    for before, after in _compounds(sex):
        hit = attract & (given == after) & ((length == 4) | ((length == 3) & ~usual))
        last[hit] = before
    middle = np.where(length == 3, last, middle)
    out = np.full((len(rows), MAX_TOKENS), -1, np.int32)
    out[:, 0] = surname[rows]
    out[:, 1] = np.where(length == 2, given, middle)
    out[:, 2] = np.where(length == 3, given, np.where(length == 4, last, -1))
    out[:, 3] = np.where(length == 4, given, -1)
    same = (length == 4) & (out[:, 2] == given)
    out[same, 2], out[same, 3] = given[same], -1
    nameless = out[:, 0] < 0
    out[nameless] = np.roll(out[nameless], -1, axis=1)
    return out


@cache
def _compounds(sex: int) -> tuple[tuple[int, int], ...]:
    pairs = kinh.COMPOUNDS.replace("\n", "|").split("|")
    women = kinh.FEMALE_ONLY_COMPOUNDS | {
        "Như Quỳnh",
        "Hồng Nhung",
        "Thanh Thảo",
        "Phương Thảo",
        "Bảo Trân",
        "Ngọc Hân",
        "Minh Anh",
    }
    chosen = [p for p in pairs if (p in women) == bool(sex) or p == "Minh Anh"]
    code = vocabulary().code
    return tuple((code(p.split()[0]), code(p.split()[1])) for p in chosen)


def _patterned(
    rows: np.ndarray,
    sex: int,
    group: str,
    year: np.ndarray,
    surname: np.ndarray,
    draws: np.ndarray,
    given_draw: np.ndarray,
) -> np.ndarray:
    words, pattern = vocabulary(), PATTERNS[group]
    own = pattern.women_given if sex else pattern.men_given
    particles = (
        words.codes((pattern.women if sex else pattern.men).split("|")) if (pattern.women if sex else pattern.men) else None
    )
    out = np.full((len(rows), MAX_TOKENS), -1, np.int32)
    if own:
        given = Weighted.of({name: 1 / (rank + 4) for rank, name in enumerate(own)}).draw(given_draw[1, rows])
    else:
        given = _draw_given(sex, year[rows], given_draw[0, rows], given_draw[1, rows])
    has = draws[1, rows] < pattern.particle_share if particles is not None else np.zeros(len(rows), bool)
    particle = (
        particles[(draws[2, rows] ** 2 * len(particles)).astype(int)] if particles is not None else np.zeros(len(rows), np.int32)
    )
    clan = surname[rows]
    second = np.where(draws[3, rows] < 0.3, _middles(sex)[1].draw(draws[0, rows]), -1) if not own else np.full(len(rows), -1)
    if group in ("Mnông", "Xtiêng"):  # Điểu for men, Thị for women, in the surname's place
        clan = np.full(len(rows), words.code("Thị" if sex else "Điểu"))
    particle = np.where(has, particle, -1)
    columns = [particle, given, clan] if pattern.clan_last else [clan, particle, second, given]
    for column in columns:
        slot = (out >= 0).sum(axis=1)
        filled = column >= 0
        out[np.flatnonzero(filled), slot[filled]] = column[filled]
    return out


def _part_siblings(rng: np.random.Generator, families: Families, groups: list[str], names: np.ndarray, year: np.ndarray) -> None:
    """Give another given name to a child named as a living sibling (or as the other twin), or as its mother or father."""
    clans = vocabulary().codes(PATTERNS["Ê Đê"].surnames)
    everyone = np.arange(len(names))
    for _ in range(6):
        at = np.maximum((names >= 0).sum(axis=1) - 1, 0)
        at -= np.isin(names[everyone, at], clans) & (at > 0)  # the clan stands last, the given name before it
        given = names[everyone, at]
        keys = np.column_stack([families.mother, names])
        order = np.lexsort(np.column_stack([families.born, keys[:, ::-1]]).T)
        same = (keys[order][1:] == keys[order][:-1]).all(axis=1) & (families.mother[order[1:]] >= 0)
        elder, younger = order[:-1][same], order[1:][same]
        clash = np.zeros(len(names), bool)
        clash[younger[families.died[elder] > families.born[younger]]] = True
        for parent in (families.mother, families.father):
            clash |= (parent >= 0) & (given == given[parent])
        if not clash.any():
            return
        for sex in (0, 1):
            for g, group in enumerate(groups):
                rows = np.flatnonzero(clash & (families.sex == sex) & (families.group == g))
                names[rows, at[rows]] = _another_given(rng, sex, group, year[rows])


def _another_given(rng: np.random.Generator, sex: int, group: str, year: np.ndarray) -> np.ndarray:
    own = () if group == "Kinh" else PATTERNS[group].women_given if sex else PATTERNS[group].men_given
    if own:
        return vocabulary().codes(own)[rng.integers(0, len(own), len(year))]
    return _draw_given(sex, year, rng.random(len(year)), rng.random(len(year)))

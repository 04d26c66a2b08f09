"""One district with everything that is true of its people: families, names, numbers, places, who is in the database."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache, cached_property

import numpy as np

from linkage.synthetic import rates
from linkage.synthetic.demography import calibrate
from linkage.synthetic.families import BASE_SINCE, END, NEVER, Families, Simulation, first_day, year_of
from linkage.synthetic.kinship_acts import Acts, simulate_acts
from linkage.synthetic.naming import Weighted, name_people, region_of, surnames
from linkage.synthetic.personal_habits import PersonalHabits, give_habits
from linkage.synthetic.place_history import District, DistrictPlaces, districts
from linkage.synthetic.rates import by_year
from linkage.synthetic.reference_ethnic_names import PATTERNS
from linkage.synthetic.scenario import SyntheticSpec
from linkage.synthetic.text_arrays import texts
from linkage.synthetic.vocabulary import vocabulary

MOST_UNCOVERED = 2.5
"""A draw that leaves more than this many times the expected number outside the database, or too few people, is drawn again."""
BORN_ELSEWHERE = 0.03  # J: births registered in another province, so without an entry here
ABROAD_SHARE = 0.006
"""Of births since 1990: 8,038 and 8,652 births with a foreign element in 2023 and 2024."""
UPLANDS = {"02", "04", "06", "08", "10", "11", "12", "14", "15", "17", "20", "62", "64", "66", "67", "68"}


@dataclass(frozen=True)
class DistrictPlan:
    """What one district is to be."""

    index: int
    """Number of the district among those generated; part of every record's identity."""
    blocks: int
    """How many districts there are: personal numbers are dealt out in that many lots."""
    seed: int
    size: float
    """People living at the end, thousands of a person count as given."""
    district: District
    """The district, or that part of its communes which is this block's alone."""
    groups: tuple[str, ...]
    shares: tuple[float, ...]


@dataclass
class Community:
    """The truth about one district (arrays by person of `families`)."""

    plan: DistrictPlan
    rng: np.random.Generator
    families: Families
    groups: tuple[str, ...]
    names: np.ndarray
    """Legal name now, token codes."""
    birth_names: np.ndarray
    """Name given at birth."""
    renamed_on: np.ndarray
    """Day of the legal change of name, or `NEVER`."""
    year: np.ndarray
    numbers: np.ndarray
    """Personal numbers (text), None for people who died or left before there were any."""
    papers: np.ndarray
    """9-digit identity card numbers (text) or None."""
    chances: dict[str, np.ndarray]
    """What was asked for the two errors that follow a person."""
    year_only: np.ndarray
    """Day and month of birth never written down."""
    lunar: np.ndarray
    """Told by the lunar calendar and written as solar."""
    birth_elsewhere: np.ndarray
    """Birth registered in another province (unit index), or -1."""
    hometown: np.ndarray
    """Unit of the father's line."""
    residence: np.ndarray
    """Unit at the end."""
    in_base: np.ndarray
    base_row: np.ndarray
    """Row in the population database, -1 outside it."""
    sibling_namesake: np.ndarray
    places: DistrictPlaces
    minority: np.ndarray
    acts: Acts
    adopted_on: np.ndarray
    """Day of adoption, or `NEVER`."""
    legal_mother: np.ndarray
    """Mother and father in law at the end: the adoptive ones, the father who recognised."""
    legal_father: np.ndarray
    abroad: np.ndarray
    """Born and registered abroad."""
    habits: PersonalHabits
    twice: np.ndarray
    """People with a second row in the population database."""
    second_numbers: np.ndarray
    """The personal numbers of those rows."""

    @property
    def person_ids(self) -> np.ndarray:
        """Identity of every synthetic person, unique over districts."""
        return self.plan.index * 10_000_000 + np.arange(len(self.year), dtype=np.int64)

    def base_ids(self, people: np.ndarray) -> np.ndarray:
        """Record ids in the population database (None outside it)."""
        return np.asarray(self._base_texts[np.where(people >= 0, self.base_row[people], -1)])

    @cached_property
    def _base_texts(self) -> np.ndarray:
        rows = [f"SYN-CD-{self.plan.index:04d}-{row:06d}" for row in range(int(self.in_base.sum()))]
        return np.array([*rows, None], dtype=object)

    def names_on(self, people: np.ndarray, days: np.ndarray) -> np.ndarray:
        """Legal names at a date (all -1 for nobody)."""
        current = np.where((self.renamed_on[people] <= days)[:, None], self.names[people], self.birth_names[people])
        return np.where((people >= 0)[:, None], current, -1)


@cache
def _serials(seed: int) -> np.ndarray:
    return np.random.default_rng([seed, 12]).permutation(1_000_000)


def build_community(plan: DistrictPlan, spec: SyntheticSpec) -> Community:
    """Simulate one district; everything follows from (seed, district number)."""
    rng = np.random.default_rng([plan.seed, plan.index])
    region = region_of(plan.district.province)
    count = int(np.clip(round(plan.size / 1500), 2, len(plan.district.communes)))
    communes = np.sort(rng.choice(len(plan.district.communes), count, replace=False))
    weights = rng.dirichlet(np.full(count, 8.0))
    families, gap, uncovered = _simulate(rng, plan, weights, spec.world.absence)
    birth_names = name_people(rng, families, list(plan.groups), region, spec.world)
    n = len(families.sex)
    year = year_of(families.born)
    others = [code for code in districts() if code != plan.district.province]
    elsewhere = tuple(districts()[others[i]][0] for i in rng.choice(len(others), 8, replace=False))
    places = DistrictPlaces(plan.district, communes, elsewhere)
    away_unit = count + rng.integers(0, 16, n)
    born_away = families.founder | (rng.random(n) < BORN_ELSEWHERE)
    alive_at_base = (families.died > BASE_SINCE) & (families.left > BASE_SINCE)
    in_base = alive_at_base & (families.living | (rng.random(n) > gap))
    living = np.flatnonzero(families.living)
    # of the living just so many are missing that the number asked for is there: the first of a race at the rate of each gap
    in_base[living[np.argsort(rng.exponential(size=len(living)) / gap[living], kind="stable")[:uncovered]]] = False
    # twins and most siblings are dealt the same home; the father's line tells the hometown
    hometown = families.birth_commune[families.line]
    hometown = np.where(rng.random(len(hometown))[families.line] < 0.15, away_unit[families.line], hometown)
    minority = np.array([g != "Kinh" for g in plan.groups])[families.group]
    names, renamed_on = _rename(rng, plan, families, birth_names, year)
    acts = simulate_acts(rng, families, year)
    adopted_on = np.full(n, NEVER, np.int64)
    adopted_on[acts.adopted] = acts.adopted_on
    legal_mother, legal_father = families.mother.copy(), families.father.copy()
    legal_mother[acts.adopted], legal_father[acts.adopted] = acts.adoptive_mother, acts.adoptive_father
    legal_father[acts.recognised] = acts.recognising
    _take_surname(rng, acts.adopted, acts.adoptive_father, acts.adopted_on, 0.6, names, renamed_on)
    _take_surname(rng, acts.recognised, acts.recognising, acts.recognised_on, 0.4, names, renamed_on)
    abroad = born_away & (year >= 1990) & ~families.founder & (rng.random(n) < ABROAD_SHARE / BORN_ELSEWHERE)
    tables = {"year_only": rates.YEAR_ONLY, "lunar_for_solar": rates.LUNAR_FOR_SOLAR}
    chances = {kind: np.minimum(by_year(table, year) * spec.factor(kind), 0.97) for kind, table in tables.items()}
    community = Community(
        plan=plan,
        rng=rng,
        families=families,
        groups=plan.groups,
        names=names,
        birth_names=birth_names,
        renamed_on=renamed_on,
        year=year,
        numbers=np.full(n, None, dtype=object),
        papers=np.full(n, None, dtype=object),
        chances=chances,
        year_only=rng.random(n) < chances["year_only"],
        lunar=rng.random(n) < chances["lunar_for_solar"],
        birth_elsewhere=np.where(born_away, away_unit, -1),
        hometown=hometown,
        residence=np.where(families.away <= END, away_unit, families.commune),
        in_base=in_base,
        base_row=np.where(in_base, np.cumsum(in_base) - 1, -1),
        sibling_namesake=_sibling_namesakes(families, birth_names),
        places=places,
        minority=minority,
        acts=acts,
        adopted_on=adopted_on,
        legal_mother=legal_mother,
        legal_father=legal_father,
        abroad=abroad,
        habits=give_habits(rng, spec.world, families, names, year),
        twice=_registered_twice(rng, in_base, spec.world.twice_in_population),
        second_numbers=np.zeros(0, dtype=object),
    )
    _number(community, alive_at_base)
    return community


def _simulate(
    rng: np.random.Generator, plan: DistrictPlan, weights: np.ndarray, absence: float
) -> tuple[Families, np.ndarray, int]:
    """Families, each person's chance of missing from the population database, and how many of the living are to miss from it."""
    upland = 2.0 if plan.district.province in UPLANDS else 1.0
    wanted, size = round(plan.size), plan.size * (1.017 + 0.017 * (absence - 1))
    while True:
        families = Simulation(rng, calibrate(), size, np.array(plan.shares), weights).run()
        age = 2026 - year_of(families.born)
        gap = np.minimum(np.where(age < 1, 0.25, np.where(age > 80, 0.02, 0.006)) * upland * absence, 0.9)  # J
        living, expected = int(families.living.sum()), float(gap[families.living].sum())
        if 0 <= living - wanted <= MOST_UNCOVERED * expected:
            return families, gap, living - wanted
        size *= (wanted + expected) / living


def _take_surname(
    rng: np.random.Generator,
    child: np.ndarray,
    father: np.ndarray,
    day: np.ndarray,
    share: float,
    names: np.ndarray,
    renamed_on: np.ndarray,
) -> None:
    """Some children take the surname of the father the act gave them, on that day."""
    takes = (rng.random(len(child)) < share) & (renamed_on[child] > END) & (names[child, 0] != names[father, 0])
    rows = child[takes]
    names[rows, 0] = names[father[takes], 0]
    renamed_on[rows] = day[takes]


def _registered_twice(rng: np.random.Generator, in_base: np.ndarray, share: float) -> np.ndarray:
    """So many of the people in the population database, in their order."""
    rows = np.flatnonzero(in_base)
    return np.sort(rng.choice(rows, round(len(rows) * share), replace=False)) if share else rows[:0]


def _sibling_namesakes(families: Families, names: np.ndarray) -> np.ndarray:
    """Children who share a whole name, diacritics aside, with another child of their mother."""
    folded = np.append(vocabulary().folded, -1)[names]
    key = np.column_stack([families.mother, folded])
    order = np.lexsort(key.T)
    same = (key[order][1:] == key[order][:-1]).all(axis=1) & (families.mother[order[1:]] >= 0)
    out = np.zeros(len(names), bool)
    out[order[1:][same]] = True
    out[order[:-1][same]] = True
    return out


def _rename(
    rng: np.random.Generator, plan: DistrictPlan, families: Families, birth_names: np.ndarray, year: np.ndarray
) -> tuple[np.ndarray, np.ndarray]:
    """Legal changes of name between 1990 and 2025: 0.3 % of people, more where surnames were added (Mnông, Xtiêng)."""
    n = len(year)
    rate = np.full(n, 0.003)
    for g, group in enumerate(plan.groups):
        if group in ("Mnông", "Xtiêng"):
            rate[families.group == g] = 0.12
    day = first_day(1990) + rng.integers(0, 365 * 36, n)
    changed = (rng.random(n) < rate) & (day > families.born + 365 * 3) & (day < np.minimum(families.died, families.left))
    names = birth_names.copy()
    rows = np.flatnonzero(changed)
    length = (names[rows] >= 0).sum(axis=1)
    clan_last = np.array([group in PATTERNS and PATTERNS[group].clan_last for group in plan.groups])[families.group[rows]]
    surname_too = rng.random(len(rows)) < 0.25
    other = surnames(region_of(plan.district.province)).draw(rng.random(len(rows)))
    given = Weighted.of(
        {"An": 1, "Hà": 1, "Linh": 1, "Minh": 1, "Ngân": 1, "Hương": 1, "Phúc": 1, "Khánh": 1, "Vân": 1, "Thành": 1}
    )
    new_given = given.draw(rng.random(len(rows)))
    last = np.where(clan_last, np.maximum(length - 2, 0), length - 1)
    names[rows[surname_too & ~clan_last], 0] = other[surname_too & ~clan_last]
    by_given = ~surname_too | clan_last
    names[rows[by_given], last[by_given]] = new_given[by_given]
    doubled = (np.take_along_axis(names[rows], np.maximum(last - 1, 0)[:, None], 1)[:, 0] == names[rows, last]) & (last > 0)
    names[rows[doubled]] = birth_names[rows[doubled]]
    really = (names != birth_names).any(axis=1)
    return names, np.where(really, day, NEVER)


def _number(community: Community, alive_at_base: np.ndarray) -> None:
    """Personal numbers PPP S YY NNNNNN of the 63-province list, and 9-digit cards; no two people share one."""
    plan, families, year = community.plan, community.families, community.year
    places = community.places
    unit = community.birth_elsewhere
    provinces = np.array([int(district.province) for district, _ in places.units])
    province = np.where(unit >= 0, provinces[unit], int(plan.district.province))
    province = np.where(community.abroad, community.rng.integers(101, 296, len(unit)), province)
    sex_digit = (year // 100 - 19) * 2 + families.sex
    cell = (province * 10 + sex_digit) * 100 + year % 100
    cell = np.append(cell, cell[community.twice])
    order = np.argsort(cell, kind="stable")
    ranked = np.empty(len(cell), np.int64)
    sorted_cell = cell[order]
    starts = np.flatnonzero(np.append(True, sorted_cell[1:] != sorted_cell[:-1]))
    ranked[order] = np.arange(len(cell)) - np.repeat(starts, np.diff(np.append(starts, len(cell))))
    # each district has its own lot of serials; a permutation makes them look random
    lot = 1_000_000 // plan.blocks
    serial = _serials(plan.seed)[plan.index * lot + (ranked + cell * 7919) % lot]
    with_number = np.flatnonzero(alive_at_base & (year >= 1900))
    value = cell * 1_000_000 + serial
    community.numbers[with_number] = [f"{v:012d}" for v in value[with_number]]
    community.second_numbers = texts(f"{v:012d}" for v in value[len(year) :])
    carded = (year < 2003) & (np.minimum(families.died, families.left) > first_day(1977)) & (year + 16 < 2016)
    carded &= (families.died - families.born > 17 * 365) & (community.rng.random(len(year)) < 0.9)
    rows = np.flatnonzero(carded)
    card = (plan.index * 1_000_003 + rows) * 387_420_489 % 999_999_937
    community.papers[rows] = [f"{v:09d}" for v in card]

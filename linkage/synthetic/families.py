"""One district's people, year by year from 1925 to the middle of 2026: births, unions, divorces, moves, departures, deaths.

Structure of arrays, one row a person ever seen; a year costs a few dozen numpy calls, whatever the district's size. The number of
births a year follows the country's curve (`demography.calibrate`), and who the mothers are follows age, parity and spacing: so
the pyramid holds in every draw while siblings, twins, half-siblings, widows and re-marriages arise by themselves.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from linkage.synthetic.demography import FIRST_YEAR, LAST_YEAR, OLDEST, Demography

NEVER = np.int32(2**30)
END = int((np.datetime64("2026-06-30") - np.datetime64("1970-01-01")).astype(int))
BASE_SINCE = int((np.datetime64("2017-01-01") - np.datetime64("1970-01-01")).astype(int))
"""The population database holds those alive from then on; J: collection began about 2017."""
TWIN_SHARE = 0.011
"""Share of born children that are twins (reference 5.2)."""
UNMARRIED_MOTHERS = 0.033  # of births, J: with unregistered fathers it gives the 6 % of entries without a father's name


def first_day(year: int | np.ndarray) -> np.ndarray:
    """Days from 1970-01-01 to the first day of a year."""
    return (np.asarray(year) - 1970).astype("datetime64[Y]").astype("datetime64[D]").astype(np.int64)


def year_of(day: np.ndarray) -> np.ndarray:
    """Calendar year of a day number."""
    return day.astype("datetime64[D]").astype("datetime64[Y]").astype(np.int64) + 1970


@dataclass
class Families:
    """People (one row each; -1 for "none", `NEVER` for a day that does not come) and unions."""

    sex: np.ndarray
    """0 male, 1 female."""
    born: np.ndarray
    """Day numbers, as are `died`, `left` (the country) and `away` (moved elsewhere in the country)."""
    died: np.ndarray
    left: np.ndarray
    away: np.ndarray
    mother: np.ndarray
    father: np.ndarray
    spouse: np.ndarray
    """Living spouse at the end."""
    group: np.ndarray
    """Ethnic group, index into the district's groups."""
    line: np.ndarray
    """The founder whose surname the person bears."""
    birth_commune: np.ndarray
    commune: np.ndarray
    """Last residence in the district (index)."""
    twin: np.ndarray
    founder: np.ndarray
    husband: np.ndarray
    """Unions: persons, first and last day, commune."""
    wife: np.ndarray
    started: np.ndarray
    ended: np.ndarray
    union_commune: np.ndarray
    divorced: np.ndarray

    @property
    def living(self) -> np.ndarray:
        """Alive and in the country at the end."""
        return (self.died > END) & (self.left > END)


class Simulation:
    """The state of a district between two years."""

    def __init__(
        self, rng: np.random.Generator, rates: Demography, size: float, shares: np.ndarray, communes: np.ndarray
    ) -> None:
        self.rng, self.rates, self.shares = rng, rates, shares
        self.scale = size / rates.living[-1]
        capacity = int((rates.founders.sum() + rates.births.sum()) * self.scale * 1.1) + 400
        self.n = 0
        self.sex = np.zeros(capacity, np.int8)
        self.born = np.zeros(capacity, np.int32)
        self.year = np.zeros(capacity, np.int32)
        self.died = np.full(capacity, NEVER)
        self.left = np.full(capacity, NEVER)
        self.away = np.full(capacity, NEVER)
        self.mother = np.full(capacity, -1, np.int32)
        self.father = np.full(capacity, -1, np.int32)
        self.spouse = np.full(capacity, -1, np.int32)
        self.group = np.zeros(capacity, np.int16)
        self.line = np.full(capacity, -1, np.int32)
        self.birth_commune = np.zeros(capacity, np.int16)
        self.commune = np.zeros(capacity, np.int16)
        self.twin = np.zeros(capacity, bool)
        self.parity = np.zeros(capacity, np.int16)
        self.last_birth = np.full(capacity, -999, np.int32)
        self.wed_year = np.full(capacity, -999, np.int32)
        self.union = np.full(capacity, -1, np.int32)
        self.freed = np.full(capacity, -999, np.int32)  # year in which the last union ended
        self.celibate = np.zeros(capacity, bool)
        self.unions: list[np.ndarray] = []
        self.n_unions = 0
        self.union_ends: list[tuple[np.ndarray, np.ndarray, bool]] = []
        self.owed = rng.random()
        self.communes = communes

    def run(self) -> Families:
        """All years."""
        self._settle_founders()
        for year in range(FIRST_YEAR, LAST_YEAR + 1):
            span = 0.5 if year == LAST_YEAR else 1.0
            here = np.flatnonzero((self.died[: self.n] == NEVER) & (self.left[: self.n] == NEVER))
            here = self._die_and_leave(here, year, span)
            present = here[self.away[here] == NEVER]
            self._divorce(present, year, span)
            self._bear_children(present, year, span)
            self._marry(present, year, span)
            self._move(present, year)
        return self._finish()

    def _settle_founders(self) -> None:
        counts = self.rates.founders * self.scale
        cells = np.floor(np.cumsum(counts.ravel()) + self.rng.random()).astype(int)
        cells = np.diff(cells, prepend=0)
        age = np.repeat(np.repeat(np.arange(OLDEST + 1), 2), cells)
        n = len(age)
        rows = self._add(n)
        self.sex[rows] = np.repeat(np.tile([0, 1], OLDEST + 1), cells)
        self.year[rows] = FIRST_YEAR - age
        self.born[rows] = first_day(self.year[rows]) + self.rng.integers(0, 365, n)
        # systematic, so that every group starts at its share in each age
        self.group[rows] = np.searchsorted(np.cumsum(self.shares)[:-1], (np.arange(n) * 0.6180339887 + self.rng.random()) % 1.0)
        self.line[rows] = rows
        self.commune[rows] = self.rng.choice(len(self.communes), n, p=self.communes)
        self.birth_commune[rows] = self.commune[rows]
        self.founders = n
        for year in (FIRST_YEAR - 2, FIRST_YEAR - 1):
            self._marry(rows[self.year[rows] < FIRST_YEAR - 16], year, 1.0, hurry=8.0)

    def _add(self, count: int) -> np.ndarray:
        rows = np.arange(self.n, self.n + count)
        self.n += count
        self.celibate[rows] = self.rng.random(count) < 0.025
        return rows

    def _day(self, year: int, count: int, span: float) -> np.ndarray:
        return first_day(year) + self.rng.integers(0, 181 if span < 1 else 365, count)

    def _die_and_leave(self, here: np.ndarray, year: int, span: float) -> np.ndarray:
        age = np.minimum(year - self.year[here], OLDEST)
        at = year - FIRST_YEAR
        draw = self.rng.random((3, len(here)))
        dies = draw[0] < self.rates.death[at, age, self.sex[here]] * span
        dies &= age > 0
        dead = here[dies]
        self.died[dead] = self._day(year, len(dead), span)
        # couples leave together at the lower of their two rates; what one's rate is higher, that one leaves alone (men missing in
        # the wars are among them); a child may stay behind with grandparents
        rate = np.zeros(len(self.sex))
        rate[here] = self.rates.departure[at, age, self.sex[here]] * span
        spouse = self.spouse[here]
        couple = (spouse >= 0) & (self.died[spouse] == NEVER)
        together = np.where(couple, np.minimum(rate[here], rate[spouse]), 0.0)
        lead = couple & (self.sex[here] == 1) & (draw[1] < together) & ~dies
        follows = np.zeros(len(self.sex), bool)
        follows[spouse[lead]] = True
        alone = (draw[2] < rate[here] - together) & ~dies & ~lead & ~follows[here] & (couple | (spouse < 0))
        leaves = lead | follows[here] | alone
        gone = here[leaves]
        self.left[gone] = self._day(year, len(gone), span)
        apart = here[alone & couple]
        apart = apart[~np.isin(self.spouse[apart], apart)]
        self._end_unions(apart, self.left[apart], year, divorce=False)
        bereaved = dead[self.spouse[dead] >= 0]
        self._end_unions(bereaved, self.died[bereaved], year, divorce=False)
        return np.asarray(here[~(dies | leaves)])

    def _end_unions(self, one: np.ndarray, day: np.ndarray, year: int, divorce: bool) -> None:
        other = self.spouse[one]
        self.union_ends.append((self.union[one], day, divorce))
        for parted in (one, other):
            self.spouse[parted] = -1
            self.freed[parted] = year

    def _divorce(self, present: np.ndarray, year: int, span: float) -> None:
        if year < 1980:
            return
        wives = present[(self.sex[present] == 1) & (self.spouse[present] >= 0) & (self.wed_year[present] < year - 1)]
        parted = wives[self.rng.random(len(wives)) < 0.0028 * span]
        self._end_unions(parted, self._day(year, len(parted), span), year, divorce=True)

    def _bear_children(self, present: np.ndarray, year: int, span: float) -> None:
        at = year - FIRST_YEAR
        self.owed += self.rates.births[at] * self.scale * span
        wanted = int(self.owed)
        self.owed -= wanted
        women = present[self.sex[present] == 1]
        age = year - self.year[women]
        women = women[(age >= 17) & (age <= 47) & (self.last_birth[women] < year - 1)]
        married = (self.spouse[women] >= 0) & (self.wed_year[women] < year)
        women, married = women[married | (self.spouse[women] < 0)], married[married | (self.spouse[women] < 0)]
        age = year - self.year[women]
        weight = np.exp(-(((age - (27.0 if year > 1960 else 28.0)) / (6.5 if year > 1990 else 8.5)) ** 2))
        decline = np.clip((year - 1970) / 35, 0, 1)
        by_parity = np.array([2.6, 1.9, 0.62, 0.3, 0.2]) ** decline
        weight *= by_parity[np.minimum(self.parity[women], 4)]
        weight *= np.where(self.last_birth[women] < year - 2, 1.0, 0.35)
        alone = weight[~married].sum()
        if alone > 0:
            weight[~married] *= UNMARRIED_MOTHERS / (1 - UNMARRIED_MOTHERS) * weight[married].sum() / alone
        lead = self.group[np.where(married, self.spouse[women], women)]  # the child's group is the father's
        total = np.bincount(lead, weight, len(self.shares))
        weight *= np.divide(self.shares * weight.sum(), total, out=np.zeros_like(total), where=total > 0)[lead]
        # weighted sampling without replacement: the smallest of exponential waiting times
        waiting = self.rng.exponential(size=len(women)) / np.maximum(weight, 1e-12)
        deliveries = min(len(women), round(wanted / (1 + TWIN_SHARE / 2)))
        mothers = women[np.argpartition(waiting, deliveries - 1)[:deliveries]] if deliveries else women[:0]
        mothers = np.sort(mothers)
        day = self._day(year, len(mothers), span)
        pair = self.rng.random(len(mothers)) < TWIN_SHARE / (2 - TWIN_SHARE)
        self.last_birth[mothers] = year
        self.parity[mothers] += 1 + pair
        mother = np.repeat(mothers, 1 + pair)
        day = np.repeat(day, 1 + pair)
        second = np.zeros(len(mother), bool)
        second[1:] = mother[1:] == mother[:-1]
        rows = self._add(len(mother))
        self.mother[rows], self.born[rows], self.year[rows] = mother, day, year
        self.sex[rows] = self.rng.random(len(rows)) >= self.rates.boys[at]
        same = second & (self.rng.random(len(rows)) < 0.4)
        self.sex[rows[same]] = self.sex[rows[same] - 1]
        self.twin[rows] = second | np.append(second[1:], False)
        father = self.spouse[mother]
        self.father[rows] = father
        known = father >= 0
        lead = np.where(known, father, mother)
        self.group[rows] = self.group[lead]
        surname_from = np.where(known & (self.rng.random(len(rows)) < 0.97), father, mother)
        surname_from[second] = surname_from[np.flatnonzero(second) - 1]
        self.line[rows] = self.line[surname_from]
        self.commune[rows] = self.commune[mother]
        self.birth_commune[rows] = self.commune[mother]
        frail = self.rng.random(len(rows)) < self.rates.death[at, 0, self.sex[rows]]
        lived = (self.rng.random(len(rows)) ** 3 * 364).astype(np.int64)
        dies = frail & (day + lived <= END)
        self.died[rows[dies]] = (day + lived)[dies]

    def _marry(self, present: np.ndarray, year: int, span: float, hurry: float = 1.0) -> None:
        age = year - self.year[present]
        free = (self.spouse[present] < 0) & ~self.celibate[present] & (age >= 16) & (age <= 58) & (self.freed[present] < year)
        people, age = present[free], age[free]
        woman = self.sex[people] == 1
        progress = np.clip((year - 1940) / 80, 0, 1)
        onset = np.where(woman, 16.8 + 3.6 * progress, 18.6 + 4.9 * progress)
        hazard = 0.24 / (1 + np.exp(-(age - onset) / 1.3)) * np.where(age > 34, 0.45, 1.0)
        hazard *= np.where(self.wed_year[people] > 0, np.where(woman, 0.25, 0.6), 1.0)
        ready = self.rng.random(len(people)) < 1 - np.exp(-hazard * span * hurry)
        ready &= (age >= 18) | (year < 1960)
        wives, husbands = people[ready & woman], people[ready & ~woman]
        # like age with like, mostly within the ethnic group; a mixed union now and then
        wives = wives[np.argsort(self._rank(wives, 2.5), kind="stable")]
        husbands = husbands[np.argsort(self._rank(husbands, 0.0), kind="stable")]
        count = min(len(wives), len(husbands))
        wives = wives[np.sort(self.rng.permutation(len(wives))[:count])]
        husbands = husbands[np.sort(self.rng.permutation(len(husbands))[:count])]
        kin = self._are_kin(husbands, wives) | (np.abs(self.year[husbands] - self.year[wives]) > 18)
        husbands, wives = husbands[~kin], wives[~kin]
        count = len(wives)
        union = np.arange(self.n_unions, self.n_unions + count)
        self.n_unions += count
        day = self._day(year, count, span)
        home = np.where(self.rng.random(count) < 0.8, self.commune[husbands], self.commune[wives])
        registered = np.where(self.rng.random(count) < 0.75, home, self.commune[wives])
        self.unions.append(np.stack([husbands, wives, day, registered]))
        for one, other in ((husbands, wives), (wives, husbands)):
            self.spouse[one] = other
            self.wed_year[one] = year
            self.union[one] = union
            self.commune[one] = home

    def _rank(self, people: np.ndarray, shift: float) -> np.ndarray:
        mixed = self.rng.random(len(people)) < 0.08
        any_group = np.minimum(np.searchsorted(np.cumsum(self.shares), self.rng.random(len(people))), len(self.shares) - 1)
        group = np.where(mixed, any_group, self.group[people])
        return np.asarray(group * 1000.0 - (self.year[people] - shift + self.rng.normal(0, 2.5, len(people)) - 1900))

    def _are_kin(self, one: np.ndarray, other: np.ndarray) -> np.ndarray:
        """Siblings and half-siblings, parent and child, aunt and nephew."""
        kin = (self.mother[one] == other) | (self.father[other] == one)
        kin |= (self.mother[other] == one) | (self.father[one] == other)
        for parent in (self.mother, self.father):
            kin |= (parent[one] == parent[other]) & (parent[one] >= 0)
            for parent_of_parent in (self.mother, self.father):
                known = (parent[one] >= 0) & (parent[other] >= 0)
                elder_one = parent_of_parent[parent[one]]
                elder_other = parent_of_parent[parent[other]]
                kin |= known & (elder_one >= 0) & ((elder_one == parent[other]) | (elder_one == parent_of_parent[other]))
                kin |= known & (elder_other >= 0) & ((elder_other == parent[one]) | (elder_other == parent_of_parent[one]))
        return np.asarray(kin)

    def _move(self, present: np.ndarray, year: int) -> None:
        age = year - self.year[present]
        draw = self.rng.random(len(present))
        single = self.spouse[present] < 0
        if len(self.communes) > 1:
            movers = present[single & (age >= 17) & (age < 45) & (draw < 0.006)]
            self.commune[movers] = self.rng.integers(0, len(self.communes), len(movers))
        if year >= 1955:
            rate = 0.002 if year < 1986 else 0.004
            far = present[single & (age >= 18) & (age < 32) & (draw > 1 - rate)]
            self.away[far] = first_day(year) + 364
        young = present[(age < 16) & (self.mother[present] >= 0)]
        mother = self.mother[young]
        at_home = (self.died[mother] == NEVER) & (self.away[mother] == NEVER) & (self.left[mother] == NEVER)
        self.commune[young[at_home]] = self.commune[mother[at_home]]

    def _finish(self) -> Families:
        unions = np.concatenate(self.unions, axis=1) if self.unions else np.zeros((4, 0), np.int64)
        ended = np.full(self.n_unions, NEVER, np.int64)
        divorced = np.zeros(self.n_unions, bool)
        for union, day, divorce in self.union_ends:
            ended[union] = day
            divorced[union] = divorce
        people = {
            name: getattr(self, name)[: self.n]
            for name in [
                "sex",
                "born",
                "died",
                "left",
                "away",
                "mother",
                "father",
                "spouse",
                "group",
                "line",
                "birth_commune",
                "commune",
                "twin",
            ]
        }
        return Families(
            **people,
            founder=np.arange(self.n) < self.founders,
            husband=unions[0],
            wife=unions[1],
            started=unions[2],
            ended=ended,
            union_commune=unions[3],
            divorced=divorced,
        )

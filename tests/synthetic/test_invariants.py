"""Twenty things that hold of every simulated district and its registers."""

from functools import cache

import numpy as np
import pytest

from linkage.synthetic import SyntheticSpec
from linkage.synthetic.births import write_births
from linkage.synthetic.community import build_community
from linkage.synthetic.deaths import write_deaths
from linkage.synthetic.families import END, year_of
from linkage.synthetic.generate import plan_districts
from linkage.synthetic.other_registers import write_changes, write_marriages
from linkage.synthetic.population_database import write_population

SPEC = SyntheticSpec(persons=24_000, seed=3)
YEAR = 365.25


@cache
def communities():
    return [build_community(plan, SPEC) for plan in plan_districts(SPEC)]


def own(c):
    """Rows of people born in the simulation."""
    return np.flatnonzero(~c.families.founder)


def with_both(c):
    rows = own(c)
    return rows[c.families.father[rows] >= 0]


def nobody_dies_before_birth(c):
    return c.families.died >= c.families.born


def nobody_leaves_before_birth(c):
    return (c.families.left > c.families.born) & (c.families.away > c.families.born)


def everyone_born_here_has_a_mother(c):
    return (c.families.mother[own(c)] >= 0) & (c.families.sex[c.families.mother[own(c)]] == 1)


def fathers_are_men(c):
    return c.families.sex[c.families.father[with_both(c)]] == 0


def mothers_are_16_to_48(c):
    rows = own(c)
    age = (c.families.born[rows] - c.families.born[c.families.mother[rows]]) / YEAR
    return (age > 15.9) & (age < 48.1)


def fathers_are_16_to_75(c):
    rows = with_both(c)
    age = (c.families.born[rows] - c.families.born[c.families.father[rows]]) / YEAR
    return (age > 15.9) & (age < 75)


def mothers_live_at_the_birth(c):
    rows = own(c)
    return c.families.died[c.families.mother[rows]] >= c.families.born[rows]


def fathers_live_at_the_birth(c):
    rows = with_both(c)
    return c.families.died[c.families.father[rows]] >= c.families.born[rows]


def parents_are_not_siblings(c):
    rows = with_both(c)
    mother, father = c.families.mother[rows], c.families.father[rows]
    return (c.families.mother[mother] != c.families.mother[father]) | (c.families.mother[mother] < 0)


def nobody_marries_a_sibling_or_parent(c):
    h, w = c.families.husband, c.families.wife
    siblings = (c.families.mother[h] == c.families.mother[w]) & (c.families.mother[h] >= 0)
    half = (c.families.father[h] == c.families.father[w]) & (c.families.father[h] >= 0)
    return ~(siblings | half | (c.families.mother[h] == w) | (c.families.father[w] == h))


def husbands_are_men_and_wives_women(c):
    return (c.families.sex[c.families.husband] == 0) & (c.families.sex[c.families.wife] == 1)


def nobody_is_married_twice_at_once(c):
    ok = []
    for partners in (c.families.husband, c.families.wife):
        order = np.lexsort((c.families.started, partners))
        same = partners[order][1:] == partners[order][:-1]
        ok.append(~same | (c.families.ended[order][:-1] <= c.families.started[order][1:]))
    return np.concatenate(ok)


def both_live_at_the_wedding(c):
    f = c.families
    return (f.died[f.husband] > f.started) & (f.died[f.wife] > f.started) & (f.ended > f.started)


def siblings_are_nine_months_apart_or_twins(c):
    rows = own(c)
    order = rows[np.lexsort((c.families.born[rows], c.families.mother[rows]))]
    same = c.families.mother[order][1:] == c.families.mother[order][:-1]
    gap = c.families.born[order][1:] - c.families.born[order][:-1]
    twins = c.families.twin[order][1:] & c.families.twin[order][:-1] & (gap == 0)
    return ~same | (gap >= 270) | twins


def living_siblings_never_share_a_whole_name(c):
    rows = own(c)
    keys = np.column_stack([c.families.mother[rows], c.birth_names[rows]])
    order = np.lexsort((c.families.born[rows], *keys.T[::-1]))
    same = (keys[order][1:] == keys[order][:-1]).all(axis=1)
    elder, younger = rows[order[:-1]], rows[order[1:]]
    return ~same | (c.families.died[elder] <= c.families.born[younger])


def personal_numbers_tell_sex_and_year_and_are_unique(c):
    rows = [i for i, number in enumerate(c.numbers) if number is not None]
    digits = np.array([int(c.numbers[i]) for i in rows])
    assert len(np.unique(digits)) == len(digits)
    sign, year = digits // 10**8 % 10, digits // 10**6 % 100
    return (sign % 2 == c.families.sex[rows]) & (year == c.year[rows] % 100) & (sign // 2 == c.year[rows] // 100 - 19)


def adopters_are_older_and_alive(c):
    a = c.acts
    older = (c.year[a.adopted] - c.year[a.adoptive_mother] >= 20) & (c.families.died[a.adoptive_mother] > a.adopted_on)
    return older & (c.families.mother[a.adopted] != a.adoptive_mother) & (a.adopted_on > c.families.born[a.adopted])


def guardians_are_grown_and_wards_are_orphans(c):
    a = c.acts
    grown = c.families.born[a.guardian] < a.guarded_on - 18 * 365
    return (
        grown & (c.families.died[c.families.mother[a.ward]] < a.guarded_on) & (a.guarded_on < c.families.born[a.ward] + 18 * YEAR)
    )


def entries_come_after_their_events(c):
    births, deaths, marriages = write_births(c, SPEC), write_deaths(c, SPEC), write_marriages(c, SPEC)
    first = births.truth[0]["person"].to_numpy() - c.person_ids[0]
    dead = deaths.truth[0]["person"].to_numpy() - c.person_ids[0]
    husbands = marriages.truth[0]["person"].to_numpy() - c.person_ids[0]
    return np.concatenate(
        [
            births.registered > c.families.born[first],
            deaths.registered >= c.families.died[dead],
            c.families.died[husbands] > marriages.registered,
            births.registered <= END,
            deaths.registered <= END,
        ]
    )


def numbers_of_entries_restart_and_have_no_gaps(c):
    ok = []
    for sheet in (write_births(c, SPEC), write_changes(c, SPEC)):
        key = sheet.office * 10_000 + sheet.year
        for value in np.unique(key):
            inside = np.sort(sheet.number[key == value])
            ok.append((inside == np.arange(1, len(inside) + 1)).all())
    return np.array(ok, bool)


def the_database_holds_the_living_and_the_lately_dead(c):
    sheet = write_population(c, SPEC)
    people = np.flatnonzero(c.in_base)
    assert sheet.n == len(people)
    return (c.families.left[people] > 17_000) & (year_of(np.minimum(c.families.died[people], END).astype(np.int64)) >= 2017)


INVARIANTS = [
    value
    for value in dict(globals()).values()
    if callable(value) and getattr(value, "__code__", None) and value.__code__.co_varnames[:1] == ("c",)
]
INVARIANTS = [each for each in INVARIANTS if each.__name__ not in ("own", "with_both")]


def test_there_are_at_least_twenty():
    assert len(INVARIANTS) >= 20


@pytest.mark.parametrize("holds", INVARIANTS, ids=lambda f: f.__name__)
def test_invariant(holds):
    seen = 0
    for community in communities():
        result = np.asarray(holds(community))
        seen += result.size
        assert result.all(), f"{(~result).sum()} of {result.size} break it"
    assert seen > 0


def test_personal_numbers_are_unique_over_districts():
    numbers = np.concatenate([c.numbers[[v is not None for v in c.numbers]] for c in communities()])
    assert len(np.unique(numbers.astype(str))) == len(numbers) > 20_000
    cards = np.concatenate([c.papers[[v is not None for v in c.papers]] for c in communities()])
    assert len(np.unique(cards.astype(str))) == len(cards)

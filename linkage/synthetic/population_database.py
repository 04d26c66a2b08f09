"""The population database: who was alive from 2017 on, with its own errors and its own names for places."""

from __future__ import annotations

import numpy as np

from linkage.synthetic import rates
from linkage.synthetic.community import Community
from linkage.synthetic.date_errors import DateParts, write_dates
from linkage.synthetic.families import END, Families, first_day
from linkage.synthetic.households import (
    FIRST_OF_JANUARY,
    HOMETOWN,
    KINDS,
    SURNAME,
    YEAR_EARLIER,
    HouseholdErrors,
    heads_of,
    mistake_households,
)
from linkage.synthetic.scenario import SyntheticSpec
from linkage.synthetic.sheet import Sheet
from linkage.synthetic.text_arrays import choice_of, pick, texts
from linkage.synthetic.vocabulary import NICKNAMES, vocabulary

RELIGIONS = ("Không", "Phật giáo", "Công giáo", "Tin lành", "Cao Đài", "Phật giáo Hòa Hảo")


def write_population(community: Community, spec: SyntheticSpec) -> Sheet:
    """The district's rows: one a person, then the second rows of those who have two."""
    families, twice = community.families, community.twice
    rng = np.random.default_rng([community.plan.seed, community.plan.index, 3])
    people = np.append(np.flatnonzero(community.in_base), twice)
    n = len(people)
    second = np.arange(n) >= n - len(twice)
    mistakes = mistake_households(rng, spec.world, community, people)
    # the day a row's texts were taken down: collected 2017-2021, later for the young, a third renamed after 2025-07-01
    taken = np.maximum(first_day(2017) + rng.integers(0, 365 * 5, n), families.born[people] + 30)
    taken = np.where(rng.random(n) < 0.3, END, np.minimum(taken, END)).astype(np.int64)
    office = families.commune[people].astype(np.int64)
    sheet = Sheet(community, spec, "population", office, taken)
    # a change of name reaches the database nine times in ten
    known_day = np.where(rng.random(n) < 0.9, END, 0)
    for kind, name in (
        (FIRST_OF_JANUARY, "birth_date"),
        (YEAR_EARLIER, "birth_date"),
        (SURNAME, "full_name"),
        (HOMETOWN, "hometown"),
    ):
        sheet.clerks.log.add(mistakes.rows(kind), name, KINDS[kind], "household")
    sheet.put("personal_number", np.append(community.numbers[people[~second]], community.second_numbers))
    sheet.names("full_name", people, mistakes.spell(community.names_on(people, known_day)))
    sheet.put("other_name", _other_names(community, rng, people))
    sheet.put("birth_date", _birth_dates(community, sheet, rng, people, spec.kinds.get("first_of_january", 1.0), mistakes))
    sheet.sexes("sex", people)
    born_at = np.where(
        community.birth_elsewhere[people] >= 0, community.birth_elsewhere[people], families.birth_commune[people]
    ).astype(np.int64)
    sheet.place("birth_place", born_at, community.hometown[people])
    sheet.place("birth_registration_place", born_at)
    hometown = community.hometown[people].astype(np.int64)
    hometown[mistakes.rows(HOMETOWN)] = office[mistakes.rows(HOMETOWN)]
    sheet.place("hometown", hometown)
    sheet.ethnicities("ethnicity", people)
    religion = choice_of(RELIGIONS, rng.choice(len(RELIGIONS), n, p=[0.86, 0.05, 0.06, 0.01, 0.006, 0.014]))
    sheet.put("religion", religion)
    sheet.nationality("nationality", people)
    sheet.put("identity_paper_number", pick(rng.random(n) < 0.85, community.papers[people]))
    relatives = (
        ("father", community.legal_father[people]),
        ("mother", _mothers(community, sheet, rng, people, spec.world.stepmother)),
        ("spouse", _spouses(families, sheet, rng, people, spec.world.former_spouse)),
    )
    for prefix, relative in relatives:
        relative = relative.copy()
        relative[rng.random(n) < 0.02] = -1
        sheet.names(f"{prefix}_name", relative, mistakes.spell(community.names_on(relative, np.full(n, END))), parent=True)
        told = (rng.random(n) < 0.6) & community.in_base[relative]
        sheet.put(f"{prefix}_personal_number", pick(told & (relative >= 0), community.numbers[relative]))
    residence = community.residence[people].astype(np.int64)
    residence[second] = families.birth_commune[people[second]]
    stays = np.where(rng.random(n) < 0.6, families.commune[people], residence)  # many who moved kept their permanent residence
    sheet.place("permanent_residence", stays)
    sheet.place("current_residence", residence)
    _household(community, sheet, people)
    died = DateParts.of_days(np.minimum(families.died[people], END).astype(np.int64)).text(np.zeros(n, np.int64))
    dead = (families.died[people] <= END) & (rng.random(n) < 0.85)
    sheet.put("death_date", pick(dead, died))
    if len(twice):
        sheet.tell("person", people, "personal_number", registered_twice=np.isin(people, twice))
    return sheet


def _mothers(community: Community, sheet: Sheet, rng: np.random.Generator, people: np.ndarray, stepmothers: float) -> np.ndarray:
    """Whom the rows name as the mother: the one in law, or the father's later wife."""
    mother, father = community.legal_mother[people], community.families.father[people]
    if not stepmothers:
        return np.asarray(mother)
    later = np.where(father >= 0, community.families.spouse[father], -1)
    stepchild = (later >= 0) & (mother == community.families.mother[people]) & (later != mother) & (later != people)
    stepchild &= rng.random(len(people)) < stepmothers
    sheet.clerks.log.add(np.flatnonzero(stepchild), "mother_name", "stepmother", "record")
    return np.asarray(np.where(stepchild, later, mother))


def _spouses(families: Families, sheet: Sheet, rng: np.random.Generator, people: np.ndarray, former: float) -> np.ndarray:
    """Whom the rows name as the spouse: the living one, or the one of the last union that ended."""
    spouse = families.spouse[people]
    if not former:
        return np.asarray(spouse)
    last = np.full(len(families.sex), -1, np.int64)
    for union in np.argsort(families.ended, kind="stable"):
        if families.ended[union] <= END:
            last[families.husband[union]], last[families.wife[union]] = families.wife[union], families.husband[union]
    named = (last[people] >= 0) & (last[people] != spouse) & (rng.random(len(people)) < former)
    sheet.clerks.log.add(np.flatnonzero(named), "spouse_name", "former_spouse", "record")
    return np.asarray(np.where(named, last[people], spouse))


def _other_names(community: Community, rng: np.random.Generator, people: np.ndarray) -> np.ndarray:
    """Former or everyday names, known for few."""
    words = vocabulary()
    former = words.text(community.birth_names[people])
    nickname = np.array(NICKNAMES, dtype=object)[rng.integers(0, len(NICKNAMES), len(people))]
    draw = rng.random(len(people))
    renamed = (community.renamed_on[people] <= END) & (draw < 0.5)
    return pick(renamed, former, pick(draw > 0.985, nickname))


def _birth_dates(
    community: Community,
    sheet: Sheet,
    rng: np.random.Generator,
    people: np.ndarray,
    kind_factor: float,
    mistakes: HouseholdErrors,
) -> np.ndarray:
    """Dates of birth; people known by their year only mostly stand at the 1st of January."""
    born = DateParts.of_days(community.families.born[people].astype(np.int64))
    sheet.believe("birth_date", people, born.year, community.habits.believed_in_population[people])
    born.year[mistakes.rows(YEAR_EARLIER)] -= 1
    parts = write_dates(sheet.clerks, "birth_date", born)
    alike = mistakes.rows(FIRST_OF_JANUARY)
    parts.day[alike] = parts.month[alike] = 1
    vague = community.year_only[people]
    draw = rng.random(len(people))
    share = min(rates.FIRST_OF_JANUARY * kind_factor, 0.85)
    first = vague & (draw < share)
    parts.day[first] = 1
    parts.month[first] = 1
    unknown = vague & (draw > 0.85)
    parts.day[unknown] = 0
    parts.month[unknown] = 0
    sheet.clerks.note("first_of_january", "birth_date", vague, np.full(len(people), share), first)
    sheet.clerks.log.add(np.flatnonzero(first), "birth_date", "first_of_january", "field")
    sheet.clerks.log.add(np.flatnonzero(unknown), "birth_date", "year_only", "field")
    return parts.text(np.zeros(len(people), np.int64))


def _household(community: Community, sheet: Sheet, people: np.ndarray) -> None:
    """Household, relationship to its head, marital status."""
    families = community.families
    age = 2026 - community.year[people]
    married = families.spouse[people] >= 0
    was_married = np.zeros(len(community.year), bool)
    was_married[families.husband] = True
    was_married[families.wife] = True
    parted = np.zeros(len(community.year), bool)
    last = families.divorced
    parted[families.husband[last]] = True
    parted[families.wife[last]] = True
    status = np.select(
        [married, parted[people], was_married[people]], ["Có vợ/chồng", "Ly hôn", "Góa"], np.where(age < 16, "", "Chưa kết hôn")
    ).astype(object)
    status[status == ""] = None
    sheet.put("marital_status", status)
    man = families.sex[people] == 0
    head = heads_of(community, people)
    number = community.plan.index * 1_000_000 + head
    sheet.put("household_number", texts([f"{value:010d}" for value in number]))
    relation = np.select([head == people, married & ~man], ["Chủ hộ", "Vợ"], "Con").astype(object)
    sheet.put("relationship_to_head", relation)

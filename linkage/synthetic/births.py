"""The birth register: first registrations, late ones, re-registrations with the repair of dates, double registrations."""

from __future__ import annotations

import numpy as np

from linkage.synthetic import rates
from linkage.synthetic.community import UPLANDS, Community
from linkage.synthetic.date_errors import repair_impossible
from linkage.synthetic.demography import calibrate
from linkage.synthetic.families import END, first_day, year_of
from linkage.synthetic.rates import by_year
from linkage.synthetic.scenario import SyntheticSpec
from linkage.synthetic.sheet import Sheet
from linkage.synthetic.text_arrays import choice_of, pick

ILLEGIBLE = ("Sổ hỏng, không đọc được", "Trang sổ bị rách, mất phần họ tên", "Chữ mờ không rõ", "Sổ bị mối ăn")
"""What whoever keyed the book today notes of an entry that cannot be read, in Unicode whatever the book's own hand: of the child
only the first word of the name is left, of its parents nothing."""
TYPES = ("Đúng hạn", "Đăng ký lại", "Quá hạn", "Ghi vào sổ việc đã đăng ký ở nước ngoài")
COUNTRIES = (
    "Hàn Quốc",
    "Đài Loan",
    "Hoa Kỳ",
    "Nhật Bản",
    "Cộng hòa Liên bang Đức",
    "Cộng hòa Séc",
    "Liên bang Nga",
    "Lào",
    "Campuchia",
    "Thái Lan",
)


def _first_registrations(community: Community, rng: np.random.Generator) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Persons, days and whether late."""
    families, year = community.families, community.year
    upland = 2.0 if community.plan.district.province in UPLANDS else 1.0
    n = len(year)
    unregistered = np.minimum(by_year(rates.UNREGISTERED_BIRTH, year) * upland, 0.8)
    infant = families.died - families.born < 60  # most infants who die in the first weeks are never registered
    unregistered = np.where(infant, np.maximum(unregistered, 0.7), unregistered)
    late_rate = np.minimum(by_year(rates.LATE_BIRTH, year) * (1.4 if upland > 1 else 0.8), 0.4)
    registered = (rng.random(n) > unregistered) & (community.birth_elsewhere < 0) & ~families.founder
    late = rng.random(n) < late_rate
    soon = np.where(year < 2000, rng.exponential(35, n), rng.exponential(16, n))
    soon = np.minimum(soon, 59)
    after = np.where(rng.random(n) < 0.55, 61 + rng.exponential(900, n), 365 * (5 + rng.gamma(2.0, 9.0, n)))
    day = families.born + np.where(late, after, soon).astype(np.int64) + 1
    # twins are registered on one day
    second = np.zeros(n, bool)
    second[1:] = families.twin[1:] & (families.mother[1:] == families.mother[:-1]) & (families.born[1:] == families.born[:-1])
    twins = np.flatnonzero(second)
    day[twins], late[twins], registered[twins] = day[twins - 1], late[twins - 1], registered[twins - 1] | registered[twins]
    registered &= (day <= END) & (day < np.minimum(families.died, families.left))
    people = np.flatnonzero(registered)
    return people, day[people], late[people]


def _re_registrations(community: Community, rng: np.random.Generator) -> tuple[np.ndarray, np.ndarray]:
    """People registered again, at the country's yearly numbers; most had an entry that was thought lost."""
    families, year = community.families, community.year
    scale = community.plan.size / calibrate().living[-1]
    wanted = np.cumsum([count * scale for count in rates.RE_REGISTERED_BY_YEAR.values()])
    counts = np.diff(np.floor(wanted + rng.random()).astype(int), prepend=0)
    years = np.repeat(np.array(list(rates.RE_REGISTERED_BY_YEAR)), np.maximum(counts, 0))
    can = np.flatnonzero(
        (year < 2000)
        & (year > 1925)
        & ~families.founder
        & (families.died > END)
        & (families.left > END)
        & (community.birth_elsewhere < 0)
    )
    weight = np.where(year[can] < 1995, 1.0, 0.3)
    count = min(len(can), len(years))
    chosen = rng.choice(can, count, replace=False, p=weight / weight.sum()) if count else can[:0]
    years = years[:count]
    day = first_day(years) + rng.integers(0, 181, count) + np.where(years < 2026, rng.integers(0, 184, count), 0)
    return chosen, day


def write_births(community: Community, spec: SyntheticSpec) -> Sheet:
    """All birth entries of a district."""
    families = community.families
    rng = np.random.default_rng([community.plan.seed, community.plan.index, 1])
    first, first_day_, late = _first_registrations(community, rng)
    again, again_day = _re_registrations(community, rng)
    twice = first[rng.random(len(first)) < 0.005]
    twice_day = np.minimum(families.born[twice] + rng.integers(20, 2000, len(twice)), END)
    noted = np.flatnonzero(community.abroad & (rng.random(len(community.abroad)) < 0.7))
    noted_day = families.born[noted] + rng.integers(90, 900, len(noted))
    keep = noted_day < np.minimum(END, families.died[noted])
    noted, noted_day = noted[keep], noted_day[keep]
    people = np.concatenate([first, again, twice, noted])
    day = np.concatenate([first_day_, again_day, twice_day, noted_day]).astype(np.int64)
    twice_kind = np.where(twice_day - families.born[twice] > 60, 2, 0)
    kind = np.concatenate([np.where(late, 2, 0), np.ones(len(again), int), twice_kind, np.full(len(noted), 3)])
    office = families.birth_commune[people].astype(np.int64)
    second = slice(len(first) + len(again), len(first) + len(again) + len(twice))
    office[second] = rng.integers(0, community.places.own, len(twice))
    order = np.lexsort((np.arange(len(people)), people, day, year_of(day), office))
    people, day, kind, office = people[order], day[order], kind[order], office[order]
    is_again = kind == 1
    is_twice = np.isin(order, np.arange(second.start, second.stop))

    sheet = Sheet(community, spec, "birth", office, day)
    torn = np.zeros(sheet.n, bool)
    torn[sheet.clerks.draw("entry_illegible", "full_name", ~is_again)] = True
    sheet.head(choice_of(TYPES, kind), pick(torn, choice_of(ILLEGIBLE, rng.integers(0, len(ILLEGIBLE), sheet.n))))
    read = np.where(torn, -1, people)
    mother = np.where(is_again, community.legal_mother[people], families.mother[people])
    father = np.where(is_again, community.legal_father[people], families.father[people])
    mother, father = np.where(torn, -1, mother), np.where(torn, -1, father)
    legal = community.names_on(people, day)
    # the first entry bears the name given at birth, a re-registration the name of today
    codes = np.where(is_again[:, None], legal, community.birth_names[people])
    codes[torn, 1:] = -1
    sheet.names("full_name", people, codes)
    sheet.sexes("sex", people)
    hidden = community.year_only[people] & ~torn & ~(is_again & (rng.random(sheet.n) < 0.6))
    parts = sheet.dates("birth_date", read, lunar=True, year_only=hidden, believed=is_again)
    sheet.clerks.note("year_only", "birth_date", ~is_again & ~torn, community.chances["year_only"][people], hidden)
    fixed = parts.take(np.flatnonzero(is_again))
    repair_impossible(fixed)
    text = sheet.columns["birth_date"]
    text[is_again] = fixed.text(sheet.date_style[is_again])
    home = families.birth_commune[people].astype(np.int64)
    sheet.place("birth_place", home, community.hometown[people], office)
    foreign = np.flatnonzero(kind == 3)
    sheet.columns["birth_place"][foreign] = choice_of(COUNTRIES, rng.integers(0, len(COUNTRIES), len(foreign)))
    sheet.put("birth_place_unit", community.places.text(np.where(kind == 3, -1, home), day))
    sheet.place("hometown", community.hometown[people].astype(np.int64))
    sheet.ethnicities("ethnicity", people)
    sheet.nationality("nationality", people)
    share = np.array([spec.numbered[0], spec.numbered[1], 0.99, 0.0])[sheet.era]
    present = rng.random(sheet.n) < share
    sheet.numbers("personal_number", read, present, mother)
    no_father = sheet.clerks.draw("father_missing", "father_name", father >= 0)
    father = father.copy()
    father[no_father] = -1
    lone = father < 0
    sheet.put("birth_type", pick(~torn, pick(lone, "Chưa xác định được cha", "Xác định được cả cha và mẹ")))
    swapped = _swapped_columns(rng, sheet, (mother >= 0) & (father >= 0), spec.world.parents_swapped)
    in_mothers, in_fathers = np.where(swapped, father, mother), np.where(swapped, mother, father)
    for prefix, parent, other in (("mother", in_mothers, in_fathers), ("father", in_fathers, in_mothers)):
        sheet.names(f"{prefix}_name", parent, parent=True)
        sheet.birth_years(f"{prefix}_birth_year", parent)
        sheet.ethnicities(f"{prefix}_ethnicity", parent)
        sheet.nationality(f"{prefix}_nationality", parent)
        sheet.place(f"{prefix}_residence", np.where(parent >= 0, home, -1))
        shown = rng.random(sheet.n) < np.array([0.0, 0.02, 0.85, 0.0])[sheet.era]
        sheet.numbers(f"{prefix}_personal_number", parent, shown, other)
        sheet.identity_papers(f"{prefix}_", parent, 0.4)
    declarant, relationship = _declarants(rng, people, mother, father, kind)
    sheet.names("declarant_name", declarant, parent=True)
    sheet.put("declarant_relationship", pick(declarant >= 0, choice_of(("Cha", "Mẹ", "Bản thân"), relationship)))
    sheet.numbers(
        "declarant_personal_number", declarant, rng.random(sheet.n) < np.array([0, 0.02, 0.9, 0])[sheet.era], np.full(sheet.n, -1)
    )
    sheet.identity_papers("declarant_", declarant, 0.4)
    flags = {"re_registered": is_again, "late_registered": kind == 2, "registered_twice": is_twice, "illegible": torn}
    sheet.tell("child", people, "personal_number", **flags)
    sheet.tell("mother", in_mothers, "mother_personal_number", **flags)
    sheet.tell("father", in_fathers, "father_personal_number", **flags)
    sheet.tell("declarant", declarant, "declarant_personal_number", **flags)
    return sheet


def _swapped_columns(rng: np.random.Generator, sheet: Sheet, both: np.ndarray, share: float) -> np.ndarray:
    """Entries whose clerk wrote each parent in the other's column: half-years of an office, drawn at the share."""
    if not share:
        return np.zeros(sheet.n, bool)
    half = sheet.office * 10_000 + sheet.year * 2 + (sheet.registered - first_day(sheet.year) >= 181)
    halves, of_entry = np.unique(half, return_inverse=True)
    swapped = (rng.random(len(halves)) < share)[of_entry] & both
    for field in ("mother_name", "father_name"):
        sheet.clerks.log.add(np.flatnonzero(swapped), field, "parents_swapped", "source")
    return np.asarray(swapped)


def _declarants(
    rng: np.random.Generator, people: np.ndarray, mother: np.ndarray, father: np.ndarray, kind: np.ndarray
) -> tuple[np.ndarray, np.ndarray]:
    """Who came to register: the father more often than the mother; oneself when registering again."""
    by_father = (rng.random(len(people)) < 0.62) & (father >= 0)
    relationship = np.where(kind == 1, 2, np.where(by_father, 0, 1))
    return np.where(kind == 1, people, np.where(by_father, father, mother)), relationship

"""The death register."""

from __future__ import annotations

import numpy as np

from linkage.synthetic import rates
from linkage.synthetic.community import UPLANDS, Community
from linkage.synthetic.date_errors import DateParts
from linkage.synthetic.families import END, year_of
from linkage.synthetic.rates import by_year
from linkage.synthetic.scenario import SyntheticSpec
from linkage.synthetic.sheet import Sheet
from linkage.synthetic.text_arrays import choice_of, pick, texts

CAUSES = ("Bệnh", "Già yếu", "Tai nạn giao thông", "Tai nạn lao động", "Đuối nước", "Không rõ")


def write_deaths(community: Community, spec: SyntheticSpec) -> Sheet:
    """All death entries of a district."""
    families = community.families
    rng = np.random.default_rng([community.plan.seed, community.plan.index, 2])
    n = len(community.year)
    year = year_of(np.minimum(families.died, END).astype(np.int64))
    upland = 1.8 if community.plan.district.province in UPLANDS else 1.0
    missing = np.minimum(by_year(rates.UNREGISTERED_DEATH, year) * upland, 0.9)
    missing = np.where(families.died - families.born < 60, np.maximum(missing, 0.8), missing)
    registered = (families.died <= END) & (families.away > families.died) & (rng.random(n) > missing)
    late = rng.random(n) < np.where(year < 2010, 0.25, 0.08)
    lag = np.where(late, 16 + rng.exponential(400, n), rng.exponential(5, n)).astype(np.int64)
    day = families.died + lag
    people = np.flatnonzero(registered & (day <= END))
    day = day[people].astype(np.int64)
    office = families.commune[people].astype(np.int64)
    order = np.lexsort((people, day, year_of(day), office))
    people, day, office, late = people[order], day[order], office[order], late[people][order]

    sheet = Sheet(community, spec, "death", office, day)
    sheet.head(pick(late, "Quá hạn", "Đúng hạn"))
    sheet.names("full_name", people)
    sheet.sexes("sex", people)
    only_year = (
        rng.random(sheet.n) < np.minimum(np.array([*rates.YEAR_ONLY_AT_DEATH, 0]) * spec.factor("year_only"), 0.97)[sheet.era]
    )
    sheet.dates("birth_date", people, year_only=only_year | community.year_only[people])
    sheet.ethnicities("ethnicity", people)
    sheet.nationality("nationality", people)
    home = families.commune[people].astype(np.int64)
    sheet.place("residence", home)
    share = np.array([0.0, spec.numbered[1] * 0.3, 0.95, 0.0])[sheet.era]
    sheet.numbers("personal_number", people, rng.random(sheet.n) < share, families.spouse[people])
    sheet.identity_papers("", people, 0.4)
    died = DateParts.of_days(families.died[people].astype(np.int64))
    sheet.put("death_date", died.text(sheet.date_style))
    hour, minute = rng.integers(0, 24, sheet.n), rng.integers(0, 12, sheet.n) * 5
    told = rng.random(sheet.n) < np.array([0.3, 0.6, 0.9, 0.0])[sheet.era]
    times = [f"{h:02d} giờ {m:02d} phút" if t else None for h, m, t in zip(hour, minute, told, strict=True)]
    sheet.put("death_time", texts(times))
    sheet.place("death_place", home, None, home)
    age = community.families.died[people] - families.born[people]
    cause = np.where(
        age > 75 * 365,
        rng.choice([0, 1], sheet.n, p=[0.4, 0.6]),
        rng.choice([0, 2, 3, 4, 5], sheet.n, p=[0.72, 0.12, 0.05, 0.04, 0.07]),
    )
    sheet.put("death_cause", choice_of(CAUSES, cause))
    sheet.put("death_notice_number", texts([f"{i:02d}/GBT" if t else None for i, t in zip(sheet.number, told, strict=True)]))
    declarant, relationship = _declarants(community, people, day)
    sheet.names("declarant_name", declarant, parent=True)
    sheet.put("declarant_relationship", pick(declarant >= 0, choice_of(("Con", "Mẹ", "Cha"), relationship)))
    sheet.numbers(
        "declarant_personal_number", declarant, rng.random(sheet.n) < np.array([0, 0.02, 0.9, 0])[sheet.era], np.full(sheet.n, -1)
    )
    sheet.identity_papers("declarant_", declarant, 0.4)
    sheet.tell("deceased", people, "personal_number", late_registered=late)
    sheet.tell("declarant", declarant, "declarant_personal_number", late_registered=late)
    return sheet


def _declarants(community: Community, people: np.ndarray, day: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Who declared: a living grown child, else a living mother or father, else nobody we know."""
    families = community.families
    n = len(community.year)
    eldest = np.full(n, -1, np.int64)
    children = np.flatnonzero(families.mother >= 0)[::-1]
    eldest[families.mother[children]] = children
    with_father = children[families.father[children] >= 0]
    eldest[families.father[with_father]] = with_father

    def could(person: np.ndarray, grown: bool = False) -> np.ndarray:
        there = (person >= 0) & (families.died[person] > day) & (families.left[person] > day)
        return np.asarray(there & (families.born[person] < day - 18 * 365) if grown else there)

    child, mother, father = eldest[people], families.mother[people], families.father[people]
    chosen = np.select([could(child, True), could(mother), could(father)], [child, mother, father], -1)
    return chosen, np.select([could(child, True), could(mother)], [0, 1], 2)

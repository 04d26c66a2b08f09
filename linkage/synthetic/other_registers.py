"""Marriages, adoptions, recognitions, guardianships and changes of name, as the offices kept them."""

from __future__ import annotations

import numpy as np

from linkage.synthetic import rates
from linkage.synthetic.community import UPLANDS, Community
from linkage.synthetic.date_errors import DateParts
from linkage.synthetic.families import END, Families, year_of
from linkage.synthetic.rates import by_year
from linkage.synthetic.scenario import SyntheticSpec
from linkage.synthetic.sheet import Sheet
from linkage.synthetic.text_arrays import all_of, pick, texts
from linkage.synthetic.vocabulary import vocabulary

LEGAL_AGE = (20, 18)
"""Of men and women since the law of 1959."""


def _stream(community: Community, number: int) -> np.random.Generator:
    return np.random.default_rng([community.plan.seed, community.plan.index, number])


def _in_books(day: np.ndarray, office: np.ndarray) -> np.ndarray:
    """Order of offices, years, days."""
    return np.lexsort((np.arange(len(day)), day, year_of(day), office))


def _number_share(spec: SyntheticSpec, sheet: Sheet) -> np.ndarray:
    return np.asarray(np.array([0.0, spec.numbered[1] * 0.3, 0.95, 0.0])[sheet.era])


def _adult(
    sheet: Sheet,
    spec: SyntheticSpec,
    prefix: str,
    people: np.ndarray,
    relative: np.ndarray,
    with_sex: bool = False,
    codes: np.ndarray | None = None,
) -> None:
    """The fields an entry gives to one grown person (or to any person, `with_sex`)."""
    community, rng = sheet.community, sheet.rng
    dot = f"{prefix}_" if prefix else ""
    sheet.names(f"{prefix}_name" if prefix else "full_name", people, codes)
    if with_sex:
        sheet.sexes(f"{dot}sex", people)
    sheet.dates(f"{dot}birth_date", people)
    sheet.ethnicities(f"{dot}ethnicity", people)
    sheet.nationality(f"{dot}nationality", people)
    home = np.where(people >= 0, community.families.commune[people].astype(np.int64), -1)
    sheet.place(f"{dot}residence", home)
    sheet.numbers(f"{dot}personal_number", people, rng.random(sheet.n) < _number_share(spec, sheet), relative)
    sheet.identity_papers(dot, people, 0.4)


def write_marriages(community: Community, spec: SyntheticSpec) -> Sheet:
    """Marriages; before 1987 few were registered (J), and some only years later."""
    families, rng = community.families, _stream(community, 4)
    year = year_of(families.started)
    count = len(year)
    upland = 1.6 if community.plan.district.province in UPLANDS else 1.0
    registered = rng.random(count) > np.minimum(by_year(rates.UNREGISTERED_MARRIAGE, year) * upland, 0.95)
    late = rng.random(count) < np.where(year < 2005, 0.12, 0.03)
    # most register within days; the latecomers within years, while both live and are together
    lag = np.where(late, rng.integers(60, 365 * 6, count), rng.exponential(12, count)).astype(np.int64)
    # nobody is registered before the legal age: the young marry by custom first and register when they may
    of_age = np.maximum(
        families.born[families.wife] + LEGAL_AGE[1] * 365.25, families.born[families.husband] + LEGAL_AGE[0] * 365.25
    )
    day = np.where(year >= 1960, np.maximum(families.started + lag, of_age.astype(np.int64) + 1), families.started + lag)
    registered &= (day <= END) & (day < families.ended) & (year >= 1925)
    rows = np.flatnonzero(registered)
    day, office = day[rows], families.union_commune[rows].astype(np.int64)
    order = _in_books(day, office)
    rows, day, office, late = rows[order], day[order], office[order], late[rows][order]
    husband, wife = families.husband[rows], families.wife[rows]
    sheet = Sheet(community, spec, "marriage", office, day)
    again = _married_before(families, rows)
    note = pick(again, "Đã từng kết hôn")
    sheet.head(pick(late, "Đăng ký quá hạn", "Đăng ký lần đầu"), note)
    _adult(sheet, spec, "husband", husband, wife)
    _adult(sheet, spec, "wife", wife, husband)
    parted = families.divorced[rows] & (families.ended[rows] <= END)
    sheet.put("marriage_status", pick(parted & (rng.random(sheet.n) < 0.8), "Đã ly hôn"))
    flags = {"late_registered": late}
    sheet.tell("husband", husband, "husband_personal_number", **flags)
    sheet.tell("wife", wife, "wife_personal_number", **flags)
    return sheet


def _married_before(families: Families, rows: np.ndarray) -> np.ndarray:
    """Unions in which one of the two had been married before."""
    first = np.full(len(families.sex), 2**60)
    for partners in (families.husband, families.wife):
        np.minimum.at(first, partners, families.started)
    return np.asarray(
        (families.started[rows] > first[families.husband[rows]]) | (families.started[rows] > first[families.wife[rows]])
    )


def write_adoptions(community: Community, spec: SyntheticSpec) -> Sheet:
    """Adoptions."""
    families, acts, rng = community.families, community.acts, _stream(community, 5)
    day = acts.adopted_on
    office = families.commune[acts.adoptive_mother].astype(np.int64)
    order = _in_books(day, office)
    child, father, mother = acts.adopted[order], acts.adoptive_father[order], acts.adoptive_mother[order]
    sheet = Sheet(community, spec, "adoption", office[order], day[order])
    sheet.head(all_of("Đăng ký lần đầu", sheet.n))
    giver = families.mother[child]
    # the entry names the child as before the adoption
    _adult(sheet, spec, "", child, mother, with_sex=True, codes=community.birth_names[child])
    sheet.place("birth_place", families.birth_commune[child].astype(np.int64))
    _adult(sheet, spec, "adoptive_mother", mother, father)
    _adult(sheet, spec, "adoptive_father", father, mother)
    sheet.names("giver_name", giver)
    sheet.put("giver_relationship", pick(giver >= 0, "Mẹ đẻ"))
    sheet.place("giver_residence", np.where(giver >= 0, families.commune[giver].astype(np.int64), -1))
    sheet.numbers("giver_personal_number", giver, rng.random(sheet.n) < _number_share(spec, sheet), child)
    sheet.identity_papers("giver_", giver, 0.4)
    sheet.put("decision_number", texts([f"{n:02d}/QĐ-UBND" for n in sheet.number]))
    sheet.put("decision_date", DateParts.of_days(sheet.registered).text(sheet.date_style))
    sheet.tell("adoptee", child, "personal_number")
    sheet.tell("adoptive_mother", mother, "adoptive_mother_personal_number")
    sheet.tell("adoptive_father", father, "adoptive_father_personal_number")
    sheet.tell("giver", giver, "giver_personal_number")
    return sheet


def write_recognitions(community: Community, spec: SyntheticSpec) -> Sheet:
    """Recognition of children by their fathers."""
    families, acts = community.families, community.acts
    office = families.commune[acts.recognised].astype(np.int64)
    order = _in_books(acts.recognised_on, office)
    child, parent = acts.recognised[order], acts.recognising[order]
    sheet = Sheet(community, spec, "parent_recognition", office[order], acts.recognised_on[order])
    sheet.head(all_of("Đăng ký lần đầu", sheet.n))
    sheet.put("decision_number", texts([f"{n:02d}/QĐ-UBND" for n in sheet.number]))
    sheet.put("recognition_type", all_of("Cha nhận con", sheet.n))
    for prefix, people, other in (("parent", parent, child), ("child", child, parent)):
        _adult(sheet, spec, prefix, people, other, codes=community.birth_names[child] if prefix == "child" else None)
        sheet.place(f"{prefix}_hometown", community.hometown[people].astype(np.int64))
    mother = families.mother[child]
    sheet.names("declarant_name", mother)
    sheet.put("declarant_relationship", all_of("Mẹ", sheet.n))
    sheet.numbers("declarant_personal_number", mother, sheet.rng.random(sheet.n) < _number_share(spec, sheet), child)
    sheet.identity_papers("declarant_", mother, 0.4)
    sheet.tell("parent", parent, "parent_personal_number")
    sheet.tell("child", child, "child_personal_number")
    return sheet


def write_guardianships(community: Community, spec: SyntheticSpec) -> Sheet:
    """Guardians of orphans."""
    families, acts = community.families, community.acts
    office = families.commune[acts.ward].astype(np.int64)
    order = _in_books(acts.guarded_on, office)
    ward, guardian = acts.ward[order], acts.guardian[order]
    sheet = Sheet(community, spec, "guardianship", office[order], acts.guarded_on[order])
    sheet.head(all_of("Đăng ký lần đầu", sheet.n))
    _adult(sheet, spec, "guardian", guardian, ward, with_sex=True)
    _adult(sheet, spec, "ward", ward, guardian, with_sex=True)
    lone = families.father[ward] < 0
    sheet.put("guardianship_ground", pick(lone, "Mẹ chết, không xác định được cha", "Cha mẹ đều chết"))
    sheet.tell("guardian", guardian, "guardian_personal_number")
    sheet.tell("ward", ward, "ward_personal_number")
    return sheet


def write_changes(community: Community, spec: SyntheticSpec) -> Sheet:
    """Legal changes of name (those that come with an adoption are in the adoption's own register)."""
    families, rng = community.families, _stream(community, 8)
    changed = (community.renamed_on <= END) & (community.adopted_on > END)
    people = np.flatnonzero(changed & (families.away > community.renamed_on))
    day = community.renamed_on[people].astype(np.int64)
    office = families.commune[people].astype(np.int64)
    order = _in_books(day, office)
    people, day, office = people[order], day[order], office[order]
    sheet = Sheet(community, spec, "civil_status_change", office, day)
    sheet.head(all_of("Đăng ký lần đầu", sheet.n))
    nobody = np.full(sheet.n, -1)
    before, after = community.birth_names[people], community.names[people]
    _adult(sheet, spec, "", people, nobody, with_sex=True, codes=before)
    home = np.where(
        community.birth_elsewhere[people] >= 0, community.birth_elsewhere[people], families.birth_commune[people]
    ).astype(np.int64)
    sheet.place("birth_place", home)
    sheet.place("hometown", community.hometown[people].astype(np.int64))
    text = vocabulary().text
    sheet.put("change_type", all_of("Thay đổi họ, chữ đệm, tên", sheet.n))
    sheet.put("changed_register", all_of("Giấy khai sinh", sheet.n))
    sheet.put(
        "changed_entry_number",
        texts([f"{n:02d}/{y}" for n, y in zip(rng.integers(1, 90, sheet.n), community.year[people], strict=True)]),
    )
    sheet.put("value_before", text(before))
    sheet.put("value_after", text(after))
    sheet.put("decision_number", texts([f"{n:02d}/QĐ-UBND" for n in sheet.number]))
    grown = families.born[people] < day - 18 * 365
    declarant = np.where(grown, people, families.mother[people])
    alive = (declarant >= 0) & (families.died[declarant] > day)
    declarant = np.where(alive, declarant, -1)
    sheet.names("declarant_name", declarant)
    sheet.put("declarant_relationship", pick(declarant >= 0, pick(grown, "Bản thân", "Mẹ")))
    sheet.numbers("declarant_personal_number", declarant, rng.random(sheet.n) < _number_share(spec, sheet), nobody)
    sheet.identity_papers("declarant_", declarant, 0.4)
    sheet.tell("subject", people, "personal_number")
    return sheet

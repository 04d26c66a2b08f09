"""A register's entries while they are written: columns of text, the truth about their people, the log of their errors."""

from __future__ import annotations

import numpy as np
import pyarrow as pa

from linkage.registers import register_kind
from linkage.synthetic.clerks import PERIODS, Clerks
from linkage.synthetic.community import Community
from linkage.synthetic.date_errors import DateParts, styles, to_lunar, write_dates
from linkage.synthetic.families import END, year_of
from linkage.synthetic.name_errors import write_names
from linkage.synthetic.rates import DIGITAL, MIDDLE, PAPER, POPULATION
from linkage.synthetic.scenario import SyntheticSpec
from linkage.synthetic.text_arrays import all_of, choice_of, filled, pick, texts
from linkage.synthetic.vocabulary import STYLES
from linkage.synthetic.world import RECURS, RECURS_AT_BIRTH

_CODES = {
    "birth": "KS", "death": "KT", "marriage": "KH", "adoption": "CN", "parent_recognition": "NC", "guardianship": "GH",
    "civil_status_change": "TD", "population": "CD",
}  # fmt: skip
ENTRIES_PER_BOOK = 200
_ETHNIC_DRIFT = {"Mông": "Mèo", "Tày": "Thổ", "Khmer": "Khơ Me", "Dao": "Mán", "Cơ Tu": "Kà Tu", "Kinh": "Hoa", "Hoa": "Kinh",
                 "Nùng": "Tày",
                 "Ê Đê": "Êđê", "Gia Rai": "Jrai", "Ba Na": "Bahnar", "Xơ Đăng": "Xê Đăng"}  # fmt: skip
FLAGS = ("twin", "re_registered", "late_registered", "registered_twice", "renamed", "adopted", "sibling_namesake", "year_only",
         "no_number", "illegible", "outside_population")  # fmt: skip
REGION_FACTORS = {
    "north": {"hoi_nga": 0.48, "initial_north": 1.35, "initial_south": 0.0, "southern_final": 0.0, "initial_l_n": 0.0},
    "other": {"hoi_nga": 1.43, "initial_north": 0.68, "initial_l_n": 0.0},
}
_L_FOR_N = {"30", "31", "33", "34", "35", "36", "27", "22"}


class Sheet:
    """Entries of one register in one district, in the order of their books."""

    def __init__(
        self, community: Community, spec: SyntheticSpec, register: str, office: np.ndarray, registered: np.ndarray
    ) -> None:
        """`office`: commune index of each entry; `registered`: day number of the registration."""
        self.community, self.register = community, register
        self.kind = register_kind(register)
        self.office, self.registered = office, registered
        self.n = len(office)
        plan = community.plan
        self.rng = np.random.default_rng([plan.seed, plan.index, sum(map(ord, register))])
        self.ids = texts([f"SYN-{_CODES[register]}-{plan.index:04d}-{row:06d}" for row in range(self.n)])
        year = year_of(registered)
        self.year = year
        if register == "population":
            self.era = np.full(self.n, POPULATION)
            source = office.astype(np.int64)
            sources = int(community.places.own)
        else:
            self.era = np.where(year < 1990, PAPER, np.where(year < 2016, MIDDLE, DIGITAL))
            source = office * 10 + np.searchsorted(PERIODS, year, side="right") * 2 + (year >= 1990)
            sources = community.places.own * 10
        province = plan.district.province
        factors = dict(REGION_FACTORS["north" if int(province) <= 46 else "other"])
        if province in _L_FOR_N:
            factors["initial_l_n"] = 1.0
        hands = np.random.default_rng([plan.seed, plan.index, 7])  # the same hands in every register of an office
        self.clerks = Clerks(
            self.rng,
            hands,
            register,
            source.astype(np.int64),
            sources,
            self.era,
            year,
            spec.errors,
            spec.kinds,
            factors,
            spec.world,
        )
        self.date_style = (
            styles(hands, source.astype(np.int64), sources) if register != "population" else np.zeros(self.n, np.int64)
        )
        self.columns: dict[str, np.ndarray] = {"record_id": self.ids}
        self.truth: list[pa.Table] = []

    def put(self, name: str, values: np.ndarray) -> None:
        """A finished column."""
        self.columns[name] = values

    def head(self, registration_type: np.ndarray, note: np.ndarray | None = None) -> None:
        """The header fields; books and entry numbers restart each year in each office."""
        places = self.community.places
        self.put("registering_office", places.office(self.office, self.registered))
        self.put("registering_office_code", places.code(self.office, self.registered))
        order = np.lexsort((np.arange(self.n), self.registered, self.year, self.office))
        key = self.office[order] * 10_000 + self.year[order]
        starts = np.flatnonzero(np.append(True, key[1:] != key[:-1]))[: self.n]
        number = np.empty(self.n, np.int64)
        number[order] = np.arange(self.n) - np.repeat(starts, np.diff(np.append(starts, self.n))) + 1
        self.number = number
        book = (number - 1) // ENTRIES_PER_BOOK + 1
        self.put("book_number", texts([f"{b:02d}/{y}" for b, y in zip(book, self.year, strict=True)]))
        self.put("entry_number", texts([f"{e:02d}/{y}" for e, y in zip(number, self.year, strict=True)]))
        page = ((number - 1) % ENTRIES_PER_BOOK) // np.where(self.year < 1999, 2, 1) + 1
        self.put("page_number", texts([str(p) for p in page]))
        self.put("registration_date", DateParts.of_days(self.registered).text(self.date_style))
        self.put("registration_type", registration_type)
        self.put("note", note if note is not None else all_of(None, self.n))

    def names(self, field: str, people: np.ndarray, codes: np.ndarray | None = None, parent: bool = False) -> None:
        """A column of names as legal on the day of the entry."""
        community = self.community
        if codes is None:
            codes = community.names_on(people, self.registered)
        known = people >= 0
        codes = self._usual(field, people, np.where(known[:, None], codes, -1), parent)
        sex = community.families.sex[people]
        self.put(field, write_names(self.clerks, field, codes, sex, community.minority[people], parent))

    def _usual(self, field: str, people: np.ndarray, codes: np.ndarray, parent: bool) -> np.ndarray:
        """Names as their bearers usually write them; in the population database one's own row has the right one."""
        habits = self.community.habits
        if not (habits.right >= 0).any() or (self.register == "population" and not parent):
            return codes
        recurs = RECURS_AT_BIRTH if (self.register, field) == ("birth", "full_name") else RECURS
        usual = habits.spell(people, codes, self.rng.random(self.n) < recurs)
        self.clerks.log.add(np.flatnonzero((usual != codes).any(axis=1)), field, "usual_misspelling", "person")
        return usual

    def believe(self, field: str, people: np.ndarray, year: np.ndarray, told: np.ndarray) -> np.ndarray:
        """Shift years of birth to those the people believe in, where `told`, in place; the rows shifted."""
        shift = np.where(told & (people >= 0), self.community.habits.year_shift[people], 0)
        year += shift
        rows = np.flatnonzero(shift)
        self.clerks.log.add(rows, field, "believed_year", "person")
        return rows

    def dates(
        self,
        field: str,
        people: np.ndarray,
        lunar: bool = False,
        year_only: np.ndarray | None = None,
        errors: bool = True,
        believed: np.ndarray | None = None,
    ) -> DateParts:
        """A column of dates of birth; returns the parts as written. `believed`: rows in which a person says their own."""
        community = self.community
        days = community.families.born[people].astype(np.int64)
        parts = DateParts.of_days(days)
        parts.year[people < 0] = 0
        if lunar:
            can = (people >= 0) & ~community.year_only[people]
            told = community.lunar[people] & can
            to_lunar(parts, days, np.flatnonzero(told))
            self.clerks.log.add(np.flatnonzero(told), field, "lunar_for_solar", "field")
            self.clerks.note("lunar_for_solar", field, can, community.chances["lunar_for_solar"][people], told)
        rows = self.believe(field, people, parts.year, np.ones(self.n, bool) if believed is None else believed)
        parts.day[rows] = np.where(parts.month[rows] == 2, np.minimum(parts.day[rows], 28), parts.day[rows])
        if errors:
            registered = DateParts.of_days(self.registered) if field == "birth_date" and self.register == "birth" else None
            parts = write_dates(self.clerks, field, parts, registered)
        hidden = community.year_only[people] if year_only is None else year_only
        parts.month[hidden] = 0
        parts.day[hidden] = 0
        self.clerks.log.add(np.flatnonzero(hidden & (people >= 0)), field, "year_only", "field")
        self.put(field, parts.text(self.date_style))
        return parts

    def birth_years(self, field: str, people: np.ndarray) -> None:
        """A column of years of birth of parents."""
        year = self.community.year[people].copy()
        self.believe(field, people, year, np.ones(self.n, bool))
        rows = self.clerks.draw("parent_birth_year", field, people >= 0)
        year[rows] += self.rng.choice([-3, -2, -1, 1, 2, 3], len(rows))
        self.put(field, pick(people >= 0, choice_of(map(str, range(1800, 2030)), year - 1800)))

    def sexes(self, field: str, people: np.ndarray) -> None:
        """A column of sexes."""
        sex = self.community.families.sex[people].astype(np.int64)
        rows = self.clerks.draw("sex_wrong", field, people >= 0)
        sex[rows] = 1 - sex[rows]
        text = pick(people >= 0, choice_of(("Nam", "Nữ"), sex))
        rows = self.clerks.draw("sex_missing", field, people >= 0)
        text[rows] = None
        self.put(field, text)

    def ethnicities(self, field: str, people: np.ndarray) -> None:
        """A column of ethnic groups."""
        groups = np.array(self.community.groups, dtype=object)
        text = pick(people >= 0, groups[self.community.families.group[people]])
        rows = self.clerks.draw("ethnicity_changed", field, people >= 0)
        drift = np.array([_ETHNIC_DRIFT.get(group, "Kinh") for group in groups], dtype=object)
        text[rows] = drift[self.community.families.group[people[rows]]]
        rows = self.clerks.draw("ethnicity_missing", field, people >= 0)
        text[rows] = None
        self.put(field, text)

    def nationality(self, field: str, people: np.ndarray) -> None:
        """A column of nationalities (all Vietnamese)."""
        self.put(field, pick(people >= 0, "Việt Nam"))

    def place(
        self,
        field: str,
        unit: np.ndarray,
        hometown: np.ndarray | None = None,
        at_office: np.ndarray | None = None,
        day: np.ndarray | None = None,
    ) -> None:
        """A column of places: the commune, district and province as called on the day of the entry."""
        places, clerks = self.community.places, self.clerks
        unit = unit.copy()
        known = unit >= 0
        day = self.registered if day is None else day
        if hometown is not None:
            rows = clerks.draw("place_hometown_for_birthplace", field, known & (hometown >= 0) & (hometown != unit))
            unit[rows] = hometown[rows]
        level = np.zeros(self.n, np.int64)
        level[clerks.draw("place_no_commune", field, known)] = 1
        level[clerks.draw("place_only_province", field, known & (level == 0))] = 2
        short = np.zeros(self.n, np.int64)
        rows = clerks.draw("place_abbreviated", field, known)
        short[rows] = 1 + (self.rng.random(len(rows)) < 0.5)
        text = places.text(unit, day, level, short)
        spelt = places.text(unit, day, level, np.where(short == 0, 3, short))
        rows = clerks.draw("place_spelling", field, known & (spelt != text))
        text[rows] = spelt[rows]
        if at_office is not None:
            rows = clerks.draw("place_of_registration", field, known & (level == 0))
            text[rows] = places.hospital(at_office[rows], day[rows])
        self.put(field, self._as_typed(text))

    def _as_typed(self, text: np.ndarray) -> np.ndarray:
        """Other texts of a source typed without accents or in an old font."""
        for kind in ("source_no_diacritics", "source_vni", "source_mojibake", "source_tcvn3", "source_decomposed"):
            rows = np.flatnonzero(self.clerks.has_habit(kind))
            look = STYLES[kind.removeprefix("source_")]
            text[rows] = [None if value is None else look(value) for value in text[rows]]
        return text

    def numbers(self, field: str, people: np.ndarray, present: np.ndarray, relative: np.ndarray) -> None:
        """A column of personal numbers; `relative` is whose number may be written by mistake."""
        numbers = self.community.numbers
        shown = self.community.habits.shows[people]
        text = pick((people >= 0) & present, numbers[shown])
        has = filled(text)
        self.clerks.log.add(np.flatnonzero(has & (shown != people)), field, "number_borrowed", "person")
        other = pick(relative >= 0, numbers[relative])
        other_has = filled(other)
        rows = self.clerks.draw("number_of_relative", field, has & other_has)
        text[rows] = other[rows]
        rows = self.clerks.draw("number_digit_wrong", field, has)
        at = self.rng.integers(3, 12, len(rows))
        text[rows] = [v[:i] + str((int(v[i]) + 1 + i % 8) % 10) + v[i + 1 :] for v, i in zip(text[rows], at, strict=True)]
        swaps = np.array([value is not None and any(value[i] != value[i + 1] for i in range(6, 11)) for value in text], bool)
        rows = self.clerks.draw("number_transposed", field, swaps)
        text[rows] = [_transpose(v) for v in text[rows]]
        zero = np.array([value is not None and value[0] == "0" for value in text], bool)
        rows = self.clerks.draw("number_leading_zero_lost", field, zero)
        text[rows] = [v[1:] for v in text[rows]]
        self.put(field, text)

    def identity_papers(self, prefix: str, people: np.ndarray, share: float) -> None:
        """The kind and number of the identity card shown: 9 digits to 2015, then the personal number's card."""
        old = (self.year >= 1977) & (self.year < 2021) & (self.rng.random(self.n) < share) & (people >= 0)
        text = pick(old, self.community.papers[self.community.habits.shows[people]])
        has = filled(text)
        self.put(f"{prefix}identity_paper_type", pick(has, "Chứng minh nhân dân"))
        self.put(f"{prefix}identity_paper_number", text)

    def tell(self, role: str, people: np.ndarray, number_field: str | None, **flags: np.ndarray) -> None:
        """Truth of one role: who it is and what makes the pair hard. Entries without that role (-1) are left out."""
        community = self.community
        rows = np.flatnonzero(people >= 0)
        who = people[rows]
        families = community.families
        number = self.columns.get(number_field) if number_field else None
        hard = {
            "twin": families.twin[who],
            "renamed": community.renamed_on[who] <= END,
            "adopted": community.adopted_on[who] <= END,
            "sibling_namesake": community.sibling_namesake[who],
            "year_only": community.year_only[who],
            "no_number": np.ones(len(rows), bool) if number is None else ~filled(number[rows]),
            "outside_population": ~community.in_base[who],
        }
        hard |= {name: values[rows] for name, values in flags.items()}
        columns = {
            "register": pa.array([self.register] * len(rows), pa.string()),
            "role": pa.array([role] * len(rows), pa.string()),
            "record_id": pa.array(self.ids[rows], pa.string()),
            "person_record_id": pa.array(community.base_ids(who), pa.string()),
            "person": pa.array(community.person_ids[who]),
        }
        columns |= {flag: pa.array(hard.get(flag, np.zeros(len(rows), bool))) for flag in FLAGS}
        self.truth.append(pa.table(columns))

    def table(self) -> pa.Table:
        """The entries under their Vietnamese headers, in the register's order of fields."""
        empty = all_of(None, self.n)
        return pa.table({field.header: pa.array(self.columns.get(field.name, empty), pa.string()) for field in self.kind.fields})

    def rates(self) -> pa.Table:
        """What was asked of each kind, field and era, and what was injected."""
        names = ("register", "field", "kind", "era", "eligible", "expected", "variance", "injected")
        types = (pa.string(),) * 4 + (pa.int64(), pa.float64(), pa.float64(), pa.int64())
        rows = self.clerks.log.asked
        return pa.table({name: pa.array([row[i] for row in rows], types[i]) for i, name in enumerate(names)})

    def errors(self) -> pa.Table:
        """The log, one row an injected error."""
        hits = self.clerks.log.hits
        rows = np.concatenate([hit[0] for hit in hits]) if hits else np.zeros(0, np.int64)
        counts = [len(hit[0]) for hit in hits]
        order = np.argsort(rows, kind="stable")

        def spread(part: int) -> pa.Array:
            return pa.array(np.repeat(texts(str(hit[part]) for hit in hits), counts)[order], pa.string())

        return pa.table(
            {
                "register": pa.array([self.register] * len(rows), pa.string()),
                "record_id": pa.array(self.ids[rows[order]], pa.string()),
                "field": spread(1),
                "kind": spread(2),
                "level": spread(3),
            }
        )


def _transpose(number: str) -> str:
    at = next(i for i in range(6, 11) if number[i] != number[i + 1])
    return number[:at] + number[at + 1] + number[at] + number[at + 2 :]

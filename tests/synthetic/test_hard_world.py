"""The harder world: each hardship measured in the registers and their truth; the usual world has none of them."""

from collections import Counter
from dataclasses import replace
from itertools import pairwise

import duckdb
import numpy as np
import pytest

from linkage.errors import LinkageError
from linkage.registers import register_kind
from linkage.synthetic import WORLDS, SyntheticSpec, World, generate
from linkage.synthetic.community import build_community
from linkage.synthetic.families import NEVER
from linkage.synthetic.generate import plan_districts
from linkage.synthetic.households import heads_of
from linkage.synthetic.naming_customs import dead_siblings, generations
from linkage.vietnamese import fold

HARD = WORLDS["hard"]
PERSONS, SEED = 5_000, 31
FONTS = "(SELECT record_id FROM errors WHERE kind IN ('source_tcvn3', 'source_vni', 'source_mojibake'))"
HOUSEHOLD_KINDS = {"household_first_of_january", "household_year_earlier", "household_surname", "household_hometown"}


class Made:
    """A generated world to ask by SQL; views carry the fields' own names."""

    def __init__(self, folder, world):
        self.summary = generate(SyntheticSpec(persons=PERSONS, seed=SEED, digitisation=False, world=world), folder)
        self.connection = duckdb.connect()
        self.connection.create_function("fold", fold, [str], str, null_handling="default")
        for kind, name in (("birth", "births"), ("death", "deaths"), ("population", "population")):
            columns = ", ".join(f'"{field.header}" AS {field.name}' for field in register_kind(kind).fields)
            file = self.summary.files[name]
            self.connection.execute(
                f"CREATE TABLE {name} AS SELECT {columns} FROM read_csv('{file}', all_varchar=true, header=true)"
            )
        for name in ("truth", "errors"):
            self.connection.execute(f"CREATE TABLE {name} AS SELECT * FROM '{self.summary.files[name]}'")

    def all(self, query):
        return self.connection.execute(query).fetchall()

    def one(self, query):
        return self.all(query)[0][0]

    def agreement(self, entries, register, role, left, right):
        """Share of true pairs whose names are equal but for diacritics, where both have one and the book's font is readable."""
        return self.one(
            f"""SELECT avg((fold(e.{left}) = fold(p.{right}))::INT) FROM truth JOIN {entries} e USING (record_id)
                JOIN population p ON p.record_id = person_record_id
                WHERE register = '{register}' AND role = '{role}' AND truth.record_id NOT IN {FONTS}"""
        )

    def namesakes(self):
        """Share of the population's rows that share name and year of birth with another human's."""
        humans = dict(self.all("SELECT record_id, person FROM truth WHERE register = 'population'"))
        rows = self.all("SELECT record_id, fold(full_name), right(birth_date, 4) FROM population WHERE full_name IS NOT NULL")
        bearers = {}
        for record, name, year in rows:
            bearers.setdefault((name, year), set()).add(humans.get(record, record))
        return float(np.mean([len(bearers[name, year]) > 1 for _, name, year in rows]))

    def absent_namesakes(self):
        """Share of the birth entries without a person whose full name and year, give or take three, a row of the population has."""
        return self.one(
            """WITH absent AS (SELECT record_id, fold(full_name) AS name, try_cast(right(birth_date, 4) AS INT) AS year
                   FROM truth JOIN births USING (record_id)
                   WHERE register = 'birth' AND role = 'child' AND outside_population AND NOT illegible),
               there AS (SELECT fold(full_name) AS name, try_cast(right(birth_date, 4) AS INT) AS year FROM population)
               SELECT avg((EXISTS (SELECT 1 FROM there WHERE there.name = absent.name AND abs(there.year - absent.year) <= 3))::INT)
               FROM absent"""
        )

    def logged(self, kind, register=None):
        return self.one(
            f"SELECT count(*) FROM errors WHERE kind = '{kind}'" + (f" AND register = '{register}'" if register else "")
        )


@pytest.fixture(scope="module")
def hard(tmp_path_factory):
    return Made(tmp_path_factory.mktemp("hard"), HARD)


@pytest.fixture(scope="module")
def usual(tmp_path_factory):
    return Made(tmp_path_factory.mktemp("usual"), WORLDS["usual"])


def community_of(world, persons=4_000, seed=7):
    spec = SyntheticSpec(persons=persons, seed=seed, world=world)
    return build_community(plan_districts(spec)[0], spec)


def test_the_usual_world_has_none_of_it(usual):
    planted = HOUSEHOLD_KINDS | {"usual_misspelling", "believed_year", "number_borrowed", "parents_swapped", "thi_van_habit"}
    planted |= {"stepmother", "former_spouse"}
    assert not planted & {kind for (kind,) in usual.all("SELECT DISTINCT kind FROM errors")}
    assert usual.logged("typing_slip") > 0
    assert usual.one("SELECT count(*) FROM truth WHERE register = 'population'") == 0
    assert usual.one("SELECT count(*) FROM population") == usual.one("SELECT count(DISTINCT personal_number) FROM population")


def test_as_many_people_as_asked_in_either(hard, usual):
    assert hard.summary.persons == pytest.approx(PERSONS, abs=1)
    assert usual.summary.persons == pytest.approx(PERSONS, abs=1)


def test_one_to_three_percent_are_twice_in_the_population(hard):
    rows = Counter(person for (person,) in hard.all("SELECT person FROM truth WHERE register = 'population'"))
    assert sum(rows.values()) == hard.one("SELECT count(*) FROM population")
    assert set(rows.values()) == {1, 2}
    assert 0.01 < np.mean([count == 2 for count in rows.values()]) < 0.03
    told = hard.one("SELECT count(*) FROM truth WHERE register = 'population' AND registered_twice")
    assert told == 2 * sum(count == 2 for count in rows.values())
    assert hard.one("SELECT count(DISTINCT personal_number) FROM population") == sum(rows.values())
    pairs = hard.all(
        """SELECT fold(a.full_name) = fold(b.full_name), a.birth_date = b.birth_date
           FROM truth one JOIN truth other USING (person) JOIN population a ON a.record_id = one.record_id
           JOIN population b ON b.record_id = other.record_id
           WHERE one.register = 'population' AND other.register = 'population' AND one.record_id < other.record_id"""
    )
    same_name, same_date = np.array(pairs, dtype=float).mean(axis=0)
    assert 0.9 < same_name <= 1
    assert 0.85 < same_date < 1


def test_truth_names_the_first_row_and_says_who_is_absent(hard):
    first = "SELECT person, min(record_id) AS record_id FROM truth WHERE register = 'population' GROUP BY person"
    assert hard.one(f"SELECT count(*) FROM truth JOIN ({first}) f USING (person) WHERE person_record_id <> f.record_id") == 0
    assert hard.one("SELECT count(*) FROM truth WHERE outside_population <> (person_record_id IS NULL)") == 0
    there = "SELECT person FROM truth WHERE register = 'population'"
    assert hard.one(f"SELECT count(*) FROM truth WHERE outside_population <> (person NOT IN ({there}))") == 0


@pytest.mark.parametrize(
    ("where", "about"),
    [
        (("births", "birth", "child", "full_name", "full_name"), 0.90),
        (("births", "birth", "child", "mother_name", "mother_name"), 0.85),
        (("deaths", "death", "deceased", "full_name", "full_name"), 0.93),
    ],
)
def test_names_agree_on_true_pairs_about_as_often_as_meant(hard, usual, where, about):
    # a few hundred of the dead were alive when the population database began
    assert hard.agreement(*where) == pytest.approx(about, abs=0.04 if where[0] == "deaths" else 0.025)
    assert hard.agreement(*where) < usual.agreement(*where) - 0.01


def test_a_tenth_of_rows_shares_name_and_year(hard, usual):
    assert 0.08 < hard.namesakes() < 0.13
    assert usual.namesakes() < 0.04


def test_a_person_is_misspelt_in_the_same_way_everywhere(hard):
    """Mothers named wrongly by habit: what their children's entries say of them agrees beyond what other errors do."""
    told = hard.all(
        """SELECT person, fold(mother_name) FROM errors JOIN births USING (record_id)
           JOIN truth ON truth.record_id = errors.record_id AND truth.register = 'birth' AND truth.role = 'mother'
           WHERE errors.kind = 'usual_misspelling' AND errors.field = 'mother_name'
             AND errors.record_id NOT IN (SELECT record_id FROM errors WHERE field = 'mother_name' AND kind <> 'usual_misspelling')"""
    )
    entries = {}
    for person, name in told:
        entries.setdefault(person, []).append(name)
    repeated = [names for names in entries.values() if len(names) > 1]
    assert len(repeated) > 30
    assert np.mean([len(set(names)) == 1 for names in repeated]) > 0.9
    for register in ("birth", "death", "marriage", "population"):
        assert hard.logged("usual_misspelling", register) > 20, register


def test_a_believed_year_recurs(hard):
    told = hard.all(
        """SELECT person, mother_birth_year::INT FROM errors JOIN births USING (record_id)
           JOIN truth ON truth.record_id = errors.record_id AND truth.register = 'birth' AND truth.role = 'mother'
           WHERE errors.kind = 'believed_year' AND errors.field = 'mother_birth_year'"""
    )
    years = {}
    for person, year in told:
        years.setdefault(person, []).append(year)
    repeated = [one for one in years.values() if len(one) > 1]
    assert len(repeated) > 20
    assert np.mean([len(set(one)) == 1 for one in repeated]) > 0.7
    assert hard.logged("believed_year", "death") > 10
    assert hard.logged("believed_year", "population") > 10


def test_one_badness_an_entry(hard, usual):
    """The number of errors an entry has scatters far more than in the usual world, at about the same mean rate of each kind."""

    def scatter(made):
        counts = made.all(
            """SELECT count(*) FILTER (level = 'field' AND kind NOT LIKE 'place%' AND kind <> 'year_only') FROM births
               LEFT JOIN errors ON errors.record_id = births.record_id
               WHERE right(registration_date, 4)::INT BETWEEN 1990 AND 2015 GROUP BY births.record_id"""
        )
        numbers = np.array(counts, dtype=float)
        return numbers.var() / numbers.mean()

    assert scatter(hard) > 1.25 * scatter(usual)


def test_an_enumerators_error_is_the_whole_households(hard):
    households = hard.all(
        """SELECT household_number, count(*), count(kind), count(DISTINCT kind) FROM population
           LEFT JOIN (SELECT record_id, kind FROM errors WHERE level = 'household') e USING (record_id)
           GROUP BY household_number"""
    )
    hit = [one for one in households if one[2]]
    assert 0.02 < len(hit) / len(households) < 0.04
    assert all(kinds == 1 and members == wrong for _, members, wrong, kinds in hit)
    assert {kind for (kind,) in hard.all("SELECT DISTINCT kind FROM errors WHERE level = 'household'")} == HOUSEHOLD_KINDS
    first = """SELECT avg((birth_date LIKE '01/01/%')::INT) FROM errors JOIN population USING (record_id)
               WHERE kind = 'household_first_of_january' AND record_id NOT IN (SELECT record_id FROM errors
               WHERE register = 'population' AND field = 'birth_date' AND kind <> 'household_first_of_january')"""
    assert hard.one(first) == 1


def test_clerks_swap_parents_for_months(hard):
    """An office's swapped entries stand together in half-years, whole; the truth says who stands in each column."""
    rows = hard.all(
        """SELECT registering_office_code, right(registration_date, 4)::INT * 2
                    + (left(strftime(try_strptime(registration_date, ['%d/%m/%Y', '%d.%m.%Y']), '%m'), 2)::INT > 6)::INT AS half,
                  births.record_id IN (SELECT record_id FROM errors WHERE kind = 'parents_swapped') AS swapped
           FROM births WHERE mother_name IS NOT NULL AND father_name IS NOT NULL"""
    )
    halves = {}
    for office, half, swapped in rows:
        if half is not None:
            halves.setdefault((office, half), []).append(swapped)
    shares = [np.mean(one) for one in halves.values()]
    hit = [share for share in shares if share]
    assert 0.002 < len(hit) / len(shares) < 0.025
    assert np.median(hit) == 1
    mothers = hard.all(
        """SELECT DISTINCT m.person, f.person FROM truth m JOIN truth f USING (record_id) JOIN errors USING (record_id)
           WHERE errors.kind = 'parents_swapped' AND m.role = 'mother' AND f.role = 'father' AND m.register = 'birth'"""
    )
    ordinary = {mother for (mother,) in hard.all("SELECT person FROM truth WHERE register = 'birth' AND role = 'father'")}
    assert np.mean([mother in ordinary for mother, _ in mothers]) > 0.6


def test_some_clerks_leave_out_thi_and_van(hard):
    books = hard.all(
        """SELECT registering_office_code || (right(registration_date, 4)::INT // 2),
                  avg((errors.record_id IS NOT NULL)::INT), count(*) FROM births
           LEFT JOIN (SELECT DISTINCT record_id FROM errors WHERE kind = 'thi_van_habit' AND field = 'mother_name') errors
           USING (record_id) GROUP BY 1"""
    )
    shares = np.array([share for _, share, count in books if count >= 8], dtype=float)
    assert 0 < np.mean(shares > 0.25) < 0.1
    assert np.mean(shares == 0) > 0.8


def test_children_bear_the_names_of_dead_siblings():
    shares = {}
    for name, world in WORLDS.items():
        one = community_of(world)
        elder = dead_siblings(one.families)
        rows = np.flatnonzero((elder >= 0) & (one.families.birth_commune >= 0))
        shares[name] = (one.birth_names[rows] == one.birth_names[elder[rows]]).all(axis=1).mean()
    assert HARD.named_after_dead - 0.1 < shares["hard"] < HARD.named_after_dead + 0.05
    assert shares["usual"] < 0.08


def test_no_living_sibling_or_parent_shares_a_name():
    one = community_of(HARD)
    families, names = one.families, one.birth_names
    by_name = {}
    for child in np.flatnonzero(families.mother >= 0):
        by_name.setdefault((families.mother[child], *names[child]), []).append(child)
    for children in by_name.values():
        for elder, younger in pairwise(children):
            assert families.died[elder] <= families.born[younger]


def test_a_clan_has_one_middle_name_for_a_generation():
    one = community_of(World(clan_middle=1.0), seed=3)
    depth, families = generations(one.families), one.families
    sons = np.flatnonzero((families.sex == 0) & (families.group == 0) & ((one.birth_names >= 0).sum(axis=1) >= 3))
    middles = {}
    for son in sons:
        middles.setdefault((families.line[son], depth[son]), set()).add(one.birth_names[son, 1])
    large = [len(found) for found in middles.values()]
    assert np.mean(np.array(large) == 1) > 0.95


def test_absent_people_have_namesakes_who_are_there(hard, usual):
    assert hard.absent_namesakes() > 1.8 * usual.absent_namesakes()
    absent = {}
    for name, world in WORLDS.items():
        one = community_of(world)
        absent[name] = 1 - one.in_base[one.families.living].mean()
    assert 0.01 < absent["usual"] < 0.025
    assert 2 * absent["usual"] < absent["hard"] < 0.08


def test_numbers_are_borrowed_for_good():
    one = community_of(replace(HARD, borrowed_number=0.02))
    borrowers = np.flatnonzero(one.habits.shows != np.arange(len(one.year)))
    grown = one.year < 2005
    assert 0.014 < len(borrowers) / grown.sum() < 0.026
    lenders = one.habits.shows[borrowers]
    siblings = one.families.mother[borrowers] == one.families.mother[lenders]
    assert (one.families.sex[borrowers] == one.families.sex[lenders]).mean() > 0.98
    assert siblings[one.families.mother[borrowers] >= 0].mean() > 0.4


def test_a_borrowed_number_is_the_lenders_in_the_entry(hard):
    rows = hard.all(
        """SELECT d.personal_number = p.personal_number, d.personal_number IN (SELECT personal_number FROM population)
           FROM errors JOIN deaths d USING (record_id) JOIN truth t ON t.record_id = d.record_id AND t.role = 'deceased'
           LEFT JOIN population p ON p.record_id = t.person_record_id
           WHERE errors.kind = 'number_borrowed' AND errors.field = 'personal_number' AND errors.register = 'death'"""
    )
    assert not any(own for own, _ in rows)
    assert hard.logged("number_borrowed") > 20


def test_rows_name_stepmothers_and_former_spouses():
    hard_one = community_of(HARD)
    families = hard_one.families
    children = np.flatnonzero(hard_one.in_base & (families.father >= 0))
    later = families.spouse[families.father[children]]
    exposed = ((later >= 0) & (later != families.mother[children])).sum()
    ended = np.isin(np.flatnonzero(hard_one.in_base), np.r_[families.husband, families.wife][np.tile(families.ended < NEVER, 2)])
    assert exposed > 20
    assert ended.sum() > 50


def test_stepmothers_and_former_spouses_are_logged_and_written(hard):
    assert hard.logged("stepmother") / PERSONS > 0.005
    assert hard.logged("former_spouse") / PERSONS > 0.02
    apart = hard.one(
        """SELECT avg((fold(p.mother_name) <> fold(b.mother_name))::INT) FROM errors e JOIN population p ON p.record_id = e.record_id
           JOIN truth t ON t.person_record_id = p.record_id AND t.register = 'birth' AND t.role = 'child'
           JOIN births b ON b.record_id = t.record_id WHERE e.kind = 'stepmother'"""
    )
    assert apart > 0.9


def test_heads_are_of_their_own_household():
    one = community_of(HARD)
    people = np.flatnonzero(one.in_base & one.families.living)
    heads = heads_of(one, people)
    grown_men = one.families.sex[people] == 0
    assert (heads[grown_men & (one.families.spouse[people] >= 0)] == people[grown_men & (one.families.spouse[people] >= 0)]).all()


@pytest.mark.parametrize("changed", [{"twice_in_population": 1.5}, {"village_fashion": -0.1}, {"entry_badness": -1.0}])
def test_a_world_says_what_is_not_a_share(changed):
    with pytest.raises(LinkageError):
        World(**changed)


def test_the_command_makes_it(command_line, tmp_path):
    ended = command_line("synth", str(tmp_path / "out"), "--persons", "600", "--seed", "2", "--world", "hard")
    assert ended.status == 0, ended.told
    assert "world hard" in (tmp_path / "out" / "README.txt").read_text(encoding="utf-8")
    assert command_line("synth", str(tmp_path / "no"), "--world", "harder").status == 2


def test_hard_world_same_seed_same_rows(tmp_path):
    spec = SyntheticSpec(persons=600, seed=9, world=HARD, digitisation=False)
    one, other = (generate(spec, tmp_path / name) for name in ("a", "b"))
    for name in ("births", "population", "truth"):
        assert one.files[name].read_bytes() == other.files[name].read_bytes()

"""Each builder's levels on planted pairs, the rules for places and dates beside plain Python, and what a new builder needs."""

from __future__ import annotations

from datetime import date
from pathlib import Path
from typing import get_args

import pytest
from ruamel.yaml import YAML

from linkage import vietnamese as vn
from linkage.config import ComparisonSpec, FieldKind, LevelSpec
from linkage.config.documentation import README
from linkage.config.matching import ComparisonUse
from linkage.likeness.library import BUILDERS, TWO_FIELDS, FieldColumns, level_word
from linkage.model.comparisons import build_comparison
from linkage.vietnamese import Place, RegisterDate
from tests.model.planted_pairs import PLANTED, compared, joined, levels_of

CASES = Path(__file__).parents[1] / "hard_cases"


def cases(name: str) -> list[dict]:
    return YAML(typ="safe", pure=True).load((CASES / f"{name}.yaml").read_text(encoding="utf-8"))


@pytest.mark.parametrize("case", PLANTED, ids=lambda case: case[0])
def test_planted_pairs_get_their_level(connection, tmp_path: Path, case) -> None:
    """Whichever side they stand on."""
    pairs = PLANTED[case]
    for sides in ([(one, other) for one, other, _ in pairs], [(other, one) for one, other, _ in pairs]):
        assert levels_of(connection, tmp_path, *case, sides) == [level for *_, level in pairs]


def test_a_comparison_is_known_to_config_planted_and_documented() -> None:
    """Of each name that is entered in one of the places only; its levels' Vietnamese is asked for in tests/report."""
    assert set(BUILDERS) == set(get_args(ComparisonUse)), "config knows what BUILDERS holds"
    assert set(BUILDERS) == {use for use, _ in PLANTED}, "each has planted pairs in tests/model/planted_pairs.py"
    page = README.read_text(encoding="utf-8")
    assert not [use for use in BUILDERS if f"`{use}`" not in page], "run: python -m linkage.config.documentation"


def test_a_level_has_one_word_in_either_language() -> None:
    words = [level.word for build in BUILDERS.values() for level in build(FieldColumns("f", "f", "f", "g"))]
    said = {word.en: word.vi for word in words}
    assert [word for word in words if said[word.en] != word.vi] == []
    assert [word for word in words if level_word(word.en, "vi") != word.vi or word.vi == word.en] == []


@pytest.mark.parametrize("case", PLANTED, ids=lambda case: case[0])
def test_every_level_is_planted(case) -> None:
    labels = {"missing"} | {level.label for level in compared(*case).levels}
    assert labels == {level for *_, level in PLANTED[case]}


@pytest.mark.parametrize("code", ["26740", "01537"])
def test_a_reused_commune_code_is_another_commune_after_the_reform(connection, tmp_path: Path, code: str) -> None:
    said = ("01/01/2020", "01/01/2026")
    [level] = levels_of(connection, tmp_path, "unit_through_time", FieldKind.place, [(code, code)], said)
    assert level not in {"same commune", "missing"}


def nearness(one: Place, other: Place) -> str:
    """By the sets of codes alone; a place abroad is in none of them."""
    if not one.provinces or not other.provinces:
        return "missing"
    if one.unit is not None and one.unit == other.unit:
        return "same commune"
    names = {
        "communes": "successors overlap", "districts": "same former district", "provinces_old": "same former province",
        "provinces": "same present province",
    }  # fmt: skip
    return next((level for name, level in names.items() if {*getattr(one, name)} & {*getattr(other, name)}), "different")


def test_places_have_the_level_of_their_codes(connection, tmp_path: Path) -> None:
    texts = [case["raw"] for case in cases("places")]
    field, both = compared("unit_through_time", FieldKind.place), joined(connection, tmp_path, FieldKind.place, [texts, texts])
    labels = {-1: "missing"} | {level.value: level.label for level in field.levels}
    found = connection.execute(f"SELECT id_l, id_r, {field.expression} FROM {both}").fetchall()
    places = [vn.resolve_place(text) for text in texts]
    assert len(found) == len(texts) ** 2
    for one, other, level in found:
        assert labels[level] == nearness(places[one - 1], places[other - 1])


def parts(said: RegisterDate) -> tuple[int, int, int] | None:
    return (said.year, said.month, said.day) if said.year and said.month and said.day else None


def is_day_month_swap(one: RegisterDate, other: RegisterDate) -> bool:
    a, b = parts(one), parts(other)
    return a is not None and b is not None and a != b and (a[0], a[2], a[1]) == b


def differs_by_one_digit(one: RegisterDate, other: RegisterDate) -> bool:
    a, b = parts(one), parts(other)
    digits = zip("{:04d}{:02d}{:02d}".format(*a), "{:04d}{:02d}{:02d}".format(*b), strict=True) if a and b else ()
    return sum(x != y for x, y in digits) == 1


def is_official_repair(one: RegisterDate, other: RegisterDate) -> bool:
    a, b = parts(one), parts(other)
    if a is None or b is None:
        return False
    return (vn.repair_impossible_date(*a) == other.date is not None) or (vn.repair_impossible_date(*b) == one.date is not None)


def is_lunar_reading(one: RegisterDate, other: RegisterDate) -> bool:
    """Within a day, for calendars of North and South differed before 1976."""
    for lunar, solar in ((one, other), (other, one)):
        said = parts(lunar)
        read = vn.solar_of_lunar(*said) if said else None
        if read and solar.date and abs((read - solar.date).days) <= 1:
            return True
    return False


def test_rules_of_dates_hold_where_plain_python_says(connection, tmp_path: Path) -> None:
    more = [
        "08/05/1985", "06/08/1985", "02/03/1957", "01/05/1960", "30/03/1957", "16/04/1957", "01/04/1957", "26/09/1950", "25/9/1950",
    ]  # fmt: skip
    values = [*(case["raw"] for case in cases("dates")), *more]
    dates = [vn.parse_date(text) for text in values]
    both = joined(connection, tmp_path, FieldKind.date, [values, values])
    conditions = {level.label: level.condition for level in compared("partial_date", FieldKind.date).levels}
    rules = {
        "impossible date, repaired as the rule says": is_official_repair, "day and month swapped": is_day_month_swap,
        "one digit differs": differs_by_one_digit, "one side is the lunar date": is_lunar_reading,
    }  # fmt: skip
    for label, rule in rules.items():
        found = connection.execute(f"SELECT id_l, id_r, coalesce({conditions[label]}, false) FROM {both}").fetchall()
        assert any(holds for _, _, holds in found), label
        for one, other, holds in found:
            assert holds == rule(dates[one - 1], dates[other - 1]), (label, values[one - 1], values[other - 1])


def test_impossible_dates_agree_with_what_re_registration_makes_of_them(connection, tmp_path: Path) -> None:
    pairs = [(case["raw"], case["repaired"]) for case in cases("date_repairs") if "repaired" in case]
    assert all(date.fromisoformat(repaired) for _, repaired in pairs) and len(pairs) == 7
    found = levels_of(connection, tmp_path, "partial_date", FieldKind.date, pairs)
    assert set(found) == {"impossible date, repaired as the rule says"}


def test_term_frequency_is_never_on_the_surname() -> None:
    built = build_comparison(ComparisonSpec(field="full_name", use="vietnamese_name", term_frequency=True), FieldKind.person_name)
    adjusted = {level["tf_adjustment_column"] for level in built["comparison_levels"] if "tf_adjustment_column" in level}
    assert adjusted == {"full_name_tone"}


@pytest.mark.parametrize("case", [case for case in PLANTED if case[0] not in ("sex", *TWO_FIELDS)])
def test_missing_on_the_right_side_alone_can_be_a_level(case) -> None:
    """The others stay as they are, in their order."""
    use, kind = case
    plain, with_level = (
        build_comparison(ComparisonSpec(field="f", use=use, missing_right=asked), kind)["comparison_levels"]
        for asked in (False, True)
    )
    assert with_level[0]["is_null_level"] and "_r" not in with_level[0]["sql_condition"]
    assert with_level[-2]["label_for_charts"] == "not recorded on the right side" and "_l" not in with_level[-2]["sql_condition"]
    assert [*with_level[1:-2], with_level[-1]] == plain[1:]


def test_own_levels_and_fixed_probabilities() -> None:
    spec = ComparisonSpec(
        field="job", levels=(LevelSpec(exact=True), LevelSpec(jaro_winkler=0.9), LevelSpec(sql="true", label="any")),
        m_probabilities=(0.7, 0.2, 0.05, 0.05), u_probabilities=(0.1, 0.1, 0.2, 0.6),
    )  # fmt: skip
    levels = build_comparison(spec, FieldKind.category)["comparison_levels"]
    assert [level["label_for_charts"] for level in levels] == ["missing", "same", "Jaro-Winkler ≥ 0.9", "any", "different"]
    assert [level.get("m_probability") for level in levels] == [None, 0.7, 0.2, 0.05, 0.05]
    assert all(level["fix_u_probability"] for level in levels[1:])

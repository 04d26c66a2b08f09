"""Every case of tests/hard_cases against the functions it is about."""

from __future__ import annotations

from datetime import date
from pathlib import Path

import pytest
from ruamel.yaml import YAML

from linkage import vietnamese as vn
from linkage.vietnamese.column_readings import MARK
from linkage.vietnamese.syllables import relocate_tone

CASES = Path(__file__).parents[1] / "hard_cases"


def load(name):
    return YAML(typ="safe", pure=True).load((CASES / f"{name}.yaml").read_text(encoding="utf-8"))


def each(name):
    return pytest.mark.parametrize(
        "case", load(name), ids=lambda case: str(next(iter(case.values())))[:40].encode("unicode_escape").decode()
    )


def test_there_are_at_least_400_cases():
    assert sum(len(load(path.stem)) for path in CASES.glob("*.yaml")) >= 400


@each("tone_placement")
def test_tone_placement(case):
    assert relocate_tone(case["raw"], "old") == case["old"]
    assert relocate_tone(case["raw"], "new") == case["new"]


@each("clean_text")
def test_clean_text(case):
    assert vn.clean_text(case["raw"]) == case["clean"]


@each("keys")
def test_keys(case):
    assert (vn.fold(case["raw"]), vn.tone_key(case["raw"])) == (case["fold"], case["tone"])


@each("sounds")
def test_sounds(case):
    for merge in vn.SOUND_MERGES:
        assert (vn.sound_key(case["one"], [merge]) == vn.sound_key(case["other"], [merge])) == (merge == case.get("merge"))
    assert (vn.sound_key(case["one"]) == vn.sound_key(case["other"])) == ("merge" in case)


@each("legal_variants")
def test_legal_variants_are_a_level_and_no_normalisation(case):
    assert vn.tone_key(vn.parse_name(case["one"]).text) != vn.tone_key(vn.parse_name(case["other"]).text)
    assert (vn.variant_key(case["one"]) == vn.variant_key(case["other"])) is case["variant"]


@each("names")
def test_names(case):
    name = vn.parse_name(case["raw"])
    assert (name.text, name.surname, name.middle, name.given, list(name.flags)) == tuple(
        case[key] for key in ("text", "surname", "middle", "given", "flags")
    )


@each("dates")
def test_dates(case):
    said = vn.parse_date(case["raw"])
    assert (said.year, said.month, said.day, said.age) == tuple(case.get(key) for key in ("year", "month", "day", "age"))
    assert (said.precision, sorted(said.flags)) == (case["precision"], sorted(case["flags"]))
    possible = said.precision == "day" and not {"impossible", "lunar_stated"} & set(said.flags)
    assert said.date == (date(said.year, said.month, said.day) if possible else None)


@each("dates_as_columns_say")
def test_dates_as_columns_say(case):
    said = vn.parse_date(case["raw"] + (MARK + case["reading"] if case["reading"] else ""))
    assert (said.date and said.date.isoformat(), list(said.flags)) == (case.get("date"), case["flags"])
    assert said.year == (int(case["date"][:4]) if "date" in case else case.get("year"))
    assert said.text == case["raw"]


@each("numbers")
def test_numbers(case):
    marked = case["raw"] + (f"{MARK}decimal={case['decimal']}" if "decimal" in case else "")
    assert vn.parse_number(marked) == (case.get("value"), tuple(case["flags"]))


@each("date_repairs")
def test_date_repairs(case):
    said = vn.parse_date(case["raw"])
    assert str(vn.repair_impossible_date(said.year, said.month, said.day)) == str(case.get("repaired"))


@each("personal_numbers")
def test_personal_numbers(case):
    number = vn.parse_personal_number(case["raw"])
    assert (number.digits, number.prefix, number.sex, number.year) == tuple(
        case.get(k) for k in ("digits", "prefix", "sex", "year")
    )
    assert list(number.flags) == case["flags"]


@each("places")
def test_places(case):
    place = vn.resolve_place(case["raw"], date.fromisoformat(case["at"]) if "at" in case else None)
    assert place.level == case.get("level")
    if "communes" in case:
        assert list(place.communes) == case["communes"]
    assert (list(place.districts), list(place.provinces_old), list(place.provinces)) == (
        case["districts"],
        case["old"],
        case["new"],
    )
    assert list(place.flags) == case["flags"]


@each("legacy_text")
def test_legacy_text(case):
    assert vn.decode_legacy(case["raw"], case["encoding"]) == case["text"]


@each("categories")
def test_categories(case):
    parse = {"ethnicity": vn.parse_ethnicity, "nationality": vn.parse_nationality, "sex": vn.parse_sex}[case["kind"]]
    assert parse(case["raw"]) == case.get("value")

"""The gazetteer: regenerated from its source, codes never mixed between vintages, places resolved at their date."""

from __future__ import annotations

import random
import subprocess
import sys
from datetime import date
from itertools import pairwise
from pathlib import Path

import numpy as np
import pytest

from linkage.synthetic import place_history as generated
from linkage.synthetic.births import COUNTRIES
from linkage.vietnamese import build_gazetteer, resolve_place
from linkage.vietnamese.gazetteer import REFORM, Gazetteer, gazetteer, split_type
from linkage.vietnamese.places import same_periods

UNITS = gazetteer()
BEFORE, AFTER = date(2020, 1, 1), date(2026, 1, 1)


def test_communes_are_named_only_where_a_text_points() -> None:
    units = Gazetteer()
    assert not units.communes and not units.communes_of_province and not units.new_communes
    assert [named.code for named in units.communes[760]["bennghe"]] == [26740]
    assert list(units.communes) == [760]


def test_the_data_files_are_what_the_build_writes(tmp_path):
    counts = build_gazetteer.build(tmp_path)
    assert counts == {
        "old_provinces": 63,
        "old_districts": 696,
        "old_communes": 10_047,
        "new_provinces": 34,
        "new_communes": 3_321,
    }
    for name in counts:
        assert (tmp_path / f"{name}.tsv").read_bytes() == (build_gazetteer.DATA / f"{name}.tsv").read_bytes()


def test_every_earlier_province_says_how_well_its_dates_are_known():
    rows = build_gazetteer.read_rows("historical_provinces.tsv")
    for name, start, end, _, precision in rows:
        for day, known in zip((start, end), precision.split(), strict=True):
            assert known in ("open", "year", "day") and (known == "open") == (day == "1900-01-01"), name
        assert start < end
    assert len({tuple(row[:3]) for row in rows}) == len(rows)


def test_crosswalk_counts_and_corrections():
    splits = sum(len(news) > 1 for news in UNITS.successors.values())
    assert 435 <= splits <= 471
    assert set(UNITS.predecessors) | set(UNITS.island.values()) == set(UNITS.new_province_of)
    corrections = build_gazetteer.read_rows("crosswalk_corrections.tsv")
    assert len(corrections) == 30
    for code, successors, _ in corrections:
        assert UNITS.successors[int(code)] == tuple(int(new) for new in successors.split())
    for code, _, _, successor in build_gazetteer.read_rows("abolished_communes.tsv"):
        assert UNITS.successors[int(code)] == (int(successor),)


@pytest.mark.parametrize("code", ["26740", "01537"])
def test_a_reused_commune_code_is_another_unit_after_the_reform(code):
    old, new = resolve_place(code, BEFORE), resolve_place(code, AFTER)
    assert old.unit != new.unit
    assert resolve_place(code).unit is None


@pytest.mark.parametrize("code", ["15", "24", "44", "52", "80", "82", "91"])
def test_a_reused_province_code_is_another_province_after_the_reform(code):
    old, new = resolve_place(code, BEFORE), resolve_place(code, AFTER)
    assert old.provinces_old == (int(code),)
    assert new.provinces == (int(code),)
    assert old.provinces_old != new.provinces_old


def test_no_reused_code_ever_makes_two_vintages_the_same_commune():
    for code in set(UNITS.successors) & set(UNITS.new_province_of):
        old, new = resolve_place(f"{code:05d}", BEFORE), resolve_place(f"{code:05d}", AFTER)
        undivided = UNITS.successors[code] == (code,) and UNITS.predecessors[code] == (code,)
        assert (old.unit == new.unit) == undivided


def _names_of_every_old_commune():
    provinces = {int(code): name for code, name, _ in build_gazetteer.read_rows("old_provinces.tsv")}
    districts = {int(code): (name, int(province)) for code, province, name, _ in build_gazetteer.read_rows("old_districts.tsv")}
    for code, district, name, _, _ in build_gazetteer.read_rows("old_communes.tsv"):
        if int(district) > 0:
            yield int(code), name, districts[int(district)][0], provinces[districts[int(district)][1]]


def test_every_old_commune_is_found_by_its_full_name():
    for code, commune, district, province in _names_of_every_old_commune():
        place = resolve_place(f"{commune}, {district}, {province}", BEFORE)
        assert place.communes == UNITS.successors[code] and place.unit == UNITS.unit_of_old(code), (code, place)


def test_every_new_commune_is_found_by_its_full_name():
    provinces = dict(build_gazetteer.read_rows("new_provinces.tsv"))
    for code, province, name in build_gazetteer.read_rows("new_communes.tsv"):
        assert resolve_place(f"{name}, {provinces[province]}", AFTER).communes == (int(code),)


def _historical_places():
    """Communes in the provinces of their grandparents' time, as registers of those years write them."""
    places = list(_names_of_every_old_commune())
    for name, start, end, parts, _ in build_gazetteer.read_rows("historical_provinces.tsv"):
        old = {int(part) for part in parts.split() if part.isdigit()}
        at = date.fromordinal((date.fromisoformat(start).toordinal() + date.fromisoformat(end).toordinal()) // 2)
        within = [place for place in places if UNITS.province_of_commune[place[0]] in old]
        yield from ((place, name, at) for place in random.Random(name).sample(within, 16))


def test_a_thousand_historical_places_resolve_to_the_right_commune():
    cases = list(_historical_places())
    assert len(cases) >= 1_000
    for (code, commune, district, _), province, at in cases:
        place = resolve_place(f"{commune}, {district}, tỉnh {province}", at)
        assert place.level == "commune" and place.communes == UNITS.successors[code], (commune, district, province, at, place)
        assert place.unit == UNITS.unit_of_old(code) and UNITS.province_of_commune[code] in place.provinces_old


def test_short_forms_of_historical_places_resolve_to_the_right_commune_or_a_set_with_it():
    found = 0
    for (code, commune, district, _), province, at in _historical_places():
        if split_type(commune)[1].isdigit() or split_type(district)[1].isdigit():
            continue  # "1" without "Phường" names nothing
        place = resolve_place(f"{split_type(commune)[1]} - {split_type(district)[1]} - {province}", at)
        assert not place.communes or set(UNITS.successors[code]) <= set(place.communes), (commune, district, province, at, place)
        found += bool(place.communes)
    assert found > 900


def _generated(write):
    """(text, commune code, day) as the generator's registers write two communes of every district in every period of names."""
    day_of = date(1970, 1, 1).toordinal()
    days = [int(day) for day in generated._breaks() if day_of + day < REFORM.toordinal()]
    middles = [(one + other) // 2 for one, other in pairwise([date(1940, 1, 1).toordinal() - day_of, *days[1:]]) if one < other]
    seen: dict[str, tuple[str, date]] = {}
    for district in (district for inside in generated.districts().values() for district in inside):
        communes = np.arange(min(2, len(district.communes)))
        places = generated.DistrictPlaces(district, communes, ())
        plain = set(places.text(communes, np.full(len(communes), days[-1] + 30)))
        for day in middles:
            texts = write(places, communes, np.full(len(communes), day))
            for at, text in zip(communes, texts, strict=True):
                if not any(text.endswith(usual.rpartition(", ")[2]) for usual in plain):
                    seen.setdefault(text, (district.communes[at].code, date.fromordinal(day_of + day)))
    return [(text, int(code), at) for text, (code, at) in seen.items()]


def test_a_thousand_historical_places_of_the_generator_resolve_to_the_right_commune():
    cases = _generated(lambda places, communes, days: places.office(communes, days))
    assert len(cases) >= 1_000
    for text, code, at in cases:
        place = resolve_place(text, at)
        assert place.level == "commune" and place.communes == UNITS.successors[code], (text, at, place)
        assert place.unit == UNITS.unit_of_old(code) and UNITS.province_of_commune[code] in place.provinces_old


@pytest.mark.parametrize("short", [1, 2, 3])
def test_shortened_places_of_the_generator_are_never_another_commune(short):
    cases = _generated(lambda places, communes, days: places.text(communes, days, 0, short))
    found = 0
    for text, code, at in cases:
        place = resolve_place(text, at)
        assert not place.communes or set(UNITS.successors[code]) <= set(place.communes), (text, at, place)
        found += bool(place.communes)
    assert found >= 1_000 and found >= 0.9 * len(cases), (found, len(cases))


def test_what_the_generator_says_of_a_province_or_a_country_only_is_no_commune():
    for text, code, at in _generated(lambda places, communes, days: places.text(communes, days, 2)):
        place = resolve_place(text, at)
        assert (place.level, place.communes) == ("province", ()) and UNITS.province_of_commune[code] in place.provinces_old
    for country in COUNTRIES:
        assert resolve_place(country).level == "abroad", country


def test_a_commune_of_another_province_is_never_read():
    codes = {name: int(code) for code, name, _ in build_gazetteer.read_rows("old_provinces.tsv")}
    places = random.Random(7).sample(list(_names_of_every_old_commune()), 600)
    read = 0
    for (code, commune, district, _), (_, _, _, elsewhere) in pairwise(places):
        stated = codes[elsewhere]
        if UNITS.province_of_commune[code] == stated:
            continue
        place = resolve_place(f"{commune}, {district}, {elsewhere}", BEFORE)
        read += 1
        assert place.provinces_old == (stated,)
        assert set(place.provinces) <= {UNITS.new_of_old_province[stated]}
        assert all(UNITS.new_province_of[new] == UNITS.new_of_old_province[stated] for new in place.communes)
    assert read > 500


def test_a_place_means_the_same_through_its_run_of_periods():
    for text in ("Hậu Giang", "Cần Thơ", "Hà Tây", "xã Hồng Lý, Vũ Thư, Thái Bình", "Bắc Ninh", "15", "Vũ Thư, Hưng Yên"):
        days = [date(1900, 1, 1), *UNITS.periods]
        for period, day in enumerate(days):
            first, last = same_periods(text, period)
            assert first <= period <= last
            assert resolve_place(text, day) == resolve_place(text, days[first]) == resolve_place(text, days[last])
    assert REFORM in UNITS.periods


def test_the_source_packages_are_never_imported():
    code = (
        "import sys, linkage.vietnamese as vn, linkage.vietnamese.build_gazetteer as b, tempfile, pathlib\n"
        "vn.resolve_place('12 Nguyễn Trãi, Phường Đội Cấn, Ba Đình, Hà Nội')\n"
        "b.build(pathlib.Path(tempfile.mkdtemp()))\n"
        "assert not {m.split('.')[0] for m in sys.modules} & {'vietnamadminunits', 'geopy', 'shapely', 'pandas'}"
    )
    subprocess.run([sys.executable, "-c", code], check=True, cwd=Path(__file__).parents[2])

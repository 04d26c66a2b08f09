"""Standardising a table: what is put together from parts equals what the functions say, and the bytes never change."""

from __future__ import annotations

import random
import unicodedata
from datetime import date
from pathlib import Path

import duckdb
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from ruamel.yaml import YAML

from linkage import vietnamese as vn
from linkage.config import FieldKind as Kind
from linkage.config.field_keys import keys_of
from linkage.runs.sql import connect
from linkage.standardise import readers, standardise_table
from linkage.standardise import table as table_module
from linkage.standardise.name_words import NAME_COLUMNS, name_row

CASES = Path(__file__).parents[1] / "hard_cases"
FIELDS = {
    "full_name": Kind.person_name, "sex": Kind.sex, "birth_date": Kind.date, "registration_date": Kind.date,
    "birth_place": Kind.place, "hometown": Kind.place,
    "ethnicity": Kind.ethnicity, "nationality": Kind.nationality, "personal_number": Kind.personal_number,
    "mother_name": Kind.person_name, "mother_birth_year": Kind.year,
    "paper": Kind.identifier, "job": Kind.category, "note": Kind.text, "weight": Kind.number,
}  # fmt: skip


def raws(name):
    return [case["raw"] for case in YAML(typ="safe", pure=True).load((CASES / f"{name}.yaml").read_text(encoding="utf-8"))]


NAMES = [
    *raws("names"),
    "Nguyễn Văn An",
    "TRẦN THỊ HOÀ",
    "Lê Thị Thu Hà",
    "Phạm Minh",
    "Nguyễn Thị Lan Anh Thu Hà",
    "Tôn Minh Đức",
    "",
]
DATES, PLACES, NUMBERS = raws("dates"), raws("places"), raws("personal_numbers")


def table(rows, seed=1):
    pick = random.Random(seed).choice
    columns = {
        "full_name": NAMES, "sex": ["Nam", "Nữ", "x", None], "birth_date": DATES,
        "registration_date": ["05/8/1980", "1/3/2026", None, "2010"],
        "birth_place": PLACES, "hometown": PLACES, "ethnicity": ["Kinh", "Mèo", "không rõ", None], "nationality": ["VN", "Mỹ"],
        "personal_number": [*NUMBERS, *(f"001{s}{y:02d}{n:06d}" for s in range(4) for y in (5, 85) for n in range(20))],
        "mother_name": NAMES, "mother_birth_year": ["1950", "30 tuổi", "x", None], "paper": ["012 345 678", "b123", "x"],
        "job": ["Nông dân", "NÔNG DÂN", "-"], "note": ["Ghi chú: a", None], "weight": ["3,2", "3.2", "1.234,5", "nặng"],
    }  # fmt: skip
    data = {name: pa.array([pick(values) for _ in range(rows)], pa.string()) for name, values in columns.items()}
    return pa.table(
        {
            "id": pa.array(range(1, rows + 1), pa.int32()),
            "record_id": [f"r{i:05d}" for i in range(rows)],
            **data,
            "extra": ["e"] * rows,
        }
    )


def run(tmp_path, raw, name="out", threads=2, **options):
    source, target = tmp_path / f"{name}_raw.parquet", tmp_path / f"{name}.parquet"
    pq.write_table(raw, source)
    with connect(threads=threads) as connection:
        options = {"dated_by": {"birth_place": "registration_date", "mother_birth_year": "registration_date"}} | options
        count = standardise_table(connection, source, target, options.pop("fields", FIELDS), **options)
        assert connection.execute("SELECT count(*) FROM duckdb_tables()").fetchone() == (0,)
    assert count == raw.num_rows
    return target


def test_columns_types_and_rows_are_as_promised(tmp_path):
    target = run(tmp_path, table(300))
    described = duckdb.sql(f"DESCRIBE SELECT * FROM '{target}'").fetchall()
    promised = {name: kind for field in FIELDS for name, kind in keys_of(field, FIELDS[field]).items()}
    assert {row[0]: row[1] for row in described} == {"id": "INTEGER", "record_id": "VARCHAR", **promised}
    assert target.stat().st_mode & 0o777 == 0o600
    assert [row[0] for row in duckdb.sql(f"SELECT id FROM '{target}'").fetchall()] == list(range(1, 301))


def test_the_bytes_do_not_depend_on_row_order_threads_or_what_was_learnt_before(tmp_path):
    raw = table(1_000)
    order = list(range(1_000))
    random.Random(3).shuffle(order)
    first = run(tmp_path, raw, "a", threads=1, rows_per_chunk=400).read_bytes()
    assert first == run(tmp_path, raw, "b", threads=2, rows_per_chunk=400).read_bytes()
    assert first == run(tmp_path, raw.take(order), "c", threads=4, rows_per_chunk=400).read_bytes()


def test_several_processes_read_what_one_reads(tmp_path, monkeypatch):
    raw = table(1500)
    alone = run(tmp_path, raw, "a").read_bytes()
    batches = []
    read_batch = readers._read_batch
    monkeypatch.setattr(readers, "_read_batch", lambda *told: batches.append(told) or read_batch(*told))
    monkeypatch.setattr(table_module, "MANY_ROWS", 1)
    monkeypatch.setattr(readers, "FEW_VALUES", 1)
    assert run(tmp_path, raw, "b").read_bytes() == alone
    assert all(not values for *_, values in batches), "values were read by the process itself"


def test_names_put_together_from_words_equal_names_read_whole(tmp_path):
    surnames, middles = (
        ["Nguyễn", "TRẦN", "Lê", "tôn", "Ka", "Y", "Huỳnh", "Rơ", "Không", "Bé"],
        ["Thị", "VĂN", "Hữu", "A", "Ngyuễn", "Hoà", "Thij"],
    )
    givens = ["Hòa", "hoà", "Thuý", "Kơ", "Êban", "H'Hen", "QUÝ", "Sor", "Dung", "An", "rõ"]
    pick = random.Random(5).choice
    names = [
        " ".join([pick(surnames), *(pick(middles) for _ in range(size)), pick(givens)]) for size in range(5) for _ in range(150)
    ]
    names += [*surnames, *givens, *NAMES]
    names += [name.replace(" ", "  ", 1) for name in names] + [unicodedata.normalize("NFD", f" {name} ") for name in names[:300]]
    names = list(dict.fromkeys(names))
    raw = pa.table(
        {
            "id": pa.array(range(1, len(names) + 1), pa.int32()),
            "record_id": [str(i) for i in range(len(names))],
            "f": pa.array(names, pa.string()),
        }
    )
    for merges in ((), vn.SOUND_MERGES):
        target = run(tmp_path, raw, fields={"f": Kind.person_name}, dated_by={}, sound_merges=merges)
        columns = ", ".join(f"f_{key}" if key != "value" else "f" for key in NAME_COLUMNS)
        for name, row in zip(names, duckdb.sql(f"SELECT {columns} FROM '{target}' ORDER BY id").fetchall(), strict=True):
            assert row == name_row(name, frozenset(merges)), name


def test_values_equal_the_functions(tmp_path):
    raw = table(500)
    target = run(tmp_path, raw)
    rows = duckdb.sql(f"SELECT * FROM '{target}' ORDER BY id").to_arrow_table().to_pylist()
    for said, row in zip(raw.to_pylist(), rows, strict=True):
        registered = vn.parse_date(said["registration_date"] or "")
        at = registered.date or (date(registered.year, 7, 1) if registered.year else None)
        for field, when in (("birth_place", at), ("hometown", None)):
            place = vn.resolve_place(said[field], when)
            assert row[f"{field}_communes"] == (list(place.communes) or None)
            assert row[f"{field}_provinces_old"] == (list(place.provinces_old) or None)
            assert (row[f"{field}_level"], row[f"{field}_unit"]) == (place.level, place.unit)
        born = vn.parse_date(said["birth_date"])
        assert (row["birth_date"], row["birth_date_year"], row["birth_date_precision"]) == (born.date, born.year, born.precision)
        if said["mother_birth_year"] == "30 tuổi":
            assert row["mother_birth_year"] == (registered.year - 30 if registered.year else None)
        number = vn.parse_personal_number(said["personal_number"])
        flags = {*number.flags, *vn.contradictions(number, sex=row["sex"], birth_year=row["birth_date_year"])}
        assert (row["personal_number"], row["personal_number_year"]) == (number.digits, number.year)
        assert set((row["personal_number_flags"] or "").split()) == flags
    assert {row["paper"] for row in rows} == {"012345678", "B123", None}
    assert {row["weight"] for row in rows} == {3.2, 1234.5, None}
    assert {(row["job"], row["job_fold"]) for row in rows} == {("Nông dân", "nong dan"), ("NÔNG DÂN", "nong dan"), (None, None)}
    assert {row["ethnicity"] for row in rows} == {"Kinh", "Mông", None}


def test_every_key_but_the_clean_value_is_ascii(tmp_path):
    target = run(tmp_path, table(800))
    for field, kind in FIELDS.items():
        for column, sql_type in keys_of(field, kind).items():
            if sql_type == "VARCHAR" and column not in (field, f"{field}_text"):
                odd = duckdb.sql(
                    f"SELECT count(*) FROM '{target}' WHERE NOT regexp_full_match(\"{column}\", '[ -~]*')"
                ).fetchall()
                assert odd == [(0,)], column


def test_registration_province_is_held_against_the_number(tmp_path):
    fields = {"personal_number": Kind.personal_number, "office": Kind.place}
    raw = pa.table({"id": pa.array([1, 2, 3], pa.int32()), "record_id": ["a", "b", "c"],
                    "personal_number": ["079185001234"] * 3, "office": ["Quận 1, TP.HCM", "Hà Nội", None]})  # fmt: skip
    target = run(tmp_path, raw, fields=fields, dated_by={}, registered_at={"personal_number": "office"})
    assert [row[0] for row in duckdb.sql(f"SELECT personal_number_flags FROM '{target}' ORDER BY id").fetchall()] == [
        None,
        "province_differs",
        None,
    ]


def test_an_empty_table_gives_an_empty_table_with_its_columns(tmp_path):
    target = run(tmp_path, table(0))
    assert pq.read_metadata(target).num_rows == 0 and "full_name_fold" in pq.read_schema(target).names


def test_a_field_dated_by_an_undeclared_one_is_refused(tmp_path):
    with pytest.raises(ValueError, match="`birth_place` is to be read with `when`"):
        run(tmp_path, table(5), dated_by={"birth_place": "when"})
    with pytest.raises(ValueError, match="no date or year"):
        run(tmp_path, table(5), dated_by={"birth_place": "full_name"})

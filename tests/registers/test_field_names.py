"""A field may have any name: one that is also a column of ours, another field's key, or a word of SQL."""

from __future__ import annotations

import csv
import re
from pathlib import Path

import pytest

from linkage import open_project
from linkage.config.columns import OUR_STARTS, OURS, SQL_WORDS, declared_fields, names_kept
from linkage.config.field_keys import keys_of
from linkage.config.sources import FieldKind
from linkage.config.spec import NAME
from linkage.registers import register_kinds
from linkage.runs import tables
from linkage.runs.exchange import ParquetTable
from linkage.runs.sql import connect
from linkage.words.fields import as_written, field_word, is_field

CASES = sorted(Path(__file__).parent.joinpath("cases").glob("field-called-*"))


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
def test_every_value_arrives_under_its_field(case: Path, tmp_path: Path) -> None:
    project = open_project(case / "p.yaml")
    project.check()
    run = project.run(until="standardise", out=tmp_path / "out")
    fields = declared_fields(project._loaded.given)
    kept = names_kept(fields)
    headers = project._loaded.given.left.columns
    with (case / "a.csv").open(encoding="utf-8") as file:
        given = list(csv.DictReader(file))
    raw = run.table("raw_mentions").order("id")
    assert {*raw.columns} == {"id", "record_id", "role", "source", "row_number", *kept.values()}
    assert raw.select("id, record_id, role, source, row_number").fetchall() == [
        (number, row["id"], "record", "a.csv", number + 1) for number, row in enumerate(given, 1)
    ]
    clean = run.table("mentions").order("id")
    assert len({*clean.columns}) == 2 + sum(len(keys_of(field, kind)) for field, (kind,) in fields.items())
    for field, (kind,) in fields.items():
        wanted = [row[headers[field]] or None for row in given]
        assert [value for (value,) in raw.select(f'"{kept[field]}"').fetchall()] == wanted, field
        known = clean.select(f'"{kept[field]}" IS NOT NULL').fetchall()
        assert known == [(value is not None,) for value in wanted], field
        if kind in (FieldKind.text, FieldKind.person_name, FieldKind.category):
            assert [value for (value,) in clean.select(f'"{kept[field]}"').fetchall()] == wanted, field
        assert as_written(kept[field]) == field == field_word(kept[field], "vi")
    assert run.spec.left.fields == project.spec.left.fields, "run.json keeps the project file's words and means the same"
    assert run.summary["spec"]["left"]["fields"].keys() == fields.keys()


def test_a_rule_means_the_field_of_that_name(tmp_path: Path) -> None:
    """`born_year` is a field of its own: the key of `born` that would be called so is hidden, and `check` says it."""
    project = open_project(Path(__file__).parent / "cases" / "field-called-as-a-key" / "p.yaml")
    run = project.run(until="standardise", out=tmp_path / "out")
    assert project.spec.blocking.train[1].on == ("born_year",)
    assert run.table("mentions").order("id").select('born_year, "_born_year"').fetchall() == [
        (1984, 1985),
        (1986, 1986),
        (1987, None),
    ]
    assert any("`born_year` is the field of that name; the key of `born`" in told for told in project.check().warnings)


def test_no_column_of_ours_is_a_fields() -> None:
    """Whatever is promised of a run's tables, whatever standardised fields are called, and every word of SQL."""
    promised = {column for table in tables.ALL if isinstance(table, ParquetTable) for column in table.columns}
    assert {name for name in promised if re.match(NAME, name) and not is_field(name)} <= OURS
    names = [*OURS, *SQL_WORDS, *(f"{start}x" for start in OUR_STARTS), "x", "x_year", "x_year_fold", "x_surname", "birth_date"]
    kinds = [*FieldKind]
    fields = {name: [kinds[at % len(kinds)]] for at, name in enumerate(names)} | {
        "x": [FieldKind.person_name, FieldKind.date],
        "x_year": [FieldKind.year],
    }
    kept = names_kept(fields)
    columns = [column for name, given in fields.items() for column in {c for kind in given for c in keys_of(kept[name], kind)}]
    assert len(set(columns)) == len(columns)
    assert not set(columns) & {*OURS, *SQL_WORDS}
    assert {name for name in names if kept[name] == name} == {"x_year", "x_year_fold", "x_surname", "birth_date"}


def test_splink_takes_every_word_that_a_field_may_be_called() -> None:
    """Words that it would not take as they are, are kept under another name."""
    from linkage.model.settings import model_of

    with connect() as connection:
        words = {word for (word,) in connection.execute("SELECT keyword_name FROM duckdb_keywords()").fetchall()}
    for word in sorted(words):
        kept = names_kept({word: [FieldKind.identifier]})[word]
        levels = [
            {"sql_condition": f"{kept}_l IS NULL OR {kept}_r IS NULL", "label_for_charts": "missing", "is_null_level": True},
            {"sql_condition": f"{kept}_l = {kept}_r", "label_for_charts": "same", "tf_adjustment_column": kept},
            {"sql_condition": "ELSE", "label_for_charts": "different"},
        ]
        rules = [{"blocking_rule": f'l."{kept}" = r."{kept}"', "sql_dialect": "duckdb"}]
        model = model_of(
            {
                "link_type": "link_only",
                "comparisons": [{"output_column_name": kept, "comparison_levels": levels}],
                "blocking_rules_to_generate_predictions": rules,
                "unique_id_column_name": "id",
            }
        )
        assert (model.fields[0].columns, model.fields[0].gamma) == ((kept,), f"gamma_{kept}")
        assert tuple(model.frequency_columns) == (kept,)


def test_the_fields_of_every_register_are_kept_apart() -> None:
    for kind in register_kinds():
        for role in kind.roles:
            columns = [column for field, its_kind in role.kinds.items() for column in keys_of(field, its_kind)]
            assert len(columns) == len(set(columns)), (kind.name, role.name)
            assert not {*columns} & OURS - {"birth_place_unit"}
        assert not {field.name for field in kind.fields} & {"entry", "source", "row_number", "problem", "raw"}

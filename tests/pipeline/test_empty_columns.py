"""What is empty in all rows is named after `standardise`, before anything is trained on it."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

PROJECT = """
project: t
title: t
left:
  register: table
  source: {path: a.csv}
  columns: {record_id: id}
  fields: {name: person_name, town: place, born: date, sex: sex, job: category}
blocking:
  predict: [[name_fold, town_commune], [born]]
  train: [[name_fold], [town_commune]]
comparisons:
  - {field: name, use: vietnamese_name}
  - {field: born, use: partial_date}
  - {field: sex, use: sex}
"""
HEADER = "id,name,town,born,sex,job\n"
SOUND = "Nguyễn Văn An,Phường Bến Nghé Quận 1 TP.HCM,01/02/1990,Nam,thợ"
CASES = {
    "no place": (SOUND.replace("Phường Bến Nghé Quận 1 TP.HCM", "Springfield"), ["left: town_commune is empty in all 3 rows",
                 "no value was understood as a place in Viet Nam"]),
    "years only": (SOUND.replace("01/02/1990", "1990"), ["born", "no value was understood as a whole date"]),
    "no sex": (SOUND.replace("Nam", "?!x"), ["left: sex is empty in all 3 rows", "no value was understood as a sex"]),
    "null words": (SOUND.replace("thợ", "NULL"), ["left: job is empty in all 3 rows", "its column holds no value"]),
    "nothing wrong": (SOUND, []),
}  # fmt: skip


@pytest.mark.parametrize("case", CASES)
def test_an_empty_column_is_named_with_the_reason(case: str, tmp_path: Path, command_line: Callable) -> None:
    row, told = CASES[case]
    (tmp_path / "p.yaml").write_text(PROJECT, encoding="utf-8")
    (tmp_path / "a.csv").write_text(HEADER + "".join(f"{at},{row}\n" for at in range(3)), encoding="utf-8")
    for _ in range(2):  # also where the stage is up to date
        ended = command_line("run", "p.yaml", "--until", "standardise", "--out", "out", folder=tmp_path)
        assert ended.status == 0, ended.told
        notes = [
            line for line in ended.told.splitlines() if (line.startswith("note: ") and "is empty" in line) or "are empty" in line
        ]
        assert bool(notes) == bool(told)
        assert all(sentence in " ".join(notes) for sentence in told)
        assert not any("Springfield" in line for line in notes)


def test_check_prints_the_keys_of_each_field(tmp_path: Path, command_line: Callable) -> None:
    (tmp_path / "p.yaml").write_text(PROJECT, encoding="utf-8")
    (tmp_path / "a.csv").write_text(HEADER + f"1,{SOUND}\n", encoding="utf-8")
    ended = command_line("check", "p.yaml", folder=tmp_path)
    told = "".join(character for character in ended.told if character not in "│┃ \n")
    assert "name_given_sound" in told and "town_provinces_old" in told and "born_lunar_as_solar" in told

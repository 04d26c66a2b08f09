"""Persons are registered again in the population, as they are and with errors: they are found, and cost no link."""

from __future__ import annotations

import csv
import random
import shutil
from pathlib import Path

import pytest

from linkage import open_project
from linkage.project import Run
from linkage.runs.tables import REGISTERED_TWICE

SHARE = 0.04
COPY = "again"


def misspelt(name: str, chance: random.Random) -> str:
    """One letter of one word other than the surname."""
    words = name.split()
    place = chance.randrange(1, len(words)) if len(words) > 1 else 0
    word, letter = words[place], chance.randrange(len(words[place]))
    words[place] = word[:letter] + chance.choice("aeghinotu") + word[letter + 1 :]
    return " ".join(words)


def another_date(date: str, chance: random.Random) -> str:
    """Another day or another year."""
    day, month, year = date.split("/")
    return chance.choice([f"{1 + (int(day) + 9) % 28:02d}/{month}/{year}", f"{day}/{month}/{int(year) + 1}"])


@pytest.fixture(scope="module")
def registered_twice(province: Path, quick_demo: Path, tmp_path_factory: pytest.TempPathFactory) -> tuple[Run, dict[str, str]]:
    """A run in whose population some are twice, half of them as exact copies; and the record that each copy is of."""
    data = tmp_path_factory.mktemp("twice")
    shutil.copy2(province / "births.csv", data)
    with (province / "population.csv").open(encoding="utf-8-sig", newline="") as file:
        head, *rows = csv.reader(file)
    record, number, name, date = (head.index(one) for one in ("Mã công dân", "Số định danh cá nhân", "Họ và tên", "Ngày sinh"))
    chance, planted, copies = random.Random(8), {}, []
    for place in chance.sample(range(len(rows)), round(SHARE * len(rows))):
        copy = list(rows[place])
        copy[record], copy[number] = f"{copy[record]}-{COPY}", ""
        if len(copies) % 2:
            if len(copies) % 4 == 1 or copy[date].count("/") != 2:
                copy[name] = misspelt(copy[name], chance)
            else:
                copy[date] = another_date(copy[date], chance)
        planted[copy[record]] = rows[place][record]
        copies.append(copy)
    everybody = [*rows, *copies]
    chance.shuffle(everybody)
    with (data / "population.csv").open("w", encoding="utf-8", newline="") as file:
        csv.writer(file, quoting=csv.QUOTE_ALL).writerows([head, *everybody])
    return open_project(quick_demo, data=data).run(until="decide", out=data / "run"), planted


def test_the_planted_doubles_are_found_and_no_twin_sibling_or_namesake(registered_twice: tuple[Run, dict[str, str]]) -> None:
    run, planted = registered_twice
    held = REGISTERED_TWICE.scan(run.path)
    rows = run.connection.execute(f"SELECT record_id, other_record_id, probability FROM {held}").fetchall()
    found = {(b, a) if b.endswith(COPY) else (a, b) for a, b, _ in rows}
    right = found & set(planted.items())
    assert len(planted) > 100
    assert len(right) >= 0.95 * len(planted) and len(right) >= 0.99 * len(found)
    assert min(row[2] for row in rows) > 0.5
    assert run.summary["stages"]["score"]["counts"]["persons_registered_twice"] == len(rows)


def test_a_population_without_doubles_has_none(finished_run: Path) -> None:
    run = Run.open(finished_run)
    persons = run.table("persons").count("*").fetchall()[0][0]
    assert run.table("registered_twice").count("*").fetchall()[0][0] <= 0.001 * persons


def links_with_truth(run: Run, province: Path) -> list[tuple[str, str | None]]:
    return run.connection.execute(
        f"""SELECT record_id_r, person_record_id FROM '{run.path / "links.parquet"}'
        LEFT JOIN '{province / "truth.parquet"}' t ON t.record_id = record_id_l AND register = 'birth' AND role = 'child'
        WHERE decision = 'link'"""
    ).fetchall()


def test_they_cost_no_link_and_the_promise_is_kept(
    registered_twice: tuple[Run, dict[str, str]], province: Path, finished_run: Path
) -> None:
    run, planted = registered_twice
    with_doubles, without = links_with_truth(run, province), links_with_truth(Run.open(finished_run), province)
    false = sum(planted.get(person, person) != truth for person, truth in with_doubles)
    assert len(with_doubles) >= 0.98 * len(without) > 1_000
    assert false <= sum(person != truth for person, truth in without) + 1

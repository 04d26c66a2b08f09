"""Tables with a planted truth: persons, each written one to six times with a clerk's errors, in one table or in three."""

from __future__ import annotations

import csv
from collections.abc import Mapping, Sequence
from pathlib import Path

import numpy as np

SURNAMES = "Nguyễn Trần Lê Phạm Hoàng Huỳnh Phan Vũ Võ Đặng Bùi Đỗ Hồ Ngô Dương Lý Đinh Mai Trịnh Cao Hà".split()  # noqa: SIM905
MIDDLES = "Văn Thị Hữu Đức Ngọc Thanh Minh Xuân Quang Thu Hồng Kim Gia Bảo Đình Công Tuấn Như Quốc Phương".split()  # noqa: SIM905
GIVEN = (  # noqa: SIM905
    "An Anh Bình Châu Chi Cường Dung Dũng Duy Giang Hà Hải Hạnh Hiếu Hoa Hòa Hùng Hương Huy Khánh Lan Linh Long Mai Nam Nga Nhung"
    " Phúc Phương Quân Quỳnh Sơn Tâm Thảo Thắng Trang Trung Tú Tùng Vân Việt Yến Đạt Khoa Lộc Mỹ Oanh Thủy Toàn Uyên"
).split()
TOWNS = "Ba Vì|Chương Mỹ|Đan Phượng|Đông Anh|Gia Lâm|Hoài Đức|Mê Linh|Mỹ Đức|Phú Xuyên|Phúc Thọ|Sóc Sơn".split("|")  # noqa: SIM905
HEADERS = ("id", "name", "born", "town", "phone")
FIELDS = "{name: person_name, born: date, town: text, phone: identifier}"
MATCHING = """
blocking:
  predict: [[name_fold], [born], [phone], [name_given_fold, born_year, town_fold]]
  train: [[born], [name_fold], [phone]]
comparisons:
  - {field: name, use: vietnamese_name, term_frequency: true}
  - {field: born, use: partial_date}
  - {field: town, levels: [exact, {jaro_winkler: 0.9}], term_frequency: true}
  - {field: phone, levels: [exact, {levenshtein: 1}]}
training: {max_pairs: 200000, starts: 1}
"""

Row = tuple[str, str, str, str]


def copies_of(persons: int, rows: int, random: np.random.Generator) -> np.ndarray:
    """How often each person is written: one to six times, `rows` in all."""
    sizes = random.choice([1, 2, 3, 4, 5, 6], persons, p=[0.36, 0.3, 0.16, 0.09, 0.05, 0.04])
    while (short := rows - int(sizes.sum())) != 0:
        place = int(random.integers(persons))
        sizes[place] = min(6, max(1, sizes[place] + np.sign(short)))
    return sizes


def a_person(random: np.random.Generator) -> Row:
    name = " ".join((random.choice(SURNAMES), random.choice(MIDDLES), random.choice(MIDDLES), random.choice(GIVEN)))
    born = f"{random.integers(1, 29):02d}/{random.integers(1, 13):02d}/{random.integers(1940, 2015)}"
    return name, born, str(random.choice(TOWNS)), f"09{random.integers(10**7, 10**8)}"


def as_written(person: Row, random: np.random.Generator) -> Row:
    """One writing of a person: now and then a letter, a day, a town or a number is wrong or left out."""
    name, born, town, phone = person
    if random.random() < 0.08:
        words = name.split()
        words[1] = str(random.choice(MIDDLES))
        name = " ".join(words)
    if random.random() < 0.08:
        place = int(random.integers(len(name) - 1))
        name = name[:place] + name[place + 1] + name[place] + name[place + 2 :]
    if random.random() < 0.06:
        born = f"{random.integers(1, 29):02d}{born[2:]}"
    if random.random() < 0.12:
        town = str(random.choice(TOWNS))
    if random.random() < 0.12:
        phone = "" if random.random() < 0.6 else f"09{random.integers(10**7, 10**8)}"
    return name, born, town, phone


def write_rows(path: Path, rows: Sequence[tuple[str, Row]]) -> None:
    with path.open("w", encoding="utf-8", newline="") as file:
        csv.writer(file).writerows([HEADERS, *((record, *row) for record, row in rows)])


def plant_one_table(folder: Path, persons: int, rows: int, seed: int) -> dict[str, int]:
    """`one.csv` and `one.yaml`; record id → person."""
    random = np.random.default_rng(seed)
    people = [a_person(random) for _ in range(persons)]
    of = np.repeat(np.arange(persons), copies_of(persons, rows, random))
    random.shuffle(of)
    written = [(f"r{number}", as_written(people[person], random)) for number, person in enumerate(of)]
    write_rows(folder / "one.csv", written)
    head = f"project: one\ntitle: One table\nseed: 1\nleft:\n{_side('one', '  ')}{MATCHING}report: {{language: en}}\n"
    (folder / "one.yaml").write_text(head, encoding="utf-8")
    return {record: int(person) for (record, _), person in zip(written, of, strict=True)}


def plant_tables(folder: Path, persons: int, shares: Mapping[str, Sequence[float]], seed: int) -> dict[tuple[str, str], int]:
    """A table a name and `several.yaml`; (table, record id) → person.

    `shares` gives, by table, the probability that a person stands in it 0, 1, 2 … times; record ids are the same numbers in
    each, so that they say nothing across.
    """
    random = np.random.default_rng(seed)
    people = [a_person(random) for _ in range(persons)]
    truth: dict[tuple[str, str], int] = {}
    for name, share in shares.items():
        of = np.repeat(np.arange(persons), random.choice(len(share), persons, p=share))
        random.shuffle(of)
        write_rows(folder / f"{name}.csv", [(str(n), as_written(people[person], random)) for n, person in enumerate(of)])
        truth |= {(name, str(n)): int(person) for n, person in enumerate(of)}
    once = ", ".join(name for name, share in shares.items() if len(share) == 2)
    tables = "".join(f"  {name}:\n{_side(name, '    ')}" for name in shares)
    head = f"project: several\ntitle: Several tables\nseed: 1\ntables:\n{tables}at_most_one_per: [{once}]\n"
    (folder / "several.yaml").write_text(f"{head}{MATCHING}report: {{language: en}}\n", encoding="utf-8")
    return truth


def shuffle_rows(path: Path, seed: int) -> None:
    head, *rows = path.read_text(encoding="utf-8").splitlines()
    np.random.default_rng(seed).shuffle(rows)
    path.write_text("\n".join([head, *rows]) + "\n", encoding="utf-8")


def _side(name: str, indent: str) -> str:
    lines = ("register: table", f"source: {{path: {name}.csv}}", "columns: {record_id: id}", f"fields: {FIELDS}")
    return "".join(f"{indent}{line}\n" for line in lines)


def pairwise(groups: Mapping[object, object], truth: Mapping[object, int]) -> tuple[float, float]:
    """Precision and recall of the pairs that the groups join."""

    def pairs(of: Mapping[object, object]) -> set[tuple[object, object]]:
        members: dict[object, list[object]] = {}
        for record in sorted(of, key=str):
            members.setdefault(of[record], []).append(record)
        return {(a, b) for one in members.values() for n, a in enumerate(one) for b in one[n + 1 :]}

    found, true = pairs(groups), pairs(truth)
    return len(found & true) / max(len(found), 1), len(found & true) / max(len(true), 1)

"""The generator's registers, written in every usual form, read back to the same mentions."""

from __future__ import annotations

import csv
import json
import sqlite3
from pathlib import Path

import pyarrow as pa
import pytest
from openpyxl import Workbook
from pyarrow import parquet

from linkage.synthetic import SyntheticSpec, generate
from linkage.synthetic.legacy import to_tcvn3


@pytest.fixture(scope="session")
def births(tmp_path_factory) -> list[list[str]]:
    """The header and rows of a synthetic birth register."""
    folder = tmp_path_factory.mktemp("synthetic")
    summary = generate(SyntheticSpec(persons=600, seed=11), folder)
    with summary.files["births"].open(encoding="utf-8", newline="") as file:
        rows = list(csv.reader(file))
    assert len(rows) > 200
    return rows


def write_csv(path: Path, rows: list[list[str]], encoding: str = "utf-8", **how: str) -> None:
    with path.open("w", encoding=encoding, newline="") as file:
        csv.writer(file, **how).writerows(rows)


@pytest.fixture
def plain(births, tmp_path: Path, read):
    """What comes of the register as plain CSV: the mentions every other form has to give."""
    write_csv(tmp_path / "plain.csv", births)
    result = read({"path": "plain.csv"})
    assert result.report.rows_in == len(births) - 1
    return comparable(result)


def comparable(result):
    drop = {"source", "row_number"}
    mentions = [{name: value for name, value in row.items() if name not in drop} for row in result.mentions]
    return mentions, sorted((row["record_id"] or "", row["reason"]) for row in result.quarantine)


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "utf-16-le", "utf-16-be"])
@pytest.mark.parametrize("delimiter", [",", ";", "\t", "|"])
def test_csv(births, plain, tmp_path: Path, read, encoding: str, delimiter: str) -> None:
    write_csv(tmp_path / "b.csv", births, encoding, delimiter=delimiter, lineterminator="\n" if delimiter == ";" else "\r\n")
    result = read({"path": "b.csv"})
    assert comparable(result) == plain
    assert "detected" in result.report.mapping.parts[0].detected["delimiter"]


def test_csv_in_tcvn3(tmp_path: Path, read) -> None:
    """The generator's own births. The font has one set of accented letters, so the case of capitals is not compared."""
    summary = generate(SyntheticSpec(persons=600, seed=12, errors=0, provinces=("36",)), tmp_path / "registers")
    with summary.files["births"].open(encoding="utf-8", newline="") as file:
        rows = list(csv.reader(file))
    write_csv(tmp_path / "plain.csv", rows)
    text = "\r\n".join(",".join(f'"{to_tcvn3(cell)}"' for cell in row) for row in rows)
    old = b"".join(
        letter.encode("cp1252", "replace") if letter.encode("cp1252", "ignore") else letter.encode("latin-1") for letter in text
    )
    (tmp_path / "old.csv").write_bytes(old)
    results = [read({"path": "plain.csv"}), read({"path": "old.csv", "encoding": "tcvn3"})]
    plain, found = (
        [
            {name: value.lower() if isinstance(value, str) else value for name, value in row.items()}
            for row in comparable(result)[0]
        ]
        for result in results
    )
    assert len(plain) > 200
    assert found == plain


def test_csv_with_a_title_and_every_value_quoted(births, plain, tmp_path: Path, read) -> None:
    title = [["SỔ ĐĂNG KÝ KHAI SINH"], ["Xã Mỹ Thắng", "năm 2014"], []]
    write_csv(tmp_path / "b.csv", title + births, quoting=csv.QUOTE_ALL)
    result = read({"path": "b.csv"})
    assert comparable(result) == plain
    assert result.report.mapping.parts[0].detected["header row"] == "4"
    assert min(row["row_number"] for row in result.mentions) == 5


def test_shuffled_rows_and_columns_give_the_same_table(births, plain, tmp_path: Path, read) -> None:
    order = list(range(len(births[0])))[::-1]
    write_csv(tmp_path / "b.csv", [[row[at] for at in order] for row in [births[0], *births[:0:-1]]])
    assert comparable(read({"path": "b.csv"})) == plain


def test_a_folder_of_books(births, plain, tmp_path: Path, read) -> None:
    (tmp_path / "books").mkdir()
    half = len(births) // 2
    write_csv(tmp_path / "books" / "1.csv", births[:half])
    write_csv(tmp_path / "books" / "2.csv", [births[0], *births[half:]], "utf-16")
    result = read({"path": "books"})
    assert comparable(result) == plain
    assert {row["source"] for row in result.mentions} == {"1.csv", "2.csv"}


def test_parquet(births, plain, tmp_path: Path, read) -> None:
    table = pa.table(dict(zip(births[0], map(list, zip(*births[1:], strict=True)), strict=True)))
    parquet.write_table(table, tmp_path / "b.parquet", row_group_size=97)
    assert comparable(read({"path": "b.parquet"})) == plain


def test_json_lines(births, plain, tmp_path: Path, read) -> None:
    lines = [json.dumps(dict(zip(births[0], row, strict=True)), ensure_ascii=False) for row in births[1:]]
    (tmp_path / "b.jsonl").write_text("\n".join(lines), encoding="utf-8")
    assert comparable(read({"path": "b.jsonl"})) == plain


def test_excel_with_a_title_block(births, plain, tmp_path: Path, read) -> None:
    book = Workbook()
    sheet = book.active
    sheet["A1"] = "SỔ ĐĂNG KÝ KHAI SINH"
    sheet.merge_cells("A1:H1")
    sheet["A2"] = "Quyển số 01/2014"
    sheet.append([])
    sheet.append(births[0])
    sheet.append([f"({number})" for number in range(1, len(births[0]) + 1)])
    half = len(births) // 2
    for row in births[1:half]:
        sheet.append(row)
    second = book.create_sheet("Quyển 2")
    for row in [births[0], *births[half:]]:
        second.append(row)
    hidden = book.create_sheet("Nháp")
    hidden.append(births[0])
    hidden.append(births[1])
    hidden.sheet_state = "hidden"
    book.save(tmp_path / "b.xlsx")
    result = read({"path": "b.xlsx"})
    assert comparable(result) == plain
    notes = " ".join(note for part in result.report.mapping.parts for note in part.notes)
    assert "hidden sheet not read: Nháp" in notes
    assert "numbers the columns" in notes


def test_sqlite(births, plain, tmp_path: Path, read) -> None:
    connection = sqlite3.connect(tmp_path / "b.db")
    names = ", ".join(f'"{header}"' for header in births[0])
    connection.execute(f"CREATE TABLE births ({names})")
    connection.executemany(f"INSERT INTO births VALUES ({', '.join('?' * len(births[0]))})", births[1:])
    connection.commit()
    connection.close()
    assert comparable(read({"path": "b.db"})) == plain


def test_postgres(births, plain, postgres, read, monkeypatch) -> None:
    from adbc_driver_postgresql import dbapi

    monkeypatch.setenv("PGPASSWORD", postgres.password)
    table = pa.table(dict(zip(births[0], map(list, zip(*births[1:], strict=True)), strict=True)))
    with dbapi.connect(postgres.url, autocommit=True) as connection, connection.cursor() as cursor:
        cursor.adbc_ingest("births", table, mode="replace")
    assert comparable(read({"url": postgres.url, "table": "births"})) == plain


def test_every_role_of_every_register(tmp_path: Path, read) -> None:
    summary = generate(SyntheticSpec(persons=2_000, seed=5), tmp_path)
    seen = 0
    for file, register, roles in (
        ("births", "birth", ("child", "mother", "father")),
        ("deaths", "death", ("deceased",)),
        ("marriages", "marriage", ("husband", "wife")),
        ("population", "population", ("person",)),
    ):
        for role in roles:
            result = read({"path": summary.files[file].name}, base=summary.files[file].parent, register=register, role=role)
            assert result.report.rows_in >= summary.rows[file] * 0.99
            assert {row["role"] for row in result.mentions} == {role}
            assert any(row["full_name"] for row in result.mentions)
            seen += 1
    assert seen == 7

"""Paths: a name of a folder is a name, whatever is in it; what is not of this machine is refused."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from linkage import Run, open_project
from linkage.errors import ProjectFileError
from linkage.runs import RunDirectory
from linkage.runs.exchange import scan_file
from linkage.runs.sql import connect

CASE = Path(__file__).parent / "cases" / "run-folder-brackets"


def names_of(run: Run) -> set[str]:
    """The people of a run's table as they stand in its own file, whatever its folder is called."""
    import pyarrow.parquet as pq

    return set(pq.ParquetFile(run.path / "mentions.parquet").read().column("name").to_pylist())


@pytest.mark.parametrize("name", ["m[1]", "m?", "m*", "source=1", "name=x/record_id=7", "id=3", "{a,b}", "quote's", "%41", "~m"])
def test_a_run_folder_of_any_name_holds_its_own_people(name: str, tmp_path: Path) -> None:
    """`m[1]` is a pattern for `m1`, and `source=1` a column `source` in place of the file's own, to DuckDB."""
    shutil.copytree(CASE, tmp_path / "in")
    for month, out in (("jan", "m1"), ("feb", name)):
        folder = tmp_path / out
        folder.parent.mkdir(parents=True, exist_ok=True)
        run = open_project(tmp_path / "in" / "m.yaml", data=tmp_path / "in" / month).run(until="standardise", out=folder)
        with (tmp_path / "in" / month / "r.csv").open(encoding="utf-8") as file:
            rows = [line.rstrip("\n").split(",") for line in file][1:]
        assert names_of(run) == {row[1] for row in rows}
        with connect() as connection:
            raw = connection.execute(
                f"SELECT record_id, source, name, id FROM {scan_file(run.path / 'raw_mentions.parquet')} ORDER BY id"
            )
            assert raw.fetchall() == [(row[0], "r.csv", row[1], at) for at, row in enumerate(rows, 1)]


@pytest.mark.parametrize(
    "name", ["r[1].csv", "r?.csv", "r*.csv", "xã=1/{a}.csv", "it's.csv", "r[1].parquet", "r[1].db", "r[1].jsonl"]
)
def test_a_source_of_any_name_is_read(name: str, tmp_path: Path) -> None:
    write_source(tmp_path / name, "Vũ Văn Giang")
    write_source(tmp_path / name.replace("[1]", "1").replace("?", "2").replace("*", "3"), "Đỗ Thị Hà")
    write_source(tmp_path / name, "Vũ Văn Giang")
    text = (CASE / "m.yaml").read_text(encoding="utf-8").replace("{data}/r.csv", name)
    (tmp_path / "p.yaml").write_text(text, encoding="utf-8")
    run = open_project(tmp_path / "p.yaml").run(until="read", out=tmp_path / "out")
    assert run.table("raw_mentions").select("name").fetchall() == [("Vũ Văn Giang",)]


def write_source(path: Path, name: str) -> None:
    """One row with that name, in the form that the path's ending says."""
    import json
    import sqlite3

    import pyarrow as pa
    import pyarrow.parquet as pq

    row = {"id": "A1", "ho_ten": name, "ngay_sinh": "01/02/1990", "xa": "X"}
    path.parent.mkdir(parents=True, exist_ok=True)
    path.unlink(missing_ok=True)
    if path.suffix == ".parquet":
        pq.write_table(pa.Table.from_pylist([row]), path)
    elif path.suffix == ".jsonl":
        path.write_text(json.dumps(row) + "\n", encoding="utf-8")
    elif path.suffix == ".db":
        with sqlite3.connect(path) as connection:
            connection.execute("CREATE TABLE r (id, ho_ten, ngay_sinh, xa)")
            connection.execute("INSERT INTO r VALUES (?, ?, ?, ?)", [*row.values()])
    else:
        path.write_text(f"{','.join(row)}\n{','.join(row.values())}\n", encoding="utf-8")


def test_paths_are_absolute_from_the_entrance(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    shutil.copytree(CASE, tmp_path / "in")
    (tmp_path / "elsewhere").mkdir()
    monkeypatch.chdir(tmp_path / "in")
    project = open_project("m.yaml", data="feb")
    run = project.run(until="read", out="../m")
    monkeypatch.chdir(tmp_path / "elsewhere")
    assert run.path.is_absolute() and run.table("raw_mentions").aggregate("count(*) > 0").fetchall() == [(True,)]
    assert project.run(until="standardise", out=run.path).summary["origin"]["project_file"] == str(tmp_path / "in" / "m.yaml")


@pytest.mark.parametrize(
    "address", ["s3://b/x", "hdfs://n/x", "gs://b/x", "abfs://b/x", "https://x.org/x", "file:///x", "S3://b/x"]
)
def test_an_address_of_another_store_is_refused_wherever_a_path_enters(address: str, tmp_path: Path, monkeypatch) -> None:
    monkeypatch.chdir(tmp_path)
    shutil.copytree(CASE, tmp_path / "in")
    project = open_project(tmp_path / "in" / "m.yaml", data=tmp_path / "in" / "jan")
    run = project.run(until="read", out=tmp_path / "out")
    entrances = (
        lambda: open_project(address),
        lambda: open_project(tmp_path / "in" / "m.yaml", data=address),
        lambda: project.run(out=address),
        lambda: Run.open(address),
        lambda: RunDirectory(Path(address)),
        lambda: run.report(["html"], out=address),
        lambda: run.report(["html"], since=address),
    )
    for enter in entrances:
        with pytest.raises(
            ProjectFileError, match="is an address of another store: only folders and files of this machine"
        ) as told:
            enter()
        assert told.value.remedy
    assert {path.name for path in tmp_path.iterdir()} == {"in", "out"}, "no folder of that name was made"

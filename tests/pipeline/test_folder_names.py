"""A run's folder may have any name: signs that DuckDB takes for a pattern stand for themselves."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

from linkage.runs import tables
from linkage.runs.exchange import ParquetTable
from linkage.runs.sql import connect

MONTH = {"left.csv": "L", "right.csv": "R"}


def test_a_run_in_brackets_finds_its_own_people(command_line: Callable[..., Any], sound_project: Path) -> None:
    """`m[1]` beside `m1`: as a pattern it names the other one."""

    def run(out: str) -> Path:
        ended = command_line("run", "sound.yaml", "--out", out, folder=sound_project)
        assert ended.status == 0, ended.told
        return sound_project / out

    january = run("m1")
    for name, letter in MONTH.items():
        head, *rows = (sound_project / name).read_text(encoding="utf-8").splitlines()
        february = [head, *(row.replace(f"{letter}-", f"{letter}feb-", 1) for row in rows[20:])]
        (sound_project / name).write_text("\n".join(february) + "\n", encoding="utf-8")
    bracketed, plain = run("m[1]"), run("february")
    with connect() as connection:
        for table in (tables.RAW_MENTIONS, tables.MENTIONS, tables.LINKS, tables.OUTCOMES):
            column = "record_id_l" if table is tables.LINKS else "record_id"
            others = f"SELECT count(*), count(*) FILTER ({column} NOT LIKE '%feb-%') FROM {table.scan(bracketed)}"
            rows, of_january = connection.execute(others).fetchall()[0]
            assert rows > 100 and of_january == 0, table.name
        for one in tables.ALL:
            assert one.is_in(bracketed) == one.is_in(plain)
            if isinstance(one, ParquetTable) and one.is_in(plain):
                for a, b in ((bracketed, plain), (plain, bracketed)):
                    difference = f"SELECT count(*) FROM (FROM {one.scan(a)} EXCEPT ALL FROM {one.scan(b)})"
                    assert connection.execute(difference).fetchall() == [(0,)], one.name
    report = tables.REPORT_PAGE.path(bracketed).read_bytes()
    assert report == tables.REPORT_PAGE.path(plain).read_bytes() != tables.REPORT_PAGE.path(january).read_bytes()

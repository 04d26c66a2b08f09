"""How fast and in how much memory a register is read: CSV, PostgreSQL, Excel. Writes reports/benchmarks/registers.md.

python tests/benchmarks/bench_registers.py --rows 1000000 --excel-rows 100000
"""

from __future__ import annotations

import argparse
import importlib.util
import json
import os
import platform
import subprocess
import sys
import tempfile
import time
from importlib.metadata import version
from pathlib import Path

ROOT = Path(__file__).parents[2]
LIMITS = {"CSV": 10.0, "PostgreSQL": 15.0, "Excel (.xlsx)": 5.0}
MEMORY = 1.5

REGISTER = """
    SELECT 'KS' || lpad(CAST(hash(i) % 100000000 AS VARCHAR), 8, '0') || i AS "Mã hồ sơ",
           'Ủy ban nhân dân xã Mỹ Thắng, huyện Mỹ Lộc, tỉnh Nam Định ' || i % 40 AS "Nơi đăng ký",
           '01/' || (1980 + i // 40 % 40) AS "Quyển số", (1 + i // 1600) || '/' || (1980 + i // 40 % 40) AS "Số",
           CAST(i % 200 AS VARCHAR) AS "Trang số",
           '15/11/' || (1980 + i // 40 % 40) AS "Ngày đăng ký", 'Đúng hạn' AS "Loại đăng ký",
           'Nguyễn Thị Hoa ' || i % 250000 AS "Họ và tên", 'Nữ' AS "Giới tính",
           lpad(CAST(1 + i % 28 AS VARCHAR), 2, '0') || '/03/' || (1980 + i // 40 % 40) AS "Ngày sinh",
           'Bệnh viện đa khoa, tỉnh Nam Định' AS "Nơi sinh", 'xã Mỹ Thắng, tỉnh Nam Định' AS "Quê quán", 'Kinh' AS "Dân tộc",
           'Việt Nam' AS "Quốc tịch", 'Trần Thị Lan ' || i % 300000 AS "Họ tên mẹ",
           CAST(1950 + i // 40 % 40 AS VARCHAR) AS "Năm sinh mẹ",
           'Kinh' AS "Dân tộc mẹ", 'Nguyễn Văn Hùng ' || i % 300000 AS "Họ tên cha",
           CAST(1950 + i // 40 % 40 AS VARCHAR) AS "Năm sinh cha",
           'xã Mỹ Thắng' AS "Nơi cư trú mẹ"
    FROM range(?) t(i)
"""

NOTES = """
What turned out wrong on the way:

- DuckDB's own CSV reader is as fast, but drops a last row whose quotation mark is never closed without rejecting it,
  and neither it nor Arrow's streaming reader can say the row number of a rejected row. The file is cut at line ends
  outside quotation marks here and each piece is split by Arrow, which then numbers what it rejects.
- Python's `csv` module keeps everything too, but takes 7 s for 1,000,000 rows of 25 columns before anything is
  stored.
- `trim(text, signs)` in DuckDB cost more than all the parsing (3.5 s of processor time for 20 columns); it now runs
  only on the values that start with a blank.
- Sorting for the numbering with `row_number() OVER (ORDER BY …)` and then `ORDER BY` sorted the wide table twice.
- Window functions over text keys made the contract check 3.5 s; grouping hashes first leaves 1.2 s of processor time.
- A ragged row that is not UTF-8 made Arrow's handler fail: a row was lost. A property test found it; pieces are now
  checked first.
- calamine gives an empty cell for a formula that was never calculated and for #N/A; the sheet's XML is scanned for
  those.
- The process's `ru_maxrss` starts from its parent's size: the first peaks were the benchmark's own
  table. `VmHWM` is read instead.
"""

READ = """
import json, resource, sys, time
from pathlib import Path
from linkage.config.sources import SideSpec
from linkage.registers import read_side
from linkage.runs.sql import connect
source, out = json.loads(sys.argv[1]), Path(sys.argv[2])
side = SideSpec.model_validate({"register": "birth", "role": "child", "source": source})
started = time.perf_counter()
with connect("1GB", 2, out) as connection:
    report = read_side(connection, side, base=out, data=None, target=out / "raw.parquet", quarantine=out / "aside.parquet")
seconds = time.perf_counter() - started
used = resource.getrusage(resource.RUSAGE_SELF)
# not ru_maxrss: that one starts from the size of the process that started this one
peak = int(next(line for line in Path("/proc/self/status").read_text().splitlines() if line.startswith("VmHWM")).split()[1])
found = {"seconds": seconds, "cpu": used.ru_utime + used.ru_stime, "gib": peak / 2**20, "rows": report.rows_used}
print(json.dumps(found))
"""


def measure(source: dict[str, str], folder: Path, environment: dict[str, str] | None = None) -> dict[str, float]:
    """One reading in a process of its own: seconds, seconds of processor, peak GiB, rows used."""
    command = [sys.executable, "-c", READ, json.dumps(source), str(folder)]
    load = os.getloadavg()[0]
    done = subprocess.run(
        command, cwd=ROOT, env={**os.environ, **(environment or {})}, capture_output=True, text=True, check=True
    )
    return {**json.loads(done.stdout), "load": load}


def write_workbook(path: Path, rows: int, connection) -> None:
    from openpyxl import Workbook

    book = Workbook(write_only=True)
    sheet = book.create_sheet("Sổ")
    sheet.append(["SỔ ĐĂNG KÝ KHAI SINH"])
    found = connection.execute(REGISTER, [rows])
    sheet.append([column[0] for column in found.description])
    while batch := found.fetchmany(10_000):
        for row in batch:
            sheet.append(row)
    book.save(path)


def main() -> None:
    """Measure and write the report."""
    import duckdb

    options = argparse.ArgumentParser()
    options.add_argument("--rows", type=int, default=1_000_000)
    options.add_argument("--excel-rows", type=int, default=100_000)
    given = options.parse_args()
    results: list[tuple[str, int, dict[str, float]]] = []
    skipped = ""
    with tempfile.TemporaryDirectory(prefix="bench-registers-") as name, duckdb.connect() as connection:
        folder = Path(name)
        connection.execute("SET threads = 2; SET memory_limit = '1GB'")
        connection.execute(f"CREATE TABLE register AS {REGISTER}", [given.rows])
        connection.execute(f"COPY register TO '{folder / 'r.csv'}' (HEADER)")
        size = (folder / "r.csv").stat().st_size / 1e6
        results.append(("CSV", given.rows, measure({"path": "r.csv"}, folder)))
        described = importlib.util.spec_from_file_location("postgres_server", ROOT / "tests" / "registers" / "postgres_server.py")
        server_module = importlib.util.module_from_spec(described)
        sys.modules["postgres_server"] = server_module
        described.loader.exec_module(server_module)
        try:
            with server_module.running_server() as server:
                from adbc_driver_postgresql import dbapi

                os.environ["PGPASSWORD"] = server.password
                with dbapi.connect(server.url, autocommit=True) as there, there.cursor() as cursor:
                    reader = connection.sql("FROM register").to_arrow_reader(50_000)
                    cursor.adbc_ingest("register", reader, mode="replace")
                results.append(("PostgreSQL", given.rows, measure({"url": server.url, "table": "register"}, folder)))
        except server_module.ServerNotAvailable as error:
            skipped = f"PostgreSQL was not measured: {error}."
        connection.execute("DROP TABLE register")
        write_workbook(folder / "r.xlsx", given.excel_rows, connection)
        results.append(("Excel (.xlsx)", given.excel_rows, measure({"path": "r.xlsx"}, folder)))
    write_report(results, size, skipped)


def write_report(results: list[tuple[str, int, dict[str, float]]], size: float, skipped: str) -> None:
    limit = str(MEMORY)
    lines = [
        "# Reading registers: time and memory",
        "",
        f"Measured {time.strftime('%Y-%m-%d')} on 2 cores, 24 GiB; Python {platform.python_version()}, "
        f"DuckDB {version('duckdb')}, "
        f"pyarrow {version('pyarrow')}, python-calamine {version('python-calamine')}, "
        f"adbc-driver-postgresql {version('adbc-driver-postgresql')}.",
        "",
        "A made-up birth register of 20 columns (the CSV of it is "
        f"{size:.0f} MB) is read by `read_side` in a process of its own: source → staged entries → contract check with its usual "
        "severities → mentions, quarantine as Parquet. DuckDB has 2 threads and a memory limit of 1 GB; the peak is the whole "
        "process's. PostgreSQL is a real server of Debian's package on loopback, on the same two cores. "
        "*Load* is the machine's load average before the reading: above 0 other work was using the cores, and the seconds are "
        "then an upper bound; the processor's seconds are not touched much by that.",
        "",
        "| source | rows | seconds | limit | processor seconds | peak GiB | limit | load before | holds |",
        "|---|---|---|---|---|---|---|---|---|",
    ]
    for name, rows, found in results:
        holds = found["seconds"] <= LIMITS[name] and found["gib"] <= MEMORY and found["rows"] == rows
        lines.append(
            f"| {name} | {rows:,} | {found['seconds']:.1f} | {LIMITS[name]:.0f} | {found['cpu']:.1f} | {found['gib']:.2f} "
            f"| {limit} | {found['load']:.1f} | {'yes' if holds else 'no'} |"
        )
    if skipped:
        lines += ["", skipped]
    lines += ["", NOTES.strip(), ""]
    (ROOT / "reports" / "benchmarks" / "registers.md").write_text("\n".join(lines), encoding="utf-8")
    print("\n".join(lines))


if __name__ == "__main__":
    main()

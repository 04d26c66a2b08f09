"""Seconds and memory to standardise birth entries, beside a plain strip_accents + lower in SQL on the same columns.

python tests/benchmarks/bench_standardise.py --sizes 1000000 5000000 --report reports/benchmarks/standardise.md
Each measurement runs in a process of its own. The entries are made up here from common name parts and every unit of the
gazetteer, with the kinds of damage of registers (capitals, NFD, double spaces, lost marks, typing slips, short forms).
"""

from __future__ import annotations

import argparse
import importlib.metadata
import json
import os
import resource
import subprocess
import sys
import tempfile
import time
import unicodedata
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
from joblib.externals.loky import get_reusable_executor

from linkage.config import FieldKind as Kind
from linkage.runs.sql import connect, literal
from linkage.standardise import standardise_table
from linkage.vietnamese.build_gazetteer import read_rows

FIELDS = {
    "full_name": Kind.person_name, "sex": Kind.sex, "birth_date": Kind.date, "registration_date": Kind.date,
    "birth_place": Kind.place, "hometown": Kind.place,
    "ethnicity": Kind.ethnicity, "nationality": Kind.nationality, "personal_number": Kind.personal_number,
    "mother_name": Kind.person_name, "mother_birth_year": Kind.year, "father_name": Kind.person_name,
}  # fmt: skip
_SURNAMES = """
    Nguyễn Trần Lê Phạm Hoàng Huỳnh Phan Vũ Võ Đặng Bùi Đỗ Hồ Ngô Dương Lý Đinh Đoàn Trương Mai Cao Lương Hà Tạ
    Nông
"""
SURNAMES = _SURNAMES.split()

_MIDDLES = """
    Văn Thị Minh Ngọc Thanh Đức Hoàng Quốc Quang Xuân Đình Hữu Thành Duy Anh Công Trung Thu Kim Hồng Mỹ Bích
    Phương Thùy Gia
"""
MIDDLES = _MIDDLES.split()
_GIVENS = """
    Huy Anh Tuấn Nam Minh Đạt Duy Sơn Hiếu Long Đức Dũng Hùng Thành Cường Trung Thắng Hải Hưng Tiến Bảo Phúc Linh
    Trang Thảo Phương Ngọc Nhi Hương Ngân Hà Huyền Hằng Vân Duyên Thư Dung Hiền Nhung Yến Quỳnh Như Mai Vy Thủy
    Trinh Nga Trâm Hạnh Hòa Quý Uyên Loan Giang Tùng Khánh Lan Sáng Kiên Lộc Thuận Tâm Thịnh Việt Phượng Tân
"""
GIVENS = _GIVENS.split()


def _damage(rng, names):
    kind = rng.random(len(names))
    letters = rng.choice(list("aeiounhgt"), len(names))
    out = []
    for name, k, letter in zip(names, kind, letters, strict=True):
        if k < 0.10:
            name = name.upper()
        elif k < 0.11:
            name = name.replace(" ", "  ", 1)
        elif k < 0.12:
            name = unicodedata.normalize("NFD", name)
        elif k < 0.13:
            name = f"H’{name.rpartition(' ')[2]} Niê"
        elif k < 0.15:
            at = int(k * 1e6) % len(name)
            name = name[:at] + letter + name[at + 1 :]
        elif k < 0.18:
            name = "".join(c for c in unicodedata.normalize("NFD", name) if not unicodedata.combining(c)).replace("Đ", "D")
        out.append(name)
    return out


def _names(rng, n):
    rank = 1 / np.arange(1, len(SURNAMES) + 1)
    parts = [rng.choice(SURNAMES, n, p=rank / rank.sum()), rng.choice(MIDDLES, n), rng.choice(MIDDLES, n), rng.choice(GIVENS, n)]
    four = rng.random(n) < 0.4
    return _damage(rng, [" ".join(p if f else (p[0], p[1], p[3])) for *p, f in zip(*parts, four, strict=True)])


def _places(rng, n):
    provinces = {code: name for code, name, _ in read_rows("old_provinces.tsv")}
    districts = {code: (name, provinces[province]) for code, province, name, _ in read_rows("old_districts.tsv")}
    units = [(name, *districts[district]) for _, district, name, _, _ in read_rows("old_communes.tsv") if district in districts]
    short = [tuple(part.partition(" ")[2] if not part.startswith("Thành") else part[10:] for part in unit) for unit in units]
    forms = rng.random(n)
    return [
        ", ".join(units[i]) if f < 0.6 else ", ".join(short[i]) if f < 0.75
        else " - ".join((units[i][0], *short[i][1:])) if f < 0.85
        else f"{units[i][1]}, {short[i][2]}" if f < 0.95 else short[i][2]
        for i, f in zip(rng.integers(0, len(units), n), forms, strict=True)
    ]  # fmt: skip


def _dates(rng, first, last, n):
    days = (np.datetime64(f"{first}-01-01") + rng.integers(0, (last - first) * 365, n)).astype(str)
    return [f"{day[8:]}/{day[5:7]}/{day[:4]}" if k > 0.05 else day[:4] for day, k in zip(days, rng.random(n), strict=True)]


def make(path, rows, seed=1):
    """Write `rows` made-up birth entries."""
    rng = np.random.default_rng(seed)
    writer = None
    for start in range(0, rows, 250_000):
        n = min(250_000, rows - start)
        sex = rng.integers(0, 2, n)
        born = _dates(rng, 1950, 2020, n)
        drawn = zip(rng.choice([1, 38, 40, 79], n), sex, born, rng.integers(0, 10**6, n), strict=True)
        number = [f"{p:03d}{s + (2 if b[-4] == '2' else 0)}{b[-2:]}{r:06d}" for p, s, b, r in drawn]
        chunk = pa.table({
            "id": pa.array(range(start + 1, start + n + 1), pa.int32()), "record_id": [f"KS{start + i:08d}" for i in range(n)],
            "full_name": _names(rng, n), "sex": ["Nữ" if s else "Nam" for s in sex], "birth_date": born,
            "registration_date": _dates(rng, 1990, 2025, n), "birth_place": _places(rng, n), "hometown": _places(rng, n),
            "ethnicity": rng.choice(["Kinh", "Tày", "Mèo", "H'Mông"], n), "nationality": ["Việt Nam"] * n,
            "personal_number": [x if k > 0.3 else None for x, k in zip(number, rng.random(n), strict=True)],
            "mother_name": _names(rng, n), "mother_birth_year": [d[-4:] for d in _dates(rng, 1930, 1990, n)],
            "father_name": _names(rng, n),
        })  # fmt: skip
        writer = writer or pq.ParquetWriter(path, chunk.schema, compression="zstd")
        writer.write_table(chunk)
    writer.close()


def measure(what, source, target):
    """Seconds (wall and processor) and the peak of resident memory of one job: this process and those that read values."""
    folder = tempfile.mkdtemp(dir=target.parent)
    started = time.perf_counter()
    with connect("1GB", 2, Path(folder)) as connection:
        if what == "standardise":
            standardise_table(connection, source, target, FIELDS, dated_by={"birth_place": "registration_date"})
        else:
            plain = ", ".join(f'lower(strip_accents("{field}")) AS "{field}"' for field in FIELDS)
            query = f"SELECT id, record_id, {plain} FROM read_parquet({literal(str(source))}) ORDER BY id"
            connection.execute(f"COPY ({query}) TO {literal(str(target))} (FORMAT parquet, COMPRESSION zstd)")
    wall = time.perf_counter() - started
    executor = get_reusable_executor(reuse=True)
    readers = len(executor._processes or ())
    executor.shutdown(wait=True)
    own, ended = (resource.getrusage(who) for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN))
    return {
        "wall": wall,
        "processor": sum(usage.ru_utime + usage.ru_stime for usage in (own, ended)),
        # the peaks need not fall together, and `ended` is that of the largest: an upper bound
        "gib": (own.ru_maxrss + readers * ended.ru_maxrss) / 2**20,
        "load": os.getloadavg()[0],
    }


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--sizes", type=int, nargs="+", default=[1_000_000])
    parser.add_argument("--report", type=Path)
    parser.add_argument("--measure", nargs=3)
    options = parser.parse_args()
    if options.measure:
        what, source, target = options.measure
        sys.stdout.write(json.dumps(measure(what, Path(source), Path(target))))
        return
    lines = []
    with tempfile.TemporaryDirectory() as folder:
        for rows in options.sizes:
            source = Path(folder) / f"raw_{rows}.parquet"
            make(source, rows)
            for what in ("standardise", "plain"):
                command = [sys.executable, __file__, "--measure", what, str(source), str(Path(folder) / "out.parquet")]
                found = json.loads(subprocess.run(command, check=True, capture_output=True, text=True).stdout)
                lines.append(
                    f"| {rows:,} | {what} | {found['wall']:.1f} | {found['processor']:.1f} | {found['wall'] / rows * 1e6:.1f} "
                    f"| {found['gib']:.2f} | {found['load']:.1f} |"
                )
                sys.stdout.write(lines[-1] + "\n")
                sys.stdout.flush()
            source.unlink()
    if options.report:
        versions = ", ".join(f"{name} {importlib.metadata.version(name)}" for name in ("duckdb", "pyarrow"))
        table = "\n".join(lines)
        text = options.report.read_text(encoding="utf-8") if options.report.exists() else "<!-- figures -->\n<!-- end -->\n"
        head, _, rest = text.partition("<!-- figures -->")
        tail = rest.partition("<!-- end -->")[2]
        block = (
            f"<!-- figures -->\nPython {sys.version.split()[0]}, {versions}; 2 cores, 24 GiB; DuckDB limited to 1 GB.\n\n"
            "| rows | job | seconds | processor seconds | µs a row | peak GiB | load average |\n|--:|:--|--:|--:|--:|--:|--:|\n"
            f"{table}\n<!-- end -->"
        )
        options.report.write_text(head + block + tail, encoding="utf-8")


if __name__ == "__main__":
    main()

"""How long the reconciliation of a large run takes: outcomes, work lists, collecting; and the writer against openpyxl.

A finished run (of `linkage demo`, say) is copied many times over, its entries spread over the 3,321 communes, until it has
the asked number of mentions. Writes reports/benchmarks/reconcile.md.

    python tests/benchmarks/bench_reconcile.py RUN --size 1000000
"""

from __future__ import annotations

import argparse
import json
import platform
import resource
import shutil
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import date
from pathlib import Path

import duckdb
import openpyxl

from linkage.config import FieldKind
from linkage.reconcile import write_field_differences, write_outcomes
from linkage.reconcile.collecting import collect_worklists
from linkage.reconcile.summaries import summarise_outcomes
from linkage.reconcile.units import unit_names
from linkage.reconcile.worklists import write_worklists
from linkage.registers import register_kind, register_kinds
from linkage.runs.sql import connect

REPORT = Path(__file__).parents[2] / "reports" / "benchmarks" / "reconcile.md"


def main() -> None:
    arguments = argparse.ArgumentParser(description=__doc__)
    arguments.add_argument("run", type=Path, help="a finished run of births against the population")
    arguments.add_argument("--size", type=int, default=1_000_000)
    given = arguments.parse_args()
    lines: list[str] = []
    with tempfile.TemporaryDirectory(prefix="bench-reconcile-") as folder:
        run = Path(folder) / "run"
        run.mkdir()
        mentions, kinds = copy_many_times(given.run, run, given.size)
        with measured(lines, f"outcomes and differences of {mentions:,} mentions"), connect("3GB", 2, Path(folder)) as connection:
            write_field_differences(connection, run, kinds, run)
            counts = write_outcomes(connection, run, kinds, run)
        headers = {field.name: field.header for kind in reversed(register_kinds()) for field in kind.fields}
        with measured(lines, "work lists"):
            lists = write_worklists(run, Path(folder) / "lists", headers=headers)
        lines.append(f"| … workbooks | {lists.workbooks:,} | rows {lists.rows:,} |")
        size = sum(path.stat().st_size for path in lists.folder.rglob("*.xlsx"))
        lines.append(f"| … bytes on disk | {size:,} | |")
        with measured(lines, "collecting them all again"):
            collected = collect_worklists(run, lists.folder, today=date.today())
        assert collected.untouched == lists.rows and not collected.reasons
        with measured(lines, "summary by province, commune, register and period"):
            rows = summarise_outcomes(run)
        assert sum(row.records for row in rows) == sum(n for name, n in counts.items() if name != "differences")
        largest = max(lists.folder.rglob("*.xlsx"), key=lambda path: path.stat().st_size)
        with measured(lines, "the largest workbook's cells written by openpyxl's write-only mode"):
            cells = by_openpyxl(largest, Path(folder) / "openpyxl.xlsx")
        lines.append(f"| … cells of that workbook | {cells:,} | |")
        memory = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    lines.append(f"| peak memory of the whole | {memory:,.0f} MB | |")
    write_report(lines, mentions)


@contextmanager
def measured(lines: list[str], what: str) -> Iterator[None]:
    """Wall and processor seconds of a step, shown and kept."""
    wall, used = time.perf_counter(), time.process_time()
    yield
    line = f"| {what} | {time.perf_counter() - wall:.1f} s | {time.process_time() - used:.1f} s CPU |"
    print(line, flush=True)
    lines.append(line)


def copy_many_times(source: Path, target: Path, size: int) -> tuple[int, dict[str, FieldKind]]:
    """The tables of `source` with every record copied until there are `size` mentions, spread over all communes."""
    communes = sorted(unit_names()[1])
    with connect("3GB", 2, target) as connection:
        columns = {
            table: [row[0] for row in connection.execute(f"DESCRIBE FROM '{source}/{table}.parquet'").fetchall()]
            for table in ("mentions", "persons", "raw_mentions", "raw_persons", "links", "assigned", "candidates")
        }
        sizes = {
            side: connection.execute(f"SELECT max(id) FROM '{source}/{side}.parquet'").fetchall()[0][0]
            for side in ("mentions", "persons")
        }
        copies = -(-size // sizes["mentions"])
        connection.execute("CREATE TABLE communes AS SELECT unnest($c) AS code, unnest(range(len($c))) AS n", {"c": communes})
        connection.execute(f"CREATE TABLE copies AS SELECT unnest(range({copies}))::INTEGER AS k")
        for table, names in columns.items():
            place = {"mentions": "registering_office", "persons": "birth_registration_place"}.get(table)
            changed = []
            for name in names:
                serial = "(right(personal_number, 6)::INTEGER + k * 21139) % 1000000"
                number = f"left(personal_number, 6) || lpad(({serial})::VARCHAR, 6, '0')"
                side = "mentions" if name in ("id_l",) or table.endswith("mentions") else "persons"
                if name in ("id", "id_l", "id_r"):
                    changed.append(f"{name} + k * {sizes[side]} AS {name}")
                elif name.startswith("record_id"):
                    changed.append(f"{name} || '-' || k AS {name}")
                elif name == "personal_number" and table in ("mentions", "persons"):
                    changed.append(f"{number} AS {name}")
                elif place and name == f"{place}_communes":
                    changed.append(f"[communes.code]::INTEGER[] AS {name}")
                else:
                    changed.append(f'"{name}"')
            key = "id" if "id" in names else "id_l"
            joined = f"JOIN communes ON communes.n = (k * 7919 + {key}) % {len(communes)}" if place else ""
            connection.execute(
                f"COPY (SELECT {', '.join(changed)} FROM '{source}/{table}.parquet' CROSS JOIN copies {joined})"
                f" TO '{target}/{table}.parquet'"
            )
        both = set(columns["raw_mentions"]) & set(columns["raw_persons"])
    shutil.copy(source / "thresholds.json", target / "thresholds.json")
    left, right = register_kind("birth").role("child").kinds, register_kind("population").role(None).kinds
    kinds = {field: kind for field, kind in left.items() if right.get(field) == kind and field in both and field != "record_id"}
    return copies * sizes["mentions"], kinds


def by_openpyxl(source: Path, target: Path) -> int:
    """Write the cells of a workbook again in openpyxl's write-only mode; returns their number."""
    cells = 0
    out = openpyxl.Workbook(write_only=True)
    for sheet in openpyxl.load_workbook(source, read_only=True).worksheets:
        copied = out.create_sheet(sheet.title)
        for row in sheet.iter_rows(values_only=True):
            copied.append(row)
            cells += len(row)
    out.save(target)
    return cells


def write_report(lines: list[str], mentions: int) -> None:
    head = f"""# Reconciliation of {mentions:,} mentions

Machine: 2 cores, 24 GiB. Python {platform.python_version()}, DuckDB {duckdb.__version__}, openpyxl {openpyxl.__version__}.
Method: `tests/benchmarks/bench_reconcile.py`: a finished run of the demo copied until it has the asked number of mentions, spread
over the 3,321 communes of today; each step once, in one process.

| step | wall | processor |
|---|---|---|
"""
    REPORT.parent.mkdir(parents=True, exist_ok=True)
    kept = REPORT.read_text(encoding="utf-8").partition("\n## ")[2] if REPORT.is_file() else ""
    REPORT.write_text(head + "\n".join(lines) + "\n" + (f"\n## {kept}" if kept else ""), encoding="utf-8")
    print(json.dumps({"report": REPORT.name}))


if __name__ == "__main__":
    main()

"""How long the report takes: the demo-sized run and a run of a million links. Writes reports/benchmarks/report.md.

    python tests/benchmarks/bench_report.py [--links N] [--pairs-per-mention N] [--run DIRECTORY]

`--run` adds a real run directory to the planted ones.
"""

from __future__ import annotations

import argparse
import platform
import resource
import sys
import tempfile
import time
from importlib.metadata import version
from pathlib import Path

ROOT = Path(__file__).parents[2]
sys.path.insert(0, str(ROOT / "tests" / "report"))

from planted_run import plant_run  # noqa: E402

from linkage.report import FORMATS, build_report  # noqa: E402
from linkage.runs.sql import connect  # noqa: E402

LINKS_A_MENTION = 0.55
"""Share of the planted mentions that are linked."""


def measure(run: Path, target: Path) -> list[tuple[str, float, float]]:
    """Wall and CPU seconds (children included) of the HTML alone and of all formats."""
    found = []
    for name, formats in (("HTML", ("html",)), ("HTML, DOCX and PDF", FORMATS)):
        before, started = cpu(), time.perf_counter()
        build_report(run, target, formats)
        found.append((name, time.perf_counter() - started, cpu() - before))
    return found


def cpu() -> float:
    return sum(
        used.ru_utime + used.ru_stime for used in map(resource.getrusage, (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN))
    )


def links_of(run: Path) -> int:
    with connect() as connection:
        row = connection.execute(
            "SELECT count(*) FROM read_parquet(?) WHERE decision = 'link'", [str(run / "links.parquet")]
        ).fetchone()
    return int(row[0]) if row else 0


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--links", type=int, default=1_000_000)
    parser.add_argument("--pairs-per-mention", type=int, default=10)
    parser.add_argument("--run", type=Path)
    asked = parser.parse_args()
    rows = []
    with tempfile.TemporaryDirectory() as folder:
        build_report(plant_run(Path(folder) / "warm", 500), Path(folder) / "out")
        runs = {
            "planted": plant_run(
                Path(folder) / "large", int(asked.links / LINKS_A_MENTION), pairs_per_mention=asked.pairs_per_mention
            )
        }
        if asked.run:
            runs = {"demo": asked.run, **runs}
        for kind, run in runs.items():
            for name, wall, used in measure(run, Path(folder) / "out"):
                rows.append(f"| {kind} | {links_of(run):,} | {name} | {wall:.1f} | {used:.1f} |")
                print(rows[-1], flush=True)
    memory = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    versions = ", ".join(f"{name} {version(name)}" for name in ("duckdb", "matplotlib", "typst", "pypandoc-binary", "jinja2"))
    text = f"""# The report: time and memory

Method: `tests/benchmarks/bench_report.py` plants a run directory ({asked.pairs_per_mention} candidate pairs a mention, no
labels), builds one small report to load the libraries, then times the report of each run with a wall clock and with the CPU
time of the process and its children. Machine: 2 cores, 24 GiB, shared with other work while this ran (so wall time is an
upper bound). Python {platform.python_version()}, {versions}.

| run | links | formats | seconds | CPU seconds |
|---|---|---|---|---|
{chr(10).join(rows)}

Peak memory of the process: {memory:,.0f} MiB. Targets: 20 s for all formats on the demo, 60 s on a million links.

What turned out wrong on the way: each figure was drawn as SVG and PNG whether or not a DOCX was asked for (half the time of
the HTML); bitmaps are now drawn when the DOCX needs them. Pandoc wrote the path of the temporary folder into the DOCX, so
that two builds differed. Hiding cells until no row or column had a single hidden one let a cell between two cycles of hidden
ones be worked out; the rule now asks whether the sums determine a cell.
"""
    (ROOT / "reports" / "benchmarks" / "report.md").write_text(text, encoding="utf-8")


if __name__ == "__main__":
    main()

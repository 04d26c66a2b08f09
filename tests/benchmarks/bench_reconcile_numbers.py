"""Number proposals over many seeds: the share of wrong numbers among those proposed, against the promised false-link rate.

Each seed makes its own registers, runs the shipped project file on them with thresholds from the model, proposes numbers and
holds them against the generator's truth. Writes reports/benchmarks/reconcile_numbers.md.

    python tests/benchmarks/bench_reconcile_numbers.py --persons 4000 --seeds 20
"""

from __future__ import annotations

import argparse
import platform
import tempfile
from pathlib import Path

from scipy.stats import binomtest

from linkage import open_project
from linkage.reconcile import propose_numbers
from linkage.runs.sql import connect
from linkage.synthetic import SyntheticSpec, generate

ROOT = Path(__file__).parents[2]
REPORT = ROOT / "reports" / "benchmarks" / "reconcile_numbers.md"
WRONG = """
    SELECT count(*), count(*) FILTER (t.person_record_id IS DISTINCT FROM n.person_record_id)
    FROM read_parquet($numbers) n JOIN read_parquet($truth) t ON t.record_id = n.record_id
    WHERE t.register = 'birth' AND t.role = 'child' AND n.withheld IS NULL
"""


def main() -> None:
    arguments = argparse.ArgumentParser(description=__doc__)
    arguments.add_argument("--persons", type=int, default=4_000)
    arguments.add_argument("--seeds", type=int, default=20)
    given = arguments.parse_args()
    rows = []
    for seed in range(1, given.seeds + 1):
        with tempfile.TemporaryDirectory(prefix="bench-numbers-") as folder:
            registers = Path(folder) / "registers"
            generate(SyntheticSpec(persons=given.persons, seed=seed), registers, lambda *_: None)
            project = open_project(ROOT / "configs" / "birth-to-population.yaml", data=registers)
            run = project.run(until="reconcile", out=Path(folder) / "run")
            proposals = propose_numbers(run.path)
            files = {"numbers": str(run.path / "number_proposals.parquet"), "truth": str(registers / "truth.parquet")}
            with connect() as connection:
                proposed, wrong = connection.execute(WRONG, files).fetchall()[0]
        rows.append((seed, proposed, wrong, proposals.error_bound or 0.0))
        print(rows[-1], flush=True)
    proposed, wrong = sum(row[1] for row in rows), sum(row[2] for row in rows)
    interval = binomtest(wrong, proposed).proportion_ci(0.95, method="exact")
    lines = "\n".join(f"| {seed} | {n:,} | {bad} | {bad / max(n, 1):.5f} | {bound:.5f} |" for seed, n, bad, bound in rows)
    REPORT.parent.mkdir(parents=True, exist_ok=True)
    REPORT.write_text(
        f"""# Wrong numbers among those proposed, {given.seeds} seeds of {given.persons:,} persons

Machine: 2 cores, 24 GiB. Python {platform.python_version()}. Method: `tests/benchmarks/bench_reconcile_numbers.py`, thresholds
from the model at a false-link rate of 0.001, no review; a number is wrong when the generator's truth says another person,
or none.

Together {wrong} wrong of {proposed:,} proposed: {wrong / proposed:.5f} (95 % exact interval {interval.low:.5f} to
{interval.high:.5f}); promised 0.00100.

| seed | proposed | wrong | share | expected by the model |
|---|---|---|---|---|
{lines}
""",
        encoding="utf-8",
    )


if __name__ == "__main__":
    main()

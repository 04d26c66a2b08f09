"""Matching held against truth, against plain Splink as an expert writes it, and against a supervised ceiling.

    python tests/benchmarks/bench_matching.py --persons 100000 --seeds 1 2 3 --report reports/benchmarks/matching.md

Truth is used only to measure (and to train the ceiling, by five folds over mentions). Recall counts every mention that
truly has a person, so what blocking lost is in it. One best person a mention for all three.
"""

from __future__ import annotations

import argparse
import logging
import platform
import tempfile
import time
from dataclasses import asdict
from importlib.metadata import version
from pathlib import Path

import duckdb
import numpy as np
from quality import Quality, measure, missed_by_kind

from linkage import open_project
from linkage.runs.sql import connect
from linkage.synthetic import SyntheticSpec, generate

CONFIGS = Path(__file__).parents[2] / "configs"


def recall_at(precision: float, weights: np.ndarray, true: np.ndarray, matches: int) -> float:
    """Largest recall over thresholds at which precision is reached."""
    hits = np.cumsum(true[np.argsort(-weights, kind="stable")])
    good = hits / np.arange(1, len(hits) + 1) >= precision
    return float(hits[good].max() / matches) if good.any() else 0.0


def true_ids(connection: duckdb.DuckDBPyConnection, run: Path, registers: Path) -> int:
    """Make `true_ids` (id_l, id_r); returns the mentions that have a person."""
    connection.execute(
        f"""CREATE OR REPLACE TABLE true_ids AS SELECT m.id AS id_l, p.id AS id_r
        FROM read_parquet('{registers / "truth.parquet"}') t JOIN read_parquet('{run / "mentions.parquet"}') m ON m.record_id = t.record_id
        JOIN read_parquet('{run / "persons.parquet"}') p ON p.record_id = t.person_record_id
        WHERE t.register = 'birth' AND t.role = 'child'"""
    )
    return connection.execute(
        f"SELECT count(*) FROM read_parquet('{registers / 'truth.parquet'}') WHERE register = 'birth' AND role = 'child'"
        " AND person_record_id IS NOT NULL"
    ).fetchall()[0][0]


def plain_splink(run: Path, registers: Path) -> tuple[float, float]:
    """(recall at precision .999, seconds) of an expert's afternoon: folded text, Splink's own name and date comparisons."""
    import splink.comparison_library as cl
    from splink import DuckDBAPI, Linker, SettingsCreator, block_on

    with connect() as connection:
        matches = true_ids(connection, run, registers)
        text = "full_name_fold, mother_name_fold, father_name_fold, sex, hometown_fold"
        for table, source in (("births", "mentions"), ("people", "persons")):
            connection.execute(
                f"CREATE TABLE {table} AS SELECT id, {text}, birth_date::VARCHAR AS birth_date, birth_date_year AS year"
                f" FROM read_parquet('{run / f'{source}.parquet'}')"
            )
        started = time.process_time()
        api = DuckDBAPI(connection)
        settings = SettingsCreator(
            link_type="link_only",
            comparisons=[
                cl.NameComparison("full_name_fold").configure(term_frequency_adjustments=True),
                cl.DateOfBirthComparison("birth_date", input_is_string=True),
                cl.NameComparison("mother_name_fold").configure(term_frequency_adjustments=True),
                cl.NameComparison("father_name_fold").configure(term_frequency_adjustments=True),
                cl.ExactMatch("sex"),
                cl.ExactMatch("hometown_fold"),
            ],
            blocking_rules_to_generate_predictions=[
                block_on("birth_date", "full_name_fold"), block_on("full_name_fold", "year"), block_on("birth_date", "mother_name_fold"),
                block_on("birth_date", "father_name_fold"), block_on("full_name_fold", "mother_name_fold"),
                block_on("mother_name_fold", "father_name_fold"),
            ],
            unique_id_column_name="id", retain_matching_columns=False,
        )  # fmt: skip
        linker = Linker([api.register("births"), api.register("people")], settings, log_level=logging.ERROR)
        linker.training.estimate_probability_two_random_records_match([block_on("full_name_fold", "birth_date")], recall=0.7)
        linker.training.estimate_u_using_random_sampling(max_pairs=5e6, seed=1)
        for rule in (
            block_on("birth_date"),
            block_on("full_name_fold", "year"),
            block_on("mother_name_fold", "father_name_fold"),
        ):
            linker.training.estimate_parameters_using_expectation_maximisation(rule, estimate_without_term_frequencies=True)
        found = linker.inference.predict(threshold_match_weight=-5).as_pyarrow_table()
        connection.register("found", found)
        rows = connection.execute(
            "SELECT match_weight, t.id_l IS NOT NULL AS yes FROM (SELECT * FROM found QUALIFY row_number()"
            " OVER (PARTITION BY id_l ORDER BY match_weight DESC, id_r) = 1) f LEFT JOIN true_ids t USING (id_l, id_r)"
        ).fetchnumpy()
        seconds = time.process_time() - started
    return recall_at(0.999, rows["match_weight"], np.asarray(rows["yes"], dtype=float), matches), seconds


def supervised_ceiling(run: Path, registers: Path) -> float:
    """Recall at precision .999 of gradient boosting trained on the truth, on the same pairs, levels and name frequencies."""
    from sklearn.ensemble import HistGradientBoostingClassifier
    from sklearn.model_selection import GroupKFold, cross_val_predict

    with connect() as connection:
        matches = true_ids(connection, run, registers)
        columns = connection.execute(
            f"SELECT p.* EXCLUDE (blocking_rules), s.match_weight, t.id_l IS NOT NULL AS yes FROM read_parquet('{run / 'pairs.parquet'}') p"
            f" LEFT JOIN read_parquet('{run / 'scored_pairs.parquet'}') s USING (id_l, id_r) LEFT JOIN true_ids t USING (id_l, id_r)"
            " ORDER BY id_l, id_r"
        ).fetchnumpy()
    gammas = [name for name in columns if name.startswith("gamma_")]
    weight = np.ma.filled(columns["match_weight"].astype(float), -30.0)
    x = np.column_stack([*(columns[name].astype(float) for name in gammas), weight])
    y, groups = np.asarray(columns["yes"], dtype=int), columns["id_l"]
    model = HistGradientBoostingClassifier(max_iter=200, random_state=0)
    probability = cross_val_predict(model, x, y, groups=groups, cv=GroupKFold(5), method="predict_proba")[:, 1]
    order = np.lexsort((-probability, groups))
    best = order[np.r_[True, groups[order][1:] != groups[order][:-1]]]
    return recall_at(0.999, probability[best], y[best].astype(float), matches)


def one_seed(
    persons: int, seed: int, folder: Path
) -> tuple[Quality, float, float, float, list[tuple[str, str, int, int]], Quality]:
    registers, run = folder / f"registers-{seed}", folder / f"run-{seed}"
    generate(SyntheticSpec(persons=persons, seed=seed, digitisation=False), registers)
    open_project(CONFIGS / "birth-to-population.yaml", data=registers).run(until="decide", out=run)
    deaths = folder / f"deaths-{seed}"
    open_project(CONFIGS / "death-to-population.yaml", data=registers).run(until="decide", out=deaths)
    ours = measure(run, registers, "birth", "child")
    by_match_weight = measure(run, registers, "birth", "child", "match_weight")
    expert, _ = plain_splink(run, registers)
    return (
        ours, by_match_weight.recall_at_999, expert, supervised_ceiling(run, registers),
        missed_by_kind(run, registers, "birth", "child")[:20], measure(deaths, registers, "death", "deceased"),
    )  # fmt: skip


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--persons", type=int, default=100_000)
    parser.add_argument("--seeds", type=int, nargs="+", default=[1, 2, 3])
    parser.add_argument("--report", type=Path)
    chosen = parser.parse_args()
    lines = [
        "# Matching: links held against the generator's truth", "",
        f"{chosen.persons:,} people (synthetic, errors × 1), births to population; seeds {', '.join(map(str, chosen.seeds))}. Splink"
        f" {version('splink')}, DuckDB {version('duckdb')}, Python {platform.python_version()}; 2 cores, 24 GiB. Thresholds come from the"
        " model; truth only measures. Recall counts every entry that truly has a person. “Expert” is plain Splink on folded text with its"
        " own name and date comparisons; “ceiling” is gradient boosting trained on the truth (five folds over entries). Both are in"
        " `tests/benchmarks/bench_matching.py`.", "",
        "| seed | register | pairs a mention | blocking recall | F1 at the model's threshold | precision | recall | recall at precision .999"
        " | by match weight alone | expert | ceiling | pairs ≥ .999 that are true |",
        "|---|---|---|---|---|---|---|---|---|---|---|---|",
    ]  # fmt: skip
    kinds: list[tuple[str, str, int, int]] = []
    with tempfile.TemporaryDirectory() as folder:
        for seed in chosen.seeds:
            ours, alone, expert, ceiling, missed, deaths = one_seed(chosen.persons, seed, Path(folder))
            kinds = kinds or missed
            for name, q, rest in (
                ("birth", ours, (f"{alone:.4f}", f"{expert:.4f}", f"{ceiling:.4f}")),
                ("death", deaths, ("–", "–", "–")),
            ):
                lines.append(
                    f"| {seed} | {name} | {q.pairs_per_mention:.1f} | {q.blocking_recall:.4f} | {q.f1_at_threshold:.4f} |"
                    f" {q.precision_at_threshold:.4f} | {q.recall_at_threshold:.4f} | {q.recall_at_999:.4f} | {' | '.join(rest)} |"
                    f" {q.sure_pairs_true:.5f} of {q.sure_pairs:,} |"
                )
            print(lines[-2], lines[-1], asdict(ours), sep="\n", flush=True)
    lines += [
        "",
        f"## Which error kinds are missed (births, seed {chosen.seeds[0]})",
        "",
        "| field | kind | matches that carry it | not linked |",
        "|---|---|---|---|",
    ]
    lines += [f"| {field} | {kind} | {carry:,} | {lost:,} |" for field, kind, carry, lost in kinds]
    text = "\n".join(lines) + "\n"
    print(text if not chosen.report else f"written: {chosen.report}")
    if chosen.report:
        chosen.report.write_text(text, encoding="utf-8")


if __name__ == "__main__":
    main()

"""What our links are held against: plain Splink as an expert writes it in an afternoon, and a supervised ceiling.

The expert sees the registers as they came (the columns named, nothing else of ours): folds text, reads dates written
day/month/year, blocks, trains and scores with Splink's own comparisons and defaults. The ceiling is gradient boosting
trained on the truth over our own pairs and levels, by themselves and with what other entries claim. One best person a mention for both; recall counts every true match.
"""

from __future__ import annotations

import logging
from pathlib import Path

import duckdb
import numpy as np
from quality import true_pairs

from linkage.runs.sql import connect

FOLDED = ("full_name", "mother_name", "father_name", "sex", "hometown")
DATES = "['%d/%m/%Y', '%d-%m-%Y', '%d.%m.%Y', '%Y-%m-%d']"


def recall_at(precision: float, weights: np.ndarray, true: np.ndarray, matches: int) -> float:
    """Largest recall over thresholds at which precision is reached."""
    hits = np.cumsum(true[np.argsort(-weights, kind="stable")])
    good = hits / np.arange(1, len(hits) + 1) >= precision
    return float(hits[good].max() / matches) if good.any() else 0.0


def true_ids(connection: duckdb.DuckDBPyConnection, run: Path, registers: Path) -> int:
    """Make `true_ids` (id_l, id_r); returns the births that have a person."""
    connection.execute(
        f"""CREATE OR REPLACE TABLE true_ids AS SELECT m.id AS id_l, p.id AS id_r
        FROM ({true_pairs(registers, "birth", "child")}) t
        JOIN read_parquet('{run / "mentions.parquet"}') m ON m.record_id = t.record_id_l
        JOIN read_parquet('{run / "persons.parquet"}') p ON p.record_id = t.record_id_r"""
    )
    return connection.execute("SELECT count(DISTINCT id_l) FROM true_ids").fetchall()[0][0]


def plain_splink(run: Path, registers: Path) -> float:
    """Recall at precision .999 of an expert's afternoon."""
    import splink.comparison_library as cl
    from splink import DuckDBAPI, Linker, SettingsCreator, block_on

    with connect() as connection:
        matches = true_ids(connection, run, registers)
        folds = ", ".join(
            f"nullif(regexp_replace(replace(strip_accents(lower(trim({name}))), 'đ', 'd'), '\\s+', ' ', 'g'), '') AS {name}"
            for name in FOLDED
        )
        for table, source in (("births", "raw_mentions"), ("people", "raw_persons")):
            connection.execute(
                f"CREATE TABLE {table} AS SELECT id, {folds}, try_strptime(birth_date, {DATES})::DATE::VARCHAR AS birth_date,"
                f" regexp_extract(birth_date, '[12][0-9]{{3}}') AS year FROM read_parquet('{run / f'{source}.parquet'}')"
            )
        api = DuckDBAPI(connection)
        settings = SettingsCreator(
            link_type="link_only",
            comparisons=[
                cl.NameComparison("full_name").configure(term_frequency_adjustments=True),
                cl.DateOfBirthComparison("birth_date", input_is_string=True),
                cl.NameComparison("mother_name").configure(term_frequency_adjustments=True),
                cl.NameComparison("father_name").configure(term_frequency_adjustments=True),
                cl.ExactMatch("sex"),
                cl.ExactMatch("hometown"),
            ],
            blocking_rules_to_generate_predictions=[
                block_on("birth_date", "full_name"), block_on("full_name", "year"), block_on("birth_date", "mother_name"),
                block_on("birth_date", "father_name"), block_on("full_name", "mother_name"), block_on("mother_name", "father_name"),
            ],
            unique_id_column_name="id", retain_matching_columns=False,
        )  # fmt: skip
        linker = Linker([api.register("births"), api.register("people")], settings, log_level=logging.ERROR)
        linker.training.estimate_probability_two_random_records_match([block_on("full_name", "birth_date")], recall=0.7)
        linker.training.estimate_u_using_random_sampling(max_pairs=5e6, seed=1)
        for rule in (block_on("birth_date"), block_on("full_name", "year"), block_on("mother_name", "father_name")):
            linker.training.estimate_parameters_using_expectation_maximisation(rule, estimate_without_term_frequencies=True)
        connection.register("found", linker.inference.predict(threshold_match_weight=-5).as_pyarrow_table())
        rows = connection.execute(
            "SELECT match_weight, t.id_l IS NOT NULL AS yes FROM (SELECT * FROM found QUALIFY row_number()"
            " OVER (PARTITION BY id_l ORDER BY match_weight DESC, id_r) = 1) f LEFT JOIN true_ids t USING (id_l, id_r)"
        ).fetchnumpy()
    return recall_at(0.999, rows["match_weight"], np.asarray(rows["yes"], dtype=float), matches)


def supervised_ceiling(run: Path, registers: Path) -> tuple[float, float]:
    """Recall at precision .999 of gradient boosting trained on the truth, on the same pairs, levels and name frequencies.

    Each pair by itself; and knowing whether another entry surely is the person's, as our link weight does.
    """
    from sklearn.ensemble import HistGradientBoostingClassifier
    from sklearn.model_selection import GroupKFold, cross_val_predict

    with connect() as connection:
        matches = true_ids(connection, run, registers)
        columns = connection.execute(
            f"SELECT p.* EXCLUDE (blocking_rules), s.match_weight, s.claimed, t.id_l IS NOT NULL AS yes FROM read_parquet('{run / 'pairs.parquet'}') p"
            f" LEFT JOIN read_parquet('{run / 'scored_pairs.parquet'}') s USING (id_l, id_r) LEFT JOIN true_ids t USING (id_l, id_r)"
            " ORDER BY id_l, id_r"
        ).fetchnumpy()
    gammas = [name for name in columns if name.startswith("gamma_")]
    weight = np.ma.filled(columns["match_weight"].astype(float), -30.0)
    alone = np.column_stack([*(columns[name].astype(float) for name in gammas), weight])
    claims = np.column_stack([alone, np.ma.filled(columns["claimed"].astype(float), -1.0)])
    y, groups = np.asarray(columns["yes"], dtype=int), columns["id_l"]
    recalls = []
    for x in (alone, claims):
        model = HistGradientBoostingClassifier(max_iter=200, random_state=0)
        probability = cross_val_predict(model, x, y, groups=groups, cv=GroupKFold(5), method="predict_proba")[:, 1]
        order = np.lexsort((-probability, groups))
        best = order[np.r_[True, groups[order][1:] != groups[order][:-1]]]
        recalls.append(recall_at(0.999, probability[best], y[best].astype(float), matches))
    return recalls[0], recalls[1]

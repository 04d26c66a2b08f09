"""A run directory with known content, made by a few queries: what the report's tests and its benchmark read."""

from __future__ import annotations

import json
from pathlib import Path

from linkage.config import ProjectSpec, parse_project
from linkage.runs.fingerprints import hash_file
from linkage.runs.sql import connect, literal

SECRET_NAME = "Bùi Thị Bímật"
SECRET_NUMBER = "001199012345"
UPPER, LOWER = 12.0, 3.0
PROJECT = """
project: planted
title: Đối chiếu thử nghiệm
seed: 7
left:
  register: birth
  role: child
  source: {path: births.csv}
right:
  register: population
  source: {path: population.csv}
blocking:
  predict: [[full_name_fold, birth_date_year], [birth_date, mother_name_fold]]
  train: [[birth_date], [full_name_fold]]
comparisons:
  - {field: full_name, use: vietnamese_name, term_frequency: true}
  - {field: birth_date, use: partial_date}
  - {field: mother_name, use: vietnamese_name}
relatives: {share: [mother_name_fold], told_apart_by: [full_name, birth_date]}
targets: {false_link_rate: 0.001, missed_link_rate: 0.02, review_capacity: 400}
assignment: one_to_one
report: {language: vi, agency: Sở Tư pháp tỉnh thử nghiệm, synthetic: true}
"""


def spec_of(text: str = PROJECT) -> ProjectSpec:
    return parse_project(text, Path("planted.yaml")).spec


def plant_run(
    folder: Path,
    mentions: int = 3_000,
    *,
    labels: bool = False,
    links: bool = True,
    one_register: bool = False,
    failed: bool = False,
    seed: int = 1,
    pairs_per_mention: int = 1,
    project: str = PROJECT,
) -> Path:
    """Write the run; `links=False` decides no link, `failed` plants an unconverged pass and weights out of order."""
    if one_register:
        right = project.index("right:")
        project = project[:right] + project[project.index("blocking:") :]
        project = project.replace(
            "told_apart_by: [full_name, birth_date]", "told_apart_by: [full_name, birth_date], learn_from: left"
        )
    folder.mkdir(parents=True, exist_ok=True)
    connection = connect()
    records = f"""
        SELECT i::INTEGER AS id, printf('{{}}%07d', i) AS record_id, '{SECRET_NAME}' AS full_name,
            'ten ' || (hash(i, {seed}) % greatest({mentions} // 2, 1)) AS full_name_fold,
            CASE hash(i, 2) % 40 WHEN 0 THEN NULL ELSE CASE WHEN hash(i, 2) % 2 = 0 THEN 'female' ELSE 'male' END END AS sex,
            (1950 + hash(i, 3) % 70)::SMALLINT AS birth_date_year, make_date(1950 + (hash(i, 3) % 70)::INTEGER, 1 + (hash(i, 4) % 12)::INTEGER, 5) AS birth_date,
            CASE WHEN hash(i, 5) % 20 > 0 THEN 'x' END AS birth_date_text, CASE WHEN hash(i, 6) % 9 > 0 THEN '{SECRET_NAME}' END AS mother_name,
            'me ' || (i // 3) AS mother_name_fold, 'cha ' || (i // 3) AS father_name_fold,
            CASE WHEN hash(i, 7) % 8 > 0 THEN 'Kinh' WHEN hash(i, 7) % 16 = 0 THEN 'Tày' ELSE 'H''Mông' END AS ethnicity,
            CASE WHEN i % 4 = 0 THEN '{SECRET_NUMBER}' || i END AS personal_number,
            (1970 + hash(i, 3) % 55)::SMALLINT AS registration_date_year, make_date(1970 + (hash(i, 3) % 55)::INTEGER, 6, 1) AS registration_date,
            CASE WHEN i % 3 = 0 THEN 'phuong mot' ELSE 'xa hai' END AS registering_office_fold,
            CASE WHEN i <= {mentions} // 400 THEN 96 WHEN i % 5 = 0 THEN 1 ELSE 40 END::SMALLINT AS registering_office_province,
            (1920 + hash(i, 3) % 70)::SMALLINT AS mother_birth_year
        FROM range(1, {mentions + 1}) r(i)"""

    def write(name: str, query: str) -> None:
        connection.execute(f"COPY ({query}) TO {literal(str(folder / f'{name}.parquet'))} (FORMAT parquet)")
        connection.execute(
            f"CREATE OR REPLACE VIEW {name} AS SELECT * FROM read_parquet({literal(str(folder / f'{name}.parquet'))})"
        )

    write("mentions", records.format("B"))
    if not one_register:
        write("persons", records.format("P"))
    side = "B" if one_register else "P"
    write(
        "quarantine",
        f"SELECT 'left' AS side, 'births.csv' AS source, i AS row_number, NULL AS record_id, 'full_name' AS field, '{SECRET_NAME}' AS value,"
        " CASE WHEN i <= 4 THEN 'duplicate_record_id' ELSE 'required_missing' END AS reason FROM range(1, 60) r(i)",
    )
    write(
        "pairs",
        "SELECT id AS id_l, (id + k)::INTEGER AS id_r, 1::UINTEGER AS blocking_rules, (2 - hash(id, 11) % 3)::TINYINT AS gamma_full_name,"
        " (1 + (hash(id, 12) % 9 > 0)::INTEGER)::TINYINT AS gamma_birth_date, (CASE WHEN hash(id, 13) % 9 = 0 THEN -1 ELSE 1 END)::TINYINT AS gamma_mother_name"
        f" FROM mentions, range({pairs_per_mention}) more(k) ORDER BY id_l, id_r",
    )
    decided = "'link'" if links else "'clerical'"
    write(
        "links",
        f"""SELECT id AS id_l, id AS id_r, record_id AS record_id_l, printf('{side}%07d', id) AS record_id_r, w AS match_weight, w AS pair_weight, w AS link_weight,
            1 / (1 + pow(2, -w)) AS match_probability, CASE WHEN hash(id, 21) % 3 = 0 THEN w / 2 + 4 END AS runner_up_margin,
            CASE WHEN w >= {UPPER} THEN {decided} WHEN w >= {LOWER} THEN 'clerical' ELSE 'non_link' END AS decision,
            CASE WHEN w >= {UPPER} THEN 'above_upper' WHEN w >= {LOWER} THEN 'between_thresholds' ELSE 'below_lower' END AS reason
            FROM (SELECT *, -4 + 26 * sqrt((hash(id, 22) % 1000) / 1000.0) - (birth_date_year < 1970)::INTEGER * 3 AS w FROM mentions)
            WHERE hash(id, 23) % 20 > 0 ORDER BY record_id""",
    )
    write(
        "review_set",
        f"""SELECT substr(md5(record_id_l), 1, 16) AS pair_id, record_id_l, record_id_r, CASE WHEN link_weight >= {UPPER} THEN 'high' ELSE 'low' END AS stratum,
            'assigned' AS stratum_kind, CASE WHEN link_weight >= {UPPER} THEN {UPPER} ELSE '-inf'::DOUBLE END AS stratum_low,
            CASE WHEN link_weight >= {UPPER} THEN 'inf'::DOUBLE ELSE {UPPER} END AS stratum_high, {mentions} // 2 AS stratum_size,
            0.1 AS inclusion_probability FROM links ORDER BY md5(record_id_l) LIMIT 400""",
    )
    if labels:
        write(
            "labels",
            """SELECT pair_id, record_id_l, record_id_r, CASE WHEN hash(pair_id) % 25 = 0 THEN 'unsure' WHEN stratum = 'high' OR hash(pair_id) % 5 = 0 THEN 'match' ELSE 'non_match' END AS verdict,
                CASE WHEN hash(pair_id) % 25 < 3 THEN 'adjudicated' ELSE 'agreement' END AS how, TIMESTAMP '2026-11-01' AS labelled_at,
                CASE WHEN stratum = 'high' THEN 2 WHEN hash(pair_id) % 25 < 3 THEN 1 ELSE 0 END AS match_answers,
                CASE WHEN stratum = 'high' THEN 0 WHEN hash(pair_id) % 25 < 3 THEN 1 ELSE 2 END AS non_match_answers, 0 AS unsure_answers FROM review_set""",
        )
    write(
        "outcomes",
        "SELECT 'mention' AS side, record_id_l AS record_id, 'A1' AS outcome, 'matched_fully' AS finding FROM links WHERE decision = 'link'",
    )
    write(
        "differences",
        f"SELECT record_id_l, record_id_r, 'full_name' AS field, CASE WHEN id_l % 2 = 0 THEN 'spelling' ELSE 'real' END AS class, '{SECRET_NAME}' AS value_l,"
        " 'x' AS value_r FROM links WHERE decision = 'link' AND id_l % 7 = 0",
    )
    counts = dict(connection.execute("SELECT decision, count(*) FROM links GROUP BY ALL").fetchall())
    assigned = sum(counts.values())
    connection.close()
    _documents(folder, mentions, counts, assigned, failed, labels, one_register)
    stages = {
        "read": {"left_rows_in": mentions + 59, "left_rows_used": mentions, "left_rows_quarantined": 59}
        | ({} if one_register else {"right_rows_in": mentions, "right_rows_used": mentions, "right_rows_quarantined": 0}),
        "block": {"candidate_pairs": mentions * 3},
        "assign": {"pairs": mentions, "assigned": assigned, "components": 900, "greedy_components": 0, "largest_component": 9},
        "decide": {"links": counts.get("link", 0), "clerical": counts.get("clerical", 0), "non_links": counts.get("non_link", 0)},
    }
    spec = spec_of(project)
    _write(
        folder,
        "run",
        {
            "run_id": f"planted-{seed:012d}", "project": "planted", "title": spec.title, "synthetic": spec.report.synthetic,
            "spec": spec.model_dump(mode="json", by_alias=True), "seconds": 1.5 * len(stages), "config": project, "config_hash": "c0ffee" * 8, "inputs": {"left": "ab" * 20, "right": "cd" * 20},
            "seed": 7, "versions": {"splink": "5.0.0"}, "finished_at": "2026-11-23T10:00:00+00:00",
            "stages": {name: {"counts": held, "seconds": 1.5} for name, held in stages.items()},
        },
    )  # fmt: skip
    return folder


def _documents(
    folder: Path, mentions: int, counts: dict[str, int], assigned: int, failed: bool, labels: bool, one_register: bool
) -> None:
    rules = [
        {
            "rule": name, "pairs": mentions * 2, "blocks": mentions, "largest_block": 40, "capped_blocks": 1, "capped_pairs": 777,
            "refined_by": ["sex"], "refined_pairs": 888, "likely": 500, "likely_lost": 3,
        }
        for name in ("full_name_fold + birth_date_year", "birth_date + mother_name_fold")
    ]  # fmt: skip
    _write(
        folder,
        "blocking",
        {
            "rules": rules,
            "crowded_above": 20,
            "candidate_pairs": mentions * 3,
            "chunks": 1,
            "possible_pairs": mentions**2,
            "left_rows": mentions,
        },
    )
    levels = []
    for field in ("full_name", "birth_date", "mother_name"):
        weights = (-5.2, 0.4, 9.7) if failed and field == "birth_date" else (9.7, 2.4, -5.2)
        for level, label, weight in zip(
            (2, 1, 0), ("same letters and tones", "sounds the same", "different"), weights, strict=True
        ):
            levels.append({"comparison": field, "level": level, "label": label, "m": 0.9 / (3 - level), "u": 0.00013, "weight": weight, "u_from": "frequencies",
                           "m_by_pass": {"birth_date": 0.31, "full_name_fold": 0.3}})  # fmt: skip
    passes = [
        {"rule": rule, "pairs": 9_000, "used_pairs": 9_000, "trained": ["mother_name"], "share_of_matches": 0.4123, "converged": not (failed and rule == "birth_date"),
         "iterations": 12, "splink_iterations": 12, "log_likelihood_by_start": [-1.0], "m": {}}
        for rule in ("birth_date", "full_name_fold")
    ]  # fmt: skip
    _write(
        folder,
        "training",
        {
            "prior": {"probability": 3.3e-5, "expected_matches": mentions * 0.9, "how": "x"},
            "u": {"sampled_pairs": 5_000_000},
            "passes": passes,
            "levels": levels,
            "dependence": [],
            "diagnostics": [],
        },
    )
    _write(
        folder,
        "relatives",
        {
            "pairs": 4321,
            "relatives_per_person": 1.1,
            "prior_weight": 1.0,
            "shared_gammas": [],
            "weights": {"gamma_full_name": {"2": 5.5}},
            "r": {},
            "together": [],
            "by_chance": [],
        },
    )
    thresholds = {
        "upper": UPPER, "lower": LOWER, "expected_false_link_rate": 0.00047, "expected_missed_link_rate": 0.0123, "clerical_pairs": counts.get("clerical", 0),
        "exceeds_capacity": True, "how": "model", "note": "",
        "choices": [
            {"name": name, "upper": UPPER, "lower": LOWER, "false_link_rate": 0.0005, "missed_link_rate": 0.02, "clerical_pairs": 400, "hours": 20.0}
            for name in ("keep_targets", "miss_more", "accept_more_false")
        ],
    }  # fmt: skip
    _write(folder, "thresholds", {**thresholds, "by_model": thresholds})
    if labels:
        rate = {"value": 0.9931, "low": 0.9812, "high": 0.9975}
        groups = [
            {"column": "sex", "group": "female", "labels": 190, "precision": rate, "recall_within_reach": rate},
            {"column": "sex", "group": "", "labels": 4, "precision": None, "recall_within_reach": None},
            {"column": "registration_date_year", "group": "1980s", "labels": 60, "precision": rate, "recall_within_reach": None},
            {"column": "registering_office_province", "group": "96", "labels": 3, "precision": None, "recall_within_reach": None},
        ]
        estimates = [
            {"measure": measure, "estimator": estimator, "threshold": at, "value": value, "low": low, "high": high, "level": 0.95, "denominator": 1000.0,
             "denominator_is": "links", "n": 380, "reading": reading}
            for measure, value, low, high in (("precision", 0.9962, 0.9911, 0.9987), ("false_link_rate", 0.0038, 0.0013, 0.0089), ("recall_within_reach", 0.951, 0.932, 0.966),
                                              ("missed_within_reach", 0.049, 0.034, 0.068), ("blocking_recall", 0.98, 0.97, 0.99))
            for estimator, at, reading in (("model", UPPER, "middle"), ("anchors", UPPER, "middle"), ("design", UPPER, "middle"), ("design", UPPER, "worst"),
                                           ("design", UPPER, "best"), ("design", UPPER + 1, "middle"), ("design", None, "middle"))
        ]  # fmt: skip
        judgements = [
            {"measure": measure, "target": target, "by_model": 0.00047, "by_labels": {"value": value, "low": low, "high": high, "level": 0.95}, "n": 380,
             "verdict": verdict, "needed": needed}
            for measure, target, value, low, high, verdict, needed in (("false_link_rate", 0.001, 0.0038, 0.0013, 0.0089, "contradicted", 2992),
                                                                       ("missed_within_reach", 0.02, 0.049, 0.034, 0.068, "contradicted", None),
                                                                       ("missed_below", 0.02, 0.012, 0.004, 0.031, "not_contradicted", 150))
        ]  # fmt: skip
        held = {"format": 1, "level": 0.95, "links": hash_file(folder / "links.parquet"), "thresholds": thresholds, "judgements": judgements, "estimates": estimates, "anchor_fit": None,
                "anchor_verdict": {"differ": True, "differ_too_much": True}, "calibration": None, "reliability_before": [], "reliability_after": [],
                "label_error": None, "challengers": [], "breakdowns": groups, "notes": []}  # fmt: skip
        _write(folder, "estimates", held)


def _write(folder: Path, name: str, value: object) -> None:
    (folder / f"{name}.json").write_text(json.dumps(value, ensure_ascii=False), encoding="utf-8")

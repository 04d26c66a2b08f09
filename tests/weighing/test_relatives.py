from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from linkage import open_project
from linkage.project import Run
from linkage.weighing.by_chance import Together
from linkage.weighing.relatives import RelativesModel, bits_together, relatives_weight, relatives_weight_sql

CONFIGS = Path(__file__).parents[2] / "configs"
MODEL = RelativesModel(
    pairs=1_000, relatives_per_person=1.5, prior=1e-5, prior_weight=-1.0, shared_gammas=("gamma_mother",),
    weights={"gamma_name": {0: -6.0, 1: 8.0}, "gamma_date": {0: -5.0, 1: 10.0}},
    r={"gamma_name": [0.9, 0.1], "gamma_date": [0.95, 0.05]}, together=[0.0, 0.1, -0.1, 0.2, 0.3, -0.4, -0.2, 0.5, 3.0],
    by_chance=[Together(("gamma_name", "gamma_date"), [[0.0, -1.5], [0.25, 3.0]])],
)  # fmt: skip


def test_link_weight_is_the_posterior_odds_against_both_others(connection) -> None:
    """By Bayes' rule from the three classes' likelihoods and priors, pattern by pattern."""
    rows = [
        (w, mother, name, date) for w in (-20.0, 3.0, 60.0, 900.0) for mother in (-1, 1) for name in (-1, 0, 1) for date in (0, 1)
    ]
    values = ", ".join(f"({w}::DOUBLE, {mother}, {name}, {date})" for w, mother, name, date in rows)
    query = f"SELECT {relatives_weight_sql(MODEL)} FROM (VALUES {values}) t(match_weight, gamma_mother, gamma_name, gamma_date)"
    by_sql = [row[0] for row in connection.execute(query).fetchall()]
    for (w, mother, name, date), found in zip(rows, by_sql, strict=True):
        against = (
            MODEL.prior_weight
            + (MODEL.weights["gamma_name"][name] if name >= 0 else 0.0)
            + MODEL.weights["gamma_date"][date]
            - MODEL.together[3 * (name + 1) + date + 1]
        )
        unrelated = w - MODEL.by_chance[0].bits[name][date] if name >= 0 else w
        expected = unrelated if mother == -1 else min(unrelated, against) - np.log2(1 + 2.0 ** -abs(unrelated - against))
        assert found == pytest.approx(expected, abs=1e-9)
    levels = {
        gamma: np.array([row[n] for row in rows], dtype=np.int8)
        for n, gamma in ((1, "gamma_mother"), (2, "gamma_name"), (3, "gamma_date"))
    }
    assert relatives_weight(MODEL, np.array([row[0] for row in rows]), levels) == pytest.approx(by_sql, abs=1e-9)


def test_what_relatives_have_together_is_recovered() -> None:
    """Twins, one relative in a hundred, are of one sex two times in three and have names a letter apart one time in nine."""
    random = np.random.default_rng(5)
    twins = random.random(2_000_000) < 0.01
    date = twins.astype(int)
    sex = (random.random(len(twins)) < np.where(twins, 2 / 3, 1 / 2)).astype(int)
    name = (random.random(len(twins)) < np.where(twins, 1 / 9, 1 / 50)).astype(int)
    joint = np.zeros((2, 2, 2))
    np.add.at(joint, (name, date, sex), 1)
    r = [np.bincount(one) / len(one) for one in (name, date, sex)]
    bits = np.reshape(bits_together(joint, r), (3, 3, 3))
    assert np.exp2(bits[2, 2, 2]) == pytest.approx((1 / 9 * 2 / 3) / (r[0][1] / 2), rel=0.1)
    assert np.exp2(bits[0, 2, 1]) == pytest.approx((1 / 3) / (1 / 2), rel=0.05), "the name is missing"
    assert np.abs(bits[:, 1, :]).max() < 0.1, "who are no twins have almost nothing together"
    gammas = ("gamma_name", "gamma_date", "gamma_sex")
    model = replace(MODEL, r={gamma: one.tolist() for gamma, one in zip(gammas, r, strict=True)}, together=bits.ravel().tolist())
    among_twins = model.shares(["gamma_date"])
    assert among_twins[1, 1] == pytest.approx(1 / 9 * 2 / 3, rel=0.1)
    assert among_twins[-1, 1] == pytest.approx(2 / 3, rel=0.05)
    assert among_twins[-1, -1] == pytest.approx(1)


def test_combinations_never_seen_say_nothing() -> None:
    r = [np.array((0.999, 0.001)), np.array((0.999, 0.001))]
    joint = np.outer(*r) * 1_000
    joint[1, 1] = 0
    assert np.abs(bits_together(joint, r)).max() < 0.01


def test_siblings_are_told_apart_from_matches(province: Path, tmp_path: Path) -> None:
    """On pairs of an entry with another child of its parents the match weight is often sure of a match, the link weight is not.

    A rule on both parents' names makes every child of the same parents a candidate.
    """
    text = (CONFIGS / "birth-to-population.yaml").read_text(encoding="utf-8")
    path = tmp_path / "siblings.yaml"
    text = text.replace("  predict:\n", "  predict:\n    - [mother_name_fold, father_name_fold]\n")
    path.write_text(text + "training: {max_pairs: 500000, starts: 1}\n", encoding="utf-8")
    run: Run = open_project(path, data=province).run(until="score", out=tmp_path / "run")
    finished_run = run.path
    held = run.document("relatives")
    assert held["pairs"] >= 200
    rows = run.connection.execute(
        f"""
        WITH truth AS (SELECT record_id, person_record_id, person FROM read_parquet('{province / "truth.parquet"}')
                       WHERE register = 'birth' AND role = 'child' AND person_record_id IS NOT NULL)
        SELECT s.match_weight, s.pair_weight, t.person_record_id = p.record_id FROM read_parquet('{finished_run / "scored_pairs.parquet"}') s
        JOIN read_parquet('{finished_run / "mentions.parquet"}') m ON m.id = s.id_l
        JOIN read_parquet('{finished_run / "persons.parquet"}') p ON p.id = s.id_r
        JOIN truth t ON t.record_id = m.record_id
        WHERE m.mother_name_fold = p.mother_name_fold AND m.father_name_fold = p.father_name_fold
        """
    ).fetchall()
    weights = np.array([row[:2] for row in rows])
    true = np.array([row[2] for row in rows])
    siblings, matches = weights[~true], weights[true]
    assert len(siblings) > 300
    assert (siblings[:, 1] > 0).mean() < 0.02 < (siblings[:, 0] > 0).mean()
    assert (matches[:, 1] > 0).mean() > 0.97


def test_too_few_relatives_are_refused(province: Path, tmp_path: Path) -> None:
    from linkage.errors import TrainingError

    text = (CONFIGS / "birth-to-population.yaml").read_text(encoding="utf-8")
    path = tmp_path / "few.yaml"
    path.write_text(text.replace("share: [father_name_fold, mother_name_fold]", "share: [personal_number]"), encoding="utf-8")
    with pytest.raises(TrainingError, match="too few to learn the relatives class"):
        open_project(path, data=province).run(until="train", out=tmp_path / "run")

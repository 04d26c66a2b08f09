import json
from dataclasses import replace

import numpy as np
import pytest

from linkage.decision import EstimateTables, draw_figures, estimate
from linkage.decision.captions import CAPTIONS
from linkage.decision.estimators import REACH
from linkage.errors import LinkageError
from linkage.runs.tables import ESTIMATES
from linkage.words.formats import percent_significant, significant
from tests.decision.conftest import TARGETS


@pytest.fixture(scope="module")
def found(run):
    run.connection.execute(
        f"""CREATE OR REPLACE TABLE all_verdicts AS
            SELECT pair_id, reviewer, CASE WHEN hash(pair_id || reviewer) % 50 = 0 THEN 'unsure' ELSE verdict END AS verdict
            FROM '{run.paths["labels"]}', (VALUES ('an'), ('binh')) AS r(reviewer)"""
    )
    run.connection.execute(
        f"""CREATE OR REPLACE TABLE levels AS
            SELECT record_id_l, record_id_r, (link_weight > 10)::INT + (link_weight > 0)::INT AS gamma_name,
                   (hash(record_id_l) % 3)::INT AS gamma_date FROM '{run.paths["links"]}'"""
    )
    tables = replace(run.tables, verdicts="all_verdicts", pairs="levels")
    measured = estimate(run.connection, tables, run.thresholds, TARGETS, groups=["group"], anchor_features=["group"])
    ESTIMATES.write(run.folder, measured.as_json())
    return measured


def test_three_estimators_stand_side_by_side(run, found):
    for kind in ("precision", "recall", "false_link_rate", "missed"):
        for estimator, reach in REACH.items():
            measure = f"{kind}_{reach}" if kind in ("recall", "missed") else kind
            one = found.select(measure, estimator, threshold=run.thresholds.upper)
            assert one is not None and one.low <= one.value <= one.high and one.denominator > 0 and one.n > 0
            assert len(found.curve(measure, estimator)) >= 21
    for reading in ("worst", "best", "shared"):
        assert found.select("precision", "design", reading, run.thresholds.upper) is not None
        assert found.select("precision", "design", reading, None) is not None


def test_the_truth_lies_in_the_design_based_interval(run, found):
    linked = np.nan_to_num(run.population.weight, nan=-np.inf) >= run.thresholds.upper
    one = found.select("precision", "design", threshold=run.thresholds.upper)
    assert one.low <= run.population.true[linked].mean() <= one.high


def test_recall_factors_are_printed(run, found):
    blocking, scoring = (found.select(m, "design", "middle", run.thresholds.upper) for m in ("blocking_recall", "scoring_recall"))
    recall = found.select("recall_within_reach", "design", "middle", run.thresholds.upper)
    assert blocking.value * scoring.value == pytest.approx(recall.value, rel=1e-6)


def test_everything_else_is_there(found):
    assert found.calibration.improves and found.reliability_before and found.reliability_after
    assert {one.model for one in found.challengers} == {"fellegi_sunter", "logistic_regression", "gradient_boosting"}
    assert len(found.breakdowns) == 6 and [one.verdict for one in found.judgements] and not found.notes
    # nobody ever said the opposite of the other: no error is seen, and how many answers say so stands beside
    error = found.label_error
    assert error.on_links.value == 0 < error.on_links.high < 0.001 and not error.above
    assert error.answers > 1_000 and error.planted == 0 and len(error.rates) == 8
    assert type(found).from_json(json.loads(json.dumps(found.as_json()))).label_error == error


def test_estimates_json_is_plain_private_and_free_of_records(run, found):
    path = ESTIMATES.path(run.folder)
    content = json.loads(path.read_text(encoding="utf-8"))
    assert path.stat().st_mode & 0o777 == 0o600
    assert {"value", "low", "high", "level", "denominator", "n", "threshold", "estimator", "measure"} <= set(
        content["estimates"][0]
    )
    assert content["anchor_verdict"]["differ_too_much"] is False
    assert '"m1"' not in path.read_text(encoding="utf-8")


def test_same_inputs_same_bytes(run):
    for name in ("one", "two"):
        (run.folder / name).mkdir()
        found = estimate(run.connection, run.tables, run.thresholds, TARGETS, groups=["group"])
        ESTIMATES.write(run.folder / name, found.as_json())
    assert ESTIMATES.path(run.folder / "one").read_bytes() == ESTIMATES.path(run.folder / "two").read_bytes()


def test_before_labels_the_model_and_anchors_speak(run):
    tables = EstimateTables(links=run.paths["links"], mentions=run.paths["mentions"], persons=run.paths["persons"])
    early = estimate(run.connection, tables, run.thresholds, TARGETS)
    assert {one.verdict for one in early.judgements} == {"untested"} and early.calibration is None
    assert early.curve("recall_within_reach", "model") and early.curve("recall_of_all", "anchors")
    assert not early.curve("recall_within_reach", "design")
    assert any("No pairs but assigned ones" in note for note in early.notes)


def test_an_unknown_column_is_named(run):
    with pytest.raises(LinkageError, match="`nothing`"):
        estimate(run.connection, run.tables, run.thresholds, TARGETS, groups=["nothing"])


@pytest.mark.parametrize("language", ["vi", "en"])
def test_every_figure_is_drawn_with_a_caption(run, found, tmp_path, language):
    drawn = draw_figures(found, run.weights, TARGETS, tmp_path, strata=run.strata, language=language)
    assert {one.name for one in drawn} == {"weights", "curve", "errors", "reliability", "doubt", "allocation", "groups_group"}
    for one in drawn:
        assert one.path.read_bytes().startswith(b"\x89PNG") and one.path.stat().st_mode & 0o777 == 0o600
        assert len(one.caption) > 80 and "{" not in one.caption + one.title


def test_no_curve_has_a_point_where_nothing_is_linked(run, found):
    # a tied highest weight with three decimals: rounding the grid up would pass it
    run.connection.execute(
        f"CREATE OR REPLACE TABLE tied AS SELECT * REPLACE (least(link_weight, 14.366) AS link_weight) FROM '{run.paths['links']}'"
    )
    tables = EstimateTables(links="tied", mentions=run.paths["mentions"])
    tied = estimate(run.connection, tables, run.thresholds, TARGETS)
    curve = tied.curve("precision", "model")
    assert len(curve) >= 21 and all(np.isfinite(one.value) for one in curve)
    assert max(one.threshold for one in curve) <= max(14.366, run.thresholds.upper)


def test_texts_are_in_both_languages():
    assert all(set(both) == {"vi", "en"} and all(both.values()) for both in CAPTIONS.values())
    assert significant(-0.4531, "vi") == "−0,4531" and percent_significant(0.0083, "en") == "0.83%"
    assert significant(18121.0, "en") == "18121"

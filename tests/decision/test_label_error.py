import numpy as np
import pytest

from linkage.decision import Fallible, estimate_by_design
from linkage.decision.label_error import AnswerTally, corrected, final_error, jeffreys, learn_label_errors
from linkage.decision.label_evidence import load_errors, load_kinds, weigh_label_error
from linkage.decision.samples import load_sample
from linkage.statistics import Interval
from tests.decision.erring_reviewers import Reviewers, cover, review_with_errors
from tests.decision.planted_population import plant_population

DRAWS = 60
NEVER = Interval(0.0, 0.0, 0.0)


def reviewed(reviewers, draws=DRAWS, share=0.05):
    """Both moments of so many reviews of a births-like population."""
    for draw in range(draws):
        population = plant_population(draw % 6, 6_000)
        upper = population.threshold_for(0.998)
        lower = min(upper, np.nanquantile(population.weight, 0.04))
        yield from review_with_errors(population, upper, lower, reviewers, 3_000 + draw, share=share)


def covered(moments, measure, belief="corrected"):
    return np.mean([cover(getattr(one, belief), one.truth, measure) for one in moments])


def test_errors_of_reviewers_are_in_the_interval():
    moments = list(reviewed(Reviewers(wrong=0.05, unsure=0.15)))
    assert covered(moments, "precision") >= 0.88 > 0.3 > covered(moments, "precision", "plain")
    assert covered(moments, "recall_within_reach") >= 0.88


def test_perfect_labels_cost_next_to_nothing():
    moments = list(reviewed(Reviewers(), draws=20))
    for measure in ("precision", "recall_within_reach"):
        wide, plain = (
            np.mean([told[measure].high - told[measure].low for told in (getattr(one, belief) for one in moments)])
            for belief in ("corrected", "plain")
        )
        assert plain <= wide * 1.0001 and wide <= 1.05 * plain


def test_the_stated_bound_holds_errors_that_all_reviewers_share():
    moments = list(reviewed(Reviewers(wrong=0.02, unsure=0.05, fooling=0.05), draws=40))
    assert covered(moments, "precision", "shared") >= 0.90
    assert covered(moments, "recall_within_reach", "shared") >= 0.90
    assert covered(moments, "precision") < 0.90  # no interval that takes errors for independent can


def test_planted_pairs_refute_independent_errors():
    seen = [AnswerTally("easy", "match", 0, 2, 0) for _ in range(300)]
    right = [AnswerTally("twin", "non_match", 0, 2, 0, 1, 0) for _ in range(36)]
    fooled = [AnswerTally("twin", "non_match", 2, 2, 0, 1, 1) for _ in range(4)]
    alone, refuted = (learn_label_errors([*seen, *right, *more], 2) for more in ([], fooled))
    rates = {(one.kind, one.truth): one for one in refuted.rates}
    assert not any(one.shared for one in alone.rates)
    assert rates["twin", "non_match"].shared and rates["twin", "non_match"].rate.value == pytest.approx(0.1)
    assert rates["twin", "non_match"].independent.high < 0.1
    assert rates["twin", "match"].rate.value == 0.0 and not rates["twin", "match"].shared
    assert learn_label_errors([], 2) is None


def test_a_kind_with_few_answers_takes_the_rate_of_all():
    tallies = [AnswerTally("easy", "match", 1, 2, 0)] * 5 + [AnswerTally("easy", "match", 0, 2, 0)] * 45
    tallies += [AnswerTally("twin", "match", 1, 2, 0)]
    rates = {(one.kind, one.truth): one for one in learn_label_errors(tallies, 1).rates}
    assert rates["twin", "match"].rate.value == rates["sibling", "non_match"].rate.value == pytest.approx(6 / 102)
    assert rates["easy", "match"].rate.value == pytest.approx(0.05)


def test_final_error_by_hand():
    assert final_error(0.0, 0.2) == 0.0
    # both wrong, or one wrong and the adjudicator wrong
    assert final_error(0.1, 0.0) == pytest.approx(0.01 + 0.18 * 0.1)
    rng = np.random.default_rng(1)
    _, final = Reviewers(0.05 * 0.85, 0.15).answer(np.zeros(200_000, dtype=int), rng)
    assert (final == 1).sum() / (final != 2).sum() == pytest.approx(final_error(0.05, 0.15), abs=0.002)


def test_correction_by_hand():
    # 1,000 links, of which 2 % are wrongly called false and a tenth of the false ones overlooked: 20 seen false are none
    sure = [Interval(0.02, 0.02, 0.02)] * 4
    lost = [Interval(0.1, 0.1, 0.1)] * 4
    seen = Interval(46.4, 46.4, 46.4)
    found = corrected(seen, [46.4, 0, 0, 0], [1_000, 0, 0, 0], sure, lost)
    assert found.value == pytest.approx(30)
    assert corrected(seen, [46.4, 0, 0, 0], [1_000, 0, 0, 0], [NEVER] * 4, [NEVER] * 4) == seen
    none = corrected(Interval(0.0, 0.0, 8.0), [0] * 4, [1_000, 0, 0, 0], sure, lost)
    assert none.value == 0 == none.low and 0 <= none.high < 8
    assert jeffreys(10, 10).high == 1.0 and jeffreys(10, 10).low > 0.7


def test_evidence_is_read_from_tables(run):
    """Planted pairs and double labels; a pair that waits for its adjudicator is doubtful, one that has been settled is not."""
    labels, verdicts = run.paths["labels"], "told"
    run.connection.execute(
        f"""CREATE OR REPLACE TABLE told AS
            SELECT pair_id, reviewer, CASE WHEN reviewer = 'an' AND place <= 12
                THEN CASE verdict WHEN 'match' THEN 'non_match' ELSE 'match' END ELSE verdict END AS verdict
            FROM (SELECT *, row_number() OVER (ORDER BY hash(pair_id)) AS place FROM '{labels}' WHERE verdict <> 'unsure'),
                 (VALUES ('an'), ('binh')) AS r(reviewer)"""
    )
    run.connection.execute(
        """CREATE OR REPLACE TABLE planted AS SELECT 'x' || i AS record_id_l, 'y' || i AS record_id_r, 'twin' AS kind FROM range(20) t(i)"""
    )
    run.connection.execute(
        f"""CREATE OR REPLACE TABLE answered AS
            SELECT * EXCLUDE (how), CASE WHEN place <= 6 THEN 'adjudicated' ELSE how END AS how FROM (
                SELECT *, row_number() OVER (ORDER BY hash(pair_id)) AS place FROM '{labels}' WHERE verdict <> 'unsure')
            WHERE place NOT BETWEEN 7 AND 12
            UNION ALL BY NAME SELECT NULL AS pair_id, record_id_l, record_id_r, 'non_match' AS verdict, 'anchor' AS how,
                CASE WHEN record_id_l = 'x0' THEN 2 ELSE 0 END AS match_answers,
                CASE WHEN record_id_l = 'x0' THEN 0 ELSE 2 END AS non_match_answers, 0 AS unsure_answers,
                CASE WHEN record_id_l = 'x0' THEN 'match' ELSE 'non_match' END AS reviewers_verdict FROM planted"""
    )
    sample = load_sample(run.connection, run.paths["review_set"], "answered", run.paths["links"], verdicts=verdicts)
    assert sample.doubtful.sum() == 6 and np.isnan(sample.match[sample.doubtful]).all()
    kinds = load_kinds(run.connection, sample, run.paths["review_set"], run.paths["mentions"], run.paths["persons"])
    errors = load_errors(run.connection, sample, kinds, "answered", verdicts, "planted")
    assert errors.planted == 20 and errors.pairs > 1_100
    rates = {(one.kind, one.truth): one for one in errors.rates}
    assert rates["twin", "non_match"].answers == 40 and rates["twin", "non_match"].rate.value > 0
    assert 0 < rates["easy", "match"].rate.value < 0.01
    believed = Fallible(kinds.kind, errors)
    decided = np.sort(run.weights) >= run.thresholds.upper
    found = estimate_by_design(sample, np.sort(run.weights), None, decided=decided, fallible=believed)
    weighed = weigh_label_error(sample, believed, found, target=0.5)
    assert weighed.holds_up_to > 0.05 and weighed.planted == 20
    assert weigh_label_error(sample, believed, found, target=1e-6).holds_up_to is None

"""The search sample: who is drawn, what its answers mean, and that the interval of recall of all holds the planted truth."""

from dataclasses import replace
from types import SimpleNamespace

import numpy as np
import pytest
from scipy.stats import binom

from linkage.decision.estimate import load_delivered
from linkage.decision.label_error import AnswerTally, Fallible, learn_label_errors
from linkage.decision.samples import LabelledSample, load_sample
from linkage.decision.searching import (
    EVEN,
    SearchedSample,
    SearchTables,
    draw_searches,
    estimate_recall_of_all,
    load_searches,
    measure_recall_of_all,
    search_strata,
)
from linkage.errors import LinkageError
from linkage.pairs.look_alikes import KINDS
from linkage.runs.judged import fingerprint_sql, hold_labels
from linkage.runs.sql import write_parquet
from tests.decision.planted_population import plant_population
from tests.decision.reviewed_population import review_and_decide

REVIEWS = 25
UNSURE = float("nan")


@pytest.fixture(scope="module")
def drawn(run, tmp_path_factory):
    """The planted run's search set, its frame and true answers."""
    folder = tmp_path_factory.mktemp("searched")
    paths = {name: folder / f"{name}.parquet" for name in ("search_set", "search_frame", "searches")}
    strata = draw_searches(
        run.connection, run.paths["mentions"], run.paths["links"], run.paths["wider"], 200, 3, paths["search_set"],
        paths["search_frame"],
    )  # fmt: skip
    write_parquet(
        run.connection,
        f"""SELECT search_id, record_id_l, if(truth.record_id_r IS NULL, 'non_match', 'match') AS verdict, truth.record_id_r
            FROM '{paths["search_set"]}' LEFT JOIN '{run.paths["truth"]}' AS truth USING (record_id_l) ORDER BY search_id""",
        paths["searches"],
    )
    return SimpleNamespace(strata=strata, **paths, tables=SearchTables(*paths.values()))


def few(elsewhere, stratum=(0, 0, 0, 0, 1, 1), size=(100, 40)):
    """Six searches in two strata."""
    found = np.array(elsewhere, dtype=float)
    return SearchedSample(
        np.array(stratum), found, np.array([True, True, False, False, False, True]), np.array(size), np.array(["a"])
    )


def test_persons_elsewhere_are_expanded_stratum_by_stratum():
    found = few([1, 0, 0, 0, 1, 0]).persons_elsewhere()
    assert found.value == pytest.approx(25 + 20) and found.low >= 2 and found.high <= 140 - 4
    assert few([0, 0, 0, 0, 0, 0]).persons_elsewhere().value == 0


def test_unsure_answers_are_left_out_or_taken_at_their_worst_and_best():
    searched = few([1, 0, 0, UNSURE, 1, 0])
    middle, worst, best = (searched.persons_elsewhere(one).value for one in ("middle", "worst", "best"))
    assert (middle, worst, best) == pytest.approx((100 / 3 + 20, 50 + 20, 25 + 20))


def test_a_stratum_without_an_answer_stays_in_the_frame():
    searched = few([1, 0, 0, 0, UNSURE, UNSURE])
    assert searched.persons_elsewhere().value == pytest.approx(140 / 4)
    with pytest.raises(LinkageError, match="No search has an answer"):
        few([UNSURE] * 6).persons_elsewhere()


def test_the_share_elsewhere_is_that_of_searched_mentions_with_a_wrong_person():
    assert few([1, 0, 0, 0, 0, UNSURE]).share_elsewhere == 0.5
    assert few([UNSURE, UNSURE, 0, 0, 0, UNSURE]).share_elsewhere == EVEN


def test_recall_of_all_by_hand():
    """Everything labelled and searched for: recall is what it is, and only h is left open."""
    # a, b, c are links (c wrong, its person elsewhere), d a match below, e wrong and its person elsewhere, f and g without a pair
    weights = np.array([-5.0, -4.0, 8.0, 9.0, 10.0])
    sample = LabelledSample(
        pair=np.array(list("edcba")), record=np.array(list("edcba")), stratum=np.array([0, 0, 1, 1, 1]), weight=weights,
        match=np.array([0.0, 1.0, 0.0, 1.0, 1.0]), doubtful=np.zeros(5, bool), size=np.array([2, 3]), low=np.array([-np.inf, 0]),
        high=np.array([0, np.inf]), kind=np.array(["assigned", "assigned"]), group=np.array(["", ""]), decided_link=weights > 0,
        delivered=weights > 0, settled=np.ones(5, bool),
    )  # fmt: skip
    searched = SearchedSample(
        np.zeros(4, int),
        np.array([1.0, 0.0, 1.0, 0.0]),
        np.array([True, False, False, False]),
        np.array([4]),
        np.array(list("edfg")),
    )
    linked = weights > 0
    one, missed = estimate_recall_of_all(sample, searched, weights, weights < 0, linked, linked)
    assert (one.measure, missed.measure, one.estimator, one.threshold) == ("recall_of_all", "missed_of_all", "design", None)
    # true links a, b; missed d, e, f and, if its person is elsewhere, c
    assert (one.low, one.high) == pytest.approx((2 / 6, 2 / 5)) and one.value == pytest.approx(2 / 6)
    assert (missed.low, missed.high) == pytest.approx((1 - one.high, 1 - one.low)) and one.n == 9
    # a verdict takes the wrong link away: what was wrong at the draw still counts, and nothing twice
    now = linked & (sample.match > 0.5)
    after, _ = estimate_recall_of_all(replace(sample, delivered=now), searched, weights, weights < 0, now, linked)
    assert (after.low, after.high) == pytest.approx((2 / 6, 2 / 5))
    # ... and a threshold of 9.5 leaves one link
    less = weights > 9.5
    third, _ = estimate_recall_of_all(
        replace(sample, decided_link=less, delivered=less), searched, weights, weights < 0, less, less
    )
    assert (third.low, third.high) == pytest.approx((1 / 6, 1 / 5))


def test_strata_follow_what_is_beside():
    rng = np.random.default_rng(4)
    kinds = np.repeat(["alone", "rivalled", "unreached"], [2_000, 300, 400])
    weights = np.where(kinds == "unreached", 0.0, rng.normal(-8, 5, kinds.size))
    strata = search_strata(kinds, weights, 100)
    assert sum(one.sampled for one in strata) == 100 and sum(one.size for one in strata) == 2_700
    assert {one.kind for one in strata} == {"alone", "rivalled", "unreached"} and all(one.sampled >= 5 for one in strata)
    assert strata[-1].name == "unreached [-inf, inf)"
    assert search_strata(kinds, weights, 2) == [] and search_strata([], [], 100) == []


def test_drawn_are_mentions_without_a_link_at_a_known_probability(run, drawn):
    one = run.connection.execute(
        f"""SELECT count(*), count(*) FILTER (links.decision = 'link'), sum(1 / inclusion_probability)
            FROM '{drawn.search_set}' AS drawn LEFT JOIN '{run.paths["links"]}' AS links ON links.record_id_l = drawn.record_id_l"""
    ).fetchone()
    frame = run.connection.execute(f"SELECT count(*) FROM '{drawn.search_frame}'").fetchone()[0]
    assert one[:2] == (200, 0) and one[2] == pytest.approx(frame)
    assert frame == run.population.weight.size - (run.population.weight >= run.thresholds.upper).sum()
    assert drawn.search_set.read_bytes() and len(drawn.strata) >= 4


def test_the_same_seed_draws_the_same(run, drawn, tmp_path):
    again = [tmp_path / "set.parquet", tmp_path / "frame.parquet"]
    given = (run.connection, run.paths["mentions"], run.paths["links"], run.paths["wider"], 200)
    draw_searches(*given, 3, *again)
    assert again[0].read_bytes() == drawn.search_set.read_bytes()
    draw_searches(*given, 4, *again)
    assert again[0].read_bytes() != drawn.search_set.read_bytes()


def test_the_answers_of_a_run_hold_its_truth(run, drawn):
    _, linked, by_rule, _ = load_delivered(run.connection, run.paths["links"], run.paths["labels"])
    sample = load_sample(run.connection, run.paths["review_set"], run.paths["labels"], run.paths["links"], assigned_only=True)
    given = sample, run.paths["links"], run.paths["mentions"], linked, by_rule
    found = measure_recall_of_all(run.connection, drawn.tables, *given, ("middle", "worst", "best"))
    truth = run.population.recall(run.thresholds.upper)
    middle, worst, best = (one for one in found if one.measure == "recall_of_all")
    assert middle.low <= truth <= middle.high
    assert worst.value <= middle.value <= best.value
    # labels that are known to be wrong at times are believed less
    errors = learn_label_errors(
        [AnswerTally(KINDS[0], truth, wrong, 2, 0) for truth in ("match", "non_match") for wrong in [0] * 95 + [1] * 5], 2
    )
    fallible = Fallible(np.zeros(sample.pair.size, dtype=int), errors)
    one, _ = measure_recall_of_all(run.connection, drawn.tables, *given, fallible=fallible)
    assert one.value != middle.value and one.low <= truth <= one.high


def test_who_is_found_is_held_against_who_was_assigned(run, drawn):
    searched = load_searches(run.connection, drawn.tables, run.paths["links"], run.paths["mentions"])
    rows = run.connection.execute(
        f"""SELECT verdict = 'match' AND found.record_id_r IS DISTINCT FROM links.record_id_r
            FROM '{drawn.searches}' AS found LEFT JOIN '{run.paths["links"]}' AS links USING (record_id_l) ORDER BY search_id"""
    ).fetchnumpy()
    assert searched.elsewhere.sum() == next(iter(rows.values())).sum() > 0
    # everybody found is registered twice with the one assigned: then nobody assigned is wrong
    run.connection.execute(
        f"""CREATE OR REPLACE TABLE twice AS SELECT links.record_id_r AS record_id, found.record_id_r AS other_record_id
            FROM '{drawn.searches}' AS found JOIN '{run.paths["links"]}' AS links USING (record_id_l)
            WHERE verdict = 'match' AND found.record_id_r <> links.record_id_r"""
    )
    same = load_searches(run.connection, replace(drawn.tables, twice="twice"), run.paths["links"], run.paths["mentions"])
    assert same.elsewhere.sum() < searched.elsewhere.sum() and not same.elsewhere[same.rivalled].any()


def test_mentions_that_came_after_the_draw_are_not_spoken_for(run, drawn):
    run.connection.execute(f"CREATE OR REPLACE TABLE more AS SELECT record_id FROM '{run.paths['mentions']}' UNION SELECT 'new'")
    with pytest.raises(LinkageError, match="after the search sample"):
        load_searches(run.connection, drawn.tables, run.paths["links"], "more")


def test_an_answer_on_records_that_have_changed_does_not_count(run, tmp_path):
    paths = {name: tmp_path / f"{name}.parquet" for name in ("l", "r", "searches")}
    write_parquet(run.connection, "SELECT 'm' || i AS record_id, 'an' || i AS name FROM range(4) t(i)", paths["l"])
    write_parquet(run.connection, "SELECT 'p' || i AS record_id, 'an' || i AS name FROM range(4) t(i)", paths["r"])
    print_of = fingerprint_sql(["name"], ["name"])
    write_parquet(
        run.connection,
        f"""SELECT 's' || i AS search_id, 'm' || i AS record_id_l, if(i < 2, 'p' || i, NULL) AS record_id_r, {print_of} AS fingerprint_l,
                   if(i < 2, {print_of}, NULL) AS fingerprint_r, 'name' AS judged_fields
            FROM (SELECT i, if(i IN (1, 3), 'changed', 'an' || i) AS name FROM range(4) t(i))""",
        paths["searches"],
    )
    name, outdated = hold_labels(run.connection, paths["searches"], paths["l"], paths["r"], "standing_searches")
    assert outdated == 2
    assert run.connection.execute(f"SELECT search_id FROM {name} ORDER BY 1").fetchall() == [("s0",), ("s2",)]


@pytest.mark.parametrize(
    ("mentions", "kind"),
    [(4_000, {"sureness": 1.2}), (3_000, {"sureness": 1.4, "without_person": 0.7})],
    ids=["births", "deaths"],
)
def test_the_interval_holds_the_truth_before_and_after_decisions(mentions, kind):
    targets = SimpleNamespace(false_link_rate=0.001, missed_link_rate=0.02, review_capacity=400, least_probability=0.5)
    reviews = [
        review_and_decide(plant_population(seed, mentions, **kind), 400, targets, 900 + seed, searches=150)
        for seed in range(REVIEWS)
    ]
    for moment in range(3):
        held = sum(one.moments[moment].covers("recall_of_all") for one in reviews)
        # fewer would come by chance once in a thousand times, were the coverage 95 %
        assert held >= binom.ppf(0.001, REVIEWS, 0.95), moment
        # and recall within reach is no stand-in for it
        assert np.mean([one.moments[moment].recall_of_all - one.moments[moment].recall_within_reach for one in reviews]) <= 0

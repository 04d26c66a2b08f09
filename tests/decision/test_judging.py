"""The targets held against the delivered links: which rate speaks for which target, and the word it gets."""

from types import SimpleNamespace

import pytest

from linkage.decision.estimators import Estimate
from linkage.decision.judging import judge, judgement_rows

TARGETS = SimpleNamespace(false_link_rate=0.001, missed_link_rate=0.02)


def said(measure, value, low, high, estimator="design", reading="middle"):
    return Estimate(measure, estimator, None, value, low, high, 0.95, 10_000, "persons", 300, reading)


def verdicts(*estimates):
    return {one.measure: one for one in judge(estimates, TARGETS, -2.0, 500, 1_000)}


@pytest.mark.parametrize(
    ("low", "high", "word"), [(0.004, 0.019, "shown"), (0.004, 0.03, "not_contradicted"), (0.021, 0.06, "contradicted")]
)
def test_the_target_for_missed_links_is_judged_on_recall_of_all(low, high, word):
    found = verdicts(said("missed_of_all", 0.01, low, high), said("missed_within_reach", 0.001, 0.0005, 0.002))
    assert found["missed_of_all"].verdict == word
    # within reach is a lower reading: however small, it shows nothing
    assert found["missed_within_reach"].verdict == "not_contradicted" and found["missed_within_reach"].needed is None


def test_what_is_missed_within_reach_may_contradict():
    found = verdicts(said("missed_within_reach", 0.03, 0.025, 0.04))
    assert found["missed_within_reach"].verdict == "contradicted"


def test_without_a_search_the_target_stays_untested_and_says_what_it_takes():
    found = verdicts(said("missed_within_reach", 0.01, 0.009, 0.011, "model"), said("missed_of_all", 0.01, 0.0, 0.02, "anchors"))
    one = found["missed_of_all"]
    assert (one.verdict, one.by_model, one.by_labels, one.n) == ("untested", None, None, 0)
    # 200 of 10,000 may be missed: three in n of the 1,000 mentions without a link
    assert 13 <= one.needed <= 16
    for language, words in (("en", f"{one.needed} searches that find nobody"), ("vi", f"{one.needed} lượt tìm không thấy ai")):
        row = next(row for row in judgement_rows([one], language)[1:])
        assert row[1] == row[2] == "–" and row[-1] == words


def test_other_readings_and_thresholds_are_not_judged():
    assert judge([said("missed_of_all", 0.5, 0.4, 0.6, reading="worst")], TARGETS, -2.0, 500, 1_000) == ()

import numpy as np
import pytest

from linkage.decision import estimate_reviewer_errors
from linkage.decision.doubt import load_verdicts, with_probabilities
from linkage.decision.samples import load_sample
from linkage.errors import LinkageError

ERRORS = {"an": (0.02, 0.03), "binh": (0.10, 0.01), "chi": (0.01, 0.15)}  # (match called non_match, non_match called match)


def reviewed(reviewers, pairs=3_000, seed=1):
    rng = np.random.default_rng(seed)
    stratum = rng.integers(0, 3, pairs)
    truth = rng.random(pairs) < np.array([0.95, 0.5, 0.08])[stratum]
    verdicts = []
    for reviewer in reviewers:
        miss, false = ERRORS[reviewer]
        wrong = rng.random(pairs) < np.where(truth, miss, false)
        said = np.where(truth ^ wrong, "match", "non_match")
        said = np.where(rng.random(pairs) < 0.02, "unsure", said)
        verdicts += [(f"{i:05d}", reviewer, str(one)) for i, one in enumerate(said)]
    return verdicts, {f"{i:05d}": int(one) for i, one in enumerate(stratum)}, truth


@pytest.mark.parametrize("reviewers", [("an", "binh", "chi"), ("an", "binh")])
def test_recovers_planted_reviewer_errors(reviewers):
    verdicts, strata, truth = reviewed(reviewers)
    found = estimate_reviewer_errors(verdicts, strata)
    for one in found.reviewers:
        miss, false = ERRORS[one.reviewer]
        assert one.on_match[0] == pytest.approx(miss * 0.98, abs=0.03)
        assert one.on_non_match[1] == pytest.approx(false * 0.98, abs=0.03)
        assert sum(one.on_match) == pytest.approx(1) and one.pairs == 3_000
    assert found.match.mean() == pytest.approx(truth.mean(), abs=0.02)
    assert ((found.match > 0.5) == truth).mean() > 0.96


def test_single_labels_are_refused():
    with pytest.raises(LinkageError, match="two reviewers"):
        estimate_reviewer_errors([("1", "an", "match"), ("2", "binh", "non_match")])


def test_probabilities_replace_verdicts(run):
    run.connection.execute(
        f"""CREATE OR REPLACE TABLE doubled AS
            SELECT pair_id, reviewer, verdict FROM '{run.paths["labels"]}', (VALUES ('an'), ('binh')) AS r(reviewer)"""
    )
    found = estimate_reviewer_errors(load_verdicts(run.connection, "doubled"))
    sample = load_sample(run.connection, run.paths["review_set"], run.paths["labels"], run.paths["links"])
    second = with_probabilities(sample, found)
    decided = ~np.isnan(sample.match)
    assert np.abs(second.match - sample.match)[decided].max() < 0.05
    assert not np.isnan(second.match).any()

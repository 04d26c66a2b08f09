import numpy as np
import pytest
from scipy.stats import norm, poisson

from linkage.errors import LinkageError
from linkage.statistics import Interval, total_of_hits, wilson


def test_expansion_by_hand():
    # 100 pairs with 2 hits in 10, 50 pairs with 1 hit in 5: 20 + 10
    assert total_of_hits([2, 1], [10, 5], [100, 50]).value == pytest.approx(30)


def test_certainty_strata_add_no_width():
    assert total_of_hits([3, 0], [40, 12], [40, 12]) == Interval(3, 3, 3)


def test_nothing_seen_gives_the_mid_p_bound():
    # one stratum, no hit: P(none | λ) / 2 = 0.025 gives λ = ln 20 hits unseen, at N / n pairs each
    found = total_of_hits([0], [1_000], [1_000_000])
    assert found.low == 0
    assert found.high == pytest.approx(np.log(20) * 1_000 * np.sqrt(1 - 0.001), rel=1e-6)


def test_limits_stay_within_what_was_seen():
    found = total_of_hits([9], [9], [10])
    assert 9 <= found.low <= found.value <= found.high <= 10


def test_large_samples_agree_with_the_normal_interval():
    x, n, size = np.array([400, 300]), np.array([1_000, 2_000]), np.array([10_000, 30_000])
    error = np.sqrt((size**2 * (1 - n / size) * x / n * (1 - x / n) / (n - 1)).sum())
    found = total_of_hits(x, n, size)
    assert found.low == pytest.approx(found.value - norm.ppf(0.975) * error, rel=0.01)
    assert found.high == pytest.approx(found.value + norm.ppf(0.975) * error, rel=0.01)


def test_agrees_with_a_bootstrap():
    rng = np.random.default_rng(1)
    x, n, size = np.array([12, 5, 30]), np.array([100, 80, 60]), np.array([4_000, 1_000, 200])
    # with-replacement draws have the spread of the sample without its finite-population correction, so rescale (Rao and Wu)
    spread = np.sqrt((1 - n / size) * n / (n - 1))
    drawn = x / n + (rng.binomial(n, x / n, (20_000, 3)) / n - x / n) * spread
    low, high = np.quantile(drawn @ size, [0.025, 0.975])
    found = total_of_hits(x, n, size)
    assert found.high - found.low == pytest.approx(high - low, rel=0.1)


def test_covers_rare_events_in_a_stratified_sample():
    rng = np.random.default_rng(2)
    size, rate, n = np.array([900, 4_000, 15_000]), np.array([0.08, 0.01, 0.0004]), np.array([120, 160, 320])
    covered = []
    for _ in range(600):
        truth = rng.binomial(size, rate)
        found = total_of_hits(rng.hypergeometric(truth, size - truth, n), n, size)
        covered.append(found.low <= truth.sum() <= found.high)
    assert 0.93 <= np.mean(covered) <= 0.985


def test_five_hits_of_five_do_not_make_a_stratum_sure():
    """Deaths' missed matches, 200 labels: nearly all in one small stratum, of which five are labelled, all five hits 22 times in 100."""
    rng = np.random.default_rng(4)
    size, truth, n = np.array([64, 317, 4_552]), np.array([48, 0, 0]), np.array([5, 8, 119])
    found = [total_of_hits(rng.hypergeometric(truth, size - truth, n), n, size) for _ in range(600)]
    assert np.mean([one.low <= 48 <= one.high for one in found]) >= 0.93


def test_predicting_another_population_is_less_sure_than_sampling_it():
    sampled, predicted = (total_of_hits([20], [500], [1_000], finite=finite) for finite in (True, False))
    assert predicted.high - predicted.low > 1.5 * (sampled.high - sampled.low)


def test_an_unlabelled_stratum_is_refused():
    with pytest.raises(LinkageError, match="no labelled pair"):
        total_of_hits([0, 0], [10, 0], [100, 5])


def test_wilson_agrees_with_scipy():
    from scipy.stats import binomtest

    expected = binomtest(37, 40).proportion_ci(method="wilson")
    assert (wilson(37, 40).low, wilson(37, 40).high) == pytest.approx((expected.low, expected.high))


@pytest.mark.parametrize("expected", [0.01, 0.1, 0.2, 0.5])
def test_where_next_to_nothing_is_seen_no_interval_covers_between_93_and_97_5_per_cent(expected):
    # an interval covers on a run of counts 0..k (leaving out 0 would lose all samples without a hit): its coverage is a P(X ≤ k)
    assert not any(0.93 <= poisson.cdf(k, expected) <= 0.975 for k in range(20))
    # the one in use takes the next above: 1,000 of a million units sampled, so hits stand for 1,000 each
    intervals = [total_of_hits([k], [1_000], [1_000_000]) for k in range(8)]
    covered = sum(poisson.pmf(k, expected) for k, one in enumerate(intervals) if one.low <= 1_000 * expected <= one.high)
    assert covered == pytest.approx(min(poisson.cdf(k, expected) for k in range(20) if poisson.cdf(k, expected) > 0.93), abs=1e-6)


def test_wilson_says_the_same_of_every_share_at_every_level():
    from scipy.stats import binomtest

    for hits in range(11):
        for level in (0.8, 0.95, 0.99):
            expected = binomtest(hits, 10).proportion_ci(level, method="wilson")
            assert (wilson(hits, 10, level).low, wilson(hits, 10, level).high) == pytest.approx((expected.low, expected.high))


def test_complement_and_quotient_of_an_interval():
    assert Interval(2, 1, 4).complement(10) == Interval(8, 6, 9)
    assert Interval(2, 1, 4).over(10) == Interval(0.2, 0.1, 0.4)

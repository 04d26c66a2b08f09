import itertools
from fractions import Fraction

import numpy as np
import pytest
from sklearn.metrics import cohen_kappa_score

from linkage.statistics import cohens_kappa, fleiss_kappa, krippendorffs_alpha, share

# Ten subjects, fourteen raters, five categories: the worked example of Fleiss' kappa on Wikipedia (kappa 0.210).
FLEISS = [
    [0, 0, 0, 0, 14], [0, 2, 6, 4, 2], [0, 0, 3, 5, 6], [0, 3, 9, 2, 0], [2, 2, 8, 1, 1],
    [7, 7, 0, 0, 0], [3, 2, 6, 3, 0], [2, 5, 3, 2, 2], [6, 5, 2, 1, 0], [0, 2, 2, 3, 7],
]  # fmt: skip
# Three coders, fifteen units with gaps: the worked example of Krippendorff's alpha on Wikipedia (nominal 0.691).
CODERS = ["*****34121133*3", "1*213343*******", "**21344*21133*4"]


def test_cohens_kappa_by_hand():
    # p_o = 35/50, p_e = (25·30 + 25·20)/50² = 1/2.
    assert cohens_kappa([[20, 5], [10, 15]]).value == pytest.approx(0.4)
    assert cohens_kappa([[20, 5], [10, 15]]).pairs == 50


def test_fleiss_kappa_by_hand():
    assert fleiss_kappa(FLEISS).value == pytest.approx(0.210, abs=0.0005)


def test_krippendorffs_alpha_by_hand():
    units = [[said[unit] for said in CODERS if said[unit] != "*"] for unit in range(15)]
    counts = [[unit.count(category) for category in "1234"] for unit in units]
    measured = krippendorffs_alpha(counts)
    assert measured.value == pytest.approx(0.691, abs=0.0005)
    assert measured.pairs == 12


def test_two_reviewers_fleiss_is_scotts_pi_and_alpha_is_near():
    # Scott's pi of the same table: p_o = .7, p_e = .55² + .45² = .505.
    counts = [[2, 0]] * 20 + [[1, 1]] * 15 + [[0, 2]] * 15
    assert fleiss_kappa(counts).value == pytest.approx((0.7 - 0.505) / (1 - 0.505))
    # Krippendorff: 1 − (1 − pi)·(2n − 1)/2n with n pairs.
    assert krippendorffs_alpha(counts).value == pytest.approx(1 - (1 - fleiss_kappa(counts).value) * 99 / 100)


def test_undefined_is_said_not_invented():
    assert fleiss_kappa([]).value is None
    assert cohens_kappa([[10, 0], [0, 0]]).value is None
    assert krippendorffs_alpha([[2, 0], [2, 0]]).value is None
    assert krippendorffs_alpha([[1, 0]]).value is None
    assert share(0, 0).value is None


def test_full_agreement_is_one():
    assert fleiss_kappa([[2, 0], [0, 2], [2, 0]]).value == 1
    assert krippendorffs_alpha([[2, 0], [0, 2], [2, 0]]).value == 1


def test_fleiss_refuses_unequal_numbers_of_reviewers():
    with pytest.raises(ValueError, match="same number"):
        fleiss_kappa([[2, 0], [1, 0]])


def test_wilson_interval_by_hand():
    # 8 of 10 at 95 %: Wilson 0.490 … 0.943.
    measured = share(8, 10)
    assert (measured.low, measured.high) == (pytest.approx(0.490, abs=0.001), pytest.approx(0.943, abs=0.001))


@pytest.mark.parametrize("measure", ["cohen", "fleiss", "krippendorff"])
def test_intervals_hold_the_true_coefficient(measure):
    # Two reviewers see a fair truth and err independently with chance .1: agreement .82, chance agreement .5, kappa .64.
    rng = np.random.default_rng(5)
    held = 0
    for _ in range(120):
        truth = rng.integers(0, 2, 150)
        said = [np.where(rng.random(150) < 0.1, 1 - truth, truth) for _ in range(2)]
        if measure == "cohen":
            found = cohens_kappa([[int(((said[0] == a) & (said[1] == b)).sum()) for b in (0, 1)] for a in (0, 1)])
        else:
            counts = [[int(2 - a - b), int(a + b)] for a, b in zip(*said, strict=True)]
            found = (fleiss_kappa if measure == "fleiss" else krippendorffs_alpha)(counts)
        held += found.low <= 0.64 <= found.high
    assert held >= 0.90 * 120


def noisy_answers(rng, pairs, right):
    """Answers in three categories by reviewers who see the truth with these chances; one row a reviewer."""
    truth = rng.integers(0, 3, pairs)
    return [np.where(rng.random(pairs) < chance, truth, rng.integers(0, 3, pairs)) for chance in right]


def alpha_by_definition(units):
    """Krippendorff's alpha from every ordered couple of answers, in fractions; units with one answer are left out."""
    units = [unit for unit in units if len(unit) >= 2]
    values = list(itertools.chain(*units))

    def differing(couples):
        return sum(a != b for a, b in couples)

    observed = sum(Fraction(differing(itertools.permutations(unit, 2)), len(unit) - 1) for unit in units) / len(values)
    expected = Fraction(differing(itertools.permutations(values, 2)), len(values) * (len(values) - 1))
    return float(1 - observed / expected)


@pytest.mark.parametrize("seed", range(5))
def test_coefficients_agree_with_another_computation(seed):
    rng = np.random.default_rng(seed)
    said = noisy_answers(rng, 40, (0.8, 0.7, 0.9))
    crossed = [[int(((said[0] == a) & (said[1] == b)).sum()) for b in range(3)] for a in range(3)]
    assert cohens_kappa(crossed).value == pytest.approx(cohen_kappa_score(said[0], said[1]))
    rows = [tuple(int(answer) for answer in row) for row in zip(*said, strict=True)]
    observed = Fraction(sum(a == b for row in rows for a, b in itertools.permutations(row, 2)), 6 * len(rows))
    expected = sum(Fraction(sum(row.count(c) for row in rows), 3 * len(rows)) ** 2 for c in range(3))
    assert fleiss_kappa([[row.count(c) for c in range(3)] for row in rows]).value == pytest.approx(
        float((observed - expected) / (1 - expected))
    )
    units = [[answer for answer in row if rng.random() < 0.8] for row in rows]
    assert krippendorffs_alpha([[unit.count(c) for c in range(3)] for unit in units]).value == pytest.approx(
        alpha_by_definition(units)
    )


def test_an_interval_agrees_with_a_bootstrap_done_by_hand():
    rng = np.random.default_rng(8)
    units = [[int(a), int(b)] for a, b in zip(*noisy_answers(rng, 60, (0.8, 0.8)), strict=True)]
    found = krippendorffs_alpha([[unit.count(c) for c in range(3)] for unit in units])
    resampled = [alpha_by_definition([units[i] for i in rng.integers(0, 60, 60)]) for _ in range(150)]
    assert (found.low, found.high) == pytest.approx(tuple(np.quantile(resampled, [0.025, 0.975])), abs=0.06)

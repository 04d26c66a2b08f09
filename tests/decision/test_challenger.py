import numpy as np
import pytest

from linkage.decision.challenger import compare_challengers
from linkage.errors import LinkageError


def planted(seed=1, pairs=1_500):
    """Levels whose joint pattern tells the answer while each alone does not, and a weight that sees only their sum."""
    rng = np.random.default_rng(seed)
    levels = rng.integers(-1, 3, (pairs, 4)).astype(float)
    score = 1.2 * levels[:, 0] + 1.0 * levels[:, 1] + 3.0 * (levels[:, 2] == levels[:, 3]) - 1.5
    match = (rng.random(pairs) < 1 / (1 + np.exp(-2 * score))).astype(float)
    return levels, levels[:, :2].sum(axis=1) + rng.normal(0, 0.5, pairs), match


def test_a_planted_interaction_is_found_by_boosting_only():
    levels, weight, match = planted()
    found = {one.model: one for one in compare_challengers(levels, weight, match, np.ones(match.size))}
    boosting, base = found["gradient_boosting"], found["fellegi_sunter"]
    assert boosting.average_precision > base.average_precision + 0.03 and boosting.wins == 5
    assert boosting.log_loss < found["logistic_regression"].log_loss
    assert base.wins == 0 and len(base.by_fold) == 5


def test_same_seed_same_scores_and_groups_stay_together():
    levels, weight, match = planted(2, 600)
    groups = np.repeat(np.arange(200), 3)
    one, two = (compare_challengers(levels, weight, match, np.ones(600), groups, seed=3) for _ in range(2))
    assert one == two


def test_too_few_of_one_answer_are_refused():
    levels, weight, _ = planted(3, 50)
    with pytest.raises(LinkageError, match="too few"):
        compare_challengers(levels, weight, np.r_[np.ones(48), 0, 0], np.ones(50))

"""Mentions whose person is there or not, by when they were born and registered: the share is learned, and what chance finds."""

from __future__ import annotations

import numpy as np
import pytest

from linkage.weighing.presence import MOSTLY_ABSENT, learn_presence


def planted(seed: int, namesakes: float = 0.0) -> tuple[np.ndarray, np.ndarray, list[np.ndarray]]:
    """(T, whether the person is there, [birth year, entry year]) of 8,000 mentions; those before 1990 are hardly ever there.

    A person who is there is found with T of about 2^20; nobody else is, but a namesake of an absent one with T = 2^5, oftener
    (`namesakes`) than the one time in 2^5 of those found so that T claims. One mention in ten gives no birth year.
    """
    random = np.random.default_rng(seed)
    born, entered = random.integers(1930, 2020, 8_000).astype(float), random.integers(1960, 2025, 8_000).astype(float)
    share = np.where(entered < 1990, 0.02, np.where(born < 1950, 0.5, 0.95))
    there = random.random(8_000) < share
    doubtful = there & (random.random(8_000) < 0.1)
    total = np.where(there, np.where(doubtful, 2.0**5, 2.0 ** random.normal(20, 3, 8_000)), 0.0)
    by_chance = ~there & (random.random(8_000) < 0.1 / 2**5 + namesakes)
    born[random.random(8_000) < 0.1] = np.nan
    return np.where(by_chance, 2.0**5, total), there, [born, entered]


def believed(total: np.ndarray, years: list[np.ndarray]) -> np.ndarray:
    found = learn_presence(total, years)
    odds = found.share / (1 - found.share) * total * 2**-found.chance
    return odds / (1 + odds)


def test_the_share_is_learned_by_cohort_and_period() -> None:
    total, there, years = planted(1)
    found = learn_presence(total, years)
    born, entered = years
    for some in (entered < 1985, (entered > 1995) & (born < 1945), (entered > 1995) & (born > 1955), np.isnan(born)):
        assert found.share[some].mean() == pytest.approx(there[some].mean(), abs=0.08)
    assert (found.chance < 1.0).all()


def test_without_dates_there_is_one_share_and_nothing_is_certain() -> None:
    total, there, _ = planted(2)
    found = learn_presence(total, [])
    assert np.ptp(found.share) == 0 and found.share[0] == pytest.approx(there.mean(), abs=0.01)
    for every in (np.zeros(100), np.full(100, 2.0**40)):
        assert 0.004 < learn_presence(every, []).share[0] < 0.996


@pytest.mark.parametrize("namesakes", [0.0, 0.03])
def test_what_is_said_of_pairs_that_chance_brings_is_so(namesakes: float) -> None:
    """Of the pairs with T = 2^5, early and late, the probability said is the share of persons, in whatever fashion names come."""
    total, there, years = planted(3, namesakes)
    said = believed(total, years)
    early = years[1] < 1985
    for some in (early, years[1] >= 1995) if namesakes else (years[1] > 0,):
        doubtful = some & (total == 2.0**5)
        assert doubtful.sum() > 100 and said[doubtful].mean() == pytest.approx(there[doubtful].mean(), abs=0.06)
    assert (learn_presence(total, years).share[early] < MOSTLY_ABSENT).all()
    if namesakes:
        # one share for all and the model's word take the namesakes of the early absent for them
        alone = learn_presence(total, [])
        odds = alone.share[0] / (1 - alone.share[0]) * 2**5
        assert odds / (1 + odds) > 0.9 > 0.1 > there[early & (total == 2.0**5)].mean()


def test_the_old_whose_entries_have_more_errors_are_no_namesakes() -> None:
    """Where π is low more of those who are there are found with less, held down by a relative as likely: they keep their T."""
    random = np.random.default_rng(4)
    entered = random.integers(1940, 2025, 60_000).astype(float)
    old = entered < 1960
    there = random.random(len(old)) < np.where(old, 0.4, 0.95)
    misspelt = there & (random.random(len(old)) < np.where(old, 0.05, 0.01))
    total = np.where(there, np.where(misspelt, 2.0**4, 2.0**25), 0.0)
    # of the absent, one in 2^4 of as many is found with a sibling
    held = misspelt | (~there & (random.random(len(old)) < 0.05 / 2**4))
    total = np.where(held & ~there, 2.0**4, total)
    taken = learn_presence(total, [entered]).chance[held & old]
    kept = learn_presence(total, [entered], held)
    assert taken.min() > 1.5
    assert (kept.chance[held] == 0).all()
    odds = kept.share / (1 - kept.share) * total * 2**-kept.chance
    doubtful = held & old
    assert (odds / (1 + odds))[doubtful].mean() == pytest.approx(there[doubtful].mean(), abs=0.04)

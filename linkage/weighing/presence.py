"""Whether a mention's person is there at all: a quantity of its own, learned by cohort and period, without labels.

People are missing from the other register by when they were born and when the entry was made: those who died before it began,
children who lived a few days. The log odds that a mention has a person are a sum over the dates it gives, each cut into bins of
about as many mentions (a missing date is a bin of its own), with a small ridge that pulls each bin to the mean:

    log(π / (1 − π)) = a + sum over dates of b[bin]

fitted by expectation-maximisation: a mention whose pairs have the odds T together, were a person as probable as none, has one
with probability π T / (1 − π + π T); the logistic regression on these is one Newton step a round (Dempster, Laird and Rubin
1977, generalised). Without dates π is one share for all, its maximum likelihood estimate.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from linkage.statistics.fellegi_sunter import Floats

BINS = 12
"""Bins of a date, at most, beside the missing."""
RIDGE = 2.0
"""What each bin's distance from the mean costs, squared: as much as about eight mentions of even odds would tell."""
MOST_ROUNDS = 500


def shares_with_a_person(totals: Floats, years: Sequence[Floats]) -> Floats:
    """π of each mention, from T (n,), 0 where it has no pair, and the years (n,) of each date it may give, NaN where missing."""
    mentions = len(totals)
    bins = [_bins(one) for one in years]
    # mentions alike to an eighth of a bit, in the same bins, are one row: there are a thousand times fewer
    level = np.where(totals > 0, np.round(8 * np.log2(np.maximum(totals, 1e-30))), -1e6)
    rows, row_of, counts = np.unique(np.column_stack([level, *bins]), axis=0, return_inverse=True, return_counts=True)
    total = np.where(rows[:, 0] > -1e6, np.exp2(rows[:, 0] / 8), 0.0)
    design = _design([column.astype(int) for column in rows[:, 1:].T], len(rows))
    penalty = np.full(design.shape[1], RIDGE)
    penalty[0] = 0.0
    beta, share = np.zeros(design.shape[1]), np.full(len(rows), 0.5)
    # Half a mention is taken to have none, and half to have one.
    low, high = 0.5 / mentions, 1 - 0.5 / mentions
    for _ in range(MOST_ROUNDS):
        present = share * total / (1 - share + share * total)
        weight = counts * np.maximum(share * (1 - share), 1e-9)
        step = np.linalg.solve(
            (design.T * weight) @ design + np.diag(penalty + 1e-9), design.T @ (counts * (present - share)) - penalty * beta
        )
        beta = beta + np.clip(step, -2, 2)
        before, share = share, np.clip(1 / (1 + np.exp(-np.clip(design @ beta, -40, 40))), low, high)
        if np.abs(share - before).max() < 1e-7:
            break
    return np.asarray(share[row_of.ravel()])


def _bins(years: Floats) -> Floats:
    """The bin of each year, of about as many mentions each; 0 where it is missing."""
    known = ~np.isnan(years)
    if not known.any():
        return np.zeros(len(years))
    edges = np.unique(np.quantile(years[known], np.linspace(0, 1, BINS + 1)[1:-1]))
    return np.where(known, 1 + np.searchsorted(edges, np.nan_to_num(years), side="right"), 0)


def _design(bins: Sequence[np.ndarray], rows: int) -> Floats:
    """One for the mean, and a column a bin of each date."""
    columns = [np.ones((rows, 1))]
    for one in bins:
        columns.append((one[:, None] == np.unique(one)[None, :]).astype(float))
    return np.concatenate(columns, axis=1)

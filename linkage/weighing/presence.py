"""Whether a mention's person is there at all: a quantity of its own, learned by cohort and period, without labels.

People are missing from the other register by when they were born and when the entry was made: those who died before it began,
children who lived a few days. The log odds that a mention has a person are a sum over the dates it gives, each cut into bins of
about as many mentions (a missing date is a bin of its own), with a small ridge that pulls each bin to the mean:

    log(π / (1 − π)) = a + sum over dates of b[bin]

fitted by expectation-maximisation: a mention whose pairs have the odds T together, were a person as probable as none, has one
with probability π T / (1 − π + π T); the logistic regression on these is one Newton step a round (Dempster, Laird and Rubin
1977, generalised). Without dates π is one share for all, its maximum likelihood estimate.

Where most have no person, what is found is mostly **chance**: namesakes of the absent, who come in fashions that the model knows
nothing of. Among mentions with π < `MOSTLY_ABSENT` those without a person, as far as is believed, whose T lies in a range are
counted and held against what the model expects of that many: the excess, log2 of (n + 1) / (e + 1) for n found where e are
expected (shrunk as in DuMouchel 1999), is taken from every mention of the range. Where there are none such nothing moves.
A mention whose best pair other evidence holds down (a close relative is as likely, say) is no find of chance: it neither counts
nor moves. Were it to, a large register's old people, in whose entries more is misspelt, would be taken for namesakes found.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from linkage.statistics.fellegi_sunter import Floats

BINS = 12
"""Bins of a date, at most, beside the missing."""
RIDGE = 2.0
"""What each bin's distance from the mean costs, squared: as much as about eight mentions of even odds would tell."""
MOST_ROUNDS = 300
FIRST_ROUNDS = 50
"""Rounds in which the model's own T is believed."""
RANGE = 3.0
"""Bits of a range of T."""
LOWEST, HIGHEST = -6.0, 15.0
"""Bits of T from and up to which chance is looked for."""
BOUNDS = (-12.0, 30.0)
"""Bits of T beyond which one T is as another."""
MOSTLY_ABSENT = 0.5
"""π under which what is found, as far as it is no person, is counted as chance."""


@dataclass(frozen=True)
class Presence:
    """Of each mention, arrays (n,)."""

    share: Floats
    """π, before looking at its pairs."""
    chance: Floats
    """Bits that its pairs count for less, because chance brings as much as they say more often than the model knows."""


def learn_presence(totals: Floats, years: Sequence[Floats], held: NDArray[np.bool_] | None = None) -> Presence:
    """From T (n,), 0 where a mention has no pair, and the years (n,) of each date it may give, NaN where missing.

    `held` (n,) tells the mentions whose best pair the evidence beside the fields holds down; none by default.
    """
    mentions = len(totals)
    bins = [_bins(one) for one in years]
    # mentions alike to half a bit, in the same bins, are one row; beyond the bounds a person is sure whatever π, or out of sight
    level = np.where(totals > 0, np.round(2 * np.clip(np.log2(np.maximum(totals, 1e-30)), *BOUNDS)) / 2, -np.inf)
    apart = np.zeros(mentions, dtype=np.int64) if held is None else held.astype(np.int64)
    alike = np.where(totals > 0, 2 * (level - BOUNDS[0]) + 1, 0).astype(np.int64) * 2 + apart
    for one in bins:
        alike = alike * (BINS + 1) + one.astype(np.int64)
    _, first, row_of, counts = np.unique(alike, return_index=True, return_inverse=True, return_counts=True)
    bits, design = level[first], _design([one[first].astype(int) for one in bins], len(first))
    by_itself = apart[first] == 0
    ranges = np.array([by_itself & (np.floor(bits / RANGE) == at) for at in range(int(LOWEST // RANGE), int(HIGHEST // RANGE))])
    penalty = np.append(0.0, np.full(design.shape[1] - 1, RIDGE))
    beta, share, chance = np.zeros(design.shape[1]), np.full(len(first), 0.5), np.zeros(len(first))
    # Half a mention is taken to have none, and half to have one.
    low, high = 0.5 / mentions, 1 - 0.5 / mentions
    for around in range(MOST_ROUNDS):
        odds = np.exp2(bits - chance)
        # each by itself: a difference from one would keep no digit of what is left
        present, missing = share * odds / (1 - share + share * odds), (1 - share) / (1 - share + share * odds)
        weight = counts * np.maximum(share * (1 - share), 1e-9)
        slope = design.T @ (counts * (present - share)) - penalty * beta
        beta = beta + np.clip(np.linalg.solve((design.T * weight) @ design + np.diag(penalty + 1e-9), slope), -2, 2)
        before, share = (share, chance), np.clip(1 / (1 + np.exp(-np.clip(design @ beta, -40, 40))), low, high)
        if years and around >= FIRST_ROUNDS:
            chance = _chance(bits, ranges, counts * present, counts * missing * (share < MOSTLY_ABSENT))
        if np.abs(share - before[0]).max() < 1e-5 and np.abs(chance - before[1]).max() < 1e-3 and around > FIRST_ROUNDS:
            break
    row = row_of.ravel()
    return Presence(np.asarray(share[row]), np.asarray(chance[row]))


def _chance(bits: Floats, ranges: np.ndarray, present: Floats, absent: Floats) -> Floats:
    """Bits by which more mentions `absent` lie in each row's range of T than the model expects of those without a person."""
    # with T the ratio of what is seen with a person and without, the latter is the former / T
    without = np.where(np.isfinite(bits), present * np.exp2(-np.maximum(bits, LOWEST - RANGE)), 0.0) / present.sum()
    excess = np.log2((ranges @ absent + 1) / (absent.sum() * (ranges @ without) + 1))
    return np.asarray(np.maximum(excess, 0.0) @ ranges)


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

"""Formulas that two or more rooms need: intervals, agreement beyond chance, odds and probability.

Contract: pure functions on numbers; every one states its formula, its source and the population it speaks of. Imports numpy
only; the light parts of scipy come in where they are called, so that checks and quick re-runs do not wait for them. What
only one room needs stays in that room.
"""

from linkage.statistics.agreement import Measure, cohens_kappa, fleiss_kappa, krippendorffs_alpha, share
from linkage.statistics.intervals import Interval, total_of_hits, wilson
from linkage.statistics.odds import log2_odds, probability, probability_sql

__all__ = [
    "Interval",
    "Measure",
    "cohens_kappa",
    "fleiss_kappa",
    "krippendorffs_alpha",
    "log2_odds",
    "probability",
    "probability_sql",
    "share",
    "total_of_hits",
    "wilson",
]

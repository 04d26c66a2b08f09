"""Searches of a planted population, answered by its truth: the arrays that `searching.load_searches` would give."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from linkage.decision.searching import SearchedSample, search_strata

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from tests.decision.planted_population import Population


def best_beside(population: Population) -> NDArray[np.float64]:
    """The best weight, given the rival, of the persons beside the assigned one (n,); NaN where nobody is."""
    best = np.full(population.weight.size, -np.inf)
    np.maximum.at(best, population.outside_mention, population.outside_weight)
    return np.where(np.isfinite(best), best, np.nan)


def search(population: Population, linked: NDArray[np.bool_], searches: int, seed: int) -> SearchedSample:
    """A perfectly answered search sample of the mentions that are not `linked` (n,); mention i is called `i`."""
    rng = np.random.default_rng(seed)
    frame = np.flatnonzero(~linked)
    beside = best_beside(population)[frame]
    assigned = ~np.isnan(population.weight[frame])
    kinds = np.where(np.isnan(beside), "unreached", np.where(assigned, "rivalled", "alone"))
    beside = np.nan_to_num(beside)
    chosen, stratum, sizes = [], [], []
    for place, one in enumerate(search_strata(kinds, beside, searches)):
        members = frame[(kinds == one.kind) & (beside >= one.low) & (beside < one.high)]
        chosen.append(rng.choice(members, one.sampled, replace=False))
        stratum += [place] * one.sampled
        sizes.append(members.size)
    mention = np.concatenate(chosen)
    wrong = ~population.true[mention]
    return SearchedSample(
        stratum=np.array(stratum),
        elsewhere=(population.has_person[mention] & wrong).astype(float),
        rivalled=~np.isnan(population.weight[mention]) & wrong,
        size=np.array(sizes),
        framed=frame.astype(str),
    )

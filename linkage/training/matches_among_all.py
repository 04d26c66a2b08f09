"""u without the matches among all pairs, which within one table are no small part of those that agree on a rare value.

u is counted over all possible pairs: a share λ of them, the prior, are matches, which have a level with probability m. Among
the others it is (u - λ m) / (1 - λ). Of 5,000 records with a copy each, half of all pairs with one telephone number are copies.
"""

from __future__ import annotations

import numpy as np

from linkage.model.match_model import MatchModel
from linkage.statistics.fellegi_sunter import Floats

LEAST_LEFT = 0.1
"""Share of a u that is left at least: λ and m are estimates, and what is left of a smaller difference is their error."""


def without_matches(model: MatchModel, over_all_pairs: list[Floats]) -> MatchModel:
    """The model with each comparison's u among pairs that do not match, by its prior and m; a u that is given stays."""
    share = model.prior
    kept = []
    for field, u in zip(model.fields, over_all_pairs, strict=True):
        others = np.maximum((u - share * field.probabilities("m")) / (1 - share), LEAST_LEFT * u)
        given = np.array([level.u_is_fixed for level in field.levels])
        kept.append(np.where(given, u, others))
    return model.with_probabilities([field.probabilities("m") for field in model.fields], kept)

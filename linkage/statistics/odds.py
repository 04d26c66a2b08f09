"""From log2 odds to probability, in Python and in SQL."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import ArrayLike, NDArray


def probability(weights: ArrayLike) -> NDArray[np.float64]:
    """Match probability 1 / (1 + 2^-w) of link weights w in bits; same shape. Any pairs.

    The weights are log2 posterior odds (Fellegi and Sunter 1969, with Bayes' rule for the prior).

    >>> probability([0.0, 10.0]).round(5).tolist()
    [0.5, 0.99902]
    """
    from scipy.special import expit

    return np.asarray(expit(np.asarray(weights, dtype=float) * np.log(2)), dtype=float)


def probability_sql(weight: str) -> str:
    """SQL of `probability` for `weight`, itself SQL of a number of bits; NULL of NULL.

    >>> probability_sql("link_weight")
    '(1 / (1 + pow(2::DOUBLE, -(link_weight))))'
    """
    return f"(1 / (1 + pow(2::DOUBLE, -({weight}))))"


def log2_odds(share: float) -> float:
    """Bits of a probability: log2(p / (1 - p)), minus infinity of 0. The inverse of `probability`.

    >>> log2_odds(0.5), log2_odds(0.0)
    (0.0, -inf)
    """
    return math.log2(share / (1 - share)) if share > 0 else -math.inf

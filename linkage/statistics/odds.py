"""From log2 odds to probability, in Python and in SQL."""

from __future__ import annotations

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

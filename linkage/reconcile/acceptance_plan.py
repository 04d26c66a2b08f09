"""How many entries of a lot to key again, and which errors found among them accept it.

Population: the N entries of one lot (or book), of which D are wrong (some field differs from the paper). Sampling without
replacement, so every probability is hypergeometric. A plan is a double one: n1 entries; accept at c1 wrong or fewer, reject
above c2, else n2 more and accept at c2 or fewer in all. Its risks are exact, not those of a table: ISO 2859-1 is not
used here; a contract that names it must take its plan from that standard.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from math import floor

import numpy as np
from numpy.typing import NDArray

from linkage.errors import LinkageError

MOST_ERRORS = 25
"""Plans that tolerate more wrong entries in the sample are not looked for: the lot is then checked whole."""


@dataclass(frozen=True)
class AcceptancePlan:
    """A plan for one lot, with the risks it really has."""

    lot_size: int
    first: int
    """n1: entries keyed again at once."""
    second: int
    """n2: more entries, only when the first do not decide; 0 for a single plan."""
    accept_first: int
    """c1: accept the lot at this many wrong entries among the first, or fewer."""
    accept_both: int
    """c2: accept at this many among both, or fewer; more reject at once."""
    consumers_risk: float
    """Probability of accepting a lot whose wrong entries just exceed the tolerable rate."""
    producers_risk: float
    """Probability of rejecting a lot at the good rate."""
    tolerated: int
    """Wrong entries that the tolerable rate allows in the lot: decides when the whole lot has been keyed again."""
    expected_sample: float
    """Entries keyed again on average, for a lot at the good rate."""

    def acceptance(self, wrong: int) -> float:
        """Probability of accepting a lot with that many wrong entries (one point of the operating characteristic)."""
        return _accepts(self.lot_size, wrong, self.first, self.second, self.accept_first, self.accept_both)


def plan_acceptance(
    lot_size: int, tolerable: float, good: float, consumers_risk: float = 0.05, producers_risk: float = 0.05
) -> AcceptancePlan:
    """The plan of least expected work that keeps both risks; the whole lot when no sample can.

    `tolerable` and `good` are shares of wrong entries (0 ≤ good < tolerable < 1): a lot just above `tolerable` is accepted with
    at most `consumers_risk`, a lot at `good` is rejected with at most `producers_risk`. Confidence = 1 − consumer's risk.

    Raises:
        LinkageError: the rates or risks are out of order or range.
    """
    if not (lot_size >= 1 and 0 <= good < tolerable < 1 and 0 < consumers_risk < 1 and 0 < producers_risk < 1):
        raise LinkageError(
            "the plan's rates do not hang together",
            "Give 0 <= good rate < tolerable rate < 1, both risks between 0 and 1, a lot of 1 or more.",
        )
    return _plan(lot_size, tolerable, good, consumers_risk, producers_risk)


@lru_cache(maxsize=4096)
def _plan(lot_size: int, tolerable: float, good: float, consumer: float, producer: float) -> AcceptancePlan:
    bad, fine = floor(tolerable * lot_size + 1e-9) + 1, floor(good * lot_size + 1e-9)
    best = AcceptancePlan(lot_size, lot_size, 0, bad - 1, bad - 1, 0.0, 0.0, bad - 1, float(lot_size))
    if bad > lot_size:
        return best
    for c2 in range(min(bad - 1, MOST_ERRORS) + 1):
        for c1 in range(c2, -1, -1):
            plan = _smallest(lot_size, bad, fine, c1, c2, consumer, best.expected_sample)
            if plan is not None and plan.producers_risk <= producer and plan.expected_sample < best.expected_sample:
                best = plan
    return best


def _smallest(lot_size: int, bad: int, fine: int, c1: int, c2: int, consumer: float, limit: float) -> AcceptancePlan | None:
    """The smallest n1 (= n2 unless c1 = c2) that keeps the consumer's risk; None beyond `limit` or the lot."""
    double = c1 < c2
    low, high = c1 + 1, min(lot_size // 2 if double else lot_size, int(limit))
    if high < low or _accepts(lot_size, bad, high, high * double, c1, c2) > consumer:
        return None
    while low < high:  # acceptance falls as the sample grows
        middle = (low + high) // 2
        if _accepts(lot_size, bad, middle, middle * double, c1, c2) <= consumer:
            high = middle
        else:
            low = middle + 1
    second = low * double
    undecided = float(_probabilities(lot_size, fine, low, c2)[c1 + 1 :].sum())
    return AcceptancePlan(
        lot_size, low, second, c1, c2,
        _accepts(lot_size, bad, low, second, c1, c2),
        max(0.0, 1 - _accepts(lot_size, fine, low, second, c1, c2)),
        bad - 1, low + second * undecided,
    )  # fmt: skip


def _accepts(lot_size: int, wrong: int, first: int, second: int, c1: int, c2: int) -> float:
    """P(accept): P(X1 ≤ c1) + Σ over c1 < x ≤ c2 of P(X1 = x) P(X2 ≤ c2 − x | x drawn already)."""
    found = _probabilities(lot_size, wrong, first, c2)
    accepted = float(found[: c1 + 1].sum())
    for x in range(c1 + 1, min(c2, wrong) + 1) if second else ():
        accepted += float(found[x] * _probabilities(lot_size - first, wrong - x, second, c2 - x).sum())
    return min(accepted, 1.0)


def _probabilities(lot_size: int, wrong: int, drawn: int, most: int) -> NDArray[np.float64]:
    """Hypergeometric P(X = x) for x = 0 … most, by log-gamma (scipy's own distribution takes a hundred times as long)."""
    x = np.arange(most + 1)
    possible = (x <= wrong) & (x <= drawn) & (drawn - x <= lot_size - wrong)
    at = x[possible]
    logs = _log_choose(wrong, at) + _log_choose(lot_size - wrong, drawn - at) - _log_choose(lot_size, np.array([drawn]))
    probabilities = np.zeros(most + 1)
    probabilities[possible] = np.exp(logs)
    return probabilities


def _log_choose(n: int, k: NDArray[np.int64]) -> NDArray[np.float64]:
    from scipy.special import gammaln

    logs: NDArray[np.float64] = gammaln(n + 1) - gammaln(k + 1) - gammaln(n - k + 1)
    return logs

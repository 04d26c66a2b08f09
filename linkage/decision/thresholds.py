"""Two thresholds on link weights, from declared error targets and reviewer capacity."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any, Literal, cast

import numpy as np

from linkage.errors import LinkageError
from linkage.statistics import log2_odds, probability

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import ArrayLike, NDArray

    from linkage.config.project_spec import TargetsSpec, ThresholdsSpec
    from linkage.runs.shapes import ThresholdPair

MINUTES_PER_PAIR = 1.5
"""Working time of one reviewer on one pair, used to turn pairs into hours until a project has measured its own."""

FREE_SHARE = 0.5
"""Share of the review capacity, at most, that goes to pairs which the targets alone would not send there."""
LEAST_ERROR = 0.002
"""Expected error of a pair under which no free reviewer is asked: one error in five hundred pairs."""


@dataclass(frozen=True)
class Choice:
    """One way to place the two thresholds, with what it costs.

    Rates are 0–1: `false_link_rate` = expected false links / pairs linked at or above `upper`; `missed_link_rate` =
    expected matches below `lower` / matches among the assigned pairs. `hours` are reviewer hours.
    """

    name: Literal["keep_targets", "miss_more", "accept_more_false"]
    upper: float
    lower: float
    false_link_rate: float
    missed_link_rate: float
    clerical_pairs: int
    hours: float


@dataclass(frozen=True)
class Thresholds:
    """Link at or above `upper`, non-link below `lower`, clerical review between; also a fixed scikit-learn classifier.

    `expected_false_link_rate` has the pairs linked at or above `upper` as denominator (those that a close runner-up sends to
    review are not), `expected_missed_link_rate` the matches among the assigned pairs; both 0–1 and by the source `how` names.
    With `how='labels'` they are upper confidence bounds.
    `clerical_pairs` counts pairs between the thresholds; those that go to review for a close runner-up come on top.
    As a classifier, X is an array of link weights (n,) or (n, 1) and a "positive" is a pair at or above `upper`.
    """

    upper: float
    lower: float
    expected_false_link_rate: float
    expected_missed_link_rate: float
    clerical_pairs: int
    exceeds_capacity: bool
    how: Literal["model", "given", "labels"]
    choices: tuple[Choice, ...] = ()

    @property
    def classes_(self) -> NDArray[np.int_]:
        """0 = not a link, 1 = link."""
        return np.array([0, 1])

    def fit(self, X: ArrayLike, y: ArrayLike | None = None) -> Thresholds:
        """Thresholds are fixed: nothing is learned."""
        return self

    def decision_function(self, X: ArrayLike) -> NDArray[np.float64]:
        """Link weight above the upper threshold (n,), in bits."""
        return _flat(X) - self.upper

    def predict(self, X: ArrayLike) -> NDArray[np.int_]:
        """1 where a pair is linked without review, else 0 (n,)."""
        return (self.decision_function(X) >= 0).astype(int)

    def predict_proba(self, X: ArrayLike) -> NDArray[np.float64]:
        """The model's probabilities of non-match and match, (n, 2)."""
        matched = probability(_flat(X))
        return np.column_stack([1 - matched, matched])

    def regions(self, weights: ArrayLike) -> NDArray[np.str_]:
        """`link`, `clerical` or `non_link` for each link weight, (n,)."""
        flat = _flat(weights)
        return np.where(flat >= self.upper, "link", np.where(flat >= self.lower, "clerical", "non_link"))

    def get_params(self, deep: bool = True) -> dict[str, Any]:
        """The fields, as scikit-learn's `clone` asks for them."""
        return {name: getattr(self, name) for name in self.__dataclass_fields__}

    def set_params(self, **params: Any) -> Thresholds:
        """Refused unless nothing changes: thresholds are values."""
        if any(getattr(self, name) != value for name, value in params.items()):
            raise LinkageError("Thresholds cannot be changed.", "Make new ones with dataclasses.replace.")
        return self

    def __sklearn_tags__(self) -> Any:
        """Tell scikit-learn that this is a fitted binary classifier."""
        from sklearn.utils import ClassifierTags, InputTags, Tags, TargetTags

        return Tags(
            estimator_type="classifier",
            target_tags=TargetTags(required=False),
            classifier_tags=ClassifierTags(multi_class=False),
            input_tags=InputTags(one_d_array=True),
            requires_fit=False,
        )

    def __sklearn_is_fitted__(self) -> bool:
        """Always."""
        return True

    def as_json(self) -> ThresholdPair:
        """Plain values for `estimates.json` and `thresholds.json`."""
        return cast("ThresholdPair", asdict(self))

    @classmethod
    def from_json(cls, given: ThresholdPair) -> Thresholds:
        """Thresholds as `as_json` wrote them, the choices included; keys of others are passed over."""
        held: dict[str, Any] = {**given}
        known = {name: held[name] for name in cls.__dataclass_fields__ if name in held}
        choices = tuple(Choice(**one) for one in held.get("choices", ()))
        return cls(**{**known, "choices": choices})


def propose_thresholds(
    weights: ArrayLike,
    targets: TargetsSpec,
    given: ThresholdsSpec,
    reviewers_per_pair: int = 2,
    settled: ArrayLike | None = None,
    of_entities: bool = False,
) -> Thresholds:
    """Place the thresholds by the model's own probabilities, before any label exists.

    Population: `weights` (n,) are the link weights of all assigned pairs, one best pair a mention: log2 odds of what is
    believed of each, p. The upper is the lowest weight, none of less than `targets.least_probability`, at which the mean of
    1 − p over the pairs linked at or above it is within `targets.false_link_rate`: where `settled` (n,) is False a close
    runner-up sends the pair to review at any weight, and its doubt spoils no cut. The
    lower is the highest at which the sum of p below it is within `targets.missed_link_rate` of the sum over all (Fellegi
    and Sunter 1969, section 2.5, with estimated posteriors). A threshold in `given` is taken as it is, but for that least
    probability. Where both targets hold with no clerical region the two are equal, unless reviewers are free
    (`spend_free_capacity`). `of_entities`: free reviewers are not asked above the upper one, where the records of an entity
    bear each other out; of pairs that come there, those that join no entity wait anyway.

    Raises:
        LinkageError: no pairs, or a weight that is not a finite number.
    """
    flat = _checked(weights)
    order = np.argsort(flat, kind="stable")
    ordered = flat[order]
    matched = probability(ordered)
    decided = np.ones(len(flat), dtype=bool) if settled is None else np.asarray(settled, dtype=bool)[order]
    upper, lower = expected_thresholds(ordered, matched, targets, decided)
    upper, lower = upper if given.upper is None else given.upper, lower if given.lower is None else given.lower
    upper = max(upper, log2_odds(targets.least_probability))
    if lower > upper:
        lower, upper = (lower, lower) if given.lower is not None else (upper, upper)
    fixed = (given.upper is not None or of_entities, given.lower is not None)
    upper, lower = spend_free_capacity(ordered, matched, decided, (upper, lower), fixed, targets.review_capacity)
    choices = trade_off(ordered, matched, (upper, lower), (upper, lower), targets.review_capacity, reviewers_per_pair, decided)
    asked = choices[0]
    exceeds = asked.clerical_pairs > targets.review_capacity
    return Thresholds(
        upper=upper,
        lower=lower,
        expected_false_link_rate=asked.false_link_rate,
        expected_missed_link_rate=asked.missed_link_rate,
        clerical_pairs=asked.clerical_pairs,
        exceeds_capacity=exceeds,
        how="given" if given.upper is not None and given.lower is not None else "model",
        choices=choices if exceeds else (),
    )


def expected_thresholds(
    ordered: NDArray[np.float64], matched: NDArray[np.float64], targets: TargetsSpec, settled: NDArray[np.bool_]
) -> tuple[float, float]:
    """Upper and lower threshold at which the *expected* error rates meet the targets; the lower may lie above the upper.

    Population, rule and source (Fellegi and Sunter 1969, section 2.5) as for `propose_thresholds`: link weights (n,) of all
    assigned pairs, ascending, their match probabilities (n,), the model's own or calibrated on labels, and whether the
    thresholds alone decide a pair (n,).
    """
    return _lowest_upper(ordered, matched, settled, targets.false_link_rate), _highest_lower(
        ordered, matched, targets.missed_link_rate
    )


def spend_free_capacity(
    ordered: NDArray[np.float64],
    matched: NDArray[np.float64],
    settled: NDArray[np.bool_],
    thresholds: tuple[float, float],
    fixed: tuple[bool, bool],
    capacity: int,
) -> tuple[float, float]:
    """Move (upper, lower) apart for as long as reviewers are free: the pairs that come between are those of most expected error.

    A pair linked unseen errs with probability 1 − p, one discarded with p, so that nothing is decided against the odds while
    somebody could look. Half the `capacity` at most is filled, that the other half may sample what is decided unseen, and no
    pair of less than `LEAST_ERROR` is worth a look. A threshold that is `fixed` stays. Population as for `propose_thresholds`.
    """
    upper, lower = thresholds
    start, stop = (int(place) for place in np.searchsorted(ordered, [lower, upper], side="left"))
    taken = stop - start + int((~settled[stop:]).sum())
    below = matched[:start] * (not fixed[1])
    above = (1 - matched[stop:]) * settled[stop:] * (not fixed[0])
    errors = np.sort(np.concatenate([below, above]))[::-1]
    free = min(max(int(FREE_SHARE * capacity) - taken, 0), int((errors >= LEAST_ERROR).sum()))
    if not free:
        return upper, lower
    # pairs of one error stay together
    least = errors[free] if free < len(errors) else 0.0
    further_down, further_up = (np.flatnonzero((side > least) & (side >= LEAST_ERROR)) for side in (below, above))
    if further_down.size:
        lower = float(np.floor(ordered[further_down[0]] * 1000) / 1000)
    if further_up.size:
        last = stop + int(further_up[-1])
        beyond = _ceil(float(ordered[last]) + 0.001)
        upper = beyond if last + 1 == len(ordered) else min(beyond, float(ordered[last + 1]))
    return upper, lower


def trade_off(
    ordered: NDArray[np.float64],
    matched: NDArray[np.float64],
    kept: tuple[float, float],
    relaxed: tuple[float, float],
    capacity: int,
    reviewers_per_pair: int,
    settled: NDArray[np.bool_],
) -> tuple[Choice, ...]:
    """Three ways out when the clerical region is larger than the capacity, with the errors expected of each.

    `keep_targets` reviews everything between the thresholds (upper, lower) `kept`. The others start from `relaxed`, those at
    which errors are within the targets by expectation (the same where nothing stricter was asked): `miss_more` raises the
    lower threshold, `accept_more_false` lowers the upper one, each until at most `capacity` pairs remain. Where pairs of one
    weight are more than that, they stay together: the fewest pairs that ties allow, never none unless the capacity is none.
    Errors are sums of match probabilities (Fellegi and Sunter 1969, section 2.5). Population: weights (n,) of all assigned
    pairs, ascending, with their probabilities (n,) and `settled` (n,), as for `expected_thresholds`.
    """
    upper, lower = relaxed[0], min(relaxed)
    start, stop = (int(place) for place in np.searchsorted(ordered, [lower, upper], side="left"))
    raised, lowered = lower, upper
    if capacity <= 0:
        raised, lowered = upper, lower
    elif stop - start > capacity:
        # the weight that would be cut, and the next distinct one inside the region
        edge = ordered[stop - capacity]
        first = int(np.searchsorted(ordered, edge, side="left"))
        after = int(np.searchsorted(ordered, edge, side="right"))
        raised = float(edge if first == stop - capacity or after >= stop else ordered[after])
        last = int(np.searchsorted(ordered, ordered[start + capacity], side="left"))
        after = int(np.searchsorted(ordered, ordered[start], side="right"))
        lowered = float(ordered[last]) if last > start else float(ordered[after]) if after < stop else upper
    return (
        _choice("keep_targets", ordered, matched, settled, *kept, reviewers_per_pair),
        _choice("miss_more", ordered, matched, settled, upper, raised, reviewers_per_pair),
        _choice("accept_more_false", ordered, matched, settled, lowered, lower, reviewers_per_pair),
    )


def _choice(
    name: Literal["keep_targets", "miss_more", "accept_more_false"],
    ordered: NDArray[np.float64],
    matched: NDArray[np.float64],
    settled: NDArray[np.bool_],
    upper: float,
    lower: float,
    reviewers: int,
) -> Choice:
    start, stop = np.searchsorted(ordered, [lower, upper], side="left")
    links, matches = int(settled[stop:].sum()), float(matched.sum())
    return Choice(
        name=name,
        upper=upper,
        lower=lower,
        false_link_rate=float((1 - matched[stop:])[settled[stop:]].sum() / links) if links else 0.0,
        missed_link_rate=float(matched[:start].sum() / matches) if matches else 0.0,
        clerical_pairs=int(stop - start),
        hours=round(float(stop - start) * reviewers * MINUTES_PER_PAIR / 60, 1),
    )


def _lowest_upper(ordered: NDArray[np.float64], matched: NDArray[np.float64], settled: NDArray[np.bool_], target: float) -> float:
    links = np.cumsum(settled[::-1])[::-1]
    false = np.cumsum(((1 - matched) * settled)[::-1])[::-1]
    within = np.flatnonzero((links > 0) & (false <= target * links))
    if not within.size:
        # 0.001 bit above the highest weight: nothing is linked when even the best pair is too doubtful
        return _ceil(float(ordered[-1]) + 0.001)
    edge = float(ordered[within[0]])
    below = float(np.floor(edge * 1000) / 1000)
    # Pairs of one weight are linked together or not at all.
    whole = within[0] == 0 or ordered[within[0] - 1] < below
    return below if whole else _ceil(edge)


def _highest_lower(ordered: NDArray[np.float64], matched: NDArray[np.float64], target: float) -> float:
    lost = np.concatenate([[0.0], np.cumsum(matched)[:-1]])
    within = np.flatnonzero(lost <= target * matched.sum())
    return float(np.floor(ordered[within[-1]] * 1000) / 1000)


def _ceil(weight: float) -> float:
    return float(np.ceil(weight * 1000) / 1000)


def _flat(values: ArrayLike | Sequence[float]) -> NDArray[np.float64]:
    flat = np.asarray(values, dtype=float)
    return flat.reshape(-1) if flat.ndim < 2 or flat.shape[1] == 1 else flat


def _checked(weights: ArrayLike) -> NDArray[np.float64]:
    flat = _flat(weights)
    if not flat.size:
        raise LinkageError(
            "There is no assigned pair to place thresholds on.", "Look at the blocking rules: no mention has a candidate."
        )
    if not np.isfinite(flat).all():
        raise LinkageError(
            f"{int((~np.isfinite(flat)).sum())} of {flat.size} link weights are not finite numbers.",
            "Look at the model: a level has a probability of 0 or 1.",
        )
    return flat

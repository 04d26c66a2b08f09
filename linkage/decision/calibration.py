"""From link weight to the probability that holds here: isotonic and Platt regression on labelled pairs."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

import numpy as np

from linkage.errors import LinkageError
from linkage.statistics import Interval, probability, wilson

if TYPE_CHECKING:
    from numpy.typing import ArrayLike, NDArray

Method = Literal["platt", "isotonic"]
RELIABILITY_BOUNDS = (0.001, 0.01, 0.05, 0.2, 0.5, 0.8, 0.95, 0.99, 0.999)
"""Predicted probabilities between which pairs are compared with their verdicts."""
FEWEST_IN_BIN = 8
FEWEST_FOR_ISOTONIC = 1000
"""With fewer labels isotonic regression overfits (Niculescu-Mizil and Caruana 2005; seen in 1 of 20 seeds here)."""
METHODS: tuple[Method, ...] = ("platt", "isotonic")


@dataclass(frozen=True)
class Calibrator:
    """A fitted curve from link weight to match probability.

    Isotonic: `log_odds` at each of the `knots` (link weights, ascending), linear between them. Platt: `log_odds` holds the
    intercept and the slopes of the log-odds below and above weight 0.
    """

    method: Method
    knots: tuple[float, ...]
    log_odds: tuple[float, ...]

    def predict(self, weights: ArrayLike) -> NDArray[np.float64]:
        """Calibrated match probabilities (n,) of link weights (n,)."""
        flat = np.asarray(weights, dtype=float)
        if self.method == "platt":
            return np.asarray(probability(_two_slopes(flat * np.log(2)) @ np.array(self.log_odds) / np.log(2)))
        return np.asarray(probability(np.interp(flat, self.knots, self.log_odds) / np.log(2)))


@dataclass(frozen=True)
class Scores:
    """Mean Brier score and log loss (nats) a pair of the frame; lower is better."""

    brier: float
    log_loss: float


@dataclass(frozen=True)
class Calibration:
    """The chosen curve and what it gained: all scores cross-validated and weighted to the frame."""

    calibrator: Calibrator
    raw: Scores
    platt: Scores
    isotonic: Scores
    pairs: int
    folds: int

    @property
    def improves(self) -> bool:
        """Whether the chosen curve beats the model's own probabilities out of sample."""
        return min(self.platt.log_loss, self.isotonic.log_loss) < self.raw.log_loss


@dataclass(frozen=True)
class ReliabilityBin:
    """Pairs whose predicted probabilities lie together: mean prediction and observed share with its interval; n labelled."""

    predicted: float
    observed: Interval
    n: int


def calibrate(weights: ArrayLike, match: ArrayLike, design_weights: ArrayLike, folds: int = 5, seed: int = 0) -> Calibration:
    """Fit both curves to labelled pairs, choose by cross-validated log loss.

    Arrays (n,): link weights, verdicts 0–1, and the frame pairs each stands for (`LabelledSample.design_weight`).
    Population: the assigned pairs the sample represents. Platt: logistic regression of the verdict on the weight (Platt
    1999) with a slope of its own on each side of 0 (the two slopes of beta calibration: Kull, Silva Filho and Flach 2017),
    since a model too sure of its matches may be too timid below, and with unit-normal priors around the model's own
    curve (0, 1, 1), so that few labels change it little. Isotonic: Zadrozny and Elkan 2002, held half an observation away
    from 0 and 1; it is chosen only where its loss is lower by more than two standard errors of the difference,
    and only from `FEWEST_FOR_ISOTONIC` labelled pairs on.

    Raises:
        LinkageError: under 10 pairs, or only one kind of answer.
    """
    w, y, d = (np.asarray(values, dtype=float) for values in (weights, match, design_weights))
    if y.size < 10 or y.min() == y.max():
        raise LinkageError(
            f"{y.size} labelled pairs {'all of one answer ' if y.size >= 10 else ''}are not enough to calibrate.",
            "Label pairs on both sides of the thresholds.",
        )
    fold = _folds(y, folds, seed)
    predicted = {method: np.empty(y.size) for method in METHODS}
    for one in range(folds):
        train, test = fold != one, fold == one
        for method in METHODS:
            predicted[method][test] = fit_curve(w[train], y[train], d[train], method).predict(w[test])
    scores = {method: score(predicted[method], y, d) for method in METHODS}
    gain = (log_losses(predicted["platt"], y) - log_losses(predicted["isotonic"], y)) * d / d.mean()
    best: Method = "isotonic" if y.size >= FEWEST_FOR_ISOTONIC and gain.mean() > 2 * gain.std() / np.sqrt(y.size) else "platt"
    return Calibration(
        calibrator=fit_curve(w, y, d, best),
        raw=score(probability(w), y, d),
        platt=scores["platt"],
        isotonic=scores["isotonic"],
        pairs=int(y.size),
        folds=folds,
    )


def fit_curve(w: NDArray[np.float64], y: NDArray[np.float64], d: NDArray[np.float64], method: Method) -> Calibrator:
    """One curve on all the pairs given; arguments, sources and population as for `calibrate`."""
    if method == "platt":
        return Calibrator("platt", (), tuple(_fit_two_slopes(w * np.log(2), y, d / d.mean()).tolist()))
    from sklearn.isotonic import IsotonicRegression

    edge = 0.5 / (y.size + 1)
    model = IsotonicRegression(y_min=edge, y_max=1 - edge, out_of_bounds="clip").fit(w, y, sample_weight=d)
    knots, shares = np.asarray(model.X_thresholds_), np.asarray(model.y_thresholds_)
    return Calibrator("isotonic", tuple(knots.tolist()), tuple(np.log(shares / (1 - shares)).tolist()))


def score(predicted: NDArray[np.float64], y: NDArray[np.float64], d: NDArray[np.float64]) -> Scores:
    """Brier score (Brier 1950) and log loss (Good 1952), weighted to the frame the pairs stand for."""
    return Scores(float(np.average((predicted - y) ** 2, weights=d)), float(np.average(log_losses(predicted, y), weights=d)))


def log_losses(predicted: NDArray[np.float64], y: NDArray[np.float64]) -> NDArray[np.float64]:
    """Log loss (Good 1952) of each pair given in nats (n,); predictions are held 1e-15 off 0 and 1."""
    p = np.clip(predicted, 1e-15, 1 - 1e-15)
    return np.asarray(-(y * np.log(p) + (1 - y) * np.log1p(-p)))


def reliability(predicted: ArrayLike, match: ArrayLike, design_weights: ArrayLike, level: float = 0.95) -> list[ReliabilityBin]:
    """Observed share of matches in bins of predicted probability, for the reliability plot.

    Bins are those of `RELIABILITY_BOUNDS` with at least `FEWEST_IN_BIN` labelled pairs, thinner ones joined to the next.
    Shares are weighted to the frame; limits are Wilson's at Kish's (1965)
    effective size (Σd)²/Σd². Population: the assigned pairs the design weights represent.
    """
    p, y, d = (np.asarray(values, dtype=float) for values in (predicted, match, design_weights))
    found: list[ReliabilityBin] = []
    bins = np.digitize(p, RELIABILITY_BOUNDS)
    held: list[int] = []
    for one in range(len(RELIABILITY_BOUNDS) + 1):
        held.append(one)
        rows = np.flatnonzero(np.isin(bins, held))
        if rows.size < FEWEST_IN_BIN:
            continue
        held = []
        effective = d[rows].sum() ** 2 / (d[rows] ** 2).sum()
        share = float(np.average(y[rows], weights=d[rows]))
        limits = wilson(share * effective, effective, level)
        observed = Interval(share, min(limits.low, share), max(limits.high, share), level)
        found.append(ReliabilityBin(float(np.average(p[rows], weights=d[rows])), observed, int(rows.size)))
    return found


def _two_slopes(log_odds: NDArray[np.float64]) -> NDArray[np.float64]:
    """Columns 1, the part below 0, the part above 0."""
    return np.column_stack([np.ones_like(log_odds), np.minimum(log_odds, 0), np.maximum(log_odds, 0)])


def _fit_two_slopes(log_odds: NDArray[np.float64], y: NDArray[np.float64], share: NDArray[np.float64]) -> NDArray[np.float64]:
    """Posterior mode of intercept and both slopes by Newton's method with halved steps; slopes are not negative."""
    columns, prior = _two_slopes(log_odds), np.array([0.0, 1.0, 1.0])

    def loss(beta: NDArray[np.float64]) -> float:
        z = columns @ beta
        return float((share * (np.logaddexp(0, z) - y * z)).sum() + ((beta - prior) ** 2).sum() / 2)

    beta = prior.copy()
    for _ in range(100):
        p = probability(columns @ beta / np.log(2))
        gradient = columns.T @ (share * (p - y)) + beta - prior
        step = np.linalg.solve((columns * (share * p * (1 - p))[:, None]).T @ columns + np.eye(3), gradient)
        size = 1.0
        while loss(beta - size * step) > loss(beta) and size > 1e-8:
            size /= 2
        beta = beta - size * step
        if np.abs(size * step).max() < 1e-9:
            break
    return np.asarray(np.maximum(beta, [-np.inf, 0, 0]))


def _folds(y: NDArray[np.float64], folds: int, seed: int) -> NDArray[np.int_]:
    """Fold of each pair, stratified by verdict."""
    from sklearn.model_selection import StratifiedKFold

    fold = np.zeros(y.size, dtype=int)
    least = int(min((y > 0.5).sum(), (y <= 0.5).sum()))
    splitter = StratifiedKFold(max(2, min(folds, least)), shuffle=True, random_state=seed)
    for number, (_, test) in enumerate(splitter.split(y.reshape(-1, 1), y > 0.5)):
        fold[test] = number
    return fold

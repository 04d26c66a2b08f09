"""Would labels alone do better? Logistic regression and gradient boosting against the Fellegi-Sunter model, same folds.

Shown, never used: no decision of this room reads these scores.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

import numpy as np

from linkage.decision.calibration import fit_curve, score
from linkage.errors import LinkageError

if TYPE_CHECKING:
    from numpy.typing import ArrayLike, NDArray

Model = Literal["fellegi_sunter", "logistic_regression", "gradient_boosting"]
MODELS: tuple[Model, ...] = ("fellegi_sunter", "logistic_regression", "gradient_boosting")


@dataclass(frozen=True)
class ChallengerScore:
    """One model out of sample: means over folds, with each fold's average precision for a paired reading.

    `average_precision` area under the precision–recall curve, 0–1; `log_loss` nats a pair; both weighted to the frame
    (average precision: Manning, Raghavan and Schütze 2008, section 8.4).
    `wins` folds in which its average precision is above the Fellegi-Sunter model's.
    """

    model: Model
    average_precision: float
    log_loss: float
    by_fold: tuple[float, ...]
    wins: int


def compare_challengers(
    levels: ArrayLike,
    link_weights: ArrayLike,
    match: ArrayLike,
    design_weights: ArrayLike,
    groups: ArrayLike | None = None,
    folds: int = 5,
    seed: int = 0,
) -> list[ChallengerScore]:
    """Cross-validate three models on the same folds of labelled (or anchor) pairs.

    `levels` (n, k) comparison levels (gamma, −1 for missing), the others (n,). `groups` keeps pairs of one mention or person
    in one fold. The Fellegi-Sunter model learned nothing from these labels, so its weight is Platt-calibrated within each
    training fold to make log losses comparable (folds stratified by answer: Kohavi 1995; scores as in `ChallengerScore`).
    Population: the pairs the design weights represent.

    Raises:
        LinkageError: fewer than `folds` matches or non-matches.
    """
    from sklearn.metrics import average_precision_score
    from sklearn.model_selection import StratifiedGroupKFold
    from threadpoolctl import threadpool_limits

    x = np.asarray(levels, dtype=float)
    w, y, d = (np.asarray(values, dtype=float) for values in (link_weights, match, design_weights))
    fewest = int(min((y > 0.5).sum(), (y <= 0.5).sum()))
    if fewest < folds:
        raise LinkageError(
            f"{fewest} pairs of one answer are too few to compare models.", f"Label at least {folds} of each answer."
        )
    together = np.arange(y.size) if groups is None else np.unique(groups, return_inverse=True)[1]
    splitter = StratifiedGroupKFold(folds, shuffle=True, random_state=seed)
    areas: dict[Model, list[float]] = {model: [] for model in MODELS}
    losses: dict[Model, list[float]] = {model: [] for model in MODELS}
    for train, test in splitter.split(x, y > 0.5, together):
        if y[train].min() == y[train].max() or y[test].max() == 0:
            continue
        for model in MODELS:
            if model == "fellegi_sunter":
                predicted = fit_curve(w[train], y[train], d[train], "platt").predict(w[test])
            else:
                # threads that spin at a barrier wait for a core that others hold: minutes for a second on a busy machine
                with threadpool_limits(1, "openmp"):
                    predicted = _fit_predict(model, x[train], y[train], d[train], x[test], seed)
            ranked = w[test] if model == "fellegi_sunter" else predicted
            areas[model].append(float(average_precision_score(y[test] > 0.5, ranked, sample_weight=d[test])))
            losses[model].append(score(predicted, y[test], d[test]).log_loss)
    base = areas["fellegi_sunter"]
    return [
        ChallengerScore(
            model,
            float(np.mean(areas[model])),
            float(np.mean(losses[model])),
            tuple(areas[model]),
            sum(mine > theirs for mine, theirs in zip(areas[model], base, strict=True)),
        )
        for model in MODELS
    ]


def _fit_predict(
    model: Model, x: NDArray[np.float64], y: NDArray[np.float64], d: NDArray[np.float64], new: NDArray[np.float64], seed: int
) -> NDArray[np.float64]:
    share = d / d.mean()
    if model == "logistic_regression":
        from sklearn.linear_model import LogisticRegression
        from sklearn.pipeline import make_pipeline
        from sklearn.preprocessing import OneHotEncoder

        machine = make_pipeline(OneHotEncoder(handle_unknown="ignore"), LogisticRegression(C=1.0, max_iter=2000))
        machine.fit(x, y > 0.5, logisticregression__sample_weight=share)
    else:
        from sklearn.ensemble import HistGradientBoostingClassifier

        machine = HistGradientBoostingClassifier(max_iter=100, learning_rate=0.1, min_samples_leaf=10, random_state=seed)
        machine.fit(x, y > 0.5, sample_weight=share)
    return np.asarray(machine.predict_proba(new)[:, 1], dtype=float)

"""Reviewers who err, on a planted population whose truth is known.

I want … the labels that two reviewers and an adjudicator give, with what planted pairs tell of them: `review_with_errors`. … whether
the intervals that count label error hold the truth: `cover`.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np

from linkage.decision import Fallible, estimate_by_design, learn_label_errors
from linkage.decision.label_error import AnswerTally
from linkage.pairs.look_alikes import KINDS
from tests.decision.planted_population import framed, label_sample

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from linkage.decision import Estimate
    from tests.decision.planted_population import Population

RIGHT, WRONG, UNSURE = 0, 1, 2


@dataclass(frozen=True)
class Reviewers:
    """Each answer is `wrong` or `unsure` with these chances; on pairs that are not easy wrong so many times as often (`harder`); of
    all pairs a share `fooling` all reviewers alike. `planted` known pairs.
    """

    wrong: float = 0.0
    unsure: float = 0.0
    fooling: float = 0.0
    harder: float = 1.0
    planted: int = 67

    def answer(self, kind: NDArray[np.int_], rng: np.random.Generator) -> tuple[NDArray[np.int_], NDArray[np.int_]]:
        """Two blind answers (n, 2) to pairs of each `kind` (n,) and what they come to (n,), each RIGHT, WRONG or UNSURE."""
        wrong = (self.wrong * np.where(kind > 0, self.harder, 1.0))[:, None]
        chance = rng.random((kind.size, 3))
        three = np.where(chance < wrong, WRONG, np.where(chance < wrong + self.unsure, UNSURE, RIGHT))
        three[rng.random(kind.size) < self.fooling] = WRONG
        return three[:, :2], np.where(three[:, 0] == three[:, 1], three[:, 0], three[:, 2])


def tallies_of(
    kind: NDArray[np.int_], match: NDArray[np.bool_], answers: NDArray[np.int_], final: NDArray[np.int_] | None = None
) -> list[AnswerTally]:
    """As `label_evidence` reads them: planted pairs with their `final` verdicts, others by opposite answers alone."""
    found = []
    for place, (one, truth) in enumerate(zip(kind.tolist(), match.tolist(), strict=True)):
        counts = np.bincount(answers[place], minlength=3)
        name, decided = "match" if truth else "non_match", int(counts[RIGHT] + counts[WRONG])
        if final is None:
            wrong, decided = int(min(counts[RIGHT], counts[WRONG])), decided if decided > 1 else 0
            found.append(AnswerTally(KINDS[one], name, wrong, decided, int(counts[UNSURE])))
        else:
            came_to = int(final[place])
            found.append(
                AnswerTally(
                    KINDS[one],
                    name,
                    int(counts[WRONG]),
                    decided,
                    int(counts[UNSURE]),
                    int(came_to != UNSURE),
                    int(came_to == WRONG),
                )
            )
    return found


@dataclass(frozen=True)
class Moment:
    """The links before or after verdicts: estimates with label error, without, and as a bound for shared errors; and the truth."""

    corrected: dict[str, Estimate]
    plain: dict[str, Estimate]
    shared: dict[str, Estimate]
    truth: dict[str, float]


def review_with_errors(
    population: Population, upper: float, lower: float, reviewers: Reviewers, seed: int, pairs: int = 600, share: float = 0.05
) -> tuple[Moment, Moment]:
    """The two moments of a review by these reviewers; errors are learnt from its double labels and planted pairs."""
    rng = np.random.default_rng(seed)
    population = framed(population, upper)
    sample = label_sample(population, pairs, upper, lower, seed)
    true = sample.match > 0.5
    own = ~np.isnan(sample.weight)
    hard = np.where(true, 0.08, np.where(own, 0.7, 0.1))
    kind = np.where(rng.random(true.size) < hard, rng.integers(1, len(KINDS), true.size), 0)
    answers, final = reviewers.answer(kind, rng)
    verdict = np.where(final == UNSURE, np.nan, np.where(final == RIGHT, true, ~true).astype(float))
    like = rng.integers(0, true.size, reviewers.planted)
    of_planted = reviewers.answer(kind[like], rng)
    learnt = learn_label_errors(
        [*tallies_of(kind, sample.decided_link, answers), *tallies_of(kind[like], true[like], *of_planted)], reviewers=2
    )
    assert learnt is not None
    seen = ~np.isnan(population.weight)
    weights, truth = population.weight[seen], population.true[seen]
    rule = weights >= upper
    place = np.cumsum(seen) - 1
    labelled = replace(sample, match=verdict, doubtful=np.isnan(verdict))
    delivered = np.where(own & ~np.isnan(verdict), verdict > 0.5, sample.decided_link)
    linked = rule.copy()
    linked[place[sample.record[own].astype(int)]] = delivered[own]
    matches = int(truth.sum() + population.outside_true.sum())
    moments = []
    for one, links in ((labelled, rule), (replace(labelled, delivered=delivered), linked)):
        beliefs = Fallible(kind, learnt), None, Fallible(kind, learnt, share)
        told = [
            {
                found.measure: found
                for found in estimate_by_design(one, weights, None, decided=links, before=rule, fallible=belief)
            }
            for belief in beliefs
        ]
        right = int((links & truth).sum())
        moments.append(Moment(*told, {"precision": right / links.sum(), "recall_within_reach": right / matches}))
    return moments[0], moments[1]


def cover(estimates: dict[str, Estimate], truth: dict[str, float], measure: str) -> bool:
    """Whether the interval of a measure holds the truth."""
    return estimates[measure].low - 1e-9 <= truth[measure] <= estimates[measure].high + 1e-9

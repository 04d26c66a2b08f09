"""Reviewers' own errors from pairs labelled by more than one (Dawid and Skene 1979)."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np

from linkage.decision.deciding import relation
from linkage.errors import LinkageError

if TYPE_CHECKING:
    from pathlib import Path

    import duckdb
    from numpy.typing import NDArray

    from linkage.decision.samples import LabelledSample

VERDICTS = ("non_match", "match", "unsure")


@dataclass(frozen=True)
class ReviewerErrors:
    """What a reviewer answers to a true match and to a true non-match: shares of `VERDICTS`, each summing to 1.

    `pairs` is how many verdicts the reviewer gave.
    """

    reviewer: str
    pairs: int
    on_match: tuple[float, float, float]
    on_non_match: tuple[float, float, float]


@dataclass(frozen=True)
class DawidSkene:
    """Match probability of each pair (in `pairs`' order) given all its verdicts, and each reviewer's errors."""

    pairs: tuple[str, ...]
    match: NDArray[np.float64]
    reviewers: tuple[ReviewerErrors, ...]
    iterations: int


def load_verdicts(connection: duckdb.DuckDBPyConnection, verdicts: str | Path) -> list[tuple[str, str, str]]:
    """Rows (pair_id, reviewer, verdict) of every single verdict, sorted."""
    return connection.execute(f"SELECT pair_id, reviewer, verdict FROM {relation(verdicts)} ORDER BY ALL").fetchall()


def estimate_reviewer_errors(
    verdicts: list[tuple[str, str, str]], strata: dict[str, int] | None = None, iterations: int = 200
) -> DawidSkene:
    """Expectation-maximisation of reviewers' error rates and pairs' match probabilities from repeated verdicts.

    Population: the pairs with verdicts; `strata` gives each pair's stratum, whose own match share serves as prior (with two
    reviewers differing shares are what makes the errors identifiable: Hui and Walter 1980). Reviewers are taken to err
    independently given the truth, which hard pairs break: a second reading, not a correction. A pseudo-count of 1 agreeing
    and 0.1 of each other answer keeps rates off 0 and names the classes.

    Raises:
        LinkageError: no pair has two verdicts.
    """
    pair_names = tuple(sorted({pair for pair, _, _ in verdicts}))
    reviewers = sorted({reviewer for _, reviewer, _ in verdicts})
    place = {pair: i for i, pair in enumerate(pair_names)}
    pair = np.array([place[row[0]] for row in verdicts])
    if not verdicts or np.bincount(pair).max() < 2:
        raise LinkageError(
            "No pair has been labelled by two reviewers.", "Reviewer errors need double labels: `reviewers_per_pair: 2`."
        )
    who = np.array([reviewers.index(row[1]) for row in verdicts])
    said = np.array([VERDICTS.index(row[2]) for row in verdicts])
    group = np.unique([(strata or {}).get(name, 0) for name in pair_names], return_inverse=True)[1]
    votes = np.array([0.0, 1.0, 0.5])[said]
    match = np.bincount(pair, weights=votes) / np.bincount(pair)
    prior_counts = np.array([[1.0, 0.1, 0.1], [0.1, 1.0, 0.1]])
    steps = 0
    while steps < iterations:
        steps += 1
        answers = np.tile(prior_counts, (len(reviewers), 1, 1))
        np.add.at(answers[:, 0], (who, said), 1 - match[pair])
        np.add.at(answers[:, 1], (who, said), match[pair])
        rate = answers / answers.sum(axis=2, keepdims=True)
        share = (np.bincount(group, weights=match) + 0.5) / (np.bincount(group) + 1)
        log_odds = np.log(share / (1 - share))[group]
        log_odds += np.bincount(pair, weights=np.log(rate[who, 1, said] / rate[who, 0, said]), minlength=len(pair_names))
        updated = 1 / (1 + np.exp(-np.clip(log_odds, -50, 50)))
        moved = float(np.abs(updated - match).max())
        match = updated
        if moved < 1e-8:
            break
    counts = np.bincount(who)
    errors = tuple(
        ReviewerErrors(name, int(counts[i]), tuple(rate[i, 1].tolist()), tuple(rate[i, 0].tolist()))
        for i, name in enumerate(reviewers)
    )
    return DawidSkene(pair_names, match, errors, steps)


def with_probabilities(sample: LabelledSample, found: DawidSkene) -> LabelledSample:
    """The sample with each labelled pair's verdict replaced by its Dawid-Skene (1979) probability (others unchanged).

    Population: that of the sample, whose stratified expansions then sum probabilities in place of counts.
    """
    probability = dict(zip(found.pairs, found.match.tolist(), strict=True))
    match = np.array([probability.get(name, verdict) for name, verdict in zip(sample.pair, sample.match, strict=True)])
    return replace(sample, match=match)

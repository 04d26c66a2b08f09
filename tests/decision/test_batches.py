"""A review in batches: what is left to show, and that looking after every batch misleads no more often than it says."""

from __future__ import annotations

from dataclasses import replace
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest

from linkage.decision.batches import ReviewSoFar, TargetSoFar, bound_at_best, targets_so_far
from linkage.decision.sampling import draw_review_sample, least_of_links
from linkage.decision.strata import allocate_top_up, allocate_with_links
from linkage.statistics import Interval, total_of_hits
from tests.decision.conftest import PlantedRun
from tests.decision.planted_population import label_sample


def test_first_phase_takes_what_a_person_decides_anyway_and_so_many_more(run: PlantedRun) -> None:
    wide = replace(run.thresholds, lower=run.thresholds.upper - 1.5)
    within = int(((run.weights >= wide.lower) & (run.weights < wide.upper)).sum())
    assert 20 < within < 200
    target = run.folder / "first.parquet"
    strata = draw_review_sample(run.connection, run.paths["links"], 600, 3, wide, target, outside=run.paths["outside"], first=100)
    certain = [one for one in strata if one.kind == "assigned" and one.low >= wide.lower and one.high <= wide.upper]
    assert sum(one.size for one in certain) == within and all(one.sampled == one.size for one in certain)
    assert sum(one.sampled for one in strata) == within + 100


def test_a_last_batch_too_small_to_be_worth_a_round_is_drawn_at_once(run: PlantedRun) -> None:
    target = run.folder / "whole.parquet"
    strata = draw_review_sample(run.connection, run.paths["links"], 140, 3, run.thresholds, target, first=100)
    assert sum(one.sampled for one in strata) == 140


def test_links_get_what_a_simple_random_sample_of_candidates_would_give_them(run: PlantedRun) -> None:
    links = int((run.weights >= run.thresholds.upper).sum())
    candidates = round(1.2 * links)
    target = run.folder / "floor.parquet"
    strata = draw_review_sample(
        run.connection, run.paths["links"], 600, 3, run.thresholds, target, outside=run.paths["outside"], candidates=candidates
    )
    above = [one for one in strata if one.kind == "assigned" and one.low >= run.thresholds.upper]
    assert least_of_links(links, candidates, 600) == 500 <= sum(one.sampled for one in above) <= 501
    assert all(one.sampled >= min(5, one.size) for one in strata) and sum(one.sampled for one in strata) == 600


@pytest.mark.parametrize("is_match", [False, True])
def test_at_best_is_the_bound_when_no_further_error_is_found_and_those_found_are_corrected(
    run: PlantedRun, is_match: bool
) -> None:
    upper = float(np.quantile(run.weights, 0.2))
    sample = label_sample(run.population, 300, upper, upper, 7)
    span = (-np.inf, upper) if is_match else (upper, np.inf)
    inside = np.flatnonzero(sample.assigned & (sample.low >= span[0]) & (sample.high <= span[1]))
    own = np.isin(sample.stratum, inside)
    found = float((sample.match if is_match else 1 - sample.match)[own].sum())
    now = bound_at_best(sample, span, is_match, 0, 0.95)
    hits = np.array([((sample.match == is_match) & (sample.stratum == i)).sum() for i in inside])
    taken = np.array([(sample.stratum == i).sum() for i in inside])
    assert now == pytest.approx(total_of_hits(hits, taken, sample.size[inside]).high - found)
    later = [bound_at_best(sample, span, is_match, left, 0.95) for left in (100, 1_000, 10**6)]
    assert now > later[0] > later[1] > later[2] == 0


def test_standing_of_a_target(run: PlantedRun) -> None:
    sample = label_sample(run.population, 300, run.thresholds.upper, run.thresholds.lower, 7)
    links = float((run.weights >= run.thresholds.upper).sum())

    def standing(verdict: str, target: float, left: int) -> str:
        judged = SimpleNamespace(measure="false_link_rate", target=target, by_labels=Interval(0.01, 0.0, 0.02), verdict=verdict)
        found: Any = SimpleNamespace(judgements=[judged], level=0.95, select=lambda *_, **__: SimpleNamespace(denominator=links))
        return targets_so_far(found, sample, run.thresholds, left)[0].standing

    assert standing("shown", 0.001, 0) == "shown" and standing("contradicted", 0.001, 10**6) == "contradicted"
    assert standing("not_contradicted", 1e-5, 100) == "unreachable"
    assert standing("not_contradicted", 1e-5, 10**6) == "open"


def test_a_review_is_settled_when_no_target_is_open_or_nothing_is_left() -> None:
    one = TargetSoFar("false_link_rate", 0.01, None, "open", 0.001)
    assert not ReviewSoFar(100, 0, 50, 0.99, (one,)).is_settled
    assert ReviewSoFar(100, 0, 0, 0.99, (one,)).is_settled
    assert ReviewSoFar(100, 0, 50, 0.99, (replace(one, standing="unreachable"),)).is_settled


def test_looking_after_every_batch_shows_a_broken_target_no_more_often_than_five_in_a_hundred() -> None:
    """Links with 3.1 % false where 3 % is the target: stop at the first batch that "shows" it."""
    rng = np.random.default_rng(11)
    sizes, false = np.array([400, 1_600, 8_000]), np.array([160, 110, 40])
    target, looks, batch, reviews = 0.03, 8, 100, 400
    level = 1 - 0.05 / looks
    misled = {level: 0, 0.90: 0}
    for _ in range(reviews):
        stopped: set[float] = set()
        taken = np.array(allocate_with_links(sizes, [0.5, 0.25, 0.14], [True] * 3, batch, 5, 0))
        hits = rng.hypergeometric(false, sizes - false, taken)
        for look in range(looks):
            for one in {level, 0.90} - stopped:
                if total_of_hits(hits, taken, sizes, one).high / sizes.sum() <= target:
                    misled[one] += 1
                    stopped.add(one)
            if look + 1 < looks:
                more = np.array(allocate_top_up(sizes, taken, taken, taken - hits, [0.6, 0.9, 0.98], batch))
                hits = hits + rng.hypergeometric(false - hits, sizes - false - (taken - hits), more)
                taken = taken + more
    assert misled[level] <= 0.05 * reviews < misled[0.90]

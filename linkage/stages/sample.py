"""sample: the pairs for clerical review, some that were not assigned among them."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import asdict
from typing import TYPE_CHECKING, cast

from linkage.config import LoadedProject
from linkage.config.field_keys import keys_of
from linkage.errors import ProjectFileError, nearest
from linkage.review.design import keep_design
from linkage.runs.directory import Counts
from linkage.runs.sql import fetch_row
from linkage.runs.tables import (
    ANCHORS,
    CANDIDATES,
    FEASIBLE,
    LINKS,
    MENTIONS,
    OUTSIDE,
    PAIRS,
    PERSONS,
    RAW_MENTIONS,
    RAW_PERSONS,
    REGISTERED_TWICE,
    REVIEW_SET,
    SEARCH_FRAME,
    SEARCH_SET,
    THRESHOLDS,
    WIDER,
)
from linkage.stages.plan import Plan
from linkage.stages.stage import Stage, Work

if TYPE_CHECKING:
    from linkage.runs.shapes import FeasibleHeld


def sample(work: Work) -> Counts:
    """Draw the review set, or keep the one that is under review: labels belong to the probabilities it was drawn with."""
    from linkage.decision.feasible import plan_searches, plan_targets
    from linkage.decision.plan import describe_plan, plan_sample
    from linkage.decision.sampling import By, allocate_strata, candidate_pairs, draw_outside_pairs, draw_review_sample
    from linkage.decision.searching import draw_searches
    from linkage.decision.thresholds import Thresholds
    from linkage.review.known_pairs import write_anchors

    if keep_design(work.inputs, work.folder):
        return {"kept_as_under_review": 1}
    spec = work.spec
    thresholds = Thresholds.from_json(THRESHOLDS.read(work.inputs))
    links, outside, review_set = LINKS.path(work.inputs), OUTSIDE.path(work.folder), REVIEW_SET.path(work.folder)
    by, budget = spec.review.stratify_by, spec.review_budget
    with work.connect() as connection:
        candidates = candidate_pairs(connection, work.inputs)
        reached = draw_outside_pairs(connection, WIDER.path(work.inputs), links, thresholds.upper, outside)
        strata = draw_review_sample(
            connection,
            links,
            budget,
            spec.seed,
            thresholds,
            review_set,
            outside=outside if reached else None,
            by=By(work.mentions, by) if by else None,
            first=spec.review.batch,
            candidates=candidates,
        )
        searched = []
        if spec.right is not None and spec.review.searches:
            places = SEARCH_SET.path(work.folder), SEARCH_FRAME.path(work.folder)
            searched = draw_searches(
                connection, work.mentions, links, WIDER.path(work.inputs), spec.review.searches, spec.seed, *places
            )
        known = write_anchors(connection, work.inputs, spec, work.folder)
        mentions = f"SELECT count(*) FROM {MENTIONS.scan(work.inputs)}"
        expected = f"SELECT count(*) FILTER (decision = 'link'), sum(match_probability) FROM {LINKS.scan(work.inputs)}"
        links_there, matches = fetch_row(connection, expected)
        unlinked = fetch_row(connection, mentions)[0] - links_there
        query = f"SELECT link_weight FROM {LINKS.scan(work.inputs)} WHERE {{}} ORDER BY link_weight"
        linked, below = (
            connection.execute(query.format(which)).fetchnumpy()["link_weight"]
            for which in ("decision = 'link'", f"decision = 'non_link' AND link_weight < {thresholds.lower!r}")
        )
    in_all = allocate_strata(strata, budget, budget, thresholds, candidates=candidates)
    planned = plan_targets(linked, below, spec.targets, budget, in_all, thresholds)
    sizes = [(one.size, one.sampled) for one in searched]
    planned.append(plan_searches(spec.targets.missed_link_rate, sizes, sum(n for _, n in sizes), unlinked, matches))
    FEASIBLE.write(work.folder, {"targets": [cast("FeasibleHeld", asdict(one)) for one in planned]})
    return {
        "review_pairs": sum(one.sampled for one in strata),
        "strata": len(strata),
        "searches": sum(one.sampled for one in searched),
        "pairs_not_assigned": reached,
        "known_pairs": known,
        "plan": describe_plan(plan_sample(strata, thresholds.upper), "en"),
    }


def _check(project: LoadedProject, plan: Plan) -> Iterator[ProjectFileError]:
    """A review set can be stratified by a column whose values are groups, not lists of units."""
    by = project.spec.review.stratify_by
    columns = [
        key
        for field, kind in plan.fields[next(iter(plan.fields))].items()
        for key, sql_type in keys_of(field, kind).items()
        if not sql_type.endswith("[]")
    ]
    if by is not None and by not in columns:
        near = nearest(by, columns)
        guess = f"; did you mean `{near}`?" if near else ""
        yield project.fault(
            ("review", "stratify_by"), f"the left side has no such standardised column{guess}", given=by, allowed=columns
        )


STAGE = Stage(
    sample,
    writes=(REVIEW_SET, OUTSIDE, ANCHORS, FEASIBLE, SEARCH_SET, SEARCH_FRAME),
    reads=(RAW_MENTIONS, RAW_PERSONS, MENTIONS, PERSONS, PAIRS, REGISTERED_TWICE, CANDIDATES, WIDER, LINKS, THRESHOLDS),
    config=lambda spec: [spec.review, spec.targets, spec.seed, spec.comparisons],
    check=_check,
)

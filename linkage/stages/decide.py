"""decide: two thresholds, and a decision with its reason on every assigned pair."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from linkage.errors import LinkageError
from linkage.review.design import DESIGNED_SET
from linkage.runs.directory import Counts
from linkage.runs.judged import hold_labels
from linkage.runs.tables import ASSIGNED, LABELS, LINKS, RAW_MENTIONS, RAW_PERSONS, THRESHOLDS
from linkage.stages.stage import Stage, Work
from linkage.statistics import log2_odds

if TYPE_CHECKING:
    import duckdb

    from linkage.decision.thresholds import Thresholds


def decide(work: Work) -> Counts:
    """Decide by the project file's thresholds, else by those the labels answer for, else by the model's; verdicts win.

    A verdict on a record that has changed since it was judged decides nothing; the run counts these.
    """
    from linkage.decision.deciding import decide as decide_links
    from linkage.decision.thresholds import propose_thresholds

    spec = work.spec
    with work.connect() as connection:
        query = (
            "SELECT link_weight, coalesce(runner_up_margin >= ?, true) AS settled"
            f" FROM {ASSIGNED.scan(work.inputs)} ORDER BY id_l, id_r"
        )
        pairs = connection.execute(query, [spec.runner_up_margin]).fetchnumpy()
        by_model = propose_thresholds(
            pairs["link_weight"],
            spec.targets,
            spec.thresholds,
            spec.review.reviewers_per_pair,
            pairs["settled"],
        )
        labels, outdated = None, 0
        if LABELS.is_in(work.inputs):
            labels, outdated = hold_labels(connection, LABELS.path(work.inputs), *work.raw)
        thresholds = _by_labels(work, connection, labels) or by_model
        thresholds = replace(thresholds, upper=max(thresholds.upper, log2_odds(spec.targets.least_probability)))
        counts = decide_links(
            connection,
            ASSIGNED.path(work.inputs),
            thresholds,
            spec.runner_up_margin,
            LINKS.path(work.folder),
            labels,
        )
    THRESHOLDS.write(work.folder, {**thresholds.as_json(), "by_model": by_model.as_json()})
    return {
        "links": counts["link"],
        "clerical": counts["clerical"],
        "non_links": counts["non_link"],
        "thresholds_from": thresholds.how,
        **({"verdicts_outdated": outdated} if outdated else {}),
    }


def _by_labels(work: Work, connection: duckdb.DuckDBPyConnection, labels: str | None) -> Thresholds | None:
    """The thresholds that the labels of the set under review answer for, unless the project file says others.

    A target the labels cannot promise leaves its pairs to review: the model's thresholds do not come back for it.
    """
    given = work.spec.thresholds
    if given.upper is not None or given.lower is not None:
        return None
    if labels is None or not DESIGNED_SET.is_in(work.inputs):
        return None
    from linkage.decision.promise import thresholds_from_labels
    from linkage.decision.samples import load_sample

    connection.execute(f"CREATE TEMP VIEW undecided AS SELECT *, '' AS decision FROM {ASSIGNED.scan(work.inputs)}")
    try:
        sample = load_sample(connection, DESIGNED_SET.path(work.inputs), labels, "undecided")
    except LinkageError:
        # too few labels yet, or labels of other pairs: `linkage estimate` says which
        return None
    weights = connection.execute("SELECT link_weight FROM undecided ORDER BY link_weight").fetchnumpy()["link_weight"]
    return thresholds_from_labels(sample, weights, work.spec.targets)


STAGE = Stage(
    decide,
    writes=(LINKS, THRESHOLDS),
    reads=(RAW_MENTIONS, RAW_PERSONS, ASSIGNED, LABELS, DESIGNED_SET),
    config=lambda spec: [spec.thresholds, spec.targets, spec.runner_up_margin, spec.review],
)

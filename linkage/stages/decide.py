"""decide: two thresholds, and a decision with its reason on every assigned pair."""

from __future__ import annotations

from dataclasses import asdict, replace

from linkage.runs.directory import Counts
from linkage.runs.judged import hold_labels
from linkage.runs.tables import (
    ASSIGNED,
    DECISION,
    ENTITIES,
    LABELS,
    LINKS,
    LOG_LINEAR,
    MODEL,
    RAW_MENTIONS,
    RAW_PERSONS,
    RELATIVES,
    THRESHOLDS,
)
from linkage.stages.stage import Stage, Work
from linkage.statistics import log2_odds


def decide(work: Work) -> Counts:
    """Decide by the project file's thresholds, else by those a person agreed to, else by the model's; verdicts win.

    Labels alone move no threshold: `linkage decide` does, with consent. A verdict on a record that has changed since it was
    judged decides nothing; the run counts these.
    """
    from linkage.assigning.entity_table import write_entities
    from linkage.decision.consent import agreed_thresholds
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
            of_entities=spec.right is None,
        )
        labels, outdated = None, 0
        if LABELS.is_in(work.inputs):
            labels, outdated = hold_labels(connection, LABELS.path(work.inputs), *work.raw)
        agreed, state = agreed_thresholds(work.inputs, spec.thresholds)
        thresholds = agreed or by_model
        thresholds = replace(thresholds, upper=max(thresholds.upper, log2_odds(spec.targets.least_probability)))
        counts = decide_links(
            connection,
            ASSIGNED.path(work.inputs),
            thresholds,
            spec.runner_up_margin,
            LINKS.path(work.folder),
            labels,
        )
        found = write_entities(connection, work.inputs, work.folder) if spec.right is None else None
    THRESHOLDS.write(work.folder, {**thresholds.as_json(), "by_model": by_model.as_json()})
    return {
        "links": counts["link"],
        "clerical": counts["clerical"],
        "non_links": counts["non_link"],
        "thresholds_from": thresholds.how,
        **(asdict(found) if found else {}),
        **({"verdicts_outdated": outdated} if outdated else {}),
        **({"decision_lapsed": 1} if state == "lapsed" else {}),
    }


STAGE = Stage(
    decide,
    writes=(LINKS, ENTITIES, THRESHOLDS),
    reads=(RAW_MENTIONS, RAW_PERSONS, MODEL, RELATIVES, LOG_LINEAR, ASSIGNED, LABELS, DECISION),
    config=lambda spec: [spec.right is None, spec.thresholds, spec.targets, spec.runner_up_margin, spec.review],
)

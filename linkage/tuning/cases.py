"""What a trial's run directory says of the mentions whose answer is known."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

import numpy as np

from linkage.config import ProjectSpec
from linkage.errors import LinkageError
from linkage.runs.sql import described_columns
from linkage.runs.tables import (
    ASSIGNED,
    LABELS,
    LINKS,
    MENTIONS,
    PERSONS,
    REGISTERED_TWICE,
    REVIEW_SET,
    SCORED_PAIRS,
    TRAINING,
)
from linkage.tuning.trial_scores import FOLDS, Cases

if TYPE_CHECKING:
    import duckdb
    from numpy.typing import NDArray

ScoredBy = Literal["labels", "numbers", "model"]
NUMBER = "personal_number"
FEWEST_CASES = 200
"""With fewer numbered mentions that have a person the model is asked instead."""

# the person of a number, where exactly one carries it (the same human registered twice is that person too); persons hold
# together in a fold, with all mentions of theirs
_NUMBERED = """
WITH numbered AS (
    SELECT l.id AS id_l, l.record_id AS record_id_l, any_value(r.id) AS id_r, any_value(r.record_id) AS record_id_r
    FROM {mentions} l JOIN {persons} r ON r.personal_number = l.personal_number
    WHERE l.personal_number_flags IS NULL AND r.personal_number_flags IS NULL
    GROUP BY l.id, l.record_id HAVING count(*) = 1
), twice AS (SELECT person, other FROM {twice} UNION ALL SELECT other, person FROM {twice}
), others AS (
    -- the heaviest of the others, held against the rest of them
    SELECT id_l, max(pair_weight) - log2(1 + greatest(sum(odds) - max(odds), 0)) AS link_weight
    FROM (SELECT id_l, id_r, pair_weight, pow(2::DOUBLE, least(pair_weight, 200)) AS odds FROM {scored}) s
    JOIN numbered n USING (id_l) ANTI JOIN twice ON twice.person = n.id_r AND twice.other = s.id_r
    WHERE s.id_r <> n.id_r GROUP BY id_l
)
SELECT a.link_weight AS weight, o.link_weight AS without,
       coalesce(a.id_r = n.id_r OR (n.id_r, a.id_r) IN (FROM twice), false) AS is_right,
       ('0x' || substr(md5({seed} || n.record_id_r), 1, 8))::UBIGINT % {folds} AS fold
FROM numbered n LEFT JOIN {assigned} a USING (id_l) LEFT JOIN others o USING (id_l) ORDER BY n.record_id_l
"""

# Links are judged by the sampled pairs that the labelled run had assigned, each standing for mentions like its own, whatever the
# trial gives them; mentions it had assigned nobody are counted one by one. Persons are found by every sampled match.
_LABELLED = """
WITH given AS (
    SELECT pair_id, any_value(verdict) AS verdict FROM {labels}
    WHERE pair_id IS NOT NULL AND verdict IN ('match', 'non_match') GROUP BY pair_id HAVING count(DISTINCT verdict) = 1
), answered AS (
    SELECT s.record_id_l, s.record_id_r, verdict,
           count(*) OVER of_stratum / (inclusion_probability * count(verdict) OVER of_stratum) AS stands_for
    FROM {review_set} s LEFT JOIN given USING (pair_id) WINDOW of_stratum AS (PARTITION BY stratum)
), known AS (
    SELECT record_id_l, record_id_r, any_value(verdict) AS verdict FROM answered WHERE verdict IS NOT NULL GROUP BY ALL
), judged AS (
    SELECT a.record_id_l, a.link_weight, coalesce(known.verdict = 'match', false) AS is_right,
           known.verdict IS NULL AND a.record_id_l NOT IN (SELECT record_id_l FROM known WHERE verdict = 'match') AS is_unknown
    FROM {assigned} a LEFT JOIN known USING (record_id_l, record_id_r)
), cases AS (
    SELECT w.record_id_l, w.record_id_r, f.record_id_l IS NOT NULL AS of_links, verdict = 'match' AS has_person, stands_for
    FROM answered w LEFT JOIN {framed} f USING (record_id_l, record_id_r) WHERE verdict IS NOT NULL
    UNION ALL SELECT record_id_l, '', true, false, 1.0 FROM judged ANTI JOIN {framed} USING (record_id_l)
)
SELECT link_weight AS weight, coalesce(is_right, false) AS is_right, coalesce(is_unknown, false) AS is_unknown, of_links,
       has_person, stands_for, ('0x' || substr(md5({seed} || record_id_l), 1, 8))::UBIGINT % {folds} AS fold
FROM cases LEFT JOIN judged USING (record_id_l) ORDER BY record_id_l, record_id_r
"""


@dataclass(frozen=True)
class AssignedPairs:
    """All mentions' best pairs of a trial, arrays (N,)."""

    weight: NDArray[np.float64]
    """Link weight."""
    margin: NDArray[np.float64]
    """How far the runner-up is behind in bits, infinite without one."""


def uses_number(spec: ProjectSpec) -> bool:
    """Whether a project blocks by or compares the personal number itself: numbers cannot judge it."""
    return any(NUMBER in rule.on for rule in spec.blocking.predict) or any(one.field == NUMBER for one in spec.comparisons)


def how_to_score(
    connection: duckdb.DuckDBPyConnection, run: Path, specs: list[ProjectSpec], labels: Path | None
) -> tuple[ScoredBy, str]:
    """What the trials are scored by, and the key of the text that says why.

    Raises:
        LinkageError: a folder of labels was given and has none.
    """
    if labels is not None:
        missing = [table.file for table in (REVIEW_SET, LABELS) if not table.is_in(labels)]
        if missing:
            raise LinkageError(f"{labels} has no {' and no '.join(missing)}", "Give the folder of a run whose review has labels.")
        return "labels", "labels_given"
    sides = (MENTIONS, PERSONS)
    if not all(side.is_in(run) and NUMBER in described_columns(connection, side.scan(run)) for side in sides):
        return "model", "no_numbers"
    if any(uses_number(spec) for spec in specs):
        return "model", "number_is_used"
    if connection.execute(_numbered(run, 0)).fetchnumpy()["weight"].size < FEWEST_CASES:
        return "model", "few_numbers"
    return "numbers", "numbers_found"


def cases_by_numbers(connection: duckdb.DuckDBPyConnection, run: Path, seed: int, personless: float) -> Cases:
    """Mentions whose valid number exactly one person carries, twice: as they are, and as if that person were not there.

    The second shows what mentions without a person would be linked to: mostly close relatives. It stands for the
    `personless` share of mentions, 0–1, as seen from the others.
    """
    rows = connection.execute(_numbered(run, seed)).fetchnumpy()
    weight, without = _floats(rows["weight"]), _floats(rows["without"])
    right, fold = np.asarray(rows["is_right"], dtype=bool), np.asarray(rows["fold"], dtype=int)
    none, every = np.zeros(right.size, dtype=bool), np.ones(right.size, dtype=bool)
    return Cases(
        weight=np.concatenate([weight, without]),
        right=np.concatenate([right, none]),
        wrong=np.concatenate([~np.isnan(weight) & ~right, ~np.isnan(without)]),
        unknown=np.concatenate([none, none]),
        of_links=np.concatenate([every, every]),
        has_person=np.concatenate([every, none]),
        stands_for=np.concatenate([np.ones(right.size), np.full(right.size, personless / (1 - personless))]),
        fold=np.concatenate([fold, fold]),
    )


def cases_by_labels(connection: duckdb.DuckDBPyConnection, run: Path, first: Path, seed: int, labels: Path) -> Cases:
    """Pairs of a probability sample with a verdict, each standing for what it was drawn for.

    The pairs that the labelled run had assigned are read from its folder, or are those of the trial `first`.
    """
    framed = next(
        table.scan(folder) for folder, table in ((labels, ASSIGNED), (labels, LINKS), (first, ASSIGNED)) if table.is_in(folder)
    )
    given = {"labels": LABELS.scan(labels), "review_set": REVIEW_SET.scan(labels), "assigned": ASSIGNED.scan(run)}
    rows = connection.execute(_LABELLED.format(framed=framed, **given, **_folds(seed))).fetchnumpy()
    weight = _floats(rows["weight"])
    right, unknown = np.asarray(rows["is_right"], dtype=bool), np.asarray(rows["is_unknown"], dtype=bool)
    return Cases(
        weight=weight,
        right=right,
        wrong=~np.isnan(weight) & ~right & ~unknown,
        unknown=unknown,
        of_links=np.asarray(rows["of_links"], dtype=bool),
        has_person=np.asarray(rows["has_person"], dtype=bool),
        stands_for=_floats(rows["stands_for"]),
        fold=np.asarray(rows["fold"], dtype=int),
    )


def assigned_pairs(connection: duckdb.DuckDBPyConnection, run: Path) -> AssignedPairs:
    """The best pairs of a trial."""
    query = f"SELECT link_weight, runner_up_margin FROM {ASSIGNED.scan(run)} ORDER BY record_id_l"
    weight, margin = (_floats(column) for column in connection.execute(query).fetchnumpy().values())
    return AssignedPairs(weight, np.where(np.isnan(margin), np.inf, margin))


def personless_share(run: Path, mentions: int) -> float:
    """Share of mentions without a person in the other register, by the model's prior; between 0.01 and 0.9."""
    expected = TRAINING.read(run)["prior"]["expected_matches"]
    return float(np.clip(1 - expected / mentions, 0.01, 0.9)) if mentions else 0.01


def _numbered(run: Path, seed: int) -> str:
    read = {"mentions": MENTIONS, "persons": PERSONS, "assigned": ASSIGNED, "scored": SCORED_PAIRS, "twice": REGISTERED_TWICE}
    return _NUMBERED.format(**{name: table.scan(run) for name, table in read.items()}, **_folds(seed))


def _folds(seed: int) -> dict[str, str]:
    return {"seed": f"'{int(seed)}:'", "folds": str(FOLDS)}


def _floats(values: Any) -> NDArray[np.float64]:
    return np.ma.filled(np.ma.asarray(values, dtype=float), np.nan)

"""A run's tables, put together for `estimate`: levels of assigned pairs, groups to break rates down by, decisions to measure."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from linkage.config.sources import PROVINCE_FIELDS
from linkage.decision.breakdowns import error_class
from linkage.decision.entity_rates import estimate_entities, load_entity_frame
from linkage.decision.estimate import Estimates, EstimateTables, estimate
from linkage.decision.label_evidence import load_errors, load_kinds, with_errors
from linkage.decision.samples import load_sample
from linkage.decision.searching import SearchTables
from linkage.decision.thresholds import Thresholds
from linkage.runs.fingerprints import hash_file
from linkage.runs.judged import hold_labels
from linkage.runs.sql import described_columns, fetch_row, quote
from linkage.runs.tables import (
    ANCHORS,
    ASSIGNED,
    ENTITIES,
    ESTIMATES,
    LABELS,
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
    SEARCHES,
    THRESHOLDS,
    VERDICTS,
)

if TYPE_CHECKING:
    import duckdb

    from linkage.config import ProjectSpec
    from linkage.decision.label_error import Fallible
    from linkage.decision.samples import LabelledSample

GROUPS = ("sex", "birth_date_year", "birth_year", "ethnicity", "registration_date_year")
"""Standardised columns by which rates are broken down, where the mentions have them; a province and the error class besides."""

_LEVELS = """
CREATE OR REPLACE TEMP TABLE assigned_levels AS
SELECT record_id_l, record_id_r, COLUMNS('^gamma_') FROM {assigned} JOIN {pairs} USING (id_l, id_r)
"""
_MENTIONS = "CREATE OR REPLACE TEMP VIEW classed_mentions AS SELECT *, {error_class} AS error_class FROM {mentions}"


def measure_run(connection: duckdb.DuckDBPyConnection, run: Path, spec: ProjectSpec, folder: Path) -> Estimates:
    """Estimate the errors of a run's links (`look`) and write `estimates.json` into a folder."""
    found = look(connection, run, spec)
    ESTIMATES.write(folder, found.as_json())
    return found


def look(connection: duckdb.DuckDBPyConnection, run: Path, spec: ProjectSpec, level: float = 0.95) -> Estimates:
    """The errors of a run's links with intervals of confidence `level`; writes nothing.

    Population: the links as they are delivered, with what reviewers corrected. A reviewed pair speaks for itself alone; the
    others are told from decisions before verdicts, or every labelled pair would be found right and stand for many.
    """
    connection.execute(_LEVELS.format(assigned=ASSIGNED.scan(run), pairs=PAIRS.scan(run)))
    columns = described_columns(connection, MENTIONS.scan(run))
    of_errors = error_class(list(columns), [one.field for one in spec.comparisons])
    connection.execute(_MENTIONS.format(error_class=of_errors, mentions=MENTIONS.scan(run)))
    groups = [name for name in GROUPS if name in columns]
    features = [name for name in groups if name != "ethnicity"]
    groups += _province(connection, columns)
    groups += [name for name in ("error_class", spec.review.stratify_by) if name and name not in groups]
    held: dict[str, str | Path] = {
        table.name: table.path(run) for table in (PERSONS, REVIEW_SET, OUTSIDE, ANCHORS) if table.is_in(run)
    }
    held |= _standing(connection, run)
    twice = REGISTERED_TWICE.path(run) if REGISTERED_TWICE.is_in(run) else None
    found = estimate(
        connection,
        EstimateTables(
            LINKS.path(run),
            "classed_mentions",
            pairs="assigned_levels",
            search=standing_searches(connection, run),
            twice=twice,
            **held,
        ),
        Thresholds.from_json(THRESHOLDS.read(run)),
        spec.targets,
        groups=groups,
        anchor_features=features,
        level=level,
        seed=spec.seed,
        links=hash_file(LINKS.path(run)),
    )
    if ENTITIES.is_in(run) and LABELS.name in held and REVIEW_SET.is_in(run):
        sample = load_sample(
            connection, held[REVIEW_SET.name], held[LABELS.name], LINKS.path(run), verdicts=held.get(VERDICTS.name)
        )
        pairs = tuple(table.path(run) for table in (LINKS, OUTSIDE) if table.is_in(run))
        frame = load_entity_frame(connection, sample, REVIEW_SET.path(run), pairs, ENTITIES.path(run), MENTIONS.path(run))
        found = replace(found, estimates=(*found.estimates, *estimate_entities(sample, frame, level)))
    return found


def standing_labels(connection: duckdb.DuckDBPyConnection, run: Path) -> str | None:
    """The table of the run's labels whose records are as they were judged; None without labels."""
    if not LABELS.is_in(run):
        return None
    persons = RAW_PERSONS if RAW_PERSONS.is_in(run) else RAW_MENTIONS
    return hold_labels(connection, LABELS.path(run), RAW_MENTIONS.path(run), persons.path(run))[0]


def standing_searches(connection: duckdb.DuckDBPyConnection, run: Path) -> SearchTables | None:
    """The answers of the run's searches whose records are as they were judged, beside what they were drawn from."""
    if not all(table.is_in(run) for table in (SEARCHES, SEARCH_SET, SEARCH_FRAME)):
        return None
    raw = RAW_MENTIONS.path(run), (RAW_PERSONS if RAW_PERSONS.is_in(run) else RAW_MENTIONS).path(run)
    standing, _ = hold_labels(connection, SEARCHES.path(run), *raw, name="standing_searches")
    twice = REGISTERED_TWICE.path(run) if REGISTERED_TWICE.is_in(run) else None
    return SearchTables(SEARCH_SET.path(run), SEARCH_FRAME.path(run), standing, twice)


def believed_labels(
    connection: duckdb.DuckDBPyConnection, run: Path, sample: LabelledSample, labels: str | Path
) -> Fallible | None:
    """What planted pairs and double labels of the run tell of how often its labels are wrong; None where they tell nothing."""
    persons = PERSONS.path(run) if PERSONS.is_in(run) else None
    kinds = load_kinds(connection, sample, REVIEW_SET.path(run), MENTIONS.path(run), persons)
    anchors = ANCHORS.path(run) if ANCHORS.is_in(run) else None
    return with_errors(
        kinds, load_errors(connection, sample, kinds, labels, _standing(connection, run).get(VERDICTS.name), anchors)
    )


def _standing(connection: duckdb.DuckDBPyConnection, run: Path) -> dict[str, str | Path]:
    """The labels whose records are as they were judged, and the reviewers' verdicts on those pairs."""
    labels = standing_labels(connection, run)
    if labels is None:
        return {VERDICTS.name: VERDICTS.path(run)} if VERDICTS.is_in(run) else {}
    if not VERDICTS.is_in(run):
        return {LABELS.name: labels}
    connection.execute(
        f"CREATE OR REPLACE TEMP TABLE standing_verdicts AS FROM {VERDICTS.scan(run)} WHERE pair_id NOT IN "
        f"(SELECT pair_id FROM {LABELS.scan(run)} WHERE pair_id IS NOT NULL EXCEPT SELECT pair_id FROM {labels})"
    )
    return {LABELS.name: labels, VERDICTS.name: "standing_verdicts"}


def _province(connection: duckdb.DuckDBPyConnection, columns: dict[str, str]) -> list[str]:
    """The first province that mentions have and that is filled at all."""
    for name in (f"{field}_province" for field in PROVINCE_FIELDS):
        if name in columns and fetch_row(connection, f"SELECT count({quote(name)}) FROM classed_mentions")[0]:
            return [name]
    return []

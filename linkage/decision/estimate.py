"""All estimates of a run, from its tables to `estimates.json`."""

from __future__ import annotations

import math
from dataclasses import dataclass, is_dataclass, replace
from typing import TYPE_CHECKING, Any, TypeVar, cast

import numpy as np

from linkage.decision.anchors import AnchorFit, estimate_by_anchors, load_anchored_mentions
from linkage.decision.breakdowns import GroupRates, break_down
from linkage.decision.calibration import Calibration, ReliabilityBin, calibrate, reliability
from linkage.decision.challenger import ChallengerScore, compare_challengers
from linkage.decision.deciding import columns_of, group_of, relation
from linkage.decision.estimators import (
    Estimate,
    estimate_by_design,
    estimate_by_model,
    estimate_delivered_by_model,
    estimate_missed_below,
    estimate_recall_factors,
    missed_below_by_model,
)
from linkage.decision.judging import JudgedTarget, judge
from linkage.decision.label_error import SHARED, Fallible
from linkage.decision.label_evidence import (
    LabelErrorFound,
    load_errors,
    load_kinds,
    weigh_label_error,
    with_errors,
)
from linkage.decision.samples import LabelledSample, Reading, load_sample
from linkage.decision.searching import SearchTables, measure_recall_of_all
from linkage.decision.thresholds import Thresholds
from linkage.errors import LinkageError
from linkage.runs.sql import fetch_row, quote
from linkage.statistics import probability, probability_sql

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from pathlib import Path

    import duckdb
    from numpy.typing import NDArray

    from linkage.config.project_spec import TargetsSpec
    from linkage.runs.shapes import EstimatesHeld

Answer = TypeVar("Answer")

NUMBERS = ("value", "low", "high", "denominator", "standardised_difference", "uncovered", "design_effect")
"""Keys of `estimates.json` whose value is a number, None where it is not finite."""
GRID = 21
"""Link weights at which curves are estimated, besides both thresholds."""


@dataclass(frozen=True)
class EstimateTables:
    """Where a run's tables are: Parquet paths, or names of tables and views. Absent ones are left out of the estimates.

    `outside` the pairs not assigned, by `draw_outside_pairs`; `verdicts` single verdicts (pair_id, reviewer, verdict) of double
    labelling; `anchors` the planted pairs with their kind; `pairs` comparison levels of the assigned pairs (record_id_l,
    record_id_r, gamma_*); `search` the answers of the search sample; `twice` persons registered twice (record_id,
    other_record_id).
    """

    links: str | Path
    mentions: str | Path
    persons: str | Path | None = None
    review_set: str | Path | None = None
    labels: str | Path | None = None
    outside: str | Path | None = None
    verdicts: str | Path | None = None
    anchors: str | Path | None = None
    pairs: str | Path | None = None
    search: SearchTables | None = None
    twice: str | Path | None = None


@dataclass(frozen=True)
class Estimates:
    """Everything that is known of a run's errors; `as_json` is the content of `estimates.json`.

    `thresholds` those in use; `judgements` the targets held against the delivered links. `estimates` hold every threshold,
    estimator and reading; threshold None is the delivered links, whose fingerprint is `links`. `notes` say what could not be
    estimated and why.
    """

    level: float
    links: str
    thresholds: Thresholds
    judgements: tuple[JudgedTarget, ...]
    estimates: tuple[Estimate, ...]
    anchor_fit: AnchorFit | None
    calibration: Calibration | None
    reliability_before: tuple[ReliabilityBin, ...]
    reliability_after: tuple[ReliabilityBin, ...]
    label_error: LabelErrorFound | None
    challengers: tuple[ChallengerScore, ...]
    breakdowns: tuple[GroupRates, ...]
    notes: tuple[str, ...]

    def select(self, measure: str, estimator: str, reading: str = "middle", threshold: float | None = None) -> Estimate | None:
        """The estimate asked for, or None."""
        for one in self.estimates:
            if (one.measure, one.estimator, one.reading, one.threshold) == (measure, estimator, reading, threshold):
                return one
        return None

    def curve(self, measure: str, estimator: str, reading: str = "middle") -> list[Estimate]:
        """Estimates of one measure at every threshold, ascending."""
        chosen = [
            one
            for one in self.estimates
            if (one.measure, one.estimator, one.reading) == (measure, estimator, reading) and one.threshold is not None
        ]
        return sorted(chosen, key=lambda one: one.threshold or 0.0)

    def as_json(self) -> EstimatesHeld:
        """Plain values; a number that is not finite becomes None. Pair-level probabilities stay out."""
        plain = {name: _plain(getattr(self, name)) for name in self.__dataclass_fields__}
        fit = (
            None
            if self.anchor_fit is None
            else {"differ": self.anchor_fit.differ, "differ_too_much": self.anchor_fit.differ_too_much}
        )
        return cast("EstimatesHeld", {"format": 1, **plain, "anchor_verdict": fit})

    @classmethod
    def from_json(cls, held: EstimatesHeld) -> Estimates:
        """The estimates as `as_json` wrote them; a number that was not finite is NaN again."""
        from pydantic import TypeAdapter

        known = {name: value for name, value in _with_nan(held).items() if name in cls.__dataclass_fields__}
        return TypeAdapter(cls).validate_python(known)


def estimate(
    connection: duckdb.DuckDBPyConnection,
    tables: EstimateTables,
    thresholds: Thresholds,
    targets: TargetsSpec,
    *,
    groups: Sequence[str] = (),
    anchor_features: Sequence[str] = (),
    number: str = "personal_number",
    level: float = 0.95,
    seed: int = 0,
    links: str = "",
) -> Estimates:
    """Estimate a run's errors by every route its tables allow, to be written as `estimates.json`.

    `groups` name columns of the mentions for breakdowns (a `…_year` column is cut into decades); `anchor_features` columns
    for post-stratifying anchors by `number`. The links must not have been made by comparing that number. `links` is their
    fingerprint, for whoever prints the estimates beside them.

    Raises:
        LinkageError: tables that contradict each other; a route that merely lacks data leaves a note instead.
    """
    notes: list[str] = []
    weights, linked, by_rule, matched = load_delivered(connection, tables.links, tables.labels)
    grid = _grid(weights, thresholds)
    apart = weights_apart(connection, tables.outside)
    if tables.outside is None:
        notes.append(
            "No pairs but assigned ones were sampled: recall within reach does not count what blocking and assignment lost."
        )

    found = [one for at in grid for one in estimate_by_model(weights, at, apart, level)]
    found += estimate_delivered_by_model(matched, linked, probability(apart), level)
    found.append(missed_below_by_model(matched, weights, thresholds.lower, linked, level))
    fit = _try(notes, lambda: _by_anchors(connection, tables, grid, anchor_features, number, level, found))
    sample = label_error = calibration = None
    before: list[ReliabilityBin] = []
    after: list[ReliabilityBin] = []
    challengers: list[ChallengerScore] = []
    if tables.review_set is not None and tables.labels is not None:
        of_labels = (tables.review_set, tables.labels, tables.links)
        sample = _try(notes, lambda: load_sample(connection, *of_labels, verdicts=tables.verdicts))
    if sample is not None:
        kinds, fallible = _believed(connection, tables, sample)
        found += _by_design(sample, weights, linked, by_rule, grid, thresholds, level, kinds, fallible)
        found.append(estimate_missed_below(sample, weights, thresholds.lower, linked, level, fallible))
        if fallible is not None:
            label_error = weigh_label_error(sample, fallible, found, targets.false_link_rate)
        used = sample.labelled & ~np.isnan(sample.weight)
        answers = (sample.weight[used], sample.match[used], sample.design_weight[used])
        calibration = _try(notes, lambda: calibrate(*answers, seed=seed))
        if calibration is not None:
            before = reliability(probability(answers[0]), answers[1], answers[2], level=level)
            after = reliability(calibration.calibrator.predict(answers[0]), answers[1], answers[2], level=level)
        if tables.pairs is not None:
            challengers = _try(notes, lambda: _challenge(connection, tables, sample, seed)) or []
    if tables.search is not None:
        found += _try(notes, lambda: _of_all(connection, tables, linked, by_rule, level)) or []
    breakdowns = [row for column in groups for row in _break_down(connection, tables, column, sample, level)]
    below = int(((weights < thresholds.lower) & ~linked).sum())
    return Estimates(
        level,
        links,
        thresholds,
        judge(found, targets, thresholds.lower, below, _unlinked(connection, tables)),
        tuple(found),
        fit,
        calibration,
        tuple(before),
        tuple(after),
        label_error,
        tuple(challengers),
        tuple(breakdowns),
        tuple(notes),
    )


def _by_anchors(
    connection: duckdb.DuckDBPyConnection,
    tables: EstimateTables,
    grid: Sequence[float],
    features: Sequence[str],
    number: str,
    level: float,
    found: list[Estimate],
) -> AnchorFit:
    if tables.persons is None:
        raise LinkageError("No anchors: the persons table was not given.")
    mentions = load_anchored_mentions(connection, tables.mentions, tables.persons, tables.links, features, number, tables.twice)
    fit = None
    for at in grid:
        estimates, fit = estimate_by_anchors(mentions, at, level)
        found += estimates
    assert fit is not None
    return fit


def _believed(
    connection: duckdb.DuckDBPyConnection, tables: EstimateTables, sample: LabelledSample
) -> tuple[Fallible, Fallible | None]:
    """The sample's pairs by kind; and with what is known of how often their labels are wrong."""
    assert tables.review_set is not None and tables.labels is not None
    kinds = load_kinds(connection, sample, tables.review_set, tables.mentions, tables.persons)
    return kinds, with_errors(kinds, load_errors(connection, sample, kinds, tables.labels, tables.verdicts, tables.anchors))


def _of_all(
    connection: duckdb.DuckDBPyConnection,
    tables: EstimateTables,
    linked: NDArray[np.bool_],
    by_rule: NDArray[np.bool_],
    level: float,
) -> list[Estimate]:
    assert tables.search is not None
    if tables.review_set is None or tables.labels is None:
        raise LinkageError("Searches without labelled pairs: recall of all needs both.", "Label pairs of the review set.")
    of_labels = tables.review_set, tables.labels, tables.links
    sample = load_sample(connection, *of_labels, verdicts=tables.verdicts, assigned_only=True)
    _, fallible = _believed(connection, tables, sample)
    given = sample, tables.links, tables.mentions, linked, by_rule
    return measure_recall_of_all(connection, tables.search, *given, ("middle", "worst", "best"), level, fallible)


def _unlinked(connection: duckdb.DuckDBPyConnection, tables: EstimateTables) -> int:
    """Mentions without a link: whom a search sample speaks for."""
    links = f"SELECT record_id_l FROM {relation(tables.links)} WHERE decision = 'link'"
    query = f"SELECT count(*) FROM {relation(tables.mentions)} WHERE record_id NOT IN ({links})"
    return int(fetch_row(connection, query)[0])


def _by_design(
    sample: LabelledSample,
    weights: NDArray[np.float64],
    linked: NDArray[np.bool_],
    by_rule: NDArray[np.bool_],
    grid: Sequence[float],
    thresholds: Thresholds,
    level: float,
    kinds: Fallible,
    fallible: Fallible | None,
) -> list[Estimate]:
    """Every threshold and the delivered links, with what is known of `fallible` labels; errors in common as a reading beside."""
    shared = replace(fallible or kinds, share=SHARED)
    believed: dict[Reading, Fallible | None] = {"middle": fallible, "worst": fallible, "best": fallible, "shared": shared}
    found = [one for at in grid for one in estimate_by_design(sample, weights, at, level=level, fallible=fallible)]
    for at in (thresholds.lower, thresholds.upper):
        for reading, labels in believed.items():
            if reading != "middle":
                found += estimate_by_design(sample, weights, at, reading, level, fallible=labels)
        found += estimate_recall_factors(sample, weights, at, level=level)
    for reading, labels in believed.items():
        found += estimate_by_design(sample, weights, None, reading, level, decided=linked, before=by_rule, fallible=labels)
    return found


def _challenge(
    connection: duckdb.DuckDBPyConnection, tables: EstimateTables, sample: LabelledSample, seed: int
) -> list[ChallengerScore]:
    assert tables.pairs is not None and tables.review_set is not None
    levels = sorted(name for name in columns_of(connection, tables.pairs) if name.startswith("gamma_"))
    chosen = ", ".join(f"pairs.{quote(name)}::DOUBLE AS {quote(name)}" for name in levels)
    rows = connection.execute(
        f"""SELECT pair_id, {chosen} FROM {relation(tables.review_set)} AS review
            JOIN {relation(tables.pairs)} AS pairs USING (record_id_l, record_id_r)
            WHERE stratum_kind = 'assigned' ORDER BY pair_id"""
    ).fetchnumpy()
    place = {name: i for i, name in enumerate(np.asarray(rows["pair_id"]).astype(str).tolist())}
    used = np.array([name in place for name in sample.pair]) & sample.labelled & ~np.isnan(sample.weight)
    order = [place[name] for name in sample.pair[used]]
    table = np.column_stack([np.asarray(rows[name], dtype=float) for name in levels])[order]
    return compare_challengers(
        table, sample.weight[used], sample.match[used], sample.design_weight[used], sample.record[used], seed=seed
    )


def _break_down(
    connection: duckdb.DuckDBPyConnection, tables: EstimateTables, column: str, sample: LabelledSample | None, level: float
) -> list[GroupRates]:
    if column not in columns_of(connection, tables.mentions):
        raise LinkageError(f"The mentions have no column `{column}` to break rates down by.", "Name a standardised field or key.")
    rows = connection.execute(
        f"""SELECT mention.record_id, coalesce({group_of("mention", column)}, '') AS grouped, link_weight,
                   coalesce(decision = 'link', false) AS linked
            FROM {relation(tables.mentions)} AS mention
            LEFT JOIN {relation(tables.links)} AS links ON links.record_id_l = mention.record_id
            ORDER BY mention.record_id"""
    ).fetchnumpy()
    weight: NDArray[np.float64] = np.ma.filled(np.ma.asarray(rows["link_weight"], dtype=float), np.nan)
    return break_down(column, rows["record_id"], rows["grouped"], weight, rows["linked"], sample, level)


def load_delivered(
    connection: duckdb.DuckDBPyConnection, links: str | Path, labels: str | Path | None
) -> tuple[NDArray[np.float64], NDArray[np.bool_], NDArray[np.bool_], NDArray[np.float64]]:
    """Of all assigned pairs, by weight: link weights, whether they are links with and without verdicts, match probabilities.

    A pair with a verdict is known: its probability is 0 or 1.
    """
    told = "match_probability" if "match_probability" in columns_of(connection, links) else probability_sql("link_weight")
    answers = "SELECT NULL AS record_id_l, NULL AS record_id_r, NULL AS verdict WHERE false"
    if labels is not None:
        answers = (
            f"SELECT record_id_l, record_id_r, any_value(verdict) AS verdict FROM {relation(labels)}"
            " WHERE pair_id IS NOT NULL AND verdict IN ('match', 'non_match') GROUP BY ALL"
        )
    rows = connection.execute(
        f"SELECT link_weight, decision = 'link' AS linked, decision_unreviewed = 'link' AS by_rule,"
        f" coalesce((verdict = 'match')::INTEGER, {told}) AS matched"
        f" FROM {relation(links)} LEFT JOIN ({answers}) USING (record_id_l, record_id_r)"
        " ORDER BY link_weight, record_id_l, record_id_r"
    ).fetchnumpy()
    weights, matched = (np.asarray(rows[name], dtype=float) for name in ("link_weight", "matched"))
    linked, by_rule = (np.asarray(rows[name], dtype=bool) for name in ("linked", "by_rule"))
    return weights, linked, by_rule, matched


def weights_apart(connection: duckdb.DuckDBPyConnection, outside: str | Path | None) -> NDArray[np.float64]:
    """Weights given the rival of the pairs that were not assigned."""
    if outside is None:
        return np.array([])
    rows = connection.execute(f"SELECT weight_given_rival FROM {relation(outside)} ORDER BY ALL").fetchnumpy()
    return np.asarray(rows["weight_given_rival"], dtype=float)


def _grid(weights: NDArray[np.float64], thresholds: Thresholds) -> list[float]:
    if not weights.size:
        raise LinkageError("There are no links to estimate.", "Run the matching stage first.")
    # rounded down: a grid point above the highest weight would link nothing and have no rate
    inner = np.floor(100 * np.linspace(np.quantile(weights, 0.005), np.quantile(weights, 0.9), GRID)) / 100
    return sorted({*inner.tolist(), thresholds.lower, thresholds.upper})


def _try(notes: list[str], route: Callable[[], Answer]) -> Answer | None:
    """A route that lacks data leaves its reason in the notes."""
    try:
        return route()
    except LinkageError as error:
        notes.append(str(error).replace("\n", " "))
        return None


def _with_nan(value: Any) -> Any:
    """The reverse of what `_plain` makes of numbers that are not finite."""
    if isinstance(value, dict):
        return {key: math.nan if inner is None and key in NUMBERS else _with_nan(inner) for key, inner in value.items()}
    return [_with_nan(one) for one in value] if isinstance(value, list) else value


def _plain(value: Any) -> Any:
    if is_dataclass(value) and not isinstance(value, type):
        return {name: _plain(getattr(value, name)) for name in value.__dataclass_fields__}
    if isinstance(value, (tuple, list)):
        return [_plain(one) for one in value]
    if isinstance(value, dict):
        return {key: _plain(one) for key, one in value.items()}
    if isinstance(value, np.generic):
        value = value.item()
    return None if isinstance(value, float) and not math.isfinite(value) else value

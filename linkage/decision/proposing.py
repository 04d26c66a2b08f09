"""What a decision would do to a run's links, before anyone agrees to it: now, with the verdicts, and after."""

from __future__ import annotations

from contextlib import suppress
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Literal, cast

import numpy as np

from linkage.decision.by_labels import ByLabels, DecidedPairs, thresholds_by_labels
from linkage.decision.consent import model_fingerprint
from linkage.decision.deciding import decide, relation
from linkage.decision.estimate import load_delivered, weights_apart
from linkage.decision.estimators import (
    estimate_by_design,
    estimate_delivered_by_model,
    estimate_missed_below,
    missed_below_by_model,
)
from linkage.decision.judging import JudgedTarget, judge
from linkage.decision.measuring import believed_labels, standing_labels, standing_searches
from linkage.decision.samples import load_sample
from linkage.decision.searching import SearchTables, measure_recall_of_all
from linkage.decision.thresholds import Thresholds
from linkage.errors import LinkageError
from linkage.runs.fingerprints import hash_file
from linkage.runs.sql import fetch_row
from linkage.runs.tables import ASSIGNED, DECISION, LABELS, LINKS, MENTIONS, OUTSIDE, REVIEW_SET, THRESHOLDS
from linkage.statistics import Interval, probability
from linkage.words.decisions import DECISIONS
from linkage.words.decisions import THRESHOLDS as THRESHOLD_WORDS
from linkage.words.documents import LINKS as LINKS_WORD
from linkage.words.formats import grouped, interval_word, percent_significant, significant
from linkage.words.judgements import CHANGED, JUDGED, JUDGEMENTS, JUDGING, MOVED, MOVES, SCENES
from linkage.words.language import begun

if TYPE_CHECKING:
    from collections.abc import Sequence

    import duckdb

    from linkage.config import ProjectSpec
    from linkage.runs.shapes import DecisionHeld, SceneHeld
    from linkage.words.language import Language

By = Literal["labels", "model"]
Stage = Literal["now", "verdicts", "after"]


@dataclass(frozen=True)
class Scene:
    """Links and pairs that wait under one way to decide, with the targets judged by what model and labels say of them."""

    name: Stage
    upper: float
    lower: float
    links: int
    clerical: int
    judgements: tuple[JudgedTarget, ...]


@dataclass(frozen=True)
class Proposal:
    """What `linkage decide` puts to a person.

    `thresholds` those after it; `found` what the labels say of each (None by the model). `scenes` now, with the verdicts, after.
    `taken` links of now that would be none, `added` the reverse, `other` further pairs decided otherwise, `verdicts` of all these
    by a reviewer's verdict.
    """

    by: By
    thresholds: Thresholds
    found: ByLabels | None
    scenes: tuple[Scene, ...]
    taken: int
    added: int
    other: int
    verdicts: int
    agreed_already: bool

    @property
    def changes_nothing(self) -> bool:
        """No pair is decided otherwise, and the run has this decision already."""
        return self.agreed_already and not (self.taken or self.added or self.other)


def propose(connection: duckdb.DuckDBPyConnection, run: Path, spec: ProjectSpec, by: By) -> Proposal:
    """Work out a decision by the labels or by the model alone, and what it would change; nothing is written into the run.

    The labels are held against the model's own thresholds, whatever decides now: deciding twice by the same labels is deciding
    once.

    Raises:
        LinkageError: the project file gives thresholds, or there are no labels to decide by.
    """
    given = spec.thresholds
    if given.upper is not None or given.lower is not None:
        raise LinkageError(
            "the project file gives thresholds: they decide, not labels",
            "Take `thresholds` out of the project file and run it again to let the model or the labels decide.",
        )
    labels = standing_labels(connection, run)
    if by == "labels" and (labels is None or not REVIEW_SET.is_in(run)):
        raise LinkageError("there are no labels to decide by", "`linkage review serve RUN` collects them.")
    base = Thresholds.from_json(THRESHOLDS.read(run)["by_model"])
    now = Thresholds.from_json(THRESHOLDS.read(run))
    with TemporaryDirectory(dir=run, prefix=".proposal.") as held:
        folder = Path(held)

        def decided(name: str, at: Thresholds) -> Path:
            (folder / name).mkdir()
            target = LINKS.path(folder / name)
            decide(connection, ASSIGNED.path(run), at, spec.runner_up_margin, target, labels)
            return target

        by_base = decided("base", base)
        found, thresholds = None, base
        if by == "labels":
            assert labels is not None
            sample = load_sample(connection, REVIEW_SET.path(run), labels, by_base, spec.runner_up_margin)
            pairs = _assigned_pairs(connection, by_base, spec.runner_up_margin)
            fallible = believed_labels(connection, run, sample, labels)
            found = thresholds_by_labels(sample, pairs, base, spec.targets, spec.review.reviewers_per_pair, fallible)
            thresholds = found.thresholds
        after = decided("after", thresholds)
        known = labels, standing_searches(connection, run)
        scenes = (
            _scene(connection, run, spec, "now", LINKS.path(run), now, *known),
            _scene(connection, run, spec, "verdicts", decided("verdicts", now), now, *known),
            _scene(connection, run, spec, "after", after, thresholds, *known),
        )
        taken, added, other, verdicts = fetch_row(
            connection,
            f"""SELECT count(*) FILTER (old.decision = 'link' AND new.decision <> 'link'),
                       count(*) FILTER (old.decision <> 'link' AND new.decision = 'link'),
                       count(*) FILTER (old.decision <> 'link' AND new.decision <> 'link' AND old.decision <> new.decision),
                       count(*) FILTER (old.decision <> new.decision AND new.reason LIKE 'verdict%')
                FROM {LINKS.scan(run)} old JOIN {relation(after)} new USING (record_id_l, record_id_r)""",
        )
    agreed = DECISION.is_in(run) if by == "labels" else not DECISION.is_in(run)
    return Proposal(by, thresholds, found, scenes, taken, added, other, verdicts, agreed)


def agree(run: Path, proposal: Proposal) -> None:
    """Record in the run that a person agreed: from the next `linkage run` on it decides. By the model: the record goes."""
    if proposal.by == "model":
        DECISION.path(run).unlink(missing_ok=True)
        return
    assert proposal.found is not None
    before, _, after = proposal.scenes
    at = proposal.thresholds
    held = {
        "by": proposal.by,
        "upper": at.upper,
        "lower": at.lower,
        "expected_false_link_rate": at.expected_false_link_rate,
        "expected_missed_link_rate": at.expected_missed_link_rate,
        "clerical_pairs": at.clerical_pairs,
        "exceeds_capacity": at.exceeds_capacity,
        "choices": [asdict(one) for one in at.choices],
        "moves": {"upper": proposal.found.upper_move, "lower": proposal.found.lower_move},
        "judged": {"false_link_rate": proposal.found.false_links, "missed_below": proposal.found.missed_below},
        "model": model_fingerprint(run),
        "labels": hash_file(LABELS.path(run)),
        "decided_at": datetime.now(UTC).isoformat(timespec="seconds"),
        "before": _held(before),
        "after": _held(after),
    }
    DECISION.write(run, cast("DecisionHeld", held))


def scene_rows(scenes: Sequence[Scene], language: Language) -> list[list[str]]:
    """Links, pairs that wait and errors expected, before and after, as rows for a reader, the first the header."""
    rates = ("false_link_rate", "missed_of_all", "missed_within_reach")
    told = [f"{JUDGED[rate](language)}: {JUDGING[who](language).lower()}" for rate in rates for who in ("by_model", "by_labels")]
    ends = [begun(THRESHOLD_WORDS[end](language)) for end in ("upper", "lower")]
    rows = [["", *ends, LINKS_WORD(language), begun(DECISIONS["clerical"](language)), *told]]
    for scene in scenes:
        by_measure = {one.measure: one for one in scene.judgements}
        cells = [SCENES[scene.name](language), significant(scene.upper, language), significant(scene.lower, language)]
        cells += [grouped(scene.links, language), grouped(scene.clerical, language)]
        for rate in rates:
            one = by_measure.get(rate)  # type: ignore[call-overload]
            cells.append("–" if one is None or one.by_model is None else percent_significant(one.by_model, language))
            cells.append("–" if one is None or one.by_labels is None else _interval(one.by_labels, language))
        rows.append(cells)
    # turned: a scene is a column, so that the table fits a terminal
    return [list(cells) for cells in zip(*rows, strict=True)]


def described_moves(proposal: Proposal, language: Language) -> list[str]:
    """What the decision does to each threshold and why, and how many pairs it decides otherwise."""
    sentences = []
    if proposal.found is not None:
        ends = (
            ("upper", proposal.found.upper_move, "false_link_rate", proposal.found.false_links),
            ("lower", proposal.found.lower_move, "missed_below", proposal.found.missed_below),
        )
        for end, move, measure, verdict in ends:
            named = (begun(THRESHOLD_WORDS[end](language)), MOVES[move](language), JUDGED[measure](language))
            sentences.append(MOVED(language).format(*named, JUDGEMENTS[verdict](language)))
    counts = (proposal.taken, proposal.added, proposal.other, proposal.verdicts)
    return [*sentences, CHANGED(language).format(*(grouped(one, language) for one in counts))]


def _interval(found: Interval, language: Language) -> str:
    return interval_word(found.value, found.low, found.high, language)


def _held(scene: Scene) -> SceneHeld:
    labels = {
        one.measure: None if one.by_labels is None else [one.by_labels.value, one.by_labels.low, one.by_labels.high]
        for one in scene.judgements
    }
    model = {one.measure: one.by_model for one in scene.judgements}
    return {
        "links": scene.links,
        "clerical": scene.clerical,
        "by_model": cast("dict[str, float | None]", model),
        "by_labels": cast("dict[str, list[float] | None]", labels),
    }


def _assigned_pairs(connection: duckdb.DuckDBPyConnection, links: Path, margin: float) -> DecidedPairs:
    rows = connection.execute(
        f"""SELECT link_weight, decision_unreviewed = 'link' AS linked, decision = 'link' AS delivered,
                   reason LIKE 'verdict%' AS reviewed, coalesce(runner_up_margin >= {float(margin)}, true) AS settled
            FROM {relation(links)} ORDER BY link_weight, record_id_l, record_id_r"""
    ).fetchnumpy()
    flags = (np.asarray(rows[name], dtype=bool) for name in ("linked", "delivered", "reviewed", "settled"))
    return DecidedPairs(np.asarray(rows["link_weight"], dtype=float), *flags)


def _scene(
    connection: duckdb.DuckDBPyConnection,
    run: Path,
    spec: ProjectSpec,
    name: Stage,
    links: Path,
    at: Thresholds,
    labels: str | None,
    search: SearchTables | None,
) -> Scene:
    weights, delivered, by_rule, matched = load_delivered(connection, links, labels)
    apart = weights_apart(connection, OUTSIDE.path(run) if OUTSIDE.is_in(run) else None)
    found = estimate_delivered_by_model(matched, delivered, probability(apart))
    found.append(missed_below_by_model(matched, weights, at.lower, delivered))
    if labels is not None and REVIEW_SET.is_in(run):
        sample = load_sample(connection, REVIEW_SET.path(run), labels, links)
        fallible = believed_labels(connection, run, sample, labels)
        found += estimate_by_design(sample, weights, None, decided=delivered, before=by_rule, fallible=fallible)
        found.append(estimate_missed_below(sample, weights, at.lower, delivered, fallible=fallible))
        if search is not None:
            with suppress(LinkageError):  # what has no estimate yet stays untested
                of_assigned = load_sample(connection, REVIEW_SET.path(run), labels, links, assigned_only=True)
                given = of_assigned, links, MENTIONS.path(run), delivered, by_rule
                believed = believed_labels(connection, run, of_assigned, labels)
                found += measure_recall_of_all(connection, search, *given, fallible=believed)
    below = int(((weights < at.lower) & ~delivered).sum())
    waiting = fetch_row(connection, f"SELECT count(*) FROM {relation(links)} WHERE decision = 'clerical'")[0]
    unlinked = fetch_row(connection, f"SELECT count(*) FROM {MENTIONS.scan(run)}")[0] - int(delivered.sum())
    judged = judge(found, spec.targets, at.lower, below, unlinked)
    return Scene(name, at.upper, at.lower, int(delivered.sum()), waiting, judged)

"""The search: trials in order, each in a run directory of its own, then all scored together."""

from __future__ import annotations

import itertools
import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

import numpy as np

from linkage.config import LoadedProject, load_project
from linkage.config.loading import parse_project
from linkage.decision import propose_thresholds
from linkage.errors import LinkageError, ProjectFileError
from linkage.pipeline import STAGES
from linkage.project import Project
from linkage.runs import Progress, RunDirectory, silent
from linkage.runs.adopting import adopt_stages
from linkage.runs.files import write_text
from linkage.runs.sql import connect
from linkage.statistics import Interval, probability
from linkage.tuning.cases import (
    ScoredBy,
    assigned_pairs,
    cases_by_labels,
    cases_by_numbers,
    how_to_score,
    personless_share,
)
from linkage.tuning.grid import Grid, apply_setting, choose_settings, read_grid
from linkage.tuning.result_files import write_results
from linkage.tuning.trial_scores import Cases, Chosen, Score, choose_best, front, score_cases

if TYPE_CHECKING:
    import duckdb

UNTIL = "decide"
FoundMeasure = Literal["recall_within_reach", "recall_of_numbered", "expected_links"]
MEASURE_OF: dict[ScoredBy, FoundMeasure] = {
    "labels": "recall_within_reach",
    "numbers": "recall_of_numbered",
    "model": "expected_links",
}
"""What the share found is a share of: sampled matches, mentions with a number, or (by the model's own word) all mentions."""


@dataclass(frozen=True)
class Trial:
    """One setting tried. `score` is None for a trial that failed, `error` then says why.

    `reused` names the stages taken over from an earlier trial; `clerical_pairs` counts mentions between the two thresholds
    that keep the targets, close runner-ups included; `warnings` of the training that are more than notes.
    """

    number: int
    setting: dict[str, Any]
    project_file: Path
    run: Path
    score: Score | None = None
    clerical_pairs: int = 0
    candidate_pairs: int = 0
    warnings: int = 0
    seconds: float = 0.0
    reused: tuple[str, ...] = ()
    on_front: bool = False
    error: str = ""


@dataclass(frozen=True)
class TuningResult:
    """All trials, trial 0 being the project file as it is, and the best by what it finds at the declared false-link rate.

    `measure` says what is found: of which persons the shares are. `nested` is the quality of such a choice, on cases that took no
    part in it; None where the model alone was asked. `hopeful` is the trial that would be chosen if every link that no label
    knows were right: where it is another than the best, its unknown links are worth a label. `why` is the key of the text that
    says how the trials were scored.
    """

    trials: tuple[Trial, ...]
    best: Trial
    hopeful: Trial
    scored_by: ScoredBy
    measure: FoundMeasure
    why: str
    nested: Chosen | None
    folder: Path
    files: tuple[Path, ...]


def tune(
    config: Path,
    grid: Path | Grid,
    *,
    trials: int | None = None,
    out: Path,
    data: Path | None = None,
    labels: Path | None = None,
    progress: Progress = silent,
    seed: int | None = None,
) -> TuningResult:
    """Try the grid's combinations (a random `trials` of them, or all) on a project and score every one alike.

    `out` gets `trials/NNN.yaml` (a whole project file each), `trials/NNN/` (its run directory), `results.parquet`,
    `results.csv`, `tuning.json` and `front.png`. `progress` is told `trial` with trials done and in all, and the stages' own
    steps between. `seed` is the project's own when absent.

    Raises:
        ProjectFileError: the project file, the grid, or one of its combinations is wrong; nothing was started.
        LinkageError: trial 0 failed, or `labels` has none. Another trial that fails is kept with its error.
    """
    base = load_project(config)
    chosen = choose_settings(read_grid(grid), trials, base.spec.seed if seed is None else seed)
    settings = [{}, *chosen]
    projects = [_project_of(base, setting, out / "trials" / f"{number:03d}.yaml") for number, setting in enumerate(settings)]
    Project(projects[0], data).check()
    (out / "trials").mkdir(mode=0o700, parents=True, exist_ok=True)
    tried: list[Trial] = []
    for number, (setting, project) in enumerate(zip(settings, projects, strict=True)):
        progress("trial", number, len(settings))
        write_text(project.path, project.text)
        tried.append(_run(number, setting, project, data, [one for one in tried if not one.error], progress))
    progress("trial", len(settings), len(settings))
    return _score(tried, projects, labels, out)


def _project_of(base: LoadedProject, setting: Mapping[str, Any], path: Path) -> LoadedProject:
    """The project file of a trial: that of the base, whole, with its sources where they were."""
    plain: dict[str, Any] = base.given.model_dump(mode="json", by_alias=True, exclude_unset=True)
    for side in ("left", "right"):
        source = (plain.get(side) or {}).get("source", {})
        if source.get("path") and not source["path"].startswith("{data}"):
            source["path"] = str((base.folder / source["path"]).absolute())
    own = plain.get("reconcile", {})
    if own.get("outcomes"):
        own["outcomes"] = str((base.folder / own["outcomes"]).absolute())
    text = json.dumps(apply_setting(plain, setting), ensure_ascii=False, indent=1)
    try:
        return parse_project(text + "\n", path)
    except ProjectFileError as error:
        said = "; ".join(f"{key} = {json.dumps(value, ensure_ascii=False)}" for key, value in setting.items())
        raise ProjectFileError(f"the grid's setting {said} makes no sound project file:\n{error.what}", error.remedy) from None


def _run(
    number: int, setting: dict[str, Any], project: LoadedProject, data: Path | None, earlier: list[Trial], progress: Progress
) -> Trial:
    """Run one trial as far as the links, with what an earlier one has already done."""
    folder = project.path.with_suffix("")
    directory = RunDirectory(folder)
    agreeing = [_shared_stages(project, one) for one in earlier]
    if agreeing:
        most = max(range(len(earlier)), key=lambda place: len(agreeing[place]))
        adopt_stages(RunDirectory(earlier[most].run), directory, agreeing[most])
    before = {record.stage: record.finished_at for record in directory.records()}
    trial = Trial(number, setting, project.path, folder)
    try:
        Project(project, data).run(until=UNTIL, out=folder, progress=progress, command="tune")
    except LinkageError as error:
        if number == 0:
            raise
        return Trial(**{**trial.__dict__, "error": error.what})
    records = directory.records()
    counts = {record.stage: record.counts for record in records}
    fresh = [record for record in records if before.get(record.stage) != record.finished_at]
    return Trial(
        **{
            **trial.__dict__,
            "candidate_pairs": int(counts["block"]["candidate_pairs"]),
            "warnings": int(counts["train"].get("warnings", 0)),
            "seconds": round(sum(record.seconds for record in fresh), 3),
            "reused": tuple(record.stage for record in records if record not in fresh),
        }
    )


def _shared_stages(project: LoadedProject, trial: Trial) -> list[str]:
    """The leading stages that have the same part of the project file as the earlier trial's."""
    other = load_project(trial.project_file).spec
    same = itertools.takewhile(lambda stage: stage.config(project.spec) == stage.config(other), STAGES)
    return [stage.name for stage in same]


def _score(tried: list[Trial], projects: list[LoadedProject], labels: Path | None, out: Path) -> TuningResult:
    base = projects[0].spec
    targets = base.targets
    with connect(base.memory_limit, base.threads) as connection:
        scored_by, why = how_to_score(connection, tried[0].run, [project.spec for project in projects], labels)
        sound = [trial for trial in tried if not trial.error]
        nested, hopeful = None, 0
        if scored_by == "model":
            scores = {
                trial.number: _by_model(connection, trial, base, projects[trial.number].spec.runner_up_margin) for trial in sound
            }
            best = max(sound, key=lambda trial: (scores[trial.number].found.value, -trial.number)).number
            hopeful = best
        else:
            cases = [_cases(connection, trial, tried[0], scored_by, labels, base.seed) for trial in sound]
            scores = {
                trial.number: score_cases(one, targets.false_link_rate, targets.missed_link_rate)
                for trial, one in zip(sound, cases, strict=True)
            }
            place, nested = choose_best(cases, targets.false_link_rate)
            best = sound[place].number
            nested = replace(nested, trials=tuple(sound[one].number for one in nested.trials))
            hopeful = sound[choose_best(cases, targets.false_link_rate, hopeful=True)[0]].number
        loads = {trial.number: _clerical_pairs(connection, trial, scores[trial.number], projects) for trial in sound}
    places = front([loads[trial.number] for trial in sound], [scores[trial.number].after_review for trial in sound])
    ahead = {sound[place].number for place in places}
    finished = tuple(
        Trial(
            **{
                **trial.__dict__,
                "score": scores.get(trial.number),
                "clerical_pairs": loads.get(trial.number, 0),
                "on_front": trial.number in ahead,
            }
        )
        for trial in tried
    )
    files = write_results(
        out,
        [_row(trial) for trial in finished],
        {
            "best": best,
            "best_if_unknown_links_are_right": hopeful,
            "scored_by": scored_by,
            "measure": MEASURE_OF[scored_by],
            "why": why,
            "nested": asdict(nested) if nested else None,
            "false_link_rate": targets.false_link_rate,
            "missed_link_rate": targets.missed_link_rate,
        },
    )
    best_trials = finished[best], finished[hopeful]
    return TuningResult(finished, *best_trials, scored_by, MEASURE_OF[scored_by], why, nested, out, files)


def _cases(
    connection: duckdb.DuckDBPyConnection, trial: Trial, first: Trial, scored_by: ScoredBy, labels: Path | None, seed: int
) -> Cases:
    if scored_by == "labels" and labels is not None:
        return cases_by_labels(connection, trial.run, first.run, seed, labels)
    mentions = RunDirectory(first.run).record("standardise")
    # one share for all trials: they must be scored alike
    share = personless_share(first.run, int(mentions.counts["mentions"]) if mentions else 0)
    return cases_by_numbers(connection, trial.run, seed, share)


def _by_model(connection: duckdb.DuckDBPyConnection, trial: Trial, base: Any, runner_up_margin: float) -> Score:
    """Expected true links / mentions, at the thresholds that the model itself proposes. Not an estimate of recall."""
    pairs = assigned_pairs(connection, trial.run)
    weight, settled = pairs.weight, pairs.margin >= runner_up_margin
    held = RunDirectory(trial.run).record("standardise")
    mentions = int(held.counts["mentions"]) if held else weight.size
    matched = probability(weight)
    thresholds = propose_thresholds(weight, base.targets, base.thresholds, base.review.reviewers_per_pair, settled)
    found = float(matched[settled & (weight >= thresholds.upper)].sum()) / mentions
    after = float(matched[weight >= thresholds.lower].sum()) / mentions
    return Score(
        found=Interval(found, 0.0, 1.0),
        false_link_rate=Interval(thresholds.expected_false_link_rate, 0.0, 1.0),
        unknown=1.0,
        upper=thresholds.upper,
        lower=thresholds.lower,
        reached=bool((settled & (weight >= thresholds.upper)).any()),
        after_review=after,
        n=0,
    )


def _clerical_pairs(connection: duckdb.DuckDBPyConnection, trial: Trial, score: Score, projects: list[LoadedProject]) -> int:
    pairs = assigned_pairs(connection, trial.run)
    close = pairs.margin < projects[trial.number].spec.runner_up_margin
    return int(np.sum((pairs.weight >= score.lower) & ((pairs.weight < score.upper) | close)))


def _row(trial: Trial) -> dict[str, Any]:
    """A trial as a row of the results table."""
    score = trial.score
    return {
        "trial": trial.number,
        **{f"set {key}": json.dumps(value, ensure_ascii=False) for key, value in trial.setting.items()},
        "found": score.found.value if score else None,
        "found_low": score.found.low if score else None,
        "found_high": score.found.high if score else None,
        "false_link_rate": score.false_link_rate.value if score else None,
        "false_link_rate_low": score.false_link_rate.low if score else None,
        "false_link_rate_high": score.false_link_rate.high if score else None,
        "unknown_links": score.unknown if score else None,
        "found_after_review": score.after_review if score else None,
        "clerical_pairs": trial.clerical_pairs if score else None,
        "upper": score.upper if score and score.reached else None,
        "lower": score.lower if score and np.isfinite(score.lower) else None,
        "cases": score.n if score else None,
        "candidate_pairs": trial.candidate_pairs,
        "warnings": trial.warnings,
        "on_front": trial.on_front,
        "seconds": trial.seconds,
        "reused": ", ".join(trial.reused),
        "error": trial.error,
    }

"""The stages, in order: the one file that shows the whole flow.

    read -> standardise -> block -> train -> score -> assign -> decide -> sample -> reconcile -> report

Each stage reads the earlier stages' files and writes its own (`linkage/stages.py`). A stage is run again only when its
code, its part of the project file or an input has changed; everything that depends on it then runs again too.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from functools import partial
from importlib import import_module
from pathlib import Path
from threading import Thread
from typing import Any

import duckdb

from linkage.checking import plan_run
from linkage.config import LoadedProject, ProjectSpec
from linkage.errors import LinkageError, ProjectFileError, nearest
from linkage.registers.sources import resolve
from linkage.runs import Progress, RunDirectory, code_version, fingerprint, hash_file, source_fingerprint, write_provenance
from linkage.runs.directory import Counts
from linkage.stages import Backend, Work, assign, block, decide, read, reconcile, report, sample, score, standardise, train


@dataclass(frozen=True)
class Stage:
    """A step of the flow and what decides whether it must run again."""

    work: Callable[[Work], Counts]
    rooms: tuple[str, ...]
    """Packages and modules whose code can change its outputs."""
    config: Callable[[ProjectSpec], Any]
    """Its part of the project file."""
    after: tuple[str, ...]
    """The stages whose outputs it reads."""
    on_spark: bool = False
    """Whether it can run on Spark."""
    reviewed: Callable[[ProjectSpec], tuple[str, ...]] = lambda spec: ()
    """Files of a review that it reads where they are there: a new one runs the stage again."""

    @property
    def name(self) -> str:
        """What the stage is called on the command line."""
        return self.work.__name__


def _matching(spec: ProjectSpec) -> Any:
    return [spec.comparisons, spec.right is None, spec.seed]


def _outcome_codes(spec: ProjectSpec) -> Any:
    from linkage.reconcile import OUTCOMES_FILE

    return OUTCOMES_FILE.read_text(encoding="utf-8")


STAGES: tuple[Stage, ...] = (
    Stage(read, ("registers", "vietnamese"), lambda spec: [spec.left, spec.right], ()),
    Stage(standardise, ("standardise", "vietnamese"), lambda spec: [spec.left, spec.right, spec.standardise], ("read",)),
    Stage(
        block, ("matching", "statistics"), lambda spec: [_matching(spec), spec.blocking.predict], ("standardise",), on_spark=True
    ),
    Stage(
        train,
        ("matching", "statistics"),
        lambda spec: [_matching(spec), spec.blocking.train, spec.training, spec.relatives],
        ("standardise", "block"),
        on_spark=True,
        reviewed=lambda spec: ("labels.parquet",) if spec.training.m_from == "labels" else (),
    ),
    Stage(
        score,
        ("matching", "statistics"),
        lambda spec: spec.assignment == "many_to_one",
        ("standardise", "block", "train"),
        on_spark=True,
    ),
    Stage(
        assign,
        ("matching", "reconcile/differences.py", "reconcile/sides.py", "statistics", "vietnamese"),
        lambda spec: [spec.assignment, spec.blocking.predict],
        ("read", "standardise", "block", "train", "score"),
    ),
    Stage(
        decide,
        ("decision", "statistics"),
        lambda spec: [spec.thresholds, spec.targets, spec.runner_up_margin, spec.review],
        ("assign",),
        reviewed=lambda spec: ("labels.parquet", "estimates.json"),
    ),
    Stage(
        sample,
        ("decision", "matching", "statistics"),
        lambda spec: [spec.review, spec.targets.review_capacity, spec.seed],
        ("standardise", "assign", "decide"),
    ),
    Stage(reconcile, ("reconcile", "vietnamese"), _outcome_codes, ("read", "standardise", "decide", "assign")),
    Stage(
        report,
        ("report", "statistics"),
        lambda spec: spec,
        ("read", "block", "train", "decide", "sample", "reconcile"),
        reviewed=lambda spec: ("labels.parquet", "estimates.json"),
    ),
)
STAGE_NAMES = tuple(stage.name for stage in STAGES)


def run_stages(
    project: LoadedProject,
    folder: Path,
    *,
    until: str | None,
    data: Path | None,
    command: str,
    progress: Progress,
    backend: Backend = "duckdb",
) -> RunDirectory:
    """Bring the run directory up to date as far as stage `until` (all when None); current stages are not run again.

    Raises:
        ProjectFileError: the project file, a source's columns or the stage's name is wrong; nothing was started.
        LinkageError: a stage failed; the stages before it are kept.
    """
    last = STAGE_NAMES.index(_known(until)) if until else len(STAGES) - 1
    plan = plan_run(project, data)
    if backend == "spark":
        from linkage.matching.spark import check_spark

        check_spark()
    run = RunDirectory(folder)
    run.create()
    with run.locked(command):
        sources = {side: getattr(project.spec, side).source for side in plan.sides}
        inputs = {
            side: source_fingerprint(source, resolve(source.path, project.folder, data) if source.path else None)
            for side, source in sources.items()
        }
        done: dict[str, str] = {}
        ahead = Thread(target=_import_ahead, args=(project.spec,))
        for stage in STAGES[: last + 1]:
            parents = {parent: done[parent] for parent in stage.after} or inputs
            reviewed = [hash_file(run.file(name)) for name in stage.reviewed(project.spec) if run.file(name).is_file()]
            done[stage.name] = fingerprint(
                stage.name,
                code_version((*stage.rooms, "stages.py")),
                _plain(stage.config(project.spec)),
                parents,
                reviewed,
                backend if stage.on_spark else None,
            )
            record = run.record(stage.name)
            if record is None or record.fingerprint != done[stage.name]:
                progress(stage.name, 0, 0)
                if ahead.ident is None and stage is not STAGES[-1]:
                    ahead.start()
                try:
                    record = run.run_stage(
                        stage.name,
                        done[stage.name],
                        _later(stage.name),
                        partial(_in_folder, stage.work, Work(project, plan, run, run.path, data, progress, backend)),
                    )
                except duckdb.OutOfMemoryException:
                    raise LinkageError(
                        f"{stage.name} needs more than the memory_limit of {project.spec.memory_limit}",
                        "Raise memory_limit in the project file (the stages before are kept), or free disk space to spill to.",
                    ) from None
                write_provenance(run, project, command, inputs, data)
        write_provenance(run, project, command, inputs, data)
    return run


def _import_ahead(spec: ProjectSpec) -> None:
    """Import what the last stages need while DuckDB works for the first: together it takes as long as they do."""
    for name in ("scipy.special", "linkage.report", "matplotlib.figure", "matplotlib.backends.backend_svg"):
        import_module(name)
    from linkage.report.writing import compiled_template

    compiled_template(spec.report.language)


def _in_folder(stage: Callable[[Work], Counts], work: Work, folder: Path) -> Counts:
    return stage(replace(work, folder=folder))


def _later(name: str) -> list[str]:
    """The stages that depend, directly or not, on a stage."""
    found: list[str] = []
    for stage in STAGES:
        if name in stage.after or any(parent in found for parent in stage.after):
            found.append(stage.name)
    return found


def _known(name: str) -> str:
    if name not in STAGE_NAMES:
        near = nearest(name, STAGE_NAMES)
        raise ProjectFileError(
            f"there is no stage {name!r}{f'; did you mean {near!r}?' if near else ''}",
            f"The stages are: {', '.join(STAGE_NAMES)}.",
        )
    return name


def _plain(value: Any) -> Any:
    """Specs as JSON-able values."""
    if isinstance(value, (list, tuple)):
        return [_plain(one) for one in value]
    if isinstance(value, Mapping):
        return {str(key): _plain(one) for key, one in value.items()}
    return value.model_dump(mode="json", by_alias=True) if hasattr(value, "model_dump") else value

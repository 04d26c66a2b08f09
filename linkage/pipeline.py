"""The whole flow on a page.

sources ─ read ─▶ standardise ─▶ block ─▶ train ─▶ score ─▶ assign ─┬─▶ decide ─┐
                                                                    ├─▶ differ ─┤
                                                                    └─▶ widen ──┼─▶ sample ⇄ review ─▶ estimate ─┐
                                                                                └─▶ reconcile ⇄ offices ─────────┴─▶ report

Each stage is a file of `linkage/stages/` that declares which tables it reads and writes: the order follows from that. A stage
is run again only when its code, its part of the project file or an input has changed; everything that depends on it then runs
again too.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from functools import partial
from importlib import import_module
from pathlib import Path
from tempfile import TemporaryDirectory
from threading import Thread
from typing import Any

import duckdb

from linkage.config import LoadedProject, ProjectSpec, load_project
from linkage.config.yaml_files import raise_together
from linkage.errors import LinkageError, ProjectFileError, nearest
from linkage.interrupts import keeping
from linkage.registers.source_parts import resolve, state_of
from linkage.replacing import Agreed, Replaced, hold_agreed, never, replaced_by
from linkage.runs import (
    Progress,
    RunDirectory,
    StageRecord,
    code_versions,
    fingerprint,
    hash_file,
    source_fingerprint,
    write_provenance,
)
from linkage.runs.progress import NOTE
from linkage.runs.tables import RUN
from linkage.stages import (
    assign,
    block,
    decide,
    differ,
    estimate,
    read,
    reconcile,
    report,
    sample,
    score,
    standardise,
    train,
    widen,
)
from linkage.stages.empty_columns import empty_columns
from linkage.stages.plan import Plan, open_sources
from linkage.stages.prior_check import foresee_prior
from linkage.stages.stage import Engine, Stage, Work

STAGES: tuple[Stage, ...] = (
    read.STAGE,
    standardise.STAGE,
    block.STAGE,
    train.STAGE,
    score.STAGE,
    assign.STAGE,
    decide.STAGE,
    differ.STAGE,
    widen.STAGE,
    sample.STAGE,
    estimate.STAGE,
    reconcile.STAGE,
    report.STAGE,
)
STAGE_NAMES = tuple(stage.name for stage in STAGES)
KEPT_CODE_VERSIONS = ".code.json"


def check_project(project: LoadedProject, data: Path | None, *, first_rows: bool = False) -> Plan:
    """Hold a project file against its sources, stage by stage; nothing is read but headers (with `first_rows` those rows too).

    Raises:
        ProjectFileError: with every fault found, each as file:line:column.
    """
    plan = open_sources(project, data, first_rows=first_rows)
    raise_together([fault for stage in STAGES for fault in stage.check(project, plan)])
    if first_rows:
        raise_together(list(foresee_prior(project, plan, data)))
    warnings = [warning for stage in STAGES for warning in stage.warn(project, plan)]
    for side, mapping in plan.sides.items():
        warnings += [
            f"{project.place((side, *finding.key))} {finding.what}{f'. {finding.remedy}' if finding.remedy else ''}"
            for finding in mapping.findings
            if finding.severity != "error"
        ]
    return replace(plan, warnings=tuple(warnings))


def parents_of(stage: Stage, spec: ProjectSpec) -> tuple[str, ...]:
    """The stages whose tables a stage reads, in the flow's order."""
    read_by_it = set(stage.inputs(spec))
    return tuple(other.name for other in STAGES if read_by_it.intersection(other.writes))


def run_stages(
    project: LoadedProject,
    folder: Path,
    *,
    until: str | None,
    data: Path | None,
    command: str,
    progress: Progress,
    engine: Engine = "duckdb",
    agreed: Agreed = never,
) -> RunDirectory:
    """Bring the run directory up to date as far as stage `until` (all when None); current stages are not run again.

    A stage that waits for what people leave is passed over until it is there, unless `until` names it. `agreed` is asked before
    links are replaced that the same project file does not make again, or that people's work rests on (`linkage.replacing`).

    Raises:
        ProjectFileError: the project file, a source's columns or the stage's name is wrong; nothing was started.
        RunDirectoryError: `agreed` did not; nothing was changed.
        LinkageError: a stage failed; the stages before it are kept.
    """
    last = STAGE_NAMES.index(_known(until)) if until else len(STAGES) - 1
    plan = check_project(project, data)
    if engine == "spark":
        from linkage.engines.spark import check_spark

        check_spark()
    run = RunDirectory(folder)
    run.create()
    done: dict[str, str] = {}
    with run.locked(command), keeping(lambda: _kept(run, done)):
        inputs = _inputs(project, plan, data)
        flow = _Flow(project, run, _code(run), inputs, engine)
        marks = flow.fingerprints(STAGES[: last + 1], until)
        if replaced := _replaced(run, project, data, marks):
            hold_agreed(replaced, agreed)
            progress(f"{NOTE}{replaced.sentence}", 0, 0)
        ahead = Thread(target=_import_ahead, args=(project.spec,))
        for stage in STAGES[: last + 1]:
            if stage.name not in marks:
                continue
            mark = marks[stage.name]
            if not run.has(stage.name, mark):
                progress(stage.name, 0, 0)
                if ahead.ident is None and last == len(STAGES) - 1 != STAGES.index(stage):
                    ahead.start()
                work = Work(project, plan, run, run.path, data, progress, engine)
                flow.run_stage(stage, mark, _later(stage.name, project.spec), work)
                write_provenance(run, project, command, inputs, data)
            done[stage.name] = mark
            if stage is standardise.STAGE:
                for sentence in empty_columns(project, plan, run.path):
                    progress(NOTE + sentence, 0, 0)
        write_provenance(run, project, command, inputs, data)
    return run


def run_alone(run: RunDirectory, project: LoadedProject, name: str, command: str, progress: Progress) -> StageRecord:
    """Run one stage on the tables as they stand, whatever has changed since they were made; nothing else is touched.

    For stages that need no source and no plan: `estimate`. What depends on it is out of date until the run is brought up to
    date.

    Raises:
        LinkageError: a stage whose tables it reads has not been run, or it fails itself.
    """
    stage = STAGES[STAGE_NAMES.index(name)]
    done = {}
    for parent in parents_of(stage, project.spec):
        record = run.record(parent)
        if record is None:
            raise LinkageError(
                f"{name} needs the stage `{parent}`, which has not been run here", f"Run the project as far as `{parent}`."
            )
        done[parent] = record.fingerprint
    with run.locked(command):
        flow = _Flow(project, run, _code(run), {}, "duckdb")
        plan = Plan({}, {}, {}, {})
        work = Work(project, plan, run, run.path, None, progress)
        return flow.run_stage(stage, flow.fingerprint(stage, done), [], work)


def bring_up_to_date(run: RunDirectory, command: str, progress: Progress) -> RunDirectory:
    """Run again whatever is out of date, from the project file and data the run was made from.

    Raises:
        LinkageError: when the project file is no longer where it was.
    """
    project, data = _origin(run)
    return run_stages(project, run.path, until=None, data=data, command=command, progress=progress)


def hold_current(run: RunDirectory, before: str) -> None:
    """Hold a run against its project file, data and this code as they are now, for the stages `before` the one named.

    Raises:
        LinkageError: one of them is out of date, so that the next run would change more than what is shown of it.
    """
    project, data = _origin(run)
    plan = check_project(project, data)
    flow = _Flow(project, run, _code(run), _inputs(project, plan, data), "duckdb")
    done: dict[str, str] = {}
    same = _plain(project.spec) == _plain(ProjectSpec.model_validate(RUN.read(run.path)["spec"]))
    for stage in STAGES[: STAGE_NAMES.index(before)]:
        record = run.record(stage.name)
        marks = {flow.fingerprint(stage, done), replace(flow, engine="spark").fingerprint(stage, done)}
        if not same or record is None or record.fingerprint not in marks:
            raise LinkageError(
                f"this run is out of date at `{stage.name}`: its project file, its data or the program have changed",
                f"linkage run {project.path} --out {run.path}",
            )
        done[stage.name] = record.fingerprint


@contextmanager
def standardised_tables(project: LoadedProject, folder: Path, data: Path | None, progress: Progress) -> Iterator[Path]:
    """A folder that holds both sides' standardised tables as project file, data and program are now; no later result is lost.

    It is the run directory where its tables are current or no later stage stands on them (they are then made there); else a
    folder beside it that is removed in the end.

    Raises:
        ProjectFileError: the project file or a source's columns are wrong.
    """
    command, last = "blocking", standardise.STAGE.name
    if RUN.is_in(folder):
        run = RunDirectory.open(folder)
        flow = _Flow(project, run, _code(run), _inputs(project, check_project(project, data), data), "duckdb")
        done: dict[str, str] = {}
        for stage in (read.STAGE, standardise.STAGE):
            done[stage.name] = flow.fingerprint(stage, done)
        held = {record.stage: record.fingerprint for record in run.records()}
        if done.items() <= held.items():
            yield folder
            return
        if held.keys() > done.keys():
            with TemporaryDirectory(prefix=f".{command}-", dir=folder.parent) as beside:
                yield run_stages(
                    project, Path(beside) / folder.name, until=last, data=data, command=command, progress=progress
                ).path
            return
    yield run_stages(project, folder, until=last, data=data, command=command, progress=progress).path


def _origin(run: RunDirectory) -> tuple[LoadedProject, Path | None]:
    """The project file a run was made from, and the folder of its data."""
    origin = RUN.read(run.path)["origin"]
    if not Path(origin["project_file"]).is_file():
        raise LinkageError("the project file of this run is no longer where it was", f"linkage run CONFIG --out {run.path}")
    return load_project(Path(origin["project_file"])), Path(origin["data"]) if origin["data"] else None


def _inputs(project: LoadedProject, plan: Plan, data: Path | None) -> dict[str, str]:
    """The fingerprint of each side's source."""
    sources = {name: side.source for name, side in project.spec.sides.items()}
    return {
        side: source_fingerprint(source, resolve(source.path, project.folder, data) if source.path else None, state_of(source))
        for side, source in sources.items()
    }


@dataclass(frozen=True)
class _Flow:
    """What the fingerprints of one run's stages have in common."""

    project: LoadedProject
    run: RunDirectory
    code: Mapping[str, str]
    sources: Mapping[str, str]
    engine: Engine

    def fingerprint(self, stage: Stage, done: Mapping[str, str]) -> str:
        """Of its code, its part of the project file, the stages it reads from and what people have left for it."""
        spec = self.project.spec
        parents = {parent: done[parent] for parent in parents_of(stage, spec) if parent in done}
        written = {table for other in STAGES for table in other.writes}
        left = [one for one in stage.inputs(spec) if one not in written and one.is_in(self.run.path)]
        return fingerprint(
            stage.name,
            self.code[stage.module],
            _plain(stage.config(spec)),
            parents or self.sources,
            [hash_file(one.path(self.run.path)) for one in left],
            self.engine if stage.on_engine else None,
            [hash_file(path) for path in stage.files(self.project)],
        )

    def fingerprints(self, stages: Sequence[Stage], until: str | None) -> dict[str, str]:
        """Of these stages, in the flow's order; without those that wait for what people have not left, unless `until` asks."""
        done: dict[str, str] = {}
        for stage in stages:
            if stage.waits_for and stage.name != until and not any(one.is_in(self.run.path) for one in stage.waits_for):
                continue
            done[stage.name] = self.fingerprint(stage, done)
        return done

    def run_stage(self, stage: Stage, mark: str, later: list[str], work: Work) -> StageRecord:
        """Do a stage's work in a folder of its own and put its outputs in place."""
        try:
            return self.run.run_stage(stage.name, mark, later, partial(_in_folder, stage, work), stage.writes)
        except duckdb.OutOfMemoryException:
            raise LinkageError(
                f"{stage.name} needs more than the memory_limit of {self.project.spec.memory_limit}",
                "Raise memory_limit in the project file (the stages before are kept), or free disk space to spill to.",
            ) from None


def _replaced(run: RunDirectory, project: LoadedProject, data: Path | None, marks: Mapping[str, str]) -> Replaced | None:
    """What bringing the stages of these fingerprints up to date replaces, where links are among it."""
    anew = {name: _later(name, project.spec) for name, mark in marks.items() if not run.has(name, mark)}
    gone = {*anew, *(later for depending in anew.values() for later in depending)}
    beneath = any(decide.STAGE.name in depending for depending in anew.values())
    return replaced_by(run, project, data, [name for name in STAGE_NAMES if name in gone], beneath)


def _kept(run: RunDirectory, done: Collection[str]) -> str:
    """What an interrupted run leaves, as one sentence."""
    if not done:
        return f"No stage is finished in {run.path}; the same command begins anew."
    return f"{run.path} keeps what is finished: {', '.join(done)}. The same command goes on from there."


def _code(run: RunDirectory) -> dict[str, str]:
    """Each stage's code version, by its module."""
    return code_versions([stage.module for stage in STAGES], run.file(KEPT_CODE_VERSIONS))


def _import_ahead(spec: ProjectSpec) -> None:
    """Import what the last stages need while DuckDB works for the first: together it takes as long as they do."""
    for name in ("scipy.special", "linkage.report", "matplotlib.figure", "matplotlib.backends.backend_svg"):
        import_module(name)
    from linkage.report.writing import compiled_template

    compiled_template(spec.language)


def _in_folder(stage: Stage, work: Work, folder: Path) -> Mapping[str, int | float | str]:
    return stage.work(replace(work, folder=folder))


def _later(name: str, spec: ProjectSpec) -> list[str]:
    """The stages that depend, directly or not, on a stage."""
    found: list[str] = []
    for stage in STAGES:
        parents = parents_of(stage, spec)
        if name in parents or any(parent in found for parent in parents):
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

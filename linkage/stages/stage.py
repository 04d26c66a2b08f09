"""What a stage declares, and what it is given to work with."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

from linkage.config import LoadedProject, ProjectSpec
from linkage.runs.directory import SPILL, Counts, RunDirectory
from linkage.runs.progress import Progress
from linkage.runs.sql import connect
from linkage.runs.tables import MENTIONS, PERSONS, RAW_MENTIONS, RAW_PERSONS
from linkage.stages.plan import Plan

if TYPE_CHECKING:
    import duckdb

    from linkage.errors import ProjectFileError
    from linkage.runs.exchange import Exchanged

Engine = Literal["duckdb", "spark"]


@dataclass(frozen=True)
class Work:
    """What a stage is given: the project, its plan, the finished inputs, and a folder of its own to write to."""

    project: LoadedProject
    plan: Plan
    run: RunDirectory
    folder: Path
    data: Path | None
    progress: Progress
    engine_name: Engine = "duckdb"

    @property
    def spec(self) -> ProjectSpec:
        """The project file's content."""
        return self.project.spec

    @property
    def inputs(self) -> Path:
        """The run directory, where the tables of earlier stages stand."""
        return self.run.path

    @property
    def mentions(self) -> Path:
        """The left side's standardised table."""
        return MENTIONS.path(self.inputs)

    @property
    def persons(self) -> Path | None:
        """The right side's standardised table; None when duplicates are sought within the left."""
        return PERSONS.path(self.inputs) if self.spec.right else None

    @property
    def raw(self) -> tuple[Path, Path]:
        """The raw table of each side; the left one's twice when duplicates are sought within it."""
        left = RAW_MENTIONS.path(self.inputs)
        return left, RAW_PERSONS.path(self.inputs) if self.spec.right else left

    def connect(self) -> duckdb.DuckDBPyConnection:
        """A DuckDB that spills beside the stage's outputs."""
        return connect(self.spec.memory_limit, self.spec.threads, self.inputs / SPILL)

    @contextmanager
    def engine(self) -> Iterator[duckdb.DuckDBPyConnection]:
        """What blocks, trains and scores: DuckDB, or Spark behind the same methods."""
        if self.engine_name == "spark":
            from linkage.engines.spark import open_spark

            with open_spark(self.inputs / ".spark", self.spec.memory_limit, self.spec.threads) as connection:
                yield connection
        else:
            with self.connect() as connection:
                yield connection


def _nothing(project: LoadedProject, plan: Plan) -> Iterable[Any]:
    return ()


@dataclass(frozen=True)
class Stage:
    """A step of the flow and what decides whether it must run again."""

    work: Callable[[Work], Counts]
    """Named as the stage is on the command line; its module's imports are the code that can change its outputs."""
    writes: tuple[Exchanged, ...]
    reads: tuple[Exchanged, ...]
    """Tables and documents of other stages; what no stage writes is read where people have left it."""
    config: Callable[[ProjectSpec], Any]
    """Its part of the project file."""
    files: Callable[[LoadedProject], tuple[Path, ...]] = lambda project: ()
    """Files beside the project file whose content is its part too."""
    check: Callable[[LoadedProject, Plan], Iterable[ProjectFileError]] = _nothing
    """What is wrong in its part of the project file, given the columns there are."""
    warn: Callable[[LoadedProject, Plan], Iterable[str]] = _nothing
    """What will work but should be known, each with its place in the project file."""
    reads_if: Callable[[ProjectSpec], tuple[Exchanged, ...]] = lambda spec: ()
    """Further files, where the project file asks for them."""
    waits_for: tuple[Exchanged, ...] = ()
    """Passed over until people have left one of these, unless it is asked for by name."""
    on_engine: bool = False
    """Whether it can run on another engine than DuckDB."""

    @property
    def name(self) -> str:
        """What the stage is called on the command line."""
        return self.work.__name__

    @property
    def module(self) -> str:
        """Where it stands."""
        return self.work.__module__

    def inputs(self, spec: ProjectSpec) -> tuple[Exchanged, ...]:
        """Everything it reads under a project file."""
        return (*self.reads, *self.reads_if(spec), *self.waits_for)


def matching_part(spec: ProjectSpec) -> Any:
    """What every stage that compares records takes from the project file."""
    return [spec.comparisons, spec.right is None, spec.seed]

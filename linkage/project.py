"""The façade: a project file that was found right, and what can be done with it (`linkage.run`: the run it leaves behind)."""

from __future__ import annotations

import sys
from collections.abc import Mapping
from contextlib import AbstractContextManager, nullcontext
from pathlib import Path
from typing import TYPE_CHECKING, Any

from linkage.config import FieldKind, LoadedProject, ProjectSpec, SideSpec, load_project
from linkage.config.local_paths import local_path
from linkage.pipeline import check_project, run_stages, standardised_tables
from linkage.replacing import Agreed, default_folder, never
from linkage.run import Run
from linkage.runs import Progress, silent
from linkage.runs.sql import connect
from linkage.stages.plan import Plan
from linkage.stages.stage import Engine

if TYPE_CHECKING:
    from linkage.pairs.blocking_analysis import BlockingAnalysis
    from linkage.pairs.suggestion import SuggestedRule

__all__ = ["Project", "Run", "open_project"]

PAIRS_A_MENTION = 30.0
"""Budget of suggested rules where the project file sets none."""


def open_project(
    project: str | Path | Mapping[str, Any] | ProjectSpec, *, data: str | Path | Mapping[str, Any] | None = None
) -> Project:
    """Read and check a project: a file's path, or what one says as a mapping or spec.

    `data` is the folder that `{data}` stands for in its paths; or the tables themselves, `{"left": …, "right": …}`: DataFrames of
    pandas or polars, Arrow tables, DuckDB relations or paths. What is given in memory is kept under runs/given/.

    Raises:
        ProjectFileError: with every fault found, as file:line:column.
        LinkageError: what is given as a table has no rows to read.

    >>> open_project("configs/birth-to-population.yaml", data=registers).spec.targets.false_link_rate
    0.001
    """
    if isinstance(data, Mapping) or not isinstance(project, (str, Path)):
        from linkage.given import written

        tables = data if isinstance(data, Mapping) else {}
        project, data = written(project, tables), None if isinstance(data, Mapping) else data
    return Project(load_project(Path(project)), local_path(data, "the folder of data").resolve() if data is not None else None)


class Project:
    """A project file that was found right."""

    def __init__(self, loaded: LoadedProject, data: Path | None) -> None:
        self._loaded = loaded
        self._data = data

    @property
    def spec(self) -> ProjectSpec:
        """What the project file says."""
        return self._loaded.spec

    @property
    def folder(self) -> Path:
        """Where relative paths in the project file start from."""
        return self._loaded.folder

    @property
    def data(self) -> Path | None:
        """The folder that `{data}` stands for."""
        return self._data

    @property
    def sides(self) -> dict[str, SideSpec]:
        """`left` and, unless duplicates are sought within it, `right`; or the project's `tables`."""
        return self.spec.sides

    def check(self) -> Plan:
        """Open the sources' headers and hold them against the project file; links nothing.

        Raises:
            ProjectFileError: with every missing column, field and key.

        >>> plan = project.check()
        >>> sorted(plan.shared)[:3], plan.warnings
        (['birth_date', 'birth_place', 'ethnicity'], ())
        """
        return check_project(self._loaded, self._data, first_rows=True)

    def analyse_blocking(
        self, run: Run | None = None, *, out: str | Path | None = None, progress: Progress = silent
    ) -> BlockingAnalysis:
        """Counts, costs and anchors found of the project's blocking rules, and what refining crowded blocks loses.

        On a run of the project with its pairs: also what each rule adds and finds. Without one a forecast from counts of blocks
        alone, on the standardised tables in `out` (runs/<project>), read and standardised if they are not there.

        >>> analysis = project.analyse_blocking(run)
        >>> analysis.rules[-1].anchors_found_so_far <= analysis.anchors > 100
        True
        """
        from linkage.pairs.blocking_of_run import analyse_run_blocking

        with self._tables(run, out, progress) as folder, connect(self.spec.memory_limit, self.spec.threads) as connection:
            return analyse_run_blocking(connection, self.spec, self._shared, folder, from_counts=run is None)

    def suggest_blocking(
        self,
        run: Run | None = None,
        pairs_a_mention: float | None = None,
        *,
        out: str | Path | None = None,
        progress: Progress = silent,
    ) -> tuple[list[SuggestedRule], int]:
        """A small set of rules within a budget of pairs, and how many pairs it was chosen to find.

        The budget is the project's `pairs_per_entry` where none is given. Learnt from anchors, and from what a run knows.

        >>> rules, targets = project.suggest_blocking(run, pairs_a_mention=2)
        >>> rules[0].targets_found / targets > 0.5
        True
        """
        from linkage.pairs.blocking_of_run import suggest_run_rules

        budget = pairs_a_mention or self.spec.blocking.pairs_per_entry or PAIRS_A_MENTION
        with self._tables(run, out, progress) as folder, connect(self.spec.memory_limit, self.spec.threads) as connection:
            return suggest_run_rules(connection, self.spec, self._shared, folder, budget)

    def _tables(self, run: Run | None, out: str | Path | None, progress: Progress) -> AbstractContextManager[Path]:
        """A folder with the standardised tables: the run's, or those of the project as it is."""
        if run is not None:
            return nullcontext(run.path)
        return standardised_tables(self._loaded, self._folder(out), self._data, progress)

    @property
    def _shared(self) -> dict[str, FieldKind]:
        """The kinds of the fields that both sides have, by the sources' headers alone."""
        return check_project(self._loaded, self._data).shared

    def _folder(self, out: str | Path | None) -> Path:
        return local_path(out, "the run directory") if out is not None else default_folder(self._loaded, self._data)

    def run(
        self,
        until: str | None = None,
        *,
        out: str | Path | None = None,
        progress: Progress = silent,
        command: str | None = None,
        engine: Engine = "duckdb",
        agreed: Agreed = never,
    ) -> Run:
        """Run the stages that are not current, as far as `until`; `out` is runs/<project> when absent.

        Another project file's run of that name stays: this one's is runs/<project>-2 then. `agreed` is asked before links are
        replaced that people's work rests on, or that `out` has of another project file: `agreed=lambda replaced: True`.

        With `engine="spark"` pairs are blocked, trained and scored on Spark; the other stages stay in DuckDB.

        >>> finished = project.run(until="sample", out=place / "run")
        >>> list(finished.summary["stages"])[:3]
        ['read', 'standardise', 'block']
        """
        folder = self._folder(out)
        told = command or f"run(until={until!r}) from {Path(sys.argv[0]).name}"
        directory = run_stages(
            self._loaded, folder, until=until, data=self._data, command=told, progress=progress, engine=engine, agreed=agreed
        )
        return Run(directory)

"""The façade: a finished run, to look into and to act on.

Tables come as DuckDB relations: `.df()`, `.pl()`, `.arrow()`, `.fetchall()`; the first two need pandas and polars, which
the extra `frames` brings (`pip install 'linkage[frames]'`).
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal, cast, overload

from linkage.config import LoadedProject, ProjectSpec
from linkage.config.local_paths import local_path
from linkage.errors import LinkageError, nearest
from linkage.runs import Progress, RunDirectory, silent, tables
from linkage.runs.sql import connect

if TYPE_CHECKING:
    import duckdb

    from linkage.assigning.entity_explanation import EntityExplanation
    from linkage.decision import Estimates, Thresholds
    from linkage.decision.proposing import Proposal
    from linkage.model.linker import Linker
    from linkage.runs.shapes import RunSummary
    from linkage.weighing.explanation import Explanation


class Run:
    """A run directory, to look into."""

    def __init__(self, directory: RunDirectory) -> None:
        self._directory = directory

    @staticmethod
    def open(path: str | Path) -> Run:
        """An existing run directory.

        >>> Run.open(place / "run").summary["project"]
        'birth-to-population'
        """
        return Run(RunDirectory.open(Path(path)))

    @property
    def path(self) -> Path:
        """The run directory."""
        return self._directory.path

    @cached_property
    def connection(self) -> duckdb.DuckDBPyConnection:
        """The DuckDB that `table` reads through; never reaches for the network."""
        return connect()

    @cached_property
    def spec(self) -> ProjectSpec:
        """The project file this run was made with, as run.json keeps it."""
        return self.project.spec

    @property
    def project(self) -> LoadedProject:
        """The project file as run.json keeps it, for work that needs no source."""
        held = self.summary
        given = ProjectSpec.model_validate(held["spec"])
        return LoadedProject(path=Path(held["origin"]["project_file"]), places={}, given=given, text=held["config"])

    def estimate(self) -> Estimates:
        """Measure the links as they stand: precision, recall and error rates by every route the run's tables allow.

        Writes the verdicts there are and estimates.json; changes no decision and deletes nothing. `decide` lets them decide.

        >>> precision = run.estimate().select("precision", "design")
        >>> precision.low <= precision.value <= precision.high
        True
        >>> precision.denominator_is
        'links'
        """
        from linkage.decision.estimate import Estimates
        from linkage.pipeline import run_alone
        from linkage.review import write_labels

        if (self.path / "review" / "review.sqlite").is_file():
            write_labels(self.path)
        run_alone(self._directory, self.project, "estimate", "estimate", silent)
        return Estimates.from_json(tables.ESTIMATES.read(self.path))

    def draw_estimates(self, estimates: Estimates, folder: str | Path) -> list[Path]:
        """The figures the estimates allow, as PNG files in a folder.

        >>> drawn = run.draw_estimates(run.estimate(), place / "figures")
        >>> {"curve.png", "allocation.png"} <= {path.name for path in drawn}
        True
        """
        from linkage.decision import draw_figures, load_strata

        target = local_path(folder, "the folder of figures")
        target.mkdir(mode=0o700, parents=True, exist_ok=True)
        weights = self.table("assigned").select("link_weight").fetchnumpy()["link_weight"]
        there = tables.REVIEW_SET.is_in(self.path)
        strata = load_strata(self.connection, tables.REVIEW_SET.path(self.path)) if there else ()
        drawn = draw_figures(estimates, weights, self.spec.targets, target, strata=strata, language=self.spec.language)
        return [one.path for one in drawn]

    def report(
        self,
        formats: Sequence[str] = ("html", "docx", "pdf"),
        *,
        out: str | Path | None = None,
        since: str | Path | None = None,
        language: str | None = None,
    ) -> list[Path]:
        """Build the method report in the given formats; `since` is an earlier run to tell the changes from.

        >>> [path.name for path in run.report(["html"], out=place / "report", language="en")]
        ['report.html']
        """
        from linkage.report import build_report

        if language not in {None, "vi", "en"}:
            raise LinkageError(f"there is no report in {language!r}", "Reports are in `vi` or `en`.")
        folder = local_path(out, "the report's folder") if out is not None else None
        earlier = local_path(since, "the earlier run") if since else None
        files = build_report(self.path, folder, formats, earlier, cast("Literal['vi', 'en'] | None", language), self.spec)
        return list(files.values())

    def decide(
        self,
        by: Literal["labels", "model"] = "labels",
        *,
        agreed: Callable[[Proposal], bool] = lambda proposal: True,
        progress: Progress = silent,
    ) -> Run:
        """Let the labels (or the model alone again) move the thresholds, and run again whatever follows from that.

        `agreed` is shown what would change before anything does; where it says no, nothing changes. The decision is recorded in
        the run and kept through later runs; verdicts on single pairs hold either way.

        Raises:
            LinkageError: no labels, thresholds given in the project file, or a run that is out of date.

        >>> shown = []
        >>> decided = run.decide("labels", agreed=lambda proposal: shown.append(proposal.found.false_links) or True)
        >>> shown, decided.document("thresholds")["how"]
        (['not_contradicted'], 'labels')
        """
        from linkage.decision.proposing import agree, propose
        from linkage.pipeline import bring_up_to_date, hold_current
        from linkage.review import write_labels

        if (self.path / "review" / "review.sqlite").is_file():
            write_labels(self.path)
        hold_current(self._directory, "decide")
        with connect(self.spec.memory_limit, self.spec.threads) as connection:
            proposal = propose(connection, self.path, self.spec, by)
        if not agreed(proposal):
            return self
        before = tables.DECISION.read(self.path) if tables.DECISION.is_in(self.path) else None
        agree(self.path, proposal)
        try:
            return Run(bring_up_to_date(self._directory, f"decide --by {by}", progress))
        except BaseException:
            tables.DECISION.path(self.path).unlink(missing_ok=True)
            if before is not None:
                tables.DECISION.write(self.path, before)
            raise

    @property
    def summary(self) -> RunSummary:
        """What run.json holds."""
        return tables.RUN.read(self.path)

    def table(self, name: str) -> duckdb.DuckDBPyRelation:
        """A table of the run, lazily: `mentions`, `persons`, `pairs`, `links`, `review_set`, `quarantine` …

        `pairs` shows the level store with record ids, match weight, pair weight, match probability and, its log2 odds, link
        weight.

        Raises:
            LinkageError: when the run has no such table (yet).

        >>> run.table("links").columns[:2]
        ['id_l', 'id_r']
        >>> run.table("links").aggregate("decision").order("decision").fetchall()[-1]
        ('non_link',)
        >>> run.table("link")
        Traceback (most recent call last):
        ...
        linkage.errors.LinkageError: this run has no table 'link'
        did you mean 'links'? It has: ...
        """
        there = sorted(one.name for one in tables.TABLES.values() if one.is_in(self.path))
        if name not in there:
            near = nearest(name, there)
            guess = f"did you mean {near!r}? " if near else ""
            raise LinkageError(f"this run has no table {name!r}", f"{guess}It has: {', '.join(there) or 'none yet'}.")
        if name == "pairs" and tables.MODEL.is_in(self.path):
            return self.connection.sql(self._pairs_query())
        return self.connection.sql(f"FROM {tables.TABLES[name].scan(self.path)}")

    @cached_property
    def model(self) -> Linker:
        """The trained model as a Splink linker on the run's own tables, ready to draw Splink's charts.

        >>> type(run.model.visualisations.match_weights_chart()).__name__
        'MatchWeightsChart'
        """
        from linkage.weighing.run_weights import open_linker

        return open_linker(self.path)

    @overload
    def explain(self, mention: str, person: str) -> Explanation: ...

    @overload
    def explain(self, mention: str) -> EntityExplanation: ...

    def explain(self, mention: str, person: str | None = None) -> Explanation | EntityExplanation:
        """Why the pair of these two record ids weighs what it weighs; of one id alone, why its entity's records are one person.

        Where entities are found (`entities.parquet`) the one may be an entity's id or that of a record in it.

        Raises:
            LinkageError: a side has no such record, or there is no such entity.

        >>> best = run.table("links").order("link_weight DESC, record_id_l").select("record_id_l, record_id_r")
        >>> run.explain(*best.fetchall()[0]).lines()[-1]
        'Link weight +..., probability ...'
        """
        from linkage.assigning.entity_explanation import explain_entity
        from linkage.weighing.explanation import explain_pair

        with connect() as connection:
            if person is None:
                return explain_entity(connection, self.path, mention)
            return explain_pair(connection, self.path, mention, person)

    @property
    def thresholds(self) -> Thresholds:
        """The two thresholds the run decided with; scikit-learn takes them for a fixed classifier of link weights.

        >>> labelled = run.table("labels").join(run.table("assigned"), "record_id_l, record_id_r")
        >>> known = labelled.filter("verdict <> 'unsure'").select("link_weight, (verdict = 'match')::INTEGER AS is_match")
        >>> held = known.fetchnumpy()
        >>> from sklearn.metrics import get_scorer
        >>> bool(get_scorer("precision")(run.thresholds, held["link_weight"], held["is_match"]) > 0.9)
        True
        """
        from linkage.decision import Thresholds

        return Thresholds.from_json(tables.THRESHOLDS.read(self.path))

    def document(self, name: str) -> Any:
        """A JSON document of the run: `training`, `thresholds`, `blocking` …

        >>> run.document("training")["prior"]["probability"] < 0.001
        True
        """
        if name not in tables.DOCUMENTS:
            near = nearest(name, sorted(tables.DOCUMENTS))
            guess = f"did you mean {near!r}? " if near else ""
            raise LinkageError(f"a run has no document {name!r}", f"{guess}There are: {', '.join(sorted(tables.DOCUMENTS))}.")
        return tables.DOCUMENTS[name].read(self.path)

    def _pairs_query(self) -> str:
        from linkage.weighing.run_weights import weighed_pairs

        left = tables.MENTIONS.scan(self.path)
        right = tables.PERSONS.scan(self.path) if tables.PERSONS.is_in(self.path) else left
        return (
            "SELECT l.record_id AS record_id_l, r.record_id AS record_id_r, pairs.*"
            f" FROM ({weighed_pairs(self.path)}) pairs"
            f" JOIN {left} l ON l.id = id_l JOIN {right} r ON r.id = id_r"
        )

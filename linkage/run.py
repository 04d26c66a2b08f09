"""The façade: a finished run, to look into and to act on.

Tables come as DuckDB relations: `.df()`, `.pl()`, `.arrow()`, `.fetchall()`.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import replace
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal, cast

from linkage.config import ProjectSpec
from linkage.errors import LinkageError, RunDirectoryError, nearest
from linkage.runs import Progress, RunDirectory, silent
from linkage.runs.sql import connect, fetch_row, literal, parquet_columns, quote

if TYPE_CHECKING:
    import duckdb
    from splink import Linker

    from linkage.decision import Estimates, Thresholds
    from linkage.matching.explanation import Explanation


GROUPS = ("sex", "birth_date_year", "birth_year", "ethnicity", "registration_date_year")
"""Standardised columns by which rates are broken down, where the mentions have them; a province and the error class besides."""


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
        return ProjectSpec.model_validate(self.summary["spec"])

    def estimate(self) -> Estimates:
        """Estimate precision, recall and error rates by every route the run's tables allow; writes estimates.json.

        After a review, `update` lets the verdicts, and the thresholds they can promise, decide.

        >>> precision = run.estimate().select("precision", "design")
        >>> precision.low <= precision.value <= precision.high
        True
        >>> precision.denominator_is
        'links'
        """
        from linkage.decision import RunTables, error_class, estimate
        from linkage.report.groups import PROVINCE_FIELDS
        from linkage.review import write_labels

        if (self.path / "review" / "review.sqlite").is_file():
            write_labels(self.path)
        tables: dict[str, Path] = {
            name: self.path / f"{name}.parquet"
            for name in ("links", "mentions", "persons", "review_set", "labels", "outside", "verdicts")
        }
        held = {name: path for name, path in tables.items() if path.is_file()}
        with connect(self.spec.memory_limit, self.spec.threads) as connection:
            levels = (
                "SELECT record_id_l, record_id_r, COLUMNS('^gamma_')"
                f" FROM read_parquet({literal(str(self.path / 'assigned.parquet'))}) a"
                f" JOIN read_parquet({literal(str(self.path / 'pairs.parquet'))}) p USING (id_l, id_r)"
            )
            connection.execute(f"CREATE TEMP TABLE assigned_levels AS {levels}")
            columns = parquet_columns(connection, tables["mentions"])
            groups = [name for name in GROUPS if name in columns]
            features = [name for name in groups if name != "ethnicity"]
            of_errors = error_class(columns, [one.field for one in self.spec.comparisons])
            connection.execute(
                f"CREATE TEMP VIEW classed_mentions AS SELECT *, {of_errors} AS error_class"
                f" FROM read_parquet({literal(str(tables['mentions']))})"
            )
            for name in (f"{field}_province" for field in PROVINCE_FIELDS):
                known = f"SELECT count({quote(name)}) FROM classed_mentions" if name in columns else "SELECT 0"
                if fetch_row(connection, known)[0]:
                    groups.append(name)
                    break
            by = self.spec.review.stratify_by
            groups += [name for name in ("error_class", by) if name and name not in groups]
            return estimate(
                connection,
                replace(RunTables(**held, pairs="assigned_levels"), mentions="classed_mentions"),
                self.thresholds,
                self.spec.targets,
                self.path / "estimates.json",
                groups=groups,
                anchor_features=features,
                seed=self.spec.seed,
            )

    def draw_estimates(self, estimates: Estimates, folder: str | Path) -> list[Path]:
        """The figures the estimates allow, as PNG files in a folder.

        >>> drawn = run.draw_estimates(run.estimate(), place / "figures")
        >>> {"curve.png", "allocation.png"} <= {path.name for path in drawn}
        True
        """
        from linkage.decision import draw_figures, load_strata

        Path(folder).mkdir(mode=0o700, parents=True, exist_ok=True)
        weights = self.table("assigned").select("link_weight").fetchnumpy()["link_weight"]
        review_set = self.path / "review_set.parquet"
        strata = load_strata(self.connection, review_set) if review_set.is_file() else ()
        drawn = draw_figures(
            estimates, weights, self.spec.targets, Path(folder), strata=strata, language=self.spec.report.language
        )
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
        folder = Path(out) if out is not None else None
        files = build_report(
            self.path, folder, formats, Path(since) if since else None, cast("Literal['vi', 'en'] | None", language), self.spec
        )
        return list(files.values())

    def update(self, progress: Progress = silent) -> Run:
        """Run again whatever a review or a changed project file has made out of date, from the same project file and data.

        Raises:
            LinkageError: when the project file is no longer where it was.

        >>> run.update().table("links").aggregate("count(*) > 0").fetchall()
        [(True,)]
        """
        from linkage.project import open_project

        origin = self.summary["origin"]
        if not Path(origin["project_file"]).is_file():
            raise LinkageError("the project file of this run is no longer where it was", f"linkage run CONFIG --out {self.path}")
        return open_project(origin["project_file"], data=origin["data"]).run(out=self.path, progress=progress, command="update")

    @property
    def summary(self) -> dict[str, Any]:
        """What run.json holds."""
        try:
            held: dict[str, Any] = json.loads((self.path / "run.json").read_text(encoding="utf-8"))
        except (OSError, ValueError):
            raise RunDirectoryError(
                f"{self.path} has no readable run.json", "Run the project again into this directory."
            ) from None
        return held

    def table(self, name: str) -> duckdb.DuckDBPyRelation:
        """A table of the run, lazily: `mentions`, `persons`, `pairs`, `links`, `review_set`, `quarantine` …

        `pairs` shows the level store with record ids, match weight, link weight and match probability (from the link
        weight).

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
        tables = sorted(path.stem for path in self.path.glob("*.parquet"))
        if name not in tables:
            near = nearest(name, tables)
            guess = f"did you mean {near!r}? " if near else ""
            raise LinkageError(f"this run has no table {name!r}", f"{guess}It has: {', '.join(tables) or 'none yet'}.")
        if name == "pairs" and (self.path / "model.json").is_file():
            return self.connection.sql(self._pairs_query())
        return self.connection.read_parquet(str(self.path / f"{name}.parquet"))

    @cached_property
    def model(self) -> Linker:
        """The trained model as a Splink linker on the run's own tables, ready to draw Splink's charts.

        >>> type(run.model.visualisations.match_weights_chart()).__name__
        'MatchWeightsChart'
        """
        from linkage.matching.linker import open_linker

        return open_linker(self.path)

    def explain(self, mention: str, person: str) -> Explanation:
        """Why the pair of these two record ids weighs what it weighs.

        >>> best = run.table("links").order("link_weight DESC, record_id_l").select("record_id_l, record_id_r")
        >>> run.explain(*best.fetchall()[0]).lines()[-1]
        'Link weight +..., probability ...'
        """
        from linkage.matching.explanation import explain_pair

        with connect() as connection:
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

        return Thresholds.from_json(self.document("thresholds"))

    def document(self, name: str) -> Any:
        """A JSON document of the run: `training`, `thresholds`, `blocking` …

        >>> run.document("training")["prior"]["probability"] < 0.001
        True
        """
        path = self.path / f"{name}.json"
        if not path.is_file():
            raise LinkageError(f"this run has no {name}.json", "Run the project as far as the stage that writes it.")
        return json.loads(path.read_text(encoding="utf-8"))

    def _pairs_query(self) -> str:
        from linkage.matching.linker import weighed_pairs
        from linkage.statistics import probability_sql

        left, right = (literal(str(self.path / f"{table}.parquet")) for table in ("mentions", "persons"))
        if not (self.path / "persons.parquet").is_file():
            right = left
        return (
            "SELECT l.record_id AS record_id_l, r.record_id AS record_id_r, pairs.*,"
            f" {probability_sql('link_weight')} AS match_probability"
            f" FROM ({weighed_pairs(self.path)}) pairs"
            f" JOIN read_parquet({left}) l ON l.id = id_l JOIN read_parquet({right}) r ON r.id = id_r"
        )

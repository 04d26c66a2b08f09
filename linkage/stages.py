"""The work of each stage: its inputs from the run directory, a room's functions, its outputs into a folder of its own.

Contract: a stage function takes a `Work`, writes whole files into `work.folder` and returns the figures it reports. It
holds no knowledge of its own: rooms meet here, and only here, through tables.
"""

from __future__ import annotations

import json
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

import duckdb

from linkage.checking import Plan
from linkage.config import LoadedProject, ProjectSpec
from linkage.errors import LinkageError
from linkage.registers import MappingReport
from linkage.runs import Progress, RunDirectory
from linkage.runs.directory import Counts
from linkage.runs.files import write_json
from linkage.runs.sql import connect, fetch_row, literal

if TYPE_CHECKING:
    from linkage.decision import Thresholds

DESIGN = "review/design"
"""Where the review set of a review that has begun is kept, below the run directory."""
SAMPLE_FILES = ("review_set.parquet", "outside.parquet", "anchors.parquet")


Backend = Literal["duckdb", "spark"]


@dataclass(frozen=True)
class Work:
    """What a stage is given: the project, its plan, the finished inputs, and a folder of its own to write to."""

    project: LoadedProject
    plan: Plan
    run: RunDirectory
    folder: Path
    data: Path | None
    progress: Progress
    backend: Backend = "duckdb"

    @property
    def spec(self) -> ProjectSpec:
        """The project file's content."""
        return self.project.spec

    @property
    def persons(self) -> Path | None:
        """The right side's standardised table; None when duplicates are sought within the left."""
        return self.run.file("persons.parquet") if self.spec.right else None

    def connect(self) -> duckdb.DuckDBPyConnection:
        """A DuckDB that spills beside the stage's outputs."""
        spill = self.run.path / ".spill"
        return connect(self.spec.memory_limit, self.spec.threads, spill)

    @contextmanager
    def engine(self) -> Iterator[duckdb.DuckDBPyConnection]:
        """What blocks, trains and scores: DuckDB, or Spark behind the same methods."""
        if self.backend == "spark":
            from linkage.engines.spark import open_spark

            with open_spark(self.run.path / ".spark", self.spec.memory_limit, self.spec.threads) as connection:
                yield connection
        else:
            with self.connect() as connection:
                yield connection

    def read_json(self, name: str) -> Any:
        """A document of an earlier stage."""
        return json.loads(self.run.file(name).read_text(encoding="utf-8"))


def _tables(work: Work) -> list[tuple[str, str]]:
    """The sides there are and the table of each."""
    return [(side, {"left": "mentions", "right": "persons"}[side]) for side in work.plan.sides]


def _birth_registration(side: MappingReport) -> dict[str, str]:
    """Where the birth behind a personal number was registered: the number's first digits say it too."""
    place = {"birth": "registering_office", "population": "birth_registration_place"}.get(side.register)
    known = place in side.mention_fields and "personal_number" in side.mention_fields
    return {"personal_number": place} if place and known else {}


def _tell_rows(progress: Progress, source: str, rows: int) -> None:
    progress(f"reading {source}", rows, 0)


def _hold_rows_equal(table: str, rows_in: object, rows_out: int) -> None:
    if rows_in != rows_out:
        raise LinkageError(
            f"{table}: {rows_in} rows in, {rows_out} out", "Rows were lost or doubled: please report this fault of linkage."
        )


def read(work: Work) -> Counts:
    """Sources -> raw_mentions, raw_persons, quarantine."""
    from linkage.registers import read_side
    from linkage.registers.legacy_books import decode_legacy_books
    from linkage.runs.sql import write_parquet

    counts: dict[str, int | float | str] = {}
    sides = {"mentions": ("left", work.spec.left), "persons": ("right", work.spec.right)}
    set_aside = []
    with work.connect() as connection:
        for table, (name, side) in sides.items():
            if side is None:
                continue
            set_aside.append(work.folder / f"quarantine_{name}.parquet")
            report = read_side(
                connection,
                side,
                base=work.project.folder,
                data=work.data,
                target=work.folder / f"raw_{table}.parquet",
                quarantine=set_aside[-1],
                name=name,
                progress=partial(_tell_rows, work.progress, side.source.path or side.source.table or "query"),
            )
            if report.rows_in != report.rows_used + report.rows_quarantined:
                raise LinkageError(
                    f"{name}: {report.rows_in} rows came in, {report.rows_used} are used and {report.rows_quarantined} set aside",
                    "Rows were lost: this is a fault of linkage, please report it.",
                )
            if side.source.encoding is None:
                books, entries = decode_legacy_books(
                    connection, work.folder / f"raw_{table}.parquet", report.mapping.mention_fields
                )
                counts |= {f"{name}_books_decoded": books, f"{name}_rows_decoded": entries} if books else {}
            counts |= {
                f"{name}_rows_in": report.rows_in,
                f"{name}_rows_used": report.rows_used,
                f"{name}_rows_quarantined": report.rows_quarantined,
            }
        files = ", ".join(literal(str(path)) for path in set_aside)
        write_parquet(connection, f"SELECT * FROM read_parquet([{files}]) ORDER BY ALL", work.folder / "quarantine.parquet")
    for path in set_aside:
        path.unlink()
    return counts


def standardise(work: Work) -> Counts:
    """Raw columns -> comparison keys: mentions, persons."""
    from linkage.standardise import standardise_table

    counts = {}
    read_before = work.run.record("read")
    with work.connect() as connection:
        for side, table in _tables(work):
            fields = work.plan.fields[side]
            dated_by = {
                field: date for field, date in work.plan.sides[side].dated_by.items() if field in fields and date in fields
            }
            counts[table] = standardise_table(
                connection,
                work.run.file(f"raw_{table}.parquet"),
                work.folder / f"{table}.parquet",
                fields,
                dated_by=dated_by,
                registered_at=_birth_registration(work.plan.sides[side]),
                sound_merges=work.spec.standardise.sound_merges,
                progress=work.progress,
            )
            _hold_rows_equal(table, read_before.counts[f"{side}_rows_used"] if read_before else None, counts[table])
    return counts


def block(work: Work) -> Counts:
    """Candidate pairs and their comparison levels: pairs."""
    from linkage.engines.engine_differences import compare_levels
    from linkage.engines.spark import write_level_store_on_spark
    from linkage.model.settings import build_model, columns_needed
    from linkage.pairs.level_store import write_level_store
    from linkage.pairs.sides import open_tables

    model = build_model(work.spec, work.plan.shared)
    with work.engine() as connection:
        sides = open_tables(connection, work.run.file("mentions.parquet"), work.persons, columns_needed(work.spec, model))
        write = write_level_store_on_spark if work.backend == "spark" else write_level_store
        report = write(connection, sides, model, work.spec.blocking.predict, work.folder / "pairs.parquet", work.progress)
    if work.backend == "spark":
        # String distances differ between backends: what that does to levels is counted, not assumed away.
        with work.connect() as connection:
            mentions, pairs = work.run.file("mentions.parquet"), work.folder / "pairs.parquet"
            differing = compare_levels(connection, model, mentions, work.persons, pairs, work.spec.seed)
        write_json(work.folder / "backend_differences.json", differing)
    write_json(work.folder / "blocking.json", {**report, "possible_pairs": sides.possible_pairs, "left_rows": sides.left_rows})
    return {
        "candidate_pairs": report["candidate_pairs"],
        "pairs_per_mention": round(report["candidate_pairs"] / sides.left_rows, 2),
    }


def train(work: Work) -> Counts:
    """The model: model.json (Splink's format), relatives.json, log_linear.json, training.json."""
    from linkage.model.settings import build_model, columns_needed
    from linkage.pairs.sides import open_tables
    from linkage.training.fitting import fit_model

    model = build_model(work.spec, work.plan.shared)
    with work.engine() as connection:
        sides = open_tables(connection, work.run.file("mentions.parquet"), work.persons, columns_needed(work.spec, model))
        trained, report = fit_model(
            connection,
            sides,
            work.spec,
            model,
            work.plan.field_of,
            work.run.file("pairs.parquet"),
            _labelled_matches(work),
            work.progress,
        )
    trained.save(work.folder)
    write_json(work.folder / "training.json", report)
    return {
        "passes": len(report["passes"]),
        "expected_matches": round(report["prior"]["expected_matches"]),
        "warnings": sum(finding["severity"] != "note" for finding in report["diagnostics"]),
    }


def _labelled_matches(work: Work) -> str | None:
    """The pairs that reviewers called a match, by id."""
    labels = work.run.file("labels.parquet")
    if not labels.is_file():
        return None
    mentions = work.run.file("mentions.parquet")
    left, right = (literal(str(path)) for path in (mentions, work.persons or mentions))
    return (
        f"SELECT l.id AS id_l, r.id AS id_r FROM read_parquet({literal(str(labels))})"
        f" JOIN read_parquet({left}) l ON l.record_id = record_id_l JOIN read_parquet({right}) r ON r.record_id = record_id_r"
        " WHERE verdict = 'match'"
    )


def score(work: Work) -> Counts:
    """Match weight and link weight of every candidate pair above the floor: scored_pairs, claims.json."""
    from linkage.weighing.claims import weigh_claims
    from linkage.weighing.scoring import score_pairs
    from linkage.weighing.trained_model import TrainedModel

    model = TrainedModel.load(work.run.path)
    with work.engine() as connection:
        work.progress("scoring candidate pairs", 0, 1)
        scored = score_pairs(connection, model, work.run.file("pairs.parquet"), work.folder / "scored_pairs.parquet")
        work.progress("scoring candidate pairs", 1, 1)
    claims = None
    if work.spec.assignment == "many_to_one" and work.spec.right:
        with work.connect() as connection:
            claims = weigh_claims(connection, work.run.file("mentions.parquet"), work.folder / "scored_pairs.parquet")
    write_json(work.folder / "claims.json", asdict(claims) if claims else None)
    return {"scored_pairs": scored.pairs, "kept_pairs": scored.written}


def assign(work: Work) -> Counts:
    """At most one person a mention: assigned, candidates; what differs in it: field_differences; persons beside it: wider."""
    from linkage.assigning.assignment import assign_pairs
    from linkage.assigning.wider_net import write_wider_pairs
    from linkage.model.settings import columns_needed
    from linkage.pairs.sides import open_tables
    from linkage.reconcile import write_field_differences
    from linkage.weighing.trained_model import TrainedModel

    model = TrainedModel.load(work.run.path)
    mentions, scored = work.run.file("mentions.parquet"), work.run.file("scored_pairs.parquet")
    records = (mentions, work.persons or mentions)
    with work.connect() as connection:
        sides = open_tables(connection, mentions, work.persons, columns_needed(work.spec, model.match))
        work.progress("assigning", 0, 1)
        assigned = assign_pairs(
            connection,
            sides,
            work.spec.assignment,
            scored,
            records,
            work.folder,
            work.read_json("training.json")["prior"]["expected_matches"],
        )
        tables = (work.run.file("pairs.parquet"), scored, work.folder / "assigned.parquet")
        target = work.folder / "wider.parquet"
        wider = write_wider_pairs(connection, sides, model, work.spec.blocking.predict, tables, records, target)
        differences = work.folder / "field_differences.parquet"
        write_field_differences(connection, work.run.path, work.plan.shared, tables[-1], differences)
        work.progress("assigning", 1, 1)
    return {**asdict(assigned), "wider_pairs": wider}


def decide(work: Work) -> Counts:
    """Thresholds and decisions: links, thresholds.json. After a review its verdicts and the thresholds from its labels decide."""
    from linkage.decision import decide as decide_links
    from linkage.decision import propose_thresholds

    assigned = work.run.file("assigned.parquet")
    labels = work.run.file("labels.parquet")
    with work.connect() as connection:
        query = (
            "SELECT link_weight, match_probability, coalesce(runner_up_margin >= ?, true) AS settled"
            " FROM read_parquet(?) ORDER BY id_l, id_r"
        )
        pairs = connection.execute(query, [work.spec.runner_up_margin, str(assigned)]).fetchnumpy()
        by_model = propose_thresholds(
            pairs["link_weight"],
            work.spec.targets,
            work.spec.thresholds,
            work.spec.review.reviewers_per_pair,
            pairs["match_probability"],
            pairs["settled"],
        )
        thresholds = _by_labels(work) or by_model
        counts = decide_links(
            connection,
            assigned,
            thresholds,
            work.spec.runner_up_margin,
            work.folder / "links.parquet",
            labels if labels.is_file() else None,
        )
    write_json(work.folder / "thresholds.json", {**thresholds.as_json(), "by_model": by_model.as_json()})
    return {
        "links": counts["link"],
        "clerical": counts["clerical"],
        "non_links": counts["non_link"],
        "thresholds_from": thresholds.how,
    }


def _by_labels(work: Work) -> Thresholds | None:
    """The thresholds that the labels answer for, where there are any and the project file does not say others.

    A target the labels cannot promise leaves its pairs to review: the model's thresholds do not come back for it.
    """
    from linkage.decision import Thresholds

    given = work.spec.thresholds
    if given.upper is not None or given.lower is not None or not work.run.file("estimates.json").is_file():
        return None
    held = work.read_json("estimates.json").get("from_labels")
    return Thresholds.from_json(held) if held else None


def sample(work: Work) -> Counts:
    """Pairs for clerical review, some that were not assigned among them: review_set, outside, anchors."""
    from linkage.decision import By, Thresholds, describe_plan, draw_outside_pairs, draw_review_sample, plan_sample
    from linkage.review.known_pairs import write_anchors

    begun = work.run.file(DESIGN)
    if begun.is_dir():
        # Labels belong to the probabilities their pairs were drawn with: a set under review is not drawn anew.
        shutil.copytree(begun, work.folder, dirs_exist_ok=True)
        return {"kept_as_under_review": 1}
    thresholds = Thresholds.from_json(work.read_json("thresholds.json"))
    links, mentions = work.run.file("links.parquet"), work.run.file("mentions.parquet")
    outside, seed = work.folder / "outside.parquet", work.spec.seed
    with work.connect() as connection:
        reached = draw_outside_pairs(connection, work.run.file("wider.parquet"), links, thresholds.upper, outside)
        strata = draw_review_sample(
            connection,
            links,
            work.spec.review.pairs or work.spec.targets.review_capacity,
            seed,
            thresholds,
            work.folder / "review_set.parquet",
            outside=outside if reached else None,
            by=By(mentions, work.spec.review.stratify_by) if work.spec.review.stratify_by else None,
        )
        anchored = work.spec.right is not None and "personal_number" in work.plan.shared
        known = write_anchors(connection, work.run.path, seed, work.folder / "anchors.parquet") if anchored else 0
        drawn = fetch_row(connection, "SELECT count(*) FROM read_parquet(?)", [str(work.folder / "review_set.parquet")])[0]
    return {
        "review_pairs": int(drawn),
        "strata": len(strata),
        "pairs_not_assigned": reached,
        "known_pairs": known,
        "plan": describe_plan(plan_sample(strata, thresholds.upper), "en"),
    }


def reconcile(work: Work) -> Counts:
    """What each mention comes to, and which fields differ on links: outcomes, differences."""
    from linkage.reconcile import write_outcomes

    with work.connect() as connection:
        return write_outcomes(connection, work.run.path, work.plan.shared, work.folder)


def report(work: Work) -> Counts:
    """The method report."""
    from linkage.report import write_report

    return write_report(work.run.path, work.project, work.folder)

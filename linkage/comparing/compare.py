"""Comparing two runs: what is read of both, and the files it leaves."""

from __future__ import annotations

from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Any

from linkage.comparing.fair_sample import (
    count_links,
    draw_fair_sample,
    make_fair_frame,
    read_labels,
    score_by_labels,
)
from linkage.comparing.links import count_changes, find_changes
from linkage.comparing.models import Level, differing_settings, levels_side_by_side
from linkage.comparing.numbered import score_by_numbers, uses_number
from linkage.comparing.page import write_page
from linkage.comparing.run_comparison import RunComparison
from linkage.errors import RunDirectoryError
from linkage.review import write_labels
from linkage.runs import RunDirectory
from linkage.runs.adopting import link_or_copy
from linkage.runs.files import write_text
from linkage.runs.spreadsheet_text import csv_text
from linkage.runs.sql import connect, fetch_row, write_parquet
from linkage.runs.tables import ANCHORS, CANDIDATES, CHANGES, COMPARISON, LABELS, RAW_MENTIONS, RAW_PERSONS, RUN

if TYPE_CHECKING:
    import duckdb

    from linkage.runs.exchange import ParquetTable
    from linkage.runs.shapes import RunSummary

_FINISHED = "ORDER BY record_id_l"


def compare_runs(run_a: Path, run_b: Path, target: Path, *, pairs: int | None = None) -> RunComparison:
    """Compare two finished runs on the same registers and write what the package's docstring lists to `target`.

    `pairs` is the size of the review set: run B's own (`review.pairs`, else the review capacity) when absent. Where the
    review of `target` has begun its set stays as it is and its verdicts score both runs.

    Raises:
        RunDirectoryError: a run is unfinished or unreadable, the two have no mention in common, `target` holds something else,
            or a run has changed since the review of `target` began.
    """
    summaries = [_summary(run) for run in (run_a, run_b)]
    specs = [summary["spec"] for summary in summaries]
    spec = specs[1]
    wanted = pairs or spec["review"]["pairs"] or spec["targets"]["review_capacity"] or 1
    directory = RunDirectory(target)
    directory.create()
    with directory.locked("compare"), connect(spec["memory_limit"], spec["threads"]) as connection:
        known = {
            "kind": "comparison",
            **{side: _identity(summary) for side, summary in zip("ab", summaries, strict=True)},
        }
        begun = _has_begun(directory, known)
        mentions = find_changes(connection, run_a, run_b)
        make_fair_frame(connection, run_a, run_b)
        if not begun:
            _write_review_tables(connection, run_a, run_b, directory)
            draw_fair_sample(connection, int(wanted), int(spec["seed"]), target)
        title = f"{summaries[0]['run_id']} / {summaries[1]['run_id']}"
        RUN.write(
            target,
            {
                "run_id": f"compare-{summaries[0]['run_id']}-{summaries[1]['run_id']}",
                "project": spec["project"],
                "title": title,
                "synthetic": summaries[1]["synthetic"],
                "spec": spec,
                "config_hash": summaries[1]["config_hash"],
                "seed": spec["seed"],
                "finished_at": summaries[1]["finished_at"],
                "seconds": 0.0,
                "stages": {},
                "compared": known,
            },
        )
        if directory.file("review/review.sqlite").is_file():
            write_labels(target)
        sample = read_labels(connection, target)
        links = count_links(connection)
        scored = score_by_labels(sample, *links)
        numbered = score_by_numbers(connection, run_b, specs)
        found = RunComparison(
            run_a=summaries[0]["run_id"],
            run_b=summaries[1]["run_id"],
            folder=target,
            synthetic=any(summary["synthetic"] for summary in summaries),
            mentions=mentions,
            links_a=links[0],
            links_b=links[1],
            changes=count_changes(connection, int(spec["report"]["small_cell_floor"])),
            settings=differing_settings(*specs),
            levels=levels_side_by_side(run_a, run_b),
            estimates=scored + numbered,
            sample=sample,
            notes=_notes(bool(scored), bool(numbered), any(map(uses_number, specs))),
        )
        _write_tables(connection, found, directory)
    COMPARISON.write(target, {**asdict(found), "folder": target.name})
    write_page(found.page, found)
    return found


def _notes(scored: bool, numbered: bool, by_number: bool) -> list[str]:
    """Keys of the texts that say what could not be estimated."""
    notes = [] if scored else ["not_labelled"]
    return notes + ([] if numbered else ["number_is_used" if by_number else "no_numbers"])


def _summary(run: Path) -> RunSummary:
    RunDirectory.open(run)
    held = RUN.read(run)
    if "decide" not in held["stages"]:
        raise RunDirectoryError(f"{run} has no links yet", "Run its project as far as the stage `decide`.")
    return held


def _identity(summary: RunSummary) -> dict[str, Any]:
    """What the frame of the fair sample follows from."""
    stages = summary["stages"]
    known = {name: stages[name]["fingerprint"] if name in stages else None for name in ("read", "assign", "decide", "sample")}
    return {"run_id": summary["run_id"], **known}


def _has_begun(directory: RunDirectory, known: dict[str, Any]) -> bool:
    """Whether labels, or a review, hang on the review set that is there."""
    if any(directory.file("stages").iterdir()):
        raise RunDirectoryError(f"{directory.path} is a run, not a comparison", "Give an empty or new folder.")
    begun = directory.file("review").is_dir() or LABELS.is_in(directory.path)
    if begun and RUN.read(directory.path).get("compared") != known:
        raise RunDirectoryError(
            f"{directory.path} has a review of other runs, or of these as they were before",
            "Compare into a new folder: labels belong to the pairs they were drawn for.",
        )
    return begun


def _write_review_tables(connection: duckdb.DuckDBPyConnection, run_a: Path, run_b: Path, directory: RunDirectory) -> None:
    """What the review reads beside the pairs: both sides as the sources say them, runner-ups, known pairs."""
    folder = directory.path
    for side in (RAW_MENTIONS, RAW_PERSONS):
        if not side.is_in(run_b):
            continue
        b, missing = side.scan(run_b), ""
        if side.is_in(run_a):
            missing = f"SELECT * FROM {side.scan(run_a)} ANTI JOIN (SELECT record_id FROM {b}) USING (record_id)"
        if missing and fetch_row(connection, f"SELECT count(*) FROM ({missing})")[0]:
            side.write(connection, f"SELECT * FROM {b} UNION ALL BY NAME {missing} ORDER BY record_id", folder)
        else:
            link_or_copy(side.path(run_b), side.path(folder))
    both = _of_both(CANDIDATES, "max(link_weight) AS link_weight", run_a, run_b)
    if both:
        # ids and ranks of two runs say nothing together: only what the review reads, less than a run's own table
        write_parquet(connection, both, CANDIDATES.path(folder))
    of_anchors = (
        "bool_and(is_match) AS is_match, min(kind) AS kind, bool_or(number_hidden) AS number_hidden, min(withheld) AS withheld"
    )
    both = _of_both(ANCHORS, of_anchors, run_a, run_b)
    if both:
        ANCHORS.write(connection, both, folder)


def _of_both(table: ParquetTable, value: str, run_a: Path, run_b: Path) -> str:
    """SQL of the pairs of a table of either run with the values once; empty where neither has the table."""
    found = " UNION ALL BY NAME ".join(f"SELECT * FROM {table.scan(run)}" for run in (run_a, run_b) if table.is_in(run))
    return found and f"SELECT record_id_l, record_id_r, {value} FROM ({found}) GROUP BY ALL ORDER BY ALL"


def _write_tables(connection: duckdb.DuckDBPyConnection, found: RunComparison, directory: RunDirectory) -> None:
    CHANGES.write(connection, f"SELECT * FROM changes {_FINISHED}", directory.path)
    changed = connection.execute(f"SELECT * FROM changes WHERE change <> 'kept' {_FINISHED}")
    head = [column[0] for column in changed.description or ()]
    write_text(directory.file("changes.csv"), csv_text(head, changed.fetchall()))
    levels = [tuple(asdict(level).values()) for level in found.levels]
    write_text(directory.file("levels.csv"), csv_text(list(Level.__dataclass_fields__), levels))

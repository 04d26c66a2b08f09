"""Comparing two runs: what is read of both, and the files it leaves."""

from __future__ import annotations

import json
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
from linkage.runs.files import write_json, write_text
from linkage.runs.spreadsheet_text import csv_text
from linkage.runs.sql import connect, fetch_row, literal, write_parquet

if TYPE_CHECKING:
    import duckdb

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
            draw_fair_sample(connection, int(wanted), int(spec["seed"]), directory.file("review_set.parquet"))
        title = f"{summaries[0]['run_id']} / {summaries[1]['run_id']}"
        write_json(
            directory.file("run.json"),
            {
                "run_id": f"compare-{summaries[0]['run_id']}-{summaries[1]['run_id']}",
                "project": spec["project"],
                "title": title,
                "synthetic": summaries[1].get("synthetic", False),
                "spec": spec,
                "config_hash": summaries[1].get("config_hash"),
                "seed": spec["seed"],
                "finished_at": summaries[1].get("finished_at"),
                "seconds": 0.0,
                "stages": {},
                "compared": known,
            },
        )
        if directory.file("review/review.sqlite").is_file():
            write_labels(target)
        labels = directory.file("labels.parquet")
        sample = read_labels(connection, directory.file("review_set.parquet"), labels if labels.is_file() else None)
        links = count_links(connection)
        scored = score_by_labels(sample, *links)
        numbered = score_by_numbers(connection, run_b, specs)
        found = RunComparison(
            run_a=summaries[0]["run_id"],
            run_b=summaries[1]["run_id"],
            folder=target,
            synthetic=any(summary.get("synthetic", False) for summary in summaries),
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
    write_json(directory.file("compare.json"), {**asdict(found), "folder": target.name})
    write_page(found.page, found)
    return found


def _notes(scored: bool, numbered: bool, by_number: bool) -> list[str]:
    """Keys of the texts that say what could not be estimated."""
    notes = [] if scored else ["not_labelled"]
    return notes + ([] if numbered else ["number_is_used" if by_number else "no_numbers"])


def _summary(run: Path) -> dict[str, Any]:
    RunDirectory.open(run)
    try:
        held: dict[str, Any] = json.loads((run / "run.json").read_text(encoding="utf-8"))
    except (OSError, ValueError):
        raise RunDirectoryError(f"{run} has no readable run.json", "Run the project again into this directory.") from None
    if "decide" not in held.get("stages", {}):
        raise RunDirectoryError(f"{run} has no links yet", "Run its project as far as the stage `decide`.")
    return held


def _identity(summary: dict[str, Any]) -> dict[str, Any]:
    """What the frame of the fair sample follows from."""
    stages = ("read", "assign", "decide", "sample")
    return {"run_id": summary["run_id"], **{name: summary["stages"].get(name, {}).get("fingerprint") for name in stages}}


def _has_begun(directory: RunDirectory, known: dict[str, Any]) -> bool:
    """Whether labels, or a review, hang on the review set that is there."""
    if any(directory.file("stages").iterdir()):
        raise RunDirectoryError(f"{directory.path} is a run, not a comparison", "Give an empty or new folder.")
    begun = directory.file("review").is_dir() or directory.file("labels.parquet").is_file()
    if begun:
        held = json.loads(directory.file("run.json").read_text(encoding="utf-8")).get("compared")
        if held != known:
            raise RunDirectoryError(
                f"{directory.path} has a review of other runs, or of these as they were before",
                "Compare into a new folder: labels belong to the pairs they were drawn for.",
            )
    return begun


def _write_review_tables(connection: duckdb.DuckDBPyConnection, run_a: Path, run_b: Path, directory: RunDirectory) -> None:
    """What the review reads beside the pairs: both sides as the sources say them, runner-ups, known pairs."""
    for name in ("raw_mentions", "raw_persons"):
        file_a, file_b = (run / f"{name}.parquet" for run in (run_a, run_b))
        if not file_b.is_file():
            continue
        a, b = (f"read_parquet({literal(str(file))})" for file in (file_a, file_b))
        missing = f"SELECT * FROM {a} ANTI JOIN (SELECT record_id FROM {b}) USING (record_id)" if file_a.is_file() else ""
        if missing and fetch_row(connection, f"SELECT count(*) FROM ({missing})")[0]:
            query = f"SELECT * FROM {b} UNION ALL BY NAME {missing} ORDER BY record_id"
            write_parquet(connection, query, directory.file(f"{name}.parquet"))
        else:
            link_or_copy(file_b, directory.file(f"{name}.parquet"))
    for name, columns in (
        ("candidates", "record_id_l, record_id_r, max(link_weight) AS link_weight"),
        ("anchors", "record_id_l, record_id_r, bool_and(is_match) AS is_match"),
    ):
        files = [literal(str(run / f"{name}.parquet")) for run in (run_a, run_b) if (run / f"{name}.parquet").is_file()]
        if files:
            query = f"SELECT {columns} FROM read_parquet([{', '.join(files)}], union_by_name = true) GROUP BY ALL ORDER BY ALL"
            write_parquet(connection, query, directory.file(f"{name}.parquet"))


def _write_tables(connection: duckdb.DuckDBPyConnection, found: RunComparison, directory: RunDirectory) -> None:
    write_parquet(connection, f"SELECT * FROM changes {_FINISHED}", directory.file("changes.parquet"))
    changed = connection.execute(f"SELECT * FROM changes WHERE change <> 'kept' {_FINISHED}")
    head = [column[0] for column in changed.description or ()]
    write_text(directory.file("changes.csv"), csv_text(head, changed.fetchall()))
    levels = [tuple(asdict(level).values()) for level in found.levels]
    write_text(directory.file("levels.csv"), csv_text(list(Level.__dataclass_fields__), levels))

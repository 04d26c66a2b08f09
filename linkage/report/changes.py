"""Section on changes: this run held against an earlier one."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal

from linkage.report.completeness import filled_column
from linkage.report.content import Cell, Part, Table, part
from linkage.report.disclosure import hide_small_counts
from linkage.report.numbers import Kind
from linkage.runs.sql import quote
from linkage.runs.tables import LINKS, MENTIONS, TRAINING

if TYPE_CHECKING:
    from linkage.config import ProjectSpec
    from linkage.report.phrases import Phrases
    from linkage.report.reading import RunTables

MOST_LEVELS = 10
STAGE_FIGURES = (
    ("rows", "read", "left_rows_used"),
    ("persons", "read", "right_rows_used"),
    ("candidates", "block", "candidate_pairs"),
    ("links", "decide", "links"),
    ("clerical", "decide", "clerical"),
)
"""What is compared: row of the table, stage, figure of its record."""


def describe_changes(run: RunTables, earlier: RunTables | None, spec: ProjectSpec, texts: Phrases) -> Part:
    """What moved since the earlier run; `compared` is False without one."""
    if earlier is None:
        return part({"compared": False}, {})
    facts: dict[str, object] = {
        "compared": True,
        "earlier_id": earlier.run_id,
        "same_config": run.summary["config_hash"] == earlier.summary["config_hash"],
        "same_inputs": run.summary.get("inputs") == earlier.summary.get("inputs"),
        "same_versions": run.summary.get("versions") == earlier.summary.get("versions"),
        "has_both_links": run.has("links") and earlier.has("links"),
    }
    return part(facts, {"changes": _changes(run, earlier, spec, texts), "drift": _drift(run, earlier, texts)})


def _changes(run: RunTables, earlier: RunTables, spec: ProjectSpec, texts: Phrases) -> Table:
    rows: list[tuple[Cell, ...]] = []

    def compare(name: str, before: float | None, now: float | None, kind: Kind, source: str) -> None:
        if before is None and now is None:
            return
        moved = now - before if before is not None and now is not None else None
        rows.append((
            texts("changed", name),
            earlier.number(before, kind, source), run.number(now, kind, source), run.number(moved, kind, source),
        ))  # fmt: skip

    for name, stage, figure in STAGE_FIGURES:
        compare(name, earlier.count(stage, figure), run.count(stage, figure), "count", f"run.json: {stage}.{figure}")
    names: tuple[Literal["upper", "lower"], ...] = ("upper", "lower")
    for name in names:
        before, now = (one.thresholds[name] if one.thresholds else None for one in (earlier, run))
        compare(name, before, now, "weight", f"thresholds.json: {name}")
    before, now = (one.training["prior"]["probability"] if one.training else None for one in (earlier, run))
    compare("prior", before, now, "probability", "training.json: prior.probability")
    before, now = _largest_completeness_move(run, earlier, spec)
    compare("completeness", before, now, "share", MENTIONS.file)
    if run.has("links") and earlier.has("links"):
        floor = spec.report.small_cell_floor
        counts = _moved_links(run, earlier)
        for (name, count), hide in zip(counts.items(), hide_small_counts(list(counts.values()), floor), strict=True):
            shown: Cell = texts("words", "hidden") if hide else run.number(count, "count", LINKS.file)
            rows.append((texts("changed", name), "–", shown, "–"))
    return Table(
        texts("captions", "changes"),
        ("", *texts.header("before", "now", "change")),
        rows,
        "run.json, links.parquet",
        (4, 3, 3, 3),
    )


def _moved_links(run: RunTables, earlier: RunTables) -> dict[str, int]:
    """Mentions whose link is kept, gained, lost or now to another person."""
    old = f"(SELECT record_id_l, record_id_r FROM {LINKS.scan(earlier.path)} WHERE decision = 'link')"
    new = "(SELECT record_id_l, record_id_r FROM links WHERE decision = 'link')"
    kept, gained, lost, moved = run.rows(
        "SELECT count(*) FILTER (o.record_id_r = n.record_id_r), count(*) FILTER (o.record_id_l IS NULL),"
        " count(*) FILTER (n.record_id_l IS NULL), count(*) FILTER (o.record_id_r <> n.record_id_r)"
        f" FROM {old} o FULL JOIN {new} n USING (record_id_l)"
    )[0]
    return {"kept": kept, "gained": gained, "lost": lost, "moved": moved}


def _largest_completeness_move(run: RunTables, earlier: RunTables, spec: ProjectSpec) -> tuple[float | None, float | None]:
    """Share filled before and now, of the compared field whose share moved most."""
    moves: list[tuple[float, float]] = []
    for one in spec.comparisons:
        columns = [filled_column(tables, "mentions", one.field) for tables in (earlier, run)]
        if all(columns):
            before, now = (
                tables.one(f"SELECT count({quote(column or '')}) / count(*) FROM mentions")
                for tables, column in zip((earlier, run), columns, strict=True)
            )
            moves.append((before, now))
    return max(moves, key=lambda pair: abs(pair[1] - pair[0]), default=(None, None))


def _drift(run: RunTables, earlier: RunTables, texts: Phrases) -> Table | None:
    before, now = earlier.training, run.training
    if not before or not now:
        return None
    old = {(level["comparison"], level["label"]): level["weight"] for level in before["levels"]}
    moved = [
        (abs(level["weight"] - old[key]), key, old[key], level["weight"])
        for level in now["levels"]
        if (key := (level["comparison"], level["label"])) in old
    ]
    rows: list[tuple[Cell, ...]] = [
        (
            f"{texts.field(field)}: {texts.level(label)}", earlier.number(was, "weight", TRAINING.file),
            run.number(weight, "weight", TRAINING.file),
            run.number(weight - was, "weight", TRAINING.file),
        )
        for _, (field, label), was, weight in sorted(moved, key=lambda row: (-row[0], row[1]))[:MOST_LEVELS]
    ]  # fmt: skip
    return Table(texts("captions", "drift"), texts.header("level", "before", "now", "change"), rows, TRAINING.file, (6, 2, 2, 2))

"""The entities of a run without persons: how many, of how many records, and what is doubtful about them."""

from __future__ import annotations

from typing import TYPE_CHECKING

from linkage.report.content import Cell, Part, Table, part
from linkage.report.disclosure import hide_small_counts
from linkage.runs.tables import ENTITIES

if TYPE_CHECKING:
    from linkage.config import ProjectSpec
    from linkage.report.phrases import Phrases
    from linkage.report.reading import RunTables

MOST_SIZES = 12
"""Sizes with a row of their own; larger entities are counted together."""


def describe_entities(run: RunTables, spec: ProjectSpec, texts: Phrases) -> Part:
    """Entities by their records; none of it in a linkage to persons."""
    if not run.has("entities"):
        return part({"found": False}, {})
    sizes = run.rows(
        "SELECT size, count(*) FROM (SELECT count(*) AS size FROM entities GROUP BY entity_id) GROUP BY ALL ORDER BY size"
    )
    count, records = sum(many for _, many in sizes), sum(size * many for size, many in sizes)
    several = sum(many for size, many in sizes if size > 1)
    facts: dict[str, object] = {
        "found": True,
        "entities": run.number(count, "count", ENTITIES.file),
        "records": run.number(records, "count", ENTITIES.file),
        "several": run.number(several, "count", ENTITIES.file),
        "largest": run.number(max(size for size, _ in sizes), "count", ENTITIES.file),
        "bridges": run.counted("decide", "doubtful_bridges"),
        "waiting": run.counted("decide", "clerical"),
        "tables": len(spec.tables or ()),
        "once": ", ".join(spec.at_most_one_per),
    }
    shown = [(str(size), many) for size, many in sizes if size <= MOST_SIZES]
    if more := sum(many for size, many in sizes if size > MOST_SIZES):
        shown.append((f"> {MOST_SIZES}", more))
    hidden = hide_small_counts([many for _, many in shown], spec.report.small_cell_floor)
    rows: list[tuple[Cell, ...]] = [
        (size, texts("words", "hidden") if hide else run.number(many, "count", ENTITIES.file))
        for (size, many), hide in zip(shown, hidden, strict=True)
    ]
    header = texts.header("records_of_entity", "entities")
    return part(facts, {"entity_sizes": Table(texts("captions", "entity_sizes"), header, rows, ENTITIES.file, (3, 2))})

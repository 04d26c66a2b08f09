"""What the report says of reviewers' own errors: the lines, and the rates by kind of pair."""

from __future__ import annotations

from typing import TYPE_CHECKING

from linkage.report.content import Cell, Table
from linkage.report.numbers import NumberWithLimits
from linkage.runs.tables import ESTIMATES
from linkage.statistics import Interval
from linkage.words.reviewer_errors import KINDS, label_error_lines
from linkage.words.verdicts import VERDICTS

if TYPE_CHECKING:
    from linkage.report.phrases import Phrases
    from linkage.report.reading import RunTables
    from linkage.runs.shapes import EstimateHeld, EstimatesHeld


def describe_label_error(
    run: RunTables, texts: Phrases, found: list[EstimateHeld], held: EstimatesHeld | None
) -> tuple[list[str], Table | None]:
    """The lines, the warning first where label error is above the rate to be measured, and the table; nothing without labels."""
    delivered = {
        (one["measure"], one["reading"]): one for one in found if one["estimator"] == "design" and one["threshold"] is None
    }
    rate = delivered.get(("false_link_rate", "middle"))
    if held is None or rate is None:
        return [], None
    shared = {
        name: (float(one["low"] or 0.0), float(one["high"] or 0.0))
        for name in ("precision", "recall_within_reach")
        if (one := delivered.get((name, "shared")))
    }
    lines = label_error_lines(held["label_error"], float(rate["value"] or 0.0), shared, texts.language)
    if held["label_error"] is None:
        return lines, None
    rows: list[tuple[Cell, ...]] = []
    for one in held["label_error"]["rates"]:
        limits = Interval(one["rate"]["value"], one["rate"]["low"], one["rate"]["high"])
        source = f"estimates.json: label_error {one['kind']}, {one['truth']}"
        rows.append((
            KINDS[one["kind"]](texts.language), VERDICTS[one["truth"]](texts.language),
            NumberWithLimits(limits, f"{run.label}{source}"), run.number(one["answers"], "count", source),
            run.number(one["planted"], "count", source),
        ))  # fmt: skip
    header = texts.header("kind", "truth", "wrong_verdicts", "answers", "planted")
    return lines, Table(texts("captions", "label_error"), header, rows, ESTIMATES.file, (3, 4, 5, 2, 2))

"""Error rates group by group, as far as the labels of a group support them."""

from __future__ import annotations

from typing import TYPE_CHECKING

from linkage.report.content import Cell, Table
from linkage.report.numbers import NumberWithLimits
from linkage.statistics import Interval
from linkage.words.group_names import breakdown_word

if TYPE_CHECKING:
    from linkage.report.phrases import Phrases
    from linkage.report.reading import RunTables
    from linkage.runs.shapes import EstimateHeld


def error_rates_by_group(run: RunTables, texts: Phrases) -> Table | None:
    """Precision and recall within reach by design, of each group with enough labels; a column's other groups are one row.

    Population: the mentions of the group; estimates as `linkage estimate` wrote them. None where it wrote no breakdown by labels.
    """
    held = [one for one in (run.estimates["breakdowns"] if run.estimates else ()) if one["labels"]]
    source = "estimates.json: breakdowns"
    rows: list[tuple[Cell, ...]] = []
    for column in dict.fromkeys(one["column"] for one in held):
        name = breakdown_word(column, texts.language)
        own = [one for one in held if one["column"] == column]
        enough = [one for one in own if _limits(one["precision"]) or _limits(one["recall_within_reach"])]
        for one in enough:
            rates = (_rate(rate, f"{run.label}{source}", texts) for rate in (one["precision"], one["recall_within_reach"]))
            label = f"{name}: {group_label(column, one['group'], texts)}"
            rows.append((label, run.number(one["labels"], "count", source), *rates))
        if len(enough) < len(own):
            few = texts("words", "too_few")
            rows.append((f"{name}: {texts('words', 'other_groups' if enough else 'all_groups')}", "–", few, few))
    header = (*texts.header("group", "labelled"), texts("measures", "precision"), texts("measures", "recall_within_reach"))
    return Table(texts("captions", "group_errors"), header, rows, source, (5, 2, 4, 4)) if rows else None


def _limits(rate: EstimateHeld | None) -> Interval | None:
    """The rate with its limits; None where the labels are too few for them."""
    if rate is None or rate["value"] is None or rate["low"] is None or rate["high"] is None:
        return None
    return Interval(rate["value"], rate["low"], rate["high"])


def _rate(rate: EstimateHeld | None, source: str, texts: Phrases) -> Cell:
    limits = _limits(rate)
    return NumberWithLimits(limits, source) if limits else texts("words", "too_few")


def group_label(column: str, group: str, texts: Phrases) -> str:
    """A group of a breakdown by a column of the mentions, as a reader sees it."""
    if not group:
        return texts("words", "unknown")
    if column.endswith("_year"):
        first = int(group.removesuffix("s"))
        return f"{first}–{first + 9}"
    if column.endswith("_province"):
        return texts.province(int(float(group)))
    named = {"sex": "sexes", "error_class": "error_classes"}.get(column)
    return texts.named(named, group) if named else group

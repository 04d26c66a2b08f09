"""Section on results: rates by period and unit, the distribution of weights, agreement patterns, outcomes."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from linkage.report.content import Cell, Part, Picture, Table, part
from linkage.report.disclosure import hide_small_counts
from linkage.report.figures import draw_weights
from linkage.report.groups import linkage_table, period_of, province_column, split_by
from linkage.runs.sql import quote, quote_list
from linkage.runs.tables import DIFFERENCES, LINKS, MENTIONS, OUTCOMES
from linkage.words.periods import period_case, period_word

if TYPE_CHECKING:
    from linkage.config import ProjectSpec
    from linkage.report.phrases import Phrases
    from linkage.report.reading import RunTables

MOST_PATTERNS = 20
BINS = 60


def describe_results(run: RunTables, spec: ProjectSpec, texts: Phrases) -> Part:
    """All that the results section prints; `linked` is False where there is no link at all."""
    if not run.has("links"):
        return part({"decided_pairs": False, "linked": False}, {})
    links, mentions = run.rows("SELECT count(*) FILTER (decision = 'link'), (SELECT count(*) FROM mentions) FROM links")[0]
    facts: dict[str, object] = {
        "decided_pairs": True,
        "linked": links > 0,
        "links": run.number(links, "count", "links.parquet: decision = link"),
        "mentions": run.number(mentions, "count", MENTIONS.file),
        "linkage_rate": run.number(
            links / mentions if mentions else None, "share", "links.parquet / mentions.parquet", of=mentions
        ),
        "close_runners_up": run.number(
            run.one("SELECT count(*) FROM links WHERE reason = 'runner_up_close'"), "count",
            "links.parquet: reason = runner_up_close",
        ),
        "without_runner_up": run.number(
            run.one("SELECT avg((runner_up_margin IS NULL)::INTEGER) FROM links WHERE decision = 'link'"), "share",
            "links.parquet: runner_up_margin", of=links,
        ),
    }  # fmt: skip
    floor = spec.report.small_cell_floor
    tables: dict[str, Table | None] = {
        "reasons": _reasons(run, texts),
        "periods": _periods(run, texts, floor),
        "provinces": _provinces(run, texts, floor),
        "patterns": _patterns(run, texts, floor) if links else None,
        "outcomes": _outcomes(run, texts, floor),
        "differences": _differences(run, texts, floor),
    }
    return part(facts, tables, {"weights": _weights(run, texts)})


def _reasons(run: RunTables, texts: Phrases) -> Table:
    found = run.rows("SELECT decision, reason, count(*) FROM links GROUP BY ALL ORDER BY decision, count(*) DESC, reason")
    rows: list[tuple[Cell, ...]] = [
        (texts.named("decisions", decision), texts.named("reasons", reason), run.number(pairs, "count", LINKS.file))
        for decision, reason, pairs in found
    ]
    return Table(
        texts("captions", "reasons"),
        (texts("columns", "verdict"), *texts.header("reason", "pairs")),
        rows,
        LINKS.file,
        (2, 4, 2),
    )


def _periods(run: RunTables, texts: Phrases, floor: int) -> Table | None:
    column = period_of(run)
    if column is None:
        return None
    rows = [
        (period_word(int(at), texts.language) if at is not None else texts("words", "unknown"), linked, rest)
        for at, linked, rest in split_by(run, {"period": period_case(quote(column))})["period"]
    ]
    return linkage_table(run, texts("captions", "periods"), texts("groups", "period"), rows, texts, floor)


def _provinces(run: RunTables, texts: Phrases, floor: int) -> Table | None:
    column = province_column(run)
    if column is None:
        return None
    split = split_by(run, {"province": quote(column)})["province"]
    rows = [(texts.province(code), linked, rest) for code, linked, rest in split]
    return linkage_table(run, texts("captions", "provinces"), texts("groups", "province"), rows, texts, floor)


def _weights(run: RunTables, texts: Phrases) -> Picture | None:
    low, high = run.rows("SELECT min(link_weight), max(link_weight) FROM links")[0]
    if low is None:
        return None
    width = max((high - low) / BINS, 1e-6)
    found = run.rows(
        "SELECT least(floor((link_weight - ?) / ?)::INTEGER, ?) AS bin, count(*) FROM links GROUP BY ALL ORDER BY bin",
        [low, width, BINS - 1],
    )
    counts = np.zeros(BINS, dtype=int)
    for position, count in found:
        counts[position] = count
    held = run.thresholds
    marks = {"lower": held["lower"], "upper": held["upper"]} if held else {}
    drawn = draw_weights(counts, low + width * np.arange(BINS + 1), marks, texts)
    return Picture(
        texts("figures", "weights"), texts("alternatives", "weights"), drawn, "links.parquet: link_weight; thresholds.json"
    )


def _patterns(run: RunTables, texts: Phrases, floor: int) -> Table | None:
    """The most frequent combinations of levels among links, as the fields that do not agree fully."""
    training = run.training
    gammas = sorted(name for name in run.columns("pairs") if name.startswith("gamma_"))
    if not training or not gammas or "id_l" not in run.columns("links"):
        return None
    labels = {(f"gamma_{one['comparison']}", one["level"]): one["label"] for one in training["levels"]}
    top = {gamma: max((level for name, level in labels if name == gamma), default=0) for gamma in gammas}
    gammas = [gamma for gamma in dict.fromkeys(name for name, _ in labels) if gamma in gammas]
    found = run.rows(
        f"SELECT {quote_list(gammas)}, count(*) AS pairs FROM links JOIN pairs USING (id_l, id_r) WHERE decision = 'link'"
        f" GROUP BY {quote_list(gammas)} ORDER BY pairs DESC, {quote_list(gammas)} LIMIT {MOST_PATTERNS}"
    )
    links = run.one("SELECT count(*) FROM links WHERE decision = 'link'")

    def named(gamma: str, level: int) -> str:
        return texts("words", "missing") if level == -1 else texts.level(labels.get((gamma, level), "–"))

    rows: list[tuple[Cell, ...]] = []
    together = 0
    for *levels, count in found:
        if count < floor:
            break
        together += count
        said = [
            f"{texts.field(gamma.removeprefix('gamma_'))}: {named(gamma, level)}"
            for gamma, level in zip(gammas, levels, strict=True)
            if level != top[gamma]
        ]
        pattern = "; ".join(said) or texts("words", "all_equal")
        shares = (run.number(value / links, "share", "pairs.parquet, links.parquet", of=links) for value in (count, together))
        rows.append((pattern, run.number(count, "count", "pairs.parquet, links.parquet"), *shares))
    return Table(
        texts("captions", "patterns"),
        texts.header("pattern", "links", "share", "cumulative"),
        rows,
        "pairs.parquet, links.parquet",
        (7, 2, 2, 2),
    )


def _outcomes(run: RunTables, texts: Phrases, floor: int) -> Table | None:
    """Records of both sides by what they came to."""
    if not {"side", "outcome", "finding"} <= run.columns("outcomes"):
        return None
    found = run.rows("SELECT side, outcome, finding, count(*) FROM outcomes GROUP BY ALL ORDER BY side, outcome, finding")
    hidden = _hidden_in_groups([(side, count) for side, *_, count in found], floor)
    rows: list[tuple[Cell, ...]] = [
        (
            texts.named("sides", side),
            code,
            texts.named("findings", finding),
            texts("words", "hidden") if hide else run.number(count, "count", OUTCOMES.file),
        )
        for (side, code, finding, count), hide in zip(found, hidden, strict=True)
    ]
    return Table(
        texts("captions", "outcomes"), texts.header("side", "code", "outcome", "records"), rows, OUTCOMES.file, (2, 1, 6, 2)
    )


def _differences(run: RunTables, texts: Phrases, floor: int) -> Table | None:
    """Differing fields of accepted links by class."""
    if not {"field", "class"} <= run.columns("differences"):
        return None
    found = run.rows("SELECT field, class, count(*) FROM differences GROUP BY ALL ORDER BY field, count(*) DESC, class")
    hidden = _hidden_in_groups([(field, count) for field, _, count in found], floor)
    rows: list[tuple[Cell, ...]] = [
        (
            texts.field(field),
            texts.named("classes", name),
            texts("words", "hidden") if hide else run.number(count, "count", DIFFERENCES.file),
        )
        for (field, name, count), hide in zip(found, hidden, strict=True)
    ]
    return Table(
        texts("captions", "differences"), texts.header("field", "category", "records"), rows, DIFFERENCES.file, (3, 4, 2)
    )


def _hidden_in_groups(counts: list[tuple[str, int]], floor: int) -> list[bool]:
    """Which counts are hidden, each group's total being known to the reader."""
    hidden: list[bool] = []
    for group in dict.fromkeys(name for name, _ in counts):
        hidden += hide_small_counts([count for name, count in counts if name == group], floor)
    return hidden

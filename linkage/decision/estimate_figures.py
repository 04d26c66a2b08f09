"""The room's figures in one style: draw, save as PNG, and say how to read them."""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING, Any

import numpy as np

from linkage.decision.captions import text
from linkage.decision.estimators import REACH
from linkage.words.decisions import DECISIONS, THRESHOLDS
from linkage.words.documents import EMPTY
from linkage.words.estimates import (
    ESTIMATORS,
    LINK_WEIGHT,
    MEASURES,
    PAIRS_LOGARITHMIC,
    READINGS,
    SAMPLE_KINDS,
    STANDARDISED_DIFFERENCE,
    span_word,
)
from linkage.words.formats import percent_significant, significant
from linkage.words.group_names import ERROR_CLASSES, SEXES, breakdown_word
from linkage.words.language import Language

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from pathlib import Path

    from matplotlib.axes import Axes
    from matplotlib.figure import Figure
    from numpy.typing import ArrayLike

    from linkage.config.project_spec import TargetsSpec
    from linkage.decision.breakdowns import GroupRates
    from linkage.decision.estimate import Estimates
    from linkage.decision.strata import Stratum
    from linkage.decision.thresholds import Thresholds

INK, GREY, PALE = "#222222", "#8a8a8a", "#d9dee4"
COLOURS = {"design": "#0b5394", "anchors": "#b45f06", "model": "#6a6a6a"}
MARKS = {"design": "o", "anchors": "s", "model": "^"}
STYLE: Any = {
    "font.family": "DejaVu Sans",
    "font.size": 9,
    "axes.edgecolor": GREY,
    "axes.spines.top": False,
    "axes.spines.right": False,
    "axes.titlesize": 11,
    "axes.titleweight": "bold",
    "axes.titlelocation": "left",
    "axes.grid": True,
    "grid.color": "#eeeeee",
    "axes.axisbelow": True,
    "legend.frameon": False,
    "svg.hashsalt": "linkage",
    "figure.constrained_layout.use": True,
}


@dataclass(frozen=True)
class DrawnFigure:
    """A figure on disk with its title and the caption that says how to read it."""

    name: str
    path: Path
    title: str
    caption: str


def draw_figures(
    estimates: Estimates,
    weights: ArrayLike,
    targets: TargetsSpec,
    folder: Path,
    *,
    strata: Sequence[Stratum] = (),
    language: Language = "vi",
) -> list[DrawnFigure]:
    """Draw every figure the estimates allow into `folder` as PNG; `weights` (N,) of all assigned pairs."""
    shown = percent_significant(estimates.level, language)
    drawn = [
        _save(
            "weights", lambda figure: draw_weights(figure, weights, estimates.thresholds, language), folder, language, (8, 3.6)
        ),
        _save("curve", lambda figure: draw_curve(figure, estimates, language), folder, language, (8, 4.2), level=shown),
        _save(
            "errors", lambda figure: draw_errors(figure, estimates, targets, language), folder, language, (8, 5.6), level=shown
        ),
    ]
    if estimates.reliability_before:
        drawn.append(
            _save(
                "reliability", lambda figure: draw_reliability(figure, estimates, language), folder, language, (6, 5), level=shown
            )
        )
    if estimates.select("precision", "design", "worst", estimates.thresholds.upper):
        drawn.append(
            _save("doubt", lambda figure: draw_doubt(figure, estimates, language), folder, language, (8, 2.6), level=shown)
        )
    if strata:
        height = 1.2 + 0.32 * len(strata)
        drawn.append(_save("allocation", lambda figure: draw_allocation(figure, strata, language), folder, language, (8, height)))
    for column in dict.fromkeys(row.column for row in estimates.breakdowns):
        rows = [row for row in estimates.breakdowns if row.column == column]
        drawn.append(_draw_one_breakdown(column, rows, folder, language, shown))
    return drawn


def draw_weights(figure: Figure, weights: ArrayLike, thresholds: Thresholds, language: Language) -> None:
    """Histogram of link weights with both thresholds and the three regions."""
    axes = figure.add_subplot()
    flat = np.asarray(weights, dtype=float)
    low, high = float(flat.min()), float(flat.max())
    axes.hist(flat, bins=np.linspace(low, high, 81).tolist(), color=COLOURS["design"], alpha=0.75)
    axes.set_yscale("log")
    axes.set_xlim(low, high)
    if thresholds.upper > thresholds.lower:
        axes.axvspan(thresholds.lower, min(thresholds.upper, high), color="#f3d9a4", alpha=0.6, lw=0)
    top = axes.get_ylim()[1] * 4
    axes.set_ylim(0.7, top)
    for name, at in (("lower", thresholds.lower), ("upper", thresholds.upper)):
        if low < at < high:
            axes.axvline(at, color=INK, ls="--" if name == "lower" else "-", lw=1.2)
            shown = f" {THRESHOLDS[name](language)} {significant(at, language)} "
            axes.text(at, top * 0.8, shown, ha="right" if name == "lower" else "left", va="top", fontsize=8)
    places = (
        ("non_link", (low + thresholds.lower) / 2),
        ("link", (min(thresholds.upper, high) + high) / 2),
    )
    for region, at in places:
        axes.text(at, top * 0.35, DECISIONS[region](language), ha="center", va="top", color=GREY, style="italic")
    axes.set_xlabel(LINK_WEIGHT(language))
    axes.set_ylabel(PAIRS_LOGARITHMIC(language))
    _write_numbers(axes, language, x=True)


def draw_curve(figure: Figure, estimates: Estimates, language: Language) -> None:
    """Precision against recall, of the matches that each of the three estimators knows, with the interval of each point."""
    axes = figure.add_subplot()
    for estimator in REACH:
        precision, recall = (estimates.curve(measure, estimator) for measure in ("precision", f"recall_{REACH[estimator]}"))
        if not precision:
            continue
        x, y = np.array([one.value for one in recall]), np.array([one.value for one in precision])
        reach = [
            [[one.value - one.low for one in points], [one.high - one.value for one in points]] for points in (recall, precision)
        ]
        axes.errorbar(
            x,
            y,
            xerr=reach[0],
            yerr=reach[1],
            color=COLOURS[estimator],
            marker=MARKS[estimator],
            ms=4,
            lw=1.2,
            elinewidth=0.5,
            alpha=0.9,
            label=ESTIMATORS[estimator](language),
        )
    for name, face in (("upper", INK), ("lower", "white")):
        at = getattr(estimates.thresholds, name)
        if name == "lower" and at == estimates.thresholds.upper:
            continue
        best = "design" if estimates.curve("precision", "design") else "model"
        p, r = (estimates.select(measure, best, "middle", at) for measure in ("precision", "recall_within_reach"))
        if p and r:
            axes.plot(r.value, p.value, marker="D", ms=8, mfc=face, mec=INK, ls="", label=THRESHOLDS[name](language), zorder=5)
    axes.set_xlabel(text("recall_within_reach", language))
    axes.set_ylabel(text("precision", language))
    _write_numbers(axes, language, x=True, y=True)
    axes.legend(loc="lower left")


def draw_errors(figure: Figure, estimates: Estimates, targets: TargetsSpec, language: Language) -> None:
    """False links and matches missed against threshold by the three estimators, with bands and targets."""
    panels: Any = figure.subplots(2, 1, sharex=True)
    pairs = (("false_link_rate", targets.false_link_rate), ("missed_within_reach", targets.missed_link_rate))
    for axes, (measure, target) in zip(panels, pairs, strict=True):
        floor = target / 30
        for estimator in REACH:
            # where no pair is linked there is no rate to draw
            linked = {one.threshold for one in estimates.curve("precision", estimator) if np.isfinite(one.value)}
            own = measure.replace("within_reach", REACH[estimator])
            points = [one for one in estimates.curve(own, estimator) if one.threshold in linked]
            if not points:
                continue
            at = [one.threshold or 0.0 for one in points]
            low, value, high = (np.maximum([getattr(one, name) for one in points], floor) for name in ("low", "value", "high"))
            axes.fill_between(at, low, high, color=COLOURS[estimator], alpha=0.18, lw=0)
            axes.plot(
                at,
                value,
                color=COLOURS[estimator],
                marker=MARKS[estimator],
                ms=3.5,
                lw=1.3,
                label=ESTIMATORS[estimator](language),
            )
        axes.axhline(target, color="#a61c00", lw=1, ls=":")
        axes.text(1, target, f" {text('target', language)} {percent_significant(target, language)}", color="#a61c00", fontsize=8,
                  ha="right", va="bottom", transform=axes.get_yaxis_transform())  # fmt: skip
        axes.set_yscale("log")
        axes.set_ylim(floor, 1)
        axes.set_ylabel(text(measure, language))
        for name, dash in (("lower", "--"), ("upper", "-")):
            axes.axvline(getattr(estimates.thresholds, name), color=INK, lw=0.9, ls=dash)
        axes.yaxis.set_major_formatter(lambda value, _: percent_significant(value, language))
    panels[0].legend(loc="upper right", ncols=3)
    panels[1].set_xlabel(LINK_WEIGHT(language))
    panels[1].xaxis.set_major_formatter(lambda value, _: significant(value, language))


def draw_reliability(figure: Figure, estimates: Estimates, language: Language) -> None:
    """Observed share of matches against predicted probability, before and after calibration, on logit axes."""
    axes = figure.add_subplot()
    ticks = [0.01, 0.1, 0.5, 0.9, 0.99, 0.999]
    edge = 5e-4

    def logit(values: ArrayLike) -> Any:
        held = np.clip(np.asarray(values, dtype=float), edge, 1 - edge)
        return np.log(held / (1 - held))

    axes.plot(logit([0, 1]), logit([0, 1]), color=GREY, lw=1, ls=":", label=text("perfect", language))
    for name, bins in (("before", estimates.reliability_before), ("after", estimates.reliability_after)):
        colour = COLOURS["model" if name == "before" else "design"]
        x, y = logit([one.predicted for one in bins]), logit([one.observed.value for one in bins])
        reach = [y - logit([one.observed.low for one in bins]), logit([one.observed.high for one in bins]) - y]
        mark = "^" if name == "before" else "o"
        limits = np.maximum(reach, 0)
        axes.errorbar(x, y, yerr=limits, color=colour, marker=mark, ls="", ms=5, elinewidth=0.8, label=text(name, language))
    for set_ticks, set_labels in ((axes.set_xticks, axes.set_xticklabels), (axes.set_yticks, axes.set_yticklabels)):
        set_ticks(logit(ticks))
        set_labels([significant(tick, language) for tick in ticks])
    axes.set_xlabel(text("predicted", language))
    axes.set_ylabel(text("observed", language))
    axes.legend(loc="upper left")


def draw_doubt(figure: Figure, estimates: Estimates, language: Language) -> None:
    """Precision and recall within reach at the upper threshold in the worst, middle and best reading of doubtful verdicts."""
    panels: Any = figure.subplots(1, 2, sharey=True)
    readings = ("worst", "middle", "best", "shared")
    for axes, measure in zip(panels, ("precision", "recall_within_reach"), strict=True):
        names = []
        for place, reading in enumerate(readings):
            one = estimates.select(measure, "design", reading, estimates.thresholds.upper)
            if one is None:
                continue
            names.append(READINGS[reading](language))
            _point(axes, one.value, one.low, one.high, place)
        axes.set_yticks(range(len(names)), names)
        axes.set_ylim(len(names) - 0.5, -0.5)
        axes.set_title(MEASURES[measure](language), fontsize=9)
        _write_numbers(axes, language, x=True)


def draw_allocation(figure: Figure, strata: Sequence[Stratum], language: Language) -> None:
    """Pairs in the frame and sampled, stratum by stratum."""
    axes = figure.add_subplot()
    rows = sorted(strata, key=lambda one: (one.group == "", one.group, one.kind, -one.low))
    place = np.arange(len(rows))
    axes.barh(place, [one.size for one in rows], color=PALE, height=0.8, label=text("in_frame", language))
    axes.barh(place, [one.sampled for one in rows], color=COLOURS["design"], height=0.45, label=text("sampled", language))
    names = [f"{SAMPLE_KINDS[one.kind](language)} {_span(one, language)} {one.group}".rstrip() for one in rows]
    axes.set_yticks(place, names)
    axes.set_xscale("log")
    axes.set_xlim(0.8, max(one.size for one in rows) * 4)
    axes.set_ylim(len(rows) - 0.4, -0.6)
    for at, one in enumerate(rows):
        axes.text(one.size, at, f"  {percent_significant(one.inclusion_probability, language)}", va="center", fontsize=8)
    axes.set_xlabel(PAIRS_LOGARITHMIC(language))
    # above the bars, where no stratum can lie under it
    axes.legend(loc="lower right", bbox_to_anchor=(1, 1), ncols=2)


def draw_breakdown(figure: Figure, rows: Sequence[GroupRates], language: Language) -> None:
    """Link rate, precision and recall within reach of each group, with intervals or `too few`, and the standardised difference.

    Groups of which nothing can be said are counted in one row.
    """
    shown = [row for row in rows if row.link_rate or row.precision or row.recall_within_reach]
    names = [_group(row, language) for row in shown]
    if len(shown) < len(rows):
        names.append(text("other_groups", language, count=str(len(rows) - len(shown))))
    panels: Any = figure.subplots(1, 4, sharey=True)
    for axes, measure in zip(panels[:3], ("link_rate", "precision", "recall_within_reach"), strict=True):
        for place in range(len(names)):
            one: Any = getattr(shown[place], measure) if place < len(shown) else None
            if one is None:
                axes.text(0.5, place, text("too_few", language), transform=axes.get_yaxis_transform(), ha="center", va="center",
                          color=GREY, style="italic")  # fmt: skip
            else:
                _point(axes, one.value, one.low, one.high, place)
        axes.set_title(MEASURES[measure](language), fontsize=9)
    panels[3].axvline(0, color=GREY, lw=0.9)
    panels[3].plot([row.standardised_difference for row in shown], range(len(shown)), "D", ms=4.5, color=COLOURS["anchors"])
    panels[3].set_title(STANDARDISED_DIFFERENCE(language), fontsize=9)
    for axes in panels:
        axes.set_yticks(range(len(names)), names)
        axes.set_ylim(len(names) - 0.5, -0.5)
        _write_numbers(axes, language, x=True, ticks=3)


def _draw_one_breakdown(column: str, rows: Sequence[GroupRates], folder: Path, language: Language, level: str) -> DrawnFigure:
    height = 1.1 + 0.28 * min(len(rows), sum(bool(row.link_rate or row.precision or row.recall_within_reach) for row in rows) + 1)
    draw = partial(draw_breakdown, rows=rows, language=language)
    return _save(
        "groups",
        draw,
        folder,
        language,
        (9, height),
        stem=f"groups_{column}",
        level=level,
        column=breakdown_word(column, language),
    )


def _save(
    name: str,
    draw: Callable[[Figure], None],
    folder: Path,
    language: Language,
    size: tuple[float, float],
    *,
    stem: str | None = None,
    **values: str,
) -> DrawnFigure:
    """Draw on a new figure and save it as `stem` (or `name`), readable by its owner only."""
    import matplotlib
    from matplotlib.figure import Figure

    title, caption = text(f"{name}_title", language, **values), text(f"{name}_caption", language, **values)
    stem = stem or name
    path = folder / f"{stem}.png"
    with matplotlib.rc_context(STYLE):
        figure = Figure(figsize=size)
        draw(figure)
        figure.suptitle(title, x=0.01, ha="left", fontsize=11, fontweight="bold")
        path.touch(mode=0o600)
        figure.savefig(path, dpi=150, metadata={"Software": None})
    return DrawnFigure(stem, path, title, caption)


def _point(axes: Axes, value: float, low: float, high: float, place: int) -> None:
    axes.plot([low, high], [place, place], color=COLOURS["design"], lw=1.4)
    axes.plot(value, place, marker="o", ms=5, color=COLOURS["design"])


def _group(row: GroupRates, language: Language) -> str:
    if not row.group:
        return EMPTY(language)
    if row.column.endswith("_province"):
        from linkage.vietnamese.gazetteer import gazetteer

        return gazetteer().present_provinces.get(int(row.group), row.group)
    if row.column.endswith("_year"):
        return f"{row.group[:-1]}–{int(row.group[:-1]) + 9}"
    words = {"sex": SEXES, "error_class": ERROR_CLASSES}.get(row.column, {})
    return words[row.group](language) if row.group in words else row.group


def _span(stratum: Stratum, language: Language) -> str:
    return span_word(f"{stratum.low:.4g}", f"{stratum.high:.4g}", language)


def _write_numbers(axes: Axes, language: Language, *, x: bool = False, y: bool = False, ticks: int = 5) -> None:
    """Tick labels in the language's decimal sign."""
    from matplotlib.ticker import MaxNLocator

    for wanted, axis in ((x, axes.xaxis), (y, axes.yaxis)):
        if wanted:
            axis.set_major_locator(MaxNLocator(ticks))
            axis.set_major_formatter(lambda value, _: significant(value, language))

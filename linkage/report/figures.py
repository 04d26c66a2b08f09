"""The figures: one style, readable in grey print, the same bytes from the same numbers."""

from __future__ import annotations

import io
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.backend_bases import RendererBase
    from numpy.typing import NDArray

    from linkage.report.texts import Texts

FONTS = Path(__file__).parent / "fonts"
WIDTH = 6.4
"""Inches: the text width of the page."""
TALLEST = 8.2
"""Inches: what a page holds beside the caption."""
STYLE: Any = {
    "font.family": "Tinos",
    "font.size": 10,
    "axes.spines.top": False,
    "axes.spines.right": False,
    "axes.unicode_minus": True,
    "svg.fonttype": "path",
    "svg.hashsalt": "linkage",
}
DARK, MIDDLE, LIGHT = "0.25", "0.55", "0.85"
_PAINTER = ThreadPoolExecutor(1)
"""The one thread that uses matplotlib, whose settings hold for the whole process."""


class Drawing:
    """One figure, `height` inches high, that `paint` draws on empty axes.

    All are drawn by one thread of their own, in the order they were made, while the report's queries and pandoc run.
    """

    def __init__(self, height: float, paint: Callable[[Axes], None]) -> None:
        self.height = height
        self._paint = paint
        self._drawn = _PAINTER.submit(self._draw_svg)

    @property
    def svg(self) -> bytes:
        """The figure with its letters as outlines."""
        return self._drawn.result()

    @cached_property
    def png(self) -> bytes:
        """The same as a bitmap of 200 dots an inch, made when asked for."""
        return _PAINTER.submit(self._draw_png).result()

    def _draw_svg(self) -> bytes:
        """Measured and drawn by one renderer, which keeps the measures: `savefig` would lay every text out three times."""
        from matplotlib.backends.backend_svg import RendererSVG

        drawn = io.StringIO()
        with self._painted(72) as axes:
            unsaid = {"Date": None, "Creator": None}
            renderer = RendererSVG(72 * WIDTH, 72 * self.height, drawn, image_dpi=200, metadata=unsaid)  # type: ignore[no-untyped-call]
            _fit(axes, renderer)
            axes.figure.draw(renderer)
            renderer.finalize()  # type: ignore[no-untyped-call]
        return drawn.getvalue().encode()

    def _draw_png(self) -> bytes:
        from matplotlib.backends.backend_agg import FigureCanvasAgg

        drawn = io.BytesIO()
        with self._painted(200) as axes:
            canvas = FigureCanvasAgg(axes.figure)  # type: ignore[arg-type]
            _fit(axes, canvas.get_renderer())  # type: ignore[no-untyped-call]
            canvas.print_png(drawn, metadata={"Software": None})  # type: ignore[no-untyped-call]
        return drawn.getvalue()

    @contextmanager
    def _painted(self, dots: int) -> Iterator[Axes]:
        """The axes of a figure of so many dots an inch, with the report's style as long as they are used."""
        import matplotlib as mpl
        from matplotlib import font_manager
        from matplotlib.figure import Figure

        if not any(font.name == "Tinos" and font.fname.startswith(str(FONTS)) for font in font_manager.fontManager.ttflist):
            for file in sorted(FONTS.glob("*.ttf")):
                font_manager.fontManager.addfont(str(file))
        with mpl.rc_context(STYLE):
            axes = Figure(figsize=(WIDTH, self.height), dpi=dots).add_subplot()
            self._paint(axes)
            yield axes


def _fit(axes: Axes, renderer: RendererBase) -> None:
    """Move the axes so that they and their labels fill the figure: matplotlib's own layouts measure every label four times."""
    taken, figure = axes.get_tightbbox(renderer, for_layout_only=True), axes.figure.bbox
    inner = axes.bbox
    assert taken is not None
    pad = 0.04 * axes.figure.dpi
    left, bottom = inner.x0 - taken.x0 + pad, inner.y0 - taken.y0 + pad
    right, top = taken.x1 - inner.x1 + pad, taken.y1 - inner.y1 + pad
    width, height = figure.width - left - right, figure.height - bottom - top
    # fixed labels: drawing would measure all ticks again to find their place
    under = axes.xaxis.label.get_window_extent(renderer).y1 - inner.y0
    beside = axes.yaxis.label.get_window_extent(renderer).x1 - inner.x0
    axes.set_position((left / figure.width, bottom / figure.height, width / figure.width, height / figure.height))
    axes.apply_aspect()  # axes of a fixed aspect take less than they are given
    axes.xaxis.set_label_coords(0.5, under / axes.bbox.height)
    axes.yaxis.set_label_coords(beside / axes.bbox.width, 0.5)


def draw_flow(steps: Sequence[tuple[str, str, str]]) -> Drawing:
    """Boxes from top to bottom (label, count) with what leaves to the right; texts ready to print."""

    def paint(axes: Axes) -> None:
        axes.axis("off")
        axes.set_xlim(0, 10)
        axes.set_ylim(-len(steps) + 0.5, 0.5)
        box = {"boxstyle": "square,pad=0.45", "facecolor": "white", "edgecolor": DARK, "linewidth": 1.0}
        for at, (label, count, leaves) in enumerate(steps):
            axes.text(2.6, -at, f"{label}\n{count}", ha="center", va="center", bbox=box, linespacing=1.3)
            if at:
                axes.annotate("", (2.6, -at + 0.34), (2.6, -at + 0.66), arrowprops={"arrowstyle": "-|>", "color": DARK})
            if leaves:
                axes.annotate("", (5.9, -at - 0.5), (2.6, -at - 0.5), arrowprops={"arrowstyle": "-|>", "color": MIDDLE})
                axes.text(6.05, -at - 0.5, leaves, ha="left", va="center", fontsize=9, linespacing=1.25)

    return Drawing(0.78 * len(steps) + 0.1, paint)


def draw_weights(counts: NDArray[np.int_], edges: NDArray[np.float64], thresholds: dict[str, float], texts: Texts) -> Drawing:
    """Histogram of link weights (bits), counts on a logarithmic scale, thresholds as dashed lines."""

    def paint(axes: Axes) -> None:
        axes.stairs(counts, edges, fill=True, color=MIDDLE, edgecolor=DARK)
        axes.set_yscale("log")
        axes.set_ylim(0.8, max(float(counts.max(initial=1)), 2) * 2.5)
        for name, weight in thresholds.items():
            axes.axvline(weight, color="black", linestyle="--", linewidth=1)
            align = "left" if name == "upper" else "right"
            axes.annotate(
                texts("words", name), (weight, 0.97), xycoords=("data", "axes fraction"), ha=align, va="top",
                xytext=(3 if name == "upper" else -3, 0), textcoords="offset points", fontsize=9,
            )  # fmt: skip
        axes.set_xlabel(texts("words", "link_weight"))
        axes.set_ylabel(texts("words", "pairs_axis"))
        _localise(axes, texts)

    return Drawing(2.9, paint)


def draw_bars(labels: Sequence[str], values: Sequence[float], axis: str, texts: Texts, marks: Sequence[float] = ()) -> Drawing:
    """Horizontal bars, first on top; negative ones hatched so that they differ without colour."""
    height = min(0.6 + 0.2 * max(len(labels), 2), TALLEST)

    def paint(axes: Axes) -> None:
        places = -np.arange(len(labels))
        bars = axes.barh(
            places, values, color=[MIDDLE if value >= 0 else LIGHT for value in values], edgecolor=DARK, linewidth=0.6
        )
        for bar, value in zip(bars, values, strict=True):
            bar.set_hatch("" if value >= 0 else "////")
        _label_rows(axes, places, labels, 8.5 if height < TALLEST else 72 * TALLEST / (1.25 * len(labels)))
        axes.set_ylim(-len(labels) + 0.4, 0.6)
        axes.axvline(0, color="black", linewidth=0.8)
        for mark in marks:
            axes.axvline(mark, color="black", linestyle="--", linewidth=0.8)
        axes.set_xlabel(axis)
        _localise(axes, texts, only_x=True)

    return Drawing(height, paint)


def draw_heat_map(rows: Sequence[str], columns: Sequence[str], shares: NDArray[np.float64]) -> Drawing:
    """Shares 0–1 as shades of grey with their per cent; NaN cells hatched."""

    def paint(axes: Axes) -> None:
        axes.imshow(np.ma.masked_invalid(shares), cmap="Greys", vmin=0, vmax=1.25, aspect="auto")
        axes.patch.set(hatch="////", edgecolor=MIDDLE, facecolor="white")
        for i, row in enumerate(shares):
            for j, share in enumerate(row):
                if not np.isnan(share):
                    shade = "white" if share > 0.6 else "black"
                    axes.text(j, i, f"{share * 100:.0f}%", ha="center", va="center", fontsize=8, color=shade)
        axes.set_xticks(range(len(columns)), columns, fontsize=8.5)
        _label_rows(axes, range(len(rows)), rows, 8.5)
        axes.tick_params(length=0)

    return Drawing(0.9 + 0.28 * len(rows), paint)


def draw_calibration(expected: Sequence[float], observed: Sequence[float], sizes: Sequence[int], texts: Texts) -> Drawing:
    """Model probability against the observed share of matches, 0–1 both; areas follow the number of labels."""

    def paint(axes: Axes) -> None:
        axes.plot([0, 1], [0, 1], color=MIDDLE, linestyle="--", linewidth=1)
        area = 25 + 175 * np.asarray(sizes) / max(max(sizes, default=1), 1)
        axes.scatter(expected, observed, s=area, facecolor=LIGHT, edgecolor="black", zorder=3, clip_on=False)
        axes.set(xlim=(-0.02, 1.02), ylim=(-0.02, 1.02), aspect="equal")
        axes.set_xlabel(texts("words", "probability_axis"))
        axes.set_ylabel(texts("words", "observed_axis"))
        _localise(axes, texts)

    return Drawing(3.2, paint)


def _label_rows(axes: Axes, places: Iterable[float], labels: Iterable[str], size: float) -> None:
    """Labels left of the axes as plain texts: matplotlib makes a tick of three lines and two texts, each measured again."""
    axes.set_yticks([])
    for place, label in zip(places, labels, strict=True):
        axes.annotate(
            label, (0, place), xycoords=axes.get_yaxis_transform(), ha="right", va="center_baseline",
            xytext=(-4, 0), textcoords="offset points", fontsize=size,
        )  # fmt: skip


def _localise(axes: Axes, texts: Texts, only_x: bool = False) -> None:
    """Numbers on axes as the language writes them."""
    from matplotlib.ticker import FuncFormatter

    for axis in (axes.xaxis,) if only_x else (axes.xaxis, axes.yaxis):
        axis.set_major_formatter(FuncFormatter(lambda value, _: texts.axis(value)))

from __future__ import annotations

import numpy as np
import pytest

from linkage.report import figures
from linkage.report.texts import Texts

TEXTS = Texts("vi")
WITH_AXES = {
    "calibration": lambda: figures.draw_calibration([0.1, 0.9], [0.0, 1.0], [20, 40], TEXTS),
    "weights": lambda: figures.draw_weights(np.array([9000, 2, 70]), np.arange(4.0), {"lower": 1.0, "upper": 1.0}, TEXTS),
    "bars": lambda: figures.draw_bars(["Họ và tên: một nhãn dài", "b"], [12_000, 5], "Số cặp", TEXTS),
}


@pytest.mark.parametrize("name", WITH_AXES)
def test_no_label_lies_on_the_numbers_of_its_axis(name, monkeypatch):
    seen = []
    fit = figures._fit

    def watched(axes):
        fit(axes)
        axes.figure.draw_without_rendering()
        for axis in (axes.xaxis, axes.yaxis):
            box = axis.label.get_window_extent()
            numbers = [tick.get_window_extent() for tick in axis.get_ticklabels() if tick.get_text()]
            seen.append(axis.label.get_text() != "" and any(box.overlaps(one) for one in numbers))
            seen.append(bool(axis.label.get_text()) and not axes.figure.bbox.fully_containsx(box.x0))

    monkeypatch.setattr(figures, "_fit", watched)
    assert WITH_AXES[name]().svg
    assert seen == [False] * 4


def test_bars_drawn_ahead_are_taken_where_everything_is_the_same_and_only_there():
    asked = (["một", "hai"], [1.5, -2.0], "bit")
    drawn = figures.draw_bars(*asked, Texts("vi"))
    assert figures.draw_bars(*asked, Texts("vi")) is drawn
    others = [
        figures.draw_bars(["một", "ba"], *asked[1:], Texts("vi")),
        figures.draw_bars(asked[0], [1.5, -2.5], "bit", Texts("vi")),
        figures.draw_bars(*asked, Texts("en")),
        figures.draw_bars(*asked, Texts("vi"), (-0.1, 0.1)),
    ]
    assert len({drawn.svg, *(other.svg for other in others)}) == 5

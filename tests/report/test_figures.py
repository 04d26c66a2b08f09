from __future__ import annotations

import numpy as np
import pytest

from linkage.report import figures
from linkage.report.phrases import Phrases

TEXTS = Phrases("vi")
WITH_AXES = {
    "calibration": lambda: figures.draw_calibration([0.1, 0.9], [0.0, 1.0], [20, 40], TEXTS),
    "weights": lambda: figures.draw_weights(np.array([9000, 2, 70]), np.arange(4.0), {"lower": 1.0, "upper": 1.0}, TEXTS),
    "bars": lambda: figures.draw_bars(["Họ và tên: một nhãn dài", "b"], [12_000, 5], "Số cặp", TEXTS),
}


@pytest.mark.parametrize("name", WITH_AXES)
def test_no_label_lies_on_the_numbers_of_its_axis(name, monkeypatch):
    seen = []
    fit = figures._fit

    def watched(axes, renderer):
        fit(axes, renderer)
        axes.figure.draw_without_rendering()
        for axis in (axes.xaxis, axes.yaxis):
            box = axis.label.get_window_extent()
            numbers = [tick.get_window_extent() for tick in axis.get_ticklabels() if tick.get_text()]
            seen.append(axis.label.get_text() != "" and any(box.overlaps(one) for one in numbers))
            seen.append(bool(axis.label.get_text()) and not axes.figure.bbox.fully_containsx(box.x0))

    monkeypatch.setattr(figures, "_fit", watched)
    assert WITH_AXES[name]().svg
    assert seen == [False] * 4

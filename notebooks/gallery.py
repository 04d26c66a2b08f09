"""The gallery of charts, drawn on the demo's small province: `python notebooks/gallery.py` rewrites reports/gallery/.

Each chart stands with what it shows, how to read it, what to do, and the call that draws it.
"""

from __future__ import annotations

import os
import shutil
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from matplotlib import rc_context
from matplotlib.figure import Figure

from linkage import Project, Run, open_project
from linkage.config import TargetsSpec, ThresholdsSpec
from linkage.decision import draw_figures, propose_thresholds
from linkage.decision.estimate_figures import STYLE, draw_weights
from linkage.notebook import demo_province, simulate_review
from linkage.registers.profile import draw_profile, profile_side
from linkage.runs.sql import connect
from linkage.weighing import charts

HERE = Path(__file__).parent
GALLERY = HERE.parent / "reports" / "gallery"
HEAD = """# Gallery of charts · Các biểu đồ

*Written by `python notebooks/gallery.py` on a made-up province of 3,000 persons: no real person is in any of these charts.*
Splink's own charts (`run.model.visualisations`) are drawn in notebook 03 and are not repeated here.
"""


@dataclass(frozen=True)
class Entry:
    """One chart of the gallery; `name` is its file's."""

    name: str
    title: str
    shows: str
    read: str
    do: str
    call: str


ENTRIES = (
    Entry(
        "profile",
        "Profile of a source · Hồ sơ của nguồn",
        "A source before anything is linked: completeness, date precision, registrations by year and by office.",
        "A short bar is a field that is seldom filled. A hole among the years is a book that is not digitised.",
        "Do not compare a field that is nearly empty on one side. Where many dates are a year alone, block on the year.",
        "linkage profile CONFIG",
    ),
    Entry(
        "blocking",
        "What each blocking rule adds · Mỗi quy tắc phân khối thêm gì",
        "For each rule the pairs that no earlier rule proposes (bar), and the share of anchor pairs found so far (line).",
        "A long bar beside a flat line costs pairs and finds nobody. Anchors are the better-written part of a register.",
        "Drop or cap such a rule; look at `linkage blocking --suggest` for a smaller set.",
        "linkage blocking CONFIG --on RUN --chart FILE",
    ),
    Entry(
        "levels",
        "What each level weighs · Trọng số từng mức",
        "log2(m/u) of every level of every comparison, closest level first.",
        "Right speaks for a match, left against. Within a comparison bars should fall from the closest level down.",
        "A bar out of order: right if the farther level is rarer among strangers, else merge the two levels.",
        "linkage.weighing.charts.draw_weights(run.document('training')['levels'])",
    ),
    Entry(
        "waterfall",
        "One pair step by step · Một cặp, từng bước",
        "From the prior to the match weight of one pair, and the link weight, which also thinks of close relatives.",
        "Each bar starts where the one above ends. The pair shown is the most doubtful of the run.",
        "When one comparison alone carries a doubtful pair over a threshold, read that comparison's m and u again.",
        "linkage.weighing.charts.draw_waterfall(run.explain(mention, person))",
    ),
    Entry(
        "weights",
        "Link weights and thresholds · Trọng số liên kết và hai ngưỡng",
        "How many assigned pairs have each link weight (logarithmic), with both thresholds and the region between.",
        "Two hills and a valley is a model that can tell. Thresholds belong in the valley.",
        "One hill, or a threshold on a hill's side: improve the comparisons before moving thresholds by hand.",
        "linkage.decision.estimate_figures.draw_weights(figure, weights, thresholds, language)",
    ),
    Entry(
        "curve",
        "Precision against recall within reach · Độ chính xác và độ bao phủ trong tầm với",
        "Both rates at every threshold, by each estimator there is, with intervals.",
        "The nearer the upper right the better. Estimators that part company show where the model is too sure of itself.",
        "Believe the design estimate (labels). Where its intervals are too wide to decide, label more pairs.",
        "linkage estimate RUN --figures FOLDER",
    ),
    Entry(
        "errors",
        "Error rates against the targets · Tỷ lệ sai so với mục tiêu",
        "False-link and missed-link rate at every threshold, with the owner's targets as lines.",
        "The threshold may stand wherever the upper end of the interval is under the target's line.",
        "Where no threshold satisfies both targets, review the region between or change a target, openly.",
        "linkage estimate RUN --figures FOLDER",
    ),
    Entry(
        "reliability",
        "Reliability · Độ tin cậy của xác suất",
        "The model's probability against the share of true matches among labelled pairs, before and after calibration.",
        "Points under the diagonal are probabilities that are too sure.",
        "Do not report the model's own error rates where points are off the diagonal; use the labels'.",
        "linkage estimate RUN --figures FOLDER",
    ),
)


def main() -> None:
    """Draw every chart and write the page."""
    os.chdir(HERE)
    GALLERY.mkdir(parents=True, exist_ok=True)
    registers = demo_province()
    project = open_project("demo.yaml", data=registers)
    demo = project.run(until="sample", out=registers.parent / "demo")
    for draw in (draw_source, draw_model, draw_thresholds, draw_estimates):
        step: Callable[[Project, Run, Path], None] = draw
        step(project, demo, registers)
    sections = [
        f"## {one.title}\n\n![{one.title}]({one.name}.png)\n\n- **What it shows.** {one.shows}\n"
        f"- **How to read it.** {one.read}\n- **What to do.** {one.do}\n- **Drawn by** `{one.call}`\n"
        for one in ENTRIES
    ]
    (GALLERY / "README.md").write_text("\n".join([HEAD, *sections]), encoding="utf-8")


def draw_source(project: Project, run: Run, registers: Path) -> None:
    """The profile of the births and the blocking chart."""
    with connect() as connection:
        side = project.sides["left"]
        profile = profile_side(connection, side, base=project.folder, data=project.data, folder=registers.parent)
    draw_profile(profile, GALLERY / "profile.png")
    charts.draw_blocking(project.analyse_blocking(run)).savefig(GALLERY / "blocking.png", dpi=100)


def draw_model(project: Project, run: Run, registers: Path) -> None:
    """Level weights and the waterfall of the most doubtful pair."""
    charts.draw_weights(run.document("training")["levels"]).savefig(GALLERY / "levels.png", dpi=100)
    doubtful = run.table("candidates").order("abs(link_weight), record_id_l, record_id_r").select("record_id_l, record_id_r")
    charts.draw_waterfall(run.explain(*doubtful.limit(1).fetchall()[0])).savefig(GALLERY / "waterfall.png", dpi=100)


def weights_of(run: Run) -> object:
    """Link weights of the assigned pairs."""
    return run.table("assigned").order("id_l").fetchnumpy()["link_weight"]


def draw_thresholds(project: Project, run: Run, registers: Path) -> None:
    """Weights with thresholds for targets strict enough that a region is left to review."""
    targets = TargetsSpec(false_link_rate=0.0001, missed_link_rate=0.001)
    weights = weights_of(run)
    with rc_context(STYLE):
        figure = Figure(figsize=(9, 3.6))
        draw_weights(figure, weights, propose_thresholds(weights, targets, ThresholdsSpec()), "en")
        figure.savefig(GALLERY / "weights.png", dpi=100)


def draw_estimates(project: Project, run: Run, registers: Path) -> None:
    """Curves and reliability of a copy of the run whose labels are simulated."""
    shutil.rmtree(registers.parent / "gallery", ignore_errors=True)
    labelled = Run.open(shutil.copytree(run.path, registers.parent / "gallery"))
    simulate_review(labelled, registers / "truth.parquet", "birth", "child")
    pictures = registers.parent / "gallery-figures"
    pictures.mkdir(exist_ok=True)
    named = {one.name for one in ENTRIES}
    for figure in draw_figures(labelled.estimate(), weights_of(labelled), labelled.spec.targets, pictures, language="en"):
        if figure.name in named - {"weights"}:
            shutil.copy(figure.path, GALLERY / f"{figure.name}.png")


if __name__ == "__main__":
    main()

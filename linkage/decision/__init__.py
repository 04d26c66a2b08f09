"""Decisions that keep a promise: thresholds, review samples, estimates with intervals, calibration, breakdowns, figures.

Contract. Works on plain tables (Parquet paths, or names of tables and views of a DuckDB connection) and numpy arrays of
link weights; imports no other stage. In order of use:

1. `propose_thresholds(weights, targets, given)` places the thresholds by the model; `decide(connection, assigned, …)` writes
   `links.parquet` (with `labels`, verdicts overrule the thresholds). Where records of one table or several are grouped,
   `entity_links.py` makes its rows, and `entity_rates.py` estimates the entities from labelled pairs.
2. `draw_outside_pairs` makes the frame of pairs that were not assigned; `plan_sample` says what a budget would tell, and
   `feasible.py` what labels can show of a target at best and how many it needs; `draw_review_sample` writes
   `review_set.parquet`, a probability sample; `batches.py` says what further pairs can settle and draws them
   (`top_up_review_sample`). `draw_searches` writes `search_set.parquet`: mentions without a link, for which a reviewer
   searches the population.
3. `estimate(connection, EstimateTables(…), …)`, and for a run `measure_run`, which writes `estimates.json`: three estimators
   side by side, corrected for how often labels are wrong (`label_error.py`), worst/middle/best readings of doubt,
   calibration, challengers, breakdowns, and the targets judged by what labels say of the delivered links (`judging.py`):
   shown, not contradicted, contradicted.
4. `proposing.propose` works out what labels would do to the thresholds (`by_labels.py`: contradicted → tighten, shown → may
   loosen, else keep) and what that would change; once a person has agreed, `consent.py` keeps it in the run as an input of its
   own. Measuring changes no decision; labels alone decide nothing but the pairs they are of.
5. `draw_figures(estimates, …)` draws them, each with a caption that says how to read it (`captions.py`, Vietnamese and English).

Words: F = false links, M = missed matches; precision = 1 − F / links; recall within reach = A / (A + M), A = links − F, M
counting what blocking and assignment lost as far as the wider net reaches it. Not in the frame, so that it is above the recall
of all: what no looser key reaches, candidates below the floor of scoring, persons of mentions linked falsely or assigned safely
(`assigning.wider_net`). Recall of all counts them too, by the search sample (`searching.py`) or the mentions with a number
(`anchors.py`); the target for missed links is held against it. Every estimate carries interval, denominator and n.
`reports/benchmarks/decision.md` and `deciding.md` have the simulation studies behind the intervals and the design.
"""

from linkage.decision.anchors import AnchorFit
from linkage.decision.breakdowns import GroupRates, error_class
from linkage.decision.by_labels import ByLabels, DecidedPairs, describe_choices, thresholds_by_labels
from linkage.decision.calibration import Calibration, Calibrator, calibrate, reliability
from linkage.decision.deciding import decide
from linkage.decision.estimate import Estimates, EstimateTables, estimate
from linkage.decision.estimate_figures import DrawnFigure, draw_figures
from linkage.decision.estimators import Estimate, estimate_by_design, estimate_by_model
from linkage.decision.feasible import Feasible, foresee, plan_targets
from linkage.decision.judging import JudgedTarget, judgement_rows
from linkage.decision.label_error import Fallible, LabelErrors, learn_label_errors
from linkage.decision.plan import PlannedWidth, describe_plan, plan_sample
from linkage.decision.sampling import By, draw_outside_pairs, draw_review_sample, load_strata, top_up_review_sample
from linkage.decision.searching import SearchedSample, SearchTables, draw_searches, estimate_recall_of_all
from linkage.decision.strata import Stratum
from linkage.decision.thresholds import Choice, Thresholds, propose_thresholds

__all__ = [
    "AnchorFit",
    "By",
    "ByLabels",
    "Calibration",
    "Calibrator",
    "Choice",
    "DecidedPairs",
    "DrawnFigure",
    "Estimate",
    "EstimateTables",
    "Estimates",
    "Fallible",
    "Feasible",
    "GroupRates",
    "JudgedTarget",
    "LabelErrors",
    "PlannedWidth",
    "SearchTables",
    "SearchedSample",
    "Stratum",
    "Thresholds",
    "calibrate",
    "decide",
    "describe_choices",
    "describe_plan",
    "draw_figures",
    "draw_outside_pairs",
    "draw_review_sample",
    "draw_searches",
    "error_class",
    "estimate",
    "estimate_by_design",
    "estimate_by_model",
    "estimate_recall_of_all",
    "foresee",
    "judgement_rows",
    "learn_label_errors",
    "load_strata",
    "plan_sample",
    "plan_targets",
    "propose_thresholds",
    "reliability",
    "thresholds_by_labels",
    "top_up_review_sample",
]

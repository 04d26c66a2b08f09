"""Trials of a project over a grid of settings: which one to use, and what it buys for how much clerical work.

Contract. `tune(config, grid, …)` runs the project file once as it is (trial 0) and once for every setting chosen from the
grid, each as far as `decide` in a run directory of its own below `out`, and scores them all in the same way:

- by `labels` of a review where a folder with review_set.parquet and labels.parquet is given;
- else by `numbers`: mentions whose valid personal number exactly one person carries, unless a trial blocks by or compares it;
- else by the `model` itself, which no decision should rest on alone; the result says so.

The score is what is found at the declared false-link rate, with the threshold learned on other folds than it is scored on: of the
sampled matches (recall within reach), of the mentions with a number, or true links the model expects; none is recall of all. A
pair that a trial brings and no label knows counts as wrong when trials are compared, so a labelled non-match replaced by an
unlabelled pair buys nothing; the rates of the chosen trial have both readings as bounds and come from nested folds, in which
choosing among many is part of what is scored.

Stages are shared: a trial takes over the finished stages of the earlier trial that agrees with it furthest, and the
fingerprints decide which are run again. Killed at any moment, the same call goes on where it was.
"""

from linkage.tuning.search import Trial, TuningResult, tune

__all__ = ["Trial", "TuningResult", "tune"]

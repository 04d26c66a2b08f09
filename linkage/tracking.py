"""A run as MLflow keeps it: parameters, metrics and artefacts in a local tracking folder (extra `mlflow`).

What is logged speaks of the run and never of a person: settings, counts, rates and the model, no table of records.
Nothing leaves the machine: the tracking store is a folder and MLflow's own telemetry is off.
"""

from __future__ import annotations

import json
import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any, TypeGuard

from linkage.errors import LinkageError
from linkage.runs.shapes import RunSummary
from linkage.runs.tables import BLOCKING, ESTIMATES, MODEL, REPORT_PAGE, RUN, THRESHOLDS, TRAINING

LOGGED = (MODEL, TRAINING, THRESHOLDS, BLOCKING, ESTIMATES, REPORT_PAGE)
"""Files of a run that hold no record; those that are there are logged."""
LONGEST = 6000
"""Characters that MLflow keeps of a parameter."""
OFFLINE = {"MLFLOW_DISABLE_TELEMETRY": "true", "MLFLOW_ALLOW_FILE_STORE": "true"}
"""Read by MLflow: no telemetry; its store of plain files, which needs no database."""


def log_run(run: Path, folder: Path) -> str:
    """Log a run directory to the experiment named like its project; returns MLflow's run id.

    Raises:
        LinkageError: when MLflow is not installed, or the run directory has no readable run.json.
    """
    os.environ.update(OFFLINE)
    try:
        from mlflow import MlflowClient
        from mlflow.entities import Metric, Param, RunTag
    except ModuleNotFoundError:
        raise LinkageError("MLflow is not installed", 'Install it: pip install "linkage[mlflow]"') from None
    summary = RUN.read(run)
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    client = MlflowClient(tracking_uri=folder.resolve().as_uri())
    experiment = client.get_experiment_by_name(summary["project"])
    number = experiment.experiment_id if experiment else client.create_experiment(summary["project"])
    logged = client.create_run(number, run_name=summary["run_id"])
    identity: str = logged.info.run_id
    now = logged.info.start_time
    client.log_batch(
        identity,
        metrics=[Metric(name, value, now, 0) for name, value in metrics_of(run, summary).items()],
        params=[Param(name, value) for name, value in parameters_of(summary["spec"])],
        tags=[RunTag("config_hash", str(summary["config_hash"])), RunTag("synthetic", str(summary["synthetic"]))],
    )
    for one in LOGGED:
        if one.is_in(run):
            client.log_artifact(identity, str(one.path(run)))
    client.set_terminated(identity)
    return identity


def parameters_of(spec: dict[str, Any], above: str = "") -> Iterator[tuple[str, str]]:
    """The settings of a project file as dotted keys; lists stay whole, as JSON.

    >>> list(parameters_of({"seed": 7, "blocking": {"predict": [["name"]]}, "right": None}))
    [('seed', '7'), ('blocking.predict', '[["name"]]')]
    """
    for key, value in spec.items():
        if isinstance(value, dict):
            yield from parameters_of(value, f"{above}{key}.")
        elif value is not None:
            text = value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)
            yield f"{above}{key}", text[:LONGEST]


def metrics_of(run: Path, summary: RunSummary) -> dict[str, float]:
    """Seconds and counts by stage, both thresholds with their expected rates, and the estimates at the upper one."""
    found: dict[str, float] = {}
    for name, stage in summary["stages"].items():
        numbers = {"seconds": stage["seconds"], **stage["counts"]}
        found |= {f"{name}.{key}": float(value) for key, value in numbers.items() if _is_number(value)}
    if not THRESHOLDS.is_in(run):
        return found
    thresholds = THRESHOLDS.read(run)
    found |= {f"thresholds.{key}": float(value) for key, value in thresholds.items() if _is_number(value)}
    for one in ESTIMATES.read(run)["estimates"] if ESTIMATES.is_in(run) else ():
        if one["threshold"] == thresholds["upper"] and one["reading"] == "middle":
            ends = {"": one["value"], ".low": one["low"], ".high": one["high"]}
            found |= {
                f"{one['measure']}.{one['estimator']}{end}": float(value) for end, value in ends.items() if value is not None
            }
    return found


def _is_number(value: Any) -> TypeGuard[float]:
    return isinstance(value, (int, float)) and not isinstance(value, bool)

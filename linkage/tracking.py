"""A run as MLflow keeps it: parameters, metrics and artefacts in a local tracking folder (extra `mlflow`).

What is logged speaks of the run and never of a person: settings, counts, rates and the model, no table of records.
Nothing leaves the machine: the tracking store is a folder and MLflow's own telemetry is off.
"""

from __future__ import annotations

import json
import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from linkage.errors import LinkageError

DOCUMENTS = ("model.json", "training.json", "thresholds.json", "blocking.json", "estimates.json", "report.html")
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
    try:
        summary: dict[str, Any] = json.loads((run / "run.json").read_text(encoding="utf-8"))
    except (OSError, ValueError):
        raise LinkageError(f"{run} has no readable run.json", "Give the directory of a finished run.") from None
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
    for name in DOCUMENTS:
        if (run / name).is_file():
            client.log_artifact(identity, str(run / name))
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


def metrics_of(run: Path, summary: dict[str, Any]) -> dict[str, float]:
    """Seconds and counts by stage, both thresholds with their expected rates, and the estimates at the upper one."""
    found: dict[str, float] = {}
    for name, stage in summary["stages"].items():
        numbers = {"seconds": stage["seconds"], **stage["counts"]}
        found |= {f"{name}.{key}": float(value) for key, value in numbers.items() if _is_number(value)}
    thresholds = _document(run / "thresholds.json")
    found |= {f"thresholds.{key}": float(value) for key, value in thresholds.items() if _is_number(value)}
    for one in _document(run / "estimates.json").get("estimates", []):
        if one["threshold"] == thresholds["upper"] and one["reading"] == "middle":
            ends = {"": one["value"], ".low": one["low"], ".high": one["high"]}
            found |= {f"{one['measure']}.{one['estimator']}{end}": float(value) for end, value in ends.items()}
    return found


def _document(path: Path) -> dict[str, Any]:
    held: dict[str, Any] = json.loads(path.read_text(encoding="utf-8")) if path.is_file() else {}
    return held


def _is_number(value: Any) -> bool:
    return isinstance(value, (int, float)) and not isinstance(value, bool)

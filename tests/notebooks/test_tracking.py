"""A run in MLflow's tracking folder: what is logged, and that no record is."""

from __future__ import annotations

import builtins
import os
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import pytest

from linkage import LinkageError, Run
from linkage.runs.exchange import Document
from linkage.tracking import LOGGED, OFFLINE, log_run, metrics_of, parameters_of

needs_mlflow = pytest.mark.skipif(find_spec("mlflow") is None, reason='the extra "mlflow" is not installed')


@pytest.fixture(autouse=True)
def own_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    for name, value in OFFLINE.items():
        monkeypatch.setenv(name, value)


@needs_mlflow
@pytest.mark.filterwarnings("ignore")
def test_a_run_is_logged(finished_run: Path, tmp_path: Path) -> None:
    from mlflow import MlflowClient

    identity = log_run(finished_run, tmp_path / "mlruns")
    client = MlflowClient(tracking_uri=(tmp_path / "mlruns").as_uri())
    logged = client.get_run(identity)
    summary = Run.open(finished_run).summary
    assert logged.info.run_name == summary["run_id"]
    assert logged.data.params == dict(parameters_of(summary["spec"]))
    assert logged.data.metrics == pytest.approx(metrics_of(finished_run, summary))
    there = {one.file for one in LOGGED if one.is_in(finished_run)}
    assert {file.path for file in client.list_artifacts(identity)} == there
    kept = tmp_path / "mlruns" / logged.info.experiment_id / identity / "artifacts"
    assert (kept / "model.json").read_bytes() == (finished_run / "model.json").read_bytes()
    assert log_run(finished_run, tmp_path / "mlruns") != identity
    assert len(client.search_runs([logged.info.experiment_id])) == 2


def test_metrics_and_parameters_name_no_record(finished_run: Path) -> None:
    run = Run.open(finished_run)
    metrics = metrics_of(finished_run, run.summary)
    assert metrics["thresholds.upper"] == run.thresholds.upper
    assert metrics["decide.links"] == run.summary["stages"]["decide"]["counts"]["links"]
    parameters = dict(parameters_of(run.spec.model_dump(mode="json", by_alias=True)))
    assert parameters["targets.false_link_rate"] == "0.001"
    names = run.table("raw_mentions").select("full_name").limit(200).fetchall()
    said = "\n".join(
        [
            *parameters.values(),
            *(one.path(finished_run).read_text() for one in LOGGED if isinstance(one, Document) and one.is_in(finished_run)),
        ]
    )
    assert names
    assert not [1 for (name,) in names if name and name in said]


def test_without_the_extra_it_is_said(finished_run: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    held = builtins.__import__

    def absent(name: str, *rest: Any) -> Any:
        if name.partition(".")[0] == "mlflow":
            raise ModuleNotFoundError(name)
        return held(name, *rest)

    monkeypatch.setattr(builtins, "__import__", absent)
    with pytest.raises(LinkageError, match="MLflow is not installed"):
        log_run(finished_run, tmp_path / "mlruns")
    assert not (tmp_path / "mlruns").exists()
    assert os.environ["MLFLOW_DISABLE_TELEMETRY"] == "true"

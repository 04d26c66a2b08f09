"""run.json: what was run on what, with which versions, and what came out."""

from __future__ import annotations

import platform
from pathlib import Path

from linkage.config import LoadedProject
from linkage.runs.directory import RunDirectory
from linkage.runs.fingerprints import fingerprint, library_version
from linkage.runs.tables import RUN

LIBRARIES = ("linkage", "splink", "duckdb", "numpy", "scipy", "scikit-learn", "pyarrow", "matplotlib", "pydantic")


def write_provenance(run: RunDirectory, project: LoadedProject, command: str, inputs: dict[str, str], data: Path | None) -> None:
    """Write run.json from the project file and the records of the finished stages.

    `run_id` follows from the content alone: two runs with the same id have the same tables.
    """
    records = run.records()
    # The report prints the run's id, so it cannot be part of what the id follows from.
    content = {record.stage: record.fingerprint for record in records if record.stage != "report"}
    RUN.write(
        run.path,
        {
            "run_id": f"{project.spec.project}-{fingerprint(content)[:12]}",
            "project": project.spec.project,
            "title": project.spec.title,
            "synthetic": project.spec.report.synthetic,
            "command": command,
            "config_hash": project.config_hash,
            "config": project.text,
            "spec": project.given.model_dump(mode="json", by_alias=True),
            "origin": {"project_file": str(project.path.resolve()), "data": str(data) if data else None},
            "inputs": inputs,
            "seed": project.spec.seed,
            "versions": {"python": platform.python_version(), **{library: library_version(library) for library in LIBRARIES}},
            "finished_at": max((record.finished_at for record in records), default=None),
            "seconds": round(sum(record.seconds for record in records), 3),
            "stages": {record.stage: record.summary for record in records},
        },
    )

from __future__ import annotations

import sys
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).parent))

from planted_run import plant_run

from linkage.report import build_report


@pytest.fixture(scope="session")
def full_run(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Labels, estimates and links; the report beside it in all formats."""
    run = plant_run(tmp_path_factory.mktemp("full") / "run", labels=True)
    build_report(run)
    return run

"""The province and the runs that all notebook tests share."""

from __future__ import annotations

from pathlib import Path

import pytest


@pytest.fixture(scope="session")
def notebook_data(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder that LINKAGE_NOTEBOOK_DATA names in these tests."""
    return tmp_path_factory.mktemp("notebook-data")

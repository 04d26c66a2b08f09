"""What the tests of the room share: reading a side and looking at what came out."""

from __future__ import annotations

import tempfile
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from hypothesis import settings
from hypothesis.configuration import set_hypothesis_home_dir

from linkage.config.sources import SideSpec
from linkage.registers import ReadReport, read_side
from linkage.runs.sql import connect

# examples are not kept from run to run, and nothing is written into the checkout
set_hypothesis_home_dir(Path(tempfile.gettempdir()) / "linkage-hypothesis")
settings.register_profile("registers", database=None)
settings.load_profile("registers")


@dataclass(frozen=True)
class Read:
    report: ReadReport
    mentions: list[dict[str, Any]]
    quarantine: list[dict[str, Any]]


def rows_of(path: Path) -> list[dict[str, Any]]:
    with connect() as connection:
        found = connection.execute("SELECT * FROM read_parquet($path)", {"path": str(path)})
        names = [column[0] for column in found.description]
        return [dict(zip(names, row, strict=True)) for row in found.fetchall()]


def side_spec(source: dict[str, Any], **more: Any) -> SideSpec:
    given = {"register": "birth", "role": "child", **more}
    return SideSpec.model_validate({**given, "source": source})


@pytest.fixture
def read(tmp_path: Path):
    """read({"path": "births.csv"}, role="mother") -> report, mentions and quarantine."""

    def run(source: dict[str, Any], base: Path = tmp_path, **more: Any) -> Read:
        out = tmp_path / "out"
        out.mkdir(exist_ok=True)
        target, quarantine = out / "raw.parquet", out / "quarantine.parquet"
        with connect() as connection:
            report = read_side(connection, side_spec(source, **more), base=base, data=None, target=target, quarantine=quarantine)
        result = Read(report, rows_of(target), rows_of(quarantine))
        assert not [left for left in out.iterdir() if left.name.startswith(".staged")]
        assert report.rows_in == report.rows_used + report.rows_quarantined
        assert (report.rows_used, report.rows_quarantined) == (len(result.mentions), len(result.quarantine))
        return result

    return run


@pytest.fixture
def spec():
    return side_spec


@pytest.fixture(scope="session")
def postgres():
    """A running server, or a skip that says why there is none."""
    import importlib.util
    import sys

    described = importlib.util.spec_from_file_location("postgres_server", Path(__file__).with_name("postgres_server.py"))
    module = importlib.util.module_from_spec(described)
    sys.modules["postgres_server"] = module
    described.loader.exec_module(module)
    running = module.running_server()
    try:
        server = running.__enter__()
    except module.ServerNotAvailable as error:
        pytest.skip(f"PostgreSQL was not tested: {error}")
    yield server
    running.__exit__(None, None, None)

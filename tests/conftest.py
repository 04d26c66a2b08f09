"""What all rooms' tests share: the command line in this process, a small synthetic province, and a finished run on it."""

from __future__ import annotations

import shutil
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import duckdb
import pytest

from linkage.runs.sql import connect

ROOT = Path(__file__).parents[1]
CONFIGS = ROOT / "configs"
SOUND = ROOT / "tests" / "bad_inputs" / "projects"


@dataclass(frozen=True)
class Ended:
    """How a command ended."""

    status: int
    output: str
    errors: str

    @property
    def told(self) -> str:
        return self.output + self.errors


@pytest.fixture
def command_line(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> Callable[..., Ended]:
    """command_line("run", "x.yaml", folder=...) -> exit status and what was printed; as a user's shell would."""

    def run(*arguments: str, folder: Path | None = None) -> Ended:
        from linkage import cli

        capsys.readouterr()
        with monkeypatch.context() as patch:
            patch.setattr(sys, "argv", ["linkage", *arguments])
            if folder is not None:
                patch.chdir(folder)
            try:
                cli.run_command()
                status: int | str | None = 0
            except SystemExit as ended:
                status = ended.code
        output, errors = capsys.readouterr()
        assert isinstance(status, int | None), status
        return Ended(status or 0, output, errors)

    return run


@pytest.fixture(scope="session")
def province(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Registers of about 3,000 made-up people with their truth; to read, not to change."""
    from linkage.synthetic import SyntheticSpec, generate

    folder = tmp_path_factory.mktemp("province")
    generate(SyntheticSpec(persons=3_000, seed=20261123, digitisation=False), folder)
    return folder


@pytest.fixture(scope="session")
def hard_province(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Registers of about 3,000 made-up people of the harder world with their truth; to read, not to change."""
    from linkage.synthetic import WORLDS, SyntheticSpec, generate

    folder = tmp_path_factory.mktemp("hard_province")
    generate(SyntheticSpec(persons=3_000, seed=20261123, digitisation=False, world=WORLDS["hard"]), folder)
    return folder


@pytest.fixture(scope="session")
def quick_demo(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The demo's project file with a quick training, whole: other files may extend it."""
    shipped = (CONFIGS / "birth-to-population.yaml").read_text(encoding="utf-8")
    path = tmp_path_factory.mktemp("configs") / "quick.yaml"
    path.write_text(f"{shipped}\ntraining: {{starts: 1, max_pairs: 100000, max_iterations: 40}}\n", encoding="utf-8")
    return path


@pytest.fixture(scope="session")
def finished_run(province: Path, quick_demo: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The demo's project run on the province, all stages; to read (copy it before changing anything)."""
    from linkage import open_project

    folder = tmp_path_factory.mktemp("runs") / "birth-to-population"
    return open_project(quick_demo, data=province).run(out=folder).path


@pytest.fixture
def connection() -> Iterator[duckdb.DuckDBPyConnection]:
    with connect() as opened:
        yield opened


@pytest.fixture
def sound_project(tmp_path: Path) -> Path:
    """The folder of a small right project, `sound.yaml` with `left.csv` and `right.csv` (240 rows each); a copy to change."""
    folder = tmp_path / "sound"
    folder.mkdir()
    for name in ("sound.yaml", "left.csv", "right.csv"):
        shutil.copy(SOUND / name, folder / name)
    return folder

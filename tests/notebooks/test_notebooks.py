"""Every notebook runs from a fresh checkout and shows its charts in the form JupyterLab draws offline; none keeps outputs."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from nbmake.nb_run import NotebookRun

from linkage.notebook import VEGA_LITE

NOTEBOOKS = sorted((Path(__file__).parents[2] / "notebooks").glob("*.ipynb"))
SHOWN = {"02": (0, 1), "03": (4, 1), "04": (0, 2), "05": (0, 3), "07": (1, 0), "08": (1, 0), "01": (0, 1), "06": (0, 0)}
"""Notebook → (Splink charts, pictures) that it must show."""
MIMES = {"application/vnd.vegalite.v5+json", "image/png", "text/html", "text/markdown", "text/plain"}
"""What an untrusted notebook shows without asking the network."""


def cells(path: Path) -> list[dict[str, object]]:
    held: list[dict[str, object]] = json.loads(path.read_text(encoding="utf-8"))["cells"]
    return held


def test_there_are_eight() -> None:
    assert [path.name[:2] for path in NOTEBOOKS] == [f"0{number}" for number in range(1, 9)]
    assert set(SHOWN) == {path.name[:2] for path in NOTEBOOKS}


@pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda path: path.stem)
def test_no_outputs_are_kept(path: Path) -> None:
    code = [cell for cell in cells(path) if cell["cell_type"] == "code"]
    assert code
    assert not [cell["id"] for cell in code if cell["outputs"] or cell["execution_count"] is not None]
    assert json.loads(path.read_text(encoding="utf-8"))["metadata"]["kernelspec"]["name"] == "python3"


@pytest.mark.slow
@pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda path: path.stem)
def test_runs(path: Path, notebook_data: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("LINKAGE_NOTEBOOK_DATA", str(notebook_data))
    result = NotebookRun(path, 300).execute()
    assert result.error is None, result.error.trace
    outputs = [output for cell in result.nb.cells if cell.cell_type == "code" for output in cell.outputs]
    shown = [output.data for output in outputs if "data" in output]
    assert set().union(*shown) <= MIMES
    assert (sum(VEGA_LITE in data for data in shown), sum("image/png" in data for data in shown)) == SHOWN[path.name[:2]]
    assert not [data for data in shown if "cdn." in str(data)]

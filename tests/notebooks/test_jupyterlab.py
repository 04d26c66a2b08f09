"""A notebook in real JupyterLab and Chromium: every chart is drawn and nothing is asked of the network."""

from __future__ import annotations

import os
import re
import shutil
import socket
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from playwright.sync_api import Page

ROOT = Path(__file__).parents[2]
CHROMIUM = shutil.which("chromium")
CHARTS = {"03-train-and-diagnose.ipynb": (4, 1)}
"""Notebook → (Splink charts, matplotlib figures) that it shows."""

pytestmark = [
    pytest.mark.browser,
    pytest.mark.slow,
    pytest.mark.skipif(CHROMIUM is None, reason="Debian's chromium is not installed"),
]


@pytest.fixture
def lab(tmp_path: Path, notebook_data: Path) -> Iterator[str]:
    """JupyterLab as `linkage lab` starts it, on a copy of the notebooks: it saves what it runs."""
    for name in ("notebooks", "configs"):
        shutil.copytree(ROOT / name, tmp_path / name)
    with closing(socket.socket()) as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    start = f"from pathlib import Path; from linkage.notebook import open_lab; open_lab(Path('notebooks'), {port}, False)"
    settings = {name: str(tmp_path / name) for name in ("JUPYTER_DATA_DIR", "JUPYTER_CONFIG_DIR", "JUPYTERLAB_SETTINGS_DIR")}
    environment = {**os.environ, **settings, "JUPYTER_TOKEN": "x", "LINKAGE_NOTEBOOK_DATA": str(notebook_data)}
    with (tmp_path / "lab.log").open("w") as log:
        server = subprocess.Popen([sys.executable, "-c", start], cwd=tmp_path, env=environment, stdout=log, stderr=log)
        try:
            yield _when_up(f"http://127.0.0.1:{port}", server)
        finally:
            server.terminate()
            server.wait(20)


def _when_up(address: str, server: subprocess.Popen[bytes]) -> str:
    for _ in range(120):
        try:
            urllib.request.urlopen(f"{address}/api?token=x", timeout=2).close()
            return address
        except OSError:
            assert server.poll() is None, "JupyterLab ended at its start"
            time.sleep(0.5)
    raise AssertionError("JupyterLab did not start")


def _prompts(page: Page) -> list[str]:
    """What stands before each code cell: `[ ]:` not run, `[*]:` waiting, `[3]:` done."""
    return page.locator(".jp-CodeCell .jp-InputPrompt").all_inner_texts()


def _run_all_cells(page: Page) -> None:
    # Given before the kernel is there, the command asks for a kernel or is lost without a word.
    page.locator(".jp-Toolbar-kernelName", has_text="Python 3").first.wait_for(timeout=60_000)
    page.wait_for_timeout(3_000)
    page.locator(".jp-Notebook-ExecutionIndicator[data-status=idle]").first.wait_for(timeout=60_000)
    page.get_by_role("menuitem", name="Run", exact=True).click()
    page.get_by_text("Run All Cells", exact=True).first.click()
    for _ in range(120):
        prompts = _prompts(page)
        if len(prompts) > 2 and all(re.search(r"\[\d+\]", prompt) for prompt in prompts):
            return
        page.wait_for_timeout(1_500)
    raise AssertionError(f"not all cells have run: {_prompts(page)}")


@pytest.mark.parametrize("name", CHARTS)
def test_charts_draw_offline(lab: str, name: str, tmp_path: Path) -> None:
    from playwright.sync_api import sync_playwright

    splink, figures = CHARTS[name]
    outward: list[str] = []
    with sync_playwright() as play:
        browser = play.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox"])
        # So high that all cells are in sight: JupyterLab draws no others.
        page = browser.new_page(viewport={"width": 1400, "height": 9000})
        page.on("request", lambda asked: None if asked.url.startswith((lab, "blob:", "data:")) else outward.append(asked.url))
        page.goto(f"{lab}/lab/tree/{name}?token=x")
        page.locator(".jp-NotebookPanel .jp-CodeCell").first.wait_for(timeout=60_000)
        _run_all_cells(page)
        page.wait_for_timeout(2_000)
        assert not outward
        assert page.get_by_text("Javascript Error").count() == 0
        drawn = page.locator(".jp-RenderedVegaCommon5").all()
        assert len(drawn) == splink
        for number, chart in enumerate(drawn):
            box = chart.locator("canvas, svg, img").first.bounding_box()
            assert box is not None
            assert box["width"] > 200
            assert box["height"] > 100
            chart.screenshot(path=tmp_path / f"chart-{number}.png")
        assert page.locator(".jp-RenderedImage img").count() == figures
        page.screenshot(path=tmp_path / "page.png")
        browser.close()

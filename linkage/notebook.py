"""Notebooks: charts that draw offline, JupyterLab without outward calls, and the demo's small province.

Contract: `enable()` is the first line of a notebook. Splink's own notebook display loads scripts from a content delivery
network; here its charts are given to JupyterLab as Vega-Lite 5, which it draws with what it has. `demo_province()` and
`simulate_review` are for the demo notebooks only: both make things up, and say so in what they write.
"""

from __future__ import annotations

import json
import os
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING, Any

from linkage.errors import LinkageError
from linkage.interrupts import hand_over
from linkage.model import CHART_CLASS

if TYPE_CHECKING:
    from matplotlib.figure import Figure

    from linkage.project import Run

VEGA_LITE = "application/vnd.vegalite.v5+json"
"""What JupyterLab 4 draws by itself; Splink's chart definitions are of this version."""
QUIET = {"@jupyterlab/apputils-extension:notification": {"fetchNews": "false", "checkForUpdates": False}}
"""JupyterLab's own settings: without the first it asks once whether to fetch news."""
PLACE = "LINKAGE_NOTEBOOK_DATA"
"""Environment variable: where the demo notebooks keep their province and their runs."""
PERSONS = 3_000

_REVIEW = """
CREATE OR REPLACE TEMP TABLE simulated AS
SELECT pair_id, record_id_l, record_id_r, truth.record_id_l IS NOT NULL AS is_match, reviewer,
       -- a number in 0..1 that depends on the seed, the reviewer and the pair only
       ('0x' || substr(md5($seed || '/' || reviewer || '/' || pair_id), 1, 8))::UINTEGER / 4294967296.0 AS luck
FROM {review_set} CROSS JOIN (SELECT unnest(['first', 'second']) AS reviewer)
LEFT JOIN ({true_pairs}) truth USING (record_id_l, record_id_r)
"""
_VERDICTS = """
SELECT pair_id, reviewer, record_id_l, record_id_r, is_match,
       CASE WHEN luck < $error THEN if(is_match, 'non_match', 'match')
            WHEN luck < $error + $unsure THEN 'unsure'
            ELSE if(is_match, 'match', 'non_match') END AS verdict
FROM simulated
"""
_LABELS = """
SELECT pair_id, record_id_l, record_id_r,
       CASE WHEN min(verdict) = max(verdict) THEN min(verdict) ELSE if(any_value(is_match), 'match', 'non_match') END AS verdict,
       if(min(verdict) = max(verdict), 'agreement', 'adjudicated') AS how, TIMESTAMP '2026-11-23 00:00:00' AS labelled_at,
       NULL::VARCHAR AS fingerprint_l, NULL::VARCHAR AS fingerprint_r, NULL::VARCHAR AS judged_fields
FROM verdicts GROUP BY pair_id, record_id_l, record_id_r ORDER BY pair_id
"""
_SEARCHES = """
SELECT search_id, drawn.record_id_l, if(found IS NULL, 'non_match', 'match') AS verdict, found AS record_id_r, 'agreement' AS how,
       TIMESTAMP '2026-11-23 00:00:00' AS labelled_at, NULL::VARCHAR AS fingerprint_l, NULL::VARCHAR AS fingerprint_r,
       NULL::VARCHAR AS judged_fields
FROM {search_set} AS drawn
LEFT JOIN {links} AS links USING (record_id_l)
LEFT JOIN (SELECT record_id_l, list(record_id_r ORDER BY record_id_r) AS persons FROM true_pairs GROUP BY ALL)
    USING (record_id_l),
LATERAL (SELECT if(list_contains(persons, links.record_id_r), links.record_id_r, persons[1]) AS found)
ORDER BY search_id
"""


def enable() -> None:
    """Draw Splink's charts and matplotlib's figures in this notebook, offline; outside IPython it does nothing."""
    from IPython.core.getipython import get_ipython

    shell = get_ipython()
    formatters = shell.display_formatter if shell else None
    if formatters is None:
        return
    # Named, not imported: Splink and matplotlib are loaded when a chart is made, not before.
    formatters.mimebundle_formatter.for_type_by_name(*CHART_CLASS, _vega_lite)
    formatters.formatters["image/png"].for_type_by_name("matplotlib.figure", "Figure", _png)


def _vega_lite(chart: Any) -> dict[str, Any]:
    return {VEGA_LITE: chart.chart_dict, "text/plain": f"{type(chart).__name__} (chart.save('chart.html') keeps it as a page)"}


def _png(figure: Figure) -> bytes:
    from io import BytesIO

    held = BytesIO()
    figure.savefig(held, format="png", dpi=110)
    return held.getvalue()


def open_lab(folder: Path, port: int = 8888, browser: bool = True) -> None:
    """Start JupyterLab on `folder`, on this machine only and with its outward calls off; returns when it is stopped.

    News, the check for updates and the list of extensions to install are what JupyterLab would ask the network for.

    Raises:
        LinkageError: when JupyterLab is not installed, or `folder` does not exist.
    """
    try:
        from jupyterlab.labapp import LabApp  # type: ignore[import-untyped]
    except ModuleNotFoundError:
        raise LinkageError("JupyterLab is not installed", 'Install it: pip install "linkage[notebooks]"') from None
    if not folder.is_dir():
        raise LinkageError(f"{folder} is not a folder", "Give the folder that holds the notebooks.")
    with tempfile.TemporaryDirectory(prefix="linkage-lab-") as config:
        (Path(config) / "labconfig").mkdir()
        (Path(config) / "labconfig" / "default_setting_overrides.json").write_text(json.dumps(QUIET), encoding="utf-8")
        os.environ["JUPYTER_CONFIG_PATH"] = os.pathsep.join(filter(None, [config, os.environ.get("JUPYTER_CONFIG_PATH")]))
        hand_over()
        LabApp.launch_instance(argv=lab_arguments(folder, port, browser))


def lab_arguments(folder: Path, port: int, browser: bool) -> list[str]:
    """JupyterLab's command line.

    >>> [one for one in lab_arguments(Path("notebooks"), 8888, True) if "news" in one]
    ['--LabApp.news_url=None']
    """
    arguments = [
        f"--ServerApp.root_dir={folder.resolve()}",
        "--ServerApp.ip=127.0.0.1",
        f"--ServerApp.port={port}",
        f"--ServerApp.open_browser={browser}",
        "--LabApp.news_url=None",
        "--LabApp.check_for_updates_class=jupyterlab.NeverCheckForUpdate",
        "--LabApp.extension_manager=readonly",
    ]
    as_root = hasattr(os, "geteuid") and os.geteuid() == 0
    return [*arguments, "--allow-root"] if as_root else arguments


def demo_province(persons: int = PERSONS, seed: int = 20261123) -> Path:
    """The folder of a small made-up province's registers, generated when absent; the notebooks share it.

    It lies in the folder that LINKAGE_NOTEBOOK_DATA names, else in runs/notebooks beside the notebooks' folder.
    """
    from filelock import FileLock

    place = Path(os.environ.get(PLACE) or Path.cwd().parent / "runs" / "notebooks").resolve()
    place.mkdir(mode=0o700, parents=True, exist_ok=True)
    registers = place / "registers"
    made = registers / f".made-{persons}-{seed}"
    with FileLock(place / ".province.lock"):
        if not made.exists():
            from linkage.synthetic import SyntheticSpec, generate

            generate(SyntheticSpec(persons=persons, seed=seed, digitisation=False), registers)
            made.touch(mode=0o600)
    return registers


def simulate_review(
    run: Run, truth: Path, register: str, role: str, *, error: float = 0.02, unsure: float = 0.03, seed: int = 1
) -> None:
    """Label a run's review set as two imperfect reviewers would, and answer its searches by the truth.

    Writes verdicts.parquet, labels.parquet and, where mentions were drawn to be searched for, searches.parquet into the run.

    Each reviewer, independently, answers wrongly with probability `error` and `unsure` with probability `unsure` (0–1);
    where the two differ an adjudicator who knows the truth decides. Searches are answered without an error. Only synthetic
    registers have a `truth`: never use it on a run whose labels count.

    Raises:
        LinkageError: when the run has no review set, or has labels of a real review.
    """
    from linkage.demo import TRUE_PAIRS
    from linkage.review.design import begin_review
    from linkage.runs.exchange import scan_file
    from linkage.runs.sql import connect
    from linkage.runs.tables import LABELS, LINKS, REVIEW_SET, SEARCH_SET, SEARCHES, VERDICTS

    if (run.path / "review" / "review.sqlite").is_file():
        raise LinkageError("this run has a review of its own", "Simulate on a copy of the run.")
    begin_review(run.path)
    with connect() as connection:
        true_pairs = TRUE_PAIRS.format(truth=scan_file(truth))
        query = _REVIEW.format(review_set=REVIEW_SET.scan(run.path), true_pairs=true_pairs)
        connection.execute(query, {"register": register, "role": role, "seed": str(seed)})
        connection.execute(f"CREATE TEMP TABLE verdicts AS {_VERDICTS}", {"error": error, "unsure": unsure})
        VERDICTS.write(connection, "SELECT pair_id, reviewer, verdict FROM verdicts ORDER BY ALL", run.path)
        LABELS.write(connection, _LABELS, run.path)
        if SEARCH_SET.is_in(run.path):
            connection.execute(f"CREATE TEMP TABLE true_pairs AS {true_pairs}", {"register": register, "role": role})
            query = _SEARCHES.format(search_set=SEARCH_SET.scan(run.path), links=LINKS.scan(run.path))
            SEARCHES.write(connection, query, run.path)

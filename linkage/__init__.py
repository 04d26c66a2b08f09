"""A research workbench that links records lacking a personal number across Viet Nam's civil-status registers.

    from linkage import open_project

    run = open_project("configs/birth-to-population.yaml", data="data").run(until="score")
    run.table("pairs").limit(5)
    run.model.visualisations.match_weights_chart()

`open_project`, `Project`, `Run` and the errors are the public face; everything else may change.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from linkage.errors import LinkageError

if TYPE_CHECKING:
    from linkage.project import Project, Run, open_project

__all__ = ["LinkageError", "Project", "Run", "open_project"]


def __getattr__(name: str) -> object:
    # Imported on first use: `linkage --help` must not wait for DuckDB and Splink.
    if name in {"Project", "Run", "open_project"}:
        import linkage.project

        return getattr(linkage.project, name)
    raise AttributeError(f"module 'linkage' has no attribute {name!r}")

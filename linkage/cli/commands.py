"""Every command, on the one application: each is registered when its file is imported."""

from __future__ import annotations

from linkage.cli import experimenting, inspecting, linking, reconciling, reporting, reviewing
from linkage.cli.output import app

__all__ = ["app", "experimenting", "inspecting", "linking", "reconciling", "reporting", "reviewing"]

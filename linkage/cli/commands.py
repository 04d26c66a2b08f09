"""Every command, on the one application: each is registered when its file is imported."""

from __future__ import annotations

from linkage.cli import costs_of_rules, experimenting, inspecting, linking, reconciling, reporting, reviewing
from linkage.cli.output import app

__all__ = ["app", "costs_of_rules", "experimenting", "inspecting", "linking", "reconciling", "reporting", "reviewing"]

"""What a project file may say.

Contract: `load_project(path)` returns a frozen `Project file` spec and where each key stands in the file, or
raises `ProjectFileError` with `file:line:column`, the key's path, what was given and what is allowed. Specs are
plain values: nothing here opens a source, knows a register kind or imports a stage. Rooms that find a fault in a
key later (a missing column, an unknown register) raise through `LoadedProject.fault`, so that every message about a
project file looks the same.
"""

from linkage.config.loading import LoadedProject, load_project, parse_project
from linkage.config.matching import (
    BlockingRule,
    BlockingSpec,
    ComparisonSpec,
    LevelSpec,
    PriorSpec,
    RelativesSpec,
    TrainingSpec,
    rule_on,
)
from linkage.config.project_spec import (
    ProjectSpec,
    ReconcileSpec,
    ReportSpec,
    ReviewSpec,
    StandardiseSpec,
    TargetsSpec,
    ThresholdsSpec,
)
from linkage.config.sources import FieldKind, SideSpec, SourceSpec

__all__ = [
    "BlockingRule",
    "BlockingSpec",
    "ComparisonSpec",
    "FieldKind",
    "LevelSpec",
    "LoadedProject",
    "PriorSpec",
    "ProjectSpec",
    "ReconcileSpec",
    "RelativesSpec",
    "ReportSpec",
    "ReviewSpec",
    "SideSpec",
    "SourceSpec",
    "StandardiseSpec",
    "TargetsSpec",
    "ThresholdsSpec",
    "TrainingSpec",
    "load_project",
    "parse_project",
    "rule_on",
]

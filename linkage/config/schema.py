"""The JSON Schema of a project file, for editors: `python -m linkage.config.documentation` rewrites configs/schema/."""

from __future__ import annotations

import json
from pathlib import Path

from linkage.config.project_spec import ProjectSpec

SCHEMA_FILE = Path(__file__).parents[2] / "configs" / "schema" / "project.json"


def project_schema() -> str:
    """The schema as JSON text, ending in a line feed."""
    schema = ProjectSpec.model_json_schema(by_alias=True)
    schema["properties"]["extends"] = {"type": "string", "description": "A project file whose keys this one overrides."}
    return json.dumps(schema, ensure_ascii=False, indent=1) + "\n"

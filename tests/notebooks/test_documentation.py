"""configs/README.md says every key of a project file and is what the specs say now."""

from __future__ import annotations

from linkage.config.documentation import MEANINGS, README, config_readme
from linkage.config.project_spec import ProjectSpec


def test_the_page_is_current() -> None:
    assert README.read_text(encoding="utf-8") == config_readme(), "run: python -m linkage.config.documentation"


def test_every_key_is_there_with_its_meaning() -> None:
    schema = ProjectSpec.model_json_schema(by_alias=True)
    rows = [line.split(" | ") for line in config_readme().splitlines() if line.startswith("| `")]
    said = {row[0].removeprefix("| ").strip("`") for row in rows}
    groups = [schema, *(group for group in schema["$defs"].values() if "properties" in group)]
    keys = {key for group in groups for key in group["properties"]}
    assert said == keys
    assert not [row[0] for row in rows if not row[-1].rstrip("| ").strip()]
    assert not set(MEANINGS) - keys, "a meaning of a key that is gone"

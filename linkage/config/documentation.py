"""configs/README.md, every key of a project file from the specs: `python -m linkage.config.documentation` rewrites it and
the schema.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from linkage.config.field_keys import FIELD_KEYS, KEY_MEANINGS
from linkage.config.project_spec import ProjectSpec
from linkage.config.schema import SCHEMA_FILE, project_schema
from linkage.config.splink_names import SPLINK_NAMES

README = Path(__file__).parents[2] / "configs" / "README.md"

HEAD = """\
# The project file, key by key

*Written by `python -m linkage.config.documentation` from the specs in `linkage/config/`; a test keeps it current. Do not edit.*

A linkage project is one YAML file. `linkage check FILE` checks it and the headers of its sources and links nothing; a mistake is
told by line and column, with what is allowed. The files beside this page are whole projects to start from:

| file | links |
|---|---|
{projects}

Good to know:

- **Required** keys have no default. Everything else may be left out.
- Quote codes: `"01"` is a text, `01` is the number 1, and a text is asked for.
- `{data}` in a path stands for the folder given with `--data`; other paths are relative to the project file.
- `extends: other.yaml` takes another project file's keys; this file's keys replace or, by group, add to them. One step only.
- `outcomes.yaml` holds the outcome codes, with labels and acts. An office writes its own file (other codes, fewer or
  more of them) and names it: `reconcile: {outcomes: ours.yaml}`. An unknown finding is a fault, told by line and column; a
  finding without a row falls to the file's `default:` row or else to its row in `outcomes.yaml`, and `linkage check` and the
  run say which did.
- The first line `# yaml-language-server: $schema=schema/project.json` makes editors complete keys and show these texts.
"""

KEYS_HEAD = """\
## The keys of a field

What `blocking`, `comparisons` (in `levels`), `relatives` and `stratify_by` may name: a field `f` gives the column `f` and a
column `f_<key>` for each key below; empty means "not known". `linkage check FILE` lists those of the fields that both sides have.

| kind | column | type | holds |
|---|---|---|---|
"""

SPLINK_HEAD = """\
## Splink | here

What Splink's comparison library has, by its names, and what a project file says: a comparison of the field `f` (and `g`), which
is declared with the kind beside it. `from_splink` takes a saved Splink model's comparisons over as they are.

| Splink | here | kind | remark |
|---|---|---|---|
"""

MEANINGS = {
    "adjudication": "Pairs on which the reviewers differ go to a third, who sees both answers.",
    "agency": "The agency that issues the report, as its letterhead says it.",
    "blocking": "Which pairs are looked at.",
    "comparisons": "How each field is compared.",
    "convergence": "A pass ends when no probability moves by more than this.",
    "death_before_birth": "The death is dated before the birth.",
    "exact": "The keys are equal.",
    "field": "The field compared; both sides have it.",
    "language": "Language of the method report.",
    "levels": "Own levels, closest first, instead of `use`; missing and `else` levels are added.",
    "max_iterations": "A pass ends after this many steps at the latest.",
    "memory_limit": "What DuckDB may take before it spills to the run directory.",
    "parent_age_from": "Youngest age of a parent at a birth, in years.",
    "parent_age_to": "Oldest age of a parent at a birth, in years.",
    "parent_agency": "The agency above it.",
    "place": "Where the report is signed.",
    "reconcile": "Outcomes and work lists.",
    "relatives": "Tell close relatives apart: adds the link weight's third class.",
    "report": "The method report.",
    "review": "The clerical review.",
    "reviewers_per_pair": "How many reviewers answer each pair, none of them seeing the others' answers.",
    "seed": "Fixes every random choice: the same file, data and seed give the same bytes.",
    "sound_merges": "Sounds that the sound key writes alike.",
    "source": "Where the rows come from.",
    "standardise": "How raw text becomes keys.",
    "targets": "The errors accepted and the pairs that can be reviewed.",
    "threads": "How many DuckDB may use.",
    "thresholds": "Thresholds given by hand.",
    "title": "What reports call the linkage.",
    "training": "How the model is trained.",
    "use": "A comparison of the library, made for the field's kind.",
}
"""What a key means where its spec says nothing beside it; a spec's own words come first."""


def config_readme() -> str:
    """The page as Markdown, ending in a line feed; sections in the order in which a project file is usually written."""
    schema = ProjectSpec.model_json_schema(by_alias=True)
    groups: Mapping[str, Any] = schema["$defs"]
    parts = [HEAD.replace("{projects}", "\n".join(_projects())), _section("The whole file", schema, groups)]
    parts += [_section(_title(name), groups[name], groups) for name in _in_order(schema, groups)]
    parts.append(KEYS_HEAD + "\n".join(_keys()) + "\n")
    rows = (f"| {one.splink} | `{_cell(one.here)}` | {one.kind.value} | {one.remark} |" for one in SPLINK_NAMES)
    parts.append(SPLINK_HEAD + "\n".join(rows) + "\n")
    return "\n".join(parts)


def _keys() -> Iterator[str]:
    for kind, keys in FIELD_KEYS.items():
        for key, sql_type in keys.items():
            column = f"`f_{key}`" if key else "`f`"
            yield f"| {'' if key else kind.value} | {column} | {sql_type} | {_cell(KEY_MEANINGS[kind][key])} |"


def _projects() -> Iterator[str]:
    from linkage.config.loading import load_project

    for path in sorted(README.parent.glob("*.yaml")):
        if path.name != "outcomes.yaml":
            yield f"| [{path.name}]({path.name}) | {load_project(path).spec.title} |"


def _in_order(schema: Mapping[str, Any], groups: Mapping[str, Any]) -> list[str]:
    """Groups in the order in which reading the file from the top meets them."""
    found: list[str] = []

    def visit(part: Mapping[str, Any]) -> None:
        for key in part.get("properties", {}).values():
            for name in _groups_of(key):
                if name not in found and "properties" in groups[name]:
                    found.append(name)
                    visit(groups[name])

    visit(schema)
    return found


def _groups_of(node: Any) -> Iterator[str]:
    if isinstance(node, dict):
        if "$ref" in node:
            yield node["$ref"].rsplit("/", 1)[-1]
        for value in node.values():
            yield from _groups_of(value)
    elif isinstance(node, list):
        for value in node:
            yield from _groups_of(value)


def _title(name: str) -> str:
    return name.removesuffix("Spec")


def _section(title: str, part: Mapping[str, Any], groups: Mapping[str, Any]) -> str:
    lines = [
        f"## {title}",
        "",
        _one_line(part.get("description", "")),
        "",
        "| key | value | default | meaning |",
        "|---|---|---|---|",
    ]
    needed = set(part.get("required", ()))
    for key, said in part["properties"].items():
        default = "**required**" if key in needed else f"`{json.dumps(said.get('default'), ensure_ascii=False)}`"
        if isinstance(said.get("default"), dict):
            default = "see its group" if said["default"] else "none"
        elif said.get("default", 0) is None:
            default = "–"
        meaning = _one_line(said.get("description") or MEANINGS.get(key, ""))
        lines.append(f"| `{key}` | {_value(said, groups)} | {_cell(default)} | {_cell(meaning)} |")
    return "\n".join(lines) + "\n"


def _value(said: Mapping[str, Any], groups: Mapping[str, Any]) -> str:
    """What may be written, in words."""
    if "$ref" in said:
        name = said["$ref"].rsplit("/", 1)[-1]
        group = groups[name]
        if "enum" in group:
            return _one_of(group["enum"])
        return f"a group: [{_title(name)}](#{_title(name).lower()})"
    if "anyOf" in said:
        return " or ".join(_value(one, groups) for one in said["anyOf"] if one.get("type") != "null")
    if "enum" in said or "const" in said:
        return _one_of(said.get("enum", [said.get("const")]))
    kind = said.get("type")
    if kind == "array":
        least = f", at least {said['minItems']}" if said.get("minItems") else ""
        return f"a list of {_value(said['items'], groups)}{least}"
    if kind == "object":
        held: dict[str, Any] = said.get("additionalProperties") or next(iter(said.get("patternProperties", {}).values()), {})
        return f"a group of names, each with {_value(held, groups)}"
    if kind == "boolean":
        return "`true` or `false`"
    if kind in {"integer", "number"}:
        return ("a whole number" if kind == "integer" else "a number") + _bounds(said)
    if kind == "string":
        return _cell(f"a text like `{said['pattern']}`") if "pattern" in said else "a text"
    return "any value"


def _bounds(said: Mapping[str, Any]) -> str:
    words = (("minimum", "≥"), ("exclusiveMinimum", ">"), ("maximum", "≤"), ("exclusiveMaximum", "<"))
    return "".join(f" {sign} {said[name]:g}" for name, sign in words if name in said)


def _one_of(values: list[Any]) -> str:
    return ", ".join(f"`{value}`" for value in values)


def _one_line(text: str) -> str:
    return " ".join(text.split())


def _cell(text: str) -> str:
    """Text for a Markdown table: a bar would end the cell."""
    return text.replace("|", "\\|")


if __name__ == "__main__":
    README.write_text(config_readme(), encoding="utf-8")
    SCHEMA_FILE.write_text(project_schema(), encoding="utf-8")

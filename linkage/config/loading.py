"""Project files: YAML text -> a checked `ProjectSpec` that remembers where each key stands."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

from pydantic import ValidationError
from ruamel.yaml import YAML
from ruamel.yaml.comments import CommentedMap, CommentedSeq
from ruamel.yaml.constructor import DuplicateKeyError
from ruamel.yaml.error import MarkedYAMLError, YAMLError

from linkage.config.columns import as_given, keep_fields_apart
from linkage.config.local_paths import ANOTHER_STORE, is_elsewhere, local_path, remedy_for
from linkage.config.project_spec import MEMORY, PROJECT_NAME, ProjectSpec
from linkage.config.spec import NAME
from linkage.errors import ProjectFileError, nearest
from linkage.words.fields import as_written

if TYPE_CHECKING:
    from collections.abc import Iterable

    from pydantic_core import ErrorDetails

KeyPath = tuple[str | int, ...]
MOST_SHOWN = 12
MOST_ALLOWED = 30
WORDS = {
    "string_type": "should be text (put it in quotation marks)",
    "int_type": "should be a whole number, without quotation marks",
    "float_type": "should be a number, without quotation marks",
    "bool_type": "should be true or false",
    "tuple_type": "should be a list",
    "model_type": "should be a group of keys",
    "dict_type": "should be a group of keys",
}
PATTERNS = {
    NAME: "should start with a small letter and have small letters, digits and `_` only",
    PROJECT_NAME: "should have small letters, digits and `-` only",
    MEMORY: "should be a number with MB or GB, as in `4GB`",
}


@dataclass(frozen=True)
class FilePlace:
    """Where a key stands: file, line and column, the latter two counted from 1."""

    file: str
    line: int
    column: int

    def __str__(self) -> str:
        return f"{self.file}:{self.line}:{self.column}"


@dataclass(frozen=True)
class LoadedProject:
    """A project file that was read and found right."""

    given: ProjectSpec
    """What the file says, in its own words."""
    path: Path
    text: str
    """The file's text, with that of the file it extends before it."""
    places: dict[KeyPath, FilePlace]

    @cached_property
    def spec(self) -> ProjectSpec:
        """What the file says, every field under the name of its column."""
        return keep_fields_apart(self.given)

    @property
    def folder(self) -> Path:
        """What relative paths in the file start from."""
        return self.path.absolute().parent

    @property
    def config_hash(self) -> str:
        """SHA-256 of the file's meaning (not of its comments or layout), 64 hexadecimal digits."""
        return hashlib.sha256(self.given.model_dump_json(by_alias=True).encode()).hexdigest()

    def place(self, keys: KeyPath) -> FilePlace:
        """Where the key, or the nearest key above it that the file holds, stands."""
        written = tuple(as_written(key) if isinstance(key, str) else key for key in keys)
        keys = keys if keys in self.places else written
        while keys and keys not in self.places:
            keys = keys[:-1]
        return self.places.get(keys, FilePlace(self.path.name, 1, 1))

    def fault(
        self, keys: KeyPath, what: str, *, given: object = None, allowed: Iterable[str] = (), remedy: str = ""
    ) -> ProjectFileError:
        """The error to raise when a room finds that the value of a key cannot work."""
        message = _message(self.place(keys), keys, what, given, list(allowed))
        return ProjectFileError(as_given(self.given, message), as_given(self.given, remedy))


def load_project(path: Path) -> LoadedProject:
    """Read a project file, and the one it `extends`.

    Raises:
        ProjectFileError: with every fault found, each as `file:line:column`, key, given, allowed.
    """
    local = local_path(path, "the project file")
    return parse_project(_read_text(path), local)


def parse_project(text: str, path: Path) -> LoadedProject:
    """Check the text of a project file that stands, or would stand, at `path`."""
    own = _parse_yaml(text, path)
    places = _places(own, path.name)
    merged = _plain(own)
    base_name = merged.pop("extends", None)
    if base_name is not None:
        place = places[("extends",)]
        if not isinstance(base_name, str):
            raise ProjectFileError(f"{place} extends: a file name is wanted")
        base_path = path.parent / base_name
        if is_elsewhere(base_name):
            raise ProjectFileError(f"{place} extends: {ANOTHER_STORE}", remedy_for(base_name))
        if not base_path.is_file():
            raise ProjectFileError(
                f"{place} extends: there is no file {base_name!r}", f"It was looked for in {path.absolute().parent}."
            )
        base_text = _read_text(base_path)
        base = _parse_yaml(base_text, base_path)
        if "extends" in base:
            raise ProjectFileError(
                f"{place} extends: {base_name} itself extends another file",
                "One level is allowed: extend the first file directly.",
            )
        # what this file replaces whole stands here alone
        replaced = {keys for keys in places if not isinstance(_follow(keys, merged)[1], dict)}
        inherited = {
            keys: place
            for keys, place in _places(base, base_path.name).items()
            if not any(keys[:depth] in replaced for depth in range(1, len(keys)))
        }
        places = {**inherited, **places}
        merged = _merge(_plain(base), merged)
        text = f"{base_text}\n{text}"
    try:
        spec = ProjectSpec.model_validate(merged)
    except ValidationError as error:
        unchecked = LoadedProject(given=None, path=path, text=text, places=places)  # type: ignore[arg-type]
        raise_together(_faults(error, merged, unchecked))
        raise
    return LoadedProject(given=spec, path=path, text=text, places=places)


def raise_together(faults: Sequence[ProjectFileError]) -> None:
    """Raise the faults as one error of at most a screen, each remedy once; nothing when there are none."""
    if not faults:
        return
    lines = "\n".join(fault.what for fault in faults[:MOST_SHOWN]).splitlines()
    shown = [
        "    allowed: as above" if line.startswith("    allowed:") and line in lines[:at] else line
        for at, line in enumerate(lines)
    ]
    more = [f"… and {len(faults) - MOST_SHOWN} more"] if len(faults) > MOST_SHOWN else []
    remedies = dict.fromkeys(fault.remedy for fault in faults[:MOST_SHOWN] if fault.remedy)
    raise ProjectFileError("\n".join([*shown, *more]), "\n".join(remedies)) from None


def _read_text(path: Path) -> str:
    if path.is_dir():
        raise ProjectFileError(f"{path} is a folder", "Name the project file in it.")
    try:
        raw = path.read_bytes()
    except FileNotFoundError:
        folder = path.parent if path.parent.is_dir() else Path()
        near = nearest(path.name, [found.name for found in folder.glob("*.y*ml")])
        raise ProjectFileError(f"there is no file {path}", f"Did you mean {folder / near}?" if near else "") from None
    except PermissionError:
        raise ProjectFileError(f"{path} may not be read", "Ask its owner for the right to read it.") from None
    except OSError as error:
        raise ProjectFileError(f"{path} cannot be read ({error.strerror})", "Give the path of a project file.") from None
    try:
        text = raw.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = raw.count(b"\n", 0, error.start) + 1
        raise ProjectFileError(f"{path.name}:{line} is not UTF-8 text", "Save the project file as UTF-8.") from None
    if "\x00" in text:
        line = text.count("\n", 0, text.index("\x00")) + 1
        raise ProjectFileError(f"{path.name}:{line} holds a NUL byte", "Save the project file as plain UTF-8 text.")
    return text


def _parse_yaml(text: str, path: Path) -> Any:
    yaml = YAML(typ="rt")
    try:
        tree = yaml.load(text)
    except DuplicateKeyError as error:
        mark = error.problem_mark
        found = str(error.problem).split('"')
        key = found[1] if len(found) > 1 else "a key"
        raise ProjectFileError(
            f"{path.name}:{mark.line + 1}:{mark.column + 1} {key}: given twice", "Keep one of the two."
        ) from None
    except MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        spot = f":{mark.line + 1}:{mark.column + 1}" if mark else ""
        raise ProjectFileError(
            f"{path.name}{spot} is not YAML: {error.problem or error.context}", "Check indentation, colons and quotes there."
        ) from None
    except (YAMLError, ValueError, RecursionError) as error:
        raise ProjectFileError(f"{path.name} is not YAML: {str(error).splitlines()[0]}", "Check its first lines.") from None
    if not isinstance(tree, dict):
        what = "is empty" if tree is None else "holds no keys at its top level"
        raise ProjectFileError(
            f"{path.name}:1:1 {what}",
            "A project file starts with `project:`, `title:`, `left:` …; as configs/birth-to-population.yaml does.",
        )
    return tree


def _plain(node: Any) -> Any:
    if isinstance(node, dict):
        return {str(key): _plain(value) for key, value in node.items()}
    return [_plain(value) for value in node] if isinstance(node, list) else node


def _places(node: Any, file: str, above: KeyPath = ()) -> dict[KeyPath, FilePlace]:
    found: dict[KeyPath, FilePlace] = {}
    if isinstance(node, CommentedMap):
        for key, value in node.items():
            # a key that came with `<<: *anchor` has no place of its own: that of the group stands for it
            if key in node.lc.data:
                line, column = node.lc.key(key)
                found[(*above, str(key))] = FilePlace(file, line + 1, column + 1)
            found |= _places(value, file, (*above, str(key)))
    elif isinstance(node, CommentedSeq):
        for index, value in enumerate(node):
            line, column = node.lc.item(index)
            found[(*above, index)] = FilePlace(file, line + 1, column + 1)
            found |= _places(value, file, (*above, index))
    return found


def _merge(base: Any, own: Any) -> Any:
    """Mappings are merged key by key; anything else of the extending file replaces what it extends."""
    if isinstance(base, dict) and isinstance(own, dict):
        return {**base, **{key: _merge(base[key], value) if key in base else value for key, value in own.items()}}
    return own


def _faults(error: ValidationError, data: Any, project: LoadedProject) -> list[ProjectFileError]:
    details = error.errors(include_url=False)
    # A list is "too short" for pydantic when one of its items failed: the item's own error says it.
    told = [
        d
        for d in details
        if d["type"] != "too_short" or not any(o is not d and o["loc"][: len(d["loc"])] == d["loc"] for o in details)
    ]
    return [ProjectFileError(_explain(detail, data, project)) for detail in told]


def _explain(detail: ErrorDetails, data: Any, project: LoadedProject) -> str:
    keys, value = _follow(detail["loc"], data)
    context = detail.get("ctx", {})
    kind = detail["type"]
    if kind == "unknown_key":
        keys = (*keys, context["key"])
        return _message(project.place(keys), keys, context["hint"], None, context["allowed"].split(", "))
    if kind == "too_short":
        least = context["min_length"]
        return _message(
            project.place(keys), keys, f"should have at least {least} item{'s' if least > 1 else ''}", value or None, []
        )
    if kind == "missing":
        return _message(project.place(keys), keys, "this key is needed", None, [])
    if kind in {"enum", "literal_error"}:
        allowed = str(context["expected"]).replace(" or ", ", ").replace("'", "").split(", ")
        near = nearest(str(value), allowed)
        return _message(
            project.place(keys),
            keys,
            f"not one of the allowed values{f'; did you mean `{near}`?' if near else ''}",
            value,
            allowed,
        )
    what = PATTERNS.get(context.get("pattern", "")) or WORDS.get(kind)
    what = what or detail["msg"].removeprefix("Value error, ").replace("Input should", "should")
    return _message(project.place(keys), keys, what, value, [])


def _follow(location: Sequence[str | int], data: Any) -> tuple[KeyPath, Any]:
    """The keys of a pydantic location that stand in the file, and the value found there."""
    keys: list[str | int] = []
    for position, part in enumerate(location):
        if isinstance(data, dict):
            if part not in data and position < len(location) - 1:
                continue
            keys.append(part)
            data = data.get(part)
        elif isinstance(data, list) and isinstance(part, int) and part < len(data):
            keys.append(part)
            data = data[part]
    return tuple(keys), data


def _message(place: FilePlace, keys: KeyPath, what: str, given: object, allowed: Sequence[str]) -> str:
    path = "".join(f"[{key}]" if isinstance(key, int) else f".{key}" for key in keys).lstrip(".")
    lines = [f"{place} {path}: {what}" if path else f"{place} {what}"]
    if given is not None:
        shown = json.dumps(given, ensure_ascii=False, default=str)
        lines.append(f"    given:   {shown if len(shown) <= 120 else shown[:117] + '…'}")
    if allowed:
        more = [f"… and {len(allowed) - MOST_ALLOWED} more"] if len(allowed) > MOST_ALLOWED else []
        lines.append(f"    allowed: {', '.join([*allowed[:MOST_ALLOWED], *more])}")
    return "\n".join(lines)

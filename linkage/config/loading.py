"""Project files: YAML text -> a checked `ProjectSpec` that remembers where each key stands."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

from pydantic import ValidationError

from linkage.config.columns import as_given, keep_fields_apart
from linkage.config.local_paths import ANOTHER_STORE, is_elsewhere, local_path, remedy_for
from linkage.config.project_spec import ProjectSpec
from linkage.config.yaml_files import (
    FilePlace,
    KeyPath,
    PlacedFile,
    follow,
    parse_yaml,
    places_of,
    plain,
    raise_together,
    read_text,
)
from linkage.errors import ProjectFileError
from linkage.words.fields import as_written


@dataclass(frozen=True)
class LoadedProject(PlacedFile):
    """A project file that was read and found right."""

    given: ProjectSpec
    """What the file says, in its own words."""
    text: str
    """The file's text, with that of the file it extends before it."""

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
        """As of any file; a field is found under its own name too."""
        written = tuple(as_written(key) if isinstance(key, str) else key for key in keys)
        return super().place(keys if keys in self.places else written)

    def fault(
        self, keys: KeyPath, what: str, *, given: object = None, allowed: Iterable[str] = (), remedy: str = ""
    ) -> ProjectFileError:
        """As of any file, in the project file's own words."""
        error = super().fault(keys, what, given=given, allowed=allowed, remedy=remedy)
        return ProjectFileError(as_given(self.given, error.what), as_given(self.given, error.remedy))


def load_project(path: Path) -> LoadedProject:
    """Read a project file, and the one it `extends`.

    Raises:
        ProjectFileError: with every fault found, each as `file:line:column`, key, given, allowed.
    """
    local = local_path(path, "the project file")
    return parse_project(read_text(path), local)


def parse_project(text: str, path: Path) -> LoadedProject:
    """Check the text of a project file that stands, or would stand, at `path`."""
    own = parse_yaml(text, path)
    places = places_of(own, path.name)
    merged = plain(own)
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
        base_text = read_text(base_path)
        base = parse_yaml(base_text, base_path)
        if "extends" in base:
            raise ProjectFileError(
                f"{place} extends: {base_name} itself extends another file",
                "One level is allowed: extend the first file directly.",
            )
        # what this file replaces whole stands here alone
        replaced = {keys for keys in places if not isinstance(follow(keys, merged)[1], dict)}
        inherited = {
            keys: place
            for keys, place in places_of(base, base_path.name).items()
            if not any(keys[:depth] in replaced for depth in range(1, len(keys)))
        }
        places = {**inherited, **places}
        merged = _merge(plain(base), merged)
        text = f"{base_text}\n{text}"
    try:
        spec = ProjectSpec.model_validate(merged)
    except ValidationError as error:
        raise_together(PlacedFile(path, places).faults(error, merged))
        raise
    return LoadedProject(given=spec, path=path, text=text, places=places)


def _merge(base: Any, own: Any) -> Any:
    """Mappings are merged key by key; anything else of the extending file replaces what it extends."""
    if isinstance(base, dict) and isinstance(own, dict):
        return {**base, **{key: _merge(base[key], value) if key in base else value for key, value in own.items()}}
    return own

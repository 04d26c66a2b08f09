"""The declared grid: which keys of the project file take which values, and which combinations are tried."""

from __future__ import annotations

import itertools
import json
import math
import random
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from ruamel.yaml import YAML
from ruamel.yaml.error import YAMLError

from linkage.errors import ProjectFileError, nearest

Grid = Mapping[str, Sequence[Any]]
"""Dotted key of the project file (list items by number, `comparisons.0.term_frequency`) → the values to try."""


def read_grid(grid: Path | Grid) -> dict[str, list[Any]]:
    """A grid as declared, from a mapping or a YAML file of one.

    Raises:
        ProjectFileError: not a file, not YAML, or a key without a list of values.
    """
    held: Any = grid
    if isinstance(grid, Path):
        try:
            held = YAML(typ="safe").load(grid.read_text(encoding="utf-8"))
        except OSError as error:
            raise ProjectFileError(f"{grid} cannot be read ({error.strerror})", "Give the path of a grid file.") from None
        except (YAMLError, UnicodeDecodeError) as error:
            raise ProjectFileError(f"{grid.name} is not YAML: {str(error).splitlines()[0]}", "Check its first lines.") from None
    wanted = "A grid is dotted keys, each with a list of values: `comparisons.0.term_frequency: [true, false]`."
    if not isinstance(held, Mapping) or not held:
        raise ProjectFileError("the grid holds no keys", wanted)
    for key, values in held.items():
        if not isinstance(values, Sequence) or isinstance(values, str) or not values:
            raise ProjectFileError(f"{key}: a list of values is wanted", wanted)
    return {str(key): list(values) for key, values in held.items()}


def choose_settings(grid: Mapping[str, Sequence[Any]], trials: int | None, seed: int) -> list[dict[str, Any]]:
    """Every combination, in order, or a random `trials` of them without repeats; the same seed chooses the same.

    >>> choose_settings({"a": [1, 2], "b": [True]}, None, 0)
    [{'a': 1, 'b': True}, {'a': 2, 'b': True}]
    >>> len(choose_settings({"a": range(100), "b": range(100), "c": range(100)}, 5, 0))
    5
    """
    total = math.prod(len(values) for values in grid.values())
    if trials is None or trials >= total:
        return [dict(zip(grid, values, strict=True)) for values in itertools.product(*grid.values())]
    chosen = []
    for place in random.Random(seed).sample(range(total), trials):  # noqa: S311 - a search needs no secret
        setting = {}
        for key, values in grid.items():
            place, index = divmod(place, len(values))
            setting[key] = values[index]
        chosen.append(setting)
    return chosen


def apply_setting(project: dict[str, Any], setting: Mapping[str, Any]) -> dict[str, Any]:
    """The plain project file with the keys of a setting replaced; keys not there yet are added.

    Raises:
        ProjectFileError: a key leads through something that is not there.
    """
    changed: dict[str, Any] = json.loads(json.dumps(project))
    for key, value in setting.items():
        *above, last = key.split(".")
        place: Any = changed
        for part in above:
            place = _inner(place, part, key)
        if isinstance(place, list):
            _inner(place, last, key)
            place[int(last)] = value
        elif isinstance(place, dict):
            place[last] = value
        else:
            raise ProjectFileError(f"{key}: there is nothing below `{above[-1]}`", "Name a key of the project file.")
    return changed


def _inner(place: Any, part: str, key: str) -> Any:
    if isinstance(place, list):
        if not part.isdigit() or int(part) >= len(place):
            raise ProjectFileError(f"{key}: there is no item {part}", f"The list has items 0 to {len(place) - 1}.")
        return place[int(part)]
    if isinstance(place, dict):
        if part in place:
            return place[part]
        near = nearest(part, place)
        raise ProjectFileError(
            f"{key}: the project file has no `{part}`", f"Did you mean `{near}`?" if near else f"There are: {', '.join(place)}."
        )
    raise ProjectFileError(f"{key}: there is nothing below it at `{part}`", "Name a key of the project file.")

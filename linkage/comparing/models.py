"""What two runs were told (project files) and what they learned (m, u), side by side."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from linkage.runs.tables import TRAINING

NAMED_BY = {"comparisons": "field"}
"""Lists of groups whose items are known by a key and not by their place."""


@dataclass(frozen=True)
class Setting:
    """A key of the project file whose value differs; a text of JSON, None where a run does not have it."""

    key: str
    a: str | None
    b: str | None


@dataclass(frozen=True)
class Level:
    """One level of a comparison in both models; m and u 0–1, weights in bits, None where a model lacks the level."""

    comparison: str
    label: str
    m_a: float | None
    m_b: float | None
    u_a: float | None
    u_b: float | None
    weight_a: float | None
    weight_b: float | None


def differing_settings(a: dict[str, Any], b: dict[str, Any]) -> list[Setting]:
    """Where two checked project files (the `spec` of run.json) differ, as dotted keys.

    Comparisons are matched by their field and blocking rules by their keys, so that one more does not shift the rest.

    >>> differing_settings({"seed": 1, "x": {"y": True}}, {"seed": 2, "x": {"y": True}})
    [Setting(key='seed', a='1', b='2')]
    """
    return list(_differences(_named(a), _named(b), ""))


def levels_side_by_side(run_a: Path, run_b: Path) -> list[Level]:
    """The trained levels of both runs, those of A first in its order; none for a run without training.json."""
    a, b = _levels(run_a), _levels(run_b)
    lacking = (None, None, None)
    return [
        Level(*key, *(value for both in zip(a.get(key, lacking), b.get(key, lacking), strict=True) for value in both))
        for key in dict.fromkeys([*a, *b])
    ]


def _differences(a: Any, b: Any, above: str) -> Iterator[Setting]:
    if isinstance(a, dict) and isinstance(b, dict):
        for key in dict.fromkeys([*a, *b]):
            yield from _differences(a.get(key), b.get(key), f"{above}.{key}" if above else str(key))
    elif a != b:
        yield Setting(above, _text(a), _text(b))


def _named(value: Any, name: str = "") -> Any:
    """The same with lists of groups turned into groups, and without the keys that say nothing."""
    if isinstance(value, list) and value and all(isinstance(one, dict) for one in value):
        by = NAMED_BY.get(name)
        value = {
            str(one[by]) if by else " + ".join(one["on"]) if "on" in one else str(place): one for place, one in enumerate(value)
        }
    if not isinstance(value, dict):
        return value
    return {str(key): _named(inner, str(key)) for key, inner in value.items() if inner is not None}


def _text(value: Any) -> str | None:
    return None if value is None else json.dumps(value, ensure_ascii=False)


def _levels(run: Path) -> dict[tuple[str, str], tuple[float, float, float]]:
    """m, u and weight of each level of a run."""
    levels = TRAINING.read(run)["levels"] if TRAINING.is_in(run) else []
    return {(one["comparison"], one["label"]): (one["m"], one["u"], one["weight"]) for one in levels}

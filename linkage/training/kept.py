"""What training found before and need not find again: each comparison's u, each pass's pairs counted by their levels.

Everything stands under a fingerprint of what it follows from, and all of it goes when the code changes. Kept in the run
directory beside the stages' outputs, so that a change of the project file costs only what it touches.
"""

from __future__ import annotations

from base64 import b64decode, b64encode
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np

from linkage.config import BlockingRule, ProjectSpec
from linkage.errors import RunDirectoryError
from linkage.model.match_model import ComparedField, MatchModel
from linkage.pairs.sides import Sides
from linkage.runs import fingerprint
from linkage.runs.tables import TRAINING_KEPT
from linkage.statistics.fellegi_sunter import Patterns

MOST_U, MOST_PASSES = 1_000, 30
"""So many are kept, the latest asked for."""


@dataclass
class KeptPasses:
    """The pairs of training rules, counted by their levels, as plain values by their mark."""

    held: dict[str, Any] = field(default_factory=dict)
    marks: Mapping[str, str] = field(default_factory=dict)
    """Rule's name → the fingerprint of all that the levels of its pairs follow from; what has none is not kept."""

    def get(self, rule: str) -> tuple[int, Patterns] | None:
        """How many pairs a rule proposes, and the levels of those used; None where they are not known."""
        mark = self.marks.get(rule)
        if mark not in self.held:
            return None
        one = self.held[mark] = self.held.pop(mark)
        counts = np.frombuffer(b64decode(one["counts"]), dtype=np.float64)
        levels = np.frombuffer(b64decode(one["levels"]), dtype=np.int8).reshape(len(counts), -1)
        return one["pairs"], Patterns(levels, counts)

    def put(self, rule: str, pairs: int, patterns: Patterns) -> None:
        """Keep what was counted of a rule."""
        if rule in self.marks:
            packed = {"levels": np.ascontiguousarray(patterns.levels).tobytes(), "counts": patterns.counts.tobytes()}
            self.held[self.marks[rule]] = {"pairs": pairs, **{name: b64encode(one).decode() for name, one in packed.items()}}


@dataclass
class KeptTraining:
    """All that is kept of one run directory."""

    u: dict[str, Any]
    passes: KeptPasses


@contextmanager
def kept_training(run: Path, code: str) -> Iterator[KeptTraining]:
    """What is kept of training by this version of the code; what is added stays, however the training ends."""
    try:
        held = TRAINING_KEPT.read(run)
        kept = KeptTraining(dict(held["u"]), KeptPasses(dict(held["passes"]))) if held["code"] == code else None
    except (RunDirectoryError, KeyError, TypeError, ValueError):
        kept = None
    kept = kept or KeptTraining({}, KeptPasses())
    try:
        yield kept
    finally:
        latest = {"u": list(kept.u.items())[-MOST_U:], "passes": list(kept.passes.held.items())[-MOST_PASSES:]}
        TRAINING_KEPT.write(run, {"code": code, **{name: dict(one) for name, one in latest.items()}})


def columns_of_pass(rule: BlockingRule, model: MatchModel, field_of: Mapping[str, str]) -> set[str]:
    """The columns that the pairs of a training rule, and their levels in the fields it leaves free, follow from."""
    return {*rule.on, *(column for one in _compared(rule, model, field_of) for column in one.columns)}


def marks_of_passes(
    held: Mapping[str, str], sides: Sides, spec: ProjectSpec, model: MatchModel, field_of: Mapping[str, str], engine: str
) -> dict[str, str]:
    """Training rule's name → fingerprint of what the levels of its pairs follow from; each `engine` draws samples of its own.

    `held` is what each of `columns_of_pass` holds (`distinct_values.contents`).
    """
    same = [spec.seed, sides.is_dedupe, engine]
    return {
        rule.name: fingerprint(
            same,
            sides.types_of(sorted(columns_of_pass(rule, model, field_of))),
            [one.expression for one in _compared(rule, model, field_of)],
            rule.on,
            rule.cap,
            [held[column] for column in sorted(columns_of_pass(rule, model, field_of))],
        )
        for rule in spec.blocking.train
    }


def _compared(rule: BlockingRule, model: MatchModel, field_of: Mapping[str, str]) -> list[ComparedField]:
    return [one for one in model.fields if one.name not in {field_of[key] for key in rule.on}]

"""The keys that crowded blocks may be refined by, and the budget that a project sets."""

from __future__ import annotations

from collections.abc import Mapping

from linkage.config import FieldKind, ProjectSpec
from linkage.config.field_keys import keys_of
from linkage.pairs.refinement import Budget

UNFIT = (
    "_text",
    "_flags",
    "_precision",
    "_repaired",
    "_lunar_as_solar",
    "_level",
    "_variant",
    "_tone",
    "_digits",
    "_day",
    "_day_month",
)
"""Endings of keys that say little by themselves, or the same as another."""


def fit_keys(kinds: Mapping[str, FieldKind]) -> dict[str, str]:
    """Key → field of the keys of one value that say something by themselves; personal numbers, which few have, left out.

    >>> list(fit_keys({"born": FieldKind.date, "sex": FieldKind.sex, "personal_number": FieldKind.personal_number}))
    ['born', 'born_year', 'born_month', 'sex']
    """
    # beside a fold key the field's own column is for people to read
    read = {field for field, kind in kinds.items() if f"{field}_fold" in keys_of(field, kind)}
    return {
        column: field
        for field, kind in kinds.items()
        for column, sql_type in keys_of(field, kind).items()
        if not (sql_type.endswith("[]") or column.endswith(UNFIT) or column in read) and kind is not FieldKind.personal_number
    }


def budget_of(spec: ProjectSpec, kinds: Mapping[str, FieldKind]) -> Budget:
    """What a project file sets; `kinds` gives the kind of each field that both sides have."""
    declared = spec.blocking.refine_by
    field_of = {column: field for field, kind in kinds.items() for column in keys_of(field, kind)}
    keys = declared or tuple(fit_keys(kinds))
    return Budget(spec.blocking.pairs_per_entry, keys, field_of, bool(declared), spec.seed)

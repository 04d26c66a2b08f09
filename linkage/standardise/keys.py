"""Which columns each kind of field gets, in the order in which they are written: `linkage.config.field_keys` says them."""

from __future__ import annotations

from linkage.config import FieldKind
from linkage.config.field_keys import FIELD_KEYS


def suffixes_of(kind: FieldKind) -> dict[str, str]:
    """Key suffix ('' for the clean value itself) → SQL type, in the order of the columns."""
    return FIELD_KEYS[kind]


def keys_of(field: str, kind: FieldKind) -> dict[str, str]:
    """Column name → SQL type of everything that standardising `field` gives, in the order of the columns.

    >>> keys_of("sex", FieldKind.sex), list(keys_of("occupation", FieldKind.category))
    ({'sex': 'VARCHAR'}, ['occupation', 'occupation_fold'])
    """
    return {f"{field}_{suffix}" if suffix else field: sql_type for suffix, sql_type in FIELD_KEYS[kind].items()}

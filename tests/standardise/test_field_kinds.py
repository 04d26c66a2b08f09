"""A kind of field is known everywhere it must be: columns, reading, word."""

from __future__ import annotations

import pytest

from linkage.config import FieldKind
from linkage.config.field_keys import suffixes_of
from linkage.standardise.values import ROWS
from linkage.words.field_kinds import FIELD_KINDS

READ_BY_THEMSELVES = {FieldKind.person_name, FieldKind.place}
"""Names are taken apart word by word, and a place needs its date."""


@pytest.mark.parametrize("kind", FieldKind)
def test_a_kind_of_field_has_columns_a_reader_and_a_word(kind: FieldKind) -> None:
    assert "" in suffixes_of(kind), "linkage/config/field_keys.py"
    assert (kind in ROWS) != (kind in READ_BY_THEMSELVES), "linkage/standardise/values.py"
    assert kind in FIELD_KINDS, "linkage/words/field_kinds.py"


def test_no_word_or_reader_is_left_of_a_kind_that_is_gone() -> None:
    assert set(FIELD_KINDS) == set(FieldKind)
    assert set(ROWS) | READ_BY_THEMSELVES == set(FieldKind)

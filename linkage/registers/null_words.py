r"""Null words of exports (`\N`, `NULL`, `#REF!`): no values anywhere, but counted by field, so that no column empties unseen."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from linkage.config.sources import FieldKind
from linkage.runs.sql import fetch_row, literal, quote
from linkage.vietnamese.placeholders import NULL_WORD_OR_NAME, NULL_WORDS
from linkage.words.fields import as_written

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    import duckdb

    from linkage.registers.kinds import RegisterField

NULL_FIELDS = "null words"
"""The staged column of the fields in which a row has a null word; no field can have its name."""
ANY_NULL_WORD = "|".join(map(re.escape, (*NULL_WORDS, NULL_WORD_OR_NAME)))
"""A regular expression."""
_MAY_HOLD_NAMES = (FieldKind.person_name, FieldKind.text)


def is_null_word_sql(text: str, kind: FieldKind) -> str:
    """SQL of whether `text`, itself SQL, is a null word; `NA` only where a column of the kind holds no names."""
    words = NULL_WORDS if kind in _MAY_HOLD_NAMES else (*NULL_WORDS, NULL_WORD_OR_NAME)
    # a list of constants for each of forty columns would take DuckDB seconds to plan
    return f"regexp_full_match({text}, {literal('|'.join(map(re.escape, words)))})"


def fields_with_null_words(tests: Mapping[str, str]) -> str:
    """SQL of the fields whose test (field → SQL) holds, as they are written, parted by a space; NULL where none does."""
    named = ", ".join(f"CASE WHEN {test} THEN {literal(as_written(name))} END" for name, test in tests.items())
    return f"nullif(concat_ws(' ', {named}), '')"


def count_null_words(connection: duckdb.DuckDBPyConnection, entries: str) -> dict[str, int]:
    """Field → entries that have a null word there, of those staged in `entries`."""
    return dict(
        connection.execute(
            f"SELECT field, count(*) FROM (SELECT unnest(string_split({quote(NULL_FIELDS)}, ' ')) AS field "
            f"FROM {entries} WHERE {quote(NULL_FIELDS)} IS NOT NULL) GROUP BY field ORDER BY field"
        ).fetchall()
    )


def without_null_na(connection: duckdb.DuckDBPyConnection, staged: str, fields: Iterable[RegisterField]) -> str:
    """The query of all staged entries, `NA` taken out of the fields that may hold names where it is R's missing value.

    The column as a whole tells: it is a name where most other values are one word in capitals, a column of given names.
    """
    value_of, na = {}, literal(NULL_WORD_OR_NAME)
    for value in (quote(field.name) for field in fields if field.kind in _MAY_HOLD_NAMES):
        if connection.execute(f"SELECT 1 FROM {staged} WHERE {value} = {na} LIMIT 1").fetchall():
            name_like = f"{value} = upper({value}) AND NOT contains(trim({value}), ' ')"
            (share,) = fetch_row(connection, f"SELECT avg(({name_like})::INT) FROM {staged} WHERE {value} <> {na}")
            if share is None or share <= 0.5:
                value_of[value] = f"{value} = {na}"
    if not value_of:
        return f"SELECT * FROM {staged}"
    nulls = ", ".join(f"CASE WHEN {is_na} THEN {literal(as_written(value[1:-1]))} END" for value, is_na in value_of.items())
    replaced = [f"nullif({value}, {na}) AS {value}" for value in value_of]
    replaced.append(f"nullif(concat_ws(' ', {quote(NULL_FIELDS)}, {nulls}), '') AS {quote(NULL_FIELDS)}")
    return f"SELECT * REPLACE ({', '.join(replaced)}) FROM {staged}"

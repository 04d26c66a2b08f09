"""The columns each kind of field gives: what a project file may block on and compare, with its type and meaning.

A field `f` gives the column `f` (its clean value) and a column `f_<key>` for each key. NULL always means "not known". String
keys are ASCII unless they are said to be Unicode, so that DuckDB's byte-wise string distances may see them.
"""

from __future__ import annotations

from linkage.config.sources import FieldKind

FIELD_KEYS: dict[FieldKind, dict[str, str]] = {
    FieldKind.person_name: {
        "": "VARCHAR", "fold": "VARCHAR", "tone": "VARCHAR", "sound": "VARCHAR", "variant": "VARCHAR", "sorted": "VARCHAR",
        "surname_fold": "VARCHAR", "middle_fold": "VARCHAR", "given_fold": "VARCHAR", "given_tone": "VARCHAR",
        "given_sound": "VARCHAR", "flags": "VARCHAR",
    },
    FieldKind.date: {
        "": "DATE", "text": "VARCHAR", "year": "SMALLINT", "month": "TINYINT", "day": "TINYINT", "precision": "VARCHAR",
        "digits": "VARCHAR", "day_month": "SMALLINT", "repaired": "DATE", "lunar_as_solar": "DATE", "flags": "VARCHAR",
    },
    FieldKind.year: {"": "SMALLINT"},
    FieldKind.sex: {"": "VARCHAR"},
    FieldKind.place: {
        "": "VARCHAR", "fold": "VARCHAR", "level": "VARCHAR", "unit": "INTEGER", "communes": "INTEGER[]", "commune": "INTEGER",
        "districts": "SMALLINT[]", "provinces_old": "SMALLINT[]", "provinces": "SMALLINT[]",
        "province": "SMALLINT", "flags": "VARCHAR",
    },
    FieldKind.ethnicity: {"": "VARCHAR", "fold": "VARCHAR"},
    FieldKind.nationality: {"": "VARCHAR", "fold": "VARCHAR"},
    FieldKind.personal_number: {"": "VARCHAR", "year": "SMALLINT", "sex": "VARCHAR", "province": "SMALLINT", "flags": "VARCHAR"},
    FieldKind.identifier: {"": "VARCHAR"},
    FieldKind.category: {"": "VARCHAR", "fold": "VARCHAR"},
    FieldKind.text: {"": "VARCHAR", "fold": "VARCHAR", "sound": "VARCHAR"},
    FieldKind.number: {"": "DOUBLE", "flags": "VARCHAR"},
    FieldKind.email: {"": "VARCHAR", "user": "VARCHAR", "domain": "VARCHAR"},
    FieldKind.phone: {"": "VARCHAR", "end": "VARCHAR"},
    FieldKind.postcode: {"": "VARCHAR", "sector": "VARCHAR", "district": "VARCHAR", "area": "VARCHAR"},
    FieldKind.list: {"": "VARCHAR[]"},
    FieldKind.vector: {"": "DOUBLE[]"},
}  # fmt: skip
"""Kind → key (`""` for the clean value itself) → SQL type, in the order of the columns."""

_FLAGS = "what is odd about the text: words parted by a space in a fixed order"
_UNICODE = "the clean text (Unicode)"
_FOLD = "without marks, lower case"
KEY_MEANINGS: dict[FieldKind, dict[str, str]] = {
    FieldKind.person_name: {
        "": "the clean name as written (Unicode)", "fold": "without marks: `nguyen thi hoa`",
        "tone": "tone key: `nguye6n4 thi5 hoa2`",
        "sound": "tone key with regional sounds merged",
        "variant": "tone key with legal spelling variants merged (Vy/Vi, Vũ/Võ, Hoàng/Huỳnh)",
        "sorted": "the fold key's words in alphabetical order", "surname_fold": "surname",
        "middle_fold": "middle names, empty text when there is none", "given_fold": "given name", "given_tone": "given name",
        "given_sound": "given name", "flags": _FLAGS,
    },
    FieldKind.date: {
        "": "only a complete and possible solar date", "text": _UNICODE,
        "year": "as written, also of an impossible date; or computed from an age and the date it was said at",
        "month": "as written", "day": "as written", "precision": "`day`, `month`, `year`, `age` or `none`",
        "digits": "YYYYMMDD when all three are written",
        "day_month": "day and month without the year: 2907 is 29 July; empty for 1 January, which stands for days not known",
        "repaired": "the official repair of an impossible date",
        "lunar_as_solar": "the solar date if what is written was lunar", "flags": _FLAGS,
    },
    FieldKind.year: {"": "read like a date"},
    FieldKind.sex: {"": "`male` or `female`"},
    FieldKind.place: {
        "": _UNICODE, "fold": _FOLD, "level": "`commune`, `district`, `province` or `abroad`",
        "unit": "one integer for the one unit said, the same in every vintage in which it was the same territory",
        "communes": "sorted present-day communes it may lie in, when a commune is said", "commune": "the one, when there is one",
        "districts": "sorted codes of districts before 1 July 2025", "provinces_old": "sorted codes of the 63 provinces",
        "provinces": "sorted codes of the 34 provinces", "province": "the one, when there is one", "flags": _FLAGS,
    },
    FieldKind.ethnicity: {"": "official name (Unicode)", "fold": _FOLD},
    FieldKind.nationality: {"": "official name (Unicode)", "fold": _FOLD},
    FieldKind.personal_number: {
        "": "12 digits", "year": "what the digits say", "sex": "what the digits say",
        "province": "what the digits say: of the 63, or a country from 101", "flags": _FLAGS,
    },
    FieldKind.identifier: {"": "capitals, no spaces"},
    FieldKind.category: {"": _UNICODE, "fold": _FOLD},
    FieldKind.text: {"": _UNICODE, "fold": _FOLD, "sound": "American Soundex of each word: `s530 r163`"},
    FieldKind.number: {"": "a number", "flags": _FLAGS},
    FieldKind.email: {"": "lower case; empty where it is none", "user": "what is before the @", "domain": "what is behind it"},
    FieldKind.phone: {
        "": "digits, from the 0 on or a foreign country code; mobile prefixes as since 2018", "end": "last six digits",
    },
    FieldKind.postcode: {
        "": "capitals", "sector": "`SW1A 1` of SW1A 1AA, or the first four digits", "district": "`SW1A`, or the first three",
        "area": "`SW`, or the first two digits",
    },
    FieldKind.list: {"": "the fold keys of the items, each once and sorted; written `[a, b]`, as JSON, or parted by `;` or `|`"},
    FieldKind.vector: {"": "numbers, written as a list"},
}  # fmt: skip
"""Kind → key → what it holds, for `configs/README.md`."""


def suffixes_of(kind: FieldKind) -> dict[str, str]:
    """Key suffix ('' for the clean value itself) → SQL type, in the order of the columns."""
    return FIELD_KEYS[kind]


def keys_of(field: str, kind: FieldKind) -> dict[str, str]:
    """Column name → SQL type of everything that standardising `field` gives, in the order of the columns.

    >>> keys_of("sex", FieldKind.sex), list(keys_of("occupation", FieldKind.category))
    ({'sex': 'VARCHAR'}, ['occupation', 'occupation_fold'])
    """
    return {f"{field}_{suffix}" if suffix else field: sql_type for suffix, sql_type in FIELD_KEYS[kind].items()}

"""Which columns each kind of field gets.

A field `f` gives the column `f` (its clean value) and the keys `f_<key>` below; NULL always means "not known". String
keys are ASCII unless said otherwise, so that DuckDB's byte-wise string distances may see them.

person_name
  f            clean name as written (Unicode), f_fold without marks (`nguyen thi hoa`), f_tone tone key (`nguye6n4 thi5
  hoa2`), f_sound tone key with regional sounds merged, f_variant tone key with legal spelling variants merged (Vy/Vi,
  Vũ/Võ, Hoàng/Huỳnh), f_sorted the fold key's words in alphabetical order, f_surname_fold, f_middle_fold ('' when
  there is none), f_given_fold, f_given_tone, f_given_sound, f_flags
date
  f            DATE, only a complete and possible solar date; f_text clean text (Unicode); f_year, f_month, f_day as
  written, also of an impossible date (f_year is computed from an age and the date it was said at, precision `age`);
  f_precision day, month, year, age or none; f_digits YYYYMMDD when all three are written; f_repaired the official
  repair of an impossible date; f_lunar_as_solar the solar date if what is written was lunar; f_flags
year           f (read like a date)
place
  f            clean text (Unicode), f_fold; f_level commune, district, province, abroad or NULL; f_unit one integer for
  the one unit said, the same in every vintage in which that unit was the same territory; f_communes sorted present-day
  commune codes it may lie in (only when a commune is said); f_commune the one when there is one; f_districts sorted
  codes of districts before 1 July 2025; f_provinces_old sorted codes of the 63 provinces; f_provinces sorted codes of
  the 34; f_province the one when there is one; f_flags
sex            f: 'male', 'female' or NULL
ethnicity, nationality
  f            official name (Unicode), f_fold
personal_number
  f            12 digits; f_year, f_sex, f_province what the digits say (province of the 63, or country from 101); f_flags
identifier     f: capitals, no spaces
category, text f clean text (Unicode), f_fold
number         f: DOUBLE

Flags are words parted by a space in a fixed order, NULL when there are none.
"""

from __future__ import annotations

from linkage.config.sources import FieldKind

_KEYS: dict[FieldKind, dict[str, str]] = {
    FieldKind.person_name: {
        "": "VARCHAR", "fold": "VARCHAR", "tone": "VARCHAR", "sound": "VARCHAR", "variant": "VARCHAR", "sorted": "VARCHAR",
        "surname_fold": "VARCHAR", "middle_fold": "VARCHAR", "given_fold": "VARCHAR", "given_tone": "VARCHAR",
        "given_sound": "VARCHAR", "flags": "VARCHAR",
    },
    FieldKind.date: {
        "": "DATE", "text": "VARCHAR", "year": "SMALLINT", "month": "TINYINT", "day": "TINYINT", "precision": "VARCHAR",
        "digits": "VARCHAR", "repaired": "DATE", "lunar_as_solar": "DATE", "flags": "VARCHAR",
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
    FieldKind.text: {"": "VARCHAR", "fold": "VARCHAR"},
    FieldKind.number: {"": "DOUBLE"},
}  # fmt: skip


def suffixes_of(kind: FieldKind) -> dict[str, str]:
    """Key suffix ('' for the clean value itself) → SQL type, in the order of the columns."""
    return _KEYS[kind]


def keys_of(field: str, kind: FieldKind) -> dict[str, str]:
    """Column name → SQL type of everything that standardising `field` gives, in the order of the columns.

    >>> keys_of("sex", FieldKind.sex), list(keys_of("occupation", FieldKind.category))
    ({'sex': 'VARCHAR'}, ['occupation', 'occupation_fold'])
    """
    return {f"{field}_{suffix}" if suffix else field: sql_type for suffix, sql_type in _KEYS[kind].items()}

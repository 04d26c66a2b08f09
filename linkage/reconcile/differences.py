"""How the two sides' values of a field differ: one class a field and pair, decided in SQL on the standardised keys.

Missing and less precise values are classes of their own, never a real difference. Byte-wise string distances see ASCII
keys only.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping
from pathlib import Path
from typing import TYPE_CHECKING

from linkage.config import FieldKind
from linkage.reconcile.side_tables import SideTables, tidy_sql
from linkage.runs.sql import literal, quote, quote_list
from linkage.runs.tables import ASSIGNED, FIELD_DIFFERENCES
from linkage.vietnamese.letters_sql import fold_sql

if TYPE_CHECKING:
    import duckdb

CLASSES = (
    "missing_left",
    "missing_right",
    "precision",
    "spelling",
    "diacritics",
    "one_letter",
    "name_part",
    "swapped_date",
    "date_rule",
    "place_renamed",
    "real",
)
"""Every value of the `class` column. `date_rule`: an impossible date repaired as the offices repair it, or a lunar date
read as a solar one. `one_letter`: one letter or digit replaced, dropped, added, or two neighbours exchanged."""

UNIT_WORDS = "ubnd|uy  ban  nhan  dan|xa|phuong|thi  tran|tt|quan|huyen|thi  xa|tx|thanh  pho|tp|tinh|dac  khu|p|q|h|x|t"
"""Folded words for kinds of unit, written or left out at will; gaps are doubled, as `unit_name` has them."""


def write_field_differences(
    connection: duckdb.DuckDBPyConnection, run: Path, kinds: Mapping[str, FieldKind], folder: Path
) -> int:
    """Write the differences of every pair a mention may come to stand for into `folder`; returns the rows.

    No threshold changes them: the pairs are the assigned ones and those of `same_number`; columns as `classify_differences`
    has them, and record ids.
    """
    sides = SideTables.of(run)
    connection.execute(
        "CREATE OR REPLACE TEMP TABLE rc_comparable AS"
        f" SELECT id_l, id_r FROM {ASSIGNED.scan(run)} UNION FROM ({same_number(sides, kinds)})"
    )
    classify_differences(connection, sides, kinds, "rc_comparable", "rc_classified")
    return FIELD_DIFFERENCES.write(
        connection,
        f"""SELECT c.*, m.record_id AS record_id_l, p.record_id AS record_id_r FROM rc_classified c
        JOIN {sides.mentions} m ON m.id = id_l JOIN {sides.persons} p ON p.id = id_r
        ORDER BY record_id_l, record_id_r, field""",
        folder,
    )


def same_number(sides: SideTables, kinds: Mapping[str, FieldKind]) -> str:
    """A query of the pairs that carry the same personal number: id_l, id_r."""
    if kinds.get("personal_number") is not FieldKind.personal_number or sides.within:
        return "SELECT NULL::INTEGER AS id_l, NULL::INTEGER AS id_r WHERE false"
    return f"""SELECT m.id AS id_l, min(p.id) AS id_r FROM {sides.mentions} m
        JOIN {sides.persons} p USING (personal_number) GROUP BY m.id"""


def classify_differences(
    connection: duckdb.DuckDBPyConnection, sides: SideTables, kinds: Mapping[str, FieldKind], pairs: str, table: str
) -> None:
    """Make the temporary table `table`: a row a differing field of a pair.

    Its columns: id_l, id_r, field, class, coarser, touches_number, clashes, value_l, value_r. `pairs` names a table with
    id_l, id_r. `coarser` is the side (`left` or `right`) that says less where the class is `precision`; `touches_number` is
    true where digits of a personal number are made of what differs (year of birth, sex); `clashes` where the difference
    speaks against one person (for names, a given name that neither looks nor sounds alike); values are verbatim. A field
    equal after technical clean-up (NFC, case, white space, the typing of dates, codes and numbers) has no row.
    """
    parts = [_of_field(field, kind, sides, pairs) for field, kind in sorted(kinds.items())]
    connection.execute(
        f"CREATE OR REPLACE TEMP TABLE {quote(table)} (id_l INTEGER, id_r INTEGER, field VARCHAR, class VARCHAR,"
        " coarser VARCHAR, touches_number BOOLEAN, clashes BOOLEAN, value_l VARCHAR, value_r VARCHAR)"
    )
    for part in parts:
        connection.execute(f"INSERT INTO {quote(table)} {part}")


def _of_field(field: str, kind: FieldKind, sides: SideTables, pairs: str) -> str:
    rule = _RULES[kind].format(f=field)
    known = _KNOWN.get(kind, '{side}."{f}" IS NOT NULL')
    known_l, known_r = (known.format(side=side, f=field) for side in ("l", "r"))
    coarser = _COARSER.get(kind, "NULL").format(f=field)
    clashes = _CLASHES.get(kind, "class = 'real'").format(f=field)
    touches = _TOUCHES.get(kind, "false").format(f=field)
    read = set(re.findall(r'\b[lr]\."(\w+)"', " ".join((rule, known_l, coarser, clashes, touches))))
    clean_l, clean_r = ("raw_l.clean", "raw_r.clean") if kind is FieldKind.place else (tidy_sql("value_l"), tidy_sql("value_r"))
    # materialised, or the filter would have every class decided twice
    return f"""
        WITH classed AS MATERIALIZED (
            SELECT id_l, id_r, l, r, value_l, value_r,
                CASE WHEN NOT ({known_l}) AND NOT ({known_r}) THEN NULL
                     WHEN NOT ({known_l}) THEN 'missing_left'
                     WHEN NOT ({known_r}) THEN 'missing_right'
                     WHEN value_l = value_r THEN NULL
                     WHEN {clean_l} = {clean_r} THEN NULL
                     ELSE {rule} END AS class
            FROM (
                SELECT p.id_l, p.id_r, l, r, raw_l, raw_r, raw_l.value AS value_l, raw_r.value AS value_r
                FROM {quote(pairs)} p
                JOIN ({_keys(field, kind, sides.mentions, read)}) l ON l.id = p.id_l
                JOIN ({_keys(field, kind, sides.persons, read)}) r ON r.id = p.id_r
                JOIN ({_values(field, kind, sides.raw_mentions)}) raw_l ON raw_l.id = p.id_l
                JOIN ({_values(field, kind, sides.raw_persons)}) raw_r ON raw_r.id = p.id_r
            )
        )
        SELECT id_l, id_r, {literal(field)} AS field, class,
            CASE WHEN class = 'precision' THEN {coarser} END AS coarser, coalesce({touches}, false) AS touches_number,
            coalesce({clashes}, false) AS clashes, value_l, value_r
        FROM classed WHERE class IS NOT NULL
    """


def _keys(field: str, kind: FieldKind, table: str, read: Collection[str]) -> str:
    """A query of a side's ids and the keys to `read`; for places also `unit_name`, made once a distinct text."""
    keys = f"SELECT id, {quote_list(sorted(read))} FROM {table}"
    if kind is not FieldKind.place:
        return keys
    fold = quote(f"{field}_fold")
    texts = f"SELECT DISTINCT {fold} FROM {table}"
    return f"SELECT * FROM ({keys}) LEFT JOIN (SELECT {fold}, {unit_name(fold)} AS unit_name FROM ({texts})) USING ({fold})"


def _values(field: str, kind: FieldKind, table: str) -> str:
    """A query of a side's ids and values as they stand in the source; for places also `clean`, made once a distinct text."""
    values = f"SELECT id, {quote(field)} AS value FROM {table}"
    if kind is not FieldKind.place:
        return values
    texts = f"SELECT DISTINCT {quote(field)} AS value FROM {table}"
    return f"SELECT * FROM ({values}) LEFT JOIN (SELECT value, {tidy_sql('value')} AS clean FROM ({texts})) USING (value)"


def _one_off(left: str, right: str) -> str:
    """One letter or digit replaced, dropped or added, or two neighbours exchanged; ASCII only."""
    return f"(abs(length({left}) - length({right})) <= 1 AND damerau_levenshtein({left}, {right}) = 1)"


def unit_name(text: str) -> str:
    """SQL for a folded place text without words for kinds of unit, punctuation, leading zeros, and with k as c, y as i."""
    # every gap is doubled so that neighbouring words each keep a space of their own
    bare = f"' ' || regexp_replace({text}, '[^a-z0-9]+', '  ', 'g') || ' '"
    named = f"regexp_replace({bare}, ' ({UNIT_WORDS}) ', ' ', 'g')"
    return f"translate(regexp_replace({named}, ' +0*', '', 'g'), 'ky', 'ci')"


_KNOWN = {
    FieldKind.date: "coalesce({side}.\"{f}_precision\", 'none') <> 'none'",
}

# how much a side says: the more, the larger
_DATE_DETAIL = """
    (CASE WHEN {side}."{{f}}_precision" = 'age' THEN 0 WHEN {side}."{{f}}_month" IS NULL THEN 1
          WHEN {side}."{{f}}_day" IS NULL THEN 2
          WHEN contains(coalesce({side}."{{f}}_flags", ''), 'first_of_january') THEN 2.5 ELSE 3 END)"""
_PLACE_DETAIL = """
    (coalesce(list_position(['province', 'district', 'commune'], {side}."{{f}}_level"), 0) * 1000
     + length({side}."{{f}}_fold"))"""
_COARSER = {
    kind: f"CASE WHEN {detail.format(side='l')} < {detail.format(side='r')} THEN 'left' ELSE 'right' END"
    for kind, detail in ((FieldKind.date, _DATE_DETAIL), (FieldKind.place, _PLACE_DETAIL))
}
_CLASHES = {
    FieldKind.person_name: "class IN ('real', 'name_part') AND l.\"{f}_sorted\" <> r.\"{f}_sorted\""
    ' AND l."{f}_given_sound" <> r."{f}_given_sound" AND levenshtein(l."{f}_given_fold", r."{f}_given_fold") > 1',
}
_TOUCHES = {
    FieldKind.date: 'l."{f}_year" <> r."{f}_year"',
    FieldKind.year: 'l."{f}" <> r."{f}"',
    FieldKind.sex: "true",
    FieldKind.personal_number: "true",
}

_SHARED_WORDS = "len(list_intersect(string_split(l.\"{f}_fold\", ' '), string_split(r.\"{f}_fold\", ' ')))"
_WORDS_L, _WORDS_R = (
    "len(list_distinct(string_split(l.\"{f}_fold\", ' ')))",
    "len(list_distinct(string_split(r.\"{f}_fold\", ' ')))",
)


def _raw_words(value: str) -> str:
    # the rules are filled in by `format`
    return f"string_split({fold_sql(value)}, ' ')".replace("{", "{{").replace("}", "}}")


# word by word, each side's word begins the other's, and some word is shortened by a point or a tilde
_ABBREVIATED = f"""(regexp_matches(value_l || value_r, '[.~]') AND len({_raw_words("value_l")}) = len({_raw_words("value_r")})
              AND list_bool_and(list_transform(list_zip({_raw_words("value_l")}, {_raw_words("value_r")}),
                  lambda words: starts_with(words[1], words[2]) OR starts_with(words[2], words[1]))))"""

_NAME = f"""
    CASE WHEN l."{{f}}_tone" = r."{{f}}_tone" OR l."{{f}}_variant" = r."{{f}}_variant" THEN 'spelling'
         WHEN l."{{f}}_fold" = r."{{f}}_fold" THEN 'diacritics'
         WHEN {_ABBREVIATED} THEN 'spelling'
         WHEN replace(l."{{f}}_fold", ' ', '') = replace(r."{{f}}_fold", ' ', '') THEN 'spelling'
         WHEN l."{{f}}_sorted" = r."{{f}}_sorted" THEN 'name_part'
         WHEN {_one_off('l."{f}_fold"', 'r."{f}_fold"')} THEN 'one_letter'
         WHEN l."{{f}}_sound" = r."{{f}}_sound" THEN 'spelling'
         WHEN {_SHARED_WORDS} >= greatest({_WORDS_L}, {_WORDS_R}) - 1 AND {_SHARED_WORDS} >= 1
              AND {_WORDS_L} + {_WORDS_R} > 4 THEN 'name_part'
         WHEN {_SHARED_WORDS} = least({_WORDS_L}, {_WORDS_R}) THEN 'name_part'
         ELSE 'real' END
"""

LAST_LUNAR_YEAR = 1990
"""Before it a lunar date entered as solar is likelier than a wrong digit that happens to give the same pair of dates."""
_LUNAR = '(abs(l."{f}_lunar_as_solar" - r."{f}") <= 1 OR abs(r."{f}_lunar_as_solar" - l."{f}") <= 1)'

_DATE = f"""
    CASE WHEN l."{{f}}_year" = r."{{f}}_year" AND l."{{f}}_month" IS NOT DISTINCT FROM r."{{f}}_month"
              AND l."{{f}}_day" IS NOT DISTINCT FROM r."{{f}}_day" AND l."{{f}}_precision" = r."{{f}}_precision" THEN NULL
         WHEN 'age' IN (l."{{f}}_precision", r."{{f}}_precision") AND abs(l."{{f}}_year" - r."{{f}}_year") <= 1 THEN 'precision'
         WHEN l."{{f}}_year" = r."{{f}}_year" AND (
                  l."{{f}}_month" IS NULL OR r."{{f}}_month" IS NULL
                  OR (l."{{f}}_month" = r."{{f}}_month" AND (l."{{f}}_day" IS NULL OR r."{{f}}_day" IS NULL))
                  OR contains(coalesce(l."{{f}}_flags", ''), 'first_of_january')
                  OR contains(coalesce(r."{{f}}_flags", ''), 'first_of_january')
                  OR (l."{{f}}_month" = r."{{f}}_month" AND 1 IN (l."{{f}}_day", r."{{f}}_day")
                      AND 'month' IN (l."{{f}}_precision", r."{{f}}_precision"))) THEN 'precision'
         WHEN l."{{f}}_year" = r."{{f}}_year" AND l."{{f}}_month" = r."{{f}}_day" AND l."{{f}}_day" = r."{{f}}_month"
              THEN 'swapped_date'
         WHEN l."{{f}}_repaired" = r."{{f}}" OR r."{{f}}_repaired" = l."{{f}}" THEN 'date_rule'
         WHEN l."{{f}}_year" < {LAST_LUNAR_YEAR} AND {_LUNAR} THEN 'date_rule'
         WHEN {_one_off('l."{f}_digits"', 'r."{f}_digits"')} THEN 'one_letter'
         WHEN (l."{{f}}_digits" IS NULL OR r."{{f}}_digits" IS NULL)
              AND coalesce(l."{{f}}_month" = r."{{f}}_month", true) AND coalesce(l."{{f}}_day" = r."{{f}}_day", true)
              AND {_one_off('l."{f}_year"::VARCHAR', 'r."{f}_year"::VARCHAR')} THEN 'one_letter'
         WHEN {_LUNAR} THEN 'date_rule'
         ELSE 'real' END
"""

_PLACE = f"""
    CASE WHEN l."{{f}}_fold" = r."{{f}}_fold" THEN 'spelling'
         WHEN l.unit_name = r.unit_name AND l."{{f}}_level" IS NOT DISTINCT FROM r."{{f}}_level" THEN 'spelling'
         WHEN l."{{f}}_unit" = r."{{f}}_unit" THEN
              CASE WHEN ends_with(l.unit_name, r.unit_name) OR ends_with(r.unit_name, l.unit_name) THEN 'precision'
                   ELSE 'place_renamed' END
         WHEN list_has_any(l."{{f}}_communes", r."{{f}}_communes") THEN 'place_renamed'
         WHEN l."{{f}}_level" <> r."{{f}}_level" AND (
                  list_has_any(l."{{f}}_districts", r."{{f}}_districts")
                  OR ('province' IN (l."{{f}}_level", r."{{f}}_level")
                          OR l."{{f}}_districts" IS NULL OR r."{{f}}_districts" IS NULL)
                      AND list_has_any(l."{{f}}_provinces", r."{{f}}_provinces")) THEN 'precision'
         WHEN l."{{f}}_level" = 'province' AND r."{{f}}_level" = 'province'
              AND list_has_any(l."{{f}}_provinces", r."{{f}}_provinces") THEN 'place_renamed'
         WHEN (l."{{f}}_level" IS NULL OR r."{{f}}_level" IS NULL)
              AND {_one_off('l."{f}_fold"', 'r."{f}_fold"')} THEN 'one_letter'
         ELSE 'real' END
"""

_WORDS = f"""
    CASE WHEN l."{{f}}" = r."{{f}}" THEN 'spelling'
         WHEN l."{{f}}_fold" = r."{{f}}_fold" THEN 'diacritics'
         WHEN {_one_off('l."{f}_fold"', 'r."{f}_fold"')} THEN 'one_letter'
         ELSE 'real' END
"""
_CODE = f"""
    CASE WHEN l."{{f}}" = r."{{f}}" THEN NULL
         WHEN {_one_off('l."{f}"::VARCHAR', 'r."{f}"::VARCHAR')} THEN 'one_letter' ELSE 'real' END
"""
_EQUAL = """CASE WHEN l."{f}" = r."{f}" THEN NULL ELSE 'real' END"""

_RULES: dict[FieldKind, str] = {
    FieldKind.person_name: _NAME,
    FieldKind.date: _DATE,
    FieldKind.year: _CODE,
    FieldKind.place: _PLACE,
    FieldKind.sex: _EQUAL,
    FieldKind.ethnicity: _WORDS,
    FieldKind.nationality: _WORDS,
    FieldKind.personal_number: _CODE,
    FieldKind.identifier: _CODE,
    FieldKind.category: _WORDS,
    FieldKind.text: _WORDS,
    FieldKind.number: _EQUAL,
    FieldKind.email: _CODE,
    FieldKind.phone: _CODE,
    FieldKind.postcode: _CODE,
    FieldKind.list: _EQUAL,
    FieldKind.vector: _EQUAL,
}

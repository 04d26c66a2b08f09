"""SQL about personal numbers: reading whole ones without Python, and flagging what their digits contradict."""

from __future__ import annotations

from collections.abc import Mapping

READ_WHOLE_NUMBERS = """
    SELECT raw, raw AS "value",
           (1900 + 100 * (sign // 2) + CAST(substr(raw, 5, 2) AS INTEGER))::SMALLINT AS "year",
           CASE WHEN sign % 2 = 0 THEN 'male' ELSE 'female' END AS "sex",
           prefix AS "province",
           CASE WHEN prefix NOT IN (SELECT prefix FROM std_prefixes) THEN 'unknown_prefix' END AS "flags"
    FROM (SELECT raw, CAST(substr(raw, 4, 1) AS INTEGER) AS sign, CAST(substr(raw, 1, 3) AS SMALLINT) AS prefix
          FROM {values} WHERE regexp_full_match(raw, '[0-9]{{12}}'))
"""
"""The keys of raw values that are twelve digits already, as `parse_personal_number` would give them."""


def flag_contradictions(number: str, flags: str, person: Mapping[str, str]) -> str:
    """The flags of `number` (a table alias) with what it contradicts of `person` added, in the order of `NUMBER_FLAGS`."""
    parts = [flags]
    if "sex" in person:
        parts.append(f"CASE WHEN {number}.\"sex\" <> {person['sex']} THEN 'sex_differs' END")
    if "birth_year" in person:
        parts.append(f"CASE WHEN {number}.\"year\" <> {person['birth_year']} THEN 'year_differs' END")
    if "provinces" in person:
        parts.append(
            f'CASE WHEN {number}."province" < 101 AND NOT list_contains({person["provinces"]}, {number}."province") '
            "THEN 'province_differs' END"
        )
    return f"nullif(concat_ws(' ', {', '.join(parts)}), '')"

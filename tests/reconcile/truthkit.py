"""Synthetic registers read, standardised and linked by their truth; and what their outcomes should be."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from pathlib import Path

from reconcilekit import reconcile, write_thresholds, write_twice

from linkage.config import SideSpec
from linkage.reconcile.codes import LINKED
from linkage.registers import read_side
from linkage.runs.sql import connect
from linkage.standardise import standardise_table
from linkage.synthetic import SyntheticSpec, generate

KEPT = ("registration_date", "registering_office", "birth_registration_place")
_MARKS, _NAME, _SOUND, _MISSING = {"diacritics"}, {"name_part"}, {"spelling", "one_letter"}, {"missing_left", "missing_right"}
EXPECTED: dict[str, set[str]] = {
    "thi_van_dropped": _NAME,
    "thi_van_added": _NAME,
    "middle_changed": _NAME | {"one_letter"},
    "token_order": _NAME,
    "surname_dropped": _NAME,
    "given_name_other": _NAME | {"real"},
    "mark_lost": _MARKS,
    "hoi_nga": _MARKS,
    "no_diacritics": _MARKS,
    "i_y": {"spelling"},
    "regional_variant": {"spelling"},
    "typing_slip": _SOUND,
    "abbreviation": {"spelling"},
    "joined_tokens": {"spelling"},
    "spacing": {"none", "spelling"},
    "capitals": {"none"},
    "alias_added": {"spelling"},
    "name_missing": _MISSING,
    "father_missing": _MISSING,
    "ethnicity_missing": _MISSING,
    "ethnicity_changed": {"real", "spelling"},
    "sex_wrong": {"real"},
    "sex_missing": _MISSING,
    "day_month_swapped": {"swapped_date"},
    "year_only": {"precision"},
    "month_and_year_only": {"precision"},
    "digit_wrong": {"one_letter"},
    "digits_transposed": {"one_letter"},
    "year_by_one": {"one_letter", "real"},
    "year_by_some": {"one_letter", "real"},
    "year_by_ten": {"one_letter", "real"},
    "year_by_zodiac": {"one_letter", "real"},
    "lunar_for_solar": {"date_rule"},
    "impossible_date": {"date_rule", "real", "one_letter"},
    "registration_date_for_birth": {"real", "one_letter"},
    "number_digit_wrong": {"one_letter"},
    "number_transposed": {"one_letter"},
    "number_leading_zero_lost": {"none"},
    "number_of_relative": {"real"},
    "initial_north": _SOUND,
    "initial_south": _SOUND,
    "initial_l_n": {"one_letter"},
    "southern_final": _SOUND | _MARKS,
    "minority_spelling": _SOUND | _MARKS | {"none"},
    "keyboard_residue": _SOUND | _MARKS | {"none"},
    "misread": {"one_letter"} | _MARKS | _NAME,
    "place_no_commune": {"precision"},
    "place_only_province": {"precision"},
    "place_of_registration": {"precision"},
    "place_hometown_for_birthplace": {"real", "place_renamed"},
    "place_abbreviated": {"spelling", "none", "place_renamed"},
    "place_spelling": {"spelling", "none", "place_renamed"},
}
"""Kind of injected error → the classes it may rightly get. A place written in the other vintage is renamed as well;
a hometown entered for the birth place may lie in what is one unit today."""


def make_true_run(folder: Path, persons: int, seed: int) -> tuple[Path, Path]:
    """A run directory whose links are true (one entry a person; further entries stay candidates), and the registers."""
    registers, run = folder / "registers", folder / "run"
    run.mkdir(parents=True)
    generate(SyntheticSpec(persons=persons, seed=seed), registers, lambda *_: None)
    sides = {
        "mentions": {"register": "birth", "role": "child", "source": {"path": "births.csv", "encoding": "utf-8"}},
        "persons": {"register": "population", "source": {"path": "population.csv", "encoding": "utf-8"}},
    }
    with connect() as connection:
        reports = {
            table: read_side(
                connection,
                SideSpec.model_validate(side),
                base=registers,
                data=None,
                target=run / f"raw_{table}.parquet",
                quarantine=folder / f"quarantine_{table}.parquet",
                name=table,
            ).mapping
            for table, side in sides.items()
        }
        left, right = (reports[table].mention_fields for table in sides)
        shared = {field: kind for field, kind in left.items() if right.get(field) == kind and field != "record_id"}
        for table, report in reports.items():
            fields = {field: kind for field, kind in report.mention_fields.items() if field in shared or field in KEPT}
            dated = {place: day for place, day in report.dated_by.items() if place in fields and day in fields}
            standardise_table(connection, run / f"raw_{table}.parquet", run / f"{table}.parquet", fields, dated_by=dated)
        connection.execute(
            f"""CREATE TABLE pairs AS SELECT m.id AS id_l, p.id AS id_r, t.record_id AS record_id_l,
                t.person_record_id AS record_id_r,
                20 + hash(t.record_id) % 1000 / 100.0 AS match_weight, match_weight AS pair_weight, match_weight AS link_weight
            FROM '{registers}/truth.parquet' t JOIN '{run}/mentions.parquet' m ON m.record_id = t.record_id
            JOIN '{run}/persons.parquet' p ON p.record_id = t.person_record_id WHERE register = 'birth' AND role = 'child'"""
        )
        connection.execute(f"COPY (SELECT *, 1::TINYINT AS rank FROM pairs ORDER BY id_l) TO '{run}/candidates.parquet'")
        connection.execute(
            f"""COPY (
                SELECT *, 1.0::DOUBLE AS match_probability, NULL::DOUBLE AS runner_up_margin, 'link' AS decision, 'above_upper' AS reason
                FROM pairs QUALIFY row_number() OVER (PARTITION BY id_r ORDER BY link_weight DESC) = 1 ORDER BY id_l
            ) TO '{run}/links.parquet'"""
        )
    write_thresholds(run, 8.0)
    write_twice(run, [])
    reconcile(run, shared)
    return run, registers


def confusion(run: Path, registers: Path) -> Counter[tuple[str, str, bool]]:
    """(truth, outcome, is it right) → records. Truth: linked, not_found, duplicate, re_registered, wrong_number, person_…

    A mention is rightly linked only to its own person. A number of another person (an injected error) makes `wrong_number`.
    Waiting for review or for a choice of candidates is right wherever the links leave a doubt to settle.
    """
    with connect() as connection:
        rows = connection.execute(
            f"""WITH truth AS (FROM '{registers}/truth.parquet' WHERE register = 'birth' AND role = 'child'),
            numbers AS (SELECT DISTINCT record_id FROM '{registers}/errors.parquet'
                WHERE register = 'birth' AND kind = 'number_of_relative' AND field = 'personal_number'),
            people AS (SELECT person, count(*) AS entries, bool_or(re_registered) AS again FROM truth GROUP BY person)
            SELECT CASE WHEN n.record_id IS NOT NULL THEN 'wrong_number'
                    WHEN t.person_record_id IS NULL THEN 'not_found'
                    WHEN entries > 1 AND again THEN 're_registered'
                    WHEN entries > 1 THEN 'duplicate' ELSE 'linked' END AS truth,
                o.finding, coalesce(o.counterpart = t.person_record_id, false) AS own
            FROM '{run}/outcomes.parquet' o JOIN truth t USING (record_id) JOIN people USING (person)
                LEFT JOIN numbers n USING (record_id)
            WHERE o.side = 'mention'
            UNION ALL
            SELECT CASE WHEN t.record_id IS NULL THEN 'person_without' ELSE 'person_with' END, o.finding, true
            FROM '{run}/outcomes.parquet' o
            LEFT JOIN (SELECT DISTINCT person_record_id AS record_id FROM truth) t USING (record_id)
            WHERE o.side = 'person'"""
        ).fetchall()
    allowed = {
        "linked": set(LINKED),
        "not_found": {"not_found", "not_comparable", "illegible"},
        "duplicate": {"duplicate_entries", "awaiting_review"},
        "re_registered": {"re_registered", "awaiting_review"},
        "wrong_number": {"number_other_person", "not_found", "re_registered"},
        "person_without": {"not_in_book", "outside_books"},
        "person_with": {"awaiting_review"},
    }
    table: Counter[tuple[str, str, bool]] = Counter()
    for truth, finding, own in rows:
        table[truth, finding, finding in allowed[truth] and (own or finding not in LINKED)] += 1
    return table


def error_classes(run: Path, registers: Path) -> Iterator[tuple[str, str]]:
    """(kind, class) of every value with exactly one injected error on the two sides, on true links of persons whose data did not
    lawfully change; `none` where no difference was found. Values the other side lacks for a reason of its own are left out."""
    with connect() as connection:
        kinds = [row[0] for row in connection.execute(f"SELECT DISTINCT field FROM '{run}/differences.parquet'").fetchall()]
        rows = connection.execute(
            f"""WITH linked AS (
                SELECT o.record_id AS l, o.counterpart AS r FROM '{run}/outcomes.parquet' o
                JOIN '{registers}/truth.parquet' t ON t.record_id = o.record_id AND t.person_record_id = o.counterpart
                    AND t.register = 'birth' AND t.role = 'child'
                WHERE o.side = 'mention' AND o.finding IN {LINKED} AND NOT (t.renamed OR t.adopted OR t.re_registered)
            ), errors AS (
                SELECT l, r, e.field, e.kind, e.level FROM '{registers}/errors.parquet' e
                JOIN linked ON e.register = 'birth' AND e.record_id = l
                UNION ALL
                SELECT l, r, e.field, e.kind, e.level FROM '{registers}/errors.parquet' e
                JOIN linked ON e.register = 'population' AND e.record_id = r
            ), single AS (
                SELECT l, any_value(r) AS r, field, min(kind) AS kind FROM errors
                WHERE field <> '' AND l NOT IN (SELECT l FROM errors WHERE level = 'source') GROUP BY l, field HAVING count(*) = 1
            )
            SELECT kind, coalesce(d.class, 'none') FROM single s
            LEFT JOIN '{run}/differences.parquet' d ON d.record_id_l = s.l AND d.field = s.field
            WHERE list_contains($kinds, s.field)""",
            {"kinds": kinds},
        ).fetchall()
    for kind, found in rows:
        lacking = found in _MISSING and kind not in ("name_missing", "father_missing", "ethnicity_missing", "sex_missing")
        both_lack = found == "none" and EXPECTED.get(kind) is _MISSING
        if kind in EXPECTED and not lacking and not both_lack:
            yield kind, found

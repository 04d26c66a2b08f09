"""The comparison library: each builder turns a field into an ordinary Splink comparison.

Levels are tried in order; the first that holds is the pair's level. A missing or less precise value is the null level
or a level of its own, never a disagreement. String distances only ever see ASCII keys (DuckDB compares bytes).
Term frequency is that of the tone key: a level that agrees in less than the tone key is scaled by how common the more
common of the two names is, relative to the average (Splink's adjustment with the exact level as its base).
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from linkage.config import ComparisonSpec, FieldKind, LevelSpec
from linkage.config.matching import ComparisonUse
from linkage.words.fields import as_written

Level = dict[str, Any]
FOLDED_KINDS = {
    FieldKind.person_name,
    FieldKind.place,
    FieldKind.text,
    FieldKind.category,
    FieldKind.ethnicity,
    FieldKind.nationality,
}


def build_comparison(spec: ComparisonSpec, kind: FieldKind) -> dict[str, Any]:
    """The comparison of one field, in the form `SettingsCreator` takes."""
    levels = _own_levels(spec, kind) if spec.levels else BUILDERS[spec.use or "category"](spec, kind)
    if spec.missing_right:
        levels = _with_missing_right(levels)
    _set_probabilities(spec, levels)
    return {
        "output_column_name": spec.field,
        "comparison_description": f"{spec.use or 'own levels'} on {spec.field}",
        "comparison_levels": levels,
    }


def vietnamese_name(spec: ComparisonSpec, kind: FieldKind) -> list[Level]:
    """Tone key, hỏi/ngã, fold, sound or variant, middle dropped, order, abbreviation, Jaro-Winkler (once), given name, else."""
    f = spec.field
    frequency = f"{f}_tone" if spec.term_frequency else None
    same_given = f"{f}_given_fold_l = {f}_given_fold_r"
    hoi_nga = f"{f}_fold_l = {f}_fold_r AND replace({f}_tone_l, '4', '3') = replace({f}_tone_r, '4', '3')"
    same_surname = f"{f}_surname_fold_l = {f}_surname_fold_r"
    return [
        _null(f"{f}_fold"),
        _level(f"{f}_tone_l = {f}_tone_r", "same letters and tones", frequency),
        _level(hoi_nga, "same but hỏi/ngã", frequency),
        _level(f"{f}_fold_l = {f}_fold_r", "same without diacritics", frequency),
        _level(f"{f}_variant_l = {f}_variant_r OR {f}_sound_l = {f}_sound_r", "sounds the same or legal variant", frequency),
        _level(f"{same_given} AND {same_surname} AND {_within(f'{f}_middle_fold')}", "middle name dropped or added"),
        _level(f"{f}_sorted_l = {f}_sorted_r", "same words in another order"),
        _level(_abbreviated(f), "given name or surname abbreviated"),
        *(_few_letters_off(f"{f}_fold", threshold) for threshold in spec.jaro_winkler or (0.92,)),
        _level(same_given, "same given name"),
        _else(),
    ]


def given_name(spec: ComparisonSpec, kind: FieldKind) -> list[Level]:
    """The given name alone: tone key, fold key, sound key, else."""
    f = spec.field
    frequency = f"{f}_given_tone" if spec.term_frequency else None
    return [
        _null(f"{f}_given_fold"),
        _level(f"{f}_given_tone_l = {f}_given_tone_r", "same letters and tones", frequency),
        _level(f"{f}_given_fold_l = {f}_given_fold_r", "same without diacritics", frequency),
        _level(f"{f}_given_sound_l = {f}_given_sound_r", "sounds the same", frequency),
        _else(),
    ]


def partial_date(spec: ComparisonSpec, kind: FieldKind) -> list[Level]:
    """By the coarser precision of the two sides, with the errors that registers are known for."""
    f = spec.field
    year, month = (f"{f}_{part}_l = {f}_{part}_r" for part in ("year", "month"))
    lunar = f"abs({f}_lunar_as_solar_l - {f}_r) <= 1 OR abs({f}_l - {f}_lunar_as_solar_r) <= 1"
    less_than_month = f"{f}_month_l IS NULL OR {f}_month_r IS NULL"
    less_than_day = f"{f}_day_l IS NULL OR {f}_day_r IS NULL"
    swapped = f"{year} AND {f}_month_l = {f}_day_r AND {f}_day_l = {f}_month_r AND {f}_digits_l <> {f}_digits_r"
    placeholder = " OR ".join(f"({f}_month_{side} = 1 AND {f}_day_{side} = 1)" for side in "lr")
    return [
        _null(f"{f}_year"),
        _level(f"{f}_l = {f}_r", "same date"),
        _level(f"{f}_repaired_l = {f}_r OR {f}_l = {f}_repaired_r", "impossible date, repaired as the rule says"),
        _level(f"{year} AND ({less_than_month})", "same year, no month on one side"),
        _level(f"{year} AND {month} AND ({less_than_day})", "same month, no day on one side"),
        _level(f"{year} AND ({placeholder})", "same year, 01/01 on one side"),
        _level(swapped, "day and month swapped"),
        _level(f"hamming({f}_digits_l, {f}_digits_r) = 1", "one digit differs"),
        _level(lunar, "one side is the lunar date"),
        _level(f"{year} AND {month}", "same month and year"),
        _level(f"abs({f}_year_l - {f}_year_r) <= 1", "within a year"),
        _else(),
    ]


def birth_year(spec: ComparisonSpec, kind: FieldKind) -> list[Level]:
    """A year alone: equal, one off, within three, one digit, else."""
    f = spec.field if kind is FieldKind.year else f"{spec.field}_year"
    return [
        _null(f),
        _level(f"{f}_l = {f}_r", "same year"),
        _level(f"abs({f}_l - {f}_r) = 1", "one year off"),
        _level(f"abs({f}_l - {f}_r) <= 3", "two or three years off"),
        _level(_one_digit(f"{f}_l", f"{f}_r"), "one digit differs"),
        _else(),
    ]


def identifier(spec: ComparisonSpec, kind: FieldKind) -> list[Level]:
    """Equal, one edit (or two neighbours exchanged), else."""
    f = spec.field
    return [
        _null(f),
        _level(f"{f}_l = {f}_r", "same"),
        _level(f"length({f}_l) > 5 AND damerau_levenshtein({f}_l, {f}_r) <= 1", "one character off"),
        _else(),
    ]


def category(spec: ComparisonSpec, kind: FieldKind) -> list[Level]:
    """Equal or not."""
    key = _key(spec.field, kind)
    return [_null(key), _level(f"{key}_l = {key}_r", "same", key if spec.term_frequency else None), _else()]


def number(spec: ComparisonSpec, kind: FieldKind) -> list[Level]:
    """Equal, within one, within ten per cent, else."""
    f = spec.field
    return [
        _null(f),
        _level(f"{f}_l = {f}_r", "same"),
        _level(f"abs({f}_l - {f}_r) <= 1", "within one"),
        _level(f"abs({f}_l - {f}_r) <= 0.1 * greatest(abs({f}_l), abs({f}_r))", "within ten per cent"),
        _else(),
    ]


def unit_through_time(spec: ComparisonSpec, kind: FieldKind) -> list[Level]:
    """Administrative units whatever their vintage: commune, overlapping successors, old district, old and present province."""
    f = spec.field
    return [
        _null(f"{f}_provinces"),
        _level(f"{f}_unit_l = {f}_unit_r AND {f}_level_l = 'commune'", "same commune"),
        _level(f"list_has_any({f}_communes_l, {f}_communes_r)", "successors overlap"),
        _level(f"list_has_any({f}_districts_l, {f}_districts_r)", "same former district"),
        _level(f"list_has_any({f}_provinces_old_l, {f}_provinces_old_r)", "same former province"),
        _level(f"list_has_any({f}_provinces_l, {f}_provinces_r)", "same present province"),
        _else(),
    ]


BUILDERS: dict[ComparisonUse, Callable[[ComparisonSpec, FieldKind], list[Level]]] = {
    "vietnamese_name": vietnamese_name,
    "given_name": given_name,
    "partial_date": partial_date,
    "birth_year": birth_year,
    "unit_through_time": unit_through_time,
    "identifier": identifier,
    "category": category,
    "sex": category,
    "number": number,
}
"""What `use` may say → its levels: the one place where a comparison of the library is entered, by a name that config knows."""


def _own_levels(spec: ComparisonSpec, kind: FieldKind) -> list[Level]:
    key = _key(spec.field, kind)
    return [_null(key), *(_own_level(level, spec, key) for level in spec.levels or ()), _else()]


def _own_level(level: LevelSpec, spec: ComparisonSpec, key: str) -> Level:
    if level.exact:
        return _level(f"{key}_l = {key}_r", level.label or "same", key if spec.term_frequency else None)
    if level.jaro_winkler is not None:
        return _level(
            f"jaro_winkler_similarity({key}_l, {key}_r) >= {level.jaro_winkler}",
            level.label or f"Jaro-Winkler ≥ {level.jaro_winkler}",
        )
    if level.levenshtein is not None:
        return _level(f"levenshtein({key}_l, {key}_r) <= {level.levenshtein}", level.label or f"edits ≤ {level.levenshtein}")
    if level.difference is not None:
        return _level(f"abs({key}_l - {key}_r) <= {level.difference}", level.label or f"difference ≤ {level.difference}")
    return _level(level.sql or "", level.label or as_written(level.sql or ""))


def _key(field: str, kind: FieldKind) -> str:
    """The column that stands for a field's value: its fold key where it is text."""
    return f"{field}_fold" if kind in FOLDED_KINDS else field


def _null(column: str) -> Level:
    return {"sql_condition": f"{column}_l IS NULL OR {column}_r IS NULL", "label_for_charts": "missing", "is_null_level": True}


def _with_missing_right(levels: list[Level]) -> list[Level]:
    """A value missing on the right side alone becomes the level before the last, which is for whatever else differs."""
    null, *others, otherwise = levels
    left, right = null["sql_condition"].split(" OR ")
    return [{**null, "sql_condition": left}, *others, _level(right, "not recorded on the right side"), otherwise]


def _else() -> Level:
    return {"sql_condition": "ELSE", "label_for_charts": "different"}


def _level(condition: str, label: str, frequency: str | None = None) -> Level:
    level: Level = {"sql_condition": condition, "label_for_charts": label}
    if frequency:
        level["tf_adjustment_column"] = frequency
        level["tf_adjustment_weight"] = 1.0
        level["tf_minimum_u_value"] = 1e-6
    return level


def _within(middle: str) -> str:
    """The words of one side's middle name, which may be none, follow each other in the other's."""
    left, right = (f"' ' || {middle}_{side} || ' '" for side in "lr")
    return f"({middle}_l = '' OR {middle}_r = '' OR contains({left}, {right}) OR contains({right}, {left}))"


def _abbreviated(f: str) -> str:
    """One side writes only the first one or two letters of the surname or of the given name; the other of the two is the same."""
    prefixes = {
        part: "("
        + " OR ".join(
            f"(length({f}_{part}_fold_{short}) <= 2 AND starts_with({f}_{part}_fold_{full}, {f}_{part}_fold_{short}))"
            for short, full in (("l", "r"), ("r", "l"))
        )
        + ")"
        for part in ("given", "surname")
    }
    same = {part: f"{f}_{part}_fold_l = {f}_{part}_fold_r" for part in prefixes}
    return f"({same['surname']} AND {prefixes['given']}) OR ({same['given']} AND {prefixes['surname']})"


def _few_letters_off(key: str, threshold: float) -> Level:
    """Lengths first, then Jaro-Winkler, for edits cost ten times as much; they keep out long names that share most letters."""
    length = f"abs(length({key}_l) - length({key}_r)) <= 2"
    similar = f"jaro_winkler_similarity({key}_l, {key}_r) >= {threshold}"
    edits = f"levenshtein({key}_l, {key}_r) <= 2"
    return _level(f"{length} AND {similar} AND {edits}", f"one or two letters off (Jaro-Winkler ≥ {threshold})")


def _one_digit(left: str, right: str) -> str:
    """One decimal digit of two four-digit numbers differs: all but one of the digit positions agree."""
    places = [10**place for place in range(4)]
    return "(" + " OR ".join(f"({left} // {p * 10} = {right} // {p * 10} AND {left} % {p} = {right} % {p})" for p in places) + ")"


def _set_probabilities(spec: ComparisonSpec, levels: list[Level]) -> None:
    counted = [level for level in levels if not level.get("is_null_level")]
    for letter, given in (("m", spec.m_probabilities), ("u", spec.u_probabilities)):
        if given is None:
            continue
        for level, probability in zip(counted, given, strict=True):
            level[f"{letter}_probability"] = probability
            level[f"fix_{letter}_probability"] = True

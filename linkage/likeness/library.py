"""The comparison library: each builder turns the keys of a field into levels of agreement, with their words.

Levels are tried in order; the first that holds is the pair's level. A missing or less precise value is the null level
or a level of its own, never a disagreement. String distances only ever see ASCII keys (DuckDB compares bytes).
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from functools import cache

from linkage.words.language import Language, Word


@dataclass(frozen=True)
class FieldColumns:
    """The columns of a field that levels compare, as `<column>_l` and `<column>_r`, and what the project file says of it."""

    field: str
    key: str
    """What stands for the field's value: its fold key where it is text."""
    year: str
    """Its year, where it has one."""
    other: str = ""
    """What stands for the value of the second field, of a comparison of two."""
    frequency: bool = False
    """Agreement is weighed by how common the value is."""
    similarities: tuple[float, ...] = ()
    """Jaro-Winkler thresholds instead of the builder's own, highest first."""


@dataclass(frozen=True)
class AgreementLevel:
    """One level: its condition in SQL and what readers call it."""

    condition: str
    word: Word
    frequency: str | None = None
    """Column whose rarity scales the level's weight."""
    detail: str = ""
    """A number behind the word, alike in every language."""
    is_null: bool = False

    @property
    def label(self) -> str:
        """How the model and charts name it."""
        return self.word.en + self.detail


MISSING, ELSE = Word("thiếu", "missing"), Word("khác", "different")
MISSING_RIGHT = Word("phía dân cư không ghi", "not recorded on the right side")
SAME = Word("trùng", "same")
ALL_ITEMS, SWAPPED = Word("chứa trọn danh sách kia", "one list within the other"), Word("hai trường đổi chỗ", "fields exchanged")
EDITS, SWAPS = Word("số lần sửa", "edits"), Word("số lần sửa, đổi chỗ", "edits and exchanges")
DIFFERENCE, SHARE = Word("chênh lệch", "difference"), Word("chênh lệch tương đối", "relative difference")
ITEMS, COSINE = Word("số mục chung", "items in common"), Word("độ giống cosin", "cosine similarity")
DAYS, MONTHS, YEARS = (
    Word("số ngày cách nhau", "days apart"),
    Word("số tháng cách nhau", "months apart"),
    Word("số năm cách nhau", "years apart"),
)
KILOMETRES = Word("số km cách nhau", "km apart")
NUMBERED = (EDITS, SWAPS, DIFFERENCE, SHARE, ITEMS, COSINE, DAYS, MONTHS, YEARS, KILOMETRES)
"""Of levels that a number tells apart, as `edits ≤ 2`."""


def null_level(*columns: str) -> AgreementLevel:
    """A value is missing on either side."""
    return AgreementLevel(" OR ".join(f"{one}_l IS NULL OR {one}_r IS NULL" for one in columns), MISSING, is_null=True)


def else_level() -> AgreementLevel:
    """Whatever is left."""
    return AgreementLevel("ELSE", ELSE)


def vietnamese_name(columns: FieldColumns) -> list[AgreementLevel]:
    """Tone key, hỏi/ngã, fold, sound or variant, middle dropped, order, abbreviation, Jaro-Winkler (once), given name, else."""
    f = columns.field
    frequency = f"{f}_tone" if columns.frequency else None
    same_given = f"{f}_given_fold_l = {f}_given_fold_r"
    hoi_nga = f"{f}_fold_l = {f}_fold_r AND replace({f}_tone_l, '4', '3') = replace({f}_tone_r, '4', '3')"
    same_surname = f"{f}_surname_fold_l = {f}_surname_fold_r"
    return [
        null_level(f"{f}_fold"),
        AgreementLevel(f"{f}_tone_l = {f}_tone_r", Word("trùng cả chữ và dấu", "same letters and tones"), frequency),
        AgreementLevel(hoi_nga, Word("chỉ lẫn hỏi/ngã", "same but hỏi/ngã"), frequency),
        AgreementLevel(f"{f}_fold_l = {f}_fold_r", Word("trùng khi bỏ dấu", "same without diacritics"), frequency),
        AgreementLevel(
            f"{f}_variant_l = {f}_variant_r OR {f}_sound_l = {f}_sound_r",
            Word("đồng âm hoặc biến thể chính tả", "sounds the same or legal variant"),
            frequency,
        ),
        AgreementLevel(
            f"{same_given} AND {same_surname} AND {_within(f'{f}_middle_fold')}",
            Word("thêm, bớt tên đệm", "middle name dropped or added"),
        ),
        AgreementLevel(f"{f}_sorted_l = {f}_sorted_r", Word("cùng âm tiết, khác thứ tự", "same words in another order")),
        AgreementLevel(_abbreviated(f), Word("viết tắt tên hoặc họ", "given name or surname abbreviated")),
        *(_few_letters_off(f"{f}_fold", threshold) for threshold in columns.similarities or (0.92,)),
        AgreementLevel(same_given, Word("trùng tên gọi", "same given name")),
        else_level(),
    ]


def given_name(columns: FieldColumns) -> list[AgreementLevel]:
    """The given name alone: tone key, fold key, sound key, else."""
    f = columns.field
    frequency = f"{f}_given_tone" if columns.frequency else None
    return [
        null_level(f"{f}_given_fold"),
        AgreementLevel(f"{f}_given_tone_l = {f}_given_tone_r", Word("trùng cả chữ và dấu", "same letters and tones"), frequency),
        AgreementLevel(f"{f}_given_fold_l = {f}_given_fold_r", Word("trùng khi bỏ dấu", "same without diacritics"), frequency),
        AgreementLevel(f"{f}_given_sound_l = {f}_given_sound_r", Word("đồng âm theo vùng", "sounds the same"), frequency),
        else_level(),
    ]


def partial_date(columns: FieldColumns) -> list[AgreementLevel]:
    """By the coarser precision of the two sides, with the errors that registers are known for."""
    f = columns.field
    year, month = (f"{f}_{part}_l = {f}_{part}_r" for part in ("year", "month"))
    lunar = f"abs({f}_lunar_as_solar_l - {f}_r) <= 1 OR abs({f}_l - {f}_lunar_as_solar_r) <= 1"
    less_than_month = f"{f}_month_l IS NULL OR {f}_month_r IS NULL"
    less_than_day = f"{f}_day_l IS NULL OR {f}_day_r IS NULL"
    swapped = f"{year} AND {f}_month_l = {f}_day_r AND {f}_day_l = {f}_month_r AND {f}_digits_l <> {f}_digits_r"
    placeholder = " OR ".join(f"({f}_month_{side} = 1 AND {f}_day_{side} = 1)" for side in "lr")
    return [
        null_level(f"{f}_year"),
        AgreementLevel(f"{f}_l = {f}_r", Word("trùng ngày", "same date")),
        AgreementLevel(
            f"{f}_repaired_l = {f}_r OR {f}_l = {f}_repaired_r",
            Word("ngày không có thật, sửa theo quy tắc", "impossible date, repaired as the rule says"),
        ),
        AgreementLevel(
            f"{year} AND ({less_than_month})", Word("trùng năm, một bên thiếu tháng", "same year, no month on one side")
        ),
        AgreementLevel(
            f"{year} AND {month} AND ({less_than_day})",
            Word("trùng tháng năm, một bên thiếu ngày", "same month, no day on one side"),
        ),
        AgreementLevel(f"{year} AND ({placeholder})", Word("trùng năm, một bên ghi 01/01", "same year, 01/01 on one side")),
        AgreementLevel(swapped, Word("đảo ngày và tháng", "day and month swapped")),
        AgreementLevel(f"hamming({f}_digits_l, {f}_digits_r) = 1", Word("khác một chữ số", "one digit differs")),
        AgreementLevel(lunar, Word("một bên ghi âm lịch", "one side is the lunar date")),
        AgreementLevel(f"{year} AND {month}", Word("trùng tháng và năm", "same month and year")),
        AgreementLevel(
            f"{f}_day_month_l = {f}_day_month_r", Word("trùng ngày và tháng, khác năm", "same day and month, another year")
        ),
        AgreementLevel(f"abs({f}_year_l - {f}_year_r) <= 1", Word("lệch không quá một năm", "within a year")),
        else_level(),
    ]


def birth_year(columns: FieldColumns) -> list[AgreementLevel]:
    """A year alone: equal, one off, within three, one digit, else."""
    f = columns.year
    return [
        null_level(f),
        AgreementLevel(f"{f}_l = {f}_r", Word("trùng năm", "same year")),
        AgreementLevel(f"abs({f}_l - {f}_r) = 1", Word("lệch một năm", "one year off")),
        AgreementLevel(f"abs({f}_l - {f}_r) <= 3", Word("lệch hai, ba năm", "two or three years off")),
        AgreementLevel(_one_digit(f"{f}_l", f"{f}_r"), Word("khác một chữ số", "one digit differs")),
        else_level(),
    ]


def identifier(columns: FieldColumns) -> list[AgreementLevel]:
    """Equal, one edit (or two neighbours exchanged), else."""
    f = columns.field
    return [
        null_level(f),
        AgreementLevel(f"{f}_l = {f}_r", SAME),
        AgreementLevel(
            f"length({f}_l) > 5 AND damerau_levenshtein({f}_l, {f}_r) <= 1", Word("khác một ký tự", "one character off")
        ),
        else_level(),
    ]


def category(columns: FieldColumns) -> list[AgreementLevel]:
    """Equal or not."""
    key = columns.key
    return [null_level(key), AgreementLevel(f"{key}_l = {key}_r", SAME, key if columns.frequency else None), else_level()]


def number(columns: FieldColumns) -> list[AgreementLevel]:
    """Equal, within one, within ten per cent, else."""
    f = columns.field
    return [
        null_level(f),
        AgreementLevel(f"{f}_l = {f}_r", SAME),
        AgreementLevel(f"abs({f}_l - {f}_r) <= 1", Word("lệch không quá một", "within one")),
        AgreementLevel(
            f"abs({f}_l - {f}_r) <= 0.1 * greatest(abs({f}_l), abs({f}_r))",
            Word("lệch không quá mười phần trăm", "within ten per cent"),
        ),
        else_level(),
    ]


def unit_through_time(columns: FieldColumns) -> list[AgreementLevel]:
    """Administrative units whatever their vintage: commune, overlapping successors, old district, old and present province."""
    f = columns.field
    return [
        null_level(f"{f}_provinces"),
        AgreementLevel(f"{f}_unit_l = {f}_unit_r AND {f}_level_l = 'commune'", Word("cùng xã", "same commune")),
        AgreementLevel(f"list_has_any({f}_communes_l, {f}_communes_r)", Word("đơn vị kế thừa giao nhau", "successors overlap")),
        AgreementLevel(f"list_has_any({f}_districts_l, {f}_districts_r)", Word("cùng huyện cũ", "same former district")),
        AgreementLevel(f"list_has_any({f}_provinces_old_l, {f}_provinces_old_r)", Word("cùng tỉnh cũ", "same former province")),
        AgreementLevel(f"list_has_any({f}_provinces_l, {f}_provinces_r)", Word("cùng tỉnh hiện nay", "same present province")),
        else_level(),
    ]


def text(columns: FieldColumns) -> list[AgreementLevel]:
    """Equal, Jaro-Winkler, sounds the same in English, Jaro-Winkler from further off, else: Splink's comparison of names."""
    f, key = columns.field, columns.key
    close = [one for one in columns.similarities or (0.92, 0.88, 0.7) if one >= 0.88]
    far = [one for one in columns.similarities or (0.92, 0.88, 0.7) if one < 0.88]
    return [
        null_level(key),
        AgreementLevel(f"{key}_l = {key}_r", SAME, key if columns.frequency else None),
        *(jaro_winkler(key, threshold) for threshold in close),
        AgreementLevel(f"{f}_sound_l = {f}_sound_r", Word("đồng âm tiếng Anh", "sounds the same in English")),
        *(jaro_winkler(key, threshold) for threshold in far),
        else_level(),
    ]


def forename_surname(columns: FieldColumns) -> list[AgreementLevel]:
    """Two fields at once: both equal, exchanged, both close, the second equal, the first equal, else; missing where both are."""
    one, other = columns.key, columns.other
    same = [f"{key}_l = {key}_r" for key in (one, other)]
    near = [[jaro_winkler(key, threshold) for key in (one, other)] for threshold in columns.similarities or (0.92, 0.88)]
    return [
        AgreementLevel(
            f"({one}_l IS NULL OR {one}_r IS NULL) AND ({other}_l IS NULL OR {other}_r IS NULL)", MISSING, is_null=True
        ),
        AgreementLevel(" AND ".join(same), Word("trùng cả hai trường", "both fields the same")),
        AgreementLevel(exchanged(one, other), SWAPPED),
        *(
            AgreementLevel(
                f"{a.condition} AND {b.condition}", Word("cả hai trường gần giống", "both fields close"), detail=b.detail
            )
            for a, b in near
        ),
        AgreementLevel(same[1], Word("trùng trường thứ hai", "second field the same"), other if columns.frequency else None),
        AgreementLevel(same[0], Word("trùng trường thứ nhất", "first field the same"), one if columns.frequency else None),
        else_level(),
    ]


def email(columns: FieldColumns) -> list[AgreementLevel]:
    """Equal, the same before the @, close, close before the @, else."""
    f = columns.field
    before = Word("phần trước @ gần giống", "close before the @")
    return [
        null_level(f),
        AgreementLevel(f"{f}_l = {f}_r", SAME, f if columns.frequency else None),
        AgreementLevel(f"{f}_user_l = {f}_user_r", Word("trùng phần trước @", "same before the @")),
        jaro_winkler(f, 0.88),
        AgreementLevel(jaro_winkler(f"{f}_user", 0.88).condition, before, detail=" (Jaro-Winkler ≥ 0.88)"),
        else_level(),
    ]


def phone(columns: FieldColumns) -> list[AgreementLevel]:
    """Equal, one digit off (or two neighbours exchanged), the same six digits at the end, else."""
    f = columns.field
    return [
        null_level(f),
        AgreementLevel(f"{f}_l = {f}_r", SAME),
        AgreementLevel(f"damerau_levenshtein({f}_l, {f}_r) <= 1", Word("khác một chữ số", "one digit differs")),
        AgreementLevel(f"{f}_end_l = {f}_end_r", Word("trùng sáu số cuối", "same last six digits")),
        else_level(),
    ]


def postcode(columns: FieldColumns) -> list[AgreementLevel]:
    """Equal, the same sector, district, area, else."""
    f = columns.field
    words = {
        "sector": Word("cùng khu", "same sector"),
        "district": Word("cùng vùng", "same district"),
        "area": Word("cùng miền", "same area"),
    }
    return [
        null_level(f),
        AgreementLevel(f"{f}_l = {f}_r", SAME),
        *(AgreementLevel(f"{f}_{part}_l = {f}_{part}_r", word) for part, word in words.items()),
        else_level(),
    ]


def distance_km(columns: FieldColumns) -> list[AgreementLevel]:
    """Latitude and longitude, in degrees: within 1, 10, 100 km, else."""
    within = (within_km(columns.key, columns.other, kilometres) for kilometres in (1, 10, 100))
    return [null_level(columns.key, columns.other), *within, else_level()]


def array(columns: FieldColumns) -> list[AgreementLevel]:
    """Lists: equal, one within the other, two items in common and more, one, else."""
    f = columns.field
    return [
        null_level(f),
        AgreementLevel(f"{f}_l = {f}_r", SAME),
        AgreementLevel(subset(f), ALL_ITEMS),
        *(AgreementLevel(overlap(f, items), ITEMS, detail=f" ≥ {items}") for items in (2, 1)),
        else_level(),
    ]


BUILDERS: dict[str, Callable[[FieldColumns], list[AgreementLevel]]] = {
    "vietnamese_name": vietnamese_name,
    "given_name": given_name,
    "partial_date": partial_date,
    "birth_year": birth_year,
    "unit_through_time": unit_through_time,
    "identifier": identifier,
    "category": category,
    "sex": category,
    "number": number,
    "text": text,
    "forename_surname": forename_surname,
    "email": email,
    "phone": phone,
    "postcode": postcode,
    "distance_km": distance_km,
    "array": array,
}
"""What `use` may say → its levels: the one place where a comparison of the library is entered."""


TWO_FIELDS = ("forename_surname", "distance_km")
"""Those that compare a second field, `with`, too."""


def jaro_winkler(key: str, threshold: float) -> AgreementLevel:
    """Jaro-Winkler similarity of a key, at least so much."""
    condition = f"jaro_winkler_similarity({key}_l, {key}_r) >= {threshold}"
    return AgreementLevel(condition, Word("gần giống", "close"), detail=f" (Jaro-Winkler ≥ {threshold})")


def exchanged(one: str, other: str) -> str:
    """SQL: each of two keys is what the other is on the other side."""
    return f"{one}_l = {other}_r AND {other}_l = {one}_r"


def within_km(latitude: str, longitude: str, kilometres: float) -> AgreementLevel:
    """Two places at most so far apart, on a sphere (haversine)."""
    rise = f"pow(sin(radians({latitude}_r - {latitude}_l) / 2), 2)"
    turn = f"cos(radians({latitude}_l)) * cos(radians({latitude}_r)) * pow(sin(radians({longitude}_r - {longitude}_l) / 2), 2)"
    return AgreementLevel(f"12742 * asin(sqrt(least(1, {rise} + {turn}))) <= {kilometres}", KILOMETRES, detail=f" ≤ {kilometres}")


def overlap(key: str, items: int) -> str:
    """SQL: two lists have so many items in common."""
    return f"len(list_intersect({key}_l, {key}_r)) >= {items}"


def subset(key: str) -> str:
    """SQL: all items of the shorter list are in the longer."""
    return f"len(list_intersect({key}_l, {key}_r)) = least(len({key}_l), len({key}_r))"


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


def _few_letters_off(key: str, threshold: float) -> AgreementLevel:
    """Lengths first, then Jaro-Winkler, for edits cost ten times as much; they keep out long names that share most letters."""
    length = f"abs(length({key}_l) - length({key}_r)) <= 2"
    similar = f"jaro_winkler_similarity({key}_l, {key}_r) >= {threshold}"
    edits = f"levenshtein({key}_l, {key}_r) <= 2"
    return AgreementLevel(
        f"{length} AND {similar} AND {edits}",
        Word("khác một, hai chữ cái", "one or two letters off"),
        detail=f" (Jaro-Winkler ≥ {threshold})",
    )


def _one_digit(left: str, right: str) -> str:
    """One decimal digit of two four-digit numbers differs: all but one of the digit positions agree."""
    places = [10**place for place in range(4)]
    return "(" + " OR ".join(f"({left} // {p * 10} = {right} // {p * 10} AND {left} % {p} = {right} % {p})" for p in places) + ")"


@cache
def _words() -> dict[str, str]:
    """English word of a level → Vietnamese, of every level of the library and those a project file may ask for."""
    levels = (level for build in BUILDERS.values() for level in build(FieldColumns("f", "f", "f", "g")))
    return {word.en: word.vi for word in (*(level.word for level in levels), MISSING_RIGHT, ALL_ITEMS, SWAPPED, *NUMBERED)}


def level_word(label: str, language: Language) -> str:
    """The label of a comparison level; one that is none of ours as it was written.

    >>> level_word("same given name (Jaro-Winkler ≥ 0.9)", "vi"), level_word("edits ≤ 2", "vi")
    ('trùng tên gọi (Jaro-Winkler ≥ 0,9)', 'số lần sửa ≤ 2')
    """
    if language == "en":
        return label
    if found := re.fullmatch(r"(.+?) \((.+ ≥ [\d.]+)\)", label):
        return f"{level_word(found[1], language)} ({found[2].replace('.', ',')})"
    if found := re.fullmatch(r"(.+) ([≤≥]) ([\d.]+)", label):
        return f"{_words().get(found[1], found[1])} {found[2]} {found[3].replace('.', ',')}"
    return _words().get(label, label)

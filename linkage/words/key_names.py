"""The keys standardisation makes of a field (`full_name_fold`), and blocking rules made of them."""

from __future__ import annotations

from linkage.words.fields import as_written, field_word, is_field
from linkage.words.language import Language, Word

KEYS: dict[str, Word] = {
    "fold": Word("không dấu", "without diacritics"),
    "tone": Word("có dấu", "with tones"),
    "sound": Word("theo âm", "by sound"),
    "variant": Word("biến thể chính tả", "spelling variants"),
    "sorted": Word("xếp âm tiết", "sorted syllables"),
    "surname_fold": Word("họ, không dấu", "surname"),
    "given_fold": Word("tên, không dấu", "given name"),
    "given_tone": Word("tên, có dấu", "given name with tones"),
    "given_sound": Word("tên, theo âm", "given name by sound"),
    "middle_fold": Word("đệm, không dấu", "middle name"),
    "year": Word("năm", "year"),
    "month": Word("tháng", "month"),
    "day": Word("ngày", "day"),
    "day_month": Word("ngày và tháng", "day and month"),
    "digits": Word("đủ chữ số", "digits"),
    "commune": Word("xã", "commune"),
    "province": Word("tỉnh", "province"),
    "unit": Word("đơn vị", "unit"),
    "user": Word("phần trước @", "before the @"),
    "domain": Word("tên miền", "domain"),
    "end": Word("sáu số cuối", "last six digits"),
    "sector": Word("khu", "sector"),
    "district": Word("vùng", "district"),
    "area": Word("miền", "area"),
}


def key_word(column: str, language: Language) -> str:
    """A standardised column: its field and, in brackets, which key of it.

    >>> key_word("full_name_given_sound", "vi"), key_word("birth_date", "en")
    ('Họ và tên (tên, theo âm)', 'Date of birth')
    """
    column = as_written(column)
    if is_field(column):
        return field_word(column, language)
    for suffix in sorted(KEYS, key=len, reverse=True):
        stem = column.removesuffix(f"_{suffix}")
        if stem not in (column, ""):
            return f"{field_word(stem, language)} ({KEYS[suffix](language)})"
    return column


def rule_word(rule: str, language: Language) -> str:
    """A blocking rule as its keys."""
    return " + ".join(key_word(key, language) for key in rule.split(" + "))

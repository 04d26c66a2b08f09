"""What mentions are grouped by, and the groups. The names of breakdowns begin with a capital letter."""

from __future__ import annotations

from linkage.words.language import Language, Word

BREAKDOWNS: dict[str, Word] = {
    "sex": Word("Giới tính", "Sex"),
    "cohort": Word("Thế hệ (thập niên sinh)", "Birth cohort (decade)"),
    "ethnicity": Word("Dân tộc", "Ethnic group"),
    "province": Word("Tỉnh, thành phố hiện nay", "Present province"),
    "area": Word("Nơi đăng ký", "Registering office"),
    "lateness": Word("Thời hạn đăng ký", "Timeliness of registration"),
    "name_frequency": Word("Mức phổ biến của họ tên", "How common the full name is"),
    "period": Word("Giai đoạn lập sổ", "Period of the book"),
    "registration_decade": Word("Thập niên đăng ký", "Decade of registration"),
    "completeness": Word("Số trường so sánh bị trống", "Compared fields left empty"),
    "error_class": Word("Sai sót thấy được trong hồ sơ", "Errors visible in the entry"),
}

COLUMNS = {
    "sex": "sex",
    "ethnicity": "ethnicity",
    "birth_date_year": "cohort",
    "birth_year": "cohort",
    "registration_date_year": "registration_decade",
    "error_class": "error_class",
}
"""Columns of the mentions and the breakdown each makes; those ending in `_province` are places."""

SEXES: dict[str, Word] = {"male": Word("Nam", "Male"), "female": Word("Nữ", "Female")}

ERROR_CLASSES: dict[str, Word] = {
    "none_seen": Word("không thấy sai sót", "none seen"),
    "empty_field": Word("có trường bị trống", "a field is empty"),
    "incomplete_date": Word("ngày không đầy đủ", "a date without its day"),
    "doubtful_value": Word("có giá trị đáng ngờ", "a doubtful value"),
    "several": Word("nhiều loại cùng lúc", "several of these"),
}

OTHER = Word("Khác", "Other")
TOO_FEW = Word("quá ít nhãn", "too few labels")


def breakdown_word(column: str, language: Language) -> str:
    """What a column of the mentions divides by; a column of a user's own as it was written."""
    name = "province" if column.endswith("_province") else COLUMNS.get(column)
    return BREAKDOWNS[name](language) if name else column

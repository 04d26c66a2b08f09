"""What reviewers say of a pair or of a search, why, and how a label came about; inside a sentence."""

from __future__ import annotations

from linkage.words.language import Word

VERDICTS: dict[str, Word] = {
    "match": Word("cùng một người", "same person"),
    "non_match": Word("hai người khác nhau", "different persons"),
    "unsure": Word("không xác định được", "cannot tell"),
}

SEARCH_VERDICTS: dict[str, Word] = {
    "match": Word("đúng người đã chọn", "the person picked"),
    "non_match": Word("không có trong CSDL dân cư", "not in the database"),
    "unsure": VERDICTS["unsure"],
}
"""What is said of a mention for which the population was searched."""

VERDICT_REASONS: dict[str, Word] = {
    "": Word("— không nêu —", "— none given —"),
    "twins": Word("sinh đôi / anh chị em", "twins / siblings"),
    "name_changed": Word("đã đổi tên", "name changed"),
    "date_missing": Word("thiếu ngày sinh", "date missing"),
    "illegible": Word("không đọc được", "illegible"),
    "other": Word("lý do khác", "other"),
}

LABEL_SOURCES: dict[str, Word] = {
    "agreement": Word("đồng thuận", "agreement"),
    "adjudicated": Word("phân xử", "adjudicated"),
    "single": Word("một người", "single"),
    "anchor": Word("cặp đã biết", "anchor"),
}

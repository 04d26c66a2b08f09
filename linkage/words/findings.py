"""What a reconciliation comes to, and how two values of a field differ: the words of our own findings and classes.

An office's `outcomes.yaml` may give an outcome or a class another label; a key that stands here needs none there.
"""

from __future__ import annotations

from linkage.words.language import Language, Word

FINDINGS: dict[str, Word] = {
    "matched_fully": Word("Khớp hoàn toàn", "Match, all fields equal"),
    "other_spelling": Word("Khớp, khác cách viết", "Match, other spelling"),
    "missing_left": Word("Khớp, thiếu thông tin phía hộ tịch", "Match, register lacks information"),
    "missing_right": Word("Khớp, thiếu thông tin phía dân cư", "Match, population lacks information"),
    "differs_other": Word("Khớp người, sai khác trường không định danh", "Match, other fields differ"),
    "differs_identifying": Word("Khớp người, sai khác trường định danh", "Match, identifying fields differ"),
    "differs_number": Word("Khớp người, sai khác liên quan cấu trúc số định danh", "Match, fields carried by the number differ"),
    "number_other_person": Word("Trùng số định danh nhưng khác người", "Same number, other person"),
    "several_candidates": Word("Nhiều ứng viên trong CSDLQGVDC", "Several candidates in the population database"),
    "duplicate_entries": Word(
        "Nghi trùng trong dữ liệu hộ tịch (không phải đăng ký lại)", "Possible duplicate entries (no re-registration)"
    ),
    "twins": Word("Nghi sinh đôi/sinh ba", "Possible twins or triplets"),
    "re_registered": Word("Nghi trùng trong dữ liệu hộ tịch do đăng ký lại", "Possible re-registration"),
    "not_found": Word("Không tìm thấy trong CSDLQGVDC", "Not found in the population database"),
    "not_in_book": Word(
        "Có trong CSDLQGVDC, không thấy trong sổ của nơi đăng ký khai báo",
        "In the population database, not in the book of the declared office",
    ),
    "outside_books": Word(
        "Có trong CSDLQGVDC, ngoài phạm vi các sổ được đối chiếu", "In the population database, outside these books"
    ),
    "registered_twice": Word(
        "Nghi một người có hai hồ sơ trong CSDLQGVDC", "Possibly registered twice in the population database"
    ),
    "not_comparable": Word("Không đủ thông tin để đối chiếu", "Not comparable"),
    "illegible": Word("Không đọc được, sổ hỏng", "Illegible, book damaged"),
    "awaiting_review": Word("Cần rà soát thủ công", "Awaiting review"),
    "no_duplicate": Word("Không thấy bản ghi trùng trong cùng sổ", "No duplicate found in the register"),
}

DIFFERENCES: dict[str, Word] = {
    "missing_left": Word("Thiếu phía hộ tịch", "Missing in the register"),
    "missing_right": Word("Thiếu phía dân cư", "Missing in the population database"),
    "precision": Word("Khác mức độ chi tiết", "Level of detail"),
    "spelling": Word("Khác cách viết", "Spelling"),
    "diacritics": Word("Khác dấu", "Diacritics"),
    "one_letter": Word("Khác một chữ cái hoặc chữ số", "One letter or digit"),
    "name_part": Word("Thiếu, thừa hoặc khác một phần tên", "Part of the name"),
    "swapped_date": Word("Đảo ngày và tháng", "Day and month swapped"),
    "date_rule": Word("Ngày được quy đổi", "Date converted by a rule"),
    "place_renamed": Word("Địa danh đổi do sắp xếp đơn vị hành chính", "Place renamed"),
    "real": Word("Khác thực sự", "Real difference"),
}


def finding_word(finding: str, language: Language) -> str:
    """The words of a finding; one that is none of ours as it was written."""
    return FINDINGS[finding](language) if finding in FINDINGS else finding

"""Why a row of a source is set aside or marked: the reasons of the quarantine."""

from __future__ import annotations

from linkage.words.language import Language, Word

SET_ASIDE: dict[str, Word] = {
    "unreadable_text": Word("Có ký tự không đọc được trong bảng mã của tệp", "Characters that the file's encoding cannot hold"),
    "formula_without_value": Word("Ô công thức chưa được tính", "A formula that was never calculated"),
    "error_cell": Word("Ô báo lỗi của Excel (#N/A, #REF! …)", "An error value of Excel (#N/A, #REF! …)"),
    "merged_cells": Word("Ô gộp qua nhiều cột", "Cells merged over several columns"),
    "unclosed_quote": Word("Dấu ngoặc kép không đóng", "A quotation mark that is not closed"),
    "ragged_row": Word("Số cột của dòng khác với dòng tiêu đề", "More or fewer columns than the heading"),
    "total_row": Word("Dòng cộng, không phải hồ sơ", "A total row, no entry"),
    "signature_row": Word("Dòng ký tên, không phải hồ sơ", "A row of signatures, no entry"),
    "not_json": Word("Dòng không phải là một đối tượng JSON", "The line is no JSON object"),
    "missing_record_id": Word("Thiếu mã hồ sơ", "No record id"),
    "duplicate_record_id": Word("Trùng mã hồ sơ", "Duplicate record id"),
    "role_absent": Word("Hồ sơ không ghi người này", "The entry does not name this person"),
    "required_missing": Word("Thiếu trường bắt buộc", "A required field is missing"),
    "duplicate_key": Word("Trùng nơi đăng ký, quyển số, số và năm", "Same office, book, number and year as another entry"),
    "number_restart": Word(
        "Số đầu năm không phải là 01, hoặc số được dùng lại trong quyển sau cùng năm",
        "The year does not begin with number 01, or a number is used again in a later book of the year",
    ),
    "number_gap": Word("Nhảy số trong năm", "A number of the year is missing"),
    "number_year": Word("Năm trong số khác năm đăng ký", "The number's year is not the year of registration"),
    "registered_before_event": Word("Ngày đăng ký trước ngày xảy ra sự kiện", "Registered before the event"),
    "death_before_birth": Word("Ngày chết trước ngày sinh", "Death before birth"),
    "parent_age": Word("Tuổi của cha, mẹ khi sinh con không hợp lý", "Impossible age of a parent at the birth"),
    "same_number": Word("Một số định danh ghi cho hai người", "One personal number for two persons"),
    "sex_digit": Word(
        "Giới tính khác với chữ số giới tính trong số định danh", "The sex is not the one the personal number tells"
    ),
}


NULL_WORD = Word("từ do phần mềm ghi thay cho giá trị trống", "a null word of an export (NULL, #N/A, NaN …), taken as empty")
"""What is said of a value that a program wrote for one that is not there."""


def set_aside_word(reasons: str, language: Language) -> str:
    """The reasons of a row, as the quarantine joins them (`, ` between); one that is none of ours as it was written."""
    codes = dict.fromkeys(reasons.split(", "))
    return "; ".join(SET_ASIDE[code](language) if code in SET_ASIDE else code for code in codes)

"""What is said of the offices' work: why a returned row is refused, a number withheld, a book's figures contradictory."""

from __future__ import annotations

from linkage.words.language import Word

REFUSALS: dict[str, Word] = {
    "not_a_workbook": Word("Không mở được tệp, hoặc không phải tệp Excel", "Not an .xlsx file, or it cannot be opened"),
    "no_worklist": Word("Tệp không có danh sách nào của đợt đối chiếu này", "No worklist of this run in the file"),
    "unknown_key": Word(
        "Khóa của dòng không có trong danh sách đã phát hành, hoặc đã bị sửa, xóa",
        "The row's key was never issued, or was changed or removed",
    ),
    "twice": Word("Bản ghi được trả lời hai lần khác nhau", "The record is answered twice, differently"),
    "locked_changed": Word("Ô khóa đã bị sửa", "A locked cell was changed"),
    "unknown_result": Word("Kết quả không có trong danh mục", "A result that is not on the list"),
    "no_result": Word("Có ngày, cán bộ hoặc ghi chú nhưng không có kết quả", "A date, an officer or a remark, but no result"),
    "no_date": Word("Thiếu ngày xác minh", "No date of verification"),
    "bad_date": Word("Ngày xác minh không đọc được", "The date of verification cannot be read"),
    "future_date": Word("Ngày xác minh ở tương lai", "The date of verification lies in the future"),
    "no_officer": Word("Thiếu tên cán bộ xác minh", "No name of the verifying officer"),
    "not_returned": Word("Dòng đã phát hành không có trong tệp trả về", "An issued row that was not returned"),
}
"""Why a row of a returned workbook is refused, or missed."""

WITHHELD: dict[str, Word] = {
    "registered_twice": Word("người này nghi có hai hồ sơ dân cư", "the person may be registered twice"),
    "not_settled": Word("kết quả đối chiếu chưa ngã ngũ", "the outcome is not settled"),
    "no_number": Word("người liên kết chưa có số", "the linked person has no number"),
    "claimed_twice": Word("nhiều bản ghi cùng nhận một người", "several entries claim the person"),
    "number_in_use": Word("số đã ghi ở bản ghi khác", "the number stands on another entry"),
    "twin_unreviewed": Word("sinh đôi, chưa rà soát", "a twin, not reviewed"),
    "runner_up_unreviewed": Word("ứng viên thứ hai quá gần, chưa rà soát", "runner-up too close, not reviewed"),
}
"""Why a personal number is not proposed."""

CONTRADICTIONS: dict[str, Word] = {
    "not_a_number": Word("Không phải số nguyên", "Not a whole number"),
    "negative": Word("Số âm", "Below zero"),
    "no_year": Word("Không có năm hợp lệ", "No valid year"),
    "no_pages": Word("Có trường hợp đăng ký nhưng không có số trang", "Entries, but no number of pages"),
    "digitised_more_than_counted": Word(
        "Đã số hóa nhiều hơn số trường hợp khi khóa sổ", "More digitised than counted when the book was closed"
    ),
    "loaded_more_than_digitised": Word("Đã nạp nhiều hơn đã số hóa", "More loaded than digitised"),
    "listed_twice": Word("Sổ bị kê hai lần", "The book is listed twice"),
    "book_of_another_year": Word("Năm ghi ở quyển số khác năm của sổ", "The year in the book's number is another"),
    "closed_before_its_year": Word("Ngày khóa sổ trước năm của sổ", "Closed before its year"),
    "total_differs": Word("Dòng cộng khác tổng các dòng", "The total is not the sum of the rows"),
}

HANDBACK_STATES: dict[str, Word] = {
    "both": Word("có ở cả hai bên, khớp nhau", "in both, no real difference"),
    "both_conflicting": Word("có ở cả hai bên, có sai khác", "in both, some field differs"),
    "only_here": Word("chỉ có ở bên này", "only in one's own register"),
    "only_there": Word("chỉ có ở bên bàn giao", "only in the handed-back register"),
    "key_of_another": Word("cùng số sổ nhưng là người khác", "same place in the book, another person"),
}

LOT_DECISIONS: dict[str, Word] = {
    "accept": Word("chấp nhận", "accept"),
    "reject": Word("không chấp nhận", "reject"),
    "sample_more": Word("nhập lại thêm", "key more"),
}

"""What commune officers read in the workbooks of this room only; labels of codes and acts are in configs/outcomes.yaml."""

from __future__ import annotations

from linkage.words import documents
from linkage.words.fields import FIELDS

WORKLIST_TITLE = "DANH SÁCH ĐỐI CHIẾU DỮ LIỆU HỘ TỊCH VỚI CSDLQGVDC"
WORKLIST_UNIT = "Đơn vị hành chính hiện nay: {commune}, {province}."
WORKLIST_OLD_UNITS = "Tên đơn vị ghi trong sổ: {old}."
WORKLIST_HOW = (
    "Chỉ điền vào các ô nền xanh (kết quả, ngày, cán bộ, ghi chú). Dữ liệu hộ tịch phải theo Sổ hộ tịch; không cải chính hộ tịch"
    " chỉ để khớp với dữ liệu dân cư. Ô gạch chân, nền vàng là chỗ hai bên khác nhau."
)
GUIDE_SHEET = "Hướng dẫn"
LISTS_SHEET = "Danh mục"
RESULTS = "Kết quả xác minh"
GUIDE_COLUMNS = ("Mã", documents.OUTCOME.vi, "Số bản ghi", "Ai xác minh", "Việc đề xuất")
NUMBER = "STT"
RECORD_ID = FIELDS["record_id"].vi
BOOK, ENTRY, PAGE, REGISTERED = (FIELDS[name].vi for name in ("book_number", "entry_number", "page_number", "registration_date"))
OLD_UNIT = f"{FIELDS['registering_office'].vi} (ghi trong sổ)"
CIVIL, POPULATION = "{field} - hộ tịch", "{field} - dân cư"
OTHER_DIFFERENCES = "Sai khác ở các trường khác (hộ tịch | dân cư)"
RELATED = "Bản ghi, ứng viên liên quan"
COUNTERPART = "Mã công dân đối chiếu"
ACT = "Việc cần làm"
RESULT, DONE_ON, OFFICER, REMARK = "Kết quả", "Ngày xác minh", "Cán bộ xác minh", documents.REMARK.vi
KEY = "Khóa"
NO_COMMUNE, NO_PROVINCE = "Chưa xác định được xã", "Chưa xác định được tỉnh"

REFUSALS = {
    "not_a_workbook": "Không mở được tệp, hoặc không phải tệp .xlsx",
    "no_worklist": "Tệp không có danh sách nào của đợt đối chiếu này",
    "unknown_key": "Khóa của dòng không có trong danh sách đã phát hành, hoặc đã bị sửa, xóa",
    "twice": "Bản ghi được trả lời hai lần khác nhau",
    "locked_changed": "Ô khóa đã bị sửa",
    "unknown_result": "Kết quả không có trong danh mục",
    "no_result": "Có ngày, cán bộ hoặc ghi chú nhưng không có kết quả",
    "no_date": "Thiếu ngày xác minh",
    "bad_date": "Ngày xác minh không đọc được",
    "future_date": "Ngày xác minh ở tương lai",
    "no_officer": "Thiếu tên cán bộ xác minh",
    "not_returned": "Dòng đã phát hành không có trong tệp trả về",
}
"""Why a row of a returned workbook is refused, or missed."""

REFUSED_SHEET = "Không nhận được"
REFUSED_TITLE = "CÁC DÒNG KHÔNG NHẬN ĐƯỢC"
REFUSED_COLUMNS = ("Tệp", "Trang tính", "Dòng", RECORD_ID, documents.REASON.vi)


PROPOSALS_TITLE = "ĐỀ XUẤT SỐ ĐỊNH DANH CÁ NHÂN CHO BẢN GHI HỘ TỊCH"
PROPOSALS_NOTE = "Đề xuất để xác minh; không phải căn cứ xác định danh tính của một người."
PROPOSED_NUMBER = "Số định danh đề xuất"
EVIDENCE = "Căn cứ"
EVIDENCE_OF = "Trọng số liên kết %s; hơn ứng viên kế tiếp %s; tỷ lệ sai dự kiến theo mô hình %s%%"
PREFILL_DISAGREE = " (các nguồn ghi khác nhau)"
POPULATION_NAME = "CSDLQGVDC"
PREFILL_SHEET, SOURCES_SHEET = "Điền sẵn", "Nguồn"

SUMMARY_TITLE = "TỔNG HỢP KẾT QUẢ ĐỐI CHIẾU"
SUMMARY_SHEETS = ("Theo kết quả", "Theo tỉnh", "Theo xã", "Theo sổ và giai đoạn")
SUMMARY_OF = {
    "finding": documents.OUTCOME.vi,
    "province": "Tỉnh",
    "commune": "Xã",
    "role": "Người được đối chiếu",
    "period": documents.PERIOD.vi,
}
SUMMARY_COUNTS = ("Số bản ghi", "Phải xử lý", "Đã trả lời")
TOTAL = documents.TOTAL.vi

BOOKS_ID, BOOKS_UNIT_CODE, BOOKS_UNIT, BOOKS_REGISTER, BOOKS_YEAR, BOOKS_BOOK = (
    "Mã sổ", "Mã đơn vị", "Đơn vị", "Loại sổ", "Năm", BOOK,
)  # fmt: skip
BOOKS_CONDITION, BOOKS_PAGES, BOOKS_ENTRIES, BOOKS_DIGITISED, BOOKS_LOADED, BOOKS_CLOSED = (
    "Tình trạng", "Số trang", "Số trường hợp khi khóa sổ", "Đã số hóa", "Đã nạp", "Ngày khóa sổ",
)  # fmt: skip
INVENTORY_TITLE = "THỐNG KÊ SỔ HỘ TỊCH"
INVENTORY_SHEETS = ("Thống kê", "Mâu thuẫn")
INVENTORY_COLUMNS = ("Đơn vị", "Loại sổ", documents.PERIOD.vi, "Số sổ", "Số trường hợp", "Đã số hóa", "Đã nạp", "Còn lại")
CONTRADICTION_COLUMNS = ("Dòng", "Sổ", "Mâu thuẫn", "Chi tiết")
CONTRADICTIONS = {
    "not_a_number": "Không phải số nguyên",
    "negative": "Số âm",
    "no_year": "Không có năm hợp lệ",
    "no_pages": "Có trường hợp đăng ký nhưng không có số trang",
    "digitised_more_than_counted": "Đã số hóa nhiều hơn số trường hợp khi khóa sổ",
    "loaded_more_than_digitised": "Đã nạp nhiều hơn đã số hóa",
    "listed_twice": "Sổ bị kê hai lần",
    "book_of_another_year": "Năm ghi ở quyển số khác năm của sổ",
    "closed_before_its_year": "Ngày khóa sổ trước năm của sổ",
    "total_differs": "Dòng cộng khác tổng các dòng",
}

LOT, OPERATOR = "Lô", "Người nhập liệu"

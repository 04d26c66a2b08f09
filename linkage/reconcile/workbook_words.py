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
LOT, OPERATOR = "Lô", "Người nhập liệu"

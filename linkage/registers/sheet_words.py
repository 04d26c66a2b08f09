"""What only this room prints: the sheet that explains a template, and the page of a profile, in Vietnamese."""

EXPLANATION_SHEET = "Giải thích"
EXPLANATION_HEADERS = ("Tiêu đề cột", "Tên trường", "Tên trong mẫu số hóa", "Kiểu dữ liệu", "Bắt buộc", "Cách ghi")
YES = "Có"

HOW_TO_WRITE = {
    "person_name": "Họ, chữ đệm, tên; đủ dấu, phông Unicode.",
    "date": "ngày/tháng/năm (15/08/1998); chỉ biết tháng: 08/1998; chỉ biết năm: 1998.",
    "year": "Bốn chữ số.",
    "place": "Xã, huyện, tỉnh theo tên ghi trong sổ.",
    "sex": "Nam hoặc Nữ.",
    "ethnicity": "Tên dân tộc, ví dụ: Kinh, Tày, Mông.",
    "nationality": "Tên nước, ví dụ: Việt Nam.",
    "personal_number": "12 chữ số, định dạng văn bản để giữ số 0 ở đầu.",
    "identifier": "Ghi như trong sổ, định dạng văn bản để giữ số 0 ở đầu.",
    "category": "Ghi như trong sổ.",
    "text": "Ghi như trong sổ.",
    "number": "Số.",
}

PROFILE_TITLE = "Hồ sơ dữ liệu: {title} ({rows} dòng)"
PROFILE_HEADERS = ("Trường", "Tiêu đề", "Có dữ liệu", "Tỷ lệ", "Giá trị khác nhau", "Giá trị hay gặp nhất", "Cách đọc")
COMPLETENESS = "Tỷ lệ có dữ liệu theo trường (mẫu số: tất cả các dòng)"
PRECISION_TITLE = "Độ chính xác của ngày tháng (mẫu số: các dòng có dữ liệu)"
BY_YEAR = "Số dòng theo năm ({field})"
BY_UNIT = "Số dòng theo đơn vị ({field})"
BELOW_FLOOR = "Không hiển thị số đếm dưới {floor}."
ROWS = "Số dòng"
RULES_TITLE = "Số dòng vi phạm từng quy tắc kiểm tra, và số dòng có từ thay cho giá trị trống"
RULE_HEADERS = ("Quy tắc / trường", "Ý nghĩa", "Mức độ", "Số dòng")

"""All Vietnamese text of the room that is not part of a register kind."""

EXPLANATION_SHEET = "Giải thích"
EXPLANATION_HEADERS = ("Tiêu đề cột", "Tên trường", "Tên trong mẫu số hóa", "Kiểu dữ liệu", "Bắt buộc", "Cách ghi")
YES = "Có"

KINDS = {
    "person_name": "Họ tên",
    "date": "Ngày tháng",
    "year": "Năm",
    "place": "Địa danh",
    "sex": "Giới tính",
    "ethnicity": "Dân tộc",
    "nationality": "Quốc tịch",
    "personal_number": "Số định danh cá nhân",
    "identifier": "Mã, số hiệu",
    "category": "Danh mục",
    "text": "Văn bản",
    "number": "Số",
}
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

QUARANTINE_SHEET = "Cần sửa"
QUARANTINE_HEADERS = ("Bên", "Nguồn", "Dòng", "Mã hồ sơ", "Trường", "Giá trị", "Lý do")
SIDES = {"left": "Trái", "right": "Phải"}
REASONS = {
    "unreadable_text": "Có ký tự không đọc được trong bảng mã của tệp",
    "formula_without_value": "Ô công thức chưa được tính",
    "error_cell": "Ô báo lỗi của Excel (#N/A, #REF! …)",
    "merged_cells": "Ô gộp qua nhiều cột",
    "unclosed_quote": "Dấu ngoặc kép không đóng",
    "ragged_row": "Số cột của dòng khác với dòng tiêu đề",
    "not_json": "Dòng không phải là một đối tượng JSON",
    "missing_record_id": "Thiếu mã hồ sơ",
    "duplicate_record_id": "Trùng mã hồ sơ",
    "role_absent": "Hồ sơ không ghi người này",
    "required_missing": "Thiếu trường bắt buộc",
    "duplicate_key": "Trùng nơi đăng ký, quyển số, số và năm",
    "number_restart": "Số đầu năm không phải là 01, hoặc số được dùng lại trong quyển sau cùng năm",
    "number_gap": "Nhảy số trong năm",
    "number_year": "Năm trong số khác năm đăng ký",
    "registered_before_event": "Ngày đăng ký trước ngày xảy ra sự kiện",
    "death_before_birth": "Ngày chết trước ngày sinh",
    "parent_age": "Tuổi của cha, mẹ khi sinh con không hợp lý",
    "same_number": "Một số định danh ghi cho hai người",
    "sex_digit": "Giới tính khác với chữ số giới tính trong số định danh",
}

PROFILE_TITLE = "Hồ sơ dữ liệu: {title} ({rows} dòng)"
PROFILE_HEADERS = ("Trường", "Tiêu đề", "Có dữ liệu", "Tỷ lệ", "Giá trị khác nhau", "Giá trị hay gặp nhất")
COMPLETENESS = "Tỷ lệ có dữ liệu theo trường (mẫu số: tất cả các dòng)"
PRECISION_TITLE = "Độ chính xác của ngày tháng (mẫu số: các dòng có dữ liệu)"
PRECISIONS = {"day": "đủ ngày", "month": "tháng, năm", "year": "chỉ năm", "other": "dạng khác"}
BY_YEAR = "Số dòng theo năm ({field})"
BY_UNIT = "Số dòng theo đơn vị ({field})"
BELOW_FLOOR = "Không hiển thị số đếm dưới {floor}."
ROWS = "Số dòng"
OTHER_UNITS = "các đơn vị khác"

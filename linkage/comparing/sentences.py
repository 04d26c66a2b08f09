"""What only the page of a comparison says, in Vietnamese."""

from __future__ import annotations

TITLE = "So sánh hai lần đối chiếu"
INTRODUCTION = (
    "A là lần chạy trước, B là lần chạy sau. Chỉ so sánh các lượt ghi (hồ sơ bên trái) có trong cả hai lần chạy: {both}."
    " Chỉ có trong A: {only_a}; chỉ có trong B: {only_b} (không tính vào bất kỳ số liệu nào dưới đây)."
)
HEADINGS = {
    "links": "1. Liên kết giữ nguyên, thêm, mất, chuyển sang người khác",
    "estimates": "2. Độ chính xác và độ bao phủ ước lượng",
    "sample": "3. Mẫu công bằng để gán nhãn một lần cho cả hai",
    "settings": "4. Khác biệt trong tệp cấu hình",
    "levels": "5. Tham số m, u và trọng số của từng mức so sánh",
}
EXPLANATIONS = {
    "links": "Mỗi dòng đếm các lượt ghi được liên kết trong ít nhất một lần chạy. “Thêm”: chỉ B liên kết; “mất”: chỉ A liên kết;"
    " “chuyển”: cả hai liên kết nhưng với hai người khác nhau. Nhóm nhỏ được gộp vào “nhóm khác”.",
    "estimates": "Độ chính xác = liên kết đúng / liên kết. Độ bao phủ trong tầm với = liên kết đúng / cặp đúng mà ít nhất"
    " một lần chạy xét tới; ở các lượt ghi có số định danh: liên kết đúng / lượt ghi có số mà một người ở bên kia mang."
    " Trong ngoặc là khoảng tin cậy 95%. Khoảng của hiệu số B − A là khoảng ghép cặp: phần hai lần chạy giống nhau triệt tiêu."
    " Khoảng không chứa 0 nghĩa là khác biệt lớn hơn sai số lấy mẫu.",
    "sample": "Mẫu rút từ hợp các cặp của cả hai lần chạy với xác suất biết trước, nên không lần chạy nào tự chọn các cặp dùng để"
    " chấm điểm mình. Gán nhãn bằng lệnh “linkage review serve” với thư mục này, rồi chạy lại lệnh so sánh.",
    "settings": "Chỉ liệt kê các khóa có giá trị khác nhau.",
    "levels": "m: xác suất gặp mức này khi hai hồ sơ là cùng một người; u: khi là hai người không liên quan;"
    " trọng số = log2(m / u), đơn vị bit. Dòng in đậm: trọng số lệch từ 1 bit trở lên.",
}
NOTES = {
    "not_labelled": "Chưa đủ nhãn để ước lượng trên mẫu công bằng: mỗi loại cặp cần ít nhất một câu trả lời.",
    "no_numbers": "Không ước lượng được theo số định danh: một bên không có số định danh cá nhân hợp lệ.",
    "number_is_used": "Không ước lượng theo số định danh: một lần chạy dùng chính số đó để chặn khối hoặc so sánh.",
}
WORDS = {
    "stratum": "Nhóm", "kept": "Giữ nguyên", "gained": "Thêm", "lost": "Mất", "moved": "Chuyển người",
    "basis": "Căn cứ", "a": "A", "b": "B", "difference": "Hiệu B − A",
    "denominator": "Mẫu số (A / B)", "n": "Số câu trả lời",
    "sample": "mẫu công bằng (mọi lượt ghi)", "numbers": "số định danh (chỉ lượt ghi có số)",
    "of_links": "{a} / {b} liên kết", "of_matches": "{n} cặp đúng",
    "category": "Loại cặp", "size": "Số cặp", "drawn": "Rút mẫu",
    "both": "cả hai liên kết", "only_a": "chỉ A liên kết", "only_b": "chỉ B liên kết",
    "neither": "không bên nào liên kết", "key": "Khóa", "absent": "(không có)", "same": "Hai tệp cấu hình nói như nhau.",
    "label": "Mức", "m": "m", "u": "u", "weight": "Trọng số",
    "all": "Tất cả", "other": "nhóm khác", "other_run": "Lần chạy kia nói gì",
    "no_pair": "không có cặp nào", "no_levels": "Không lần chạy nào có mô hình đã huấn luyện.",
    "range": "Khoảng trọng số",
}  # fmt: skip

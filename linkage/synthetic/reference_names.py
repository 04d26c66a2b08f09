"""Names of the Kinh majority: frequencies by sex, cohort and region.

Sources: token counts (20 and more, never full-name rows) of public lists of student names, and published shares of births in
Ho Chi Minh City 2007-2011, as compiled in the project's reference; surnames by region from the same lists. Rare surnames and the
names of people born before 1950 are judgements. Every table is `name weight name weight …`.
"""

from __future__ import annotations

SURNAMES_NORTH = """Nguyễn 28 Trần 9 Lê 8.1 Phạm 6.8 Hoàng 4.2 Huỳnh 0.2 Vũ 4.3 Võ 0.3 Phan 2.3 Trương 1.5 Bùi 3.4 Đặng 2.5
Đỗ 3.2 Ngô 2.2 Hồ 0.9 Dương 1.6 Hà 1.2 Lý 0.5 Trịnh 1.4 Đinh 1.8 Lâm 0.3 Đoàn 1.3 Cao 0.9 Lương 1.1 Mai 1 Đào 1.5 Lưu 0.75
Thái 0.3 Phùng 0.7 Vương 0.45 Chu 0.6 Tạ 0.65 Tô 0.3 Châu 0.05 Văn 0.25 Quách 0.2 Nông 0.3 Triệu 0.3 Đàm 0.3 Lại 0.2
Tống 0.2 Kiều 0.2 Đồng 0.15 Từ 0.12 Tăng 0.13 Diệp 0.01 Hứa 0.1 Bạch 0.1 La 0.15 Đậu 0.15 Thân 0.1 Vi 0.2 Chung 0.06 Lư 0.06
Khổng 0.1 Khuất 0.11 Nghiêm 0.18 Phí 0.12 Cù 0.08 Doãn 0.07 Uông 0.05 Ông 0.02 Tôn 0.09 Âu 0.05 Thạch 0.05 Hàn 0.05 Mạc 0.1
Ninh 0.12 Giang 0.08 Lục 0.06 Viên 0.03 Thiều 0.06 Trang 0.02 Phó 0.03"""

SURNAMES_SOUTH = """Nguyễn 31.7 Trần 10.3 Lê 9.4 Phạm 5.7 Hoàng 1.5 Huỳnh 3.6 Vũ 1.4 Võ 3.9 Phan 3 Trương 2 Bùi 2.3 Đặng 2
Đỗ 1.9 Ngô 1.8 Hồ 1.6 Dương 1.3 Hà 0.74 Lý 0.45 Trịnh 0.67 Đinh 1 Lâm 0.58 Đoàn 1.1 Cao 0.72 Lương 0.63 Mai 0.85 Đào 0.79
Lưu 0.5 Thái 0.39 Phùng 0.3 Vương 0.2 Chu 0.18 Tạ 0.32 Tô 0.3 Châu 0.36 Văn 0.25 Quách 0.2 Nông 0.02 Triệu 0.3 Đàm 0.3
Lại 0.2 Tống 0.2 Kiều 0.2 Đồng 0.15 Từ 0.12 Tăng 0.13 Diệp 0.11 Hứa 0.23 Bạch 0.1 La 0.15 Đậu 0.02 Thân 0.02 Vi 0.02
Chung 0.06 Lư 0.06 Khổng 0.03 Khuất 0.01 Nghiêm 0.05 Phí 0.02 Cù 0.05 Doãn 0.02 Uông 0.03 Ông 0.06 Tôn 0.09 Âu 0.1 Thạch 0.1
Hàn 0.05 Mạc 0.08 Ninh 0.03 Giang 0.1 Lục 0.06 Viên 0.03 Thiều 0.01 Trang 0.1 Phó 0.03"""

MEN_MIDDLE = """Văn 14.03 Minh 5.25 Ngọc 4.1 Thanh 3.77 Đức 3.75 Hoàng 3.32 Quốc 3.17 Quang 3.07 Xuân 2.9 Đình 2.83 Hữu 2.79
Thành 2.11 Duy 2.01 Anh 1.88 Công 1.86 Trung 1.71 Trọng 1.67 Tấn 1.45 Tuấn 1.43 Tiến 1.38 Nguyễn 1.36 Lê 1.34 Thế 1.3
Trần 1.13 Mạnh 1.09 Hồng 1.06 Nhật 0.98 Huy 0.93 Bá 0.93 Chí 0.92 Việt 0.88 Đăng 0.87 Gia 0.78 Viết 0.75 Thái 0.74 Hải 0.67
Vũ 0.62 Sỹ 0.58 Trường 0.54 Bảo 0.54 Khắc 0.52 Hoài 0.52 Phúc 0.49 Huỳnh 0.47 Phước 0.47"""

MEN_SECOND_MIDDLE = """Minh 8.3 Anh 5.9 Hoàng 5.1 Quốc 3.8 Thanh 3.3 Nhật 3.2 Tuấn 3 Bảo 2.9 Đức 2.4 Duy 2.3 Gia 2.3
Quang 2.3 Ngọc 2.1 Hải 2 Thành 1.8 Hữu 1.6 Trung 1.5 Hoài 1.5 Thiên 1.4 Đăng 1.4 Khánh 1.3 Trọng 1.3"""

WOMEN_MIDDLE = """Thị 65.08 Ngọc 4.24 Nguyễn 1.7 Thanh 1.46 Thu 1.29 Hoàng 1.2 Phương 1.17 Hồng 0.99 Lê 0.97 Minh 0.95
Kim 0.79 Trần 0.75 Thùy 0.74 Khánh 0.66 Huỳnh 0.64 Mỹ 0.64 Vũ 0.62 Thúy 0.57 Hà 0.52 Mai 0.49 Quỳnh 0.49 Bảo 0.48 Thảo 0.44
Như 0.42 Phạm 0.39 Nữ 0.33 Kiều 0.32 Hải 0.31 Anh 0.29 Diệu 0.28 Bích 0.27 Nhật 0.27 Yến 0.26"""

WOMEN_SECOND_MIDDLE = """Thu 8.08 Thanh 7.98 Ngọc 7.62 Kim 6.83 Mỹ 6.07 Hồng 5.49 Bích 3.48 Phương 3.29 Thùy 3.19 Thúy 3.05
Minh 3.02 Cẩm 1.91 Tuyết 1.85 Như 1.77 Quỳnh 1.58 Mai 1.53 Kiều 1.5 Ánh 1.4 Hoài 1.33 Yến 1.32 Huyền 1.24 Thảo 1.2 Khánh 1.1
Xuân 1.08 Lan 1.03 Diễm 0.97 Hải 0.96 Lệ 0.95 Hương 0.87 Anh 0.84 Trúc 0.82 Hoàng 0.81 Diệu 0.81 Hà 0.74 Vân 0.72 Bảo 0.68"""

MEN_GIVEN_YOUNG = """Huy 2.2 Anh 2.16 Tuấn 1.99 Nam 1.77 Minh 1.71 Đạt 1.6 Duy 1.59 Sơn 1.58 Hiếu 1.57 Long 1.55 Hoàng 1.5
Đức 1.46 Dũng 1.39 Hùng 1.37 Thành 1.36 Cường 1.3 Trung 1.27 Thắng 1.24 Hải 1.22 Hưng 1.18 Tiến 1.13 Bảo 1.11 Phúc 1.09
Quang 1.07 Tùng 1.01 Trường 0.97 Phong 0.95 Vũ 0.95 Khánh 0.93 Tài 0.91 Khang 0.88 Quân 0.87 Vinh 0.87 Nghĩa 0.87
Nguyên 0.87 Nhân 0.86 Khoa 0.85 Thịnh 0.85 Tú 0.85 Toàn 0.83 Dương 0.82 Linh 0.8 Lâm 0.79 An 0.77 Bình 0.74 Việt 0.71
Phương 0.68 Tâm 0.68 Trí 0.66 Tân 0.65 Lộc 0.62 Phú 0.62 Mạnh 0.62 Thanh 0.62 Hòa 0.61 Thái 0.61 Phát 0.59 Thiện 0.59
Giang 0.57 Hiệp 0.54 Thuận 0.53 Sang 0.53 Kiên 0.52 Nhật 0.51 Hậu 0.5 Công 0.45 Hà 0.44 Trọng 0.44 Hào 0.43 Thông 0.42
Kiệt 0.42 Ngọc 0.42 Phước 0.4 Luân 0.4 Khôi 0.39 Chiến 0.39 Vương 0.38 Tín 0.37 Đại 0.37 Quý 0.37"""

MEN_GIVEN_OLD = """Dũng 2 Hùng 2.6 Thành 1.7 Tuấn 1.65 Thắng 1.46 Hải 1.44 Cường 1.27 Hưng 1.23 Tiến 1.21 Quang 1.15
Mạnh 1.1 Minh 1.09 Sơn 1.03 Bình 1.01 Hòa 0.99 Chiến 0.99 Nam 0.99 Đức 0.96 Toàn 0.92 Trường 0.82 Dương 0.82 Thanh 0.77
Ngọc 0.74 Tú 0.72 Hiếu 0.7 Công 0.67 Hiệp 0.65 Đông 0.64 Thuận 0.63 Chung 0.62 Hà 0.6 Thái 0.58 Tâm 0.58 Quyết 0.56
Hoàn 0.54 Hồng 0.52 Thọ 0.51 Quý 0.51 Lợi 0.51 Quyền 0.5 Kiên 0.5 Linh 0.49 Tùng 0.47 Việt 0.47 Phương 0.46 Hạnh 0.45
Thảo 0.45 Long 0.45 Đại 0.45 Hiển 0.45 Đoàn 0.44 Chính 0.43 Định 0.4 Trung 0.4 Sỹ 0.4 Khánh 0.39 Tuyên 0.38 Tuyến 0.38
Tân 0.37 Quân 0.37 Vinh 0.36 Thế 0.34 Lương 0.32 Tình 0.27 Huân 0.27 Ba 0.26 Thức 0.26 Huấn 0.25 Tính 0.25 Lượng 0.24"""

MEN_GIVEN_MODERN = """Huy 4 Khang 3.9 Bảo 3.6 Minh 3.6 Phúc 3.2 Anh 3 Khoa 2.8 Phát 2.5 Đạt 2.4 Khôi 2.3 Nguyên 2.1 Long 2
Nam 1.9 Thịnh 1.9 Quân 1.8 Duy 1.7 Kiệt 1.6 Hưng 1.6 Đăng 1.6 An 1.6 Tuấn 1.4 Hiếu 1.4 Nhân 1.4 Thiện 1.3 Phong 1.3 Trí 1.3
Khánh 1.2 Tài 1.1 Hoàng 1.1 Đức 1.1 Dũng 1 Tiến 0.9 Vinh 0.9 Lâm 0.9 Khải 0.9 Tùng 0.8 Quang 0.8 Trung 0.8 Hải 0.7 Sơn 0.7
Nghĩa 0.7 Việt 0.7 Thành 0.7 Bình 0.6 Lộc 0.6 Thiên 0.6 Tín 0.6 Hào 0.5 Ân 0.5 Nhật 0.5 Phú 0.5 Tâm 0.5 Danh 0.4 Kha 0.4
Toàn 0.4 Dương 0.4 Vũ 0.4 Thái 0.4 Triết 0.3 Trường 0.3"""

WOMEN_GIVEN_YOUNG = """Anh 3.66 Linh 3.37 Trang 3.15 Thảo 2.64 Phương 2.08 Ngọc 1.96 Nhi 1.92 Hương 1.86 Ngân 1.78 Hà 1.77
Huyền 1.64 Hằng 1.55 Vân 1.39 Duyên 1.31 Thư 1.3 Dung 1.28 Hiền 1.27 Nhung 1.27 Yến 1.24 Quỳnh 1.23 Như 1.21 Mai 1.2 Vi 1.18
Vy 1.15 Thủy 1.11 Trinh 1.11 Nga 1.09 Trâm 1.06 Hạnh 1.04 Uyên 1.03 Giang 0.98 Hoa 0.96 Oanh 0.95 Thanh 0.94 Quyên 0.91
Chi 0.91 Thúy 0.89 My 0.83 Hồng 0.83 Lan 0.82 Tâm 0.8 Thu 0.78 Tiên 0.76 Thương 0.76 Phượng 0.74 Loan 0.73 Hân 0.69 Ánh 0.68
Trân 0.67 Nguyên 0.67 Châu 0.65 Trúc 0.64 Dương 0.64 Thùy 0.62 Tuyền 0.62 Liên 0.61 Ly 0.6 Mi 0.6 An 0.57 Huệ 0.56
Tuyết 0.56 Nguyệt 0.56 Minh 0.51 Thi 0.51 Diễm 0.46 Xuân 0.45 Hòa 0.45 Hường 0.45 Thắm 0.44 Li 0.44 Tú 0.42 Kiều 0.38
Bình 0.37 Diệu 0.37 Ý 0.35 Hoài 0.34 Sương 0.33 Hảo 0.32 Đào 0.31 Lệ 0.3"""

WOMEN_GIVEN_OLD = """Hương 2.99 Hiền 2.36 Hoa 2.2 Hồng 1.94 Hằng 1.93 Nga 1.76 Thủy 1.74 Phương 1.73 Huyền 1.73 Lan 1.71
Huệ 1.7 Hạnh 1.43 Thúy 1.4 Thanh 1.37 Nhung 1.33 Liên 1.33 Mai 1.29 Hà 1.29 Dung 1.24 Tuyết 1.22 Loan 1.21 Yến 1.12
Thảo 1.05 Hòa 1.04 Thùy 0.98 Tâm 0.96 Xuân 0.9 Vân 0.89 Thơm 0.88 Thắm 0.87 Thương 0.87 Hoài 0.82 Hải 0.81 Nguyệt 0.74
Hường 0.72 Cúc 0.69 Bình 0.68 Phượng 0.61 Hậu 0.61 Oanh 0.6 Minh 0.59 Duyên 0.57 Hảo 0.57 Lệ 0.56 Trang 0.56 Thu 1.5
Huế 0.55 Liễu 0.53 Tươi 0.53 Thuận 0.47 Lương 0.47 Nhàn 0.46 Đào 0.41 Mến 0.4 Luyến 0.4 Sen 0.38 Thoa 0.38 Mơ 0.38
Chinh 0.38 Bích 0.38 Tình 0.35 Bé 0.32 Vui 0.31 Dịu 0.31 Hoàn 0.31 Lợi 0.3 Lành 0.3 Ngoan 0.3"""

WOMEN_GIVEN_MODERN = """Anh 7.1 Vy 5.7 Ngọc 4.3 Nhi 4.2 Hân 4.1 Thư 4.1 Linh 3.5 Như 3.1 Ngân 3 Phương 2.1 Thảo 2.1 My 2.1
Trân 1.8 Quỳnh 1.8 Nghi 1.7 Trang 1.7 Trâm 1.6 An 1.6 Thy 1.5 Châu 1.5 Trúc 1.5 Uyên 1.4 Yến 1.4 Ý 1.2 Tiên 1.1 Mai 1.1 Hà 1
Vân 1 Nguyên 0.93 Hương 0.89 Quyên 0.78 Duyên 0.77 Kim 0.76 Trinh 0.75 Thanh 0.75 Tuyền 0.72 Hằng 0.72 Dương 0.68 Chi 0.64
Giang 0.63 Tâm 0.62 Lam 0.61 Tú 0.56 Ánh 0.55 Hiền 0.55 Khánh 0.5"""

MEN_GIVEN_BEFORE_1950 = """Bảy 0.3 Năm 0.3 Tư 0.3 Sáu 0.3 Ba 0.3 Út 0.3 Tý 0.3 Sửu 0.3 Dần 0.3 Mùi 0.3 Đệ 0.3 Khoái 0.3
Nghi 0.3 Cầm 0.3 Lạc 0.3 Ngữ 0.3 Xuyến 0.3 Kỳ 0.3 Tạo 0.3 Kế 0.3 Biểu 0.3 Ấn 0.3 Cẩn 0.3"""

WOMEN_GIVEN_BEFORE_1950 = """Gái 0.45 Bưởi 0.45 Chanh 0.45 Lựu 0.45 Mận 0.45 Nhài 0.45 Nụ 0.45 Tẻo 0.45 Tý 0.45 Sáu 0.45
Bảy 0.45 Tư 0.45 Năm 0.45 Ba 0.45 Út 0.45 Chín 0.45 Mười 0.45 Ngọt 0.45 Sợi 0.45 Hợi 0.45 Tuất 0.45 Xuyến 0.45 Cẩn 0.45
Thìn 0.45 Nhớn 0.45 Ngát 0.45 Vân 0.45"""

COMPOUNDS = """Tuấn Anh|Đức Anh|Quốc Anh|Minh Anh|Phương Anh|Ngọc Anh|Mai Anh|Quang Huy|Gia Huy|Gia Bảo|Minh Khang|Thùy Linh
Khánh Linh|Thu Hà|Thu Trang|Thanh Tùng|Mạnh Hùng|Tiến Dũng|Trung Kiên|Mạnh Cường|Như Quỳnh|Hồng Nhung|Bích Ngọc|Bảo Ngọc
Kim Ngân|Thanh Thảo|Phương Thảo|Bảo Trân|Ngọc Hân"""
"""Middle and given name that attract one another."""

FEMALE_ONLY_COMPOUNDS = frozenset(
    ["Phương Anh", "Ngọc Anh", "Mai Anh", "Thùy Linh", "Khánh Linh", "Thu Hà", "Thu Trang", "Bích Ngọc", "Bảo Ngọc", "Kim Ngân"]
)

THI_SHARE = {1900: 0.90, 1945: 0.90, 1960: 0.87, 1975: 0.83, 1985: 0.78, 1995: 0.65, 2006: 0.32, 2015: 0.20}
VAN_SHARE = {1900: 0.60, 1945: 0.50, 1960: 0.40, 1975: 0.32, 1985: 0.20, 1995: 0.14, 2006: 0.07, 2015: 0.03}
"""First year of the cohort → share of women with Thị, of men with Văn, as first middle name (reference 4.3)."""

TOKENS_MEN = {1900: (0.04, 0.91, 0.05), 1970: (0.025, 0.89, 0.085), 1985: (0.018, 0.865, 0.117), 2006: (0.0093, 0.7287, 0.262)}
TOKENS_WOMEN = {1900: (0.015, 0.825, 0.16), 1970: (0.008, 0.60, 0.392), 1985: (0.006, 0.39, 0.604), 2006: (0.002, 0.347, 0.651)}
"""First year of the cohort → shares of full names of 2, 3 and 4 syllables (reference 4.2; 1970-1984 interpolated, J)."""

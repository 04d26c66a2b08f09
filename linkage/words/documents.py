"""Words that several rooms put on their documents: the banner of made-up data, what is empty or unknown, shared headings."""

from __future__ import annotations

from linkage.words.language import Word

SYNTHETIC = Word("DỮ LIỆU GIẢ LẬP – KHÔNG CÓ NGƯỜI THẬT", "SYNTHETIC DATA – NO REAL PERSON")
"""Stands on everything that comes from invented registers."""

EMPTY = Word("(trống)", "(empty)")
UNKNOWN = Word("Không ghi", "Not recorded")

REASON = Word("Lý do", "Reason")
REMARK = Word("Ghi chú", "Remark")
VERDICT = Word("Kết luận", "Verdict")
MEASURE = Word("Đại lượng", "Measure")
VALUE = Word("Giá trị", "Value")
FIELD = Word("Trường", "Field")
SHARE = Word("Tỷ lệ", "Share")
SOURCE = Word("Nguồn", "Source")
OUTCOME = Word("Kết quả đối chiếu", "Outcome")
PERIOD = Word("Giai đoạn", "Period")
TOTAL = Word("Tổng cộng", "Total")
STRATUM = Word("Tầng (trọng số)", "Stratum (weight)")
LINKS = Word("Liên kết", "Links")

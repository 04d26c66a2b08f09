"""How a column's values are read, as `check` and the profile say it: order of a date's numbers, century, decimal sign."""

from __future__ import annotations

from linkage.words.language import Word

ORDERS: dict[str, Word] = {
    "day_first": Word("ngày trước", "day first"),
    "month_first": Word("tháng trước", "month first"),
    "year_first": Word("năm trước", "year first"),
}
OR = Word(" hay ", " or ")
SHOWN = Word("{count} chỉ có thể {order}", "{count} only {order}")
EITHER = Word("{count} đọc cách nào cũng được", "{count} either way")
UNDECIDED = Word("{orders}, không xác định được", "{orders}, undecided")
DECLARED = Word("khai báo", "declared")
TWO_DIGITS = Word("{count} năm hai chữ số, {unsure} không rõ thế kỷ", "{count} two-digit years, {unsure} of unknown century")
SERIALS = Word("số ngày của bảng tính", "a spreadsheet's days")
INSTANTS = Word("thời điểm, lấy ngày theo múi giờ {zone}", "moments, dated in {zone}")
DECIMALS: dict[str, Word] = {
    "point": Word("dấu chấm thập phân", "decimal point"),
    "comma": Word("dấu phẩy thập phân", "decimal comma"),
}

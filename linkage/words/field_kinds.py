"""The kinds of value a field may hold."""

from __future__ import annotations

from linkage.words.language import Word

FIELD_KINDS: dict[str, Word] = {
    "person_name": Word("Họ tên", "Name of a person"),
    "date": Word("Ngày tháng", "Date"),
    "year": Word("Năm", "Year"),
    "place": Word("Địa danh", "Place"),
    "sex": Word("Giới tính", "Sex"),
    "ethnicity": Word("Dân tộc", "Ethnic group"),
    "nationality": Word("Quốc tịch", "Nationality"),
    "personal_number": Word("Số định danh cá nhân", "Personal number"),
    "identifier": Word("Mã, số hiệu", "Code, number"),
    "category": Word("Danh mục", "Category"),
    "text": Word("Văn bản", "Text"),
    "number": Word("Số", "Number"),
    "email": Word("Thư điện tử", "E-mail address"),
    "phone": Word("Số điện thoại", "Telephone number"),
    "postcode": Word("Mã bưu chính", "Postcode"),
    "list": Word("Danh sách giá trị", "List of values"),
    "vector": Word("Véc-tơ số", "Vector of numbers"),
}

PRECISIONS: dict[str, Word] = {
    "day": Word("đủ ngày", "whole date"),
    "month": Word("tháng, năm", "month and year"),
    "year": Word("chỉ năm", "year only"),
    "other": Word("dạng khác", "another form"),
}
"""How much of a date is written."""

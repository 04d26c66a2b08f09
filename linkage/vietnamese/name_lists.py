"""Closed lists about names: surnames, clans and markers of other peoples, legal spelling variants, abbreviations.

Sources: naming patterns of the 54 ethnic groups as collected in the project's reference notes (census list of 2019;
published descriptions of Ê Đê, Mnông, Chăm and Ra Glai names). Folded (`fold`) where said so.
"""

from __future__ import annotations

from linkage.vietnamese.letters import fold, tone_key

_SURNAMES_TEXT = """
    Nguyễn Trần Lê Phạm Hoàng Huỳnh Vũ Võ Phan Trương Bùi Đặng Đỗ Ngô Hồ Dương Hà Lý Trịnh Đinh Lâm Đoàn Cao Lương Mai Đào
    Lưu Thái Phùng Vương Chu Tạ Tô Châu Văn Quách Nông Triệu Đàm Lại Tống Kiều Đồng Từ Tăng Diệp Hứa Bạch La Đậu Thân Vi
    Chung Lư Khổng Khuất Nghiêm Phí Cù Doãn Uông Tôn
"""
SURNAMES = frozenset(fold(name) for name in _SURNAMES_TEXT.split())
"""Folded Kinh surnames (0.06 % of names and more)."""

COMPOUND_SURNAMES = tuple(
    tuple(fold(word) for word in name.split())
    for name in (
        "Công Tằng Tôn Nữ", "Công Huyền Tôn Nữ", "Công Tôn Nữ", "Tôn Nữ", "Tôn Thất", "Âu Dương", "Rah Lan", "Rơ Châm", "Rơ Lan",
        "Rơ Mah", "Rơ Ô", "Kơ Să", "Kơ Sắ", "Liêng Jrang", "Liêng Hót", "Păng Tiêng", "Păng Ting", "Pi Năng", "Patâu Axá",
        "Bo Bo", "A Rất", "A Lăng", "Niê Kdăm", "Niê Siêng", "Niê Blô", "Niê Hra", "Buôn Yă", "Buôn Krông", "Bon Krông",
        "Ksơr Niê", "Nay Der",
    )
)  # fmt: skip
"""Folded surnames of more than one word, longest first among those that share a beginning."""

_CLANS_TEXT = """
    Niê Mlô Êban Ayun Kbuôr Byă Ênuôl Ksơr Hđơk Knul Êčăm Adrơng Kpă Hmok Hwing Kriêng Mdrang Jiê Buôn Bkrông Hra Ktla
    Kdoh Krông Ksor Siu Rmah Nay Rcom Rơchâm Rchăm Puih Rah Rơ Kpah Rahlan Rcăm Alê Ktul Mjao Rbăm Bing Ñia Kdăm Siêng
"""
CLANS = frozenset(fold(name) for name in _CLANS_TEXT.split())
"""Folded clan names of Ê Đê and Gia Rai: written last after the markers Y and H', first without."""

MARKERS = frozenset(("y", "h", "a", "k", "ka"))
"""Folded words that mark a man or a woman before the given name (Y, H', A, K', Ka); never surnames."""

ABBREVIATED_SURNAMES = {"ng": "Nguyễn", "ngn": "Nguyễn", "ngyn": "Nguyễn", "tr": "Trần", "ph": "Phạm", "l": "Lê"}
ABBREVIATED_MIDDLE = {"v": "Văn", "vn": "Văn", "th": "Thị", "t": "Thị"}

_VARIANT_PAIRS = """
    Võ Vũ, Huỳnh Hoàng, Phước Phúc, Nhựt Nhật, Chánh Chính, Sanh Sinh, Tòng Tùng, Kiểng Cảnh, Bửu Bảo, Tánh Tính
    Lãnh Lĩnh, Ngãi Nghĩa, Hường Hồng, Đơn Đan, Quới Quý, Tràng Trường, Châu Chu, Nhơn Nhân, Chơn Chân
    Thạnh Thịnh, Cang Cương, Hạp Hợp, Bổn Bản, Nguơn Nguyên, Thới Thái
"""
LEGAL_VARIANTS = {
    tone_key(variant): tone_key(kept)
    for line in _VARIANT_PAIRS.strip().splitlines()
    for variant, kept in (pair.split() for pair in line.split(","))
}
"""Tone key of a regional or taboo form → that of the form it varies. Both are legal names of different people."""
